//! Directives: lines that begin with `#`.

use std::sync::Arc;

use crate::{
    flags::Standard,
    lexer::{self, Raw},
    source::{FileRange, Loc},
    symbol::{Symbol, known as k},
    token::{Token, TokenKind},
};

use super::{
    PpDiagnosticKind,
    body::{Body, Line},
    builtin::{header_name, raw_header_name},
    engine::{Cond, Engine, Guard},
    expr,
    macros::{BodyToken, MacroDef, Role},
};

impl Engine<'_> {
    /// Obeys the directive whose `#` is at that offset of the file being read; the file's position
    /// is behind it.
    pub(crate) fn directive(&mut self, hash: usize, in_arguments: bool) {
        let Some(name) = self.peek_raw() else { return };
        if name.ends_line() {
            return;
        }
        let Some(frame) = self.files.last_mut() else { return };
        frame.pos = name.end;
        let text = frame.text.clone();
        let sym = name.symbol(&text, &mut Symbol::batch());
        if !matches!(
            sym,
            k::IF | k::IFDEF | k::IFNDEF | k::ELIF | k::ELIFDEF | k::ELIFNDEF | k::ELSE | k::ENDIF
        ) && !matches!(frame.place.guard, Guard::Inside(_))
        {
            frame.place.guard = Guard::No;
        }
        match sym {
            k::DEFINE => self.define(),
            k::UNDEF => self.undef(),
            k::IF | k::IFDEF | k::IFNDEF => self.open(hash, sym),
            k::ELIF | k::ELIFDEF | k::ELIFNDEF | k::ELSE => self.other_group(hash, sym),
            k::ENDIF => self.close(hash),
            k::INCLUDE | k::INCLUDE_NEXT | k::IMPORT => {
                self.include_directive(&name, sym, in_arguments)
            }
            k::EMBED => self.embed_directive(hash, in_arguments),
            k::PRAGMA => {
                let tokens = self.line_tokens();
                let loc = self.loc_at(hash);
                self.pragma(tokens, loc);
            }
            k::ERROR | k::WARNING => {
                let start = name.start;
                let end = lexer::line_end(&text, name.end);
                let message = text.get(name.end..end).unwrap_or("").trim().to_owned();
                self.skip_line();
                let kind = if sym == k::ERROR {
                    PpDiagnosticKind::ErrorDirective
                } else {
                    PpDiagnosticKind::WarningDirective
                };
                let range = self.range(start, end.max(start));
                self.report(kind, range, message);
            }
            k::LINE => self.line_directive(),
            k::IDENT | k::SCCS => self.skip_line(),
            _ if name.kind == Some(TokenKind::Number) => {
                // A line marker of a text that was preprocessed before.
                if let Some(frame) = self.files.last_mut() {
                    frame.pos = name.start;
                }
                self.line_directive();
            }
            _ => {
                let range = self.range(hash, name.end);
                self.skip_line();
                self.report(
                    PpDiagnosticKind::BadDirective,
                    range,
                    format!("invalid preprocessing directive '{sym}'"),
                );
            }
        }
    }

    fn loc_at(&self, offset: usize) -> Loc {
        match self.files.last() {
            Some(frame) => Loc::in_file(frame.file, offset as u32),
            None => Loc::in_file(self.main, 0),
        }
    }

    pub(super) fn range(&self, start: usize, end: usize) -> FileRange {
        let file = self.files.last().map_or(self.main, |f| f.file);
        FileRange { file, start: start as u32, end: end as u32 }
    }

    fn peek_raw(&self) -> Option<Raw> {
        let frame = self.files.last()?;
        Some(lexer::lex(&frame.text, frame.pos))
    }

    pub(super) fn skip_line(&mut self) {
        if let Some(frame) = self.files.last_mut() {
            frame.pos = lexer::line_end(&frame.text, frame.pos);
        }
    }

    /// The next token of the directive's line.
    fn line_token(&mut self) -> Option<Token> {
        let frame = self.files.last_mut()?;
        let raw = lexer::lex(&frame.text, frame.pos);
        if raw.ends_line() {
            return None;
        }
        frame.pos = raw.end;
        raw.token(&frame.text, frame.file, &mut Symbol::batch())
    }

    pub(super) fn line_tokens(&mut self) -> Vec<Token> {
        let mut tokens = Vec::with_capacity(8);
        let Some(frame) = self.files.last_mut() else { return tokens };
        let mut interner = Symbol::batch();
        loop {
            let raw = lexer::lex(&frame.text, frame.pos);
            if raw.ends_line() {
                return tokens;
            }
            frame.pos = raw.end;
            tokens.extend(raw.token(&frame.text, frame.file, &mut interner));
        }
    }

    /// A macro's name in a directive.
    fn macro_name(&mut self, what: &str) -> Option<Token> {
        let at = self.files.last().map_or(0, |f| f.pos);
        match self.line_token() {
            Some(token) if token.kind == TokenKind::Ident && token.sym != k::DEFINED => Some(token),
            _ => {
                let range = self.range(at, at);
                self.report(
                    PpDiagnosticKind::BadDirective,
                    range,
                    format!("{what} needs a macro name"),
                );
                None
            }
        }
    }

    fn undef(&mut self) {
        if let Some(name) = self.macro_name("#undef")
            && self.definition_used(name.sym, name.loc).is_some()
        {
            self.set_macro(name.sym, None);
        }
        self.skip_line();
    }

    fn define(&mut self) {
        let Some(name) = self.macro_name("#define") else { return self.skip_line() };
        let Some(frame) = self.files.last() else { return };
        let (file, name_end) = (frame.file, frame.pos);
        let start = name.loc.offset;
        let place = FileRange { file, start, end: name_end as u32 };
        let parens = self.peek_raw().is_some_and(|r| r.punct == k::L_PAREN && r.start == name_end);
        let mut params = None;
        let mut variadic = false;
        if parens {
            match self.parameters() {
                Some((list, rest)) => {
                    params = Some(list);
                    variadic = rest;
                }
                None => {
                    self.report(
                        PpDiagnosticKind::BadDirective,
                        place,
                        "malformed macro parameters".into(),
                    );
                    return self.skip_line();
                }
            }
        }
        let body = match self.macro_body(params.as_deref(), variadic) {
            Ok(body) => body,
            Err(message) => {
                return self.report(PpDiagnosticKind::BadDirective, place, message.into());
            }
        };
        let def = Arc::new(MacroDef::new(name.sym, params, variadic, body, Some(place)));
        if let Some(old) = self.lookup(name.sym)
            && !old.same_meaning(&def)
        {
            let message = format!("'{}' macro redefined", name.sym);
            self.report(PpDiagnosticKind::MacroRedefined, place, message);
        }
        self.set_macro(name.sym, Some(def));
    }

    /// The replacement list that follows in the line.
    fn macro_body(
        &mut self,
        params: Option<&[Symbol]>,
        variadic: bool,
    ) -> Result<Body, &'static str> {
        if params.is_none()
            && let Some(frame) = self.files.last_mut().filter(|frame| frame.file != self.main)
            && let Some(line) = Line::new(&frame.text, frame.file, frame.pos)
        {
            frame.pos = line.end();
            return Ok(Body::Line(line));
        }
        let tokens = self.line_tokens();
        replacement_list(&tokens, params, variadic).map(|tokens| Body::Read(tokens.into()))
    }

    /// `(a, b, ...)`; the opening parenthesis comes next.
    fn parameters(&mut self) -> Option<(Vec<Symbol>, bool)> {
        self.line_token()?;
        let mut list: Vec<Symbol> = Vec::new();
        let mut token = self.line_token()?;
        if token.is_sym(k::R_PAREN) {
            return Some((list, false));
        }
        loop {
            if token.is_sym(k::ELLIPSIS) {
                list.push(k::VA_ARGS);
                return self.line_token()?.is_sym(k::R_PAREN).then_some((list, true));
            }
            if token.kind != TokenKind::Ident
                || list.contains(&token.sym)
                || list.len() > u16::MAX as usize - 2
            {
                return None;
            }
            list.push(token.sym);
            token = self.line_token()?;
            if token.is_sym(k::R_PAREN) {
                return Some((list, false));
            }
            if token.is_sym(k::ELLIPSIS) {
                return self.line_token()?.is_sym(k::R_PAREN).then_some((list, true));
            }
            if !token.is_sym(k::COMMA) {
                return None;
            }
            token = self.line_token()?;
        }
    }

    fn include_directive(&mut self, name: &Raw, which: Symbol, in_arguments: bool) {
        let Some(frame) = self.files.last() else { return };
        let (text, file) = (frame.text.clone(), frame.file);
        let (path, angled, range) = match raw_header_name(&text, frame.pos) {
            Some((range, angled)) => {
                let path = text.get(range.start + 1..range.end - 1).unwrap_or("").to_owned();
                if let Some(frame) = self.files.last_mut() {
                    frame.pos = range.end;
                }
                (path, angled, range)
            }
            None => {
                let tokens = self.line_tokens();
                let end = self.files.last().map_or(name.end, |f| f.pos);
                let start = tokens.first().map_or(end, |t| t.loc.offset as usize);
                let tokens = self.expand_line(tokens);
                let Some((path, angled)) = header_name(&tokens) else {
                    let range = self.range(name.start, end);
                    self.made.complete = false;
                    return self.report(
                        PpDiagnosticKind::BadDirective,
                        range,
                        "#include needs a header name".into(),
                    );
                };
                (path, angled, start..end)
            }
        };
        let range = FileRange { file, start: range.start as u32, end: range.end as u32 };
        self.skip_line();
        if in_arguments || !self.streams.is_empty() {
            self.made.complete = false;
            let message = "#include inside the arguments of a macro is not followed".into();
            return self.report(PpDiagnosticKind::BadDirective, range, message);
        }
        if path.is_empty() {
            return self.report(PpDiagnosticKind::BadDirective, range, "empty header name".into());
        }
        let already = which == k::IMPORT
            && self
                .find_header(&path, angled, false)
                .is_some_and(|f| self.made.texts.contains_key(&f.file));
        if !already {
            self.include(&path, angled, which == k::INCLUDE_NEXT, range);
        }
    }

    /// `#line 12 "name"`
    fn line_directive(&mut self) {
        let tokens = self.line_tokens();
        let tokens = self.expand_line(tokens);
        let Some(line) = tokens.first().and_then(|t| t.sym.as_str().parse::<u32>().ok()) else {
            return;
        };
        self.record.taint += 1;
        let Some(frame) = self.files.last() else { return };
        let (file, pos) = (frame.file, frame.pos as u32);
        self.made.work.line_uses += 1;
        let here = i64::from(self.line_of(file, pos));
        let Some(frame) = self.files.last_mut() else { return };
        frame.place.line_delta = i64::from(line) - here - 1;
        if let Some(name) =
            tokens.get(1).and_then(|t| t.sym.as_str().strip_prefix('"')?.strip_suffix('"'))
        {
            frame.place.name = name.into();
        }
    }

    /// `#if`, `#ifdef`, `#ifndef`
    fn open(&mut self, hash: usize, which: Symbol) {
        let mut guard = None;
        let taken = match which {
            k::IF => {
                let tokens = self.line_tokens();
                guard = not_defined(&tokens);
                self.condition(tokens, hash)
            }
            _ => match self.macro_name("#ifdef") {
                Some(name) => {
                    guard = (which == k::IFNDEF).then_some(name.sym);
                    self.definition_used(name.sym, name.loc).is_some() == (which == k::IFDEF)
                }
                None => false,
            },
        };
        self.skip_line();
        let Some(frame) = self.files.last_mut() else { return };
        frame.place.guard = match (frame.place.guard, guard) {
            (Guard::Start, Some(name)) if frame.place.conds.is_empty() => Guard::Inside(name),
            (Guard::Inside(name), _) => Guard::Inside(name),
            _ => Guard::No,
        };
        frame.place.conds.push(Cond { taken, seen_else: false, start: hash as u32 });
        if !taken {
            self.skip_group();
        }
    }

    /// `#else` and kin after a group that was taken.
    fn other_group(&mut self, hash: usize, which: Symbol) {
        self.skip_line();
        let Some(frame) = self.files.last_mut() else { return };
        if frame.place.conds.len() <= 1 {
            frame.place.guard = Guard::No;
        }
        let range = self.range(hash, hash + 1);
        match self.files.last_mut().and_then(|f| f.place.conds.last_mut()) {
            None => {
                let message = format!("#{which} without #if");
                return self.report(PpDiagnosticKind::StrayConditional, range, message);
            }
            Some(cond) => {
                let stray = cond.seen_else;
                cond.seen_else |= which == k::ELSE;
                cond.taken = true;
                if stray {
                    self.report(
                        PpDiagnosticKind::StrayConditional,
                        range,
                        format!("#{which} after #else"),
                    );
                }
            }
        }
        self.skip_group();
    }

    fn close(&mut self, hash: usize) {
        self.skip_line();
        let range = self.range(hash, hash + 1);
        let Some(frame) = self.files.last_mut() else { return };
        if frame.place.conds.pop().is_none() {
            return self.report(
                PpDiagnosticKind::StrayConditional,
                range,
                "#endif without #if".into(),
            );
        }
        if frame.place.conds.is_empty() {
            frame.place.guard = match frame.place.guard {
                Guard::Inside(name) => Guard::After(name),
                _ => Guard::No,
            };
        }
    }

    /// Skips lines up to the group that is taken, or behind `#endif`. The position is at the end of
    /// the line before them.
    fn skip_group(&mut self) {
        let Some(frame) = self.files.last() else { return };
        let text = frame.text.clone();
        let start = frame.pos;
        let mut pos = start;
        let mut nested = 0usize;
        let end = loop {
            let raw = lexer::lex(&text, pos);
            if raw.kind.is_none() {
                pos = text.len();
                break text.len();
            }
            if raw.punct != k::HASH || raw.flags & Token::LINE_START == 0 {
                pos = lexer::line_end(&text, raw.start.max(pos));
                continue;
            }
            let name = lexer::lex(&text, raw.end);
            if name.ends_line() {
                pos = raw.end;
                continue;
            }
            pos = name.end;
            match &*name.text(&text) {
                "if" | "ifdef" | "ifndef" => nested += 1,
                "endif" if nested > 0 => nested -= 1,
                "endif" => {
                    if let Some(frame) = self.files.last_mut() {
                        frame.pos = pos;
                    }
                    self.close(raw.start);
                    pos = self.files.last().map_or(pos, |f| f.pos);
                    break raw.start;
                }
                word @ ("else" | "elif" | "elifdef" | "elifndef")
                    if nested == 0 && self.group_begins(word, raw.start, name.end) =>
                {
                    pos = self.files.last().map_or(pos, |f| f.pos);
                    break raw.start;
                }
                _ => {}
            }
            pos = lexer::line_end(&text, pos);
        };
        if let Some(frame) = self.files.last_mut() {
            frame.pos = pos;
            if frame.file == self.main && self.files.len() == 1 {
                // From the line after the directive to the start of the line of the next one.
                let begin = text.as_bytes().get(start..).and_then(|t| memchr::memchr(b'\n', t));
                let begin = begin.map_or(text.len(), |i| start + i + 1);
                let end =
                    text.get(..end).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1).max(begin);
                let end = if pos == text.len()
                    && end < text.len()
                    && self.files.last().is_some_and(|f| !f.place.conds.is_empty())
                {
                    text.len()
                } else {
                    end
                };
                if begin < end {
                    self.made.inactive.push(FileRange {
                        file: self.main,
                        start: begin as u32,
                        end: end as u32,
                    });
                }
            }
        }
    }

    /// Whether a group after skipped ones is taken. The position is set behind its line.
    fn group_begins(&mut self, word: &str, hash: usize, end: usize) -> bool {
        let range = self.range(hash, end);
        let Some(frame) = self.files.last_mut() else { return true };
        frame.pos = end;
        if frame.place.conds.len() <= 1 {
            frame.place.guard = Guard::No;
        }
        let Some(cond) = frame.place.conds.last_mut() else { return true };
        let (taken, after_else) = (cond.taken, cond.seen_else);
        cond.seen_else |= word == "else";
        if after_else {
            self.report(PpDiagnosticKind::StrayConditional, range, format!("#{word} after #else"));
        }
        // Groups after a taken one are not even looked at.
        let takes = !taken
            && match word {
                "else" => true,
                "elif" => {
                    let tokens = self.line_tokens();
                    self.condition(tokens, hash)
                }
                _ => match self.macro_name("#elifdef") {
                    Some(name) => {
                        self.definition_used(name.sym, name.loc).is_some() == (word == "elifdef")
                    }
                    None => false,
                },
            };
        self.skip_line();
        if takes && let Some(cond) = self.files.last_mut().and_then(|f| f.place.conds.last_mut()) {
            cond.taken = true;
        }
        takes
    }

    /// The value of an `#if` line.
    fn condition(&mut self, tokens: Vec<Token>, hash: usize) -> bool {
        let streams = std::mem::take(&mut self.streams);
        let disabled = std::mem::take(&mut self.disabled);
        let trails = self.open.trails.len();
        let carry = std::mem::take(&mut self.carry);
        self.push_stream(tokens, None, true);
        let mut out: Vec<Token> = Vec::new();
        let mut wrong = None;
        while let Some(token) = self.next_expanded() {
            if token.is_sym(k::DEFINED) {
                match self.defined() {
                    Some(sym) => out.push(Token { kind: TokenKind::Number, sym, ..token }),
                    None => {
                        wrong = Some(("'defined' needs a macro name".to_owned(), out.len()));
                        break;
                    }
                }
            } else {
                out.push(token);
            }
        }
        self.streams = streams;
        self.disabled = disabled;
        self.carry = carry;
        let result = match wrong {
            Some(wrong) => Err(wrong),
            None => expr::evaluate(&out, self.flags.standard >= Standard::C23),
        };
        let value = match result {
            Ok(value) => value,
            Err((message, at)) => {
                let loc = out.get(at).or(out.last()).map_or(self.loc_at(hash), |t| t.loc);
                self.report_at(PpDiagnosticKind::BadExpression, loc, message);
                false
            }
        };
        self.open.trails.truncate(trails);
        value
    }

    /// The operand of `defined`: `1` or `0`.
    fn defined(&mut self) -> Option<Symbol> {
        let mut token = self.next_unexpanded()?;
        let parens = token.is_sym(k::L_PAREN);
        if parens {
            token = self.next_unexpanded()?;
        }
        if token.kind != TokenKind::Ident {
            return None;
        }
        let found = self.definition_used(token.sym, token.loc).is_some();
        if parens && !self.next_unexpanded()?.is_sym(k::R_PAREN) {
            return None;
        }
        Some(if found { k::ONE } else { k::ZERO })
    }
}

