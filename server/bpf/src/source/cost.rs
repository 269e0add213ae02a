//! An estimate of what LLVM's inliner reckons a body costs (`InlineCost.cpp`): 5 for an instruction,
//! 25 more for a call, nothing for locals, casts and addresses.

use cfront::{
    ast::{BinaryOp, Block, Expr, ExprKind, Ident, Initializer, Stmt, StmtKind, UnaryOp},
    sema::{LocalKind, Resolution},
    symbol::Symbol,
};

use super::bodies::Bodies;

const INSTRUCTION: i64 = 5;
const CALL: i64 = 25;
const MAX_DEPTH: u32 = 300;

/// What a body costs, with the bodies of small functions it calls, and whether it is straight-line.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Cost {
    pub(super) cost: i64,
    pub(super) branches: bool,
}

/// The cost of a block of the function `name`.
pub(super) fn of_block(
    bodies: &mut Bodies<'_>,
    scope: &std::sync::Arc<cfront::sema::ItemScope>,
    block: &Block,
    callee: &mut dyn FnMut(&mut Bodies<'_>, Symbol) -> Option<Cost>,
) -> Cost {
    let mut walk = Walk { bodies, scope, cost: Cost::default(), depth: 0, callee };
    walk.block(block);
    walk.cost
}

struct Walk<'a, 'b, 'u> {
    bodies: &'a mut Bodies<'u>,
    scope: &'b std::sync::Arc<cfront::sema::ItemScope>,
    cost: Cost,
    depth: u32,
    callee: &'a mut dyn FnMut(&mut Bodies<'_>, Symbol) -> Option<Cost>,
}

