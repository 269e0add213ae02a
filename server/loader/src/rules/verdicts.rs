//! Collects the verdicts of each way through the program on a place.

use bpf::{diagnostic::Diagnostic, rule::Rule};
use cfront::unit::ItemId;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::flow::observe::At;

/// Verdicts by rule and place.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    places: FxHashMap<At, Vec<(&'static Rule, Verdict)>>,
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
    fn of(&mut self, rule: &'static Rule, at: At) -> &mut Verdict {
        let rules = self.places.entry(at).or_default();
        let index = rules.iter().position(|(known, _)| *known == rule).unwrap_or_else(|| {
            rules.push((rule, Verdict::default()));
            rules.len() - 1
        });
        &mut rules[index].1
    }

    /// A way on which the place does no harm as far as is known.
    pub(super) fn innocent(&mut self, rule: &'static Rule, at: At) {
        self.of(rule, at).innocent = true;
    }

    /// A way on which the load had failed before: what comes then is mostly cleaning up. It counts
    /// as harmless, unless a way on which the load succeeded is known to come here.
    pub(super) fn failed(&mut self, rule: &'static Rule, at: At) {
        self.of(rule, at).failed = true;
    }

    /// A way on which the place is no access to a skeleton at all, for all rules.
    pub(super) fn other(&mut self, at: At) {
        self.other.insert(at);
    }

    /// A way on which it is a mistake; `sure` when that way is known to be a real one.
    pub(super) fn guilty(
        &mut self,
        rule: &'static Rule,
        at: At,
        sure: bool,
        finding: impl FnOnce() -> Option<Diagnostic>,
    ) {
        let verdict = self.of(rule, at);
        verdict.sure |= sure;
        if verdict.finding.is_none() && !verdict.innocent {
            verdict.finding = finding();
        }
    }

    /// What stands: places where no way was innocent, outside the functions that were not followed
    /// in all ways.
    pub(super) fn findings(self, void: &FxHashSet<ItemId>) -> Vec<Diagnostic> {
        let mut standing: Vec<(At, &'static Rule, Diagnostic)> = Vec::new();
        for (at, rules) in self.places {
            if void.contains(&at.item) || self.other.contains(&at) {
                continue;
            }
            for (rule, verdict) in rules {
                let stands = !verdict.innocent && (verdict.sure || !verdict.failed);
                standing.extend(verdict.finding.filter(|_| stands).map(|f| (at, rule, f)));
            }
        }
        standing.sort_by_key(|(at, rule, _)| (*at, *rule));
        standing.into_iter().map(|(_, _, finding)| finding).collect()
    }
}
