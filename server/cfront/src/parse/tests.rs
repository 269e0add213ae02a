//! What GNU C forms come out as.

use expect_test::{Expect, expect};

use super::parse_unit;
use crate::{test_dump, test_lexer::lex};

/// Parses a whole file without directives; one line an item, errors marked.
fn check(source: &str, expect: Expect) {
    let tokens = lex(source);
    let mut text = String::new();
    for unit in parse_unit(&tokens, |_| true) {
        text.push_str(&test_dump::item(&unit.parsed.item));
        if !unit.parsed.syntax_errors.is_empty() {
            text.push_str(" !syntax");
        }
        text.push('\n');
    }
    expect.assert_eq(&text);
}

#[test]
fn specifiers_in_any_order() {
    check(
        "int const unsigned long static long x;",
        expect![[r#"
        (decl static const unsigned long-long x)
    "#]],
    );
}

#[test]
fn declarators_inside_out() {
    check(
        r#"int *a[3], (*f)(int, char *), (*(*g)(void))[2], **h;
void (*signal(int sig, void (*func)(int)))(int);
int *const volatile p, b[static 3];"#,
        expect![[r#"
            (decl int a [3] * f * (fn (int _) (char _ *)) g * (fn) * [2] h * *)
            (decl void signal (fn (int sig) (void func * (fn (int _)))) * (fn (int _)))
            (decl int p * const volatile b [3])
        "#]],
    );
}

#[test]
fn typedef_names_scope() {
    check(
        r#"typedef unsigned int u32; typedef u32 v[4], *q;
u32 f(u32 u32) { return (u32) * 2; }
int g(void) { u32 *a; { int u32 = 3; u32 * a; (u32)(a); } return (u32)(a); }
struct s { u32 u32; u32 *n, m; int (*cb)(u32 q, int u32); u32 last; };
int h(void) { typedef char local; local c; { int local; } u32: goto u32; }"#,
        expect![[r#"
            (decl typedef unsigned int u32)
            (decl typedef u32 v [4] q *)
            (function u32 f (fn (u32 u32)) {(return (* (paren u32) 2))})
            (function int g (fn) {(decl u32 a *) {(decl int u32 = 3) (decl u32 a *) (call (paren u32) a);} (return (cast u32 (paren a)))})
            (decl (struct s {(u32 u32) (u32 n * m) (int cb * (fn (u32 q) (int u32))) (u32 last)}))
            (function int h (fn) {(decl typedef char local) (decl local c) {(decl int local)} (label u32 (goto u32))})
        "#]],
    );
}

#[test]
fn records() {
    check(
        r#"struct a { int x:3, :4, y; unsigned :0; struct { int i; }; union u { char c[0]; long l[]; } u; enum e { A, B = 2, } e; } __attribute__((packed, aligned(8))) v, *w;
struct __attribute__((preserve_access_index)) fwd; union empty {};
struct b { _Static_assert(sizeof(v) == 1, "x"); int a __attribute__((aligned(4))), c:2 __attribute__((packed)); ; };"#,
        expect![[r#"
            (decl (struct a @packed @aligned(8) {(int x : 3 _ : 4 y) (unsigned int _ : 0) ((struct {(int i)})) ((union u {(char c [0]) (long l [])}) u) ((enum e {A B = 2}) e)}) v w *)
            (decl (struct fwd @preserve_access_index))
            (decl (union empty {}))
            (decl (struct b {(int a @aligned(4) c @packed : 2)}))
        "#]],
    );
}

#[test]
fn enums() {
    check(
        r#"typedef unsigned u32;
enum x : u32 { A = 1ULL << 40, B }; enum : unsigned long { C } c; enum x : u32; struct t { enum x f : 3; enum x : 2; };"#,
        expect![[r#"
            (decl typedef unsigned int u32)
            (decl (enum x : u32 {A = (<< 1ull 40) B}))
            (decl (enum : unsigned long {C}) c)
            (decl (enum x : u32))
            (decl (struct t {((enum x) f : 3) ((enum x) _ : 2)}))
        "#]],
    );
}

#[test]
fn attributes_in_all_places() {
    check(
        r#"__attribute__((section(".maps"), used)) int a __attribute__((weak)), __attribute__((x)) b = 1;
[[gnu::section("s")]] int c [[clang::btf_decl_tag("t" "u")]];
int __attribute__((btf_type_tag("percpu"))) *__attribute__((address_space(1))) const d;
static __attribute__((noinline)) int f(int a __attribute__((unused)), void *__attribute__((btf_type_tag("k"))) b) __attribute__((section("x"))) { __attribute__((unused)) int z; switch (1) { case 1: __attribute__((fallthrough)); default: break; } return 0; }
_Alignas(16) char e; int g __attribute__((aligned(sizeof(int) * 2), mode(DI), __vector_size__(16)));
extern int bpf_x(void) asm("bpf_y") __attribute__((weak));
struct __attribute__((x)) s { int a; } __attribute__((y)) __attribute__((z)) v __attribute__((w));
_Noreturn void die(void);"#,
        expect![[r#"
            (decl @section(".maps") @used int a @weak b @x = 1)
            (decl @section("s") int c @btf_decl_tag("tu"))
            (decl @btf_type_tag("percpu") int d * @address_space(1) const)
            (function static @noinline int f (fn (int a @unused) (void b * @btf_type_tag("k"))) @section("x") {(decl @unused int z) (switch 1 {(case 1 ;) (default (break))}) (return 0)})
            (decl @aligned(16) char e)
            (decl int g @aligned((* (sizeof: int) 2)) @mode(DI) @vector_size(16))
            (decl extern int bpf_x (fn) @weak asm("bpf_y"))
            (decl (struct s @x @y @z {(int a)}) v @w)
            (decl @noreturn void die (fn))
        "#]],
    );
}

#[test]
fn typeof_forms() {
    check(
        r#"int x; typeof(x) a; __typeof__(struct { int q; } *) b; const typeof(&x) *c, d[3];
typeof(({ int t = 1; t; })) e; __typeof_unqual__(x + 1) f; _Atomic(int) g; _Atomic int h; __auto_type i = 3;
int k(void) { return sizeof(typeof(x)) + (typeof(x))1 + ((typeof(*b) *)0)->q; }
__builtin_va_list va; _Bool bb; bool b2; long double ld; __int128 big;"#,
        expect![[r#"
            (decl int x)
            (decl (typeof x) a)
            (decl (typeof: (struct {(int q)}) _ *) b)
            (decl const (typeof (& x)) c * d [3])
            (decl (typeof (stmt {(decl int t = 1) t;})) e)
            (decl (typeof_unqual (+ x 1)) f)
            (decl (_Atomic int) g)
            (decl _Atomic int h)
            (decl auto_type i = 3)
            (function int k (fn) {(return (+ (+ (sizeof: (typeof x)) (cast (typeof x) 1)) (-> (paren (cast (typeof (* b)) _ * 0)) q)))})
            (decl va_list va)
            (decl bool bb)
            (decl bool b2)
            (decl long-double ld)
            (decl int128 big)
        "#]],
    );
}

#[test]
fn type_arguments() {
    check(
        r#"typedef int T; struct s { struct { int b[3]; } a; };
int a = __builtin_offsetof(struct s, a.b[1]), b = __builtin_types_compatible_p(T, struct s *), c = _Generic(a, T: 1, char *: 2, default: 3);
int f(__builtin_va_list ap) { return __builtin_va_arg(ap, T *) + __builtin_bit_cast(T, 3) + __builtin_choose_expr(1, a, b) + __builtin_preserve_enum_value(*(typeof(T) *)0, 1) + _Alignof(T) + __alignof__(a) + sizeof a; }"#,
        expect![[r#"
            (decl typedef int T)
            (decl (struct s {((struct {(int b [3])}) a)}))
            (decl int a = (offsetof (struct s) .a .b [1]) b = (types_compatible T , (struct s) _ *) c = (generic a (T 1) (char _ * 2) (default 3)))
            (function int f (fn (va_list ap)) {(return (+ (+ (+ (+ (+ (+ (va_arg ap T _ *) (builtin __builtin_bit_cast T 3)) (choose 1 a b)) (call __builtin_preserve_enum_value (* (cast (typeof: T) _ * 0)) 1)) (alignof: T)) (alignof (paren a))) (sizeof a)))})
        "#]],
    );
}

#[test]
fn casts_and_calls() {
    check(
        r#"typedef int T; 
int f(int a, int b) { (a)(b); (a) & b; (a[1]) * b; f(a * b); a * b(a); *f(&b) = 3; (T)a & b; (T)(a); (T){1}; sizeof(T) * a; sizeof (a) * b; sizeof(T){1}; -a++; !(T *)a; return a ?: b; }"#,
        expect![[r#"
            (decl typedef int T)
            (function int f (fn (int a) (int b)) {(call (paren a) b); (& (paren a) b); (* (paren (index a 1)) b); (call f (* a b)); (* a (call b a)); (= (* (call f (& b))) 3); (& (cast T a) b); (cast T (paren a)); (literal T {1}); (* (sizeof: T) a); (* (sizeof (paren a)) b); (sizeof (literal T {1})); (- (_++ a)); (! (cast T _ * a)); (return (?: a b))})
        "#]],
    );
}

#[test]
fn statements() {
    check(
        r#"int f(int x) { if (x) while (x) x--; else if (x > 1) ; else return 1; for (int i = 0, *p; i < 3; i++, x++) continue; for (;;) break; for (x = 0, f(*x);;) {} do { x; } while (0);
switch (x) { case 1: case 2 ... 3 + 1: x; break; case 'a': { } int y = 1; lab: default: }
switch (x) case 1: x; end: }"#,
        expect![[r#"
            (function int f (fn (int x)) {(if x (while x (_-- x);) else (if (> x 1) ; else (return 1))) (for (decl int i = 0 p *) (< i 3) (, (_++ i) (_++ x)) (continue)) (for _ _ _ (break)) (for (, (= x 0) (call f (* x))); _ _ {}) (do {x;} 0) (switch x {(case 1) (case 2 ... (+ 3 1) x;) (break) (case '97' {}) (decl int y = 1) (label lab) (default)}) (switch x (case 1 x;)) (label end)})
        "#]],
    );
}

#[test]
fn gnu_statements() {
    check(
        r#"int f(void) { __label__ a, b; void *p = &&a; goto *p; a: ; int y = ({ int z = 1; z; }); asm volatile("x" : "=r"(y), [q] "+m"(*(int *)p) : "r"(1), "i"(sizeof(int)) : "memory"); asm goto("" :::: a, b); asm(""); _Static_assert(sizeof(int) == 4, "x"); b: __attribute__((unused)) int q; __extension__ ({ 1; }); return __extension__ (y); }
asm(".text");
_Static_assert(1 == 1);"#,
        expect![[r#"
            (function int f (fn) {(decl void p * = &&a) (goto* (* p)) (label a ;) (decl int y = (stmt {(decl int z = 1) z;})) (asm :out y (* (cast int _ * p)) :in 1 (sizeof: int)) (asm &&a &&b) (asm) (static_assert) (label b (decl @unused int q)) (stmt {1;}); (return (paren y))})
            (asm)
            (static_assert (== 1 1))
        "#]],
    );
}

#[test]
fn initialisers() {
    check(
        r#"struct p { int x, y; } a = { 1, .y = 2, }, b[] = { [0 ... 3] = { .x = 1 }, [4].y = 2, { x: 3, y: 4 } };
int c = (struct p){ .x = 1 }.x, *d = (int[]){ 1, 2 };
char s[] = "a" "b\n", *t = (char *)"x"; int e = L'x', w = u"wide"[0];"#,
        expect![[r#"
            (decl (struct p {(int x y)}) a = {1 .y = 2} b [] = {[0 ... 3] = {.x = 1} [4] .y = 2 {.x = 3 .y = 4}})
            (decl int c = (. (literal (struct p) {.x = 1}) x) d * = (literal int _ [] {1 2}))
            (decl char s [] = "ab\n" t * = (cast char _ * "x"))
            (decl int e = '120' w = (index "w\0i\0d\0e\0":2 0))
        "#]],
    );
}

#[test]
fn kr_definitions() {
    check(
        "int f(a, b) int a; char *b; { return a; } char *g(x) unsigned x; { } main() { }",
        expect![[r#"
        (function int f (fn? (implicit a) (implicit b)) (decl int a) (decl char b *) {(return a)})
        (function char g (fn? (implicit x)) * (decl unsigned int x) {})
        (function implicit main (fn?) {})
    "#]],
    );
}

#[test]
fn nested_function() {
    check(
        "int f(void) { int g(int a) { return a; } return g(1); }",
        expect![[r#"
        (function int f (fn) {(function int g (fn (int a)) {(return a)}) (return (call g 1))})
    "#]],
    );
}

#[test]
fn pragmas() {
    check(
        r#"#pragma pack(push, 1)
struct a { int x; };
#pragma pack(pop)
#pragma clang attribute push (__attribute__((preserve_access_index, btf_decl_tag("x"))), apply_to = record)
struct b { int y; struct { int z; }; }; struct a *p; int f(void);
#pragma clang attribute pop
struct c { int y; };"#,
        expect![[r#"
            (decl (struct a pack=1 {(int x)}))
            (decl (struct b @preserve_access_index @btf_decl_tag("x") {(int y) ((struct @preserve_access_index @btf_decl_tag("x") {(int z)}))}))
            (decl (struct a) p *)
            (decl int f (fn))
            (decl (struct c {(int y)}))
        "#]],
    );
}

#[test]
fn assignments() {
    check(
        "int f(int *a) { *a = a[1] = 2; a += 1; a->b.c <<= 3; (*a)++; (a) = 3; ({ a; }); return a, *a; }",
        expect![[r#"
        (function int f (fn (int a *)) {(= (* a) (= (index a 1) 2)); (+= a 1); (<<= (. (-> a b) c) 3); (_++ (paren (* a))); (= (paren a) 3); (stmt {a;}); (return (, a (* a)))})
    "#]],
    );
}

#[test]
fn unknown_types() {
    check(
        r#"foo_t x; foo_t *f(bar_t a, baz_t *b, qux) { foo_t c = 1; foo_t *d = (foo_t *)a; return (foo_t)c; }
struct s { foo_t a; foo_t *b, c[2]; foo_t (*cb)(bar_t); };"#,
        expect![[r#"
            (decl foo_t x)
            (function foo_t f (fn (bar_t a) (baz_t b *) (qux _)) * {(decl foo_t c = 1) (decl foo_t d * = (cast foo_t _ * a)) (return (cast foo_t c))})
            (decl (struct s {(foo_t a) (foo_t b * c [2]) (foo_t cb * (fn (bar_t _)))}))
        "#]],
    );
}

#[test]
fn missing_semicolons() {
    check(
        r#"int f(int x) { x = 3 return x }
int g(int x) { foo(x; x = 2; if (x) { y(; } }
int h;"#,
        expect![[r#"
            (function int f (fn (int x)) {(= x 3); (return x)}) !syntax
            (function int g (fn (int x)) {(call foo x); (= x 2); (if x {(call y);})}) !syntax
            (decl int h)
        "#]],
    );
}

#[test]
fn a_broken_statement_leaves_the_others() {
    check(
        r#"int a(int x) { int i = 1; x = 
if (x) { g(x } else { x--; } h(x); }
int b(int x) { if (x { x = 1; g(x); } for (;;) { x + ; foo_t u; break; } return x; }
int c(int x) { switch (x) { case 1: x. ; case 2: static int y = return 1; default: z z z; } h(; return x; }
int d(int x) { while (x) x-- return x; a ? b; x = (foo_t)x; (x) ? 1 : 2; }"#,
        expect![[r#"
            (function !error int a (fn (int x)) {(decl int i = 1) (= x (error)); (if x {(call g x);} else {(_-- x);}) (call h x);}) !syntax
            (function !error int b (fn (int x)) {(if x {(= x 1); (call g x);}) (for _ _ _ {(+ x (error)); (decl foo_t u) (break)}) (return x)}) !syntax
            (function !error int c (fn (int x)) {(switch x {(case 1 x;) (case 2) (decl !error static int y = (error)) (return 1) (default) (decl z z)}) (call h); (return x)}) !syntax
            (function !error int d (fn (int x)) {(while x (_-- x);) (return x) (? a b (error)); (= x (cast foo_t x)); (? (paren x) 1 2);}) !syntax
        "#]],
    );
}

#[test]
fn half_typed_items() {
    check(
        r#"int a = 3
int b(int x) {
	if (x) {
}
static int c(void) {
	return foo(
}
int d;
}
struct e { int x
struct f { int y; };
int g;"#,
        expect![[r#"
            (decl int a = 3) !syntax
            (function int b (fn (int x)) {(if x {}) (function static int c (fn) {(return (call foo))}) (decl int d)}) !syntax
            (decl (struct e {(int x)})) !syntax
            (decl (struct f {(int y)}))
            (decl int g)
        "#]],
    );
}

#[test]
fn unknown_macros() {
    check(
        r#"SEC("tp") int f(void *ctx) { printf("a" FMT "b", ctx); bpf_for(i, 0, 10) { x; } each(p) q(); return 0; }
static inline void * __must_check g(long e) { return 0; }
struct { __uint(type, X); int a; __type(key, int) } m SEC(".maps") = { 1 };
char l[] SEC("license") = "GPL"; extern int k __ksym __weak; __hidden int h; typedef int T; EXPORT T t; DECLARE(x);"#,
        expect![[r#"
            (function int f (fn (void ctx *)) {(call printf "a" ctx); (call bpf_for i 0 10); {x;} (call each p); (call q); (return 0)}) !syntax
            (function static inline void g (fn (long e)) * {(return 0)}) !syntax
            (decl (struct {(error) (int a) (error)}) m = {1}) !syntax
            (decl char l [] = "GPL") !syntax
            (decl extern int k) !syntax
            (decl int h) !syntax
            (decl typedef int T)
            (decl T t) !syntax
            (decl implicit DECLARE (fn (x _)))
        "#]],
    );
}

/// Nesting beyond the bound ends in an error node, and neither reading nor dropping it overflows
/// a small stack.
#[test]
fn deep_nesting_is_bounded() {
    for (open, close) in [
        ("(", ")"),
        ("{", "}"),
        ("-", ""),
        ("a ? 1 : ", ""),
        ("1+", ""),
        ("({", ";})"),
        ("(", "]"),
        ("{", ")"),
        ("x ", "}"),
        ("a[", ";"),
        ("case ", "..."),
    ] {
        let n = 20_000;
        let source = format!("int f(void) {{ {} 1 {}; }} int g;", open.repeat(n), close.repeat(n));
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let read = thread.spawn(move || {
            let units = parse_unit(&lex(&source), |_| true);
            units.len()
        });
        assert!(read.unwrap().join().unwrap() >= 1);
    }
}

/// Pieces that the writer treats specially, to be thrown together.
const PIECES: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    ",",
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
    "int",
    "x",
    "T",
    "foo",
    "1",
    "'c'",
    "\"s\"",
    "struct",
    "union",
    "enum",
    "typedef",
    "static",
    "inline",
    "const",
    "_Atomic",
    "typeof",
    "__attribute__",
    "__attribute__((packed))",
    "[[a::b(1)]]",
    "_Alignas(8)",
    "asm",
    "asm(\"x\" : \"r\"(x))",
    "__extension__",
    "_Static_assert",
    "sizeof",
    "__alignof__",
    "_Generic",
    "if",
    "else",
    "while",
    "do",
    "for",
    "switch",
    "case",
    "default",
    "goto",
    "break",
    "return",
    "__label__",
    "__builtin_offsetof",
    "\n#pragma pack(1)\n",
    "\nstatic",
    "\nint f(void) {",
    "\n}",
    "_BitInt(3)",
    "@",
    "__builtin_va_list",
    "({",
    "})",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 400, failure_persistence: None, ..Default::default()
    })]

    /// Whatever stands in a file: nothing panics, every token is in one item at most, in order.
    #[test]
    fn any_tokens_can_be_read(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let source: Vec<&str> = pieces.iter().map(|&piece| PIECES[piece]).collect();
        let tokens = lex(&format!("typedef int T; {}", source.join(" ")));
        let mut end = 0;
        for unit in parse_unit(&tokens, |_| true) {
            assert!(unit.range.start >= end && unit.range.end > unit.range.start);
            end = unit.range.end;
            test_dump::item(&unit.parsed.item);
            for span in unit.parsed.syntax_errors {
                assert!(span.start <= span.end);
                assert!(span.end as usize <= unit.range.end - unit.range.start + 1);
            }
        }
        assert!(end <= tokens.len());
    }

    /// Half-typed text in front of a function leaves the function alone.
    #[test]
    fn text_cut_anywhere_keeps_the_next_item(cut in 0usize..120) {
        let before = "static int f(struct s *a)\n{\n\tint b = a->c[1];\n\n\tif (b > 2) {\n\t\tg(a, (T)b);\n\t}\n\treturn b;\n}\n";
        let cut = cut.min(before.len());
        let source = format!("typedef int T;\n{}\nstatic int last(void)\n{{\n\treturn 1;\n}}\n", &before[..cut]);
        let tokens = lex(&source);
        let units = parse_unit(&tokens, |_| true);
        let last = units.last().map(|unit| test_dump::item(&unit.parsed.item));
        assert_eq!(last.as_deref(), Some("(function static int last (fn) {(return 1)})"), "{source}");
    }
}

#[test]
fn attributes_in_brackets_behind_the_keyword() {
    check(
        "struct [[gnu::packed]] a { char a; [[maybe_unused]] long b; } va = { 1, 2 };\nstruct [[gnu::packed]] a vb;",
        expect![[r#"
            (decl (struct a @packed {(char a) (@maybe_unused long b)}) va = {1 2})
            (decl (struct a @packed) vb)
        "#]],
    );
}
