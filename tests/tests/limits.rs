//! Limits of the front end, from both sides: what stays below is right, and what goes beyond is right too or said to
//! be incomplete. Nothing is left out in silence.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{path::Path, sync::Arc};

use bpf::source;
use cfront::{
    flags::Flags,
    pp::preprocess,
    session::{MemoryFileSystem, Session},
    unit::Unit,
};
use expect_test::{Expect, expect};

/// What the server's workers have.
const STACK_BYTES: usize = 32 << 20;

/// The sections of a program with their sizes in bytes, and whether the model is complete.
fn read(text: &str) -> String {
    let fs = MemoryFileSystem::default();
    let flags = Flags { stand_ins: false, default_dirs: Vec::new(), ..Flags::default() };
    let path = Path::new("/w/limits.bpf.c");
    let pp = preprocess(&Session::new(), &fs, path, text.into(), &flags);
    let unit = Unit::build(Arc::new(pp), None, false);
    let object = source::build(&unit, "limits").object;
    let sections = object.sections.iter().map(|s| format!("{} {}", s.name, s.size));
    let sections: Vec<String> = sections.collect();
    format!("{}{}", sections.join(", "), if object.complete { "" } else { " (perhaps not all)" })
}

fn check(cases: &[(&str, String)], expect: Expect) {
    let cases: Vec<(String, String)> =
        cases.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    let out = thread
        .spawn(move || -> String {
            cases.iter().map(|(name, text)| format!("{name}: {}\n", read(text))).collect()
        })
        .unwrap();
    expect.assert_eq(&out.join().expect("no panic"));
}

fn nested(open: &str, middle: &str, close: &str, n: usize) -> String {
    [&open.repeat(n), middle, &close.repeat(n)].concat()
}

/// `first`, and a line for each number that names the one before.
fn chain(first: &str, n: usize, line: impl Fn(usize) -> String, last: &str) -> String {
    let lines: String = (0..n).map(line).collect();
    [first, &lines, last].concat()
}

