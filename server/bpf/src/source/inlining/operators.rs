//! Operators: arithmetic, comparisons, assignments.

use cfront::{
    ast::{BinaryOp, Expr},
    ctypes::{CType, CTypeId},
};

use super::{
    cost::INSTRUCTION,
    eval::{Eval, Scalar},
    value::{Arith, Order, Val},
};

impl Eval<'_, '_, '_> {
    /// `a && b`, `a || b` as a value.
    pub(super) fn logical(&mut self, expr: &Expr) -> Val {
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

    pub(super) fn binary(&mut self, expr: &Expr, op: BinaryOp, a: &Expr, b: &Expr) -> Val {
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

    pub(super) fn assign(
        &mut self,
        expr: &Expr,
        op: Option<BinaryOp>,
        target: &Expr,
        value: &Expr,
    ) -> Val {
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
    pub(super) fn step(&mut self, target: &Expr, up: bool, new_value: bool) -> Val {
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

pub(super) fn order_of(op: BinaryOp) -> Option<Order> {
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
