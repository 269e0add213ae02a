//! The object model: what libbpf would see when it opens the object.
//!
//! Both ends fill it: `elf` from a compiled object (exact), `source` from a translation unit (a model
//! of what clang does; [`Certainty`] says where a rule of the optimiser could not be decided).
//! Nothing behind this module knows which end it came from.

use std::sync::Arc;

use btf::{Btf, Linkage, TypeId};
use smol_str::SmolStr;

pub use codegen::{
    certainty::{Certainty, Place},
    laws::Law,
};

/// A BPF object as libbpf sees it at open.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Object name as bpftool derives it (file base name, non-alphanumerics as `_`).
    pub name: SmolStr,
    /// Which end the model came from.
    pub origin: Origin,
    /// Types. DATASECs are already fixed up as libbpf does at open (`btf_fixup_datasec`).
    pub btf: Arc<Btf>,
    /// Data sections in ELF section index order, `.maps`, `license`, `.ksyms` and `.kconfig` included;
    /// program sections are not here.
    pub sections: Vec<Section>,
    /// Sections that may be there, too.
    pub possible_sections: Vec<PossibleSection>,
    /// Maps in libbpf's order: user maps, internal maps, `.kconfig`, struct_ops.
    pub maps: Vec<Map>,
    /// Programs in libbpf's order.
    pub programs: Vec<Program>,
    /// Whether the model is complete: source with unresolved includes or broken lines is not.
    pub complete: bool,
}

/// Where an object model came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A translation unit.
    Source,
    /// An ELF object.
    Elf,
}

/// What libbpf makes of a data section, by its name (`bpf_object__elf_collect`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SectionKind {
    /// `.data`, `.data.*`
    Data,
    /// `.rodata`, `.rodata.*`
    Rodata,
    /// `.bss`, `.bss.*`
    Bss,
    /// `.percpu`, `.percpu.*` (libbpf of 2026-08 and later)
    Percpu,
    /// `.kconfig`
    Kconfig,
    /// `.ksyms`
    Ksyms,
    /// `.maps`
    Maps,
    /// `.struct_ops`, `.struct_ops.link` and their `?` forms
    StructOps,
    /// `.addr_space.1`
    Arena,
    /// `license`
    License,
    /// `version`
    Version,
    /// Anything else: skipped by libbpf.
    Other,
}

/// A data section.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// ELF name.
    pub name: SmolStr,
    /// What libbpf makes of it.
    pub kind: SectionKind,
    /// Size in bytes (from ELF, or the end of the last variable).
    pub size: u64,
    /// Alignment in bytes.
    pub align: u64,
    /// The DATASEC in [`Object::btf`], where there is one.
    pub datasec: Option<TypeId>,
    /// Variables by offset, statics included.
    pub variables: Vec<Variable>,
    /// Whether offsets in this section are certain.
    pub certainty: Certainty,
    /// Whether there is such a section at all, and with it its map.
    pub existence: Certainty,
    /// What of it only the optimiser decides, by offset.
    pub doubts: Vec<Doubt>,
}

/// Something of a section that may be there or not, or be of another size.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// Name in the module: also of what BTF does not know (`.str`, `__const.f.key`).
    pub name: SmolStr,
    /// Where it is or would be, in bytes.
    pub offset: u64,
    /// The law that it hangs on.
    pub law: &'static Law,
    /// The model has it.
    pub present: bool,
}

/// A section that the model does not have, and that may be there.
#[derive(Clone, Debug, PartialEq)]
pub struct PossibleSection {
    /// ELF name.
    pub name: SmolStr,
    /// The first variable or constant that would be in it.
    pub variable: SmolStr,
    /// The law that it hangs on.
    pub law: &'static Law,
}

impl Object {
    /// The laws of the optimiser that something in the object hangs on, by their names.
    pub fn doubted_laws(&self) -> Vec<&'static Law> {
        let of_sections = self.sections.iter().flat_map(|section| {
            let own = [section.certainty.law(), section.existence.law()].into_iter().flatten();
            let of_variables = section.variables.iter().filter_map(|v| v.certainty.law());
            own.chain(of_variables).chain(section.doubts.iter().map(|doubt| doubt.law))
        });
        let possible = self.possible_sections.iter().map(|possible| possible.law);
        let mut laws: Vec<&'static Law> = of_sections.chain(possible).collect();
        laws.sort();
        laws.dedup();
        laws
    }

    /// What of it only the optimiser decides, one sentence a section: the maps that may be missing or
    /// be there too, then the offsets.
    pub fn uncertainties(&self) -> Vec<String> {
        let missing =
            self.sections.iter().filter(|s| s.kind.is_internal_map()).filter_map(|section| {
                let law = section.existence.law()?;
                Some(format!(
                    "whether there is a section {} depends on the optimiser ({}: {})",
                    section.name, law.id, law.says
                ))
            });
        let possible = self.possible_sections.iter().map(|possible| {
            format!(
                "a section {} may be there too, with {} ({}: {})",
                possible.name, possible.variable, possible.law.id, possible.law.says
            )
        });
        let offsets =
            self.sections.iter().filter(|s| !s.variables.is_empty()).filter_map(|section| {
                let law = section.certainty.law()?;
                Some(format!(
                    "offsets in {} depend on the optimiser ({}: {})",
                    section.name, law.id, law.says
                ))
            });
        missing.chain(possible).chain(offsets).collect()
    }
}

