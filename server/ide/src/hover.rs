//! Hover: facts that a C language server does not have - sections, offsets, maps, skeleton members.

mod facts;
mod loader;
#[cfg(test)]
mod tests;

use std::{fmt::Write, path::Path};

use bpf::{
    facts as tables,
    object::{Certainty, Map, MapDef, MapKind, Object, Program, Section, SectionKind, Variable},
};
use btf::{Linkage, size::round_up};
use cfront::source::FileRange;

use crate::{
    answer::{Hover, SkeletonKind},
    docs,
    host::{Analysis, Cancellable},
    macro_docs,
    pipeline::{FileAnalysis, Role},
    target::{Target, Word},
};

/// Initial values longer than this many bytes are cut in hovers.
const SHOWN_BYTES: usize = 32;

impl Analysis {
    /// Hover at a byte of a file.
    pub fn hover(&self, path: &Path, offset: u32) -> Cancellable<Option<Hover>> {
        let Some(file) = self.file(path)? else { return Ok(None) };
        if !matches!(file.role, Role::Bpf | Role::Loader | Role::Header) {
            return Ok(None);
        }
        if file.role == Role::Loader
            && let Some(found) = self.include_hover(path, &file, offset)
        {
            return Ok(Some(found));
        }
        for word in file.words_at(offset) {
            let text = match file.role {
                Role::Loader => self.loader_hover(path, &file, &word),
                _ => file.word_hover(&word),
            };
            if let Some(text) = text {
                return Ok(Some(hover(word.range, text)));
            }
        }
        Ok(file.macro_hover(offset))
    }
}

fn hover(range: FileRange, markdown: String) -> Hover {
    Hover { range: range.start..range.end, markdown }
}

impl FileAnalysis {
    fn word_hover(&self, word: &Word) -> Option<String> {
        // The object has no say in what the kernel's functions do, and so need not be made for it.
        if self.is_only(word)
            && let Some(text) = self.function(word)
        {
            return Some(text);
        }
        if let Some(target) = self.target(word) {
            if let Target::Variable { section, variable } = target
                && section.kind == SectionKind::Ksyms
            {
                return self.kernel_symbol(word, variable.weak);
            }
            let object = &self.source()?.object;
            let cpus = self.possible_cpus;
            return Some(describe(object, target, self.preview(SkeletonKind::Skeleton), cpus));
        }
        self.facts_about(word)
    }

    fn macro_hover(&self, offset: u32) -> Option<Hover> {
        if self.role == Role::Loader {
            return None;
        }
        let used = self.preprocessed.macro_uses.iter().find(|used| {
            used.range.file == self.main && (used.range.start..used.range.end).contains(&offset)
        })?;
        let name = used.definition.name.as_str();
        let text = macro_docs::find(name)?;
        Some(hover(used.range, format!("**{name}** (libbpf macro)\n\n{text}")))
    }
}

/// Markdown about a thing of the object model.
fn describe(
    object: &Object,
    target: Target<'_>,
    preview: Option<&bpf::skeleton::Preview>,
    cpus: Option<u64>,
) -> String {
    match target {
        Target::Variable { section, variable } => {
            let member = preview.and_then(|p| member(p, &variable.name, Some(&section.name)));
            describe_variable(object, section, variable, member, cpus)
        }
        Target::Map(map) => describe_map(map, preview.and_then(|p| member(p, &map.name, None))),
        Target::Program(program) => {
            describe_program(program, preview.and_then(|p| member(p, &program.name, None)))
        }
        Target::Section(section) => describe_section(object, section, cpus),
    }
}

/// How C code reaches the skeleton's member for a thing of the object.
fn member(preview: &bpf::skeleton::Preview, name: &str, section: Option<&str>) -> Option<String> {
    let member = preview.members.iter().find(|member| {
        member.object_name == name && section.is_none_or(|section| member.section == section)
    })?;
    // `maps.x` is a member of a struct in the skeleton, data sections are pointers.
    let path = member.path();
    let in_skeleton =
        ["maps.", "progs.", "links.", "struct_ops."].iter().any(|s| path.starts_with(s));
    Some(if in_skeleton {
        format!("skel->{path}")
    } else {
        format!("skel->{}", path.replacen('.', "->", 1))
    })
}

