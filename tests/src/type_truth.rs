//! Compares the named types of a BTF with those of a unit: sizes, member names, offsets, bit sizes.

use btf::{Btf, Composite, Type, TypeId};
use cfront::{
    ctypes::{CType, CTypeId, RecordId},
    symbol::Symbol,
    unit::Unit,
};

/// The outcome for one BTF.
#[derive(Debug, Default)]
pub struct TypeScore {
    /// Named types of the BTF that the unit defines.
    pub compared: usize,
    /// Those that are equal.
    pub equal: usize,
    /// Named types of the BTF that the unit does not define.
    pub absent: Vec<String>,
    /// The types compared, as C spells them (`struct x`, `typedef y`).
    pub names: Vec<String>,
    /// Those of them that differ.
    pub differing: Vec<String>,
    /// What differs in each of those.
    pub differences: Vec<String>,
}

/// A name without the number that `bpftool btf dump ... format c` gives to a second type of a name.
fn plain(name: &str) -> (&str, bool) {
    match name.rsplit_once("___") {
        Some((head, tail)) if !tail.is_empty() && tail.bytes().all(|b| b.is_ascii_digit()) => {
            (head, true)
        }
        _ => (name, false),
    }
}

/// Compares every struct, union, enum and typedef with a name. Where the BTF has several types of
/// one name, one of them must be equal.
pub fn compare(unit: &Unit, btf: &Btf) -> TypeScore {
    let mut score = TypeScore::default();
    let mut groups: std::collections::BTreeMap<(&str, &str), Vec<TypeId>> = Default::default();
    for (id, ty) in btf.iter() {
        let key = match ty {
            Type::Struct(c) if !c.name.is_empty() => ("struct", c.name.as_str()),
            Type::Union(c) if !c.name.is_empty() => ("union", c.name.as_str()),
            Type::Enum(e) | Type::Enum64(e) if !e.name.is_empty() => ("enum", e.name.as_str()),
            Type::Typedef { name, .. } => ("typedef", name.as_str()),
            _ => continue,
        };
        groups.entry(key).or_default().push(id);
    }
    for ((kind, name), ids) in groups {
        let symbol = Symbol::intern(name);
        let ty = match kind {
            "typedef" => match unit.ordinary(symbol) {
                Some(cfront::sema::Global::Typedef(id)) => unit.typedef(id).map(|t| t.to),
                _ => None,
            },
            _ => unit.tag(symbol),
        };
        let defined = ty.is_some_and(|ty| match unit.ctype(ty) {
            _ if kind == "typedef" => true,
            // The dumper leaves out one of `struct x` and `enum x`: C has one name space for both.
            CType::Record(id) => kind != "enum" && unit.record(id).is_some_and(|r| r.defined),
            CType::Enum(id) => kind == "enum" && unit.enumeration(id).is_some_and(|e| e.defined),
            _ => true,
        });
        let Some(ty) = ty.filter(|_| defined) else {
            score.absent.push(format!("{kind} {name}"));
            continue;
        };
        score.compared += 1;
        score.names.push(format!("{kind} {name}"));
        let mut first = None;
        let equal = ids.iter().any(|&id| match same(unit, ty, btf, id, 0) {
            Ok(()) => true,
            Err(e) => {
                first.get_or_insert(e);
                false
            }
        });
        if equal {
            score.equal += 1;
        } else {
            score.differing.push(format!("{kind} {name}"));
            score.differences.push(format!("{kind} {name}: {}", first.unwrap_or_default()));
        }
    }
    score
}

fn skip(btf: &Btf, mut id: TypeId) -> TypeId {
    for _ in 0..100 {
        match btf.get(id) {
            Type::Typedef { to, .. } | Type::TypeTag { to, .. } => id = *to,
            Type::Const(to) | Type::Volatile(to) | Type::Restrict(to) => id = *to,
            _ => break,
        }
    }
    id
}

