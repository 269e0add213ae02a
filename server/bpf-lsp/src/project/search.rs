//! The files of a project, in all languages by which a BPF program may be loaded.
//!
//! Listed anew at each call: who asks is about to change names in all of them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ide::{Language, environment::ProjectFiles};

use super::bpf_source;

/// Entries of folders that are looked at; Linux has 95,000.
const MAX_ENTRIES: usize = 250_000;

/// Files in other languages than C, and their bytes in all.
const MAX_FILES: usize = 20_000;
const MAX_BYTES: u64 = 64 << 20;

/// The same for C. Where a project has more, its loaders are looked for near the program only.
const MAX_C_FILES: usize = 5_000;
const MAX_C_BYTES: u64 = 64 << 20;

/// Larger files of C are generated: a `vmlinux.h`, or a skeleton.
const MAX_C_FILE: u64 = 1 << 20;

/// How far above a program the folder of its project may lie.
const MAX_LEVELS: usize = 32;

/// What marks the folder of a project where there is no repository.
const MARKERS: [&str; 3] = ["go.mod", "Cargo.toml", ide::project_file::NAME];

/// Folders of other people's code that are kept beside one's own.
const FOREIGN: [&str; 2] = ["node_modules", "vendor"];

/// Limits of one search.
#[derive(Clone, Copy)]
struct Limits {
    entries: usize,
    files: usize,
    bytes: u64,
    c_files: usize,
}

const LIMITS: Limits =
    Limits { entries: MAX_ENTRIES, files: MAX_FILES, bytes: MAX_BYTES, c_files: MAX_C_FILES };

/// The files of the project that a program belongs to: its repository, or else the outermost folder with a
/// go.mod, a Cargo.toml or a project file. What git ignores is left out.
pub(super) fn project_files(program: &Path) -> ProjectFiles {
    let found = match root(program) {
        Some(root) => Search::below(&root, LIMITS).found(root),
        None => Search::in_folders(&bpf_source::loader_folders(program)).found(PathBuf::new()),
    };
    if found.cut {
        tracing::info!("{}: too many files, not all are searched", found.root.display());
    }
    found
}

fn root(program: &Path) -> Option<PathBuf> {
    let above = program.ancestors().skip(1).take(MAX_LEVELS);
    let above: Vec<&Path> = above.filter(|folder| folder.parent().is_some()).collect();
    let repository = above.iter().find(|folder| folder.join(".git").exists());
    let marked = |folder: &&&Path| MARKERS.iter().any(|name| folder.join(name).is_file());
    repository.or_else(|| above.iter().rfind(marked)).map(|folder| folder.to_path_buf())
}

#[derive(Default)]
struct Search {
    files: Vec<PathBuf>,
    c_files: Vec<PathBuf>,
    bytes: u64,
    c_bytes: u64,
    cut: bool,
    only_programs: bool,
}

impl Search {
    fn below(root: &Path, limits: Limits) -> Search {
        let mut search = Search::default();
        let walk = ignore::WalkBuilder::new(root)
            .require_git(false)
            .git_global(false)
            .ignore(false)
            .filter_entry(|entry| {
                let name = entry.file_name().to_str();
                let is_cache = || entry.path().join("CACHEDIR.TAG").is_file();
                !name.is_some_and(|name| FOREIGN.contains(&name) || name == "target" && is_cache())
            })
            .build();
        let mut entries = 0;
        for entry in walk.flatten() {
            entries += 1;
            if entries > limits.entries {
                search.cut = true;
                break;
            }
            search.add(entry.into_path(), limits);
            if search.cut {
                break;
            }
        }
        search
    }

