//! Conditions: the two ways on from one, and how likely each is
//! (`BranchProbabilityInfo.cpp`, LLVM 19).

use cfront::ast::{BinaryOp, Expr, ExprKind, UnaryOp};

use super::{
    cost::INSTRUCTION,
    eval::{Eval, Scalar},
    memory::{Gate, State},
    statements::FOLDED,
    value::{Kind, Order, Val},
};

/// `PH_TAKEN_WEIGHT` of the sum, for pointers that differ, and `ZH_TAKEN_WEIGHT` for numbers that are
/// not zero, not negative.
const LIKELY: f64 = 20.0 / 32.0;
/// `-likely-branch-weight` of the sum: `__builtin_expect`.
const EXPECTED: f64 = 2000.0 / 2001.0;

/// The two ways on from a condition.
pub(super) struct Split {
    pub(super) yes: State,
    pub(super) no: State,
    /// A condition that is not counted yet, nor the branch on it.
    pub(super) pending: Option<Val>,
    /// The condition just before this one.
    pub(super) gate: Option<Gate>,
}

impl Split {
    /// Both ways are as likely.
    fn halved(mut self, frequency: f64) -> Split {
        self.yes.frequency = frequency / 2.0;
        self.no.frequency = frequency / 2.0;
        self
    }
}

impl Eval<'_, '_, '_> {
    /// Evaluates a condition; the state is taken over by the result.
    pub(super) fn condition(&mut self, expr: &Expr) -> Split {
        let gate = self.state.gate.take();
        Split { gate, ..self.condition_expecting(expr, None) }
    }

    /// The condition that a value is not zero.
    pub(super) fn condition_of(&mut self, value: Val, scalar: Option<Scalar>) -> Split {
        let truth = self.truth_of(value, scalar.is_some_and(|s| s.truth));
        self.split(truth, scalar.is_some_and(|s| s.pointer), None, None)
    }

    fn nowhere() -> Split {
        Split { yes: State::default(), no: State::default(), pending: None, gate: None }
    }

    fn condition_expecting(&mut self, expr: &Expr, expected: Option<bool>) -> Split {
        self.deeper(Self::nowhere(), |eval| eval.condition_inner(expr, expected))
    }

    fn condition_inner(&mut self, expr: &Expr, expected: Option<bool>) -> Split {
        match &expr.kind {
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension | UnaryOp::Plus, e) => {
                self.condition_expecting(e, expected)
            }
            ExprKind::Unary(UnaryOp::Not, e) => {
                let split = self.condition_expecting(e, expected.map(|b| !b));
                let pending = split.pending.map(|p| self.values.negated(p));
                Split { yes: split.no, no: split.yes, pending, gate: None }
            }
            ExprKind::Binary(op @ (BinaryOp::LogAnd | BinaryOp::LogOr), a, b) => {
                let and = *op == BinaryOp::LogAnd;
                let frequency = self.state.frequency;
                let first = self.condition(a);
                self.charge(&first);
                let both = first.yes.alive && first.no.alive;
                let (effects, cost) = (self.effects, self.values.cost);
                let (on, off) = if and { (first.yes, first.no) } else { (first.no, first.yes) };
                self.state = on;
                let mark = self.values.mark();
                let second = match self.state.alive {
                    true => self.condition_expecting(b, expected),
                    false => Self::nowhere(),
                };
                self.charge(&second);
                self.values.leave(mark);
                let both = both && second.yes.alive && second.no.alive;
                let folded = both && self.effects == effects && self.values.cost - cost <= FOLDED;
                let halves = |split: Split| match folded && expected.is_none() {
                    true => split.halved(frequency),
                    false => split,
                };
                halves(match and {
                    true => {
                        let no = self.merge(off, second.no, None);
                        expecting(
                            Split { yes: second.yes, no, pending: None, gate: None },
                            expected,
                        )
                    }
                    false => {
                        let yes = self.merge(off, second.yes, None);
                        expecting(Split { yes, no: second.no, pending: None, gate: None }, expected)
                    }
                })
            }
            ExprKind::Call { callee, args } if is_named(callee, "__builtin_expect") => {
                let wanted = args.get(1).and_then(|e| self.bodies.unit.constant(&self.scope(), e));
                match args.first() {
                    Some(e) => self.condition_expecting(e, wanted.map(|w| w != 0)),
                    None => Self::nowhere(),
                }
            }
            ExprKind::Cast { expr: inner, .. }
                if self.scalar_of(expr).is_some() && is_logical(inner) =>
            {
                self.condition_expecting(inner, expected)
            }
            _ => {
                let pointer = self.scalar_of(expr).is_some_and(|s| s.pointer)
                    || compares_pointers(self, expr);
                self.compared_result = None;
                let scalar = self.scalar_of(expr);
                let raw = self.expr(expr);
                // Branch weights were estimated when the call was still there.
                let weight = match (self.compared_result.take(), scalar) {
                    (Some((order, constant)), _) => Some(against_zero(order, Some(constant))),
                    (None, Some(scalar)) if self.results.contains(&raw) => {
                        Some(if scalar.truth { 0.5 } else { LIKELY })
                    }
                    _ => None,
                };
                let value = self.truth_of(raw, scalar.is_some_and(|s| s.truth));
                self.split(value, pointer, expected, weight)
            }
        }
    }

    /// Counts a condition and the branch on it.
    pub(super) fn charge(&mut self, split: &Split) {
        if let Some(pending) = split.pending {
            self.values.count(pending);
            self.values.cost += INSTRUCTION;
        }
    }

    /// The truth value of an expression.
    pub(super) fn truth(&mut self, expr: &Expr) -> Val {
        let scalar = self.scalar_of(expr);
        let value = self.expr(expr);
        self.truth_of(value, scalar.is_some_and(|s| s.truth))
    }

    /// Whether a value is not zero. A `_Bool` is a truth value as it is.
    pub(super) fn truth_of(&mut self, value: Val, is_bool: bool) -> Val {
        if self.values.is_truth(value) || is_bool && self.values.constant(value).is_none() {
            return value;
        }
        let zero = self.values.int(0);
        self.values.compare(Order::Ne, value, zero)
    }

    fn split(
        &mut self,
        value: Val,
        pointer: bool,
        expected: Option<bool>,
        weight: Option<f64>,
    ) -> Split {
        let state = std::mem::take(&mut self.state);
        if let Some(c) = self.values.constant(value) {
            let dead = State::default();
            return match c != 0 {
                true => Split { yes: state, no: dead, pending: None, gate: None },
                false => Split { yes: dead, no: state, pending: None, gate: None },
            };
        }
        // A branch on what was decided before goes on from there (jump threading).
        let (decided, open) = self.decided(value);
        let likely = match (expected, open) {
            (Some(true), _) => EXPECTED,
            (Some(false), _) => 1.0 - EXPECTED,
            (None, _) if weight.is_some() => weight.unwrap_or(0.5),
            (None, Some(open)) => self.probability(open, pointer),
            (None, None) => 0.5,
        };
        let mut yes = state.clone();
        let mut no = state;
        yes.frequency *= likely;
        no.frequency *= 1.0 - likely;
        let pending = match decided {
            true => {
                if let Some(open) = open {
                    self.values.count(open);
                    self.values.cost += INSTRUCTION;
                }
                None
            }
            false => Some(value),
        };
        Split { yes, no, pending, gate: None }
    }

    /// For a value that is constant on some of the ways: true, and what is left on the others.
    fn decided(&self, value: Val) -> (bool, Option<Val>) {
        let mut work = vec![value];
        let mut open = None;
        let mut constants = 0;
        while let Some(at) = work.pop() {
            match self.values.kind(at) {
                Kind::Phi(a, b) => work.extend([a, b]),
                Kind::Const(_) => constants += 1,
                _ if open.is_none() => open = Some(at),
                _ => return (false, Some(value)),
            }
        }
        match constants {
            0 => (false, Some(value)),
            _ => (true, open),
        }
    }

    fn probability(&self, value: Val, pointer: bool) -> f64 {
        let Kind::Compare(order, a, b) = self.values.kind(value) else { return 0.5 };
        if pointer {
            return match order {
                Order::Eq => 1.0 - LIKELY,
                Order::Ne => LIKELY,
                _ => 0.5,
            };
        }
        // `calcZeroHeuristics` says nothing of a single bit.
        if let Kind::Arith(super::value::Arith::And, _, mask, _) = self.values.kind(a)
            && self.values.constant(mask).is_some_and(|m| m > 0 && m.count_ones() == 1)
        {
            return 0.5;
        }
        against_zero(order, self.values.constant(b))
    }
}

