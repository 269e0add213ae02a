//! Loops that are unrolled in full: what they index by their counter is at a constant place in each iteration.

use crate::laws;

use super::{
    Step,
    resolver::{Class, Named},
    walk::Walk,
};
use cfront::ast::{
    BinaryOp, Expr, ExprKind, PostfixOp, Stmt, StmtKind, UnaryOp,
    visit::{self, Visitor},
};

/// `UnrollThresholdDefault`: instructions of a fully unrolled loop at `-O2`.
const UNROLLED: u64 = 150;
/// `UnrollMaxIterationsCountToAnalyze`
const ANALYZED: u64 = 10;
/// `UnrollMaxPercentThresholdBoost`, as a factor.
const MAX_BOOST: u64 = 4;
/// Instructions of an iteration that unrolling saves: the counter's own (`UnrollCostEstimator::BEInsns`, and
/// those that `analyzeLoopUnrollCost` finds to be constant).
const SAVED: u64 = 3;
/// Instructions of a read at the counter that are constant once it is unrolled: address and load.
const SAVED_READ: u64 = 2;
/// No loop of more iterations is worth a look.
const MAX_TRIP_COUNT: u64 = UNROLLED;

/// Costs are only estimated: one this many times under a limit of LLVM's is surely under it, one as many
/// times over it surely over it.
const MARGIN: u64 = 2;

/// A loop that runs a known number of times, and is or may be unrolled in full.
#[derive(Clone, Copy)]
pub(super) struct Unrolled {
    /// Its counter.
    pub(super) counter: u32,
    /// How often its body runs (`TripCount`): at least once.
    trip_count: u64,
    /// Instructions of an iteration.
    each: u64,
    /// What is expected of LLVM ([`laws::LOOP_UNROLLING`]).
    expectation: Expectation,
}

/// Whether a loop is unrolled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Expectation {
    Surely,
    Likely,
    Unlikely,
}

