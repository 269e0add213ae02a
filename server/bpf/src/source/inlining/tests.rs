//! What a body costs where it is inlined: one fact of `InlineCost.cpp` a test, each figure as clang 19
//! prints it under `-Rpass=inline` (`-mcpu=v3 -O2`).

use std::sync::Arc;

use cfront::{fixture, flags::Flags, pp::preprocess, session::Session, unit::Unit};
use expect_test::{Expect, expect};

use crate::source::inlining;

const PRELUDE: &str = "typedef unsigned int u32; typedef unsigned long u64; typedef unsigned char u8;
    #define SEC(n) __attribute__((section(n), used))
    static long (*h1)(void *) = (void *)6; static void *(*lookup)(void *m, const void *k) = (void *)1;
    extern long k1(void *) SEC(\".ksyms\"); extern void sink(u64) SEC(\".ksyms\");
    struct T { u64 a, b, c; u32 d; int e; u8 f; struct T *n; char s[16]; };
    struct K { int x; struct T *p; } __attribute__((preserve_access_index));
    int g; u64 arr[16]; int ok;\n";

fn decisions(text: &str) -> String {
    let fixture = fixture::parse(&format!("{PRELUDE}{text}"));
    let (path, main) = fixture.main();
    let session = Session::default();
    let pp = preprocess(&session, &fixture.file_system(), path, main, &Flags::default());
    let unit = Unit::build(Arc::new(pp), None, false);
    let mut out = String::new();
    for d in inlining(&unit) {
        let blocks = if d.branches { "" } else { ", one block" };
        let last = if d.last { ", last call" } else { "" };
        let end = if d.inlined { "inlined" } else { "stays" };
        out.push_str(&format!("{} in {}: {}{blocks}{last}: {end}\n", d.callee, d.caller, d.cost));
    }
    out
}

/// Decisions about `f`, whose body this is, at the first of two calls.
fn check(body: &str, expect: Expect) {
    let text = format!(
        "static u64 f(struct T *t, u64 n) {{ {body} }}
         SEC(\"tc\") int p(u64 *c) {{ sink(f((void *)c, c[1])); sink(f((void *)c, c[2])); return 0; }}"
    );
    let all = decisions(&text);
    expect.assert_eq(all.lines().next().unwrap_or_default());
}

#[test]
fn helpers_pay_for_arguments_and_kernel_functions_a_penalty_more() {
    check("return h1(t);", expect!["f in p: -30, one block: inlined"]);
    check("return k1(t);", expect!["f in p: -5, one block: inlined"]);
}

#[test]
fn locals_whose_address_is_passed_are_in_memory() {
    check(
        "u64 k = n; u64 *v = lookup(&arr, &k); if (v) return *v; return 0;",
        expect!["f in p: 0: inlined"],
    );
    check(
        "struct T l = {.a = n, .b = 5}; h1(&l); return l.a;",
        expect!["f in p: -5, one block: inlined"],
    );
}

#[test]
fn relocated_accesses_load_add_and_pass_through() {
    check(
        "struct K *k = (void *)t; return k->p->a == 5;",
        expect!["f in p: -10, one block: inlined"],
    );
}

#[test]
fn widening_is_free_for_loads_and_words_but_not_for_signs() {
    check("return t->f;", expect!["f in p: -35, one block: inlined"]);
    check("return t->e + 1;", expect!["f in p: -25, one block: inlined"]);
}

#[test]
fn a_choice_of_values_is_no_branch() {
    check("return t->a > t->b ? t->a : t->b;", expect!["f in p: -25, one block: inlined"]);
    check("if (n) t->a = 1; return 0;", expect!["f in p: -25: inlined"]);
}

#[test]
fn loops_of_few_rounds_are_unrolled() {
    check(
        "for (int i = 0; i < 4; i++) arr[i] = n; return 0;",
        expect!["f in p: -20, one block: inlined"],
    );
    check("for (int i = 0; i < 100; i++) t->a += h1(t); return 0;", expect!["f in p: 0: inlined"]);
}

#[test]
fn switches_pay_for_their_comparisons() {
    check(
        "switch (n) { case 1: return 5; case 2: return t->a; default: return 0; }",
        expect!["f in p: -10: inlined"],
    );
}

#[test]
fn constant_arguments_fold_what_depends_on_them() {
    let text = "static int f(int *t, int mode) { if (mode == 1) { k1(t); k1(t); k1(t); k1(t); k1(t); k1(t); k1(t); } return *t; }
        SEC(\"tc\") int p(int *c) { f(c, 1); f(c, 2); f(c, 3); return 0; }";
    expect![[r#"
        f in p: 210, one block: inlined
        f in p: -35, one block: inlined
        f in p: -35, one block, last call: inlined
    "#]]
    .assert_eq(&decisions(text));
}

#[test]
fn calls_that_hardly_ever_run_are_cold() {
    let text = "static int f(int *t) { k1(t); k1(t); k1(t); return *t; }
        SEC(\"tc\") int p(int *c) { if (__builtin_expect(*c == 3, 0)) f(c); return 0; }";
    expect![[r#"
        f in p: 75, one block, last call: stays
    "#]]
    .assert_eq(&decisions(text));
}

#[test]
fn calls_without_effects_vanish_with_their_results() {
    let text = "static __attribute__((noinline)) int same(int x) { return x * 1; }
        static __attribute__((noinline)) int twice(int x) { return x * 2; }
        SEC(\"tc\") int p(int *c) { twice(*c); return same(*c); }";
    let fixture = fixture::parse(&format!("{PRELUDE}{text}"));
    let (path, main) = fixture.main();
    let pp = preprocess(&Session::default(), &fixture.file_system(), path, main, &Flags::default());
    let source = crate::source::build_whole(&Unit::build(Arc::new(pp), None, false), "t");
    let functions: Vec<_> = source
        .object
        .btf
        .iter()
        .filter_map(|(_, ty)| match ty {
            btf::Type::Func(func) if func.linkage == btf::Linkage::Static => {
                Some(func.name.clone())
            }
            _ => None,
        })
        .collect();
    assert!(functions.is_empty(), "{functions:?}");
}

#[test]
fn deep_nesting_and_odd_values_end() {
    let deep = |open: &str, close: &str, inner: &str| {
        format!("{}{inner}{}", open.repeat(300), close.repeat(300))
    };
    let bodies = [
        deep("(", ")", "*t") + ";",
        deep("if (*t) {", "}", "k1(t);"),
        deep("k1((void *)", ")", "t") + ";",
        deep("!", "", "*t") + ";",
        "__int128 x = (__int128)1 << 126; x += x; x = x * x + x; switch (x) { case 0 ... 1L << 62: k1(t); }".into(),
        "char a[4]; __builtin_memcpy(a + (1L << 62), t, 1UL << 62); k1(a - (1L << 62));".into(),
        "for (long i = 0; i < 1L << 60; i++) for (int j = 0; j < 3; j++) for (int k = 0; k < 3; k++) k1(t);".into(),
        "again: if (*t) goto again; while (1) { if (*t) break; }".into(),
    ];
    for body in bodies {
        let text = format!(
            "static int f(int *t) {{ {body} return 0; }}
             SEC(\"tc\") int p(int *c) {{ f(c); return f(c + 1); }}"
        );
        decisions(&text);
    }
}
