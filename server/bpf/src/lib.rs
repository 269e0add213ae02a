//! BPF objects: the object model built from source or from an ELF file, and what is derived from it:
//! layouts, skeleton previews and the BPF-side rules.

pub mod diagnostic;
pub mod facts;
pub mod object;
pub mod rules;
