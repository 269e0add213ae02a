use super::{Detail, first_difference};
use crate::graph::{DatasecEntry, Linkage, Type, TypeId};
use crate::test_fixture::Fixture;
use expect_test::{Expect, expect};

fn check(
    detail: Detail,
    left: impl FnOnce(&mut Fixture) -> TypeId,
    right: impl FnOnce(&mut Fixture) -> TypeId,
    expect: Expect,
) {
    let (mut l, mut r) = (Fixture::new(), Fixture::new());
    // Ids never agree by accident.
    r.int("unrelated", 2);
    let (left, right) = (left(&mut l), right(&mut r));
    let difference = first_difference((&l.btf, left), (&r.btf, right), detail);
    expect.assert_eq(
        &difference.map_or("equal".to_owned(), |d| d.describe("the source", "the object")),
    );
}

/// `struct s { int a; long b; }`, or with other names, types and places.
fn pair(
    a: &'static str,
    b_offset: u32,
    b_width: u8,
    size: u32,
) -> impl FnOnce(&mut Fixture) -> TypeId {
    move |f| {
        let int = f.int("int", 4);
        let long = f.int("long", 8);
        f.record("s", size, &[(a, int, 0, 0), ("b", long, b_offset, b_width)])
    }
}

#[test]
fn equal_structs() {
    check(Detail::Types, pair("a", 64, 0, 16), pair("a", 64, 0, 16), expect!["equal"]);
}

#[test]
fn size() {
    check(
        Detail::Layout,
        pair("a", 64, 0, 16),
        pair("a", 64, 0, 24),
        expect!["size of struct s: 16 bytes in the source, 24 bytes in the object"],
    );
}

#[test]
fn member_name() {
    check(
        Detail::Layout,
        pair("a", 64, 0, 16),
        pair("c", 64, 0, 16),
        expect!["a member of struct s: a in the source, c in the object"],
    );
}

#[test]
fn member_offset() {
    check(
        Detail::Layout,
        pair("a", 64, 0, 16),
        pair("a", 32, 0, 16),
        expect!["offset of struct s.b: 8 bytes in the source, 4 bytes in the object"],
    );
}

#[test]
fn bit_field_width() {
    check(
        Detail::Layout,
        pair("a", 32, 3, 16),
        pair("a", 32, 4, 16),
        expect!["width of struct s.b: 3 bits in the source, 4 bits in the object"],
    );
}

#[test]
fn bit_field_offset() {
    check(
        Detail::Layout,
        pair("a", 33, 3, 16),
        pair("a", 36, 3, 16),
        expect![
            "offset of struct s.b: 4 bytes and 1 bits in the source, 4 bytes and 4 bits in the object"
        ],
    );
}

/// The place is the same, only the width is not.
#[test]
fn bit_field_or_not() {
    check(
        Detail::Layout,
        pair("a", 64, 0, 16),
        pair("a", 64, 5, 16),
        expect!["width of struct s.b: no bit-field in the source, 5 bits in the object"],
    );
}

#[test]
fn member_missing() {
    let one = |f: &mut Fixture| {
        let int = f.int("int", 4);
        f.record("s", 16, &[("a", int, 0, 0)])
    };
    check(
        Detail::Layout,
        pair("a", 64, 0, 16),
        one,
        expect!["number of members of struct s: 2 in the source, 1 in the object"],
    );
}

#[test]
fn kind() {
    check(
        Detail::Layout,
        |f| f.record("s", 4, &[]),
        |f| f.union("s", 4, &[]),
        expect!["kind of struct s: a struct in the source, a union in the object"],
    );
}

/// A struct with one member.
fn holds(member: impl FnOnce(&mut Fixture) -> TypeId) -> impl FnOnce(&mut Fixture) -> TypeId {
    |f| {
        let member = member(f);
        f.record("s", 8, &[("m", member, 0, 0)])
    }
}

fn unsigned(f: &mut Fixture) -> TypeId {
    f.int("unsigned int", 4)
}

fn signed(f: &mut Fixture) -> TypeId {
    f.int("int", 4)
}

#[test]
fn member_type_counts_only_where_types_do() {
    check(Detail::Layout, holds(signed), holds(unsigned), expect!["equal"]);
    check(
        Detail::Types,
        holds(signed),
        holds(unsigned),
        expect!["type of struct s.m: int in the source, unsigned int in the object"],
    );
}

#[test]
fn named_member_types_are_not_looked_into() {
    let bar = |size| {
        move |f: &mut Fixture| {
            let record = f.record("bar", size, &[]);
            f.ptr(record)
        }
    };
    check(Detail::Types, holds(bar(4)), holds(bar(8)), expect!["equal"]);
    let by_value = |size| move |f: &mut Fixture| f.record("bar", size, &[]);
    check(Detail::Layout, holds(by_value(4)), holds(by_value(8)), expect!["equal"]);
}

