//! The rules: their registry, and the checks of the BPF side, one file a rule family.
//!
//! A rule speaks only when it is right. Each check gets the translation unit and the object made
//! from it; where a fact is missing it returns nothing.

pub mod registry;
mod registry_bpf;
mod registry_loader;
mod registry_objects;

mod code;
mod data_sections;
mod declaration_fixes;
mod helper_calls;
mod kernel_reads;
mod legacy_maps;
mod map_btf;
mod map_definitions;
mod map_rules;
mod names;
mod places;
mod printk;
mod programs;
mod rodata;
mod section_names;
mod struct_ops;
#[cfg(test)]
mod tests;
pub mod toolchain;
mod tracing;

use std::{cell::OnceCell, ops::Deref, sync::Arc};

use cfront::{source::FileRange, unit::Unit};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::{
    diagnostic::Diagnostic,
    object::{Object, SectionKind},
};

pub use registry::{Rule, RuleId, Side};
pub use registry_objects::{OBJECT_LAYOUT_DIFFERS, OBJECT_STALE};
pub use toolchain::Toolchain;

/// What the BPF side's checks look at.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The translation unit.
    pub unit: &'a Unit,
    /// The object made from it.
    pub object: &'a Object,
    /// What the rest of the workspace says about the object.
    pub usage: &'a UsageWhenAsked<'a>,
}

/// [`Usage`], found when a rule first asks: it takes a look at every user-space file near the
/// program, and of most programs no rule has anything to say that it could change. So rules ask last.
pub struct UsageWhenAsked<'a> {
    find: Box<dyn Fn() -> Arc<Usage> + 'a>,
    found: OnceCell<Arc<Usage>>,
}

impl<'a> UsageWhenAsked<'a> {
    /// A usage that `find` finds.
    pub fn new(find: impl Fn() -> Arc<Usage> + 'a) -> UsageWhenAsked<'a> {
        UsageWhenAsked { find: Box::new(find), found: OnceCell::new() }
    }

    /// The usage, if some rule has asked.
    pub fn asked(&self) -> Option<&Arc<Usage>> {
        self.found.get()
    }
}

impl Deref for UsageWhenAsked<'_> {
    type Target = Usage;

    fn deref(&self) -> &Usage {
        self.found.get_or_init(|| (self.find)())
    }
}

impl From<Usage> for UsageWhenAsked<'_> {
    fn from(usage: Usage) -> Self {
        let usage = Arc::new(usage);
        UsageWhenAsked::new(move || usage.clone())
    }
}

/// How the workspace's user-space code uses an object, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usage {
    /// libbpf is known to load the object: its skeleton is included, or an open call names it.
    pub libbpf_loads: bool,
    /// Something registers section handlers or sets program types.
    pub sets_program_types: bool,
    /// Something chooses which programs are loaded.
    pub chooses_programs: bool,
    /// The loader opens objects with `relaxed_maps`.
    pub relaxed_maps: bool,
    /// Something sets members of struct_ops maps (`skel->struct_ops.map->member = prog`).
    pub sets_struct_ops: bool,
    /// Maps whose attributes some code sets before load; `*` for any (exemption E1 of the map rules).
    pub maps_set_by_code: FxHashSet<SmolStr>,
    /// The versions of the tools and of the target kernel, as far as they are known.
    pub toolchain: Toolchain,
    /// The object is made from this file alone (no static linking).
    pub stands_alone: bool,
    /// Variables of `.rodata` that the loader writes (`skel->rodata->x = 1`), each with one place of it.
    pub rodata_written: FxHashMap<SmolStr, FileRange>,
    /// Names of members that loaders of the object access, of whatever struct: variables among them may
    /// not change their place.
    pub members_named: FxHashSet<SmolStr>,
}

impl Usage {
    /// Whether code sets attributes of that map, so that rules about them stay silent.
    pub fn sets_map(&self, name: &str) -> bool {
        self.maps_set_by_code.contains(name) || self.maps_set_by_code.contains("*")
    }

    /// Whether a loader may access a variable of that name.
    pub fn names_member(&self, name: &str) -> bool {
        self.members_named.contains(name)
    }
}

/// All findings of the BPF side's rules, by place.
pub fn check(input: Input<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    each_family(input, &mut |check| check(input, &mut found));
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
    let mut alone = Alone { found: Vec::new(), whole: true };
    let none = UsageWhenAsked::from(Usage::default());
    each_family(Input { unit, object, usage: &none }, &mut |check| {
        let usage = UsageWhenAsked::from(Usage::default());
        let before = alone.found.len();
        check(Input { unit, object, usage: &usage }, &mut alone.found);
        if usage.asked().is_some() {
            alone.found.truncate(before);
            alone.whole = false;
        }
    });
    alone.whole &= none.asked().is_none();
    alone.found = in_order(alone.found);
    alone
}

/// A family of rules.
type Family<'a> = &'a dyn Fn(Input<'_>, &mut Vec<Diagnostic>);

/// Runs the families of rules that have a say about the object. They get the input, or the same with
/// another usage.
fn each_family(input: Input<'_>, run: &mut dyn FnMut(Family<'_>)) {
    run(&section_names::check);
    if !is_bpf(input.object) {
        return;
    }
    let code = code::Code::new(input.unit);
    run(&|input, found| data_sections::check(input, &code, found));
    run(&names::check);
    run(&map_rules::check);
    run(&map_definitions::check);
    run(&|input, found| rodata::check(input, &code, found));
    run(&toolchain::check);
    run(&struct_ops::check);
    let entries = programs::entries(input);
    run(&|input, found| helper_calls::check(input, &code, &entries, found));
    run(&|input, found| map_btf::special_fields(input, &code, &entries, found));
    run(&|input, found| tracing::check(input, &code, &entries, found));
    run(&|input, found| printk::check(input, &code, found));
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
