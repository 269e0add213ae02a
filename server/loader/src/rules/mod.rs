//! The loader-side rules, one file a family, over the events of the flow analysis.

mod after_load;
mod cpu_flags;
mod fixes;
mod hidden_types;
mod image;
mod judge;
mod lifecycle;
mod lookups;
mod map_calls;
mod names;
mod snippets;
mod subskeleton;
#[cfg(test)]
mod tests;
mod unknown_member;
mod verdicts;

use std::sync::Arc;

use bpf::diagnostic::Diagnostic;
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
    skeletons::Skeleton,
};
use judge::{Facts, Judge};
use verdicts::Verdicts;

/// What the loader-side rules look at.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The loader.
    pub unit: &'a Unit,
    /// The skeletons it includes.
    pub skeletons: &'a [Skeleton],
    /// The text of the loader's own file, for quick fixes.
    pub text: &'a str,
    /// Whether the loader's compile flags are the build's own, and not guessed.
    pub exact_flags: bool,
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
    names::check(input, &mut found);
    hidden_types::check(input, &mut found);
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
        let judge = Judge { input: self.input, state, calls, facts: &self.facts };
        after_load::judge(judge, event, &mut self.verdicts);
        cpu_flags::judge(judge, event, &mut self.verdicts);
        image::judge(judge, event, &mut self.verdicts);
        lifecycle::judge(judge, event, &mut self.verdicts);
        lookups::judge(judge, event, &mut self.verdicts);
        map_calls::judge(judge, event, &mut self.verdicts);
    }
}
