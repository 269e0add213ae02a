//! Macro expansion: streams of tokens being rescanned, calls and their arguments.
//!
//! As in clang, a macro is disabled while the stream that its replacement list became is being
//! read (C11 6.10.3.4p2 leaves nested cases open; this is how clang decides them).

use std::sync::Arc;

use crate::{
    source::{Loc, Trail},
    symbol::{Symbol, known as k},
    token::{Token, TokenKind},
};

use super::{
    PpDiagnosticKind,
    engine::{Engine, MAX_EXPANDED},
    macros::MacroDef,
};

/// Nesting of calls in arguments that is followed; each level is a level of recursion here.
const MAX_NESTING: u32 = 192;

/// Tokens waiting to be read.
pub(crate) struct Stream {
    pub(crate) tokens: Vec<Token>,
    pub(crate) pos: usize,
    /// The macro that is disabled while the stream is read.
    pub(crate) macro_name: Option<Symbol>,
    /// Reading does not go on behind the end: an argument or a directive.
    pub(crate) barrier: bool,
}

impl Engine<'_> {
    /// Expands a macro of the text of a file, up to where the text goes on.
    pub(crate) fn expand_in_text(&mut self, token: Token) {
        self.call_ends.clear();
        let mut next = Some(token);
        loop {
            let token = match next.take() {
                Some(token) => token,
                None => {
                    self.pop_finished();
                    if self.streams.is_empty() {
                        break;
                    }
                    match self.next_unexpanded() {
                        Some(token) => token,
                        None => break,
                    }
                }
            };
            if let Some(token) = self.expand_token(token) {
                if token.is_sym(k::PRAGMA_OPERATOR) {
                    self.pragma_operator(token);
                } else {
                    self.open.out.push(token);
                }
            }
        }
        self.carry = 0;
    }

    fn pop_finished(&mut self) {
        while let Some(stream) = self.streams.last() {
            if stream.pos < stream.tokens.len() || stream.barrier {
                return;
            }
            self.pop_stream();
        }
    }

    pub(crate) fn pop_stream(&mut self) {
        let Some(stream) = self.streams.pop() else { return };
        if let Some(name) = stream.macro_name
            && let Some(count) = self.disabled.get_mut(&name)
        {
            *count -= 1;
            if *count == 0 {
                self.disabled.remove(&name);
            }
        }
    }

    pub(crate) fn push_stream(
        &mut self,
        tokens: Vec<Token>,
        macro_name: Option<Symbol>,
        barrier: bool,
    ) {
        if let Some(name) = macro_name {
            *self.disabled.entry(name).or_insert(0) += 1;
        }
        self.streams.push(Stream { tokens, pos: 0, macro_name, barrier });
    }

    /// The next token without expansion: of the innermost stream that has one, else of the file.
    pub(crate) fn next_unexpanded(&mut self) -> Option<Token> {
        loop {
            match self.streams.last_mut() {
                Some(stream) => {
                    if let Some(token) = stream.tokens.get(stream.pos) {
                        stream.pos += 1;
                        return Some(*token);
                    }
                    if stream.barrier {
                        return None;
                    }
                    self.pop_stream();
                }
                None => return self.next_from_file(),
            }
        }
    }

    /// The next token after expansion, up to a barrier or the end of the file.
    pub(crate) fn next_expanded(&mut self) -> Option<Token> {
        loop {
            let Some(token) = self.next_unexpanded() else {
                self.carry = 0;
                return None;
            };
            if let Some(mut token) = self.expand_token(token) {
                token.flags |= std::mem::take(&mut self.carry);
                return Some(token);
            }
        }
    }

    /// Gives the token back when it is not expanded; otherwise its expansion waits in a stream.
    fn expand_token(&mut self, mut token: Token) -> Option<Token> {
        if token.kind != TokenKind::Ident || token.flags & Token::NO_EXPAND != 0 {
            return Some(token);
        }
        let Some(def) = self.lookup(token.sym) else { return Some(token) };
        if self.disabled.contains_key(&token.sym) {
            token.flags |= Token::NO_EXPAND;
            return Some(token);
        }
        if self.seen.bomb || self.fatal || def.is_function() && !self.next_is_paren() {
            return Some(token);
        }
        self.note_use(token.loc, &def);
        if let Some(builtin) = def.builtin {
            return self.expand_builtin(token, builtin);
        }
        let args = match &def.params {
            None => Vec::new(),
            Some(_) => match self.arguments(&def, token) {
                Some(args) => args,
                // Wrong calls: the name stays, as clang leaves it.
                None => {
                    token.flags |= Token::NO_EXPAND;
                    return Some(token);
                }
            },
        };
        let tokens = self.substitute(&def, token, args);
        self.made.work.expanded += tokens.len() as u64 + 1;
        if self.made.work.expanded > MAX_EXPANDED && !self.seen.bomb {
            self.stop_expanding(token.loc, "macro expansion makes too many tokens");
        }
        if tokens.is_empty() {
            self.carry |= token.flags & (Token::SPACE_BEFORE | Token::LINE_START);
        } else {
            self.push_stream(tokens, Some(token.sym), false);
        }
        None
    }

    fn stop_expanding(&mut self, loc: Loc, message: &str) {
        self.seen.bomb = true;
        self.made.complete = false;
        self.record.taint += 1;
        self.report_at(PpDiagnosticKind::ExpansionLimit, loc, message.to_owned());
    }

    /// Whether a replacement list may grow to that many tokens; expansion ends when not.
    pub(crate) fn room_for(&mut self, tokens: usize, loc: Loc) -> bool {
        if !self.seen.bomb && self.made.work.expanded + tokens as u64 > MAX_EXPANDED {
            self.stop_expanding(loc, "macro expansion makes too many tokens");
        }
        !self.seen.bomb
    }

    /// Whether the next token is `(`. The end of a file is not looked behind.
    pub(crate) fn next_is_paren(&self) -> bool {
        for stream in self.streams.iter().rev() {
            if let Some(token) = stream.tokens.get(stream.pos) {
                return token.sym == k::L_PAREN && token.kind == TokenKind::Punct;
            }
            if stream.barrier {
                return false;
            }
        }
        let Some(frame) = self.files.last() else { return false };
        crate::lexer::lex(&frame.text, frame.pos).punct == k::L_PAREN
    }

    /// Reads the arguments of a call; `None` when it does not fit the macro.
    fn arguments(&mut self, def: &MacroDef, name: Token) -> Option<Vec<Vec<Token>>> {
        let params = def.params.as_deref().unwrap_or(&[]);
        self.next_unexpanded();
        let mut args: Vec<Vec<Token>> = vec![Vec::new()];
        let mut depth = 0u32;
        loop {
            let Some(mut token) = self.next_unexpanded() else {
                let message = format!("unterminated call of macro '{}'", def.name);
                self.report_at(PpDiagnosticKind::UnterminatedCall, name.loc, message);
                return None;
            };
            match (token.kind, token.sym) {
                (TokenKind::Punct, k::L_PAREN) => depth += 1,
                (TokenKind::Punct, k::R_PAREN) => {
                    if depth == 0 {
                        if let (Some(_), Some((_, end))) = (name.loc.as_file(), token.loc.as_file())
                        {
                            self.call_ends.push((name.loc, end));
                        }
                        break;
                    }
                    depth -= 1;
                }
                (TokenKind::Punct, k::COMMA)
                    if depth == 0 && !(def.variadic && args.len() >= params.len()) =>
                {
                    args.push(Vec::new());
                    continue;
                }
                // Reading may end streams and so enable their macros again; a name that was read
                // while its macro was disabled stays unexpanded for good.
                (TokenKind::Ident, sym) if self.disabled.contains_key(&sym) => {
                    token.flags |= Token::NO_EXPAND;
                }
                _ => {}
            }
            if let Some(arg) = args.last_mut() {
                arg.push(token);
            }
        }
        let lone_empty = args.len() == 1 && args.first().is_some_and(Vec::is_empty);
        if params.is_empty() && lone_empty {
            args.clear();
        }
        let least = params.len() - usize::from(def.variadic);
        if args.len() > params.len() || args.len() < least {
            let count = if lone_empty { 0 } else { args.len() };
            let plural = if params.len() == 1 { "" } else { "s" };
            let message = format!(
                "macro '{}' takes {} argument{plural}, {count} given",
                def.name,
                params.len()
            );
            self.report_at(PpDiagnosticKind::ArgumentCount, name.loc, message);
            return None;
        }
        args.resize(params.len(), Vec::new());
        Some(args)
    }

    /// The argument after complete expansion on its own.
    pub(crate) fn pre_expand(&mut self, arg: &[Token]) -> Vec<Token> {
        let mut any = false;
        for token in arg {
            if token.kind == TokenKind::Ident {
                self.record.consulted.insert(token.sym);
                any |= self.macros.find(token.sym).is_some();
            }
        }
        if !any {
            return arg.to_vec();
        }
        if self.depth >= MAX_NESTING {
            if let Some(first) = arg.first()
                && !self.seen.bomb
            {
                self.stop_expanding(first.loc, "macro calls are nested too deeply");
            }
            return arg.to_vec();
        }
        self.depth += 1;
        let carry = std::mem::take(&mut self.carry);
        self.push_stream(arg.to_vec(), None, true);
        let mut out = Vec::with_capacity(arg.len());
        while let Some(token) = self.next_expanded() {
            out.push(token);
        }
        self.pop_stream();
        self.carry = carry;
        self.depth -= 1;
        out
    }

    /// A token of a replacement list in the text.
    pub(crate) fn body_loc(&mut self, def: &MacroDef, spelling: Loc, expansion: Loc) -> Loc {
        let trail = Trail { spelling, expansion, macro_name: def.name, from_argument: false };
        self.add_trail(trail)
    }

    /// A token of an argument in the text.
    pub(crate) fn argument_loc(&mut self, def: &MacroDef, spelling: Loc, expansion: Loc) -> Loc {
        let trail = Trail { spelling, expansion, macro_name: def.name, from_argument: true };
        self.add_trail(trail)
    }

    /// Expands the rest of a directive's line.
    pub(crate) fn expand_line(&mut self, tokens: Vec<Token>) -> Vec<Token> {
        let streams = std::mem::take(&mut self.streams);
        let disabled = std::mem::take(&mut self.disabled);
        self.push_stream(tokens, None, true);
        let mut out = Vec::new();
        while let Some(token) = self.next_expanded() {
            out.push(token);
        }
        self.streams = streams;
        self.disabled = disabled;
        out
    }

    pub(crate) fn definition_used(&mut self, name: Symbol, loc: Loc) -> Option<Arc<MacroDef>> {
        let def = self.lookup(name)?;
        self.note_use(loc, &def);
        Some(def)
    }
}
