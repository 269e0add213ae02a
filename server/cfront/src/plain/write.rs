//! The writer: one pass over the tokens with a stack of brackets.

use super::{
    Fragment, Lifted, LiftedKind, Plain, Scopes, TypedefScope,
    frame::{Frame, Kind, Mode, Paren},
};
use crate::{
    symbol::known,
    token::{Token, TokenKind},
    words::{Word, Words},
};

/// No partner.
pub(super) const UNPAIRED: usize = usize::MAX;

pub(super) struct Writer<'a> {
    tokens: &'a [Token],
    start: usize,
    end: usize,
    words: &'static Words,
    /// For brackets, the index of the partner; relative to `start`.
    pairs: Vec<u32>,
    pub(super) scopes: Scopes<'a>,
    frames: Vec<(Frame, usize)>,
    pub(super) out: Plain,
    /// The text so far ends with an operand: `(`, `[`, `&&` continue it.
    pub(super) operand: bool,
    /// A member name follows.
    pub(super) after_dot: bool,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        tokens: &'a [Token],
        start: usize,
        end: usize,
        scope: &'a dyn TypedefScope,
    ) -> Writer<'a> {
        let words = Words::get();
        let slice = tokens.get(start..end).unwrap_or(&[]);
        Writer {
            tokens,
            start,
            end,
            words,
            pairs: pair_brackets(slice, words),
            scopes: Scopes::new(scope),
            frames: Vec::with_capacity(16),
            out: Plain {
                text: String::with_capacity(slice.len() * 3),
                pieces: Vec::with_capacity(slice.len() + 8),
                range: (start as u32, end as u32),
                ..Plain::default()
            },
            operand: false,
            after_dot: false,
        }
    }

    pub(super) fn run(mut self, what: Fragment) -> Plain {
        match what {
            Fragment::Item => self.frames.push((Frame::new(Kind::File, "", 0), UNPAIRED)),
            Fragment::Expr => {
                self.emit(self.start, "int x=(");
                self.frames.push((Frame::new(Kind::Paren, "", 0), UNPAIRED));
            }
            Fragment::Type => {
                self.emit(self.start, "int x=sizeof(");
                let mut frame = Frame::new(Kind::Paren, "", 0);
                frame.mode = Mode::Specs;
                frame.type_name = true;
                self.frames.push((frame, UNPAIRED));
            }
            Fragment::Statements => {
                // Of the token before, so that the first statement has its storage classes.
                self.emit(self.start.saturating_sub(1), "int x(){");
                self.frames.push((Frame::new(Kind::Block, "}", 0), UNPAIRED));
            }
        }
        let mut i = self.start;
        while i < self.end {
            i = self.step(i).max(i + 1);
        }
        let last = self.end.saturating_sub(1).max(self.start);
        if what == Fragment::Item {
            self.end_brackets(last);
            if self.top().mode != Mode::Start {
                self.out.repairs.push(last as u32);
                self.semicolon(last);
            }
        } else if what == Fragment::Statements {
            self.end_brackets(last);
            let block = self.top().clone();
            self.finish(&block, last);
            self.emit(last, block.close);
        } else {
            if self.top().mode == Mode::Specs && !self.top().type_seen {
                self.emit(last, "int");
            }
            self.emit(last, ");");
        }
        self.out
    }

    /// Ends the brackets that the last token leaves open.
    fn end_brackets(&mut self, last: usize) {
        while self.frames.len() > 1 {
            self.out.repairs.push(last as u32);
            if let Some((frame, _)) = self.frames.pop() {
                self.finish(&frame, last);
                if !frame.close.is_empty() {
                    self.emit(last, frame.close);
                }
                self.after_close(last, &frame);
            }
        }
    }

    /// The innermost bracket. There always is one: the outermost is never popped.
    pub(super) fn top(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push((Frame::new(Kind::File, "", 0), UNPAIRED));
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last].0
    }

    pub(super) fn push(&mut self, open: usize, kind: Kind, close: &'static str) -> &mut Frame {
        let frame = Frame::new(kind, close, self.scopes.mark());
        self.frames.push((frame, open));
        self.operand = false;
        self.after_dot = false;
        self.top()
    }

    pub(super) fn emit(&mut self, token: usize, text: &str) {
        if !self.out.text.is_empty() {
            self.out.text.push(' ');
        }
        self.out.pieces.push((self.out.text.len() as u32, token as u32));
        self.out.text.push_str(text);
    }

    /// Writes a name where the grammar wants a declarator and there is none.
    fn emit_unnamed(&mut self, token: usize) {
        self.emit(token, "x");
        self.out.unnamed.push(self.out.text.len() as u32 - 1);
    }

    /// Writes a punctuator as it is spelled; anything else as a name.
    pub(super) fn emit_raw(&mut self, i: usize) {
        match self.tokens.get(i) {
            Some(token) if token.kind == TokenKind::Punct => self.emit(i, token.sym.as_str()),
            Some(token) if token.kind == TokenKind::Other => self.emit(i, "@"),
            _ => self.emit(i, "x"),
        }
    }

    pub(super) fn end(&self) -> usize {
        self.end
    }

    pub(super) fn token(&self, i: usize) -> Option<&'a Token> {
        (i < self.end).then(|| self.tokens.get(i)).flatten()
    }

    pub(super) fn word(&self, i: usize) -> Word {
        self.token(i).map_or(Word::Other, |token| self.words.token(token))
    }

    pub(super) fn is_name(&self, i: usize) -> bool {
        self.token(i).is_some_and(|token| self.words.is_name(token))
    }

    pub(super) fn kind(&self, i: usize) -> Option<TokenKind> {
        self.token(i).map(|token| token.kind)
    }

    /// Index of the partner of the bracket at `i`.
    pub(super) fn pair(&self, i: usize) -> Option<usize> {
        let partner = *self.pairs.get(i.checked_sub(self.start)?)?;
        (partner != u32::MAX).then(|| partner as usize + self.start)
    }

    fn frame_is_paired(&self, index: usize) -> bool {
        self.frames.get(index).is_some_and(|(_, open)| self.pair(*open).is_some())
    }

    /// The group of tokens at `i` that leaves the text: kind and end.
    pub(super) fn liftable(&self, i: usize) -> Option<(LiftedKind, usize)> {
        let kind = match self.word(i) {
            Word::Attribute => LiftedKind::Gnu,
            Word::Declspec => LiftedKind::Declspec,
            Word::Alignas => LiftedKind::Alignas,
            Word::LBracket if self.word(i + 1) == Word::LBracket => {
                return Some((LiftedKind::Bracket, self.pair(i)? + 1));
            }
            _ => return None,
        };
        if self.word(i + 1) != Word::LParen {
            return Some((kind, i + 1));
        }
        // An open group that never closes: only the word leaves, the rest shows as an error.
        Some((kind, self.pair(i + 1).map_or(i + 1, |close| close + 1)))
    }

    pub(super) fn lift(&mut self, i: usize, kind: LiftedKind, end: usize) {
        self.out.lifted.push(Lifted { start: i as u32, end: end as u32, kind });
    }

    /// Lifts all groups that begin at `i`; returns the index after them.
    pub(super) fn lift_all(&mut self, mut i: usize) -> usize {
        while let Some((kind, end)) = self.liftable(i) {
            self.lift(i, kind, end);
            i = end;
        }
        i
    }

    /// The index after attributes, pragmas and `__extension__` at `i`.
    pub(super) fn skip_lifted(&self, mut i: usize) -> usize {
        loop {
            if let Some((_, end)) = self.liftable(i) {
                i = end;
            } else if self.word(i) == Word::Extension || self.kind(i) == Some(TokenKind::Pragma) {
                i += 1;
            } else {
                return i;
            }
        }
    }

    /// Whether a type name or declaration begins at `i`.
    pub(super) fn type_start(&self, i: usize) -> bool {
        let i = self.skip_lifted(i);
        let Some(token) = self.token(i) else { return false };
        match self.words.token(token) {
            Word::Other => token.kind == TokenKind::Ident && self.scopes.is_typedef(token.sym),
            word => word.is_specifier(),
        }
    }

    fn step(&mut self, i: usize) -> usize {
        if self.kind(i) == Some(TokenKind::Pragma) {
            return i + 1;
        }
        if let Some((kind, end)) = self.liftable(i) {
            self.lift(i, kind, end);
            return end;
        }
        let word = self.word(i);
        let frame = self.top();
        let (kind, mode) = (frame.kind, frame.mode);
        match word {
            Word::Extension => return i + 1,
            Word::RParen | Word::RBracket | Word::RBrace => return self.close(i, word),
            Word::Asm if matches!(mode, Mode::Specs | Mode::Declarator) => {
                let open = i + 1;
                if let (Word::LParen, Some(close)) = (self.word(open), self.pair(open)) {
                    self.lift(i, LiftedKind::AsmLabel, close + 1);
                    return close + 1;
                }
            }
            _ => {}
        }
        if kind == Kind::Asm {
            return self.asm_operand(i, word);
        }
        match mode {
            Mode::Start => self.at_start(i, word),
            Mode::Specs => self.in_specs(i, word),
            Mode::Declarator => self.in_declarator(i, word),
            Mode::Expr => self.in_expr(i, word),
        }
    }

    pub(super) fn in_expr(&mut self, i: usize, word: Word) -> usize {
        let Some(&token) = self.token(i) else { return i + 1 };
        if self.needs_semicolon(i, word) {
            self.out.repairs.push(i as u32);
            self.emit(i.saturating_sub(1).max(self.start), ";");
            self.top().restart();
            return self.at_start(i, word);
        }
        let operand = std::mem::replace(&mut self.operand, false);
        let after_dot = std::mem::replace(&mut self.after_dot, false);
        match word {
            Word::Other => match token.kind {
                TokenKind::Ident if operand && self.words.is_name(&token) => {
                    // `"text" UNKNOWN`: a name cannot follow an operand.
                    self.out.repairs.push(i as u32);
                    self.operand = true;
                }
                TokenKind::Ident => {
                    let assigned = matches!(self.word(i + 1), Word::Assign | Word::CompoundAssign);
                    self.emit(i, if after_dot || assigned { "x" } else { "0" });
                    self.operand = true;
                }
                TokenKind::Number | TokenKind::Char => {
                    self.emit(i, "0");
                    self.operand = true;
                }
                TokenKind::Str => {
                    // Adjacent literals are one.
                    if !operand {
                        self.emit(i, "\"\"");
                    }
                    self.operand = true;
                }
                _ => self.emit_raw(i),
            },
            Word::Sizeof | Word::Alignof => return self.sizeof(i),
            Word::Generic => {
                self.emit(i, "0");
                self.operand = true;
            }
            Word::RealImag => self.emit(i, "+"),
            Word::LParen => return self.open_paren(i, operand),
            Word::LBracket => self.open_bracket(i),
            Word::LBrace => self.open_brace_in_expr(i, operand),
            Word::Question => {
                self.top().ternaries += 1;
                self.emit(i, "?");
            }
            Word::Colon => self.colon_in_expr(i),
            Word::Ellipsis => self.emit(i, ","),
            Word::AndAnd => self.emit(i, if operand { "&&" } else { "&" }),
            Word::Comma => self.comma(i),
            Word::Semi => self.semicolon(i),
            Word::Dot | Word::Arrow => {
                self.emit_raw(i);
                self.after_dot = true;
            }
            Word::IncDec => {
                self.emit_raw(i);
                self.operand = operand;
            }
            word if after_dot && token.kind == TokenKind::Ident => {
                debug_assert!(word != Word::Other);
                self.emit(i, "x");
                self.operand = true;
            }
            word if word.is_storage() || word.is_qualifier() => self.operand = operand,
            word if word.is_type() => {
                self.emit(i, "0");
                self.operand = true;
            }
            _ => self.emit_raw(i),
        }
        i + 1
    }

    /// Whether a statement begins at `i` though the one before has no `;` yet (being typed).
    fn needs_semicolon(&mut self, i: usize, word: Word) -> bool {
        let operand = self.operand;
        let is_name = self.is_name(i);
        let frame = self.top();
        if frame.kind != Kind::Block || frame.case.is_some() {
            return false;
        }
        match word {
            word if word.is_statement() => true,
            Word::Other => operand && is_name,
            word => operand && (word.is_type() || word.is_storage()),
        }
    }

    fn colon_in_expr(&mut self, i: usize) {
        let frame = self.top();
        if frame.ternaries > 0 {
            frame.ternaries -= 1;
            self.emit(i, ":");
        } else if let Some(close) = frame.case.take() {
            frame.restart();
            self.emit(i, close);
            self.after_label(i, true);
        } else if frame.generic {
            self.emit(i, ",");
        } else {
            self.emit(i, ":");
        }
    }

    pub(super) fn comma(&mut self, i: usize) {
        self.operand = false;
        let frame = self.top();
        let wrapped = std::mem::replace(&mut frame.wrapped, false);
        match (frame.kind, frame.mode) {
            (Kind::Paren, Mode::Expr | Mode::Start) if frame.paren != Paren::Call => {}
            (Kind::Paren | Kind::Params | Kind::Init | Kind::Enum, _) => {
                frame.restart();
                frame.argument += 1;
                let path = frame.offsetof && frame.argument == 1;
                if path {
                    frame.mode = Mode::Expr;
                }
                if wrapped {
                    self.emit(i, ")");
                }
                self.emit(i, ",");
                if path {
                    self.emit(i, "0 .");
                    self.after_dot = true;
                }
                return;
            }
            (_, Mode::Expr) if !frame.in_decl => {}
            (Kind::File | Kind::Block | Kind::For | Kind::Record | Kind::Group, _) => {
                frame.mode = Mode::Declarator;
                frame.named = false;
                frame.in_decl = false;
                frame.ternaries = 0;
            }
            _ => {}
        }
        self.emit(i, ",");
    }

    pub(super) fn semicolon(&mut self, i: usize) {
        // Brackets that never close end with the statement they stand in.
        while self.frames.len() > 1
            && !matches!(self.top().kind, Kind::Block | Kind::File | Kind::Record | Kind::For)
            && !self.frame_is_paired(self.frames.len() - 1)
        {
            if let Some((frame, _)) = self.frames.pop() {
                self.out.repairs.push(i as u32);
                if !frame.close.is_empty() {
                    self.emit(i, frame.close);
                }
            }
        }
        let frame = self.top();
        let (kind, mode, named) = (frame.kind, frame.mode, frame.named);
        let empty = matches!(mode, Mode::Specs | Mode::Declarator) && !named;
        frame.restart();
        if kind == Kind::For {
            frame.mode = Mode::Expr;
        }
        if empty && matches!(kind, Kind::File | Kind::Block | Kind::For) {
            self.emit_unnamed(i);
        }
        if !(kind == Kind::Record && mode == Mode::Start) {
            self.emit(i, ";");
        }
        self.operand = false;
        self.after_dot = false;
    }

    fn close(&mut self, i: usize, word: Word) -> usize {
        let matches = |kind: Kind| match word {
            Word::RParen => {
                matches!(kind, Kind::Params | Kind::Group | Kind::Paren | Kind::For | Kind::Asm)
            }
            Word::RBracket => kind == Kind::Bracket,
            _ => matches!(kind, Kind::Block | Kind::Record | Kind::Enum | Kind::Init),
        };
        if self.pair(i).is_none() {
            self.emit_raw(i);
            return i + 1;
        }
        let Some(depth) = self.frames.iter().skip(1).rposition(|(frame, _)| matches(frame.kind))
        else {
            self.emit_raw(i);
            return i + 1;
        };
        // An inner bracket without partner ends here; a closing bracket without partner is none.
        let target = depth + 1;
        if target + 1 < self.frames.len()
            && self.frames.get(target).is_none_or(|(_, open)| self.pair(*open) != Some(i))
        {
            self.emit_raw(i);
            return i + 1;
        }
        while self.frames.len() > target + 1 {
            self.out.repairs.push(i as u32);
            if let Some((frame, _)) = self.frames.pop() {
                self.finish(&frame, i);
                self.emit(i, frame.close);
            }
        }
        let Some((frame, _)) = self.frames.pop() else { return i + 1 };
        self.finish(&frame, i);
        if !frame.close.is_empty() {
            self.emit(i, frame.close);
        }
        self.after_close(i, &frame)
    }

    /// Completes what the bracket left open, before its closing text.
    fn finish(&mut self, frame: &Frame, i: usize) {
        if frame.mode == Mode::Specs && !frame.type_seen && frame.any_spec {
            self.emit(i, "int");
        }
        if frame.wrapped {
            self.emit(i, ")");
        }
        if let Some(close) = frame.case {
            self.out.repairs.push(i as u32);
            self.emit(i, close);
            self.emit(i, ";");
        } else if matches!(frame.kind, Kind::Record | Kind::Block) && frame.mode != Mode::Start {
            if frame.kind == Kind::Block {
                self.out.repairs.push(i as u32);
                if matches!(frame.mode, Mode::Specs | Mode::Declarator) && !frame.named {
                    self.emit_unnamed(i);
                }
            }
            self.emit(i, ";");
        }
    }

    /// What the closed bracket means to the one around it.
    fn after_close(&mut self, i: usize, frame: &Frame) -> usize {
        self.after_dot = false;
        match frame.kind {
            Kind::Block => {
                self.scopes.leave(frame.scope_mark);
                let parent = self.top();
                match parent.kind {
                    Kind::Block | Kind::File => parent.restart(),
                    _ => parent.mode = Mode::Expr,
                }
                self.operand = true;
            }
            Kind::Record | Kind::Enum => {
                let parent = self.top();
                parent.mode = Mode::Specs;
                parent.type_seen = true;
            }
            Kind::Init => self.operand = true,
            Kind::Group => {
                let parent = self.top();
                parent.mode = Mode::Declarator;
                parent.named = true;
            }
            Kind::Params => return self.after_params(i, frame),
            Kind::For => self.top().restart(),
            Kind::Paren if frame.paren == Paren::Control => self.top().restart(),
            Kind::Paren => {
                self.operand = !(frame.type_name && frame.paren == Paren::Plain);
            }
            _ => self.operand = true,
        }
        i + 1
    }

    fn after_params(&mut self, i: usize, frame: &Frame) -> usize {
        let next = self.skip_lifted(i + 1);
        let body = match self.word(next) {
            Word::LBrace => Some(next),
            _ => self.kr_body(i, next),
        };
        let Some(body) = body else {
            self.scopes.leave(frame.scope_mark);
            return i + 1;
        };
        if body != next {
            self.out.kr_params = Some((next as u32, body as u32));
            return body;
        }
        i + 1
    }

    /// The index of the body of a K&R definition whose parameter list closes at `close` and whose
    /// parameter declarations begin at `next`.
    fn kr_body(&mut self, close: usize, next: usize) -> Option<usize> {
        if self.top().kind != Kind::File || !self.type_start(next) {
            return None;
        }
        // The list must be names only.
        let mut i = close;
        loop {
            i = i.checked_sub(1)?;
            match self.word(i) {
                Word::LParen => break,
                Word::Comma => {}
                _ if self.is_name(i) => {}
                _ => return None,
            }
        }
        if i + 1 == close {
            return None;
        }
        (next..self.end).find(|&k| self.word(k) == Word::LBrace)
    }

    /// Whether a declarator here declares a name of the block or file (and not a member).
    pub(super) fn declares_in_scope(&self) -> bool {
        let outer = self.frames.iter().rev().find(|(frame, _)| frame.kind != Kind::Group);
        outer.is_some_and(|(frame, _)| {
            matches!(frame.kind, Kind::File | Kind::Block | Kind::For | Kind::Params)
        })
    }

    /// `( operand )` groups of an asm statement; everything else there is read from the tokens.
    fn asm_operand(&mut self, i: usize, word: Word) -> usize {
        match word {
            Word::LBracket => self.pair(i).map_or(i + 1, |close| close + 1),
            Word::LParen => {
                let frame = self.top();
                frame.operands += 1;
                let first = frame.operands == 1;
                self.emit(i, if first { "(" } else { ",(" });
                self.push(i, Kind::Paren, ")");
                i + 1
            }
            _ => i + 1,
        }
    }

    pub(super) fn is_offsetof(&self, i: usize) -> bool {
        self.token(i).is_some_and(|token| token.sym == known::BUILTIN_OFFSETOF)
    }
}

