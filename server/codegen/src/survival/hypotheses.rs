//! What follows where a law works otherwise than the model takes it to.
//!
//! A use of a variable may be what it is only because a call is inlined, a loop unrolled or a condition not
//! constant. A decision is certain where it comes out the same whatever those laws do.

use super::uses::{Kind, VariableUse};
use crate::{
    certainty::Certainty,
    laws::{self, Law},
    references::{Extent, Step},
};

/// A decision, whether it is certain, and what else it could be.
pub(crate) struct Weighed<T> {
    pub(crate) decision: T,
    pub(crate) certainty: Certainty,
    pub(crate) otherwise: Option<T>,
}

impl<T> Weighed<T> {
    pub(crate) fn certain(decision: T) -> Weighed<T> {
        Weighed { decision, certainty: Certainty::Certain, otherwise: None }
    }

    pub(crate) fn likely(law: &'static Law, decision: T, otherwise: T) -> Weighed<T> {
        Weighed { decision, certainty: Certainty::Likely(law), otherwise: Some(otherwise) }
    }
}

/// Decides by some uses, and by what they are where each law that they rest on works otherwise.
pub(crate) fn weigh<T: PartialEq>(
    uses: &[VariableUse],
    decide: impl Fn(&[VariableUse]) -> Weighed<T>,
) -> Weighed<T> {
    let likely = decide(uses);
    if !likely.certainty.is_certain() {
        return likely;
    }
    for law in LAWS {
        let mut changed = false;
        let otherwise: Vec<VariableUse> = (uses.iter())
            .filter_map(|one| match otherwise(one, law) {
                Otherwise::Same => Some(one.clone()),
                Otherwise::Gone => {
                    changed = true;
                    None
                }
                Otherwise::Is(other) => {
                    changed = true;
                    Some(other)
                }
            })
            .collect();
        if !changed {
            continue;
        }
        let other = decide(&otherwise).decision;
        if other != likely.decision {
            return Weighed::likely(law, likely.decision, other);
        }
    }
    likely
}

/// The laws that uses rest on.
const LAWS: [&Law; 3] = [&laws::INLINING, &laws::LOOP_UNROLLING, &laws::VALUE_PROPAGATION];

enum Otherwise {
    Same,
    Gone,
    Is(VariableUse),
}

/// A use where that law works otherwise.
fn otherwise(one: &VariableUse, law: &'static Law) -> Otherwise {
    if one.reached == Certainty::Likely(law) {
        return Otherwise::Gone;
    }
    if one.followed == Certainty::Likely(law) {
        // Its address leaves the caller.
        let kind = Kind::Escape;
        let extent = Extent::default();
        return Otherwise::Is(VariableUse { path: Vec::new(), extent, kind, ..one.clone() });
    }
    let rests = |step: &Step| matches!(step, Step::Computed { by, .. } if *by == law);
    if !one.path.iter().any(rests) {
        return Otherwise::Same;
    }
    let flipped = |step: &Step| match *step {
        Step::Computed { by, constant } if by == law => match constant {
            true => Step::Index(None),
            false => Step::Iteration,
        },
        step => step,
    };
    let path = one.path.iter().map(flipped).collect();
    Otherwise::Is(VariableUse { path, ..one.clone() })
}
