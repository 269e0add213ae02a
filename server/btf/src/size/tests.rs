//! What libbpf's `btf__resolve_size` and `btf__align_of` answer.

use super::*;
use crate::graph::{DatasecEntry, Linkage};
use crate::test_fixture::Fixture;

fn check(f: &Fixture, id: TypeId, size: Option<u64>, align: Option<u32>) {
    assert_eq!((f.btf.size_of(id), f.btf.align_of(id)), (size, align), "{:?}", f.btf.get(id));
}

#[test]
fn scalars_are_aligned_by_size_and_at_most_as_a_pointer() {
    let mut f = Fixture::new();
    let int = f.int("int", 4);
    let wide = f.int("__int128", 16);
    let narrow_enum = f.enumeration("e", 4, &[("A", 0)]);
    let narrow_enum = f.add(Type::Enum(narrow_enum));
    let byte_enum = f.enumeration("b", 1, &[("B", 0)]);
    let byte_enum = f.add(Type::Enum(byte_enum));
    let wide_enum = f.enumeration("w", 8, &[("C", 0)]);
    let wide_enum = f.add(Type::Enum64(wide_enum));
    let double = f.add(Type::Float { name: "double".into(), size: 8 });
    let pointer = f.ptr(int);
    let scalars = [(int, 4), (wide, 16), (narrow_enum, 4), (byte_enum, 1), (wide_enum, 8)];
    for pointer_size in [8, 4] {
        f.btf.pointer_size = pointer_size;
        for (id, size) in scalars.into_iter().chain([(double, 8)]) {
            check(&f, id, Some(size), Some(pointer_size.min(size as u32)));
        }
        check(&f, pointer, Some(pointer_size.into()), Some(pointer_size));
    }
}

#[test]
fn names_and_qualifiers_are_looked_through() {
    let mut f = Fixture::new();
    let short = f.int("short", 2);
    let volatile = f.add(Type::Volatile(short));
    let named = f.typedef("s16", volatile);
    let constant = f.constant(named);
    let array = f.array(constant, 3);
    check(&f, array, Some(6), Some(2));
    let tagged = f.tag("user", short);
    let restricted = f.add(Type::Restrict(tagged));
    check(&f, restricted, Some(2), Some(2));
}

#[test]
fn records_by_their_members_or_packed() {
    let mut f = Fixture::new();
    let (char, int) = (f.int("char", 1), f.int("int", 4));
    let plain = f.record("plain", 8, &[("a", char, 0, 0), ("b", int, 32, 0)]);
    check(&f, plain, Some(8), Some(4));
    let odd_size = f.record("odd_size", 5, &[("a", int, 0, 0), ("b", char, 32, 0)]);
    check(&f, odd_size, Some(5), Some(1));
    let odd_place = f.record("odd_place", 8, &[("a", char, 0, 0), ("b", int, 8, 0)]);
    check(&f, odd_place, Some(8), Some(1));
    let bit_field = f.record("bits", 4, &[("a", int, 3, 5)]);
    check(&f, bit_field, Some(4), Some(4));
    let union = f.union("u", 4, &[("a", char), ("b", int)]);
    check(&f, union, Some(4), Some(4));
    let empty = f.record("empty", 0, &[]);
    check(&f, empty, Some(0), Some(1));
    let outer = f.record("outer", 9, &[("a", odd_size, 0, 0), ("b", odd_size, 40, 0)]);
    check(&f, outer, Some(9), Some(1));
}

#[test]
fn what_has_no_size() {
    let mut f = Fixture::new();
    let declared = f.add(Type::Fwd { name: "s".into(), is_union: false });
    let int = f.int("int", 4);
    let proto = f.proto(int, &[]);
    for id in [TypeId::VOID, declared, proto] {
        check(&f, id, None, None);
    }
    let nothing = f.int("nothing", 0);
    check(&f, nothing, Some(0), None);
    let huge = f.array(int, 1 << 30);
    check(&f, huge, None, Some(4));
    let incomplete = f.array(declared, 2);
    check(&f, incomplete, None, None);
}

/// A variable has its type's size; libbpf asks for no alignment of it, nor of a section.
#[test]
fn variables_and_sections() {
    let mut f = Fixture::new();
    let int = f.int("int", 4);
    let linkage = Linkage::Global;
    let variable = f.add(Type::Var { name: "v".into(), ty: int, linkage });
    check(&f, variable, Some(4), None);
    let entries = vec![DatasecEntry { ty: variable, offset: 0, size: 4 }];
    let section = f.add(Type::Datasec { name: ".bss".into(), size: 16, entries });
    check(&f, section, Some(16), None);
}

#[test]
fn rounding_up_never_wraps() {
    for (bytes, rounded) in [(0, 0), (1, 8), (8, 8), (9, 16), (u64::MAX - 6, u64::MAX)] {
        assert_eq!(round_up(bytes, 8), rounded, "{bytes}");
    }
}
