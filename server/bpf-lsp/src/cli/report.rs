//! Findings with lines and columns, and their text and JSON forms.

use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

use bpf::{diagnostic::Severity, rule::Rule};
use btf::shown::{self, Shown};
use ide::{
    Analysis,
    answer::{Finding, Place},
    lines::Encoding,
};
use serde::Serialize;

/// A place as reports show it: lines and columns from 1, columns in UTF-8 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Span {
    /// File as the user would name it.
    pub(super) file: String,
    /// First line.
    pub(super) line: u32,
    /// First column.
    pub(super) column: u32,
    /// Last line.
    #[serde(rename = "endLine")]
    pub(super) end_line: u32,
    /// Column behind the last one.
    #[serde(rename = "endColumn")]
    pub(super) end_column: u32,
    /// Both columns in UTF-16 code units, which SARIF counts in.
    #[serde(skip)]
    pub(super) utf16: (u32, u32),
    /// The file itself, also where its name is no text.
    #[serde(skip)]
    pub(super) path: PathBuf,
}

/// Another place of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Related {
    #[serde(flatten)]
    pub(super) span: Span,
    /// What is there.
    pub(super) message: String,
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Entry {
    #[serde(flatten)]
    pub(super) span: Span,
    /// `error`, `warning`, `information` or `hint`.
    #[serde(serialize_with = "severity_name")]
    pub(super) severity: Severity,
    /// Rule.
    #[serde(rename = "code", serialize_with = "rule_name")]
    pub(super) rule: &'static Rule,
    /// Text of one line, as it may be shown.
    pub(super) message: String,
    /// Other ends.
    pub(super) related: Vec<Related>,
    /// The line that it begins on.
    #[serde(skip)]
    pub(super) line_text: String,
}

fn severity_name<S: serde::Serializer>(severity: &Severity, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(severity.as_str())
}

fn rule_name<S: serde::Serializer>(rule: &&Rule, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(rule.id)
}

/// Turns places into spans.
pub(super) struct Spans<'a> {
    analysis: &'a Analysis,
    here: Option<PathBuf>,
}

impl<'a> Spans<'a> {
    /// Spans of that snapshot's files, relative to the current folder where they lie in it.
    pub(super) fn new(analysis: &'a Analysis) -> Self {
        Spans { analysis, here: std::env::current_dir().ok() }
    }

    /// The name of a file as shown.
    pub(super) fn file(&self, path: &Path) -> String {
        let name = self.relative(path).display().to_string();
        // A name is no option and no command, whatever reads the line that it begins.
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '/' | '\\');
        if name.starts_with(plain) { name } else { format!("./{name}") }
    }

    fn relative<'p>(&self, path: &'p Path) -> &'p Path {
        let relative = self.here.as_deref().and_then(|here| path.strip_prefix(here).ok());
        relative.unwrap_or(path)
    }

    fn span(&self, place: &Place) -> Span {
        let start = Span {
            file: self.file(&place.path),
            line: 1,
            column: 1,
            end_line: 1,
            end_column: 1,
            utf16: (1, 1),
            path: self.relative(&place.path).to_owned(),
        };
        if place.range == (0..0) {
            // The beginning of a file needs no text; it may be an object.
            return start;
        }
        let Some(document) = self.analysis.document(&place.path) else { return start };
        let at = |offset: u32, encoding| {
            document.lines().position(&document.text, offset as usize, encoding)
        };
        let both = |encoding| (at(place.range.start, encoding), at(place.range.end, encoding));
        let (from, to) = both(Encoding::Utf8);
        let (from16, to16) = both(Encoding::Utf16);
        Span {
            line: from.line + 1,
            column: from.col + 1,
            end_line: to.line + 1,
            end_column: to.col + 1,
            utf16: (from16.col + 1, to16.col + 1),
            ..start
        }
    }

    fn line_text(&self, place: &Place) -> String {
        let Some(document) = self.analysis.document(&place.path) else { return String::new() };
        let at = place.range.start as usize;
        let before = document.text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = document.text.get(start..).unwrap_or_default().lines().next();
        line.unwrap_or_default().to_owned()
    }

    /// The entry of a finding at its place.
    pub(super) fn entry(&self, place: &Place, finding: &Finding) -> Entry {
        let related = finding.related.iter().map(|(place, message)| Related {
            span: self.span(place),
            message: shown::line(message).into_owned(),
        });
        Entry {
            span: self.span(place),
            severity: finding.severity,
            rule: finding.rule,
            message: shown::line(&finding.message).into_owned(),
            related: related.collect(),
            line_text: self.line_text(place),
        }
    }
}

/// One line a finding, related places indented below it.
pub(super) fn text(entries: &[Entry]) -> String {
    let mut out = String::new();
    for entry in entries {
        let Span { file, line, column, .. } = &entry.span;
        let (file, severity) = (Shown(file), entry.severity.as_str());
        let _ =
            writeln!(out, "{file}:{line}:{column}: {severity}: {} [{}]", entry.message, entry.rule);
        for related in &entry.related {
            let Span { file, line, column, .. } = &related.span;
            let _ = writeln!(out, "    {}:{line}:{column}: {}", Shown(file), related.message);
        }
    }
    out
}

/// An array of objects.
pub(super) fn json(entries: &[Entry]) -> Result<String, String> {
    let text = serde_json::to_string_pretty(entries).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}
