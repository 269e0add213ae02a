//! Layouts: sections with their variables, maps, programs, and named types with their holes, as text
//! and as JSON.

pub mod json;
pub mod text;

#[cfg(test)]
mod tests;

use crate::object::{Object, Origin};
use btf::{Btf, NameIndex, TypeId};
use smol_str::SmolStr;

/// A type whose layout is asked for.
#[derive(Clone, Debug)]
pub struct TypeRequest<'a> {
    /// How it was asked for: stands in for the name of an anonymous type.
    pub name: SmolStr,
    /// The graph it lies in, the object's or another.
    pub btf: &'a Btf,
    /// The type; typedefs and qualifiers are followed.
    pub ty: TypeId,
    /// Alignment in bytes where the caller knows the C compiler's; otherwise BTF's guess is shown.
    pub align: Option<u64>,
}

/// What a name of the command line means in an object.
#[derive(Clone, Debug)]
pub enum Named<'a> {
    /// A type: `struct foo`, `union foo`, `enum foo`, a typedef, or just `foo`.
    Type(TypeRequest<'a>),
    /// A variable, by section and index in it, with its type.
    Variable(TypeRequest<'a>, usize, usize),
}

/// Looks a name up: a variable's name as BTF has it, or a type's (`struct foo`, or just `foo`), by an
/// index of [`Object::btf`]. `None` when the object has neither.
pub fn find<'a>(object: &'a Object, index: &NameIndex, name: &str) -> Option<Named<'a>> {
    let name = name.trim();
    let request = |ty| TypeRequest { name: name.into(), btf: &object.btf, ty, align: None };
    for (s, section) in object.sections.iter().enumerate() {
        if let Some(v) = section.variables.iter().position(|v| v.name == name) {
            let variable = section.variables.get(v)?;
            let align = (object.origin == Origin::Source).then_some(variable.align);
            let request = TypeRequest { align, ..request(variable.ty) };
            return Some(Named::Variable(request, s, v));
        }
    }
    index.find_c_name(name).map(|ty| Named::Type(request(ty)))
}
