//! BTF: the type format of BPF objects.
//!
//! This crate knows kinds, sizes and printing. It knows nothing of C source text and nothing of
//! sections of an ELF file beyond the bytes of `.BTF`.
//!
//! - [`graph`]: the types of one object; filled by [`reader`] from bytes or by others from source.
//! - [`layout`]: where clang puts the members of a record; [`size`]: what BTF itself tells of sizes.
//! - [`raw`], [`dump_c`], [`pahole`]: three ways to show types; [`writer`]: bytes again.
//! - [`shown`]: text out of files, as it may be shown.
//! - [`index`], [`members`]: finding types and members by name.
//! - [`compare`]: the first difference between two types, or all of two graphs.
//!
//! Graphs need not come from a checked file: whatever they hold, each question ends in bounded
//! time, memory and stack.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod compare;
pub mod dump_c;
pub mod graph;
pub mod index;
pub mod layout;
pub mod members;
pub mod pahole;
pub mod raw;
pub mod reader;
pub mod shown;
pub mod size;
pub mod writer;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod test_fixture;

pub use compare::{Detail, Difference, GraphComparison, compare_named, first_difference};
pub use dump_c::{CDumper, type_name};
pub use graph::{
    Btf, Composite, DatasecEntry, EnumType, Enumerator, Function, IntType, Linkage, Member, Param,
    Type, TypeId,
};
pub use index::{NameIndex, NameSpace};
pub use layout::{FieldInput, RecordAttrs, RecordLayout, lay_out};
pub use reader::{ByteOrder, ReadError, read};
pub use size::Aligner;
