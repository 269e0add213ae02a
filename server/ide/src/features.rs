//! Stand-ins until the front end is in.

use std::{ops::Range, path::Path};

use crate::{
    answer::{Finding, Hover, InlayHint, Lens, Place, Skeleton, SkeletonKind, Status, Symbol},
    host::{Analysis, Cancellable},
};

impl Analysis {
    /// Hover.
    pub fn hover(&self, _path: &Path, _offset: u32) -> Cancellable<Option<Hover>> {
        Ok(None)
    }
    /// Outline.
    pub fn document_symbols(&self, _path: &Path) -> Cancellable<Vec<Symbol>> {
        Ok(Vec::new())
    }
    /// Definition.
    pub fn definition(&self, _path: &Path, _offset: u32) -> Cancellable<Vec<Place>> {
        Ok(Vec::new())
    }
    /// Findings.
    pub fn findings(&self, _path: &Path) -> Cancellable<Vec<Finding>> {
        Ok(Vec::new())
    }
    /// Lenses.
    pub fn code_lenses(&self, _path: &Path) -> Cancellable<Vec<Lens>> {
        Ok(Vec::new())
    }
    /// Inlay hints.
    pub fn inlay_hints(&self, _path: &Path, _range: Range<u32>) -> Cancellable<Vec<InlayHint>> {
        Ok(Vec::new())
    }
    /// Skeleton preview.
    pub fn skeleton(
        &self,
        _path: &Path,
        _kind: SkeletonKind,
        _offset: Option<u32>,
    ) -> Cancellable<Option<Skeleton>> {
        Ok(None)
    }
    /// Status.
    pub fn status(&self, _path: &Path) -> Cancellable<Status> {
        Ok(Status::default())
    }
    /// Whether the file's answers depend on another file's text.
    pub fn depends_on(&self, _path: &Path, _other: &Path) -> bool {
        false
    }
}
