//! What this crate needs from the world outside: it does no I/O itself.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use cfront::{flags::Flags, session::FileSystem};

use crate::project_file::ProjectFile;

/// Files and facts about the project, given by whoever does I/O.
pub trait Environment: FileSystem + 'static {
    /// How the file is compiled.
    fn flags(&self, path: &Path) -> Arc<FileFlags>;

    /// Drops what is kept of a file that is not asked about again soon.
    fn forget(&self, path: &Path) {
        let _ = path;
    }

    /// Where the BPF source of the skeleton header `header`, as `loader` includes it, may lie; nearest
    /// first. The paths need not exist.
    fn bpf_sources(&self, loader: &Path, header: &str) -> Vec<PathBuf>;

    /// What the skeleton header `header`, as `loader` includes it, may be made of, best first. Not all of
    /// the paths need exist.
    fn skeleton_origins(&self, loader: &Path, header: &str) -> Vec<SkeletonOrigin> {
        let paths = self.bpf_sources(loader, header);
        paths.into_iter().map(|path| SkeletonOrigin::of(vec![path])).collect()
    }

    /// Names of skeletons that the project's own file says are made of a BPF program; its file name gives
    /// another.
    fn skeleton_names(&self, _program: &Path) -> Vec<String> {
        Vec::new()
    }

    /// User-space C files near a BPF program that may load it.
    fn loaders(&self, program: &Path) -> Vec<PathBuf>;

    /// How many CPUs this machine can have, for which the kernel makes copies of per-CPU data; `None`
    /// when it is not known.
    fn possible_cpus(&self) -> Option<u64> {
        None
    }

    /// All C files near a BPF program, other programs included: their objects may be linked with its
    /// own, or replace a function of it.
    fn neighbours(&self, program: &Path) -> Vec<PathBuf> {
        self.loaders(program)
    }

    /// The files of the project that a program belongs to, in the languages that
    /// [`Language`](crate::Language) knows: what may use a name of the program.
    fn project_files(&self, program: &Path) -> ProjectFiles {
        let _ = program;
        ProjectFiles::default()
    }

    /// What the project that a file belongs to says about itself.
    fn project_file(&self, path: &Path) -> Arc<ProjectFile> {
        let _ = path;
        Arc::default()
    }

    /// The other BPF programs in the folder of one, by name.
    fn bpf_programs_beside(&self, program: &Path) -> Vec<PathBuf> {
        let _ = program;
        Vec::new()
    }
}

/// Files of a project.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ProjectFiles {
    /// The folder that was searched with all below it; empty where nothing marks a project, and only the
    /// folders near the program were searched.
    pub root: PathBuf,
    /// Sorted paths.
    pub files: Vec<PathBuf>,
    /// Whether there are more files than are searched.
    pub cut: bool,
}

/// What a skeleton header is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SkeletonOrigin {
    /// BPF sources, in the order in which their objects are linked; most have one.
    pub sources: Vec<PathBuf>,
    /// The name that the build gives (`bpftool gen skeleton FILE name NAME`).
    pub name: Option<String>,
    /// Whether the build signs it.
    pub signed: bool,
    /// The build file that says so; `None` where file names or the settings do.
    pub by: Option<PathBuf>,
}

impl SkeletonOrigin {
    /// Sources of which nothing more is known.
    pub fn of(sources: Vec<PathBuf>) -> SkeletonOrigin {
        SkeletonOrigin { sources, name: None, signed: false, by: None }
    }
}

/// Flags, and where they come from.
#[derive(Clone, PartialEq, Debug)]
pub struct FileFlags {
    /// The flags.
    pub flags: Flags,
    /// Their origin.
    pub from: FlagsFrom,
}

/// Where flags come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FlagsFrom {
    /// A compile database.
    CompileCommands(PathBuf),
    /// `compile_flags.txt`
    CompileFlags(PathBuf),
    /// Given after `--`.
    CommandLine,
    /// What stands near the file: names of what was found.
    Guessed(Vec<String>),
}

impl fmt::Display for FlagsFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FlagsFrom::CompileCommands(path) | FlagsFrom::CompileFlags(path) => {
                write!(f, "flags from {}", path.display())
            }
            FlagsFrom::CommandLine => f.write_str("flags from the command line"),
            FlagsFrom::Guessed(found) if found.is_empty() => {
                f.write_str("no compile flags found, using defaults")
            }
            FlagsFrom::Guessed(found) => {
                write!(f, "no compile flags found, guessed from {}", found.join(", "))
            }
        }
    }
}
