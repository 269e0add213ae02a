//! What is done where something is missing.
//!
//! While a body is being typed one of its statements is broken, and the others are not.

use super::Reader;
use crate::{
    ast::{Expr, ExprKind, Span},
    token::{Token, TokenKind},
    words::{Word, Words},
};

/// What was done about statements that could not be read.
pub(super) struct Recovery {
    /// Where the text that can be read ends: the item, or the broken statement at hand.
    pub(super) limit: u32,
    /// Where the innermost statement begins.
    statement: u32,
    /// Whether something is missing in it.
    torn: bool,
    /// The end of the last broken statement: what is left of it ends there too.
    region: u32,
    /// How often something was missing that no `;` or `)` mends.
    pub(super) broken: u32,
    /// For brackets, the partner's token; made when first needed.
    pairs: Option<Vec<u32>>,
    /// Places where the text could not be read, or something had to be added.
    pub(super) errors: Vec<Span>,
    /// Open specifiers and declarators.
    specifiers: u32,
}

impl Recovery {
    pub(super) fn new(limit: u32) -> Recovery {
        Recovery {
            limit,
            statement: 0,
            torn: false,
            region: 0,
            broken: 0,
            pairs: None,
            errors: Vec::new(),
            specifiers: 0,
        }
    }
}

impl Recovery {
    /// Whether what is read stands in a body.
    pub(super) fn is_in_statement(&self) -> bool {
        self.statement > 0
    }

    /// Whether something is missing in the statement at hand.
    pub(super) fn is_torn(&self) -> bool {
        self.torn
    }

    /// Whether it stands outside of one.
    pub(super) fn at_item(&self) -> bool {
        self.statement == 0
    }
}

/// What an inner statement's recovery gives back to the one around it.
pub(super) struct Outer {
    statement: u32,
    torn: bool,
    limit: u32,
}

