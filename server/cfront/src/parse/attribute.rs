//! What stands in the brackets of attributes.

use super::Room;
use crate::{
    ast::{Attr, AttrArg, Expr, Span},
    literal,
    symbol::Symbol,
    token::TokenKind,
    words::Word,
};

/// How attributes are spelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum GroupKind {
    /// `__attribute__((...))`
    Gnu,
    /// `[[...]]`
    Bracket,
    /// `__declspec(...)`
    Declspec,
    /// `_Alignas(...)`
    Alignas,
    /// A word of those without its brackets.
    Broken,
}

/// The tokens of one group of attributes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Group {
    /// First token.
    pub(super) start: u32,
    /// One past the last token.
    pub(super) end: u32,
    /// Its spelling.
    pub(super) kind: GroupKind,
}

impl Room<'_> {
    pub(super) fn group_attrs(&self, group: Group, attrs: &mut Vec<Attr>) {
        let Group { start, end, kind } = group;
        let (from, to) = match kind {
            GroupKind::Gnu => (start + 3, end.saturating_sub(2)),
            GroupKind::Bracket => (start + 2, end.saturating_sub(2)),
            GroupKind::Declspec => (start + 2, end.saturating_sub(1)),
            GroupKind::Alignas => {
                let args = self.attr_args(start + 2, end.saturating_sub(1));
                let span = Span { start, end };
                attrs.push(Attr { name: Symbol::intern("aligned"), args, span });
                return;
            }
            GroupKind::Broken => return,
        };
        for (from, to) in self.split_commas(from, to) {
            attrs.extend(self.attr(from, to));
        }
    }

    /// `name`, `ns::name`, `name(args)`.
    fn attr(&self, from: u32, to: u32) -> Option<Attr> {
        let mut i = from;
        let mut name = self.ident(i)?;
        i += 1;
        while matches!(self.word(i), Word::Colon | Word::ColonColon) && i < to {
            i += 1;
            if let Some(last) = self.ident(i) {
                name = last;
                i += 1;
            }
        }
        let args = if self.word(i) == Word::LParen && i < to {
            self.attr_args(i + 1, to.saturating_sub(1))
        } else {
            Vec::new()
        };
        let text = name.name.as_str();
        let bare = text.strip_prefix("__").and_then(|text| text.strip_suffix("__"));
        let name = bare.map_or(name.name, Symbol::intern);
        Some(Attr { name, args, span: Span { start: from, end: to } })
    }

    fn attr_args(&self, from: u32, to: u32) -> Vec<AttrArg> {
        let parts = self.split_commas(from, to);
        parts.into_iter().map(|(from, to)| self.attr_arg(from, to)).collect()
    }

    fn attr_arg(&self, from: u32, to: u32) -> AttrArg {
        let (from, to) = self.without_parentheses(from, to);
        if (from..to).all(|i| self.is_kind(i, TokenKind::Str)) {
            let (bytes, _) = self.string(from, to);
            return AttrArg::Str(String::from_utf8_lossy(&bytes).into_owned());
        }
        if to == from + 1
            && let Some(token) = self.token(from)
        {
            if self.words.is_name(token)
                && let Some(ident) = self.ident(from)
            {
                return AttrArg::Ident(ident);
            }
            if token.kind == TokenKind::Number {
                let span = Span { start: from, end: to };
                let kind = literal::number(token.sym);
                return AttrArg::Expr(Box::new(Expr { kind, span }));
            }
        }
        let begins_type = self.token(from).is_some_and(|token| {
            self.words.token(token).is_specifier()
                || (self.words.is_name(token) && self.scope.is_typedef(token.sym))
        });
        if begins_type && let Some(ty) = self.fragment_type(from, to) {
            return AttrArg::Type(Box::new(ty));
        }
        AttrArg::Expr(Box::new(self.fragment_expr(from, to)))
    }

    /// A string in parentheses, as macros give it, is the string.
    fn without_parentheses(&self, from: u32, to: u32) -> (u32, u32) {
        let (mut first, mut end) = (from, to);
        while first + 1 < end
            && self.word(first) == Word::LParen
            && self.word(end - 1) == Word::RParen
        {
            (first, end) = (first + 1, end - 1);
        }
        match first < end && (first..end).all(|i| self.is_kind(i, TokenKind::Str)) {
            true => (first, end),
            false => (from, to),
        }
    }

    /// Non-empty pieces between the commas of `from..to` that stand in no inner bracket.
    fn split_commas(&self, from: u32, to: u32) -> Vec<(u32, u32)> {
        let mut parts = Vec::new();
        let mut depth = 0u32;
        let mut start = from;
        for i in from..to {
            match self.word(i) {
                Word::LParen | Word::LBracket | Word::LBrace => depth += 1,
                Word::RParen | Word::RBracket | Word::RBrace => depth = depth.saturating_sub(1),
                Word::Comma if depth == 0 => {
                    if start < i {
                        parts.push((start, i));
                    }
                    start = i + 1;
                }
                _ => {}
            }
        }
        if start < to {
            parts.push((start, to));
        }
        parts
    }

    /// Adjacent string literals from a token on, joined: bytes and element size.
    pub(super) fn string(&self, from: u32, to: u32) -> (Vec<u8>, u8) {
        let tokens = self.tokens.get(from as usize..to as usize).unwrap_or(&[]);
        let literals = tokens.iter().take_while(|token| token.kind == TokenKind::Str);
        literal::string(literals.map(|token| token.sym.as_str()))
    }
}
