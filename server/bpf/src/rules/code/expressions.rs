//! What the checks ask of single expressions.

use cfront::{
    ast::{self, Expr, ExprKind, FunctionDef, Ident, InitDeclarator, Initializer, UnaryOp, visit},
    sema::LocalId,
};

use super::body::FnBody;

/// The variable whose address an argument is: `v` (an array), `&v`, `&v[i]`, `&v.member`.
pub(in super::super) fn addressed(expr: &Expr) -> Option<Ident> {
    let expr = expr.uncast();
    let place = match &expr.kind {
        ExprKind::Unary(UnaryOp::AddrOf, inner) => inner.unparen(),
        _ => expr,
    };
    let mut place = place;
    loop {
        match &place.kind {
            ExprKind::Ident(ident) => return Some(*ident),
            ExprKind::Index { base, .. } | ExprKind::Member { base, arrow: false, .. } => {
                place = base.unparen();
            }
            _ => return None,
        }
    }
}

/// Finds the initialiser of a local by the token of its name.
pub(in super::super) fn local_init(syntax: &FunctionDef, token: u32) -> Option<Initializer> {
    struct Find(u32, Option<Initializer>);
    impl visit::Visitor for Find {
        fn local(&mut self, _: &ast::Declaration, one: &InitDeclarator) {
            if one.declarator.name.is_some_and(|n| n.token == self.0) {
                self.1 = one.init.clone();
            }
        }
    }
    let mut find = Find(token, None);
    visit::block(&syntax.body, &mut find);
    find.1
}

/// Whether an expression is a local, and nothing more.
pub(in super::super) fn is_local(body: &FnBody, expr: &Expr, local: LocalId) -> bool {
    match &expr.unparen().kind {
        ExprKind::Ident(ident) => body.scope.local_use(*ident).is_some_and(|l| l.id == local),
        _ => false,
    }
}

/// Whether a local gets another value than it began with, or its address is taken.
pub(in super::super) fn is_changed(body: &FnBody, local: LocalId) -> bool {
    struct Changes<'a>(&'a FnBody, LocalId, bool);
    impl visit::Visitor for Changes<'_> {
        fn expr(&mut self, expr: &Expr) {
            self.2 |= match &expr.kind {
                ExprKind::Assign(_, to, _) => is_local(self.0, to, self.1),
                ExprKind::Unary(UnaryOp::AddrOf | UnaryOp::PreInc | UnaryOp::PreDec, e)
                | ExprKind::Postfix(_, e) => is_local(self.0, e, self.1),
                _ => false,
            };
        }

        fn stmt(&mut self, stmt: &ast::Stmt) {
            if let ast::StmtKind::Asm { outputs, .. } = &stmt.kind {
                self.2 |= outputs.iter().any(|e| is_local(self.0, e, self.1));
            }
        }
    }
    let Some(syntax) = body.syntax() else { return true };
    let mut changes = Changes(body, local, false);
    visit::block(&syntax.body, &mut changes);
    changes.2
}
