//! Random graphs of types: most of what C can say, and references that it cannot.

use btf::{
    Btf, Composite, DatasecEntry, EnumType, Enumerator, Function, IntType, Linkage, Member, Param,
    Type, TypeId,
};

use super::Random;

/// Names that mean something to a printer or to libbpf, and some that no identifier has.
const NAMES: &[&str] = &[
    "a",
    "",
    "b",
    "pair",
    "type",
    "max_entries",
    "key",
    "value",
    "values",
    "map_flags",
    "pinning",
    "long",
    "run",
    "a b",
    "é",
    "*/",
    "a\nb",
    "a_name_that_is_longer_than_what_a_short_string_keeps_in_place",
];

/// A graph of `int` and `char` (the types 1 and 2) and up to `most` more. References lead to what stands
/// before, and seldom to what comes later or never.
pub fn types(random: &mut Random, most: usize) -> Btf {
    let mut btf = Btf::new();
    for (name, size) in [("int", 4), ("char", 1)] {
        btf.add(int(name, size));
    }
    for _ in 0..random.below(most + 1) {
        let ty = any_type(random, &btf);
        btf.add(ty);
    }
    btf
}

/// An ordinary integer type.
pub fn int(name: &str, size: u32) -> Type {
    Type::Int(IntType {
        name: name.into(),
        size,
        bits: (size * 8) as u8,
        offset: 0,
        signed: true,
        is_char: false,
        is_bool: false,
    })
}

/// A type of the graph, seldom one that is not there.
pub fn reference(random: &mut Random, btf: &Btf) -> TypeId {
    let len = btf.types.len();
    match random.below(24) {
        22 => TypeId::VOID,
        23 => TypeId((len + random.below(8)) as u32),
        _ => TypeId(1 + random.below(len - 1) as u32),
    }
}

/// A number of bytes or elements: small, or one at which sums overflow.
pub fn size(random: &mut Random) -> u32 {
    match random.below(8) {
        6 => 1 << random.below(32),
        7 => u32::MAX - random.below(16) as u32,
        _ => random.below(64) as u32,
    }
}

/// A name.
pub fn name(random: &mut Random) -> &'static str {
    random.pick(NAMES)
}

/// How a thing is linked.
pub fn linkage(random: &mut Random) -> Linkage {
    random.pick(&[Linkage::Global, Linkage::Static, Linkage::Extern])
}

fn any_type(random: &mut Random, btf: &Btf) -> Type {
    let to = reference(random, btf);
    match random.below(19) {
        0 => Type::Struct(composite(random, btf)),
        1 => Type::Ptr(to),
        2 => Type::Array { elem: to, index: TypeId(1), len: size(random) },
        3 => Type::Union(composite(random, btf)),
        4 => Type::Typedef { name: name(random).into(), to },
        5 => Type::Const(to),
        6 => Type::Volatile(to),
        7 => Type::Restrict(to),
        8 => Type::TypeTag { name: name(random).into(), to },
        9 => Type::FuncProto { ret: to, params: params(random, btf) },
        10 => {
            let proto = first(btf, to, |ty| matches!(ty, Type::FuncProto { .. }));
            match btf.get(proto) {
                Type::Void | Type::Int(_) => Type::FuncProto { ret: to, params: Vec::new() },
                _ => Type::Func(Function {
                    name: name(random).into(),
                    proto,
                    linkage: linkage(random),
                }),
            }
        }
        11 => Type::Var { name: name(random).into(), ty: to, linkage: linkage(random) },
        12 => Type::Enum(enumeration(random)),
        13 => Type::Enum64(enumeration(random)),
        14 => Type::Fwd { name: name(random).into(), is_union: random.one_in(2) },
        15 => Type::Float { name: name(random).into(), size: random.pick(&[8, 4, 2, 16, 0]) },
        16 => Type::DeclTag {
            name: name(random).into(),
            ty: to,
            component: random.below(4) as i32 - 1,
        },
        17 => {
            let size = size(random);
            let entries = (0..random.below(4)).map(|_| entry(random, btf)).collect();
            Type::Datasec { name: name(random).into(), size, entries }
        }
        _ => Type::Int(IntType {
            name: name(random).into(),
            size: random.pick(&[4, 1, 2, 8, 16, 3, 0]),
            bits: random.below(256) as u8,
            offset: random.pick(&[0, 0, 0, 7, 255]),
            signed: random.one_in(2),
            is_char: random.one_in(4),
            is_bool: random.one_in(4),
        }),
    }
}

fn composite(random: &mut Random, btf: &Btf) -> Composite {
    let mut members = Vec::new();
    let mut end = 0_u32;
    for _ in 0..random.below(6) {
        let ty = reference(random, btf);
        let odd = random.below(16);
        let offset_bits = if odd == 15 { size(random) } else { end };
        let bitfield_bits = if odd == 14 { 1 + random.below(64) as u8 } else { 0 };
        members.push(Member { name: name(random).into(), ty, offset_bits, bitfield_bits });
        let bytes = btf.size_of(ty).and_then(|bytes| u32::try_from(bytes).ok()).unwrap_or(8);
        end = end.saturating_add(bytes.saturating_mul(8)).min(1 << 23);
    }
    let size = if random.below(16) == 15 { size(random) } else { end / 8 };
    Composite { name: name(random).into(), size, members }
}

fn params(random: &mut Random, btf: &Btf) -> Vec<Param> {
    let count = random.below(4);
    (0..count).map(|_| Param { name: name(random).into(), ty: reference(random, btf) }).collect()
}

fn enumeration(random: &mut Random) -> EnumType {
    let values = (0..random.below(4)).map(|_| {
        let value = (size(random) as i64) << random.pick(&[0, 0, 31]);
        Enumerator { name: name(random).into(), value }
    });
    let values = values.collect();
    let size = random.pick(&[4, 8, 1, 2, 0]);
    EnumType { name: name(random).into(), size, signed: random.one_in(2), values }
}

fn entry(random: &mut Random, btf: &Btf) -> DatasecEntry {
    let ty = first(btf, reference(random, btf), |ty| matches!(ty, Type::Var { .. }));
    DatasecEntry { ty, offset: size(random), size: size(random) }
}

/// The first `wanted` type from there on, or else the last one; where there is none, what was asked for.
fn first(btf: &Btf, from: TypeId, wanted: fn(&Type) -> bool) -> TypeId {
    let all = || btf.iter().filter(|(_, ty)| wanted(ty)).map(|(id, _)| id);
    all().find(|id| *id >= from).or_else(|| all().last()).unwrap_or(from)
}
