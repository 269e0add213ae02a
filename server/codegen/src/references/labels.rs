//! What statements contain: labels (`CodeGenFunction::ContainsLabel`) and breaks.

use cfront::ast::{Block, Declaration, Expr, ExprKind, Initializer, Stmt, StmtKind};

const MAX_DEPTH: u32 = 600;

/// Whether control can enter the statement from outside: it has a label, or a `case` of a switch
/// around it. clang then generates it even where nothing falls into it.
pub(super) fn contains_label(stmt: &Stmt, ignore_cases: bool) -> bool {
    label(stmt, ignore_cases, 0)
}

/// Whether an expression has a label inside a statement expression.
pub(super) fn expr_contains_label(expr: &Expr) -> bool {
    in_expr(expr, 0)
}

/// Whether the body of a switch has a label besides its cases.
pub(super) fn block_has_label(block: &Block) -> bool {
    block.stmts.iter().any(|stmt| label(stmt, true, 0))
}

fn label(stmt: &Stmt, ignore_cases: bool, depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return true;
    }
    let depth = depth + 1;
    let opt =
        |stmt: &Option<Box<Stmt>>, ignore| stmt.as_deref().is_some_and(|s| label(s, ignore, depth));
    match &stmt.kind {
        StmtKind::Label { .. } => true,
        StmtKind::Case { body, .. } | StmtKind::Default { body } => {
            !ignore_cases || opt(body, ignore_cases)
        }
        StmtKind::Block(block) => block.stmts.iter().any(|s| label(s, ignore_cases, depth)),
        StmtKind::If { cond, then, otherwise } => {
            in_expr(cond, depth) || label(then, ignore_cases, depth) || opt(otherwise, ignore_cases)
        }
        StmtKind::While { cond, body } | StmtKind::DoWhile { body, cond } => {
            in_expr(cond, depth) || label(body, ignore_cases, depth)
        }
        StmtKind::For { body, .. } => label(body, ignore_cases, depth),
        // The cases of a nested switch are its own.
        StmtKind::Switch { body, .. } => label(body, true, depth),
        StmtKind::Expr(expr) | StmtKind::Return(Some(expr)) => in_expr(expr, depth),
        StmtKind::Decl(declaration) => in_declaration(declaration, depth),
        _ => false,
    }
}

fn in_declaration(declaration: &Declaration, depth: u32) -> bool {
    declaration.declarators.iter().any(|d| d.init.as_ref().is_some_and(|init| in_init(init, depth)))
}

pub(super) fn in_init(init: &Initializer, depth: u32) -> bool {
    match init {
        Initializer::Expr(expr) => in_expr(expr, depth),
        Initializer::List(items, _) => {
            depth <= MAX_DEPTH && items.iter().any(|i| in_init(&i.value, depth + 1))
        }
    }
}

fn in_expr(expr: &Expr, depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return true;
    }
    let depth = depth + 1;
    let go = |e: &Expr| in_expr(e, depth);
    match &expr.kind {
        ExprKind::StmtExpr(block) => block.stmts.iter().any(|s| label(s, false, depth)),
        ExprKind::Paren(e) | ExprKind::Unary(_, e) | ExprKind::Postfix(_, e) => go(e),
        ExprKind::Binary(_, a, b) | ExprKind::Assign(_, a, b) | ExprKind::Comma(a, b) => {
            go(a) || go(b)
        }
        ExprKind::Index { base, index } => go(base) || go(index),
        ExprKind::Conditional { cond, then, otherwise } => {
            go(cond) || then.as_deref().is_some_and(go) || go(otherwise)
        }
        ExprKind::Call { callee, args } => go(callee) || args.iter().any(go),
        ExprKind::Member { base, .. } => go(base),
        ExprKind::Cast { expr, .. } => go(expr),
        ExprKind::CompoundLiteral { init, .. } => in_init(init, depth),
        ExprKind::ChooseExpr { then, otherwise, .. } => go(then) || go(otherwise),
        ExprKind::BuiltinWithTypes { args, .. } => args.iter().any(go),
        _ => false,
    }
}

/// Whether a `break` of an enclosing loop or switch, or a `continue`, stands in the statement.
pub(super) fn contains_break(stmt: &Stmt) -> bool {
    breaks(stmt, 0)
}

fn breaks(stmt: &Stmt, depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return true;
    }
    let depth = depth + 1;
    match &stmt.kind {
        StmtKind::Break => true,
        StmtKind::Block(block) => block.stmts.iter().any(|s| breaks(s, depth)),
        StmtKind::If { then, otherwise, .. } => {
            breaks(then, depth) || otherwise.as_deref().is_some_and(|s| breaks(s, depth))
        }
        StmtKind::Label { body, .. } | StmtKind::Case { body, .. } | StmtKind::Default { body } => {
            body.as_deref().is_some_and(|s| breaks(s, depth))
        }
        _ => false,
    }
}
