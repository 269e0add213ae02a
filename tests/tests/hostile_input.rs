//! Hostile texts: nested ten thousand deep in every way that C has, macro bombs, headers that include
//! themselves, gigantic lines, bytes that are no text. Each gets answers to all questions: in bounded
//! time and memory, without a panic or an overflow of the stack, and what was not read is said so.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{path::Path, sync::Arc};

use bpf::{layout::text::print_object, rules, skeleton, source};
use cfront::{
    flags::Flags,
    pp::preprocess,
    session::{MemoryFileSystem, Session},
    unit::Unit,
};
use expect_test::{Expect, expect};

const DEPTH: usize = 10_000;
/// What the server's workers have.
const STACK_BYTES: usize = 32 << 20;

/// Everything that is made of a program; what the preprocessor says, and whether all was understood.
fn read(files: &[(String, String)]) -> String {
    let fs = MemoryFileSystem::default();
    let (main, text) = &files[0];
    for (path, text) in files {
        fs.write(Path::new(path), text);
    }
    let session = Session::new();
    let flags = Flags { stand_ins: false, default_dirs: Vec::new(), ..Flags::default() };
    let pp = preprocess(&session, &fs, Path::new(main), text.as_str().into(), &flags);
    let mut said: Vec<String> =
        pp.diagnostics.iter().map(|d| format!("{:?}: {}", d.kind, d.message)).collect();
    let count = said.len();
    said.dedup();
    said.truncate(2);
    let tokens = pp.len();
    let complete = pp.complete;
    let unit = Unit::build(Arc::new(pp), None, false);
    let built = source::build(&unit, "hostile");
    let usage = rules::Usage::default().into();
    rules::check(rules::Input { unit: &unit, object: &built.object, usage: &usage });
    for kind in [
        skeleton::SkeletonKind::Skeleton,
        skeleton::SkeletonKind::Subskeleton,
        skeleton::SkeletonKind::Light,
    ] {
        skeleton::print(&built.object, kind);
    }
    print_object(&built.object, "hostile.bpf.c");
    source::build_whole(&unit, "hostile");
    // An edit, so that what is kept of the text is used.
    let edited = format!("{text}\nint after;\n");
    let pp = preprocess(&session, &fs, Path::new(main), edited.into(), &flags);
    source::build(&Unit::build(Arc::new(pp), Some(&unit), false), "hostile");
    // What counts tokens exactly would only say how the bounds are set.
    let variables: usize = built.object.sections.iter().map(|s| s.variables.len()).sum();
    let size = tokens.next_power_of_two().ilog2();
    format!(
        "2^{size} tokens{}, {variables} variables{}{}",
        if complete { "" } else { " (not all)" },
        if built.object.complete { "" } else { " (perhaps not all)" },
        if said.is_empty() { String::new() } else { format!(", said {count}: {said:?}") },
    )
}

fn check_files(files: Vec<(String, String)>) -> String {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
    thread.spawn(move || read(&files)).unwrap().join().expect("no panic")
}

/// Checks texts, each under a name.
fn check(cases: &[(&str, String)], expect: Expect) {
    let mut out = String::new();
    for (name, text) in cases {
        let start = std::time::Instant::now();
        let said = check_files(vec![("/w/hostile.bpf.c".to_owned(), text.clone())]);
        out.push_str(&format!("{name}: {said}\n"));
        if std::env::var_os("TIMES").is_some() {
            eprintln!("{name}: {:?}", start.elapsed());
        }
    }
    expect.assert_eq(&out);
}

/// `open` so often, `middle`, `close` as often.
fn nested(open: &str, middle: &str, close: &str) -> String {
    [&open.repeat(DEPTH), middle, &close.repeat(DEPTH)].concat()
}

/// The same in a function's body.
fn in_body(open: &str, middle: &str, close: &str) -> String {
    format!("int v; int f(int a)\n{{\n{}\n}}\nint g;\n", nested(open, middle, close))
}

