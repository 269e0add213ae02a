//! The preprocessor: a main file and its headers to expanded tokens (C11 5.1.1.2 phase 4), with
//! clang's and GNU's extensions.
//!
//! Tokens come in [`Chunk`]s. A header that is included between two top-level items has chunks of
//! its own, which are kept and used again wherever the header would read the same
//! ([`cache`]); the states of a run behind the leading includes of the main file and between its functions
//! are kept too ([`region`]), so an edit costs the text around it. What a run carries along is in [`state`].
//! Nothing here can fail: what is wrong becomes a [`PpDiagnostic`].

mod body;
pub(crate) mod builtin;
pub(crate) mod cache;
pub mod chunk;
mod directive;
mod embed;
mod engine;
mod expand;
mod expr;
mod include;
pub mod macros;
mod marks;
mod pragma;
pub mod reach;
pub(crate) mod region;
pub(crate) mod state;
mod substitute;
#[cfg(test)]
mod tests;
pub mod trail;

use std::{path::Path, sync::Arc};

use rustc_hash::FxHashMap;

use crate::{
    flags::Flags,
    session::{FileSystem, Inputs, Session},
    source::{FileId, FileRange, Text},
};

pub use chunk::{Chunk, TokenSlice};
pub use macros::{BodyToken, MacroDef, MacroTable, Role};
pub use trail::ExpansionStep;

/// What a diagnostic is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PpDiagnosticKind {
    /// A header that no folder has.
    MissingInclude,
    /// Headers nested too deeply, or too many: mostly a cycle.
    IncludeDepth,
    /// Expansion was stopped because it makes too many tokens or nests too deeply.
    ExpansionLimit,
    /// `#error`
    ErrorDirective,
    /// `#warning`
    WarningDirective,
    /// `#if` without `#endif`.
    UnterminatedConditional,
    /// `#else`, `#elif` or `#endif` without `#if`, or after `#else`.
    StrayConditional,
    /// An `#if` expression that cannot be evaluated.
    BadExpression,
    /// A directive that does not exist or is malformed.
    BadDirective,
    /// A call of a macro that the file does not close.
    UnterminatedCall,
    /// Wrong number of arguments.
    ArgumentCount,
    /// `##` that does not make a token.
    BadPaste,
    /// A macro defined again with another meaning.
    MacroRedefined,
    /// A literal or comment that is not closed.
    Unterminated,
}

/// A diagnostic of the preprocessor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PpDiagnostic {
    /// What it is about.
    pub kind: PpDiagnosticKind,
    /// Where.
    pub range: FileRange,
    /// What is wrong.
    pub message: String,
}

/// An `#include`, `#include_next` or forced include.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IncludeDirective {
    /// The file that has the directive, and the range of the header name, quotes or angle brackets
    /// included.
    pub range: FileRange,
    /// The name without quotes.
    pub path: Arc<str>,
    /// Written with angle brackets.
    pub angled: bool,
    /// The header.
    pub resolved: Option<FileId>,
    /// Whether a built-in text stands in for a header that no folder has.
    pub stand_in: bool,
}

/// A use of a macro in the main file: expanded, or asked for by a directive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MacroUse {
    /// The name.
    pub range: FileRange,
    /// What was in force there.
    pub definition: Arc<MacroDef>,
}

/// A preprocessed translation unit.
#[derive(Clone, Debug)]
pub struct Preprocessed {
    /// The main file.
    pub main: FileId,
    /// The tokens, in order.
    pub chunks: Vec<Arc<Chunk>>,
    /// All include directives that were followed or tried, those in headers too.
    pub includes: Vec<IncludeDirective>,
    /// The macros in force at the end.
    pub macros: MacroTable,
    /// Uses of macros in the main file, in order of place.
    pub macro_uses: Vec<MacroUse>,
    /// Byte ranges of the main file that conditionals left out.
    pub inactive: Vec<FileRange>,
    /// What is wrong, in the order met.
    pub diagnostics: Vec<PpDiagnostic>,
    /// Whether everything was seen: no header is missing and no limit was hit.
    pub complete: bool,
    /// `-std=` of the command.
    pub standard: crate::flags::Standard,
    /// What the file is compiled for.
    pub machine: crate::flags::Machine,
    /// What the command says of the types.
    pub abi: crate::flags::Abi,
    pub(crate) chunk_index: FxHashMap<u32, u32>,
    pub(crate) texts: FxHashMap<FileId, Text>,
    pub(crate) inputs: Arc<Inputs>,
}

impl Preprocessed {
    /// All files of the translation unit, the main file first, the others in no order.
    pub fn files(&self) -> impl Iterator<Item = FileId> {
        let others = self.texts.keys().copied().filter(|&f| f != self.main);
        std::iter::once(self.main).chain(others)
    }

    /// Whether a built-in text stands in for a header.
    pub fn uses_stand_in(&self) -> bool {
        self.includes.iter().any(|i| i.stand_in)
    }

    /// Whether another run with these flags, which are those of this one, and the same main text would
    /// give the same: whether all headers are found where they were, with the texts that they had.
    pub fn is_current(&self, session: &Session, fs: &dyn FileSystem, flags: &Flags) -> bool {
        engine::Engine::reads_the_same(session, fs, flags, self.main, &self.inputs)
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|c| c.len()).sum()
    }

    /// Whether there are no tokens.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Preprocesses a main file, whose text may differ from the file system's.
pub fn preprocess(
    session: &Session,
    fs: &dyn FileSystem,
    main: &Path,
    main_text: Text,
    flags: &Flags,
) -> Preprocessed {
    engine::Engine::preprocess(session, fs, main, main_text, flags)
}
