//! Marks inside a region: an edit reads some statements anew, not the whole function.
//!
//! Behind some `;` of a region the preprocessor is in the state that the region began in. There a
//! [`Mark`] keeps how far the region had come. After an edit inside the region the run begins at the
//! last mark before the edit, with the tokens of the old chunk up to there, and where it meets an old mark
//! behind the edit it takes over the old chunk's other tokens.

use std::sync::{Arc, atomic::Ordering};

use crate::{
    source::{Loc, Trail},
    token::Token,
};

use super::{
    chunk::{Chunk, ItemScan, Move},
    engine::{Engine, MAX_EXPANDED, MAX_TOKENS},
    region::{Checkpoint, MainRun, Shift},
    state::{Lengths, Work, tail},
};

/// So many tokens lie between two marks, at least.
const DISTANCE: usize = if cfg!(test) { 1 } else { 48 };

/// A place in a region where the state is that of its begin. All numbers count from there.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// Bytes.
    pos: usize,
    /// Tokens and trails of the chunk.
    tokens: usize,
    trails: usize,
    work: Work,
    scan: ItemScan,
}

/// The marks of the region that is being read.
#[derive(Default)]
pub(crate) struct Marks {
    all: Vec<Mark>,
    /// Number of tokens from which on the next mark may be set.
    pub(crate) due: usize,
    /// The byte that the run begins at, where that is a mark.
    pub(crate) begin: Option<usize>,
}

/// Where in the new chunk the parts of the old one go.
struct Rebase {
    from: Loc,
    to: Loc,
    edit: Move,
}

impl Rebase {
    fn loc(&self, loc: Loc) -> Option<Loc> {
        if loc.file != self.from.file {
            return Some(self.edit.loc(loc));
        }
        let offset = loc.offset.checked_sub(self.from.offset)?.checked_add(self.to.offset)?;
        Some(Loc { file: self.to.file, offset })
    }

    fn token(&self, token: &Token) -> Option<Token> {
        Some(Token { loc: self.loc(token.loc)?, ..*token })
    }

    fn trail(&self, trail: Trail) -> Option<Trail> {
        let (spelling, expansion) = (self.loc(trail.spelling)?, self.loc(trail.expansion)?);
        Some(Trail { spelling, expansion, ..trail })
    }
}

/// The chunk of the region between two checkpoints, where that is all that it made.
fn only_chunk<'r>(run: &'r MainRun, at: &Checkpoint, end: &Checkpoint) -> Option<&'r Arc<Chunk>> {
    let one = Lengths {
        chunks: at.lengths.chunks + 1,
        token_count: end.lengths.token_count,
        ..at.lengths
    };
    let plain = Arc::ptr_eq(&at.state, &end.state) && one == end.lengths;
    plain.then(|| run.made.chunks.get(at.lengths.chunks)).flatten()
}

