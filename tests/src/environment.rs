//! The disk as an environment for analyses inside a test.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use cfront::{flags::Flags, session::FileSystem, source::Text};
use ide::{
    Environment,
    environment::{FileFlags, FlagsFrom},
};

/// Files on disk, default flags, and BPF sources beside their loaders.
pub struct Disk;

impl FileSystem for Disk {
    fn read(&self, path: &Path) -> Option<Text> {
        let bytes = fs::read(path).ok()?;
        Some(String::from_utf8_lossy(&bytes).into())
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }
}

impl Environment for Disk {
    fn flags(&self, _: &Path) -> Arc<FileFlags> {
        Arc::new(FileFlags { flags: Flags::default(), from: FlagsFrom::CommandLine })
    }

    fn bpf_sources(&self, loader: &Path, header: &str) -> Vec<PathBuf> {
        let stem = header.split('.').next().unwrap_or_default();
        vec![loader.with_file_name(format!("{stem}.bpf.c"))]
    }

    fn loaders(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
}
