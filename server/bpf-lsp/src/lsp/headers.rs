//! Findings in headers: each program says its own about a header, and the editor is shown all of them.
//!
//! The header need not be open. Only headers of the workspace are spoken of, since nobody else's can be
//! mended by the user.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use tower_lsp::lsp_types::{Diagnostic, PublishDiagnosticsParams, Url};

use super::{
    check,
    outbox::Outgoing,
    session::{Session, State},
    workers::{Lane, lock},
};

/// What one program says about headers.
pub(super) type ByHeader = BTreeMap<PathBuf, Vec<Diagnostic>>;

/// What open programs say about headers: by header, then by program.
#[derive(Default)]
pub(super) struct HeaderFindings(BTreeMap<PathBuf, BTreeMap<PathBuf, Vec<Diagnostic>>>);

impl HeaderFindings {
    /// Takes what a program says now in place of what it said before. Returns the headers that are to be
    /// shown anew.
    fn replace(&mut self, program: &Path, mut new: ByHeader) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        self.0.retain(|header, programs| {
            let new = new.remove(header).filter(|list| !list.is_empty());
            let before = merge(programs);
            match new {
                Some(list) => programs.insert(program.to_owned(), list),
                None => programs.remove(program),
            };
            if merge(programs) != before {
                changed.push(header.clone());
            }
            !programs.is_empty()
        });
        for (header, list) in new.into_iter().filter(|(_, list)| !list.is_empty()) {
            changed.push(header.clone());
            self.0.insert(header, BTreeMap::from([(program.to_owned(), list)]));
        }
        changed
    }

    /// All that is said about a header, each finding once, in order of place.
    pub(super) fn about(&self, header: &Path) -> Vec<Diagnostic> {
        self.0.get(header).map(merge).unwrap_or_default()
    }
}

fn merge(programs: &BTreeMap<PathBuf, Vec<Diagnostic>>) -> Vec<Diagnostic> {
    let mut merged: Vec<Diagnostic> = Vec::new();
    for diagnostic in programs.values().flatten() {
        if !merged.contains(diagnostic) {
            merged.push(diagnostic.clone());
        }
    }
    merged.sort_by_key(|d| (d.range.start, d.range.end));
    merged
}

impl Session {
    /// Shows what a program says about headers from now on.
    pub(super) fn set_header_findings(self: &Arc<Self>, program: &Path, found: ByHeader) {
        let mut pulled = false;
        let open: Vec<PathBuf> = {
            let mut state = lock(&self.state);
            let mut open = Vec::new();
            // A program that was closed meanwhile says nothing more.
            let found = if state.open.contains_key(program) { found } else { ByHeader::default() };
            for header in state.headers.replace(program, found) {
                if state.open.contains_key(&header) {
                    pulled |= state.client.pull;
                    open.push(header);
                } else {
                    self.send_about_closed(&state, &header);
                }
            }
            open
        };
        for header in open {
            self.publish_again(&header);
        }
        if pulled {
            self.refresh_pulled();
        }
    }

    /// Publishes what is said about a header that is not open. Also to clients that pull: they ask only
    /// about open documents.
    fn send_about_closed(&self, state: &State, header: &Path) {
        if let Ok(uri) = Url::from_file_path(header) {
            let diagnostics = state.headers.about(header);
            self.send(Outgoing::Publish(PublishDiagnosticsParams {
                uri,
                diagnostics,
                version: None,
            }));
        }
    }

    /// What is shown of a document that is closed: what others say about it.
    pub(super) fn header_closed(&self, state: &State, header: &Path, uri: Url) {
        let diagnostics = state.headers.about(header);
        if !state.client.pull || !diagnostics.is_empty() {
            self.send(Outgoing::Publish(PublishDiagnosticsParams {
                uri,
                diagnostics,
                version: None,
            }));
        }
    }

    /// Takes back what was pushed about a header to a client that pulls from now on.
    pub(super) fn header_opened(&self, state: &State, header: &Path, uri: Url) {
        if state.client.pull && !state.headers.about(header).is_empty() {
            let diagnostics = Vec::new();
            self.send(Outgoing::Publish(PublishDiagnosticsParams {
                uri,
                diagnostics,
                version: None,
            }));
        }
    }

    /// Publishes the diagnostics of an open document as its last check found them, with what others say
    /// about it now.
    fn publish_again(self: &Arc<Self>, path: &Path) {
        let (session, path) = (self.clone(), path.to_owned());
        let job_path = path.clone();
        let job = move || {
            let snapshot = session.snapshot();
            if snapshot.client.pull {
                return;
            }
            let Some(text) = snapshot.analysis.open_document(&job_path) else { return };
            let Some(uri) = snapshot.uris.uri(&job_path) else { return };
            let Ok(diagnostics) = check::diagnostics(&session, &snapshot, &job_path) else {
                return;
            };
            let version = Some(text.version);
            session.if_text(&job_path, text.version, || {
                session.send(Outgoing::Publish(PublishDiagnosticsParams {
                    uri,
                    diagnostics,
                    version,
                }));
            });
        };
        self.workers.ask(&path, Lane::Patient, "findings of other programs", Box::new(job));
    }

    /// Runs `send` when a document still has that version of its text.
    fn if_text(&self, path: &Path, version: i32, send: impl FnOnce()) {
        let state = lock(&self.state);
        if state.host.analysis().open_document(path).is_some_and(|d| d.version == version) {
            send();
        }
    }
}

#[cfg(test)]
mod tests {
    use tower_lsp::lsp_types::{Position, Range};

    use super::*;

    fn finding(line: u32) -> Diagnostic {
        let at = Position::new(line, 0);
        Diagnostic { range: Range::new(at, at), ..Diagnostic::default() }
    }

    fn said(header: &str, lines: &[u32]) -> ByHeader {
        BTreeMap::from([(header.into(), lines.iter().copied().map(finding).collect())])
    }

    #[test]
    fn findings_of_programs_are_merged_and_go_with_them() {
        let mut findings = HeaderFindings::default();
        let h = Path::new("/h");
        let lines = |findings: &HeaderFindings| {
            findings.about(h).iter().map(|d| d.range.start.line).collect::<Vec<_>>()
        };
        assert_eq!(findings.replace(Path::new("/a"), said("/h", &[2, 1])), [h]);
        // The same from another program is nothing new.
        assert!(findings.replace(Path::new("/b"), said("/h", &[1])).is_empty());
        assert_eq!(findings.replace(Path::new("/b"), said("/h", &[1, 3])), [h]);
        assert_eq!(lines(&findings), [1, 2, 3]);
        assert_eq!(findings.replace(Path::new("/a"), ByHeader::default()), [h]);
        assert_eq!(lines(&findings), [1, 3]);
        assert_eq!(
            findings.replace(Path::new("/b"), said("/other", &[1])),
            [h, Path::new("/other")]
        );
        assert!(lines(&findings).is_empty());
    }
}
