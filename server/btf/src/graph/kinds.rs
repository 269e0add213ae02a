//! What all kinds of types have in common: a name, a kind, references to other types.

use super::{Type, TypeId};

impl Type {
    /// Calls `visit` with every type id that this type holds, in the order of the file format.
    pub fn for_each_ref(&self, mut visit: impl FnMut(TypeId)) {
        match self {
            Type::Void
            | Type::Int(_)
            | Type::Enum(_)
            | Type::Enum64(_)
            | Type::Fwd { .. }
            | Type::Float { .. } => {}
            Type::Ptr(to)
            | Type::Volatile(to)
            | Type::Const(to)
            | Type::Restrict(to)
            | Type::Typedef { to, .. }
            | Type::TypeTag { to, .. }
            | Type::Var { ty: to, .. }
            | Type::DeclTag { ty: to, .. } => visit(*to),
            Type::Func(func) => visit(func.proto),
            Type::Array { elem, index, .. } => {
                visit(*elem);
                visit(*index);
            }
            Type::Struct(c) | Type::Union(c) => c.members.iter().for_each(|m| visit(m.ty)),
            Type::FuncProto { ret, params } => {
                visit(*ret);
                params.iter().for_each(|p| visit(p.ty));
            }
            Type::Datasec { entries, .. } => entries.iter().for_each(|e| visit(e.ty)),
        }
    }

    /// Changes every type id that this type holds, in the order of [`Type::for_each_ref`].
    pub fn map_refs(&mut self, mut change: impl FnMut(TypeId) -> TypeId) {
        let mut set = |id: &mut TypeId| *id = change(*id);
        match self {
            Type::Void
            | Type::Int(_)
            | Type::Enum(_)
            | Type::Enum64(_)
            | Type::Fwd { .. }
            | Type::Float { .. } => {}
            Type::Ptr(to)
            | Type::Volatile(to)
            | Type::Const(to)
            | Type::Restrict(to)
            | Type::Typedef { to, .. }
            | Type::TypeTag { to, .. }
            | Type::Var { ty: to, .. }
            | Type::DeclTag { ty: to, .. } => set(to),
            Type::Func(func) => set(&mut func.proto),
            Type::Array { elem, index, .. } => {
                set(elem);
                set(index);
            }
            Type::Struct(c) | Type::Union(c) => c.members.iter_mut().for_each(|m| set(&mut m.ty)),
            Type::FuncProto { ret, params } => {
                set(ret);
                params.iter_mut().for_each(|p| set(&mut p.ty));
            }
            Type::Datasec { entries, .. } => entries.iter_mut().for_each(|e| set(&mut e.ty)),
        }
    }

    /// The name that a type carries; empty for anonymous types and kinds without a name.
    pub fn name(&self) -> &str {
        match self {
            Type::Int(int) => &int.name,
            Type::Struct(c) | Type::Union(c) => &c.name,
            Type::Enum(e) | Type::Enum64(e) => &e.name,
            Type::Func(func) => &func.name,
            Type::Fwd { name, .. }
            | Type::Typedef { name, .. }
            | Type::Var { name, .. }
            | Type::Datasec { name, .. }
            | Type::Float { name, .. }
            | Type::DeclTag { name, .. }
            | Type::TypeTag { name, .. } => name,
            Type::Void
            | Type::Ptr(_)
            | Type::Array { .. }
            | Type::Volatile(_)
            | Type::Const(_)
            | Type::Restrict(_)
            | Type::FuncProto { .. } => "",
        }
    }

    /// The name of the kind as bpftool prints it, e.g. `FUNC_PROTO`.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Type::Void => "UNKNOWN",
            Type::Int(_) => "INT",
            Type::Ptr(_) => "PTR",
            Type::Array { .. } => "ARRAY",
            Type::Struct(_) => "STRUCT",
            Type::Union(_) => "UNION",
            Type::Enum(_) => "ENUM",
            Type::Enum64(_) => "ENUM64",
            Type::Fwd { .. } => "FWD",
            Type::Typedef { .. } => "TYPEDEF",
            Type::Volatile(_) => "VOLATILE",
            Type::Const(_) => "CONST",
            Type::Restrict(_) => "RESTRICT",
            Type::Func(_) => "FUNC",
            Type::FuncProto { .. } => "FUNC_PROTO",
            Type::Var { .. } => "VAR",
            Type::Datasec { .. } => "DATASEC",
            Type::Float { .. } => "FLOAT",
            Type::DeclTag { .. } => "DECL_TAG",
            Type::TypeTag { .. } => "TYPE_TAG",
        }
    }
}
