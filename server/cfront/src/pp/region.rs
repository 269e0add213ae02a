//! Regions of the main file: what an edit leaves as it was.
//!
//! The own text of the main file is cut behind bodies of functions. At each cut a [`Checkpoint`] keeps
//! all that the text before it leaves behind. After an edit the run begins at the last checkpoint
//! before the first changed byte, and ends at the first one behind the last changed byte where the
//! state is what it was: the rest is taken over, with its places moved. Where to cut depends on the
//! text since the last cut alone, so that the pieces are those of a run from scratch.

use std::sync::{Arc, atomic::Ordering};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    session::{Inputs, lock},
    source::{FileId, FileRange, Text},
    symbol::Symbol,
};

use super::{
    IncludeDirective, MacroUse, PpDiagnostic,
    body::Body,
    chunk::{Chunk, Move},
    engine::{Cond, Engine, FileFrame, Guard, MAX_DIAGNOSTICS, MAX_EXPANDED, MAX_TOKENS},
    macros::{MacroDef, MacroTable},
    marks::{Mark, Marks},
};

/// Main files whose last run is kept.
const MAX_RUNS: usize = 64;

/// What the text behind a place can see of the text before it.
#[derive(Clone)]
pub(crate) struct State {
    macros: MacroTable,
    pushed: FxHashMap<Symbol, Vec<Option<Arc<MacroDef>>>>,
    once: FxHashSet<FileId>,
    counter: u64,
    entered: u64,
    line_delta: i64,
    conds: Vec<Cond>,
    guard: Guard,
    name: Arc<str>,
}

/// A place between two items of the main file, with the lengths of all lists there.
#[derive(Clone)]
pub(crate) struct Checkpoint {
    /// Byte in the main file.
    pub(crate) pos: usize,
    pub(crate) state: Arc<State>,
    /// Whether everything before it was seen.
    pub(crate) complete: bool,
    pub(crate) chunks: usize,
    pub(crate) includes: usize,
    pub(crate) diagnostics: usize,
    pub(crate) lookups: usize,
    pub(crate) loaded: usize,
    pub(crate) definitions: usize,
    token_count: usize,
    pub(crate) expanded: u64,
    pub(crate) line_uses: u64,
    /// Places inside the region that ends here.
    pub(crate) marks: Arc<[Mark]>,
}

/// A finished run over a main file.
pub(crate) struct MainRun {
    text: Text,
    flags: u64,
    inputs: Arc<Inputs>,
    pub(crate) checkpoints: Vec<Checkpoint>,
    pub(crate) chunks: Vec<Arc<Chunk>>,
    includes: Vec<IncludeDirective>,
    pub(crate) macro_uses: Vec<MacroUse>,
    pub(crate) inactive: Vec<FileRange>,
    diagnostics: Vec<PpDiagnostic>,
    /// Macros that the main file itself defines.
    definitions: Vec<Arc<MacroDef>>,
    macros: MacroTable,
    texts: FxHashMap<FileId, Text>,
    complete: bool,
    token_count: usize,
    expanded: u64,
    line_uses: u64,
}

/// The last run, and where its text and the new one differ.
pub(crate) struct Before {
    pub(crate) run: Arc<MainRun>,
    /// First byte that differs.
    pub(crate) start: usize,
    /// One past the last byte that differs, in the old and in the new text.
    pub(crate) old_end: usize,
    pub(crate) new_end: usize,
    /// Whether as many lines stand before the equal rest.
    pub(crate) same_lines: bool,
}

/// What a run knows of regions.
#[derive(Default)]
pub(crate) struct Regions {
    pub(crate) before: Option<Before>,
    pub(crate) checkpoints: Vec<Checkpoint>,
    pub(crate) marks: Marks,
    /// Macros that the main file itself defined so far.
    pub(crate) definitions: Vec<Arc<MacroDef>>,
    /// Uses of line numbers so far.
    pub(crate) line_uses: u64,
    /// The main file includes itself: its regions are more than one thing.
    pub(crate) recursive: bool,
}

/// Moves places of a file behind an edit.
struct Shift {
    edit: Move,
    /// Macros that the main file defines behind the edit, by the old place of the name.
    definitions: FxHashMap<u32, Arc<MacroDef>>,
}

