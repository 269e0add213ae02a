//! Addresses in initialisers that mean something to libbpf: slots of `values`, programs of struct_ops.

use btf::{Btf, Type};
use cfront::sema::{Initial, RelocationTarget};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use codegen::placement::{Laid, Placed};

use crate::{
    maps,
    object::{Map, MapKind, StructOp},
};

/// Slots beyond this are not listed.
const MAX_SLOTS: u64 = 1 << 16;

/// Fills in what initialisers of maps refer to.
pub(super) fn collect(btf: &Btf, laid: &[Laid], found: &mut [Map]) {
    let sections: FxHashSet<SmolStr> = (found.iter())
        .filter(|map| !matches!(map.kind, MapKind::Internal(_)))
        .map(|map| map.section.clone())
        .collect();
    let mut by_name: FxHashMap<(&str, &str), &Placed> = FxHashMap::default();
    for section in laid.iter().filter(|section| sections.contains(&section.name)) {
        for variable in &section.variables {
            by_name.entry((&section.name, &variable.name)).or_insert(variable);
        }
    }
    for map in found {
        let Some(placed) = by_name.get(&(&*map.section, &*map.name)) else { continue };
        match map.kind {
            MapKind::User => values(btf, map, placed),
            MapKind::StructOps => ops(btf, map, placed),
            MapKind::Internal(_) => {}
        }
    }
}

fn symbols(placed: &Placed) -> impl Iterator<Item = (u64, SmolStr)> + '_ {
    let relocations = match &placed.initial {
        Initial::Bytes { relocations, .. } => relocations.as_slice(),
        _ => &[],
    };
    relocations.iter().filter_map(|r| match &r.target {
        RelocationTarget::Symbol(name) => Some((r.offset, SmolStr::new(name.as_str()))),
        _ => None,
    })
}

fn values(btf: &Btf, map: &mut Map, placed: &Placed) {
    let Some(start) = maps::values_offset(btf, map.definition) else { return };
    for (offset, name) in symbols(placed) {
        let Some(slot) = offset.checked_sub(start).map(|o| o / 8).filter(|s| *s < MAX_SLOTS) else {
            continue;
        };
        let slot = slot as usize;
        if map.def.values.len() <= slot {
            map.def.values.resize(slot + 1, None);
        }
        if let Some(place) = map.def.values.get_mut(slot) {
            *place = Some(name);
        }
    }
}

fn ops(btf: &Btf, map: &mut Map, placed: &Placed) {
    let Some(Type::Struct(composite)) = map.value_type.map(|id| btf.get(id)) else { return };
    for (offset, program) in symbols(placed) {
        let member = composite.members.iter().find(|m| u64::from(m.offset_bits) == offset * 8);
        if let Some(member) = member
            && maps::is_function_pointer(btf, member.ty)
        {
            map.ops.push(StructOp { member: member.name.clone(), program });
        }
    }
}
