//! Facts about the project on disk: with which flags a file is compiled, what skeletons are made of, where
//! loaders and built objects lie.

mod bpf_source;
mod budget;
pub(crate) mod build;
mod compile_commands;
mod environment;
pub(crate) mod files;
mod flags;
mod guess;
mod make;
pub(crate) mod objects;
mod paths;
mod search;
mod settings;
mod skeleton_rules;
mod stamps;
mod table;
pub(crate) mod watched;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use cfront::flags::normalize;
use ide::{
    Environment,
    environment::{FileFlags, SkeletonOrigin},
    project_file::ProjectFile,
};
use rustc_hash::{FxHashMap, FxHashSet};

use compile_commands::CompileCommands;
use files::Kind;
pub(crate) use settings::Settings;
use stamps::{Stamp, Stamps};
use table::Reader;

/// The project of a session or of a run of the command line.
#[derive(Clone, Default)]
pub(crate) struct Project {
    settings: Settings,
    /// Arguments after `--`.
    arguments: Option<Vec<String>>,
    /// `-p DIR`
    database: Option<(PathBuf, Arc<CompileCommands>)>,
    /// Of all that any environment of the project has read; none where nobody asks a second time.
    stamps: Option<Arc<Stamps>>,
    /// Databases are large: one that did not change outlives environments.
    databases: Arc<Databases>,
}

type Databases = Mutex<FxHashMap<PathBuf, (Stamp, Arc<CompileCommands>)>>;

impl Project {
    /// Takes settings of the client.
    pub(crate) fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Remembers what the disk looked like, for [`Disk::changed`].
    pub(crate) fn keep_stamps(&mut self) {
        self.stamps = Some(Arc::default());
    }

    /// Uses these compiler arguments for every file.
    pub(crate) fn set_arguments(&mut self, arguments: Vec<String>) {
        self.arguments = Some(arguments);
    }

    /// Uses this compile database, or the one in this folder, for every file.
    pub(crate) fn set_database(&mut self, path: PathBuf) -> Result<(), String> {
        let path = if path.is_dir() { path.join("compile_commands.json") } else { path };
        let commands = CompileCommands::open(&path)?;
        self.database = Some((path, Arc::new(commands)));
        Ok(())
    }

    /// The files and facts of now; what it has read once it keeps.
    pub(crate) fn environment(&self) -> Arc<Disk> {
        let makefiles = Arc::new(make::Makefiles::noted(self.stamps.clone()));
        Arc::new(Disk {
            project: self.clone(),
            sayings: guess::Sayings::of_all(makefiles.clone()),
            build_files: skeleton_rules::BuildFiles::new(makefiles),
            ..Disk::default()
        })
    }
}

/// What a skeleton header may be made of, best first.
type Origins = Arc<[SkeletonOrigin]>;

/// Files on disk, and what was read of the project so far.
#[derive(Default)]
pub(crate) struct Disk {
    project: Project,
    flags: Mutex<FxHashMap<PathBuf, Arc<FileFlags>>>,
    /// Project files and their folders, by the folders of sources.
    project_files: Mutex<FxHashMap<PathBuf, Option<Placed>>>,
    /// Project files by their own paths.
    read_project_files: Mutex<FxHashMap<PathBuf, Option<Placed>>>,
    sayings: guess::Sayings,
    build_files: skeleton_rules::BuildFiles,
    /// By the loader's folder and the header as it is included.
    origins: Mutex<FxHashMap<(PathBuf, String), Origins>>,
    /// C files by folder.
    folders: Mutex<FxHashMap<PathBuf, CFiles>>,
    /// Folders of which it is noted what says how their files are compiled.
    noted: Mutex<FxHashSet<PathBuf>>,
    /// C files that may load the programs of a folder.
    loaders: Mutex<FxHashMap<PathBuf, Arc<[PathBuf]>>>,
}

/// A project file, with the folder that it stands in.
type Placed = (PathBuf, Arc<ProjectFile>);

