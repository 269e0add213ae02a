//! What lives as long as the process: files, texts, and what was made of headers.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use rustc_hash::FxHashMap;

use crate::{
    pp::{cache::HeaderCache, macros::MacroTable, preamble::Preamble, region::MainRun},
    source::{FileId, Text},
    symbol::Symbol,
};

/// Where texts come from. Overlays of open editors are the business of the implementation.
pub trait FileSystem: Send + Sync {
    /// The text of a file, lossily decoded when it is not UTF-8; `None` when it cannot be read.
    fn read(&self, path: &Path) -> Option<Text>;
    /// The bytes of a file, for `#embed`.
    fn read_bytes(&self, path: &Path) -> Option<Vec<u8>> {
        self.read(path).map(|text| text.as_bytes().to_vec())
    }
    /// Whether the path is a file that can be read.
    fn is_file(&self, path: &Path) -> bool;
    /// Whether there may be files in a folder; most folders that headers are searched in have no `linux` or
    /// `bits`, and to know that once saves a question for each header in them.
    fn is_folder(&self, path: &Path) -> bool {
        let _ = path;
        true
    }
}

/// Files in memory, for tests.
#[derive(Default, Debug)]
pub struct MemoryFileSystem {
    files: RwLock<FxHashMap<PathBuf, Text>>,
}

impl MemoryFileSystem {
    /// Writes a file.
    pub fn write(&self, path: &Path, text: &str) {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        files.insert(path.to_path_buf(), text.into());
    }

    /// Removes a file.
    pub fn remove(&self, path: &Path) {
        self.files.write().unwrap_or_else(PoisonError::into_inner).remove(path);
    }
}

impl FileSystem for MemoryFileSystem {
    fn read(&self, path: &Path) -> Option<Text> {
        self.files.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned()
    }

    fn is_file(&self, path: &Path) -> bool {
        self.files.read().unwrap_or_else(PoisonError::into_inner).contains_key(path)
    }

    fn is_folder(&self, path: &Path) -> bool {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.keys().any(|file| file.starts_with(path))
    }
}

/// Work done, counted since the session began. Tests and benchmarks read it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Files whose text was lexed (the main file counts).
    pub files_lexed: u64,
    /// Headers preprocessed because no kept result fitted.
    pub headers_preprocessed: u64,
    /// Headers whose kept chunks were used again.
    pub header_chunk_hits: u64,
    /// Preprocessings that began behind a kept preamble.
    pub preamble_hits: u64,
    /// Tokens made by macro expansion.
    pub tokens_expanded: u64,
    /// Regions of main files (some functions each) that were lexed and expanded.
    pub regions_read: u64,
    /// Regions of main files that were taken over from the text before an edit.
    pub regions_reused: u64,
    /// Runs that began, or met the text before an edit again, inside of a region.
    pub marks_used: u64,
}

#[derive(Default)]
pub(crate) struct AtomicCounters {
    pub(crate) files_lexed: AtomicU64,
    pub(crate) headers_preprocessed: AtomicU64,
    pub(crate) header_chunk_hits: AtomicU64,
    pub(crate) preamble_hits: AtomicU64,
    pub(crate) tokens_expanded: AtomicU64,
    pub(crate) regions_read: AtomicU64,
    pub(crate) regions_reused: AtomicU64,
    pub(crate) marks_used: AtomicU64,
}

/// A text with its number: two texts of a file with the same number are equal.
#[derive(Clone, Debug)]
pub(crate) struct Versioned {
    pub(crate) text: Text,
    pub(crate) version: u32,
    /// The macro that guards the whole file, once known.
    pub(crate) guard: Option<Symbol>,
}

#[derive(Default)]
struct FileEntry {
    path: PathBuf,
    text: Option<Versioned>,
    /// Read before, and perhaps changed since: `text` must be compared with the disk.
    stale: bool,
}

#[derive(Default)]
struct Files {
    entries: Vec<FileEntry>,
    ids: FxHashMap<PathBuf, FileId>,
    exists: FxHashMap<PathBuf, bool>,
    folders: FxHashMap<PathBuf, bool>,
}

/// One include lookup: flags, the includer's folder, the spelling, and where to start.
pub(crate) type LookupKey = (u32, Symbol, Symbol, bool, u32);

/// A found header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) file: FileId,
    /// Index of the folder in the search list; `u32::MAX` for the includer's own.
    pub(crate) dir: u32,
    pub(crate) stand_in: bool,
}

/// What is kept between preprocessings. Shared by threads.
#[derive(Default)]
pub struct Session {
    files: Mutex<Files>,
    lookups: Mutex<FxHashMap<LookupKey, Option<Found>>>,
    flag_keys: Mutex<FxHashMap<u64, u32>>,
    generation: AtomicU64,
    chunk_ids: AtomicU32,
    pub(crate) counters: AtomicCounters,
    pub(crate) headers: Mutex<HeaderCache>,
    pub(crate) preambles: Mutex<FxHashMap<FileId, Arc<Preamble>>>,
    pub(crate) runs: Mutex<FxHashMap<FileId, Arc<MainRun>>>,
    pub(crate) predefined: Mutex<FxHashMap<u64, Arc<(FileId, MacroTable)>>>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    /// An empty session.
    pub fn new() -> Session {
        Session::default()
    }

    /// The number of a path; the same as long as the session lives.
    pub fn file_id(&self, path: &Path) -> FileId {
        let mut files = lock(&self.files);
        if let Some(&id) = files.ids.get(path) {
            return id;
        }
        let id = FileId(files.entries.len() as u32);
        files.entries.push(FileEntry { path: path.to_path_buf(), ..FileEntry::default() });
        files.ids.insert(path.to_path_buf(), id);
        id
    }

