//! What a rule is, on either side.
//!
//! Each rule is one static beside its check. Everything that tells of rules (findings, `explain`, SARIF,
//! the reference pages, the settings) reads it from there.

use std::{cmp::Ordering, fmt};

use crate::diagnostic::Severity;

/// A rule: its name and severity, and what its page says. Texts are Markdown of plain paragraphs with
/// code in backticks.
#[derive(Debug)]
pub struct Rule {
    /// Public id in kebab case: the diagnostic's `code`, and the name in suppressions and settings.
    pub id: &'static str,
    /// Severity unless the finding says otherwise.
    pub severity: Severity,
    /// What is wrong, in one line without a full stop.
    pub title: &'static str,
    /// What happens to the user: one or two sentences.
    pub happens: &'static str,
    /// Why it happens: what clang, libbpf, bpftool or the kernel does.
    pub why: &'static str,
    /// What to write instead.
    pub fix: &'static str,
    /// Whether the finding comes with a quick fix, where the code allows one.
    pub quick_fix: bool,
    /// What the check looks at.
    pub scope: Scope,
    /// First release of bpf-lsp with the rule.
    pub since: &'static str,
}

/// How far a check looks from the place it reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Declarations, names, or one expression.
    Declaration,
    /// Code: through control flow, aliases or calls. At least one case has to show it.
    Code,
}

/// Rules that are checked together. `C` is the form of a side's checks.
#[derive(Debug)]
pub struct Family<C> {
    /// In the order of the documentation.
    pub rules: &'static [&'static Rule],
    /// Finds what breaks them.
    pub check: C,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id)
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Rule) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

impl PartialOrd for Rule {
    fn partial_cmp(&self, other: &Rule) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rule {
    fn cmp(&self, other: &Rule) -> Ordering {
        self.id.cmp(other.id)
    }
}
