//! Regions of the main file: what an edit leaves as it was.
//!
//! The own text of the main file is cut behind its leading includes and behind bodies of functions. At each cut a [`Checkpoint`] keeps
//! all that the text before it leaves behind. After an edit the run begins at the last checkpoint
//! before the first changed byte, and ends at the first one behind the last changed byte where the
//! state is what it was: the rest is taken over, with its places moved. Where to cut depends on the
//! text since the last cut alone, so that the pieces are those of a run from scratch.

use std::sync::{Arc, atomic::Ordering};

use rustc_hash::FxHashMap;

use crate::{
    lexer,
    session::{Inputs, Versioned, lock},
    source::{FileId, FileRange, Text},
    symbol::{Symbol, known as k},
    token::Token,
};

use super::{
    body::Body,
    chunk::{Chunk, Move},
    engine::{Engine, MAX_DIAGNOSTICS, MAX_EXPANDED, MAX_TOKENS},
    macros::{self, MacroDef, MacroTable},
    marks::{Mark, Marks},
    state::{Change, Lengths, Made, State, Work, tail},
};

/// Main files whose last run is kept.
const MAX_RUNS: usize = 64;

/// A place between two items of the main file. The first one is the preamble's end: it lies behind the leading
/// includes.
#[derive(Clone)]
pub(crate) struct Checkpoint {
    /// Byte in the main file.
    pub(crate) pos: usize,
    /// The byte behind the text that decides that the place is there.
    rests_on: usize,
    /// Whether code of the main file's own stands before it.
    own_code: bool,
    pub(crate) state: Arc<State>,
    pub(crate) lengths: Lengths,
    pub(crate) work: Work,
    /// Places inside the region that ends here.
    pub(crate) marks: Arc<[Mark]>,
}

/// A finished run over a main file.
pub(crate) struct MainRun {
    text: Text,
    flags: u64,
    inputs: Arc<Inputs>,
    /// The macros that [`Made::changes`] change.
    base: MacroTable,
    pub(crate) checkpoints: Vec<Checkpoint>,
    pub(crate) made: Made,
    /// Whether the run went well to the end; else only its checkpoints can be used.
    whole: bool,
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
    /// The macros that [`Made::changes`] change.
    pub(crate) base: MacroTable,
    pub(crate) checkpoints: Vec<Checkpoint>,
    pub(crate) marks: Marks,
    /// The main file includes itself: its regions are more than one thing.
    pub(crate) recursive: bool,
}

/// Moves places of a file behind an edit.
pub(crate) struct Shift {
    pub(crate) edit: Move,
    /// Macros that the main file defines behind the edit, by the old place of the name.
    definitions: FxHashMap<u32, Arc<MacroDef>>,
}

impl Shift {
    /// One that moves no definition.
    pub(crate) fn new(edit: Move) -> Shift {
        Shift { edit, definitions: FxHashMap::default() }
    }

    pub(crate) fn offset(&self, offset: u32) -> u32 {
        self.edit.offset(offset)
    }

    pub(crate) fn range(&self, range: FileRange) -> FileRange {
        if range.file != self.edit.file {
            return range;
        }
        let (start, end) = (self.offset(range.start), self.offset(range.end));
        FileRange { file: range.file, start, end }
    }

