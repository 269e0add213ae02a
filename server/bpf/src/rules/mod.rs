//! The rules of the BPF side, one file a family: its statics, and the check that reports them.
//!
//! A check is silent unless it is right: it gets the translation unit and the object made from it, and
//! where a fact is missing it reports nothing. A new family is a file with a `FAMILY`, and a line in the
//! list below; a new rule is a static in the file of its family. Its cases stand in `ide/tests/rules`.

mod code;
mod constants;
mod context;
mod data_variables;
mod declaration_fixes;
mod helpers;
mod kernel_reads;
mod legacy_maps;
mod licenses;
mod maps;
mod name_clashes;
mod percpu_arguments;
mod percpu_data;
mod percpu_sections;
mod percpu_toolchain;
mod printk;
mod program_sections;
mod programs;
mod struct_ops;
#[cfg(test)]
mod tests;
mod tracing;
mod usage;

use cfront::unit::Unit;

use crate::{
    diagnostic::Diagnostic,
    object::{Object, SectionKind},
    rule::Rule,
};
use context::{Context, Family, Shared};

pub use context::Input;
pub use usage::{Usage, UsageWhenAsked};

/// Families that look at any C: what is wrong there may be why nothing looks like BPF.
static OF_ANY_SOURCE: &[&Family] =
    &[&percpu_sections::FAMILY, &legacy_maps::FAMILY, &program_sections::FAMILY];

/// Families that look at sources of BPF objects, in the order of the documentation.
static OF_OBJECTS: &[&Family] = &[
    &percpu_data::FAMILY,
    &percpu_arguments::FAMILY,
    &percpu_toolchain::FAMILY,
    &data_variables::FAMILY,
    &constants::FAMILY,
    &name_clashes::FAMILY,
    &maps::sizes::FAMILY,
    &maps::entries::FAMILY,
    &maps::flags::FAMILY,
    &maps::members::FAMILY,
    &maps::types::FAMILY,
    &licenses::FAMILY,
    &helpers::FAMILY,
    &tracing::FAMILY,
    &struct_ops::FAMILY,
    &printk::FAMILY,
];

/// The rules of the BPF side, in the order of the documentation.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    OF_ANY_SOURCE.iter().chain(OF_OBJECTS).flat_map(|family| family.rules).copied()
}

/// All findings of the BPF side's rules, by place.
pub fn check(input: Input<'_>) -> Vec<Diagnostic> {
    let shared = Shared::of(input.unit);
    let mut found = Vec::new();
    for family in families(input.object) {
        (family.check)(Context::new(input, &shared), &mut found);
    }
    in_order(found)
}

/// What [`check_alone`] found.
#[derive(Clone, Debug)]
pub struct Alone {
    /// The findings of those families of rules that asked nothing about other files, by place.
    pub found: Vec<Diagnostic>,
    /// Whether none of them asked: then these are all findings.
    pub whole: bool,
}

/// The findings that do not rest on what the workspace says about the object: it may take longer to
/// find out than all the rest.
pub fn check_alone(unit: &Unit, object: &Object) -> Alone {
    let shared = Shared::of(unit);
    let mut alone = Alone { found: Vec::new(), whole: true };
    for family in families(object) {
        let usage = UsageWhenAsked::from(Usage::default());
        let before = alone.found.len();
        let input = Input { unit, object, usage: &usage };
        (family.check)(Context::new(input, &shared), &mut alone.found);
        if usage.asked().is_some() {
            alone.found.truncate(before);
            alone.whole = false;
        }
    }
    alone.found = in_order(alone.found);
    alone
}

/// The families that have a say about an object.
fn families(object: &Object) -> impl Iterator<Item = &'static Family> {
    let of_objects = if is_bpf(object) { OF_OBJECTS } else { &[] };
    OF_ANY_SOURCE.iter().chain(of_objects).copied()
}

fn in_order(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by_key(|d| (d.range.file, d.range.start, d.rule));
    found.dedup();
    found
}

/// Whether anything in the object says that it is one for libbpf: code of user space and of the kernel
/// that has to do with such objects has section names and kernel functions in it, too.
fn is_bpf(object: &Object) -> bool {
    let telling = |kind: SectionKind| {
        matches!(
            kind,
            SectionKind::Maps
                | SectionKind::License
                | SectionKind::Percpu
                | SectionKind::Kconfig
                | SectionKind::StructOps
                | SectionKind::Arena
        )
    };
    !object.programs.is_empty() || object.sections.iter().any(|s| telling(s.kind))
}
