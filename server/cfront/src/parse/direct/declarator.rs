//! Declarators and parameters.

use super::Reader;
use crate::{
    ast::{ArraySize, Attr, Declarator, Derived, Ident, Param, Quals, Span, Storage, TypeSpec},
    symbol::Symbol,
    words::Word,
};

/// What a declarator may name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// A name of the scope, needed; a typedef or not.
    Scope { typedef: bool },
    /// A member of a record, needed.
    Member,
    /// A parameter, or nothing.
    Param,
    /// Nothing: the declarator of a type name.
    Abstract,
}

impl Naming {
    fn is_needed(self) -> bool {
        matches!(self, Naming::Scope { .. } | Naming::Member)
    }
}

/// What is read of a declarator so far.
struct Parts {
    naming: Naming,
    attrs: Vec<Attr>,
    asm_label: Option<Symbol>,
    /// One past the last token that the tree sees: no qualifier, no attribute.
    end: u32,
}

impl Reader<'_> {
    /// A declarator with the attributes and the asm label behind it; `attrs` stood before it.
    pub(super) fn declarator(&mut self, naming: Naming, attrs: Vec<Attr>) -> Option<Declarator> {
        let start = self.at;
        let mut parts = Parts { naming, attrs, asm_label: None, end: start };
        let (name, derived) = self.derivation(&mut parts)?;
        loop {
            match self.word() {
                Word::Attribute => self.attributes(&mut parts.attrs)?,
                Word::Asm if parts.asm_label.is_none() => {
                    parts.asm_label = Some(self.asm_label()?);
                }
                _ => break,
            }
        }
        let span = Span { start, end: parts.end };
        let Parts { attrs, asm_label, .. } = parts;
        Some(Declarator { name, derived, attrs, asm_label, span })
    }

    /// The name and what is derived, from the name outwards.
    fn derivation(&mut self, parts: &mut Parts) -> Option<(Option<Ident>, Vec<Derived>)> {
        let mut pointers = Vec::new();
        while self.take(Word::Star) {
            parts.end = self.at;
            let pointer = self.pointer()?;
            pointers.push(pointer);
        }
        let mut name = None;
        let mut derived = Vec::new();
        match self.word() {
            Word::LParen if self.groups_declarator() => {
                self.at += 1;
                self.attributes(&mut parts.attrs)?;
                (name, derived) = self.deeper(|reader| reader.derivation(parts))?;
                self.expect(Word::RParen)?;
                parts.end = self.at;
            }
            Word::Other if parts.naming != Naming::Abstract && self.is_name(self.at) => {
                name = self.name();
                parts.end = self.at;
                if let Some(name) = name {
                    match parts.naming {
                        Naming::Scope { typedef } => self.names.declare(name.name, typedef),
                        Naming::Param => self.names.declare(name.name, false),
                        Naming::Member | Naming::Abstract => {}
                    }
                }
            }
            _ if parts.naming.is_needed() => return None,
            _ => {}
        }
        loop {
            let suffix = match self.word() {
                Word::LBracket => self.outright(Self::array)?,
                Word::LParen => self.outright(Self::parameters)?,
                _ => break,
            };
            derived.push(suffix);
            parts.end = self.at;
        }
        if derived.len() + pointers.len() > MAX_DERIVED {
            return None;
        }
        pointers.reverse();
        if derived.is_empty() {
            derived = pointers;
        } else {
            derived.append(&mut pointers);
        }
        Some((name, derived))
    }

    /// Qualifiers and attributes after a `*`.
    fn pointer(&mut self) -> Option<Derived> {
        let mut quals = Quals::default();
        let mut attrs = Vec::new();
        loop {
            match self.word() {
                Word::Const => quals.is_const = true,
                Word::Volatile => quals.is_volatile = true,
                Word::Restrict => quals.is_restrict = true,
                Word::Attribute => {
                    self.attributes(&mut attrs)?;
                    continue;
                }
                _ => return Some(Derived::Pointer { quals, attrs }),
            }
            self.at += 1;
        }
    }

    /// Whether `(` groups a declarator (and does not begin parameters).
    fn groups_declarator(&self) -> bool {
        let next = self.past_lifted(self.at + 1);
        match self.lower.word(next) {
            Word::Star | Word::LParen => true,
            _ => self.is_name(next) && !self.begins_type(next),
        }
    }

    fn array(&mut self) -> Option<Derived> {
        self.at += 1;
        let size = match self.word() {
            Word::RBracket => ArraySize::Incomplete,
            _ => ArraySize::Expr(Box::new(self.constant()?)),
        };
        self.expect(Word::RBracket)?;
        Some(Derived::Array { size, quals: Quals::default() })
    }

    fn parameters(&mut self) -> Option<Derived> {
        let mark = self.names.mark();
        self.at += 1;
        let mut params = Vec::new();
        let mut variadic = false;
        if self.take(Word::RParen) {
            return Some(Derived::Function { params, variadic, prototyped: false });
        }
        loop {
            if self.take(Word::Ellipsis) {
                variadic = true;
                self.expect(Word::RParen)?;
                break;
            }
            let specs = self.specs(self.at)?;
            if specs.storage != Storage::None {
                return None;
            }
            let declarator = self.declarator(Naming::Param, Vec::new())?;
            params.push(Param { specs, declarator });
            if self.take(Word::RParen) {
                break;
            }
            self.expect(Word::Comma)?;
        }
        // In the body of a function its parameters hide typedef names.
        if self.lower.word(self.past_lifted(self.at)) != Word::LBrace {
            self.names.leave(mark);
        }
        if let [only] = params.as_slice()
            && !variadic
            && only.specs.ty == TypeSpec::Void
            && only.declarator.name.is_none()
            && only.declarator.derived.is_empty()
        {
            params.clear();
        }
        Some(Derived::Function { params, variadic, prototyped: true })
    }
}

/// Steps of one declarator; more are left to the tree.
const MAX_DERIVED: usize = 32;
