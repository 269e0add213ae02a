//! What is read straight from tokens is what the tree gives.

use proptest::prelude::*;

use super::{direct, parse_by_tree};
use crate::{pragma::PragmaState, symbol::Symbol, test_lexer::lex, token::Token, words::Words};

/// Typedef names of the tests.
fn is_typedef(name: Symbol) -> bool {
    matches!(name.as_str(), "u8" | "u64" | "T" | "bool")
}

/// Reads an item both ways; whether it is plain.
fn check(tokens: &[Token]) -> bool {
    let (words, pragma) = (Words::get(), PragmaState::default());
    let Some(item) = direct::item(tokens, words, &is_typedef, &pragma) else { return false };
    let text: Vec<&str> = tokens.iter().map(|token| token.sym.as_str()).collect();
    let by_tree = parse_by_tree(tokens, words, &pragma, &is_typedef);
    let text = text.join(" ");
    assert!(item == by_tree.item, "{text}\n{item:?}\n{:?}", by_tree.item);
    assert!(by_tree.syntax_errors.is_empty(), "{text}");
    true
}

const PLAIN: &[&str] = &[
    "struct s;",
    "struct s { };",
    "struct s { int a; u64 b, *c, d[3][4]; const char *const e; struct t *f; };",
    "struct s { int a : 3, : 4, b; unsigned : 0; u8 c : 1 + 2; struct { int x; }; union { int y; } z; };",
    "union u { enum e { A, B = 2, C = (1 << 3) | ~4, D = -1, } e; enum e f; struct s { u8 q; } g[2]; };",
    "struct s { int (*cb)(u64 a, struct s *, ...); void (*(*g)(void))(int); u8 (*arr)[4]; } ;",
    "struct s { u8 a; } __attribute__((packed)) __attribute__((aligned(8)));",
    "struct s { u64 a __attribute__((aligned(sizeof(int) * 2))); u8 b : 3 __attribute__((packed)), c[0]; };",
    "enum { A };",
    "enum e { A = 1, B = A + 1, C = A * B - 3 / 2 % 7 ^ 1 & 2 };",
    "enum { A = 'c', B } __attribute__((packed));",
    "typedef unsigned long int u64;",
    "typedef int long unsigned volatile const v_t;",
    "typedef struct { u64 counter; } atomic_t, *atomic_p;",
    "typedef enum { X, Y } xy;",
    "typedef void (*fn_t)(int, struct s *restrict p);",
    "typedef int fn(void), arr[];",
    "typedef T T2 __attribute__((aligned(4)));",
    "extern int f(void);",
    "extern struct s *g(const struct s *, u64) __attribute__((weak)) __attribute__((section(\".ksyms\")));",
    "int f();",
    "T f(T, bool b);",
    "u64 x, *y, z[2];",
    "extern const int v[], w;",
    "const struct s *c;",
    "struct s { int i; } v, *w;",
    "int f(int a[3], int (*)(int), int *const, const u8 *const *);",
    "extern long long ll(unsigned char, signed short, _Bool, double, long double);",
    "struct s { bool b; int T; };",
    "__int128 i;",
];

const NOT_PLAIN: &[&str] = &[
    "int a = 1;",
    "int f(void) { }",
    "static int s;",
    "struct __attribute__((packed)) s { int a; };",
    "typedef typeof(1) t;",
    "unknown_t f(void);",
    "int f(unknown_t);",
    "int f(a, b);",
    "enum e : int { A };",
    "struct s { _Static_assert(1, \"\"); };",
    "int a asm(\"b\");",
    "int a[sizeof(int)];",
    "int a[(u8)3];",
    "int (a);",
    "int f(int (T));",
    "int a[1 ? 2 : 3];",
    "int a[1 && 2];",
    "T * 3;",
    "struct s { int a };",
    "enum { };",
    "_Static_assert(1, \"\");",
    "__extension__ int e;",
    "struct s { int a; } int b;",
    "typedef int;;",
    "int a[static 3];",
];

#[test]
fn plain_items_read_as_by_the_tree() {
    for source in PLAIN {
        assert!(check(&lex(source)), "{source}");
    }
}

#[test]
fn other_items_are_left_to_the_tree() {
    for source in NOT_PLAIN {
        assert!(!check(&lex(source)), "{source}");
    }
}

const PIECES: &[&str] = &[
    "struct",
    "union",
    "enum",
    "s",
    "e",
    "{",
    "}",
    ";",
    ",",
    "*",
    "(",
    ")",
    "[",
    "]",
    ":",
    "=",
    "3",
    "int",
    "char",
    "long",
    "unsigned",
    "const",
    "u64",
    "T",
    "name",
    "typedef",
    "extern",
    "void",
    "...",
    "-",
    "<<",
    "struct s {",
    "int a;",
    "};",
    "( * f ) (",
    "enum e {",
    "A,",
    "u64 b",
    "__attribute__((packed))",
    "__attribute__((aligned(8)))",
    "[2]",
    "bool",
    "volatile",
    "x :",
    "4",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tokens(picks in proptest::collection::vec(0..PIECES.len(), 0..14)) {
        let source: Vec<&str> = picks.iter().map(|&i| PIECES[i]).collect();
        check(&lex(&format!("{};", source.join(" "))));
    }

    #[test]
    fn a_plain_item_with_another_token(item in 0..PLAIN.len(), at in 0..40usize, piece in 0..PIECES.len(), drop in 0..2usize) {
        let mut tokens = lex(PLAIN[item]);
        let at = at % tokens.len();
        tokens.splice(at..at + drop, lex(PIECES[piece]));
        check(&tokens);
    }
}