impl Walk<'_> {
    /// A `for` loop that is unrolled in full, or may be.
    pub(super) fn unrolled(&mut self, statement: &Stmt) -> Option<Unrolled> {
        let StmtKind::For { init, cond, step, body } = &statement.kind else { return None };
        let (init, cond, step) = (init.as_deref()?, cond.as_ref()?, step.as_ref()?);
        if let Some(known) = self.loops.get(&body.span.start) {
            return *known;
        }
        let found = self.unrolled_loop(init, cond, step, body);
        self.loops.insert(body.span.start, found);
        found
    }

    fn unrolled_loop(
        &mut self,
        init: &Stmt,
        cond: &Expr,
        step: &Expr,
        body: &Stmt,
    ) -> Option<Unrolled> {
        let (counter, trip_count) = self.trip_count(init, cond, step, body)?;
        let mut size = Size { walk: self, counter, instructions: 0, reads: 0, known: true };
        visit::expression(cond, &mut size);
        visit::expression(step, &mut size);
        visit::statement(body, &mut size);
        let (each, reads, known) = (size.instructions, size.reads, size.known);
        let rolled = each.saturating_mul(trip_count);
        let saved = SAVED + SAVED_READ * reads;
        let left = trip_count.saturating_mul(each.saturating_sub(saved)).max(1);
        let boosted = trip_count <= ANALYZED
            && left < UNROLLED * MAX_BOOST
            && left.saturating_mul(left) < UNROLLED.saturating_mul(rolled);
        let expectation = match known {
            true if rolled.saturating_mul(MARGIN) < UNROLLED => Expectation::Surely,
            true if rolled < UNROLLED || boosted => Expectation::Likely,
            // No boost is larger, and what is not known only adds to the cost.
            _ if rolled >= UNROLLED * MAX_BOOST * MARGIN => return None,
            true if trip_count > ANALYZED && rolled >= UNROLLED * MARGIN => return None,
            _ => Expectation::Unlikely,
        };
        Some(Unrolled { counter, trip_count, each, expectation })
    }

    /// The counter of a loop and how often its body runs, when both are plain to see.
    fn trip_count(
        &mut self,
        init: &Stmt,
        cond: &Expr,
        step: &Expr,
        body: &Stmt,
    ) -> Option<(u32, u64)> {
        let (counter, op, end) = self.bound(cond)?;
        let start = self.start(init, counter)?;
        let by = self.stride(step, counter)?;
        let span = match (op, by > 0) {
            (BinaryOp::Lt | BinaryOp::Ne, true) => end.checked_sub(start)?,
            (BinaryOp::Le, true) => end.checked_sub(start)?.checked_add(1)?,
            (BinaryOp::Gt | BinaryOp::Ne, false) => start.checked_sub(end)?,
            (BinaryOp::Ge, false) => start.checked_sub(end)?.checked_add(1)?,
            _ => return None,
        };
        let trip_count = u128::try_from(span).ok()?.div_ceil(by.unsigned_abs());
        let trip_count = u64::try_from(trip_count).ok()?;
        let mut changes = Changes { walk: self, counter, found: false };
        visit::statement(body, &mut changes);
        (!changes.found && (1..=MAX_TRIP_COUNT).contains(&trip_count))
            .then_some((counter, trip_count))
    }

    fn is_local(&mut self, expr: &Expr) -> Option<u32> {
        match &expr.kind {
            ExprKind::Paren(e) | ExprKind::Cast { expr: e, .. } => self.is_local(e),
            ExprKind::Ident(ident) => match self.resolver.resolve(*ident) {
                Named::Local(local) => Some(local),
                _ => None,
            },
            _ => None,
        }
    }

    /// `i < N`, alone or as one of the conditions to go on.
    fn bound(&mut self, cond: &Expr) -> Option<(u32, BinaryOp, i128)> {
        match &cond.kind {
            ExprKind::Paren(e) => self.bound(e),
            ExprKind::Ident(_) => Some((self.is_local(cond)?, BinaryOp::Ne, 0)),
            ExprKind::Binary(BinaryOp::LogAnd, a, b) => self.bound(a).or_else(|| self.bound(b)),
            ExprKind::Binary(op, a, b) => {
                if let (Some(local), Some(end)) = (self.is_local(a), self.resolver.int_value(b)) {
                    return Some((local, *op, end));
                }
                let mirrored = match op {
                    BinaryOp::Lt => BinaryOp::Gt,
                    BinaryOp::Gt => BinaryOp::Lt,
                    BinaryOp::Le => BinaryOp::Ge,
                    BinaryOp::Ge => BinaryOp::Le,
                    BinaryOp::Ne => BinaryOp::Ne,
                    _ => return None,
                };
                Some((self.is_local(b)?, mirrored, self.resolver.int_value(a)?))
            }
            _ => None,
        }
    }

    fn start(&mut self, init: &Stmt, counter: u32) -> Option<i128> {
        match &init.kind {
            StmtKind::Decl(declaration) => declaration.declarators.iter().find_map(|declarator| {
                let name = declarator.declarator.name?;
                let cfront::ast::Initializer::Expr(value) = declarator.init.as_ref()? else {
                    return None;
                };
                (self.resolver.resolve(name) == Named::Local(counter))
                    .then(|| self.resolver.int_value(value))?
            }),
            StmtKind::Expr(expr) => self.assigned(expr, counter),
            _ => None,
        }
    }

    fn assigned(&mut self, expr: &Expr, counter: u32) -> Option<i128> {
        match &expr.kind {
            ExprKind::Paren(e) => self.assigned(e, counter),
            ExprKind::Comma(a, b) => {
                self.assigned(a, counter).or_else(|| self.assigned(b, counter))
            }
            ExprKind::Assign(None, target, value) if self.is_local(target) == Some(counter) => {
                self.resolver.int_value(value)
            }
            _ => None,
        }
    }

    fn stride(&mut self, step: &Expr, counter: u32) -> Option<i128> {
        let (target, by) = match &step.kind {
            ExprKind::Paren(e) => return self.stride(e, counter),
            ExprKind::Comma(a, b) => {
                return self.stride(a, counter).or_else(|| self.stride(b, counter));
            }
            ExprKind::Postfix(PostfixOp::Inc, e) | ExprKind::Unary(UnaryOp::PreInc, e) => (e, 1),
            ExprKind::Postfix(PostfixOp::Dec, e) | ExprKind::Unary(UnaryOp::PreDec, e) => (e, -1),
            ExprKind::Assign(Some(BinaryOp::Add), e, by) => (e, self.resolver.int_value(by)?),
            ExprKind::Assign(Some(BinaryOp::Sub), e, by) => {
                (e, self.resolver.int_value(by)?.checked_neg()?)
            }
            _ => return None,
        };
        (by != 0 && self.is_local(target) == Some(counter)).then_some(by)
    }

    /// The step of an index: constant, constant in each iteration, or not known.
    pub(super) fn index_step(&mut self, index: &Expr) -> Step {
        match self.resolver.int_value(index).and_then(|v| i64::try_from(v).ok()) {
            Some(constant) => Step::Index(Some(constant)),
            None => self.step_by_counters(index),
        }
    }

    fn step_by_counters(&mut self, index: &Expr) -> Step {
        let by = &laws::LOOP_UNROLLING;
        if !self.is_of_counters(index) {
            return match self.may_be_known(index) {
                true => Step::Computed { by: &laws::VALUE_PROPAGATION, constant: false },
                false => Step::Index(None),
            };
        }
        match self.counters.iter().map(|unrolled| unrolled.expectation).max() {
            None => Step::Index(None),
            Some(Expectation::Surely) => Step::Iteration,
            Some(Expectation::Likely) => Step::Computed { by, constant: true },
            Some(Expectation::Unlikely) => Step::Computed { by, constant: false },
        }
    }

    /// Whether a value is computed from constants and counters of unrolled loops.
    fn is_of_counters(&mut self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Paren(e) | ExprKind::Cast { expr: e, .. } => self.is_of_counters(e),
            ExprKind::Unary(UnaryOp::Extension | UnaryOp::Plus | UnaryOp::Minus, e) => {
                self.is_of_counters(e)
            }
            ExprKind::Binary(_, a, b) => self.is_of_counters(a) && self.is_of_counters(b),
            ExprKind::Ident(ident) => match self.resolver.resolve(*ident) {
                Named::Local(local) => {
                    self.counters.iter().any(|unrolled| unrolled.counter == local)
                }
                _ => self.resolver.int_value(expr).is_some(),
            },
            _ => self.resolver.int_value(expr).is_some(),
        }
    }
}

