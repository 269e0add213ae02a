//! Headers kept with what they gave, for every file that sees them alike.
//!
//! A kept header is right again when every macro it asked for has the value it had (those that
//! were not defined are still not), `#pragma once` files it met stand as they stood, and every
//! file it read and every lookup it made gives the same as then.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use rustc_hash::FxHashMap;

use crate::{
    session::{Inputs, lock},
    source::{FileId, Text},
    symbol::Symbol,
};

use super::{
    IncludeDirective, PpDiagnostic,
    chunk::Chunk,
    engine::Engine,
    include::MAX_INCLUDE_DEPTH,
    macros::{Bits, MacroDef, SymbolSet},
    state::{Change, Lengths, Read, tail},
};

/// Variants of one header that are kept; the one not used for longest goes first.
const MAX_VARIANTS: usize = 8;

/// A header with what it gave.
pub(crate) struct CachedHeader {
    version: u32,
    dir: u32,
    /// Sum over the macro table before it: equal sums need no further look.
    env: u64,
    consulted: SymbolSet,
    defined: Vec<(Symbol, Arc<MacroDef>)>,
    once_consulted: Vec<(FileId, bool)>,
    once_added: Vec<FileId>,
    inputs: Inputs,
    chunks: Vec<Arc<Chunk>>,
    delta: Vec<(Symbol, Option<Arc<MacroDef>>)>,
    includes: Vec<IncludeDirective>,
    diagnostics: Vec<PpDiagnostic>,
    complete: bool,
    expanded: u64,
    entered: u64,
    depth: usize,
}

/// Kept headers by file and search list.
#[derive(Default)]
pub(crate) struct HeaderCache {
    variants: FxHashMap<(FileId, u32), Vec<Arc<CachedHeader>>>,
}

/// Where a run stood when it began to read a header.
pub(crate) struct Record {
    lengths: Lengths,
    once_consulted: usize,
    once_added: usize,
    taint: u64,
    env: u64,
    expanded: u64,
    entered: u64,
    depth: usize,
    outer_deepest: usize,
    complete: bool,
    consulted: Bits,
}

