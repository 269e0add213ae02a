//! The one place where the binary reads files. Anything may lie in a workspace under any name: pipes, devices,
//! links to files of the kernel that say they are empty and never end.
//!
//! Only regular files are read, and each kind of them has a limit. `clippy.toml` forbids other ways.

use std::{
    fmt,
    fs::{File, Metadata, OpenOptions},
    io::{self, Read},
    path::Path,
};

/// What a file is read as: how large it may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// C text, and what `#embed` takes in. A `vmlinux.h` has 3 MB.
    Source,
    /// A compile database: those of the largest projects have some 100 MB.
    Database,
    /// A file that people write for a project: makefiles, settings, lists of arguments.
    Project,
    /// A BPF object.
    Object,
    /// What the user names on the command line: also a kernel with its debug information.
    Argument,
    /// A list of findings.
    Baseline,
}

/// Files of the kernel say that they have no bytes: so many are read of what says so. None that is meant
/// to be read as a whole has as many.
const SAYS_EMPTY: u64 = 1 << 20;

impl Kind {
    /// The largest file of this kind, in bytes.
    const fn limit(self) -> u64 {
        match self {
            Kind::Source | Kind::Database => 256 << 20,
            Kind::Project => 1 << 20,
            Kind::Object | Kind::Baseline => 64 << 20,
            Kind::Argument => 1 << 30,
        }
    }
}

/// Why a file was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    Io(io::Error),
    /// A folder, a pipe, a device or a socket.
    NotRegular(&'static str),
    /// It has more bytes than this.
    TooLarge(u64),
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unread::Io(error) => error.fmt(f),
            Unread::NotRegular(what) => write!(f, "not a regular file but {what}"),
            Unread::TooLarge(limit) => write!(f, "larger than {} MiB", limit >> 20),
        }
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Unread {
        Unread::Io(error)
    }
}

/// The bytes of a file.
pub(crate) fn read(path: &Path, kind: Kind) -> Result<Vec<u8>, Unread> {
    let (mut file, length, limit) = open(path, kind)?;
    let mut bytes = Vec::new();
    let room = usize::try_from(length).unwrap_or(usize::MAX);
    bytes.try_reserve_exact(room).map_err(io::Error::from)?;
    file.by_ref().take(limit + 1).read_to_end(&mut bytes)?;
    // It may have grown, or have said less than it has.
    if bytes.len() as u64 > limit {
        return Err(Unread::TooLarge(limit));
    }
    Ok(bytes)
}

/// The text of a file; what is no UTF-8 in it becomes U+FFFD.
pub(crate) fn read_text(path: &Path, kind: Kind) -> Result<String, Unread> {
    // Valid text is the rule, and headers are large: no second pass over them.
    Ok(match String::from_utf8(read(path, kind)?) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// [`read_text`] where it does not matter why there is none.
pub(crate) fn text(path: &Path, kind: Kind) -> Option<String> {
    read_text(path, kind).ok()
}

/// A file to be read a stretch at a time: it ends at the limit of its kind.
pub(crate) fn stream(path: &Path, kind: Kind) -> Result<impl Read + use<>, Unread> {
    let (file, _, limit) = open(path, kind)?;
    Ok(file.take(limit))
}

/// Opens a regular file; gives its length and limit in bytes. It is looked at after it was opened, so that
/// nothing can take its place between; what blocks when it is opened (a pipe without a writer) does not.
fn open(path: &Path, kind: Kind) -> Result<(File, u64, u64), Unread> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    }
    // A device may do something when it is opened: none is, unless it comes just now.
    if let Some(what) = std::fs::metadata(path).as_ref().ok().and_then(no_regular_file) {
        return Err(Unread::NotRegular(what));
    }
    #[expect(clippy::disallowed_methods, reason = "this is the reader that all others are to use")]
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if let Some(what) = no_regular_file(&metadata) {
        return Err(Unread::NotRegular(what));
    }
    let length = metadata.len();
    let limit = if length == 0 { kind.limit().min(SAYS_EMPTY) } else { kind.limit() };
    if length > limit {
        return Err(Unread::TooLarge(limit));
    }
    Ok((file, length, limit))
}

/// What something is that is not a regular file.
pub(crate) fn no_regular_file(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return None;
    }
    if kind.is_dir() {
        return Some("a folder");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    Some("something else")
}

#[cfg(all(test, unix))]
mod tests {
    use std::{fs, os::unix::fs::symlink, os::unix::net::UnixListener};

    use super::*;

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let pipe = path("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, 0o600.into()).unwrap();
        let _socket = UnixListener::bind(path("socket")).unwrap();
        symlink("/dev/zero", path("device")).unwrap();
        symlink("pipe", path("link")).unwrap();
        let what = |path: &Path| read(path, Kind::Project).unwrap_err().to_string();
        assert_eq!(what(&pipe), "not a regular file but a pipe");
        assert_eq!(what(&path("link")), "not a regular file but a pipe");
        assert_eq!(what(&path("socket")), "not a regular file but a socket");
        assert_eq!(what(&path("device")), "not a regular file but a device");
        assert_eq!(what(folder.path()), "not a regular file but a folder");
        assert!(stream(&pipe, Kind::Database).is_err());
        assert!(what(&path("none")).contains("No such file"));
    }

    #[test]
    fn files_that_say_they_are_empty_and_never_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Makefile");
        symlink("/proc/self/pagemap", &path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
        for kind in [Kind::Source, Kind::Database, Kind::Project, Kind::Object, Kind::Argument] {
            assert!(read(&path, kind).is_err(), "{kind:?}");
        }
        let mut held = Vec::new();
        // It also refuses to be read in odd numbers of bytes.
        let _ = stream(&path, Kind::Database).unwrap().read_to_end(&mut held);
        assert!(held.len() as u64 <= SAYS_EMPTY);
        // One that ends, with ten times as many bytes.
        let symbols = Path::new("/proc/kallsyms");
        if fs::read(symbols).is_ok_and(|symbols| symbols.len() as u64 > SAYS_EMPTY) {
            assert!(matches!(read(symbols, Kind::Source), Err(Unread::TooLarge(SAYS_EMPTY))));
        }
        // One that waits for the next message: it may be closed to us, but it never blocks.
        assert!(read(Path::new("/proc/kmsg"), Kind::Source).is_err());
        // Those that end are read.
        assert!(text(Path::new("/proc/self/status"), Kind::Project).unwrap().contains("VmHWM"));
    }

    #[test]
    fn the_limit_is_of_what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large");
        let file = File::create(&path).unwrap();
        file.set_len(Kind::Project.limit()).unwrap();
        assert_eq!(read(&path, Kind::Project).unwrap().len() as u64, Kind::Project.limit());
        file.set_len(Kind::Project.limit() + 1).unwrap();
        assert_eq!(read(&path, Kind::Project).unwrap_err().to_string(), "larger than 1 MiB");
    }

    #[test]
    fn foreign_encodings_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Makefile");
        fs::write(&path, b"# caf\xe9\n").unwrap();
        assert_eq!(text(&path, Kind::Project).as_deref(), Some("# caf\u{fffd}\n"));
    }
}
