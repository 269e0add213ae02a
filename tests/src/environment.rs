//! The disk, or files in memory, as an environment for analyses inside a test.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use cfront::{
    flags::Flags,
    session::{FileSystem, MemoryFileSystem},
    source::Text,
};
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

/// Files in memory, with default flags; BPF sources lie beside their loaders.
pub struct Memory {
    /// The files as they are on disk.
    pub files: MemoryFileSystem,
    paths: &'static [&'static str],
}

impl Memory {
    /// No files yet; those that may come are known, to be found as neighbours.
    pub fn new(paths: &'static [&'static str]) -> Memory {
        Memory { files: MemoryFileSystem::default(), paths }
    }

    fn c_files(&self, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let paths = self.paths.iter().filter(|path| path.ends_with(".c") && wanted(path));
        paths.map(PathBuf::from).filter(|path| self.files.is_file(path)).collect()
    }
}

impl FileSystem for Memory {
    fn read(&self, path: &Path) -> Option<Text> {
        self.files.read(path)
    }

    fn is_file(&self, path: &Path) -> bool {
        self.files.is_file(path)
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.files.is_folder(path)
    }
}

impl Environment for Memory {
    fn flags(&self, path: &Path) -> Arc<FileFlags> {
        Disk.flags(path)
    }

    fn bpf_sources(&self, loader: &Path, header: &str) -> Vec<PathBuf> {
        Disk.bpf_sources(loader, header)
    }

    fn loaders(&self, _: &Path) -> Vec<PathBuf> {
        self.c_files(|path| !path.ends_with(".bpf.c"))
    }

    fn neighbours(&self, _: &Path) -> Vec<PathBuf> {
        self.c_files(|_| true)
    }
}
