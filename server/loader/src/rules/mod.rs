//! The loader-side rules, one file a family, over the events of the flow analysis.

mod after_load;
mod verdicts;

use bpf::diagnostic::Diagnostic;
use cfront::{
    sema::{Function, Linkage},
    symbol::Symbol,
    token::TokenKind,
    unit::{ItemId, Unit},
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    flow::{
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
    let mut rules = Rules { input, verdicts: Verdicts::default() };
    let mut analysis = Analysis::new(input.unit, input.skeletons, &mut rules);
    for function in roots(input.unit) {
        analysis.run_root(&function);
    }
    let mut found = rules.verdicts.findings();
    found.sort_by_key(|d| (d.range.file, d.range.start, d.rule));
    found
}

/// Functions to start from: all that are visible outside, and static ones that are not called by
/// name in this file (callbacks, thread entries).
fn roots(unit: &Unit) -> Vec<std::sync::Arc<Function>> {
    let called = called_functions(unit);
    unit.functions()
        .into_iter()
        .filter(|function| {
            let defined_here = function
                .definition_place()
                .is_some_and(|place| unit.in_main_file(ItemId(place.item)));
            let external = function.linkage == Linkage::External;
            defined_here && (external || !called.contains(&function.name))
        })
        .collect()
}

/// Names that function bodies of the file only ever call: a name before `(` is a call, anywhere else
/// its address may be taken. The declarator of the definition looks like a call too, so a name counts
/// when it stands there twice.
fn called_functions(unit: &Unit) -> FxHashSet<Symbol> {
    let mut calls: FxHashMap<Symbol, u32> = FxHashMap::default();
    let mut taken: FxHashSet<Symbol> = FxHashSet::default();
    for item in (0..unit.item_count()).map(ItemId).filter(|item| unit.in_main_file(*item)) {
        let tokens = unit.tokens(item);
        for (index, token) in tokens.iter().enumerate() {
            if token.kind != TokenKind::Ident {
                continue;
            }
            match tokens.get(index + 1) {
                Some(next) if next.is("(") => *calls.entry(token.sym).or_default() += 1,
                _ => {
                    taken.insert(token.sym);
                }
            }
        }
    }
    calls.into_iter().filter(|(name, n)| *n > 1 && !taken.contains(name)).map(|(n, _)| n).collect()
}

struct Rules<'a> {
    input: Input<'a>,
    verdicts: Verdicts,
}

impl Observer for Rules<'_> {
    fn event(&mut self, event: &Event<'_>, state: &State, calls: &[At]) {
        after_load::judge(self.input, event, state, calls, &mut self.verdicts);
    }
}
