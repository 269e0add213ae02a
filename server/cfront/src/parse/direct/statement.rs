//! Statements.

use super::{Reader, specifiers::Unknown};
use crate::{
    ast::{Block, Expr, ExprKind, FunctionDef, Span, Stmt, StmtKind},
    token::TokenKind,
    words::Word,
};

impl Reader<'_> {
    pub(super) fn block(&mut self) -> Option<Block> {
        let start = self.at;
        self.expect(Word::LBrace);
        let mark = self.names.mark();
        let stmts = match self.deeper(Self::block_items) {
            Some(stmts) => stmts,
            None => {
                while self.token().is_some() && self.word() != Word::RBrace {
                    self.skip_group();
                }
                self.take(Word::RBrace);
                vec![Stmt { kind: StmtKind::Error, span: Span { start, end: self.at } }]
            }
        };
        self.names.leave(mark);
        Some(Block { stmts, span: Span { start, end: self.at } })
    }

    /// Statements and declarations, and the `}`.
    fn block_items(&mut self) -> Option<Vec<Stmt>> {
        let mut stmts = Vec::new();
        // Words that belong to no statement stand before the next declaration.
        let mut lead = self.at;
        while !self.take(Word::RBrace) {
            if self.token().is_none() {
                self.mended();
                break;
            }
            self.torn_item(lead, &mut stmts);
            lead = self.at;
        }
        Some(stmts)
    }

    /// A statement or declaration, whatever it is.
    fn torn_item(&mut self, lead: u32, stmts: &mut Vec<Stmt>) {
        if self.is_kind(self.at, TokenKind::Pragma) {
            self.at += 1;
            return;
        }
        let start = self.at;
        let outer = self.enter();
        let read = match self.word() {
            Word::LabelDecl => self.label_declaration(),
            _ => self.block_item(lead, stmts),
        };
        if read.is_none() || self.at == start {
            if self.at == start {
                self.missing();
                self.skip_group();
            }
            stmts.push(Stmt { kind: StmtKind::Error, span: Span { start, end: self.at } });
        }
        self.leave(outer);
    }

    /// `__label__ a, b;`
    fn label_declaration(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            if self.name().is_none() {
                self.missing();
            }
            if !self.take(Word::Comma) {
                self.expect(Word::Semi);
                return Some(());
            }
        }
    }

    fn block_item(&mut self, lead: u32, stmts: &mut Vec<Stmt>) -> Option<()> {
        if !self.begins_label() {
            let stmt = self.local_or_statement(lead)?;
            stmts.push(stmt);
            return Some(());
        }
        // A run of labels is a list; only the last one holds the statement.
        let first = stmts.len();
        loop {
            let start = self.at;
            let label = self.label()?;
            let next = self.word_at(self.past_lifted(self.at));
            let case = !matches!(label, StmtKind::Label { .. });
            let bare = next == Word::RBrace
                || self.token().is_none()
                || (case && (self.begins_type(self.at) || self.declares_unknown()));
            let more = !bare && self.begins_label();
            let kind = if bare || more {
                label
            } else {
                let lead = self.at;
                match self.deeper(|reader| reader.local_or_statement(lead)) {
                    Some(body) => label.with_body(body),
                    None => label,
                }
            };
            let end = self.at;
            stmts.push(Stmt { kind, span: Span { start, end } });
            if !more {
                for stmt in stmts.iter_mut().skip(first) {
                    stmt.span.end = end;
                }
                return Some(());
            }
        }
    }

    fn begins_label(&self) -> bool {
        match self.word() {
            Word::Case | Word::Default => true,
            Word::Other => self.word_after() == Word::Colon && self.is_name(self.at),
            _ => false,
        }
    }

    /// A label with its colon, without its statement.
    fn label(&mut self) -> Option<StmtKind> {
        let kind = match self.word() {
            Word::Default => {
                self.at += 1;
                StmtKind::Default { body: None }
            }
            Word::Case => {
                self.at += 1;
                let from = self.constant();
                let from = self.or_error(from);
                let to = match self.take(Word::Ellipsis) {
                    true => {
                        let to = self.constant();
                        Some(self.or_error(to))
                    }
                    false => None,
                };
                StmtKind::Case { from, to, body: None }
            }
            _ => StmtKind::Label { name: self.name()?, body: None },
        };
        self.expect(Word::Colon);
        Some(kind)
    }

    /// A local declaration, which counts from the token `lead`, or a statement without label.
    fn local_or_statement(&mut self, lead: u32) -> Option<Stmt> {
        if !self.begins_type(self.at) && !self.declares_unknown() {
            return self.statement();
        }
        if let Some(stmt) = self.nested_function() {
            return Some(stmt);
        }
        let declaration = self.declaration(lead)?;
        Some(Stmt { span: declaration.span, kind: StmtKind::Decl(declaration) })
    }

    /// The statement that another one holds.
    fn inner_statement(&mut self) -> Option<Box<Stmt>> {
        if self.recovery.is_torn() {
            // A head that is not closed has no body yet.
            let span = Span { start: self.at, end: self.at };
            if self.word() != Word::LBrace {
                return Some(Box::new(Stmt { kind: StmtKind::Empty, span }));
            }
        }
        let start = self.at;
        let stmt = self.deeper(|reader| {
            if reader.begins_type(reader.at) {
                return reader.local_or_statement(reader.at);
            }
            if !reader.begins_label() {
                return reader.statement();
            }
            let start = reader.at;
            let label = reader.label()?;
            let body = reader.inner_statement()?;
            let span = Span { start, end: reader.at };
            Some(Stmt { kind: label.with_body(*body), span })
        });
        if stmt.is_none() {
            if self.recovery.errors.is_empty() {
                self.missing();
            }
            let span = Span { start, end: self.at };
            return Some(Box::new(Stmt { kind: StmtKind::Error, span }));
        }
        stmt.map(Box::new)
    }

    fn statement(&mut self) -> Option<Stmt> {
        if self.word() == Word::Attribute {
            // `__attribute__((fallthrough));`
            let past = self.past_lifted(self.at);
            if past == self.at {
                return None;
            }
            self.at = past;
            let ended = self.word() == Word::Semi && !self.in_specifiers();
            if !ended && (self.token().is_none() || self.word() == Word::RBrace) {
                self.missing();
                return None;
            }
        }
        let start = self.at;
        let word = self.word();
        let kind = match word {
            Word::Semi => {
                self.at += 1;
                StmtKind::Empty
            }
            Word::LBrace => StmtKind::Block(self.block()?),
            Word::If => self.if_statement()?,
            Word::While => {
                self.at += 1;
                let cond = self.condition()?;
                StmtKind::While { cond, body: self.inner_statement()? }
            }
            Word::Switch => {
                self.at += 1;
                let value = self.condition()?;
                StmtKind::Switch { value, body: self.inner_statement()? }
            }
            Word::Do => {
                self.at += 1;
                let body = self.inner_statement()?;
                self.expect(Word::While);
                let cond = self.condition()?;
                self.end_statement();
                StmtKind::DoWhile { body, cond }
            }
            Word::For => self.for_statement()?,
            Word::Return => {
                self.at += 1;
                let none = self.token().is_none()
                    || self.word() == Word::RBrace
                    || self.word().is_statement();
                let value = match self.word() {
                    Word::Semi => None,
                    _ if none => None,
                    _ => {
                        let value = self.expression();
                        Some(self.or_error(value))
                    }
                };
                self.end_statement();
                StmtKind::Return(value)
            }
            Word::Break | Word::Continue => {
                self.at += 1;
                self.end_statement();
                if word == Word::Break { StmtKind::Break } else { StmtKind::Continue }
            }
            Word::Goto => {
                self.at += 1;
                let kind = match self.word() {
                    Word::Star => {
                        let value = self.assignment();
                        StmtKind::GotoIndirect(self.or_error(value))
                    }
                    _ => match self.name() {
                        Some(name) => StmtKind::Goto(name),
                        None => {
                            self.missing();
                            StmtKind::Error
                        }
                    },
                };
                self.end_statement();
                kind
            }
            Word::StaticAssert => {
                self.static_assert()?;
                StmtKind::StaticAssert
            }
            Word::Asm => self.asm()?,
            Word::Else => {
                self.missing();
                self.at += 1;
                return self.inner_statement().map(|stmt| *stmt);
            }
            _ => {
                let expr = self.expression()?;
                self.end_statement();
                let span = Span { start: expr.span.start, end: self.at };
                return Some(Stmt { kind: StmtKind::Expr(expr), span });
            }
        };
        Some(Stmt { kind, span: Span { start, end: self.at } })
    }

    /// The `;` of a statement. Where another one follows it is all that is missing.
    fn end_statement(&mut self) {
        if self.take(Word::Semi) {
            return;
        }
        let word = self.word();
        if self.token().is_none()
            || self.is_name(self.at)
            || word.is_statement()
            || word.is_specifier()
            || matches!(word, Word::LBrace | Word::RBrace)
        {
            self.mended();
        } else {
            self.missing();
        }
    }

    /// A function inside of another one.
    fn nested_function(&mut self) -> Option<Stmt> {
        let mut at = self.at;
        // `int g(int a) {`
        while self.is_kind(at, TokenKind::Ident) || self.word_at(at) == Word::Star {
            at += 1;
        }
        if self.word_at(at) != Word::LParen || at == self.at || !self.is_name(at - 1) {
            return None;
        }
        let close = self.pair(at)?;
        if self.word_at(close + 1) != Word::LBrace || self.depth >= MAX_NESTED {
            return None;
        }
        let start = self.at;
        let mark = self.names.mark();
        let specs = self.specs(start, Unknown::Declares)?;
        let declarator = self.outer_declarator(&specs)?;
        let broken = self.recovery.broken;
        let body = self.block()?;
        self.names.leave(mark);
        let span = Span { start, end: self.at };
        let has_error = self.recovery.broken > broken;
        let function =
            FunctionDef { specs, declarator, kr_params: Vec::new(), body, span, has_error };
        Some(Stmt { kind: StmtKind::NestedFunction(Box::new(function)), span })
    }

    /// Whether what begins here may declare pointers to a type that is not known: `a *b;`.
    pub(super) fn may_declare(&self) -> bool {
        if self.word_after() != Word::Star || !self.is_name(self.at) {
            return false;
        }
        let mut at = self.at + 1;
        while self.word_at(at) == Word::Star {
            at += 1;
        }
        self.is_name(at) && matches!(self.word_at(at + 1), Word::Semi | Word::Assign | Word::Comma)
    }

    /// `(e)` after `if` and the like; its parentheses leave no trace.
    fn condition(&mut self) -> Option<Expr> {
        let start = self.at;
        let outer = self.recovery.limit;
        self.expect(Word::LParen);
        let expr = match self.word() {
            Word::LBrace => {
                let block = self.deeper(Self::block)?;
                let span = Span { start, end: self.at + 1 };
                Expr { kind: ExprKind::StmtExpr(block), span }
            }
            _ => {
                let expr = self.deeper(Self::expression);
                self.or_error(expr)
            }
        };
        self.expect(Word::RParen);
        self.mend_head(outer);
        Some(expr)
    }

    fn if_statement(&mut self) -> Option<StmtKind> {
        self.at += 1;
        let cond = self.condition()?;
        let then = self.inner_statement()?;
        let otherwise = match self.take(Word::Else) {
            true => Some(self.inner_statement()?),
            false => None,
        };
        Some(StmtKind::If { cond, then, otherwise })
    }

    fn for_statement(&mut self) -> Option<StmtKind> {
        self.at += 1;
        let outer = self.recovery.limit;
        self.expect(Word::LParen);
        let mark = self.names.mark();
        let init = if self.take(Word::Semi) {
            None
        } else if self.begins_type(self.at) {
            let read = self.deeper(|reader| reader.declaration(reader.at));
            read.map(|declaration| Stmt {
                span: declaration.span,
                kind: StmtKind::Decl(declaration),
            })
        } else {
            let expr = self.deeper(Self::expression);
            let expr = self.or_error(expr);
            self.expect(Word::Semi);
            Some(Stmt { span: expr.span, kind: StmtKind::Expr(expr) })
        };
        let cond = match self.word() {
            Word::Semi | Word::RParen => None,
            _ if self.recovery.is_torn() => None,
            _ => {
                let cond = self.deeper(Self::expression);
                Some(self.or_error(cond))
            }
        };
        self.expect(Word::Semi);
        let step = match self.word() {
            Word::RParen => None,
            _ if self.recovery.is_torn() => None,
            _ => {
                let step = self.deeper(Self::expression);
                Some(self.or_error(step))
            }
        };
        self.expect(Word::RParen);
        self.mend_head(outer);
        let body = self.inner_statement()?;
        self.names.leave(mark);
        Some(StmtKind::For { init: init.map(Box::new), cond, step, body })
    }

    /// `asm volatile("text" : [name] "=r"(output) : "r"(input) : "clobber" : label);`
    fn asm(&mut self) -> Option<StmtKind> {
        self.at += 1;
        while matches!(self.word(), Word::Volatile | Word::Goto | Word::Inline) {
            self.at += 1;
        }
        self.expect(Word::LParen);
        if self.strings().is_none() {
            self.missing();
        }
        let (mut outputs, mut inputs, mut goto_labels) = (Vec::new(), Vec::new(), Vec::new());
        let mut section = 0;
        loop {
            match self.word() {
                Word::RParen => break,
                _ if self.token().is_none() => {
                    self.missing();
                    return Some(StmtKind::Asm { outputs, inputs, goto_labels });
                }
                Word::Semi => {
                    self.missing();
                    self.at += 1;
                    return Some(StmtKind::Asm { outputs, inputs, goto_labels });
                }
                Word::Colon => section += 1,
                Word::ColonColon => section += 2,
                Word::Comma => {}
                Word::LBracket => {
                    self.at += 1;
                    if self.name().is_none() || self.word() != Word::RBracket {
                        self.missing();
                        continue;
                    }
                }
                Word::LParen => {
                    let operand = self.deeper(Self::asm_operand);
                    let operand = self.or_error(operand);
                    if self.word() != Word::RParen {
                        self.missing();
                        continue;
                    }
                    match section {
                        1 => outputs.push(operand),
                        2 => inputs.push(operand),
                        _ => {}
                    }
                }
                Word::Other if section == 4 => {
                    goto_labels.push(self.name()?);
                    continue;
                }
                _ if self.is_kind(self.at, TokenKind::Str) => {}
                Word::RBrace => {
                    self.missing();
                    return Some(StmtKind::Asm { outputs, inputs, goto_labels });
                }
                _ => self.missing(),
            }
            self.at += 1;
        }
        self.at += 1;
        self.end_statement();
        Some(StmtKind::Asm { outputs, inputs, goto_labels })
    }

    /// `(operand)`, up to the closing parenthesis.
    fn asm_operand(&mut self) -> Option<Expr> {
        let start = self.at;
        self.at += 1;
        let expr = match self.word() {
            _ if self.begins_type(self.at) => {
                self.missing();
                return None;
            }
            Word::LBrace => {
                let block = self.block()?;
                Expr { kind: ExprKind::StmtExpr(block), span: Span { start, end: self.at + 1 } }
            }
            _ => {
                let expr = self.expression();
                self.or_error(expr)
            }
        };
        Some(expr)
    }
}

/// Functions nest in functions in mistaken text only.
const MAX_NESTED: u32 = 40;

impl StmtKind {
    /// Gives a label its statement.
    fn with_body(self, stmt: Stmt) -> StmtKind {
        let body = Some(Box::new(stmt));
        match self {
            StmtKind::Case { from, to, .. } => StmtKind::Case { from, to, body },
            StmtKind::Default { .. } => StmtKind::Default { body },
            StmtKind::Label { name, .. } => StmtKind::Label { name, body },
            other => other,
        }
    }
}
