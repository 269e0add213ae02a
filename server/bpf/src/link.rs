//! Several objects linked into one, as `bpftool gen object OUT A B` does before the skeleton is made.
//!
//! libbpf's linker (`linker.c`) appends sections of the same name in the order of the inputs, each at the
//! larger of its alignment and that of the section so far (`extend_sec`), merges their DATASECs, and
//! resolves `extern` against the other inputs. It also drops duplicate types, which changes no member of a
//! skeleton, and is left out here. Offsets follow the inputs' models and the padding between them, so they
//! are never called certain.

use std::sync::Arc;

use btf::{Btf, DatasecEntry, Linkage, Type, TypeId, size::round_up};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::{
    externs::lay_out_kconfig,
    maps,
    object::{Certainty, Law, Map, MapKind, Object, Program, Section, SectionKind, Variable},
};

/// The model of the object that these are linked into; `None` without inputs. A single object only gets
/// the name.
pub fn link(objects: &[&Object], name: &str) -> Option<Object> {
    let (first, others) = objects.split_first()?;
    let mut linked = Object { name: SmolStr::new(name), ..(*first).clone() };
    if others.is_empty() {
        if first.name != name {
            linked.maps = maps_of(&linked, &first.maps.iter().collect::<Vec<_>>());
        }
        return Some(linked);
    }
    for object in others {
        let base = append(Arc::make_mut(&mut linked.btf), &object.btf);
        for section in &object.sections {
            add_section(&mut linked, section, &object.btf, base);
        }
        linked.programs.extend(object.programs.iter().map(|program| Program {
            func: program.func.map(|id| shifted(id, base)),
            ..program.clone()
        }));
        linked.complete &= object.complete;
        linked.possible_sections.extend(object.possible_sections.iter().cloned());
    }
    lay_out_externs(&mut linked);
    let names: FxHashSet<SmolStr> = linked.sections.iter().map(|s| s.name.clone()).collect();
    linked.possible_sections.retain(|possible| !names.contains(&possible.name));
    for section in &mut linked.sections {
        section.certainty = Certainty::Likely(&LINK_ORDER);
        section.doubts.clear();
    }
    // Inputs keep their places: programs stand by section, in the order of the first that has it.
    let mut order: FxHashMap<SmolStr, usize> = FxHashMap::default();
    for program in &linked.programs {
        let next = order.len();
        order.entry(program.section.clone()).or_insert(next);
    }
    linked.programs.sort_by_key(|program| order.get(&program.section).copied());
    let parts: Vec<&Map> = objects.iter().flat_map(|object| &object.maps).collect();
    linked.maps = maps_of(&linked, &parts);
    Some(linked)
}

/// Why nothing of a linked object has a certain offset.
pub static LINK_ORDER: Law = Law {
    id: "link-order",
    source: "tools/lib/bpf/linker.c: bpf_linker__add_file",
    says: "sections of several objects are put behind each other in the order in which they are linked",
};

/// The maps of the sections, with what only the inputs know of them.
fn maps_of(linked: &Object, parts: &[&Map]) -> Vec<Map> {
    let (mut all, _) = maps::of_sections(&linked.name, &linked.btf, &linked.sections);
    let by_name: FxHashMap<(&str, MapKind), &&Map> =
        parts.iter().rev().map(|part| ((part.name.as_str(), part.kind), part)).collect();
    for map in &mut all {
        if let Some(part) = by_name.get(&(map.name.as_str(), map.kind)) {
            map.ops.clone_from(&part.ops);
            map.def.values.clone_from(&part.def.values);
        }
    }
    all
}

/// Appends the types of another graph; returns what its ids are shifted by.
fn append(btf: &mut Btf, other: &Btf) -> u32 {
    // Id 0 is `void` in both.
    let base = (btf.types.len() as u32).saturating_sub(1);
    for (_, ty) in other.iter() {
        let mut ty = ty.clone();
        ty.map_refs(|id| shifted(id, base));
        btf.add(ty);
    }
    base
}

fn shifted(id: TypeId, base: u32) -> TypeId {
    if id == TypeId::VOID { id } else { TypeId(id.0.saturating_add(base)) }
}

