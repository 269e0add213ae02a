//! From token ranges of the loader's items to what the user wrote.

use cfront::{source::FileRange, unit::Unit};

use crate::flow::observe::At;

/// The text of an expression: from its first to its last token, when both stand in one file.
pub(crate) fn range(unit: &Unit, at: At) -> Option<FileRange> {
    let first = unit.token_place(at.item, at.start)?;
    let last = unit.token_place(at.item, at.end.checked_sub(1)?)?;
    let same = first.file == last.file && first.start <= last.start;
    Some(if same { FileRange { end: last.end.max(first.end), ..first } } else { first })
}