/// Only where both sides have no name there is nothing else to go by.
#[test]
fn an_anonymous_member_type_and_a_named_one() {
    let inner = |name: &'static str, offset| {
        move |f: &mut Fixture| {
            let int = f.int("int", 4);
            f.record(name, 8, &[("x", int, offset, 0)])
        }
    };
    check(Detail::Layout, holds(inner("", 0)), holds(inner("bar", 32)), expect!["equal"]);
    check(
        Detail::Types,
        holds(inner("", 0)),
        holds(inner("bar", 0)),
        expect!["type of struct s.m: struct {...} in the source, struct bar in the object"],
    );
}

#[test]
fn void_is_void() {
    let pointer = |to: fn(&mut Fixture) -> TypeId| {
        move |f: &mut Fixture| {
            let to = to(f);
            f.ptr(to)
        }
    };
    let void: fn(&mut Fixture) -> TypeId = |_| TypeId::VOID;
    check(Detail::Types, holds(pointer(void)), holds(pointer(void)), expect!["equal"]);
    check(
        Detail::Types,
        holds(pointer(void)),
        holds(pointer(signed)),
        expect!["type of struct s.m: void * in the source, int * in the object"],
    );
}

#[test]
fn declared_and_defined_struct_are_one_name() {
    let defined = |f: &mut Fixture| {
        let record = f.record("bar", 4, &[]);
        f.ptr(record)
    };
    let declared = |f: &mut Fixture| {
        let fwd = f.add(Type::Fwd { name: "bar".into(), is_union: false });
        f.ptr(fwd)
    };
    check(Detail::Types, holds(defined), holds(declared), expect!["equal"]);
}

#[test]
fn anonymous_member_types_are_looked_into() {
    let inner = |offset| {
        move |f: &mut Fixture| {
            let int = f.int("int", 4);
            f.record("", 8, &[("x", int, offset, 0)])
        }
    };
    check(
        Detail::Layout,
        holds(inner(0)),
        holds(inner(32)),
        expect!["offset of struct s.m.x: 0 bytes in the source, 4 bytes in the object"],
    );
}

#[test]
fn pointer_depth_and_array_length() {
    let pointer = |f: &mut Fixture| {
        let int = f.int("int", 4);
        f.ptr(int)
    };
    let double = |f: &mut Fixture| {
        let int = f.int("int", 4);
        let pointer = f.ptr(int);
        f.ptr(pointer)
    };
    check(
        Detail::Types,
        holds(pointer),
        holds(double),
        expect!["type of struct s.m: int * in the source, int ** in the object"],
    );
    let array = |len| {
        move |f: &mut Fixture| {
            let int = f.int("int", 4);
            f.array(int, len)
        }
    };
    check(
        Detail::Types,
        holds(array(2)),
        holds(array(3)),
        expect!["type of struct s.m: int[2] in the source, int[3] in the object"],
    );
}

#[test]
fn enumerators() {
    let build = |value| {
        move |f: &mut Fixture| {
            let e = f.enumeration("e", 4, &[("A", 0), ("B", value)]);
            f.add(Type::Enum(e))
        }
    };
    check(
        Detail::Layout,
        build(1),
        build(2),
        expect!["value of B in enum e: 1 in the source, 2 in the object"],
    );
}

#[test]
fn sections_by_their_variables() {
    let build = |name: &'static str, offset| {
        move |f: &mut Fixture| {
            let int = f.int("int", 4);
            let var = |f: &mut Fixture, name: &str| {
                f.add(Type::Var { name: name.into(), ty: int, linkage: Linkage::Global })
            };
            let first = var(f, "first");
            let second = var(f, name);
            let entries = vec![
                DatasecEntry { ty: first, offset: 0, size: 4 },
                DatasecEntry { ty: second, offset, size: 4 },
            ];
            f.add(Type::Datasec { name: ".bss".into(), size: 16, entries })
        }
    };
    check(
        Detail::Layout,
        build("second", 4),
        build("third", 4),
        expect!["variable at 4 in .bss: second in the source, third in the object"],
    );
    check(
        Detail::Layout,
        build("second", 4),
        build("second", 8),
        expect!["offset of second in .bss: 4 bytes in the source, 8 bytes in the object"],
    );
}

#[test]
fn functions() {
    let build = |count: usize, linkage| {
        move |f: &mut Fixture| {
            let int = f.int("int", 4);
            let proto = f.proto(int, &vec![int; count]);
            let name = "f".into();
            f.add(Type::Func(crate::graph::Function { name, proto, linkage }))
        }
    };
    check(
        Detail::Types,
        build(1, Linkage::Global),
        build(2, Linkage::Global),
        expect!["type of f: int(int) in the source, int(int, int) in the object"],
    );
    check(
        Detail::Layout,
        build(1, Linkage::Global),
        build(1, Linkage::Static),
        expect!["linkage of f: global in the source, static in the object"],
    );
}

#[test]
fn cycles_end() {
    let build = |f: &mut Fixture| {
        let next = TypeId(f.btf.types.len() as u32 + 1);
        let pointer = f.ptr(next);
        f.record("", 8, &[("a", pointer, 0, 0), ("b", next, 0, 0)])
    };
    check(Detail::Types, build, build, expect!["equal"]);
}
