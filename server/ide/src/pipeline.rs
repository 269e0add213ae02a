//! What is computed for a file, and the memo that keeps it.

use std::path::Path;

/// The memo of all files.
#[derive(Default)]
pub(crate) struct Pipelines {}

impl Pipelines {
    /// Drops what is kept for a file.
    pub(crate) fn forget(&self, _path: &Path) {}
}
