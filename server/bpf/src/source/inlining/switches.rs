//! Switches: one way in for each case.

use cfront::ast::{Expr, Stmt, StmtKind};

use super::{
    cost::{self, INSTRUCTION},
    eval::Eval,
    memory::State,
};

/// Ranges of cases with more values are left to a comparison.
const MAX_CASES: i128 = 256;

impl Eval<'_, '_, '_> {
    pub(super) fn switch(&mut self, value: &Expr, body: &Stmt) {
        let value = self.expr(value);
        let mut cases = Cases::default();
        self.collect_cases(body, &mut cases);
        let entry = self.leave();
        if !entry.alive {
            return;
        }
        let known = self.values.constant(value);
        let chosen = known.map(|v| cases.labels.iter().position(|l| l.values.contains(&v)));
        let ways = cases.labels.iter().map(|l| l.values.len()).sum::<usize>() + 1;
        if known.is_none() {
            self.values.count(value);
            let all: Vec<i128> =
                cases.labels.iter().flat_map(|l| l.values.iter().copied()).collect();
            let span = match (all.iter().min(), all.iter().max()) {
                (Some(min), Some(max)) => max.wrapping_sub(*min) as u128,
                _ => 0,
            };
            self.values.cost += match all.len() {
                0 => 0,
                // One case is a comparison and a branch.
                1 => 2 * INSTRUCTION,
                n => {
                    let cost = cost::switch(n, cases.targets, span);
                    self.values.surplus += cost - INSTRUCTION;
                    cost
                }
            };
            self.branches |= !all.is_empty();
        }
        let outer = std::mem::take(&mut self.switch_entries);
        for (index, label) in cases.labels.iter().enumerate() {
            let taken = match chosen {
                Some(Some(chosen)) => chosen == index,
                Some(None) => label.default,
                None => true,
            };
            if taken {
                let mut state = entry.clone();
                let share = label.values.len() + usize::from(label.default);
                if known.is_none() {
                    state.frequency *= share as f64 / ways as f64;
                }
                self.switch_entries.insert(label.token, state);
            }
        }
        let without_default = !cases.labels.iter().any(|l| l.default);
        let past = match chosen {
            Some(Some(_)) => false,
            _ => without_default,
        };
        if let Some(frame) = self.frame() {
            frame.breaks.push(State::default());
        }
        let mark = self.values.mark();
        self.stmt(body);
        self.values.leave(mark);
        self.switch_entries = outer;
        let broken = self.frame().and_then(|f| f.breaks.pop()).unwrap_or_default();
        let fallen = self.leave();
        let mut state = self.merge(broken, fallen, None);
        if past {
            let mut entry = entry;
            if known.is_none() {
                entry.frequency /= ways as f64;
            }
            state = self.merge(state, entry, None);
        }
        self.state = state;
    }

    pub(super) fn enter_case(&mut self, label: &Stmt) {
        if let Some(entry) = self.switch_entries.remove(&label.span.start) {
            let here = self.leave();
            self.state = self.merge(here, entry, None);
        }
    }

    fn collect_cases(&mut self, stmt: &Stmt, cases: &mut Cases) {
        match &stmt.kind {
            StmtKind::Case { from, to, body } => {
                let scope = self.scope();
                let unit = self.bodies.unit;
                let first = unit.constant(&scope, from);
                let last = to.as_ref().and_then(|to| unit.constant(&scope, to)).or(first);
                let values = match (first, last) {
                    (Some(a), Some(b)) if a <= b => {
                        (a..=b.min(a.saturating_add(MAX_CASES))).collect()
                    }
                    _ => Vec::new(),
                };
                cases
                    .add(Label { token: stmt.span.start, values, default: false }, body.as_deref());
                body.iter().for_each(|s| self.collect_cases(s, cases));
            }
            StmtKind::Default { body } => {
                let label = Label { token: stmt.span.start, values: Vec::new(), default: true };
                cases.add(label, body.as_deref());
                body.iter().for_each(|s| self.collect_cases(s, cases));
            }
            StmtKind::Block(block) => block.stmts.iter().for_each(|s| self.collect_cases(s, cases)),
            StmtKind::Label { body: Some(body), .. }
            | StmtKind::While { body, .. }
            | StmtKind::DoWhile { body, .. }
            | StmtKind::For { body, .. } => self.collect_cases(body, cases),
            StmtKind::If { then, otherwise, .. } => {
                self.collect_cases(then, cases);
                otherwise.iter().for_each(|s| self.collect_cases(s, cases));
            }
            _ => {}
        }
    }
}

/// A `case` or `default`.
struct Label {
    /// Its first token.
    token: u32,
    values: Vec<i128>,
    default: bool,
}

#[derive(Default)]
struct Cases {
    labels: Vec<Label>,
    /// Number of places that cases other than the default lead to.
    targets: usize,
}

impl Cases {
    fn add(&mut self, label: Label, body: Option<&Stmt>) {
        let stacked = matches!(
            body.map(|b| &b.kind),
            None | Some(StmtKind::Case { .. } | StmtKind::Default { .. })
        );
        self.targets += usize::from(!stacked && !label.default);
        self.labels.push(label);
    }
}
