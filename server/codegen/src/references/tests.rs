//! The order of references, rule by rule. A capital letter begins a global variable, `S` a struct.

use std::sync::Arc;

use cfront::{
    fixture, flags::Flags, pp::preprocess, sema::ItemScope, sema::LocalId, session::Session,
    symbol::Symbol, unit::Unit,
};
use expect_test::{Expect, expect};

use super::*;

const PRELUDE: &str = "int A, B, C, *P, Ar[4]; static const int Const = 1;
    struct s { int a, b; } S, S2; int f(), g(); void h(int *);";

fn check(body: &str, expect: Expect) {
    let text = format!("{PRELUDE} int test(int *p, int n) {{ {body} }}");
    let fixture = fixture::parse(&text);
    let (path, main) = fixture.main();
    let session = Session::default();
    let pp = preprocess(&session, &fixture.file_system(), path, main, &Flags::default());
    let unit = Unit::build(Arc::new(pp), None, false);
    let place =
        unit.function(Symbol::intern("test")).and_then(|test| test.definition_place()).unwrap();
    let item = ItemId(place.item);
    let scope = unit.scope(item).unwrap();
    let body = of_function(&unit, item).unwrap();
    let all: Vec<String> = body.references.iter().map(|r| show(&scope, r)).collect();
    expect.assert_eq(&all.join(" "));
}

fn show(scope: &ItemScope, reference: &Reference) -> String {
    let name = |id: u32| scope.local(LocalId(id)).unwrap().name;
    let mut text = match &reference.target {
        Target::Variable(name) | Target::Function(name) => name.to_string(),
        Target::Static(id) => format!("static:{}", name(*id)),
        Target::Local(id) => format!("*{}", name(*id)),
        Target::Str(bytes, _) => format!("{:?}", String::from_utf8_lossy(bytes)),
        Target::FunctionName(spelled, _) => spelled.to_string(),
        Target::Constant(n) => format!("constant{n}"),
    };
    for step in &reference.path {
        match step {
            Step::Field(name) => text.push_str(&format!(".{name}")),
            Step::Index(Some(n)) => text.push_str(&format!("[{n}]")),
            Step::Index(None) => text.push_str("[?]"),
            Step::Iteration => text.push_str("[iteration]"),
            Step::Computed { by, constant } => {
                let mark = if *constant { "" } else { "not " };
                text.push_str(&format!("[{mark}{}]", by.id));
            }
            Step::Punned => text.push_str("(cast)"),
        }
    }
    match reference.extent.length {
        Length::Part => {}
        Length::Bytes(n) => text.push_str(&format!(":{n}B")),
        Length::Unknown => text.push_str(":?B"),
    }
    if reference.extent.at_once {
        text.push('!');
    }
    text.push_str(match reference.access {
        Access::Read => ":r",
        Access::Write => ":w",
        Access::ReadWrite => ":rw",
        Access::Address => ":&",
        Access::Mention => ":-",
        Access::Call => "()",
        Access::Create => ":new",
        Access::Compare => ":cmp",
    });
    match reference.flow {
        Flow::Argument(function, n) if reference.access == Access::Address => {
            text.push_str(&format!(">{function}{n}"))
        }
        Flow::Local(id) if reference.access == Access::Address => {
            text.push_str(&format!(">{}", name(id)))
        }
        _ => {}
    }
    if let Some(value) = reference.stored {
        text.push_str(&format!("={value}"));
    }
    if reference.volatile {
        text.push('!');
    }
    if reference.dead {
        text.push('~');
    }
    text
}

#[test]
fn a_scalar_assignment_generates_its_right_side_first() {
    check(
        "A = B; A += B; Ar[A] = B; *P = A; A = B = C;",
        expect!["B:r A:w B:r A:rw B:r Ar[?]:w A:r A:r P:r C:r B:w A:w"],
    );
}

#[test]
fn a_struct_assignment_goes_from_left_to_right() {
    check("S = S2;", expect!["S!:w S2!:r"]);
}

#[test]
fn a_call_names_its_callee_then_its_arguments() {
    check("f(A, &B, Ar, g());", expect!["f() A:r B:&>f1 Ar:&>f2 g()"]);
}

#[test]
fn the_step_of_a_for_comes_after_its_body() {
    check("for (A = 0; B; C++) f();", expect!["A:w=0 B:r f() C:rw"]);
}

#[test]
fn dead_arms_of_constant_conditions_are_not_generated() {
    check(
        "if (0) A++; else B++; if (1) C++; else A++; A = 1 ? B : C; 0 && A; 1 || A; 1 && B;",
        expect!["B:rw C:rw B:r A:w B:r"],
    );
}

#[test]
fn bodies_of_loops_that_never_run_are_generated_but_dead() {
    check("while (0) A++; for (; 0;) B++; do C++; while (0);", expect!["A:rw~ B:rw~ C:rw"]);
}

#[test]
fn code_after_a_jump_is_left_out_until_a_label() {
    check("goto o; A++; o: B++; return 0; C++;", expect!["B:rw"]);
    check("for (;;) { if (A) break; B++; } C++;", expect!["A:r B:rw C:rw"]);
    check("while (1) { B++; } C++;", expect!["B:rw"]);
}