/// `calcZeroHeuristics`: how likely a comparison with 0, -1 or 1 holds.
fn against_zero(order: Order, constant: Option<i128>) -> f64 {
    match (order, constant) {
        (Order::Eq, Some(0 | -1)) | (Order::Lt, Some(0 | 1)) | (Order::Le, Some(0 | -1)) => {
            1.0 - LIKELY
        }
        (Order::Ne, Some(0 | -1)) | (Order::Gt, Some(0 | -1)) | (Order::Ge, Some(0 | 1)) => LIKELY,
        _ => 0.5,
    }
}

/// With `__builtin_expect` around several conditions, the ways as they are expected.
fn expecting(mut split: Split, expected: Option<bool>) -> Split {
    if let Some(expected) = expected
        && split.yes.alive
        && split.no.alive
    {
        let all = split.yes.frequency + split.no.frequency;
        let yes = if expected { EXPECTED } else { 1.0 - EXPECTED };
        split.yes.frequency = all * yes;
        split.no.frequency = all * (1.0 - yes);
    }
    split
}

pub(super) fn is_named(callee: &Expr, name: &str) -> bool {
    matches!(&callee.kind, ExprKind::Ident(ident) if ident.name.as_str() == name)
}

fn is_logical(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(e) => is_logical(e),
        ExprKind::Unary(UnaryOp::Not, _)
        | ExprKind::Binary(
            BinaryOp::LogAnd
            | BinaryOp::LogOr
            | BinaryOp::Lt
            | BinaryOp::Gt
            | BinaryOp::Le
            | BinaryOp::Ge
            | BinaryOp::Eq
            | BinaryOp::Ne,
            ..,
        ) => true,
        _ => false,
    }
}

fn compares_pointers(eval: &Eval<'_, '_, '_>, expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(e) => compares_pointers(eval, e),
        ExprKind::Binary(
            BinaryOp::Lt | BinaryOp::Gt | BinaryOp::Le | BinaryOp::Ge | BinaryOp::Eq | BinaryOp::Ne,
            a,
            b,
        ) => [a, b].into_iter().any(|e| eval.scalar_of(e).is_some_and(|s| s.pointer)),
        _ => false,
    }
}
