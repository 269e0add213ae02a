//! Parts of a program that the syntax does not keep: what stands there may be a use that nobody sees.

use cfront::{
    ast::Item,
    token::{Token, TokenKind},
    unit::TokenPlace,
};

use crate::pipeline::FileAnalysis;

/// Words whose parentheses are not looked into, or not wholly.
const CLOSED: [&str; 9] = [
    "_Static_assert",
    "static_assert",
    "__attribute__",
    "__attribute",
    "asm",
    "__asm",
    "__asm__",
    "alignas",
    "_Alignas",
];

/// Whether a token that was not found to be a use may be one all the same.
pub(super) fn may_be_use(file: &FileAnalysis, token: TokenPlace) -> bool {
    let broken = file.unit.item(token.item).is_none_or(|item| match &item.syntax {
        Item::Function(function) => function.has_error,
        Item::Declaration(declaration) => declaration.has_error,
        Item::StaticAssert(_) | Item::Empty => false,
        Item::Asm | Item::Error(_) => true,
    });
    broken || is_closed_off(file.unit.tokens(token.item), token.token as usize)
}

fn is_closed_off(tokens: &[Token], at: usize) -> bool {
    // The word before each parenthesis that is open.
    let mut open: Vec<bool> = Vec::new();
    let mut closes = false;
    for token in tokens.get(..at).unwrap_or_default() {
        if token.is("(") {
            open.push(closes);
        } else if token.is(")") {
            open.pop();
        }
        // `asm volatile (`
        let volatile = closes && matches!(token.sym.as_str(), "volatile" | "__volatile__" | "goto");
        closes =
            token.kind == TokenKind::Ident && (volatile || CLOSED.contains(&token.sym.as_str()));
    }
    open.contains(&true)
}
