//! What builds can see of a unit, and what of it is compared after an edit.

use std::{collections::BTreeMap, fmt::Write, sync::Arc};

use cfront::{
    fixture,
    flags::Flags,
    pp::preprocess,
    session::Session,
    symbol::Symbol,
    unit::{FileScope, Unit},
};
use expect_test::expect;

use super::{body::Shown, *};
use crate::{emission_order::emission_order, placement, survival};

const HEAD: &str = "struct s { int a, b; } S; extern int E; static int Static; int A[4], *P;
static int helper(int *p) { return *p; }
static int far(int);
";

fn unit(session: &Session, body: &str, previous: Option<&Unit>) -> Unit {
    let text = format!(
        "{HEAD}int test(int n, int *q) {{ {body} }}\nstatic int far(int x) {{ return x; }}\n"
    );
    let fixture = fixture::parse(&text);
    let (path, main) = fixture.main();
    let pp = preprocess(session, &fixture.file_system(), path, main, &Flags::default());
    Unit::build(Arc::new(pp), previous, false)
}

/// All that there is to be seen, of bodies and of names in the text.
fn everything(facts: &mut Facts<'_>, (): ()) -> String {
    let mut seen = file_scope(facts.file_scope());
    let names = ["helper", "test", "far", "undefined"].map(Symbol::intern);
    for name in names {
        let Some(body) = facts.function(name) else { continue };
        facts.generated(name);
        let shown: &Shown = &body;
        writeln!(seen, "{shown:?}").unwrap();
        for (local, number) in body.locals.iter().zip(0..) {
            let references: Vec<_> = body.of_local(number).collect();
            writeln!(seen, "{} {references:?} {:?}", local.name, body.local(number)).unwrap();
        }
        writeln!(seen, "{:?}", [body.parameter(0), body.parameter(1)]).unwrap();
    }
    for name in ["X", "E"].map(Symbol::intern) {
        let found = facts.block_extern(name);
        writeln!(seen, "{:?}", found.map(|(body, local)| (body.function.name, local))).unwrap();
    }
    let mentions = facts.mentions(names.into_iter().collect());
    writeln!(seen, "{:?}", names.map(|name| mentions.get(&name).copied())).unwrap();
    seen
}

fn file_scope(file_scope: &FileScope) -> String {
    let mut seen = String::new();
    let names = file_scope.declared_names().into_iter();
    let names: BTreeMap<&str, Symbol> = names.map(|(name, _)| (name.as_str(), name)).collect();
    for name in names.into_values() {
        writeln!(seen, "{name}: {:?} {:?}", file_scope.ordinary(name), file_scope.tag(name))
            .unwrap();
        if let Some(variable) = file_scope.variable(name) {
            writeln!(seen, "{:?}", file_scope.initial(&variable)).unwrap();
        }
    }
    for item in file_scope.main_items() {
        let declaration = file_scope.declaration(*item);
        let syntax =
            declaration.map(|(item, scope)| (format!("{:?}", item.syntax), scope.locals().len()));
        writeln!(seen, "{item:?} {} {syntax:?}", file_scope.in_main_file(*item)).unwrap();
    }
    writeln!(seen, "{:?}", file_scope.top_level()).unwrap();
    seen
}

