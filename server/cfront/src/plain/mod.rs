//! Plain C text of an item: what stock tree-sitter-c reads without an error node.
//!
//! The grammar knows ISO C and a little GNU C, and has to guess whether a name is a type. So the
//! tokens of an item are written out as the bare bones of C:
//!
//! * declaration specifiers become `int` or a `struct`/`enum` with its body; storage classes,
//!   qualifiers and the spelling of basic types are read from the tokens later;
//! * every typedef name in force at its place becomes `int`, every other name `x`, every operand
//!   `0` (`x` where it is assigned to): no text is left that could be a type or an expression;
//! * GNU attributes, alignment specifiers, asm labels and pragmas leave the text for a side table;
//! * what the grammar lacks is spelled with what it has: `typeof(e)` as `struct x{int x:(e);}`,
//!   type arguments of builtins as `sizeof(T)`, `case a ... b:` as `while(0(a,b))`, asm statements
//!   as calls of their operands, and so on.
//!
//! Each piece of text remembers its token, so every node of the tree leads back to tokens, and the
//! spelling of that token tells what the piece stands for.

mod frame;
mod open;
mod scope;
mod statement;
mod write;

pub(crate) use scope::Scopes;
pub use scope::TypedefScope;

use crate::token::Token;

/// What a range of tokens is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fragment {
    /// A top-level item, or declarations.
    Item,
    /// An expression; the text is `int x=(...);`.
    Expr,
    /// A type name; the text is `int x=sizeof(...);`.
    Type,
    /// Statements of a body; the text is `int x(){...}`.
    Statements,
}

/// Tokens that left the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LiftedKind {
    /// `__attribute__((...))`
    Gnu,
    /// `[[...]]`
    Bracket,
    /// `__declspec(...)`
    Declspec,
    /// `_Alignas(...)`
    Alignas,
    /// `asm("label")` of a declarator
    AsmLabel,
    /// A declaration nobody needs: `_Static_assert` in a record, `__label__`
    Skipped,
}

/// A group of tokens that left the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lifted {
    /// First token.
    pub start: u32,
    /// One past the last token.
    pub end: u32,
    /// Which construct.
    pub kind: LiftedKind,
}

/// Plain text with its way back to tokens.
#[derive(Clone, Debug, Default)]
pub struct Plain {
    /// The text.
    pub text: String,
    /// Byte offset in the text and token index of each piece, offsets ascending.
    pieces: Vec<(u32, u32)>,
    /// What left the text, ascending.
    pub lifted: Vec<Lifted>,
    /// Tokens of K&R parameter declarations, between `)` and the body.
    pub kr_params: Option<(u32, u32)>,
    /// Tokens before which something missing (`;`) was put in.
    pub repairs: Vec<u32>,
    /// Text offsets of names that stand for no declarator (`struct s {...};`).
    unnamed: Vec<u32>,
    /// The range of tokens that was written.
    range: (u32, u32),
}

impl Plain {
    /// Writes `tokens[start..end]` as plain C. `scope` knows the typedef names around the item.
    pub fn new(
        tokens: &[Token],
        start: usize,
        end: usize,
        what: Fragment,
        scope: &dyn TypedefScope,
    ) -> Plain {
        write::Writer::new(tokens, start, end.min(tokens.len()), scope).run(what)
    }

    fn piece_index(&self, offset: u32) -> usize {
        self.pieces.partition_point(|&(start, _)| start <= offset).saturating_sub(1)
    }

    /// The token a byte of the text stands for.
    pub fn token_at(&self, offset: usize) -> u32 {
        let index = self.piece_index(offset as u32);
        self.pieces.get(index).map_or(self.range.0, |&(_, token)| token)
    }

    /// One past the token in which the text that ends at `offset` ends.
    pub fn end_token(&self, offset: usize) -> u32 {
        self.token_at(offset.saturating_sub(1)) + 1
    }

    /// First of the tokens that belong to the text at `offset`: words before it that left no text
    /// (storage classes, attributes) included.
    pub fn lead(&self, offset: usize) -> u32 {
        let index = self.piece_index(offset as u32);
        let own = self.pieces.get(index).map_or(self.range.0, |&(_, token)| token);
        let before = index.checked_sub(1).and_then(|i| self.pieces.get(i));
        before.map_or(self.range.0, |&(_, token)| (token + 1).min(own))
    }

    /// The token of the first piece at or after `offset`; the end of the range if there is none.
    pub fn next_emitted(&self, offset: usize) -> u32 {
        let index = self.pieces.partition_point(|&(start, _)| (start as usize) < offset);
        self.pieces.get(index).map_or(self.range.1, |&(_, token)| token)
    }

    /// Whether the name at a text offset was put in where a declaration has no declarator.
    pub fn is_unnamed(&self, offset: usize) -> bool {
        self.unnamed.binary_search(&(offset as u32)).is_ok()
    }

    /// The token range that was written.
    pub fn range(&self) -> (u32, u32) {
        self.range
    }
}
