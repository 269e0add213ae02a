//! What memory holds on the way through a body: locals as registers (SROA, mem2reg), loads and stores
//! through pointers with what is known to be there (EarlyCSE, GVN).

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    cost::INSTRUCTION,
    eval::{Eval, Exit},
    value::{Kind, Val},
};

/// A place in memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Loc {
    pub(super) base: Val,
    /// Bytes after the base.
    pub(super) offset: i64,
    /// Bytes.
    pub(super) size: u32,
}

impl Loc {
    fn overlaps(self, other: Loc) -> bool {
        self.offset < other.offset.saturating_add(i64::from(other.size))
            && other.offset < self.offset.saturating_add(i64::from(self.size))
    }
}

/// A local variable or another object of a body.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct LocalObject {
    /// Its address is known to others, or accessed at places that are not constant: it is in memory.
    pub(super) escaped: bool,
    /// It belongs to the caller (`CallAnalyzer::SROAArgValues`): accesses count only once it escapes.
    pub(super) of_caller: bool,
    /// What was copied into it as a whole is read from there.
    pub(super) copied: bool,
    /// Cost of the accesses so far, of an object of the caller.
    pub(super) deferred: i64,
    /// Bytes.
    pub(super) size: u64,
}

/// What holds at a point of a body.
#[derive(Clone, Default)]
pub(super) struct State {
    /// Whether the point can be reached.
    pub(super) alive: bool,
    /// How often for each call.
    pub(super) frequency: f64,
    pub(super) cells: FxHashMap<Loc, Val>,
    /// Objects that started as zero.
    pub(super) zeroed: FxHashSet<u32>,
    /// A condition just before, past which nothing was done yet.
    pub(super) gate: Option<Gate>,
}

/// A condition that ends one of the ways. Another one right behind it that ends in the same way is
/// folded into one branch with it (`FoldBranchToCommonDest`), of which no heuristic knows the weight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gate {
    pub(super) exit: Exit,
    pub(super) effects: u32,
    pub(super) cost: i64,
    /// Frequency before the condition.
    pub(super) frequency: f64,
}

