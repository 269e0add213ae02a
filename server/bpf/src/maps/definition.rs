//! A map definition: the struct behind a variable of `.maps`, read from its type alone
//! (`parse_btf_map_def`).
//!
//! `__uint(max_entries, 8)` is a pointer to an array of 8, `__ulong(map_extra, 9)` an enum with one
//! value, `__type(key, T)` a pointer to `T`, `__array(values, T)` an array of no elements.

use super::{PAGE_SIZE, PROG_ARRAY, RINGBUF, USER_RINGBUF, is_map_in_map};
use crate::object::MapDef;
use crate::refusal::{Refusal, RefusalKind};
use btf::{Btf, Member, Type, TypeId};

/// What a map definition says.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct MapDefinition {
    /// The numbers; what is not said is `None`.
    pub def: MapDef,
    /// Type given for `key`.
    pub key_type: Option<TypeId>,
    /// Type given for `value`.
    pub value_type: Option<TypeId>,
    /// The definition of the inner maps of a map-in-map with `values`.
    pub inner: Option<Box<MapDefinition>>,
}

/// Reads the definition of the map `name` from its struct type (typedefs and qualifiers resolved).
///
/// # Errors
///
/// Where libbpf fails: an unknown member, contradictions, members of an odd type, no map type.
pub fn parse_definition(btf: &Btf, name: &str, ty: TypeId) -> Result<MapDefinition, Refusal> {
    parse(btf, name, ty, false)
}

/// Offset in bytes of the slots of the `values` initialiser, the last member of a definition.
pub fn values_offset(btf: &Btf, definition: Option<TypeId>) -> Option<u64> {
    let Type::Struct(composite) = btf.get(definition?) else { return None };
    let last = composite.members.last().filter(|m| m.name == "values")?;
    Some(u64::from(last.offset_bits / 8))
}

fn parse(btf: &Btf, map: &str, ty: TypeId, is_inner: bool) -> Result<MapDefinition, Refusal> {
    let Type::Struct(composite) = btf.get(ty) else {
        return Err(bad("EINVAL", map, "is not defined as a struct".into()));
    };
    let mut out = MapDefinition::default();
    let last = composite.members.len().saturating_sub(1);
    for (index, member) in composite.members.iter().enumerate() {
        let number = || {
            number(btf, member.ty).ok_or_else(|| {
                bad("EINVAL", map, format!("member {} is no number (__uint)", member.name))
            })
        };
        match member.name.as_str() {
            "type" => out.def.map_type = Some(number()?),
            "max_entries" => out.def.max_entries = Some(number()?),
            "map_flags" => out.def.map_flags = Some(number()?),
            "numa_node" => out.def.numa_node = Some(number()?),
            "map_extra" => {
                out.def.map_extra = Some(long_number(btf, member.ty).ok_or_else(|| {
                    bad("EINVAL", map, "member map_extra is no number (__uint, __ulong)".into())
                })?);
            }
            "key_size" => set_size(&mut out.def.key_size, number()?, map, "key")?,
            "value_size" => set_size(&mut out.def.value_size, number()?, map, "value")?,
            "key" => {
                let (ty, size) = typed(btf, map, member)?;
                set_size(&mut out.def.key_size, size, map, "key")?;
                out.key_type = Some(ty);
            }
            "value" => {
                let (ty, size) = typed(btf, map, member)?;
                set_size(&mut out.def.value_size, size, map, "value")?;
                out.value_type = Some(ty);
            }
            "values" => {
                if is_inner {
                    let what = "has inner maps with inner maps, which libbpf does not support";
                    return Err(bad("EOPNOTSUPP", map, what.into()));
                }
                if index != last {
                    return Err(bad("EINVAL", map, "member values is not the last one".into()));
                }
                values(btf, map, member, &mut out)?;
            }
            "pinning" => {
                if is_inner {
                    return Err(bad("EINVAL", map, "inner map cannot be pinned".into()));
                }
                let how = number()?;
                if how > 1 {
                    return Err(bad("EINVAL", map, format!("invalid pinning {how}")));
                }
                out.def.pinning = Some(how);
            }
            unknown => {
                let message = format!("map {map}: member {unknown} is not known to libbpf");
                return Err(Refusal::new(RefusalKind::UnknownMapMember, "EOPNOTSUPP", message));
            }
        }
    }
    if out.def.map_type.unwrap_or(0) == 0 {
        return Err(bad("EINVAL", map, "has no type".into()));
    }
    if matches!(out.def.map_type, Some(RINGBUF | USER_RINGBUF)) {
        out.def.max_entries = out.def.max_entries.map(ring_buffer_size);
    }
    Ok(out)
}

