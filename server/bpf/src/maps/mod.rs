//! Maps: what libbpf makes of `.maps` variables, data sections and struct_ops variables
//! (`bpf_object__init_maps`).

mod definition;

pub use definition::{MapDefinition, parse_definition, values_offset};

use crate::object::{Map, MapDef, MapKind, Object, Section, SectionKind, Variable};
use crate::refusal::{Refusal, RefusalKind};
use crate::section::{internal_map_name, map_ident};
use btf::{Btf, Linkage, Type, TypeId};
use smol_str::SmolStr;

/// `BPF_MAP_TYPE_ARRAY`
pub const ARRAY: u32 = 2;
/// `BPF_MAP_TYPE_PROG_ARRAY`
pub const PROG_ARRAY: u32 = 3;
/// `BPF_MAP_TYPE_PERCPU_ARRAY`
pub const PERCPU_ARRAY: u32 = 6;
/// `BPF_MAP_TYPE_ARRAY_OF_MAPS`
pub const ARRAY_OF_MAPS: u32 = 12;
/// `BPF_MAP_TYPE_HASH_OF_MAPS`
pub const HASH_OF_MAPS: u32 = 13;
/// `BPF_MAP_TYPE_STRUCT_OPS`
pub const STRUCT_OPS: u32 = 26;
/// `BPF_MAP_TYPE_RINGBUF`
pub const RINGBUF: u32 = 27;
/// `BPF_MAP_TYPE_USER_RINGBUF`
pub const USER_RINGBUF: u32 = 31;
/// `BPF_MAP_TYPE_ARENA`
pub const ARENA: u32 = 33;
/// `BPF_F_RDONLY_PROG`
pub const F_RDONLY_PROG: u32 = 1 << 7;
/// `BPF_F_MMAPABLE`
pub const F_MMAPABLE: u32 = 1 << 10;
/// `BPF_F_LINK`
pub const F_LINK: u32 = 1 << 13;

/// Page size in bytes that arenas and ring buffers are counted in here.
const PAGE_SIZE: u64 = 4096;

/// Whether maps of that type hold maps.
pub fn is_map_in_map(map_type: u32) -> bool {
    matches!(map_type, ARRAY_OF_MAPS | HASH_OF_MAPS)
}

/// The maps of an object with these sections (in ELF section index order, `.kconfig` anywhere), in
/// libbpf's order, and everything for which libbpf would refuse the object; a refused map is left
/// out. Slots of `values` and programs of struct_ops maps are left empty, places are the variables'.
pub fn of_sections(object: &str, btf: &Btf, sections: &[Section]) -> (Vec<Map>, Vec<Refusal>) {
    let mut maps = Vec::new();
    let mut refusals = Vec::new();
    for section in sections.iter().filter(|s| s.kind == SectionKind::Maps) {
        user_maps(btf, section, &mut maps, &mut refusals);
    }
    check_arena(sections, &maps, &mut refusals);
    for section in sections.iter().filter(|s| s.kind != SectionKind::Kconfig) {
        if section.kind.is_internal_map() && section.size > 0 {
            maps.push(internal_map(object, section));
        }
    }
    for section in sections.iter().filter(|s| s.kind == SectionKind::Kconfig) {
        if !section.variables.is_empty() {
            maps.push(internal_map(object, section));
        }
    }
    for section in sections.iter().filter(|s| s.kind == SectionKind::StructOps) {
        struct_ops_maps(btf, section, &mut maps, &mut refusals);
    }
    (maps, refusals)
}

fn user_maps(btf: &Btf, section: &Section, maps: &mut Vec<Map>, refusals: &mut Vec<Refusal>) {
    if section.datasec.is_none() {
        refusals.push(Refusal::new(
            RefusalKind::BadMapDefinition,
            "ENOENT",
            format!("section {} has no BTF", section.name),
        ));
    }
    for variable in &section.variables {
        match user_map(btf, section, variable) {
            Ok(map) => maps.push(map),
            Err(refusal) => refusals.push(refusal),
        }
    }
}