/// For each bracket the index of its partner. A closing brace ends parentheses left open
/// inside it; a parenthesis does not reach out of its braces.
fn pair_brackets(tokens: &[Token], words: &Words) -> Vec<u32> {
    let mut pairs = vec![u32::MAX; tokens.len()];
    let mut open: Vec<(Word, usize)> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let opener = match words.token(token) {
            word @ (Word::LParen | Word::LBracket | Word::LBrace) => {
                open.push((word, i));
                continue;
            }
            Word::RParen => Word::LParen,
            Word::RBracket => Word::LBracket,
            Word::RBrace => Word::LBrace,
            _ => continue,
        };
        let is_reach = |&(word, _): &(Word, usize)| {
            word == opener || (opener != Word::LBrace && word == Word::LBrace)
        };
        // Bounded, so that a flood of brackets that do not match costs no square of time.
        let near = open.len().saturating_sub(256);
        let reach = open.get(near..).and_then(|open| open.iter().rposition(is_reach));
        let Some(at) =
            reach.map(|at| at + near).filter(|&at| open.get(at).is_some_and(|o| o.0 == opener))
        else {
            continue;
        };
        if let Some(slot) = open.get(at).and_then(|&(_, start)| pairs.get_mut(start)) {
            *slot = i as u32;
        }
        if let (Some(&(_, start)), Some(slot)) = (open.get(at), pairs.get_mut(i)) {
            *slot = start as u32;
        }
        open.truncate(at);
    }
    pairs
}