impl Shift {
    fn offset(&self, offset: u32) -> u32 {
        self.edit.offset(offset)
    }

    fn range(&self, range: FileRange) -> FileRange {
        if range.file != self.edit.file {
            return range;
        }
        let (start, end) = (self.offset(range.start), self.offset(range.end));
        FileRange { file: range.file, start, end }
    }

    fn definition(&self, def: &Arc<MacroDef>) -> Arc<MacroDef> {
        let place = def.place.filter(|place| place.file == self.edit.file);
        place.and_then(|place| self.definitions.get(&place.start)).unwrap_or(def).clone()
    }

    fn moved(&self, def: &MacroDef) -> MacroDef {
        let mut body = def.body().to_vec();
        for token in &mut body {
            token.token.loc = self.edit.loc(token.token.loc);
        }
        let params = def.params.as_ref().map(|p| p.to_vec());
        let (body, place) = (Body::Read(body.into()), def.place.map(|p| self.range(p)));
        MacroDef::new(def.name, params, def.variadic, body, place)
    }

    /// The table with the moved definitions in place of the old ones.
    fn table(&self, macros: &MacroTable) -> MacroTable {
        let mut macros = macros.clone();
        for new in self.definitions.values() {
            if let Some(now) = macros.find(new.name).cloned() {
                let new = self.definition(&now);
                if !Arc::ptr_eq(&new, &now) {
                    macros.set(now.name, Some(new));
                }
            }
        }
        macros
    }

    /// The hash of [`Shift::table`].
    fn hash(&self, macros: &MacroTable) -> u64 {
        match self.definitions.is_empty() {
            true => macros.hash(),
            false => self.table(macros).hash(),
        }
    }

    fn state(&self, state: &Arc<State>) -> Arc<State> {
        let moves = |cond: &Cond| cond.start >= self.edit.from && self.edit.by != 0;
        if self.definitions.is_empty() && !state.conds.iter().any(moves) {
            return state.clone();
        }
        let mut state = State::clone(state);
        state.macros = self.table(&state.macros);
        for cond in &mut state.conds {
            cond.start = self.offset(cond.start);
        }
        Arc::new(state)
    }

    fn chunk(&self, chunk: &Arc<Chunk>) -> Arc<Chunk> {
        match chunk.is_main && self.edit.by != 0 {
            true => chunk.moved(self.edit),
            false => chunk.clone(),
        }
    }
}

impl State {
    /// Whether a run is still in this state, which it was in before.
    pub(crate) fn still(&self, engine: &Engine<'_>, frame: &FileFrame) -> bool {
        self.macros.hash() == engine.macros.hash()
            && self.counter == engine.counter
            && self.entered == engine.entered
            && self.line_delta == frame.line_delta
            && self.guard == frame.guard
            && self.name == frame.name
            && self.conds == frame.conds
            && self.pushed == engine.pushed
            // Files are only ever added.
            && self.once.len() == engine.once.len()
    }

    /// Whether the text behind sees the same here and there.
    fn same(&self, old: &State, shift: &Shift) -> bool {
        self.macros.hash() == shift.hash(&old.macros)
            && self.counter == old.counter
            && self.entered == old.entered
            && self.line_delta == old.line_delta
            && self.guard == old.guard
            && self.name == old.name
            && self.conds.len() == old.conds.len()
            && self.conds.iter().zip(&old.conds).all(|(a, b)| {
                let start = shift.offset(b.start);
                a.taken == b.taken && a.seen_else == b.seen_else && a.start == start
            })
            && self.pushed == old.pushed
            && self.once == old.once
    }
}

pub(crate) fn tail<T: Clone>(all: &[T], from: usize) -> impl Iterator<Item = &T> {
    all.get(from..).unwrap_or(&[]).iter()
}

fn head<T: Clone>(all: &[T], to: usize) -> Vec<T> {
    all.get(..to).unwrap_or(all).to_vec()
}

