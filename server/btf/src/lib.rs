//! BTF: the type format of BPF objects.
//!
//! This crate knows kinds, sizes and printing. It knows nothing of C source text and nothing of
//! sections of an ELF file beyond the bytes of `.BTF`.

pub mod compare;
pub mod dump_c;
pub mod graph;
pub mod index;
pub mod layout;
pub mod pahole;
pub mod raw;
pub mod reader;
pub mod size;
pub mod writer;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod hostile;

pub use compare::{Detail, Difference, first_difference};
pub use dump_c::{CDumper, type_name};
pub use graph::{
    Btf, Composite, DatasecEntry, EnumType, Enumerator, Function, IntType, Linkage, Member, Param,
    Type, TypeId,
};
pub use index::{NameIndex, NameSpace};
pub use layout::{FieldInput, RecordAttrs, RecordLayout, lay_out};
pub use reader::{ByteOrder, ReadError, read};
pub use size::Aligner;
