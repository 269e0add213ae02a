//! The definitions of maps as the rules look at them: the struct behind each variable of `.maps`, member
//! by member with its place, beside the numbers that libbpf reads from it.

use std::sync::Arc;

use cfront::{
    ctypes::{ArrayLen, CType, CTypeId, Record},
    source::FileRange,
    symbol::Symbol,
    unit::{ItemId, Unit},
};

use super::super::usage::UsageWhenAsked;
use crate::{
    facts::map_types::{self, MapType},
    object::{Map, MapDef, MapKind, Object},
    places,
};

/// A definition, of a map or of the inner maps of one.
pub(in super::super) struct Definition {
    /// As messages name it: `NAME`, `NAME.inner`.
    pub(in super::super) name: String,
    /// The variable.
    pub(in super::super) variable: Symbol,
    /// Its name in the source.
    pub(in super::super) at: FileRange,
    /// Whether it is the definition of inner maps.
    pub(in super::super) inner: bool,
    pub(in super::super) members: Vec<Member>,
    /// What libbpf reads; `None` where it refuses the map, or clang drops it.
    pub(in super::super) def: Option<MapDef>,
    /// Whether `values` gives it inner maps or programs.
    pub(in super::super) has_values: bool,
    /// Whether every number and size that the definition gives is known: one that is not must not be
    /// taken for one that is not there.
    numbers_known: bool,
}

/// A member of a definition.
pub(in super::super) struct Member {
    /// Empty when it has none.
    pub(in super::super) name: &'static str,
    pub(in super::super) at: FileRange,
    pub(in super::super) ty: CTypeId,
}

/// The definitions of an object's maps; none where the object is not known in whole.
pub(in super::super) fn all(unit: &Unit, object: &Object) -> Vec<Definition> {
    let mut found = Vec::new();
    if !object.complete {
        return found;
    }
    for variable in unit.variables() {
        let in_maps = variable.attrs.section.is_some_and(|s| s.as_str() == ".maps");
        if !in_maps || variable.defining_decl().is_none() {
            continue;
        }
        let (Some(at), Some(record)) =
            (places::variable(unit, variable), defined_struct(unit, variable.ty))
        else {
            continue;
        };
        let name = variable.name;
        let of_name = |m: &&Map| m.kind == MapKind::User && m.name == name.as_str();
        let map = object.maps.iter().find(of_name);
        let outer = Definition {
            name: name.to_string(),
            variable: name,
            at,
            inner: false,
            members: members(unit, &record, at),
            def: map.map(|map| map.def.clone()),
            has_values: map.is_some_and(|m| m.inner.is_some() || !m.def.values.is_empty()),
            numbers_known: numbers_known(unit, &record),
        };
        // libbpf creates the inner map, too, to show the kernel what it is (`bpf_object__create_map`).
        let inner = outer.inner_struct(unit).map(|record| Definition {
            name: format!("{name}.inner"),
            variable: name,
            at,
            inner: true,
            members: members(unit, &record, at),
            def: map.and_then(|map| map.inner.as_deref().cloned()),
            has_values: false,
            numbers_known: numbers_known(unit, &record),
        });
        found.push(outer);
        found.extend(inner);
    }
    found
}

impl Definition {
    pub(in super::super) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }

    /// The number of its `type`, whatever libbpf thinks of the rest.
    pub(in super::super) fn kind(&self, unit: &Unit) -> Option<u32> {
        u32::try_from(self.member("type")?.number(unit)?).ok()
    }

    /// What the kernel is known to want of maps of its type.
    pub(in super::super) fn wanted(&self, unit: &Unit) -> Option<&'static MapType> {
        self.kind(unit).and_then(map_types::by_number)
    }

    /// The same with what libbpf reads, where every number is known.
    pub(in super::super) fn judged(&self) -> Option<(&MapDef, &'static MapType)> {
        let def = self.def.as_ref().filter(|_| self.numbers_known)?;
        let row = map_types::by_number(def.map_type?).filter(|row| row.read_from_code)?;
        Some((def, row))
    }

    /// Whether what is left out may be filled in by a loader. Those of a map in a header need not lie
    /// near, nor need one that is written in another language.
    pub(in super::super) fn is_open(&self, unit: &Unit, usage: &UsageWhenAsked<'_>) -> bool {
        self.at.file != unit.preprocessed().main || !usage.libbpf_loads
    }

    /// The struct in the `values` of a map of maps, if its type is said before.
    fn inner_struct(&self, unit: &Unit) -> Option<Arc<Record>> {
        let is = |name| self.members.iter().position(|member| member.name == name);
        let values = is("values").filter(|values| is("type").is_some_and(|ty| ty < *values))?;
        let row = self.wanted(unit)?;
        let CType::Array { elem, len: ArrayLen::Incomplete | ArrayLen::Fixed(0) } =
            unit.canonical(self.members.get(values)?.ty)
        else {
            return None;
        };
        let CType::Pointer(to) = unit.canonical(elem) else { return None };
        row.holds_maps.then(|| defined_struct(unit, to)).flatten()
    }
}

impl Member {
    /// The number of `__uint(name, N)`: the length of the array that the member points to.
    pub(in super::super) fn number(&self, unit: &Unit) -> Option<u64> {
        let CType::Pointer(to) = unit.canonical(self.ty) else { return None };
        match unit.canonical(to) {
            CType::Array { len: ArrayLen::Fixed(n), .. } => Some(n),
            CType::Array { len: ArrayLen::Incomplete, .. } => Some(0),
            _ => None,
        }
    }
}

/// The name of a map type as messages have it: `HASH`.
pub(in super::super) fn short_name(row: &MapType) -> &'static str {
    row.name.strip_prefix("BPF_MAP_TYPE_").unwrap_or(row.name)
}

fn members(unit: &Unit, record: &Record, at: FileRange) -> Vec<Member> {
    let place = |token| unit.token_place(ItemId(record.place?.item), token);
    let member = |field: &cfront::ctypes::Field| Member {
        name: field.name.map_or("", Symbol::as_str),
        at: place(field.token).unwrap_or(at),
        ty: field.ty,
    };
    record.fields.iter().map(member).collect()
}

fn defined_struct(unit: &Unit, ty: CTypeId) -> Option<Arc<Record>> {
    match unit.canonical(ty) {
        CType::Record(id) => unit.record(id).filter(|record| record.defined && !record.is_union),
        _ => None,
    }
}

fn numbers_known(unit: &Unit, record: &Record) -> bool {
    record.fields.iter().all(|field| {
        let CType::Pointer(to) = unit.canonical(field.ty) else { return true };
        match field.name.map_or("", Symbol::as_str) {
            "key" | "value" => unit.size_of(to).is_some(),
            _ => !matches!(unit.canonical(to), CType::Array { len: ArrayLen::Unknown, .. }),
        }
    })
}
