//! Relocations: what programs, map definitions and struct_ops variables refer to
//! (`bpf_object__collect_relos`).

use super::file::{ElfFile, ElfSection, ElfSymbol, Relocation};
use super::programs::{Code, INSN_SIZE};
use crate::maps;
use crate::object::{Map, MapKind, Section, StructOp};
use crate::refusal::{Refusal, RefusalKind};
use btf::{Btf, Type};
use object::Endianness;
use object::elf::{STT_FUNC, STT_SECTION};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// `BPF_JMP | BPF_CALL`
const CALL: u8 = 0x85;
/// `BPF_LD | BPF_IMM | BPF_DW`
const LD_IMM64: u8 = 0x18;
/// `BPF_PSEUDO_CALL`
const PSEUDO_CALL: u8 = 1;
/// First of the special section indices (`SHN_LORESERVE`).
const SPECIAL: usize = 0xff00;
/// Size of a pointer of BPF in bytes.
const POINTER: u64 = 8;
/// Most slots of all `values` initialisers together that are kept.
const MAX_SLOTS: usize = 1 << 20;

/// Fills in the slots of `values` initialisers and the programs of struct_ops maps, and refuses what
/// libbpf cannot follow.
pub(super) fn collect(
    btf: &Btf,
    elf: &ElfFile<'_>,
    functions: &[Code<'_>],
    sections: &[Section],
    maps: &mut [Map],
) -> Result<(), Refusal> {
    let graph = Graph::new(btf, elf, functions, sections, maps);
    for (index, section) in elf.sections.iter().enumerate() {
        if section.relocations.is_empty() {
            continue;
        }
        let Some(target) = elf.sections.get(section.info) else {
            return Err(Refusal::new(
                RefusalKind::Relocation,
                "LIBBPF_ERRNO__FORMAT",
                format!("section {index} ({}) relocates no section", section.name),
            ));
        };
        if section.info == graph.map_section {
            graph.map_values(section, maps)?;
        } else if target.is_executable() {
            graph.programs(section, target)?;
        } else if target.name.trim_start_matches('?').starts_with(".struct_ops") {
            graph.struct_ops(section, target, maps)?;
        }
    }
    Ok(())
}

/// Everything a relocation may refer to.
struct Graph<'g, 'a> {
    btf: &'g Btf,
    elf: &'g ElfFile<'a>,
    functions: &'g [Code<'a>],
    /// Index of `.maps`, `usize::MAX` when there is none.
    map_section: usize,
    text: Option<usize>,
    /// Offset and size in `.maps` of each user map, with the index of the map.
    user_maps: Vec<(u64, u64, usize)>,
    /// User maps by name.
    map_names: FxHashMap<SmolStr, usize>,
    /// Offset of each struct_ops map in its section.
    struct_ops: FxHashMap<SmolStr, Vec<(u64, usize)>>,
}