/// `bpf_object__init_user_btf_map`
fn user_map(btf: &Btf, section: &Section, variable: &Variable) -> Result<Map, Refusal> {
    let name = &variable.name;
    let refuse =
        |kind, errno, what: &str| Err(Refusal::new(kind, errno, format!("map {name} {what}")));
    let bad = |what| refuse(RefusalKind::BadMapDefinition, "EINVAL", what);
    if name.is_empty() {
        return bad("has no name");
    }
    if variable.offset.saturating_add(variable.size) > section.size {
        return bad("lies outside of section .maps");
    }
    match variable.linkage {
        Linkage::Global => {}
        Linkage::Static => {
            return refuse(RefusalKind::StaticMap, "EOPNOTSUPP", "is static or hidden");
        }
        Linkage::Extern => {
            return refuse(RefusalKind::StaticMap, "EOPNOTSUPP", "is extern, and not linked");
        }
    }
    let resolved = btf.resolve(variable.ty).unwrap_or(TypeId::VOID);
    let Type::Struct(composite) = btf.get(resolved) else {
        return bad("is not defined as a struct");
    };
    if u64::from(composite.size) > variable.size {
        return bad("is smaller than its type");
    }
    let parsed = parse_definition(btf, name, resolved)?;
    Ok(Map {
        name: name.clone(),
        section: section.name.clone(),
        kind: MapKind::User,
        def: parsed.def,
        definition: Some(resolved),
        value_type: parsed.value_type,
        key_type: parsed.key_type,
        inner: parsed.inner.map(|inner| Box::new(inner.def)),
        ops: Vec::new(),
        place: variable.place,
    })
}

/// `init_arena_map_data` and its caller.
fn check_arena(sections: &[Section], maps: &[Map], refusals: &mut Vec<Refusal>) {
    let refuse = |errno, message| Refusal::new(RefusalKind::Arena, errno, message);
    let mut arenas = maps.iter().filter(|m| m.def.map_type == Some(ARENA));
    let arena = arenas.next();
    if let (Some(first), Some(second)) = (arena, arenas.next()) {
        let message =
            format!("map {}: only one arena is possible, and {} is one", second.name, first.name);
        refusals.push(refuse("EINVAL", message));
    }
    let Some(section) = sections.iter().find(|s| s.kind == SectionKind::Arena && s.size > 0) else {
        return;
    };
    match arena {
        None => refusals.push(refuse(
            "ENOENT",
            format!("section {}: global __arena variables need an arena in .maps", section.name),
        )),
        Some(map) => {
            let pages = map.def.max_entries.map_or(0, u64::from);
            if section.size.div_ceil(PAGE_SIZE) > pages {
                let message = format!(
                    "map {}: {pages} pages are too few for {} bytes of __arena variables",
                    map.name, section.size
                );
                refusals.push(refuse("E2BIG", message));
            }
        }
    }
}

/// `bpf_object__init_internal_map`
fn internal_map(object: &str, section: &Section) -> Map {
    let percpu = section.kind == SectionKind::Percpu;
    let mut flags = match section.kind {
        SectionKind::Rodata | SectionKind::Kconfig => F_RDONLY_PROG,
        _ => 0,
    };
    let exposed = section.variables.iter().any(|v| v.linkage != Linkage::Static);
    if section.datasec.is_some() && exposed && !percpu {
        flags |= F_MMAPABLE;
    }
    Map {
        name: internal_map_name(object, &section.name, section.kind),
        section: section.name.clone(),
        kind: MapKind::Internal(section.kind),
        def: MapDef {
            map_type: Some(if percpu { PERCPU_ARRAY } else { ARRAY }),
            key_size: Some(4),
            value_size: u32::try_from(section.size).ok(),
            max_entries: Some(1),
            map_flags: Some(flags),
            ..MapDef::default()
        },
        definition: None,
        value_type: section.datasec,
        key_type: None,
        inner: None,
        ops: Vec::new(),
        place: None,
    }
}