/// `X` of `!defined(X)`: an include guard may be written so.
fn not_defined(tokens: &[Token]) -> Option<Symbol> {
    match tokens {
        [not, defined, name] if not.is_sym(k::NOT) && defined.is_sym(k::DEFINED) => Some(name.sym),
        [not, defined, _, name, _] if not.is_sym(k::NOT) && defined.is_sym(k::DEFINED) => {
            Some(name.sym)
        }
        _ => None,
    }
}

/// Gives the tokens of a definition their roles.
fn replacement_list(
    tokens: &[Token],
    params: Option<&[Symbol]>,
    variadic: bool,
) -> Result<Vec<BodyToken>, &'static str> {
    let mut body = Vec::with_capacity(tokens.len());
    // Contents of `__VA_OPT__` that are open: where they begin, and parentheses open inside.
    let mut open: Option<(usize, u32)> = None;
    let param = |t: &Token| {
        let params = params.filter(|_| t.kind == TokenKind::Ident)?;
        params.iter().position(|p| *p == t.sym).map(|i| i as u16)
    };
    let mut i = 0;
    while let Some(&token) = tokens.get(i) {
        i += 1;
        let token = Token { flags: token.flags & !Token::LINE_START, ..token };
        let next = tokens.get(i);
        let va_opt = |t: Option<&Token>| variadic && t.is_some_and(|t| t.is_sym(k::VA_OPT));
        let mut role = Role::Plain;
        if token.is_sym(k::HASH_HASH) {
            role = Role::Paste;
        } else if token.is_sym(k::HASH) && params.is_some() {
            if va_opt(next) {
                role = Role::StringizeVaOpt(0);
                i += 1;
            } else if let Some(n) = next.and_then(param) {
                role = Role::Stringize(n);
                i += 1;
            } else {
                return Err("'#' is not followed by a macro parameter");
            }
        } else if va_opt(Some(&token)) {
            role = Role::VaOpt(0);
        } else if let Some(n) = param(&token) {
            role = Role::Param(n);
        }
        if matches!(role, Role::VaOpt(_) | Role::StringizeVaOpt(_)) {
            if open.is_some() || !tokens.get(i).is_some_and(|t| t.is_sym(k::L_PAREN)) {
                return Err("__VA_OPT__ is malformed");
            }
            i += 1;
            open = Some((body.len(), 0));
        } else if let Some((start, depth)) = &mut open {
            if token.is_sym(k::L_PAREN) {
                *depth += 1;
            } else if token.is_sym(k::R_PAREN) && *depth > 0 {
                *depth -= 1;
            } else if token.is_sym(k::R_PAREN) {
                let len =
                    u16::try_from(body.len() - *start - 1).map_err(|_| "__VA_OPT__ is too long")?;
                if let Some(BodyToken { role: Role::VaOpt(n) | Role::StringizeVaOpt(n), .. }) =
                    body.get_mut(*start)
                {
                    *n = len;
                }
                open = None;
                continue;
            }
        }
        body.push(BodyToken { token, role });
    }
    if open.is_some() {
        return Err("__VA_OPT__ is not closed");
    }
    let paste = |t: Option<&BodyToken>| t.is_some_and(|t| t.role == Role::Paste);
    if paste(body.first()) || paste(body.last()) {
        return Err("'##' cannot stand at an end of a replacement list");
    }
    Ok(body)
}
