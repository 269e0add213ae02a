//! Struct, union and enum specifiers.

use super::{Reader, declarator::Naming};
use crate::{
    ast::{
        Declarator, EnumSpec, EnumeratorDecl, FieldDecl, FieldDeclarator, Quals, RecordSpec, Span,
        Storage, TypeSpec,
    },
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
            _ => Some(self.name()?),
        };
        let mut underlying = None;
        if word == Word::Enum && self.take(Word::Colon) {
            // Else the colon is an unnamed bit-field's.
            self.begins_type(self.at).then_some(())?;
            let ty = self.type_name()?;
            let specs = &ty.specs;
            let plain =
                matches!(specs.ty, TypeSpec::Int(_) | TypeSpec::Bool | TypeSpec::Typedef(_))
                    && specs.quals == Quals::default()
                    && !(specs.inline || specs.thread_local)
                    && specs.attrs.is_empty()
                    && ty.declarator.derived.is_empty()
                    && matches!(self.word(), Word::LBrace | Word::Semi);
            plain.then_some(())?;
            underlying = Some(Box::new(ty));
        }
        let (mut fields, mut values) = (None, None);
        // Attributes after the tag are the type's only when it is defined here.
        if self.lower.word(self.past_lifted(self.at)) == Word::LBrace {
            self.attributes(&mut attrs)?;
            self.expect(Word::LBrace)?;
            if word == Word::Enum {
                values = Some(self.enumerators()?);
                self.attributes(&mut attrs)?;
                self.lower.push_pragma_attrs(&mut attrs, |subjects| subjects.enums);
            } else {
                fields = Some(self.fields()?);
                self.attributes(&mut attrs)?;
                self.lower.push_pragma_attrs(&mut attrs, |subjects| subjects.record);
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
                pragma_pack: self.lower.pragma.pack,
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
                Word::StaticAssert => {
                    self.static_assert()?;
                }
                _ => {
                    fields.push(self.field(lead)?);
                    lead = self.at;
                }
            }
        }
        self.at += 1;
        Some(fields)
    }

    fn field(&mut self, start: u32) -> Option<FieldDecl> {
        let specs = self.specs(start)?;
        if specs.storage != Storage::None {
            return None;
        }
        let mut declarators = Vec::new();
        if self.word() != Word::Semi {
            loop {
                declarators.push(self.field_declarator()?);
                if !self.take(Word::Comma) {
                    break;
                }
            }
        }
        self.expect(Word::Semi)?;
        Some(FieldDecl::Fields { specs, declarators, span: Span { start, end: self.at } })
    }

    fn field_declarator(&mut self) -> Option<FieldDeclarator> {
        let mut attrs = Vec::new();
        self.attributes(&mut attrs)?;
        let mut declarator = match self.word() {
            // An unnamed bit-field: the tree's stand-in for its name is the colon.
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
            true => Some(self.constant()?),
            false => None,
        };
        self.attributes(&mut declarator.attrs)?;
        Some(FieldDeclarator { declarator, bits })
    }

    fn enumerators(&mut self) -> Option<Vec<EnumeratorDecl>> {
        let mut values = Vec::new();
        loop {
            if self.take(Word::RBrace) {
                return (!values.is_empty()).then_some(values);
            }
            let name = self.name()?;
            self.names.declare(name.name, false);
            let value = match self.take(Word::Assign) {
                true => Some(self.constant()?),
                false => None,
            };
            values.push(EnumeratorDecl { name, value });
            if !self.take(Word::Comma) && self.word() != Word::RBrace {
                return None;
            }
        }
    }
}
