//! Items read from their tokens, by recursive descent.
//!
//! The reader knows GNU C as real programs write it, and text that is no C yet: what is missing is noted
//! and left out, a broken statement ends where another one surely begins (`recovery`), and names that
//! stand where only a type or a macro can are taken for one, for their headers may be missing.

mod attribute;
mod declaration;
mod declarator;
mod expression;
mod initializer;
mod operand;
mod record;
mod recovery;
mod specifiers;
mod statement;

use recovery::Recovery;

use super::{Room, TypedefScope, scope::Scopes};
use crate::{
    ast::{Ident, Item, Span},
    parse::{ParsedItem, TooDeep},
    pragma::PragmaState,
    token::{Token, TokenKind},
    words::{Word, Words},
};

/// Nesting of the syntax beyond which it is left out. A level here is at most two of
/// [`super::MAX_DEPTH`].
const MAX_DEPTH: u32 = 100;

/// Reads an item, whatever it is: what is not there is left out, and noted.
pub(super) fn item(
    tokens: &[Token],
    words: &'static Words,
    scope: &dyn TypedefScope,
    pragma: &PragmaState,
) -> ParsedItem {
    let room = Room::new(tokens, words, scope, pragma);
    let whole = Span { start: 0, end: tokens.len() as u32 };
    let mut reader = Reader::new(room, scope, whole.end);
    let mut item = reader.item();
    if reader.at < whole.end && item.is_some() {
        reader.note(reader.at);
        // A definition behind half a declaration is worth more.
        if reader.begins_type(reader.at)
            && !matches!(item, Some(Item::Function(_)))
            && let Some(function @ Item::Function(_)) = reader.item()
        {
            item = Some(function);
        }
    }
    let mut syntax_errors = reader.recovery.errors;
    let item = item.unwrap_or(Item::Error(whole));
    if matches!(item, Item::Error(_)) && syntax_errors.is_empty() {
        syntax_errors.push(whole);
    }
    let too_deep = TooDeep { declared: reader.room.cut.get(), body: reader.room.cut_in_body };
    ParsedItem { item, syntax_errors, too_deep }
}

/// Reads an expression or type name of its own among the tokens of an item.
pub(super) fn fragment<T>(
    room: Room<'_>,
    (from, to): (u32, u32),
    read: impl FnOnce(&mut Reader<'_>) -> Option<T>,
) -> Option<T> {
    let scope = room.scope;
    let mut reader = Reader::new(room, scope, to);
    reader.at = from;
    read(&mut reader)
}

pub(super) struct Reader<'a> {
    room: Room<'a>,
    /// Typedef names where the next token stands.
    names: Scopes<'a>,
    /// The next token.
    at: u32,
    /// How deep in the syntax the next token stands.
    depth: u32,
    /// The depth of what was read since [`Reader::begin_left`].
    deepest: u32,
    recovery: Recovery,
}

impl<'a> Reader<'a> {
    fn new(room: Room<'a>, scope: &'a dyn TypedefScope, limit: u32) -> Reader<'a> {
        let recovery = Recovery::new(limit);
        Reader { room, names: Scopes::new(scope), at: 0, depth: 0, deepest: 0, recovery }
    }

    fn token(&self) -> Option<&'a Token> {
        self.token_at(self.at)
    }

    /// A token of what is read: a broken statement ends what is read of it.
    fn token_at(&self, at: u32) -> Option<&'a Token> {
        (at < self.recovery.limit).then(|| self.room.token(at)).flatten()
    }

    fn word(&self) -> Word {
        self.word_at(self.at)
    }

    fn word_at(&self, at: u32) -> Word {
        self.token_at(at).map_or(Word::Other, |token| self.room.words.token(token))
    }

    fn is_kind(&self, at: u32, kind: TokenKind) -> bool {
        self.token_at(at).is_some_and(|token| token.kind == kind)
    }

    fn word_after(&self) -> Word {
        self.word_at(self.at + 1)
    }

    fn take(&mut self, word: Word) -> bool {
        let found = self.word() == word;
        self.at += u32::from(found);
        found
    }

    /// Takes a token, or notes that it is missing.
    fn expect(&mut self, word: Word) {
        if !self.take(word) {
            self.missing();
        }
    }

    /// Whether a token is a name that is no keyword.
    fn is_name(&self, at: u32) -> bool {
        self.token_at(at).is_some_and(|token| self.room.words.is_name(token))
    }

    /// A name that is no keyword.
    fn name(&mut self) -> Option<Ident> {
        let token = self.token()?;
        let name = self.room.words.is_name(token).then_some(token.sym)?;
        self.at += 1;
        Some(Ident { name, token: self.at - 1 })
    }

    /// Reads what nests in the syntax at hand.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return self.too_deep();
        }
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Before an expression is read that may become the left part of another: `a` of `a + b`. Such
    /// chains are read in a loop, and still make the syntax deep.
    fn begin_left(&mut self) -> u32 {
        std::mem::replace(&mut self.deepest, self.depth)
    }

    /// What was read becomes part of something larger.
    fn sink(&mut self) -> Option<()> {
        self.deepest += 1;
        if self.deepest > MAX_DEPTH {
            return self.too_deep();
        }
        Some(())
    }

    fn end_left(&mut self, outer: u32) {
        self.deepest = self.deepest.max(outer);
    }

    /// Whether a type name or declaration begins at a token.
    fn begins_type(&self, at: u32) -> bool {
        let Some(token) = self.token_at(self.past_lifted(at)) else { return false };
        match self.room.words.token(token) {
            Word::Other => self.room.words.is_name(token) && self.names.is_typedef(token.sym),
            word => word.is_specifier(),
        }
    }
}

#[cfg(test)]
mod tests;
