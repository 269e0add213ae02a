//! What a rule reports: one shape for the BPF side (this crate) and the loader side.
//!
//! Places are byte ranges of files as the user wrote them; nothing here knows of lines, columns or
//! of the protocol.

use cfront::source::FileRange;

use crate::rule::Rule;

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
    /// The rule that it breaks.
    pub rule: &'static Rule,
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

/// A quick fix. `At` is how its edits name places: bytes of a file here, paths in answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix<At = FileRange> {
    /// What the editor's menu shows, in the imperative: "Move the write before the load".
    pub title: String,
    /// Edits that do not overlap.
    pub edits: Vec<Edit<At>>,
}

/// A change of text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit<At = FileRange> {
    /// What goes; nothing where text is inserted.
    pub at: At,
    /// What comes in its place.
    pub text: String,
}

impl<At> Edit<At> {
    /// Puts a text in place of another.
    pub fn replace(at: At, text: impl Into<String>) -> Edit<At> {
        Edit { at, text: text.into() }
    }
}

impl Edit {
    /// Inserts a text in front of a range.
    pub fn before(range: FileRange, text: impl Into<String>) -> Edit {
        Edit::replace(FileRange { end: range.start, ..range }, text)
    }

    /// Inserts a text behind a range.
    pub fn after(range: FileRange, text: impl Into<String>) -> Edit {
        Edit::replace(FileRange { start: range.end, ..range }, text)
    }

    /// Takes a text away.
    pub fn remove(range: FileRange) -> Edit {
        Edit::replace(range, "")
    }
}

impl Fix {
    /// A fix of these edits.
    pub fn new(title: impl Into<String>, edits: impl Into<Vec<Edit>>) -> Fix {
        Fix { title: title.into(), edits: edits.into() }
    }

    /// The fix that puts a name in place of what was written.
    pub fn rename(at: FileRange, shown: &str, text: impl Into<String>) -> Fix {
        Fix::new(format!("Use `{shown}`"), [Edit::replace(at, text)])
    }
}

impl Diagnostic {
    /// A finding with the rule's own severity, no related places and no fixes.
    pub fn new(rule: &'static Rule, range: FileRange, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            rule,
            severity: rule.severity,
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

    /// The same with the declaration of something as a related place, where that is known.
    pub fn with_declaration(self, place: Option<FileRange>, name: &str) -> Diagnostic {
        match place {
            Some(range) => self.with_related(range, format!("`{name}` is declared here")),
            None => self,
        }
    }

    /// The same with more quick fixes: one, some, or none.
    pub fn with_fixes(mut self, fixes: impl IntoIterator<Item = Fix>) -> Diagnostic {
        self.fixes.extend(fixes);
        self
    }
}
