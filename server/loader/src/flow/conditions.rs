//! Conditions: which way they go, and what the way taken tells of the variables they test.

use cfront::ast::{BinaryOp, Expr, ExprKind, UnaryOp};

use super::{
    interpret::{Analysis, Frame},
    state::{Path, Root, State, Value},
};

impl Analysis<'_> {
    /// The ways in which a condition goes.
    pub(super) fn decide(
        &mut self,
        cond: &Expr,
        frame: &mut Frame,
        state: State,
    ) -> Vec<(State, bool)> {
        match &cond.kind {
            ExprKind::Paren(inner) | ExprKind::Unary(UnaryOp::Extension, inner) => {
                self.decide(inner, frame, state)
            }
            ExprKind::Unary(UnaryOp::Not, inner) => {
                let ways = self.decide(inner, frame, state);
                ways.into_iter().map(|(state, truth)| (state, !truth)).collect()
            }
            ExprKind::Binary(op @ (BinaryOp::LogAnd | BinaryOp::LogOr), left, right) => {
                // The right side runs only where the left side does not decide.
                let decides = *op == BinaryOp::LogOr;
                let mut out = Vec::new();
                for (state, truth) in self.decide(left, frame, state) {
                    if truth == decides {
                        out.push((state, decides));
                    } else {
                        out.extend(self.decide(right, frame, state));
                    }
                }
                out
            }
            _ => {
                let mut out = Vec::new();
                for (state, value) in self.eval(cond, frame, state) {
                    if let Some(truth) = value.truth() {
                        out.push((state, truth));
                        continue;
                    }
                    for truth in [true, false] {
                        let mut state = state.clone();
                        state.undecided();
                        self.assume(cond, truth, frame, &mut state);
                        out.push((state, truth));
                    }
                }
                out
            }
        }
    }

    /// What a branch tells of a variable that is tested by itself: `if (x)`, `x == 0`, `x < 0`,
    /// `(x = f())`.
    fn assume(&mut self, cond: &Expr, truth: bool, frame: &mut Frame, state: &mut State) {
        match &cond.kind {
            ExprKind::Paren(inner) => self.assume(inner, truth, frame, state),
            ExprKind::Unary(UnaryOp::Not, inner) => self.assume(inner, !truth, frame, state),
            ExprKind::Assign(None, left, _) => self.assume(left, truth, frame, state),
            ExprKind::Ident(_) | ExprKind::Member { .. } | ExprKind::Unary(UnaryOp::Deref, _) => {
                let Some(path) = self.quiet_path(cond, frame, state) else { return };
                let value = match (state.get(&path), truth) {
                    (Value::Unknown, truth) => Value::from_truth(truth),
                    (Value::Perhaps(site), true) => Value::Skeleton(site),
                    (Value::Perhaps(_), false) => Value::Zero,
                    _ => return,
                };
                if !self.is_volatile(cond, frame) {
                    state.set(path, value);
                }
            }
            ExprKind::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), left, right) if is_zero(right) => {
                self.assume(left, truth != (*op == BinaryOp::Eq), frame, state);
            }
            ExprKind::Binary(BinaryOp::Eq | BinaryOp::Ne, left, right) if is_zero(left) => {
                let equal = matches!(cond.kind, ExprKind::Binary(BinaryOp::Eq, ..));
                self.assume(right, truth != equal, frame, state);
            }
            ExprKind::Binary(BinaryOp::Lt, left, right) if truth && is_zero(right) => {
                if let Some(path) = self.quiet_path(left, frame, state)
                    && state.get(&path) == Value::Unknown
                    && !self.is_volatile(left, frame)
                {
                    state.set(path, Value::Negative);
                }
            }
            _ => {}
        }
    }

    /// Whether an lvalue can change by itself.
    pub(super) fn is_volatile(&self, lvalue: &Expr, frame: &Frame) -> bool {
        self.unit.expr_type(&frame.scope, lvalue).is_some_and(|ty| self.unit.is_volatile(ty))
    }

    /// The place of a simple lvalue, found without running anything.
    pub(super) fn quiet_path(&mut self, expr: &Expr, frame: &Frame, state: &State) -> Option<Path> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.quiet_path(inner, frame, state),
            ExprKind::Ident(name) => self.variable(*name, frame),
            ExprKind::Member { base, arrow, field } => {
                let base = self.quiet_path(base, frame, state)?;
                if !arrow {
                    return Some(base.field(field.name));
                }
                match state.get(&base) {
                    Value::Address(path) => Some(path.field(field.name)),
                    _ => None,
                }
            }
            ExprKind::Unary(UnaryOp::Deref, inner) => {
                let pointer = self.quiet_path(inner, frame, state)?;
                match state.get(&pointer) {
                    Value::Address(path) => Some(path),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Code that is not seen may have run: what it could change is forgotten.
    pub(super) fn run_unknown_code(&self, state: &mut State) {
        let State { values, exposed, .. } = state;
        values.retain(|path, value| match path.root {
            Root::Local(..) => !exposed.contains(&path.root),
            Root::Region(_) => false,
            Root::Global(_) => self.kept.contains(&path.root) && value.site().is_some(),
        });
    }
}

fn is_zero(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Int { value, .. } => *value == 0,
        ExprKind::Ident(name) => name.name.as_str() == "NULL",
        ExprKind::Paren(inner) | ExprKind::Cast { expr: inner, .. } => is_zero(inner),
        _ => false,
    }
}

/// The value of a comparison as far as zero and sign decide it.
pub(super) fn combine(op: BinaryOp, a: &Value, b: &Value) -> Value {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let ordering = match (a, b) {
        (Value::Zero, Value::Zero) => Some(Equal),
        (Value::Negative, Value::Zero) => Some(Less),
        (Value::Zero, Value::Negative) => Some(Greater),
        _ => None,
    };
    let equal = match (a.truth(), b.truth()) {
        (Some(true), Some(false)) | (Some(false), Some(true)) => Some(false),
        (Some(false), Some(false)) => Some(true),
        _ => None,
    };
    let truth = match op {
        BinaryOp::Eq => equal,
        BinaryOp::Ne => equal.map(|equal| !equal),
        BinaryOp::Lt => ordering.map(|o| o == Less),
        BinaryOp::Gt => ordering.map(|o| o == Greater),
        BinaryOp::Le => ordering.map(|o| o != Greater),
        BinaryOp::Ge => ordering.map(|o| o != Less),
        _ => None,
    };
    truth.map_or(Value::Unknown, Value::from_truth)
}
