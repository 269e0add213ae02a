//! Which static functions are left beside their callers.
//!
//! LLVM's inliner weighs what a body costs once it is simplified, with all that was inlined into it before,
//! against a threshold. Source cannot tell near the threshold, so only what no weighing changes is decided
//! here: what is `used` or has its address taken stays, what must be inlined is gone, and the rest may be either.
//! One that must not be inlined is no exception: calls that only compute what is known are dropped.

use cfront::{
    sema::{Function, Linkage},
    symbol::Symbol,
};
use rustc_hash::FxHashMap;

use super::Marker;
use crate::emission_order::{EmissionOrder, Entity};

/// Tokens of a body up to which calls of it are likely to be inlined.
const SMALL: u32 = 100;

/// What becomes of a static function that can run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// It is marked `used`, or its address is taken.
    Stays,
    /// LLVM decides, by inlining its calls or dropping them.
    MayBeInlined,
}

/// What is expected of the calls of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Expectation {
    /// All of them are inlined: what it does with its arguments is done by its caller.
    Always,
    /// The same, unless LLVM finds the body more costly than its text looks.
    Likely,
    /// They may be inlined or not.
    Open,
    /// None of them is.
    Never,
}

/// What is expected of the calls of a function whose body has so many tokens ([`crate::laws::INLINING`]).
pub(crate) fn expectation(function: &Function, tokens: u32) -> Expectation {
    let external = function.linkage == Linkage::External;
    if function.attrs.noinline || external && function.attrs.weak {
        return Expectation::Never;
    }
    match (external, function.attrs.always_inline) {
        (true, _) => Expectation::Open,
        (false, true) => Expectation::Always,
        (false, false) if tokens <= SMALL => Expectation::Likely,
        (false, false) => Expectation::Open,
    }
}

/// The static functions that can run, but for those that are always inlined. What is neither
/// marked `used` nor has its address taken concerns only a dump of the `whole` object.
pub(super) fn standing(
    marker: &mut Marker<'_, '_>,
    created: &EmissionOrder,
    whole: bool,
) -> FxHashMap<Symbol, Left> {
    let mut standing = FxHashMap::default();
    for entity in &created.order {
        let Entity::Function(name) = entity else { continue };
        if !marker.functions.contains_key(name) {
            continue;
        }
        let Some(body) = marker.facts.function(*name) else { continue };
        let function = &body.function;
        if function.linkage != Linkage::Internal {
            continue;
        }
        let left = if function.attrs.used || marker.addressed.contains(name) {
            Left::Stays
        } else if !whole || function.attrs.always_inline {
            continue;
        } else {
            Left::MayBeInlined
        };
        standing.insert(*name, left);
    }
    standing
}
