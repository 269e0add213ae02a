//! DATASEC fix-up as libbpf does it at open (`btf_fixup_datasec`).
//!
//! Clang leaves the size of a DATASEC and the offsets of global variables at 0; libbpf takes them
//! from the ELF side. `bpftool gen object` has filled them in already.

use super::file::{ElfFile, ElfSymbol};
use crate::refusal::{Refusal, RefusalKind};
use btf::{Btf, Linkage, Type, TypeId};
use object::elf::STT_OBJECT;
use rustc_hash::FxHashMap;

/// Symbols of global and weak variables by name; the first of a name counts, as in libbpf's search.
pub(super) type VariableSymbols<'f, 'a> = FxHashMap<&'a str, &'f ElfSymbol<'a>>;

pub(super) fn variable_symbols<'f, 'a>(elf: &'f ElfFile<'a>) -> VariableSymbols<'f, 'a> {
    let mut symbols = FxHashMap::default();
    for symbol in &elf.symbols {
        if symbol.kind == STT_OBJECT && symbol.is_global_or_weak() {
            symbols.entry(symbol.name).or_insert(symbol);
        }
    }
    symbols
}

/// Fills in sizes and offsets, makes hidden variables static, and sorts members by offset.
///
/// Fails where libbpf fails: the section has no room in the ELF file, a member is no variable, or a
/// global variable has no symbol.
pub(super) fn fix_up(
    btf: &mut Btf,
    elf: &ElfFile<'_>,
    symbols: &VariableSymbols<'_, '_>,
) -> Result<(), Refusal> {
    let refuse = |errno, message| Err(Refusal::new(RefusalKind::Datasec, errno, message));
    for id in 0..btf.types.len() {
        let Some(Type::Datasec { name, size, entries }) = btf.types.get(id) else { continue };
        let (name, mut size, mut entries) = (name.clone(), *size, entries.clone());
        if name != ".kconfig" && name != ".ksyms" {
            let fill_in = size == 0;
            if fill_in {
                let of_elf = elf.section(&name).map(|s| s.size).unwrap_or(0);
                if of_elf == 0 {
                    return refuse(
                        "ENOENT",
                        format!("section {name} has BTF but takes no room in the object"),
                    );
                }
                let Ok(fits) = u32::try_from(of_elf) else {
                    return refuse("ENOENT", format!("section {name} is larger than 4 GiB"));
                };
                size = fits;
            }
            for entry in &mut entries {
                let Some(Type::Var { name: variable, linkage, .. }) =
                    btf.types.get_mut(entry.ty.0 as usize)
                else {
                    return refuse("EINVAL", format!("a member of section {name} is no variable"));
                };
                if *linkage != Linkage::Global {
                    continue;
                }
                let Some(symbol) = symbols.get(variable.as_str()) else {
                    return refuse(
                        "ENOENT",
                        format!("variable {variable} of section {name} has no symbol"),
                    );
                };
                if fill_in {
                    entry.offset = symbol.value as u32;
                }
                if symbol.is_hidden() {
                    *linkage = Linkage::Static;
                }
            }
        }
        entries.sort_by_key(|e| e.offset);
        if let Some(slot) = btf.types.get_mut(id) {
            *slot = Type::Datasec { name, size, entries };
        }
    }
    Ok(())
}

/// DATASECs by name, the first of each (`btf__find_by_name_kind`).
pub(super) fn datasecs(btf: &Btf) -> FxHashMap<&str, TypeId> {
    let mut found = FxHashMap::default();
    for (id, ty) in btf.iter() {
        if let Type::Datasec { name, .. } = ty {
            found.entry(name.as_str()).or_insert(id);
        }
    }
    found
}
