//! Facts about the project on disk: where headers are, with which flags a file is compiled.
//!
//! Flags come from the first of: the command line, `compile_commands.json`, `compile_flags.txt`, and
//! what stands near the file in the tree. The settings add to each of them.

mod bpf_source;
mod budget;
pub(crate) mod build;
mod compile_commands;
pub(crate) mod files;
mod guess;
mod make;
pub(crate) mod objects;
mod paths;
mod search;
mod skeleton_rules;
mod stamps;
mod table;
pub(crate) mod watched;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use cfront::{
    flags::{CommandLineMacro, Endian, Flags, Machine, normalize},
    session::FileSystem,
    source::Text,
};
use ide::{
    Environment,
    environment::{FileFlags, FlagsFrom, ProjectFiles, SkeletonOrigin},
    project_file::ProjectFile,
};
use loader::usage::words::Mentions;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::lsp::settings::Settings;
use compile_commands::{Command, CompileCommands};
use files::Kind;
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
    /// Takes what of the settings concerns the project.
    pub(crate) fn set_settings(&mut self, settings: &Settings) {
        self.settings = settings.clone();
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

    fn find_flags(&self, path: &Path) -> FileFlags {
        let folder = path.parent().unwrap_or(Path::new("/"));
        let (mut flags, from) = if let Some(arguments) = &self.project.arguments {
            let here = std::env::current_dir().unwrap_or_else(|_| folder.to_owned());
            (Flags::parse(arguments, &here), FlagsFrom::CommandLine)
        } else if let Some((flags, from)) = self.database_flags(path) {
            (flags, from)
        } else if let Some(file) = find_upwards(folder, Reader::CompileFlags) {
            let text = files::text(&file, Kind::Project).unwrap_or_default();
            let arguments: Vec<String> =
                text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect();
            let here = file.parent().unwrap_or(folder);
            (Flags::parse(&arguments, here), FlagsFrom::CompileFlags(file.clone()))
        } else {
            let guess = guess::flags(path, &self.sayings);
            (Flags::parse(&guess.arguments, folder), FlagsFrom::Guessed(guess.found))
        };
        if is_loader(path) {
            set_host(&mut flags);
        }
        self.add_settings(&mut flags, &self.project.settings);
        if let Some((folder, file)) = self.project_file_of(path) {
            let absolute = |path: &String| folder.join(path).display().to_string();
            let settings = Settings {
                vmlinux_path: file.vmlinux.as_ref().map(absolute),
                include_paths: file.include_paths.iter().map(absolute).collect(),
                target: file.target.clone(),
                ..Settings::default()
            };
            self.add_settings(&mut flags, &settings);
        }
        FileFlags { flags, from }
    }

    fn database_flags(&self, path: &Path) -> Option<(Flags, FlagsFrom)> {
        let (database, command) = self.command(path)?;
        let flags = Flags::parse(&command.arguments, &command.directory);
        let from = if command.in_part {
            // What is missing may be a definition: no better than a guess.
            let why = "in part: too many arguments or response files";
            FlagsFrom::Guessed(vec![format!("{} ({why})", database.display())])
        } else {
            FlagsFrom::CompileCommands(database)
        };
        Some((flags, from))
    }

    /// The compile command of a file, and the database it stands in.
    fn command(&self, path: &Path) -> Option<(PathBuf, Command)> {
        let (database, commands) = match &self.project.database {
            Some((database, commands)) => (database.clone(), commands.clone()),
            None => {
                let database = compile_commands::find(path)?;
                let commands = self.database(&database);
                (database, commands)
            }
        };
        Some((database, commands.command(path)?))
    }

    /// The database in that file, read when it changed.
    fn database(&self, path: &Path) -> Arc<CompileCommands> {
        let stamp = Stamp::of(path);
        if let Some((before, known)) = lock(&self.project.databases).get(path)
            && before.proves(&stamp)
        {
            return known.clone();
        }
        let commands = CompileCommands::open(path).unwrap_or_else(|error| {
            tracing::warn!("{error}");
            CompileCommands::default()
        });
        let commands = Arc::new(commands);
        lock(&self.project.databases).insert(path.to_owned(), (stamp, commands.clone()));
        commands
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

    fn add_settings(&self, flags: &mut Flags, settings: &Settings) {
        if let Some(path) = &settings.vmlinux_path {
            let path = Path::new(path);
            let folder = if path.is_file() { path.parent().unwrap_or(path) } else { path };
            flags.include_dirs.insert(0, folder.to_owned());
        }
        flags.include_dirs.extend(settings.include_paths.iter().map(PathBuf::from));
        match settings.target.as_deref() {
            Some("bpf" | "bpfel") => flags.endian = Endian::Little,
            Some("bpfeb") => flags.endian = Endian::Big,
            Some(arch) => {
                let is_arch = |m: &CommandLineMacro| match m {
                    CommandLineMacro::Define(text) => text.starts_with("__TARGET_ARCH_"),
                    CommandLineMacro::Undefine(_) => false,
                };
                flags.macros.retain(|m| !is_arch(m));
                let arch = guess::target_arch(arch);
                flags.macros.push(CommandLineMacro::Define(format!("__TARGET_ARCH_{arch}")));
            }
            None => {}
        }
    }
}

/// Whether a file on disk seems to be one for user space that includes a skeleton.
fn is_loader(path: &Path) -> bool {
    if path.to_string_lossy().ends_with(".bpf.c") {
        return false;
    }
    let Ok(text) = files::read(path, Kind::Source) else { return false };
    let mentions = Mentions::read(&String::from_utf8_lossy(&text));
    !mentions.skeletons.is_empty() || !mentions.subskeletons.is_empty()
}

/// User space is compiled for this machine, unless its command says something else. Debian keeps headers
/// in a folder of the machine's, which its compilers search by themselves.
fn set_host(flags: &mut Flags) {
    flags.set_host(std::env::consts::ARCH);
    let machine = match flags.machine {
        Machine::Bpf => return,
        Machine::X86_64 => "x86_64",
        Machine::Aarch64 => "aarch64",
        Machine::I386 => "i386",
    };
    let own = PathBuf::from(format!("/usr/include/{machine}-linux-gnu"));
    let system = Path::new("/usr/include");
    if let Some(at) = flags.default_dirs.iter().position(|dir| dir == system)
        && own.is_dir()
    {
        flags.default_dirs.insert(at, own);
    }
}

fn find_upwards(folder: &Path, by: Reader) -> Option<PathBuf> {
    let places = folder.ancestors();
    places
        .flat_map(|folder| table::named(by).map(|name| folder.join(name)))
        .find(|path| path.is_file())
}
