//! What is certain, and where something stands in the text.

use crate::laws::Law;

use cfront::source::{FileId, FileRange};

/// Whether the place and existence of something is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Certainty {
    /// Follows from rules that do not depend on the optimiser, or was read from an object.
    Certain,
    /// As far as the model can tell what becomes of it by that law.
    Likely(&'static Law),
}

impl Certainty {
    /// Whether it is certain.
    pub fn is_certain(self) -> bool {
        self == Certainty::Certain
    }

    /// The law that decides, where it is not certain.
    pub fn law(self) -> Option<&'static Law> {
        match self {
            Certainty::Certain => None,
            Certainty::Likely(law) => Some(law),
        }
    }
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
