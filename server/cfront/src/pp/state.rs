//! What a run carries along, in groups: each is kept as one value and set as one value.
//!
//! [`Seen`] and [`Place`] decide how the text ahead is read; with the macros in force they are the [`State`] at a place.
//! [`Made`] and [`Read`] only grow, so that [`Lengths`] say what there was of them at a place. [`Open`] is empty
//! between two chunks, and [`Recording`] means something within one header only.
//!
//! The functions here name every field of a group, so that a new one cannot be left out.

use std::{ops::Range, sync::Arc};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    session::{Found, LookupKey},
    source::{FileId, FileRange, Text, Trail},
    symbol::Symbol,
    token::Token,
};

use super::{
    IncludeDirective, MacroUse, PpDiagnostic,
    chunk::{Chunk, ItemScan},
    engine::{Cond, Guard},
    macros::{Bits, MacroDef},
    region::Shift,
};

/// What the text ahead can see of all files before it, macros aside.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Seen {
    /// `#pragma push_macro`
    pub(crate) pushed: Arc<FxHashMap<Symbol, Vec<Option<Arc<MacroDef>>>>>,
    /// `#pragma once`
    pub(crate) once: Arc<FxHashSet<FileId>>,
    /// `__COUNTER__`
    pub(crate) counter: u64,
    /// Headers entered.
    pub(crate) entered: u64,
    /// Expansion made too many tokens and has ended.
    pub(crate) bomb: bool,
}

/// Where in the conditionals and lines of a file a run is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    /// `#line`: what to add to a line number.
    pub(crate) line_delta: i64,
    pub(crate) conds: Vec<Cond>,
    pub(crate) guard: Guard,
    /// `__FILE__`
    pub(crate) name: Arc<str>,
}

impl Place {
    /// The first byte of a file of that name.
    pub(crate) fn start(name: Arc<str>) -> Place {
        Place { line_delta: 0, conds: Vec::new(), guard: Guard::Start, name }
    }
}

/// All that the text behind a place of the main file can see of the text before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct State {
    pub(crate) seen: Seen,
    pub(crate) place: Place,
    /// Hash of the macros in force.
    pub(crate) macros: u64,
}

impl State {
    /// Whether a run is in this state.
    pub(crate) fn is(&self, seen: &Seen, place: &Place, macros: u64) -> bool {
        self.macros == macros && self.place == *place && self.seen == *seen
    }

    /// The same state behind an edit, with the hash of the macros there.
    pub(crate) fn moved(&self, shift: &Shift, macros: u64) -> State {
        let State { seen, place, macros: _ } = self;
        let mut place = place.clone();
        for cond in &mut place.conds {
            cond.start = shift.offset(cond.start);
        }
        State { seen: seen.clone(), place, macros }
    }
}

/// A macro that got another value.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) name: Symbol,
    pub(crate) old: Option<Arc<MacroDef>>,
    pub(crate) new: Option<Arc<MacroDef>>,
}

/// What work within a chunk adds up to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Work {
    /// Tokens made by expansion.
    pub(crate) expanded: u64,
    /// Uses of line numbers.
    pub(crate) line_uses: u64,
}

impl std::ops::Add for Work {
    type Output = Work;
    fn add(self, other: Work) -> Work {
        let Work { expanded, line_uses } = self;
        Work { expanded: expanded + other.expanded, line_uses: line_uses + other.line_uses }
    }
}

impl std::ops::Sub for Work {
    type Output = Work;
    fn sub(self, other: Work) -> Work {
        let Work { expanded, line_uses } = self;
        Work { expanded: expanded - other.expanded, line_uses: line_uses - other.line_uses }
    }
}

/// What a run has made so far.
#[derive(Clone, Default)]
pub(crate) struct Made {
    pub(crate) chunks: Vec<Arc<Chunk>>,
    pub(crate) includes: Vec<IncludeDirective>,
    pub(crate) diagnostics: Vec<PpDiagnostic>,
    /// Macros that got another value behind the preamble; without one, behind the predefined ones.
    pub(crate) changes: Vec<Change>,
    /// In the order of their places at the end of a run.
    pub(crate) macro_uses: Vec<MacroUse>,
    /// In the order of their places at the end of a run.
    pub(crate) inactive: Vec<FileRange>,
    /// Of the files that were read.
    pub(crate) texts: FxHashMap<FileId, Text>,
    /// Tokens of the chunks.
    pub(crate) token_count: usize,
    /// Everything was seen.
    pub(crate) complete: bool,
    pub(crate) work: Work,
}