#[test]
fn large_objects_have_their_size() {
    let string = |n: usize| format!("char s[] = \"{}\";\n", "x".repeat(n));
    check(
        &[
            ("a string of 16 MiB", string((16 << 20) - 1)),
            ("a string of 20 MiB", string(20 << 20)),
            ("empty at a large place", format!("char s[{}] = \"\";\n", 20 << 20)),
            ("many elements", format!("char s[] = {{ {} }};\n", "1,".repeat(4_300_000))),
            ("a range", "char s[] = { [0 ... 9999] = 1 };\n".to_owned()),
            ("a large range", "char s[] = { [0 ... 9999999] = 0 };\n".to_owned()),
        ],
        expect![[r#"
            a string of 16 MiB: .data 16777216
            a string of 20 MiB: .data 20971521
            empty at a large place: .bss 20971520
            many elements: .data 4300000
            a range: .data 10000
            a large range: .data 10000000 (perhaps not all)
        "#]],
    );
}

#[test]
fn names_that_lead_to_names() {
    let typedefs = |n| {
        let line = |i| format!("typedef t{i} t{};\n", i + 1);
        chain("typedef int t0;\n", n, line, &format!("t{n} v;\n"))
    };
    let used = |n| {
        let line = |i| format!("typedef t{i} t{};\nt{i} v{i};\n", i + 1);
        chain("typedef char t0;\n", n, line, &format!("t{n} v;\n"))
    };
    let structs = |n| {
        let line = |i| format!("struct s{} {{ struct s{i} a; }};\n", i + 1);
        chain("struct s0 { int a; };\n", n, line, &format!("struct s{n} v;\n"))
    };
    let enums = |n| {
        let line = |i| format!("enum {{ E{} = E{i} }};\n", i + 1);
        chain("enum { E0 = 3 };\n", n, line, &format!("char v[E{n}];\n"))
    };
    let in_body = |n, blocks| {
        let line = |i| format!("typedef t{i} t{};\n", i + 1);
        let body = nested("{ ", &format!("static t{n} v; v++; f(&v);"), " }", blocks);
        chain(
            "typedef int t0; int f(void *);\n",
            n,
            line,
            &format!("int g(void) {{ {body} return 0; }}\n"),
        )
    };
    check(
        &[
            ("typedefs", typedefs(100)),
            ("many typedefs", typedefs(1000)),
            ("many typedefs, each used", used(20_000)),
            ("structs", structs(50)),
            ("many structs", structs(1000)),
            ("enumerators", enums(50)),
            ("many enumerators", enums(1000)),
            ("typedefs in a body", in_body(80, 10)),
            ("typedefs in a deep body", in_body(80, 80)),
            ("many typedefs in a body", in_body(1000, 10)),
        ],
        expect![[r#"
            typedefs: .bss 4
            many typedefs: .bss 0 (perhaps not all)
            many typedefs, each used: .bss 20001
            structs: .bss 4
            many structs: .bss 0 (perhaps not all)
            enumerators: .bss 3
            many enumerators: .bss 0 (perhaps not all)
            typedefs in a body: .bss 4
            typedefs in a deep body: .bss 4
            many typedefs in a body: .bss 0 (perhaps not all)
        "#]],
    );
}

#[test]
fn nesting() {
    check(
        &[
            ("declarators", format!("int {}; int g;\n", nested("(", "v", ")", 100))),
            ("deep declarators", format!("int {}; int g;\n", nested("(", "v", ")", 10_000))),
            ("pointers", format!("int {}v; int g;\n", "*".repeat(200))),
            ("many pointers", format!("int {}v; int g;\n", "*".repeat(10_000))),
            ("dimensions", format!("int v{}; int g;\n", "[1]".repeat(200))),
            ("many dimensions", format!("int v{}; int g;\n", "[1]".repeat(10_000))),
            ("functions", format!("int {}; int g;\n", nested("(*", "v", ")(void)", 50))),
            ("deep functions", format!("int {}; int g;\n", nested("(*", "v", ")(void)", 1000))),
            (
                "structs",
                format!(
                    "{} v; int g;\n",
                    nested("struct { ", "int a;", " } a;", 50).trim_end_matches(" a;")
                ),
            ),
            (
                "deep structs",
                format!(
                    "{} v; int g;\n",
                    nested("struct { ", "int a;", " } a;", 1000).trim_end_matches(" a;")
                ),
            ),
            (
                "nameless structs",
                format!(
                    "struct s {{ {} }}; struct s v = {{ .a = 0 }};\n",
                    nested("struct { ", "int a;", " };", 50)
                ),
            ),
            (
                "deep nameless structs",
                format!(
                    "struct s {{ {} }}; struct s v = {{ .a = 0 }};\n",
                    nested("struct { ", "int a;", " };", 1000)
                ),
            ),
            ("sizeof", format!("char v[{}]; int g;\n", nested("sizeof(", "int", ")", 50))),
            ("deep sizeof", format!("char v[{}]; int g;\n", nested("sizeof(", "int", ")", 1000))),
            ("braces", format!("int v = {}; int g;\n", nested("{", "0", "}", 50))),
            ("deep braces", format!("int v = {}; int g;\n", nested("{", "0", "}", 1000))),
            (
                "a local",
                format!(
                    "int f(int a) {{ static int {}; v += a; return v; }}\n",
                    nested("(", "v", ")", 50)
                ),
            ),
            (
                "a deep local",
                format!(
                    "int f(int a) {{ static int {}; v += a; return v; }}\n",
                    nested("(", "v", ")", 1000)
                ),
            ),
        ],
        expect![[r#"
            declarators: .bss 8
            deep declarators: .bss 4 (perhaps not all)
            pointers: .bss 12
            many pointers: .bss 12
            dimensions: .bss 8
            many dimensions: .bss 8
            functions: .bss 12
            deep functions: .bss 4 (perhaps not all)
            structs: .bss 8
            deep structs: .bss 4 (perhaps not all)
            nameless structs: .bss 4
            deep nameless structs: .data 0 (perhaps not all)
            sizeof: .bss 12
            deep sizeof: .bss 12 (perhaps not all)
            braces: .bss 8
            deep braces: .bss 8 (perhaps not all)
            a local: .bss 4
            a deep local:  (perhaps not all)
        "#]],
    );
}
