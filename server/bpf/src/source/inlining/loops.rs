//! Loops: small ones with a known number of rounds are unrolled, others run once for all rounds.

use cfront::ast::{self, Expr, ExprKind, Stmt, UnaryOp, visit};
use rustc_hash::FxHashSet;

use super::{eval::Eval, memory::State, value::Val};

/// `UnrollThresholdDefault`: instructions of a fully unrolled loop at `-O2`.
const UNROLLED: i64 = 150;
/// Instructions of a round that unrolling saves (`UnrollCostEstimator::BEInsns`).
const SAVED: i64 = 2;
const MAX_ROUNDS: i64 = 128;
/// `UnrollMaxIterationsCountToAnalyze`
const ANALYZED: i64 = 10;
/// `UnrollMaxPercentThresholdBoost`
const MAX_BOOST: i64 = 400;
/// How often a loop goes round, as far as branch weights say (`LBH_TAKEN_WEIGHT`).
const ROUNDS: f64 = 31.0;
/// Loops within loops are tried out at most this deep.
const MAX_NESTED: u32 = 3;

impl Eval<'_, '_, '_> {
    /// A loop: the condition before each round, or after it; then the step.
    pub(super) fn loop_statement(
        &mut self,
        cond: Option<&Expr>,
        step: Option<&Expr>,
        body: &Stmt,
        post: bool,
    ) {
        let entry = self.state.clone();
        if !entry.alive {
            return;
        }
        self.loops += 1;
        let assigned = self.assigned(cond, step, body);
        let started = self.checkpoint();
        let size = self.values.size();
        let trial = self.rounds(cond, step, body, post, &assigned, entry.clone(), None);
        let each = self.values.size() - size;
        let escaped: Vec<u32> =
            (0u32..).zip(&self.objects).filter(|(_, o)| o.escaped).map(|(n, _)| n).collect();
        let before = started.objects();
        self.rollback(started);
        if let Some(cond) = cond
            && self.loops <= MAX_NESTED
            && self.unrolled(cond, step, body, post, each, &entry)
        {
            self.loops -= 1;
            return;
        }
        // What escapes in a round is in memory in all of them.
        self.state = entry;
        for number in escaped.into_iter().filter(|n| (*n as usize) < before) {
            self.escape(number);
        }
        let entry = self.state.clone();
        self.rounds(cond, step, body, post, &assigned, entry, Some(&trial));
        self.loops -= 1;
    }

    /// Locals that the loop assigns to.
    fn assigned(&self, cond: Option<&Expr>, step: Option<&Expr>, body: &Stmt) -> FxHashSet<u32> {
        let mut found = FxHashSet::default();
        let scope = self.scope();
        let mut visitor = Assigned {
            note: &mut |ident| found.extend(scope.local_use(ident).map(|local| local.id.0)),
        };
        for e in [cond, step].into_iter().flatten() {
            visit::expression(e, &mut visitor);
        }
        visit::statement(body, &mut visitor);
        found
    }

    /// Runs the body once for all rounds. Gives the state at the end of a round; `changed` is that of
    /// a trial before.
    #[allow(clippy::too_many_arguments, reason = "the parts of a loop")]
    fn rounds(
        &mut self,
        cond: Option<&Expr>,
        step: Option<&Expr>,
        body: &Stmt,
        post: bool,
        assigned: &FxHashSet<u32>,
        entry: State,
        changed: Option<&State>,
    ) -> State {
        self.state = entry;
        let frequency = self.state.frequency;
        // The test before the first round (loop rotation); after it the body is always run.
        let mut skipped = State::default();
        if let (Some(cond), false) = (cond, post) {
            let split = self.condition(cond);
            if split.yes.alive && split.no.alive {
                self.charge(&split);
                self.branches = true;
            }
            skipped = split.no;
            self.state = split.yes;
        }
        if !self.state.alive {
            self.state = skipped;
            return State::default();
        }
        let phis = self.loop_values(assigned, changed);
        self.state.frequency = frequency * ROUNDS;
        let returned = self.frame().map_or(0.0, |f| f.returned.frequency);
        if let Some(frame) = self.frame() {
            frame.breaks.push(State::default());
            frame.continues.push(State::default());
        }
        let mark = self.values.mark();
        self.stmt(body);
        let (broken, continued) = self
            .frame()
            .map(|f| (f.breaks.pop().unwrap_or_default(), f.continues.pop().unwrap_or_default()))
            .unwrap_or_default();
        let end = std::mem::take(&mut self.state);
        self.state = self.merge(end, continued, None);
        if let Some(step) = step
            && self.state.alive
        {
            self.discard(step);
        }
        let mut left = State::default();
        if let Some(cond) = cond
            && self.state.alive
        {
            let split = self.condition(cond);
            if split.yes.alive && split.no.alive {
                self.charge(&split);
                self.branches = true;
            }
            left = split.no;
            self.state = split.yes;
        }
        self.values.leave(mark);
        let end = std::mem::take(&mut self.state);
        for (loc, phi) in phis {
            if let Some(&value) = end.cells.get(&loc)
                && value != phi
            {
                self.values.feed(phi, value);
            }
        }
        let exits = self.frame().map_or(0.0, |f| f.returned.frequency) - returned;
        let left = self.merge(left, broken, None);
        let mut after = self.merge(left, skipped, None);
        after.frequency = if exits > 0.0 { frequency / 2.0 } else { frequency };
        self.state = after;
        end
    }

    /// Values that differ from round to round are not known in any.
    fn loop_values(
        &mut self,
        assigned: &FxHashSet<u32>,
        changed: Option<&State>,
    ) -> Vec<(super::memory::Loc, Val)> {
        let objects: FxHashSet<Val> = match self.frames.last() {
            Some(frame) => {
                assigned.iter().filter_map(|id| frame.objects.get(id).copied()).collect()
            }
            None => FxHashSet::default(),
        };
        let mut phis = Vec::new();
        let mut cells = std::mem::take(&mut self.state.cells);
        for (loc, value) in &mut cells {
            let same = match changed {
                Some(end) if end.alive => end.cells.contains_key(loc),
                _ => true,
            };
            if objects.contains(&loc.base) || !same {
                let phi = self.values.round(*value);
                *value = phi;
                phis.push((*loc, phi));
            }
        }
        if changed.is_some_and(|end| end.alive) {
            cells.retain(|loc, _| {
                self.object_of(loc.base).is_some_and(|(_, o)| !o.escaped)
                    || changed.is_some_and(|end| end.cells.contains_key(loc))
            });
        }
        self.state.cells = cells;
        phis
    }

    /// Runs round after round while the condition is known; true when it came to the end within the
    /// limit, else nothing has happened.
    fn unrolled(
        &mut self,
        cond: &Expr,
        step: Option<&Expr>,
        body: &Stmt,
        post: bool,
        each: i64,
        entry: &State,
    ) -> bool {
        let started = self.checkpoint();
        self.state = entry.clone();
        let size = self.values.size();
        let mut rounds = 0i64;
        let mut left = State::default();
        let done = loop {
            if !(post && rounds == 0) {
                let split = self.condition(cond);
                match (split.yes.alive, split.no.alive) {
                    (true, false) => self.state = split.yes,
                    (false, true) => {
                        self.state = split.no;
                        break true;
                    }
                    // All ways out of the body were taken.
                    (false, false) => break true,
                    (true, true) => break false,
                }
            }
            rounds += 1;
            let rolled = (each - SAVED).max(1) * rounds + SAVED;
            if rounds > MAX_ROUNDS || rolled >= UNROLLED && rounds > ANALYZED {
                break false;
            }
            if let Some(frame) = self.frame() {
                frame.breaks.push(State::default());
                frame.continues.push(State::default());
            }
            self.stmt(body);
            let (broken, continued) = self
                .frame()
                .map(|f| {
                    (f.breaks.pop().unwrap_or_default(), f.continues.pop().unwrap_or_default())
                })
                .unwrap_or_default();
            left = self.merge(left, broken, None);
            let end = std::mem::take(&mut self.state);
            self.state = self.merge(end, continued, None);
            if !self.state.alive {
                break true;
            }
            if let Some(step) = step {
                self.discard(step);
            }
        };
        let unrolled = self.values.size() - size;
        let rolled = (each - SAVED).max(1) * rounds + SAVED;
        // What unrolling simplifies raises the limit (`getFullUnrollBoostingFactor`).
        let boost = (100 * each * rounds / unrolled.max(1)).clamp(100, MAX_BOOST);
        if !done || rolled >= UNROLLED && unrolled * 100 >= UNROLLED * boost {
            self.rollback(started);
            return false;
        }
        let end = std::mem::take(&mut self.state);
        self.state = self.merge(end, left, None);
        true
    }
}

/// Names that a loop assigns to.
struct Assigned<'f> {
    note: &'f mut dyn FnMut(ast::Ident),
}

impl visit::Visitor for Assigned<'_> {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Assign(_, target, _)
            | ExprKind::Postfix(_, target)
            | ExprKind::Unary(UnaryOp::PreInc | UnaryOp::PreDec, target) => {
                if let Some(ident) = base_name(target) {
                    (self.note)(ident);
                }
            }
            _ => {}
        }
    }
}

fn base_name(expr: &Expr) -> Option<ast::Ident> {
    match &expr.kind {
        ExprKind::Ident(ident) => Some(*ident),
        ExprKind::Paren(e) => base_name(e),
        ExprKind::Member { base, arrow: false, .. } => base_name(base),
        ExprKind::Index { base, .. } => base_name(base),
        _ => None,
    }
}
