use std::path::Path;

use proptest::prelude::*;

use crate::{
    fixture,
    flags::Flags,
    pp::{MacroDef, Preprocessed, preprocess},
    session::{MemoryFileSystem, Session},
    source::FileRange,
};

const HEADERS: &str = r#"
//- /inc/a.h
#ifndef A_H
#define A_H
int from_a;
#define A(x) x + __LINE__
#endif
//- /inc/b.h
#pragma once
#include <a.h>
struct from_b { int m; };
#ifdef LATE
int late = LATE;
#endif
//- /inc/each.h
int NAME;
"#;

/// What may stand in a program: each piece may be wrong alone.
const PIECES: &[&str] = &[
    "static int one(int x)\n{\n\treturn A(x);\n}\n",
    "int two(void) { return one(2); }\n",
    "int three(struct from_b *p)\n{\n\tif (p) {\n\t\treturn p->m;\n\t}\n\treturn 3;\n}\n",
    "SEC(\"tc\") int four(void)\n{\n#ifdef WITH\n\treturn 1;\n#else\n\treturn 2;\n#endif\n}\n",
    "int five(void) { return __LINE__; }\n",
    "int six(void) { return __COUNTER__; }\n",
    "int seven(void)\n{\n#pragma unroll\n\tfor (;;) {}\n}\n",
    "#define SEC(x) __attribute__((section(x)))\n",
    "#define WITH\n",
    "#undef WITH\n",
    "#define LATE 7\n",
    "#include <b.h>\n",
    "#include <each.h>\n",
    "#include <missing.h>\n",
    "#define NAME n1\n",
    "#undef NAME\n",
    "#if LATE\n",
    "#else\n",
    "#endif\n",
    "#pragma push_macro(\"LATE\")\n",
    "#pragma pop_macro(\"LATE\")\n",
    "#line 100\n",
    "struct map { int *a; } maps = { };\n",
    "FUNCTION(eight) {\n\tint local = A(A(1));\n}\n",
    "#define FUNCTION(name) int name(void)\n",
    "int long_one(int x)\n{\n\tint y = A(x);\n\ty += A(A(2));\n\tOWN(y, x);\n\tx = y;\n#ifdef WITH\n\ty = 2;\n#endif\n\tif (x) { y--; OWN(x, 1); }\n\treturn y;\n}\n",
    "int longer(int x)\n{\n\tOWN(1, 2);\n#define IN A(4)\n\tx = IN;\n\tx += __LINE__;\n\tx++;\n#undef IN\n\tfor (int i = 0; i < 3; i++) { x += i; }\n\tOWN(x, A(5));\n\treturn x;\n}\n",
    "#define OWN(a, b) do { (a) = (b) + A(b) ; } while (0)\n",
    "int nine(void) { return A(",
    ") }\n",
    "/* a comment\n",
    "*/\n",
    "}\n",
    "{\n",
    "int é = 1; // é\n",
];

/// What is typed.
const TYPED: &[&str] = &[
    "x",
    " ",
    "\n",
    ";",
    "{",
    "}",
    "(",
    ")",
    "#",
    "\"",
    "A(1)",
    "__LINE__",
    "\n#define NEW 1\n",
    "NEW",
    "LATE",
    "/*",
    "*/",
    "é",
    "int zz = 1;",
    "\\\n",
    "one(",
    "#endif\n",
];

fn run(session: &Session, fs: &MemoryFileSystem, text: &str) -> Preprocessed {
    let flags = Flags { include_dirs: vec!["/inc".into()], ..Flags::default() };
    preprocess(session, fs, Path::new("/main.c"), text.into(), &flags)
}

fn place(range: Option<FileRange>) -> Option<(u32, u32, u32)> {
    range.map(|r| (r.file.0, r.start, r.end))
}

fn definition(def: &MacroDef) -> String {
    let bodies: Vec<_> = def.body().iter().map(|t| t.token.loc).collect();
    format!("{} {:?} {bodies:?}", def.text(), place(def.place))
}

/// All that a run says, numbers of chunks aside.
fn all(unit: &Preprocessed) -> String {
    let mut out = String::new();
    for chunk in &unit.chunks {
        out.push_str(&format!("chunk {}\n", chunk.is_main));
        for token in chunk.tokens().iter() {
            let places =
                [unit.written(token.loc), unit.spelling(token.loc), unit.expansion(token.loc)];
            let stack = unit.expansion_stack(token.loc);
            let stack: Vec<_> = stack.iter().map(|s| (s.macro_name, place(Some(s.name)))).collect();
            out.push_str(&format!(
                "{} {} {:?} {stack:?}\n",
                token.sym,
                token.flags,
                places.map(place)
            ));
        }
    }
    for used in &unit.macro_uses {
        out.push_str(&format!(
            "use {:?} {}\n",
            place(Some(used.range)),
            definition(&used.definition)
        ));
    }
    let mut macros: Vec<String> = unit.macros.iter().map(|m| definition(m)).collect();
    macros.sort();
    let mut files: Vec<_> = unit.files().collect();
    files.sort();
    out.push_str(&format!(
        "{:?}\n{:?}\n{:?}\n{} {files:?}\n{}",
        unit.includes,
        unit.inactive,
        unit.diagnostics,
        unit.complete,
        macros.join("\n")
    ));
    out
}

