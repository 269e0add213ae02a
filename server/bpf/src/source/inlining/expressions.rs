//! Expressions: the value of each, and what is done on the way.

use cfront::{
    ast::{BinaryOp, Expr, ExprKind, InitItem, PostfixOp, UnaryOp},
    ctypes::{CType, CTypeId},
    sema::{LocalKind, Resolution},
};

use super::{
    cost::INSTRUCTION,
    eval::{Eval, Scalar},
    value::{Arith, Order, Val},
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
                self.values.int(super::value::wrapped(
                    i128::from(*value),
                    scalar.bits,
                    scalar.signed,
                ))
            }
            ExprKind::Char(c) => self.values.int(i128::from(*c)),
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
                let to = self.scalar_of(expr);
                let result = self.new_object(8, false);
                let split = self.condition(cond);
                let loc = super::memory::Loc { base: result, offset: 0, size: 8 };
                // `a ?: b`
                let same = then.is_none().then(|| split.pending).flatten();
                self.branch(
                    split,
                    |e| {
                        let value = match (then, same) {
                            (Some(then), _) => e.arm(then, to),
                            (None, _) => e.arm(cond, to),
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

    fn arm(&mut self, expr: &Expr, to: Option<Scalar>) -> Val {
        match to {
            Some(to) if !to.truth && !is_truth_expression(self, expr) => self.converted(expr, to),
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

    /// `a && b`, `a || b` as a value.
    fn logical(&mut self, expr: &Expr) -> Val {
        let split = self.condition(expr);
        if let Some(pending) = split.pending {
            let state = self.merge(split.yes, split.no, None);
            self.state = state;
            return pending;
        }
        let result = self.new_object(1, false);
        let loc = super::memory::Loc { base: result, offset: 0, size: 1 };
        let (yes, no) = (self.values.int(1), self.values.int(0));
        let mut states = (split.yes, split.no);
        for (state, value) in [(&mut states.0, yes), (&mut states.1, no)] {
            if state.alive {
                state.cells.insert(loc, value);
            }
        }
        let known = !(states.0.alive && states.1.alive);
        let state = self.merge(states.0, states.1, None);
        self.state = state;
        match known {
            true => self.load(loc, 1),
            // The last comparison is the value where it decides: no branch on it.
            false => {
                self.values.cost -= INSTRUCTION;
                self.first_exit.get_or_insert((self.effects, self.values.cost));
                self.values.opaque(Vec::new(), 0, 1)
            }
        }
    }

    fn binary(&mut self, expr: &Expr, op: BinaryOp, a: &Expr, b: &Expr) -> Val {
        let (left, right) = (self.scalar_of(a), self.scalar_of(b));
        let (Some(left), Some(right)) = (left, right) else {
            let operands = vec![self.expr(a), self.expr(b)];
            return self.values.opaque(operands, INSTRUCTION, 0);
        };
        if let Some(order) = order_of(op) {
            let common = common(left, right);
            let called = self.expr(a);
            let x = self.convert(called, left, common);
            let y = self.converted(b, common);
            self.compared_result = match self.values.constant(y) {
                Some(c) if self.results.contains(&called) => Some((order, c)),
                _ => None,
            };
            return self.values.compare(order, x, y);
        }
        let result = self.scalar_of(expr).unwrap_or(left);
        if left.pointer || right.pointer {
            return self.pointer_arithmetic(op, a, b, left.pointer, right.pointer);
        }
        let x = self.converted(a, result);
        let y = match op {
            BinaryOp::Shl | BinaryOp::Shr => {
                let y = self.expr(b);
                // The count is widened or cut for nothing.
                self.values.stripped(y)
            }
            _ => self.converted(b, result),
        };
        self.values.arith(arith_of(op), x, y, result.bits, result.signed)
    }

    fn pointer_arithmetic(
        &mut self,
        op: BinaryOp,
        a: &Expr,
        b: &Expr,
        left: bool,
        right: bool,
    ) -> Val {
        let (x, y) = (self.expr(a), self.expr(b));
        if left && right {
            let difference = self.values.arith(Arith::Sub, x, y, 64, true);
            return match self.element_size(a) {
                1 => difference,
                size => {
                    let size = self.values.int(i128::from(size));
                    self.values.arith(Arith::Div, difference, size, 64, true)
                }
            };
        }
        let (pointer, index, of, number) = if left { (x, y, a, b) } else { (y, x, b, a) };
        let from = self.scalar_of(number).unwrap_or(Scalar::int(64, true));
        let mut index = self.values.resize(index, from.signed, from.bits, 64);
        if op == BinaryOp::Sub {
            let zero = self.values.int(0);
            index = self.values.arith(Arith::Sub, zero, index, 64, true);
        }
        let size = self.element_size(of);
        self.values.index(pointer, index, size)
    }

    /// Bytes of what a pointer or array expression points to.
    pub(super) fn element_size(&self, expr: &Expr) -> u64 {
        let unit = self.bodies.unit;
        let elem: Option<CTypeId> = self.type_of(expr).and_then(|ty| match unit.canonical(ty) {
            CType::Pointer(to) => Some(to),
            CType::Array { elem, .. } => Some(elem),
            _ => None,
        });
        elem.and_then(|e| unit.size_of(e)).unwrap_or(1)
    }

    fn assign(&mut self, expr: &Expr, op: Option<BinaryOp>, target: &Expr, value: &Expr) -> Val {
        let Some(to) = self.scalar_of(target) else {
            let from = self.aggregate(value);
            let place = self.place(target);
            let size =
                self.type_of(target).and_then(|ty| self.bodies.unit.size_of(ty)).unwrap_or(0);
            let (base, offset) = self.materialized(&place);
            self.copy(from, (base, offset), size);
            return self.values.offset(base, offset);
        };
        let Some(op) = op else {
            let value = self.converted(value, to);
            let place = self.place(target);
            self.store_place(&place, to, value);
            return value;
        };
        let _ = expr;
        let right = self.scalar_of(value).unwrap_or(to);
        let operand = self.expr(value);
        let place = self.place(target);
        let old = self.load_place(&place, to);
        let new = if to.pointer {
            let mut index = self.values.resize(operand, right.signed, right.bits, 64);
            if op == BinaryOp::Sub {
                let zero = self.values.int(0);
                index = self.values.arith(Arith::Sub, zero, index, 64, true);
            }
            let size = self.element_size(target);
            self.values.index(old, index, size)
        } else {
            let common = match op {
                BinaryOp::Shl | BinaryOp::Shr => common(to, to),
                _ => common(to, right),
            };
            let x = self.convert(old, to, common);
            let y = self.convert(operand, right, common);
            let new = self.values.arith(arith_of(op), x, y, common.bits, common.signed);
            self.convert(new, common, to)
        };
        self.store_place(&place, to, new);
        new
    }

    /// `++`, `--`
    fn step(&mut self, target: &Expr, up: bool, new_value: bool) -> Val {
        let to = self.scalar_of(target).unwrap_or(Scalar::int(32, true));
        let place = self.place(target);
        let old = self.load_place(&place, to);
        let by = if up { 1 } else { -1 };
        let new = if to.pointer {
            let by = self.values.int(by);
            let size = self.element_size(target);
            self.values.index(old, by, size)
        } else {
            let by = self.values.int(by);
            self.values.arith(Arith::Add, old, by, to.bits, to.signed)
        };
        self.store_place(&place, to, new);
        if new_value { new } else { old }
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

/// The type that both operands of an arithmetic operator are converted to (C 6.3.1.8).
fn common(a: Scalar, b: Scalar) -> Scalar {
    if a.pointer || b.pointer {
        return Scalar::int(64, false);
    }
    let promoted = |s: Scalar| match s.bits {
        0..32 => Scalar::int(32, true),
        _ => Scalar::int(s.bits, s.signed),
    };
    let (a, b) = (promoted(a), promoted(b));
    match a.bits.cmp(&b.bits) {
        std::cmp::Ordering::Greater => a,
        std::cmp::Ordering::Less => b,
        std::cmp::Ordering::Equal => Scalar::int(a.bits, a.signed && b.signed),
    }
}

fn is_truth_expression(eval: &Eval<'_, '_, '_>, expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(e) => is_truth_expression(eval, e),
        ExprKind::Binary(op, ..) => order_of(*op).is_some(),
        ExprKind::Unary(UnaryOp::Not, _) => true,
        _ => false,
    }
}

fn order_of(op: BinaryOp) -> Option<Order> {
    Some(match op {
        BinaryOp::Lt => Order::Lt,
        BinaryOp::Gt => Order::Gt,
        BinaryOp::Le => Order::Le,
        BinaryOp::Ge => Order::Ge,
        BinaryOp::Eq => Order::Eq,
        BinaryOp::Ne => Order::Ne,
        _ => return None,
    })
}

fn arith_of(op: BinaryOp) -> Arith {
    match op {
        BinaryOp::Sub => Arith::Sub,
        BinaryOp::Mul => Arith::Mul,
        BinaryOp::Div => Arith::Div,
        BinaryOp::Rem => Arith::Rem,
        BinaryOp::Shl => Arith::Shl,
        BinaryOp::Shr => Arith::Shr,
        BinaryOp::BitAnd => Arith::And,
        BinaryOp::BitOr => Arith::Or,
        BinaryOp::BitXor => Arith::Xor,
        _ => Arith::Add,
    }
}
