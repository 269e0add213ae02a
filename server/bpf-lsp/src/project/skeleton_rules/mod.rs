//! Which BPF sources a skeleton header is made of: by the settings, by the build's rules, by the compile
//! database, and by file names, in that order. Of several answers the nearest comes first.

mod bpftool;
mod cmake;
mod make;
mod meson;
#[cfg(test)]
mod tests;
mod xmake;

use std::{
    path::{Component, Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use ide::environment::SkeletonOrigin;
use rustc_hash::FxHashMap;

use super::{
    bpf_source::{self, FOLDERS, MAX_LEVELS},
    budget::{ASK_DISK, Budget},
    files::{self, Kind},
    lock,
    make::{Makefiles, Placed},
    paths::{UNKNOWN, file_name},
    table::{self, Reader},
};
use bpftool::Recipe;

/// Work for reading a build file, and what it includes.
const READING: u64 = 16 << 20;

/// Work for finding out what is made of one header.
const ASKING: u64 = 16 << 20;

/// Work for all headers together: a loader may include any number of them.
const ASKING_ALL: u64 = 2 << 30;

/// More answers than this are none.
const MAX_ORIGINS: usize = 64;

/// A longer name is no header's, in bytes.
const MAX_NAME: usize = 255;

/// A file of rules.
#[derive(Debug)]
enum BuildFile {
    Make(Arc<Placed>),
    CMake(Vec<cmake::Command>),
    Meson(Vec<meson::Target>),
    XMake(String),
}

impl BuildFile {
    /// All of a folder, with their paths.
    fn all(folder: &Path, makefiles: &Makefiles) -> Found {
        let makefile = makefiles.of(folder).map(|file| (file.path.clone(), BuildFile::Make(file)));
        let others = table::FILES.iter().filter_map(|(name, by)| {
            let path = folder.join(name);
            BuildFile::read(&path, *by).map(|file| (path, file))
        });
        makefile.into_iter().chain(others).collect()
    }

    fn read(path: &Path, by: Reader) -> Option<BuildFile> {
        let text = || files::text(path, Kind::Project);
        let budget = Budget::new(READING);
        let file = match by {
            Reader::CMake => BuildFile::CMake(cmake::read(&text()?, &budget)),
            Reader::Meson => BuildFile::Meson(meson::read(&text()?, &budget)),
            Reader::XMake => BuildFile::XMake(text()?),
            // Makefiles are shared with who asks for flags; the others make no header.
            Reader::Make | Reader::CompileCommands | Reader::CompileFlags | Reader::ProjectFile => {
                return None;
            }
        };
        told(path, &budget);
        Some(file)
    }

    fn header(&self, header: &str, budget: &Budget) -> Vec<Recipe> {
        match self {
            BuildFile::Make(file) => make::header(&file.makefile, header, budget),
            BuildFile::CMake(commands) => cmake::header(commands, header, budget),
            BuildFile::Meson(targets) => meson::header(targets, header, budget),
            BuildFile::XMake(text) => xmake::header(text, header, budget),
        }
    }

    fn source(&self, object: &str, budget: &Budget) -> Option<String> {
        match self {
            BuildFile::Make(file) => make::source(&file.makefile, object, budget),
            _ => None,
        }
    }
}

fn told(path: &Path, budget: &Budget) {
    if budget.is_used_up() {
        tracing::warn!("{}: read in part: too much work", path.display());
    }
}

/// The build files of a folder, with their paths.
type Found = Arc<[(PathBuf, BuildFile)]>;

/// The build files of folders, each read once.
#[derive(Default)]
pub(super) struct BuildFiles {
    makefiles: Arc<Makefiles>,
    folders: Mutex<FxHashMap<PathBuf, Found>>,
    /// Work spent on headers so far.
    spent: AtomicU64,
}

impl BuildFiles {
    /// Build files, with the Makefiles that others have read.
    pub(super) fn new(makefiles: Arc<Makefiles>) -> BuildFiles {
        BuildFiles { makefiles, ..BuildFiles::default() }
    }

    fn of(&self, folder: &Path) -> Found {
        if let Some(known) = lock(&self.folders).get(folder) {
            return known.clone();
        }
        let files = BuildFile::all(folder, &self.makefiles);
        lock(&self.folders).insert(folder.to_owned(), files.clone());
        files
    }

    /// What the build's rules near a loader make a header of, nearest rules first.
    pub(super) fn origins(&self, loader: &Path, header: &str) -> Vec<SkeletonOrigin> {
        let left = ASKING_ALL.saturating_sub(self.spent.load(Ordering::Relaxed));
        let budget = Budget::new(ASKING.min(left));
        let found = self.origins_within(loader, header, &budget);
        self.spent.fetch_add(budget.spent(), Ordering::Relaxed);
        found
    }

    fn origins_within(&self, loader: &Path, header: &str, budget: &Budget) -> Vec<SkeletonOrigin> {
        let name = file_name(header);
        let beside = header.strip_suffix(name).unwrap_or_default();
        if name.len() > MAX_NAME || header.len() > 16 * MAX_NAME {
            return Vec::new();
        }
        let mut found: Vec<SkeletonOrigin> = Vec::new();
        let mut seen: Vec<PathBuf> = Vec::new();
        for above in loader.ancestors().skip(1).take(MAX_LEVELS + 2) {
            // The rules may stand where the include says that the header is.
            for folder in
                [above.join(beside)].into_iter().chain(FOLDERS.iter().map(|f| above.join(f)))
            {
                let folder = cfront::flags::normalize(&folder);
                if seen.contains(&folder) {
                    continue;
                }
                for (path, file) in self.of(&folder).iter() {
                    let was_enough = !budget.is_used_up();
                    for recipe in file.header(name, budget) {
                        let Some(sources) = sources(file, &folder, loader, &recipe, budget) else {
                            continue;
                        };
                        if found.len() < MAX_ORIGINS
                            && !found.iter().any(|known| known.sources == sources)
                        {
                            let Recipe { name, signed, .. } = recipe;
                            let by = Some(path.clone());
                            found.push(SkeletonOrigin { sources, name, signed, by });
                        }
                    }
                    if was_enough {
                        told(path, budget);
                    }
                }
                seen.push(folder);
            }
            if above.join(".git").exists() {
                break;
            }
        }
        found
    }
}

/// The sources behind the inputs of a recipe; `None` when one of them is not there.
fn sources(
    file: &BuildFile,
    folder: &Path,
    loader: &Path,
    recipe: &Recipe,
    budget: &Budget,
) -> Option<Vec<PathBuf>> {
    let one = |input: &String| {
        let mut names: Vec<String> = Vec::new();
        if input.ends_with(".c") {
            names.push(input.clone());
        } else {
            let object = file_name(input);
            names.extend(file.source(object, budget));
            let stem = object.strip_suffix(".o").unwrap_or(object);
            let stem = stem.strip_suffix(".bpf").unwrap_or(stem);
            names.extend(bpf_source::source_names(stem));
        }
        names.iter().find_map(|name| locate(folder, loader, name, budget))
    };
    recipe.inputs.iter().map(one).collect()
}

/// The nearest file of that path, of which the first parts may not be known.
fn locate(folder: &Path, loader: &Path, path: &str, budget: &Budget) -> Option<PathBuf> {
    let is_file = |path: &Path| budget.take(ASK_DISK) && path.is_file();
    let known = path.rsplit_once(UNKNOWN).map_or(path, |(_, after)| after);
    let known = if known.len() < path.len() { known.trim_start_matches('/') } else { known };
    let name = file_name(known);
    let direct = cfront::flags::normalize(&folder.join(known));
    if !name.is_empty() && is_file(&direct) {
        return Some(direct);
    }
    let name = Path::new(name);
    let plain = matches!(name.components().next(), Some(Component::Normal(_)));
    let near = [folder].into_iter().chain(loader.ancestors().skip(1).take(MAX_LEVELS));
    near.flat_map(|above| FOLDERS.iter().map(move |inside| above.join(inside).join(name)))
        .find(|path| plain && is_file(path))
        .map(|path| cfront::flags::normalize(&path))
}

/// What the setting `skeletons` says of a header: paths are taken from the loader's folder and those
/// above it.
pub(super) fn by_setting(
    skeletons: &[(String, Vec<String>)],
    loader: &Path,
    header: &str,
) -> Option<SkeletonOrigin> {
    let is_meant = |name: &str| name == header || name == file_name(header);
    let (_, sources) = skeletons.iter().find(|(name, _)| is_meant(name))?;
    let find = |source: &String| {
        let above = loader.ancestors().skip(1);
        above
            .map(|folder| cfront::flags::normalize(&folder.join(source)))
            .find(|path| path.is_file())
    };
    let sources: Vec<PathBuf> = sources.iter().map(find).collect::<Option<_>>()?;
    (!sources.is_empty()).then(|| SkeletonOrigin::of(sources))
}
