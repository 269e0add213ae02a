//! Local variables that get another value before anyone looks at the first: the optimiser drops that.

use super::{labels, resolver::Named, statements::contains_default, walk::Walk};
use cfront::ast::{
    Expr, ExprKind, Stmt, StmtKind,
    visit::{self, Visitor},
};

/// No more statements are looked at.
const MAX_STATEMENTS: usize = 256;

/// What a statement does with the variable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Nothing.
    None,
    /// It gets another value, and the old one was not looked at.
    Overwritten,
    /// Control does not come behind the statement, nor does anyone look.
    Left,
    /// Anything else.
    Unknown,
}

impl Walk<'_> {
    /// Whether the statements behind its declaration give the variable another value on all ways before
    /// they look at it.
    pub(super) fn is_overwritten(&mut self, local: u32, after: &[Stmt]) -> bool {
        let after = after.get(..MAX_STATEMENTS).unwrap_or(after);
        matches!(self.sequence(local, after), Effect::Overwritten | Effect::Left)
    }

    fn sequence(&mut self, local: u32, stmts: &[Stmt]) -> Effect {
        let effects = stmts.iter().map(|stmt| self.effect(local, stmt));
        effects.into_iter().find(|effect| *effect != Effect::None).unwrap_or(Effect::None)
    }

    fn effect(&mut self, local: u32, stmt: &Stmt) -> Effect {
        match &stmt.kind {
            StmtKind::Block(block) => self.sequence(local, &block.stmts),
            StmtKind::Expr(expr) if self.assigns(local, expr) => Effect::Overwritten,
            StmtKind::Return(_) if !self.mentions(local, stmt) => Effect::Left,
            StmtKind::If { cond, then, otherwise } => {
                if self.expression_mentions(local, cond) {
                    return Effect::Unknown;
                }
                let then = self.effect(local, then);
                let otherwise =
                    otherwise.as_deref().map_or(Effect::None, |stmt| self.effect(local, stmt));
                match (then, otherwise) {
                    (a, b) if a == b => a,
                    (Effect::Left, other) | (other, Effect::Left) => other,
                    _ => Effect::Unknown,
                }
            }
            StmtKind::Switch { value, body } => {
                if self.expression_mentions(local, value) {
                    return Effect::Unknown;
                }
                match self.mentions(local, body) {
                    true => self.switch_effect(local, body),
                    false => self.untouched(local, stmt),
                }
            }
            _ => self.untouched(local, stmt),
        }
    }

    /// Each way through a switch that has a `default`, from its label to its `break`.
    fn switch_effect(&mut self, local: u32, body: &Stmt) -> Effect {
        let StmtKind::Block(block) = &body.kind else { return Effect::Unknown };
        if !contains_default(body, 0) {
            return Effect::Unknown;
        }
        let mut state = Effect::Left;
        for stmt in &block.stmts {
            let mut stmt = stmt;
            while let StmtKind::Case { body, .. } | StmtKind::Default { body } = &stmt.kind {
                state = Effect::None;
                match body {
                    Some(body) => stmt = body,
                    None => break,
                }
            }
            match (&stmt.kind, state) {
                (StmtKind::Case { .. } | StmtKind::Default { .. }, _) | (_, Effect::Left) => {}
                (StmtKind::Break, Effect::Overwritten) => state = Effect::Left,
                (StmtKind::Break, _) => return Effect::Unknown,
                (_, Effect::Overwritten) if labels::contains_break(stmt) => return Effect::Unknown,
                (_, Effect::Overwritten) => {}
                _ => match self.effect(local, stmt) {
                    Effect::Unknown => return Effect::Unknown,
                    effect => state = effect,
                },
            }
        }
        if state == Effect::None { Effect::Unknown } else { Effect::Overwritten }
    }

    /// `local = value`, where the value does not need it.
    fn assigns(&mut self, local: u32, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Paren(e) => self.assigns(local, e),
            ExprKind::Assign(None, target, value) => {
                matches!(&target.kind, ExprKind::Ident(ident)
                    if self.resolver.resolve(*ident) == Named::Local(local))
                    && !self.expression_mentions(local, value)
            }
            _ => false,
        }
    }

    fn untouched(&mut self, local: u32, stmt: &Stmt) -> Effect {
        if self.mentions(local, stmt) { Effect::Unknown } else { Effect::None }
    }

    /// Whether a statement names the variable, or may go somewhere else.
    fn mentions(&mut self, local: u32, stmt: &Stmt) -> bool {
        let mut visitor = Mentions { walk: self, local, found: false };
        visit::statement(stmt, &mut visitor);
        visitor.found || matches!(stmt.kind, StmtKind::Break | StmtKind::Continue)
    }

    fn expression_mentions(&mut self, local: u32, expr: &Expr) -> bool {
        let mut visitor = Mentions { walk: self, local, found: false };
        visit::expression(expr, &mut visitor);
        visitor.found
    }
}

struct Mentions<'w, 'u> {
    walk: &'w mut Walk<'u>,
    local: u32,
    found: bool,
}

impl Visitor for Mentions<'_, '_> {
    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Ident(ident) = &expr.kind {
            self.found |= self.walk.resolver.resolve(*ident) == Named::Local(self.local);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        self.found |= matches!(
            stmt.kind,
            StmtKind::Goto(_)
                | StmtKind::GotoIndirect(_)
                | StmtKind::Label { .. }
                | StmtKind::Error
                | StmtKind::NestedFunction(_)
        );
    }
}