#[test]
fn a_record_is_taken_over_where_a_build_sees_the_same() {
    let edits = [
        ("", "int n2 = 1; n2 += n;"),
        ("A[0] = 1;", "int unused; A[0] = 1; /* a comment */"),
        ("A[0] = 1;", "A[0] = 2;"),
        ("A[0] = 1;", "A[1] = 1;"),
        ("helper(&Static);", "if (n) helper(&Static);"),
        ("helper(&Static);", "helper(q);"),
        ("int *l = &Static; *l = 1;", "int *l = &Static; *l = 2;"),
        ("int t[3] = {1, 2, 3};", "int t[3] = {1, 2, 4};"),
        ("int t[3] = {1, 2, 3};", "int i, t[3] = {1, 2, 3};"),
        ("static int v = 1; v++;", "static int v = 2; v++;"),
        ("static int v; v++;", "int i; static int v; v++;"),
        (
            "static int v; static int *p = &v; *p = 1;",
            "int i; static int v; static int *p = &v; *p = 1;",
        ),
        ("extern int X; X = 1;", "extern long X; X = 1;"),
        ("int i;", "int far;"),
        ("n = 1;", "n = "),
    ];
    let mut told = String::new();
    for (from, to) in edits {
        let session = Session::default();
        let first = unit(&session, from, None);
        let second = unit(&session, to, Some(&first));
        let (before, record) = recorded(&first, (), everything);
        let (after, _) = recorded(&second, (), everything);
        let taken_over = record.taken_over(&second);
        assert_eq!(taken_over.is_some(), before == after, "{from} -> {to}\n{before}\n{after}");
        let state = match taken_over.as_ref().map(Record::is_complete) {
            Some(true) => "taken over",
            Some(false) => "taken over, incomplete",
            None => "read anew",
        };
        writeln!(told, "{from:30} -> {to}: {state}").unwrap();
    }
    expect![[r#"
                                       -> int n2 = 1; n2 += n;: taken over
        A[0] = 1;                      -> int unused; A[0] = 1; /* a comment */: taken over
        A[0] = 1;                      -> A[0] = 2;: read anew
        A[0] = 1;                      -> A[1] = 1;: read anew
        helper(&Static);               -> if (n) helper(&Static);: taken over
        helper(&Static);               -> helper(q);: read anew
        int *l = &Static; *l = 1;      -> int *l = &Static; *l = 2;: read anew
        int t[3] = {1, 2, 3};          -> int t[3] = {1, 2, 4};: read anew
        int t[3] = {1, 2, 3};          -> int i, t[3] = {1, 2, 3};: taken over
        static int v = 1; v++;         -> static int v = 2; v++;: read anew
        static int v; v++;             -> int i; static int v; v++;: taken over
        static int v; static int *p = &v; *p = 1; -> int i; static int v; static int *p = &v; *p = 1;: taken over
        extern int X; X = 1;           -> extern long X; X = 1;: read anew
        int i;                         -> int far;: read anew
        n = 1;                         -> n = : taken over, incomplete
    "#]].assert_eq(&told);
}

#[test]
fn the_length_of_a_body_counts_where_it_may_be_inlined() {
    let taken_over = |function: &str| {
        let session = Session::default();
        let of = |statements: usize, previous: Option<&Unit>| {
            let more = format!("}} {function} {{ {}", ";".repeat(statements));
            unit(&session, &more, previous)
        };
        let first = of(60, None);
        let (_, record) = recorded(&first, (), |facts, ()| facts.function(Symbol::intern("f")));
        record.taken_over(&of(120, Some(&first))).is_some()
    };
    assert!(taken_over("int f(int *p)"));
    assert!(taken_over("static __attribute__((noinline)) int f(int *p)"));
    assert!(!taken_over("static int f(int *p)"));
}

#[test]
fn units_that_differ_in_bodies_only_have_one_file_scope() {
    let of = |body| file_scope(unit(&Session::default(), body, None).file_scope());
    let plain = of("");
    assert!(plain.contains("helper") && plain.contains("Static"));
    let edits = [
        ("struct s l = {1}; extern int E; static int A = 2;", true),
        ("struct s { long c; } l; typedef int far;", true),
        ("if (n) { 1 + ; } switch", true),
        ("} int more(void) {", false),
        ("} {", false),
        ("(", false),
    ];
    for (body, shared) in edits {
        let session = Session::default();
        let first = unit(&session, "", None);
        let second = unit(&session, body, Some(&first));
        assert_eq!(second.changed_since(&first).is_some(), shared, "{body}");
        assert!(!shared || of(body) == plain, "{body}");
    }
}

#[test]
fn a_build_has_stand_ins_for_places() {
    fn build(facts: &mut Facts<'_>, (): ()) -> Vec<Option<Place>> {
        let created = emission_order(facts);
        let liveness = survival::liveness(facts, &created, false);
        let laid = placement::lay_out(facts, &created, &liveness);
        laid.sections.iter().flat_map(|section| &section.variables).map(|one| one.place).collect()
    }
    let session = Session::default();
    let first = unit(&session, "static int here; here = helper(&here);", None);
    let (stand_ins, mut record) = recorded(&first, (), build);
    assert!(stand_ins.iter().flatten().all(|place| place.file == u32::MAX));
    let mut places = stand_ins.clone();
    record.settle(places.iter_mut());
    let second = unit(&session, "int i;\n\nstatic int here; here = helper(&here);", Some(&first));
    let later = record.taken_over(&second).expect("the same");
    let mut moved = places.clone();
    later.move_places(&record, moved.iter_mut());
    let lines: Vec<String> = (places.iter().flatten().zip(moved.iter().flatten()))
        .map(|(before, after)| format!("{before:?} -> {after:?}"))
        .collect();
    expect![[r#"
        Place { file: 0, start: 172, end: 176 } -> Place { file: 0, start: 180, end: 184 }
        Place { file: 0, start: 23, end: 24 } -> Place { file: 0, start: 23, end: 24 }
        Place { file: 0, start: 63, end: 64 } -> Place { file: 0, start: 63, end: 64 }
        Place { file: 0, start: 70, end: 71 } -> Place { file: 0, start: 70, end: 71 }"#]]
    .assert_eq(&lines.join("\n"));
}
