//! Attributes and asm labels.

use super::Reader;
use crate::{
    ast::Attr,
    parse::attribute::{Group, GroupKind},
    symbol::Symbol,
    token::TokenKind,
    words::Word,
};

impl Reader<'_> {
    /// One past the attribute group whose keyword stands at a token; `None` when its brackets are
    /// not plainly `((...))`.
    fn group_end(&self, keyword: u32) -> Option<u32> {
        let mut depth = 0u32;
        let mut at = keyword;
        loop {
            at += 1;
            self.room.token(at)?;
            match self.word_at(at) {
                Word::LParen => depth += 1,
                Word::RParen => depth = depth.checked_sub(1)?,
                // Brackets that do not match end the declaration.
                Word::LBrace | Word::RBrace | Word::LBracket | Word::RBracket | Word::Semi => {
                    return None;
                }
                _ if depth < 2 => return None,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        let double =
            self.word_at(keyword + 2) == Word::LParen && self.word_at(at - 1) == Word::RParen;
        double.then_some(at + 1)
    }

    /// The token after attributes and `__extension__` at a token.
    pub(super) fn past_lifted(&self, mut at: u32) -> u32 {
        loop {
            if let Some(group) = self.group(at) {
                at = group.end;
                continue;
            }
            match self.word_at(at) {
                Word::Extension => at += 1,
                _ if self.is_kind(at, TokenKind::Pragma) => at += 1,
                _ => return at,
            }
        }
    }

    /// The group of attributes that begins at a token.
    fn group(&self, start: u32) -> Option<Group> {
        let word = self.word_at(start);
        if word == Word::Attribute
            && let Some(end) = self.group_end(start)
        {
            return Some(Group { start, end, kind: GroupKind::Gnu });
        }
        let kind = match word {
            // Not plainly `((...))`: taken out of the way.
            Word::Attribute => GroupKind::Broken,
            Word::Declspec => GroupKind::Declspec,
            Word::Alignas => GroupKind::Alignas,
            Word::LBracket if self.word_at(start + 1) == Word::LBracket => {
                let end = self.plain_close(start)?;
                return Some(Group { start, end, kind: GroupKind::Bracket });
            }
            _ => return None,
        };
        if self.word_at(start + 1) != Word::LParen {
            return Some(Group { start, end: start + 1, kind: GroupKind::Broken });
        }
        match self.plain_close(start + 1) {
            Some(end) => Some(Group { start, end, kind }),
            None => Some(Group { start, end: start + 1, kind: GroupKind::Broken }),
        }
    }

    /// One past the bracket that closes one, within a declaration.
    fn plain_close(&self, open: u32) -> Option<u32> {
        let mut depth = 0u32;
        let mut at = open;
        loop {
            self.token_at(at)?;
            match self.word_at(at) {
                Word::LParen | Word::LBracket => depth += 1,
                Word::RParen | Word::RBracket => depth = depth.checked_sub(1)?,
                Word::LBrace | Word::RBrace | Word::Semi => return None,
                _ => {}
            }
            at += 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }

    /// Takes the `__attribute__((...))` groups at hand.
    pub(super) fn attributes(&mut self, attrs: &mut Vec<Attr>) -> Option<()> {
        loop {
            let Some(group) = self.group(self.at) else {
                return (self.word() != Word::Attribute).then_some(());
            };
            if group.kind == GroupKind::Broken {
                self.missing();
            }
            self.at = group.end;
            self.room.group_attrs(group, attrs);
        }
    }

    /// `asm("label")` of a declarator.
    pub(super) fn asm_label(&mut self) -> Option<Symbol> {
        self.expect(Word::Asm);
        self.expect(Word::LParen);
        let from = self.at;
        // What is no text is passed.
        while self.is_kind(self.at, TokenKind::Str) {
            self.at += 1;
        }
        let (bytes, _) = self.room.string(from, self.at);
        if self.at == from {
            self.missing();
        }
        self.expect(Word::RParen);
        Some(Symbol::intern(&String::from_utf8_lossy(&bytes)))
    }
}
