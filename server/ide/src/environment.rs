//! What this crate needs from the world outside: it does no I/O itself.

use std::{path::Path, sync::Arc};

/// Files and facts about the project, given by whoever does I/O.
pub trait Environment: Send + Sync + 'static {
    /// The text of a file on disk; bytes that are no UTF-8 become U+FFFD. `None` when it cannot be read.
    fn read(&self, path: &Path) -> Option<Arc<str>>;
}