impl Engine<'_> {
    /// Goes on from the last mark before the edit in the region that the run begins in. Returns the byte
    /// there, else that of the region's begin.
    pub(crate) fn resume_mark(&mut self, run: &MainRun, index: usize, edit: usize) -> usize {
        let Some(at) = run.checkpoints.get(index) else { return 0 };
        self.begin_region();
        self.resume_at_mark(run, index, at, edit).unwrap_or(at.pos)
    }

    fn resume_at_mark(
        &mut self,
        run: &MainRun,
        index: usize,
        at: &Checkpoint,
        edit: usize,
    ) -> Option<usize> {
        let end = run.checkpoints.get(index + 1)?;
        let before = end.marks.partition_point(|mark| at.pos + mark.pos <= edit);
        let mark = end.marks.get(before.checked_sub(1)?)?;
        let chunk = only_chunk(run, at, end)?;
        let edit = Move { file: self.main, from: u32::MAX, by: 0 };
        self.append(chunk, 0..mark.tokens, 0..mark.trails, edit)?;
        self.open.scan = mark.scan.at(mark.tokens);
        self.open.has_main = true;
        self.made.work = self.made.work + mark.work;
        let marks = &mut self.regions.marks;
        marks.all = end.marks.get(..before)?.to_vec();
        marks.due = mark.tokens + DISTANCE;
        marks.begin = Some(at.pos + mark.pos);
        self.session.counters.marks_used.fetch_add(1, Ordering::Relaxed);
        Some(at.pos + mark.pos)
    }

    /// Appends tokens of an old chunk with their trails; nothing when one leads elsewhere.
    fn append(
        &mut self,
        chunk: &Chunk,
        tokens: std::ops::Range<usize>,
        trails: std::ops::Range<usize>,
        edit: Move,
    ) -> Option<()> {
        let rebase = Rebase {
            from: Loc { file: Loc::TRAIL | chunk.id, offset: trails.start as u32 },
            to: Loc { file: Loc::TRAIL | self.open.id, offset: self.open.trails.len() as u32 },
            edit,
        };
        let (old_tokens, old_trails) = (self.open.out.len(), self.open.trails.len());
        let moved = || -> Option<()> {
            for token in chunk.slice(tokens) {
                self.open.out.push(rebase.token(token)?);
            }
            for at in trails {
                self.open.trails.push(rebase.trail(chunk.trail_at(at)?)?);
            }
            Some(())
        };
        let done = moved();
        if done.is_none() {
            self.open.out.truncate(old_tokens);
            self.open.trails.truncate(old_trails);
        }
        done
    }

    /// A region begins: nothing of it has been read.
    pub(crate) fn begin_region(&mut self) {
        self.regions.marks = Marks { due: DISTANCE, ..Marks::default() };
    }

    /// The marks of the region that ends.
    pub(crate) fn end_marks(&mut self) -> Arc<[Mark]> {
        std::mem::take(&mut self.regions.marks.all).into()
    }

    /// The main file is read up to a `;`: sets a mark where the state is that of the region's begin, and
    /// takes over the rest of the region where it is the old one's.
    pub(crate) fn mark(&mut self) {
        self.regions.marks.due = self.open.out.len() + DISTANCE;
        let boundary = self.streams.is_empty();
        self.open.scan.at_boundary(&self.open.out);
        let Some(frame) = self.files.last() else { return };
        let Some(at) = self.regions.checkpoints.last() else { return };
        let same = boundary
            && at.state.is(&self.seen, &frame.place, self.macros.hash())
            && at.lengths == Lengths::of(&self.made, &self.read);
        if !same || frame.pos <= at.pos {
            return;
        }
        let mark = Mark {
            pos: frame.pos - at.pos,
            tokens: self.open.out.len(),
            trails: self.open.trails.len(),
            work: self.made.work - at.work,
            scan: self.open.scan.at(0),
        };
        self.regions.marks.all.push(mark);
        if self.take_over_region().is_some() {
            self.end_of_region();
        }
    }

    /// Takes over what stands in the region behind the mark that was just set, when the edit lies before
    /// it and the old region had a mark there.
    fn take_over_region(&mut self) -> Option<()> {
        let before = self.regions.before.as_ref()?;
        let here = self.regions.marks.all.last()?.clone();
        let start = self.regions.checkpoints.last()?;
        if start.pos > before.start || start.pos + here.pos < before.new_end {
            return None;
        }
        let run = before.run.clone();
        let index = run.checkpoints.binary_search_by_key(&start.pos, |c| c.pos).ok()?;
        let (at, end) = (run.checkpoints.get(index)?, run.checkpoints.get(index + 1)?);
        let pos = here.pos.checked_add(before.old_end)?.checked_sub(before.new_end)?;
        let found = end.marks.binary_search_by_key(&pos, |mark| mark.pos).ok()?;
        let mark = end.marks.get(found)?;
        let chunk = only_chunk(&run, at, end)?;
        let work = end.work - at.work - mark.work;
        let rest = chunk.len().checked_sub(mark.tokens)?;
        if !Arc::ptr_eq(&start.state, &at.state)
            || start.lengths.complete != at.lengths.complete
            || mark.scan != here.scan
            || !(before.same_lines || work.line_uses == 0)
            || self.made.work.expanded + work.expanded > MAX_EXPANDED
            || self.made.token_count + self.open.out.len() + rest > MAX_TOKENS
            || self.fatal
        {
            return None;
        }
        let by = before.new_end as i64 - before.old_end as i64;
        let edit = Move { file: self.main, from: before.old_end as u32, by };
        let (from, to) = (at.pos + mark.pos, end.pos);
        let trails = mark.trails..chunk.trail_count();
        self.append(chunk, mark.tokens..chunk.len(), trails, edit)?;
        self.made.take_places(&run.made, from..to, &Shift::new(edit));
        let later = tail(&end.marks, found + 1).iter().map(|m| Mark {
            pos: m.pos - mark.pos + here.pos,
            tokens: m.tokens - mark.tokens + here.tokens,
            trails: m.trails - mark.trails + here.trails,
            work: m.work - mark.work + here.work,
            scan: m.scan.clone(),
        });
        self.regions.marks.all.extend(later);
        self.made.work = self.made.work + work;
        let frame = self.files.last_mut()?;
        frame.pos = (end.pos as i64 + by) as usize;
        self.session.counters.marks_used.fetch_add(1, Ordering::Relaxed);
        Some(())
    }
}
