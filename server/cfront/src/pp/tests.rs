//! Tests of the preprocessor: the standard's examples, clang's extensions, and what must never
//! happen.

use std::path::Path;
use std::sync::Arc;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{Preprocessed, preprocess};
use crate::{
    fixture,
    flags::Flags,
    session::{MemoryFileSystem, Session},
    token::{Token, TokenKind},
};

fn flags() -> Flags {
    Flags { include_dirs: vec!["/inc".into()], ..Flags::default() }
}

fn run(session: &Session, fs: &MemoryFileSystem, text: &str) -> Preprocessed {
    preprocess(session, fs, Path::new("/main.bpf.c"), text.into(), &flags())
}

fn tokens(unit: &Preprocessed) -> Vec<Token> {
    unit.chunks.iter().flat_map(|c| c.tokens().to_vec()).collect()
}

fn shown(unit: &Preprocessed) -> String {
    let mut out = String::new();
    for token in tokens(unit) {
        if !out.is_empty() {
            out.push(if token.flags & Token::LINE_START != 0 { '\n' } else { ' ' });
        }
        if token.kind == TokenKind::Pragma {
            out.push_str("#pragma ");
        }
        out.push_str(token.sym.as_str());
    }
    for d in &unit.diagnostics {
        out.push_str(&format!("\n{:?}: {}", d.kind, d.message));
    }
    out
}

fn check(text: &str, expect: Expect) {
    check_with(flags(), text, expect);
}

fn check_with(flags: Flags, text: &str, expect: Expect) {
    let fixture = fixture::parse(text);
    let (path, main) = fixture.main();
    let unit = preprocess(&Session::new(), &fixture.file_system(), path, main, &flags);
    expect.assert_eq(&shown(&unit));
}

