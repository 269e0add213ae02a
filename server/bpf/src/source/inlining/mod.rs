//! Which static functions are still there after inlining.
//!
//! LLVM inlines what costs less than a threshold. What a body costs is reckoned after simplification,
//! so each body is run through ([`eval`]) with constants folded, locals in registers and equal
//! computations made once, and what is left is counted as `InlineCost.cpp` does ([`cost`]).
//! [`plan`] decides call by call, callees first.

mod calls;
mod conditions;
mod cost;
mod eval;
mod expressions;
mod loops;
mod memory;
mod operators;
mod places;
mod plan;
mod simplify;
mod statements;
mod switches;
#[cfg(test)]
mod tests;
mod value;

pub use plan::Decision;

use cfront::{sema::Linkage, symbol::Symbol};
use rustc_hash::FxHashSet;

use super::{
    bodies::FunctionBody,
    creation::{Creation, Entity},
    liveness::Marker,
};

/// Tokens of a body up to which every call of it is surely inlined.
const SMALL: u32 = 100;

/// Whether every call of the function is inlined, so that what it does with its arguments is done by
/// its caller.
pub(super) fn is_certain(body: &FunctionBody) -> bool {
    let function = &body.function;
    if function.linkage == Linkage::External || function.attrs.noinline {
        return false;
    }
    function.attrs.always_inline || body.tokens <= SMALL
}

/// Whether calls of the function may be inlined.
pub(super) fn is_possible(body: &FunctionBody) -> bool {
    let function = &body.function;
    !function.attrs.noinline && (function.linkage == Linkage::Internal || !function.attrs.weak)
}

/// Static functions that can run and are not inlined everywhere, and the decisions that led there;
/// without `decide` only those that are marked `used` or whose address is taken.
pub(super) fn standing(
    marker: &mut Marker<'_, '_>,
    creation: &Creation,
    decide: bool,
) -> (FxHashSet<Symbol>, Vec<Decision>) {
    let live: Vec<Symbol> = creation
        .order
        .iter()
        .filter_map(|entity| match entity {
            Entity::Function(name) if marker.functions.contains(name) => Some(*name),
            _ => None,
        })
        .collect();
    let mut roots = Vec::new();
    let mut open = false;
    for &name in &live {
        let Some(body) = marker.bodies.function(name) else { continue };
        let function = &body.function;
        let internal = function.linkage == Linkage::Internal;
        if !internal || function.attrs.used || marker.addressed.contains(&name) {
            roots.push(name);
        } else {
            open |= !function.attrs.always_inline;
        }
    }
    let mut planner = plan::Planner::new(&marker.addressed);
    if open && decide {
        planner.plan(marker.bodies, &roots);
    }
    // What roots still call, and what those call.
    let mut reached: FxHashSet<Symbol> = roots.iter().copied().collect();
    let mut work = roots;
    while let Some(function) = work.pop() {
        for &callee in planner.left_in(function) {
            if reached.insert(callee) {
                work.push(callee);
            }
        }
    }
    reached.retain(|name| {
        marker.bodies.function(*name).is_some_and(|b| b.function.linkage == Linkage::Internal)
    });
    (reached, planner.log)
}
