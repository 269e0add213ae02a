//! Unknown is not absent and not refused: objects of which a header is missing, or is stood in for.

use std::sync::Arc;

use cfront::{fixture, flags::Flags, pp::preprocess, session::Session, unit::Unit};
use expect_test::{Expect, expect};

use super::build;

/// The maps and the refusals of a program as it lies in a checkout, with built-in headers for those of libbpf.
fn check(text: &str, expect: Expect) {
    let fixture = fixture::parse(text);
    let (path, main) = fixture.main();
    let flags = Flags { stand_ins: true, ..Flags::default() };
    let session = Session::default();
    let pp = preprocess(&session, &fixture.file_system(), path, main, &flags);
    let source = build(&Unit::build(Arc::new(pp), None, false), "test");
    let mut out = String::new();
    for map in &source.object.maps {
        out += &format!(
            "{}: type {:?}, {:?} entries\n",
            map.name, map.def.map_type, map.def.max_entries
        );
    }
    for refusal in &source.refusals {
        out += &format!("refused: {refusal}\n");
    }
    expect.assert_eq(&out);
}

const MAP: &str = "struct { int (*type)[MAP_TYPE]; int (*max_entries)[64]; int *key; long *value; } hits SEC(\".maps\");\n";
const SEC: &str = "#define SEC(name) __attribute__((section(name), used))\n";

#[test]
fn a_map_whose_type_a_missing_header_declares_is_a_map() {
    check(
        &format!("#include \"types.h\"\n{SEC}{MAP}int total;"),
        expect![[r#"
        hits: type None, None entries
        test.bss: type Some(2), Some(1) entries
    "#]],
    );
}

#[test]
fn with_all_headers_it_is_refused() {
    check(
        &format!("{SEC}{MAP}int total;"),
        expect![[r#"
        test.bss: type Some(2), Some(1) entries
        refused: map hits: has no type (libbpf fails to open the object with -EINVAL)
    "#]],
    );
}

#[test]
fn a_name_that_a_stand_in_lacks_is_no_refusal() {
    check(
        "#include <bpf/bpf_helpers.h>
         extern long name_of_the_real_header;
         SEC(\"tc\") int f(void *c) { return name_of_the_real_header; }
         SEC(\".struct_ops\") struct of_the_real_header ops = { 0 };",
        expect![[r#"
            ops: type None, None entries
        "#]],
    );
}

#[test]
fn what_holds_with_any_header_is_refused_with_a_stand_in_too() {
    check(
        "#include <bpf/bpf_helpers.h>
         static struct { int (*type)[2]; int (*max_entries)[1]; int *key; int *value; } hits SEC(\".maps\");
         SEC(\"tc\") int f(void *c) { return *(int *)&hits; }",
        expect![[r#"
            refused: map hits is static or hidden (libbpf fails to open the object with -EOPNOTSUPP)
        "#]],
    );
}
