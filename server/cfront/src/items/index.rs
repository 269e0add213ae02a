//! Which chunks of a unit declare a name.

use std::sync::{Arc, OnceLock};

use super::chunk::ItemChunk;
use crate::symbol::Symbol;

/// So many chunks with the most names are asked one by one: headers, whose names need not be sorted anew
/// for each text of the file that includes them.
const ASKED: usize = 32;

/// Chunks with fewer names are never among those.
const MANY_NAMES: usize = 64;

/// The names of many chunks in one list: the main file has a chunk for each function.
#[derive(Debug, Default)]
pub(super) struct NameIndex {
    /// Chunks that are asked each.
    asked: Vec<u32>,
    /// The names of the others and their chunks, sorted.
    names: Vec<(Symbol, u32)>,
}

/// Made when the first name is looked up.
pub(super) type LazyNames = Arc<OnceLock<NameIndex>>;

impl NameIndex {
    pub(super) fn new(chunks: &[ItemChunk]) -> NameIndex {
        let listed = || chunks.iter().zip(0..).filter_map(|(c, at)| Some((c.names()?, at)));
        // Text of headers has an index of its own.
        let mut asked: Vec<u32> = (chunks.iter().zip(0..))
            .filter_map(|(chunk, at)| chunk.names().is_none().then_some(at))
            .collect();
        let mut large: Vec<(usize, u32)> = listed()
            .map(|(names, at)| (names.len(), at))
            .filter(|&(count, _)| count >= MANY_NAMES)
            .collect();
        large.sort_unstable_by(|a, b| b.cmp(a));
        large.truncate(ASKED);
        asked.extend(large.iter().map(|&(_, at)| at));
        asked.sort_unstable();
        let others = listed().filter(|(_, at)| asked.binary_search(at).is_err());
        let mut names: Vec<(Symbol, u32)> = others
            .flat_map(|(names, at)| names.iter().map(move |&(name, ..)| (name, at)))
            .collect();
        names.sort_unstable();
        names.dedup();
        NameIndex { asked, names }
    }

    /// The chunks that may declare the name, in order: those that do, and those that must be asked.
    pub(super) fn chunks(&self, name: Symbol) -> Vec<u32> {
        let start = self.names.partition_point(|&(n, _)| n < name);
        let of_name = self.names.get(start..).unwrap_or(&[]).iter();
        let found = of_name.take_while(|&&(n, _)| n == name).map(|&(_, chunk)| chunk);
        let mut chunks: Vec<u32> = self.asked.iter().copied().chain(found).collect();
        chunks.sort_unstable();
        chunks
    }
}
