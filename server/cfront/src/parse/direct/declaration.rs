//! External and local declarations.

use super::{Reader, declarator::Naming};
use crate::{
    ast::{
        DeclSpecs, Declaration, Declarator, Derived, Expr, FunctionDef, InitDeclarator, Item, Span,
        Storage,
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
        let specs = self.specs(0)?;
        if self.word() == Word::Semi {
            return self.rest(specs, Vec::new()).map(Item::Declaration);
        }
        let declarator = self.outer_declarator(&specs)?;
        if self.word() != Word::LBrace {
            let first = self.initialized(declarator)?;
            return self.rest(specs, vec![first]).map(Item::Declaration);
        }
        // Of a function that returns a pointer to a function the tree takes the wrong parameters
        // for those that its body sees.
        let functions = declarator.derived.iter().filter(|d| matches!(d, Derived::Function { .. }));
        let is_function = matches!(declarator.derived.first(), Some(Derived::Function { .. }));
        if !is_function || functions.count() > 1 || declarator.asm_label.is_some() {
            return None;
        }
        let body = self.block()?;
        let span = Span { start: 0, end: self.at };
        let has_error = self.recovery.has_error;
        let function =
            FunctionDef { specs, declarator, kr_params: Vec::new(), body, span, has_error };
        Some(Item::Function(Box::new(function)))
    }

    /// A declaration; it counts from the token `lead`.
    pub(super) fn declaration(&mut self, lead: u32) -> Option<Declaration> {
        let specs = self.specs(lead)?;
        let mut declarators = Vec::new();
        if self.word() != Word::Semi {
            let declarator = self.outer_declarator(&specs)?;
            declarators.push(self.initialized(declarator)?);
        }
        self.rest(specs, declarators)
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
        self.expect(Word::Semi)?;
        let span = Span { start: specs.span.start, end: self.at };
        Some(Declaration { specs, declarators, span, has_error: false })
    }

    /// A declarator that declares a name of the scope, with the attributes that pragmas give it.
    fn outer_declarator(&mut self, specs: &DeclSpecs) -> Option<Declarator> {
        let typedef = specs.storage == Storage::Typedef;
        let mut attrs = Vec::new();
        self.attributes(&mut attrs)?;
        let mut declarator = self.declarator(Naming::Scope { typedef }, attrs)?;
        let attrs = &mut declarator.attrs;
        if typedef {
            self.lower.push_pragma_attrs(attrs, |subjects| subjects.typedef);
        } else if matches!(declarator.derived.first(), Some(Derived::Function { .. })) {
            self.lower.push_pragma_attrs(attrs, |subjects| subjects.function);
        } else {
            self.lower.push_pragma_attrs(attrs, |subjects| subjects.variable);
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
        self.expect(Word::LParen)?;
        if self.begins_type(self.at) {
            return None;
        }
        let condition = self.constant()?;
        if self.take(Word::Comma) {
            self.strings()?;
        }
        self.expect(Word::RParen)?;
        self.expect(Word::Semi)?;
        Some(condition)
    }

    /// Passes adjacent string literals.
    pub(super) fn strings(&mut self) -> Option<()> {
        let from = self.at;
        while self.lower.is_kind(self.at, TokenKind::Str) {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }
}
