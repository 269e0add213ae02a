//! From the tokens of one item to its syntax, the [`ast`]: by recursive descent through GNU C as real
//! programs write it, and as it is left while someone types (`direct`).
//!
//! [`ast`]: crate::ast

mod attribute;
mod basic;
mod direct;
mod scope;
mod unit;

use std::{cell::Cell, rc::Rc};

pub use scope::TypedefScope;
pub use unit::{UnitItem, parse_unit};

use crate::{
    ast::{Attr, Expr, ExprKind, Ident, Item, Span, TypeName},
    pragma::PragmaState,
    token::{Token, TokenKind},
    words::{Word, Words},
};

/// Nesting of the syntax beyond which an expression or statement is not read: recursion over an
/// [`ast`](crate::ast) is bounded by it. clang refuses more by default (`-fbracket-depth`).
pub const MAX_DEPTH: u32 = 256;

/// Attribute arguments are parsed on their own; attributes in types in attributes nest this deep.
const MAX_FRAGMENTS: u32 = 4;

/// A parsed item.
#[derive(Clone, PartialEq, Debug)]
pub struct ParsedItem {
    /// The syntax.
    pub item: Item,
    /// Places where the text could not be read, or something had to be added.
    pub syntax_errors: Vec<Span>,
    /// Where the syntax nests too deep, so that something of it is not here.
    pub too_deep: TooDeep,
}

/// Where syntax was left out because it nests deeper than [`MAX_DEPTH`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TooDeep {
    /// In what the item declares.
    pub declared: bool,
    /// In the body of a function.
    pub body: bool,
}

/// Parses the tokens of one item. `pragma` is what pragmas say there, `scope` knows the typedef
/// names declared before it. Never fails: what cannot be read is [`Item::Error`], or marked in it.
pub fn parse_item(tokens: &[Token], pragma: &PragmaState, scope: &dyn TypedefScope) -> ParsedItem {
    let words = Words::get();
    if let Some(item) = trivial_item(tokens, words) {
        let too_deep = TooDeep::default();
        return ParsedItem { item, syntax_errors: Vec::new(), too_deep };
    }
    direct::item(tokens, words, scope, pragma)
}

/// Items that say nothing of C.
fn trivial_item(tokens: &[Token], words: &Words) -> Option<Item> {
    let mut rest = tokens.iter().filter(|token| token.kind != TokenKind::Pragma);
    let Some(first) = rest.next() else { return Some(Item::Empty) };
    match words.token(first) {
        Word::Semi if rest.next().is_none() => Some(Item::Empty),
        Word::Asm => Some(Item::Asm),
        _ => None,
    }
}

/// What is known around the tokens of an item.
struct Room<'a> {
    tokens: &'a [Token],
    words: &'static Words,
    scope: &'a dyn TypedefScope,
    pragma: &'a PragmaState,
    fragments: u32,
    /// Whether something was left out because it nests too deep, here or in a fragment.
    cut: Rc<Cell<bool>>,
    /// The same of the function's body.
    cut_in_body: bool,
}

impl<'a> Room<'a> {
    fn new(
        tokens: &'a [Token],
        words: &'static Words,
        scope: &'a dyn TypedefScope,
        pragma: &'a PragmaState,
    ) -> Room<'a> {
        let cut = Rc::default();
        Room { tokens, words, scope, pragma, fragments: 0, cut, cut_in_body: false }
    }

    fn token(&self, i: u32) -> Option<&'a Token> {
        self.tokens.get(i as usize)
    }

    fn word(&self, i: u32) -> Word {
        self.token(i).map_or(Word::Other, |token| self.words.token(token))
    }

    fn is_kind(&self, i: u32, kind: TokenKind) -> bool {
        self.token(i).is_some_and(|token| token.kind == kind)
    }

    fn ident(&self, token: u32) -> Option<Ident> {
        let found = self.token(token).filter(|t| t.kind == TokenKind::Ident)?;
        Some(Ident { name: found.sym, token })
    }

    /// The room of a fragment of the item: an attribute's argument.
    fn inner(&self) -> Option<Room<'a>> {
        if self.fragments >= MAX_FRAGMENTS {
            self.cut.set(true);
            return None;
        }
        let (fragments, cut) = (self.fragments + 1, self.cut.clone());
        let Room { tokens, words, scope, pragma, .. } = *self;
        Some(Room { tokens, words, scope, pragma, fragments, cut, cut_in_body: false })
    }

    fn fragment_expr(&self, from: u32, to: u32) -> Expr {
        let read = self
            .inner()
            .and_then(|room| direct::fragment(room, (from, to), |reader| reader.assignment()));
        read.unwrap_or(Expr { kind: ExprKind::Error, span: Span { start: from, end: to } })
    }

    fn fragment_type(&self, from: u32, to: u32) -> Option<TypeName> {
        direct::fragment(self.inner()?, (from, to), |reader| reader.type_name())
    }

    /// Adds the attributes that pragmas apply to a kind of declaration.
    fn push_pragma_attrs(
        &self,
        attrs: &mut Vec<Attr>,
        applies: impl Fn(&crate::pragma::Subjects) -> bool,
    ) {
        let pushed = self.pragma.attributes.iter();
        attrs.extend(pushed.filter(|p| applies(&p.subjects)).map(|p| p.attr.clone()));
    }
}

#[cfg(test)]
mod tests;
