//! Collects what each way through the program says of a place.

use std::collections::BTreeMap;

use bpf::{diagnostic::Diagnostic, rules::RuleId};
use cfront::unit::ItemId;
use rustc_hash::FxHashSet;

use crate::flow::observe::At;

/// Verdicts by rule and place.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    places: BTreeMap<(At, RuleId), Verdict>,
    /// Places where something else happens on some way.
    other: FxHashSet<At>,
}

#[derive(Debug, Default)]
struct Verdict {
    /// Some way came by here and all was well, or it was not known.
    innocent: bool,
    /// Some way came by here after the load had failed.
    failed: bool,
    /// A way on which it is a mistake was followed without a branch that could not be decided.
    sure: bool,
    finding: Option<Diagnostic>,
}

impl Verdicts {
    /// A way on which the place does no harm as far as is known.
    pub(super) fn innocent(&mut self, rule: RuleId, at: At) {
        self.places.entry((at, rule)).or_default().innocent = true;
    }

    /// A way on which the load had failed before: what comes then is mostly cleaning up. It counts
    /// as harmless, unless a way on which the load succeeded is known to come here.
    pub(super) fn failed(&mut self, rule: RuleId, at: At) {
        self.places.entry((at, rule)).or_default().failed = true;
    }

    /// A way on which the place is no access to a skeleton at all, for all rules.
    pub(super) fn other(&mut self, at: At) {
        self.other.insert(at);
    }

    /// A way on which it is a mistake; `sure` when that way is known to be a real one.
    pub(super) fn guilty(
        &mut self,
        rule: RuleId,
        at: At,
        sure: bool,
        finding: impl FnOnce() -> Option<Diagnostic>,
    ) {
        let verdict = self.places.entry((at, rule)).or_default();
        verdict.sure |= sure;
        if verdict.finding.is_none() && !verdict.innocent {
            verdict.finding = finding();
        }
    }

    /// What stands: places where no way was innocent, outside the functions that were not followed
    /// in all ways.
    pub(super) fn findings(self, void: &FxHashSet<ItemId>) -> Vec<Diagnostic> {
        let other = self.other;
        self.places
            .into_iter()
            .filter(|((at, _), _)| !void.contains(&at.item))
            .filter(|((at, _), v)| !v.innocent && !other.contains(at) && (v.sure || !v.failed))
            .filter_map(|(_, v)| v.finding)
            .collect()
    }
}
