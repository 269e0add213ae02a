//! Items read straight from their tokens, by recursive descent.
//!
//! The way over plain text and a tree costs ten times this reading, and is needed only where the text
//! is not C: half typed, or with macros and types that are not known. So this reader knows GNU C as
//! real programs write it. What it gives is what the tree would give (`tests` hold it to that, and
//! `score_syntax` over a corpus). A statement of which it is not sure, or that is in error, it has the
//! tree read on its own (`recovery`); where that is not enough it gives nothing, and the tree has the
//! word for the whole item.

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

use super::Lower;
use crate::{
    ast::{Ident, Item, Span},
    plain::{Plain, Scopes, TypedefScope},
    pragma::PragmaState,
    token::Token,
    words::{Word, Words},
};

/// Nesting of the syntax that is left to the tree. A level here is at most two of
/// [`super::MAX_DEPTH`].
const MAX_DEPTH: u32 = 100;

/// Reads an item, and where it is in error; `None` when it must go by the tree.
pub(super) fn item(
    tokens: &[Token],
    words: &'static Words,
    scope: &dyn TypedefScope,
    pragma: &PragmaState,
) -> Option<(Item, Vec<Span>)> {
    if !matches!(words.token(tokens.last()?), Word::Semi | Word::RBrace) {
        return None;
    }
    let lower = Lower::new(tokens, words, scope, pragma, Plain::default(), 0);
    let mut reader = Reader {
        lower,
        names: Scopes::new(scope),
        at: 0,
        depth: 0,
        deepest: 0,
        recovery: Recovery::default(),
    };
    let item = reader.item()?;
    (reader.at as usize == tokens.len()).then_some((item, reader.recovery.errors))
}

struct Reader<'a> {
    lower: Lower<'a>,
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
    fn token(&self) -> Option<&'a Token> {
        self.lower.token(self.at)
    }

    fn word(&self) -> Word {
        self.lower.word(self.at)
    }

    fn word_after(&self) -> Word {
        self.lower.word(self.at + 1)
    }

    fn take(&mut self, word: Word) -> bool {
        let found = self.word() == word;
        self.at += u32::from(found);
        found
    }

    fn expect(&mut self, word: Word) -> Option<()> {
        self.take(word).then_some(())
    }

    /// Whether a token is a name that is no keyword.
    fn is_name(&self, at: u32) -> bool {
        self.lower.token(at).is_some_and(|token| self.lower.words.is_name(token))
    }

    /// A name that is no keyword.
    fn name(&mut self) -> Option<Ident> {
        let token = self.token()?;
        let name = self.lower.words.is_name(token).then_some(token.sym)?;
        self.at += 1;
        Some(Ident { name, token: self.at - 1 })
    }

    /// Reads what nests in the syntax at hand.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.recovery.hopeless = true;
            return None;
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
        self.recovery.hopeless |= self.deepest > MAX_DEPTH;
        (!self.recovery.hopeless).then_some(())
    }

    fn end_left(&mut self, outer: u32) {
        self.deepest = self.deepest.max(outer);
    }

    /// Whether a type name or declaration begins at a token.
    fn begins_type(&self, at: u32) -> bool {
        let Some(token) = self.lower.token(self.past_lifted(at)) else { return false };
        match self.lower.words.token(token) {
            Word::Other => self.lower.words.is_name(token) && self.names.is_typedef(token.sym),
            word => word.is_specifier(),
        }
    }
}

#[cfg(test)]
mod tests;
