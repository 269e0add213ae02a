//! Programs: the functions of executable sections (`bpf_object__add_programs`).

use super::file::ElfFile;
use crate::object::Program;
use crate::refusal::{Refusal, RefusalKind};
use btf::{Btf, Type, TypeId};
use object::elf::{SHT_PROGBITS, STT_FUNC};
use rustc_hash::FxHashMap;

/// Size of an instruction in bytes.
pub(super) const INSN_SIZE: u64 = 8;

/// A function of an executable section, entry program or subprogram.
pub(super) struct Code<'a> {
    pub(super) name: &'a str,
    /// Index of its section.
    pub(super) section: usize,
    /// Offset in the section in bytes.
    pub(super) offset: u64,
    /// Size in bytes.
    pub(super) size: u64,
}

/// All functions, ordered by section index, then offset. Subprograms (of `.text`) are among them.
pub(super) fn functions<'a>(elf: &ElfFile<'a>) -> Result<Vec<Code<'a>>, Refusal> {
    let mut functions = Vec::new();
    for symbol in elf.symbols.iter().filter(|s| s.kind == STT_FUNC) {
        let Some(section) = elf.sections.get(symbol.section) else { continue };
        if section.kind != SHT_PROGBITS || section.size == 0 || !section.is_executable() {
            continue;
        }
        let (name, of) = (symbol.name, section.name);
        let damaged = |what: &str| {
            Refusal::new(
                RefusalKind::DamagedProgram,
                "EINVAL",
                format!("program {name} of section {of} {what}"),
            )
        };
        let end = symbol.value.checked_add(symbol.size);
        if end.is_none_or(|end| end > section.data.len() as u64) {
            return Err(damaged("reaches past the end of its section"));
        }
        if symbol.is_local() && of != ".text" {
            return Err(Refusal::new(
                RefusalKind::StaticProgram,
                "EOPNOTSUPP",
                format!("program {name} of section {of} is static"),
            ));
        }
        if symbol.size == 0
            || !symbol.size.is_multiple_of(INSN_SIZE)
            || !symbol.value.is_multiple_of(INSN_SIZE)
        {
            return Err(damaged("is not made of whole instructions"));
        }
        functions.push(Code {
            name,
            section: symbol.section,
            offset: symbol.value,
            size: symbol.size,
        });
    }
    functions.sort_by_key(|f| (f.section, f.offset));
    Ok(functions)
}

/// The entry programs among the functions: those outside `.text`.
pub(super) fn programs(btf: &Btf, elf: &ElfFile<'_>, functions: &[Code<'_>]) -> Vec<Program> {
    let mut by_name: FxHashMap<&str, TypeId> = FxHashMap::default();
    for (id, ty) in btf.iter() {
        if let Type::Func(func) = ty {
            by_name.entry(func.name.as_str()).or_insert(id);
        }
    }
    let section = |f: &Code<'_>| elf.sections.get(f.section).map(|s| s.name).unwrap_or_default();
    functions
        .iter()
        .filter(|f| section(f) != ".text")
        .map(|f| Program {
            name: f.name.into(),
            section: section(f).into(),
            func: by_name.get(f.name).copied(),
            place: None,
        })
        .collect()
}