    fn in_folders(folders: &[PathBuf]) -> Search {
        let mut search = Search::default();
        let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok());
        for entry in entries.flat_map(|entries| entries.flatten()).take(LIMITS.entries) {
            search.add(entry.path(), LIMITS);
        }
        search
    }

    fn add(&mut self, path: PathBuf, limits: Limits) {
        let Some(language) = Language::of(&path) else { return };
        // Of what a link leads to.
        let Some(metadata) = fs::metadata(&path).ok().filter(fs::Metadata::is_file) else { return };
        if language != Language::C {
            self.bytes += metadata.len();
            self.files.push(path);
            self.cut |= self.files.len() > limits.files || self.bytes > limits.bytes;
        } else if metadata.len() <= MAX_C_FILE && self.takes_c(&path, limits) {
            self.c_bytes += metadata.len();
            self.c_files.push(path);
            if self.c_bytes > MAX_C_BYTES || self.c_files.len() > limits.c_files {
                self.only_programs = true;
                self.c_files.retain(|path| is_program(path));
            }
        }
    }

    /// Programs stay where there is too much C: they tell whose a folder is.
    fn takes_c(&self, path: &Path, limits: Limits) -> bool {
        !self.only_programs || is_program(path) && self.c_files.len() < limits.c_files
    }

    fn found(self, root: PathBuf) -> ProjectFiles {
        let mut files = self.files;
        files.extend(self.c_files);
        files.sort();
        files.dedup();
        ProjectFiles { root, files, cut: self.cut }
    }
}

fn is_program(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".bpf.c")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree of empty files; names that end in `/` are folders.
    fn tree(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(if name.ends_with('/') { &path } else { path.parent().unwrap() })
                .unwrap();
            if !name.ends_with('/') {
                fs::write(path, if name.ends_with(".gitignore") { "/out\n" } else { "" }).unwrap();
            }
        }
        folder
    }

    /// What was found in the tree; without a project the folders above it count, too.
    fn names(folder: &tempfile::TempDir, found: &ProjectFiles) -> Vec<String> {
        let below = found.files.iter().filter_map(|path| path.strip_prefix(folder.path()).ok());
        below.map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn the_repository_is_the_project() {
        let names_of = [
            "r/.git/",
            "r/.gitignore",
            "r/bpf/go.mod",
            "r/bpf/a.bpf.c",
            "r/cmd/main.go",
            "r/out/gen.go",
            "r/vendor/x/x.go",
            "r/target/CACHEDIR.TAG",
            "r/target/y.rs",
            "r/src/target/z.rs",
            "r/Makefile",
            "r/notes.txt",
            "elsewhere.go",
        ];
        let folder = tree(&names_of);
        let found = project_files(&folder.path().join("r/bpf/a.bpf.c"));
        assert_eq!(found.root, folder.path().join("r"));
        assert_eq!(
            names(&folder, &found),
            ["r/Makefile", "r/bpf/a.bpf.c", "r/cmd/main.go", "r/src/target/z.rs"]
        );
        assert!(!found.cut);
    }

    #[test]
    fn else_the_outermost_marked_folder() {
        let folder =
            tree(&["w/Cargo.toml", "w/one/Cargo.toml", "w/one/src/bpf/a.bpf.c", "w/two/main.rs"]);
        let found = project_files(&folder.path().join("w/one/src/bpf/a.bpf.c"));
        assert_eq!(found.root, folder.path().join("w"));
        assert_eq!(found.files.len(), 4);
    }

    #[test]
    fn else_the_folders_near() {
        let folder = tree(&["w/bpf/a.bpf.c", "w/user/main.cpp", "w/user/deep/far.cpp", "w/x.go"]);
        let found = project_files(&folder.path().join("w/bpf/a.bpf.c"));
        assert_eq!(found.root, PathBuf::new());
        assert_eq!(names(&folder, &found), ["w/bpf/a.bpf.c", "w/user/main.cpp", "w/x.go"]);
    }

    #[test]
    fn limits() {
        let folder = tree(&["a.go", "b.go", "c.rs", "d.c", "e.c", "f.c", "g.bpf.c", "h.h"]);
        let search = |limits| Search::below(folder.path(), limits).found(PathBuf::new());
        let few = Limits { files: 2, ..LIMITS };
        assert!(search(few).cut);
        assert!(!search(Limits { files: 3, ..LIMITS }).cut);
        assert!(search(Limits { entries: 4, ..LIMITS }).cut);
        // Too much C leaves the programs.
        let found = search(Limits { c_files: 2, ..LIMITS });
        assert_eq!(names(&folder, &found), ["a.go", "b.go", "c.rs", "g.bpf.c"]);
        assert!(!found.cut);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_left_out() {
        let folder = tree(&["a.go"]);
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("b.go")).unwrap();
        std::os::unix::fs::symlink("a.go", folder.path().join("c.go")).unwrap();
        let found = Search::below(folder.path(), LIMITS).found(PathBuf::new());
        assert_eq!(names(&folder, &found), ["a.go", "c.go"]);
    }
}