    pub(crate) fn definition(&self, def: &Arc<MacroDef>) -> Arc<MacroDef> {
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

    pub(crate) fn change(&self, change: &Change) -> Change {
        let moved = |def: &Option<Arc<MacroDef>>| def.as_ref().map(|def| self.definition(def));
        Change { name: change.name, old: moved(&change.old), new: moved(&change.new) }
    }

    /// The hash of the macros in force at a checkpoint, moved definitions in place of the old ones.
    fn macros(&self, run: &MainRun, at: &Checkpoint) -> u64 {
        let mut last: FxHashMap<Symbol, &Arc<MacroDef>> = FxHashMap::default();
        if !self.definitions.is_empty() {
            for change in run.made.changes.get(..at.lengths.changes).unwrap_or(&[]) {
                match &change.new {
                    Some(new) => last.insert(change.name, new),
                    None => last.remove(&change.name),
                };
            }
        }
        last.values().fold(at.state.macros, |hash, def| {
            macros::exchanged(hash, Some(def), Some(&self.definition(def)))
        })
    }

    pub(crate) fn chunk(&self, chunk: &Arc<Chunk>) -> Arc<Chunk> {
        match chunk.is_main && self.edit.by != 0 {
            true => chunk.moved(self.edit),
            false => chunk.clone(),
        }
    }
}

/// Length of what two texts begin with alike.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    const BLOCK: usize = 128;
    let blocks = a.chunks_exact(BLOCK).zip(b.chunks_exact(BLOCK)).take_while(|(a, b)| a == b);
    let start = blocks.count() * BLOCK;
    let rest = tail(a, start).iter().zip(tail(b, start)).take_while(|(a, b)| a == b);
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
    /// Looks for the last run over the main file, and goes on from its last checkpoint before the texts differ; whether
    /// there is one. Else the run must begin at the start, and may still take over the rest.
    pub(crate) fn resume(&mut self, text: &Versioned, flags: u64) -> bool {
        let Some(run) = lock(&self.session.runs).get(&self.main).cloned() else { return false };
        if run.flags != flags {
            return false;
        }
        let inputs = &run.inputs;
        let unchanged = self.unchanged(inputs);
        let before = Before::new(run.clone(), &text.text);
        let edit = before.start;
        let mut count = run.checkpoints.partition_point(|c| c.rests_on <= edit);
        if !unchanged {
            let (lookups, loaded) = self.unchanged_part(&inputs.read);
            let right = |c: &Checkpoint| c.lengths.lookups <= lookups && c.lengths.loaded <= loaded;
            count = count.min(run.checkpoints.partition_point(right));
        }
        if unchanged && run.whole {
            self.regions.before = Some(before);
        }
        let Some(at) = count.checked_sub(1).and_then(|i| run.checkpoints.get(i)) else {
            return false;
        };
        self.session.counters.preamble_hits.fetch_add(1, Ordering::Relaxed);
        self.session.counters.regions_reused.fetch_add(count as u64, Ordering::Relaxed);
        self.seen = at.state.seen.clone();
        (self.made, self.read) = run.made.up_to(&inputs.read, &at.lengths, at.work, at.pos);
        self.regions.base = run.base.clone();
        self.macros = run.base.clone();
        for change in &self.made.changes {
            self.macros.set(change.name, change.new.clone());
        }
        self.own_code = at.own_code;
        self.regions.checkpoints = run.checkpoints.get(..count).unwrap_or(&[]).to_vec();
        let pos = self.resume_mark(&run, count - 1, edit);
        let nothing = Shift::new(Move { file: self.main, from: u32::MAX, by: 0 });
        self.made.take_places(&run.made, at.pos..pos, &nothing);
        self.push_file(self.main, text.clone(), u32::MAX, at.state.place.name.clone());
        // What was read has it already.
        self.read.loaded.pop();
        if let Some(frame) = self.files.last_mut() {
            frame.pos = pos;
            frame.place = at.state.place.clone();
        }
        true
    }

    /// The main file is read up to the first line that is no include: keeps the state, from which an edit behind it
    /// goes on.
    pub(crate) fn end_of_includes(&mut self) {
        let Some(frame) = self.files.last() else { return };
        let raw = lexer::lex(&frame.text, frame.pos);
        if raw.punct == k::HASH && raw.flags & Token::LINE_START != 0 {
            let name = lexer::lex(&frame.text, raw.end);
            if matches!(&*name.text(&frame.text), "include" | "include_next") {
                return;
            }
        }
        self.snapshot_due = false;
        if self.fatal || self.volatile || self.regions.recursive || !self.open.out.is_empty() {
            return;
        }
        let pos = lexer::line_end(&frame.text, frame.pos);
        let newline = match frame.text.as_bytes().get(pos..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([b'\n' | b'\r', ..]) => 1,
            _ => return,
        };
        self.macros.freeze();
        self.regions.base = self.macros.clone();
        self.made.changes.clear();
        self.regions.checkpoints.clear();
        self.checkpoint(pos, pos + newline);
    }

    /// The main file is read up to the end of a region: keeps the state, or takes over the rest.
    pub(crate) fn end_of_region(&mut self) {
        self.flush();
        self.session.counters.regions_read.fetch_add(1, Ordering::Relaxed);
        let Some(pos) = self.files.last().map(|frame| frame.pos) else { return };
        self.checkpoint(pos, pos);
    }