/// Adds the section of a further input.
fn add_section(linked: &mut Object, section: &Section, btf: &Btf, base: u32) {
    let place = linked.sections.iter().position(|s| s.name == section.name);
    let Some(known) = place.and_then(|at| linked.sections.get_mut(at)) else {
        let mut section = section.clone();
        section.datasec = section.datasec.map(|id| shifted(id, base));
        section.variables.iter_mut().for_each(|v| v.ty = shifted(v.ty, base));
        linked.sections.push(section);
        return;
    };
    // One licence and one version are enough, and they must agree.
    if matches!(section.kind, SectionKind::License | SectionKind::Version) {
        return;
    }
    known.align = known.align.max(section.align).max(1);
    let start = round_up(known.size, known.align);
    // What another input has, too: `extern` and its definition, or two weak definitions.
    let names = known.variables.iter().filter(|v| v.linkage != Linkage::Static);
    let shared: FxHashSet<SmolStr> = names.map(|v| v.name.clone()).collect();
    let is_known = |shared: &FxHashSet<SmolStr>, v: &Variable| {
        v.linkage != Linkage::Static && shared.contains(&v.name)
    };
    let mut entries: Vec<DatasecEntry> = match known.datasec.map(|id| linked.btf.get(id)) {
        Some(Type::Datasec { entries, .. }) => entries.clone(),
        _ => Vec::new(),
    };
    let theirs: &[DatasecEntry] = match section.datasec.map(|id| btf.get(id)) {
        Some(Type::Datasec { entries, .. }) => entries,
        _ => &[],
    };
    for variable in &section.variables {
        if is_known(&shared, variable) {
            continue;
        }
        known.variables.push(Variable {
            ty: shifted(variable.ty, base),
            offset: variable.offset.saturating_add(start),
            ..variable.clone()
        });
    }
    let shared_name = |btf: &Btf, entry: &DatasecEntry| match btf.get(entry.ty) {
        Type::Var { name, linkage, .. } if *linkage != Linkage::Static => Some(name.clone()),
        _ => None,
    };
    let mut shared: FxHashSet<SmolStr> =
        entries.iter().filter_map(|entry| shared_name(&linked.btf, entry)).collect();
    for entry in theirs {
        if !shared.contains(btf.get(entry.ty).name()) {
            shared.extend(shared_name(btf, entry));
            let offset = entry.offset.saturating_add(u32::try_from(start).unwrap_or(u32::MAX));
            entries.push(DatasecEntry { ty: shifted(entry.ty, base), offset, ..entry.clone() });
        }
    }
    known.size = start.saturating_add(section.size);
    known.variables.sort_by_key(|v| v.offset);
    if !entries.is_empty() {
        let size = u32::try_from(known.size).unwrap_or(u32::MAX);
        let merged = Type::Datasec { name: known.name.clone(), size, entries };
        known.datasec = Some(Arc::make_mut(&mut linked.btf).add(merged));
    }
}

/// Gives externs, of which each is there once now, the places that libbpf gives them at open.
fn lay_out_externs(linked: &mut Object) {
    for section in &mut linked.sections {
        let names = section.variables.iter().map(|v| v.name.clone());
        let places: FxHashMap<SmolStr, u64> = match section.kind {
            SectionKind::Ksyms => names.zip((0..).step_by(4)).collect(),
            SectionKind::Kconfig => {
                let externs = names.zip(section.variables.iter().map(|v| v.ty));
                let Ok(laid) = lay_out_kconfig(&linked.btf, externs) else { continue };
                laid.into_iter().map(|e| (e.name, e.offset.into())).collect()
            }
            _ => continue,
        };
        for variable in &mut section.variables {
            variable.offset = places.get(&variable.name).copied().unwrap_or(variable.offset);
        }
        section.variables.sort_by_key(|v| v.offset);
        section.size = section.variables.last().map_or(0, |v| v.offset.saturating_add(v.size));
        let Some(id) = section.datasec else { continue };
        if let Type::Datasec { name, mut entries, .. } = linked.btf.get(id).clone() {
            for entry in &mut entries {
                let place = places.get(linked.btf.get(entry.ty).name());
                entry.offset =
                    place.map_or(entry.offset, |at| u32::try_from(*at).unwrap_or(u32::MAX));
            }
            let size = u32::try_from(section.size).unwrap_or(u32::MAX);
            let laid = Type::Datasec { name, size, entries };
            section.datasec = Some(Arc::make_mut(&mut linked.btf).add(laid));
        }
    }
}

