//! What a rule says: one shape for the BPF side (this crate) and the loader side.
//!
//! Places are byte ranges of files as the user wrote them; nothing here knows of lines, columns or
//! of the protocol.

use cfront::source::FileRange;

use crate::rules::{RuleId, registry};

/// How bad it is; the order is from bad to mild.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// It will fail: no header, no load, or a crash.
    Error,
    /// It does something else than what it seems to do.
    Warning,
    /// Worth knowing.
    Information,
    /// A suggestion.
    Hint,
}

impl Severity {
    /// The word that `check` prints: `error`, `warning`, `information` or `hint`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Information => "information",
            Severity::Hint => "hint",
        }
    }
}

/// A finding of a rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Diagnostic {
    /// The rule; its id is the public `code`.
    pub rule: RuleId,
    /// Severity, by default the rule's.
    pub severity: Severity,
    /// What the user wrote that is wrong.
    pub range: FileRange,
    /// What will happen and the fact it rests on; one or two sentences, no trailing newline.
    pub message: String,
    /// The other ends (the load call, the BPF declaration), each with a short text.
    pub related: Vec<(FileRange, String)>,
    /// Quick fixes, best first.
    pub fixes: Vec<Fix>,
}

/// A quick fix.
#[derive(Clone, PartialEq, Debug)]
pub struct Fix {
    /// What the editor's menu shows, in the imperative: "Move the write before the load".
    pub title: String,
    /// Replacements, not overlapping; an empty range inserts.
    pub edits: Vec<(FileRange, String)>,
}

impl Diagnostic {
    /// A finding with the rule's own severity, no related places and no fixes.
    pub fn new(rule: RuleId, range: FileRange, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            rule,
            severity: registry::severity(rule),
            range,
            message: message.into(),
            related: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// The same with another severity, for rules that have two.
    pub fn with_severity(mut self, severity: Severity) -> Diagnostic {
        self.severity = severity;
        self
    }

    /// The same with one more related place.
    pub fn with_related(mut self, range: FileRange, text: impl Into<String>) -> Diagnostic {
        self.related.push((range, text.into()));
        self
    }

    /// The same with one more quick fix.
    pub fn with_fix(
        mut self,
        title: impl Into<String>,
        edits: Vec<(FileRange, String)>,
    ) -> Diagnostic {
        self.fixes.push(Fix { title: title.into(), edits });
        self
    }
    /// The same with more quick fixes, each a title and its edits.
    pub fn with_fixes(
        self,
        fixes: impl IntoIterator<Item = (String, Vec<(FileRange, String)>)>,
    ) -> Diagnostic {
        fixes.into_iter().fold(self, |finding, (title, edits)| finding.with_fix(title, edits))
    }
}
