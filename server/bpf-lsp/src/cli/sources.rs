//! The files that `bpf-lsp check` is to look at.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::input;
use crate::project::files;

/// So many of the things that were left out are named.
const MAX_NAMED: usize = 8;

/// What the arguments come to.
#[derive(Default)]
pub(super) struct Sources {
    /// In order; each file once, by whatever links it is reached.
    pub(super) files: Vec<PathBuf>,
    /// What could not be looked into, for the user.
    pub(super) errors: Vec<String>,
    /// What was left out, for the user.
    pub(super) notes: Vec<String>,
}

/// The files of some arguments: themselves, or the C files in a folder (what git ignores is left out).
///
/// Links to C files count as files where they do not lead to one that is there anyway. Folders behind links
/// are not walked: those inside are walked where they are, and those outside belong to others.
pub(super) fn collect(arguments: &[PathBuf]) -> Sources {
    let mut found = Found::default();
    for argument in arguments {
        if let Err(error) = found.argument(argument) {
            found.errors.push(error);
        }
    }
    found.end()
}

#[derive(Default)]
struct Found {
    files: BTreeSet<PathBuf>,
    links: BTreeSet<PathBuf>,
    /// Real paths of the folders that are walked.
    roots: Vec<PathBuf>,
    /// Links to folders, with where they lead.
    folders: BTreeMap<PathBuf, PathBuf>,
    errors: Vec<String>,
    left_out: Vec<String>,
}

impl Found {
    fn argument(&mut self, path: &Path) -> Result<(), String> {
        let shown = path.display();
        let metadata = fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?;
        if !metadata.is_dir() {
            self.files.insert(input::absolute(path)?);
            return Ok(());
        }
        self.roots.extend(fs::canonicalize(path));
        for entry in ignore::WalkBuilder::new(path).build() {
            match entry {
                Ok(entry) => self.entry(&entry)?,
                // One folder; the walk goes on. The error names it.
                Err(error) => self.errors.push(error.to_string()),
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: &ignore::DirEntry) -> Result<(), String> {
        let Some(kind) = entry.file_type() else { return Ok(()) };
        let is_c = entry.path().extension().is_some_and(|extension| extension == "c");
        // The root of a walk may be a link, and is walked.
        if kind.is_symlink() && entry.depth() > 0 {
            let path = input::absolute(entry.path())?;
            if fs::metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
                self.folders.extend(fs::canonicalize(&path).map(|real| (path, real)));
            } else if is_c {
                self.links.insert(path);
            }
        } else if kind.is_file() && is_c {
            self.files.insert(input::absolute(entry.path())?);
        } else if is_c && !kind.is_dir() && !kind.is_symlink() {
            self.left_out.push(format!("{}: not a regular file", entry.path().display()));
        }
        Ok(())
    }

    fn end(mut self) -> Sources {
        let mut known: BTreeSet<PathBuf> = BTreeSet::new();
        if !self.links.is_empty() {
            let mut folders: BTreeMap<&Path, PathBuf> = BTreeMap::new();
            for file in &self.files {
                let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
                    continue;
                };
                let real = folders
                    .entry(folder)
                    .or_insert_with(|| fs::canonicalize(folder).unwrap_or(folder.to_owned()));
                known.insert(real.join(name));
            }
        }
        for link in &self.links {
            let real = fs::canonicalize(link);
            let metadata = real.as_ref().ok().and_then(|real| fs::metadata(real).ok());
            match (real, metadata) {
                (Ok(real), Some(metadata)) => match files::no_regular_file(&metadata) {
                    None if known.insert(real) => {
                        self.files.insert(link.clone());
                    }
                    None => {}
                    Some(what) => {
                        self.left_out.push(format!("{}: leads to {what}", link.display()));
                    }
                },
                _ => self.left_out.push(format!("{}: leads nowhere", link.display())),
            }
        }
        for (link, real) in &self.folders {
            if !self.roots.iter().any(|root| real.starts_with(root)) {
                self.left_out.push(format!(
                    "{}: points outside, to {}",
                    link.display(),
                    real.display()
                ));
            }
        }
        self.left_out.sort_unstable();
        let more = self.left_out.len().saturating_sub(MAX_NAMED);
        self.left_out.truncate(MAX_NAMED);
        if more > 0 {
            self.left_out.push(format!("and {more} more"));
        }
        Sources {
            files: self.files.into_iter().collect(),
            errors: self.errors,
            notes: self.left_out.iter().map(|what| format!("note: not checked: {what}")).collect(),
        }
    }
}