fn same(unit: &Unit, ty: CTypeId, btf: &Btf, id: TypeId, depth: u32) -> Result<(), String> {
    if depth > 30 {
        return Ok(());
    }
    let id = skip(btf, id);
    let ours = unit.canonical(ty);
    if let Type::Array { elem, len, .. } = btf.get(id) {
        let CType::Array { elem: our_elem, len: our_len } = ours else {
            return Err(format!("array, not {ours:?}"));
        };
        return match our_len {
            cfront::ctypes::ArrayLen::Fixed(n) if n != u64::from(*len) => {
                Err(format!("{n} elements, not {len}"))
            }
            cfront::ctypes::ArrayLen::Unknown => Err("unknown number of elements".into()),
            _ => same(unit, our_elem, btf, *elem, depth + 1),
        };
    }
    match btf.get(id) {
        Type::Struct(c) | Type::Union(c) => {
            let CType::Record(record) = ours else { return Err(format!("record, not {ours:?}")) };
            let is_union = matches!(btf.get(id), Type::Union(_));
            same_record(unit, record, btf, (c, is_union), depth)
        }
        Type::Enum(e) | Type::Enum64(e) => {
            let CType::Enum(id) = ours else { return Err(format!("enum, not {ours:?}")) };
            let Some(of) = unit.enumeration(id) else { return Err("no enum".into()) };
            if of.underlying.size() != u64::from(e.size) {
                return Err(format!("size {} not {}", of.underlying.size(), e.size));
            }
            let wanted: Vec<(String, i64)> =
                e.values.iter().map(|v| (v.name.to_string(), v.value)).collect();
            let cut = |v: i128| if e.size <= 4 && !e.signed { v as u32 as i64 } else { v as i64 };
            let name = |s: Symbol| plain(s.as_str()).0.to_owned();
            let got: Vec<(String, i64)> = of.values.iter().map(|v| (name(v.0), cut(v.1))).collect();
            let cut2 = |v: i64| if e.size <= 4 && !e.signed { v as u32 as i64 } else { v };
            let wanted: Vec<_> =
                wanted.into_iter().map(|(n, v)| (plain(&n).0.to_owned(), cut2(v))).collect();
            if wanted == got { Ok(()) } else { Err(format!("values {got:?} not {wanted:?}")) }
        }
        Type::Int(_) | Type::Float { .. } | Type::Ptr(_) => {
            let (size, wanted) = (unit.size_of(ty), btf.size_of(id));
            if size == wanted { Ok(()) } else { Err(format!("size {size:?} not {wanted:?}")) }
        }
        _ => Ok(()),
    }
}

fn same_record(
    unit: &Unit,
    record: RecordId,
    btf: &Btf,
    (wanted, is_union): (&Composite, bool),
    depth: u32,
) -> Result<(), String> {
    let Some(ours) = unit.record(record) else { return Err("no layout".into()) };
    if !ours.defined {
        return Err("not defined".into());
    }
    if ours.size != Some(u64::from(wanted.size)) {
        return Err(format!("size {:?} not {}", ours.size, wanted.size));
    }
    if ours.is_union != is_union {
        return Err("struct and union".into());
    }
    if ours.fields.len() != wanted.members.len() {
        return Err(format!("{} members not {}", ours.fields.len(), wanted.members.len()));
    }
    for (field, member) in ours.fields.iter().zip(&wanted.members) {
        let name = field.name.map_or("", |n| n.as_str());
        if name != member.name {
            return Err(format!("member {name:?} not {:?}", member.name));
        }
        let bits = field.bits.unwrap_or(0);
        if field.offset_bits != Some(u64::from(member.offset_bits))
            || bits != u32::from(member.bitfield_bits)
        {
            return Err(format!(
                "{name}: at {:?}:{bits} not {}:{}",
                field.offset_bits, member.offset_bits, member.bitfield_bits
            ));
        }
        let inner = skip(btf, member.ty);
        // Named types are compared where they stand; anonymous ones here.
        let anonymous = match btf.get(inner) {
            Type::Struct(c) | Type::Union(c) => c.name.is_empty(),
            Type::Enum(e) | Type::Enum64(e) => e.name.is_empty(),
            Type::Fwd { .. } => false,
            _ => true,
        };
        if anonymous {
            same(unit, field.ty, btf, inner, depth + 1).map_err(|e| format!("{name}: {e}"))?;
        }
    }
    Ok(())
}
