//! Layouts as text, in the manner of pahole: each member with its offset and size in bytes, holes,
//! padding and cache lines in comments.

mod record;

use super::json::{linkage, map_type};
use super::{Named, TypeRequest};
use crate::object::{Map, MapKind, Object, Origin, Section, SectionKind};
use btf::{CDumper, Linkage, Type, shown::Shown};
use record::{Entry, Lines, close};
use rustc_hash::FxHashMap;
use std::fmt::Write;

/// Size of a cache line in bytes.
const CACHE_LINE: u64 = 64;

/// The whole object: its sections with variables, maps and programs. `file` is how the user calls it.
pub fn print_object(object: &Object, file: &str) -> String {
    let mut out = String::new();
    let from = match object.origin {
        Origin::Source => "from source",
        Origin::Elf => "from the compiled object",
    };
    let _ = writeln!(out, "/* {}: object {}, {from} */", Shown(file), object.name);
    if !object.complete {
        let _ = writeln!(out, "/* incomplete: the source could not be read in full */");
    }
    let maps = internal_maps(object);
    for section in &object.sections {
        out.push('\n');
        section_lines(object, section, maps.get(&*section.name).copied(), &mut out);
    }
    if !object.maps.is_empty() {
        let _ = writeln!(out, "\nmaps:");
        for map in &object.maps {
            let _ = writeln!(out, "\t{}", map_line(map));
        }
    }
    if !object.programs.is_empty() {
        let _ = writeln!(out, "\nprograms:");
        let width = object.programs.iter().map(|p| p.name.len()).max().unwrap_or(0);
        for program in &object.programs {
            let _ = writeln!(out, "\t{:<width$}  {}", program.name, Shown(&program.section));
        }
    }
    for possible in &object.possible_sections {
        let (name, law) = (Shown(&possible.name), possible.law.id);
        let variable = Shown(&possible.variable);
        let _ = writeln!(out, "\n/* {name} may be there too, with {variable} ({law}) */");
    }
    let laws = object.doubted_laws();
    if !laws.is_empty() {
        let _ = writeln!(out, "\nwhat the optimiser decides:");
        for law in laws {
            let _ = writeln!(out, "\t{}: {}\n\t\t{}", law.id, law.says, law.source);
        }
    }
    out
}

/// One section with its variables, holes and cache lines.
pub fn print_section(object: &Object, section: &Section, out: &mut String) {
    let map = internal_maps(object).get(&*section.name).copied();
    section_lines(object, section, map, out);
}

/// The maps that libbpf makes of sections, by section.
fn internal_maps(object: &Object) -> FxHashMap<&str, &Map> {
    let maps = object.maps.iter().rev().filter(|m| matches!(m.kind, MapKind::Internal(_)));
    maps.map(|map| (&*map.section, map)).collect()
}

fn section_lines(object: &Object, section: &Section, map: Option<&Map>, out: &mut String) {
    let certainty = section.offset_certainties();
    let mut lines = Lines::new(1, CACHE_LINE);
    let mut dumper = CDumper::with_plain_names(&object.btf);
    for variable in &section.variables {
        if lines.is_full() {
            break;
        }
        let storage = match variable.linkage {
            Linkage::Global => String::new(),
            other => format!("{} ", linkage(other)),
        };
        lines.gap(variable.offset.saturating_mul(8), "hole");
        let note = match certainty(variable).law() {
            None => String::new(),
            Some(law) => format!(" offset depends on the optimiser ({})", law.id),
        };
        let entry = Entry {
            offset_bits: variable.offset.saturating_mul(8),
            size_bits: variable.size.saturating_mul(8),
            bitfield: false,
            note,
        };
        let declaration =
            format!("{storage}{}", dumper.type_decl(variable.ty, &variable.name, 1, false));
        lines.entry(&declaration, entry);
    }
    let _ = writeln!(out, "{} {{", Shown(&section.name));
    out.push_str(&lines.finish(section.size, section.align, "variables"));
    let _ = writeln!(out, "}};{}", section_meaning(section, map));
    if let Some(law) = section.existence.law() {
        let _ = writeln!(out, "/* whether it is there depends on the optimiser ({}) */", law.id);
    }
    for doubt in section.doubts.iter().filter(|doubt| !doubt.present) {
        let _ = writeln!(
            out,
            "/* {} may be there too, at offset {} ({}) */",
            Shown(&doubt.name),
            doubt.offset,
            doubt.law.id
        );
    }
}

/// What becomes of the section, as a comment behind it.
fn section_meaning(section: &Section, map: Option<&Map>) -> String {
    match (map, section.kind) {
        (Some(map), SectionKind::Percpu) => format!(
            " /* map {}, {} bytes on each possible CPU */",
            Shown(&map.name),
            section.size.div_ceil(8).saturating_mul(8)
        ),
        (Some(map), _) => format!(" /* map {} */", Shown(&map.name)),
        (None, SectionKind::Other) => " /* libbpf makes no map of this section */".into(),
        _ => String::new(),
    }
}

/// A map in one line.
fn map_line(map: &Map) -> String {
    let mut line =
        format!("{}  {}", Shown(&map.name), map.def.map_type.map_or("?".into(), map_type));
    let numbers = [
        ("key", map.def.key_size),
        ("value", map.def.value_size),
        ("max_entries", map.def.max_entries),
    ];
    for (what, number) in numbers {
        if let Some(number) = number {
            let _ = write!(line, "  {what} {number}");
        }
    }
    if let Some(flags) = map.def.map_flags.filter(|f| *f != 0) {
        let _ = write!(line, "  flags {flags:#x}");
    }
    let _ = write!(line, "  ({})", Shown(&map.section));
    line
}

/// What a name means: a variable with its place and then its type, or a type.
pub fn print_named(object: &Object, named: &Named<'_>) -> String {
    match named {
        Named::Type(request) => print_type(request),
        Named::Variable(request, section, variable) => {
            let mut out = String::new();
            let section = object.sections.get(*section);
            let found = section.and_then(|s| Some((s, s.variables.get(*variable)?)));
            if let Some((section, variable)) = found {
                let _ = writeln!(
                    out,
                    "/* {} variable {} of section {}: offset {}, size {}, align {} */",
                    linkage(variable.linkage),
                    variable.name,
                    Shown(&section.name),
                    variable.offset,
                    variable.size,
                    variable.align
                );
            }
            out.push_str(&print_type(request));
            out
        }
    }
}

/// A type: a struct or union with holes, an enum with its values, anything else as a declaration.
pub fn print_type(request: &TypeRequest<'_>) -> String {
    let btf = request.btf;
    let resolved = btf.resolve(request.ty).unwrap_or(request.ty);
    let align = request.align.or_else(|| btf.align_of(request.ty).map(u64::from));
    match btf.get(resolved) {
        Type::Struct(_) | Type::Union(_) => record::print(request, resolved, CACHE_LINE),
        Type::Enum(_) | Type::Enum64(_) => {
            let mut dumper = CDumper::with_plain_names(btf);
            let text = dumper.dump_definition(resolved).unwrap_or_default();
            format!("{text}{}\n", close(btf.size_of(resolved), align))
        }
        _ => {
            let mut dumper = CDumper::with_plain_names(btf);
            let text = match btf.get(request.ty) {
                Type::Typedef { .. } => dumper.dump_definition(request.ty).unwrap_or_default(),
                _ => format!("{};", dumper.type_decl(request.ty, "", 0, false)),
            };
            format!("{text}{}\n", close(btf.size_of(request.ty), align))
        }
    }
}
