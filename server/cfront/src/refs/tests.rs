//! The order of references, rule by rule. A capital letter begins a global variable, `S` a struct.

use expect_test::{Expect, expect};
use rustc_hash::FxHashMap;

use super::*;
use crate::{
    ast::{Declarator, Derived, Designator, ExprKind, Item, Storage, TypeSpec},
    parse::parse_unit,
    test_lexer::lex,
};

/// Knows types by how names were declared.
#[derive(Default)]
struct Names {
    classes: FxHashMap<Symbol, Class>,
    locals: FxHashMap<Symbol, (u32, bool)>,
    params: Vec<Symbol>,
    cleanups: FxHashMap<Symbol, Symbol>,
}

fn class_of(specs: &crate::ast::DeclSpecs, declarator: &Declarator) -> Class {
    match declarator.derived.first() {
        Some(Derived::Array { .. }) => Class::Array,
        Some(Derived::Function { .. }) => Class::Function,
        Some(Derived::Pointer { .. }) => Class::Scalar,
        None if matches!(specs.ty, TypeSpec::Record(_)) => Class::Record,
        None => Class::Scalar,
    }
}

impl Names {
    fn declare(&mut self, specs: &crate::ast::DeclSpecs, declarator: &Declarator, local: bool) {
        let Some(name) = declarator.name else { return };
        self.classes.insert(name.name, class_of(specs, declarator));
        if local {
            let id = self.locals.len() as u32;
            self.locals.entry(name.name).or_insert((id, specs.storage == Storage::Static));
        }
        for attr in declarator.attrs.iter().chain(&specs.attrs) {
            if let (true, Some(crate::ast::AttrArg::Ident(f))) =
                (attr.name.as_str() == "cleanup", attr.args.first())
            {
                self.cleanups.insert(name.name, f.name);
            }
        }
    }

    fn declare_in(&mut self, block: &crate::ast::Block) {
        for stmt in &block.stmts {
            self.declare_stmt(stmt);
        }
    }

    fn declare_stmt(&mut self, stmt: &crate::ast::Stmt) {
        use crate::ast::StmtKind as K;
        match &stmt.kind {
            K::Decl(d) => {
                d.declarators.iter().for_each(|x| self.declare(&d.specs, &x.declarator, true))
            }
            K::Block(b) => self.declare_in(b),
            K::If { then, otherwise, .. } => {
                self.declare_stmt(then);
                if let Some(o) = otherwise {
                    self.declare_stmt(o);
                }
            }
            K::For { init, body, .. } => {
                if let Some(init) = init {
                    self.declare_stmt(init);
                }
                self.declare_stmt(body);
            }
            K::Label { body: Some(body), .. } => self.declare_stmt(body),
            _ => {}
        }
    }

    fn name_of(&self, id: u32) -> Symbol {
        self.locals.iter().find(|(_, v)| v.0 == id).map(|(k, _)| *k).unwrap()
    }
}

impl Resolver for Names {
    type Ty = Class;
    fn resolve(&mut self, ident: Ident) -> Named {
        if let Some(&(id, is_static)) = self.locals.get(&ident.name) {
            return if is_static { Named::Static(id) } else { Named::Local(id) };
        }
        match self.classes.get(&ident.name) {
            Some(Class::Function) => Named::Function(ident.name),
            Some(_) => Named::Variable(ident.name),
            None => Named::Other,
        }
    }
    fn folds(&mut self, named: Named) -> bool {
        matches!(named, Named::Variable(name) if name.as_str() == "Const")
    }
    fn parameter(&mut self, local: u32) -> Option<u32> {
        let name = self.name_of(local);
        self.params.iter().position(|p| *p == name).map(|p| p as u32)
    }
    fn cleanup(&mut self, local: u32) -> Option<Symbol> {
        self.cleanups.get(&self.name_of(local)).copied()
    }
    fn local_type(&mut self, local: u32) -> Option<Class> {
        self.classes.get(&self.name_of(local)).copied()
    }
    fn noreturn(&mut self, _: Symbol) -> bool {
        false
    }
    fn int_value(&mut self, expr: &Expr) -> Option<i128> {
        match &expr.kind {
            ExprKind::Int { value, .. } => Some(i128::from(*value)),
            ExprKind::Paren(e) => self.int_value(e),
            ExprKind::SizeofExpr(_) => Some(4),
            _ => None,
        }
    }
    fn class(&mut self, expr: &Expr) -> Class {
        match &expr.kind {
            ExprKind::Paren(e) => self.class(e),
            ExprKind::Ident(i) => self.classes.get(&i.name).copied().unwrap_or(Class::Unknown),
            _ => Class::Scalar,
        }
    }
    fn class_of(&mut self, ty: Class) -> Class {
        ty
    }
    fn type_name(&mut self, _: &TypeName) -> Option<Class> {
        None
    }
    fn points_to_volatile(&mut self, name: &TypeName) -> bool {
        name.specs.quals.is_volatile
    }
    fn has_body(&mut self, _: Symbol) -> bool {
        false
    }
    fn scalar_behind(&mut self, _: &TypeName) -> Option<u64> {
        None
    }
    fn generic_arm(&mut self, _: &Expr) -> Option<usize> {
        Some(0)
    }
    fn is_constant(&mut self, _: u32, init: &Initializer) -> bool {
        match init {
            Initializer::Expr(e) => matches!(e.kind, ExprKind::Int { .. } | ExprKind::Str { .. }),
            Initializer::List(items, _) => items.iter().all(|i| self.is_constant(0, &i.value)),
        }
    }
    fn size(&mut self, _: Class) -> Option<u64> {
        None
    }
    fn positions(&mut self, _: Class, items: &[InitItem]) -> Option<Vec<(u64, Option<Class>)>> {
        let rank = |i: usize, item: &InitItem| match item.designators.first() {
            // Members are in order of the alphabet here.
            Some(Designator::Field(f)) => u64::from(f.name.as_str().as_bytes()[0]),
            _ => i as u64,
        };
        Some(items.iter().enumerate().map(|(i, item)| (rank(i, item), None)).collect())
    }
}

