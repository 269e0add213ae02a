//! Between the front end's places and paths with ranges.

use bpf::object::Place as ObjectPlace;
use cfront::{source::FileRange, unit::ItemId};

use crate::{answer::Place, host::Analysis, pipeline::FileAnalysis};

impl Analysis {
    /// The path and bytes of a range.
    pub(crate) fn place(&self, range: FileRange) -> Place {
        Place {
            path: self.pipelines.session.path(range.file).into(),
            range: range.start..range.end,
        }
    }
}

/// The range of an object model's place.
pub(crate) fn file_range(place: ObjectPlace) -> FileRange {
    place.into()
}

impl FileAnalysis {
    /// What the user wrote of a whole item: from its first to its last token in the main file.
    pub(crate) fn item_range(&self, item: ItemId) -> Option<FileRange> {
        let count = self.unit.tokens(item).len() as u32;
        let first = self.unit.token_place(item, 0)?;
        let last = self.unit.token_place(item, count.checked_sub(1)?)?;
        (first.file == last.file && first.start <= last.end).then_some(FileRange {
            file: first.file,
            start: first.start,
            end: last.end,
        })
    }
}
