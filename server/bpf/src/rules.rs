//! The rules: their registry, and the checks of the BPF side, one file a rule family.

pub mod registry;
mod registry_bpf;
mod registry_loader;

pub use registry::{Rule, RuleId, Side};
