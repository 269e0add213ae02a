//! What is said of things that have facts: one text for hovers and for completion lists.

pub(crate) mod functions;
pub(crate) mod map_types;
pub(crate) mod sections;
pub(crate) mod skeleton_functions;