impl<'g, 'a> Graph<'g, 'a> {
    fn new(
        btf: &'g Btf,
        elf: &'g ElfFile<'a>,
        functions: &'g [Code<'a>],
        sections: &[Section],
        maps: &[Map],
    ) -> Self {
        let index = |name| elf.sections.iter().position(|s| s.name == name);
        let mut graph = Graph {
            btf,
            elf,
            functions,
            map_section: index(".maps").unwrap_or(usize::MAX),
            text: index(".text"),
            user_maps: Vec::new(),
            map_names: FxHashMap::default(),
            struct_ops: FxHashMap::default(),
        };
        // Maps of a section stand in the order of its variables.
        let mut variables: FxHashMap<&str, _> =
            sections.iter().map(|s| (s.name.as_str(), s.variables.iter())).collect();
        for (number, map) in maps.iter().enumerate() {
            if matches!(map.kind, MapKind::Internal(_)) {
                continue;
            }
            let variable = variables
                .get_mut(map.section.as_str())
                .and_then(|of_section| of_section.find(|v| v.name == map.name));
            let Some(variable) = variable else { continue };
            if map.kind == MapKind::User {
                graph.user_maps.push((variable.offset, variable.size, number));
                graph.map_names.entry(map.name.clone()).or_insert(number);
            } else {
                let of_section = graph.struct_ops.entry(map.section.clone()).or_default();
                of_section.push((variable.offset, number));
            }
        }
        graph
    }

    fn symbol(&self, relocation: Relocation, section: &str) -> Result<&ElfSymbol<'a>, Refusal> {
        self.elf.symbols.get(relocation.symbol).ok_or_else(|| {
            Refusal::new(
                RefusalKind::Relocation,
                "LIBBPF_ERRNO__FORMAT",
                format!("{section} refers to symbol {}, which does not exist", relocation.symbol),
            )
        })
    }

    /// The function that covers this byte of a section.
    fn function_at(&self, section: usize, offset: u64) -> Option<&Code<'a>> {
        let after = self.functions.partition_point(|f| (f.section, f.offset) <= (section, offset));
        let found = self.functions.get(after.checked_sub(1)?)?;
        (found.section == section && offset - found.offset < found.size).then_some(found)
    }

    /// `bpf_object__collect_map_relos`
    fn map_values(&self, section: &ElfSection<'_>, maps: &mut [Map]) -> Result<(), Refusal> {
        let refuse = |errno, message| Err(Refusal::new(RefusalKind::MapValues, errno, message));
        let mut slots_left = MAX_SLOTS;
        for &relocation in &section.relocations {
            let symbol = self.symbol(relocation, section.name)?;
            let (at, target) = (relocation.offset, symbol.name);
            let covering = self.user_maps.partition_point(|(offset, ..)| *offset <= at);
            let found = covering.checked_sub(1).and_then(|i| self.user_maps.get(i)).copied();
            let inside =
                found.filter(|(o, size, _)| at.saturating_add(POINTER) <= o.saturating_add(*size));
            let Some((start, _, number)) = inside else {
                return refuse("EINVAL", format!("{target} is named in .maps outside of any map"));
            };
            let Some((values_at, name, map_type, key_size)) = maps.get(number).map(|m| {
                let at = maps::values_offset(self.btf, m.definition);
                (at, m.name.clone(), m.def.map_type.unwrap_or(0), m.def.key_size)
            }) else {
                continue;
            };
            if maps::is_map_in_map(map_type) {
                if symbol.section != self.map_section || !self.map_names.contains_key(target) {
                    return refuse(
                        "LIBBPF_ERRNO__RELOC",
                        format!("map {name}: {target} in values is no map of section .maps"),
                    );
                }
                if map_type == maps::HASH_OF_MAPS && key_size != Some(4) {
                    return refuse(
                        "EINVAL",
                        format!("map {name}: a hash of maps with values needs keys of 4 bytes"),
                    );
                }
            } else if map_type == maps::PROG_ARRAY {
                let entry = self.functions.iter().any(|f| {
                    f.name == target && f.section == symbol.section && Some(f.section) != self.text
                });
                if !entry {
                    return refuse(
                        "ESRCH",
                        format!("map {name}: {target} in values is no entry program"),
                    );
                }
            } else {
                return refuse(
                    "EINVAL",
                    format!("map {name} refers to {target} outside of values"),
                );
            }
            let slot = values_at.and_then(|values_at| (at - start).checked_sub(values_at));
            let slot = slot.filter(|o| o.is_multiple_of(POINTER)).map(|o| o / POINTER);
            let Some(slot) = slot.and_then(|slot| usize::try_from(slot).ok()) else {
                return refuse(
                    "EINVAL",
                    format!("map {name} refers to {target} outside of values"),
                );
            };
            let Some(map) = maps.get_mut(number) else { continue };
            let more = (slot + 1).saturating_sub(map.def.values.len());
            let Some(left) = slots_left.checked_sub(more) else {
                return refuse("ENOMEM", format!("map {name} has too many values"));
            };
            slots_left = left;
            map.def.values.resize(map.def.values.len() + more, None);
            if let Some(value) = map.def.values.get_mut(slot) {
                *value = Some(target.into());
            }
        }
        Ok(())
    }

    /// `bpf_object__collect_st_ops_relos`
    fn struct_ops(
        &self,
        section: &ElfSection<'_>,
        target: &ElfSection<'_>,
        maps: &mut [Map],
    ) -> Result<(), Refusal> {
        let refuse = |message| Err(Refusal::new(RefusalKind::StructOps, "EINVAL", message));
        for &relocation in &section.relocations {
            let symbol = self.symbol(relocation, section.name)?;
            let at = relocation.offset;
            let found = self.struct_ops.get(target.name).and_then(|of_section| {
                let after = of_section.partition_point(|(offset, _)| *offset <= at);
                of_section.get(after.checked_sub(1)?).copied()
            });
            let map = found.and_then(|(start, number)| Some((at - start, maps.get_mut(number)?)));
            let Some((offset, map)) = map else {
                return refuse(format!(
                    "{} refers to {} outside of any variable",
                    target.name, symbol.name
                ));
            };
            let member = match map.value_type.map(|ty| self.btf.get(ty)) {
                Some(Type::Struct(ops)) => ops
                    .members
                    .iter()
                    .find(|m| Some(u64::from(m.offset_bits)) == offset.checked_mul(8)),
                _ => None,
            };
            let Some(member) = member else {
                return refuse(format!("struct_ops {}: no member at byte {offset}", map.name));
            };
            if !maps::is_function_pointer(self.btf, member.ty) {
                return refuse(format!(
                    "struct_ops {}: member {} is set to {}, but is no function pointer",
                    map.name, member.name, symbol.name
                ));
            }
            let Some(program) = self.function_at(symbol.section, symbol.value) else {
                return refuse(format!(
                    "struct_ops {}: member {} is not set to a program",
                    map.name, member.name
                ));
            };
            let of_section = self.elf.sections.get(program.section).map_or("", |s| s.name);
            if !is_struct_ops_program(of_section) {
                return refuse(format!(
                    "struct_ops {}: member {} is set to {}, whose section {of_section} is not struct_ops",
                    map.name, member.name, program.name
                ));
            }
            map.ops.push(StructOp { member: member.name.clone(), program: program.name.into() });
        }
        Ok(())
    }

    /// `bpf_object__collect_prog_relos`, `bpf_program__record_reloc`: only what can fail.
    fn programs(&self, section: &ElfSection<'_>, target: &ElfSection<'_>) -> Result<(), Refusal> {
        for &relocation in &section.relocations {
            let symbol = self.symbol(relocation, section.name)?;
            let refuse = |program: &str, what: String| {
                Err(Refusal::new(
                    RefusalKind::Relocation,
                    "LIBBPF_ERRNO__RELOC",
                    format!("program {program} {what}"),
                ))
            };
            let at = relocation.offset;
            let insn =
                usize::try_from(at).ok().and_then(|at| target.data.get(at..at.checked_add(8)?));
            let (Some(&[code, registers, ..]), true) = (insn, at.is_multiple_of(INSN_SIZE)) else {
                return refuse("of section", format!("{}: relocation outside of it", target.name));
            };
            // Code that no symbol covers: an overridden weak function of a linked object.
            let Some(program) = self.function_at(section.info, at) else { continue };
            let program = program.name;
            if code != CALL && code != LD_IMM64 {
                return refuse(program, format!("refers to {} in an odd instruction", symbol.name));
            }
            if symbol.is_extern() {
                continue;
            }
            let of = self.elf.sections.get(symbol.section);
            let of_name = of.map_or("?", |s| s.name);
            let named = if symbol.name.is_empty() { of_name } else { symbol.name };
            let in_text = symbol.section != 0 && Some(symbol.section) == self.text;
            if code == CALL {
                let source = match self.elf.endian {
                    Endianness::Little => registers >> 4,
                    Endianness::Big => registers & 0xf,
                };
                if source != PSEUDO_CALL || !in_text {
                    return refuse(program, format!("calls {named} of section {of_name}"));
                }
                continue;
            }
            if symbol.section == 0 || symbol.section >= SPECIAL {
                return refuse(program, format!("refers to {named}, which has no section"));
            }
            let subprogram = symbol.kind == STT_FUNC || symbol.kind == STT_SECTION;
            if in_text && subprogram {
                continue;
            }
            if symbol.section == self.map_section {
                if !self.user_maps.iter().any(|(offset, ..)| *offset == symbol.value) {
                    return refuse(program, format!("refers to {named} in .maps, which is no map"));
                }
                continue;
            }
            let known = of.is_some_and(|s| {
                let kind = crate::object::SectionKind::of_section(s.name, s.is_nobits());
                (kind.is_internal_map() && s.size > 0) || kind == crate::object::SectionKind::Arena
            });
            if !known {
                return refuse(
                    program,
                    format!("refers to {named} in section {of_name}, of which libbpf makes no map"),
                );
            }
        }
        Ok(())
    }
}

/// Sections whose programs libbpf takes for struct_ops programs.
fn is_struct_ops_program(section: &str) -> bool {
    let section = section.strip_prefix('?').unwrap_or(section);
    let rest = section.strip_prefix("struct_ops").unwrap_or("?");
    let rest = rest.strip_prefix(".s").unwrap_or(rest);
    rest.is_empty() || rest.starts_with('/')
}
