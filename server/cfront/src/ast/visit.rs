//! A walk over the expressions and local declarations of a body, in written order.
//!
//! The parser bounds the depth of a tree, so recursion is bounded too.

use super::{
    Block, Declaration, Designator, Expr, ExprKind, InitDeclarator, Initializer, Stmt, StmtKind,
};

/// What a walk calls; every method has an empty default.
pub trait Visitor {
    /// An expression that is evaluated, before its operands. Operands of `sizeof`, `_Alignof` and
    /// `typeof` are not evaluated and not visited.
    fn expr(&mut self, _expr: &Expr) {}
    /// A statement, before what it holds.
    fn stmt(&mut self, _stmt: &Stmt) {}
    /// A local variable with its declaration, before its initialiser.
    fn local(&mut self, _declaration: &Declaration, _declarator: &InitDeclarator) {}
}

/// Walks a compound statement.
pub fn block(block: &Block, v: &mut dyn Visitor) {
    for stmt in &block.stmts {
        statement(stmt, v);
    }
}

/// Walks a statement.
pub fn statement(stmt: &Stmt, v: &mut dyn Visitor) {
    v.stmt(stmt);
    match &stmt.kind {
        StmtKind::Decl(declaration) => {
            for declarator in &declaration.declarators {
                v.local(declaration, declarator);
                if let Some(init) = &declarator.init {
                    initializer(init, v);
                }
            }
        }
        StmtKind::Expr(e) | StmtKind::GotoIndirect(e) | StmtKind::Return(Some(e)) => {
            expression(e, v);
        }
        StmtKind::Block(inner) => block(inner, v),
        StmtKind::If { cond, then, otherwise } => {
            expression(cond, v);
            statement(then, v);
            if let Some(otherwise) = otherwise {
                statement(otherwise, v);
            }
        }
        StmtKind::While { cond, body } | StmtKind::Switch { value: cond, body } => {
            expression(cond, v);
            statement(body, v);
        }
        StmtKind::DoWhile { body, cond } => {
            statement(body, v);
            expression(cond, v);
        }
        StmtKind::For { init, cond, step, body } => {
            if let Some(init) = init {
                statement(init, v);
            }
            for e in [cond, step].into_iter().flatten() {
                expression(e, v);
            }
            statement(body, v);
        }
        StmtKind::Case { body, .. } | StmtKind::Default { body } | StmtKind::Label { body, .. } => {
            if let Some(body) = body {
                statement(body, v);
            }
        }
        StmtKind::Asm { outputs, inputs, .. } => {
            outputs.iter().chain(inputs).for_each(|e| expression(e, v));
        }
        StmtKind::NestedFunction(_)
        | StmtKind::Empty
        | StmtKind::Goto(_)
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Return(None)
        | StmtKind::StaticAssert
        | StmtKind::Error => {}
    }
}

/// Walks an initialiser.
pub fn initializer(init: &Initializer, v: &mut dyn Visitor) {
    match init {
        Initializer::Expr(e) => expression(e, v),
        Initializer::List(items, _) => {
            for item in items {
                for designator in &item.designators {
                    match designator {
                        Designator::Index(e) => expression(e, v),
                        Designator::Range(from, to) => {
                            expression(from, v);
                            expression(to, v);
                        }
                        Designator::Field(_) => {}
                    }
                }
                initializer(&item.value, v);
            }
        }
    }
}

/// Walks an expression.
pub fn expression(expr: &Expr, v: &mut dyn Visitor) {
    v.expr(expr);
    match &expr.kind {
        ExprKind::Paren(e)
        | ExprKind::Unary(_, e)
        | ExprKind::Postfix(_, e)
        | ExprKind::Cast { expr: e, .. }
        | ExprKind::Member { base: e, .. }
        | ExprKind::VaArg { ap: e, .. } => expression(e, v),
        ExprKind::Binary(_, a, b)
        | ExprKind::Assign(_, a, b)
        | ExprKind::Comma(a, b)
        | ExprKind::Index { base: a, index: b } => {
            expression(a, v);
            expression(b, v);
        }
        ExprKind::Conditional { cond, then, otherwise } => {
            expression(cond, v);
            if let Some(then) = then {
                expression(then, v);
            }
            expression(otherwise, v);
        }
        ExprKind::Call { callee, args } => {
            expression(callee, v);
            args.iter().for_each(|e| expression(e, v));
        }
        ExprKind::CompoundLiteral { init, .. } => initializer(init, v),
        ExprKind::ChooseExpr { cond, then, otherwise } => {
            [cond, then, otherwise].into_iter().for_each(|e| expression(e, v));
        }
        ExprKind::BuiltinWithTypes { args, .. } => args.iter().for_each(|e| expression(e, v)),
        ExprKind::Generic { arms, .. } => arms.iter().for_each(|(_, e)| expression(e, v)),
        ExprKind::StmtExpr(inner) => block(inner, v),
        ExprKind::Ident(_)
        | ExprKind::Int { .. }
        | ExprKind::Float(_)
        | ExprKind::Char(..)
        | ExprKind::Str { .. }
        | ExprKind::SizeofExpr(_)
        | ExprKind::SizeofType(_)
        | ExprKind::AlignofExpr(_)
        | ExprKind::AlignofType(_)
        | ExprKind::Offsetof { .. }
        | ExprKind::TypesCompatible(..)
        | ExprKind::LabelAddress(_)
        | ExprKind::Error => {}
    }
}
