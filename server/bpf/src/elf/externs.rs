//! Extern symbols: which DATASEC each belongs to, and the fix-up of `.kconfig` and `.ksyms`
//! (`bpf_object__collect_externs`).

use super::file::ElfFile;
use crate::externs::lay_out_kconfig;
use crate::refusal::{Refusal, RefusalKind};
use btf::{Btf, Linkage, Type, TypeId};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

fn refuse(errno: &'static str, message: String) -> Refusal {
    Refusal::new(RefusalKind::Extern, errno, message)
}

/// Checks the externs and gives `.kconfig` and `.ksyms` their offsets and sizes.
///
/// The types and linkages of the variables stay as the program declares them; libbpf makes all of
/// `.ksyms` 4-byte integers, which shows in offsets and sizes here.
pub(super) fn collect(btf: &mut Btf, elf: &ElfFile<'_>) -> Result<(), Refusal> {
    let mut by_name: FxHashMap<SmolStr, TypeId> = FxHashMap::default();
    let mut section_of: FxHashMap<TypeId, TypeId> = FxHashMap::default();
    for (id, ty) in btf.iter() {
        match ty {
            Type::Var { name, .. } => {
                by_name.entry(name.clone()).or_insert(id);
            }
            Type::Func(func) => {
                by_name.entry(func.name.clone()).or_insert(id);
            }
            Type::Datasec { entries, .. } => {
                for entry in entries {
                    section_of.entry(entry.ty).or_insert(id);
                }
            }
            _ => {}
        }
    }
    let mut names = FxHashSet::default();
    let mut kconfig = Vec::new();
    let (mut kconfig_section, mut ksyms_section) = (None, None);
    for symbol in elf.symbols.iter().filter(|s| s.is_extern() && !s.name.is_empty()) {
        let name = symbol.name;
        let unknown = |errno| refuse(errno, format!("extern {name} has no BTF"));
        let id = *by_name.get(name).ok_or_else(|| unknown("ENOENT"))?;
        let (linkage, ty) = match btf.get(id) {
            Type::Var { linkage, ty, .. } => (*linkage, Some(*ty)),
            Type::Func(func) => (func.linkage, None),
            _ => return Err(unknown("ENOENT")),
        };
        if linkage != Linkage::Extern {
            return Err(unknown("EINVAL"));
        }
        let Some(&section) = section_of.get(&id) else {
            let what = if ty.is_none() { "function" } else { "variable" };
            return Err(refuse(
                "ENOENT",
                format!(
                    "extern {what} {name} is in no section; neither __ksym nor __kconfig, and not linked"
                ),
            ));
        };
        let Type::Datasec { name: section_name, .. } = btf.get(section) else { continue };
        match (section_name.as_str(), ty) {
            (".kconfig", None) => {
                return Err(refuse("EOPNOTSUPP", format!("extern function {name} in .kconfig")));
            }
            (".kconfig", Some(ty)) => {
                kconfig_section = Some(section);
                kconfig.push((SmolStr::new(name), ty));
            }
            (".ksyms", _) => ksyms_section = Some(section),
            (other, _) => {
                return Err(refuse(
                    "EOPNOTSUPP",
                    format!(
                        "extern {name} in section {other}: libbpf knows only .ksyms and .kconfig"
                    ),
                ));
            }
        }
        names.insert(SmolStr::new(name));
    }
    let kconfig: FxHashMap<_, _> =
        lay_out_kconfig(btf, kconfig)?.into_iter().map(|e| (e.name.clone(), e)).collect();
    if let Some(id) = ksyms_section {
        let mut next = 0;
        fix_entries(btf, id, |name| {
            let offset = next;
            next += 4;
            names.contains(name).then_some((offset, Some(4)))
        })?;
    }
    if let Some(id) = kconfig_section {
        fix_entries(btf, id, |name| kconfig.get(name).map(|e| (e.offset, None)))?;
    }
    Ok(())
}

/// Gives every entry of a DATASEC the offset (and size) that `place` says for its name, and the
/// DATASEC the size they need.
fn fix_entries(
    btf: &mut Btf,
    section: TypeId,
    mut place: impl FnMut(&SmolStr) -> Option<(u32, Option<u32>)>,
) -> Result<(), Refusal> {
    let Type::Datasec { name, entries, .. } = btf.get(section) else { return Ok(()) };
    let (name, mut entries) = (name.clone(), entries.clone());
    let mut size = 0;
    for entry in &mut entries {
        let variable = match btf.get(entry.ty) {
            Type::Var { name, .. } => name,
            Type::Func(func) => &func.name,
            _ => return Err(refuse("EINVAL", format!("a member of {name} is no variable"))),
        };
        let Some((offset, new_size)) = place(variable) else {
            return Err(refuse("ESRCH", format!("extern {variable} of {name} has no symbol")));
        };
        entry.offset = offset;
        entry.size = new_size.unwrap_or(entry.size);
        size = size.max(entry.offset.saturating_add(entry.size));
    }
    if let Some(slot) = btf.types.get_mut(section.0 as usize) {
        *slot = Type::Datasec { name, size, entries };
    }
    Ok(())
}
