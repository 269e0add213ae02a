//! Skeletons that a loader can be built with: the declaration part as bpftool prints it, and behind it
//! functions of our own over libbpf's public interface, with the bytes of the object.
//!
//! What the functions do is what users of bpftool's headers rely on: which pointers are set at open, what
//! `errno` says, what is freed. Facts about the tables that libbpf reads (`struct bpf_object_skeleton` and
//! its kin) are from `libbpf.h`, those about light skeletons from `skel_internal.h` and `gen_trace` in
//! bpftool's `gen.c`.

mod bytes;
mod light;
mod object;
mod subskeleton;

use super::{SkeletonKind, declared};
use crate::object::{MapKind, Object};
use smol_str::SmolStr;
use std::fmt::Display;

/// The program that loads the maps and programs of a light skeleton: what `bpf_object__gen_loader` of
/// libbpf gives. It cannot be had without libbpf, which relocates the programs for it.
#[derive(Clone, Copy, Debug)]
pub struct LoaderProgram<'a> {
    /// What the loader program reads and writes (`gen_loader_opts.data`).
    pub data: &'a [u8],
    /// Its instructions (`gen_loader_opts.insns`).
    pub instructions: &'a [u8],
}

/// The whole header of that kind for the object whose ELF bytes are `elf`.
///
/// # Errors
///
/// In words, where no header can be built with: bpftool prints none, a name is none in C, or what a light
/// skeleton needs is not known.
pub fn full(
    object: &Object,
    kind: SkeletonKind,
    elf: &[u8],
    loader: Option<LoaderProgram<'_>>,
) -> Result<String, String> {
    names_are_identifiers(object)?;
    let light = match kind {
        SkeletonKind::Light => Some(light::Light::new(object, elf, loader)?),
        SkeletonKind::Skeleton | SkeletonKind::Subskeleton => None,
    };
    let preview = declared(object, kind, |out| match (kind, &light) {
        (SkeletonKind::Skeleton, _) => object::functions(out, elf),
        (SkeletonKind::Subskeleton, _) => subskeleton::functions(out),
        (SkeletonKind::Light, Some(light)) => light.functions(out),
        (SkeletonKind::Light, None) => {}
    });
    match preview.note {
        Some(why) => Err(why),
        None => Ok(preview.text),
    }
}

/// Names in an object can hold anything; what is compiled must be no more than a name.
fn names_are_identifiers(object: &Object) -> Result<(), String> {
    let maps = object.maps.iter().filter_map(|m| m.ident());
    let programs = object.programs.iter().map(|p| p.name.clone());
    let variables = object.sections.iter().flat_map(|s| &s.variables).map(|v| v.name.clone());
    // Variables of functions have a dot in their names, and are never shown.
    let shown = variables.filter(|name| !name.contains('.'));
    for name in std::iter::once(object.name.clone()).chain(maps).chain(programs).chain(shown) {
        if !is_identifier(&name) {
            return Err(format!("`{name}` is no name in C: no header with it can be compiled"));
        }
    }
    Ok(())
}

