//! Renames: the lines that change on both sides, or the reason for which there are none.

use bpf::diagnostic::Edit;
use expect_test::{Expect, expect};

use super::NoRename;
use crate::test_world::world;

/// Renames what stands at the cursor; shows the lines that change as they are then.
fn check_to(new: &str, text: &str, expect: Expect) {
    let world = world(text);
    let prepared = world.analysis.prepare_rename(&world.path, world.offset);
    let prepared = prepared.expect("nobody cancels");
    let renamed = world.analysis.rename(&world.path, world.offset, new).expect("nobody cancels");
    let mut shown = String::new();
    match renamed {
        Err(NoRename { reason, .. }) => {
            // What `prepare` lets through fails for the new name, or for other files.
            let early = if prepared.is_err() { "" } else { " (late)" };
            shown = format!("{reason}{early}\n");
        }
        Ok(files) => {
            assert!(prepared.is_ok(), "{prepared:?}");
            for file in files {
                let mut text = world.text(&file.path).to_string();
                for Edit { at: range, text: new } in file.edits.iter().rev() {
                    text.replace_range(
                        range.start as usize..range.end as usize,
                        &format!("<{new}>"),
                    );
                }
                let name = file.path.file_name().unwrap_or_default().to_string_lossy();
                for line in text.lines().filter(|line| line.contains(&format!("<{new}"))) {
                    shown += &format!("{name}: {}\n", line.trim_start());
                }
            }
        }
    }
    expect.assert_eq(&shown);
}

const PROGRAM: &str = r#"//- /a.bpf.c
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
#define BUMP() hits++
#define ADD(v, n) __sync_fetch_and_add(&v, n)
struct s { int hits, flows; };
int hits, other SEC(".data") = 1;
static int quiet;
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, int); } flows SEC(".maps");
static int get(struct s *s) { int taken = hits; BUMP(); ADD(hits, s->hits); return s->flows + taken; }
SEC("xdp") int count(struct xdp_md *ctx)
{
	struct s s = { .hits = sizeof(hits) };
	bpf_map_delete_elem(&flows, &hits);
	return get(&s) + quiet;
}
"#;

const LOADER: &str = r#"//- /a.c
#include "a.skel.h"
#define HITS(s) ((s)->data->hits)
#define READ(s, f) ((s)->data->f)
struct { int hits; } mine;
int main(void)
{
	struct a *skel = a__open();
	mine.hits = skel->data->hits + HITS(skel) + READ(skel, hits);
	bpf_object__find_map_by_name(skel->obj, "flows");
	bpf_map__fd(skel->maps.flows);
	skel->links.count = bpf_program__attach(skel->progs.count);
	printf("hits: %d, flows\n", skel->data->hits);
}
"#;

/// In the usual program and loader, with `from` replaced by `to` in them (the cursor).
fn check(new: &str, from: &str, to: &str, expect: Expect) {
    let text = format!("{PROGRAM}{LOADER}").replacen(
        "int hits, other SEC",
        "int hits SEC(\".data\") = 1;\nint other SEC",
        1,
    );
    assert!(text.contains(from), "{from}");
    check_to(new, &text.replacen(from, to, 1), expect);
}

