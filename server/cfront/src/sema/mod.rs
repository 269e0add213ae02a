//! Meaning of declarations and expressions: scopes, types, constants, initialisers.

mod entity;
mod scope;

pub use entity::{
    Attributes, Decl, Definition, EnumConst, Function, FunctionId, Global, Initial, Linkage, Local,
    LocalId, LocalKind, Relocation, RelocationTarget, Resolution, Variable, VariableId, Visibility,
};
pub use scope::ItemScope;