impl Section {
    /// Whether the offset of one of its variables is certain; see [`Section::offset_certainties`].
    pub fn offset_certainty(&self, variable: &Variable) -> Certainty {
        self.offset_certainties()(variable)
    }

    /// Says of variables of the section whether their offsets are certain. Variables are laid out in one
    /// order whatever the optimiser keeps, so only those before one, and itself, can move it.
    pub fn offset_certainties(&self) -> impl Fn(&Variable) -> Certainty {
        let of_variables =
            self.variables.iter().filter_map(|v| Some((v.offset, v.certainty.law()?)));
        let doubts = self.doubts.iter().map(|doubt| (doubt.offset, doubt.law));
        let first = of_variables.chain(doubts).min_by_key(|(offset, _)| *offset);
        move |variable| match (variable.certainty, first) {
            (Certainty::Likely(law), _) => Certainty::Likely(law),
            (_, Some((offset, law))) if offset <= variable.offset => Certainty::Likely(law),
            (_, Some(_)) => Certainty::Certain,
            (_, None) => self.certainty,
        }
    }
}

/// A variable of a data section.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Name as in BTF (`fn.var` for local statics).
    pub name: SmolStr,
    /// The type of the variable (not the BTF_KIND_VAR).
    pub ty: TypeId,
    /// Offset in the section in bytes.
    pub offset: u64,
    /// Size in bytes.
    pub size: u64,
    /// Alignment in bytes (C alignment from source; BTF's idea of it from an object).
    pub align: u64,
    /// Linkage; hidden variables are static here.
    pub linkage: Linkage,
    /// Declared weak.
    pub weak: bool,
    /// Whether existence and offset are certain.
    pub certainty: Certainty,
    /// Initial bytes, when known (None: not known; nothing but zeros are spelled out whole only for PROGBITS
    /// from ELF).
    pub initial: Option<Arc<[u8]>>,
    /// The declarator's name in the source.
    pub place: Option<Place>,
}

/// A map: user-defined, internal or struct_ops.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// Name as libbpf gives it (`bpf_map__name`): variable name, `obj.bss`, `.percpu` ...
    pub name: SmolStr,
    /// The ELF section it comes from.
    pub section: SmolStr,
    /// What it is.
    pub kind: MapKind,
    /// Definition as libbpf would pass it to the kernel.
    pub def: MapDef,
    /// The struct of the definition in `.maps`, where it is one.
    pub definition: Option<TypeId>,
    /// DATASEC (internal maps) or value type's BTF id, when there is one.
    pub value_type: Option<TypeId>,
    /// Key type's BTF id, when given as a type.
    pub key_type: Option<TypeId>,
    /// Inner map definition of map-in-map types.
    pub inner: Option<Box<MapDef>>,
    /// The programs that a struct_ops map's initialiser names.
    pub ops: Vec<StructOp>,
    /// The declarator's name in the source.
    pub place: Option<Place>,
}

/// A function pointer of a struct_ops map that the initialiser sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructOp {
    /// The member of the struct.
    pub member: SmolStr,
    /// The program.
    pub program: SmolStr,
}

/// The three ways in which libbpf makes maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MapKind {
    /// From `.maps`.
    User,
    /// From a data section.
    Internal(SectionKind),
    /// From a struct_ops section.
    StructOps,
}

/// Parameters of a map; `None` where the source does not give the number or it is not known.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct MapDef {
    /// `BPF_MAP_TYPE_*` number.
    pub map_type: Option<u32>,
    /// Key size in bytes.
    pub key_size: Option<u32>,
    /// Value size in bytes.
    pub value_size: Option<u32>,
    /// Number of entries.
    pub max_entries: Option<u32>,
    /// `BPF_F_*`.
    pub map_flags: Option<u32>,
    /// Type specific.
    pub map_extra: Option<u64>,
    /// NUMA node.
    pub numa_node: Option<u32>,
    /// `LIBBPF_PIN_*`.
    pub pinning: Option<u32>,
    /// Names of the maps or programs in the `values` initialiser, in slot order.
    pub values: Vec<Option<SmolStr>>,
}

/// An entry program.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Function name.
    pub name: SmolStr,
    /// ELF section name, with its `?`.
    pub section: SmolStr,
    /// Its BTF_KIND_FUNC, when there is BTF.
    pub func: Option<TypeId>,
    /// The declarator's name in the source.
    pub place: Option<Place>,
}
