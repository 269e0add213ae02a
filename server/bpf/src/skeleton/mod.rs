//! Skeleton previews: the declaration part of the header that `bpftool gen skeleton` makes.
//!
//! # What the declaration part is
//!
//! Of bpftool's header (the version of 2026-08, which knows per-CPU data), in this order, separated
//! by one empty line after the struct:
//!
//! 1. everything from the first line to the `};` that ends `struct NAME`, to the letter: the licence
//!    line, the guard, the includes, the members, data section structs with their paddings, and the
//!    `__cplusplus` block of member functions;
//! 2. for every function that follows, in bpftool's order, its prototype: the lines of its head with a
//!    `;`. A function that bpftool itself declares before it defines it (`create_skeleton`,
//!    `elf_bytes`) stands once, where it is first declared. The C++ member functions' definitions
//!    are left out: the struct declares them;
//! 3. `NAME__assert` with its body, which is nothing but size assertions;
//! 4. the `#endif` of the guard.
//!
//! Function bodies, the bytes of the object and the opaque loader program are bpftool's and are not
//! reproduced. [`full()`] puts functions of our own behind the declarations, and the bytes.
//!
//! Sources of the rules: `do_skeleton`, `do_subskeleton`, `gen_trace` and their helpers in
//! `tools/bpf/bpftool/gen.c`.

mod datasec;
mod full;
mod functions;
mod struct_ops;
mod writer;

#[cfg(test)]
mod tests;

use crate::object::{Map, MapKind, Object, SectionKind};
pub use full::{LoaderProgram, full};
use smol_str::SmolStr;
use std::fmt::Write;
use writer::Writer;

/// The three headers that bpftool makes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkeletonKind {
    /// `bpftool gen skeleton`
    Skeleton,
    /// `bpftool gen subskeleton`
    Subskeleton,
    /// `bpftool gen skeleton -L`: the light skeleton
    Light,
}

/// A printed header.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Preview {
    /// The declaration part; empty where bpftool prints nothing.
    pub text: String,
    /// Where the members that stand for something in the program are printed, in order.
    pub members: Vec<PreviewMember>,
    /// Why bpftool prints nothing, or stops with an error on the way.
    pub note: Option<String>,
}

/// The inner struct in which a member stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// `maps`
    Maps,
    /// `struct_ops`
    StructOps,
    /// `progs`
    Progs,
    /// `links`
    Links,
    /// The struct of a data section, by its name in the skeleton (`percpu`, `data_foo`).
    Data(SmolStr),
}

/// A member of a skeleton and the thing it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewMember {
    /// The struct it is a member of.
    pub holder: Holder,
    /// Its C name.
    pub name: SmolStr,
    /// Name of the map, program or variable in the object.
    pub object_name: SmolStr,
    /// Section of that map, program or variable.
    pub section: SmolStr,
    /// First line of its declaration in [`Preview::text`], counted from 0.
    pub line: u32,
    /// Last line of its declaration.
    pub last_line: u32,
}

impl PreviewMember {
    /// Whether it stands for a variable of a data section.
    pub fn is_data(&self) -> bool {
        matches!(self.holder, Holder::Data(_))
    }

    /// How C code reaches the member from a skeleton, e.g. `maps.events`, `bss.hits`.
    pub fn path(&self) -> String {
        let holder = match &self.holder {
            Holder::Maps => "maps",
            Holder::StructOps => "struct_ops",
            Holder::Progs => "progs",
            Holder::Links => "links",
            Holder::Data(ident) => ident,
        };
        format!("{holder}.{}", self.name)
    }
}

/// The declaration part of the header of that kind.
pub fn print(object: &Object, kind: SkeletonKind) -> String {
    preview(object, kind).text
}

/// The declaration part, and where each member is printed.
pub fn preview(object: &Object, kind: SkeletonKind) -> Preview {
    declared(object, kind, |_| ())
}

