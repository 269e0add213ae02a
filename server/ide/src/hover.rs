//! Hover: facts that a C language server does not have - sections, offsets, maps, skeleton members.

mod facts;
mod loader;

/// The law that something hangs on, behind what hangs on it.
fn because(text: &mut Markdown, law: &'static Law) {
    text.add(" ({}: {}).\n\n", &[&Code(law.id), &Plain(law.says)]);
}

#[cfg(test)]
mod tests;

use std::path::Path;

use bpf::{
    facts as tables,
    object::{Law, Map, MapDef, MapKind, Object, Program, Section, SectionKind, Variable},
};
use btf::{Linkage, size::round_up};
use cfront::source::FileRange;

use crate::{
    answer::{Hover, SkeletonKind},
    docs,
    host::{Analysis, Cancellable},
    macro_docs,
    markdown::{Block, Code, Markdown, Plain},
    pipeline::{FileAnalysis, Role},
    target::{Target, Word},
};

/// Initial values longer than this many bytes are cut in hovers.
const SHOWN_BYTES: usize = 32;

impl Analysis {
    /// Hover at a byte of a file.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
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

fn hover(range: FileRange, markdown: Markdown) -> Hover {
    Hover { range: range.start..range.end, markdown }
}

impl FileAnalysis {
    fn word_hover(&self, word: &Word) -> Option<Markdown> {
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
        Some(hover(used.range, Markdown::of("**{}** (libbpf macro)\n\n{}", &[&Plain(name), &text])))
    }
}

/// Markdown about a thing of the object model.
fn describe(
    object: &Object,
    target: Target<'_>,
    preview: Option<&bpf::skeleton::Preview>,
    cpus: Option<u64>,
) -> Markdown {
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
) -> Markdown {
    let declaration = btf::dump_c::declaration(&object.btf, variable.ty, &variable.name) + ";";
    let mut text = Markdown::of("{}\n\n{}", &[&Block(declaration), &Code(&section.name)]);
    if section.kind == SectionKind::Percpu {
        text.add(" (one copy for each CPU)", &[]);
    }
    text.add(
        ", offset {} ({}), size {}, alignment {}\n\n",
        &[
            &variable.offset,
            &Plain(format!("{:#x}", variable.offset)),
            &Plain(bytes(variable.size)),
            &variable.align,
        ],
    );
    if let Some(law) = section.offset_certainty(variable).law() {
        text.add("The offset depends on the optimiser", &[]);
        because(&mut text, law);
    }
    if let Some(initial) = initial(section, variable) {
        text.add("Initial value: {}\n\n", &[&initial]);
    }
    if section.kind == SectionKind::Percpu {
        let whole = round_up(section.size, 8);
        text.add(
            "Takes {} on each possible CPU{}; the section {}{}.\n\n",
            &[
                &Plain(bytes(variable.size)),
                &Plain(on_all(variable.size, cpus)),
                &Plain(bytes(whole)),
                &Plain(in_total(whole, cpus)),
            ],
        );
    }
    match member {
        Some(member) => {
            text.add("Skeleton: {}", &[&Code(member)]);
            let note = match section.kind {
                SectionKind::Percpu => {
                    ": the start value for all CPUs, to be set before load; read-only after it"
                }
                SectionKind::Rodata => ": to be set before load; read-only after it",
                SectionKind::Kconfig => ": readable after load",
                _ => "",
            };
            text.add(note, &[]);
        }
        None if variable.linkage == Linkage::Static => {
            text.add("Not in the skeleton: static or hidden.", &[]);
        }
        None => {}
    }
    text.trimmed()
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

fn initial(section: &Section, variable: &Variable) -> Option<Markdown> {
    if section.kind == SectionKind::Bss {
        return Some(Markdown::of("0", &[]));
    }
    let value = variable.initial.as_ref()?;
    if value.iter().all(|byte| *byte == 0) {
        return Some(Markdown::of("0", &[]));
    }
    let shown: Vec<String> = value.iter().take(SHOWN_BYTES).map(|b| format!("{b:02x}")).collect();
    let more = if value.len() > SHOWN_BYTES { " ..." } else { "" };
    Some(Markdown::of("{} (bytes)", &[&Code(shown.join(" ") + more)]))
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

fn describe_map(map: &Map, member: Option<String>) -> Markdown {
    let mut text =
        Markdown::of("**{}**: map, {}\n\n", &[&Plain(&map.name), &Code(map_type(&map.def))]);
    if let MapKind::Internal(_) = map.kind {
        text.add("Made from section {}.\n\n", &[&Code(&map.section)]);
    }
    for (line, value) in [
        ("- key size: {}\n", map.def.key_size),
        ("- value size: {}\n", map.def.value_size),
        ("- max entries: {}\n", map.def.max_entries),
    ] {
        if let Some(value) = value {
            text.add(line, &[&value]);
        }
    }
    if let Some(flags) = map.def.map_flags.filter(|flags| *flags != 0) {
        text.add("- flags: {}\n", &[&Plain(format!("{flags:#x}"))]);
    }
    if let Some(total) = map.payload_bytes().filter(|total| *total > 0) {
        let row = map.def.map_type.and_then(tables::map_types::by_number);
        let each = if row.is_some_and(|row| row.per_cpu) { " on each CPU" } else { "" };
        text.add("- payload: {}{}\n", &[&Plain(bytes(total)), &Plain(each)]);
    }
    if let Some(member) = member {
        text.trim();
        text.add("\n\nSkeleton: {}", &[&Code(member)]);
    }
    text.trimmed()
}

fn describe_program(program: &Program, member: Option<String>) -> Markdown {
    let mut text = Markdown::of(
        "**{}**: program in section {}\n\n",
        &[&Plain(&program.name), &Code(&program.section)],
    );
    if let Some(section) = program_section(program.section.trim_start_matches('?')) {
        text.add("{}\n\n", &[&section]);
    }
    if program.section.starts_with('?') {
        text.add("Not loaded unless user space asks for it (`?`).\n\n", &[]);
    }
    if let Some(member) = member {
        let link = member.replacen("progs", "links", 1);
        text.add("Skeleton: {}, {}", &[&Code(member), &Code(link)]);
    }
    text.trimmed()
}

/// Markdown about the section name of a program; `None` when libbpf does not know it.
fn program_section(name: &str) -> Option<Markdown> {
    tables::sections::find(name).map(docs::sections::program)
}

fn describe_section(object: &Object, section: &Section, cpus: Option<u64>) -> Markdown {
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
    let mut text = Markdown::of("**{}**: {}\n\n", &[&Plain(&section.name), &Plain(what)]);
    if section.kind.is_internal_map() {
        let size = Plain(bytes(section.size));
        text.add("- {} variables, {}\n", &[&section.variables.len(), &size]);
        let map = object
            .maps
            .iter()
            .find(|map| matches!(map.kind, MapKind::Internal(_)) && map.section == section.name);
        if let Some(map) = map {
            text.add("- map {}, {}\n", &[&Code(&map.name), &Code(map_type(&map.def))]);
        }
        if section.kind == SectionKind::Percpu {
            let size = round_up(section.size, 8);
            text.add(
                "- {} on each possible CPU{}\n",
                &[&Plain(bytes(size)), &Plain(on_all(size, cpus))],
            );
        }
        if let Some(law) = section.existence.law() {
            text.add("\nWhether it is there depends on the optimiser", &[]);
            because(&mut text, law);
        }
        if let Some(law) = section.certainty.law() {
            text.add("\nOffsets in it depend on the optimiser", &[]);
            because(&mut text, law);
        }
    }
    text.trimmed()
}