fn is_identifier(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A name as a string literal.
fn quoted(name: &str) -> String {
    bytes::literal(name.as_bytes(), "")
}

/// The statements that set the pointers to struct_ops shadows, where there are any.
fn shadow_pointers(object: &Object, variable: impl Display) -> String {
    let maps = object.maps.iter().filter(|m| m.kind == MapKind::StructOps);
    maps.map(|map| {
        let member = format!("{variable}->struct_ops.{}", map.name);
        format!(
            "\t{member} = (__typeof__({member}))\n\
             \t\tbpf_map__initial_value({variable}->maps.{}, &size);\n",
            map.name
        )
    })
    .collect()
}

/// Whether the object has struct_ops maps.
fn has_struct_ops(object: &Object) -> bool {
    object.maps.iter().any(|m| m.kind == MapKind::StructOps)
}

/// A row of the table of maps: the name under which libbpf finds it, its member, and that of its data.
struct MapRow {
    name: SmolStr,
    ident: SmolStr,
    data: Option<SmolStr>,
    struct_ops: bool,
}

/// The loop that fills libbpf's table of maps from rows of our own; nothing where there are none. `fails`
/// is the statement that ends the function.
///
/// A table without struct_ops maps has rows of three pointers, which every libbpf knows; the fourth, the
/// link of a struct_ops map, came with libbpf 1.5.
fn map_table(rows: &[MapRow], links: bool, fails: &str) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let links = links && rows.iter().any(|row| row.struct_ops);
    let mut initialisers = String::new();
    for row in rows {
        let data = match &row.data {
            Some(data) => format!("(void **)&skel->{data}"),
            None => "NULL".into(),
        };
        let link = match (links, row.struct_ops) {
            (true, true) => format!(", &skel->links.{}", row.ident),
            (true, false) => ", NULL".into(),
            (false, _) => String::new(),
        };
        initialisers += &format!(
            "\t\t\t{{ {}, &skel->maps.{}, {data}{link} }},\n",
            quoted(&row.name),
            row.ident
        );
    }
    let (member, copy, stride) = if links {
        (
            "\t\t\tstruct bpf_link **link;\n",
            "#if LIBBPF_MAJOR_VERSION > 1 || (LIBBPF_MAJOR_VERSION == 1 && LIBBPF_MINOR_VERSION >= 5)\n\
             \t\t\tslot->link = rows[i].link;\n\
             #endif\n",
            "sizeof(*table->maps)",
        )
    } else {
        ("", "", "3 * sizeof(void *)")
    };
    format!(
        "\t{{\n\
         \t\tconst struct {{\n\
         \t\t\tconst char *name;\n\
         \t\t\tstruct bpf_map **map;\n\
         \t\t\tvoid **data;\n\
         {member}\
         \t\t}} rows[] = {{\n\
         {initialisers}\
         \t\t}};\n\
         \t\tint i;\n\
         \n\
         \t\ttable->maps = (struct bpf_map_skeleton *)calloc({count}, sizeof(*table->maps));\n\
         \t\tif (!table->maps)\n\
         \t\t\t{fails};\n\
         \t\ttable->map_cnt = {count};\n\
         \t\ttable->map_skel_sz = {stride};\n\
         \t\tfor (i = 0; i < {count}; i++) {{\n\
         \t\t\tstruct bpf_map_skeleton *slot = (struct bpf_map_skeleton *)\n\
         \t\t\t\t((char *)table->maps + i * table->map_skel_sz);\n\
         \n\
         \t\t\tslot->name = rows[i].name;\n\
         \t\t\tslot->map = rows[i].map;\n\
         \t\t\tslot->mmaped = rows[i].data;\n\
         {copy}\
         \t\t}}\n\
         \t}}\n",
        count = rows.len(),
    )
}

/// The same for the table of programs.
fn program_table(object: &Object, links: bool, fails: &str) -> String {
    if object.programs.is_empty() {
        return String::new();
    }
    let mut rows = String::new();
    for program in &object.programs {
        let name = &program.name;
        let link = if links { format!(", &skel->links.{name}") } else { String::new() };
        rows += &format!("\t\t\t{{ {}, &skel->progs.{name}{link} }},\n", quoted(name));
    }
    let (member, copy) = if links {
        ("\t\t\tstruct bpf_link **link;\n", "\t\t\ttable->progs[i].link = rows[i].link;\n")
    } else {
        ("", "")
    };
    format!(
        "\t{{\n\
         \t\tconst struct {{\n\
         \t\t\tconst char *name;\n\
         \t\t\tstruct bpf_program **prog;\n\
         {member}\
         \t\t}} rows[] = {{\n\
         {rows}\
         \t\t}};\n\
         \t\tint i;\n\
         \n\
         \t\ttable->progs = (struct bpf_prog_skeleton *)calloc({count}, sizeof(*table->progs));\n\
         \t\tif (!table->progs)\n\
         \t\t\t{fails};\n\
         \t\ttable->prog_cnt = {count};\n\
         \t\ttable->prog_skel_sz = sizeof(*table->progs);\n\
         \t\tfor (i = 0; i < {count}; i++) {{\n\
         \t\t\ttable->progs[i].name = rows[i].name;\n\
         \t\t\ttable->progs[i].prog = rows[i].prog;\n\
         {copy}\
         \t\t}}\n\
         \t}}\n",
        count = object.programs.len(),
    )
}

#[cfg(test)]
mod tests;