/// The declaration part, with what `definitions` writes behind the prototypes.
fn declared(
    object: &Object,
    kind: SkeletonKind,
    definitions: impl FnOnce(&mut Writer<'_>),
) -> Preview {
    if kind == SkeletonKind::Subskeleton
        && let Some(note) = no_subskeleton(object)
    {
        return Preview { note: Some(note), ..Preview::default() };
    }
    let mut out = Writer::new(object, kind);
    header(&mut out);
    maps(&mut out);
    struct_ops::shadows(&mut out);
    programs(&mut out);
    if kind != SkeletonKind::Subskeleton {
        links(&mut out);
    }
    if object.has_btf() {
        datasec::structs(&mut out);
    }
    functions::members_and_prototypes(&mut out);
    definitions(&mut out);
    if object.has_btf() && kind != SkeletonKind::Subskeleton {
        datasec::asserts(&mut out);
    }
    let guard = guard(&object.name, kind);
    out.line(format_args!("\n#endif /* {guard} */"));
    out.finish()
}

/// bpftool asks for BTF, and gives up silently on data without a type, which an arena is.
fn no_subskeleton(object: &Object) -> Option<String> {
    if !object.has_btf() {
        return Some("bpftool makes a subskeleton only with BTF (compile with -g)".into());
    }
    let untyped = |map: &&Map| {
        map.value_type.is_none() && data_ident(object, map, SkeletonKind::Subskeleton).is_some()
    };
    let map = object.maps.iter().find(untyped)?;
    Some(format!(
        "bpftool prints nothing for this object: the data of map {} has no BTF type",
        map.name
    ))
}

/// The member name of a map's data, in a header of that kind: subskeletons leave per-CPU data out.
fn data_ident(object: &Object, map: &Map, kind: SkeletonKind) -> Option<SmolStr> {
    let percpu = map.kind == MapKind::Internal(SectionKind::Percpu);
    if percpu && kind == SkeletonKind::Subskeleton { None } else { object.data_ident(map) }
}

/// The include guard (`get_header_guard`).
fn guard(name: &str, kind: SkeletonKind) -> String {
    let suffix = if kind == SkeletonKind::Subskeleton { "SUBSKEL_H" } else { "SKEL_H" };
    format!("__{name}_{suffix}__").to_ascii_uppercase()
}

fn header(out: &mut Writer<'_>) {
    let name = &out.object.name;
    let guard = guard(name, out.kind);
    out.line(format_args!("/* SPDX-License-Identifier: (LGPL-2.1 OR BSD-2-Clause) */"));
    match out.kind {
        SkeletonKind::Light => {
            out.line(format_args!("/* THIS FILE IS AUTOGENERATED BY BPFTOOL! */"));
        }
        SkeletonKind::Skeleton => {
            out.line(format_args!("\n/* THIS FILE IS AUTOGENERATED BY BPFTOOL! */"));
        }
        SkeletonKind::Subskeleton => out.line(format_args!("\n/* THIS FILE IS AUTOGENERATED! */")),
    }
    out.line(format_args!("#ifndef {guard}\n#define {guard}\n"));
    match out.kind {
        SkeletonKind::Light => out.line(format_args!("#include <bpf/skel_internal.h>\n")),
        _ => out.line(format_args!(
            "#include <errno.h>\n#include <stdlib.h>\n#include <bpf/libbpf.h>\n"
        )),
    }
    if out.kind == SkeletonKind::Skeleton {
        out.line(format_args!("#define BPF_SKEL_SUPPORTS_MAP_AUTO_ATTACH 1\n"));
    }
    out.line(format_args!("struct {name} {{"));
    out.line(match out.kind {
        SkeletonKind::Light => format_args!("\tstruct bpf_loader_ctx ctx;"),
        SkeletonKind::Skeleton => {
            format_args!("\tstruct bpf_object_skeleton *skeleton;\n\tstruct bpf_object *obj;")
        }
        SkeletonKind::Subskeleton => {
            format_args!("\tstruct bpf_object *obj;\n\tstruct bpf_object_subskeleton *subskel;")
        }
    });
}

fn maps(out: &mut Writer<'_>) {
    let object = out.object;
    let named: Vec<_> = object.maps.iter().filter_map(|m| Some((m, m.ident()?))).collect();
    if named.is_empty() {
        return;
    }
    out.line(format_args!("\tstruct {{"));
    for (map, ident) in named {
        let declaration = match out.kind {
            SkeletonKind::Light => format!("\t\tstruct bpf_map_desc {ident};"),
            _ => format!("\t\tstruct bpf_map *{ident};"),
        };
        out.member(Holder::Maps, ident, &map.name, &map.section, &declaration);
    }
    out.line(format_args!("\t}} maps;"));
}

fn programs(out: &mut Writer<'_>) {
    let object = out.object;
    if object.programs.is_empty() {
        return;
    }
    out.line(format_args!("\tstruct {{"));
    for program in &object.programs {
        let name = &program.name;
        let declaration = match out.kind {
            SkeletonKind::Light => format!("\t\tstruct bpf_prog_desc {name};"),
            _ => format!("\t\tstruct bpf_program *{name};"),
        };
        out.member(Holder::Progs, name.clone(), name, &program.section, &declaration);
    }
    out.line(format_args!("\t}} progs;"));
}

fn links(out: &mut Writer<'_>) {
    let object = out.object;
    let programs = object.programs.iter().map(|p| (&p.name, &p.section));
    let maps = object.maps.iter().filter(|m| m.kind == MapKind::StructOps);
    let links: Vec<_> = programs.chain(maps.map(|m| (&m.name, &m.section))).collect();
    if links.is_empty() {
        return;
    }
    out.line(format_args!("\tstruct {{"));
    for (name, section) in links {
        let mut member = name.to_string();
        let mut declaration = String::new();
        if out.kind == SkeletonKind::Light {
            member.push_str("_fd");
            let _ = write!(declaration, "\t\tint {member};");
        } else {
            let _ = write!(declaration, "\t\tstruct bpf_link *{member};");
        }
        out.member(Holder::Links, member.into(), name, section, &declaration);
    }
    out.line(format_args!("\t}} links;"));
}
