//! Replacement lists of macros: read when they are first needed.
//!
//! A program uses a few dozen of the thousands of macros that its headers define.

use std::{
    hash::{Hash, Hasher},
    ops::Range,
    sync::OnceLock,
};

use crate::{
    lexer,
    source::{FileId, Text},
    symbol::Symbol,
    token::Token,
};

use super::macros::{BodyToken, Role};

/// A replacement list.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Its tokens.
    Read(Box<[BodyToken]>),
    /// The rest of a line of a header.
    Line(Line),
}

/// The rest of a line behind the name of a macro without parameters.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    text: Text,
    file: FileId,
    range: Range<usize>,
    tokens: OnceLock<Box<[BodyToken]>>,
}

impl Line {
    /// The rest of the line from `start` on, where nothing in it can be wrong, go on in the next line or be
    /// an operator: without `#`, quotes, comments and backslashes.
    pub(crate) fn new(text: &Text, file: FileId, start: usize) -> Option<Line> {
        let rest = text.as_bytes().get(start..)?;
        let odd = |b: &u8| matches!(b, b'\n' | b'\r' | b'#' | b'%' | b'"' | b'\'' | b'/' | b'\\');
        let len = rest.iter().position(odd)?;
        let ends = matches!(rest.get(len), Some(b'\n' | b'\r'));
        let range = start..start + len;
        ends.then(|| Line { text: text.clone(), file, range, tokens: OnceLock::new() })
    }

    /// One past its last byte: where the newline is.
    pub(crate) fn end(&self) -> usize {
        self.range.end
    }

    fn read(&self) -> Box<[BodyToken]> {
        let mut interner = Symbol::batch();
        let mut tokens = Vec::new();
        let mut pos = self.range.start;
        loop {
            let raw = lexer::lex(&self.text, pos);
            if raw.ends_line() {
                return tokens.into();
            }
            let Some(token) = raw.token(&self.text, self.file, &mut interner) else {
                return tokens.into();
            };
            let token = Token { flags: token.flags & !Token::LINE_START, ..token };
            tokens.push(BodyToken { token, role: Role::Plain });
            pos = raw.end;
        }
    }
}

impl Body {
    /// The tokens. Takes the lock of [`Symbol::batch`] at the first call.
    pub(crate) fn tokens(&self) -> &[BodyToken] {
        match self {
            Body::Read(tokens) => tokens,
            Body::Line(line) => line.tokens.get_or_init(|| line.read()),
        }
    }
}

/// Equal bodies in one place of a file have equal hashes; that is all that is asked of it.
impl Hash for Body {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        match self {
            Body::Read(tokens) => {
                for t in tokens {
                    let token = &t.token;
                    (token.sym, token.kind, token.flags, token.loc, t.role).hash(hasher);
                }
            }
            Body::Line(line) => {
                line.text.as_bytes().get(line.range.clone()).hash(hasher);
            }
        }
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Body) -> bool {
        self.tokens() == other.tokens()
    }
}

impl Eq for Body {}
