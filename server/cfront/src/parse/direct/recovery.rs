//! Statements that are in error, or of which the reader is not sure, read on their own by the tree.
//!
//! While a body is being typed one of its statements is broken, and the others are not.

use super::Reader;
use crate::{
    ast::{Span, Stmt, StmtKind, Storage},
    symbol::known,
    token::TokenKind,
    words::Word,
};

/// So many statements of an item are read on their own; then the tree reads the whole item.
const MAX_STATEMENTS: u32 = 8;

/// What was done about statements that could not be read.
#[derive(Default)]
pub(super) struct Recovery {
    /// Places where the text could not be read, or something had to be added.
    pub(super) errors: Vec<Span>,
    /// Whether a tree of one of them had an error.
    pub(super) has_error: bool,
    statements: u32,
    /// Open specifiers and declarators.
    specifiers: u32,
    /// The whole item must go by the tree.
    pub(super) hopeless: bool,
}

/// The reader's state before a statement.
pub(super) struct Before {
    at: u32,
    mark: usize,
    deepest: u32,
    errors: usize,
    has_error: bool,
}

impl Reader<'_> {
    pub(super) fn before(&self) -> Before {
        Before {
            at: self.at,
            mark: self.names.mark(),
            deepest: self.deepest,
            errors: self.recovery.errors.len(),
            has_error: self.recovery.has_error,
        }
    }

    /// Reads part of specifiers or of a declarator: no statement in it may be left to the tree, for
    /// they take all attributes of theirs that nothing else has taken.
    pub(super) fn outright<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.recovery.specifiers += 1;
        let result = self.deeper(read);
        self.recovery.specifiers -= 1;
        result
    }

    /// Whether what is read stands in specifiers or in a declarator.
    pub(super) fn in_specifiers(&self) -> bool {
        self.recovery.specifiers > 0
    }

    /// Has the tree read the statement at hand, which could not be read; it counts from the token
    /// `lead`. None when that is no good either.
    pub(super) fn recover(
        &mut self,
        before: Before,
        lead: u32,
        stmts: &mut Vec<Stmt>,
    ) -> Option<()> {
        let Recovery { hopeless, statements, specifiers, .. } = self.recovery;
        if hopeless || specifiers > 0 || statements >= MAX_STATEMENTS {
            self.recovery.hopeless = true;
            return None;
        }
        self.recovery.statements += 1;
        self.at = before.at;
        self.names.leave(before.mark);
        self.deepest = before.deepest;
        self.recovery.errors.truncate(before.errors);
        self.recovery.has_error = before.has_error;
        let end = self.broken_end()?;
        let (names, outer) = (&self.names, self.lower.scope);
        if names.local(known::BOOL) == Some(false) {
            // To the writer of plain text it is a type in every scope around what it writes.
            self.recovery.hopeless = true;
            return None;
        }
        let scope = |name| names.local(name).unwrap_or_else(|| outer.is_typedef(name));
        // A level here is at most two of the tree.
        let read = self.lower.statements_by_tree((lead, end), &scope, self.depth * 2)?;
        if read.stmts.is_empty() {
            // Attributes of what follows.
            self.recovery.hopeless = true;
            return None;
        }
        self.recovery.errors.extend(read.errors);
        self.recovery.has_error |= read.has_error;
        for stmt in &read.stmts {
            let StmtKind::Decl(declaration) = &stmt.kind else { continue };
            let typedef = declaration.specs.storage == Storage::Typedef;
            for name in declaration.declarators.iter().filter_map(|d| d.declarator.name) {
                self.names.declare(name.name, typedef);
            }
        }
        stmts.extend(read.stmts);
        self.at = end;
        Some(())
    }

    /// Where a broken statement ends: behind its `;`, or where another one surely begins.
    fn broken_end(&self) -> Option<u32> {
        let from = self.at;
        let mut at = from;
        let mut unclosed = 0;
        loop {
            self.lower.token(at)?;
            match self.lower.word(at) {
                Word::Semi if self.lower.word(at + 1) != Word::Else => return Some(at + 1),
                Word::RBrace => return (at > from).then_some(at),
                word @ (Word::LParen | Word::LBracket | Word::LBrace) => match self.closing(at) {
                    Some(close) => {
                        let brace = word == Word::LBrace && at > from;
                        let before = self.lower.word(at.saturating_sub(1));
                        // `if (a {...}`
                        let within = matches!(before, Word::Assign | Word::Comma | Word::LParen);
                        if brace && unclosed > 0 && !within {
                            return Some(at);
                        }
                        // `if (...) {...}`, `f() {...}`, `else {...}`
                        let body = brace && matches!(before, Word::RParen | Word::Else);
                        if body && self.may_begin_statement(close + 1) {
                            return Some(close + 1);
                        }
                        at = close;
                    }
                    None if word == Word::LBrace || unclosed == MAX_STATEMENTS => return None,
                    None => unclosed += 1,
                },
                word if at > from && self.surely_begins(at, word) => return Some(at),
                _ => {}
            }
            at += 1;
        }
    }

    /// The bracket that closes the one at a token. A closing brace ends parentheses left open.
    fn closing(&self, open: u32) -> Option<u32> {
        let mut stack = Vec::new();
        let mut at = open;
        loop {
            self.lower.token(at)?;
            let word = self.lower.word(at);
            match word {
                Word::LParen | Word::LBracket | Word::LBrace => stack.push(word),
                Word::RParen if stack.last() == Some(&Word::LParen) => drop(stack.pop()),
                Word::RBracket if stack.last() == Some(&Word::LBracket) => drop(stack.pop()),
                Word::RBrace => {
                    let brace = stack.iter().rposition(|open| *open == Word::LBrace)?;
                    stack.truncate(brace);
                }
                _ => {}
            }
            if stack.is_empty() {
                return Some(at);
            }
            at += 1;
        }
    }

    fn may_begin_statement(&self, at: u32) -> bool {
        match self.lower.word(at) {
            Word::Else => false,
            Word::RBrace | Word::LBrace => true,
            _ => self.lower.is_kind(at, TokenKind::Ident),
        }
    }

    /// Whether the word at a token begins another statement, after the token before it.
    fn surely_begins(&self, at: u32, word: Word) -> bool {
        let before = self.lower.word(at - 1);
        if word.is_statement() && !matches!(word, Word::Else | Word::While) {
            return !matches!(before, Word::RParen | Word::Else | Word::Do | Word::Colon);
        }
        let declares = word.is_type() || matches!(word, Word::Static | Word::Extern);
        let operand = match before {
            Word::RBracket => self.lower.word(at.saturating_sub(2)) != Word::RBracket,
            Word::Other => self.lower.token(at - 1).is_some_and(|token| match token.kind {
                TokenKind::Ident => !self.names.is_typedef(token.sym),
                kind => matches!(kind, TokenKind::Number | TokenKind::Str | TokenKind::Char),
            }),
            _ => false,
        };
        declares && operand
    }
}
