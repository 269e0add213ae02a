//! The loader-side rules, one file a family, over the events of the flow analysis.

mod after_load;
mod fixes;
mod lifecycle;
mod names;
#[cfg(test)]
mod tests;
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
}

impl Input<'_> {
    /// Whether the loader chooses at run time which programs are loaded or attached.
    fn changes_what_is_loaded(&self) -> bool {
        let setters = ["bpf_program__set_autoload", "bpf_program__set_autoattach"];
        (0..self.unit.item_count())
            .map(ItemId)
            .filter(|item| self.unit.in_main_file(*item))
            .flat_map(|item| self.unit.tokens(item))
            .any(|token| setters.contains(&token.sym.as_str()))
    }
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
    found.sort_by_key(|d| (d.range.file, d.range.start, d.rule));
    found.dedup();
    found
}

fn flow_findings(input: Input<'_>) -> Vec<Diagnostic> {
    let globals = Globals::of(input.unit);
    let roots = roots(input.unit, &globals);
    let mut rules = Rules { input, verdicts: Verdicts::default() };
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
        .into_iter()
        .filter(|function| {
            let defined_here = function
                .definition_place()
                .is_some_and(|place| unit.in_main_file(ItemId(place.item)));
            let external = function.linkage == Linkage::External;
            defined_here && (external || !globals.only_called(function.name))
        })
        .collect()
}

struct Rules<'a> {
    input: Input<'a>,
    verdicts: Verdicts,
}

impl Observer for Rules<'_> {
    fn event(&mut self, event: &Event<'_>, state: &State, calls: &[At]) {
        after_load::judge(self.input, event, state, calls, &mut self.verdicts);
        lifecycle::judge(self.input, event, state, calls, &mut self.verdicts);
    }
}
