//! C is read without an error, and whatever else there is without a panic.

use proptest::prelude::*;

use super::item;
use crate::{
    parse::TooDeep, pragma::PragmaState, symbol::Symbol, test_dump, test_lexer::lex, token::Token,
    words::Words,
};

/// Typedef names of the tests.
fn is_typedef(name: Symbol) -> bool {
    matches!(name.as_str(), "u8" | "u64" | "T" | "bool")
}

/// Reads an item; whether nothing was missing.
fn check(tokens: &[Token]) -> bool {
    let read = item(tokens, Words::get(), &is_typedef, &PragmaState::default());
    let dump = test_dump::item(&read.item);
    for span in &read.syntax_errors {
        assert!(span.start <= span.end && span.end as usize <= tokens.len(), "{dump}");
    }
    read.syntax_errors.is_empty() && !dump.contains("(error") && read.too_deep == TooDeep::default()
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

const DECLARATIONS: &[&str] = &[
    "int a = 1;",
    "static int s;",
    "static const u64 a = 1, *b = &a, c[] = { 1, 2, }, d = 3 + 4 * 5;",
    "struct __attribute__((packed)) s { int a; };",
    "struct s __attribute__((packed)) { int a; } v;",
    "struct s __attribute__((unused)) *v;",
    "typedef typeof(1) t;",
    "typedef __typeof__(T *) t;",
    "typeof(struct s { int a; }) *const x;",
    "typeof(({ int i = 1; i; })) e; ",
    "typeof({ int i = 1; i; }) e;",
    "const typeof(a[1], b) *x;",
    "__typeof_unqual__(a + 1) f;",
    "int a asm(\"b\" \"c\") __attribute__((weak));",
    "extern int f(void) __attribute__((weak)) asm(\"g\");",
    "int a[sizeof(int)], b[sizeof(u64[3]) / 8];",
    "int a[(u8)3];",
    "int (a), (*b), (*(c)), ((d));",
    "int f(int (T));",
    "int a[1 ? 2 : 3];",
    "int a[1 && 2];",
    "_Static_assert(1, \"\" \"x\");",
    "_Static_assert(sizeof(T) == 4);",
    "__extension__ int e;",
    "__extension__ typedef struct { int x; } __attribute__((packed)) T3;",
    "static __attribute__((unused)) int a __attribute__((x)), __attribute__((y(1, 2))) *b, c;",
    "static int __attribute__((used)) a __attribute__((section(\"x\"))) = 3;",
    "int *__attribute__((btf_type_tag(\"user\"))) const a, (__attribute__((q)) *b)(int);",
    "__auto_type x = 3;",
    "__builtin_va_list ap;",
    "_Noreturn void die(void);",
    "extern _Thread_local int tl;",
    "_Atomic int at;",
    "int f(void) __attribute__((noreturn)), g(int) ;",
    "static inline __attribute__((always_inline)) int f(int a __attribute__((unused)), void *__attribute__((btf_type_tag(\"k\"))) b, int __attribute__((unused)));",
    "int f(int, char *const *restrict, void (*)(void), int [3], int (*)[2], int (int), T (T));",
    "char s[] = \"a\" \"b\\n\", *t = (char *)\"x\";",
    "int e = L'x', w = u\"wide\"[0];",
    "struct p { int x, y; } a = { 1, .y = 2, }, b[] = { [0 ... 3] = { .x = 1 }, [4].y = 2, { x: 3, y: 4 }, [1 + 2] = {} };",
    "int c = (struct p){ .x = 1 }.x, *d = (int[]){ 1, 2 };",
    "struct { int (*type)[2]; u64 *key; typeof(struct s) *value; } m __attribute__((section(\".maps\"), used)) = { .values = { [0] = (void *)&f, } };",
    "int a = __builtin_offsetof(struct s, a.b[1].c), b = __builtin_types_compatible_p(T, struct s *), c = _Generic(a, T: 1, char *: 2, const struct s *: 4, default: 3);",
    "int a = __builtin_choose_expr(1, a, b), d = __builtin_va_arg(ap, T *), e = __builtin_bit_cast(T, 3), f = foo(1, T, 2, u64 *);",
    "int a = __alignof__(T) + _Alignof(struct s) * __alignof__(x) + sizeof x + sizeof(x) + sizeof(T){1} + sizeof(T[3]);",
    "int a = 1.5 + 0x1p3, b = 'a' + '\\n', c = 017 + 0xffULL + 0b11 + 10l;",
    "struct s { int a; int f : sizeof(int) * 2; T *__attribute__((btf_type_tag(\"x\"))) p, __attribute__((q)) z; struct { int i; } __attribute__((packed)) in __attribute__((aligned(4))); };",
    "const struct s x = { .f = g, .h.i = { 1 }, .j[2] = 3 };",
    "struct s { bool b; } v = { (bool)1 };",
    "int f(const struct s { int a; } *p);",
    "enum { A = sizeof(T), B = A ? 1 : 2, C = A == B || !A };",
    "int T;",
    "int f(int (cb)(void *map, T *), bool (less)(int), int (x)), (g)(int (a)[3]), *(h)(void);",
    "enum e : int { A }; ",
    "enum e : unsigned long { A = 1, B } v;",
    "typedef _Atomic(T *) at;",
    "struct s { _Atomic(int) a; _Atomic u64 b; ; _Static_assert(sizeof(T) == 1, \"x\"); _Static_assert(1); int c; ; enum x : u8 { A } e; _Static_assert(1); };",
    "T T = sizeof(T);",
];

/// Bodies of functions, between `{` and `}`.
const BODIES: &[&str] = &[
    "",
    ";",
    "return; return 1; return a, b; return (struct p){ 1 }; return -1;",
    "if (a) b(); else if (c) ; else { d(); }",
    "if (({ a; })) b; if ({ a; }) b;",
    "while (x) x--; do x; while (0); do { x; } while (a, b);",
    "for (;;) break; for (int i = 0, *p = a; i < 3; i++, x++) continue; for (x = 0, f(*x); ;) { } for (struct s *p = f(), q; p; ) ;",
    "switch (x) { case 1: case 2 ... 3 + 1: x; break; case 'a': { } int y = 1; lab: default: }",
    "switch (x) case 1: x; end: ;",
    "switch (x) { case A: b: c: case B: foo(); default: T z; z = 1; case C: __attribute__((fallthrough)); case D: }",
    "a: ; b: T c; d: __attribute__((unused)) int e; T: goto T; goto *p; goto *p[1]; f: ",
    "lab: __attribute__((unused)); x = &&lab; y = *&&lab; z = &&a == &&b;",
    "__label__ a, b; int c; __label__ d; foo(); __label__ e;",
    "T *a, b = 3, c[2] = { 1 }; u64 T = 1; T * a + 1; { u64 * a; }",
    "{ int T = 3; T * a(1); { T; } } T * b; (T)b; struct { T T; int u64; } x; u64 y; enum { u64 } e; u64 * 3;",
    "typedef int local; local a; { local local; local * 2; } local b; int local; local * b * 3;",
    "T f(void), (*g)(T b, u64 T), h; T i;",
    "bool a = true; int bool = 1; bool * 3;",
    "static const char x[] = \"a\"; extern int k; register int r asm(\"r1\") = 0; __extension__ T e; const T w = 1; volatile u64 v;",
    "__attribute__((unused)) int z; T __attribute__((unused)) q = 1, __attribute__((x)) *r;",
    "struct l { int a; } m = { 1 }; struct l; union u n; enum e { A, B } o = A; struct l *p, q;",
    "a = b = c; a += 1; *a = a[1] = 2; a->b.c <<= 3; (*a)++; (a) = 3; f(x) = 3; a -= b *= c /= d %= e &= f ^= g |= h >>= i;",
    "a ? b : c; a ?: b; a ? b, c : d; a ? b = 1 : c; a ? b : c ? d : e; x = a ? b : c; a || b ? c : d;",
    "a + b * c - d / e % f; a << 1 >> 2; a < b == c > d != e <= f; a & b | c ^ d && e || f; (a + b) * c; a - b - c; a * -b;",
    "-a++; !a--; -*a++; *a++; &a[1]; -a[1]++; ~a->b; ++*a; --a[1]; - -a; !!a; -(T)a; *(T *)a; &*a; +a; !f(x); *-p++; !-a++; (T)-a++; (T)!a++; -a.b(c)[d]++;",
    "(a)(b); (a) & b; (a[1]) * b; f(a * b); a * b(a); *f(&b) = 3; (T)a & b; (T)(a); (T){1}; sizeof(T) * a; sizeof (a) * b; sizeof(T){1}; !(T *)a; (T)(u64)-1; (T)a * b; (T)a + b; (struct s *)a->b; &((struct s *)0)->a[1];",
    "a[b]; a[b, c]; a[b][c].d->e(f)(g, h); f(); f(a, (b, c), ({ d; })); (*f)(x); \"abc\"[1]; \"a\" \"b\";",
    "printf(\"a\" \"b\", a, \"c\"); f((T *)a, (void *)0, (long)b, sizeof(c));",
    "int y = ({ int z = 1; z; }); ({ a; }).b; __extension__ ({ 1; }); x = __extension__ (y); __extension__ y + 1; y = __extension__ ({ T a; a; }) + 1;",
    "asm(\"\"); asm volatile(\"x\" : \"=r\"(y), [q] \"+m\"(*(int *)p) : \"r\"(1), \"i\"(sizeof(int)), \"r\"((a, b)), \"r\"(({ c; })) : \"memory\", \"r1\"); asm goto(\"a\" \"b\" :::: a, b); __asm__ __volatile__(\"\" ::: \"memory\"); asm(\"\" : : \"r\"({ a; }));",
    "_Static_assert(sizeof(int) == 4, \"x\"); _Static_assert(1); _Static_assert(__builtin_types_compatible_p(T, int), \"\");",
    "__builtin_preserve_access_index(&((typeof(*a) *)0)->b); __builtin_preserve_enum_value(*(typeof(T) *)A, 1); __builtin_preserve_field_info(a->b, 2); __builtin_preserve_type_info(*(struct s *)0, 0);",
    "__builtin_offsetof(struct s, a.b[i + 1]); __builtin_types_compatible_p(typeof(a), typeof(&a[0])); __builtin_choose_expr(1, (T)2, 3); __builtin_va_arg(ap, const T *); offsetof(struct s, x);",
    "typeof(a) b = a, *c; typeof(*a) d[2]; __typeof__(({ a; })) e; const typeof(T) f = 1; __auto_type g = ({ typeof(x) _x = (x); _x; });",
    "x = _Generic((a), T: b, default: c)(d); x = _Generic(a, const T *: ({ b; }), struct s: c, default: (d, e)) + 1;",
    "struct p a = { 1, .y = 2 }, *b = &(struct p){ .x = 1, }; int c[] = { [0 ... 3] = 1, [A] = 2 }, d[2][2] = { { 1, 2 }, { } }; f((struct p){ x: 1 }, (int[]){ 1 }); (struct p){ 1 }.x; (T[]){ 1, 2 }[0]; ((struct p){ 1 }).x = 1;",
    "long (*f)(void *, T) = (void *)1; ((long (*)(void *, T))g)(a, b); (void (*)(void))0; (T (*)[3])a; (const T *const *)a; (T *__attribute__((address_space(1))) *)a; (T __attribute__((btf_type_tag(\"u\"))) *)b; sizeof(T (*)(void));",
    "if (a) { } else { if (b) c; } if (a) if (b) c; else d; for (;;) if (a) b; else c; do if (a) b; while (c);",
    "if (x) out: y; while (a) lab: lab2: b;",
    "(void)a; (void)({ T b; b; }); ((void)0); (a, b), c; a, b, c;",
    "for (({ T * a; T; }); ; ) ; T b; for (a = ({ int T = 1; T; }); ({ T * a; 1; }); ) ;",
    "char c = 'x'; int w[] = L\"abc\";",
];

/// The items that must be read.
fn plain() -> Vec<String> {
    let declarations = PLAIN.iter().chain(DECLARATIONS).map(|text| (*text).to_owned());
    let body = |text: &&str| format!("static T f(struct s *p, T *a, u64 b) {{ {text} }}");
    declarations.chain(BODIES.iter().map(body)).collect()
}

#[test]
fn plain_items_have_no_errors() {
    let left: Vec<String> = plain().into_iter().filter(|text| !check(&lex(text))).collect();
    assert!(left.is_empty(), "{left:#?}");
}

/// What nests: read up to a depth, and no stack overflows beyond it.
#[test]
fn nesting_is_bounded() {
    let nests = [
        ("(", ")"),
        ("{", ";}"),
        ("if (1) ", ""),
        ("if (1) ; else ", ""),
        ("do ", "; while (0)"),
        ("for (;;) ", ""),
        ("switch (1) case 1: ", ""),
        ("a: ", ""),
        ("- ", ""),
        ("(T)", ""),
        ("sizeof ", ""),
        ("(typeof(", "))1"),
        ("x = ", ""),
        ("x ? 1 : ", ""),
        ("x ? ", ": 1"),
        ("1, ", ""),
        ("1 + ", ""),
        ("1 + (", ")"),
        ("(1 + ", "* 2)"),
        ("(", " + 1 + 1 + 1)"),
        ("f(", ")"),
        ("a[", "]"),
        ("", ".a"),
        ("", "(1)"),
        ("(T[]){", "}"),
        ("(T[]){ { ", "} }"),
        ("({", ";})"),
        ("asm(\"\" : : \"r\"(({", ";})))"),
        ("sizeof(struct { int a[", "]; })"),
        ("sizeof(T (*)(T a[", "]))"),
        ("__builtin_choose_expr(1, ", ", 2)"),
    ];
    for (open, close) in nests {
        let read = |n: usize| {
            let source = format!("int f(void) {{ {} 1 {}; }}", open.repeat(n), close.repeat(n));
            let thread = std::thread::Builder::new().stack_size(1 << 20);
            thread.spawn(move || check(&lex(&source))).unwrap().join().unwrap()
        };
        assert!(read(15), "{open}");
        assert!((15..140).step_by(5).any(|n| !read(n)) || open == "a: ", "{open}");
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

/// What stands in bodies, to be thrown into them.
const BODY_PIECES: &[&str] = &[
    "{",
    "}",
    ";",
    ",",
    "(",
    ")",
    "[",
    "]",
    ":",
    "?",
    "...",
    "=",
    "+=",
    ".",
    "->",
    "*",
    "&&",
    "&",
    "++",
    "-",
    "!",
    "+",
    "<<",
    "==",
    "~",
    "(T)",
    "(T){",
    "({",
    "})",
    "sizeof",
    "sizeof(T)",
    "__alignof__",
    "typeof(",
    "typeof(a)",
    "_Generic(",
    "default",
    "default:",
    "case 1:",
    "case",
    "if (",
    "else",
    "while (",
    "do",
    "for (",
    "switch (",
    "return",
    "break;",
    "continue",
    "goto",
    "asm(\"\"",
    "asm(",
    "__label__ a;",
    "a:",
    "a",
    "b",
    "T",
    "u64",
    "foo",
    "foo(",
    "1",
    "'c'",
    "\"s\"",
    "int",
    "struct s",
    "struct",
    "enum {",
    "typedef",
    "static",
    "const",
    "unsigned",
    "bool",
    "int x =",
    "T *c =",
    "__attribute__((unused))",
    "__attribute__((x(1)))",
    "__extension__",
    "_Static_assert(1);",
    "__builtin_offsetof(T,",
    "__builtin_va_arg(a,",
    "__builtin_choose_expr(1, 2,",
    "__builtin_types_compatible_p(T,",
    "&&a",
    ".x =",
    "[0] =",
    "x:",
    "(a)",
    "* *",
    "__auto_type",
    "extern",
    "++ *",
    "inline",
    "volatile",
    "_Atomic",
    "__real__",
    "_Alignas(8)",
    "[[a]]",
    "@",
    "a b",
    "T T",
];

/// An item and the body of a function with pieces put in, left out, or doubled.
fn mutate(mut tokens: Vec<Token>, edits: &[(usize, usize, usize)], pieces: &[&str]) -> Vec<Token> {
    for &(at, piece, kind) in edits {
        let at = at % tokens.len().max(1);
        match kind {
            0 => drop(tokens.drain(at..(at + 1).min(tokens.len()))),
            1 => drop(tokens.splice(at..at, lex(pieces[piece % pieces.len()]))),
            2 => drop(
                tokens.splice(at..(at + 1).min(tokens.len()), lex(pieces[piece % pieces.len()])),
            ),
            3 => {
                let other = piece % tokens.len().max(1);
                tokens.swap(at, other);
            }
            _ => {
                let end = (at + 1 + piece % 4).min(tokens.len());
                let copy: Vec<Token> = tokens.get(at..end).unwrap_or(&[]).to_vec();
                drop(tokens.splice(end..end, copy));
            }
        }
        if tokens.is_empty() {
            break;
        }
    }
    tokens
}

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

    /// Broken text is read to its end.
    #[test]
    fn edited_items(
        item in 0..plain().len(),
        edits in proptest::collection::vec((0..200usize, 0..200usize, 0..5usize), 1..4),
    ) {
        let tokens = mutate(lex(&plain()[item]), &edits, BODY_PIECES);
        if !tokens.is_empty() {
            check(&tokens);
        }
    }

    #[test]
    fn bodies_of_any_tokens(picks in proptest::collection::vec(0..BODY_PIECES.len(), 0..10)) {
        let source: Vec<&str> = picks.iter().map(|&i| BODY_PIECES[i]).collect();
        check(&lex(&format!("int f(T *a) {{ {} ; }}", source.join(" "))));
    }
}