/// What a run has asked of the session so far.
#[derive(Clone, Default, Debug)]
pub(crate) struct Read {
    /// Headers that were looked for.
    pub(crate) lookups: Vec<(LookupKey, Option<Found>)>,
    /// Files that were read, with the numbers of their texts.
    pub(crate) loaded: Vec<(FileId, u32)>,
}

/// How much of [`Made`] and [`Read`] there is at a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lengths {
    pub(crate) chunks: usize,
    pub(crate) includes: usize,
    pub(crate) diagnostics: usize,
    pub(crate) changes: usize,
    pub(crate) lookups: usize,
    pub(crate) loaded: usize,
    pub(crate) token_count: usize,
    pub(crate) complete: bool,
}

/// What has a length `was` at one place and `then` at a later one, where the first is at `now` now.
fn moved(now: usize, then: usize, was: usize) -> usize {
    now + then - was
}

impl Lengths {
    /// Of all that was made and read.
    pub(crate) fn of(made: &Made, read: &Read) -> Lengths {
        let Made { chunks, includes, diagnostics, changes, token_count, complete, .. } = made;
        let Read { lookups, loaded } = read;
        Lengths {
            chunks: chunks.len(),
            includes: includes.len(),
            diagnostics: diagnostics.len(),
            changes: changes.len(),
            lookups: lookups.len(),
            loaded: loaded.len(),
            token_count: *token_count,
            complete: *complete,
        }
    }

    /// These, of a place behind `was`, when that is at `now`.
    pub(crate) fn moved(&self, now: &Lengths, was: &Lengths) -> Lengths {
        let Lengths {
            chunks,
            includes,
            diagnostics,
            changes,
            lookups,
            loaded,
            token_count,
            complete,
        } = *self;
        Lengths {
            chunks: moved(now.chunks, chunks, was.chunks),
            includes: moved(now.includes, includes, was.includes),
            diagnostics: moved(now.diagnostics, diagnostics, was.diagnostics),
            changes: moved(now.changes, changes, was.changes),
            lookups: moved(now.lookups, lookups, was.lookups),
            loaded: moved(now.loaded, loaded, was.loaded),
            token_count: moved(now.token_count, token_count, was.token_count),
            complete: now.complete && complete,
        }
    }
}

pub(crate) fn tail<T>(all: &[T], from: usize) -> &[T] {
    all.get(from..).unwrap_or(&[])
}

fn head<T: Clone>(all: &[T], to: usize) -> Vec<T> {
    all.get(..to).unwrap_or(all).to_vec()
}

/// Those that begin within some bytes, of what is in the order of its places.
fn within<T>(all: &[T], bytes: &Range<usize>, start: impl Fn(&T) -> u32) -> Range<usize> {
    let before = |byte: usize| all.partition_point(|one| (start(one) as usize) < byte);
    before(bytes.start)..before(bytes.end)
}

impl Made {
    /// What there was of it at a place, which lies at a byte of the main file.
    pub(crate) fn up_to(&self, read: &Read, at: &Lengths, work: Work, byte: usize) -> (Made, Read) {
        let Lengths {
            chunks,
            includes,
            diagnostics,
            changes,
            lookups,
            loaded,
            token_count,
            complete,
        } = *at;
        let read_then =
            Read { lookups: head(&read.lookups, lookups), loaded: head(&read.loaded, loaded) };
        let mut texts = self.texts.clone();
        let later = tail(&read.loaded, loaded);
        if !later.is_empty() {
            let then: FxHashSet<FileId> = read_then.loaded.iter().map(|(file, _)| *file).collect();
            later.iter().filter(|(file, _)| !then.contains(file)).for_each(|(file, _)| {
                texts.remove(file);
            });
        }
        let made = Made {
            chunks: head(&self.chunks, chunks),
            includes: head(&self.includes, includes),
            diagnostics: head(&self.diagnostics, diagnostics),
            changes: head(&self.changes, changes),
            macro_uses: head(
                &self.macro_uses,
                within(&self.macro_uses, &(0..byte), |u| u.range.start).end,
            ),
            inactive: head(&self.inactive, within(&self.inactive, &(0..byte), |r| r.start).end),
            texts,
            token_count,
            complete,
            work,
        };
        (made, read_then)
    }

