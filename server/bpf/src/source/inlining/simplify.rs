//! What InstSimplify and InstCombine make of computations: constants folded, equal forms made one.

use super::{
    cost::INSTRUCTION,
    value::{Arith, Kind, Order, Val, Values},
};

/// Values that come together from more ways are not negated on each.
const MAX_PHIS: u32 = 8;

impl Values {
    /// One of two values by a condition: a select, or what InstCombine makes of it.
    pub(super) fn select(&mut self, condition: Val, a: Val, b: Val) -> Val {
        if a == b {
            return a;
        }
        if let Kind::Compare(_, x, y) = self.kind(condition) {
            let (x, y) = (self.stripped(x), self.stripped(y));
            let (p, q) = (self.stripped(a), self.stripped(b));
            if (p, q) == (x, y) || (p, q) == (y, x) {
                return self.intern(Kind::MinMax(a, b), vec![a, b], INSTRUCTION, 0);
            }
        }
        let constants = (self.constant(a), self.constant(b));
        if let (Some(0 | 1), Some(0 | 1)) = constants {
            return condition;
        }
        self.intern(Kind::Select(condition, a, b), vec![condition, a, b], INSTRUCTION, 0)
    }

    /// The value before widening.
    pub(super) fn stripped(&self, value: Val) -> Val {
        match self.kind(value) {
            Kind::Extend(inner, ..) => inner,
            _ => value,
        }
    }

    /// Widens or narrows an integer.
    pub(super) fn resize(&mut self, value: Val, signed: bool, from: u16, to: u16) -> Val {
        if let Some(c) = self.constant(value) {
            return self.int(wrapped(c, to, signed));
        }
        let from = if self.is_truth(value) { 1 } else { from };
        let signed = signed && from > 1;
        if from == to || from == 0 || to == 0 {
            return value;
        }
        if to < from {
            if let Kind::Extend(inner, _, narrow, _) = self.kind(value) {
                if narrow == to {
                    return inner;
                }
                if narrow < to {
                    return self.resize(inner, signed, narrow, to);
                }
            }
            return self.intern(Kind::Truncate(value, to), vec![value], 0, to);
        }
        if let Some(bit) = self.bit_as_number(value, to) {
            return bit;
        }
        if let Kind::Select(condition, a, b) = self.kind(value)
            && let (Some(a), Some(b)) = (self.constant(a), self.constant(b))
        {
            let (a, b) = (self.int(wrapped(a, to, signed)), self.int(wrapped(b, to, signed)));
            return self.select(condition, a, b);
        }
        if let Kind::Extend(inner, false, narrow, _) = self.kind(value) {
            return self.resize(inner, false, narrow, to);
        }
        let signed = signed && !self.is_positive(value);
        let loaded = self.is_loaded(value);
        // `BPFTargetLowering::isZExtFree`: 32 to 64 bits; unsigned loads widen by themselves.
        let free = !signed && (loaded || to == 64 && (from == 32 || from == 1))
            || to == 64 && from == 32 && self.is_counter(value);
        let cost = if free { 0 } else { INSTRUCTION };
        let kind = Kind::Extend(value, signed, from, to);
        let widened = self.intern(kind, vec![value], cost, to);
        self.set_loaded(widened, loaded && !signed);
        widened
    }

    /// The truth value of a single bit as a number: the bit, shifted down.
    fn bit_as_number(&mut self, value: Val, bits: u16) -> Option<Val> {
        let Kind::Compare(Order::Ne, masked, zero) = self.kind(value) else { return None };
        let Kind::Arith(Arith::And, x, mask, _) = self.kind(masked) else { return None };
        let mask = self.constant(mask).filter(|m| *m > 0 && m.count_ones() == 1)?;
        if self.constant(zero) != Some(0) {
            return None;
        }
        let by = self.int(i128::from(mask.trailing_zeros()));
        let shifted = self.arith(Arith::Shr, x, by, bits, false);
        let one = self.int(1);
        Some(self.arith(Arith::And, shifted, one, bits, false))
    }

    /// Whether the value is known not to be negative: widening it does not copy the sign.
    fn is_positive(&self, value: Val) -> bool {
        match self.kind(value) {
            Kind::Arith(Arith::And, _, mask, _) => self.constant(mask).is_some_and(|m| m >= 0),
            Kind::Arith(Arith::Shr, _, by, _) => self.constant(by).is_some_and(|b| b > 0),
            Kind::Extend(_, signed, ..) => !signed,
            _ => false,
        }
    }

