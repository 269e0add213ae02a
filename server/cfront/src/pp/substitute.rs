//! Replacement lists: parameters, `#`, `##`, `__VA_OPT__`, and GNU's `, ## args`.

use crate::{
    lexer,
    source::Loc,
    symbol::{Symbol, known as k},
    token::{Token, TokenKind},
};

use super::{
    PpDiagnosticKind,
    engine::Engine,
    macros::{BodyToken, MacroDef, Role},
};

/// Length in bytes from which a token made by `#` or `##` is refused.
const MAX_TEXT: usize = 1 << 20;

/// A step of substitution.
#[derive(Clone, Copy)]
enum Item {
    Token(Token),
    /// `##`, with the place of the operator in the replacement list.
    Paste(Loc),
    /// An empty operand of `##`.
    Placemarker,
}

/// A call being substituted.
struct Call<'d> {
    def: &'d MacroDef,
    name: Token,
    args: Vec<Vec<Token>>,
    expanded: Vec<Option<Vec<Token>>>,
}

impl Engine<'_> {
    /// The replacement list of a macro with its arguments put in.
    pub(crate) fn substitute(
        &mut self,
        def: &MacroDef,
        name: Token,
        args: Vec<Vec<Token>>,
    ) -> Vec<Token> {
        let expanded = vec![None; args.len()];
        let mut call = Call { def, name, args, expanded };
        let items = self.items(&mut call, def.body());
        let mut tokens = self.paste(&call, items);
        if let Some(first) = tokens.first_mut() {
            let mask = Token::SPACE_BEFORE | Token::LINE_START;
            first.flags = first.flags & !mask | name.flags & mask;
        }
        tokens
    }

    fn items(&mut self, call: &mut Call<'_>, body: &[BodyToken]) -> Vec<Item> {
        let mut items = Vec::with_capacity(body.len() + 4);
        let mut space = 0;
        let mut i = 0;
        while let Some(part) = body.get(i) {
            let token = part.token;
            let flags = token.flags | std::mem::take(&mut space);
            let after_paste = i > 0 && matches!(body.get(i - 1).map(|b| b.role), Some(Role::Paste));
            i += 1;
            match part.role {
                Role::Plain => {
                    let loc = self.body_loc(call.def, token.loc, call.name.loc);
                    items.push(Item::Token(Token { flags, loc, ..token }));
                }
                Role::Paste => items.push(Item::Paste(token.loc)),
                Role::Param(n) => {
                    let before_paste = matches!(body.get(i).map(|b| b.role), Some(Role::Paste));
                    let at = items.len();
                    if after_paste || before_paste {
                        self.operand(call, n as usize, after_paste, &mut items);
                    } else if !self.argument(call, n as usize, &mut items) {
                        space = flags & Token::SPACE_BEFORE;
                    }
                    if let Some(Item::Token(first)) = items.get_mut(at) {
                        let mask = Token::SPACE_BEFORE | Token::LINE_START;
                        first.flags = first.flags & !mask | flags & mask;
                    }
                }
                Role::Stringize(n) => {
                    let text = stringize(call.args.get(n as usize).map_or(&[], |a| a));
                    items.push(self.string(call, &text, flags, token.loc));
                }
                Role::VaOpt(len) => {
                    let content = body.get(i..i + len as usize).unwrap_or(&[]);
                    i += len as usize;
                    let mut inner = self.va_opt(call, content);
                    if let Some(Item::Token(first)) = inner.first_mut() {
                        let mask = Token::SPACE_BEFORE | Token::LINE_START;
                        first.flags = first.flags & !mask | flags & mask;
                    }
                    if inner.is_empty() {
                        inner.push(Item::Placemarker);
                    }
                    items.append(&mut inner);
                }
                Role::StringizeVaOpt(len) => {
                    let content = body.get(i..i + len as usize).unwrap_or(&[]);
                    i += len as usize;
                    let inner = self.va_opt(call, content);
                    let tokens = self.paste(call, inner);
                    let text = stringize(&tokens);
                    items.push(self.string(call, &text, flags, token.loc));
                }
            }
        }
        items
    }

    fn string(&mut self, call: &Call<'_>, text: &str, flags: u8, spelling: Loc) -> Item {
        let loc = self.body_loc(call.def, spelling, call.name.loc);
        // Escapes double with every level of `#`: the text counts as work, and has a limit.
        self.made.work.expanded += text.len() as u64 / 16;
        let text = if text.len() < MAX_TEXT { text } else { "\"\"" };
        Item::Token(Token { kind: TokenKind::Str, flags, sym: Symbol::intern(text), loc })
    }

    /// Puts an argument in that is expanded first; whether it had tokens.
    fn argument(&mut self, call: &mut Call<'_>, n: usize, items: &mut Vec<Item>) -> bool {
        self.expand_argument(call, n);
        let Some(Some(tokens)) = call.expanded.get(n) else { return false };
        if !self.room_for(items.len() + tokens.len(), call.name.loc) {
            return false;
        }
        for token in tokens {
            let loc = self.argument_loc(call.def, token.loc, call.name.loc);
            items.push(Item::Token(Token { loc, ..*token }));
        }
        !tokens.is_empty()
    }

    fn expand_argument(&mut self, call: &mut Call<'_>, n: usize) {
        if let (Some(slot @ None), Some(arg)) = (call.expanded.get_mut(n), call.args.get(n)) {
            *slot = Some(self.pre_expand(arg));
        }
    }

    /// Puts an argument in that is an operand of `##`, and so not expanded.
    fn operand(&mut self, call: &Call<'_>, n: usize, after_paste: bool, items: &mut Vec<Item>) {
        let arg = call.args.get(n).map_or(&[] as &[Token], |a| a);
        let rest = call.def.variadic && n + 1 == call.args.len();
        let comma = |items: &[Item]| match items {
            [.., Item::Token(t), Item::Paste(_)] => t.is_sym(k::COMMA),
            _ => false,
        };
        if rest && after_paste && comma(items) {
            // GNU: `, ## args` takes the comma away with empty args, and does not paste otherwise.
            // With a strict standard and no other parameter the comma stays.
            items.pop();
            if arg.is_empty() {
                if self.flags.gnu || call.args.len() > 1 {
                    items.pop();
                    if matches!(items.last(), Some(Item::Paste(_))) {
                        items.pop();
                    }
                }
                return;
            }
        }
        if arg.is_empty() {
            items.push(Item::Placemarker);
        }
        if !self.room_for(items.len() + arg.len(), call.name.loc) {
            return;
        }
        for token in arg {
            let loc = self.argument_loc(call.def, token.loc, call.name.loc);
            items.push(Item::Token(Token { loc, ..*token }));
        }
    }

    /// The content of `__VA_OPT__`, empty when the call has no tokens for the variable arguments.
    fn va_opt(&mut self, call: &mut Call<'_>, content: &[BodyToken]) -> Vec<Item> {
        let Some(last) = call.args.len().checked_sub(1) else { return Vec::new() };
        self.expand_argument(call, last);
        match call.expanded.get(last) {
            Some(Some(tokens)) if !tokens.is_empty() => self.items(call, content),
            _ => Vec::new(),
        }
    }

    /// Does the `##`s and drops placemarkers.
    fn paste(&mut self, call: &Call<'_>, items: Vec<Item>) -> Vec<Token> {
        let token = |item| match item {
            Item::Token(token) => Some(token),
            _ => None,
        };
        if items.iter().all(|item| matches!(item, Item::Token(_))) {
            return items.into_iter().filter_map(token).collect();
        }
        let mut out: Vec<Item> = Vec::with_capacity(items.len());
        let mut items = items.into_iter();
        while let Some(item) = items.next() {
            let Item::Paste(operator) = item else {
                out.push(item);
                continue;
            };
            let Some(right) = items.next() else { break };
            match (out.pop(), right) {
                (None | Some(Item::Placemarker), right) => out.push(right),
                (Some(left), Item::Placemarker | Item::Paste(_)) => out.push(left),
                (Some(Item::Token(left)), Item::Token(right)) => {
                    match self.join(call, left, right, operator) {
                        Some(token) => out.push(Item::Token(token)),
                        None => out.extend([Item::Token(left), Item::Token(right)]),
                    }
                }
                (Some(other), right) => out.extend([other, right]),
            }
        }
        out.into_iter().filter_map(token).collect()
    }

    fn join(&mut self, call: &Call<'_>, left: Token, right: Token, operator: Loc) -> Option<Token> {
        let text = [left.sym.as_str(), right.sym.as_str()].concat();
        let raw = lexer::lex(&text, 0);
        let kind =
            raw.kind.filter(|_| raw.start == 0 && raw.end == text.len() && !raw.unterminated);
        let Some(kind) = kind.filter(|_| text.len() < MAX_TEXT) else {
            let message =
                format!("pasting '{}' and '{}' does not make a token", left.sym, right.sym);
            self.report_at(PpDiagnosticKind::BadPaste, call.name.loc, message);
            return None;
        };
        let loc = self.body_loc(call.def, operator, call.name.loc);
        self.made.work.expanded += text.len() as u64 / 16;
        let flags = left.flags & !(Token::NO_EXPAND | Token::SPELLED_OTHERWISE)
            | raw.flags & Token::SPELLED_OTHERWISE;
        Some(Token { kind, flags, sym: raw.symbol(&text, &mut Symbol::batch()), loc })
    }
}

