//! Which calls are inlined, decided from the callees up as LLVM's CGSCC inliner does.

use std::sync::Arc;

use cfront::{
    refs::{Access, Target},
    sema::Linkage,
    symbol::Symbol,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    cost::{self, Cost, Site},
    eval::{self, Argument, Known},
};
use crate::source::bodies::{Bodies, FunctionBody};

/// Longer chains of functions that are always inlined are not followed.
const MAX_CHAIN: u32 = 32;
/// More call sites of one function are not told apart.
const MAX_SITES: usize = 20_000;

/// Bodies that are run through for one program, each time one is inlined counted: chains of functions
/// that all are inlined cost the square of their length. The largest program seen comes to 4,000.
const MAX_ENTERED: u32 = 40_000;

/// What is left of a function when everything was inlined into it.
struct Summary {
    /// Calls of functions with a body.
    left: Vec<Symbol>,
    /// It only computes: a call of it is dropped when nobody needs the result.
    pure: bool,
    result: Option<Known>,
}

/// Decisions so far.
pub(super) struct Planner<'p> {
    /// Functions whose address is taken.
    addressed: &'p FxHashSet<Symbol>,
    summaries: FxHashMap<Symbol, Summary>,
    /// By the function that calls come from and the way from there.
    decisions: FxHashMap<(Symbol, u64), bool>,
    costs: FxHashMap<(Symbol, Vec<Argument>), Cost>,
    /// Calls of each function in the module as it is by now.
    uses: FxHashMap<Symbol, i64>,
    /// Bodies run through so far.
    entered: u32,
    /// All decisions in order.
    pub(super) log: Vec<Decision>,
}

/// What was decided about a call, and on what ground: comparable with what clang says under
/// `-Rpass=inline -Rpass-missed=inline`.
#[derive(Clone, Copy, Debug)]
pub struct Decision {
    /// The function that is called.
    pub callee: Symbol,
    /// The function that the call stands in by then.
    pub caller: Symbol,
    /// What the body costs there, less what the call costs.
    pub cost: i64,
    /// Whether there is more than one basic block.
    pub branches: bool,
    /// How often the call runs for each call of the caller.
    pub frequency: f64,
    /// It is the only call left of a function that nothing else can call.
    pub last: bool,
    /// Whether it is inlined.
    pub inlined: bool,
    /// Whether the estimate is far enough from the threshold to be sure of that.
    pub sure: bool,
}

impl<'p> Planner<'p> {
    pub(super) fn new(addressed: &'p FxHashSet<Symbol>) -> Self {
        Planner {
            addressed,
            summaries: FxHashMap::default(),
            decisions: FxHashMap::default(),
            costs: FxHashMap::default(),
            uses: FxHashMap::default(),
            entered: 0,
            log: Vec::new(),
        }
    }

    /// Decides all calls in functions reached from `roots`.
    pub(super) fn plan(&mut self, bodies: &mut Bodies<'_>, roots: &[Symbol]) {
        let mut sites: FxHashMap<Symbol, Vec<Symbol>> = FxHashMap::default();
        let mut order = Vec::new();
        // Depth first without recursion: a function comes after all that it calls.
        let mut stack: Vec<(Symbol, usize)> = Vec::new();
        for &root in roots {
            if sites.contains_key(&root) {
                continue;
            }
            sites.insert(root, sites_of(bodies, root));
            stack.push((root, 0));
            while let Some((function, next)) = stack.last_mut() {
                let callee = sites.get(function).and_then(|s| s.get(*next)).copied();
                *next += 1;
                match callee {
                    Some(callee) if !sites.contains_key(&callee) => {
                        sites.insert(callee, sites_of(bodies, callee));
                        stack.push((callee, 0));
                    }
                    Some(_) => {}
                    None => {
                        order.push(*function);
                        stack.pop();
                    }
                }
            }
        }
        for callee in sites.values().flatten() {
            *self.uses.entry(*callee).or_default() += 1;
        }
        for function in order {
            let Some(body) = bodies.function(function) else { continue };
            let arguments = vec![Argument::Unknown; body.function.param_names.len()];
            let outcome = eval::run(bodies, self, &body, &arguments, true);
            let left = match outcome.known {
                true => outcome.left,
                false => {
                    let all = sites.remove(&function).unwrap_or_default();
                    all.into_iter().filter(|callee| !self.small(bodies, *callee)).collect()
                }
            };
            self.summaries
                .insert(function, Summary { left, pure: !outcome.impure, result: outcome.result });
        }
    }

