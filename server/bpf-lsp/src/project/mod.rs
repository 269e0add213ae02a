//! Facts about the project on disk: where headers are, with which flags a file is compiled.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use ide::Environment;

use crate::lsp::settings::Settings;

/// The project of a session or of a run of the command line.
#[derive(Default)]
pub(crate) struct Project {
    roots: Vec<PathBuf>,
    settings: Settings,
}

impl Project {
    /// Sets the workspace folders.
    pub(crate) fn set_roots(&mut self, roots: Vec<PathBuf>) {
        self.roots = roots;
    }

    /// Takes what of the settings concerns the project.
    pub(crate) fn set_settings(&mut self, settings: &Settings) {
        self.settings = settings.clone();
    }

    /// Forgets what was read from disk.
    pub(crate) fn forget(&mut self) {}

    /// The files and facts of now.
    pub(crate) fn environment(&self) -> Arc<dyn Environment> {
        Arc::new(Disk {})
    }
}

struct Disk {}

impl Environment for Disk {
    fn read(&self, path: &Path) -> Option<Arc<str>> {
        let bytes = std::fs::read(path).ok()?;
        Some(String::from_utf8_lossy(&bytes).into())
    }
}
