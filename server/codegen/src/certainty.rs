//! What is sure, and where something stands in the text.

use cfront::source::{FileId, FileRange};

/// Whether the place and existence of something is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Certainty {
    /// Follows from rules that do not depend on the optimiser, or was read from an object.
    Certain,
    /// Depends on the optimiser.
    Likely,
}

/// A place in a source file: index into the front end's file table and a byte range in that file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The file (`cfront::FileId`).
    pub file: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl From<Place> for FileRange {
    fn from(place: Place) -> FileRange {
        FileRange { file: FileId(place.file), start: place.start, end: place.end }
    }
}

impl From<FileRange> for Place {
    fn from(range: FileRange) -> Place {
        Place { file: range.file.0, start: range.start, end: range.end }
    }
}
