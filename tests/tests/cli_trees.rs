//! `check` of whole trees: what cannot be read, links, memory, and what is written.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{fmt::Write, fs, os::unix::fs::symlink, path::Path, process::Command};

use bpf_lsp_tests::{binary, limits};
use expect_test::{Expect, expect};

/// A program with one mistake.
const WRONG: &str = "#include <bpf/bpf_helpers.h>\nint x SEC(\".per_cpu\") = 0;\n\
                     char l[] SEC(\"license\") = \"GPL\";\n";

fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// The files with findings, the exit code, and what is said besides of things left out.
/// Paths are shown by the names given to them.
fn check(folder: &Path, arguments: &[&str], names: &[(&Path, &str)], expect: Expect) {
    let output = binary::run(folder, &[&["check"], arguments].concat());
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut shown = String::new();
    for line in out.lines().filter(|line| !line.starts_with(' ')) {
        let _ = writeln!(shown, "{}", line.split(':').next().unwrap_or_default());
    }
    for line in err.lines().filter(|line| !line.contains("guessed") && !line.contains("stands in"))
    {
        let _ = writeln!(shown, "{line}");
    }
    let _ = writeln!(shown, "exit code {}", output.status.code().unwrap_or(-1));
    let here = fs::canonicalize(folder).unwrap();
    for (path, name) in names.iter().chain(&[(here.as_path(), "HERE"), (folder, "HERE")]) {
        shown = shown.replace(&path.display().to_string(), name);
    }
    expect.assert_eq(&shown);
}

#[test]
fn a_folder_that_cannot_be_read_is_named_and_the_rest_is_checked() {
    let folder = tree(&[("a.bpf.c", WRONG), ("z.bpf.c", WRONG)]);
    // Deeper than a path may be long: nobody can list it by its path, and root cannot either.
    let name = "d".repeat(200);
    let deep = format!("for i in $(seq 30); do mkdir {name} && cd -P {name} || exit 1; done");
    let made = Command::new("bash").arg("-c").arg(deep).current_dir(folder.path()).status();
    assert!(made.unwrap().success());
    let output = binary::run(folder.path(), &["check", "."]);
    let (out, err) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(out.contains("a.bpf.c:") && out.contains("z.bpf.c:"), "{out}");
    assert!(err.contains(&format!("{name}/{name}: File name too long")), "{err}");
}