fn bad(errno: &'static str, map: &str, what: String) -> Refusal {
    Refusal::new(RefusalKind::BadMapDefinition, errno, format!("map {map}: {what}"))
}

/// `__uint(name, N)`: a pointer to an array of N (`get_map_field_int`).
fn number(btf: &Btf, ty: TypeId) -> Option<u32> {
    let Type::Ptr(to) = btf.get(btf.resolve(ty)?) else { return None };
    match btf.get(*to) {
        Type::Array { len, .. } => Some(*len),
        _ => None,
    }
}

/// `__ulong(name, N)`: an enum with one value, or as `__uint` (`get_map_field_long`).
fn long_number(btf: &Btf, ty: TypeId) -> Option<u64> {
    match btf.get(btf.resolve(ty)?) {
        Type::Ptr(_) => number(btf, ty).map(u64::from),
        Type::Enum(e) => match e.values.as_slice() {
            [one] => Some(one.value as i32 as u64),
            _ => None,
        },
        Type::Enum64(e) => match e.values.as_slice() {
            [one] => Some(one.value as u64),
            _ => None,
        },
        _ => None,
    }
}

/// `__type(name, T)`: a pointer to T, whose size in bytes must be known.
fn typed(btf: &Btf, map: &str, member: &Member) -> Result<(TypeId, u32), Refusal> {
    let name = &member.name;
    let Type::Ptr(to) = btf.get(member.ty) else {
        return Err(bad("EINVAL", map, format!("member {name} is no type (__type)")));
    };
    match btf.size_of(*to).and_then(|s| u32::try_from(s).ok()) {
        Some(size) => Ok((*to, size)),
        None => Err(bad("EINVAL", map, format!("the size of the type of {name} is not known"))),
    }
}

/// A size said twice must be the same; 0 counts as not said.
fn set_size(slot: &mut Option<u32>, size: u32, map: &str, what: &str) -> Result<(), Refusal> {
    match *slot {
        Some(old) if old != 0 && old != size => {
            Err(bad("EINVAL", map, format!("says two {what} sizes, {old} and {size}")))
        }
        _ => {
            *slot = Some(size);
            Ok(())
        }
    }
}

fn values(btf: &Btf, map: &str, member: &Member, out: &mut MapDefinition) -> Result<(), Refusal> {
    let map_type = out.def.map_type.unwrap_or(0);
    if !is_map_in_map(map_type) && map_type != PROG_ARRAY {
        let what =
            "has values, but its type (said before) is neither a map of maps nor a prog array";
        return Err(bad("EOPNOTSUPP", map, what.into()));
    }
    set_size(&mut out.def.value_size, 4, map, "value")?;
    let odd = || bad("EINVAL", map, "member values is of an odd type (__array)".into());
    let Type::Array { elem, len: 0, .. } = btf.get(member.ty) else { return Err(odd()) };
    let Some(Type::Ptr(to)) = btf.resolve(*elem).map(|id| btf.get(id)) else { return Err(odd()) };
    let target = btf.resolve(*to).ok_or_else(odd)?;
    match btf.get(target) {
        Type::FuncProto { .. } if map_type == PROG_ARRAY => Ok(()),
        Type::Struct(_) if map_type != PROG_ARRAY => {
            out.inner = Some(Box::new(parse(btf, &format!("{map}.inner"), target, true)?));
            Ok(())
        }
        _ => Err(odd()),
    }
}

/// The size of a ring buffer that libbpf asks the kernel for: a page times a power of two
/// (`adjust_ringbuf_sz`).
fn ring_buffer_size(size: u32) -> u32 {
    let page = PAGE_SIZE as u32;
    if size == 0 || (size.is_multiple_of(page) && (size / page).is_power_of_two()) {
        return size;
    }
    let mut rounded = page;
    while rounded <= size {
        match rounded.checked_mul(2) {
            Some(next) => rounded = next,
            None => return size,
        }
    }
    rounded
}
