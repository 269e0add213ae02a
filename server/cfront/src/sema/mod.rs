//! Meaning of declarations and expressions: scopes, types, constants, initialisers.

mod arith;
mod attrs;
mod builtin_values;
mod builtins;
mod constant;
mod entity;
mod enums;
pub(crate) mod expr;
mod float;
mod globals;
mod image;
mod initial;
mod layout;
mod lower;
mod record;
mod scope;
pub(crate) mod spell;
mod state;
mod walk;

pub use entity::{
    Attributes, Decl, Definition, EnumConst, Function, FunctionId, Global, Initial, Linkage, Local,
    LocalId, LocalKind, Relocation, RelocationTarget, Resolution, Variable, VariableId, Visibility,
};
pub use scope::ItemScope;
pub(crate) use scope::{Cx, Inner};
pub(crate) use state::{Name, Sema};
