//! Places: files, byte offsets in them, and the trail of a token through macros.

use std::{borrow::Cow, fmt, ops::Deref, sync::Arc};

use crate::symbol::Symbol;

/// The text of a file, shared. It is kept as it was read: headers are megabytes, and an `Arc<str>`
/// could only be made of a second copy.
#[derive(Clone, Default, PartialEq, Eq, Hash, Debug)]
pub struct Text(Arc<String>);

impl Text {
    /// Whether both are the same text in memory.
    pub fn ptr_eq(a: &Text, b: &Text) -> bool {
        Arc::ptr_eq(&a.0, &b.0)
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text(Arc::new(text))
    }
}

impl From<Cow<'_, str>> for Text {
    fn from(text: Cow<'_, str>) -> Text {
        Text::from(text.into_owned())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::from(text.to_owned())
    }
}

/// A source file known to the session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FileId(pub u32);

/// Where a token comes from: a byte of a file, or an entry of a trail table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Loc {
    /// A [`FileId`], or with [`Loc::TRAIL`] set the number of a trail table (one a chunk of
    /// expanded tokens).
    pub file: u32,
    /// Byte offset in the file, or index in the trail table.
    pub offset: u32,
}

impl Loc {
    /// Marks [`Loc::file`] as a trail table.
    pub const TRAIL: u32 = 0x8000_0000;

    /// The place of a byte of a file.
    pub fn in_file(file: FileId, offset: u32) -> Loc {
        Loc { file: file.0, offset }
    }

    /// The file and byte, when the token stands in a file and not in a macro expansion.
    pub fn as_file(self) -> Option<(FileId, u32)> {
        (self.file & Loc::TRAIL == 0).then_some((FileId(self.file), self.offset))
    }
}

/// How a token came out of a macro.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trail {
    /// Where the token is spelled: in the macro's body, or in the argument at the call
    /// (which may itself lie in a trail). `None` for pasted and stringized tokens: then the macro's
    /// body token that made it.
    pub spelling: Loc,
    /// The macro's name at the call (which may itself lie in a trail).
    pub expansion: Loc,
    /// The macro.
    pub macro_name: Symbol,
    /// Whether the token was (part of) an argument: then the user wrote it at `spelling`.
    pub from_argument: bool,
}

/// A byte range of a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FileRange {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}