#[test]
fn c11_6_10_3_5_example_3() {
    check(
        "#define x 3\n#define f(a) f(x * (a))\n#undef x\n#define x 2\n#define g f\n#define z z[0]\n\
         #define h g(~\n#define m(a) a(w)\n#define w 0,1\n#define t(a) a\n#define p() int\n#define q(x) x\n\
         #define r(x,y) x ## y\n#define str(x) # x\n\
         f(y+1) + f(f(z)) % t(t(g)(0) + t)(1);\ng(x+(3,4)-w) | h 5) & m\n(f)^m(m);\n\
         p() i[q()] = { q(1), r(2,3), r(4,), r(,5), r(,) };\nchar c[2][6] = { str(hello), str() };\n",
        expect![[r#"
            f ( 2 * ( y + 1 ) ) + f ( 2 * ( f ( 2 * ( z [ 0 ] ) ) ) ) % f ( 2 * ( 0 ) ) + t ( 1 ) ;
            f ( 2 * ( 2 + ( 3 , 4 ) - 0 , 1 ) ) | f ( 2 * ( ~ 5 ) ) & f ( 2 * ( 0 , 1 ) ) ^ m ( 0 , 1 ) ;
            int i [ ] = { 1 , 23 , 4 , 5 , } ;
            char c [ 2 ] [ 6 ] = { "hello" , "" } ;"#]],
    );
}

#[test]
fn c11_6_10_3_5_example_4() {
    check(
        "#define str(s) # s\n#define xstr(s) str(s)\n\
         #define debug(s, t) printf(\"x\" # s \"= %d, x\" # t \"= %s\", x ## s, x ## t)\n\
         #define INCFILE(n) vers ## n\n#define glue(a, b) a ## b\n#define xglue(a, b) glue(a, b)\n\
         #define HIGHLOW \"hello\"\n#define LOW LOW \", world\"\ndebug(1, 2);\n\
         fputs(str(strncmp(\"abc\\0d\", \"abc\", '\\4') == 0) str(: @\\n), s);\nxstr(INCFILE(2).h)\n\
         glue(HIGH, LOW);\nxglue(HIGH, LOW)\n",
        expect![[r#"
            printf ( "x" "1" "= %d, x" "2" "= %s" , x1 , x2 ) ;
            fputs ( "strncmp(\"abc\\0d\", \"abc\", '\\4') == 0" ": @\n" , s ) ;
            "vers2.h"
            "hello" ;
            "hello" ", world""#]],
    );
}

#[test]
fn c11_6_10_3_5_example_7_variadic() {
    check(
        "#define debug(...) fprintf(stderr, __VA_ARGS__)\n#define showlist(...) puts(#__VA_ARGS__)\n\
         #define report(test, ...) ((test)?puts(#test): printf(__VA_ARGS__))\n\
         debug(\"Flag\"); debug(\"X = %d\\n\", x);\nshowlist(The first, second, and third items.);\n\
         report(x>y, \"x is %d but y is %d\", x, y);\n",
        expect![[r#"
            fprintf ( stderr , "Flag" ) ; fprintf ( stderr , "X = %d\n" , x ) ;
            puts ( "The first, second, and third items." ) ;
            ( ( x > y ) ? puts ( "x>y" ) : printf ( "x is %d but y is %d" , x , y ) ) ;"#]],
    );
}

#[test]
fn gnu_comma_and_va_opt() {
    check(
        "#define e(fmt, args...) p(fmt, ##args)\n#define v(a, ...) q(a __VA_OPT__(, [__VA_ARGS__]) )\n\
         #define s(a, ...) #__VA_OPT__(<a>, __VA_ARGS__)\n#define EMPTY\n\
         e(1) e(1, 2, 3) v(1) v(1, 2) v(1, EMPTY) s(1) s(1, 2)\n",
        expect![[r#"p ( 1 ) p ( 1 , 2 , 3 ) q ( 1 ) q ( 1 , [ 2 ] ) q ( 1 ) "" "<1>, 2""#]],
    );
}

#[test]
fn a_name_read_while_its_macro_is_disabled_stays() {
    check(
        "#define f(a) a*g\n#define g(a) f(a)\nf(2)(9)\n#define foo foo a\nfoo\n#define AA BB\n#define BB AA\nAA BB\n",
        expect![[r#"
            2 * 9 * g
            foo a
            AA BB"#]],
    );
}

#[test]
fn conditions() {
    check(
        "#define HAS(x) defined(x)\n#define F(x) x\n\
         #if HAS(F) && !defined NOPE && (-1 > 0u) && 1 ? 2 : (1/0)\nyes\n#endif\n\
         #if 0\n' unbalanced \" #else\n#elif 07 == 7 && 'a' == 97 && '\\xff' < 0 && 0x10u >> 2 == 4\nelif\n#else\nno\n#endif\n\
         #if 1/0\n#endif\n#ifdef __has_attribute\n#if __has_attribute(__packed__) && __has_builtin(__builtin_memcpy) && !__has_builtin(x)\nattr\n#endif\n#endif\n",
        expect![[r#"
            yes
            elif
            attr
            BadExpression: division by zero"#]],
    );
}

#[test]
fn splices_digraphs_and_literals() {
    check(
        "#def\\\nine X(a) \\\n  a ## \\\n  1 /* c\n */ + 2\nX(fo\\\no) <: :> <% %> \"a\\\nb\" L'x' 1.e+5f .5 @ // c \\\n more\nz\n",
        expect![[r#"
            foo1 + 2 [ ] { } "ab" L'x' 1.e+5f .5 @
            z"#]],
    );
}

#[test]
fn digraphs_keep_their_spelling_under_stringize() {
    check(
        "#define S(x) #x\nS(<: :> <% %> %: %:%: [) int a<:3:>;\n#define J(a,b) a%:%:b\nJ(x,y) J(<,:) <::>\n%:define D 1\nD\n",
        expect![[r#"
            "<: :> <% %> %: %:%: [" int a [ 3 ] ;
            xy [ [ ]
            1"#]],
    );
}

#[test]
fn trigraphs_in_old_standards_only() {
    let text = "#define S(x) #x\nS(??=) ??( ??) \"a??/n\" ??< ??> ??! ??' ??- x??/\ny ??. __LINE__\n??=define Q 1\nQ __LINE__\n";
    for arguments in [&["-std=c99"][..], &["-std=gnu17", "-trigraphs"]] {
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        let replaced = expect![[r##"
            "#" [ ] "a\n" { } | ^ ~ xy ? ? . 3
            1 5"##]];
        check_with(Flags::parse(&arguments, Path::new("/")), text, replaced);
    }
    for standard in ["-std=gnu99", "-std=c23"] {
        let flags = Flags::parse(&[standard.to_owned()], Path::new("/"));
        check_with(flags, "\"a??/n\" ??=\n", expect![[r#""a??/n" ? ? ="#]]);
    }
}

#[test]
fn universal_character_names_of_identifiers() {
    check(
        "#define S(x) #x\n#define caf\\u00e9 1\ncaf\\u00e9 café S(\\u00e9) S(\"\\u00e9\") a\\U0001F600b \\u00e9x \\u0041 \\u00\n",
        expect![[r#"
            1 1 "\u00e9" "\"\\u00e9\"" a😀b éx \ u0041 \ u00"#]],
    );
}

#[test]
fn embed_puts_bytes_in() {
    check(
        "int a[] = {\n#embed \"d.bin\"\n};\n#embed \"d.bin\" limit(2) prefix(1,) suffix(,N)\n\
         #define N 1 + 1\n#define F \"d.bin\"\n#embed F __limit__(N) clang::offset(1) suffix(,N)\n\
         #embed \"d.bin\" limit(0) if_empty(9) prefix(7)\n\
         has __has_embed(\"d.bin\") __has_embed(\"none\") __has_embed(F limit(0)) __has_embed(\"d.bin\" other(1))\n\
         #if __has_embed(\"d.bin\") == __STDC_EMBED_FOUND__\nyes\n#endif\n\
         #embed \"none\"\n#embed <d.bin>\n#embed \"d.bin\" other(1)\n#embed\n\
         //- /d.bin\nabc\n",
        expect![[r#"
            int a [ ] = { 97 , 98 , 99 , 10
            } ; 1 , 97 , 98 , N 98 , 99 , 1 + 1 9
            has 1 0 2 0
            yes
            MissingInclude: 'none' file not found
            MissingInclude: 'd.bin' file not found
            BadDirective: #embed needs the name of a resource, and parameters that it knows
            BadDirective: #embed needs the name of a resource, and parameters that it knows"#]],
    );
}

/// A name that a macro makes may stand in angle brackets, with parameters behind it.
#[test]
fn embed_of_a_name_that_macros_make() {
    let flags = Flags { embed_dirs: vec!["/data".into()], ..flags() };
    check_with(
        flags,
        "#define FILE <d.bin>\n#define WHOLE <d.bin> limit(1)\n#embed FILE limit(2)\n#embed WHOLE\n\
         #embed <d.bin> prefix((1, 2),) suffix(, '(')\nhas __has_embed(FILE limit(0)) __has_embed(FILE x(1))\n\
         #embed FILE x(1)\n#embed FILE limit(\n\
         //- /data/d.bin\nabc\n",
        expect![[r#"
            97 , 98 97 ( 1 , 2 ) , 97 , 98 , 99 , 10 , '('
            has 2 0
            BadDirective: #embed needs the name of a resource, and parameters that it knows
            BadDirective: #embed needs the name of a resource, and parameters that it knows"#]],
    );
}

/// The lines that conditionals leave out, whole: editors grey them.
#[test]
fn lines_left_out() {
    let check = |text: &str, expect: Expect| {
        let unit = run(&Session::new(), &MemoryFileSystem::default(), text);
        let out: Vec<&str> =
            unit.inactive.iter().map(|r| &text[r.start as usize..r.end as usize]).collect();
        expect.assert_eq(&format!("{out:?}"));
    };
    check(
        "#if 0\na\nb\n#else\nc\n#endif\nd\n#ifndef X\n#elif 1\ne\n  # else\nf\n#endif\n",
        expect![[r#"["a\nb\n", "e\n  # else\nf\n"]"#]],
    );
    // Only a `#` at the beginning of a line is a directive's.
    check(
        "#if 0\na # else\nx #endif\n#define f(x) #x\n#\n#if\n#endif\n#endif\nb\n",
        expect![[r#"["a # else\nx #endif\n#define f(x) #x\n#\n#if\n#endif\n"]"#]],
    );
    check("#if 0\nx else\nint endif\n#endif\n", expect![[r#"["x else\nint endif\n"]"#]]);
    check("#if 0\n#endif\n", expect!["[]"]);
    check("#if 1\na\n#else\nno end", expect![[r#"["no end"]"#]]);
    check("#ifdef X /* a\ncomment */\na\\\nb\n#endif", expect![[r#"["a\\\nb\n"]"#]]);
}

/// As clang's `-dM` writes it, but for the space that stands before a body.
#[test]
fn definitions_as_text() {
    let text = "#define A\n#define B 1 +  2\n#define C() (x)\n#define D(a, b) a##b #a\n#define E(...) f(__VA_ARGS__)\n\
        #define F(a, ...) f(a __VA_OPT__(, __VA_ARGS__))\n#define G(a, rest...) f(a, ##rest)\n#define H(rest...) rest\n";
    let unit = run(&Session::new(), &MemoryFileSystem::default(), text);
    let mut out = Vec::new();
    for name in ["A", "B", "C", "D", "E", "F", "G", "H"] {
        let def = unit.macros.iter().find(|def| def.name.as_str() == name).unwrap();
        out.push(def.text());
    }
    expect![[r#"
        A
        B 1 + 2
        C() (x)
        D(a, b) a##b #a
        E(...) f(__VA_ARGS__)
        F(a, ...) f(a __VA_OPT__(, __VA_ARGS__))
        G(a, rest...) f(a, ##rest)
        H(rest...) rest"#]]
    .assert_eq(&out.join("\n"));
}

/// Calls in arguments may nest as deep as programs have them; what is deeper ends with a word.
#[test]
fn calls_nested_in_arguments() {
    let nested = |depth: usize| {
        let text = format!("#define f(x) x\n{}1{}\n", "f(".repeat(depth), ")".repeat(depth));
        run(&Session::new(), &MemoryFileSystem::default(), &text)
    };
    assert_eq!(shown(&nested(100)), "1");
    let deep = nested(1000);
    assert!(!deep.complete);
    let said: Vec<_> = deep.diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(said, ["macro calls are nested too deeply"]);
}

#[test]
fn a_byte_order_mark_stands_before_the_first_line() {
    check("\u{feff}#define A 1\nA\n", expect!["1"]);
    check("\u{feff}  #define A 1\nA\n", expect!["1"]);
}

#[test]
fn digit_separators() {
    check(
        "#if 1'000 == 1000\n1'0 0x1'f'f 1'2'3'4u 1'a' 1.0'5 1' x'\n#endif\n",
        expect![[r#"1'0 0x1'f'f 1'2'3'4u 1 'a' 1.0'5 1 ' x'"#]],
    );
}

#[test]
fn pragmas() {
    check(
        "#define N 4\n#pragma pack(push, N)\n#pragma unroll\nint x; _Pragma(\"pack(pop)\") int y;\n\
         #define Q 1\n#pragma push_macro(\"Q\")\n#undef Q\n#define Q 2\nQ\n#pragma pop_macro(\"Q\")\nQ\n",
        expect![[r#"
            #pragma pack(push, 4)
            int x ;
            #pragma pack(pop) int y ;
            2
            1"#]],
    );
}

#[test]
fn includes_once_guarded_next_and_missing() {
    check(
        "//- /main.bpf.c\n#include \"a.h\"\n#include \"a.h\"\n#include <b.h>\n#include <b.h>\n#include \"none.h\"\n\
         #if __has_include(<b.h>) && !__has_include(\"none.h\")\nint h;\n#endif\n\
         //- /a.h\n#pragma once\nint a;\n#include_next <a.h>\n//- /inc/a.h\nint next;\n\
         //- /inc/b.h\n#ifndef B\n#define B\nint b;\n#endif\n",
        expect![[r#"
            int a ;
            int next ;
            int b ;
            int h ;
            MissingInclude: 'none.h' file not found"#]],
    );
}

#[test]
fn macros_of_headers_are_read_when_they_are_used() {
    let lines = [
        "",
        " ",
        " 1",
        "  ( A + B )  ",
        " a.b->c[1] <<= 2",
        " 1 // text",
        " 1 /* text */ 2",
        " \"t\" 'c'",
        " 7 % 2",
        " %:%: x",
        " x ## y",
        " # x",
        " a \\\n b",
        " -1\r",
        "+1",
        " M",
        " \u{e9} $x 0x1p+3",
    ];
    for line in lines {
        let uses = "int a = M; M\n";
        let define = format!("#define M{line}\n");
        let fs = MemoryFileSystem::default();
        fs.write(Path::new("/m.h"), &format!("{define}{define}"));
        let of_header = run(&Session::new(), &fs, &format!("#include \"m.h\"\n{uses}"));
        let own = run(&Session::new(), &fs, &format!("{define}{define}{uses}"));
        assert_eq!(shown(&of_header), shown(&own), "{line:?}");
    }
    check(
        "//- /main.bpf.c\n#include \"m.h\"\nM\n//- /m.h\n#define M 1\n#define M 1 \n#define M 1 + 1\n",
        expect![[r#"
            1 + 1
            MacroRedefined: 'M' macro redefined"#]],
    );
}

#[test]
fn a_header_may_come_with_its_folder() {
    let (session, fs) = (Session::new(), MemoryFileSystem::default());
    let text = "#include <linux/new.h>\nint main;\n";
    let before = run(&session, &fs, text);
    assert!(!before.complete && !session.folder_exists(&fs, Path::new("/inc/linux")));
    let path = Path::new("/inc/linux/new.h");
    fs.write(path, "int new;\n");
    session.invalidate([path]);
    let after = run(&session, &fs, text);
    assert!(after.complete);
    assert_eq!(shown(&after), "int new ;\nint main ;");
}

#[test]
fn stand_ins_serve_a_bare_file() {
    let fs = MemoryFileSystem::default();
    let text = "#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n#include <stddef.h>\nint x SEC(\".data\");\n";
    let unit = run(&Session::new(), &fs, text);
    assert!(
        unit.complete && unit.uses_stand_in() && unit.diagnostics.is_empty(),
        "{:?}",
        unit.diagnostics
    );
    let last = unit.chunks.last().map(|c| c.tokens().to_vec()).unwrap_or_default();
    let last: Vec<_> = last.iter().map(|t| t.sym.as_str()).collect();
    assert_eq!(last.join(" "), "int x __attribute__ ( ( section ( \".data\" ) , used ) ) ;");
}

#[test]
fn trails_lead_to_what_was_written() {
    let text = "#define ID(x) x\n#define MAP(n) struct { int a; } n\n#define TWO(n) ID(MAP(n))\nTWO(counts); ID(1) MAP(b) ID(ID(c))\n";
    let unit = run(&Session::new(), &MemoryFileSystem::default(), text);
    let mut out = String::new();
    for token in tokens(&unit) {
        let range = unit.written(token.loc).expect("a place");
        let written = &text[range.start as usize..range.end as usize];
        let stack: Vec<_> =
            unit.expansion_stack(token.loc).iter().map(|s| s.macro_name.as_str()).collect();
        out.push_str(&format!("{}<-{written} {}\n", token.sym, stack.join(",")));
    }
    expect![[r#"
        struct<-TWO ID,MAP,TWO
        {<-TWO ID,MAP,TWO
        int<-TWO ID,MAP,TWO
        a<-TWO ID,MAP,TWO
        ;<-TWO ID,MAP,TWO
        }<-TWO ID,MAP,TWO
        counts<-counts ID,MAP,TWO
        ;<-; 
        1<-1 ID
        struct<-MAP MAP
        {<-MAP MAP
        int<-MAP MAP
        a<-MAP MAP
        ;<-MAP MAP
        }<-MAP MAP
        b<-b MAP
        c<-c ID,ID
    "#]]
    .assert_eq(&out);
}

#[test]
fn bombs_and_cycles_end() {
    let mut bomb = String::from("#define A0 x x x x x x x x x x\n");
    for i in 1..12 {
        bomb.push_str(&format!("#define A{i} A{0} A{0} A{0} A{0} A{0} A{0} A{0} A{0}\n", i - 1));
    }
    bomb.push_str("A11\n");
    let deep = format!("#define f(x) x\n{}1{}\n", "f(".repeat(3_000), ")".repeat(3_000));
    let parens = format!("#if {}1{}\n#endif\n", "(".repeat(10_000), ")".repeat(10_000));
    let ifs = format!("{}x\n", "#if 1\n".repeat(10_000));
    let strings = format!(
        "#define s(x) #x\n#define d(x) s(x)\n{}\"\\\"\"{}\n",
        "d(".repeat(150),
        ")".repeat(150)
    );
    for text in [
        bomb,
        deep,
        parens,
        ifs,
        strings,
        "#include \"main.bpf.c\"\n#include \"main.bpf.c\"\n".into(),
    ] {
        let fs = MemoryFileSystem::default();
        fs.write(Path::new("/main.bpf.c"), &text);
        let unit = run(&Session::new(), &fs, &text);
        assert!(!unit.diagnostics.is_empty() || text.starts_with("#define s"), "{}", &text[..40]);
        assert!(unit.len() < 5_000_000);
    }
}

const HEADERS: &str = "//- /inc/a.h\n#pragma once\n#ifdef CFG\ntypedef int cfg_t;\n#endif\n#define A(x) x ## _t\nint a;\n\
    //- /inc/b.h\n#ifndef B_H\n#define B_H\n#include <a.h>\nstruct b { A(int) x; };\n#endif\n\
    //- /inc/half.h\nstruct half {\n//- /inc/rest.h\nint rest; };\n";

const LINES: &[&str] = &[
    "#include <a.h>",
    "#include <b.h>",
    "#include <half.h>",
    "#include <rest.h>",
    "#define CFG 1",
    "#undef CFG",
    "#ifdef CFG",
    "#else",
    "#endif",
    "int x = A(y);",
    "struct s { int m; };",
    "void f(void) { A(",
    ") }",
    "#define A 1",
    "#include <missing.h>",
    "/* open",
    "*/",
    "#pragma pack(1)",
    "__COUNTER__ __LINE__;",
    "\"text",
    "_Pragma(\"once\")",
];

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes);
        run(&Session::new(), &MemoryFileSystem::default(), &text);
    }

    #[test]
    fn token_soup_is_read(words in prop::collection::vec(prop::sample::select(vec![
        "#", "##", "define", "f", "(", ")", ",", "...", "__VA_ARGS__", "__VA_OPT__", "\n", "\n#define f(x,...) ", "\n#if ",
        "defined", "\n#endif", "\n#else\n", "x", "1", "\"s\"", "'", "\\\n", "_Pragma", "__has_include", "<", ">",
        "\n#include ", "__LINE__", "\n#undef f\n", "\n#elif ", "/*", "*/", "//", "é", "\n#define f ", "f(f", "?", ":",
    ]), 0..120)) {
        run(&Session::new(), &MemoryFileSystem::default(), &words.join(" "));
    }

    #[test]
    fn a_session_gives_what_a_new_one_gives(texts in prop::collection::vec(
        prop::collection::vec(prop::sample::select(LINES.to_vec()), 0..14), 1..7)) {
        let fs = fixture::parse(HEADERS).file_system();
        let session = Session::new();
        for lines in texts {
            let text = lines.join("\n") + "\n";
            let kept = run(&session, &fs, &text);
            let new = run(&Session::new(), &fs, &text);
            prop_assert_eq!(shown(&kept), shown(&new));
            prop_assert_eq!(kept.complete, new.complete);
            prop_assert_eq!(kept.inactive.iter().map(|r| (r.start, r.end)).collect::<Vec<_>>(),
                new.inactive.iter().map(|r| (r.start, r.end)).collect::<Vec<_>>());
            let written = |unit: &Preprocessed| tokens(unit).iter()
                .map(|t| unit.written(t.loc).map(|r| (r.start, r.end))).collect::<Vec<_>>();
            prop_assert_eq!(written(&kept), written(&new));
        }
    }
}

#[test]
fn an_edit_in_the_body_reads_the_main_file_only() {
    let fs = fixture::parse(HEADERS).file_system();
    let session = Session::new();
    let head = "#include <b.h>\n#include <a.h>\n";
    let first = run(&session, &fs, &format!("{head}int x;\n"));
    let before = session.counters();
    let second = run(&session, &fs, &format!("{head}int x, y;\n"));
    let after = session.counters();
    assert_eq!(after.files_lexed - before.files_lexed, 1);
    assert_eq!(after.headers_preprocessed, before.headers_preprocessed);
    assert_eq!(after.preamble_hits - before.preamble_hits, 1);
    assert!(Arc::ptr_eq(&first.chunks[0], &second.chunks[0]));
}

#[test]
fn a_header_that_changed_is_read_again() {
    let fs = fixture::parse(HEADERS).file_system();
    let session = Session::new();
    let text = "#include <b.h>\nint x;\n";
    run(&session, &fs, text);
    fs.write(Path::new("/inc/a.h"), "int changed;\n");
    session.invalidate([Path::new("/inc/a.h")]);
    let again = run(&session, &fs, text);
    assert_eq!(shown(&again), shown(&run(&Session::new(), &fs, text)));
    assert!(shown(&again).contains("changed"));
}

#[test]
fn a_guarded_header_is_not_read_again() {
    let fs = MemoryFileSystem::default();
    fs.write(
        Path::new("/inc/a.h"),
        "/* a */\n#ifndef A_H\n#define A_H\nint a;\n#if 1\nint b;\n#else\n#endif\nf(\nx)\n#endif\n",
    );
    fs.write(Path::new("/inc/b.h"), "#ifndef B_H\n#define B_H\n#include <a.h>\n#endif\nint c;\n");
    let session = Session::new();
    let unit = run(&session, &fs, "#include <a.h>\n#include <b.h>\n#include <b.h>\n");
    assert_eq!(shown(&unit), "int a ;\nint b ;\nf (\nx )\nint c ;\nint c ;");
    // `a.h` once; `b.h` each time, because it has text behind its guard.
    assert_eq!(session.counters().headers_preprocessed, 3);
}

/// What was read is only compared with what is there now.
#[test]
fn an_event_about_another_file_reads_nothing_again() {
    let fs = fixture::parse(HEADERS).file_system();
    let session = Session::new();
    run(&session, &fs, "#include <b.h>\nint x;\n");
    for other in ["/inc/half.h", "/inc/b.h"] {
        // The second is one that was read, and is as it was.
        session.invalidate([Path::new(other)]);
        let before = session.counters();
        run(&session, &fs, &format!("#include <b.h>\nint x{};\n", before.files_lexed));
        let after = session.counters();
        assert_eq!(after.headers_preprocessed, before.headers_preprocessed, "{other}");
        assert_eq!(after.preamble_hits - before.preamble_hits, 1, "{other}");
    }
}

/// Of a large header only the names are read until something asks for one; small ones are read whole.
#[test]
fn large_headers_are_indexed() {
    let indexed = |functions: usize| {
        let header: String =
            (0..functions).map(|n| format!("int function_{n}(int a);\n")).collect();
        let fs = MemoryFileSystem::default();
        fs.write(Path::new("/inc/many.h"), &header);
        let unit = run(&Session::new(), &fs, "#include <many.h>\nint x;\n");
        assert_eq!(unit.len(), functions * 7 + 3);
        (header.len() >> 10, unit.chunks.iter().any(|chunk| chunk.index().is_some()))
    };
    assert_eq!(indexed(1000), (24, false));
    assert_eq!(indexed(3000), (75, true));
}

/// An empty argument leaves its space behind, where the call begins none is added.
#[test]
fn spaces_around_empty_arguments() {
    check(
        "#define str(s) #s\n#define xstr(s) str(s)\n#define G(x) - x-\n#define H(x) [ x ]\n\
         xstr(G()) xstr(H()) xstr(G(1)) xstr(H( ))\n",
        expect![[r#""- -" "[ ]" "- 1-" "[ ]""#]],
    );
}