#[test]
fn a_switch_on_a_constant_generates_its_case() {
    check(
        "switch (sizeof(A)) { case 1: A++; break; case 4: B++; break; default: C++; }",
        expect!["B:rw"],
    );
    check("switch (A) { B++; case 1: C++; }", expect!["A:r C:rw"]);
}

#[test]
fn operands_that_are_not_evaluated_create_nothing() {
    check(
        "A = sizeof(B) + sizeof B; __typeof__(C) x; B = _Generic(A, int: B, default: C);",
        expect!["A:w=8 B:r B:w"],
    );
}

#[test]
fn folded_constants_create_nothing_unless_their_address_is_taken() {
    check("A = Const; P = &Const;", expect!["A:w=1 Const:& P:w"]);
}

#[test]
fn designated_initialisers_go_in_the_order_of_members() {
    check("struct s q = { .b = A, .a = B };", expect!["B:r A:r"]);
}

#[test]
fn local_statics_are_created_at_their_declaration() {
    check(
        "A++; static int x = 1; static int *y = &B; x = *y; if (0) { static int z; z++; }",
        expect!["A:rw static:x:new static:y:new B:& static:y:r static:x:w"],
    );
}

#[test]
fn cleanup_refers_to_its_function_at_the_declaration() {
    check("int x __attribute__((cleanup(g))) = A; B++;", expect!["A:r g() B:rw"]);
}

#[test]
fn parts_are_named_by_constant_paths() {
    check(
        "S.a = 3; (&S)->b++; Ar[2] = Ar[A]; (*(volatile int *)&A) = 1; A = *(Ar + 1);",
        expect!["S.a:w=3 S.b:rw Ar[?]:r A:r Ar[2]:w A(cast):4B!:w=1! Ar[1]:r A:w"],
    );
}

#[test]
fn pointers_in_locals_and_parameters_are_followed() {
    check(
        "int *q = &A; *q = 1; f(q); p[1] = *q; if (p) g();",
        expect!["A:&>q *q:w=1 f() *q:&>f0 *q:r *p[1]:w *p:& g()"],
    );
}

#[test]
fn copies_are_reads_and_writes() {
    check(
        "__builtin_memcpy(&A, &B, 4); __builtin_memset(&S, 0, 8); f(\"text\"); A;",
        expect![[r#"A:4B!:w B:4B!:r S:8B!:w f() "text":&>f0 A:-"#]],
    );
}

#[test]
fn statement_expressions_have_their_last_value() {
    check("A = ({ int t = B; t; }); P = ({ &C; });", expect!["B:r *t:& A:w C:& P:w"]);
}

#[test]
fn copies_and_comparisons_say_how_many_bytes() {
    check(
        "__builtin_memcpy(p, &A, 3); __builtin_memcpy(p, &A, n); __builtin_memcmp(p, &A, 1); __builtin_memcmp(p, &A, 4);",
        expect!["*p:3B!:w A:3B!:r *p:?B!:w A:?B!:r *n:& *p:1B:r A:1B:r *p:cmp A:cmp"],
    );
}

#[test]
fn indices_by_the_counter_of_an_unrolled_loop_are_known_in_each_turn() {
    check(
        "int i; for (int i = 0; i < 4; i++) p[2 * i + 1] = 1; for (i = 8; i; i--) p[i] = 1;
         for (int i = 7; i >= 0; i -= 2) p[i] = 1; for (int i = 0; i < n; i++) p[i] = 1;
         for (int i = 0; i < 4; i++) { p[i] = 1; i++; } for (int i = 0; i < 1000; i++) p[i] = 1;",
        expect![
            "*p[iteration]:w=1 *p[iteration]:w=1 *p[iteration]:w=1 *n:& *p[?]:w=1 *p[?]:w=1 *p[?]:w=1"
        ],
    );
}

#[test]
fn a_text_that_is_replaced_before_anyone_looks_is_dead() {
    let text = "char *t = \"a\"; ";
    check(
        &format!(
            "{text} switch (n) {{ case 1: t = \"b\"; break; case 2: return 1; default: t = \"c\"; }} f(t);"
        ),
        expect![[r#""a":&>t~ *n:& "b":&>t "c":&>t f() *t:&>f0"#]],
    );
    check(
        &format!("{text} if (n) t = \"b\"; else {{ A = 1; t = \"c\"; }} f(t);"),
        expect![[r#""a":&>t~ *n:& "b":&>t A:w=1 "c":&>t f() *t:&>f0"#]],
    );
    check(
        &format!("{text} if (n) t = \"b\"; f(t);"),
        expect![[r#""a":&>t *n:& "b":&>t f() *t:&>f0"#]],
    );
    check(
        &format!(
            "{text} switch (n) {{ case 1: t = \"b\"; break; case 2: break; default: t = \"c\"; }} f(t);"
        ),
        expect![[r#""a":&>t *n:& "b":&>t "c":&>t f() *t:&>f0"#]],
    );
}
