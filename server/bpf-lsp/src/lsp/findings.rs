//! Findings as the protocol wants them: those of a document's own check, and those of programs that include it.

use std::path::Path;

use ide::{
    Cancellable,
    answer::{Finding, Place},
};
use tower_lsp::lsp_types::Diagnostic;

use super::{
    convert::Places,
    header_findings::ByHeader,
    session::{Session, Snapshot},
    workers::lock,
};

/// The diagnostics of a document as the protocol wants them, those of other programs in it included.
pub(super) fn diagnostics(
    session: &Session,
    snapshot: &Snapshot,
    path: &Path,
) -> Cancellable<Vec<Diagnostic>> {
    Ok(with_others(session, path, of_document(session, snapshot, path)?.0))
}

/// What a document's own check finds: in itself, and in headers of the workspace.
pub(super) fn of_document(
    session: &Session,
    snapshot: &Snapshot,
    path: &Path,
) -> Cancellable<(Vec<Diagnostic>, ByHeader)> {
    Ok(split(session, snapshot, path, snapshot.analysis.findings_with_headers(path)?))
}

/// Splits findings about a document into those in itself and those in headers of the workspace.
pub(super) fn split(
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

/// Those of a document's own check, with what others say about it.
pub(super) fn with_others(
    session: &Session,
    path: &Path,
    mut own: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    for diagnostic in lock(&session.state).headers.about(path) {
        if !own.contains(&diagnostic) {
            own.push(diagnostic);
        }
    }
    own
}