fn describe_variable(
    object: &Object,
    section: &Section,
    variable: &Variable,
    member: Option<String>,
    cpus: Option<u64>,
) -> String {
    let mut text = String::new();
    let declaration = btf::dump_c::declaration(&object.btf, variable.ty, &variable.name);
    let _ = write!(text, "```c\n{declaration};\n```\n\n");
    let _ = write!(text, "`{}`", section.name);
    if section.kind == SectionKind::Percpu {
        text.push_str(" (one copy for each CPU)");
    }
    let _ = write!(
        text,
        ", offset {} ({:#x}), size {}, alignment {}\n\n",
        variable.offset,
        variable.offset,
        bytes(variable.size),
        variable.align
    );
    if section.offset_certainty(variable) == Certainty::Likely {
        text.push_str("The offset depends on the optimiser.\n\n");
    }
    if let Some(initial) = initial(section, variable) {
        let _ = write!(text, "Initial value: {initial}\n\n");
    }
    if section.kind == SectionKind::Percpu {
        let _ = write!(
            text,
            "Takes {} on each possible CPU{}; the section {}{}.\n\n",
            bytes(variable.size),
            on_all(variable.size, cpus),
            bytes(round_up(section.size, 8)),
            in_total(round_up(section.size, 8), cpus)
        );
    }
    match member {
        Some(member) => {
            let _ = write!(text, "Skeleton: `{member}`");
            let note = match section.kind {
                SectionKind::Percpu => {
                    ": the start value for all CPUs, to be set before load; read-only after it"
                }
                SectionKind::Rodata => ": to be set before load; read-only after it",
                SectionKind::Kconfig => ": readable after load",
                _ => "",
            };
            text.push_str(note);
        }
        None if variable.linkage == Linkage::Static => {
            text.push_str("Not in the skeleton: static or hidden.");
        }
        None => {}
    }
    text.trim_end().to_owned()
}

/// What per-CPU data takes on all CPUs of this machine, in parentheses.
fn on_all(size: u64, cpus: Option<u64>) -> String {
    let total = cpus.and_then(|cpus| Some((size.checked_mul(cpus)?, cpus)));
    total.map_or_else(String::new, |(total, cpus)| {
        format!(" ({} on the {cpus} of this machine)", bytes(total))
    })
}

/// The same after the number of CPUs was said.
fn in_total(size: u64, cpus: Option<u64>) -> String {
    let total = cpus.and_then(|cpus| size.checked_mul(cpus));
    total.map_or_else(String::new, |total| format!(" ({})", bytes(total)))
}

fn initial(section: &Section, variable: &Variable) -> Option<String> {
    if section.kind == SectionKind::Bss {
        return Some("0".to_owned());
    }
    let value = variable.initial.as_ref()?;
    if value.iter().all(|byte| *byte == 0) {
        return Some("0".to_owned());
    }
    let shown: Vec<String> = value.iter().take(SHOWN_BYTES).map(|b| format!("{b:02x}")).collect();
    let more = if value.len() > SHOWN_BYTES { " ..." } else { "" };
    Some(format!("`{}{more}` (bytes)", shown.join(" ")))
}

/// `1 byte`, `8 bytes`, `64 KiB`.
pub(crate) fn bytes(n: u64) -> String {
    match n {
        1 => "1 byte".to_owned(),
        n if n >= 1 << 20 && n % (1 << 20) == 0 => format!("{} MiB", n >> 20),
        n if n >= 4096 && n % 1024 == 0 => format!("{} KiB", n >> 10),
        n => format!("{n} bytes"),
    }
}

