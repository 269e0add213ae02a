//! Round trips, and what damage may not do: whatever a `.BTF` section holds, reading it and using
//! what was read ends, and ends without a panic.

use proptest::prelude::*;

use crate::graph::{Btf, DatasecEntry, Function, IntType, Linkage, Param, Type, TypeId};
use crate::members::visible_members;
use crate::reader::{ByteOrder, read};
use crate::test_fixture::Fixture;
use crate::writer::write;
use crate::{CDumper, Detail, dump_c, first_difference, pahole, raw};

/// A graph with every kind in it.
fn every_kind() -> Btf {
    let mut f = Fixture::new();
    let int = f.int("int", 4);
    let char = f.int("char", 1);
    let constant = f.constant(char);
    let tagged = f.tag("user", constant);
    let text = f.ptr(tagged);
    let array = f.array(char, 16);
    let volatile = f.add(Type::Volatile(array));
    let restricted = f.add(Type::Restrict(text));
    let node = TypeId(f.btf.types.len() as u32 + 1);
    let next = f.ptr(node);
    f.record("node", 40, &[("next", next, 0, 0), ("a", int, 64, 3), ("text", volatile, 96, 0)]);
    let anonymous = f.union("", 40, &[("node", node), ("text", restricted)]);
    let outer = f.record("", 48, &[("", anonymous, 0, 0), ("last", int, 320, 0)]);
    let typedef = f.typedef("outer_t", outer);
    let small = f.enumeration("small", 4, &[("A", 1), ("B", -1)]);
    let small = f.add(Type::Enum(small));
    let large = f.enumeration("large", 8, &[("C", 1 << 40), ("D", 0)]);
    let large = f.add(Type::Enum64(large));
    f.add(Type::Fwd { name: "later".into(), is_union: true });
    let float = f.add(Type::Float { name: "double".into(), size: 8 });
    let params = [("n", typedef), ("e", small), ("f", large), ("d", float), ("", TypeId::VOID)];
    let params =
        params.iter().map(|&(name, ty)| Param { name: name.into(), ty }).collect::<Vec<_>>();
    let proto = f.add(Type::FuncProto { ret: next, params });
    let func = f.add(Type::Func(Function { name: "f".into(), proto, linkage: Linkage::Global }));
    let pointer = f.ptr(proto);
    let var = f.add(Type::Var { name: "v".into(), ty: pointer, linkage: Linkage::Extern });
    f.add(Type::DeclTag { name: "tag".into(), ty: func, component: 1 });
    f.add(Type::DeclTag { name: "tag".into(), ty: node, component: -1 });
    let entries = vec![DatasecEntry { ty: var, offset: 0, size: 8 }];
    f.add(Type::Datasec { name: ".data".into(), size: 8, entries });
    let int = |name: &str, is_char, is_bool, offset, bits| {
        let (name, size) = (name.into(), 4);
        Type::Int(IntType { name, size, bits, offset, signed: false, is_char, is_bool })
    };
    f.add(int("unsigned int", false, false, 0, 32));
    f.add(int("char", true, false, 0, 8));
    f.add(int("_Bool", false, true, 0, 8));
    f.add(int("middle", false, false, 3, 5));
    f.btf
}

/// Asks everything there is to ask.
fn use_it(btf: &Btf) {
    let mut unique = CDumper::new(btf);
    let mut plain = CDumper::with_plain_names(btf);
    raw::dump(btf);
    for (id, _) in btf.iter() {
        unique.type_decl(id, "x", 1, false);
        unique.type_decl(id, "", 0, true);
        plain.dump_definition(id);
        dump_c::type_name(btf, id);
        btf.size_of(id);
        pahole::describe(btf, id);
        pahole::holes(btf, id);
        visible_members(btf, id);
        btf.align_of(id);
        btf.resolve(id);
        assert_eq!(first_difference((btf, id), (btf, id), Detail::Types), None);
        first_difference((btf, id), (btf, TypeId(1)), Detail::Types);
        first_difference((btf, TypeId(1)), (btf, id), Detail::Layout);
    }
}

#[test]
fn what_is_written_is_read_back() {
    let btf = every_kind();
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let bytes = write(&btf, order).unwrap();
        assert_eq!(read(&bytes).unwrap(), btf);
    }
    use_it(&btf);
}

#[test]
fn every_truncation_is_refused() {
    let bytes = write(&every_kind(), ByteOrder::Little).unwrap();
    for len in 0..bytes.len() {
        assert!(read(bytes.get(..len).unwrap()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn damaged_words_do_no_harm(
        damage in prop::collection::vec((any::<prop::sample::Index>(), word()), 1..8),
        big in any::<bool>(),
    ) {
        let order = if big { ByteOrder::Big } else { ByteOrder::Little };
        let mut bytes = write(&every_kind(), order).unwrap();
        for (place, word) in damage {
            let place = place.index(bytes.len() / 4) * 4;
            let word = if big { word.to_be_bytes() } else { word.to_le_bytes() };
            bytes.splice(place..place + 4, word);
        }
        if let Ok(btf) = read(&bytes) {
            use_it(&btf);
        }
    }

    #[test]
    fn any_bytes_do_no_harm(body in prop::collection::vec(any::<u8>(), 0..256)) {
        let mut bytes = write(&Btf::new(), ByteOrder::Little).unwrap();
        bytes.splice(12..16, (body.len() as u32 / 4 * 4).to_le_bytes());
        bytes.splice(16..20, (body.len() as u32).to_le_bytes());
        bytes.splice(24..24, body);
        if let Ok(btf) = read(&bytes) {
            use_it(&btf);
        }
    }

    /// The reader lets no such graph through, but a half-typed source file may give one.
    #[test]
    fn any_graph_can_be_asked(targets in prop::collection::vec((0..12_u8, 0..24_u32, 0..24_u32), 1..24)) {
        let mut f = Fixture::new();
        for (kind, a, b) in targets {
            let (a, b) = (TypeId(a), TypeId(b));
            match kind {
                0 => f.int("int", a.0),
                1 => f.ptr(a),
                2 => f.constant(a),
                3 => f.array(a, b.0),
                4 => f.typedef("t", a),
                5 => f.proto(a, &[b, a]),
                6 => f.record("s", b.0, &[("a", a, b.0 * 8, 0), ("b", b, 0, 0)]),
                7 => f.record("", b.0, &[("a", a, b.0, 7), ("b", b, 64, 0), ("", b, 0, 0)]),
                8 => f.union("", a.0, &[("a", b)]),
                9 => f.tag("t", a),
                10 => f.add(Type::Var { name: "v".into(), ty: a, linkage: Linkage::Static }),
                _ => f.add(Type::DeclTag { name: "d".into(), ty: a, component: -1 }),
            };
        }
        use_it(&f.btf);
    }
}

/// Words that are likely to be believed: small ids, infos of every kind, and extremes.
fn word() -> impl Strategy<Value = u32> {
    prop_oneof![
        0..40_u32,
        (0..21_u32, 0..6_u32, any::<bool>())
            .prop_map(|(kind, vlen, kflag)| u32::from(kflag) << 31 | kind << 24 | vlen),
        any::<u32>(),
        Just(u32::MAX),
    ]
}