/// Length of what two texts begin with alike.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    const BLOCK: usize = 128;
    let blocks = a.chunks_exact(BLOCK).zip(b.chunks_exact(BLOCK)).take_while(|(a, b)| a == b);
    let start = blocks.count() * BLOCK;
    let rest = tail(a, start).zip(tail(b, start)).take_while(|(a, b)| a == b);
    start + rest.count()
}

/// Length of what two texts end with alike.
fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    const BLOCK: usize = 128;
    let blocks = a.rchunks_exact(BLOCK).zip(b.rchunks_exact(BLOCK)).take_while(|(a, b)| a == b);
    let end = blocks.count() * BLOCK;
    let rest = |text: &[u8]| text.len().saturating_sub(end);
    let (a, b) = (a.get(..rest(a)).unwrap_or(&[]), b.get(..rest(b)).unwrap_or(&[]));
    end + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

impl Before {
    fn new(run: Arc<MainRun>, text: &str) -> Before {
        let (old, new) = (run.text.as_bytes(), text.as_bytes());
        let start = common_prefix(old, new);
        let rest = |text: &'_ [u8]| text.len() - start;
        let most = rest(old).min(rest(new));
        let same = common_suffix(old, new).min(most);
        let (old_end, new_end) = (old.len() - same, new.len() - same);
        let lines = |text: &[u8], end: usize| {
            memchr::memchr_iter(b'\n', text.get(start..end).unwrap_or(&[])).count()
        };
        let same_lines = lines(old, old_end) == lines(new, new_end);
        Before { run, start, old_end, new_end, same_lines }
    }
}