/// A line for each number below a depth, each naming the one before.
fn chain(first: &str, line: impl Fn(usize) -> String) -> String {
    let lines: String = (1..DEPTH).map(line).collect();
    format!("{first}{lines}")
}

#[test]
fn expressions_nested_ten_thousand_deep() {
    check(
        &[
            ("parentheses", format!("int x = {};", nested("(", "1", ")"))),
            ("minus", format!("int x = {};", nested("- ", "1", ""))),
            ("not and complement", format!("int x = {};", nested("!~", "1", ""))),
            ("casts", format!("int x = {};", nested("(int)", "1", ""))),
            ("conditionals", format!("int x = {};", nested("1 ? ", "1", " : 2"))),
            ("conditionals to the right", format!("int x = {};", nested("1 ? 2 : ", "1", ""))),
            ("sizeof", format!("int x = {};", nested("sizeof ", "1", ""))),
            ("sizeof of types", format!("int x = {};", nested("sizeof(", "int", ")"))),
            ("typeof", format!("{} x;", nested("typeof(", "int", ")"))),
            ("sum", format!("int x = {};", nested("1 + ", "1", ""))),
            ("shifts", format!("int x = {};", nested("(1 << ", "1", ")"))),
            ("selections", format!("int x = {};", nested("_Generic(0, default: ", "1", ")"))),
            ("choices", format!("int x = {};", nested("__builtin_choose_expr(1, ", "1", ", 0)"))),
            ("addresses", in_body("*&", "a", ";")),
            ("calls", in_body("f(", "a", ")")),
            ("indices", in_body("(&v)[", "a", "]")),
            ("members", in_body("", "a", ".b->c")),
            ("assignments", in_body("a = ", "1", "")),
            ("commas", in_body("a, ", "a", "")),
            ("statement expressions", in_body("({ ", "1;", " });")),
            ("compound literals", in_body("(int){ ", "1", " }")),
            ("strings", format!("char x[] = {};", nested("\"a\" ", "\"b\"", ""))),
            ("increments", in_body("++", "a", "--")),
            ("logical", in_body("a && (b || ", "a", ")")),
        ],
        expect![[r#"
            parentheses: 2^15 tokens, 1 variables (perhaps not all)
            minus: 2^14 tokens, 1 variables (perhaps not all)
            not and complement: 2^15 tokens, 1 variables (perhaps not all)
            casts: 2^15 tokens, 1 variables (perhaps not all)
            conditionals: 2^16 tokens, 1 variables (perhaps not all)
            conditionals to the right: 2^16 tokens, 1 variables (perhaps not all)
            sizeof: 2^14 tokens, 1 variables (perhaps not all)
            sizeof of types: 2^15 tokens, 1 variables (perhaps not all)
            typeof: 2^15 tokens, 0 variables (perhaps not all)
            sum: 2^15 tokens, 1 variables (perhaps not all)
            shifts: 2^16 tokens, 1 variables (perhaps not all)
            selections: 2^17 tokens, 1 variables (perhaps not all)
            choices: 2^17 tokens, 1 variables (perhaps not all)
            addresses: 2^15 tokens, 2 variables (perhaps not all)
            calls: 2^15 tokens, 2 variables (perhaps not all)
            indices: 2^16 tokens, 2 variables (perhaps not all)
            members: 2^16 tokens, 2 variables (perhaps not all)
            assignments: 2^15 tokens, 2 variables (perhaps not all)
            commas: 2^15 tokens, 2 variables (perhaps not all)
            statement expressions: 2^16 tokens, 2 variables (perhaps not all)
            compound literals: 2^16 tokens, 2 variables (perhaps not all)
            strings: 2^14 tokens, 1 variables
            increments: 2^15 tokens, 2 variables (perhaps not all)
            logical: 2^16 tokens, 2 variables (perhaps not all)
        "#]],
    );
}

#[test]
fn statements_nested_ten_thousand_deep() {
    check(
        &[
            ("blocks", in_body("{", "v = a;", "}")),
            ("if", in_body("if (a) ", "v = a;", "")),
            ("if with braces", in_body("if (a) { ", "v = a;", "}")),
            ("else if", in_body("if (a) v = 1; else ", "v = a;", "")),
            ("while", in_body("while (a) ", "v = a;", "")),
            ("for", in_body("for (int i = 0; i < a; i++) {", "v = a;", "}")),
            ("do", in_body("do ", "v = a;", " while (a);")),
            ("switch", in_body("switch (a) { case 1: ", "v = a;", "}")),
            ("labels", in_body("l: ", "v = a;", "")),
            (
                "cases",
                format!("int f(int a) {{ switch (a) {{ {} v; }} }}", nested("case 1: ", "", "")),
            ),
            ("open blocks", in_body("{", "v = a;", "")),
            ("open parentheses", in_body("(", "v = a;", "")),
            ("closed blocks", in_body("", "v = a;", "}")),
            ("functions in functions", in_body("int n(void) {", "v = a;", "}")),
        ],
        expect![[r#"
            blocks: 2^15 tokens, 2 variables (perhaps not all)
            if: 2^16 tokens, 2 variables (perhaps not all)
            if with braces: 2^16 tokens, 2 variables (perhaps not all)
            else if: 2^17 tokens, 2 variables (perhaps not all)
            while: 2^16 tokens, 2 variables (perhaps not all)
            for: 2^18 tokens, 2 variables (perhaps not all)
            do: 2^16 tokens, 2 variables (perhaps not all)
            switch: 2^17 tokens, 2 variables (perhaps not all)
            labels: 2^15 tokens, 2 variables
            cases: 2^15 tokens, 0 variables
            open blocks: 2^14 tokens, 2 variables (perhaps not all)
            open parentheses: 2^14 tokens, 2 variables (perhaps not all)
            closed blocks: 2^14 tokens, 2 variables
            functions in functions: 2^17 tokens, 2 variables (perhaps not all)
        "#]],
    );
}

#[test]
fn declarations_nested_ten_thousand_deep() {
    check(
        &[
            ("structs", format!("{} x;", nested("struct { ", "int a;", " } m;"))),
            ("named structs", chain("struct s0 { int a; };\n", |n| format!("struct s{n} {{ struct s{} a; }};\n", n - 1)) + "struct s9999 last;"),
            ("structs that double", chain("struct s0 { long a; };\n", |n| format!("struct s{n} {{ struct s{0} a, b; }};\n", n - 1)) + "struct s9999 last;"),
            ("unions", format!("union u {}", nested("{ union ", "{ int a; }", "; }"))),
            ("pointers", format!("int {}x;", "*".repeat(DEPTH))),
            ("declarators", format!("int {};", nested("(", "x", ")"))),
            ("arrays", format!("int x{};", "[1]".repeat(DEPTH))),
            ("arrays that double", format!("int x{};", "[2]".repeat(DEPTH))),
            ("functions", format!("int {};", nested("(*", "x", ")(void)"))),
            ("parameters", format!("int x{};", nested("(int ", "", ")"))),
            ("typedefs", chain("typedef int t0;\n", |n| format!("typedef t{} t{n};\n", n - 1)) + "t9999 last;"),
            ("typedefs of pointers", chain("typedef int t0;\n", |n| format!("typedef t{} *t{n};\n", n - 1)) + "t9999 last;"),
            ("typedefs backwards", (1..DEPTH).rev().map(|n| format!("typedef t{} t{n};\n", n - 1)).collect::<String>() + "t9999 last;"),
            ("enumerators", chain("enum { e0 = 1 };\n", |n| format!("enum {{ e{n} = e{} + 1 }};\n", n - 1)) + "int x[e9999];"),
            ("initialisers", format!("int x[] = {};", nested("{ ", "1", " }"))),
            ("designators", format!("struct {{ int a; }} x = {{ {} = 1 }};", ".a".repeat(DEPTH))),
            ("indices", format!("int x[2] = {{ {} = 1 }};", "[1]".repeat(DEPTH))),
            ("huge arrays", "int x[1][0x7fffffffffffffff]; int y[0xffffffffffffffff]; int z[] = { [0x7ffffffffffffffe] = 1 }; char w[1ull << 62] = { 1 };".into()),
            ("attributes", format!("int x __attribute__(({}));", nested("aligned(", "1", ")"))),
            ("many attributes", format!("int x {};", "__attribute__((aligned(8)))".repeat(DEPTH))),
            ("addresses", chain("void *v0;\n", |n| format!("void *v{n} = &v{};\n", n - 1))),
            ("lengths", chain("int v0[1];\n", |n| format!("int v{n}[sizeof(v{})];\n", n - 1))),
            ("static calls",
                // Names are looked up in one function's text after the other.
                chain("static int f0(void) { return 1; }\n", |n| {
                    if n >= DEPTH / 8 {
                        return String::new();
                    }
                    format!("static int f{n}(void) {{ return f{}(); }}\n", n - 1)
                }) + "__attribute__((section(\"tc\"))) int p(void) { return f1249(); }",
            ),
            ("specifiers", format!("{} int x;", "const volatile ".repeat(DEPTH))),
            ("asserts", format!("_Static_assert({}, \"\");", nested("(", "1", ")"))),
            ("open structs", nested("struct { ", "", "")),
        ],
        expect![[r#"
            structs: 2^16 tokens, 1 variables (perhaps not all)
            named structs: 2^17 tokens, 1 variables (perhaps not all)
            structs that double: 2^17 tokens, 1 variables (perhaps not all)
            unions: 2^16 tokens, 0 variables
            pointers: 2^14 tokens, 1 variables
            declarators: 2^15 tokens, 0 variables (perhaps not all)
            arrays: 2^15 tokens, 1 variables
            arrays that double: 2^15 tokens, 1 variables
            functions: 2^16 tokens, 0 variables (perhaps not all)
            parameters: 2^15 tokens, 0 variables (perhaps not all)
            typedefs: 2^16 tokens, 1 variables (perhaps not all)
            typedefs of pointers: 2^16 tokens, 1 variables (perhaps not all)
            typedefs backwards: 2^16 tokens, 1 variables (perhaps not all)
            enumerators: 2^17 tokens, 1 variables (perhaps not all)
            initialisers: 2^15 tokens, 1 variables (perhaps not all)
            designators: 2^15 tokens, 1 variables
            indices: 2^15 tokens, 1 variables
            huge arrays: 2^6 tokens, 4 variables
            attributes: 2^15 tokens, 1 variables (perhaps not all)
            many attributes: 2^17 tokens, 1 variables
            addresses: 2^17 tokens, 10000 variables
            lengths: 2^17 tokens, 10000 variables
            static calls: 2^14 tokens, 0 variables
            specifiers: 2^15 tokens, 1 variables
            asserts: 2^15 tokens, 0 variables
            open structs: 2^15 tokens, 0 variables
        "#]],
    );
}

#[test]
fn preprocessing_without_bounds() {
    let double = |first: &str, line: fn(usize) -> String| {
        let lines: String = (1..64).map(line).collect();
        format!("{first}{lines}")
    };
    check(
        &[
            (
                "objects that double",
                double("#define a0 x\n", |n| format!("#define a{n} a{0} a{0}\n", n - 1))
                    + "int v = a63;\nint w;\n",
            ),
            (
                "functions that double",
                double("#define a0(x) x\n", |n| {
                    format!("#define a{n}(x) a{0}(x a{0}(x))\n", n - 1)
                }) + "int v = a63(1);\nint w;\n",
            ),
            (
                "strings that double",
                "#define s(x) #x\n#define d(x) s(x x)\n".to_owned()
                    + &nested("d(", "\\", ")")
                    + ";\nint w;\n",
            ),
            (
                "pastes that double",
                double("#define c(a, b) a##b\n#define e(a, b) c(a, b)\n#define a0 x\n", |n| {
                    format!("#define a{n} e(a{0}, a{0})\n", n - 1)
                }) + "int a63;\nint w;\n",
            ),
            ("calls in calls", "#define f(x) x\n".to_owned() + &nested("f(", "1", ")")),
            ("open calls", "#define f(x) x\n".to_owned() + &"f(".repeat(DEPTH)),
            ("arguments", format!("#define f(a, ...) __VA_ARGS__\nf({}1);", "1,".repeat(DEPTH))),
            ("__VA_OPT__", format!("#define f(...) {}\nint w;", nested("__VA_OPT__(", "x", ")"))),
            (
                "__COUNTER__",
                "#define c2(a, b) a##b\n#define c(a, b) c2(a, b)\n#define n c(x, __COUNTER__)\n"
                    .to_owned()
                    + &"int n; int n(n);\n".repeat(2000),
            ),
            (
                "a macro for each number",
                chain("#define m0 1\n", |n| format!("#define m{n} m{}\n", n - 1))
                    + "int x = m9999;\n",
            ),
            ("conditionals", nested("#if 1\n", "int x;\n", "#endif\n")),
            ("open conditionals", nested("#if 1\n", "int x;\n", "")),
            ("skipped conditionals", nested("#if 0\n", "int x;\n", "#endif\n")),
            ("#elif", format!("#if 0\n{}#else\nint x;\n#endif\n", "#elif 0\n".repeat(DEPTH))),
            ("parentheses of #if", format!("#if {}\nint x;\n#endif\n", nested("(", "1", ")"))),
            ("operators of #if", format!("#if {}\nint x;\n#endif\n", nested("!", "1", " + 1"))),
            ("conditions of #if", format!("#if {}\nint x;\n#endif\n", nested("1 ? ", "1", " : 0"))),
            ("defined", format!("#if {}\nint x;\n#endif\n", nested("defined ", "x", ""))),
            (
                "pragmas",
                nested(
                    "#pragma pack(push, 1)\n",
                    "struct { char a; int b; } x;\n",
                    "#pragma pack(pop)\n",
                ),
            ),
            ("_Pragma", format!("{}\nint x;", nested("_Pragma(\"pack(push)\") ", "", ""))),
            (
                "pushed macros",
                nested("#pragma push_macro(\"x\")\n", "int v;\n", "#pragma pop_macro(\"x\")\n"),
            ),
            ("#line", nested("#line 2147483647 \"x\"\n", "int x = __LINE__;\n", "# 5\n")),
            ("itself", "#include \"hostile.bpf.c\"\nint x;\n".into()),
            ("itself twice", "#include __FILE__\n#include __FILE__\nint x;\n".into()),
            (
                "directives in arguments",
                "#define f(x) x\nf(\n".to_owned()
                    + &"#if 1\n#include \"x\"\n#endif\n".repeat(DEPTH)
                    + ")\nint w;",
            ),
            (
                "#embed of itself",
                format!("int x[] = {{\n{}}};\n", "#embed __FILE__\n,".repeat(100)),
            ),
        ],
        expect![[r#"
            objects that double: 2^20 tokens (not all), 2 variables (perhaps not all), said 1: ["ExpansionLimit: macro expansion makes too many tokens"]
            functions that double: 2^4 tokens (not all), 2 variables (perhaps not all), said 1: ["ExpansionLimit: macro expansion makes too many tokens"]
            strings that double: 2^3 tokens (not all), 1 variables (perhaps not all), said 1: ["ExpansionLimit: macro calls are nested too deeply"]
            pastes that double: 2^4 tokens (not all), 1 variables (perhaps not all), said 1: ["ExpansionLimit: macro expansion makes too many tokens"]
            calls in calls: 2^0 tokens (not all), 0 variables (perhaps not all), said 1: ["ExpansionLimit: macro calls are nested too deeply"]
            open calls: 2^0 tokens, 1 variables, said 1: ["UnterminatedCall: unterminated call of macro 'f'"]
            arguments: 2^15 tokens, 0 variables
            __VA_OPT__: 2^2 tokens, 1 variables, said 1: ["BadDirective: __VA_OPT__ is malformed"]
            __COUNTER__: 2^15 tokens, 2000 variables
            a macro for each number: 2^3 tokens, 1 variables
            conditionals: 2^2 tokens, 1 variables
            open conditionals: 2^2 tokens, 1 variables, said 10000: ["UnterminatedConditional: unterminated conditional directive"]
            skipped conditionals: 2^0 tokens, 0 variables
            #elif: 2^2 tokens, 1 variables
            parentheses of #if: 2^0 tokens, 0 variables, said 1: ["BadExpression: the expression is nested too deeply"]
            operators of #if: 2^0 tokens, 0 variables, said 1: ["BadExpression: the expression is nested too deeply"]
            conditions of #if: 2^0 tokens, 0 variables, said 1: ["BadExpression: the expression is nested too deeply"]
            defined: 2^0 tokens, 0 variables, said 1: ["BadExpression: expected the end of the expression"]
            pragmas: 2^15 tokens, 1 variables
            _Pragma: 2^14 tokens, 1 variables
            pushed macros: 2^2 tokens, 1 variables
            #line: 2^3 tokens, 1 variables
            itself: 2^0 tokens (not all), 0 variables (perhaps not all), said 1: ["IncludeDepth: headers include each other too deeply"]
            itself twice: 2^0 tokens (not all), 0 variables (perhaps not all), said 1: ["IncludeDepth: headers include each other too deeply"]
            directives in arguments: 2^2 tokens (not all), 1 variables, said 10000: ["BadDirective: #include inside the arguments of a macro is not followed"]
            #embed of itself: 2^12 tokens, 1 variables (perhaps not all)
        "#]],
    );
}

#[test]
fn headers_without_end() {
    let main = |text: &str| ("/w/hostile.bpf.c".to_owned(), text.to_owned());
    let mut out = String::new();
    // Each includes the next; each includes the next twice; two that include each other.
    type Text = fn(usize) -> String;
    let lists: [(&str, usize, Text); 3] = [
        ("a chain", DEPTH, |n| format!("#include \"h{}.h\"\nint v{n};\n", n + 1)),
        ("a tree", 40, |n| format!("#include \"h{0}.h\"\n#include \"h{0}.h\"\n", n + 1)),
        ("a ring", 2, |n| format!("#include \"h{}.h\"\nint v{n};\n", 1 - n)),
    ];
    for (name, count, text) in lists {
        let mut files = vec![main("#include \"h0.h\"\nint last;\n")];
        files.extend((0..count).map(|n| (format!("/w/h{n}.h"), text(n))));
        files.push((format!("/w/h{count}.h"), "int end;\n".into()));
        out.push_str(&format!("{name}: {}\n", check_files(files)));
    }
    expect![[r#"
        a chain: 2^0 tokens (not all), 0 variables (perhaps not all), said 1: ["IncludeDepth: headers include each other too deeply"]
        a tree: 2^17 tokens (not all), 1 variables (perhaps not all), said 1: ["IncludeDepth: too many headers are included"]
        a ring: 2^0 tokens (not all), 0 variables (perhaps not all), said 1: ["IncludeDepth: headers include each other too deeply"]
    "#]].assert_eq(&out);
}

#[test]
fn bytes_and_lines() {
    let program = "#define A(x) x\nstruct s { int a; char b; } v = { A(1), 'b' }; /* c */ // d\n\
        __attribute__((section(\"tc\"))) int f(struct s *p)\n{\n\treturn p->a + v.b;\n}\n";
    let everywhere =
        |glue: &str| -> String { program.chars().map(|c| format!("{c}{glue}")).collect() };
    check(
        &[
            ("the program", program.to_owned()),
            ("continued everywhere", everywhere("\\\n")),
            ("continued with white space", everywhere("\\ \t\r\n")),
            ("carriage returns", program.replace('\n', "\r\n")),
            ("old ends of lines", program.replace('\n', "\r")),
            ("NUL everywhere", everywhere("\0")),
            ("a byte order mark", format!("\u{feff}{program}")),
            ("byte order marks", everywhere("\u{feff}")),
            (
                "no UTF-8",
                String::from_utf8_lossy(&[b"int x;\xff\xfe\x80", program.as_bytes()].concat())
                    .into_owned(),
            ),
            (
                "a long line",
                program.replace('\n', " ").replacen("x struct", "x\nstruct", 1).repeat(1000),
            ),
            ("spaces", format!("int x{};", " ".repeat(4 << 20))),
            ("empty lines", format!("int x{};", "\n".repeat(4 << 20))),
            ("a long name", format!("int {};", "x".repeat(4 << 20))),
            ("a long number", format!("int x = {};", "1".repeat(1 << 20))),
            ("a long string", format!("char x[] = \"{}\";", "\\x41".repeat(1 << 18))),
            ("a long comment", format!("/*{}*/ int x;", "* ".repeat(2 << 20))),
            ("an open comment", format!("int x; /*{}", "/*".repeat(1 << 20))),
            ("an open string", format!("int x; \"{}", "\\\"".repeat(1 << 20))),
            ("open quotes", "'\n\"\n".repeat(DEPTH)),
            ("backslashes", "\\".repeat(1 << 20)),
            ("hashes", "#".repeat(1 << 18)),
            ("hashes in lines", "#\n".repeat(1 << 18)),
            ("semicolons", ";".repeat(1 << 18)),
            ("many variables", (0..DEPTH).map(|n| format!("int v{n} = {n};\n")).collect()),
            (
                "many functions",
                (0..DEPTH / 4)
                    .map(|n| format!("int f{n}(int a) {{ return a + {n}; }}\n"))
                    .collect(),
            ),
            (
                "many members",
                format!(
                    "struct {{ {} }} x;",
                    (0..DEPTH).map(|n| format!("int m{n} : 3; ")).collect::<String>()
                ),
            ),
            ("many errors", "int int struct ] } ) = ;\n".repeat(2000)),
        ],
        expect![[r#"
            the program: 2^6 tokens, 1 variables
            continued everywhere: 2^6 tokens, 1 variables
            continued with white space: 2^6 tokens, 1 variables
            carriage returns: 2^6 tokens, 1 variables
            old ends of lines: 2^6 tokens, 1 variables
            NUL everywhere: 2^7 tokens, 1 variables, said 1: ["BadDirective: invalid preprocessing directive 'd'"]
            a byte order mark: 2^6 tokens, 1 variables
            byte order marks: 2^7 tokens, 1 variables, said 1: ["BadDirective: invalid preprocessing directive '\u{feff}d\u{feff}e\u{feff}f\u{feff}i\u{feff}n\u{feff}e\u{feff}'"]
            no UTF-8: 2^6 tokens, 1 variables
            a long line: 2^15 tokens, 1 variables
            spaces: 2^2 tokens, 1 variables
            empty lines: 2^2 tokens, 1 variables
            a long name: 2^2 tokens, 1 variables
            a long number: 2^3 tokens, 1 variables
            a long string: 2^3 tokens, 1 variables
            a long comment: 2^2 tokens, 1 variables
            an open comment: 2^19 tokens, 1 variables, said 1: ["Unterminated: unterminated comment"]
            an open string: 2^2 tokens, 1 variables, said 1: ["Unterminated: unterminated literal"]
            open quotes: 2^15 tokens, 0 variables, said 10000: ["Unterminated: unterminated literal"]
            backslashes: 2^20 tokens, 0 variables
            hashes: 2^17 tokens, 0 variables
            hashes in lines: 2^0 tokens, 0 variables
            semicolons: 2^18 tokens, 0 variables
            many variables: 2^16 tokens, 10000 variables
            many functions: 2^15 tokens, 0 variables
            many members: 2^16 tokens, 1 variables
            many errors: 2^14 tokens, 0 variables
        "#]],
    );
}
