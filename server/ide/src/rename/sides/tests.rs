//! Renames in projects with sides in other languages: refused with the place that would break, and done
//! where those sides are about something else.

use expect_test::{Expect, expect};

use crate::{rename::NoRename, test_world::world};

/// Renames the map of `/bpf/watch.bpf.c` with these files beside it; shows the reason, or what changes.
fn check(files: &str, expect: Expect) {
    let program = "//- /bpf/watch.bpf.c\n#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n\
        struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } open_ev$0ents SEC(\".maps\");\n\
        SEC(\"tc\") int on_open(void *c) { return bpf_map_delete_elem(&open_events, c); }\n";
    check_at(&format!("{program}{files}"), expect);
}

/// Renames what the cursor is on.
fn check_at(text: &str, expect: Expect) {
    let world = world(text);
    let prepared = world.analysis.prepare_rename(&world.path, world.offset).unwrap();
    let renamed = world.analysis.rename(&world.path, world.offset, "another").unwrap();
    let shown = match renamed {
        Ok(files) => {
            assert!(prepared.is_ok(), "{prepared:?}");
            let line = |file: &crate::answer::FileEdits| {
                format!("{}: {} edits\n", file.path.display(), file.edits.len())
            };
            files.iter().map(line).collect()
        }
        // All that other languages forbid is known before the new name is asked for.
        Err(NoRename { reason, ours: true }) => {
            let early = prepared.is_err_and(|early| early.ours && early.reason == reason);
            if early { format!("{reason}\n") } else { format!("{reason} (late)\n") }
        }
        Err(NoRename { reason, .. }) => format!("{reason} (another's)\n"),
    };
    expect.assert_eq(&shown);
}

const C_LOADER: &str = "//- /bpf/watch.c\n#include \"watch.skel.h\"\n\
    int main(struct watch *w) { return bpf_map__fd(w->maps.open_events); }\n";

