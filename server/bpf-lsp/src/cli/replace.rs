//! Writing a file as a whole, or not at all.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use crate::project::files;

/// Writes a file: beside it first, so that the old one stays where the disk is full or the process ends. The
/// new one has the permissions of the old one. What is no regular file (a pipe) is written to.
#[expect(clippy::disallowed_methods, reason = "it opens files to write them")]
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    // A link stays one, and what it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = match fs::metadata(&path) {
        Ok(old) => {
            // Also for one that must not be written, which could be replaced.
            let mut file = OpenOptions::new().write(true).open(&path)?;
            if files::no_regular_file(&old).is_some() {
                return file.write_all(content);
            }
            Some(old.permissions())
        }
        Err(_) => None,
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut beside = tempfile::Builder::new();
    beside.prefix(".bpf-lsp-");
    #[cfg(unix)]
    beside.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut new = beside.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    new.write_all(content)?;
    if let Some(permissions) = old {
        new.as_file().set_permissions(permissions)?;
    }
    // Some disks say only now that they are full.
    new.as_file().sync_all()?;
    new.persist(&path).map(drop).map_err(|error| error.error)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn permissions_and_links_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        replace(&file, b"one").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        // As any program would make it: not for the user alone, as temporary files are.
        let plain = folder.path().join("plain");
        fs::write(&plain, "").unwrap();
        assert_eq!(mode(&file), mode(&plain));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        replace(&link, b"two").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
        assert_eq!(mode(&file), 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing else is left");
    }

    #[test]
    fn what_is_no_file_is_written_to() {
        replace(Path::new("/dev/null"), b"x").unwrap();
        assert!(replace(Path::new("/dev/full"), b"x").is_err());
        let folder = tempfile::tempdir().unwrap();
        assert!(replace(folder.path(), b"x").is_err());
        assert!(replace(&folder.path().join("none/file"), b"x").is_err());
    }
}
