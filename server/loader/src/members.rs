//! The members of a skeleton's struct, by the object model behind it: what the generated header
//! will hold, before it exists.

use bpf::{
    object::{MapKind, Object, Place, SectionKind},
    section::datasec_ident,
};
use btf::Linkage;
use smol_str::SmolStr;

use crate::skeletons::{HeaderKind, Skeleton};

/// What a member stands for in the BPF program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum MemberKind {
    /// `maps`, `progs`, `links`, `struct_ops`, or libbpf's own members.
    Group,
    /// The image of a data section.
    Section,
    /// A map.
    Map,
    /// A program.
    Program,
    /// The link of a program or struct_ops map.
    Link,
    /// A struct_ops map's shadow.
    StructOps,
    /// A variable of a section.
    Variable,
}

/// A member of a skeleton.
#[derive(Clone, PartialEq, Debug)]
pub struct Member {
    /// C name.
    pub name: SmolStr,
    /// What it is.
    pub kind: MemberKind,
    /// C type as the header declares it, with the name.
    pub declaration: String,
    /// Section of the map, program or variable.
    pub section: SmolStr,
    /// Offset in the section in bytes, of variables.
    pub offset: Option<u64>,
    /// Declaration in BPF C.
    pub place: Option<Place>,
}

impl Member {
    fn new(name: impl Into<SmolStr>, kind: MemberKind, declaration: String) -> Member {
        Member {
            name: name.into(),
            kind,
            declaration,
            section: SmolStr::default(),
            offset: None,
            place: None,
        }
    }
}

/// The members behind a path from the skeleton: none for the skeleton itself, `["maps"]`,
/// `["percpu"]`. `None` when the path leads to no struct, or the BPF source was not found.
pub fn members(skeleton: &Skeleton, path: &[&str]) -> Option<Vec<Member>> {
    let object = skeleton.object.as_deref()?;
    match path {
        [] => Some(top(skeleton.kind, object)),
        ["maps"] => Some(maps(skeleton.kind, object)),
        ["progs"] => Some(programs(skeleton.kind, object)),
        ["links"] if skeleton.kind != HeaderKind::Subskeleton => Some(links(skeleton.kind, object)),
        ["struct_ops"] => Some(struct_ops(object)),
        [section] => variables(skeleton.kind, object, section),
        _ => None,
    }
}

fn top(kind: HeaderKind, object: &Object) -> Vec<Member> {
    let fixed: &[(&str, &str)] = match kind {
        HeaderKind::Skeleton => &[
            ("skeleton", "struct bpf_object_skeleton *skeleton"),
            ("obj", "struct bpf_object *obj"),
        ],
        HeaderKind::Light => &[("ctx", "struct bpf_loader_ctx ctx")],
        HeaderKind::Subskeleton => &[
            ("obj", "struct bpf_object *obj"),
            ("subskel", "struct bpf_object_subskeleton *subskel"),
        ],
    };
    let mut all: Vec<Member> = fixed
        .iter()
        .map(|(name, text)| Member::new(*name, MemberKind::Group, (*text).to_owned()))
        .collect();
    let groups = ["maps", "struct_ops", "progs", "links"];
    for group in groups {
        let links = group == "links" && kind == HeaderKind::Subskeleton;
        let empty = match group {
            "maps" => object.maps.iter().all(|m| m.ident().is_none()),
            "struct_ops" => !object.maps.iter().any(|m| m.kind == MapKind::StructOps),
            "progs" => object.programs.is_empty(),
            _ => {
                object.programs.is_empty()
                    && !object.maps.iter().any(|m| m.kind == MapKind::StructOps)
            }
        };
        if !links && !empty {
            all.push(Member::new(group, MemberKind::Group, format!("struct {{ ... }} {group}")));
        }
    }
    for map in &object.maps {
        let Some(ident) = object.data_ident(map) else { continue };
        if map.kind == MapKind::Internal(SectionKind::Percpu) && kind == HeaderKind::Subskeleton {
            continue;
        }
        let declaration = match kind {
            HeaderKind::Subskeleton => format!("struct {}__{ident} {{ ... }} {ident}", object.name),
            _ => format!("struct {}__{ident} {{ ... }} *{ident}", object.name),
        };
        all.push(Member {
            section: map.section.clone(),
            ..Member::new(ident, MemberKind::Section, declaration)
        });
    }
    all
}

fn maps(kind: HeaderKind, object: &Object) -> Vec<Member> {
    let mut all = Vec::new();
    for map in &object.maps {
        let Some(ident) = map.ident() else { continue };
        let declaration = match kind {
            HeaderKind::Light => format!("struct bpf_map_desc {ident}"),
            _ => format!("struct bpf_map *{ident}"),
        };
        all.push(Member {
            section: map.section.clone(),
            place: map.place,
            ..Member::new(ident, MemberKind::Map, declaration)
        });
    }
    all
}

fn programs(kind: HeaderKind, object: &Object) -> Vec<Member> {
    let declare = |name: &str| match kind {
        HeaderKind::Light => format!("struct bpf_prog_desc {name}"),
        _ => format!("struct bpf_program *{name}"),
    };
    object
        .programs
        .iter()
        .map(|program| Member {
            section: program.section.clone(),
            place: program.place,
            ..Member::new(program.name.clone(), MemberKind::Program, declare(&program.name))
        })
        .collect()
}

fn links(kind: HeaderKind, object: &Object) -> Vec<Member> {
    let programs = object.programs.iter().map(|p| (&p.name, &p.section, p.place));
    let maps = object.maps.iter().filter(|m| m.kind == MapKind::StructOps);
    programs
        .chain(maps.map(|m| (&m.name, &m.section, m.place)))
        .map(|(name, section, place)| {
            let (name, declaration) = match kind {
                HeaderKind::Light => (format!("{name}_fd"), format!("int {name}_fd")),
                _ => (name.to_string(), format!("struct bpf_link *{name}")),
            };
            Member {
                section: section.clone(),
                place,
                ..Member::new(name, MemberKind::Link, declaration)
            }
        })
        .collect()
}

fn struct_ops(object: &Object) -> Vec<Member> {
    object
        .maps
        .iter()
        .filter(|m| m.kind == MapKind::StructOps)
        .map(|map| Member {
            section: map.section.clone(),
            place: map.place,
            ..Member::new(
                map.name.clone(),
                MemberKind::StructOps,
                format!("struct {{ ... }} *{}", map.name),
            )
        })
        .collect()
}

fn variables(kind: HeaderKind, object: &Object, field: &str) -> Option<Vec<Member>> {
    let shown = object.maps.iter().any(|m| object.data_ident(m).is_some_and(|i| i == field));
    if !shown {
        return None;
    }
    let section =
        object.sections.iter().find(|s| datasec_ident(&s.name).is_some_and(|i| i == field))?;
    if kind == HeaderKind::Subskeleton && section.kind == SectionKind::Percpu {
        return None;
    }
    let declare = |v: &bpf::object::Variable| {
        let name = if kind == HeaderKind::Subskeleton {
            format!("*{}", v.name)
        } else {
            v.name.to_string()
        };
        btf::dump_c::declaration(&object.btf, v.ty, &name)
    };
    Some(
        section
            .variables
            .iter()
            .filter(|v| v.linkage != Linkage::Static)
            .map(|v| Member {
                section: section.name.clone(),
                offset: Some(v.offset),
                place: v.place,
                ..Member::new(v.name.clone(), MemberKind::Variable, declare(v))
            })
            .collect(),
    )
}
