//! What the disk answers to those who do no I/O themselves.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use cfront::{flags::normalize, session::FileSystem, source::Text};
use ide::{
    Environment,
    environment::{FileFlags, ProjectFiles, SkeletonOrigin},
    project_file::ProjectFile,
};

use super::{
    Disk, bpf_source,
    files::{self, Kind},
    lock, search,
};

impl FileSystem for Disk {
    fn read(&self, path: &Path) -> Option<Text> {
        self.stamps(|stamps| stamps.note(path));
        files::text(path, Kind::Source).map(Text::from)
    }

    fn read_bytes(&self, path: &Path) -> Option<Vec<u8>> {
        self.stamps(|stamps| stamps.note(path));
        files::read(path, Kind::Source).ok()
    }

    fn is_file(&self, path: &Path) -> bool {
        self.stamps(|stamps| stamps.note(path)).unwrap_or_else(|| path.is_file())
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.stamps(|stamps| stamps.note_folder(path)).unwrap_or_else(|| path.is_dir())
    }
}

impl Environment for Disk {
    fn flags(&self, path: &Path) -> Arc<FileFlags> {
        if let Some(flags) = lock(&self.flags).get(path) {
            return flags.clone();
        }
        self.note_project(path);
        let flags = Arc::new(self.find_flags(path));
        lock(&self.flags).insert(path.to_owned(), flags.clone());
        flags
    }

    fn bpf_sources(&self, loader: &Path, header: &str) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = Vec::new();
        for path in self.origins(loader, header).iter().flat_map(|origin| &origin.sources) {
            if !paths.contains(path) {
                paths.push(path.clone());
            }
        }
        paths
    }

    fn skeleton_origins(&self, loader: &Path, header: &str) -> Vec<SkeletonOrigin> {
        self.origins(loader, header).to_vec()
    }

    fn project_file(&self, path: &Path) -> Arc<ProjectFile> {
        self.project_file_of(path).map(|(_, file)| file).unwrap_or_default()
    }

    fn possible_cpus(&self) -> Option<u64> {
        possible_cpus()
    }

    fn loaders(&self, program: &Path) -> Vec<PathBuf> {
        let Some(folder) = program.parent() else { return Vec::new() };
        if let Some(known) = lock(&self.loaders).get(folder) {
            return known.to_vec();
        }
        let mut folders = bpf_source::loader_folders(program);
        folders.extend(self.configured_folders(program));
        folders.dedup();
        // Folders beside its own may come and go.
        self.stamps(|stamps| folder.parent().map(|above| stamps.note_listing(above)));
        let mut found: Vec<PathBuf> =
            folders.into_iter().flat_map(|folder| self.files_in(&folder).others.to_vec()).collect();
        found.sort();
        found.dedup();
        let found: Arc<[PathBuf]> = found.into();
        lock(&self.loaders).insert(folder.to_owned(), found.clone());
        found.to_vec()
    }

    fn neighbours(&self, program: &Path) -> Vec<PathBuf> {
        // Asked once a rename: nothing is kept.
        let mut folders = bpf_source::loader_folders(program);
        folders.extend(self.configured_folders(program));
        let mut found: Vec<PathBuf> = folders
            .iter()
            .filter_map(|folder| fs::read_dir(folder).ok())
            .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    fn project_files(&self, program: &Path) -> ProjectFiles {
        search::project_files(program)
    }

    fn skeleton_names(&self, program: &Path) -> Vec<String> {
        let Some((folder, file)) = self.project_file_of(program) else { return Vec::new() };
        file.skeletons
            .iter()
            .filter(|(_, paths)| paths.iter().any(|p| normalize(&folder.join(p)) == program))
            .map(|(name, _)| name.clone())
            .collect()
    }

    fn forget(&self, path: &Path) {
        lock(&self.flags).remove(path);
    }

    fn bpf_programs_beside(&self, program: &Path) -> Vec<PathBuf> {
        let Some(folder) = program.parent() else { return Vec::new() };
        let mut found = self.files_in(folder).programs.to_vec();
        found.retain(|path| path != program);
        found
    }
}

/// The number of possible CPUs, from a list like `0-3,8`; read once.
fn possible_cpus() -> Option<u64> {
    static CPUS: OnceLock<Option<u64>> = OnceLock::new();
    *CPUS.get_or_init(|| {
        let list = files::text(Path::new("/sys/devices/system/cpu/possible"), Kind::Project)?;
        list.trim().split(',').try_fold(0, |sum: u64, range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last) = (first.parse::<u32>().ok()?, last.parse::<u32>().ok()?);
            Some(sum + u64::from(last.checked_sub(first)?) + 1)
        })
    })
}
