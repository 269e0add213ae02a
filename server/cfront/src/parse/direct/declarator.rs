//! Declarators and parameters.

use super::{Reader, specifiers::Unknown};
use crate::{
    ast::{ArraySize, Attr, Declarator, Derived, Ident, Param, Quals, Span, TypeSpec},
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
    /// One past the last token of the declarator proper: no qualifier, no attribute.
    end: u32,
}

impl Reader<'_> {
    /// Whether the name at hand is not what is declared: its line begins another declaration.
    fn begins_next_declaration(&self) -> bool {
        self.begins_line(self.at)
            && self.recovery.is_in_statement()
            && self.begins_type(self.at)
            && (self.is_name(self.at + 1) || self.word_after() == Word::Star)
    }

    /// Of several names where one declarator is due the others are macros that are not known.
    /// Whether the one at hand is the declarator's.
    fn is_declared_name(&self) -> bool {
        let mut last = self.at;
        for _ in 0..8 {
            let next = self.past_lifted(last + 1);
            if !self.is_name(next) || self.begins_line(next) {
                break;
            }
            last = next;
        }
        if last == self.at {
            return true;
        }
        let inner = last + 2;
        let parameters = self.word_at(last + 1) == Word::LParen
            && (self.word_at(inner) == Word::RParen
                || self.begins_type(inner)
                || (self.is_name(inner)
                    && (self.is_name(inner + 1) || self.word_at(inner + 1) == Word::Star)));
        // By convention the names of attribute macros begin with underscores.
        !parameters && !self.token().is_some_and(|token| token.sym.as_str().starts_with("__"))
    }

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
                Word::Other
                    if self.is_name(self.at)
                        && !self.begins_line(self.at)
                        && parts.naming != Naming::Abstract =>
                {
                    // `int x UNKNOWN("a") = 1;`
                    self.skip_unknown();
                }
                Word::LBracket | Word::Declspec | Word::Alignas => {
                    let before = self.at;
                    self.attributes(&mut parts.attrs)?;
                    if self.at == before {
                        break;
                    }
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
                let inner = self.deeper(|reader| reader.derivation(parts));
                (name, derived) = inner.unwrap_or_default();
                self.expect(Word::RParen);
                parts.end = self.at;
            }
            Word::Other
                if parts.naming != Naming::Abstract
                    && self.is_name(self.at)
                    && !self.begins_next_declaration() =>
            {
                while !self.is_declared_name() {
                    self.skip_unknown();
                }
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
            _ if parts.naming.is_needed() => self.missing(),
            _ => {}
        }
        loop {
            let suffix = match self.word() {
                Word::LBracket if self.word_after() == Word::LBracket => break,
                Word::LBracket => self.within_specifiers(Self::array),
                Word::LParen => self.within_specifiers(Self::parameters),
                _ => break,
            };
            let Some(suffix) = suffix else {
                break;
            };
            derived.push(suffix);
            parts.end = self.at;
        }
        if derived.len() + pointers.len() > MAX_DERIVED {
            pointers.truncate(MAX_DERIVED);
            derived.truncate(MAX_DERIVED);
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
                Word::Atomic => quals.is_atomic = true,
                Word::Extension => {}
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
        match self.word_at(next) {
            Word::Star | Word::LParen => true,
            Word::LBracket => true,
            _ => self.is_name(next) && !self.begins_type(next),
        }
    }

    fn array(&mut self) -> Option<Derived> {
        self.at += 1;
        let mut quals = Quals::default();
        loop {
            match self.word() {
                Word::Const => quals.is_const = true,
                Word::Volatile => quals.is_volatile = true,
                Word::Restrict => quals.is_restrict = true,
                Word::Static => {}
                _ => break,
            }
            self.at += 1;
        }
        let star = self.word() == Word::Star && self.word_after() == Word::RBracket;
        let size = match self.word() {
            Word::RBracket => ArraySize::Incomplete,
            Word::Star if star => {
                self.at += 1;
                ArraySize::Star
            }
            _ => match self.constant() {
                Some(size) => ArraySize::Expr(Box::new(size)),
                None => ArraySize::Incomplete,
            },
        };
        self.expect(Word::RBracket);
        Some(Derived::Array { size, quals })
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
                self.expect(Word::RParen);
                break;
            }
            let before = self.at;
            let specs = self.specs(self.at, Unknown::Alone)?;
            let declarator = self.declarator(Naming::Param, Vec::new())?;
            if self.at > before {
                params.push(Param { specs, declarator });
            }
            if self.take(Word::RParen) {
                break;
            }
            if self.take(Word::Comma) {
                if self.take(Word::RParen) {
                    self.missing();
                    break;
                }
                continue;
            }
            self.missing();
            if self.ends_list() {
                break;
            }
            if self.at == before {
                self.skip_group();
            }
        }
        // In the body of a function its parameters hide typedef names.
        if self.word_at(self.past_lifted(self.at)) != Word::LBrace {
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

/// Steps of one declarator; more are left out.
const MAX_DERIVED: usize = 32;