impl Reader<'_> {
    /// Notes that something is missing before a token.
    pub(super) fn note(&mut self, at: u32) {
        let span = Span { start: at, end: (at + 1).min(self.room.tokens.len() as u32).max(at) };
        if self.recovery.errors.last().is_none_or(|last| last.start != at) {
            self.recovery.errors.push(span);
        }
    }

    /// Something is missing that the sense does not need: `;`, or `)` before it.
    pub(super) fn mended(&mut self) {
        self.note(self.at);
    }

    /// Something is missing at the next token: what is read of the statement ends where the
    /// statement surely ends.
    pub(super) fn missing(&mut self) {
        self.recovery.broken += 1;
        self.note(self.at);
        if !std::mem::replace(&mut self.recovery.torn, true) && self.recovery.statement > 0 {
            if self.recovery.region <= self.at {
                let start = self.recovery.statement;
                let end = self.torn_end(start).unwrap_or(self.recovery.limit);
                self.recovery.region = end.max(self.at);
            }
            self.recovery.limit = self.recovery.region.min(self.recovery.limit);
        }
    }

    /// Passes what nests too deep, to the end of the brackets around it.
    pub(super) fn too_deep<T>(&mut self) -> Option<T> {
        self.room.cut.set(true);
        while self.token().is_some() {
            match self.word() {
                Word::RParen | Word::RBracket | Word::RBrace | Word::Semi => break,
                _ => self.skip_group(),
            }
        }
        None
    }

    /// Passes a token, and where it opens a bracket, all up to its partner.
    pub(super) fn skip_group(&mut self) {
        let end = match self.word() {
            Word::LParen | Word::LBracket | Word::LBrace => self.pair(self.at).unwrap_or(self.at),
            _ => self.at,
        };
        self.at = (end + 1).min(self.recovery.limit).max(self.at + 1);
    }

    /// A statement begins.
    pub(super) fn enter(&mut self) -> Outer {
        let Recovery { statement, torn, limit, .. } = self.recovery;
        self.recovery.statement = self.at;
        self.recovery.torn = false;
        Outer { statement, torn, limit }
    }

    /// It ends; what is left of it is for the next one.
    pub(super) fn leave(&mut self, outer: Outer) {
        self.recovery.statement = outer.statement;
        self.recovery.torn = outer.torn;
        self.recovery.limit = outer.limit;
    }

    /// Before a `{` that surely is a body the reader is in step again.
    pub(super) fn mend_head(&mut self, outer: u32) {
        if self.room.word(self.at) == Word::LBrace && self.at < outer {
            self.recovery.limit = outer;
            self.recovery.torn = false;
        }
    }

    /// Whether a token is the first of its line.
    pub(super) fn begins_line(&self, at: u32) -> bool {
        self.room.token(at).is_some_and(|token| token.flags & Token::LINE_START != 0)
    }

    /// An expression, or the lack of one.
    pub(super) fn or_error(&mut self, expr: Option<Expr>) -> Expr {
        let span = Span { start: self.at, end: self.at };
        expr.unwrap_or(Expr { kind: ExprKind::Error, span })
    }

    /// The partner of a bracket. A closing brace ends parentheses left open inside it.
    pub(super) fn pair(&mut self, open: u32) -> Option<u32> {
        let pairs = self
            .recovery
            .pairs
            .get_or_insert_with(|| pair_brackets(self.room.tokens, self.room.words));
        pairs.get(open as usize).copied().filter(|&partner| partner != u32::MAX)
    }

    /// Where a broken statement ends: behind its `;`, or where another one surely begins.
    fn torn_end(&mut self, from: u32) -> Option<u32> {
        let mut at = from;
        let mut unclosed = 0;
        loop {
            self.room.token(at)?;
            match self.room.word(at) {
                Word::Semi if self.room.word(at + 1) != Word::Else => return Some(at + 1),
                Word::RBrace => return Some(at),
                word @ (Word::LParen | Word::LBracket | Word::LBrace) => match self.pair(at) {
                    Some(close) => {
                        let brace = word == Word::LBrace && at > from;
                        let before = self.room.word(at.saturating_sub(1));
                        let within = matches!(before, Word::Assign | Word::Comma | Word::LParen);
                        if brace && unclosed > 0 && !within {
                            return Some(at);
                        }
                        let body = brace && matches!(before, Word::RParen | Word::Else);
                        if body && self.may_begin_statement(close + 1) {
                            return Some(close + 1);
                        }
                        at = close;
                    }
                    None if word == Word::LBrace => return None,
                    None => unclosed += 1,
                },
                word if at > from && self.surely_begins(at, word) => return Some(at),
                _ if at > from && unclosed > 0 && self.begins_line_of_statement(at) => {
                    return Some(at);
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Whether a line that begins behind an open bracket is a statement of its own.
    fn begins_line_of_statement(&self, at: u32) -> bool {
        let Some(token) = self.room.token(at) else { return false };
        if !self.begins_line(at) || token.kind != TokenKind::Ident {
            return false;
        }
        let next = self.room.word(at + 1);
        let named = self.room.token(at + 1).is_some_and(|t| self.room.words.is_name(t));
        if self.room.words.token(token).is_type() || self.names.is_typedef(token.sym) {
            return named || matches!(next, Word::Star | Word::Other);
        }
        let open = matches!(self.room.word(at.saturating_sub(1)), Word::LParen);
        let goes_on = matches!(
            next,
            Word::Assign
                | Word::CompoundAssign
                | Word::LParen
                | Word::Arrow
                | Word::Dot
                | Word::LBracket
        );
        let before = self.room.token(at.saturating_sub(1));
        let operand = before.is_some_and(|token| token.kind != TokenKind::Punct);
        goes_on && (open || operand)
    }

    /// Reads part of specifiers or of a declarator.
    pub(super) fn within_specifiers<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        self.recovery.specifiers += 1;
        let result = self.deeper(read);
        self.recovery.specifiers -= 1;
        result
    }

    /// Whether what is read stands in specifiers or in a declarator.
    pub(super) fn in_specifiers(&self) -> bool {
        self.recovery.specifiers > 0
    }

    fn may_begin_statement(&self, at: u32) -> bool {
        match self.room.word(at) {
            Word::Else => false,
            Word::RBrace | Word::LBrace => true,
            _ => self.room.is_kind(at, TokenKind::Ident),
        }
    }

    /// Whether the word at a token begins another statement, after the token before it.
    fn surely_begins(&self, at: u32, word: Word) -> bool {
        let before = self.room.word(at - 1);
        if word.is_statement() && !matches!(word, Word::Else | Word::While) {
            return !matches!(before, Word::RParen | Word::Else | Word::Do | Word::Colon);
        }
        let declares = word.is_type() || matches!(word, Word::Static | Word::Extern);
        let operand = match before {
            Word::RBracket => self.room.word(at.saturating_sub(2)) != Word::RBracket,
            Word::Other => self.room.token(at - 1).is_some_and(|token| match token.kind {
                TokenKind::Ident => !self.names.is_typedef(token.sym),
                kind => matches!(kind, TokenKind::Number | TokenKind::Str | TokenKind::Char),
            }),
            _ => false,
        };
        declares && operand
    }
}

/// For each bracket the index of its partner. A closing brace ends parentheses left open
/// inside it; a parenthesis does not reach out of its braces.
fn pair_brackets(tokens: &[Token], words: &Words) -> Vec<u32> {
    let mut pairs = vec![u32::MAX; tokens.len()];
    let mut open: Vec<(Word, usize)> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let opener = match words.token(token) {
            word @ (Word::LParen | Word::LBracket | Word::LBrace) => {
                open.push((word, i));
                continue;
            }
            Word::RParen => Word::LParen,
            Word::RBracket => Word::LBracket,
            Word::RBrace => Word::LBrace,
            _ => continue,
        };
        let is_reach = |&(word, _): &(Word, usize)| {
            word == opener || (opener != Word::LBrace && word == Word::LBrace)
        };
        // Bounded, so that a flood of brackets that do not match costs no square of time.
        let near = open.len().saturating_sub(256);
        let reach = open.get(near..).and_then(|open| open.iter().rposition(is_reach));
        let Some(at) =
            reach.map(|at| at + near).filter(|&at| open.get(at).is_some_and(|o| o.0 == opener))
        else {
            continue;
        };
        if let Some(slot) = open.get(at).and_then(|&(_, start)| pairs.get_mut(start)) {
            *slot = i as u32;
        }
        if let (Some(&(_, start)), Some(slot)) = (open.get(at), pairs.get_mut(i)) {
            *slot = start as u32;
        }
        open.truncate(at);
    }
    pairs
}