const PRELUDE: &str = "int A, B, C, *P, Const, Ar[4]; struct s { int a, b; } S, S2; int f(), g();";

fn check(body: &str, expect: Expect) {
    let source = format!("{PRELUDE} int test(int *p) {{ {body} }}");
    let items = parse_unit(&lex(&source), |_| true);
    let mut names = Names::default();
    let mut text = String::new();
    for item in &items {
        match &item.parsed.item {
            Item::Declaration(d) => {
                d.declarators.iter().for_each(|x| names.declare(&d.specs, &x.declarator, false));
            }
            Item::Function(function) => {
                if let Some(Derived::Function { params, .. }) = function.declarator.derived.first()
                {
                    for param in params {
                        names.declare(&param.specs, &param.declarator, true);
                        names.params.extend(param.declarator.name.map(|n| n.name));
                    }
                }
                names.declare_in(&function.body);
                let body = of_function(function, &mut names);
                let all: Vec<String> = body.references.iter().map(|r| show(&names, r)).collect();
                text = all.join(" ");
            }
            _ => {}
        }
    }
    expect.assert_eq(&text);
}

fn show(names: &Names, reference: &Reference) -> String {
    let mut text = match &reference.target {
        Target::Variable(name) | Target::Function(name) => name.to_string(),
        Target::Static(id) => format!("static:{}", names.name_of(*id)),
        Target::Local(id) => format!("*{}", names.name_of(*id)),
        Target::Str(bytes, _) => format!("{:?}", String::from_utf8_lossy(bytes)),
        Target::FunctionName(spelled, _) => spelled.to_string(),
        Target::Table(n) => format!("table{n}"),
    };
    for step in &reference.path {
        match step {
            Step::Field(name) => text.push_str(&format!(".{name}")),
            Step::Index(Some(n)) => text.push_str(&format!("[{n}]")),
            Step::Index(None) => text.push_str("[?]"),
            Step::Turn => text.push_str("[turn]"),
            Step::Bytes(Some(n)) => text.push_str(&format!(":{n}B")),
            Step::Whole(_) => text.push('!'),
            Step::Bytes(None) => text.push_str(":?B"),
            Step::Punned => text.push_str("(cast)"),
        }
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
            text.push_str(&format!(">{}", names.name_of(id)))
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
        expect!["A:w B:r B:w"],
    );
}

#[test]
fn folded_constants_create_nothing_unless_their_address_is_taken() {
    check("A = Const; P = &Const;", expect!["A:w Const:& P:w"]);
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
        expect!["S.a:w=3 S.b:rw Ar[?]:r A:r Ar[2]:w A(cast):w=1! Ar[1]:r A:w"],
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
    check("A = ({ int t = B; t; }); P = ({ &C; });", expect!["B:r A:w C:& P:w"]);
}

#[test]
fn copies_and_comparisons_say_how_many_bytes() {
    check(
        "__builtin_memcpy(p, &A, 3); __builtin_memcpy(p, &A, n); __builtin_memcmp(p, &A, 1); __builtin_memcmp(p, &A, 4);",
        expect!["*p:3B!:w A:3B!:r *p:?B!:w A:?B!:r *p:1B:r A:1B:r *p:cmp A:cmp"],
    );
}

#[test]
fn indices_by_the_counter_of_an_unrolled_loop_are_known_in_each_turn() {
    check(
        "for (int i = 0; i < 4; i++) p[2 * i + 1] = 1; for (i = 8; i; i--) p[i] = 1;
         for (int i = 7; i >= 0; i -= 2) p[i] = 1; for (int i = 0; i < n; i++) p[i] = 1;
         for (int i = 0; i < 4; i++) { p[i] = 1; i++; } for (int i = 0; i < 1000; i++) p[i] = 1;",
        expect!["*p[turn]:w=1 *p[turn]:w=1 *p[turn]:w=1 *p[?]:w=1 *p[?]:w=1 *p[?]:w=1"],
    );
}

#[test]
fn a_text_that_is_replaced_before_anyone_looks_is_dead() {
    let text = "char *t = \"a\"; ";
    check(
        &format!(
            "{text} switch (n) {{ case 1: t = \"b\"; break; case 2: return 1; default: t = \"c\"; }} f(t);"
        ),
        expect![[r#""a":&>t~ "b":&>t "c":&>t f() *t:&>f0"#]],
    );
    check(
        &format!("{text} if (n) t = \"b\"; else {{ A = 1; t = \"c\"; }} f(t);"),
        expect![[r#""a":&>t~ "b":&>t A:w=1 "c":&>t f() *t:&>f0"#]],
    );
    check(&format!("{text} if (n) t = \"b\"; f(t);"), expect![[r#""a":&>t "b":&>t f() *t:&>f0"#]]);
    check(
        &format!(
            "{text} switch (n) {{ case 1: t = \"b\"; break; case 2: break; default: t = \"c\"; }} f(t);"
        ),
        expect![[r#""a":&>t "b":&>t "c":&>t f() *t:&>f0"#]],
    );
}
