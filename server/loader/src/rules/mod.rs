//! The loader-side rules, one file a family: its statics, and the check that reports them.
//!
//! A family checks the whole file, or judges the events of the flow analysis. A new family is a file with a
//! `FAMILY`, and a line in the list below; a new rule is a static in the file of its family. Its cases
//! stand in `ide/tests/rules`.

mod after_load;
mod attach;
mod cpu_flags;
mod destroyed;
mod family;
mod find;
mod fixes;
mod hidden_types;
mod image;
mod input;
mod judge;
mod kconfig;
mod lines;
mod lookups;
mod map_calls;
mod map_names;
mod percpu_in_subskeleton;
mod resize;
mod setters;
mod size_fixes;
mod snippets;
mod subskeleton_members;
#[cfg(test)]
mod tests;
mod unknown_member;
mod verdicts;

use std::sync::Arc;

use bpf::{diagnostic::Diagnostic, rule::Rule};
use cfront::{
    sema::{Function, Linkage},
    symbol::Symbol,
    unit::{ItemId, Unit},
};
use rustc_hash::FxHashSet;

use crate::{
    flow::{
        globals::Globals,
        interpret::Analysis,
        observe::{At, Event, Observer},
        state::State,
    },
    references::references,
};
use family::{Family, File};
use judge::{Facts, Judge};
use verdicts::Verdicts;

pub use input::Input;

/// The families, in the order of the documentation.
static FAMILIES: &[&Family] = &[
    &after_load::FAMILY,
    &lookups::FAMILY,
    &cpu_flags::FAMILY,
    &percpu_in_subskeleton::FAMILY,
    &map_calls::FAMILY,
    &image::FAMILY,
    &kconfig::FAMILY,
    &setters::FAMILY,
    &resize::FAMILY,
    &attach::FAMILY,
    &destroyed::FAMILY,
    &map_names::FAMILY,
    &unknown_member::FAMILY,
    &subskeleton_members::FAMILY,
    &hidden_types::FAMILY,
];

/// The rules of the loader side, in the order of the documentation.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    FAMILIES.iter().flat_map(|family| family.rules).copied()
}

/// All findings of the loader-side rules in a file, by place.
///
/// Functions that something outside may call are followed with nothing known of their arguments;
/// static functions also from each of their callers. A finding stands only when every way that
/// reaches the place agrees.
pub fn check(input: Input<'_>) -> Vec<Diagnostic> {
    if input.skeletons.is_empty() {
        return Vec::new();
    }
    let mut found = flow_findings(input);
    let references = references(input.unit, input.skeletons);
    let file = File { input, references: &references };
    for check in FAMILIES.iter().filter_map(|family| family.check.file) {
        check(file, &mut found);
    }
    found.sort_by_key(|d| (d.range.file, d.range.start, d.rule));
    // `skel->bss` and `skel->bss->total` are one use.
    found.dedup_by(|later, first| {
        later.rule == first.rule
            && (later.range.file, later.range.start) == (first.range.file, first.range.start)
    });
    found
}

fn flow_findings(input: Input<'_>) -> Vec<Diagnostic> {
    let globals = Globals::of(input.unit);
    let roots = roots(input.unit, &globals);
    let mut rules = Rules { input, facts: Facts::of(input), verdicts: Verdicts::default() };
    let mut analysis = Analysis::new(input.unit, input.skeletons, globals, &mut rules);
    let mut done: FxHashSet<Symbol> = FxHashSet::default();
    let mut void: FxHashSet<Symbol> = FxHashSet::default();
    let mut work = roots;
    while let Some(function) = work.pop() {
        if !done.insert(function.name) {
            continue;
        }
        analysis.run_root(&function);
        if analysis.gave_up {
            void.extend(analysis.stable.reach(function.name));
        }
        for name in std::mem::take(&mut analysis.unfollowed) {
            work.extend(input.unit.function(name).filter(|f| f.definition.is_some()));
        }
    }
    let void: FxHashSet<ItemId> = void
        .into_iter()
        .filter_map(|name| input.unit.function(name)?.definition_place())
        .map(|place| ItemId(place.item))
        .collect();
    rules.verdicts.findings(&void)
}

/// Functions to start from: all that are visible outside, and static ones that are not only called
/// by name in this file (callbacks, thread entries).
fn roots(unit: &Unit, globals: &Globals) -> Vec<Arc<Function>> {
    unit.functions()
        .iter()
        .filter(|function| {
            let defined_here = function
                .definition_place()
                .is_some_and(|place| unit.in_main_file(ItemId(place.item)));
            let external = function.linkage == Linkage::External;
            defined_here && (external || !globals.only_called(function.name))
        })
        .cloned()
        .collect()
}

struct Rules<'a> {
    input: Input<'a>,
    facts: Facts,
    verdicts: Verdicts,
}

impl Observer for Rules<'_> {
    fn event(&mut self, event: &Event<'_>, state: &State, calls: &[At]) {
        if let Event::Other { at } = event {
            self.verdicts.other(*at);
        }
        let judge = Judge { input: self.input, state, calls, facts: &self.facts };
        for check in FAMILIES.iter().filter_map(|family| family.check.flow) {
            check(judge, event, &mut self.verdicts);
        }
    }
}
