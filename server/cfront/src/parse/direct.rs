//! Plain declarations, read straight from their tokens.
//!
//! Most of what a program takes from its headers are records, enums, typedefs and prototypes of the
//! simplest shape, and the way over a tree costs ten times the reading. This reader knows that shape
//! only; what it gives is what the tree would give (`tests` hold it to that), and where it is not
//! sure it gives nothing.

use super::Lower;
use crate::{
    ast::{
        ArraySize, Attr, BinaryOp, DeclSpecs, Declaration, Declarator, Derived, EnumSpec,
        EnumeratorDecl, Expr, ExprKind, FieldDecl, FieldDeclarator, Ident, InitDeclarator, Item,
        Param, Quals, RecordSpec, Span, Storage, TypeSpec, UnaryOp,
    },
    parse::{literal, specifiers::Basic},
    plain::{Lifted, LiftedKind, Plain, TypedefScope},
    pragma::PragmaState,
    token::{Token, TokenKind},
    words::{Word, Words},
};

/// Deeper nesting is left to the tree.
const MAX_DEPTH: u32 = 24;

/// Reads an item that is a plain declaration; `None` when it may be anything else.
pub(super) fn item(
    tokens: &[Token],
    words: &'static Words,
    scope: &dyn TypedefScope,
    pragma: &PragmaState,
) -> Option<Item> {
    let first = tokens.first()?;
    let word = words.token(first);
    let begins = word.is_type() || matches!(word, Word::Typedef | Word::Extern | Word::Const);
    if !(begins || words.is_name(first)) || words.token(tokens.last()?) != Word::Semi {
        return None;
    }
    let lower = Lower::new(tokens, words, scope, pragma, Plain::default(), 0);
    let mut reader = Reader { lower, at: 0, depth: 0 };
    let declaration = reader.declaration()?;
    (reader.at as usize == tokens.len()).then_some(Item::Declaration(declaration))
}

struct Reader<'a> {
    lower: Lower<'a>,
    /// The next token.
    at: u32,
    depth: u32,
}