/// The C files of a folder.
#[derive(Clone)]
struct CFiles {
    /// BPF programs by their names (`*.bpf.c`).
    programs: Arc<[PathBuf]>,
    /// The others.
    others: Arc<[PathBuf]>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk {
    /// Drops what is kept of single files and folders; what was read of the project stays.
    pub(crate) fn forget_files(&self) {
        lock(&self.flags).clear();
        lock(&self.project_files).clear();
        lock(&self.origins).clear();
        lock(&self.folders).clear();
        lock(&self.loaders).clear();
    }

    /// The files and folders that answers rest on and that are not what they were when they were read.
    pub(crate) fn changed(&self) -> Vec<PathBuf> {
        self.stamps(Stamps::changed).unwrap_or_default()
    }

    fn stamps<T>(&self, with: impl FnOnce(&Stamps) -> T) -> Option<T> {
        self.project.stamps.as_deref().map(with)
    }

    /// The client told of changes of these.
    pub(crate) fn told(&self, paths: &[PathBuf]) {
        self.stamps(|stamps| stamps.forget(paths));
    }

    /// Whether a file would get other flags now: those of some depend on their text on disk.
    pub(crate) fn flags_changed(&self, path: &Path) -> bool {
        let known = lock(&self.flags).get(path).cloned();
        known.is_some_and(|known| *known != *self.project.environment().flags(path))
    }

    /// Notes what may say how a file is compiled, and what skeletons are made of.
    fn note_project(&self, file: &Path) {
        let Some(stamps) = &self.project.stamps else { return };
        stamps.note(file);
        let folder = file.parent().unwrap_or(file).to_owned();
        if !lock(&self.noted).insert(folder) {
            return;
        }
        for path in watched::project_files(file) {
            stamps.note(&path);
        }
        for folder in watched::project_folders(file) {
            stamps.note_listing(&folder);
        }
    }

    /// Where a skeleton header comes from, for the loaders of a folder: found once.
    fn origins(&self, loader: &Path, header: &str) -> Origins {
        let folder = loader.parent().unwrap_or(Path::new("/"));
        let key = (folder.to_owned(), header.to_owned());
        if let Some(known) = lock(&self.origins).get(&key) {
            return known.clone();
        }
        self.note_project(loader);
        let mut found: Vec<SkeletonOrigin> = Vec::new();
        found.extend(skeleton_rules::by_setting(&self.project.settings.skeletons, loader, header));
        let configured = self.project_file_of(loader).and_then(|(folder, file)| {
            let paths = file.skeletons.get(bpf_source::stem(header)?)?.iter();
            Some(SkeletonOrigin::of(paths.map(|path| normalize(&folder.join(path))).collect()))
        });
        found.extend(configured);
        found.extend(self.build_files.origins(loader, header));
        let named = self.compiled_sources(loader, header);
        let near = bpf_source::candidates(loader, header);
        for path in named.into_iter().chain(near) {
            if !found.iter().any(|origin| origin.sources.contains(&path)) {
                found.push(SkeletonOrigin::of(vec![path]));
            }
        }
        let found: Origins = found.into();
        lock(&self.origins).insert(key, found.clone());
        found
    }

    /// The folders of a project that says in its file what its skeletons are made of: their loaders may
    /// lie anywhere in it. None for programs that the file does not name.
    fn configured_folders(&self, program: &Path) -> Vec<PathBuf> {
        const MOST: usize = 1024;
        if self.skeleton_names(program).is_empty() {
            return Vec::new();
        }
        let Some((root, _)) = self.project_file_of(program) else { return Vec::new() };
        let all = ignore::WalkBuilder::new(&root).max_depth(Some(8)).build().flatten();
        let folders = all.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_dir()));
        folders.take(MOST).map(ignore::DirEntry::into_path).collect()
    }

    /// Files of the compile database that a header may be named after, nearest to the loader first.
    fn compiled_sources(&self, loader: &Path, header: &str) -> Vec<PathBuf> {
        let Some(stem) = bpf_source::stem(header) else { return Vec::new() };
        let stem = stem.strip_suffix(".bpf").unwrap_or(stem);
        let commands = match &self.project.database {
            Some((_, commands)) => commands.clone(),
            None => match compile_commands::find(loader) {
                Some(database) => self.database(&database),
                None => return Vec::new(),
            },
        };
        let names = bpf_source::source_names(stem);
        let mut found = commands.files_named(&names);
        found.retain(|path| path != loader);
        let together = |path: &Path| {
            let both = path.components().zip(loader.components());
            std::cmp::Reverse(both.take_while(|(a, b)| a == b).count())
        };
        found.sort_by_cached_key(|path| (together(path), path.clone()));
        found
    }

    /// The C files of a folder, listed once.
    fn files_in(&self, folder: &Path) -> CFiles {
        if let Some(known) = lock(&self.folders).get(folder) {
            return known.clone();
        }
        self.stamps(|stamps| stamps.note_listing(folder));
        let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
        let mut found: Vec<PathBuf> =
            names.filter(|path| path.extension().is_some_and(|e| e == "c")).collect();
        found.sort();
        let is_program = |path: &PathBuf| path.to_string_lossy().ends_with(".bpf.c");
        let (programs, others): (Vec<_>, Vec<_>) = found.into_iter().partition(is_program);
        let found = CFiles { programs: programs.into(), others: others.into() };
        lock(&self.folders).insert(folder.to_owned(), found.clone());
        found
    }

    /// The nearest project file above a path, with its folder.
    fn project_file_of(&self, path: &Path) -> Option<Placed> {
        let folder = path.parent()?;
        if let Some(known) = lock(&self.project_files).get(folder) {
            return known.clone();
        }
        let found = find_upwards(folder, Reader::ProjectFile);
        let found = found.and_then(|path| self.read_project_file(&path));
        lock(&self.project_files).insert(folder.to_owned(), found.clone());
        found
    }

    /// A project file, read once.
    fn read_project_file(&self, path: &Path) -> Option<Placed> {
        if let Some(known) = lock(&self.read_project_files).get(path) {
            return known.clone();
        }
        let folder = path.parent()?.to_owned();
        let file = match files::read_text(path, Kind::Project) {
            Ok(text) => ProjectFile::read(&text),
            Err(error) => {
                ProjectFile { warnings: vec![format!("not read: {error}")], ..Default::default() }
            }
        };
        let found = Some((folder, Arc::new(file)));
        lock(&self.read_project_files).insert(path.to_owned(), found.clone());
        found
    }
}

fn find_upwards(folder: &Path, by: Reader) -> Option<PathBuf> {
    let places = folder.ancestors();
    places
        .flat_map(|folder| table::named(by).map(|name| folder.join(name)))
        .find(|path| path.is_file())
}