/// The map type's name without `BPF_MAP_TYPE_`, or its number.
pub(crate) fn map_type(def: &MapDef) -> String {
    let Some(number) = def.map_type else { return "unknown type".to_owned() };
    tables::map_types::by_number(number).map_or_else(
        || format!("map type {number}"),
        |row| row.name.trim_start_matches("BPF_MAP_TYPE_").to_owned(),
    )
}

fn describe_map(map: &Map, member: Option<String>) -> String {
    let mut text = format!("**{}**: map, `{}`\n\n", map.name, map_type(&map.def));
    if let MapKind::Internal(_) = map.kind {
        let _ = write!(text, "Made from section `{}`.\n\n", map.section);
    }
    for (name, value) in [
        ("key size", map.def.key_size),
        ("value size", map.def.value_size),
        ("max entries", map.def.max_entries),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "- {name}: {value}");
        }
    }
    if let Some(flags) = map.def.map_flags.filter(|flags| *flags != 0) {
        let _ = writeln!(text, "- flags: {flags:#x}");
    }
    if let Some(total) = map.payload_bytes().filter(|total| *total > 0) {
        let row = map.def.map_type.and_then(tables::map_types::by_number);
        let each = if row.is_some_and(|row| row.per_cpu) { " on each CPU" } else { "" };
        let _ = writeln!(text, "- payload: {}{each}", bytes(total));
    }
    if let Some(member) = member {
        text.truncate(text.trim_end().len());
        let _ = write!(text, "\n\nSkeleton: `{member}`");
    }
    text.trim_end().to_owned()
}

fn describe_program(program: &Program, member: Option<String>) -> String {
    let mut text = format!("**{}**: program in section `{}`\n\n", program.name, program.section);
    if let Some(section) = program_section(program.section.trim_start_matches('?')) {
        text.push_str(&section);
        text.push_str("\n\n");
    }
    if program.section.starts_with('?') {
        text.push_str("Not loaded unless user space asks for it (`?`).\n\n");
    }
    if let Some(member) = member {
        let link = member.replacen("progs", "links", 1);
        let _ = write!(text, "Skeleton: `{member}`, `{link}`");
    }
    text.trim_end().to_owned()
}

/// Markdown about the section name of a program; `None` when libbpf does not know it.
fn program_section(name: &str) -> Option<String> {
    tables::sections::find(name).map(docs::sections::program)
}

fn describe_section(object: &Object, section: &Section, cpus: Option<u64>) -> String {
    let what = match section.kind {
        SectionKind::Data => "initialised data, one copy for all CPUs",
        SectionKind::Rodata => "read-only data, frozen at load",
        SectionKind::Bss => "zero-initialised data, one copy for all CPUs",
        SectionKind::Percpu => "per-CPU data, one copy for each possible CPU",
        SectionKind::Kconfig => "kernel configuration, filled in at load",
        SectionKind::Ksyms => "symbols of the kernel",
        SectionKind::Maps => "map definitions",
        SectionKind::StructOps => "struct_ops maps",
        SectionKind::Arena => "data of the arena",
        SectionKind::License => "the licence of the programs",
        SectionKind::Version => "a version, ignored since libbpf 1.0",
        SectionKind::Other => "no section that libbpf knows: skipped when the object is opened",
    };
    let mut text = format!("**{}**: {what}\n\n", section.name);
    if section.kind.is_internal_map() {
        let _ = writeln!(text, "- {} variables, {}", section.variables.len(), bytes(section.size));
        let map = object
            .maps
            .iter()
            .find(|map| matches!(map.kind, MapKind::Internal(_)) && map.section == section.name);
        if let Some(map) = map {
            let _ = writeln!(text, "- map `{}`, `{}`", map.name, map_type(&map.def));
        }
        if section.kind == SectionKind::Percpu {
            let size = round_up(section.size, 8);
            let _ = writeln!(text, "- {} on each possible CPU{}", bytes(size), on_all(size, cpus));
        }
        if section.certainty == Certainty::Likely {
            text.push_str("\nOffsets in it depend on the optimiser.");
        }
    }
    text.trim_end().to_owned()
}
