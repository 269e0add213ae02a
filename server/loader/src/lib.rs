//! User-space C that uses skeletons: skeleton variables, control flow and the loader-side rules.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

pub mod flow;
pub mod members;
pub mod references;
pub mod rules;
pub mod skeletons;
pub mod usage;

pub use rules::{Input, check};

#[cfg(test)]
mod test_fixture;
