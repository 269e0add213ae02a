//! User-space C that uses skeletons: skeleton variables, control flow and the loader-side rules.

pub mod flow;
mod places;
pub mod rules;
pub mod skeletons;
#[cfg(test)]
mod test_fixture;

pub use rules::{Input, check};
