//! Attributes and asm labels.

use super::Reader;
use crate::{
    ast::Attr,
    plain::{Lifted, LiftedKind},
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
            self.lower.token(at)?;
            match self.lower.word(at) {
                Word::LParen => depth += 1,
                Word::RParen => depth = depth.checked_sub(1)?,
                // Brackets that do not match would end the declaration for the tree.
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
            self.lower.word(keyword + 2) == Word::LParen && self.lower.word(at - 1) == Word::RParen;
        double.then_some(at + 1)
    }

    /// The token after attributes and `__extension__` at a token.
    pub(super) fn past_lifted(&self, mut at: u32) -> u32 {
        loop {
            match self.lower.word(at) {
                Word::Attribute => match self.group_end(at) {
                    Some(end) => at = end,
                    None => return at,
                },
                Word::Extension => at += 1,
                _ => return at,
            }
        }
    }

    /// Takes the `__attribute__((...))` groups at hand.
    pub(super) fn attributes(&mut self, attrs: &mut Vec<Attr>) -> Option<()> {
        while self.word() == Word::Attribute {
            let group =
                Lifted { start: self.at, end: self.group_end(self.at)?, kind: LiftedKind::Gnu };
            self.at = group.end;
            self.lower.group_attrs(group, attrs);
        }
        Some(())
    }

    /// `asm("label")` of a declarator.
    pub(super) fn asm_label(&mut self) -> Option<Symbol> {
        self.expect(Word::Asm)?;
        self.expect(Word::LParen)?;
        let from = self.at;
        while self.lower.is_kind(self.at, TokenKind::Str) {
            self.at += 1;
        }
        let (bytes, _) = self.lower.string(from, self.at);
        (self.at > from).then_some(())?;
        self.expect(Word::RParen)?;
        Some(Symbol::intern(&String::from_utf8_lossy(&bytes)))
    }
}