#[test]
fn c_alone() {
    check(
        C_LOADER,
        expect![[r#"
        /bpf/watch.bpf.c: 2 edits
        /bpf/watch.c: 1 edits
    "#]],
    );
}

#[test]
fn bpf2go() {
    let directive = "//- /main.go\npackage main\n\n";
    check(
        &format!(
            "{directive}//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -tags linux -type verdict watch bpf/watch.bpf.c -- -I./bpf\n"
        ),
        expect![[r#"
            main.go:3 makes Go bindings of this program; Go files are not renamed yet
        "#]],
    );
    check(
        &format!(
            "{directive}//go:generate go tool bpf2go watch bpf/watch.bpf.c\nvar m = objs.OpenEvents\n"
        ),
        expect![[r#"
            main.go:4 uses the name as `OpenEvents`; Go files are not renamed yet
        "#]],
    );
    // Used in another package than the bindings are made in.
    check(
        "//- /probe/gen.go\npackage probe\n//go:generate bpf2go -cc clang watch ../bpf/watch.bpf.c\n\
         //- /cmd/main.go\npackage main\nfunc main() { read(probe.Load().OpenEvents) }\n",
        expect![[r#"
            cmd/main.go:2 uses the name as `OpenEvents`; Go files are not renamed yet
        "#]],
    );
    // Another source, or another file of that name.
    check(
        "//- /probe/gen.go\n//go:generate bpf2go probe probe.bpf.c\nvar m = objs.OpenEvents\n\
         //- /probe/probe.bpf.c\nint x;\n",
        expect![[r#"
            /bpf/watch.bpf.c: 2 edits
        "#]],
    );
    check(
        "//- /probe/gen.go\n//go:generate bpf2go probe watch.bpf.c\nvar m = objs.OpenEvents\n\
         //- /probe/watch.bpf.c\nint x;\n",
        expect![[r#"
            /bpf/watch.bpf.c: 2 edits
        "#]],
    );
    // Behind `--` are files for the compiler; the start of a line makes a directive.
    check(
        "//- /probe/gen.go\n//go:generate bpf2go probe probe.c -- -include watch.bpf.c\n\
         // //go:generate bpf2go watch ../bpf/watch.bpf.c\n",
        expect![[r#"
            /bpf/watch.bpf.c: 2 edits
        "#]],
    );
    // A source that is not known: what uses the name counts.
    let unknown = "//- /probe/gen.go\n//go:generate bpf2go probe $SOURCE\n";
    check(
        unknown,
        expect![[r#"
        /bpf/watch.bpf.c: 2 edits
    "#]],
    );
    check(
        &format!("{unknown}var m = spec.Maps[\"open_events\"]\n"),
        expect![[r#"
        probe/gen.go:2 uses the name as "open_events"; Go files are not renamed yet
    "#]],
    );
    check(
        "//- /probe/gen.go\n//go:generate bpf2go probe $BPF/watch.bpf.c\n",
        expect![[r#"
        probe/gen.go:1 makes Go bindings of this program; Go files are not renamed yet
    "#]],
    );
    // From Makefiles and from programs.
    check(
        "//- /Makefile\ngenerate:\n\tGOPACKAGE=main $(GO) run github.com/cilium/ebpf/cmd/bpf2go \\\n\t\twatch bpf/watch.bpf.c -- $(CFLAGS)\n",
        expect![[r#"
            Makefile:2 makes Go bindings of this program; Go files are not renamed yet
        "#]],
    );
    check(
        "//- /Taskfile.yml\ntasks:\n  gen:\n    cmds:\n      - go tool bpf2go watch bpf/watch.bpf.c\n",
        expect![[r#"
            Taskfile.yml:4 makes Go bindings of this program; Go files are not renamed yet
        "#]],
    );
    check(
        "//- /mage.go\nfunc Gen() { sh.Run(\"bpf2go\", \"watch\", \"bpf/watch.bpf.c\") }\n",
        expect![[r#"
            mage.go:1 makes Go bindings of this program; Go files are not renamed yet
        "#]],
    );
    check(
        "//- /Makefile\nall:\n\tclang -c bpf/watch.bpf.c -o watch.bpf.o\n",
        expect![[r#"
        /bpf/watch.bpf.c: 2 edits
    "#]],
    );
}

#[test]
fn go_by_name() {
    let import = "//- /main.go\nimport \"github.com/cilium/ebpf\"\n";
    for code in [
        "var m = coll.Maps[\"open_events\"]",
        "var m = coll.Maps[`open_events`]",
        "type t struct {\n\tM *ebpf.Map `ebpf:\"open_events\"`\n}",
        "var m, _ = ebpf.LoadPinnedMap(\"/sys/fs/bpf/open_events\", nil)",
        "var m = objs.OpenEvents",
        "const m = watchMapOpenEvents",
    ] {
        let refused = format!("{import}{code}\n");
        let world = world(&format!(
            "//- /bpf/watch.bpf.c\n#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n\
             struct {{ __uint(type, BPF_MAP_TYPE_ARRAY); }} open_ev$0ents SEC(\".maps\");\n{refused}"
        ));
        let reason =
            world.analysis.prepare_rename(&world.path, world.offset).unwrap().unwrap_err().reason;
        assert!(reason.starts_with("main.go:") && reason.contains("uses the name as"), "{reason}");
        assert!(reason.ends_with("; Go files are not renamed yet"), "{reason}");
    }
    // Nothing of BPF in Go; another word; a comment; the object of another program.
    check(
        "//- /main.go\nvar queue = \"open_events\"\n",
        expect![[r#"
        /bpf/watch.bpf.c: 2 edits
    "#]],
    );
    check(
        &format!(
            "{import}var a = \"open_events_total\"\nvar OpenEvents = myopen_events // \"open_events\"\n"
        ),
        expect![[r#"
            /bpf/watch.bpf.c: 2 edits
        "#]],
    );
    check(
        &format!("{import}//go:embed other.bpf.o\nvar m = coll.Maps[\"open_events\"]\n"),
        expect![[r#"
            /bpf/watch.bpf.c: 2 edits
        "#]],
    );
    check(
        &format!("{import}var o = load(\"out/watch.bpf.o\")\nvar m = coll.Maps[\"open_events\"]\n"),
        expect![[r#"
            main.go:3 uses the name as "open_events"; Go files are not renamed yet
        "#]],
    );
    // What imports the bindings of another program, and opens nothing itself.
    let importer = |more: &str| {
        format!(
            "//- /internal/probe/gen.go\n//go:generate bpf2go probe probe.c\n\
             //- /cmd/main.go\nimport (\n\t\"example.org/x/internal/probe\"\n\t\"github.com/cilium/ebpf/link\"\n)\n\
             var m = probe.Load().OpenEvents\n{more}"
        )
    };
    check(
        &importer(""),
        expect![[r#"
        /bpf/watch.bpf.c: 2 edits
    "#]],
    );
    check(
        &importer("var c = ebpf.LoadCollection(os.Args[1])\n"),
        expect![[r#"
        cmd/main.go:5 uses the name as `OpenEvents`; Go files are not renamed yet
    "#]],
    );
    // A folder with a program of its own.
    check(
        "//- /tools/top/main.go\nimport \"github.com/cilium/ebpf\"\nvar m = coll.Maps[\"open_events\"]\n\
         //- /tools/top/bpf/top.bpf.c\nint x;\n",
        expect![[r#"
            /bpf/watch.bpf.c: 2 edits
        "#]],
    );
}

#[test]
fn rust() {
    let manifest = "//- /Cargo.toml\n[build-dependencies]\nlibbpf-cargo = \"0.26\"\n";
    let build = |source: &str| {
        format!(
            "{manifest}//- /build.rs\nuse libbpf_cargo::SkeletonBuilder;\nconst SRC: &str = \"{source}\";\n\
             fn main() {{ SkeletonBuilder::new().source(SRC).build_and_generate(&out()).unwrap(); }}\n"
        )
    };
    check(
        &build("bpf/watch.bpf.c"),
        expect![[r#"
        build.rs:2 makes Rust bindings of this program; Rust files are not renamed yet
    "#]],
    );
    check(
        &build("/bpf/watch.bpf.c"),
        expect![[r#"
        build.rs:2 makes Rust bindings of this program; Rust files are not renamed yet
    "#]],
    );
    check(
        &format!(
            "{}//- /src/main.rs\nfn main() {{ skel.maps.open_events.fd(); }}\n",
            build("bpf/watch.bpf.c")
        ),
        expect![[r#"
            src/main.rs:1 uses the name as `open_events`; Rust files are not renamed yet
        "#]],
    );
    // A skeleton of another program.
    check(
        &format!(
            "{}//- /src/main.rs\nfn main() {{ skel.maps.open_events.fd(); }}\n",
            build("bpf/other.bpf.c")
        ),
        expect![[r#"
            /bpf/watch.bpf.c: 2 edits
        "#]],
    );
    // In another crate, by its name alone.
    check(
        "//- /other/Cargo.toml\nlibbpf-cargo = \"0.26\"\n//- /other/build.rs\nfn main() { SkeletonBuilder::new().source(\"src/bpf/watch.bpf.c\"); }\n\
         //- /other/src/bpf/watch.bpf.c\nint x;\n//- /other/src/main.rs\ninclude!(concat!(env!(\"OUT_DIR\"), \"/watch.skel.rs\"));\nfn f() { skel.maps.open_events; }\n",
        expect![[r#"
            /bpf/watch.bpf.c: 2 edits
        "#]],
    );
    // Sources found by the build itself; aya and libbpf-rs by name.
    check(
        &format!(
            "{manifest}//- /build.rs\nfn main() {{ for s in glob(\"bpf\") {{ SkeletonBuilder::new().source(s); }} }}\n//- /src/main.rs\nfn f() {{ skel.maps.open_events; }}\n"
        ),
        expect![[r#"
            src/main.rs:1 uses the name as `open_events`; Rust files are not renamed yet
        "#]],
    );
    check(
        "//- /main.rs\nfn f(bpf: &mut aya::Ebpf) { bpf.map_mut(\"open_events\"); }\n",
        expect![[r#"
            main.rs:1 uses the name as "open_events"; Rust files are not renamed yet
        "#]],
    );
    check(
        "//- /main.rs\nfn f(o: libbpf_rs::Object) { o.maps().find(|m| m.name() == \"open_events\"); }\n",
        expect![[r#"
            main.rs:1 uses the name as "open_events"; Rust files are not renamed yet
        "#]],
    );
    check(
        "//- /main.rs\nfn f() { queue(\"open_events\"); x.open_events; }\n",
        expect![[r#"
        /bpf/watch.bpf.c: 2 edits
    "#]],
    );
    // `cargo libbpf make` needs no build script.
    check_at(
        "//- /Cargo.toml\n[dependencies]\nlibbpf-rs = \"0.26\"\n//- /src/bpf/a.bpf.c\n#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\nint hi$0ts;\nSEC(\"tc\") int f(void *c) { return hits; }\n",
        expect![[r#"
            Cargo.toml:2 makes Rust bindings of this program; Rust files are not renamed yet
        "#]],
    );
}

#[test]
fn cpp() {
    for file in ["/src/main.cpp", "/src/main.cc", "/src/main.cxx", "/src/main.hpp", "/src/main.C"] {
        let world = world(&format!(
            "//- /bpf/watch.bpf.c\n#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\nint hi$0ts;\n//- {file}\n#include \"watch.skel.h\"\n"
        ));
        let reason =
            world.analysis.prepare_rename(&world.path, world.offset).unwrap().unwrap_err().reason;
        let name = &file[1..];
        assert_eq!(
            reason,
            format!(
                "{name}:1 includes the skeleton of this program; C++ files are not renamed yet"
            )
        );
    }
    for kind in ["skel", "subskel", "lskel"] {
        check(
            &format!("//- /src/main.cpp\n#include <out/watch.{kind}.h>\n"),
            expect![[r#"
            src/main.cpp:1 includes the skeleton of this program; C++ files are not renamed yet
        "#]],
        );
    }
    check(
        "//- /src/main.cpp\n#include \"watch.skel.h\"\nint f(watch *w) { return fd(w->maps.open_events); }\n",
        expect![[r#"
            src/main.cpp:2 uses the name as `open_events`; C++ files are not renamed yet
        "#]],
    );
    // Through a header of the project's.
    check(
        "//- /src/wrap.h\n#include \"watch.skel.h\"\n//- /src/main.cpp\n#include \"wrap.h\"\n",
        expect![[r#"
            src/main.cpp:1 includes the skeleton of this program; C++ files are not renamed yet
        "#]],
    );
    check(
        "//- /src/main.cpp\n#include <bpf/libbpf.h>\nauto m = bpf_object__find_map_by_name(o, \"open_events\");\n",
        expect![[r#"
            src/main.cpp:2 uses the name as "open_events"; C++ files are not renamed yet
        "#]],
    );
    check(
        "//- /src/main.cpp\n#include \"other.skel.h\"\nint f(other *w) { return fd(w->maps.open_events); }\n",
        expect![[r#"
            /bpf/watch.bpf.c: 2 edits
        "#]],
    );
    check(
        "//- /src/main.cpp\nint open_events; auto s = \"open_events\";\n",
        expect![[r#"
        /bpf/watch.bpf.c: 2 edits
    "#]],
    );
}

#[test]
fn scripts() {
    for (file, line) in [
        ("/dump.sh", "sudo bpftool -p map dump name open_events"),
        ("/Makefile", "\t@bpftool map dump name open_events | head"),
        ("/show.py", "subprocess.run([\"bpftool\", \"map\", \"dump\", \"name\", \"open_events\"])"),
        ("/show.py", "fd = bpf_obj_get(b\"/sys/fs/bpf/watch/open_events\")"),
    ] {
        let world = world(&format!(
            "//- /bpf/watch.bpf.c\n#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n\
             struct {{ __uint(type, BPF_MAP_TYPE_ARRAY); }} open_ev$0ents SEC(\".maps\");\n//- {file}\n\n{line}\n"
        ));
        let reason =
            world.analysis.prepare_rename(&world.path, world.offset).unwrap().unwrap_err().reason;
        assert!(reason.starts_with(&format!("{}:2 uses the name as \"", &file[1..])), "{reason}");
        assert!(reason.ends_with("open_events\"; scripts are not renamed yet"), "{reason}");
    }
    check(
        "//- /x.sh\n# bpftool map dump name open_events\necho open_events\n",
        expect![[r#"
        /bpf/watch.bpf.c: 2 edits
    "#]],
    );
    check(
        "//- /x.sh\nbpftool map dump name open_events_total\n",
        expect![[r#"
        /bpf/watch.bpf.c: 2 edits
    "#]],
    );
}

#[test]
fn loaders_that_lie_far() {
    // Renamed with the others.
    check(
        "//- /src/cli/load.c\n#include \"watch.skel.h\"\nint f(struct watch *w) { return bpf_map__fd(w->maps.open_events); }\n",
        expect![[r#"
            /bpf/watch.bpf.c: 2 edits
            /src/cli/load.c: 1 edits
        "#]],
    );
    check(
        "//- /src/cli/load.c\n#include <bpf/libbpf.h>\nint f(void) { void *o = bpf_object__open(\"watch.bpf.o\"); return bpf_object__find_map_fd_by_name(o, \"open_events\"); }\n",
        expect![[r#"
            the string "open_events" at load.c:2 may name it (late)
        "#]],
    );
    check(
        "//- /src/cli/load.c\n#include <bpf/libbpf.h>\nint f(void) { void *o = bpf_object__open(\"other.bpf.o\"); return bpf_object__find_map_fd_by_name(o, \"open_events\"); }\n",
        expect![[r#"
            /bpf/watch.bpf.c: 2 edits
        "#]],
    );
    check(
        "//- /lib/more.bpf.c\n#include \"../bpf/watch.bpf.c\"\nvoid *m = &open_events;\n",
        expect![[r#"
            more.bpf.c:1 includes this program (late)
        "#]],
    );
}

#[test]
fn names_by_which_the_kernel_is_asked() {
    let text = |loader: &str| {
        format!(
            "//- /a.bpf.c\n#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n\
             struct {{ __uint(type, BPF_MAP_TYPE_ARRAY); }} open_events_by$0_process SEC(\".maps\");\n\
             //- /a.c\n#include \"a.skel.h\"\n{loader}\n"
        )
    };
    check_at(
        &text("int f(struct a *s, char *n) { return strcmp(n, \"open_events_by_\"); }"),
        expect![[r#"
            the string "open_events_by_" at a.c:2 may name it (late)
        "#]],
    );
    check_at(
        &text("int f(void) { return bpf_obj_get(\"/sys/fs/bpf/a/open_events_by_process\"); }"),
        expect![[r#"
            the string "/sys/fs/bpf/a/open_events_by_process" at a.c:2 may name it (late)
        "#]],
    );
    check_at(
        &text("int f(void) { return puts(\"a/open_events_by_process\"); }"),
        expect![[r#"
        /a.bpf.c: 1 edits
    "#]],
    );
}

#[test]
fn names_of_files_stay_text() {
    check(
        "//- /[x](y)\u{1b}\u{202e}/a`b.go\n//go:generate bpf2go watch /bpf/watch.bpf.c\n",
        expect![[r#"
            ?x??y???/a?b.go:1 makes Go bindings of this program; Go files are not renamed yet
        "#]],
    );
}

/// Lookups by name in C, with the name in a macro, in a header, or only compared.
#[test]
fn strings_of_c() {
    let find = "bpf_object__find_map_by_name(bpf_object__open(path), NAME)";
    let include = "#include <bpf/libbpf.h>\n";
    check(
        &format!(
            "//- /bpf/any.c\n{include}#define NAME \"open_events\"\nint f(char *path) {{ return {find}; }}\n"
        ),
        expect![[r#"
            the string "open_events" at any.c:2 may name it (late)
        "#]],
    );
    check(
        &format!(
            "//- /bpf/any.c\n{include}#include \"names.h\"\nint f(char *path) {{ return {find}; }}\n//- /bpf/names.h\n#define NAME \"open_events\"\n"
        ),
        expect![[r#"
            the string "open_events" at names.h:1 may name it (late)
        "#]],
    );
    check(
        &format!(
            "//- /far/off/any.c\n{include}#include \"../names.h\"\nint f(char *path) {{ return {find}; }}\n//- /far/names.h\n#define NAME \"open_events\"\n"
        ),
        expect![[r#"
            the string "open_events" at names.h:1 may name it (late)
        "#]],
    );
    check(
        &format!(
            "//- /far/off/any.c\n{include}#include \"../names.h\"\nint f(void) {{ void *o = bpf_object__open(\"other.bpf.o\"); return bpf_object__find_map_by_name(o, NAME); }}\n//- /far/names.h\n#define NAME \"open_events\"\n"
        ),
        expect![[r#"
            /bpf/watch.bpf.c: 2 edits
        "#]],
    );
    check(
        &format!("{C_LOADER}//- /bpf/names.h\n#define NAME \"open_events\"\n"),
        expect![[r#"
        /bpf/watch.bpf.c: 2 edits
        /bpf/watch.c: 1 edits
    "#]],
    );
    check(
        "//- /bpf/watch.c\n#include \"watch.skel.h\"\nint f(struct watch *w, void *m) { return !strcmp(bpf_map__name(m), \"open_events\"); }\n",
        expect![[r#"
            the string "open_events" at watch.c:2 may name it (late)
        "#]],
    );
    check(
        "//- /bpf/watch.c\n#include \"watch.skel.h\"\n#define NAME \"open_events\"\nint f(struct watch *w) { return bpf_object__find_map_fd_by_name(w->obj, NAME); }\n",
        expect![[r#"
            the string "open_events" at watch.c:2 may name it (late)
        "#]],
    );
    check(
        "//- /bpf/watch.c\n#include \"watch.skel.h\"\n#include \"names.h\"\nint f(struct watch *w) { return bpf_object__find_map_fd_by_name(w->obj, NAME); }\n//- /bpf/names.h\n#define NAME \"open_events\"\n",
        expect![[r#"
            the string "open_events" at names.h:1 may name it (late)
        "#]],
    );
    // The skeleton that bpftool made names what it is made of.
    check(
        &format!(
            "{C_LOADER}//- /bpf/watch.skel.h\nstatic const char *name = \"open_events\";\nstruct watch {{ struct {{ int *open_events; }} maps; }};\n"
        ),
        expect![[r#"
            /bpf/watch.bpf.c: 2 edits
            /bpf/watch.c: 1 edits
        "#]],
    );
    // Linked from afar.
    check(
        "//- /lib/more.bpf.c\n#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\nextern struct { int x; } open_events SEC(\".maps\");\nint f(void *c) { return bpf_map_delete_elem(&open_events, c); }\n",
        expect![[r#"
            more.bpf.c also declares `open_events`, and may be linked with it (late)
        "#]],
    );
}
