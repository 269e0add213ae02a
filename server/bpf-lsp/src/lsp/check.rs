//! The check of an open document: analysis, diagnostics, and what follows from them.

use std::{
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
};

use ide::{Cancellable, answer::SkeletonKind};
use rustc_hash::FxHasher;
use tower_lsp::lsp_types::PublishDiagnosticsParams;

use super::{
    ext::SkeletonChangedParams,
    findings::{self, split, with_others},
    outbox::Outgoing,
    session::{OpenDocument, Session, Snapshot},
    workers::lock,
};

/// After so many checks in a row that gave up, the next one runs to its end: whoever types without a
/// pause still sees diagnostics.
const PATIENCE: u64 = 3;

impl Session {
    /// [`Session::check`], after the messages that were read together with this one: a question behind an
    /// edit is not to wait for a check that has taken the core from the reader.
    pub(super) fn check_soon(&self, path: PathBuf) {
        // The queue closes when the session ends.
        drop(self.due.send(path));
    }

    /// Asks for a check of an open document on its newest text; one that waits is replaced, one that
    /// runs gives up at its next stage.
    pub(super) fn check(self: &Arc<Self>, path: &Path) {
        let (snapshot, document) = {
            let state = lock(&self.state);
            let Some(document) = state.open.get(path).cloned() else { return };
            (state.snapshot(), document)
        };
        let epoch = document.epoch.fetch_add(1, Ordering::SeqCst) + 1;
        let (session, path) = (self.clone(), path.to_owned());
        let job_path = path.clone();
        self.workers
            .check(&path, Box::new(move || run(&session, snapshot, &job_path, &document, epoch)));
    }

    /// Checks all open documents anew.
    pub(super) fn check_all(self: &Arc<Self>) {
        let open: Vec<PathBuf> = lock(&self.state).open.keys().cloned().collect();
        for path in open {
            self.check(&path);
        }
        self.refresh_pulled();
    }

    /// Checks the open documents whose answers read `changed`.
    pub(super) fn check_dependents(self: &Arc<Self>, changed: &Path) {
        let (analysis, open) = {
            let state = lock(&self.state);
            let open: Vec<PathBuf> = state.open.keys().cloned().collect();
            (state.host.analysis(), open)
        };
        let mut any = false;
        for path in open.iter().filter(|path| path.as_path() != changed) {
            if analysis.depends_on(path, changed) {
                self.check(path);
                any = true;
            }
        }
        if any {
            self.refresh_pulled();
        }
    }
}

/// Runs check number `epoch` of a document on a snapshot; gives up when a newer one was asked for.
fn run(
    session: &Arc<Session>,
    mut snapshot: Snapshot,
    path: &Path,
    document: &Arc<OpenDocument>,
    epoch: u64,
) {
    if document.published.load(Ordering::SeqCst) == 0 {
        let loading = ide::answer::Status { warning: false, message: "loading".to_owned() };
        session.tell_status(false, loading);
    }
    if document.given_up.load(Ordering::SeqCst) < PATIENCE {
        let newest = document.clone();
        let superseded = move || newest.epoch.load(Ordering::SeqCst) != epoch;
        snapshot.analysis = snapshot.analysis.cancelled_by(Arc::new(superseded));
    }
    let first = document.published.load(Ordering::SeqCst) == 0;
    let checked = check(session, &snapshot, path, document, epoch);
    snapshot.analysis.drop_old(path);
    match checked {
        Ok(()) => {
            document.given_up.store(0, Ordering::SeqCst);
            if first {
                session.look_for_object(path);
            }
            // Nobody who changed something could know yet that this check read it.
            if session.snapshot().analysis.shared_changes() != snapshot.analysis.shared_changes() {
                session.check(path);
                session.refresh_pulled();
            }
        }
        Err(ide::Cancelled) => {
            document.given_up.fetch_add(1, Ordering::SeqCst);
        }
    }
}

fn check(
    session: &Arc<Session>,
    snapshot: &Snapshot,
    path: &Path,
    document: &Arc<OpenDocument>,
    epoch: u64,
) -> Cancellable<()> {
    let analysis = &snapshot.analysis;
    let Some(text) = analysis.open_document(path) else { return Ok(()) };
    let Some(uri) = snapshot.uris.uri(path) else { return Ok(()) };
    let push = !snapshot.client.pull;
    let publish = |diagnostics| {
        session.send(Outgoing::Publish(PublishDiagnosticsParams {
            uri: uri.clone(),
            diagnostics,
            version: Some(text.version),
        }));
    };
    // Of a document that was just opened: user-space files near it may be hundreds. That nothing was
    // found yet is nothing to tell: it would read as "all is well".
    if push
        && document.published.load(Ordering::SeqCst) == 0
        && let Some(first) = analysis.first_findings(path)?
        && !first.is_empty()
    {
        let diagnostics = with_others(session, path, split(session, snapshot, path, first).0);
        session.if_newest(path, document, epoch, || publish(diagnostics));
    }
    // Analysed also when the client pulls: previews follow it, and the answers are ready when it asks.
    let (own, in_headers) = findings::of_document(session, snapshot, path)?;
    let diagnostics = with_others(session, path, own);
    let skeleton = analysis.skeleton(path, SkeletonKind::Skeleton, None)?;
    let mut status = analysis.status(path)?;
    let built = lock(&document.built).clone();
    if !built.is_empty() {
        status.message = format!("{}; {built}", status.message);
    }
    let current = session.if_current(path, document, epoch, || {
        if push {
            publish(diagnostics);
        }
        if let Some(skeleton) = skeleton {
            let mut hasher = FxHasher::default();
            (&skeleton.text, &skeleton.note, skeleton.complete).hash(&mut hasher);
            // 0 stands for "never told".
            let fingerprint = hasher.finish() | 1;
            if document.skeleton.swap(fingerprint, Ordering::SeqCst) != fingerprint {
                let version = text.version;
                let uri = uri.clone();
                session.send(Outgoing::SkeletonChanged(SkeletonChangedParams { uri, version }));
            }
        }
    });
    if current {
        session.set_header_findings(path, in_headers);
    }
    session.tell_status(true, status);
    session.check_dependents(path);
    Ok(())
}
