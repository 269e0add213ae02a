//! Collects what each way through the program says of a place.

use std::collections::BTreeMap;

use bpf::{diagnostic::Diagnostic, rules::RuleId};

use crate::flow::observe::At;

/// Verdicts by rule and place.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    places: BTreeMap<(At, RuleId), Verdict>,
}

#[derive(Debug, Default)]
struct Verdict {
    /// Some way came by here and all was well, or it was not known.
    innocent: bool,
    finding: Option<Diagnostic>,
}

impl Verdicts {
    /// A way on which the place does no harm as far as is known.
    pub(super) fn innocent(&mut self, rule: RuleId, at: At) {
        self.places.entry((at, rule)).or_default().innocent = true;
    }

    /// A way on which it is a mistake.
    pub(super) fn guilty(
        &mut self,
        rule: RuleId,
        at: At,
        finding: impl FnOnce() -> Option<Diagnostic>,
    ) {
        let verdict = self.places.entry((at, rule)).or_default();
        if verdict.finding.is_none() && !verdict.innocent {
            verdict.finding = finding();
        }
    }

    /// What stands: places where no way was innocent.
    pub(super) fn findings(self) -> Vec<Diagnostic> {
        self.places.into_values().filter(|v| !v.innocent).filter_map(|v| v.finding).collect()
    }
}
