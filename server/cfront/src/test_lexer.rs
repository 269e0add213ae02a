//! A small lexer for the tests of the syntax: no macros, no directives but `#pragma`.

use crate::{
    source::Loc,
    symbol::Symbol,
    token::{Token, TokenKind},
};

const PUNCTS: &[&str] = &[
    "...", "<<=", ">>=", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+=",
    "-=", "*=", "/=", "%=", "&=", "|=", "^=",
];

pub(crate) fn lex(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut flags = Token::LINE_START;
    while let Some(c) = rest.chars().next() {
        if c == '\n' {
            flags = Token::LINE_START;
            rest = &rest[1..];
            continue;
        }
        if c.is_whitespace() {
            flags |= Token::SPACE_BEFORE;
            rest = &rest[c.len_utf8()..];
            continue;
        }
        if let Some(pragma) = rest.strip_prefix("#pragma") {
            let end = pragma.find('\n').unwrap_or(pragma.len());
            push(&mut tokens, TokenKind::Pragma, flags, pragma[..end].trim());
            rest = &pragma[end..];
            continue;
        }
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let prefix = matches!(&rest[..word], "" | "L" | "u" | "U" | "u8")
            && rest[word..].starts_with(['"', '\'']);
        let (kind, len) = if prefix {
            let quote = rest[word..].chars().next().unwrap();
            let mut escaped = false;
            let close = rest[word + 1..].find(|c| {
                let close = c == quote && !escaped;
                escaped = c == '\\' && !escaped;
                close
            });
            let kind = if quote == '"' { TokenKind::Str } else { TokenKind::Char };
            (kind, close.map_or(rest.len(), |close| word + close + 2))
        } else if c.is_ascii_digit() {
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
                .unwrap_or(rest.len());
            (TokenKind::Number, end)
        } else if word > 0 {
            (TokenKind::Ident, word)
        } else {
            let punct = PUNCTS.iter().find(|punct| rest.starts_with(**punct));
            (TokenKind::Punct, punct.map_or(c.len_utf8(), |punct| punct.len()))
        };
        push(&mut tokens, kind, flags, &rest[..len]);
        rest = &rest[len..];
        flags = 0;
    }
    tokens
}

fn push(tokens: &mut Vec<Token>, kind: TokenKind, flags: u8, text: &str) {
    let loc = Loc { file: 0, offset: tokens.len() as u32 };
    tokens.push(Token { kind, flags, sym: Symbol::intern(text), loc });
}
