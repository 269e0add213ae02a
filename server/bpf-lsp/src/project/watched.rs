//! The files that answers rest on, by name: what clients are asked to tell of, and what is looked at where
//! they do not.

use std::path::{Path, PathBuf};

use ide::project_file;

use super::{
    bpf_source::{FOLDERS, MAX_LEVELS},
    skeleton_rules::BUILD_FILES,
};

/// Endings: headers, programs and loaders, objects, and what makefiles include.
const ENDINGS: [&str; 4] = ["h", "c", "o", "mk"];

/// Files that say how others are compiled; in a folder or above.
const COMPILED_BY: [&str; 3] = ["compile_commands.json", "compile_flags.txt", project_file::NAME];

/// Where headers that everybody needs are, seen from the folders above a source.
const HEADERS: [&str; 7] =
    ["include", "headers", "vmlinux", ".output", "tools/include", "libbpf/include", "build"];

/// Patterns of all, for a client that watches.
pub(crate) fn globs() -> impl Iterator<Item = String> {
    let endings = ENDINGS.iter().map(|ending| format!("**/*.{ending}"));
    endings.chain(COMPILED_BY.iter().chain(&BUILD_FILES).map(|name| format!("**/{name}")))
}

/// Files that may say how a source is compiled or what its skeletons are made of.
pub(super) fn project_files(source: &Path) -> impl Iterator<Item = PathBuf> {
    let above = source.ancestors().skip(1);
    let anywhere = above.clone().flat_map(|folder| {
        let built = folder.join("build").join(COMPILED_BY[0]);
        COMPILED_BY.iter().map(|name| folder.join(name)).chain([built])
    });
    let near = above.take(MAX_LEVELS + 2);
    anywhere.chain(near.flat_map(|folder| BUILD_FILES.iter().map(|name| folder.join(name))))
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
        for name in BUILD_FILES.iter().chain(&COMPILED_BY) {
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
