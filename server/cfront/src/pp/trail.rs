//! From an expanded token back to what the user wrote.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::{
    lexer,
    source::{FileId, FileRange, Loc, Text, Trail},
    symbol::Symbol,
};

use super::{Preprocessed, chunk::Chunk};

/// One macro that a token came through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ExpansionStep {
    /// The macro.
    pub macro_name: Symbol,
    /// Its name where it was used, in a file: in the user's text, or in another macro's body.
    pub name: FileRange,
    /// Whether the token was an argument of the macro.
    pub from_argument: bool,
}

/// Longest trail that is followed; expansion never nests deeper in sane code.
const MAX_STEPS: usize = 4096;

impl Preprocessed {
    fn chunk_by_id(&self, id: u32) -> Option<&Arc<Chunk>> {
        self.chunks.get(*self.chunk_index.get(&id)? as usize)
    }

    /// The trail behind a place; `None` for a place in a file.
    pub fn trail(&self, loc: Loc) -> Option<Trail> {
        if loc.file & Loc::TRAIL == 0 {
            return None;
        }
        self.chunk_by_id(loc.file & !Loc::TRAIL)?.trail(loc)
    }

    /// The text of a file of the translation unit, as it was read.
    pub fn text(&self, file: FileId) -> Option<&Text> {
        self.texts.get(&file)
    }

    fn token_range(&self, file: FileId, offset: u32) -> Option<FileRange> {
        token_range(&self.texts, file, offset)
    }

    fn start(&self, mut loc: Loc, next: impl Fn(&Trail) -> Loc) -> Option<(FileId, u32)> {
        for _ in 0..MAX_STEPS {
            match loc.as_file() {
                Some(place) => return Some(place),
                None => loc = next(&self.trail(loc)?),
            }
        }
        None
    }

    fn follow(&self, loc: Loc, next: impl Fn(&Trail) -> Loc) -> Option<FileRange> {
        let (file, offset) = self.start(loc, next)?;
        self.token_range(file, offset)
    }

    /// What the user wrote for a token: an argument's own spelling when it came from an argument,
    /// through any nesting; else the name of the macro that was used in the text.
    pub fn written(&self, loc: Loc) -> Option<FileRange> {
        let (file, offset) = self.written_start(loc)?;
        self.token_range(file, offset)
    }

    /// File and start of [`Preprocessed::written`], found without reading the text.
    pub(crate) fn written_start(&self, loc: Loc) -> Option<(FileId, u32)> {
        self.start(loc, |t| if t.from_argument { t.spelling } else { t.expansion })
    }

    /// Where the token is spelled: in the text, or in the body of a macro.
    pub fn spelling(&self, loc: Loc) -> Option<FileRange> {
        self.follow(loc, |t| t.spelling)
    }

    /// The name of the outermost macro that made the token, or the token itself when none did:
    /// its place in the translation unit's text.
    pub fn expansion(&self, loc: Loc) -> Option<FileRange> {
        self.follow(loc, |t| t.expansion)
    }

    /// File and start of [`Preprocessed::expansion`], found without reading the text.
    pub(crate) fn expansion_start(&self, loc: Loc) -> Option<(FileId, u32)> {
        self.start(loc, |t| t.expansion)
    }

    /// The file of [`Preprocessed::expansion`], found without reading its text.
    pub fn expansion_file(&self, loc: Loc) -> Option<FileId> {
        self.expansion_start(loc).map(|(file, _)| file)
    }

    /// The macros that the token came through, innermost first.
    pub fn expansion_stack(&self, mut loc: Loc) -> Vec<ExpansionStep> {
        let mut steps = Vec::new();
        while let Some(trail) = self.trail(loc) {
            if let Some(name) = self.spelling(trail.expansion) {
                steps.push(ExpansionStep {
                    macro_name: trail.macro_name,
                    name,
                    from_argument: trail.from_argument,
                });
            }
            if steps.len() >= MAX_STEPS {
                break;
            }
            loc = if trail.from_argument { trail.spelling } else { trail.expansion };
        }
        steps
    }
}

/// The range of the token that begins at an offset.
pub(crate) fn token_range(
    texts: &FxHashMap<FileId, Text>,
    file: FileId,
    offset: u32,
) -> Option<FileRange> {
    let text = texts.get(&file)?;
    let raw = lexer::lex(text, offset as usize);
    let (start, end) = (raw.start as u32, raw.end as u32);
    if start != offset {
        return Some(FileRange { file, start: offset, end: offset });
    }
    Some(FileRange { file, start, end })
}