/// The string literal that `#` makes of tokens (C11 6.10.3.2).
pub(crate) fn stringize(tokens: &[Token]) -> String {
    let mut out = String::from("\"");
    for (i, token) in tokens.iter().enumerate() {
        if i > 0 && token.flags & (Token::SPACE_BEFORE | Token::LINE_START) != 0 {
            out.push(' ');
        }
        let text = token.sym.as_str();
        if matches!(token.kind, TokenKind::Str | TokenKind::Char) {
            for c in text.chars() {
                if matches!(c, '"' | '\\') {
                    out.push('\\');
                }
                out.push(c);
            }
        } else if token.flags & Token::SPELLED_OTHERWISE != 0 {
            spell_otherwise(token.sym, &mut out);
        } else {
            out.push_str(text);
        }
    }
    // A lone backslash at the end would escape the quote.
    if out.bytes().rev().take_while(|&b| b == b'\\').count() % 2 == 1 {
        out.pop();
    }
    out.push('"');
    out
}

/// A digraph as it is written, and an identifier with universal character names.
fn spell_otherwise(sym: Symbol, out: &mut String) {
    let digraph = match sym {
        k::L_BRACKET => "<:",
        k::R_BRACKET => ":>",
        k::L_BRACE => "<%",
        k::R_BRACE => "%>",
        k::HASH => "%:",
        k::HASH_HASH => "%:%:",
        _ => {
            for c in sym.as_str().chars() {
                match c as u32 {
                    0..0x80 => out.push(c),
                    code @ 0x80..0x1_0000 => out.push_str(&format!("\\u{code:04x}")),
                    code => out.push_str(&format!("\\U{code:08x}")),
                }
            }
            return;
        }
    };
    out.push_str(digraph);
}
