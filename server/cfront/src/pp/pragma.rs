//! `#pragma` and `_Pragma`.

use std::sync::Arc;

use crate::{
    lexer,
    source::{FileId, Loc},
    symbol::{Symbol, known as k},
    token::{Token, TokenKind},
};

use super::{PpDiagnosticKind, builtin::spelled, engine::Engine};

impl Engine<'_> {
    /// Obeys a pragma; the tokens are those after the word `pragma`, `loc` is the place of `#` or
    /// `_Pragma`.
    pub(crate) fn pragma(&mut self, tokens: Vec<Token>, loc: Loc) {
        let word = |i: usize| tokens.get(i).filter(|t| t.kind == TokenKind::Ident).map(|t| t.sym);
        match (word(0), word(1)) {
            (Some(k::ONCE), _) => {
                if let Some(frame) = self.files.last()
                    && Arc::make_mut(&mut self.seen.once).insert(frame.file)
                {
                    self.record.once_added.push(frame.file);
                }
            }
            (Some(which @ (k::PUSH_MACRO | k::POP_MACRO)), _) => {
                let name = tokens.iter().find(|t| t.kind == TokenKind::Str);
                let Some(name) =
                    name.and_then(|t| t.sym.as_str().strip_prefix('"')?.strip_suffix('"'))
                else {
                    return;
                };
                let name = Symbol::intern(name);
                self.record.taint += 1;
                if which == k::PUSH_MACRO {
                    let def = self.lookup(name);
                    Arc::make_mut(&mut self.seen.pushed).entry(name).or_default().push(def);
                } else if let Some(def) =
                    Arc::make_mut(&mut self.seen.pushed).get_mut(&name).and_then(Vec::pop)
                {
                    self.set_macro(name, def);
                }
            }
            (Some(k::PACK), _) | (Some(k::CLANG), Some(k::ATTRIBUTE_WORD)) => {
                let tokens = self.expand_line(tokens);
                let sym = Symbol::intern(&spelled(&tokens));
                self.open.out.push(Token {
                    kind: TokenKind::Pragma,
                    flags: Token::LINE_START,
                    sym,
                    loc,
                });
            }
            _ => {}
        }
    }

    /// `_Pragma ( string )`, whose name was just read.
    pub(crate) fn pragma_operator(&mut self, name: Token) {
        let mut parts = Vec::new();
        for i in 0..3 {
            let fits = match i {
                0 => self.next_is_paren(),
                _ => true,
            };
            match if fits { self.next_expanded() } else { None } {
                Some(token) => parts.push(token),
                None => break,
            }
        }
        let text = match parts.as_slice() {
            [open, text, close]
                if open.is_sym(k::L_PAREN)
                    && text.kind == TokenKind::Str
                    && close.is_sym(k::R_PAREN) =>
            {
                destringize(text.sym.as_str())
            }
            _ => {
                self.report_at(
                    PpDiagnosticKind::BadDirective,
                    name.loc,
                    "_Pragma takes one string in parentheses".into(),
                );
                return;
            }
        };
        let tokens = lex_all(&text, name.loc);
        self.pragma(tokens, name.loc);
    }
}

/// The text in a string literal, for `_Pragma` (C11 6.10.9).
fn destringize(literal: &str) -> String {
    let inner = literal
        .find('"')
        .and_then(|at| literal.get(at + 1..literal.len().max(1) - 1))
        .unwrap_or("");
    let mut out = String::new();
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('"' | '\\')) => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out
}

fn lex_all(text: &str, loc: Loc) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut pos = 0;
    let mut interner = Symbol::batch();
    loop {
        let raw = lexer::lex(text, pos);
        let Some(token) = raw.token(text, FileId(0), &mut interner) else { return tokens };
        tokens.push(Token { loc, ..token });
        pos = raw.end;
    }
}
