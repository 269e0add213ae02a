//! What the items of a unit take over from those of the unit before an edit.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{
    Items,
    chunk::{ItemChunk, Slot, same_text},
};
use crate::{pp::Chunk, session::lock};

/// Finds the chunks of a list in an earlier one: after an edit both begin and end alike.
pub(super) struct SameChunks {
    /// So many at the start are the same.
    start: usize,
    /// From this chunk of the new list on they are the same as those so many places further on.
    end: usize,
    by: isize,
    /// The others of the earlier list by number.
    between: FxHashMap<u32, usize>,
}

impl SameChunks {
    pub(super) fn new(old: &[ItemChunk], new: &[Arc<Chunk>]) -> SameChunks {
        let same = |(old, new): &(&ItemChunk, &Arc<Chunk>)| old.chunk.id == new.id;
        let start = old.iter().zip(new).take_while(same).count();
        let most = old.len().min(new.len()) - start;
        let end = old.iter().rev().zip(new.iter().rev()).take(most).take_while(same).count();
        let between = old.get(start..old.len() - end).unwrap_or(&[]).iter().zip(start..);
        SameChunks {
            start,
            end: new.len() - end,
            by: old.len() as isize - new.len() as isize,
            between: between.map(|(chunk, at)| (chunk.chunk.id, at)).collect(),
        }
    }

    /// The place in the earlier list of the chunk that is at `at` in the new one.
    pub(super) fn of(&self, at: usize, chunk: &Chunk) -> Option<usize> {
        if at < self.start {
            return Some(at);
        }
        if at >= self.end {
            return at.checked_add_signed(self.by);
        }
        self.between.get(&chunk.id).copied()
    }
}

/// Gives the items of fresh chunks the parses of equal items that were dropped.
pub(super) fn take_over<'a>(
    previous: &Items,
    taken: &[bool],
    fresh: impl Iterator<Item = &'a ItemChunk>,
) {
    let mut pool: FxHashMap<u64, Vec<(&ItemChunk, &Slot)>> = FxHashMap::default();
    for (chunk, _) in previous.chunks.iter().zip(taken).filter(|(_, taken)| !**taken) {
        for slot in chunk.used_slots().filter(|slot| !lock(&slot.parsed).is_empty()) {
            pool.entry(chunk.hash_of(slot)).or_default().push((chunk, slot));
        }
    }
    if pool.is_empty() {
        return;
    }
    for chunk in fresh {
        for slot in chunk.used_slots().filter(|slot| lock(&slot.parsed).is_empty()) {
            let Some(candidates) = pool.get_mut(&chunk.hash_of(slot)) else { continue };
            let tokens = chunk.tokens_of(slot);
            let fits = |(old, old_slot): &(&ItemChunk, &Slot)| {
                old_slot.pragma == slot.pragma && same_text(old.tokens_of(old_slot), tokens)
            };
            let Some(at) = candidates.iter().position(fits) else { continue };
            // Equal items must not share one parse: each has places of its own.
            let (_, old_slot) = candidates.remove(at);
            let kept = lock(&old_slot.parsed).clone();
            *lock(&slot.parsed) = kept;
        }
    }
}
