//! Tokens, before and after macro expansion.

use crate::{source::Loc, symbol::Symbol};

/// What a token is. Keywords are identifiers here: C's keywords only matter after expansion.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TokenKind {
    /// Identifier or keyword.
    Ident,
    /// Preprocessing number.
    Number,
    /// Character constant, prefix included.
    Char,
    /// String literal, prefix included.
    Str,
    /// Punctuator; digraphs are spelled as what they stand for.
    Punct,
    /// A byte that no token begins with (stray `\`, `@`, a lone quote ...).
    Other,
    /// `#pragma` that the syntax needs (`pack`, `clang attribute`), as one token: its text is all
    /// after the word `pragma`.
    Pragma,
}

/// A token. Its text is interned (`sym`), so tokens are small and comparable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    /// Kind.
    pub kind: TokenKind,
    /// [`Token::SPACE_BEFORE`], [`Token::LINE_START`] ...
    pub flags: u8,
    /// Spelling, line splices removed; universal character names of identifiers are characters.
    pub sym: Symbol,
    /// Where it comes from.
    pub loc: Loc,
}

impl Token {
    /// White space or a comment stands before the token.
    pub const SPACE_BEFORE: u8 = 1;
    /// First token of a line.
    pub const LINE_START: u8 = 2;
    /// Must not be expanded any more (hide set hit while rescanning).
    pub const NO_EXPAND: u8 = 4;

    /// The text spells the token in another way than its symbol: a digraph, or a universal character
    /// name in an identifier.
    pub const SPELLED_OTHERWISE: u8 = 8;

    /// Whether the token is that punctuator or identifier.
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, TokenKind::Punct | TokenKind::Ident) && self.sym.as_str() == text
    }

    /// Whether the token is that punctuator or identifier, of [`crate::symbol::known`].
    pub fn is_sym(&self, sym: Symbol) -> bool {
        self.sym == sym && matches!(self.kind, TokenKind::Punct | TokenKind::Ident)
    }
}
