//! BTF of what the object keeps.

use btf::{Btf, Linkage, Type, TypeId};
use cfront::{ctypes::CTypeId, sema::Function, unit::Unit};
use smol_str::SmolStr;

/// The growing graph.
pub(super) struct Types<'u> {
    unit: &'u Unit,
    btf: Btf,
}

impl<'u> Types<'u> {
    pub(super) fn new(unit: &'u Unit) -> Self {
        Types { unit, btf: Btf::new() }
    }

    /// The BTF type of a C type.
    pub(super) fn of(&mut self, ty: CTypeId) -> TypeId {
        let _ = (self.unit, ty);
        TypeId::VOID
    }

    /// A BTF_KIND_VAR with its declaration tags.
    pub(super) fn variable(
        &mut self,
        name: &SmolStr,
        ty: TypeId,
        linkage: Linkage,
        tags: &[SmolStr],
    ) -> TypeId {
        let id = self.btf.add(Type::Var { name: name.clone(), ty, linkage });
        for tag in tags {
            self.btf.add(Type::DeclTag { name: tag.clone(), ty: id, component: -1 });
        }
        id
    }

    /// A BTF_KIND_FUNC with its prototype.
    pub(super) fn function(&mut self, function: &Function, linkage: Linkage) -> Option<TypeId> {
        let proto = self.of(function.ty);
        let func = btf::Function { name: function.name.as_str().into(), proto, linkage };
        Some(self.btf.add(Type::Func(func)))
    }

    pub(super) fn btf(&self) -> &Btf {
        &self.btf
    }

    pub(super) fn finish(self) -> Btf {
        self.btf
    }
}
