//! A little builder of object models for tests.

use crate::maps;
use crate::object::{Certainty, Object, Origin, Program, Section, SectionKind, Variable};
use btf::{
    Btf, Composite, DatasecEntry, EnumType, Enumerator, IntType, Linkage, Member, Type, TypeId,
};
use smol_str::SmolStr;

/// Collects types, sections and programs.
#[derive(Default)]
pub(crate) struct ObjectBuilder {
    pub(crate) btf: Btf,
    sections: Vec<Section>,
    programs: Vec<Program>,
}

impl ObjectBuilder {
    pub(crate) fn int(&mut self, name: &str, size: u32, signed: bool) -> TypeId {
        self.btf.add(Type::Int(IntType {
            name: name.into(),
            size,
            bits: (size * 8) as u8,
            offset: 0,
            signed,
            is_char: false,
            is_bool: name == "_Bool",
        }))
    }

    pub(crate) fn ptr(&mut self, to: TypeId) -> TypeId {
        self.btf.add(Type::Ptr(to))
    }

    pub(crate) fn array(&mut self, elem: TypeId, len: u32) -> TypeId {
        self.btf.add(Type::Array { elem, index: elem, len })
    }

    /// Members as (name, type, offset in bytes).
    pub(crate) fn structure(
        &mut self,
        name: &str,
        size: u32,
        members: &[(&str, TypeId, u32)],
    ) -> TypeId {
        let member = |(name, ty, offset): &(&str, TypeId, u32)| Member {
            name: (*name).into(),
            ty: *ty,
            offset_bits: offset * 8,
            bitfield_bits: 0,
        };
        let members = members.iter().map(member).collect();
        self.btf.add(Type::Struct(Composite { name: name.into(), size, members }))
    }

    pub(crate) fn enumeration(&mut self, name: &str, values: &[(&str, i64)]) -> TypeId {
        let value =
            |(name, value): &(&str, i64)| Enumerator { name: (*name).into(), value: *value };
        let values = values.iter().map(value).collect();
        self.btf.add(Type::Enum(EnumType { name: name.into(), size: 4, signed: false, values }))
    }

    /// `__uint(...)`: a pointer to an array of that many elements.
    pub(crate) fn uint(&mut self, int: TypeId, value: u32) -> TypeId {
        let array = self.array(int, value);
        self.ptr(array)
    }

    /// A section with variables as (name, type, offset, linkage); sizes are the types'.
    pub(crate) fn section(
        &mut self,
        name: &str,
        size: u64,
        variables: &[(&str, TypeId, u64, Linkage)],
    ) -> &mut Section {
        let mut entries = Vec::new();
        let mut of_section = Vec::new();
        for (name, ty, offset, linkage) in variables {
            let size = self.btf.size_of(*ty).unwrap_or(0);
            let var = Type::Var { name: (*name).into(), ty: *ty, linkage: *linkage };
            let var = self.btf.add(var);
            entries.push(DatasecEntry { ty: var, offset: *offset as u32, size: size as u32 });
            of_section.push(Variable {
                name: (*name).into(),
                ty: *ty,
                offset: *offset,
                size,
                align: self.btf.align_of(*ty).map_or(1, u64::from),
                linkage: *linkage,
                weak: false,
                certainty: Certainty::Certain,
                initial: None,
                place: None,
            });
        }
        let datasec = Type::Datasec { name: name.into(), size: size as u32, entries };
        let datasec = (!variables.is_empty()).then(|| self.btf.add(datasec));
        self.sections.push(Section {
            name: name.into(),
            kind: SectionKind::of_section(name, name.starts_with(".bss")),
            size,
            align: of_section.iter().map(|v| v.align).max().unwrap_or(1),
            datasec,
            variables: of_section,
            certainty: Certainty::Certain,
            existence: Certainty::Certain,
            doubts: Vec::new(),
        });
        self.sections.last_mut().expect("just pushed")
    }

    pub(crate) fn program(&mut self, name: &str, section: &str) {
        let (name, section) = (SmolStr::new(name), SmolStr::new(section));
        self.programs.push(Program { name, section, func: None, place: None });
    }

    pub(crate) fn build(self, name: &str) -> Object {
        let (maps, refusals) = maps::of_sections(name, &self.btf, &self.sections);
        assert_eq!(refusals, [], "libbpf would refuse the test object");
        Object {
            possible_sections: Vec::new(),
            name: name.into(),
            origin: Origin::Elf,
            btf: self.btf.into(),
            sections: self.sections,
            maps,
            programs: self.programs,
            complete: true,
        }
    }
}

/// The example of a per-CPU section: `data`, `run`, `struct_data` and `nums` in 72 bytes.
pub(crate) fn percpu_example() -> Object {
    let mut b = ObjectBuilder::default();
    let int = b.int("int", 4, true);
    let char_ = b.int("char", 1, true);
    let nums = b.array(int, 7);
    let inner = b.structure("", 36, &[("set", char_, 0), ("i", int, 4), ("nums", nums, 8)]);
    b.section(
        ".percpu",
        72,
        &[
            ("data", int, 0, Linkage::Global),
            ("run", char_, 4, Linkage::Global),
            ("struct_data", inner, 8, Linkage::Global),
            ("nums", nums, 44, Linkage::Global),
        ],
    );
    b.program("update", "raw_tp/task_rename");
    b.build("gpd")
}
