//! What lives as long as the process: files, texts, and what was made of headers.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    pp::{cache::HeaderCache, macros::MacroTable, region::MainRun, state::Read},
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
    /// Preprocessings that began at a kept place of the main file.
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
    /// The number of the next text that is another one.
    next_version: u32,
    /// Counts what may have given the file another text.
    changes: u32,
    /// `changes` before `text` was read: with another number it must be read again.
    read_at: u32,
    /// Whether the file was ever asked for as one that others include.
    included: bool,
}

impl FileEntry {
    /// The number of a text: that of the text that is kept, when both are equal.
    fn number(&mut self, text: &Text) -> u32 {
        match &self.text {
            Some(kept) if Text::ptr_eq(&kept.text, text) || kept.text == *text => kept.version,
            _ => {
                self.next_version += 1;
                self.next_version - 1
            }
        }
    }

    /// Keeps a text that was read when `changes` was so.
    fn keep(&mut self, text: Option<Text>, changes: u32) -> Option<Versioned> {
        self.read_at = changes;
        let Some(text) = text else {
            self.text = None;
            return None;
        };
        let version = self.number(&text);
        if self.text.as_ref().is_none_or(|kept| kept.version != version) {
            self.text = Some(Versioned { text, version, guard: None });
        }
        self.text.clone()
    }
}

#[derive(Default)]
struct Files {
    entries: Vec<FileEntry>,
    ids: FxHashMap<PathBuf, FileId>,
    exists: FxHashMap<PathBuf, bool>,
    folders: FxHashMap<PathBuf, bool>,
}

/// What a result was made from: every lookup and every text of a run.
#[derive(Default, Debug)]
pub(crate) struct Inputs {
    pub(crate) read: Read,
    /// Session generation at which they were as they are here: of the run's begin, since a change may
    /// come at any moment of it, or of a later look.
    pub(crate) generation: AtomicU64,
    /// Something else was read, too: right in this generation alone.
    pub(crate) volatile: bool,
}

/// One include lookup: flags, the includer's folder, the spelling, and where to start.
pub(crate) type LookupKey = (u32, Symbol, Symbol, bool, u32);

impl Files {
    fn entry(&mut self, path: &Path) -> Option<&mut FileEntry> {
        let id = self.ids.get(path)?;
        self.entries.get_mut(id.0 as usize)
    }
}

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

    /// The text that the session last saw of a file that others include.
    pub fn text(&self, file: FileId) -> Option<Text> {
        let files = lock(&self.files);
        files.entries.get(file.0 as usize)?.text.as_ref().map(|t| t.text.clone())
    }

    /// Forgets what is known of paths: their texts, and whether they exist; of a folder, also what is
    /// known of the files in it. To be called when they were changed, made or removed, or their overlays
    /// were, and when questions about them have the new answer already.
    ///
    /// An answer to a question that was asked before is not kept: whoever asked compares generations.
    pub fn invalidate<'a>(&self, paths: impl IntoIterator<Item = &'a Path>) {
        let mut files = lock(&self.files);
        let mut unknown = FxHashSet::default();
        for path in paths {
            // A new file may come with its folder.
            for folder in path.ancestors() {
                files.folders.remove(folder);
            }
            let entry = files.entry(path).map(|entry| entry.changes += 1);
            if files.exists.remove(path).is_none() && entry.is_none() {
                unknown.insert(path);
            }
        }
        if !unknown.is_empty() {
            let is_in = |path: &Path| path.parent().is_some_and(|folder| unknown.contains(folder));
            files.exists.retain(|path, _| !is_in(path));
        }
        // Under both locks, and last: who sees the new number finds nothing of before.
        let mut lookups = lock(&self.lookups);
        lookups.clear();
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Forgets the text of a file that has another one, but is where it was. Returns whether anything
    /// that is kept, or being made, may rest on it: whether it was ever included.
    pub fn text_changed(&self, path: &Path) -> bool {
        let mut files = lock(&self.files);
        let Some(entry) = files.entry(path).filter(|entry| entry.included) else { return false };
        entry.changes += 1;
        self.generation.fetch_add(1, Ordering::AcqRel);
        true
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

    /// Reads a file that another one includes, or gives what was read before.
    pub(crate) fn load(&self, fs: &dyn FileSystem, file: FileId) -> Option<Versioned> {
        loop {
            let (path, changes) = {
                let mut files = lock(&self.files);
                let entry = files.entries.get_mut(file.0 as usize)?;
                // Before it is read: a change from here on counts.
                entry.included = true;
                match &entry.text {
                    Some(text) if entry.read_at == entry.changes => return Some(text.clone()),
                    _ => (entry.path.clone(), entry.changes),
                }
            };
            // Not under the lock: the disk may be slow.
            let text = match crate::predefined::headers::text(&path) {
                Some(text) => Some(Text::from(text)),
                None => fs.read(&path),
            };
            let mut files = lock(&self.files);
            let entry = files.entries.get_mut(file.0 as usize)?;
            // What was read before a change must not stand for what is there after it.
            if entry.changes == changes {
                return entry.keep(text, changes);
            }
        }
    }

    /// Sets the text of a file that is on no disk; the version changes only when the text does.
    pub(crate) fn set_text(&self, file: FileId, text: Text) -> Option<Versioned> {
        let mut files = lock(&self.files);
        let entry = files.entries.get_mut(file.0 as usize)?;
        let changes = entry.changes;
        entry.keep(Some(text), changes)
    }

    /// The number of a text that a file may have: main files are read with texts of their own, which
    /// are not what others who include them see.
    pub(crate) fn number(&self, file: FileId, text: &Text) -> u32 {
        let mut files = lock(&self.files);
        files.entries.get_mut(file.0 as usize).map_or(0, |entry| entry.number(text))
    }

    /// The text with that number, when it is the one that is kept.
    pub(crate) fn text_numbered(&self, file: FileId, version: u32) -> Option<Text> {
        let files = lock(&self.files);
        let text = files.entries.get(file.0 as usize)?.text.as_ref()?;
        (text.version == version).then(|| text.text.clone())
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
        let asked = {
            let mut files = lock(&self.files);
            if let Some(&known) = cache(&mut files).get(path) {
                return known;
            }
            self.generation()
        };
        // Not under the lock: the disk may be slow.
        let found = ask();
        let mut files = lock(&self.files);
        if self.generation() == asked {
            cache(&mut files).insert(path.to_path_buf(), found);
        }
        found
    }

    pub(crate) fn cached_lookup(&self, key: &LookupKey) -> Option<Option<Found>> {
        lock(&self.lookups).get(key).copied()
    }

    /// Keeps what a lookup gave that was begun in a generation, unless that is over.
    pub(crate) fn keep_lookup(&self, key: LookupKey, found: Option<Found>, generation: u64) {
        let mut lookups = lock(&self.lookups);
        if self.generation() == generation {
            lookups.insert(key, found);
        }
    }
}
