//! The data sections of an object, with their variables.

use super::datasec::{VariableSymbols, datasecs};
use super::file::ElfFile;
use crate::object::{Certainty, Section, SectionKind, Variable};
use btf::size::Aligner;
use btf::{Btf, Type, TypeId};

/// Data sections in ELF section index order; `.kconfig` and `.ksyms`, which have no ELF section,
/// come last. `btf` is fixed up.
pub(super) fn sections(
    btf: &Btf,
    elf: &ElfFile<'_>,
    symbols: &VariableSymbols<'_, '_>,
) -> Vec<Section> {
    let datasecs = datasecs(btf);
    let mut aligner = Aligner::default();
    let mut sections = Vec::new();
    for section in elf.sections.iter().filter(|s| s.is_data()) {
        let datasec = datasecs.get(section.name).copied();
        sections.push(Section {
            name: section.name.into(),
            kind: SectionKind::of_section(section.name, section.is_nobits()),
            size: section.size,
            align: section.align,
            datasec,
            variables: variables(btf, datasec, symbols, section.data, &mut aligner),
            certainty: Certainty::Certain,
            existence: Certainty::Certain,
            doubts: Vec::new(),
        });
    }
    for name in [".kconfig", ".ksyms"] {
        let Some(&datasec) = datasecs.get(name) else { continue };
        let Type::Datasec { size, .. } = btf.get(datasec) else { continue };
        let variables = variables(btf, Some(datasec), symbols, &[], &mut aligner);
        sections.push(Section {
            name: name.into(),
            kind: SectionKind::of_section(name, false),
            size: u64::from(*size),
            align: variables.iter().map(|v| v.align).max().unwrap_or(1),
            datasec: Some(datasec),
            variables,
            certainty: Certainty::Certain,
            existence: Certainty::Certain,
            doubts: Vec::new(),
        });
    }
    sections
}

fn variables(
    btf: &Btf,
    datasec: Option<TypeId>,
    symbols: &VariableSymbols<'_, '_>,
    data: &[u8],
    aligner: &mut Aligner,
) -> Vec<Variable> {
    let Some(Type::Datasec { entries, .. }) = datasec.map(|id| btf.get(id)) else {
        return Vec::new();
    };
    // Hostile entries may overlap: no more bytes are copied than the section has.
    let mut bytes_left = data.len();
    let mut variables = Vec::with_capacity(entries.len());
    for entry in entries {
        let Type::Var { name, ty, linkage } = btf.get(entry.ty) else { continue };
        let (start, size) = (entry.offset as usize, entry.size as usize);
        let initial = data.get(start..start.saturating_add(size)).filter(|i| i.len() <= bytes_left);
        bytes_left -= initial.map_or(0, <[u8]>::len);
        variables.push(Variable {
            name: name.clone(),
            ty: *ty,
            offset: u64::from(entry.offset),
            size: u64::from(entry.size),
            align: aligner.align_of(btf, *ty).map_or(1, u64::from),
            linkage: *linkage,
            weak: symbols.get(name.as_str()).is_some_and(|s| s.is_weak()),
            certainty: Certainty::Certain,
            initial: initial.map(Into::into),
            place: None,
        });
    }
    variables
}