impl Walk<'_, '_, '_> {
    fn add(&mut self, cost: i64) {
        self.cost.cost = self.cost.cost.saturating_add(cost);
    }

    fn block(&mut self, block: &Block) {
        block.stmts.iter().for_each(|s| self.stmt(s));
    }

    fn branch(&mut self) {
        self.add(INSTRUCTION);
        self.cost.branches = true;
    }

    fn stmt(&mut self, stmt: &Stmt) {
        if self.depth > MAX_DEPTH {
            return;
        }
        self.depth += 1;
        match &stmt.kind {
            StmtKind::Decl(declaration) => {
                for declarator in &declaration.declarators {
                    if let Some(init) = &declarator.init {
                        self.init(init);
                    }
                }
            }
            StmtKind::Expr(expr) => self.expr(expr),
            StmtKind::Block(block) => self.block(block),
            StmtKind::If { cond, then, otherwise } => match self.constant(cond) {
                Some(true) => self.stmt(then),
                Some(false) => otherwise.iter().for_each(|s| self.stmt(s)),
                None => {
                    self.condition(cond);
                    self.branch();
                    self.stmt(then);
                    otherwise.iter().for_each(|s| self.stmt(s));
                }
            },
            StmtKind::While { cond, body } | StmtKind::DoWhile { body, cond } => {
                if self.constant(cond) != Some(false) {
                    self.condition(cond);
                    self.branch();
                }
                self.stmt(body);
            }
            StmtKind::For { init, cond, step, body } => {
                init.iter().for_each(|s| self.stmt(s));
                if let Some(cond) = cond {
                    self.condition(cond);
                }
                self.branch();
                step.iter().for_each(|e| self.expr(e));
                self.stmt(body);
            }
            StmtKind::Switch { value, body } => {
                self.expr(value);
                self.cost.branches = true;
                self.stmt(body);
            }
            StmtKind::Case { body, .. } => {
                self.add(2 * INSTRUCTION);
                body.iter().for_each(|s| self.stmt(s));
            }
            StmtKind::Default { body } | StmtKind::Label { body, .. } => {
                body.iter().for_each(|s| self.stmt(s))
            }
            StmtKind::Return(Some(expr)) => self.expr(expr),
            StmtKind::Asm { inputs, .. } => {
                self.add(CALL / 5);
                inputs.iter().for_each(|e| self.expr(e));
            }
            _ => {}
        }
        self.depth -= 1;
    }

    fn constant(&mut self, expr: &Expr) -> Option<bool> {
        self.bodies.unit.constant(self.scope, expr).map(|v| v != 0)
    }

    fn condition(&mut self, expr: &Expr) {
        let compares = matches!(
            &expr.kind,
            ExprKind::Binary(
                BinaryOp::Lt
                    | BinaryOp::Gt
                    | BinaryOp::Le
                    | BinaryOp::Ge
                    | BinaryOp::Eq
                    | BinaryOp::Ne
                    | BinaryOp::LogAnd
                    | BinaryOp::LogOr,
                ..
            ) | ExprKind::Unary(UnaryOp::Not, _)
        );
        if !compares {
            self.add(INSTRUCTION);
        }
        self.expr(expr);
    }

    fn init(&mut self, init: &Initializer) {
        match init {
            Initializer::Expr(expr) => self.expr(expr),
            Initializer::List(items, _) => {
                self.add(INSTRUCTION);
                for item in items {
                    if let Initializer::Expr(e) = &item.value
                        && self.constant(e).is_none()
                    {
                        self.add(INSTRUCTION);
                    }
                    self.init(&item.value);
                }
            }
        }
    }

    fn is_local(&mut self, ident: Ident) -> bool {
        match self.scope.resolve(self.bodies.unit, ident) {
            Resolution::Local(id) => self
                .scope
                .local(id)
                .is_some_and(|l| matches!(l.kind, LocalKind::Param(_) | LocalKind::Auto)),
            Resolution::Variable(_) => false,
            _ => true,
        }
    }

    /// What designating an object costs, without reading it.
    fn place(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => self.place(e),
            ExprKind::Ident(_) => {}
            ExprKind::Member { base, arrow: false, .. } => self.place(base),
            ExprKind::Member { base, .. } => self.expr(base),
            ExprKind::Unary(UnaryOp::Deref, e) => self.expr(e),
            ExprKind::Index { base, index } => {
                self.expr_no_load(base);
                if self.constant(index).is_none() {
                    self.expr(index);
                    self.add(INSTRUCTION);
                }
            }
            _ => self.expr(expr),
        }
    }

    fn expr_no_load(&mut self, expr: &Expr) {
        match self.bodies.unit.expr_type(self.scope, expr).map(|ty| self.bodies.unit.canonical(ty))
        {
            Some(cfront::ctypes::CType::Array { .. }) => self.place(expr),
            _ => self.expr(expr),
        }
    }

    /// Whether the object is a local variable, as a whole or a part of it: a register.
    fn in_register(&mut self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Paren(e) => self.in_register(e),
            ExprKind::Ident(ident) => self.is_local(*ident),
            ExprKind::Member { base, arrow: false, .. } => self.in_register(base),
            _ => false,
        }
    }

    fn expr(&mut self, expr: &Expr) {
        if self.depth > MAX_DEPTH {
            return;
        }
        self.depth += 1;
        self.expr_inner(expr);
        self.depth -= 1;
    }

    fn expr_inner(&mut self, expr: &Expr) {
        if self.constant(expr).is_some() {
            return;
        }
        match &expr.kind {
            ExprKind::Ident(_)
            | ExprKind::Member { .. }
            | ExprKind::Index { .. }
            | ExprKind::Unary(UnaryOp::Deref, _) => {
                let array = matches!(
                    self.bodies
                        .unit
                        .expr_type(self.scope, expr)
                        .map(|ty| self.bodies.unit.canonical(ty)),
                    Some(cfront::ctypes::CType::Array { .. } | cfront::ctypes::CType::Function(_))
                );
                if !array && !self.in_register(expr) {
                    self.add(INSTRUCTION);
                }
                self.place(expr);
            }
            ExprKind::Paren(e) | ExprKind::Cast { expr: e, .. } => self.expr(e),
            ExprKind::Unary(UnaryOp::Plus | UnaryOp::Extension, e) => self.expr(e),
            ExprKind::Unary(UnaryOp::AddrOf, e) => self.place(e),
            ExprKind::Unary(UnaryOp::PreInc | UnaryOp::PreDec, e) | ExprKind::Postfix(_, e) => {
                self.add(INSTRUCTION);
                if !self.in_register(e) {
                    self.add(2 * INSTRUCTION);
                }
                self.place(e);
            }
            ExprKind::Unary(_, e) => {
                self.add(INSTRUCTION);
                self.expr(e);
            }
            ExprKind::Binary(op @ (BinaryOp::LogAnd | BinaryOp::LogOr), a, b) => {
                let _ = op;
                self.condition(a);
                self.branch();
                self.condition(b);
            }
            ExprKind::Binary(_, a, b) => {
                self.add(INSTRUCTION);
                self.expr(a);
                self.expr(b);
            }
            ExprKind::Assign(op, target, value) => {
                if op.is_some() {
                    self.add(INSTRUCTION);
                }
                if !self.in_register(target) {
                    self.add(if op.is_some() { 2 * INSTRUCTION } else { INSTRUCTION });
                }
                self.expr(value);
                self.place(target);
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                self.condition(cond);
                self.branch();
                then.iter().for_each(|e| self.expr(e));
                self.expr(otherwise);
            }
            ExprKind::Comma(a, b) => {
                self.expr(a);
                self.expr(b);
            }
            ExprKind::Call { callee, args } => self.call(callee, args),
            ExprKind::CompoundLiteral { init, .. } => self.init(init),
            ExprKind::StmtExpr(block) => self.block(block),
            ExprKind::ChooseExpr { cond, then, otherwise } => match self.constant(cond) {
                Some(false) => self.expr(otherwise),
                _ => self.expr(then),
            },
            ExprKind::Generic { arms, .. } => {
                if let Some((_, e)) = arms.first() {
                    self.expr(e);
                }
            }
            _ => {}
        }
    }

    fn call(&mut self, callee: &Expr, args: &[Expr]) {
        args.iter().for_each(|a| self.expr(a));
        let ExprKind::Ident(name) = &callee.kind else {
            self.expr(callee);
            self.add(CALL + INSTRUCTION * (1 + args.len() as i64));
            return;
        };
        let text = name.name.as_str();
        if text.starts_with("__builtin_") || matches!(text, "memcpy" | "memset" | "memmove") {
            if !matches!(
                text,
                "__builtin_expect" | "__builtin_constant_p" | "__builtin_preserve_access_index"
            ) {
                self.add(INSTRUCTION);
            }
            return;
        }
        match (self.callee)(self.bodies, name.name) {
            Some(inner) => {
                self.add(inner.cost);
                self.cost.branches |= inner.branches;
            }
            None => self.add(CALL + INSTRUCTION * (1 + args.len() as i64)),
        }
    }
}
