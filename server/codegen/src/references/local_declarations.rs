//! Finding a local declaration by the token of its name.

use cfront::ast::{Block, Declaration, Initializer, Stmt, StmtKind};

/// The initialiser of the local variable whose name is that token.
pub(super) fn initializer(block: &Block, token: u32) -> Option<&Initializer> {
    block.stmts.iter().find_map(|stmt| in_stmt(stmt, token))
}

fn in_stmt(stmt: &Stmt, token: u32) -> Option<&Initializer> {
    if token < stmt.span.start || token >= stmt.span.end {
        return None;
    }
    match &stmt.kind {
        StmtKind::Decl(declaration) => in_declaration(declaration, token),
        StmtKind::Block(block) => initializer(block, token),
        StmtKind::If { then, otherwise, .. } => {
            in_stmt(then, token).or_else(|| otherwise.as_deref().and_then(|s| in_stmt(s, token)))
        }
        StmtKind::While { body, .. }
        | StmtKind::DoWhile { body, .. }
        | StmtKind::Switch { body, .. } => in_stmt(body, token),
        StmtKind::For { init, body, .. } => {
            init.as_deref().and_then(|s| in_stmt(s, token)).or_else(|| in_stmt(body, token))
        }
        StmtKind::Case { body, .. } | StmtKind::Default { body } | StmtKind::Label { body, .. } => {
            body.as_deref().and_then(|s| in_stmt(s, token))
        }
        _ => None,
    }
}

fn in_declaration(declaration: &Declaration, token: u32) -> Option<&Initializer> {
    declaration
        .declarators
        .iter()
        .find(|d| d.declarator.name.is_some_and(|n| n.token == token))
        .and_then(|d| d.init.as_ref())
}
