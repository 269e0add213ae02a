//! Initialisers.

use super::Reader;
use crate::{
    ast::{Designator, InitItem, Initializer, Span},
    words::Word,
};

impl Reader<'_> {
    pub(super) fn initializer(&mut self) -> Option<Initializer> {
        match self.word() {
            Word::LBrace => self.initializer_list(),
            _ => self.assignment().map(Initializer::Expr),
        }
    }

    pub(super) fn initializer_list(&mut self) -> Option<Initializer> {
        let start = self.at;
        self.expect(Word::LBrace)?;
        let mut items = Vec::new();
        while !self.take(Word::RBrace) {
            let item = self.deeper(Self::init_item)?;
            items.push(item);
            if !self.take(Word::Comma) && self.word() != Word::RBrace {
                return None;
            }
        }
        Some(Initializer::List(items, Span { start, end: self.at }))
    }

    fn init_item(&mut self) -> Option<InitItem> {
        let mut designators = Vec::new();
        if self.word_after() == Word::Colon && self.is_name(self.at) {
            // The old GNU form.
            designators.push(Designator::Field(self.name()?));
            self.at += 1;
        } else {
            loop {
                match self.word() {
                    Word::Dot => {
                        self.at += 1;
                        designators.push(Designator::Field(self.name()?));
                    }
                    Word::LBracket => designators.push(self.index_designator()?),
                    _ => break,
                }
            }
            if !designators.is_empty() {
                self.expect(Word::Assign)?;
            }
        }
        Some(InitItem { designators, value: self.initializer()? })
    }

    fn index_designator(&mut self) -> Option<Designator> {
        self.at += 1;
        let index = self.constant()?;
        let designator = match self.take(Word::Ellipsis) {
            true => Designator::Range(index, self.constant()?),
            false => Designator::Index(index),
        };
        self.expect(Word::RBracket)?;
        Some(designator)
    }
}
