//! The shapes of answers: plain data with byte ranges.

use std::{ops::Range, path::Path, sync::Arc};

use bpf::{
    diagnostic::{Edit, Fix, Severity},
    rule::Rule,
};

pub use crate::markdown::Markdown;

/// A byte range of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// Absolute path.
    pub path: Arc<Path>,
    /// Bytes.
    pub range: Range<u32>,
}

/// Hover text.
#[derive(Clone, PartialEq, Debug)]
pub struct Hover {
    /// What the text is about.
    pub range: Range<u32>,
    /// Text.
    pub markdown: Markdown,
}

/// So many entries of an outline, or lenses, are shown of a file: more keep an editor busy, and nobody reads them.
pub(crate) const MOST_SHOWN: usize = 5000;

/// The first [`MOST_SHOWN`] of a list; where there are more, `mark` makes the last of them out of the first one
/// that is left out and the number of those.
pub(crate) fn shown<T>(mut all: Vec<T>, mark: impl FnOnce(&T, usize) -> T) -> Vec<T> {
    if all.len() > MOST_SHOWN {
        let left_out = all.len() - (MOST_SHOWN - 1);
        let last = all.get(MOST_SHOWN - 1).map(|next| mark(next, left_out));
        all.truncate(MOST_SHOWN - 1);
        all.extend(last);
    }
    all
}

/// Kinds of entries of the outline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SymbolKind {
    /// A data section.
    Section,
    /// A global variable.
    Variable,
    /// A map.
    Map,
    /// An entry program.
    Program,
    /// Another function.
    Function,
    /// A struct or union.
    Struct,
    /// An enum.
    Enum,
    /// A typedef.
    Typedef,
}

/// An entry of the outline.
#[derive(Clone, PartialEq, Debug)]
pub struct Symbol {
    /// Name.
    pub name: String,
    /// Shown behind the name: section, type.
    pub detail: String,
    /// Kind.
    pub kind: SymbolKind,
    /// All of it.
    pub range: Range<u32>,
    /// Its name.
    pub selection: Range<u32>,
}

/// Kinds of skeletons.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum SkeletonKind {
    /// `bpftool gen skeleton`
    #[default]
    Skeleton,
    /// `bpftool gen subskeleton`
    Subskeleton,
    /// `bpftool gen skeleton -L`
    LightSkeleton,
}

impl SkeletonKind {
    /// The name in the protocol and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            SkeletonKind::Skeleton => "skeleton",
            SkeletonKind::Subskeleton => "subskeleton",
            SkeletonKind::LightSkeleton => "lskel",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<SkeletonKind> {
        [SkeletonKind::Skeleton, SkeletonKind::Subskeleton, SkeletonKind::LightSkeleton]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

/// A preview of a skeleton header.
#[derive(Clone, PartialEq, Debug)]
pub struct Skeleton {
    /// Object name.
    pub name: String,
    /// Declaration part of the header.
    pub text: String,
    /// Line of `text`, from 0, that declares the variable, map or program asked about.
    pub line: Option<u32>,
    /// Whether the model is complete.
    pub complete: bool,
    /// What the user should know of the preview, one sentence.
    pub note: Option<String>,
    /// What the user should know of single lines, for hints beside them: the text is to the letter what
    /// bpftool prints.
    pub hints: Vec<PreviewHint>,
}

/// A remark on a line of a preview.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreviewHint {
    /// Line, from 0.
    pub line: u32,
    /// Text.
    pub text: String,
}

/// A code lens: a title over a line, that opens the skeleton preview.
#[derive(Clone, PartialEq, Debug)]
pub struct Lens {
    /// What it stands over.
    pub range: Range<u32>,
    /// Text.
    pub title: String,
    /// The preview to show.
    pub kind: SkeletonKind,
}

/// An inlay hint.
#[derive(Clone, PartialEq, Debug)]
pub struct InlayHint {
    /// Byte offset behind which it stands.
    pub offset: u32,
    /// Text.
    pub label: String,
    /// Longer text.
    pub tooltip: String,
}

/// A finding with its places resolved to paths.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// The rule that it breaks.
    pub rule: &'static Rule,
    /// Severity.
    pub severity: Severity,
    /// Bytes of the file that was asked about.
    pub range: Range<u32>,
    /// Text.
    pub message: String,
    /// Other ends.
    pub related: Vec<(Place, String)>,
    /// Quick fixes.
    pub fixes: Vec<Fix<Place>>,
}

/// How the server does, for the status item.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Status {
    /// Whether something is missing that the user should see to.
    pub warning: bool,
    /// One line.
    pub message: String,
}

/// Kinds of completion entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CompletionKind {
    /// A section name or another text.
    Text,
    /// A constant: map type, flag.
    Constant,
    /// A member of a struct, or of a map definition.
    Member,
    /// A variable of a section.
    Variable,
    /// A function.
    Function,
    /// A piece of code with places to fill in.
    Snippet,
}

/// What may be typed at a cursor.
#[derive(Clone, PartialEq, Debug)]
pub struct Completion {
    /// Name in the list.
    pub label: String,
    /// Kind.
    pub kind: CompletionKind,
    /// Shown behind the name: type, signature.
    pub detail: String,
    /// Longer text.
    pub documentation: Markdown,
    /// Bytes that it replaces; they end at the cursor.
    pub replace: Range<u32>,
    /// Text to insert.
    pub insert: String,
    /// The same with places to fill in (`$1`), for clients that know snippets.
    pub snippet: Option<String>,
    /// Order in the list, lowest first; equal ones go by name.
    pub rank: u32,
}

/// A use of what stands under the cursor, in the same file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Highlight {
    /// Bytes.
    pub range: Range<u32>,
    /// Whether it assigns.
    pub writes: bool,
}

/// The edits of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileEdits {
    /// Absolute path.
    pub path: Arc<Path>,
    /// Edits of bytes, by place; they do not overlap.
    pub edits: Vec<Edit<Range<u32>>>,
}
