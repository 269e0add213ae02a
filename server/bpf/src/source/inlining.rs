//! Which static functions are still there after inlining.

use cfront::{sema::Linkage, symbol::Symbol};
use rustc_hash::FxHashSet;

use super::{
    bodies::FunctionBody,
    creation::{Creation, Entity},
    liveness::Marker,
};

/// Tokens of a body up to which clang inlines it at every call: an estimate of the cost of 225 that
/// its inliner allows (a token is about one instruction in three, an instruction costs 5).
const SMALL: u32 = 150;
/// The same for functions declared `inline`, whose threshold is 325.
const SMALL_INLINE: u32 = 220;

/// Whether every call of the function is inlined, so that what it does with its arguments is done by
/// its caller.
pub(super) fn is_certain(body: &FunctionBody) -> bool {
    let function = &body.function;
    if function.linkage == Linkage::External || function.attrs.noinline {
        return false;
    }
    let limit = if function.inline { SMALL_INLINE } else { SMALL };
    function.attrs.always_inline || body.tokens <= limit
}

/// Static functions that can run and are not inlined everywhere.
pub(super) fn standing(marker: &mut Marker<'_, '_>, creation: &Creation) -> FxHashSet<Symbol> {
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
        let calls = marker.calls.get(name).copied().unwrap_or(0);
        let inlined = is_certain(&body) || !function.attrs.noinline && calls <= 1;
        if !inlined || marker.addressed.contains(name) || function.attrs.used {
            standing.insert(*name);
        }
    }
    standing
}
