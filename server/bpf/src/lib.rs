//! BPF objects: the object model built from source or from an ELF file, and what is derived from it:
//! layouts, skeleton previews and the BPF-side rules.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod compare;
pub mod diagnostic;
pub mod elf;
pub mod externs;
pub mod facts;
pub mod layout;
pub mod link;
pub mod maps;
pub mod object;
pub mod places;
pub mod refusal;
pub mod rule;
pub mod rules;
pub mod section;
pub mod skeleton;
pub mod source;
#[cfg(test)]
mod test_objects;
pub mod toolchain;