#[cfg(test)]
mod bpftool_tests;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cfront::{
        flags::Flags,
        pp::preprocess,
        session::{MemoryFileSystem, Session},
        unit::Unit,
    };
    use expect_test::{Expect, expect};

    use super::*;

    pub(super) fn object(text: &str) -> Object {
        let (session, files) = (Session::default(), MemoryFileSystem::default());
        let flags = Flags::default();
        let path = std::path::Path::new("/part.bpf.c");
        let pp = preprocess(&session, &files, path, text.into(), &flags);
        crate::source::object(&Unit::build(Arc::new(pp), None, false), "part")
    }

    fn check(parts: &[&str], expect: Expect) {
        let parts: Vec<Object> = parts.iter().map(|text| object(text)).collect();
        let linked = link(&parts.iter().collect::<Vec<_>>(), "whole").unwrap();
        let mut out = String::new();
        for map in &linked.maps {
            out += &format!("map {} {:?} value {:?}\n", map.name, map.kind, map.def.value_size);
        }
        for program in &linked.programs {
            out += &format!("program {} in {}\n", program.name, program.section);
        }
        for section in &linked.sections {
            for v in &section.variables {
                let shown = btf::dump_c::declaration(&linked.btf, v.ty, &v.name);
                out += &format!("{} {}: {shown}\n", section.name, v.offset);
            }
        }
        expect.assert_eq(&out);
    }

    #[test]
    fn sections_of_two_files() {
        let head = "#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n";
        let a = format!(
            "{head}int a; extern int b; extern int CONFIG_HZ __kconfig;\n\
             struct {{ __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); \
             __type(value, long); }} table SEC(\".maps\");\n\
             SEC(\"tc\") int one(void *ctx) {{ return a++ + b + CONFIG_HZ; }}\n\
             char _license[] SEC(\"license\") = \"GPL\";\n"
        );
        let b = format!(
            "{head}struct pair {{ long x, y; }} pair; int b = 3;\n\
             extern int CONFIG_HZ __kconfig;\n\
             SEC(\"xdp\") int two(void *ctx) {{ return pair.x++ + b + CONFIG_HZ; }}\n\
             SEC(\"tc\") int three(void *ctx) {{ return b; }}\n\
             char _license[] SEC(\"license\") = \"GPL\";\n"
        );
        check(
            &[&a, &b],
            expect![[r#"
                map table User value Some(8)
                map whole.bss Internal(Bss) value Some(24)
                map whole.data Internal(Data) value Some(4)
                map whole.kconfig Internal(Kconfig) value Some(4)
                program one in tc
                program three in tc
                program two in xdp
                .bss 0: int a
                .bss 8: struct pair pair
                license 0: char _license[4]
                .maps 0: struct {...} table
                .kconfig 0: int CONFIG_HZ
                .data 0: int b
            "#]],
        );
    }

    #[test]
    fn sizes_without_bounds() {
        let mut first = object("int a; int f(void) { return a; }");
        first.sections[0].size = u64::MAX - 2;
        let linked = link(&[&first, &object("int b; int g(void) { return b; }")], "whole").unwrap();
        assert_eq!(linked.sections[0].size, u64::MAX);
        let offsets: Vec<u64> = linked.sections[0].variables.iter().map(|v| v.offset).collect();
        assert_eq!(offsets, [0, u64::MAX]);
    }

    #[test]
    fn one_file_gets_the_name() {
        check(
            &["int a; int f(void) { return a; }"],
            expect![[r#"
            map whole.bss Internal(Bss) value Some(4)
            .bss 0: int a
        "#]],
        );
    }
}