impl Engine<'_> {
    /// Looks for the last run over the main file, and begins where the texts differ; whether the
    /// state was set so. Else the run must begin at the start or behind the preamble, and may still
    /// take over the rest.
    pub(crate) fn resume_region(&mut self, text: &Text, flags: u64) -> bool {
        let Some(run) = lock(&self.session.runs).get(&self.main).cloned() else { return false };
        if run.flags != flags || !self.unchanged(&run.inputs) {
            return false;
        }
        let before = Before::new(run.clone(), text);
        let edit = before.start;
        let count = run.checkpoints.partition_point(|c| c.pos <= edit);
        self.regions.before = Some(before);
        let Some(at) = count.checked_sub(1).and_then(|i| run.checkpoints.get(i)) else {
            return false;
        };
        let state = &*at.state;
        self.macros = state.macros.clone();
        self.pushed.clone_from(&state.pushed);
        self.once.clone_from(&state.once);
        self.counter = state.counter;
        self.entered = state.entered;
        self.complete = at.complete;
        self.chunks = head(&run.chunks, at.chunks);
        self.includes = head(&run.includes, at.includes);
        self.diagnostics = head(&run.diagnostics, at.diagnostics);
        self.lookups = head(&run.inputs.lookups, at.lookups);
        self.loaded = head(&run.inputs.loaded, at.loaded);
        self.token_count = at.token_count;
        self.expanded = at.expanded;
        self.own_code = true;
        self.regions.definitions = head(&run.definitions, at.definitions);
        self.regions.line_uses = at.line_uses;
        self.regions.checkpoints = head(&run.checkpoints, count);
        self.texts.clone_from(&run.texts);
        let later = tail(&run.inputs.loaded, at.loaded).map(|(file, _)| *file);
        let later: FxHashSet<FileId> = later.collect();
        if !later.is_empty() {
            let before: FxHashSet<FileId> = self.loaded.iter().map(|(file, _)| *file).collect();
            self.texts.retain(|file, _| before.contains(file) || !later.contains(file));
        }
        let pos = self.resume_mark(&run, count - 1, edit);
        let uses = run.macro_uses.partition_point(|u| (u.range.start as usize) < pos);
        self.macro_uses = head(&run.macro_uses, uses);
        let inactive = run.inactive.partition_point(|r| (r.start as usize) < pos);
        self.inactive = head(&run.inactive, inactive);
        self.session.counters.regions_reused.fetch_add(count as u64, Ordering::Relaxed);
        true
    }

    /// Sets the main file's frame as it was where [`Engine::resume_region`] begins.
    pub(crate) fn resume_region_frame(&mut self) {
        let Some(at) = self.regions.checkpoints.last() else { return };
        let Some(frame) = self.files.last_mut() else { return };
        frame.pos = self.regions.marks.begin.unwrap_or(at.pos);
        frame.line_delta = at.state.line_delta;
        frame.conds.clone_from(&at.state.conds);
        frame.guard = at.state.guard;
        frame.name = Arc::clone(&at.state.name);
    }

    /// The main file is read up to the end of a region: keeps the state, or takes over the rest.
    pub(crate) fn end_of_region(&mut self) {
        self.flush();
        let marks = self.end_marks();
        self.session.counters.regions_read.fetch_add(1, Ordering::Relaxed);
        let Some(frame) = self.files.last() else { return };
        let kept = self.regions.checkpoints.last().map(|c| &c.state);
        let state = match kept.filter(|kept| kept.still(self, frame)) {
            Some(kept) => kept.clone(),
            None => Arc::new(State {
                macros: self.macros.clone(),
                pushed: self.pushed.clone(),
                once: self.once.clone(),
                counter: self.counter,
                entered: self.entered,
                line_delta: frame.line_delta,
                conds: frame.conds.clone(),
                guard: frame.guard,
                name: Arc::clone(&frame.name),
            }),
        };
        self.regions.checkpoints.push(Checkpoint {
            pos: frame.pos,
            state,
            complete: self.complete,
            chunks: self.chunks.len(),
            includes: self.includes.len(),
            diagnostics: self.diagnostics.len(),
            lookups: self.lookups.len(),
            loaded: self.loaded.len(),
            definitions: self.regions.definitions.len(),
            token_count: self.token_count,
            expanded: self.expanded,
            line_uses: self.regions.line_uses,
            marks,
        });
        self.begin_region();
        if self.take_over_rest().is_some() {
            self.files.clear();
        }
    }

    /// Takes over everything behind the last checkpoint when it would come out the same.
    fn take_over_rest(&mut self) -> Option<()> {
        let before = self.regions.before.as_ref()?;
        let (run, here) = (before.run.clone(), self.regions.checkpoints.last()?.clone());
        if here.pos < before.new_end || self.fatal || self.bomb {
            return None;
        }
        let old = here.pos - before.new_end + before.old_end;
        let index = run.checkpoints.binary_search_by_key(&old, |c| c.pos).ok()?;
        let at = run.checkpoints.get(index)?;
        let by = before.new_end as i64 - before.old_end as i64;
        let mut shift = Shift {
            edit: Move { file: self.main, from: before.old_end as u32, by },
            definitions: FxHashMap::default(),
        };
        let lines = before.same_lines || at.line_uses == run.line_uses;
        let expanded = here.expanded + (run.expanded - at.expanded);
        let token_count = here.token_count + (run.token_count - at.token_count);
        let diagnostics = here.diagnostics + (run.diagnostics.len() - at.diagnostics);
        // What was missing before stays so; else the rest must say itself what it misses.
        let complete = !here.complete || at.complete;
        if !lines
            || !complete
            || expanded > MAX_EXPANDED
            || token_count > MAX_TOKENS
            || diagnostics >= MAX_DIAGNOSTICS
        {
            return None;
        }
        if by != 0 {
            let behind =
                |def: &&Arc<MacroDef>| def.place.is_some_and(|p| p.start >= shift.edit.from);
            let behind: Vec<_> = run.definitions.iter().filter(behind).collect();
            for def in behind {
                if let Some(place) = def.place {
                    let moved = Arc::new(shift.moved(def));
                    shift.definitions.insert(place.start, moved);
                }
            }
            // Headers keep what they made of such macros, with the places.
            let header = |chunk: &Arc<Chunk>| !chunk.is_main;
            let pushed = |c: &Checkpoint| !c.state.pushed.is_empty();
            if !shift.definitions.is_empty()
                && (tail(&run.chunks, at.chunks).any(header)
                    || tail(&run.checkpoints, index).any(pushed))
            {
                return None;
            }
        }
        if !here.state.same(&at.state, &shift) {
            return None;
        }
        let moved = |now: usize, then: usize, was: usize| now + then - was;
        let later = tail(&run.checkpoints, index + 1).map(|c| Checkpoint {
            pos: (c.pos as i64 + by) as usize,
            state: shift.state(&c.state),
            complete: here.complete && c.complete,
            chunks: moved(here.chunks, c.chunks, at.chunks),
            includes: moved(here.includes, c.includes, at.includes),
            diagnostics: moved(here.diagnostics, c.diagnostics, at.diagnostics),
            lookups: moved(here.lookups, c.lookups, at.lookups),
            loaded: moved(here.loaded, c.loaded, at.loaded),
            definitions: moved(here.definitions, c.definitions, at.definitions),
            token_count: moved(here.token_count, c.token_count, at.token_count),
            expanded: here.expanded + (c.expanded - at.expanded),
            line_uses: here.line_uses + (c.line_uses - at.line_uses),
            marks: c.marks.clone(),
        });
        let reused = run.checkpoints.len() - index;
        self.session.counters.regions_reused.fetch_add(reused as u64, Ordering::Relaxed);
        self.regions.checkpoints.extend(later);
        self.chunks.extend(tail(&run.chunks, at.chunks).map(|c| shift.chunk(c)));
        self.includes.extend(tail(&run.includes, at.includes).map(|include| IncludeDirective {
            range: shift.range(include.range),
            ..include.clone()
        }));
        self.diagnostics.extend(
            tail(&run.diagnostics, at.diagnostics)
                .map(|d| PpDiagnostic { range: shift.range(d.range), ..d.clone() }),
        );
        let uses = run.macro_uses.partition_point(|u| (u.range.start as usize) < at.pos);
        self.macro_uses.extend(tail(&run.macro_uses, uses).map(|u| MacroUse {
            range: shift.range(u.range),
            definition: shift.definition(&u.definition),
        }));
        let inactive = run.inactive.partition_point(|r| (r.start as usize) < at.pos);
        self.inactive.extend(tail(&run.inactive, inactive).map(|r| shift.range(*r)));
        self.lookups.extend_from_slice(run.inputs.lookups.get(at.lookups..)?);
        for &(file, version) in tail(&run.inputs.loaded, at.loaded) {
            self.loaded.push((file, version));
            if file != self.main
                && let Some(text) = run.texts.get(&file)
            {
                self.texts.insert(file, text.clone());
            }
        }
        let definitions = tail(&run.definitions, at.definitions).map(|d| shift.definition(d));
        self.regions.definitions.extend(definitions);
        self.macros = shift.table(&run.macros);
        self.complete &= run.complete;
        self.token_count = token_count;
        self.expanded = expanded;
        self.regions.line_uses += run.line_uses - at.line_uses;
        Some(())
    }

    /// Keeps a run that ended well, for the next one.
    pub(crate) fn keep_run(&mut self, flags: u64, inputs: &Arc<Inputs>) {
        if self.regions.checkpoints.is_empty()
            || self.regions.recursive
            || self.volatile
            || self.bomb
            || self.fatal
            || self.diagnostics.len() >= MAX_DIAGNOSTICS
        {
            return;
        }
        let run = MainRun {
            text: self.main_text.text.clone(),
            flags,
            inputs: inputs.clone(),
            checkpoints: std::mem::take(&mut self.regions.checkpoints),
            chunks: self.chunks.clone(),
            includes: self.includes.clone(),
            macro_uses: self.macro_uses.clone(),
            inactive: self.inactive.clone(),
            diagnostics: self.diagnostics.clone(),
            definitions: std::mem::take(&mut self.regions.definitions),
            macros: self.macros.clone(),
            texts: self.texts.clone(),
            complete: self.complete,
            token_count: self.token_count,
            expanded: self.expanded,
            line_uses: self.regions.line_uses,
        };
        keep(&mut lock(&self.session.runs), self.main, run);
    }
}

/// Keeps what was made of a main file, in place of that of another one when there are many.
pub(crate) fn keep<T>(all: &mut FxHashMap<FileId, Arc<T>>, main: FileId, new: T) {
    if all.len() >= MAX_RUNS
        && !all.contains_key(&main)
        && let Some(&some) = all.keys().next()
    {
        all.remove(&some);
    }
    all.insert(main, Arc::new(new));
}

#[cfg(test)]
mod tests;