/// What is counted: tokens against the limits, and what a move of lines would change. An edit must neither forget what it took over nor count it twice.
/// Not every run is kept.
fn work(session: &Session, unit: &Preprocessed, text: &str) -> Option<(usize, u64, u64)> {
    let runs = session.runs.lock().unwrap();
    let run = runs.get(&unit.main).filter(|run| &*run.text == text)?;
    let work = run.made.work;
    Some((run.made.token_count, work.expanded, work.line_uses))
}

/// A session that has read the files in an order of its own, so that numbers are the same.
fn session(fs: &MemoryFileSystem) -> Session {
    let session = Session::new();
    run(&session, fs, "#include <b.h>\n#include <each.h>\n");
    session
}

fn check(texts: &[String]) {
    let fs = fixture::parse(HEADERS).file_system();
    let kept = session(&fs);
    for text in texts {
        let fresh = session(&fs);
        let (edited, new) = (run(&kept, &fs, text), run(&fresh, &fs, text));
        pretty_assert(&all(&edited), &all(&new), text);
        if let (Some(counted), Some(anew)) = (work(&kept, &edited, text), work(&fresh, &new, text))
        {
            assert_eq!(counted, anew, "tokens, expanded tokens and uses of lines in:\n{text}");
        }
    }
}

fn pretty_assert(kept: &str, new: &str, text: &str) {
    if kept != new {
        let differs = kept.lines().zip(new.lines()).find(|(a, b)| a != b);
        panic!("after the edit: {differs:?}, of:\n{text}");
    }
}

fn edited(text: &str, at: usize, delete: usize, insert: &str) -> String {
    let boundary = |at: usize| (at..=text.len()).find(|&i| text.is_char_boundary(i));
    let start = boundary(at % (text.len() + 1)).unwrap_or(text.len());
    let end = boundary((start + delete).min(text.len())).unwrap_or(text.len());
    format!("{}{insert}{}", &text[..start], &text[end..])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn a_run_after_edits_gives_what_a_new_one_gives(
        pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 1..24),
        edits in prop::collection::vec((any::<usize>(), 0usize..12, prop::sample::select(TYPED.to_vec())), 1..6),
    ) {
        let mut texts = vec![format!("#include <a.h>\n#define SEC(x)\n{}", pieces.concat())];
        for (at, delete, insert) in edits {
            let last = texts.last().cloned().unwrap_or_default();
            texts.push(edited(&last, at, delete, insert));
        }
        check(&texts);
    }
}

/// `#line` before the last include at the top counts also where a run begins behind that include.
#[test]
fn uses_of_lines_in_a_preamble_count_in_every_run() {
    let lines = |body: &str| format!("#include <a.h>\n#line 100\n#include <b.h>\n{body}\n");
    check(&[lines("int one;"), lines("int two;"), lines("#endif\nint two;"), lines("int three;")]);
}

/// A program of functions, and the one with an edit in the middle of it.
fn program(functions: usize, body: &str) -> String {
    let mut text = String::from("#include <a.h>\n");
    for number in 0..functions {
        let inner = if number == functions / 2 { body } else { "return A(1);" };
        text.push_str(&format!("int f{number}(void)\n{{\n\t{inner}\n}}\n"));
    }
    text
}

fn regions(before: &str, after: &str) -> (u64, u64) {
    let fs = fixture::parse(HEADERS).file_system();
    let session = Session::new();
    run(&session, &fs, before);
    let then = session.counters();
    run(&session, &fs, after);
    let now = session.counters();
    check(&[before.to_owned(), after.to_owned()]);
    (now.regions_read - then.regions_read, now.regions_reused - then.regions_reused)
}

#[test]
fn an_edit_reads_one_region() {
    let (read, reused) = regions(&program(40, ""), &program(40, "int zz = 1;"));
    assert_eq!(read, 1);
    assert!(reused > 8, "{reused}");
}

#[test]
fn a_line_more_or_a_conditional_leaves_the_rest() {
    let plain = |body: &str| program(40, body).replace("A(1)", "1");
    for body in ["\n\n", "#pragma unroll\n", "\n#ifdef X\n1\n#endif\n", "\"text\"", "A(2)"] {
        let (read, reused) = regions(&plain(""), &plain(body));
        assert_eq!(read, 1, "{body}");
        assert!(reused > 8, "{reused}");
    }
}

#[test]
fn line_numbers_that_change_are_read_again() {
    // Every function has `__LINE__` in it.
    let (read, reused) = regions(&program(40, ""), &program(40, "\n"));
    assert!(read > 4 && reused > 4, "{read} {reused}");
}

