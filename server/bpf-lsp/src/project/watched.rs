//! The files that answers rest on, by name: what clients are asked to tell of, and what is looked at where
//! they do not.

use std::path::{Path, PathBuf};

use super::{
    bpf_source::{FOLDERS, MAX_LEVELS},
    table::{self, Reader},
};

/// Where headers that everybody needs are, seen from the folders above a source.
const HEADERS: [&str; 7] =
    ["include", "headers", "vmlinux", ".output", "tools/include", "libbpf/include", "build"];

/// Patterns of all, for a client that watches.
pub(crate) fn globs() -> impl Iterator<Item = String> {
    let endings = table::ENDINGS.iter().map(|ending| format!("**/*.{ending}"));
    let names = table::FILES.iter().map(|(name, _)| name).chain(&table::INCLUDED);
    endings.chain(names.map(|name| format!("**/{name}")))
}

/// Files that may say how a source is compiled or what its skeletons are made of.
pub(super) fn project_files(source: &Path) -> impl Iterator<Item = PathBuf> {
    let above = source.ancestors().skip(1).enumerate();
    above.flat_map(|(level, folder)| {
        let reaches = move |by: Reader| by.reaches_all_below() || level < MAX_LEVELS + 2;
        let files = table::FILES.iter().filter(move |(_, by)| reaches(*by));
        let databases = table::named(Reader::CompileCommands);
        let built = databases.map(|name| folder.join(table::BUILD_FOLDER).join(name));
        files.map(|(name, _)| folder.join(name)).chain(built)
    })
}

/// Folders in which such files, sources and headers that everybody needs may appear.
pub(super) fn project_folders(source: &Path) -> impl Iterator<Item = PathBuf> {
    let near = source.ancestors().skip(1).take(MAX_LEVELS + 2);
    near.filter(|folder| folder.parent().is_some()).flat_map(|folder| {
        let inside = FOLDERS.iter().chain(&HEADERS);
        inside.map(|name| folder.join(name)).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_asked_to_tell_of_all_that_is_read() {
        let globs: Vec<String> = globs().collect();
        for (name, _) in table::FILES {
            assert!(globs.contains(&format!("**/{name}")), "{name}");
        }
        let files: Vec<PathBuf> = project_files(Path::new("/w/a/b/x.bpf.c")).collect();
        for file in
            ["/w/a/b/Makefile", "/w/GNUmakefile", "/w/a/.bpf-lsp.toml", "/compile_flags.txt"]
        {
            assert!(files.contains(&PathBuf::from(file)), "{file}");
        }
    }
}
