//! From the name of a skeleton header to the BPF source it is made of, by file names.

use std::path::{Path, PathBuf};

/// Suffixes of skeleton headers.
const HEADERS: &[&str] = &[".subskel.h", ".lskel.h", ".light.skel.h", ".skel.h"];

/// Folders, seen from the loader's and from those above it, where projects keep BPF sources.
pub(super) const FOLDERS: &[&str] = &["", "bpf", "progs", "src", "src/bpf", "kern", "ebpf"];

/// How far above the loader is looked.
pub(super) const MAX_LEVELS: usize = 4;

/// The object's stem that a skeleton header is named after: `hits` of `x/hits.skel.h`.
pub(super) fn stem(header: &str) -> Option<&str> {
    let name = header.rsplit('/').next()?;
    HEADERS.iter().find_map(|suffix| name.strip_suffix(suffix)).filter(|stem| !stem.is_empty())
}

/// Paths where the BPF source of `header`, included by `loader`, may lie, nearest first.
pub(super) fn candidates(loader: &Path, header: &str) -> Vec<PathBuf> {
    let Some(stem) = stem(header) else { return Vec::new() };
    let stem = stem.strip_suffix(".bpf").unwrap_or(stem);
    let mut paths = Vec::new();
    for folder in loader.ancestors().skip(1).take(MAX_LEVELS) {
        for place in FOLDERS {
            paths.push(folder.join(place).join(format!("{stem}.bpf.c")));
        }
        // Older kernel samples have `_kern`.
        paths.push(folder.join(format!("{stem}_kern.c")));
        // The kernel's selftests name BPF programs without `.bpf`, in a folder of their own.
        paths.push(folder.join("progs").join(format!("{stem}.c")));
    }
    paths
}

/// File names that the source of an object of that stem may have.
pub(super) fn source_names(stem: &str) -> [String; 3] {
    [format!("{stem}.bpf.c"), format!("{stem}.c"), format!("{stem}_kern.c")]
}

/// More folders side by side are no project's.
const MAX_SIBLINGS: usize = 64;

/// Folders whose C files may load a BPF program: its own, those up to three levels above, and those
/// beside its own.
pub(super) fn loader_folders(program: &Path) -> Vec<PathBuf> {
    let Some(folder) = program.parent() else { return Vec::new() };
    let mut folders = vec![folder.to_owned()];
    if let Some(above) = folder.parent().filter(|above| above.parent().is_some()) {
        folders.push(above.to_owned());
        let entries = std::fs::read_dir(above).into_iter().flatten().flatten();
        let beside = entries.filter(|e| e.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut beside: Vec<PathBuf> = beside.map(|e| e.path()).collect();
        beside.retain(|path| path != folder);
        if beside.len() <= MAX_SIBLINGS {
            beside.sort();
            folders.extend(beside);
        }
        let project = |folder: &&Path| folder.parent().is_some() && !folder.join(".git").exists();
        let higher = above.ancestors().skip(1).take(2);
        let inside = !above.join(".git").exists();
        folders.extend(higher.take_while(|f| inside && project(f)).map(Path::to_owned));
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_first() {
        let found = candidates(Path::new("/w/prog_tests/a.c"), "out/hits.skel.h");
        assert_eq!(found.first().unwrap(), Path::new("/w/prog_tests/hits.bpf.c"));
        assert!(found.contains(&PathBuf::from("/w/progs/hits.c")));
        assert!(candidates(Path::new("/w/a.c"), "stdio.h").is_empty());
    }
}
