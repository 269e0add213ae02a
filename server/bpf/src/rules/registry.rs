//! The registry of all rules, of both sides: ids, severities, titles and explanations.
//!
//! `explain`, SARIF, the documentation and the settings read it. A rule that is listed but not
//! implemented says so in its explanation.

use std::fmt;

use super::{registry_bpf, registry_loader, registry_objects};
use crate::diagnostic::Severity;

/// The public id of a rule (`percpu-write-after-load`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RuleId(pub &'static str);

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Which file a rule speaks in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Side {
    /// BPF C.
    Bpf,
    /// The user-space loader.
    Loader,
}

/// A rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rule {
    /// Id.
    pub id: RuleId,
    /// Where it speaks.
    pub side: Side,
    /// Severity unless the finding says otherwise.
    pub severity: Severity,
    /// One line.
    pub title: &'static str,
    /// A paragraph: what is wrong, what happens, what to do.
    pub explanation: &'static str,
    /// Whether a check exists in this version.
    pub implemented: bool,
}

/// Short spelling for the tables.
pub(super) const fn rule(
    id: &'static str,
    side: Side,
    severity: Severity,
    implemented: bool,
    title: &'static str,
    explanation: &'static str,
) -> Rule {
    Rule { id: RuleId(id), side, severity, title, explanation, implemented }
}

/// All rules: BPF side first, then built objects, then loaders, each in documentation order.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    registry_bpf::RULES.iter().chain(registry_objects::RULES).chain(registry_loader::RULES)
}

/// The rule with that id.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id.0 == id)
}

/// The severity of a rule; a warning for an id that is not registered.
pub fn severity(id: RuleId) -> Severity {
    find(id.0).map_or(Severity::Warning, |rule| rule.severity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_kebab_case() {
        let mut ids: Vec<_> = all().map(|r| r.id.0).collect();
        let count = ids.len();
        assert!(ids.iter().all(|id| id.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn every_rule_has_a_title_and_a_paragraph() {
        for rule in all() {
            assert!(!rule.title.is_empty() && !rule.title.ends_with('.'), "{}", rule.id);
            assert!(rule.explanation.len() > 80 && rule.explanation.ends_with('.'), "{}", rule.id);
        }
    }
}