    /// Whether any call of a function would be inlined, whatever is known at it; for callers that could
    /// not be read.
    fn small(&mut self, bodies: &mut Bodies<'_>, callee: Symbol) -> bool {
        let Some(body) = bodies.function(callee) else { return false };
        if body.function.attrs.noinline {
            return false;
        }
        let arguments = vec![Argument::Unknown; body.function.param_names.len()];
        let cost = self.cost(bodies, &body, &arguments);
        cost::verdict(cost, Site { frequency: 1.0, hint: body.function.inline, last: false }).0
    }

    /// Counts a body that is about to be run through; whether there is room for it.
    pub(super) fn enter(&mut self) -> bool {
        self.entered = self.entered.saturating_add(1);
        self.entered <= MAX_ENTERED
    }

    /// Calls that are left in a function.
    pub(super) fn left_in(&self, function: Symbol) -> &[Symbol] {
        self.summaries.get(&function).map(|s| s.left.as_slice()).unwrap_or_default()
    }

    pub(super) fn is_pure(&self, function: Symbol) -> bool {
        self.summaries.get(&function).is_some_and(|s| s.pure)
    }

    /// What a function that no other definition can replace returns, where that is known.
    pub(super) fn result(&self, function: Symbol) -> Option<Known> {
        self.summaries.get(&function).and_then(|s| s.result)
    }

    /// What was decided of a call before, in any of the functions it is part of by now. The outermost
    /// one decides anew unless it is asked for its cost only.
    pub(super) fn decided(&self, within: &[(Symbol, u64)], deciding: bool) -> Option<bool> {
        let mut found = within.iter().filter_map(|at| self.decisions.get(at).copied());
        if found.clone().any(|inlined| inlined) {
            return Some(true);
        }
        match deciding {
            true => within.first().and_then(|at| self.decisions.get(at).copied()),
            false => found.next(),
        }
    }

    /// Decides about a call.
    pub(super) fn decide(
        &mut self,
        bodies: &mut Bodies<'_>,
        callee: &Arc<FunctionBody>,
        arguments: &[Argument],
        frequency: f64,
        at: (Symbol, u64),
    ) -> bool {
        let name = callee.function.name;
        if !self.summaries.contains_key(&name) {
            // It calls itself through others.
            self.decisions.insert(at, false);
            return false;
        }
        let cost = self.cost(bodies, callee, arguments);
        let internal = callee.function.linkage == Linkage::Internal;
        let kept = !internal || self.addressed.contains(&name) || callee.function.attrs.used;
        let uses = self.uses.get(&name).copied().unwrap_or(0);
        let site = Site { frequency, hint: callee.function.inline, last: !kept && uses == 1 };
        let (inlined, sure) = cost::verdict(cost, site);
        self.log.push(Decision {
            callee: name,
            caller: at.0,
            cost: cost.cost,
            branches: cost.branches,
            frequency,
            last: site.last,
            inlined,
            sure,
        });
        self.decisions.insert(at, inlined);
        if inlined {
            let left = self.summaries.get(&name).map(|s| s.left.clone()).unwrap_or_default();
            *self.uses.entry(name).or_default() -= 1;
            let gone = !kept && uses <= 1;
            if !gone {
                for callee in left {
                    *self.uses.entry(callee).or_default() += 1;
                }
            }
        }
        inlined
    }

    fn cost(
        &mut self,
        bodies: &mut Bodies<'_>,
        callee: &Arc<FunctionBody>,
        arguments: &[Argument],
    ) -> Cost {
        let key = (callee.function.name, arguments.to_vec());
        if let Some(&known) = self.costs.get(&key) {
            return known;
        }
        let outcome = eval::run(bodies, self, callee, arguments, false);
        let cost = Cost {
            cost: outcome.cost - cost::call_site(arguments.len()),
            branches: outcome.branches,
            known: outcome.known,
        };
        self.costs.insert(key, cost);
        cost
    }
}

/// The functions with a body that a function calls once everything that must be is inlined, one for
/// each call site.
fn sites_of(bodies: &mut Bodies<'_>, function: Symbol) -> Vec<Symbol> {
    let mut out = Vec::new();
    collect(bodies, function, 0, &mut out);
    out
}

fn collect(bodies: &mut Bodies<'_>, function: Symbol, depth: u32, out: &mut Vec<Symbol>) {
    if depth > MAX_CHAIN || out.len() > MAX_SITES {
        return;
    }
    let Some(body) = bodies.function(function) else { return };
    for reference in &body.body.references {
        let Target::Function(callee) = reference.target else { continue };
        if reference.access != Access::Call || reference.dead {
            continue;
        }
        match bodies.function(callee) {
            Some(b) if b.function.attrs.always_inline => collect(bodies, callee, depth + 1, out),
            Some(_) => out.push(callee),
            None => {}
        }
    }
}
