//! Tests of units built from text.

use std::sync::Arc;

use expect_test::{Expect, expect};

use crate::{
    ctypes::{CType, CTypeId},
    fixture,
    flags::Flags,
    pp::preprocess,
    sema::{Definition, Initial, RelocationTarget},
    session::Session,
    symbol::Symbol,
    unit::Unit,
};

fn unit(text: &str) -> Unit {
    let fixture = fixture::parse(text);
    let (path, main) = fixture.main();
    let session = Session::default();
    let pp = preprocess(&session, &fixture.file_system(), path, main, &Flags::default());
    Unit::build(Arc::new(pp), None, false)
}

/// Types, sizes, alignments and first bytes of all variables.
fn variables(unit: &Unit) -> String {
    let mut out = String::new();
    for v in unit.variables() {
        let size = v.size.map_or("?".into(), |s| s.to_string());
        let align = v.align.map_or("?".into(), |s| s.to_string());
        out += &format!("{} | {size} {align}", unit.spell(v.ty, Some(v.name.as_str())));
        if !matches!(v.definition, Definition::Initialised(_)) {
            out.push('\n');
            continue;
        }
        match unit.initial(&v) {
            Initial::Zero => out += " | zero",
            Initial::Unknown => out += " | unknown",
            Initial::Bytes { bytes, relocations } => {
                out += " | ";
                bytes.iter().take(48).for_each(|b| out += &format!("{b:02x}"));
                for r in relocations {
                    let target = match r.target {
                        RelocationTarget::Symbol(s) => s.as_str().to_owned(),
                        RelocationTarget::String(s, _) => {
                            format!("{:?}", String::from_utf8_lossy(&s))
                        }
                        other => format!("{other:?}"),
                    };
                    out += &format!(" {}:{target}", r.offset);
                }
            }
        }
        out.push('\n');
    }
    out
}

fn check_variables(text: &str, expect: Expect) {
    expect.assert_eq(&variables(&unit(text)));
}

/// The layout of `struct s`.
fn check_layout(text: &str, expect: Expect) {
    let unit = unit(text);
    let mut out = String::new();
    let ty = unit.tag(Symbol::intern("s")).unwrap_or(CTypeId::UNKNOWN);
    let CType::Record(id) = unit.canonical(ty) else { panic!("no struct s") };
    let record = unit.record(id).unwrap();
    out += &format!("size {:?} align {:?}\n", record.size, record.align);
    for f in &record.fields {
        let name = f.name.map_or("", |n| n.as_str());
        out += &format!("{:?} {}", f.offset_bits, unit.spell(f.ty, Some(name)));
        if let Some(bits) = f.bits {
            out += &format!(" : {bits}");
        }
        out.push('\n');
    }
    expect.assert_eq(&out);
}

#[test]
fn basics() {
    check_variables(
        "typedef unsigned int u32; int a; u32 b = 5; char s[] = \"abc\"; int arr[] = {1, [4] = 2, 3};\n\
         struct p { int x; char c; short h[2]; } q = { .c = 1, .h = {2, 3} }; int *ptr = &a; char *str = \"x\";\n\
         float f = -0.0f; float z = 0.0f; extern int e[]; int e[4]; const volatile int cv = 3; int t[];\n\
         static u32 st __attribute__((aligned(64)));\n\
         enum { A, B = 1 << 4, C }; char big[C * sizeof(struct p)]; struct p two[] = {1, 2, 3, 4, 5};\n",
        expect![[r#"
            int a | 4 4
            u32 b | 4 4 | 05000000
            char s[4] | 4 1 | 61626300
            int arr[6] | 24 4 | 010000000000000000000000000000000200000003000000
            struct p q | 12 4 | 000000000100020003000000
            int *ptr | 8 8 | 0000000000000000 0:a
            char *str | 8 8 | 0000000000000000 0:"x"
            float f | 4 4 | 00000080
            float z | 4 4 | zero
            int e[4] | 16 4
            const volatile int cv | 4 4 | 03000000
            int t[1] | 4 4
            u32 st | 4 64
            char big[204] | 204 1
            struct p two[2] | 24 4 | 010000000200030004000000050000000000000000000000
        "#]],
    );
}