/// Whether something other than the loop itself changes the counter.
struct Changes<'w, 'u> {
    walk: &'w mut Walk<'u>,
    counter: u32,
    found: bool,
}

impl Visitor for Changes<'_, '_> {
    fn expr(&mut self, expr: &Expr) {
        let target = match &expr.kind {
            ExprKind::Assign(_, target, _)
            | ExprKind::Postfix(_, target)
            | ExprKind::Unary(UnaryOp::PreInc | UnaryOp::PreDec | UnaryOp::AddrOf, target) => {
                target
            }
            _ => return,
        };
        self.found |= self.walk.is_local(target) == Some(self.counter);
    }
}

/// About how many instructions LLVM has of an iteration by the time it thinks of unrolling (`CodeMetrics`).
struct Size<'w, 'u> {
    walk: &'w mut Walk<'u>,
    counter: u32,
    instructions: u64,
    /// Reads at the counter.
    reads: u64,
    known: bool,
}

impl Size<'_, '_> {
    /// Whether a target of an assignment is in a register.
    fn in_register(&mut self, target: &Expr) -> bool {
        self.walk.is_local(target).is_some() && self.walk.resolver.class(target) == Class::Scalar
    }
}

impl Visitor for Size<'_, '_> {
    fn expr(&mut self, expr: &Expr) {
        self.instructions += match &expr.kind {
            ExprKind::Assign(op, target, _) => {
                let computed = u64::from(op.is_some());
                let stored = u64::from(!self.in_register(target));
                computed + stored
            }
            ExprKind::Postfix(_, target)
            | ExprKind::Unary(UnaryOp::PreInc | UnaryOp::PreDec, target) => {
                1 + u64::from(!self.in_register(target))
            }
            // A counter's own loop has a phi and a branch.
            ExprKind::Binary(BinaryOp::LogAnd | BinaryOp::LogOr, ..) => 1,
            ExprKind::Binary(..) if self.walk.resolver.int_value(expr).is_some() => 0,
            ExprKind::Binary(..) => 1,
            ExprKind::Index { index, .. } => {
                let by_counter = self.walk.is_local(index) == Some(self.counter);
                self.reads += u64::from(by_counter);
                if self.walk.resolver.int_value(index).is_some() { 1 } else { 2 }
            }
            ExprKind::Member { arrow: true, .. } | ExprKind::Unary(UnaryOp::Deref, _) => 1,
            ExprKind::Conditional { .. } => 2,
            ExprKind::Call { callee, args } => {
                let function = match &callee.kind {
                    ExprKind::Ident(ident) => self.walk.resolver.resolve(*ident),
                    _ => Named::Other,
                };
                // What is inlined there is not counted here.
                self.known &= !matches!(function, Named::Function(_));
                1 + args.len() as u64
            }
            _ => 0,
        };
    }

    fn stmt(&mut self, stmt: &Stmt) {
        self.instructions += match &stmt.kind {
            StmtKind::If { .. } => 2,
            StmtKind::Break | StmtKind::Continue | StmtKind::Return(_) => 1,
            StmtKind::Case { .. } | StmtKind::Default { .. } | StmtKind::Asm { .. } => 1,
            StmtKind::For { .. } | StmtKind::While { .. } | StmtKind::DoWhile { .. } => {
                // A loop within the loop is unrolled first.
                let inner = self.walk.unrolled(stmt);
                let inner = inner.filter(|inner| inner.expectation <= Expectation::Likely);
                inner.map_or(2, |inner| inner.each.saturating_mul(inner.trip_count - 1))
            }
            StmtKind::Goto(_) | StmtKind::GotoIndirect(_) | StmtKind::Label { .. } => {
                self.known = false;
                0
            }
            _ => 0,
        };
    }
}
