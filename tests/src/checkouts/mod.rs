//! Scores answers about checkouts, as a stranger has them, against what clang and bpftool make of their
//! programs (`tests/checkouts/truth.py`).

pub mod answer;
pub mod members;
pub mod report;
pub mod rows;
pub mod truth;
pub mod verdict;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// All files of a checkout.
#[derive(Debug, Default)]
pub struct Tree {
    by_name: BTreeMap<String, Vec<String>>,
}

impl Tree {
    /// Walks a folder; links are not followed, and what git keeps is left out.
    pub fn walk(root: &Path) -> Tree {
        let mut tree = Tree::default();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
                let path = folder.join(entry.file_name());
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && entry.file_name() != ".git" => folders.push(path),
                    Ok(kind) if kind.is_file() => tree.add(&path.to_string_lossy()),
                    _ => {}
                }
            }
        }
        tree
    }

    /// Adds a file by its path in the checkout.
    pub fn add(&mut self, path: &str) {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.by_name.entry(name.to_owned()).or_default().push(path.to_owned());
    }

    /// Whether some folder of the checkout makes an include of this spelling resolve.
    pub fn has(&self, spelling: &str) -> bool {
        let spelling = spelling.trim_start_matches("../").trim_start_matches("./");
        let name = spelling.rsplit('/').next().unwrap_or(spelling);
        let ends = format!("/{spelling}");
        let paths = self.by_name.get(name).into_iter().flatten();
        paths.into_iter().any(|path| path == spelling || path.ends_with(&ends))
    }

    /// The C files, in order.
    pub fn c_files(&self) -> Vec<String> {
        let names = self.by_name.iter().filter(|(name, _)| name.ends_with(".c"));
        let mut files: Vec<String> = names.flat_map(|(_, paths)| paths.iter().cloned()).collect();
        files.sort();
        files
    }
}
