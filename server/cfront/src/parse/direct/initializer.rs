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
            _ => {
                let value = self.assignment();
                Some(Initializer::Expr(self.or_error(value)))
            }
        }
    }

    pub(super) fn initializer_list(&mut self) -> Option<Initializer> {
        let start = self.at;
        self.expect(Word::LBrace);
        let mut items = Vec::new();
        while !self.take(Word::RBrace) {
            if self.token().is_none() || self.word() == Word::Semi || self.word().is_statement() {
                self.missing();
                break;
            }
            let before = self.at;
            items.extend(self.deeper(Self::init_item));
            if !self.take(Word::Comma) && self.word() != Word::RBrace {
                self.missing();
                if self.at == before {
                    self.skip_group();
                }
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
                        match self.name() {
                            Some(name) => designators.push(Designator::Field(name)),
                            None => self.missing(),
                        }
                    }
                    Word::LBracket => designators.push(self.index_designator()?),
                    _ => break,
                }
            }
            if !designators.is_empty() {
                self.expect(Word::Assign);
            }
        }
        Some(InitItem { designators, value: self.initializer()? })
    }

    fn index_designator(&mut self) -> Option<Designator> {
        self.at += 1;
        let index = self.constant();
        let index = self.or_error(index);
        let designator = match self.take(Word::Ellipsis) {
            true => {
                let end = self.constant();
                Designator::Range(index, self.or_error(end))
            }
            false => Designator::Index(index),
        };
        self.expect(Word::RBracket);
        Some(designator)
    }
}
