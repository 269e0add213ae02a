//! What libbpf takes and refuses, and what maps take in memory.

use btf::{Linkage::Global, TypeId};

use super::*;
use crate::test_objects::ObjectBuilder;

/// The map of these members, or what libbpf says instead.
fn map(members: impl FnOnce(&mut ObjectBuilder, TypeId) -> Vec<(&'static str, TypeId)>) -> String {
    let mut b = ObjectBuilder::default();
    let int = b.int("int", 4, true);
    let members = members(&mut b, int);
    let places: Vec<_> = members.iter().zip(0..).map(|(m, i)| (m.0, m.1, i * 8)).collect();
    let size = places.len() as u32 * 8;
    let record = b.structure("", size, &places);
    let section = b.section(".maps", size.into(), &[("m", record, 0, Global)]).clone();
    let (maps, refusals) = of_sections("test", &b.btf, &[section]);
    let sizes = |m: &Map| {
        let bytes = (m.entry_bytes(), m.payload_bytes());
        format!("{:?}/{:?} {bytes:?}", m.def.key_size.unwrap_or(0), m.def.value_size.unwrap_or(0))
    };
    maps.iter().map(sizes).chain(refusals.iter().map(ToString::to_string)).collect()
}

#[test]
fn sizes_said_twice_must_agree() {
    let with = |size: u32| {
        map(|b, int| {
            let (ty, key, said) = (b.uint(int, 1), b.ptr(int), b.uint(int, size));
            vec![("type", ty), ("key_size", said), ("key", key), ("value", key)]
        })
    };
    assert_eq!(with(4), "4/4 (Some(12), None)");
    // 0 is not said.
    assert_eq!(with(0), "4/4 (Some(12), None)");
    let refused = with(8);
    assert!(refused.contains("map m: says two key sizes, 8 and 4"), "{refused}");
    assert!(refused.contains("EINVAL"), "{refused}");
}

/// The kernel rounds each value up to 8 bytes, and keeps no keys of arrays.
#[test]
fn bytes_of_entries() {
    let with = |map_type: u32| {
        map(|b, int| {
            let value = b.array(int, 3);
            let (ty, entries) = (b.uint(int, map_type), b.uint(int, 10));
            let (key, value) = (b.ptr(int), b.ptr(value));
            vec![("type", ty), ("max_entries", entries), ("key", key), ("value", value)]
        })
    };
    assert_eq!(with(ARRAY), "4/12 (Some(16), Some(160))");
    assert_eq!(with(PERCPU_ARRAY), "4/12 (Some(16), Some(160))");
    // BPF_MAP_TYPE_HASH
    assert_eq!(with(1), "4/12 (Some(20), Some(200))");
}

/// A struct_ops variable must lie in its section whole (`init_struct_ops_maps`).
#[test]
fn struct_ops_lie_in_their_section() {
    let with = |size: u64| {
        let mut b = ObjectBuilder::default();
        let int = b.int("int", 4, true);
        let ops = b.structure("ops", 8, &[("a", int, 0), ("b", int, 4)]);
        let section = b.section(".struct_ops.link", size, &[("o", ops, 8, Global)]).clone();
        let (maps, refusals) = of_sections("test", &b.btf, &[section]);
        let names: Vec<_> = maps.iter().map(|m| (m.def.map_flags, m.def.value_size)).collect();
        (names, refusals.len())
    };
    assert_eq!(with(15), (vec![], 1));
    assert_eq!(with(16), (vec![(Some(F_LINK), Some(8))], 0));
    assert_eq!(with(24), (vec![(Some(F_LINK), Some(8))], 0));
}

/// `__ulong` is an enumerator of either width, which the kernel gets with its sign, or an array's length.
#[test]
fn map_extra_is_an_enumerator_or_a_number() {
    let with = |extra: fn(&mut ObjectBuilder, TypeId) -> TypeId| {
        let mut b = ObjectBuilder::default();
        let int = b.int("int", 4, true);
        let (ty, extra) = (b.uint(int, 30), extra(&mut b, int));
        let record = b.structure("", 16, &[("type", ty, 0), ("map_extra", extra, 8)]);
        let section = b.section(".maps", 16, &[("m", record, 0, Global)]).clone();
        let (maps, refusals) = of_sections("test", &b.btf, &[section]);
        (maps.first().and_then(|map| map.def.map_extra), refusals.len())
    };
    assert_eq!(with(|b, _| b.enumeration("", &[("only", 7)])), (Some(7), 0));
    assert_eq!(with(|b, _| b.enumeration("", &[("only", -1)])), (Some(u64::MAX), 0));
    assert_eq!(with(|b, int| b.uint(int, 9)), (Some(9), 0));
    assert_eq!(with(|b, _| b.enumeration("", &[("one", 1), ("two", 2)])), (None, 1));
    assert_eq!(with(|_, int| int), (None, 1));
    let wide = |b: &mut ObjectBuilder, _| {
        let value = btf::Enumerator { name: "only".into(), value: 1 << 40 };
        let (name, values) = ("".into(), vec![value]);
        b.btf.add(Type::Enum64(btf::EnumType { name, size: 8, signed: false, values }))
    };
    assert_eq!(with(wide), (Some(1 << 40), 0));
}

/// Without BTF nothing is known of a section's variables, unless it is empty.
#[test]
fn struct_ops_need_btf() {
    let with = |size: u64| {
        let mut b = ObjectBuilder::default();
        let section = b.section(".struct_ops", size, &[]).clone();
        of_sections("test", &b.btf, &[section]).1.len()
    };
    assert_eq!((with(0), with(8)), (0, 1));
}
