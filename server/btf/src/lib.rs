//! BTF: the type format of BPF objects.
//!
//! This crate knows kinds, sizes and printing. It knows nothing of C source text and nothing of
//! sections of an ELF file beyond the bytes of `.BTF`.

pub mod graph;
pub mod layout;
pub mod raw;
pub mod reader;
pub mod size;

pub use graph::{
    Btf, Composite, DatasecEntry, EnumType, Enumerator, Function, IntType, Linkage, Member, Param,
    Type, TypeId,
};
pub use reader::{ByteOrder, ReadError, read};
pub use size::Aligner;