#[test]
fn a_variable() {
    check(
        "seen",
        "int hits SEC",
        "int hi$0ts SEC",
        expect![[r#"
        a.bpf.c: #define BUMP() <seen>++
        a.bpf.c: int <seen> SEC(".data") = 1;
        a.bpf.c: static int get(struct s *s) { int taken = <seen>; BUMP(); ADD(<seen>, s->hits); return s->flows + taken; }
        a.bpf.c: struct s s = { .hits = sizeof(<seen>) };
        a.bpf.c: bpf_map_delete_elem(&flows, &<seen>);
        a.c: #define HITS(s) ((s)->data-><seen>)
        a.c: mine.hits = skel->data-><seen> + HITS(skel) + READ(skel, <seen>);
        a.c: printf("hits: %d, flows\n", skel->data-><seen>);
    "#]],
    );
    check(
        "seen",
        "skel->data->hits +",
        "skel->data->hits$0 +",
        expect![[r#"
        a.bpf.c: #define BUMP() <seen>++
        a.bpf.c: int <seen> SEC(".data") = 1;
        a.bpf.c: static int get(struct s *s) { int taken = <seen>; BUMP(); ADD(<seen>, s->hits); return s->flows + taken; }
        a.bpf.c: struct s s = { .hits = sizeof(<seen>) };
        a.bpf.c: bpf_map_delete_elem(&flows, &<seen>);
        a.c: #define HITS(s) ((s)->data-><seen>)
        a.c: mine.hits = skel->data-><seen> + HITS(skel) + READ(skel, <seen>);
        a.c: printf("hits: %d, flows\n", skel->data-><seen>);
    "#]],
    );
}

#[test]
fn a_map() {
    check(
        "streams",
        "&flows",
        "&fl$0ows",
        expect![[r#"
            a.bpf.c: struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, int); } <streams> SEC(".maps");
            a.bpf.c: bpf_map_delete_elem(&<streams>, &hits);
            a.c: bpf_object__find_map_by_name(skel->obj, "<streams>");
            a.c: bpf_map__fd(skel->maps.<streams>);
        "#]],
    );
}

#[test]
fn a_program() {
    check(
        "tally",
        "links.count",
        "links.co$0unt",
        expect![[r#"
        a.bpf.c: SEC("xdp") int <tally>(struct xdp_md *ctx)
        a.c: skel->links.<tally> = bpf_program__attach(skel->progs.<tally>);
    "#]],
    );
}

#[test]
fn names_that_will_not_do() {
    for (new, expect) in [
        (
            "1x",
            expect![[r#"
            `1x` is no identifier of C (late)
        "#]],
        ),
        (
            "while",
            expect![[r#"
            `while` is a keyword (late)
        "#]],
        ),
        (
            "other",
            expect![[r#"
            `other` is already declared (late)
        "#]],
        ),
        (
            "BUMP",
            expect![[r#"
            `BUMP` is a macro (late)
        "#]],
        ),
        (
            "taken",
            expect![[r#"
            `taken` would mean something else where it is used (late)
        "#]],
        ),
        (
            "bpf_map_delete_elem",
            expect![[r#"
            `bpf_map_delete_elem` is already declared (late)
        "#]],
        ),
        ("hits", expect![[r#""#]]),
    ] {
        check(new, "int hits SEC", "int hi$0ts SEC", expect);
    }
}

#[test]
fn what_does_not_cross() {
    check(
        "x",
        "static int quiet",
        "static int qu$0iet",
        expect![[r#"
            no skeleton shows `quiet`, so it is for the C language server
        "#]],
    );
    check(
        "x",
        "int get",
        "int g$0et",
        expect![[r#"
            no skeleton shows `get`, so it is for the C language server
        "#]],
    );
    check(
        "x",
        "int taken",
        "int tak$0en",
        expect![[r#"
        only globals, maps and programs that a skeleton shows have names on both sides
    "#]],
    );
    check(
        "x",
        "mine.hits",
        "mine.hi$0ts",
        expect![[r#"
        only globals, maps and programs that a skeleton shows have names on both sides
    "#]],
    );
    check(
        "x",
        "a__open",
        "a__op$0en",
        expect![[r#"
        only globals, maps and programs that a skeleton shows have names on both sides
    "#]],
    );
}

/// A variable `hits` with more of the program, of the loader, and other files.
fn refused(program: &str, loader: &str, more: &str, expect: Expect) {
    let text = format!(
        "//- /a.bpf.c\n#include <bpf/bpf_helpers.h>\nint hi$0ts;\n{program}\n//- /a.c\n#include \"a.skel.h\"\n\
         int main(struct a *skel) {{ {loader} }}\n{more}"
    );
    check_to("seen", &text, expect);
}

#[test]
fn text_that_is_not_compiled() {
    refused(
        "#ifdef OLD\nint f(void) { return hits; }\n#endif",
        "",
        "",
        expect![[r#"
            `hits` also appears in code that a conditional leaves out, at a.bpf.c:4
        "#]],
    );
    refused(
        "#define UNUSED() hits++",
        "",
        "",
        expect![[r#"
            `hits` also appears where the compiler does not see a name (directive, unused macro or argument), at a.bpf.c:3
        "#]],
    );
    refused(
        "#define DROP(x)\nDROP(hits)",
        "",
        "",
        expect![[r#"
            `hits` also appears where the compiler does not see a name (directive, unused macro or argument), at a.bpf.c:4
        "#]],
    );
    refused(
        "#define STR(x) #x\nchar s[] = STR(hits);",
        "",
        "",
        expect![[r#"
            `hits` also appears where the compiler does not see a name (directive, unused macro or argument), at a.bpf.c:4
        "#]],
    );
    refused(
        "",
        "\n#if 0\nskel->bss->hits++;\n#endif\n",
        "",
        expect![[r#"
        `hits` also appears in code that is not compiled (conditional or unused macro), at a.c:4 (late)
    "#]],
    );
    refused(
        "",
        "\n#define UNUSED(s) (s)->bss->hits\n",
        "",
        expect![[r#"
        `hits` also appears in code that is not compiled (conditional or unused macro), at a.c:3 (late)
    "#]],
    );
}

#[test]
fn names_that_macros_make() {
    refused(
        "#define VAR(x) my_##x\nint f(void) { return VAR(hits); } int my_hits;",
        "",
        "",
        expect![[r#"
            `hits` also appears where the compiler does not see a name (directive, unused macro or argument), at a.bpf.c:4
        "#]],
    );
    refused(
        "#define JOIN(a, b) a##b\nint f(void) { return JOIN(hi, ts); }",
        "",
        "",
        expect![[r#"
            a macro produces the name `hits` at a.bpf.c:4
        "#]],
    );
    refused(
        "#define BOTH(x) int f_##x(void) { return x; }\nBOTH(hits)",
        "",
        "",
        expect![[r#"
        a.bpf.c: int <seen>;
        a.bpf.c: BOTH(<seen>)
    "#]],
    );
    refused(
        "#define BOTH(x) int f_##x(void) { return x; }\nBOTH(hits) int g(void) { return f_hits(); }",
        "",
        "",
        expect![[r#"
            a macro turns the name into `f_hits`, which is used elsewhere (late)
        "#]],
    );
    refused(
        "",
        "\n#define M(s, a, b) (s)->bss->a##b\nreturn M(skel, hi, ts);",
        "",
        expect![[r#"
            a macro produces the name `hits` at a.c:4 (late)
        "#]],
    );
}

#[test]
fn strings_and_unknown_types() {
    refused(
        "",
        "return btf__find_by_name(btf, \"hits\");",
        "",
        expect![[r#"
        the string "hits" at a.c:2 may name it (late)
    "#]],
    );
    refused(
        "",
        "printf(\"hits\"); return skel->bss->hits;",
        "",
        expect![[r#"
        a.bpf.c: int <seen>;
        a.c: int main(struct a *skel) { printf("hits"); return skel->bss-><seen>; }
    "#]],
    );
    refused(
        "",
        "return unknown->hits;",
        "",
        expect![[r#"
        cannot tell what `hits` at a.c:2 belongs to (late)
    "#]],
    );
    refused(
        "",
        "struct a__bss start = { .hits = 1 };",
        "",
        expect![[r#"
            a.bpf.c: int <seen>;
            a.c: int main(struct a *skel) { struct a__bss start = { .<seen> = 1 }; }
        "#]],
    );
    refused(
        "",
        "return __builtin_offsetof(struct a__bss, hits) + __builtin_offsetof(struct mine, hits);",
        "",
        expect![[r#"
            a.bpf.c: int <seen>;
            a.c: int main(struct a *skel) { return __builtin_offsetof(struct a__bss, <seen>) + __builtin_offsetof(struct mine, hits); }
        "#]],
    );
    refused(
        "",
        "struct unseen s = { .hits = 1 }; struct a__bss t = {};",
        "",
        expect![[r#"
            cannot tell what `hits` at a.c:2 belongs to (late)
        "#]],
    );
    refused(
        "",
        "struct mine { int hits; } m = { .hits = 1 };",
        "",
        expect![[r#"
        a.bpf.c: int <seen>;
    "#]],
    );
}

#[test]
fn code_that_is_not_understood() {
    refused(
        "int f(void) { return hits + ; }",
        "",
        "",
        expect![[r#"
        a.bpf.c: int <seen>;
        a.bpf.c: int f(void) { return <seen> + ; }
    "#]],
    );
    refused(
        "int f(void) { hits +* ) ]; return g(hits; }",
        "",
        "",
        expect![[r#"
        a.bpf.c: int <seen>;
        a.bpf.c: int f(void) { <seen> +* ) ]; return g(<seen>; }
    "#]],
    );
    refused(
        "int f(void) { _Static_assert(sizeof(hits) == 4, \"\"); return 0; }",
        "",
        "",
        expect![[r#"
            cannot tell what `hits` at a.bpf.c:3 means (incomplete code, assertion, attribute or asm)
        "#]],
    );
    refused(
        "_Static_assert(sizeof(hits) == 4, \"\");",
        "",
        "",
        expect![[r#"
        a.bpf.c: int <seen>;
        a.bpf.c: _Static_assert(sizeof(<seen>) == 4, "");
    "#]],
    );
    refused(
        "int x __attribute__((aligned(sizeof(hits))));",
        "",
        "",
        expect![[r#"
        cannot tell what `hits` at a.bpf.c:3 means (incomplete code, assertion, attribute or asm)
    "#]],
    );
    refused(
        "int f(void) { struct s { int hits; } s = { .hits = 1 }; { int hits = s.hits; return hits; } }",
        "",
        "",
        expect![[r#"
            a.bpf.c: int <seen>;
        "#]],
    );
    refused(
        "#include \"missing.h\"",
        "",
        "",
        expect![[r#"
        header not found: missing.h; what it does with `hits` is not known
    "#]],
    );
    refused(
        "",
        "return skel->bss->hits + ;",
        "",
        expect![[r#"
        a.bpf.c: int <seen>;
        a.c: int main(struct a *skel) { return skel->bss-><seen> + ; }
    "#]],
    );
    refused(
        "",
        "foo(skel->bss->hits ];",
        "",
        expect![[r#"
        a.bpf.c: int <seen>;
        a.c: int main(struct a *skel) { foo(skel->bss-><seen> ]; }
    "#]],
    );
}

/// A rename there and back gives the texts as they were.
#[test]
fn there_and_back() {
    let text = format!("{PROGRAM}{LOADER}").replacen("int hits, other SEC", "int hits SEC", 1);
    for (name, at) in [("hits", "int hits$0 SEC"), ("flows", "&flows$0"), ("count", "int count$0")]
    {
        let marked = |text: &str, at: &str| text.replacen(&at.replace("$0", ""), at, 1);
        let world = world(&marked(&text, at));
        let edits = world.analysis.rename(&world.path, world.offset, "another").unwrap().unwrap();
        let mut renamed = String::new();
        for path in ["/a.bpf.c", "/a.c"] {
            let mut new = world.text(path.as_ref()).to_string();
            let of_file =
                edits.iter().filter(|file| file.path.as_ref() == std::path::Path::new(path));
            for Edit { at: range, text: with } in of_file.flat_map(|file| file.edits.iter().rev()) {
                new.replace_range(range.start as usize..range.end as usize, with);
            }
            renamed += &format!("//- {path}\n{new}");
        }
        assert!(renamed.contains("another"));
        let back_at = at.replace(name, "another");
        let second = crate::test_world::world(&marked(&renamed, &back_at));
        let edits = second.analysis.rename(&second.path, second.offset, name).unwrap().unwrap();
        for file in edits {
            let mut new = second.text(&file.path).to_string();
            for Edit { at: range, text: with } in file.edits.iter().rev() {
                new.replace_range(range.start as usize..range.end as usize, with);
            }
            assert_eq!(new, *world.text(&file.path), "{name}");
        }
    }
}

#[test]
fn headers() {
    let text = |declared: &str, header: &str| {
        format!(
            "//- /a.bpf.c\n#include <bpf/bpf_helpers.h>\n{declared}\n#include \"a.h\"\n\
             SEC(\"tc\") int f(void *ctx) {{ return hi$0ts; }}\n//- /a.h\n{header}\n"
        )
    };
    check_to(
        "seen",
        &text("", "int hits;"),
        expect![[r#"
        `hits` is declared in a header (a.h:1), which other programs may share
    "#]],
    );
    check_to(
        "seen",
        &text("int hits;", "static int g(void) { return hits; }"),
        expect![[r#"
        a header uses `hits` (a.h:1)
    "#]],
    );
    check_to(
        "seen",
        &text("int hits;", "#define HITS hits"),
        expect![[r#"
        a.bpf.c: int <seen>;
        a.bpf.c: SEC("tc") int f(void *ctx) { return <seen>; }
    "#]],
    );
}

/// From the header itself: a server that only sees C must not do it either.
#[test]
fn names_in_headers_are_ours() {
    let files = |header: &str| {
        format!(
            "//- /a.bpf.c\n#include <bpf/bpf_helpers.h>\n#include \"a.bpf.h\"\n\
             SEC(\"tc\") int f(void *ctx) {{ int own = 1; return hits + own + aid(); }}\n//- /a.bpf.h\n{header}\n"
        )
    };
    for (header, expect) in [
        (
            "int hi$0ts;\nstatic inline int aid(void) { return 1; }",
            expect![[r#"
            `hits` of a.bpf.c is in a header, which other programs may share
        "#]],
        ),
        (
            "int hits;\nstatic inline int aid(void) { return hi$0ts; }",
            expect![[r#"
            `hits` of a.bpf.c is in a header, which other programs may share
        "#]],
        ),
        (
            "int hits;\nstatic inline int ai$0d(void) { return 1; }",
            expect![[r#"
            another's: only globals, maps and programs that a skeleton shows have names on both sides
        "#]],
        ),
        (
            "int hits;\nstatic inline int aid(void) { int hits = 1; return hi$0ts; }",
            expect![[r#"
                another's: only globals, maps and programs that a skeleton shows have names on both sides
            "#]],
        ),
    ] {
        let world = world(&files(header));
        let none = world.analysis.prepare_rename(&world.path, world.offset).unwrap().unwrap_err();
        expect.assert_eq(&format!(
            "{}{}\n",
            if none.ours { "" } else { "another's: " },
            none.reason
        ));
    }
}

#[test]
fn other_programs() {
    let include = "#include <bpf/bpf_helpers.h>\n";
    let linked = format!(
        "//- /b.bpf.c\n{include}extern int hits;\nSEC(\"tc\") int f(void *c) {{ return hits; }}\n"
    );
    refused(
        "",
        "",
        &linked,
        expect![[r#"
        b.bpf.c also declares `hits`, and may be linked with it (late)
    "#]],
    );
    let apart = linked.replace("extern int", "int");
    refused(
        "",
        "",
        &apart,
        expect![[r#"
        a.bpf.c: int <seen>;
    "#]],
    );
    let includes = "//- /c.bpf.c\n#include \"a.bpf.c\"\nint g(void) { return hits; }\n";
    refused(
        "",
        "",
        includes,
        expect![[r#"
        c.bpf.c:1 includes this program (late)
    "#]],
    );
    let replaces = format!(
        "//- /a.bpf.c\n{include}SEC(\"tc\") int co$0unt(void *ctx) {{ return 0; }}\n\
         //- /b.bpf.c\n{include}SEC(\"freplace/count\") int new(void *ctx) {{ return 1; }}\n"
    );
    check_to(
        "tally",
        &replaces,
        expect![[r#"
        the string "freplace/count" at b.bpf.c:2 may name it (late)
    "#]],
    );
    let opens = format!(
        "//- /a.bpf.c\n{include}SEC(\"tc\") int co$0unt(void *ctx) {{ return 0; }}\n\
         //- /b.c\nint main(void) {{ void *o = bpf_object__open(\"a.bpf.o\"); bpf_object__find_program_by_name(o, \"count\"); }}\n"
    );
    check_to(
        "tally",
        &opens,
        expect![[r#"
        the string "count" at b.c:1 may name it (late)
    "#]],
    );
}

#[test]
fn maps_that_meet_in_the_kernel() {
    let text = "//- /a.bpf.c\n#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n\
                struct { __uint(type, BPF_MAP_TYPE_ARRAY); } packets_by_source SEC(\".maps\");\n\
                struct { __uint(type, BPF_MAP_TYPE_ARRAY); } ta$0ble SEC(\".maps\");\n";
    check_to(
        "packets_by_sourc",
        text,
        expect![[r#"
            the kernel keeps 15 characters of a map name: `packets_by_source` and `packets_by_sourc` are both `packets_by_sour` in `bpftool map` (late)
        "#]],
    );
}

#[test]
fn macros_that_expand_an_argument_twice() {
    refused(
        "",
        "\n#define EQ(a, b) ({ typeof(a) x = (a); typeof(b) y = (b); x == y || check(#a, x); })\n\
         return EQ(skel->bss->hits, 1);",
        "",
        expect![[r#"
            a.bpf.c: int <seen>;
            a.c: return EQ(skel->bss-><seen>, 1); }
        "#]],
    );
    refused(
        "",
        "struct { int hits; } mine;\n#define SUM(a, b, f) ((a)->f + (b)->f)\nreturn SUM(skel->bss, &mine, hits);",
        "",
        expect![[r#"
            a macro gives `hits` at a.c:4 two meanings (late)
        "#]],
    );
}

#[test]
fn typed_programs() {
    let text = "//- /a.bpf.c\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_tracing.h>\n\
                SEC(\"fentry/x\") int BPF_PROG(on_x, int a) { return a; }\n\
                //- /a.c\n#include \"a.skel.h\"\nint f(struct a *s) { return s->progs.on$0_x; }\n";
    check_to(
        "enter_x",
        text,
        expect![[r#"
        a.bpf.c: SEC("fentry/x") int BPF_PROG(<enter_x>, int a) { return a; }
        a.c: int f(struct a *s) { return s->progs.<enter_x>; }
    "#]],
    );
}
