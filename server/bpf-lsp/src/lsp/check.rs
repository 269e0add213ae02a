//! The check of an open document: analysis, diagnostics, and what follows from them.

use std::{
    hash::{Hash, Hasher},
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use ide::{
    Cancellable,
    answer::{Finding, Place, SkeletonKind},
};
use rustc_hash::FxHasher;
use tower_lsp::lsp_types::{Diagnostic, PublishDiagnosticsParams};

use super::{
    convert::Places,
    ext::SkeletonChangedParams,
    headers::ByHeader,
    outbox::Outgoing,
    session::{OpenDocument, Session, Snapshot},
    workers::lock,
};

/// After so many checks in a row that gave up, the next one runs to its end: whoever types without a
/// pause still sees diagnostics.
const PATIENCE: u64 = 3;

/// Runs check number `epoch` of a document on a snapshot; gives up when a newer one was asked for.
pub(super) fn run(
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
    let (own, in_headers) = findings(session, snapshot, path)?;
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

/// The diagnostics of a document as the protocol wants them, those of other programs in it included.
pub(super) fn diagnostics(
    session: &Session,
    snapshot: &Snapshot,
    path: &Path,
) -> Cancellable<Vec<Diagnostic>> {
    Ok(with_others(session, path, findings(session, snapshot, path)?.0))
}

/// What a document's own check finds: in itself, and in headers of the workspace.
fn findings(
    session: &Session,
    snapshot: &Snapshot,
    path: &Path,
) -> Cancellable<(Vec<Diagnostic>, ByHeader)> {
    Ok(split(session, snapshot, path, snapshot.analysis.findings_with_headers(path)?))
}

/// Splits findings about a document into those in itself and those in headers of the workspace.
fn split(
    session: &Session,
    snapshot: &Snapshot,
    path: &Path,
    found: Vec<(Place, Finding)>,
) -> (Vec<Diagnostic>, ByHeader) {
    let places = Places {
        analysis: &snapshot.analysis,
        encoding: snapshot.client.encoding,
        uris: &snapshot.uris,
    };
    let (mut own, mut in_headers) = (Vec::new(), ByHeader::new());
    for (place, finding) in found {
        let is_own = place.path.as_ref() == path;
        if !is_own && !session.is_of_workspace(&place.path, path) {
            continue;
        }
        let Some(document) = snapshot.analysis.document(&place.path) else { continue };
        let diagnostic = places.diagnostic(&document, &finding);
        if is_own {
            own.push(diagnostic);
        } else {
            in_headers.entry(place.path.to_path_buf()).or_default().push(diagnostic);
        }
    }
    (own, in_headers)
}

fn with_others(session: &Session, path: &Path, mut own: Vec<Diagnostic>) -> Vec<Diagnostic> {
    for diagnostic in lock(&session.state).headers.about(path) {
        if !own.contains(&diagnostic) {
            own.push(diagnostic);
        }
    }
    own
}
