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

    pub(super) fn swapped(self) -> Order {
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

    pub(super) fn intern(&mut self, kind: Kind, operands: Vec<Val>, cost: i64, bits: u16) -> Val {
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

    pub(super) fn is_counter(&self, value: Val) -> bool {
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
        self.set_loaded(value, true);
        value
    }

    pub(super) fn is_loaded(&self, value: Val) -> bool {
        self.nodes.get(value.0 as usize).is_some_and(|n| n.loaded)
    }

    pub(super) fn set_loaded(&mut self, value: Val, loaded: bool) {
        if let Some(node) = self.nodes.get_mut(value.0 as usize) {
            node.loaded = loaded;
        }
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
            Kind::Const(c) => self.int(c.wrapping_add(i128::from(by))),
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
}
