//! Which static functions are still there after inlining.

use cfront::{ast, sema::Linkage, symbol::Symbol};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    bodies::{Bodies, FunctionBody},
    cost::{self, Cost},
    creation::{Creation, Entity},
    liveness::Marker,
};

/// Tokens of a body up to which every call of it is surely inlined.
const SMALL: u32 = 100;
/// LLVM inlines what costs less (`-inline-threshold`, `-inlinehint-threshold`).
const THRESHOLD: i64 = 225;
const HINT_THRESHOLD: i64 = 325;
/// What a call and each of its arguments cost: inlining saves it.
const CALL: i64 = 30;
const ARGUMENT: i64 = 5;
/// Longer chains of calls are not followed.
const MAX_DEPTH: u32 = 24;

/// Whether every call of the function is inlined, so that what it does with its arguments is done by
/// its caller.
pub(super) fn is_certain(body: &FunctionBody) -> bool {
    let function = &body.function;
    if function.linkage == Linkage::External || function.attrs.noinline {
        return false;
    }
    function.attrs.always_inline || body.tokens <= SMALL
}

/// Static functions that can run and are not inlined everywhere.
pub(super) fn standing(marker: &mut Marker<'_, '_>, creation: &Creation) -> FxHashSet<Symbol> {
    let mut costs = Costs { known: FxHashMap::default(), calls: &marker.calls, depth: 0 };
    let mut standing = FxHashSet::default();
    for entity in &creation.order {
        let Entity::Function(name) = entity else { continue };
        if !marker.functions.contains(name) {
            continue;
        }
        let Some(body) = marker.bodies.function(*name) else { continue };
        let function = &body.function;
        if function.linkage == Linkage::External {
            continue;
        }
        if !costs.inlined(marker.bodies, &body)
            || marker.addressed.contains(name)
            || function.attrs.used
        {
            standing.insert(*name);
        }
    }
    standing
}

struct Costs<'m> {
    known: FxHashMap<Symbol, Option<Cost>>,
    calls: &'m FxHashMap<Symbol, u32>,
    depth: u32,
}

impl Costs<'_> {
    /// Whether calls of a static function are inlined.
    fn inlined(&mut self, bodies: &mut Bodies<'_>, body: &FunctionBody) -> bool {
        let function = &body.function;
        if function.attrs.always_inline {
            return true;
        }
        if function.linkage == Linkage::External || function.attrs.noinline {
            return false;
        }
        // The only call of a static function is inlined at any cost that occurs.
        if self.calls.get(&function.name).copied().unwrap_or(0) <= 1 {
            return true;
        }
        let Some(cost) = self.cost(bodies, function.name) else { return false };
        let limit = if function.inline { HINT_THRESHOLD } else { THRESHOLD };
        // Straight-line code may cost half more.
        let limit = if cost.branches { limit } else { limit + limit / 2 };
        let saved = CALL + ARGUMENT * function.param_names.len() as i64;
        cost.cost - saved < limit
    }

    /// The cost of a body; `None` where it calls itself.
    fn cost(&mut self, bodies: &mut Bodies<'_>, name: Symbol) -> Option<Cost> {
        if let Some(known) = self.known.get(&name) {
            return *known;
        }
        if self.depth > MAX_DEPTH {
            return None;
        }
        // While it is worked out a call of itself finds nothing.
        self.known.insert(name, None);
        let body = bodies.function(name)?;
        let parsed = bodies.unit.item(body.item)?;
        let ast::Item::Function(syntax) = &parsed.syntax else { return None };
        self.depth += 1;
        let mut callee = |bodies: &mut Bodies<'_>, callee: Symbol| -> Option<Cost> {
            let inner = bodies.function(callee)?;
            match self.inlined(bodies, &inner) {
                true => self.cost(bodies, callee),
                false => None,
            }
        };
        let cost = cost::of_block(bodies, &body.scope, &syntax.body, &mut callee);
        self.depth -= 1;
        self.known.insert(name, Some(cost));
        Some(cost)
    }
}