    /// Keeps the state at a place between two chunks; the run ends here where the rest can be taken over.
    fn checkpoint(&mut self, pos: usize, rests_on: usize) {
        let marks = self.end_marks();
        let Some(frame) = self.files.last() else { return };
        let macros = self.macros.hash();
        let kept = self.regions.checkpoints.last().map(|c| &c.state);
        let state = match kept.filter(|kept| kept.is(&self.seen, &frame.place, macros)) {
            Some(kept) => kept.clone(),
            None => {
                let (seen, place) = (self.seen.clone(), frame.place.clone());
                Arc::new(State { seen, place, macros })
            }
        };
        self.regions.checkpoints.push(Checkpoint {
            pos,
            rests_on,
            own_code: self.own_code,
            state,
            lengths: Lengths::of(&self.made, &self.read),
            work: self.made.work,
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
        if here.pos < before.new_end || self.fatal {
            return None;
        }
        let old = here.pos - before.new_end + before.old_end;
        let index = run.checkpoints.binary_search_by_key(&old, |c| c.pos).ok()?;
        let at = run.checkpoints.get(index)?;
        let by = before.new_end as i64 - before.old_end as i64;
        let lines = before.same_lines || at.work.line_uses == run.made.work.line_uses;
        let expanded = here.work.expanded + (run.made.work.expanded - at.work.expanded);
        let all = Lengths::of(&run.made, &run.inputs.read).moved(&here.lengths, &at.lengths);
        // What was missing before stays so; else the rest must say itself what it misses.
        let complete = !here.lengths.complete || at.lengths.complete;
        if !lines
            || !complete
            || here.own_code != at.own_code
            || expanded > MAX_EXPANDED
            || all.token_count > MAX_TOKENS
            || all.diagnostics >= MAX_DIAGNOSTICS
        {
            return None;
        }
        let shift =
            self.shift(&run, index, Move { file: self.main, from: before.old_end as u32, by })?;
        if *here.state != at.state.moved(&shift, shift.macros(&run, at)) {
            return None;
        }
        let reused = run.checkpoints.len() - index;
        self.session.counters.regions_reused.fetch_add(reused as u64, Ordering::Relaxed);
        self.take_over_checkpoints(&run, index, &here, &shift);
        let from = (&run.made, &run.inputs.read);
        self.made.take_rest(from, (&at.lengths, at.work, at.pos), self.main, &shift);
        self.read.take_rest(&run.inputs.read, &at.lengths);
        for change in tail(&self.made.changes, here.lengths.changes) {
            self.macros.set(change.name, change.new.clone());
        }
        Some(())
    }

    /// Moves what lies behind a checkpoint of the last run; nothing when it cannot be moved.
    fn shift(&self, run: &MainRun, index: usize, edit: Move) -> Option<Shift> {
        let mut shift = Shift::new(edit);
        if edit.by == 0 {
            return Some(shift);
        }
        for def in run.made.changes.iter().filter_map(|change| change.new.as_ref()) {
            if let Some(place) = def.place
                && place.file == self.main
                && place.start >= edit.from
            {
                let moved = || Arc::new(Shift::new(edit).moved(def));
                shift.definitions.entry(place.start).or_insert_with(moved);
            }
        }
        // Headers keep what they made of such macros, with the places.
        let header = |chunk: &Arc<Chunk>| !chunk.is_main;
        let pushed = |c: &Checkpoint| !c.state.seen.pushed.is_empty();
        let at = run.checkpoints.get(index)?;
        let stays = !shift.definitions.is_empty()
            && (tail(&run.made.chunks, at.lengths.chunks).iter().any(header)
                || tail(&run.checkpoints, index).iter().any(pushed));
        (!stays).then_some(shift)
    }

    /// The checkpoints of the last run behind one of them, which is `here` now.
    fn take_over_checkpoints(
        &mut self,
        run: &MainRun,
        at: usize,
        here: &Checkpoint,
        shift: &Shift,
    ) {
        let Some(was) = run.checkpoints.get(at) else { return };
        let mut macros = here.state.macros;
        let mut done = was.lengths.changes;
        let mut last = (&was.state, here.state.clone());
        for c in tail(&run.checkpoints, at + 1) {
            let changes = run.made.changes.get(done..c.lengths.changes).unwrap_or(&[]);
            done = c.lengths.changes;
            for Change { old, new, .. } in changes.iter().map(|change| shift.change(change)) {
                macros = macros::exchanged(macros, old.as_deref(), new.as_deref());
            }
            if !Arc::ptr_eq(last.0, &c.state) {
                let state = c.state.moved(shift, macros);
                let same = state == *c.state;
                last = (&c.state, if same { c.state.clone() } else { Arc::new(state) });
            }
            let by = |byte: usize| (byte as i64 + shift.edit.by) as usize;
            self.regions.checkpoints.push(Checkpoint {
                pos: by(c.pos),
                rests_on: by(c.rests_on),
                own_code: c.own_code,
                state: last.1.clone(),
                lengths: c.lengths.moved(&here.lengths, &was.lengths),
                work: here.work + (c.work - was.work),
                marks: c.marks.clone(),
            });
        }
    }

    /// Keeps a run for the next one: all of it where it ended well, else its preamble.
    pub(crate) fn keep_run(&mut self, flags: u64, inputs: &Arc<Inputs>) {
        let whole = !self.regions.recursive
            && !self.volatile
            && !self.fatal
            && self.made.diagnostics.len() < MAX_DIAGNOSTICS;
        let mut checkpoints = std::mem::take(&mut self.regions.checkpoints);
        if !whole {
            checkpoints.retain(|c| !c.own_code);
        }
        if checkpoints.is_empty() {
            return;
        }
        let run = MainRun {
            text: self.main_text.text.clone(),
            flags,
            inputs: inputs.clone(),
            base: std::mem::take(&mut self.regions.base),
            checkpoints,
            made: self.made.clone(),
            whole,
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
