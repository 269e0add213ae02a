//! Findings in headers: each program says its own about a header, and the editor is shown all of them.
//!
//! The header need not be open. Only headers of the workspace are spoken of, since nobody else's can be
//! mended by the user.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tower_lsp::lsp_types::{PublishDiagnosticsParams, Url};

use super::{
    findings,
    header_findings::ByHeader,
    outbox::Outgoing,
    session::{Session, State},
    workers::{Lane, lock},
};

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
            let Ok(diagnostics) = findings::diagnostics(&session, &snapshot, &job_path) else {
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
