//! What the disk looked like when it was read: not every client tells of changes, and none of all files.
//!
//! A stamp is taken before the file is read, so a change in between shows. To compare all of them is one
//! `stat` for each file that some answer rests on; it is done when a document is opened or saved.

use std::{
    fs::{self, Metadata},
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Duration, SystemTime},
};

use rustc_hash::{FxHashMap, FxHasher};

use super::lock;

/// A file that changed so short ago may change again with the same time: file systems take it from the
/// kernel's tick.
const TICK: Duration = Duration::from_millis(20);

/// Of larger folders the time alone is compared.
const MAX_NAMES: usize = 4096;

/// Stamps by path.
#[derive(Default)]
pub(super) struct Stamps {
    files: Mutex<FxHashMap<PathBuf, Stamp>>,
    /// Folders of which the names were read: a program that is saved by way of another file changes the
    /// time of its folder, but no name.
    listings: Mutex<FxHashMap<PathBuf, Listing>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Missing,
    File,
    Folder,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    kind: Kind,
    /// Time of the last change and size of a file; `None` when that proves nothing.
    state: Option<(SystemTime, u64)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Listing {
    modified: Option<SystemTime>,
    names: u64,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> Stamp {
        let Ok(metadata) = fs::metadata(path) else {
            return Stamp { kind: Kind::Missing, state: None };
        };
        if !metadata.is_file() {
            return Stamp { kind: Kind::Folder, state: None };
        }
        let state = settled(&metadata).map(|modified| (modified, metadata.len()));
        Stamp { kind: Kind::File, state }
    }

    /// Whether what was read then is surely what would be read now.
    pub(super) fn proves(&self, now: &Stamp) -> bool {
        let same = self.state.is_some() && self.state == now.state;
        self.kind == now.kind && (self.kind != Kind::File || same)
    }
}

impl Listing {
    fn of(folder: &Path, names: bool) -> Listing {
        let modified = fs::metadata(folder).ok().and_then(|metadata| settled(&metadata));
        // In any order.
        let names = fs::read_dir(folder).ok().filter(|_| names).map_or(0, |entries| {
            entries.flatten().take(MAX_NAMES).fold(1, |sum: u64, entry| {
                let mut hasher = FxHasher::default();
                entry.file_name().hash(&mut hasher);
                sum.wrapping_add(hasher.finish())
            })
        });
        Listing { modified, names }
    }
}

/// The time of the last change, unless it is now.
fn settled(metadata: &Metadata) -> Option<SystemTime> {
    let modified = metadata.modified().ok()?;
    let age = SystemTime::now().duration_since(modified).unwrap_or_default();
    (age > TICK).then_some(modified)
}

impl Stamps {
    /// To be called before a file is read, or when its absence is an answer. Returns whether it is a file.
    pub(super) fn note(&self, path: &Path) -> bool {
        self.kind(path) == Kind::File
    }

    /// The same for a folder, of which nobody asks what is in it.
    pub(super) fn note_folder(&self, path: &Path) -> bool {
        self.kind(path) == Kind::Folder
    }

    fn kind(&self, path: &Path) -> Kind {
        let now = Stamp::of(path);
        // The oldest one stays: someone may rest on what was there then.
        lock(&self.files).entry(path.to_owned()).or_insert(now);
        now.kind
    }

    /// To be called before a folder is listed.
    pub(super) fn note_listing(&self, folder: &Path) {
        if !lock(&self.listings).contains_key(folder) {
            let listing = Listing::of(folder, true);
            lock(&self.listings).entry(folder.to_owned()).or_insert(listing);
        }
    }

    /// The paths that are not what they were, and that are forgotten so until they are noted again.
    pub(super) fn changed(&self) -> Vec<PathBuf> {
        let files: Vec<_> = lock(&self.files).iter().map(|(p, s)| (p.clone(), *s)).collect();
        let mut changed: Vec<PathBuf> = files
            .into_iter()
            .filter(|(path, before)| !before.proves(&Stamp::of(path)))
            .map(|(path, _)| path)
            .collect();
        self.forget(&changed);
        let listings: Vec<_> = lock(&self.listings).iter().map(|(p, l)| (p.clone(), *l)).collect();
        for (folder, before) in listings {
            let time = Listing::of(&folder, false).modified;
            if time.is_some() && time == before.modified {
                continue;
            }
            let now = Listing::of(&folder, true);
            lock(&self.listings).insert(folder.clone(), now);
            if now.names != before.names {
                changed.push(folder);
            }
        }
        changed
    }

    /// Forgets files that somebody else told of.
    pub(super) fn forget(&self, paths: &[PathBuf]) {
        let mut files = lock(&self.files);
        for path in paths {
            files.remove(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_came_and_went_is_found_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let old = SystemTime::now() - Duration::from_secs(60);
        let write = |name: &str, text: &str, time: SystemTime| {
            fs::write(path(name), text).unwrap();
            fs::File::options().write(true).open(path(name)).unwrap().set_modified(time).unwrap();
        };
        write("a.h", "a", old);
        write("b.h", "b", old);
        let stamps = Stamps::default();
        let note = || {
            stamps.note_listing(folder.path());
            ["a.h", "b.h", "c.h"].map(|name| stamps.note(&path(name)))
        };
        assert_eq!(note(), [true, true, false]);
        let changed = || {
            let mut changed = stamps.changed();
            changed.sort();
            changed
        };
        assert!(changed().is_empty());
        write("a.h", "A", old + Duration::from_secs(1));
        fs::remove_file(path("b.h")).unwrap();
        write("c.h", "c", old);
        assert_eq!(changed(), [folder.path().to_owned(), path("a.h"), path("b.h"), path("c.h")]);
        assert!(changed().is_empty());
        assert_eq!(note(), [true, false, true]);
        // Another file in its place, as editors save: no name came or went.
        write("t", "C", old + Duration::from_secs(2));
        fs::rename(path("t"), path("c.h")).unwrap();
        assert_eq!(changed(), [path("c.h")]);
    }

    #[test]
    fn a_file_that_changed_just_now_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.h");
        fs::write(&path, "a").unwrap();
        let soon = SystemTime::now() + Duration::from_secs(60);
        fs::File::options().write(true).open(&path).unwrap().set_modified(soon).unwrap();
        let stamps = Stamps::default();
        stamps.note(&path);
        assert_eq!(stamps.changed(), [path]);
    }
}