#[test]
fn a_definition_or_a_counter_in_the_middle_reaches_what_is_behind() {
    for body in ["\n#define NEW\n", "__COUNTER__", "\n#undef A\n", "{", "/*", "\n#if 0\n"] {
        let (read, _) = regions(&program(40, ""), &program(40, body));
        assert!(read > 4 || body == "{" || body == "/*" || body == "\n#if 0\n", "{body}: {read}");
    }
}

#[test]
fn definitions_behind_the_edit_move_along() {
    let with = |body: &str| {
        format!("{}#define LATER 1\nint x = LATER;\n{}", program(20, body), program(20, "LATER"))
    };
    let (read, reused) = regions(&with(""), &with("int zz;"));
    assert_eq!(read, 1);
    assert!(reused > 4);
    let within = |body: &str| program(40, &format!("{body}\n#define IN 1\nreturn IN;\n"));
    let (read, reused) = regions(&within(""), &within("int zz;"));
    assert_eq!(read, 1);
    assert!(reused > 4);
}

#[test]
fn a_header_that_changed_is_seen_behind_the_edit() {
    let fs = fixture::parse(HEADERS).file_system();
    let session = session(&fs);
    let text = |body: &str| format!("{}#include <b.h>\n{}", program(20, body), program(20, ""));
    run(&session, &fs, &text(""));
    fs.write(Path::new("/inc/b.h"), "int changed;\n");
    session.invalidate([Path::new("/inc/b.h")]);
    let then = session.counters();
    let again = run(&session, &fs, &text("x"));
    assert!(all(&again).contains("changed"));
    // What stands before the edit does not rest on it.
    let now = session.counters();
    assert!(now.regions_reused - then.regions_reused > 8);
    assert_eq!(now.preamble_hits - then.preamble_hits, 1);
}

#[test]
fn an_edit_among_the_includes_leaves_what_is_behind() {
    let plain = program(40, "").replace("A(1)", "1");
    for before in ["\n", "/* of the file */", "\n#include <a.h>\n"] {
        let (read, reused) = regions(&plain, &format!("{before}{plain}"));
        assert_eq!(read, 0, "{before}");
        assert!(reused > 30, "{before}: {reused}");
    }
}

#[test]
fn definitions_between_functions_do_not_make_edits_read_more() {
    let text = |typed: &str| {
        let functions = (0..9).map(|n| match n {
            4 => {
                let (before, behind) = ("x++; ".repeat(9), "x--; ".repeat(9));
                format!("int f4(int x)\n{{\n{before}{typed}{behind}return D3;\n}}\n")
            }
            n => format!("#define D{n} {n}\nint f{n}(void)\n{{\nreturn D{n};\n}}\n"),
        });
        functions.collect::<String>()
    };
    let fs = fixture::parse(HEADERS).file_system();
    let session = Session::new();
    let texts = ["", "int z;", "int zz;", "int zz; zz++;", "int zz;"].map(text);
    let mut used = 0;
    for (n, text) in texts.iter().enumerate() {
        run(&session, &fs, text);
        // Each begins at a mark and meets one.
        let now = session.counters().marks_used;
        assert!(n == 0 || now == used + 2, "{n}: {used} {now}");
        used = now;
    }
    check(&texts);
}

#[test]
fn typing_on_and_taking_back_moves_what_is_behind() {
    let mut texts = vec![program(12, "")];
    let middle = texts[0].find("f6").expect("a function");
    let at = middle + texts[0][middle..].find("\n\t").expect("a body") + 2;
    let step = |texts: &mut Vec<String>, at: usize, delete: usize, insert: &str| {
        let last = texts.last().expect("a text").clone();
        texts.push(edited(&last, at, delete, insert));
    };
    for (n, typed) in "int zz = A(1); zz++;".char_indices() {
        step(&mut texts, at + n, 0, &typed.to_string());
    }
    for n in (4..20).rev() {
        step(&mut texts, at + n, 1, "");
    }
    // More moves than a chunk keeps, that are not one.
    let other = texts[0].find("f2").expect("a function");
    for n in 0..40 {
        step(&mut texts, if n % 2 == 0 { at } else { other }, 0, "q");
    }
    check(&texts);
}

#[test]
fn an_edit_in_a_long_body_reads_a_part_of_it() {
    let text = |typed: &str| {
        let half = "x = A(2);\n".repeat(20).replace("A(2)", "TWICE(x)");
        let body = format!("{half}{typed}{half}return x;");
        format!("#define TWICE(x) x + x\n{}", program(9, &body).replace("A(1)", "1"))
    };
    let fs = fixture::parse(HEADERS).file_system();
    for typed in ["x = TWICE(7);", "int zz", "\n\n", "TWICE(", "{"] {
        let session = Session::new();
        run(&session, &fs, &text(""));
        run(&session, &fs, &text(typed));
        // An open brace or call takes the text behind it in another way.
        let met = if matches!(typed, "{" | "TWICE(") { 1 } else { 2 };
        assert_eq!(session.counters().marks_used, met, "{typed}");
        check(&[text(""), text(typed)]);
    }
}
