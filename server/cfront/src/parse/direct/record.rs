//! Struct, union and enum specifiers.

use super::{Reader, declarator::Naming, specifiers::Unknown};
use crate::{
    ast::{
        Declarator, EnumSpec, EnumeratorDecl, FieldDecl, FieldDeclarator, RecordSpec, Span,
        TypeSpec,
    },
    token::TokenKind,
    words::Word,
};

impl Reader<'_> {
    pub(super) fn tag_type(&mut self, word: Word) -> Option<TypeSpec> {
        let start = self.at;
        self.at += 1;
        let mut attrs = Vec::new();
        self.attributes(&mut attrs)?;
        let tag = match self.word() {
            Word::LBrace => None,
            _ => self.name(),
        };
        let typed_enum =
            word == Word::Enum && self.word() == Word::Colon && self.begins_type(self.at + 1);
        if tag.is_none() && self.word() != Word::LBrace && !typed_enum {
            self.missing();
        }
        let mut underlying = None;
        if typed_enum && self.take(Word::Colon) {
            // Else the colon is an unnamed bit-field's.
            let ty = self.type_name()?;
            underlying = Some(Box::new(ty));
        }
        let (mut fields, mut values) = (None, None);
        // Attributes after the tag are the type's only when it is defined here.
        if self.word_at(self.past_lifted(self.at)) == Word::LBrace {
            self.attributes(&mut attrs)?;
            self.expect(Word::LBrace);
            if word == Word::Enum {
                values = Some(self.enumerators()?);
                self.attributes(&mut attrs)?;
                self.room.push_pragma_attrs(&mut attrs, |subjects| subjects.enums);
            } else {
                fields = Some(self.fields()?);
                self.attributes(&mut attrs)?;
                self.room.push_pragma_attrs(&mut attrs, |subjects| subjects.record);
            }
        }
        let span = Span { start, end: self.at };
        Some(if word == Word::Enum {
            TypeSpec::Enum(Box::new(EnumSpec { tag, underlying, values, attrs, span }))
        } else {
            TypeSpec::Record(Box::new(RecordSpec {
                is_union: word == Word::Union,
                tag,
                fields,
                attrs,
                pragma_pack: self.room.pragma.pack,
                span,
            }))
        })
    }

    fn fields(&mut self) -> Option<Vec<FieldDecl>> {
        let mut fields = Vec::new();
        // Words that belong to no member stand before the next one.
        let mut lead = self.at;
        loop {
            match self.word() {
                Word::RBrace => break,
                Word::Semi => self.at += 1,
                _ if self.is_kind(self.at, TokenKind::Pragma) => self.at += 1,
                _ if self.token().is_none() => {
                    self.mended();
                    return Some(fields);
                }
                Word::StaticAssert => {
                    self.static_assert()?;
                }
                _ => {
                    let (before, broken) = (self.at, self.recovery.broken);
                    let field = self.field(lead)?;
                    if self.at == before {
                        self.missing();
                        self.skip_group();
                    }
                    let ends = matches!(self.word(), Word::RBrace) || self.token().is_none();
                    let closed = self.room.word(self.at.saturating_sub(1)) == Word::Semi;
                    fields.push(match self.recovery.broken > broken || !(closed || ends) {
                        // What is being typed is no member yet, and the layout is not known.
                        true => FieldDecl::Error(Span { start: before, end: self.at }),
                        false => field,
                    });
                    lead = self.at;
                }
            }
        }
        self.at += 1;
        Some(fields)
    }

    fn field(&mut self, start: u32) -> Option<FieldDecl> {
        if self.is_name(self.at)
            && !self.begins_type(self.at)
            && self.word_after() == Word::LParen
            && self.word_at(self.at + 2) != Word::Star
        {
            // `__uint(type, X);` of a macro that is not known, or that is being typed.
            let start = self.at;
            self.skip_unknown();
            while !matches!(self.word(), Word::Semi | Word::RBrace)
                && self.token().is_some()
                && !self.begins_line(self.at)
            {
                self.skip_group();
            }
            self.take(Word::Semi);
            return Some(FieldDecl::Error(Span { start, end: self.at }));
        }
        let specs = self.specs(start, Unknown::Alone)?;
        let mut declarators = Vec::new();
        if self.word() != Word::Semi {
            loop {
                declarators.push(self.field_declarator()?);
                if !self.take(Word::Comma) {
                    break;
                }
            }
        }
        if !self.take(Word::Semi) {
            self.mended();
        }
        Some(FieldDecl::Fields { specs, declarators, span: Span { start, end: self.at } })
    }

    fn field_declarator(&mut self) -> Option<FieldDeclarator> {
        let mut attrs = Vec::new();
        self.attributes(&mut attrs)?;
        let mut declarator = match self.word() {
            // An unnamed bit-field: its place is the colon.
            Word::Colon => Declarator {
                name: None,
                derived: Vec::new(),
                attrs,
                asm_label: None,
                span: Span { start: self.at, end: self.at + 1 },
            },
            _ => self.declarator(Naming::Member, attrs)?,
        };
        let bits = match self.take(Word::Colon) {
            true => {
                let bits = self.constant();
                Some(self.or_error(bits))
            }
            false => None,
        };
        self.attributes(&mut declarator.attrs)?;
        Some(FieldDeclarator { declarator, bits })
    }

    fn enumerators(&mut self) -> Option<Vec<EnumeratorDecl>> {
        let mut values = Vec::new();
        loop {
            if self.take(Word::RBrace) {
                return Some(values);
            }
            if self.token().is_none() || self.word() == Word::Semi {
                self.missing();
                return Some(values);
            }
            let Some(name) = self.name() else {
                self.missing();
                self.skip_group();
                continue;
            };
            self.names.declare(name.name, false);
            // An enumerator's attributes say nothing of its value.
            self.attributes(&mut Vec::new())?;
            let value = match self.take(Word::Assign) {
                true => {
                    let value = self.constant();
                    Some(self.or_error(value))
                }
                false => None,
            };
            values.push(EnumeratorDecl { name, value });
            if !self.take(Word::Comma) && self.word() != Word::RBrace {
                self.missing();
            }
        }
    }
}
