//! Building graphs by hand, for tests.

use crate::graph::{Btf, Composite, EnumType, Enumerator, IntType, Member, Param, Type, TypeId};

/// A graph under construction.
pub(crate) struct Fixture {
    pub(crate) btf: Btf,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Fixture { btf: Btf::new() }
    }

    pub(crate) fn add(&mut self, ty: Type) -> TypeId {
        self.btf.add(ty)
    }

    /// A signed integer of that many bytes.
    pub(crate) fn int(&mut self, name: &str, size: u32) -> TypeId {
        self.add(Type::Int(IntType {
            name: name.into(),
            size,
            bits: (size * 8) as u8,
            offset: 0,
            signed: true,
            is_char: false,
            is_bool: false,
        }))
    }

    pub(crate) fn ptr(&mut self, to: TypeId) -> TypeId {
        self.add(Type::Ptr(to))
    }

    pub(crate) fn constant(&mut self, to: TypeId) -> TypeId {
        self.add(Type::Const(to))
    }

    pub(crate) fn tag(&mut self, name: &str, to: TypeId) -> TypeId {
        self.add(Type::TypeTag { name: name.into(), to })
    }

    pub(crate) fn array(&mut self, elem: TypeId, len: u32) -> TypeId {
        self.add(Type::Array { elem, index: TypeId::VOID, len })
    }

    pub(crate) fn typedef(&mut self, name: &str, to: TypeId) -> TypeId {
        self.add(Type::Typedef { name: name.into(), to })
    }

    /// A prototype with unnamed parameters.
    pub(crate) fn proto(&mut self, ret: TypeId, params: &[TypeId]) -> TypeId {
        let params = params.iter().map(|&ty| Param { name: "".into(), ty }).collect();
        self.add(Type::FuncProto { ret, params })
    }

    /// A struct of members (name, type, offset in bits, width in bits or 0); size in bytes.
    pub(crate) fn record(
        &mut self,
        name: &str,
        size: u32,
        members: &[(&str, TypeId, u32, u8)],
    ) -> TypeId {
        self.add(Type::Struct(composite(name, size, members)))
    }

    /// As [`Fixture::record`], all members at 0.
    pub(crate) fn union(&mut self, name: &str, size: u32, members: &[(&str, TypeId)]) -> TypeId {
        let members: Vec<_> = members.iter().map(|&(name, ty)| (name, ty, 0, 0)).collect();
        self.add(Type::Union(composite(name, size, &members)))
    }

    pub(crate) fn enumeration(
        &mut self,
        name: &str,
        size: u32,
        values: &[(&str, i64)],
    ) -> EnumType {
        EnumType {
            name: name.into(),
            size,
            signed: values.iter().any(|v| v.1 < 0),
            values: values
                .iter()
                .map(|&(name, value)| Enumerator { name: name.into(), value })
                .collect(),
        }
    }
}

fn composite(name: &str, size: u32, members: &[(&str, TypeId, u32, u8)]) -> Composite {
    Composite {
        name: name.into(),
        size,
        members: members
            .iter()
            .map(|&(name, ty, offset_bits, bitfield_bits)| Member {
                name: name.into(),
                ty,
                offset_bits,
                bitfield_bits,
            })
            .collect(),
    }
}