    /// Takes over what lies in the order of its places, from some bytes of the main file.
    pub(crate) fn take_places(&mut self, from: &Made, bytes: Range<usize>, shift: &Shift) {
        let uses = within(&from.macro_uses, &bytes, |used| used.range.start);
        let uses = from.macro_uses.get(uses).unwrap_or(&[]).iter();
        self.macro_uses.extend(uses.map(|used| MacroUse {
            range: shift.range(used.range),
            definition: shift.definition(&used.definition),
        }));
        let inactive = within(&from.inactive, &bytes, |range| range.start);
        let inactive = from.inactive.get(inactive).unwrap_or(&[]).iter();
        self.inactive.extend(inactive.map(|range| shift.range(*range)));
    }

    /// Takes over all of another run behind a place, which lies at a byte of the main file.
    pub(crate) fn take_rest(
        &mut self,
        from: (&Made, &Read),
        at: (&Lengths, Work, usize),
        main: FileId,
        shift: &Shift,
    ) {
        let ((from, read), (at, work_then, byte)) = (from, at);
        let Made {
            chunks,
            includes,
            diagnostics,
            changes,
            macro_uses: _,
            inactive: _,
            texts,
            token_count,
            complete,
            work,
        } = from;
        self.chunks.extend(tail(chunks, at.chunks).iter().map(|chunk| shift.chunk(chunk)));
        self.includes.extend(tail(includes, at.includes).iter().map(|include| IncludeDirective {
            range: shift.range(include.range),
            ..include.clone()
        }));
        self.diagnostics.extend(
            tail(diagnostics, at.diagnostics)
                .iter()
                .map(|d| PpDiagnostic { range: shift.range(d.range), ..d.clone() }),
        );
        self.changes.extend(tail(changes, at.changes).iter().map(|change| shift.change(change)));
        self.take_places(from, byte..usize::MAX, shift);
        for (file, _) in tail(&read.loaded, at.loaded).iter().filter(|(file, _)| *file != main) {
            if let Some(text) = texts.get(file) {
                self.texts.insert(*file, text.clone());
            }
        }
        self.token_count = moved(self.token_count, *token_count, at.token_count);
        self.complete &= complete;
        self.work = self.work + (*work - work_then);
    }
}

impl Read {
    /// Takes over all of another run behind a place.
    pub(crate) fn take_rest(&mut self, from: &Read, at: &Lengths) {
        let Read { lookups, loaded } = from;
        self.lookups.extend_from_slice(tail(lookups, at.lookups));
        self.loaded.extend_from_slice(tail(loaded, at.loaded));
    }
}

/// The chunk that is being made.
pub(crate) struct Open {
    pub(crate) id: u32,
    pub(crate) out: Vec<Token>,
    pub(crate) trails: Vec<Trail>,
    pub(crate) scan: ItemScan,
    /// Whether it has something of the main file's text.
    pub(crate) has_main: bool,
}

impl Open {
    /// An empty one.
    pub(crate) fn new(id: u32) -> Open {
        let (out, trails, scan) = (Vec::new(), Vec::new(), ItemScan::default());
        Open { id, out, trails, scan, has_main: false }
    }
}

/// What is noted for the innermost header that is recorded.
#[derive(Default)]
pub(crate) struct Recording {
    /// Macros asked for since it began.
    pub(crate) consulted: Bits,
    pub(crate) once_consulted: Vec<(FileId, bool)>,
    pub(crate) once_added: Vec<FileId>,
    /// Rises when something happens that a kept header could not repeat.
    pub(crate) taint: u64,
    /// Files that were open at once.
    pub(crate) deepest: usize,
}
