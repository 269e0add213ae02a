//! Expressions: the value of each, and what is done on the way.

use cfront::{
    ast::{BinaryOp, Expr, ExprKind, InitItem, PostfixOp, UnaryOp},
    ctypes::{CType, CTypeId},
    sema::{LocalKind, Resolution},
};

use super::{
    cost::INSTRUCTION,
    eval::{Eval, Scalar},
    operators::order_of,
    value::{Arith, Val},
};

impl Eval<'_, '_, '_> {
    /// Evaluates for the effects alone.
    pub(super) fn discard(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => self.discard(e),
            ExprKind::Cast { expr: e, .. } => self.discard(e),
            ExprKind::Comma(a, b) => {
                self.discard(a);
                self.discard(b);
            }
            ExprKind::StmtExpr(block) => self.block(block),
            _ if self.scalar_of(expr).is_some() => {
                self.expr(expr);
            }
            ExprKind::Call { callee, args } => {
                self.call(expr, callee, args);
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                let split = self.condition(cond);
                self.branch(
                    split,
                    |e| then.iter().for_each(|t| e.discard(t)),
                    |e| e.discard(otherwise),
                );
            }
            _ => {
                self.aggregate(expr);
            }
        }
    }

    /// The value as a scalar of that type.
    pub(super) fn converted(&mut self, expr: &Expr, to: Scalar) -> Val {
        let from = self.scalar_of(expr).unwrap_or(to);
        let value = self.expr(expr);
        self.convert(value, from, to)
    }

    pub(super) fn convert(&mut self, value: Val, from: Scalar, to: Scalar) -> Val {
        if to.truth {
            return self.truth_of(value, from.truth);
        }
        self.values.resize(value, from.signed, from.bits, to.bits)
    }

    /// The value of a scalar expression, or the address of what decays to one.
    pub(super) fn expr(&mut self, expr: &Expr) -> Val {
        let none = self.values.opaque(Vec::new(), 0, 0);
        self.deeper(none, |eval| eval.expr_inner(expr))
    }

    fn expr_inner(&mut self, expr: &Expr) -> Val {
        match &expr.kind {
            ExprKind::Int { value, .. } => {
                let scalar = self.scalar_of(expr).unwrap_or(Scalar::int(64, false));
                self.values.int(super::simplify::wrapped(
                    i128::from(*value),
                    scalar.bits,
                    scalar.signed,
                ))
            }
            ExprKind::Char(c, _) => self.values.int(i128::from(*c)),
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => self.expr(e),
            ExprKind::Ident(_)
            | ExprKind::Member { .. }
            | ExprKind::Index { .. }
            | ExprKind::Unary(UnaryOp::Deref, _) => self.read(expr),
            ExprKind::Str { .. } => self.values.opaque(Vec::new(), 0, 0),
            ExprKind::Cast { expr: inner, .. } => {
                match (self.scalar_of(inner), self.scalar_of(expr)) {
                    (Some(_), Some(to)) => self.converted(inner, to),
                    (_, None) => {
                        self.discard(inner);
                        self.values.int(0)
                    }
                    _ => self.expr(inner),
                }
            }
            ExprKind::Unary(UnaryOp::AddrOf, e) => {
                let place = self.place(e);
                self.address(&place)
            }
            ExprKind::Unary(UnaryOp::PreInc, e) => self.step(e, true, true),
            ExprKind::Unary(UnaryOp::PreDec, e) => self.step(e, false, true),
            ExprKind::Postfix(op, e) => self.step(e, *op == PostfixOp::Inc, false),
            ExprKind::Unary(UnaryOp::Not, e) => {
                let truth = self.truth(e);
                self.values.negated(truth)
            }
            ExprKind::Unary(op, e) => {
                let to = self.scalar_of(expr).unwrap_or(Scalar::int(32, true));
                let value = self.converted(e, to);
                match op {
                    UnaryOp::Minus => {
                        let zero = self.values.int(0);
                        self.values.arith(Arith::Sub, zero, value, to.bits, to.signed)
                    }
                    UnaryOp::BitNot => {
                        let ones = self.values.int(-1);
                        self.values.arith(Arith::Xor, value, ones, to.bits, to.signed)
                    }
                    _ => value,
                }
            }
            ExprKind::Binary(BinaryOp::LogAnd | BinaryOp::LogOr, ..) => self.logical(expr),
            ExprKind::Binary(op, a, b) => self.binary(expr, *op, a, b),
            ExprKind::Assign(op, target, value) => self.assign(expr, *op, target, value),
            ExprKind::Conditional { cond, then, otherwise } => {
                self.conditional(expr, cond, then.as_deref(), otherwise)
            }
            ExprKind::Comma(a, b) => {
                self.discard(a);
                self.expr(b)
            }
            ExprKind::Call { callee, args } => self.call(expr, callee, args),
            ExprKind::CompoundLiteral { .. } => {
                let (base, offset) = self.aggregate(expr);
                match self.type_of(expr).map(|ty| (ty, self.bodies.unit.canonical(ty))) {
                    Some((_, CType::Array { .. } | CType::Record(_))) | None => {
                        self.values.offset(base, offset)
                    }
                    Some((ty, _)) => {
                        let scalar = self.scalar(ty).unwrap_or(Scalar::int(64, false));
                        self.load(
                            super::memory::Loc { base, offset, size: scalar.bytes() },
                            scalar.bits,
                        )
                    }
                }
            }
            ExprKind::StmtExpr(block) => self.statement_expression(block),
            ExprKind::ChooseExpr { cond, then, otherwise } => {
                match self.bodies.unit.constant(&self.scope(), cond) {
                    Some(0) => self.expr(otherwise),
                    _ => self.expr(then),
                }
            }
            ExprKind::Generic { arms, .. } => {
                // The arm whose type the whole expression has.
                let ty = self.type_of(expr);
                let arm = arms.iter().find(|(_, e)| self.type_of(e) == ty).or(arms.first());
                match arm {
                    Some((_, e)) => self.expr(e),
                    None => self.values.int(0),
                }
            }
            ExprKind::BuiltinWithTypes { name, .. }
                if name.as_str().contains("preserve") || name.as_str().contains("btf_type_id") =>
            {
                self.values.opaque(Vec::new(), 2 * INSTRUCTION, 0)
            }
            _ => match self.bodies.unit.constant(&self.scope(), expr) {
                Some(c) => self.values.int(c),
                None => self.values.opaque(Vec::new(), INSTRUCTION, 0),
            },
        }
    }

    fn conditional(
        &mut self,
        expr: &Expr,
        cond: &Expr,
        then: Option<&Expr>,
        otherwise: &Expr,
    ) -> Val {
        let to = self.scalar_of(expr);
        let result = self.new_object(8, false);
        let loc = super::memory::Loc { base: result, offset: 0, size: 8 };
        // `a ?: b` evaluates `a` once.
        let (split, value) = match then {
            Some(_) => (self.condition(cond), None),
            None => {
                let value = self.expr(cond);
                let scalar = self.scalar_of(cond);
                (self.condition_of(value, scalar), Some(value))
            }
        };
        self.branch(
            split,
            |e| {
                let value = match (then, value) {
                    (Some(then), _) => e.arm(then, to),
                    (None, Some(value)) => value,
                    (None, None) => e.values.int(0),
                };
                e.store(loc, value);
            },
            |e| {
                let value = e.arm(otherwise, to);
                e.store(loc, value);
            },
        );
        self.load(loc, 0)
    }

    fn arm(&mut self, expr: &Expr, to: Option<Scalar>) -> Val {
        match to {
            Some(to) if !to.truth && !is_truth_expression(expr) => self.converted(expr, to),
            _ => self.expr(expr),
        }
    }

    pub(super) fn statement_expression(&mut self, block: &cfront::ast::Block) -> Val {
        let Some((last, rest)) = block.stmts.split_last() else { return self.values.int(0) };
        rest.iter().for_each(|s| self.stmt(s));
        let mut last = last;
        while let cfront::ast::StmtKind::Label { name, body: Some(body) } = &last.kind {
            self.label(*name);
            last = body;
        }
        match &last.kind {
            cfront::ast::StmtKind::Expr(e) if self.state.alive => match self.type_of(e) {
                Some(ty) if self.scalar(ty).is_some() => self.expr(e),
                Some(ty) if matches!(self.bodies.unit.canonical(ty), CType::Record(_)) => {
                    let (base, offset) = self.aggregate(e);
                    self.values.offset(base, offset)
                }
                _ => {
                    self.discard(e);
                    self.values.int(0)
                }
            },
            _ => {
                self.stmt(last);
                self.values.int(0)
            }
        }
    }

    /// The members of an initialiser list, each where it goes; lists without their inner braces are
    /// written as a whole.
    pub(super) fn members(&mut self, base: Val, offset: i64, ty: CTypeId, items: &[InitItem]) {
        let mut next = 0u64;
        for item in items {
            let found = self.element_of(ty, &item.designators, &mut next);
            match found {
                Some((at, ty)) => self.initialize(base, offset.saturating_add(at), ty, &item.value),
                None => {
                    if let cfront::ast::Initializer::Expr(e) = &item.value {
                        let value = self.expr(e);
                        self.values.count(value);
                        if self.values.constant(value) != Some(0) {
                            self.values.cost += INSTRUCTION;
                        }
                    }
                }
            }
        }
    }

    /// Whether the identifier is a variable in memory, and which place it has.
    pub(super) fn variable(&mut self, ident: cfront::ast::Ident) -> Option<(Val, CTypeId)> {
        let scope = self.scope();
        match scope.resolve(self.bodies.unit, ident) {
            Resolution::Local(id) => {
                let local = scope.local(id)?;
                match local.kind {
                    LocalKind::Param(_) | LocalKind::Auto => {
                        let known = self.frame().and_then(|f| f.objects.get(&id.0).copied());
                        let object = match known {
                            Some(object) => object,
                            // Jumped past its declaration.
                            None => {
                                let object = self.new_object(local.size.unwrap_or(8), false);
                                if let Some(frame) = self.frame() {
                                    frame.objects.insert(id.0, object);
                                }
                                object
                            }
                        };
                        Some((object, local.ty))
                    }
                    LocalKind::Static => {
                        let function = self.frames.last().map(|f| f.function)?;
                        let name = cfront::symbol::Symbol::intern(&format!("{function}.{}", id.0));
                        Some((self.values.global(name), local.ty))
                    }
                    LocalKind::Extern => Some((self.values.global(local.name), local.ty)),
                    LocalKind::Function => None,
                }
            }
            Resolution::Variable(variable) => {
                Some((self.values.global(variable.name), variable.ty))
            }
            Resolution::Function(function) => {
                Some((self.values.global(function.name), function.ty))
            }
            _ => None,
        }
    }
}

fn is_truth_expression(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(e) => is_truth_expression(e),
        ExprKind::Binary(op, ..) => order_of(*op).is_some(),
        ExprKind::Unary(UnaryOp::Not, _) => true,
        _ => false,
    }
}
