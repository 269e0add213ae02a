//! External and local declarations.

use super::{Reader, declarator::Naming, specifiers::Unknown};
use crate::{
    ast::{
        DeclSpecs, Declaration, Declarator, Derived, Expr, FunctionDef, InitDeclarator, Item,
        Param, Span, Storage, TypeSpec,
    },
    token::TokenKind,
    words::Word,
};

impl Reader<'_> {
    pub(super) fn item(&mut self) -> Option<Item> {
        if self.word() == Word::StaticAssert {
            let condition = self.static_assert()?;
            return Some(Item::StaticAssert(Box::new(condition)));
        }
        let start = self.at;
        let specs = self.specs(start, Unknown::Declares)?;
        if self.at == start && !self.begins_declarator() {
            return None;
        }
        if self.word() == Word::Semi || self.token().is_none() {
            return self.rest(specs, Vec::new()).map(Item::Declaration);
        }
        let declarator = self.outer_declarator(&specs)?;
        let names = declarator.name.is_some() || !declarator.derived.is_empty();
        if !names {
            return self.rest(specs, Vec::new()).map(Item::Declaration);
        }
        let kr = self.kr_params(&declarator);
        let mut declarator = declarator;
        let mut kr_params = Vec::new();
        if let Some(body) = kr {
            if let Some(Derived::Function { params, prototyped, .. }) =
                declarator.derived.first_mut()
            {
                *prototyped = false;
                params.iter_mut().for_each(kr_name);
            }
            while self.at < body {
                let before = self.at;
                kr_params.extend(self.declaration(self.at));
                if self.at == before {
                    self.at = body;
                }
            }
        }
        if self.word() != Word::LBrace {
            let first = self.initialized(declarator)?;
            return self.rest(specs, vec![first]).map(Item::Declaration);
        }
        let is_function = matches!(declarator.derived.first(), Some(Derived::Function { .. }));
        if !is_function {
            self.missing();
            return self
                .rest(specs, vec![InitDeclarator { declarator, init: None }])
                .map(Item::Declaration);
        }
        let cut = self.room.cut.replace(false);
        let body = self.block()?;
        self.room.cut_in_body |= self.room.cut.replace(cut);
        let span = Span { start, end: self.at };
        let has_error = self.recovery.broken > 0;
        let function = FunctionDef { specs, declarator, kr_params, body, span, has_error };
        Some(Item::Function(Box::new(function)))
    }

    /// A declaration; it counts from the token `lead`.
    pub(super) fn declaration(&mut self, lead: u32) -> Option<Declaration> {
        let broken = self.recovery.broken;
        let specs = self.specs(lead, Unknown::Declares)?;
        let mut declarators = Vec::new();
        if self.word() != Word::Semi {
            let declarator = self.outer_declarator(&specs)?;
            declarators.push(self.initialized(declarator)?);
        }
        let mut declaration = self.rest(specs, declarators)?;
        declaration.has_error |= self.recovery.broken > broken;
        Some(declaration)
    }

    /// Whether a declarator may begin here.
    fn begins_declarator(&self) -> bool {
        matches!(self.word(), Word::Star | Word::LParen) || self.is_name(self.at)
    }

    /// Where the body of a K&R definition begins, behind whose identifiers the reader stands.
    fn kr_params(&self, declarator: &Declarator) -> Option<u32> {
        let Some(Derived::Function { params, .. }) = declarator.derived.first() else {
            return None;
        };
        let name = |param: &Param| {
            matches!(param.specs.ty, TypeSpec::Typedef(_))
                && param.declarator.name.is_none()
                && param.declarator.derived.is_empty()
        };
        if params.is_empty() || !params.iter().all(name) || !self.begins_type(self.at) {
            return None;
        }
        (self.at..self.recovery.limit).find(|&at| self.word_at(at) == Word::LBrace)
    }

    /// The declarators after the first one, and the `;`.
    fn rest(
        &mut self,
        specs: DeclSpecs,
        mut declarators: Vec<InitDeclarator>,
    ) -> Option<Declaration> {
        while !declarators.is_empty() && self.take(Word::Comma) {
            let declarator = self.outer_declarator(&specs)?;
            declarators.push(self.initialized(declarator)?);
        }
        declarators.retain(|d| d.declarator.name.is_some() || !d.declarator.derived.is_empty());
        if !self.take(Word::Semi) {
            self.mended();
        }
        let span = Span { start: specs.span.start, end: self.at };
        let has_error = self.recovery.broken > 0 && self.recovery.at_item();
        Some(Declaration { specs, declarators, span, has_error })
    }

    /// A declarator that declares a name of the scope, with the attributes that pragmas give it.
    pub(super) fn outer_declarator(&mut self, specs: &DeclSpecs) -> Option<Declarator> {
        let typedef = specs.storage == Storage::Typedef;
        let mut attrs = Vec::new();
        self.attributes(&mut attrs)?;
        let mut declarator = self.declarator(Naming::Scope { typedef }, attrs)?;
        let attrs = &mut declarator.attrs;
        if typedef {
            self.room.push_pragma_attrs(attrs, |subjects| subjects.typedef);
        } else if matches!(declarator.derived.first(), Some(Derived::Function { .. })) {
            self.room.push_pragma_attrs(attrs, |subjects| subjects.function);
        } else {
            self.room.push_pragma_attrs(attrs, |subjects| subjects.variable);
        }
        Some(declarator)
    }

    fn initialized(&mut self, declarator: Declarator) -> Option<InitDeclarator> {
        let init = match self.take(Word::Assign) {
            true => Some(self.initializer()?),
            false => None,
        };
        Some(InitDeclarator { declarator, init })
    }

    /// The condition of `_Static_assert(condition, "text");`
    pub(super) fn static_assert(&mut self) -> Option<Expr> {
        self.at += 1;
        self.expect(Word::LParen);
        if self.begins_type(self.at) {
            self.missing();
        }
        let condition = self.constant();
        let condition = self.or_error(condition);
        if self.take(Word::Comma) && self.strings().is_none() {
            self.missing();
        }
        self.expect(Word::RParen);
        self.expect(Word::Semi);
        Some(condition)
    }

    /// Passes adjacent string literals.
    pub(super) fn strings(&mut self) -> Option<()> {
        let from = self.at;
        while self.is_kind(self.at, TokenKind::Str) {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }
}

/// A name of a K&R identifier list: its type stands in the declarations that follow.
fn kr_name(param: &mut Param) {
    if let TypeSpec::Typedef(name) = param.specs.ty {
        param.specs.ty = TypeSpec::Implicit;
        param.declarator.name = Some(name);
    }
}
