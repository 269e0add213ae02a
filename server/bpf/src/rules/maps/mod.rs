//! Rules about maps: what libbpf refuses of a definition, what the kernel refuses of a map, and what it
//! wants to know of the types.
//!
//! Those about the kernel are silent where code of the workspace sets attributes of the map before load, and
//! for numbers that the source does not give for certain.

pub(super) mod definition;
mod entries;
mod flags;
mod legacy;
mod members;
mod names;
mod sizes;
mod types;

use super::context::Family;

pub(super) static FAMILIES: &[&Family] = &[
    &legacy::FAMILY,
    &sizes::FAMILY,
    &entries::FAMILY,
    &flags::FAMILY,
    &members::FAMILY,
    &types::FAMILY,
    &names::FAMILY,
];
