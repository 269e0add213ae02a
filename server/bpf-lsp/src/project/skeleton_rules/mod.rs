//! Which BPF sources a skeleton header is made of: by the settings, by the build's rules, by the compile
//! database, and by file names, in that order. Of several answers the nearest comes first.

mod bpftool;
mod cmake;
mod make;
mod make_values;
mod meson;
#[cfg(test)]
mod tests;
mod xmake;

use std::{
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex},
};

use ide::environment::SkeletonOrigin;
use rustc_hash::FxHashMap;

use super::{
    bpf_source::{self, FOLDERS, MAX_LEVELS},
    lock,
};
use bpftool::{Recipe, UNKNOWN, file_name};
use make::Makefile;

/// Names of build files.
pub(super) const BUILD_FILES: [&str; 6] =
    ["GNUmakefile", "makefile", "Makefile", "CMakeLists.txt", "meson.build", "xmake.lua"];

/// Larger files are no build files, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// A file of rules.
#[derive(Debug)]
enum BuildFile {
    Make(Makefile),
    CMake(String),
    Meson(String),
    XMake(String),
}

impl BuildFile {
    fn read(path: &Path) -> Option<BuildFile> {
        let text = read(path)?;
        Some(match path.file_name()?.to_str()? {
            "CMakeLists.txt" => BuildFile::CMake(text),
            "meson.build" => BuildFile::Meson(text),
            "xmake.lua" => BuildFile::XMake(text),
            _ => {
                let folder = path.parent().unwrap_or(Path::new("/"));
                BuildFile::Make(Makefile::parse(&text, &|name| read(&folder.join(name))))
            }
        })
    }

    fn header(&self, header: &str) -> Vec<Recipe> {
        match self {
            BuildFile::Make(makefile) => makefile.header(header),
            BuildFile::CMake(text) => cmake::header(text, header),
            BuildFile::Meson(text) => meson::header(text, header),
            BuildFile::XMake(text) => xmake::header(text, header),
        }
    }

    fn source(&self, object: &str) -> Option<String> {
        match self {
            BuildFile::Make(makefile) => makefile.source(object),
            _ => None,
        }
    }
}

fn read(path: &Path) -> Option<String> {
    super::files::text(path).filter(|text| text.len() <= MAX_BYTES)
}

/// The build files of a folder, with their paths.
type Found = Arc<[(PathBuf, BuildFile)]>;

/// The build files of folders, each read once.
#[derive(Debug, Default)]
pub(super) struct BuildFiles {
    folders: Mutex<FxHashMap<PathBuf, Found>>,
}

impl BuildFiles {
    fn of(&self, folder: &Path) -> Found {
        if let Some(known) = lock(&self.folders).get(folder) {
            return known.clone();
        }
        let paths = BUILD_FILES.iter().map(|name| folder.join(name));
        let files: Found =
            paths.filter_map(|path| BuildFile::read(&path).map(|file| (path, file))).collect();
        lock(&self.folders).insert(folder.to_owned(), files.clone());
        files
    }

    /// What the build's rules near a loader make a header of, nearest rules first.
    pub(super) fn origins(&self, loader: &Path, header: &str) -> Vec<SkeletonOrigin> {
        let name = file_name(header);
        let beside = header.strip_suffix(name).unwrap_or_default();
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
                    for recipe in file.header(name) {
                        let Some(sources) = sources(file, &folder, loader, &recipe) else {
                            continue;
                        };
                        if !found.iter().any(|known| known.sources == sources) {
                            let Recipe { name, signed, .. } = recipe;
                            let by = Some(path.clone());
                            found.push(SkeletonOrigin { sources, name, signed, by });
                        }
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
) -> Option<Vec<PathBuf>> {
    let one = |input: &String| {
        let mut names: Vec<String> = Vec::new();
        if input.ends_with(".c") {
            names.push(input.clone());
        } else {
            let object = file_name(input);
            names.extend(file.source(object));
            let stem = object.strip_suffix(".o").unwrap_or(object);
            let stem = stem.strip_suffix(".bpf").unwrap_or(stem);
            names.extend(bpf_source::source_names(stem));
        }
        names.iter().find_map(|name| locate(folder, loader, name))
    };
    recipe.inputs.iter().map(one).collect()
}

/// The nearest file of that path, of which the first parts may not be known.
fn locate(folder: &Path, loader: &Path, path: &str) -> Option<PathBuf> {
    let known = path.rsplit_once(UNKNOWN).map_or(path, |(_, after)| after);
    let known = if known.len() < path.len() { known.trim_start_matches('/') } else { known };
    let name = file_name(known);
    let direct = cfront::flags::normalize(&folder.join(known));
    if !name.is_empty() && direct.is_file() {
        return Some(direct);
    }
    let name = Path::new(name);
    let plain = matches!(name.components().next(), Some(Component::Normal(_)));
    let near = [folder].into_iter().chain(loader.ancestors().skip(1).take(MAX_LEVELS));
    near.flat_map(|above| FOLDERS.iter().map(move |inside| above.join(inside).join(name)))
        .find(|path| plain && path.is_file())
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