/// `init_struct_ops_maps`
fn struct_ops_maps(btf: &Btf, section: &Section, maps: &mut Vec<Map>, refusals: &mut Vec<Refusal>) {
    let mut refuse = |errno, message| {
        refusals.push(Refusal::new(RefusalKind::StructOps, errno, message));
    };
    if section.datasec.is_none() && section.size > 0 {
        refuse("EINVAL", format!("section {} has no BTF", section.name));
    }
    for variable in &section.variables {
        let name = &variable.name;
        let resolved = btf.resolve(variable.ty).unwrap_or(TypeId::VOID);
        let Type::Struct(composite) = btf.get(resolved) else {
            refuse("EINVAL", format!("struct_ops {name} is no struct"));
            continue;
        };
        if composite.name.is_empty() {
            refuse("EOPNOTSUPP", format!("struct_ops {name} has an anonymous type"));
            continue;
        }
        if variable.offset.saturating_add(u64::from(composite.size)) > section.size {
            refuse("EINVAL", format!("struct_ops {name} reaches past its section"));
            continue;
        }
        let link = section.name.trim_start_matches('?') == ".struct_ops.link";
        maps.push(Map {
            name: name.clone(),
            section: section.name.clone(),
            kind: MapKind::StructOps,
            def: MapDef {
                map_type: Some(STRUCT_OPS),
                key_size: Some(4),
                value_size: Some(composite.size),
                max_entries: Some(1),
                map_flags: Some(if link { F_LINK } else { 0 }),
                ..MapDef::default()
            },
            definition: None,
            value_type: Some(resolved),
            key_type: None,
            inner: None,
            ops: Vec::new(),
            place: variable.place,
        });
    }
}

/// Whether a type is a pointer to a function, through typedefs and qualifiers.
pub fn is_function_pointer(btf: &Btf, ty: TypeId) -> bool {
    let pointee = match btf.resolve(ty).map(|id| btf.get(id)) {
        Some(Type::Ptr(to)) => btf.resolve(*to),
        _ => None,
    };
    pointee.is_some_and(|id| matches!(btf.get(id), Type::FuncProto { .. }))
}

impl Map {
    /// The member name that bpftool gives the map in `maps` of a skeleton; `None` where it leaves the
    /// map out (`get_map_ident`).
    pub fn ident(&self) -> Option<SmolStr> {
        match self.kind {
            MapKind::Internal(kind) => map_ident(&self.name, kind),
            _ => Some(self.name.clone()),
        }
    }

    /// Whether the map is an arena.
    pub fn is_arena(&self) -> bool {
        self.def.map_type == Some(ARENA)
    }

    /// Bytes that one CPU's copy (or the only copy) of all entries takes, where both numbers are known:
    /// key and value, each entry's value rounded up to 8 bytes as the kernel does for arrays.
    pub fn payload_bytes(&self) -> Option<u64> {
        self.entry_bytes()?.checked_mul(u64::from(self.def.max_entries?))
    }

    /// Bytes of one entry in [`Map::payload_bytes`].
    pub fn entry_bytes(&self) -> Option<u64> {
        let value = u64::from(self.def.value_size?).next_multiple_of(8);
        let key = match self.def.map_type? {
            ARRAY | PERCPU_ARRAY => 0,
            _ => u64::from(self.def.key_size?),
        };
        Some(key + value)
    }
}

impl Object {
    /// Whether there is BTF at all.
    pub fn has_btf(&self) -> bool {
        self.btf.types.len() > 1
    }

    /// The section of that name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|s| s.name == name)
    }

    /// The member name under which the skeleton points at the data of a map, `None` where it does
    /// not: an arena with variables, a mappable internal map, or a per-CPU section with BTF
    /// (bpftool's `is_skel_data`).
    pub fn data_ident(&self, map: &Map) -> Option<SmolStr> {
        if map.is_arena() {
            let data = |s: &Section| s.kind == SectionKind::Arena && s.size > 0;
            return self.sections.iter().any(data).then(|| "arena".into());
        }
        let MapKind::Internal(kind) = map.kind else { return None };
        let shown = match kind {
            SectionKind::Percpu => map.value_type.is_some(),
            _ => map.def.map_flags.is_some_and(|f| f & F_MMAPABLE != 0),
        };
        if shown { map.ident() } else { None }
    }
}

#[cfg(test)]
mod tests;
