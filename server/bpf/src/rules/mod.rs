//! The rules of the BPF side, one file a family: its statics, and the check that reports them.
//!
//! A check is silent unless it is right: it gets the translation unit and the object made from it, and
//! where a fact is missing it reports nothing. A new rule is a static in the file of its family, with its cases
//! in `ide/tests/rules`; a new family is a file with a `FAMILY`, and a line in the list of its room.

mod code;
mod context;
mod data;
mod declaration_fixes;
mod maps;
mod programs;
#[cfg(test)]
mod tests;
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

/// The families of each room, in the order of the documentation.
static ROOMS: [&[&Family]; 3] = [data::FAMILIES, maps::FAMILIES, programs::FAMILIES];

/// The rules of the BPF side, in the order of the documentation.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    ROOMS.into_iter().flatten().flat_map(|family| family.rules).copied()
}

/// All findings of the BPF side's rules, by place.
pub fn check(input: Input<'_>) -> Vec<Diagnostic> {
    let shared = Shared::of(input.unit);
    let mut found = Vec::new();
    for family in families(input.object) {
        (family.check.run)(Context::new(input, &shared), &mut found);
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
        (family.check.run)(Context::new(input, &shared), &mut alone.found);
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
    let is_bpf = is_bpf(object);
    let families = ROOMS.into_iter().flatten().copied();
    families.filter(move |family| is_bpf || family.check.any_source)
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
