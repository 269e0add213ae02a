//! Finds parts of functions by their tokens.

use cfront::{
    ast::{Block, Expr, ExprKind, Stmt, StmtKind, visit},
    symbol::Symbol,
    unit::Unit,
};

use crate::flow::observe::At;

/// What a function makes of the call at a place: callee and arguments.
pub(super) fn call_at<T>(
    unit: &Unit,
    at: At,
    look: impl Fn(&Expr, &[Expr]) -> Option<T>,
) -> Option<T> {
    expression_at(unit, at, |expr| match &expr.kind {
        ExprKind::Call { callee, args } => look(callee, args),
        _ => None,
    })
}

/// What a function makes of the expression at a place; several can stand there (`(x)` does not, but a
/// macro's operand may).
pub(super) fn expression_at<T>(
    unit: &Unit,
    at: At,
    look: impl Fn(&Expr) -> Option<T>,
) -> Option<T> {
    let parsed = unit.item(at.item)?;
    let mut found = None;
    visit::expressions(&parsed.syntax, &mut |expr| {
        if found.is_none() && expr.span.start == at.start && expr.span.end == at.end {
            found = look(expr);
        }
    });
    found
}

/// A statement that stands in a block, and the block.
#[derive(Clone, Copy)]
pub(super) struct InBlock<'a> {
    pub(super) block: &'a Block,
    pub(super) stmt: &'a Stmt,
}

/// The innermost statement of a block that holds a token.
pub(super) fn innermost(block: &Block, token: u32) -> Option<InBlock<'_>> {
    let mut found = None;
    let mut work: Vec<&Block> = vec![block];
    while let Some(block) = work.pop() {
        let Some(stmt) = block.stmts.iter().find(|s| s.span.start <= token && token < s.span.end)
        else {
            continue;
        };
        found = Some(InBlock { block, stmt });
        let mut parts: Vec<&Stmt> = vec![stmt];
        while let Some(part) = parts.pop() {
            match &part.kind {
                StmtKind::Block(block) => work.push(block),
                StmtKind::If { then, otherwise, .. } => {
                    parts.push(then);
                    parts.extend(otherwise.as_deref());
                }
                StmtKind::While { body, .. }
                | StmtKind::DoWhile { body, .. }
                | StmtKind::For { body, .. }
                | StmtKind::Switch { body, .. } => parts.push(body),
                StmtKind::Case { body, .. }
                | StmtKind::Default { body }
                | StmtKind::Label { body, .. } => parts.extend(body.as_deref()),
                _ => {}
            }
        }
    }
    found
}

/// Whether an argument is written as NULL or 0.
pub(super) fn is_literal_zero(expr: &Expr) -> bool {
    match &expr.uncast().kind {
        ExprKind::Int { value, .. } => *value == 0,
        ExprKind::Ident(name) => name.name.as_str() == "NULL",
        _ => false,
    }
}

/// The names in an expression.
pub(super) fn names_in(expr: &Expr) -> Vec<Symbol> {
    let mut names = Vec::new();
    visit::operands(expr, &mut |part| {
        if let ExprKind::Ident(name) = &part.kind {
            names.push(name.name);
        }
    });
    names
}