impl Eval<'_, '_, '_> {
    /// A new local object of `size` bytes.
    pub(super) fn new_object(&mut self, size: u64, of_caller: bool) -> Val {
        let number = self.objects.len() as u32;
        self.objects.push(LocalObject { size, of_caller, ..LocalObject::default() });
        self.values.object(number)
    }

    pub(super) fn object_of(&self, base: Val) -> Option<(u32, LocalObject)> {
        match self.values.kind(base) {
            Kind::Object(n) => Some((n, *self.objects.get(n as usize)?)),
            _ => None,
        }
    }

    /// The object when it is in registers.
    fn in_registers(&self, base: Val) -> Option<(u32, LocalObject)> {
        self.object_of(base).filter(|(_, o)| !o.escaped)
    }

    /// Reads a scalar of `bits`.
    pub(super) fn load(&mut self, loc: Loc, bits: u16) -> Val {
        if let Some((number, object)) = self.in_registers(loc.base) {
            if object.of_caller {
                self.defer(number, INSTRUCTION);
            }
            if let Some(&value) = self.state.cells.get(&loc) {
                return value;
            }
            let partial = self.state.cells.keys().any(|l| l.base == loc.base && l.overlaps(loc));
            if self.state.zeroed.contains(&number) && !partial {
                return self.values.int(0);
            }
            let cost = if object.copied || partial { INSTRUCTION } else { 0 };
            let value = self.values.opaque(Vec::new(), cost, bits);
            self.state.cells.insert(loc, value);
            return value;
        }
        if let Some(&value) = self.state.cells.get(&loc) {
            return value;
        }
        if !matches!(self.values.kind(loc.base), Kind::Object(_) | Kind::Global(_)) {
            self.effects += 1;
        }
        let value = self.values.load(loc.base, bits);
        self.state.cells.insert(loc, value);
        value
    }

    fn defer(&mut self, number: u32, cost: i64) {
        if let Some(object) = self.objects.get_mut(number as usize) {
            object.deferred += cost;
        }
    }

    /// Writes a value.
    pub(super) fn store(&mut self, loc: Loc, value: Val) {
        if let Some((number, object)) = self.in_registers(loc.base) {
            if object.of_caller {
                self.defer(number, INSTRUCTION);
                self.values.count(value);
            }
            self.state.cells.retain(|l, _| l.base != loc.base || !l.overlaps(loc));
            self.state.cells.insert(loc, value);
            return;
        }
        self.leak(value);
        self.values.count(loc.base);
        self.values.count(value);
        self.values.cost += INSTRUCTION;
        self.effect(loc.base);
        self.forget(loc);
        self.state.cells.insert(loc, value);
    }

    /// Something was written there: what may be the same memory is not known any more.
    pub(super) fn forget(&mut self, loc: Loc) {
        let distinct = |s: &Self, base: Val| {
            matches!(s.values.kind(s.values.root(base)), Kind::Object(_) | Kind::Global(_))
        };
        let here = distinct(self, loc.base);
        let mut cells = std::mem::take(&mut self.state.cells);
        cells.retain(|l, _| {
            if l.base == loc.base {
                return !l.overlaps(loc);
            }
            self.in_registers(l.base).is_some()
                || here
                    && distinct(self, l.base)
                    && self.values.root(l.base) != self.values.root(loc.base)
        });
        self.state.cells = cells;
    }

    /// Anything may have been written that others know of.
    pub(super) fn forget_memory(&mut self) {
        let mut cells = std::mem::take(&mut self.state.cells);
        cells.retain(|l, _| self.in_registers(l.base).is_some());
        self.state.cells = cells;
    }

    /// An effect: on memory that the function does not own it is one for its callers, too.
    pub(super) fn effect(&mut self, base: Val) {
        self.effects += 1;
        if !matches!(self.values.kind(self.values.root(base)), Kind::Object(n)
            if self.objects.get(n as usize).is_some_and(|o| !o.of_caller))
        {
            self.impure = true;
        }
    }

    /// The address goes where it cannot be followed: the object behind it lives in memory.
    pub(super) fn leak(&mut self, address: Val) {
        let mut work = vec![address];
        let mut seen = 0;
        while let Some(value) = work.pop() {
            seen += 1;
            if seen > 64 {
                return;
            }
            match self.values.kind(value) {
                Kind::Object(number) => self.escape(number),
                Kind::Offset(..)
                | Kind::Index(..)
                | Kind::Phi(..)
                | Kind::Select(..)
                | Kind::Extend(..)
                | Kind::Truncate(..)
                | Kind::Arith(..) => work.extend(self.values.operands(value)),
                _ => {}
            }
        }
    }

    pub(super) fn escape(&mut self, number: u32) {
        let Some(object) = self.objects.get_mut(number as usize) else { return };
        if std::mem::replace(&mut object.escaped, true) {
            return;
        }
        let object = *object;
        if object.of_caller {
            self.values.cost += object.deferred;
            return;
        }
        // The `alloca`, and the stores of what it holds by now.
        self.values.cost += INSTRUCTION;
        let base = self.values.object(number);
        let held: Vec<(Loc, Val)> = self
            .state
            .cells
            .iter()
            .filter(|(l, _)| l.base == base)
            .map(|(l, v)| (*l, *v))
            .collect();
        let mut covered = 0;
        for (loc, value) in held {
            covered += u64::from(loc.size);
            self.values.cost += INSTRUCTION;
            self.leak(value);
            self.values.count(value);
        }
        if self.state.zeroed.contains(&number) && covered < object.size {
            self.values.cost += INSTRUCTION;
        }
    }

    /// All bytes of an object are written at once: with zeros, or copied from elsewhere.
    pub(super) fn fill(&mut self, base: Val, offset: i64, size: u64, zero: bool) {
        let whole = Loc { base, offset, size: u32::try_from(size).unwrap_or(u32::MAX) };
        match self.in_registers(base) {
            Some((number, object)) => {
                self.state.cells.retain(|l, _| l.base != base || !l.overlaps(whole));
                if object.of_caller {
                    self.escape(number);
                    self.values.cost += INSTRUCTION;
                } else if zero && offset == 0 && size >= object.size {
                    self.state.zeroed.insert(number);
                } else if zero {
                    let value = self.values.int(0);
                    self.state.cells.insert(whole, value);
                } else {
                    self.state.zeroed.remove(&number);
                    if let Some(object) = self.objects.get_mut(number as usize) {
                        object.copied = true;
                    }
                }
            }
            None => {
                self.values.count(base);
                self.values.cost += INSTRUCTION;
                self.effect(base);
                self.forget(whole);
            }
        }
    }

    /// Copies an aggregate.
    pub(super) fn copy(&mut self, from: (Val, i64), to: (Val, i64), size: u64) {
        let cells: Vec<(Loc, Val)> = self
            .state
            .cells
            .iter()
            .filter(|(l, _)| {
                l.base == from.0
                    && l.offset >= from.1
                    && l.offset.saturating_add(i64::from(l.size))
                        <= from.1.saturating_add(size as i64)
            })
            .map(|(l, v)| (*l, *v))
            .collect();
        let source = self.in_registers(from.0);
        if source.is_some_and(|(_, o)| !o.copied && !o.of_caller) {
            let zero = source.is_some_and(|(n, _)| self.state.zeroed.contains(&n));
            if zero {
                self.fill(to.0, to.1, size, true);
            }
            for (loc, value) in cells {
                let offset = loc.offset.wrapping_sub(from.1).wrapping_add(to.1);
                self.store(Loc { base: to.0, offset, size: loc.size }, value);
            }
            return;
        }
        self.leak(from.0);
        self.values.count(from.0);
        if matches!(size, 1 | 2 | 4 | 8) {
            // A load and a store.
            let value = self.load(Loc { base: from.0, offset: from.1, size: size as u32 }, 0);
            self.store(Loc { base: to.0, offset: to.1, size: size as u32 }, value);
            return;
        }
        self.fill(to.0, to.1, size, false);
    }

    /// What holds where two ways meet.
    pub(super) fn merge(&mut self, a: State, b: State, condition: Option<Val>) -> State {
        if !a.alive {
            return b;
        }
        if !b.alive {
            return a;
        }
        let mut out = State {
            alive: true,
            frequency: a.frequency + b.frequency,
            zeroed: a.zeroed.intersection(&b.zeroed).copied().collect(),
            ..State::default()
        };
        let mut differing = Vec::new();
        for (&loc, &x) in &a.cells {
            match b.cells.get(&loc) {
                Some(&y) if x == y => {
                    out.cells.insert(loc, x);
                }
                Some(&y) => differing.push((loc, x, Some(y))),
                None if self.in_registers(loc.base).is_some() => {
                    let (number, _) = self.object_of(loc.base).unwrap_or_default();
                    let zero = b.zeroed.contains(&number);
                    let other = zero.then(|| self.values.int(0));
                    differing.push((loc, x, other));
                }
                None => {}
            }
        }
        for (&loc, &y) in &b.cells {
            if !a.cells.contains_key(&loc)
                && let Some((number, _)) = self.in_registers(loc.base)
            {
                let zero = a.zeroed.contains(&number);
                match zero {
                    true => {
                        let x = self.values.int(0);
                        differing.push((loc, x, Some(y)));
                    }
                    false => {
                        out.cells.insert(loc, y);
                    }
                }
            }
        }
        for (loc, x, y) in differing {
            let value = match (y, condition) {
                (None, _) => x,
                (Some(y), Some(condition)) => self.values.select(condition, x, y),
                (Some(y), None) => self.values.phi(x, y),
            };
            // A pointer that may be to one of several objects.
            if matches!(self.values.kind(value), Kind::Phi(..) | Kind::Select(..)) {
                self.leak(value);
            }
            out.cells.insert(loc, value);
        }
        out
    }
}
