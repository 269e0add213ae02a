//! The JSON of `bpf-lsp layout --format json`.

use super::TypeRequest;
use crate::facts::map_types;
use crate::object::{Object, Origin};
use btf::size::Aligner;
use btf::{Btf, Composite, EnumType, Linkage, Type, TypeId, type_name};
use serde::Serialize;

/// How deep anonymous members are followed.
const MAX_NESTING: usize = 32;
/// How many members are printed in all: a damaged file may say one type in many places.
const MAX_MEMBERS: usize = 200_000;

#[derive(Serialize)]
struct Layout<'a> {
    file: &'a str,
    from: &'static str,
    sections: Vec<SectionJson<'a>>,
    maps: Vec<MapJson<'a>>,
    programs: Vec<ProgramJson<'a>>,
    types: Vec<TypeJson>,
    /// Sections that may be there, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    possible_sections: Vec<PossibleJson<'a>>,
    /// What the optimiser does by the laws that are named above.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    laws: Vec<LawJson>,
}

#[derive(Serialize)]
struct PossibleJson<'a> {
    name: &'a str,
    variable: &'a str,
    law: &'static str,
}

/// Something that is there, or may be there too, and only the optimiser decides.
#[derive(Serialize)]
struct DoubtJson<'a> {
    name: &'a str,
    offset: u64,
    present: bool,
    law: &'static str,
}

#[derive(Serialize)]
struct LawJson {
    id: &'static str,
    source: &'static str,
    says: &'static str,
}

#[derive(Serialize)]
struct SectionJson<'a> {
    name: &'a str,
    size: u64,
    /// The law that decides whether there is such a section.
    #[serde(skip_serializing_if = "Option::is_none")]
    existence_law: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    doubts: Vec<DoubtJson<'a>>,
    variables: Vec<VariableJson<'a>>,
}

#[derive(Serialize)]
struct VariableJson<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: String,
    offset: u64,
    size: u64,
    align: u64,
    linkage: &'static str,
    /// The law that decides what the offset is.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset_law: Option<&'static str>,
}

#[derive(Serialize)]
struct MapJson<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    ty: Option<String>,
    key_size: Option<u32>,
    value_size: Option<u32>,
    max_entries: Option<u32>,
    flags: Option<u32>,
    section: &'a str,
}

#[derive(Serialize)]
struct ProgramJson<'a> {
    name: &'a str,
    section: &'a str,
}

#[derive(Serialize)]
struct TypeJson {
    kind: &'static str,
    name: String,
    size: Option<u64>,
    align: Option<u64>,
    members: Vec<MemberJson>,
}

#[derive(Serialize)]
struct MemberJson {
    name: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    ty: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset_bits: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bits: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bitfield: Option<bool>,
    /// Of an enumerator.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<i128>,
    /// Of an anonymous struct or union: its members, at offsets in the outermost type.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<MemberJson>,
}

/// One JSON object for the layout of an object: `file` is how the user calls it, `types` are described
/// under `types` in that order. Sizes, offsets and alignments are in bytes where their names do not
/// say bits; numbers that are not known are `null`. Ends with a newline.
pub fn print(object: &Object, file: &str, types: &[TypeRequest<'_>]) -> String {
    let sections = object
        .sections
        .iter()
        .map(|section| {
            let certainty = section.offset_certainties();
            let doubts = section.doubts.iter();
            SectionJson {
                name: &section.name,
                size: section.size,
                existence_law: section.existence.law().map(|law| law.id),
                doubts: doubts
                    .map(|doubt| DoubtJson {
                        name: &doubt.name,
                        offset: doubt.offset,
                        present: doubt.present,
                        law: doubt.law.id,
                    })
                    .collect(),
                variables: section
                    .variables
                    .iter()
                    .map(|v| VariableJson {
                        name: &v.name,
                        ty: type_name(&object.btf, v.ty),
                        offset: v.offset,
                        size: v.size,
                        align: v.align,
                        linkage: linkage(v.linkage),
                        offset_law: certainty(v).law().map(|law| law.id),
                    })
                    .collect(),
            }
        })
        .collect();
    let maps = object
        .maps
        .iter()
        .map(|map| MapJson {
            name: &map.name,
            ty: map.def.map_type.map(map_type),
            key_size: map.def.key_size,
            value_size: map.def.value_size,
            max_entries: map.def.max_entries,
            flags: map.def.map_flags,
            section: &map.section,
        })
        .collect();
    let programs = object
        .programs
        .iter()
        .map(|p| ProgramJson { name: &p.name, section: &p.section })
        .collect();
    let mut budget = MAX_MEMBERS;
    let layout = Layout {
        file,
        from: match object.origin {
            Origin::Source => "source",
            Origin::Elf => "object",
        },
        sections,
        maps,
        programs,
        types: types.iter().map(|request| described(request, &mut budget)).collect(),
        possible_sections: (object.possible_sections.iter())
            .map(|possible| PossibleJson {
                name: &possible.name,
                variable: &possible.variable,
                law: possible.law.id,
            })
            .collect(),
        laws: (object.doubted_laws().into_iter())
            .map(|law| LawJson { id: law.id, source: law.source, says: law.says })
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&layout).unwrap_or_default();
    text.push('\n');
    text
}

/// The word for a linkage.
pub(super) fn linkage(linkage: Linkage) -> &'static str {
    match linkage {
        Linkage::Static => "static",
        Linkage::Global => "global",
        Linkage::Extern => "extern",
    }
}

