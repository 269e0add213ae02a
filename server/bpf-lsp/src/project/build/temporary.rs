//! The temporary folder of a build. It goes with the build, or with the server (see [`super::process`]);
//! one that outlives both, because all were killed at once, is removed by a later build.

use std::{
    fs, io,
    path::Path,
    sync::Once,
    time::{Duration, SystemTime},
};

use tempfile::TempDir;

use super::process;

/// What the names of the folders begin with.
const PREFIX: &str = "bpf-lsp-build-";

/// No build takes so long: a folder that was not changed since is nobody's.
const STALE: Duration = Duration::from_secs(60 * 60);

/// A folder of a build, removed when it is dropped.
pub(super) fn folder() -> io::Result<TempDir> {
    static SWEEP: Once = Once::new();
    SWEEP.call_once(|| sweep(&std::env::temp_dir()));
    tempfile::Builder::new().prefix(PREFIX).tempdir()
}

/// Whether a path is that of such a folder, and of this user's: nothing else is ever removed.
pub(super) fn is_ours(path: &Path) -> bool {
    let named = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
    named && fs::symlink_metadata(path).is_ok_and(|m| m.is_dir() && process::is_own(&m))
}

/// Removes what earlier builds left.
fn sweep(temporary: &Path) {
    let Ok(entries) = fs::read_dir(temporary) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let stale = || {
            let changed = fs::symlink_metadata(&path).and_then(|m| m.modified()).ok()?;
            SystemTime::now().duration_since(changed).ok().filter(|age| *age > STALE)
        };
        if is_ours(&path) && stale().is_some() {
            // It fails where another server was quicker.
            let _ = fs::remove_dir_all(&path);
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_folders_of_builds_are_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let path = |name: &str| temporary.path().join(name);
        let old = SystemTime::now() - 2 * STALE;
        let make = |name: &str, time: SystemTime| {
            fs::create_dir(path(name)).unwrap();
            fs::write(path(name).join("out.o"), "").unwrap();
            fs::File::open(path(name)).unwrap().set_modified(time).unwrap();
        };
        make("bpf-lsp-build-old", old);
        make("bpf-lsp-build-new", SystemTime::now());
        make("bpf-lsp-notes", old);
        fs::write(path("bpf-lsp-build-file"), "").unwrap();
        let file = fs::File::options().write(true).open(path("bpf-lsp-build-file")).unwrap();
        file.set_modified(old).unwrap();
        std::os::unix::fs::symlink(path("bpf-lsp-notes"), path("bpf-lsp-build-link")).unwrap();
        sweep(temporary.path());
        let entries = fs::read_dir(temporary.path()).unwrap().flatten();
        let mut left: Vec<_> =
            entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        left.sort();
        assert_eq!(
            left,
            ["bpf-lsp-build-file", "bpf-lsp-build-link", "bpf-lsp-build-new", "bpf-lsp-notes"]
        );
        assert!(path("bpf-lsp-notes").join("out.o").exists());
    }
}
