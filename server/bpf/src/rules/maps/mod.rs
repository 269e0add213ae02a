//! Rules about maps: what libbpf refuses of a definition, what the kernel refuses of a map, and what it
//! wants to know of the types.
//!
//! Those about the kernel are silent where code of the workspace sets attributes of the map before load, and
//! for numbers that the source does not give for certain.

pub(super) mod definition;
pub(super) mod entries;
pub(super) mod flags;
pub(super) mod members;
pub(super) mod sizes;
pub(super) mod types;