impl Engine<'_> {
    /// Begins to record a header; to be called before its frame is pushed.
    pub(crate) fn begin_record(&mut self) -> Box<Record> {
        let outer_deepest = self.record.deepest;
        self.record.deepest = self.files.len();
        Box::new(Record {
            lengths: Lengths::of(&self.made, &self.read),
            once_consulted: self.record.once_consulted.len(),
            once_added: self.record.once_added.len(),
            taint: self.record.taint,
            env: self.macros.hash(),
            expanded: self.made.work.expanded,
            entered: self.seen.entered,
            depth: self.files.len(),
            outer_deepest,
            complete: std::mem::replace(&mut self.made.complete, true),
            consulted: std::mem::take(&mut self.record.consulted),
        })
    }

    /// Ends the record of a header whose frame was popped, and keeps it if it can be used again.
    pub(crate) fn end_record(&mut self, record: Record, file: FileId, version: u32, dir: u32) {
        let depth = self.record.deepest.saturating_sub(record.depth);
        self.record.deepest = self.record.deepest.max(record.outer_deepest);
        let complete = self.made.complete;
        self.made.complete &= record.complete;
        let consulted =
            SymbolSet::new(std::mem::replace(&mut self.record.consulted, record.consulted));
        self.record.consulted.union(&consulted);
        let usable = self.record.taint == record.taint && !self.fatal && !self.seen.bomb;
        if !self.at_boundary() {
            return;
        }
        self.flush();
        if !usable {
            return;
        }
        let mut before: FxHashMap<Symbol, Option<Arc<MacroDef>>> = FxHashMap::default();
        let begin = record.lengths;
        for Change { name, old, .. } in tail(&self.made.changes, begin.changes) {
            before.entry(*name).or_insert_with(|| old.clone());
        }
        let delta = before.keys().map(|&name| (name, self.macros.find(name).cloned())).collect();
        let mut defined: Vec<(Symbol, Arc<MacroDef>)> = self
            .macros
            .iter()
            .filter(|def| consulted.contains(def.name) && !before.contains_key(&def.name))
            .map(|def| (def.name, Arc::clone(def)))
            .collect();
        defined.extend(
            before
                .iter()
                .filter(|(name, _)| consulted.contains(**name))
                .filter_map(|(name, old)| Some((*name, old.clone()?))),
        );
        defined.sort_by_key(|(name, _)| *name);
        let header = CachedHeader {
            version,
            dir,
            env: record.env,
            consulted,
            defined,
            once_consulted: firsts(&self.record.once_consulted, record.once_consulted),
            once_added: tail(&self.record.once_added, record.once_added).to_vec(),
            inputs: Inputs {
                read: Read {
                    lookups: tail(&self.read.lookups, begin.lookups).to_vec(),
                    loaded: tail(&self.read.loaded, begin.loaded).to_vec(),
                },
                ..self.inputs()
            },
            chunks: tail(&self.made.chunks, begin.chunks).to_vec(),
            delta,
            includes: tail(&self.made.includes, begin.includes).to_vec(),
            diagnostics: tail(&self.made.diagnostics, begin.diagnostics).to_vec(),
            complete,
            expanded: self.made.work.expanded - record.expanded,
            entered: self.seen.entered - record.entered,
            depth,
        };
        let mut cache = lock(&self.session.headers);
        let variants = cache.variants.entry((file, self.flags_key)).or_default();
        variants.retain(|v| v.version == version);
        if variants.len() >= MAX_VARIANTS {
            variants.remove(0);
        }
        variants.push(Arc::new(header));
    }

    /// Uses a kept header in place of reading the file; whether there was one that is right here.
    pub(crate) fn reuse_header(&mut self, file: FileId, version: u32, dir: u32) -> bool {
        let key = (file, self.flags_key);
        let variants = match lock(&self.session.headers).variants.get(&key) {
            Some(variants) => variants.clone(),
            None => return false,
        };
        let fitting =
            variants.iter().rev().find(|v| v.version == version && v.dir == dir && self.fits(v));
        let Some(header) = fitting.cloned() else { return false };
        let loaded = &header.inputs.read.loaded;
        let texts = loaded.iter().map(|&(file, version)| Some((file, self.text(file, version)?)));
        // A header that changes at this moment.
        let Some(texts) = texts.collect::<Option<Vec<_>>>() else { return false };
        self.session.counters.header_chunk_hits.fetch_add(1, Ordering::Relaxed);
        self.record.consulted.union(&header.consulted);
        for (name, def) in &header.delta {
            self.set_macro(*name, def.clone());
        }
        for &file in &header.once_added {
            if Arc::make_mut(&mut self.seen.once).insert(file) {
                self.record.once_added.push(file);
            }
        }
        self.record.once_consulted.extend_from_slice(&header.once_consulted);
        self.read.lookups.extend_from_slice(&header.inputs.read.lookups);
        self.read.loaded.extend_from_slice(loaded);
        for (file, text) in texts {
            self.made.texts.entry(file).or_insert(text);
        }
        self.made.chunks.extend(header.chunks.iter().cloned());
        self.made.token_count += header.chunks.iter().map(|c| c.size()).sum::<usize>();
        self.made.includes.extend_from_slice(&header.includes);
        self.made.diagnostics.extend_from_slice(&header.diagnostics);
        self.made.complete &= header.complete;
        self.made.work.expanded += header.expanded;
        self.seen.entered += header.entered;
        self.record.deepest = self.record.deepest.max(self.files.len() + header.depth);
        true
    }

    fn fits(&self, header: &CachedHeader) -> bool {
        // No change is told of the main file, which headers may include.
        let other_main = |&(file, version): &(FileId, u32)| {
            file == self.main && version != self.main_text.version
        };
        if self.files.len() + header.depth > MAX_INCLUDE_DEPTH
            || header.inputs.read.loaded.iter().any(other_main)
            || header.once_consulted.iter().any(|(file, was)| self.seen.once.contains(file) != *was)
        {
            return false;
        }
        if header.env != self.macros.hash() {
            let same = |(name, def): &(Symbol, Arc<MacroDef>)| {
                self.macros.find(*name).is_some_and(|now| Arc::ptr_eq(now, def) || now == def)
            };
            if !header.defined.iter().all(same) {
                return false;
            }
            let known =
                |name: Symbol| header.defined.binary_search_by_key(&name, |(n, _)| *n).is_ok();
            let reads = |name: Symbol| {
                let mut indexed = header.chunks.iter().filter_map(|chunk| chunk.index());
                header.consulted.contains(name) || indexed.any(|index| index.contains(name))
            };
            if self.macros.iter().any(|def| !known(def.name) && reads(def.name)) {
                return false;
            }
        }
        self.unchanged(&header.inputs)
    }

    /// The text with that number, when it is the file's.
    fn text(&self, file: FileId, version: u32) -> Option<Text> {
        match file == self.main {
            true if version != self.main_text.version => None,
            true => Some(self.main_text.text.clone()),
            false => self.session.text_numbered(file, version),
        }
    }

    /// What the run has read so far is not in them, but all else.
    pub(crate) fn inputs(&self) -> Inputs {
        let generation = AtomicU64::new(self.started);
        Inputs { generation, volatile: self.volatile, ..Inputs::default() }
    }

    /// Whether lookups and texts, those of the main file aside, give the same as they did; then they are
    /// known to be right in this generation.
    pub(crate) fn unchanged(&self, inputs: &Inputs) -> bool {
        let Inputs { read, generation: at, volatile } = inputs;
        let generation = self.session.generation();
        if at.load(Ordering::Acquire) == generation {
            return true;
        }
        let fits =
            !*volatile && self.unchanged_part(read) == (read.lookups.len(), read.loaded.len());
        if fits {
            at.store(generation, Ordering::Release);
        }
        fits
    }

    /// How many lookups and texts, those of the main file aside, give the same as they did, before the first of each
    /// that does not.
    pub(crate) fn unchanged_part(&self, read: &Read) -> (usize, usize) {
        let Read { lookups, loaded } = read;
        let same = |&(file, version): &(FileId, u32)| {
            file == self.main
                || self.session.load(self.fs, file).is_some_and(|text| text.version == version)
        };
        let found = lookups.iter().position(|(key, found)| self.resolve(key) != *found);
        let texts = loaded.iter().position(|text| !same(text));
        (found.unwrap_or(lookups.len()), texts.unwrap_or(loaded.len()))
    }
}

/// What was asked first of each file: the state before the header.
fn firsts(all: &[(FileId, bool)], from: usize) -> Vec<(FileId, bool)> {
    let mut out: Vec<(FileId, bool)> = Vec::new();
    for entry in tail(all, from) {
        if !out.iter().any(|(file, _)| *file == entry.0) {
            out.push(*entry);
        }
    }
    out
}