    /// Arithmetic on values of `bits`.
    pub(super) fn arith(&mut self, op: Arith, a: Val, b: Val, bits: u16, signed: bool) -> Val {
        if let (Some(x), Some(y)) = (self.constant(a), self.constant(b))
            && let Some(folded) = fold(op, x, y)
        {
            return self.int(wrapped(folded, bits, signed));
        }
        let commutes = matches!(op, Arith::Add | Arith::Mul | Arith::And | Arith::Or | Arith::Xor);
        let (a, b) =
            match commutes && (self.constant(a).is_some() || b < a && self.constant(b).is_none()) {
                true => (b, a),
                false => (a, b),
            };
        match (op, self.constant(b)) {
            (
                Arith::Add | Arith::Sub | Arith::Or | Arith::Xor | Arith::Shl | Arith::Shr,
                Some(0),
            )
            | (Arith::Mul | Arith::Div, Some(1)) => return a,
            (Arith::Mul | Arith::And, Some(0)) => return self.int(0),
            _ => {}
        }
        if a == b && matches!(op, Arith::Sub | Arith::Xor) {
            return self.int(0);
        }
        if a == b && matches!(op, Arith::And | Arith::Or) {
            return a;
        }
        // Constants that are added one after the other become one.
        if op == Arith::Add
            && let Some(y) = self.constant(b)
            && let Kind::Arith(Arith::Add, inner, old, width) = self.kind(a)
            && width == bits
            && let Some(x) = self.constant(old)
        {
            let sum = self.int(wrapped(x.wrapping_add(y), bits, signed));
            return self.arith(op, inner, sum, bits, signed);
        }
        self.intern(Kind::Arith(op, a, b, bits), vec![a, b], INSTRUCTION, bits)
    }

    /// A comparison.
    pub(super) fn compare(&mut self, order: Order, a: Val, b: Val) -> Val {
        let (a, b, order) = match self.constant(a).is_some() || b < a && self.constant(b).is_none()
        {
            true => (b, a, order.swapped()),
            false => (a, b, order),
        };
        if let (Some(x), Some(y)) = (self.constant(a), self.constant(b)) {
            let holds = match order {
                Order::Eq => x == y,
                Order::Ne => x != y,
                Order::Lt => x < y,
                Order::Le => x <= y,
                Order::Gt => x > y,
                Order::Ge => x >= y,
            };
            return self.int(i128::from(holds));
        }
        if a == b {
            return self.int(i128::from(matches!(order, Order::Eq | Order::Le | Order::Ge)));
        }
        if self.constant(b) == Some(0)
            && matches!(self.kind(self.root(a)), Kind::Object(_) | Kind::Global(_))
        {
            return self.int(i128::from(!matches!(order, Order::Eq | Order::Le | Order::Lt)));
        }
        // A truth value compared with 0 or 1.
        if self.is_truth(a)
            && matches!(order, Order::Eq | Order::Ne)
            && let Some(c @ (0 | 1)) = self.constant(b)
        {
            return match (order == Order::Eq) == (c == 1) {
                true => a,
                false => self.negated(a),
            };
        }
        // Different objects have different addresses.
        if let (
            Order::Eq | Order::Ne,
            Kind::Object(_) | Kind::Global(_),
            Kind::Object(_) | Kind::Global(_),
        ) = (order, self.kind(a), self.kind(b))
        {
            return self.int(i128::from(order == Order::Ne));
        }
        let (x, y) = match (self.kind(a), self.kind(b)) {
            (Kind::Extend(x, s, n, _), Kind::Extend(y, t, m, _)) if s == t && n == m => (x, y),
            (Kind::Extend(x, ..), Kind::Const(_)) => (x, b),
            _ => (a, b),
        };
        if self.is_truth(x) && x != a {
            return self.compare(order, x, y);
        }
        self.intern(Kind::Compare(order, x, y), vec![x, y], INSTRUCTION, 1)
    }

    /// The other truth value.
    pub(super) fn negated(&mut self, value: Val) -> Val {
        self.negated_at(value, 0)
    }

    fn negated_at(&mut self, value: Val, depth: u32) -> Val {
        match self.kind(value) {
            Kind::Const(c) => self.int(i128::from(c == 0)),
            Kind::Compare(order, a, b) => self.compare(order.negated(), a, b),
            Kind::Phi(a, b) if self.is_truth(value) && depth < MAX_PHIS => {
                let (a, b) = (self.negated_at(a, depth + 1), self.negated_at(b, depth + 1));
                self.phi(a, b)
            }
            _ if self.is_truth(value) => {
                let one = self.int(1);
                self.intern(Kind::Arith(Arith::Xor, value, one, 1), vec![value], INSTRUCTION, 1)
            }
            _ => {
                let zero = self.int(0);
                self.compare(Order::Eq, value, zero)
            }
        }
    }
}

/// The value as `bits` bits hold it.
pub(super) fn wrapped(value: i128, bits: u16, signed: bool) -> i128 {
    if !(1..=64).contains(&bits) {
        return value;
    }
    let low = value & ((1i128 << bits) - 1);
    match signed && low >> (bits - 1) & 1 == 1 {
        true => low - (1i128 << bits),
        false => low,
    }
}

fn fold(op: Arith, x: i128, y: i128) -> Option<i128> {
    let shift = || u32::try_from(y).ok().filter(|s| *s < 64);
    match op {
        Arith::Add => x.checked_add(y),
        Arith::Sub => x.checked_sub(y),
        Arith::Mul => x.checked_mul(y),
        Arith::Div => x.checked_div(y),
        Arith::Rem => x.checked_rem(y),
        Arith::Shl => x.checked_shl(shift()?),
        Arith::Shr => x.checked_shr(shift()?),
        Arith::And => Some(x & y),
        Arith::Or => Some(x | y),
        Arith::Xor => Some(x ^ y),
    }
}
