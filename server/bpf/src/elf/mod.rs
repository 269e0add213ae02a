//! The object model from a compiled object.
//!
//! [`open`] does what `bpf_object__open()` of libbpf (as of 2026-08, with per-CPU data) does as far
//! as maps, variables and programs are concerned, in the same order, and fails for the same reasons.
//! Objects of both byte orders are read, whatever the byte order of this machine.

mod datasec;
mod externs;
mod file;
mod made_of;
mod programs;
mod relocations;
mod sections;
#[cfg(test)]
mod tests;

use crate::maps;
use crate::object::{Object, Origin};
use crate::refusal::Refusal;
use btf::Btf;
use file::ElfFile;
pub use made_of::sources;
use smol_str::SmolStr;
use std::fmt;

/// Why a file gave no object model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// No ELF file, not for BPF, or a damaged one.
    Elf(String),
    /// `.BTF` is damaged, or missing where libbpf needs it.
    Btf(String),
    /// libbpf would refuse to open the object.
    Refused(Refusal),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Elf(what) => f.write_str(what),
            OpenError::Btf(what) => write!(f, ".BTF: {what}"),
            OpenError::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<Refusal> for OpenError {
    fn from(refusal: Refusal) -> Self {
        OpenError::Refused(refusal)
    }
}

/// Reads a BPF object from the bytes of its file, as libbpf opens it under the object name `name`
/// (see [`crate::section::object_name_of_file`]).
///
/// # Errors
///
/// When the bytes are no ELF file for BPF, its BTF cannot be read, or libbpf refuses the object.
pub fn open(bytes: &[u8], name: &str) -> Result<Object, OpenError> {
    let elf = ElfFile::parse(bytes)?;
    if elf.section("maps").is_some() {
        return Err(Refusal::new(
            crate::refusal::RefusalKind::LegacyMaps,
            "EOPNOTSUPP",
            "maps in the section \"maps\" are not supported by libbpf 1.0 and later",
        )
        .into());
    }
    let functions = programs::functions(&elf)?;
    let mut btf = match elf.section(".BTF") {
        Some(section) => read_btf(section.data)?,
        None => {
            let needs = |s: &&file::ElfSection<'_>| {
                s.name == ".maps" || s.name.trim_start_matches('?').starts_with(".struct_ops")
            };
            if let Some(section) = elf.sections.iter().find(needs) {
                let why =
                    format!("missing, but section {} needs it (compile with -g)", section.name);
                return Err(OpenError::Btf(why));
            }
            Btf::new()
        }
    };
    // libbpf's word on BPF objects, whatever the types look like.
    btf.pointer_size = 8;
    externs::collect(&mut btf, &elf)?;
    let symbols = datasec::variable_symbols(&elf);
    datasec::fix_up(&mut btf, &elf, &symbols)?;
    let sections = sections::sections(&btf, &elf, &symbols);
    let (mut maps, refusals) = maps::of_sections(name, &btf, &sections);
    if let Some(refusal) = refusals.into_iter().next() {
        return Err(refusal.into());
    }
    relocations::collect(&btf, &elf, &functions, &sections, &mut maps)?;
    let programs = programs::programs(&btf, &elf, &functions);
    Ok(Object {
        possible_sections: Vec::new(),
        name: SmolStr::new(name),
        origin: Origin::Elf,
        btf: btf.into(),
        sections,
        maps,
        programs,
        complete: true,
    })
}

/// The types of an object as its `.BTF` section holds them, without libbpf's fix-ups: what
/// `bpftool btf dump file` shows.
///
/// # Errors
///
/// When the bytes are no ELF file for BPF, or it has no BTF that can be read.
pub fn raw_btf(bytes: &[u8]) -> Result<Btf, OpenError> {
    let elf = ElfFile::parse(bytes)?;
    match elf.section(".BTF") {
        Some(section) => read_btf(section.data),
        None => Err(OpenError::Btf("the object has none (compile with -g)".into())),
    }
}

/// What a section holds in the file: nothing where it has no bytes there, or does not exist.
pub fn section_bytes<'a>(bytes: &'a [u8], name: &str) -> Result<&'a [u8], OpenError> {
    let elf = ElfFile::parse(bytes)?;
    Ok(elf.section(name).map_or(&[], |section| section.data))
}

fn read_btf(data: &[u8]) -> Result<Btf, OpenError> {
    btf::read(data).map_err(|e| OpenError::Btf(e.to_string()))
}
