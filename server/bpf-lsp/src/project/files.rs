//! Files of a workspace: anything may lie there under any name.

use std::{fs, path::Path};

/// Largest file that is read, in bytes. A `vmlinux.h` has 3 MB.
const MAX_BYTES: u64 = 256 << 20;

/// The bytes of a file; `None` for what is no regular file (a device or a pipe may never end) and for
/// what is too large.
pub(super) fn bytes(path: &Path) -> Option<Vec<u8>> {
    let metadata = fs::metadata(path).ok()?;
    (metadata.is_file() && metadata.len() <= MAX_BYTES).then(|| fs::read(path).ok()).flatten()
}

/// The text of a file; what is no UTF-8 in it becomes U+FFFD.
pub(super) fn text(path: &Path) -> Option<String> {
    // Valid text is the rule, and headers are large: no second pass over them.
    Some(match String::from_utf8(bytes(path)?) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn devices_are_not_read_and_foreign_encodings_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Makefile");
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert_eq!(text(&path), None);
        fs::remove_file(&path).unwrap();
        fs::write(&path, b"# caf\xe9\n").unwrap();
        assert_eq!(text(&path).as_deref(), Some("# caf\u{fffd}\n"));
    }
}