/// The constant of a map type, or its number where it is none we know.
pub(super) fn map_type(number: u32) -> String {
    map_types::by_number(number).map_or_else(|| number.to_string(), |row| row.name.to_string())
}

fn described(request: &TypeRequest<'_>, budget: &mut usize) -> TypeJson {
    let btf = request.btf;
    let resolved = btf.resolve(request.ty).unwrap_or(TypeId::VOID);
    let asked = || {
        let words = request.name.split_whitespace();
        words.last().unwrap_or_default().to_string()
    };
    let named = |tag: &str| if tag.is_empty() { asked() } else { tag.to_string() };
    let (kind, name, members) = match btf.get(resolved) {
        Type::Struct(c) => ("struct", named(&c.name), members(btf, c, 0, 0, budget)),
        Type::Union(c) => ("union", named(&c.name), members(btf, c, 0, 0, budget)),
        Type::Enum(e) => ("enum", named(&e.name), enumerators(e, true)),
        Type::Enum64(e) => ("enum", named(&e.name), enumerators(e, false)),
        _ => ("typedef", asked(), Vec::new()),
    };
    let align =
        request.align.or_else(|| Aligner::default().align_of(btf, request.ty).map(u64::from));
    TypeJson { kind, name, size: btf.size_of(request.ty), align, members }
}

fn members(
    btf: &Btf,
    composite: &Composite,
    base: u64,
    depth: usize,
    budget: &mut usize,
) -> Vec<MemberJson> {
    let mut out = Vec::new();
    for member in &composite.members {
        let Some(left) = budget.checked_sub(1) else { break };
        *budget = left;
        let offset = base + u64::from(member.offset_bits);
        let bitfield = member.bitfield_bits > 0;
        let size = match member.bitfield_bits {
            0 => btf.size_of(member.ty).map(|s| s * 8),
            bits => Some(u64::from(bits)),
        };
        let inner = match btf.resolve(member.ty).map(|id| btf.get(id)) {
            Some(Type::Struct(c) | Type::Union(c))
                if member.name.is_empty() && depth < MAX_NESTING =>
            {
                members(btf, c, offset, depth + 1, budget)
            }
            _ => Vec::new(),
        };
        out.push(MemberJson {
            name: member.name.to_string(),
            ty: Some(type_name(btf, member.ty)),
            offset_bits: Some(offset),
            size_bits: size,
            bitfield: Some(bitfield),
            value: None,
            members: inner,
        });
    }
    out
}

fn enumerators(e: &EnumType, narrow: bool) -> Vec<MemberJson> {
    let value = |value: i64| match (e.signed, narrow) {
        (true, _) => i128::from(value),
        (false, true) => i128::from(value as u32),
        (false, false) => i128::from(value as u64),
    };
    e.values
        .iter()
        .take(MAX_MEMBERS)
        .map(|v| MemberJson {
            name: v.name.to_string(),
            ty: None,
            offset_bits: None,
            size_bits: None,
            bitfield: None,
            value: Some(value(v.value)),
            members: Vec::new(),
        })
        .collect()
}
