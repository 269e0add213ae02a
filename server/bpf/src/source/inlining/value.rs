//! Values of the simplified program. Equal computations are one value (LLVM's GVN), constants are
//! folded, and a value is counted only when something with an effect needs it (ADCE).

use cfront::symbol::Symbol;
use rustc_hash::FxHashMap;

use super::cost::INSTRUCTION;

/// A value by its number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct Val(u32);

/// Arithmetic.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Arith {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Shl,
    Shr,
    And,
    Or,
    Xor,
}

/// Comparisons.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Order {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Order {
    pub(super) fn negated(self) -> Order {
        match self {
            Order::Eq => Order::Ne,
            Order::Ne => Order::Eq,
            Order::Lt => Order::Ge,
            Order::Ge => Order::Lt,
            Order::Gt => Order::Le,
            Order::Le => Order::Gt,
        }
    }

    fn swapped(self) -> Order {
        match self {
            Order::Lt => Order::Gt,
            Order::Gt => Order::Lt,
            Order::Le => Order::Ge,
            Order::Ge => Order::Le,
            other => other,
        }
    }
}

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Kind {
    Const(i128),
    /// Address of a global.
    Global(Symbol),
    /// Address of a local object.
    Object(u32),
    /// Nothing is known: a parameter, what a call returns, what is loaded.
    Opaque(u32),
    /// A pointer some bytes on: free.
    Offset(Val, i64),
    /// A pointer some elements of that size in bytes on.
    Index(Val, Val, u64),
    Arith(Arith, Val, Val, u16),
    Compare(Order, Val, Val),
    /// Widened: value, signed, from and to how many bits.
    Extend(Val, bool, u16, u16),
    Truncate(Val, u16),
    /// One or the other, by the way that was taken.
    Phi(Val, Val),
    /// One or the other, by a condition.
    Select(Val, Val, Val),
    /// The smaller or greater of two.
    MinMax(Val, Val),
}

struct Node {
    kind: Kind,
    /// What it is computed from.
    operands: Vec<Val>,
    cost: i64,
    /// Bits of it; 1 for a truth value, 0 when that does not matter.
    bits: u16,
    /// Loaded from memory: widening it costs nothing.
    loaded: bool,
    /// Counts rounds of a loop: it has the width that is wanted (`IndVarSimplify`).
    counter: bool,
    counted: bool,
    /// The call without effects that it is the result of.
    call: Option<Symbol>,
}

/// Where things stood, to go back to.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    interned: usize,
    counted: usize,
    cost: i64,
    surplus: i64,
}

/// All values of an evaluation and what the counted ones cost.
#[derive(Default)]
pub(super) struct Values {
    nodes: Vec<Node>,
    table: FxHashMap<Kind, Val>,
    interned: Vec<Kind>,
    counted: Vec<Val>,
    unique: u32,
    /// Cost so far.
    pub(super) cost: i64,
    /// The part of it that is not size of code (penalties), which unrolling does not reckon.
    pub(super) surplus: i64,
}

impl Values {
    /// Instructions so far.
    pub(super) fn size(&self) -> i64 {
        (self.cost - self.surplus) / INSTRUCTION
    }

