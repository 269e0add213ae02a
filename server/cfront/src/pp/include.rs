//! Finding headers and entering them.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use crate::{
    flags::normalize,
    predefined::headers,
    session::{Found, LookupKey},
    source::FileRange,
    symbol::Symbol,
};

use super::{IncludeDirective, PpDiagnosticKind, engine::Engine};

/// Depth at which clang gives up too.
pub(crate) const MAX_INCLUDE_DEPTH: usize = 200;
/// Headers of a translation unit, each time it is entered counted.
const MAX_INCLUDES: u64 = 50_000;

/// Folder number of the includer's own folder, and of built-in texts.
const OWN_FOLDER: u32 = u32::MAX;

impl Engine<'_> {
    /// Looks a header up as the file being read names it.
    pub(crate) fn find_header(&mut self, name: &str, angled: bool, next: bool) -> Option<Found> {
        let frame = self.files.last()?;
        // In the main file `#include_next` is a plain include.
        let next = next && self.files.len() > 1;
        let (quoted, start) = match (next, frame.dir) {
            (true, OWN_FOLDER) => (false, 0),
            (true, dir) => (false, dir + 1),
            (false, _) => (!angled, if angled { self.quote_dirs } else { 0 }),
        };
        let folder = if quoted { frame.folder } else { Symbol::EMPTY };
        let key = (self.flags_key, folder, Symbol::intern(name), quoted, start);
        let found = self.resolve(&key);
        self.read.lookups.push((key, found));
        found
    }

    /// Does a lookup, or gives what it gave before.
    pub(crate) fn resolve(&self, key: &LookupKey) -> Option<Found> {
        if let Some(known) = self.session.cached_lookup(key) {
            return known;
        }
        let begun = self.session.generation();
        let found = self.search(key);
        self.session.keep_lookup(*key, found, begun);
        found
    }

    fn search(&self, &(_, folder, name, quoted, start): &LookupKey) -> Option<Found> {
        let name = name.as_str();
        let try_path = |path: &Path, dir: u32| {
            let path = normalize(path);
            self.session.exists(self.fs, &path).then(|| Found {
                file: self.session.file_id(&path),
                dir,
                stand_in: false,
            })
        };
        if name.starts_with('/') {
            return try_path(Path::new(name), OWN_FOLDER);
        }
        if quoted {
            if folder.as_str() == headers::FOLDER
                && headers::text(&Path::new(headers::FOLDER).join(name)).is_some()
            {
                let file = self.session.file_id(&Path::new(headers::FOLDER).join(name));
                return Some(Found { file, dir: OWN_FOLDER, stand_in: true });
            }
            if let Some(found) = try_path(&Path::new(folder.as_str()).join(name), OWN_FOLDER) {
                return Some(found);
            }
        }
        let parent = name.rsplit_once('/').map(|(parent, _)| parent);
        for (i, dir) in self.search.iter().enumerate().skip(start as usize) {
            if parent.is_some_and(|parent| {
                let folder = normalize(&Path::new(dir.as_str()).join(parent));
                !self.session.folder_exists(self.fs, &folder)
            }) {
                continue;
            }
            if let Some(found) = try_path(&Path::new(dir.as_str()).join(name), i as u32) {
                return Some(found);
            }
        }
        let path = headers::fallback(name, self.flags)?;
        Some(Found {
            file: self.session.file_id(&path),
            dir: self.search.len() as u32,
            stand_in: !headers::freestanding(name),
        })
    }

    /// Follows an `#include`.
    pub(crate) fn include(&mut self, name: &str, angled: bool, next: bool, range: FileRange) {
        let found = self.find_header(name, angled, next);
        self.made.includes.push(IncludeDirective {
            range,
            path: name.into(),
            angled,
            resolved: found.map(|f| f.file),
            stand_in: found.is_some_and(|f| f.stand_in),
        });
        if self.files.len() >= MAX_INCLUDE_DEPTH || self.seen.entered >= MAX_INCLUDES {
            let message = if self.seen.entered >= MAX_INCLUDES {
                "too many headers are included"
            } else {
                "headers include each other too deeply"
            };
            self.report(PpDiagnosticKind::IncludeDepth, range, message.into());
            self.made.complete = false;
            self.fatal = true;
            return;
        }
        let missing = |engine: &mut Self| {
            engine.made.complete = false;
            engine.report(
                PpDiagnosticKind::MissingInclude,
                range,
                format!("'{name}' file not found"),
            );
        };
        let Some(found) = found else { return missing(self) };
        let once = self.seen.once.contains(&found.file);
        self.record.once_consulted.push((found.file, once));
        if once {
            self.snapshot_due |= self.files.len() == 1;
            return;
        }
        let text = if found.file == self.main {
            Some(self.main_text.clone())
        } else {
            self.session.load(self.fs, found.file)
        };
        let Some(text) = text else { return missing(self) };
        if let Some(guard) = text.guard
            && self.lookup(guard).is_some()
        {
            self.read.loaded.push((found.file, text.version));
            self.made.texts.entry(found.file).or_insert_with(|| text.text.clone());
            self.snapshot_due |= self.files.len() == 1;
            return;
        }
        self.seen.entered += 1;
        let path = self.spelled_path(name, angled, found);
        let mut record = None;
        if self.at_boundary() {
            self.flush();
            if self.reuse_header(found.file, text.version, found.dir) {
                self.snapshot_due |= self.files.len() == 1;
                return;
            }
            record = Some(self.begin_record());
        }
        self.session.counters.headers_preprocessed.fetch_add(1, Ordering::Relaxed);
        self.push_file(found.file, text, found.dir, path);
        if let Some(frame) = self.files.last_mut() {
            frame.record = record;
        }
    }

    /// What `__FILE__` gives in a header: the folder it was found in and the name as written.
    fn spelled_path(&self, name: &str, _angled: bool, found: Found) -> Arc<str> {
        if name.starts_with('/') {
            return name.into();
        }
        match self.search.get(found.dir as usize) {
            Some(dir) => format!("{dir}/{name}").into(),
            None => {
                let includer = self
                    .files
                    .last()
                    .map(|f| Arc::clone(&f.place.name))
                    .unwrap_or_else(|| "".into());
                match includer.rsplit_once('/') {
                    Some((folder, _)) => format!("{folder}/{name}").into(),
                    None => name.into(),
                }
            }
        }
    }
}