    /// The path of a file; empty for a number that the session did not give.
    pub fn path(&self, file: FileId) -> PathBuf {
        lock(&self.files).entries.get(file.0 as usize).map(|e| e.path.clone()).unwrap_or_default()
    }

    /// The text that the session last saw of a file.
    pub fn text(&self, file: FileId) -> Option<Text> {
        let files = lock(&self.files);
        files.entries.get(file.0 as usize)?.text.as_ref().map(|t| t.text.clone())
    }

    /// Forgets what is known of a path: its text, and whether it exists. To be called when the file
    /// was changed, made or removed, or its overlay was.
    pub fn invalidate(&self, path: &Path) {
        let mut files = lock(&self.files);
        let mut known = files.exists.remove(path).is_some();
        // A new file may come with its folder.
        for folder in path.ancestors().skip(1) {
            known |= files.folders.remove(folder) == Some(false);
        }
        if let Some(&id) = files.ids.get(path)
            && let Some(entry) = files.entries.get_mut(id.0 as usize)
        {
            entry.stale = true;
            known = true;
        }
        if !known {
            return;
        }
        lock(&self.lookups).clear();
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets everything about the disk.
    pub fn invalidate_all(&self) {
        let mut files = lock(&self.files);
        files.exists.clear();
        files.folders.clear();
        for entry in &mut files.entries {
            entry.stale = true;
        }
        lock(&self.lookups).clear();
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Work done so far.
    pub fn counters(&self) -> Counters {
        let get = |c: &AtomicU64| c.load(Ordering::Relaxed);
        Counters {
            files_lexed: get(&self.counters.files_lexed),
            headers_preprocessed: get(&self.counters.headers_preprocessed),
            header_chunk_hits: get(&self.counters.header_chunk_hits),
            preamble_hits: get(&self.counters.preamble_hits),
            tokens_expanded: get(&self.counters.tokens_expanded),
            regions_read: get(&self.counters.regions_read),
            regions_reused: get(&self.counters.regions_reused),
            marks_used: get(&self.counters.marks_used),
        }
    }

    /// Counts invalidations.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    pub(crate) fn new_chunk_id(&self) -> u32 {
        self.chunk_ids.fetch_add(1, Ordering::Relaxed) & 0x7fff_ffff
    }

    /// A small number for flags (by their hash).
    pub(crate) fn flags_key(&self, hash: u64) -> u32 {
        let mut keys = lock(&self.flag_keys);
        let next = keys.len() as u32;
        *keys.entry(hash).or_insert(next)
    }

    /// Reads a file, or gives what was read before.
    pub(crate) fn load(&self, fs: &dyn FileSystem, file: FileId) -> Option<Versioned> {
        let path = {
            let files = lock(&self.files);
            let entry = files.entries.get(file.0 as usize)?;
            match &entry.text {
                Some(text) if !entry.stale => return Some(text.clone()),
                _ => entry.path.clone(),
            }
        };
        let text = match crate::predefined::headers::text(&path) {
            Some(text) => Some(Text::from(text)),
            None => fs.read(&path),
        };
        self.set_text(file, text)
    }

    /// Sets the text of a file; the version changes only when the text does.
    pub(crate) fn set_text(&self, file: FileId, text: Option<Text>) -> Option<Versioned> {
        let mut files = lock(&self.files);
        let entry = files.entries.get_mut(file.0 as usize)?;
        entry.stale = false;
        let Some(text) = text else {
            // Keep the version, so that the file coming back with another text gets a new one.
            if let Some(old) = &mut entry.text {
                old.version += 1;
                old.text = Text::default();
                entry.stale = true;
            }
            return None;
        };
        match &mut entry.text {
            Some(old) if Text::ptr_eq(&old.text, &text) || old.text == text => {}
            Some(old) => *old = Versioned { text, version: old.version + 1, guard: None },
            None => entry.text = Some(Versioned { text, version: 0, guard: None }),
        }
        entry.text.clone()
    }

    /// Remembers the include guard of a version of a file.
    pub(crate) fn set_guard(&self, file: FileId, version: u32, guard: Symbol) {
        let mut files = lock(&self.files);
        if let Some(text) = files.entries.get_mut(file.0 as usize).and_then(|e| e.text.as_mut())
            && text.version == version
        {
            text.guard = Some(guard);
        }
    }

    /// Whether a path is a file, from the cache when it was asked before.
    pub(crate) fn exists(&self, fs: &dyn FileSystem, path: &Path) -> bool {
        self.known(|files| &mut files.exists, path, || fs.is_file(path))
    }

    /// Whether there may be files in a folder, from the cache when it was asked before.
    pub(crate) fn folder_exists(&self, fs: &dyn FileSystem, path: &Path) -> bool {
        self.known(|files| &mut files.folders, path, || fs.is_folder(path))
    }

    /// What a cache says of a path, or else what `ask` does, which is kept.
    fn known(
        &self,
        cache: fn(&mut Files) -> &mut FxHashMap<PathBuf, bool>,
        path: &Path,
        ask: impl FnOnce() -> bool,
    ) -> bool {
        if let Some(&known) = cache(&mut lock(&self.files)).get(path) {
            return known;
        }
        // Not under the lock: the disk may be slow.
        let found = ask();
        cache(&mut lock(&self.files)).insert(path.to_path_buf(), found);
        found
    }

    pub(crate) fn cached_lookup(&self, key: &LookupKey) -> Option<Option<Found>> {
        lock(&self.lookups).get(key).copied()
    }

    pub(crate) fn keep_lookup(&self, key: LookupKey, found: Option<Found>) {
        lock(&self.lookups).insert(key, found);
    }
}