    /// Number of values made.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            interned: self.interned.len(),
            counted: self.counted.len(),
            cost: self.cost,
            surplus: self.surplus,
        }
    }

    /// Forgets which computations were met since (they do not dominate what follows).
    pub(super) fn leave(&mut self, mark: Mark) {
        for kind in self.interned.drain(mark.interned.min(self.interned.len())..) {
            self.table.remove(&kind);
        }
    }

    /// Forgets what was counted since, too.
    pub(super) fn rollback(&mut self, mark: Mark) {
        self.leave(mark);
        for value in self.counted.drain(mark.counted.min(self.counted.len())..) {
            if let Some(node) = self.nodes.get_mut(value.0 as usize) {
                node.counted = false;
            }
        }
        self.cost = mark.cost;
        self.surplus = mark.surplus;
    }

    fn push(&mut self, node: Node) -> Val {
        self.nodes.push(node);
        Val(self.nodes.len() as u32 - 1)
    }

    fn intern(&mut self, kind: Kind, operands: Vec<Val>, cost: i64, bits: u16) -> Val {
        if let Some(&found) = self.table.get(&kind) {
            return found;
        }
        let value = self.push(Node {
            kind,
            operands,
            cost,
            bits,
            loaded: false,
            counter: false,
            counted: false,
            call: None,
        });
        self.table.insert(kind, value);
        self.interned.push(kind);
        value
    }

    /// A value of its own, computed from others at a cost.
    pub(super) fn opaque(&mut self, operands: Vec<Val>, cost: i64, bits: u16) -> Val {
        self.unique += 1;
        let kind = Kind::Opaque(self.unique);
        self.push(Node {
            kind,
            operands,
            cost,
            bits,
            loaded: false,
            counter: false,
            counted: false,
            call: None,
        })
    }

    /// A value that differs from round to round of a loop, first this.
    pub(super) fn round(&mut self, first: Val) -> Val {
        let bits = u16::from(self.is_truth(first));
        let value = self.opaque(vec![first], 0, bits);
        if let Some(node) = self.nodes.get_mut(value.0 as usize) {
            node.counter = true;
        }
        value
    }

    fn is_counter(&self, value: Val) -> bool {
        match self.kind(value) {
            Kind::Arith(Arith::Add | Arith::Sub, inner, by, _) if self.constant(by).is_some() => {
                self.is_counter(inner)
            }
            _ => self.nodes.get(value.0 as usize).is_some_and(|n| n.counter),
        }
    }

    /// The result of a load.
    pub(super) fn load(&mut self, address: Val, bits: u16) -> Val {
        let value = self.opaque(vec![address], INSTRUCTION, bits);
        if let Some(node) = self.nodes.get_mut(value.0 as usize) {
            node.loaded = true;
        }
        value
    }

    /// The result of a call that has no effects: gone when nobody needs it.
    pub(super) fn pure_call(&mut self, callee: Symbol, operands: Vec<Val>, cost: i64) -> Val {
        let value = self.opaque(operands, cost, 0);
        if let Some(node) = self.nodes.get_mut(value.0 as usize) {
            node.call = Some(callee);
        }
        value
    }

    /// The calls without effects that are needed.
    pub(super) fn pure_calls(&self) -> impl Iterator<Item = Symbol> + '_ {
        self.nodes.iter().filter(|n| n.counted).filter_map(|n| n.call)
    }

    /// Adds something that a value is computed from (the value at the end of a loop).
    pub(super) fn feed(&mut self, value: Val, operand: Val) {
        let Some(node) = self.nodes.get_mut(value.0 as usize) else { return };
        node.operands.push(operand);
        if node.counted {
            self.count(operand);
        }
    }

    pub(super) fn kind(&self, value: Val) -> Kind {
        self.nodes.get(value.0 as usize).map_or(Kind::Opaque(0), |n| n.kind)
    }

    pub(super) fn operands(&self, value: Val) -> Vec<Val> {
        self.nodes.get(value.0 as usize).map(|n| n.operands.clone()).unwrap_or_default()
    }

    pub(super) fn is_truth(&self, value: Val) -> bool {
        self.nodes.get(value.0 as usize).is_some_and(|n| n.bits == 1)
    }

    pub(super) fn constant(&self, value: Val) -> Option<i128> {
        match self.kind(value) {
            Kind::Const(c) => Some(c),
            _ => None,
        }
    }

    /// Something with an effect needs the value.
    pub(super) fn count(&mut self, value: Val) {
        let mut work = vec![value];
        while let Some(value) = work.pop() {
            let Some(node) = self.nodes.get_mut(value.0 as usize) else { continue };
            if std::mem::replace(&mut node.counted, true) {
                continue;
            }
            self.cost += node.cost;
            work.extend(node.operands.iter().copied());
            self.counted.push(value);
        }
    }

    pub(super) fn int(&mut self, value: i128) -> Val {
        self.intern(Kind::Const(value), Vec::new(), 0, 0)
    }

    pub(super) fn global(&mut self, name: Symbol) -> Val {
        self.intern(Kind::Global(name), Vec::new(), 0, 0)
    }

    pub(super) fn object(&mut self, number: u32) -> Val {
        self.intern(Kind::Object(number), Vec::new(), 0, 0)
    }

    /// A pointer some bytes on.
    pub(super) fn offset(&mut self, base: Val, by: i64) -> Val {
        match self.kind(base) {
            _ if by == 0 => base,
            Kind::Offset(inner, old) => self.offset(inner, old.saturating_add(by)),
            Kind::Const(c) => self.int(c + i128::from(by)),
            _ => self.intern(Kind::Offset(base, by), vec![base], 0, 0),
        }
    }

    /// A pointer some elements of `size` bytes on.
    pub(super) fn index(&mut self, base: Val, index: Val, size: u64) -> Val {
        match self.constant(index) {
            Some(n) => {
                let by = i64::try_from(n).ok().and_then(|n| n.checked_mul(size as i64));
                self.offset(base, by.unwrap_or(i64::MAX / 2))
            }
            None => self.intern(Kind::Index(base, index, size), vec![base, index], INSTRUCTION, 0),
        }
    }

    /// What an address is based on, and how many bytes further it is.
    pub(super) fn based(&self, address: Val) -> (Val, i64) {
        match self.kind(address) {
            Kind::Offset(base, by) => (base, by),
            _ => (address, 0),
        }
    }

    /// The object or value that an address leads to through any index.
    pub(super) fn root(&self, address: Val) -> Val {
        let mut at = address;
        loop {
            match self.kind(at) {
                Kind::Offset(base, _) | Kind::Index(base, ..) => at = base,
                _ => return at,
            }
        }
    }

    pub(super) fn phi(&mut self, a: Val, b: Val) -> Val {
        if a == b {
            return a;
        }
        let truth = |v: Val, s: &Self| s.is_truth(v) || matches!(s.constant(v), Some(0 | 1));
        let bits = u16::from(truth(a, self) && truth(b, self));
        self.intern(Kind::Phi(a, b), vec![a, b], 0, bits)
    }

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
        let loaded = self.nodes.get(value.0 as usize).is_some_and(|n| n.loaded);
        // `BPFTargetLowering::isZExtFree`: 32 to 64 bits; unsigned loads widen by themselves.
        let free = !signed && (loaded || to == 64 && (from == 32 || from == 1))
            || to == 64 && from == 32 && self.is_counter(value);
        let cost = if free { 0 } else { INSTRUCTION };
        let kind = Kind::Extend(value, signed, from, to);
        let widened = self.intern(kind, vec![value], cost, to);
        if let Some(node) = self.nodes.get_mut(widened.0 as usize) {
            node.loaded = loaded && !signed;
        }
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
            let sum = self.int(wrapped(x + y, bits, signed));
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
        match self.kind(value) {
            Kind::Const(c) => self.int(i128::from(c == 0)),
            Kind::Compare(order, a, b) => self.compare(order.negated(), a, b),
            Kind::Phi(a, b) if self.is_truth(value) => {
                let (a, b) = (self.negated(a), self.negated(b));
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
