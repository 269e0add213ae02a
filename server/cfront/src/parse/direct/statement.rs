//! Statements.

use super::Reader;
use crate::{
    ast::{Block, Expr, ExprKind, Span, Stmt, StmtKind},
    token::TokenKind,
    words::Word,
};

impl Reader<'_> {
    pub(super) fn block(&mut self) -> Option<Block> {
        let start = self.at;
        self.expect(Word::LBrace)?;
        let mark = self.names.mark();
        let stmts = self.deeper(Self::block_items)?;
        self.names.leave(mark);
        Some(Block { stmts, span: Span { start, end: self.at } })
    }

    /// Statements and declarations, and the `}`.
    fn block_items(&mut self) -> Option<Vec<Stmt>> {
        let mut stmts = Vec::new();
        // Words that belong to no statement stand before the next declaration.
        let mut lead = self.at;
        while !self.take(Word::RBrace) {
            if self.word() == Word::LabelDecl {
                self.label_declaration()?;
                continue;
            }
            let (before, count) = (self.before(), stmts.len());
            if self.block_item(lead, &mut stmts).is_none() {
                stmts.truncate(count);
                self.recover(before, lead, &mut stmts)?;
            }
            lead = self.at;
        }
        Some(stmts)
    }

    /// `__label__ a, b;`
    fn label_declaration(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            self.name()?;
            if !self.take(Word::Comma) {
                return self.expect(Word::Semi);
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
            let next = self.lower.word(self.past_lifted(self.at));
            let case = !matches!(label, StmtKind::Label { .. });
            let bare = next == Word::RBrace || (case && self.begins_type(self.at));
            let more = !bare && self.begins_label();
            let kind = if bare || more {
                label
            } else {
                let lead = self.at;
                let body = self.deeper(|reader| reader.local_or_statement(lead))?;
                label.with_body(body)
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
                let from = self.constant()?;
                let to = match self.take(Word::Ellipsis) {
                    true => Some(self.constant()?),
                    false => None,
                };
                StmtKind::Case { from, to, body: None }
            }
            _ => StmtKind::Label { name: self.name()?, body: None },
        };
        self.expect(Word::Colon)?;
        Some(kind)
    }

    /// A local declaration, which counts from the token `lead`, or a statement without label.
    fn local_or_statement(&mut self, lead: u32) -> Option<Stmt> {
        if !self.begins_type(self.at) {
            return self.statement();
        }
        let declaration = self.declaration(lead)?;
        Some(Stmt { span: declaration.span, kind: StmtKind::Decl(declaration) })
    }

    /// The statement that another one holds.
    fn inner_statement(&mut self) -> Option<Box<Stmt>> {
        let stmt = self.deeper(|reader| {
            if reader.begins_type(reader.at) {
                return None;
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
        stmt.map(Box::new)
    }

    fn statement(&mut self) -> Option<Stmt> {
        if self.word() == Word::Attribute {
            // `__attribute__((fallthrough));`
            self.at = self.past_lifted(self.at);
            (self.word() == Word::Semi && !self.in_specifiers()).then_some(())?;
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
                self.expect(Word::While)?;
                let cond = self.condition()?;
                self.expect(Word::Semi)?;
                StmtKind::DoWhile { body, cond }
            }
            Word::For => self.for_statement()?,
            Word::Return => {
                self.at += 1;
                let value = match self.word() {
                    Word::Semi => None,
                    _ => Some(self.expression()?),
                };
                self.expect(Word::Semi)?;
                StmtKind::Return(value)
            }
            Word::Break | Word::Continue => {
                self.at += 1;
                self.expect(Word::Semi)?;
                if word == Word::Break { StmtKind::Break } else { StmtKind::Continue }
            }
            Word::Goto => {
                self.at += 1;
                let kind = match self.word() {
                    Word::Star => StmtKind::GotoIndirect(self.assignment()?),
                    _ => StmtKind::Goto(self.name()?),
                };
                self.expect(Word::Semi)?;
                kind
            }
            Word::StaticAssert => {
                self.static_assert()?;
                StmtKind::StaticAssert
            }
            Word::Asm => self.asm()?,
            _ => {
                if self.may_declare() {
                    return None;
                }
                let expr = self.expression()?;
                self.expect(Word::Semi)?;
                let span = Span { start: expr.span.start, end: self.at };
                return Some(Stmt { kind: StmtKind::Expr(expr), span });
            }
        };
        Some(Stmt { kind, span: Span { start, end: self.at } })
    }

    /// Whether what begins here may declare pointers to a type that is not known: `a *b;`.
    fn may_declare(&self) -> bool {
        if self.word_after() != Word::Star || !self.is_name(self.at) {
            return false;
        }
        let mut at = self.at + 1;
        while self.lower.word(at) == Word::Star {
            at += 1;
        }
        self.is_name(at)
            && matches!(self.lower.word(at + 1), Word::Semi | Word::Assign | Word::Comma)
    }

    /// `(e)` after `if` and the like; its parentheses leave no trace.
    fn condition(&mut self) -> Option<Expr> {
        let start = self.at;
        self.expect(Word::LParen)?;
        let expr = match self.word() {
            Word::LBrace => {
                let block = self.deeper(Self::block)?;
                let span = Span { start, end: self.at + 1 };
                Expr { kind: ExprKind::StmtExpr(block), span }
            }
            _ => self.deeper(Self::expression)?,
        };
        self.expect(Word::RParen)?;
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
        self.expect(Word::LParen)?;
        let mark = self.names.mark();
        let init = if self.take(Word::Semi) {
            None
        } else if self.begins_type(self.at) {
            let declaration = self.deeper(|reader| reader.declaration(reader.at))?;
            Some(Stmt { span: declaration.span, kind: StmtKind::Decl(declaration) })
        } else if self.may_declare() {
            return None;
        } else {
            let expr = self.deeper(Self::expression)?;
            self.expect(Word::Semi)?;
            Some(Stmt { span: expr.span, kind: StmtKind::Expr(expr) })
        };
        // The writer lets a name that hides a typedef name live on after the loop.
        self.recovery.hopeless |= self.names.mark() != mark;
        (!self.recovery.hopeless).then_some(())?;
        let cond = match self.word() {
            Word::Semi => None,
            _ => Some(self.deeper(Self::expression)?),
        };
        self.expect(Word::Semi)?;
        let step = match self.word() {
            Word::RParen => None,
            _ => Some(self.deeper(Self::expression)?),
        };
        self.expect(Word::RParen)?;
        let body = self.inner_statement()?;
        Some(StmtKind::For { init: init.map(Box::new), cond, step, body })
    }

    /// `asm volatile("text" : [name] "=r"(output) : "r"(input) : "clobber" : label);`
    fn asm(&mut self) -> Option<StmtKind> {
        self.at += 1;
        while matches!(self.word(), Word::Volatile | Word::Goto | Word::Inline) {
            self.at += 1;
        }
        self.expect(Word::LParen)?;
        self.strings()?;
        let (mut outputs, mut inputs, mut goto_labels) = (Vec::new(), Vec::new(), Vec::new());
        let mut section = 0;
        loop {
            match self.word() {
                Word::RParen => break,
                Word::Colon => section += 1,
                Word::ColonColon => section += 2,
                Word::Comma => {}
                Word::LBracket => {
                    self.at += 1;
                    self.name()?;
                    (self.word() == Word::RBracket).then_some(())?;
                }
                Word::LParen => {
                    let operand = self.deeper(Self::asm_operand)?;
                    match section {
                        1 => outputs.push(operand),
                        2 => inputs.push(operand),
                        _ => return None,
                    }
                }
                Word::Other if section == 4 => {
                    goto_labels.push(self.name()?);
                    continue;
                }
                _ if self.lower.is_kind(self.at, TokenKind::Str) => {}
                _ => return None,
            }
            self.at += 1;
        }
        self.at += 1;
        self.expect(Word::Semi)?;
        Some(StmtKind::Asm { outputs, inputs, goto_labels })
    }

    /// `(operand)`, up to the closing parenthesis.
    fn asm_operand(&mut self) -> Option<Expr> {
        let start = self.at;
        self.at += 1;
        let expr = match self.word() {
            _ if self.begins_type(self.at) => return None,
            Word::LBrace => {
                let block = self.block()?;
                Expr { kind: ExprKind::StmtExpr(block), span: Span { start, end: self.at + 1 } }
            }
            _ => self.expression()?,
        };
        (self.word() == Word::RParen).then_some(expr)
    }
}

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