#[test]
fn links_to_sources_are_checked_once() {
    let outside = tree(&[("shared.bpf.c", WRONG), ("lib/x.bpf.c", WRONG)]);
    let folder =
        tree(&[("src/a.bpf.c", WRONG), ("ignored/i.bpf.c", WRONG), (".ignore", "ignored\n")]);
    let link = |to: &Path, name: &str| symlink(to, folder.path().join(name)).unwrap();
    let shared = outside.path().join("shared.bpf.c");
    link(Path::new("src/a.bpf.c"), "same.bpf.c");
    link(Path::new("ignored/i.bpf.c"), "generated.bpf.c");
    link(&shared, "first.bpf.c");
    link(&shared, "second.bpf.c");
    link(Path::new("none.bpf.c"), "broken.bpf.c");
    link(Path::new("round.bpf.c"), "round.bpf.c");
    link(Path::new("/dev/zero"), "zero.bpf.c");
    link(Path::new("src"), "inside");
    link(Path::new(".."), "src/loop");
    link(&outside.path().join("lib"), "lib");
    let library = fs::canonicalize(outside.path()).unwrap().join("lib");
    check(
        folder.path(),
        &["."],
        &[(&library, "LIBRARY")],
        expect![[r#"
            first.bpf.c
            generated.bpf.c
            src/a.bpf.c
            bpf-lsp: note: not checked: HERE/broken.bpf.c: leads nowhere
            bpf-lsp: note: not checked: HERE/lib: points outside, to LIBRARY
            bpf-lsp: note: not checked: HERE/round.bpf.c: leads nowhere
            bpf-lsp: note: not checked: HERE/zero.bpf.c: leads to a device
            exit code 1
        "#]],
    );
}

#[test]
fn files_that_are_none() {
    let folder = tree(&[("a.bpf.c", WRONG)]);
    let path = |name: &str| folder.path().join(name);
    let made = Command::new("mkfifo").arg(path("pipe.c")).status();
    assert!(made.unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(path("socket.c")).unwrap();
    check(
        folder.path(),
        &["."],
        &[],
        expect![[r#"
            a.bpf.c
            bpf-lsp: note: not checked: ./pipe.c: not a regular file
            bpf-lsp: note: not checked: ./socket.c: not a regular file
            exit code 1
        "#]],
    );
    check(
        folder.path(),
        &["pipe.c", "socket.c", "/dev/zero", "/proc/self/pagemap"],
        &[],
        expect![[r#"
            bpf-lsp: /dev/zero: not a regular file but a device
            bpf-lsp: /proc/self/pagemap: Invalid argument (os error 22)
            bpf-lsp: pipe.c: not a regular file but a pipe
            bpf-lsp: socket.c: not a regular file but a socket
            exit code 2
        "#]],
    );
    for command in ["skeleton", "layout", "btf"] {
        for file in ["pipe.c", "socket.c", "/dev/zero", "/proc/self/pagemap", "."] {
            let output = binary::run(folder.path(), &[command, file]);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{command} {file}: {said}");
            assert!(said.contains(&format!("bpf-lsp: {file}: ")), "{command} {file}: {said}");
        }
    }
    for arguments in [["-p", "pipe.c"], ["--baseline", "/dev/zero"], ["--baseline", "pipe.c"]] {
        let output = binary::run(folder.path(), &["check", arguments[0], arguments[1], "a.bpf.c"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("not a regular file but "), "{arguments:?}: {said}");
    }
}

/// Every file that a project may have, as a link to one of the kernel's that does not end or may not be read.
#[test]
fn project_files_that_never_end() {
    for target in ["/proc/self/pagemap", "/proc/kmsg", "/dev/zero"] {
        let program = "#include \"endless.h\"\n#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n\
                       const char e[] = {\n#embed \"endless.h\"\n};\n";
        let loader = "#include \"a.skel.h\"\nint main(void) { return 0; }\n";
        let folder = tree(&[("src/a.bpf.c", program), ("src/a.c", loader), ("wrong.bpf.c", WRONG)]);
        for name in [
            "Makefile",
            "CMakeLists.txt",
            "meson.build",
            "xmake.lua",
            ".bpf-lsp.toml",
            "compile_commands.json",
            "compile_flags.txt",
            "src/endless.h",
            "src/vmlinux.h",
            "src/a.bpf.o",
            "src/b.c",
            "src/libbpf_version.h",
        ] {
            symlink(target, folder.path().join(name)).unwrap();
        }
        let (peak, code) = limits::peak(folder.path(), &["check", "--objects", "."]);
        assert!(matches!(code, Some(1 | 2)), "{target}: {code:?}");
        assert!(peak < 150 << 10, "{target}: {peak} KiB");
        let output = binary::run(folder.path(), &["check", "--objects", "."]);
        let out = String::from_utf8_lossy(&output.stdout);
        assert!(out.contains("wrong.bpf.c:2:"), "{target}: {out}");
    }
}

/// C for user space of about 28 KB, with names of its own.
fn plain_c(number: usize) -> String {
    let mut text = String::from("#include <stdio.h>\n#include <stdlib.h>\n#include \"own.h\"\n\n");
    for i in 0..250 {
        let _ = writeln!(
            text,
            "static int function_{number}_{i}(int first, char *second)\n{{\n\tprintf(\"%d\", first);\n\
             \treturn first + {i};\n}}\n"
        );
    }
    text
}

#[test]
fn memory_does_not_grow_with_files_that_are_left_to_others() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("own.h"), "#pragma once\nstruct own { int x; };\n").unwrap();
    let mut size = 0;
    for i in 0..2_000 {
        let text = plain_c(i);
        size += text.len();
        let place = folder.path().join(format!("d{}", i / 100));
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join(format!("f{i}.c")), text).unwrap();
    }
    assert!(size > 2_000 * 25_000);
    let (peak, code) = limits::peak(folder.path(), &["check", "."]);
    println!("2,000 plain C files, {} MB: {peak} KiB", size >> 20);
    assert_eq!(code, Some(0));
    assert!(peak > 1 << 10 && peak < 100 << 10, "{peak} KiB");
}

#[test]
fn memory_of_programs_is_that_of_those_in_flight() {
    let program = |number: usize| {
        let mut text = String::from("#include <bpf/bpf_helpers.h>\n");
        for i in 0..60 {
            let _ = writeln!(
                text,
                "struct s{i} {{ int a, b[{number}]; }};\nstruct s{i} v{i};\nSEC(\"xdp\") int p{i}(void *ctx)\n\
                 {{\n\treturn v{i}.a + v{i}.b[1];\n}}"
            );
        }
        text + "char l[] SEC(\"license\") = \"GPL\";\n"
    };
    let of = |count: usize| {
        let folder = tempfile::tempdir().unwrap();
        for i in 0..count {
            let place = folder.path().join(format!("d{}", i / 20));
            fs::create_dir_all(&place).unwrap();
            fs::write(place.join(format!("p{i}.bpf.c")), program(i + 2)).unwrap();
        }
        limits::peak(folder.path(), &["check", "."]).0
    };
    // Many times what is in flight, and five times as many.
    let (some, more) = (of(100), of(500));
    println!("100 programs: {some} KiB, 500: {more} KiB");
    assert!(more < some + some / 2, "100 programs: {some} KiB, 500: {more} KiB");
}

#[test]
fn a_baseline_is_replaced_as_a_whole_or_not_at_all() {
    let folder = tree(&[("a.bpf.c", WRONG)]);
    let known = folder.path().join("known.json");
    let write = ["check", "--write-baseline", "known.json", "a.bpf.c"];
    assert_eq!(binary::run(folder.path(), &write).status.code(), Some(0));
    let before = fs::read_to_string(&known).unwrap();
    assert!(before.contains("fingerprint"));
    let output = limits::run_without_room(folder.path(), &write);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("known.json: File too large"), "{said}");
    assert_eq!(fs::read_to_string(&known).unwrap(), before);
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    // What is there now is what is compared with.
    let compare = ["check", "--baseline", "known.json", "a.bpf.c"];
    assert_eq!(binary::run(folder.path(), &compare).status.code(), Some(0));
}