impl Reader<'_> {
    fn word(&self) -> Word {
        self.lower.word(self.at)
    }

    fn take(&mut self, word: Word) -> bool {
        let found = self.word() == word;
        self.at += u32::from(found);
        found
    }

    fn expect(&mut self, word: Word) -> Option<()> {
        self.take(word).then_some(())
    }

    /// A name that is no keyword.
    fn name(&mut self) -> Option<Ident> {
        let token = self.lower.token(self.at)?;
        let name = self.lower.words.is_name(token).then_some(token.sym)?;
        self.at += 1;
        Some(Ident { name, token: self.at - 1 })
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// `__attribute__((...))` groups.
    fn attributes(&mut self) -> Option<Vec<Attr>> {
        let mut attrs = Vec::new();
        while self.word() == Word::Attribute {
            let start = self.at;
            let mut depth = 0u32;
            loop {
                self.at += 1;
                match self.word() {
                    Word::LParen => depth += 1,
                    Word::RParen => depth = depth.checked_sub(1)?,
                    // Brackets that do not match would end the declaration for the tree.
                    Word::LBrace | Word::RBrace | Word::LBracket | Word::RBracket | Word::Semi => {
                        return None;
                    }
                    _ if depth < 2 => return None,
                    _ => {}
                }
                self.lower.token(self.at)?;
                if depth == 0 {
                    break;
                }
            }
            self.at += 1;
            let double = self.lower.word(start + 2) == Word::LParen
                && self.lower.word(self.at - 2) == Word::RParen;
            if !double {
                return None;
            }
            let group = Lifted { start, end: self.at, kind: LiftedKind::Gnu };
            self.lower.group_attrs(group, &mut attrs);
        }
        Some(attrs)
    }

    fn declaration(&mut self) -> Option<Declaration> {
        let start = self.at;
        let specs = self.specs()?;
        let mut declarators = Vec::new();
        if !matches!(self.word(), Word::Semi) {
            loop {
                let mut declarator = self.declarator(true)?;
                declarator.attrs = self.attributes()?;
                if specs.storage == Storage::Typedef {
                    self.lower.push_pragma_attrs(&mut declarator.attrs, |s| s.typedef);
                } else if matches!(declarator.derived.first(), Some(Derived::Function { .. })) {
                    self.lower.push_pragma_attrs(&mut declarator.attrs, |s| s.function);
                } else {
                    self.lower.push_pragma_attrs(&mut declarator.attrs, |s| s.variable);
                }
                declarators.push(InitDeclarator { declarator, init: None });
                if !self.take(Word::Comma) {
                    break;
                }
            }
        }
        self.expect(Word::Semi)?;
        let span = Span { start, end: self.at };
        Some(Declaration { specs, declarators, span, has_error: false })
    }

    fn specs(&mut self) -> Option<DeclSpecs> {
        let start = self.at;
        let mut storage = Storage::None;
        let mut quals = Quals::default();
        let mut ty = None;
        let mut basic = Basic::default();
        loop {
            let token = *self.lower.token(self.at)?;
            match self.lower.words.token(&token) {
                Word::Typedef if storage == Storage::None => storage = Storage::Typedef,
                Word::Extern if storage == Storage::None => storage = Storage::Extern,
                Word::Const => quals.is_const = true,
                Word::Volatile => quals.is_volatile = true,
                Word::Basic if ty.is_none() => basic.add(token.sym.as_str()),
                word @ (Word::Struct | Word::Union | Word::Enum) if ty.is_none() && !basic.seen => {
                    ty = Some(self.deeper(|reader| reader.tag_type(word))?);
                    continue;
                }
                Word::Other if token.kind == TokenKind::Ident && ty.is_none() && !basic.seen => {
                    if !self.lower.scope.is_typedef(token.sym) {
                        return None;
                    }
                    ty = Some(TypeSpec::Typedef(Ident { name: token.sym, token: self.at }));
                }
                // What may follow specifiers; all else is not plain.
                Word::Star | Word::LParen | Word::RParen | Word::Comma | Word::Semi => break,
                Word::Colon | Word::LBracket => break,
                Word::Other if token.kind == TokenKind::Ident => break,
                _ => return None,
            }
            self.at += 1;
        }
        let ty = if basic.seen { basic.type_spec() } else { ty? };
        let span = Span { start, end: self.at };
        Some(DeclSpecs {
            storage,
            inline: false,
            thread_local: false,
            quals,
            ty,
            attrs: Vec::new(),
            span,
        })
    }

    fn tag_type(&mut self, word: Word) -> Option<TypeSpec> {
        let start = self.at;
        self.at += 1;
        let tag = match self.word() {
            Word::LBrace => None,
            _ => Some(self.name()?),
        };
        let body = self.word() == Word::LBrace;
        let mut attrs = Vec::new();
        let (mut fields, mut values) = (None, None);
        if body {
            if word == Word::Enum {
                values = Some(self.enumerators()?);
                attrs = self.attributes()?;
                self.lower.push_pragma_attrs(&mut attrs, |subjects| subjects.enums);
            } else {
                fields = Some(self.fields()?);
                attrs = self.attributes()?;
                self.lower.push_pragma_attrs(&mut attrs, |subjects| subjects.record);
            }
        } else if word == Word::Enum && self.word() == Word::Colon {
            return None;
        }
        let span = Span { start, end: self.at };
        Some(if word == Word::Enum {
            TypeSpec::Enum(Box::new(EnumSpec { tag, underlying: None, values, attrs, span }))
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
        self.expect(Word::LBrace)?;
        let mut fields = Vec::new();
        while !self.take(Word::RBrace) {
            fields.push(self.field()?);
        }
        Some(fields)
    }

    fn field(&mut self) -> Option<FieldDecl> {
        let start = self.at;
        let specs = self.specs()?;
        if specs.storage != Storage::None {
            return None;
        }
        let mut declarators = Vec::new();
        if self.word() != Word::Semi {
            loop {
                let mut declarator = match self.word() {
                    // An unnamed bit-field: the tree's stand-in for its name is the colon.
                    Word::Colon => Declarator {
                        name: None,
                        derived: Vec::new(),
                        attrs: Vec::new(),
                        asm_label: None,
                        span: Span { start: self.at, end: self.at + 1 },
                    },
                    _ => self.declarator(true)?,
                };
                let bits = match self.take(Word::Colon) {
                    true => Some(self.expression(0)?),
                    false => None,
                };
                declarator.attrs = self.attributes()?;
                declarators.push(FieldDeclarator { declarator, bits });
                if !self.take(Word::Comma) {
                    break;
                }
            }
        }
        self.expect(Word::Semi)?;
        Some(FieldDecl::Fields { specs, declarators, span: Span { start, end: self.at } })
    }

    fn enumerators(&mut self) -> Option<Vec<EnumeratorDecl>> {
        self.expect(Word::LBrace)?;
        let mut values = Vec::new();
        loop {
            if self.take(Word::RBrace) {
                return (!values.is_empty()).then_some(values);
            }
            let name = self.name()?;
            let value = match self.take(Word::Assign) {
                true => Some(self.expression(0)?),
                false => None,
            };
            values.push(EnumeratorDecl { name, value });
            if !self.take(Word::Comma) && self.word() != Word::RBrace {
                return None;
            }
        }
    }

    /// A declarator; without a name only where it need not be `named`.
    fn declarator(&mut self, named: bool) -> Option<Declarator> {
        let start = self.at;
        let mut end = start;
        let (name, derived) = self.deeper(|reader| reader.derivation(named, &mut end))?;
        let span = Span { start, end };
        Some(Declarator { name, derived, attrs: Vec::new(), asm_label: None, span })
    }

    /// The name and what is derived, from the name outwards. `end` becomes one past the last token
    /// that is no qualifier.
    fn derivation(&mut self, named: bool, end: &mut u32) -> Option<(Option<Ident>, Vec<Derived>)> {
        let mut pointers = Vec::new();
        while self.take(Word::Star) {
            *end = self.at;
            let mut quals = Quals::default();
            loop {
                match self.word() {
                    Word::Const => quals.is_const = true,
                    Word::Volatile => quals.is_volatile = true,
                    Word::Restrict => quals.is_restrict = true,
                    _ => break,
                }
                self.at += 1;
            }
            pointers.push(Derived::Pointer { quals, attrs: Vec::new() });
        }
        let mut name = None;
        let mut derived = Vec::new();
        match self.word() {
            Word::LParen if self.lower.word(self.at + 1) == Word::Star => {
                self.at += 1;
                (name, derived) = self.deeper(|reader| reader.derivation(named, end))?;
                self.expect(Word::RParen)?;
                *end = self.at;
            }
            // Parameters of an abstract function, or a name in parentheses.
            Word::LParen => return None,
            Word::Other if named => {
                name = Some(self.name()?);
                *end = self.at;
            }
            Word::Other => {
                let token = self.lower.token(self.at)?;
                if self.lower.words.is_name(token) {
                    name = self.name();
                    *end = self.at;
                }
            }
            _ if named => return None,
            _ => {}
        }
        loop {
            match self.word() {
                Word::LBracket => derived.push(self.array()?),
                Word::LParen => derived.push(self.deeper(Self::parameters)?),
                _ => break,
            }
            *end = self.at;
        }
        pointers.reverse();
        derived.extend(pointers);
        Some((name, derived))
    }

    fn array(&mut self) -> Option<Derived> {
        self.at += 1;
        let size = match self.word() {
            Word::RBracket => ArraySize::Incomplete,
            _ => ArraySize::Expr(Box::new(self.expression(0)?)),
        };
        self.expect(Word::RBracket)?;
        Some(Derived::Array { size, quals: Quals::default() })
    }

    fn parameters(&mut self) -> Option<Derived> {
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
            let specs = self.specs()?;
            if specs.storage != Storage::None {
                return None;
            }
            let declarator = self.declarator(false)?;
            params.push(Param { specs, declarator });
            if self.take(Word::RParen) {
                break;
            }
            self.expect(Word::Comma)?;
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

    /// A constant expression of numbers, names, parentheses and operators that bind at least as
    /// tightly as `least`.
    fn expression(&mut self, least: u8) -> Option<Expr> {
        let mut left = self.deeper(Self::operand)?;
        while let Some((op, strength)) = self.operator() {
            if strength < least {
                break;
            }
            self.at += 1;
            let right = self.deeper(|reader| reader.expression(strength + 1))?;
            let span = Span { start: left.span.start, end: right.span.end };
            let kind = ExprKind::Binary(op, Box::new(left), Box::new(right));
            left = Expr { kind, span };
        }
        // What else may follow belongs to a larger expression.
        let ends = matches!(
            self.word(),
            Word::Comma | Word::Semi | Word::RBrace | Word::RBracket | Word::RParen
        );
        (ends || self.operator().is_some() || self.word() == Word::Attribute).then_some(left)
    }

    fn operator(&self) -> Option<(BinaryOp, u8)> {
        let token = self.lower.token(self.at)?;
        if token.kind != TokenKind::Punct {
            return None;
        }
        Some(match token.sym.as_str() {
            "|" => (BinaryOp::BitOr, 1),
            "^" => (BinaryOp::BitXor, 2),
            "&" => (BinaryOp::BitAnd, 3),
            "<<" => (BinaryOp::Shl, 4),
            ">>" => (BinaryOp::Shr, 4),
            "+" => (BinaryOp::Add, 5),
            "-" => (BinaryOp::Sub, 5),
            "*" => (BinaryOp::Mul, 6),
            "/" => (BinaryOp::Div, 6),
            "%" => (BinaryOp::Rem, 6),
            _ => return None,
        })
    }

    fn operand(&mut self) -> Option<Expr> {
        let start = self.at;
        let token = *self.lower.token(start)?;
        let kind = match token.kind {
            TokenKind::Number => {
                self.at += 1;
                literal::number(token.sym)
            }
            TokenKind::Char => {
                self.at += 1;
                let (value, kind) = literal::character(token.sym.as_str());
                ExprKind::Char(value, kind)
            }
            TokenKind::Ident => {
                let name = self.name()?;
                if self.lower.scope.is_typedef(name.name) {
                    return None;
                }
                ExprKind::Ident(name)
            }
            TokenKind::Punct => {
                self.at += 1;
                let op = match token.sym.as_str() {
                    "-" => UnaryOp::Minus,
                    "~" => UnaryOp::BitNot,
                    "(" => {
                        // A cast begins with a keyword, or a typedef name, which is no operand.
                        let inner = self.deeper(|reader| reader.expression(0))?;
                        self.expect(Word::RParen)?;
                        let span = Span { start, end: self.at };
                        return Some(Expr { kind: ExprKind::Paren(Box::new(inner)), span });
                    }
                    _ => return None,
                };
                let inner = self.deeper(Self::operand)?;
                ExprKind::Unary(op, Box::new(inner))
            }
            _ => return None,
        };
        Some(Expr { kind, span: Span { start, end: self.at } })
    }
}
