//! Statements: what runs after what, and what is left of it.

use cfront::{
    ast::{Block, Declaration, Expr, Ident, Initializer, Stmt, StmtKind},
    ctypes::CType,
    sema::LocalKind,
};

use super::{
    conditions::Split,
    cost::{self, INSTRUCTION},
    eval::{Eval, Exit},
    memory::{Gate, Loc, State},
    value::Val,
};

/// A conditional part that costs no more is computed in advance (`SimplifyCFG`,
/// `TwoEntryPHINodeFoldingThreshold`).
pub(super) const SPECULATED: i64 = 4 * INSTRUCTION;
/// A condition with its branch and one more instruction (`-bonus-inst-threshold`).
pub(super) const FOLDED: i64 = 3 * INSTRUCTION;

impl Eval<'_, '_, '_> {
    pub(super) fn block(&mut self, block: &Block) {
        block.stmts.iter().for_each(|s| self.stmt(s));
    }

    pub(super) fn stmt(&mut self, stmt: &Stmt) {
        self.deeper((), |eval| eval.stmt_inner(stmt));
    }

    fn stmt_inner(&mut self, stmt: &Stmt) {
        if !self.state.alive && !can_be_entered(stmt) {
            return;
        }
        match &stmt.kind {
            StmtKind::Decl(declaration) => self.declaration(declaration),
            StmtKind::Expr(expr) => {
                self.discard(expr);
            }
            StmtKind::Block(block) => self.block(block),
            StmtKind::If { cond, then, otherwise } => {
                let split = self.condition(cond);
                self.branch(split, |e| e.stmt(then), |e| otherwise.iter().for_each(|s| e.stmt(s)));
            }
            StmtKind::While { cond, body } => self.loop_statement(Some(cond), None, body, false),
            StmtKind::DoWhile { body, cond } => self.loop_statement(Some(cond), None, body, true),
            StmtKind::For { init, cond, step, body } => {
                init.iter().for_each(|s| self.stmt(s));
                self.loop_statement(cond.as_ref(), step.as_ref(), body, false);
            }
            StmtKind::Switch { value, body } => self.switch(value, body),
            // Cases are entered by `switch`, through their labels' states.
            StmtKind::Case { body, .. } | StmtKind::Default { body } => {
                self.enter_case(stmt);
                body.iter().for_each(|s| self.stmt(s));
            }
            StmtKind::Label { name, body } => {
                self.label(*name);
                body.iter().for_each(|s| self.stmt(s));
            }
            StmtKind::Goto(name) => self.goto(*name),
            StmtKind::Break => {
                self.last_exit = Some(Exit::Break);
                let state = self.leave();
                if let Some(old) = self.frame().and_then(|f| f.breaks.pop()) {
                    let merged = self.merge(old, state, None);
                    self.frame().into_iter().for_each(|f| f.breaks.push(merged.clone()));
                }
            }
            StmtKind::Continue => {
                self.last_exit = Some(Exit::Continue);
                let state = self.leave();
                if let Some(old) = self.frame().and_then(|f| f.continues.pop()) {
                    let merged = self.merge(old, state, None);
                    self.frame().into_iter().for_each(|f| f.continues.push(merged.clone()));
                }
            }
            StmtKind::Return(value) => self.return_statement(value.as_ref()),
            StmtKind::Asm { outputs, inputs, goto_labels } => {
                self.asm(outputs, inputs);
                for label in goto_labels {
                    let state = self.state.clone();
                    self.wait_at(*label, state);
                }
            }
            StmtKind::GotoIndirect(_) | StmtKind::NestedFunction(_) | StmtKind::Error => {
                self.known = false;
            }
            StmtKind::Empty | StmtKind::StaticAssert => {}
        }
    }

    /// A label: what jumped there goes on with what came before.
    pub(super) fn label(&mut self, name: Ident) {
        let waiting = self.frame().and_then(|f| f.labels.remove(&name.name));
        if let Some(waiting) = waiting {
            let here = self.leave();
            self.state = self.merge(here, waiting, None);
        }
    }

    /// The state here; nothing follows.
    pub(super) fn leave(&mut self) -> State {
        std::mem::take(&mut self.state)
    }

    fn goto(&mut self, label: Ident) {
        self.last_exit = Some(Exit::Goto(label.name));
        let state = self.leave();
        self.wait_at(label, state);
    }

    fn wait_at(&mut self, label: Ident, state: State) {
        let old = self.frame().and_then(|f| f.labels.remove(&label.name)).unwrap_or_default();
        let merged = self.merge(old, state, None);
        if let Some(frame) = self.frame() {
            frame.labels.insert(label.name, merged);
        }
    }

    fn return_statement(&mut self, value: Option<&Expr>) {
        let returns = self.frame().and_then(|f| f.returns);
        let value = value.and_then(|e| match returns {
            Some(to) => Some(self.converted(e, to)),
            None => {
                self.discard(e);
                None
            }
        });
        if let Some(value) = value {
            self.leak_if_merged(value);
        }
        self.last_exit = Some(Exit::Return(value));
        let state = self.leave();
        if !state.alive {
            return;
        }
        let Some(frame) = self.frame() else { return };
        let old = std::mem::take(&mut frame.returned);
        let before = frame.result.take();
        let result = match (before, value) {
            (Some(a), Some(b)) if old.alive => Some(self.values.phi(a, b)),
            (_, b) => b,
        };
        let merged = self.merge(old, state, None);
        if let Some(frame) = self.frame() {
            frame.returned = merged;
            frame.result = result;
        }
    }

    fn leak_if_merged(&mut self, value: Val) {
        let other = self.frame().and_then(|f| f.result);
        if other.is_some_and(|o| o != value) {
            self.leak(value);
        }
    }

    /// Both ways of a condition, and what comes after.
    pub(super) fn branch(
        &mut self,
        split: Split,
        then: impl FnOnce(&mut Self),
        otherwise: impl FnOnce(&mut Self),
    ) {
        let effects = self.effects;
        let (both, frequency) =
            (split.yes.alive && split.no.alive, split.yes.frequency + split.no.frequency);
        let cost = self.values.cost;
        let before = split.gate;
        let ways = (self.values.mark(), self.branches);
        self.last_exit = None;
        self.state = split.yes;
        then(self);
        let yes = self.leave();
        self.values.leave(ways.0);
        self.state = split.no;
        otherwise(self);
        let no = self.leave();
        self.values.leave(ways.0);
        let ends = yes.alive && no.alive;
        let exit = self.last_exit.take().filter(|_| both && self.effects == effects);
        let simple = self.effects == effects && self.values.cost - cost <= SPECULATED;
        let condition = split.pending.filter(|_| both && simple && ends);
        self.state = self.merge(yes, no, condition);
        if ends {
            self.state.frequency = frequency.min(self.state.frequency);
        }
        if !both {
            return;
        }
        if let Some(pending) = split.pending
            && condition.is_none()
        {
            self.values.count(pending);
            self.values.cost += INSTRUCTION;
        }
        if self.effects != effects || !simple {
            self.branches = true;
        } else if !ends {
            self.first_exit.get_or_insert((self.effects, self.values.cost));
        }
        if let (false, Some(exit)) = (ends, exit) {
            let mut gate = Gate { exit, effects, cost: self.values.cost, frequency };
            if let Some(before) = before.filter(|b| {
                b.exit == exit && b.effects == effects && self.values.cost - b.cost <= FOLDED
            }) {
                gate.frequency = before.frequency;
                self.state.frequency = before.frequency / 2.0;
            }
            self.state.gate = Some(gate);
        }
    }

    fn declaration(&mut self, declaration: &Declaration) {
        let scope = self.scope();
        for declarator in &declaration.declarators {
            let Some(name) = declarator.declarator.name else { continue };
            let Some(local) = scope.declared(name.token) else { continue };
            if local.kind != LocalKind::Auto {
                continue;
            }
            let object = self.new_object(local.size.unwrap_or(8), false);
            if let Some(frame) = self.frame() {
                frame.objects.insert(local.id.0, object);
            }
            if self.bodies.unit.is_volatile(local.ty)
                && let super::value::Kind::Object(number) = self.values.kind(object)
            {
                self.escape(number);
            }
            if let Some(init) = &declarator.init {
                self.initialize(object, 0, local.ty, init);
            }
            if local.attrs.cleanup.is_some() {
                // What it calls at the end of the scope is not followed.
                self.leak(object);
                self.values.cost += cost::call_site(1);
                self.impure = true;
            }
        }
    }

    /// Initialises a local object.
    pub(super) fn initialize(
        &mut self,
        base: Val,
        offset: i64,
        ty: cfront::ctypes::CTypeId,
        init: &Initializer,
    ) {
        let size = self.bodies.unit.size_of(ty).unwrap_or(0);
        match init {
            Initializer::Expr(expr) => match self.scalar(ty) {
                Some(scalar) if !matches!(self.bodies.unit.canonical(ty), CType::Array { .. }) => {
                    let value = self.converted(expr, scalar);
                    self.store(Loc { base, offset, size: scalar.bytes() }, value);
                }
                _ => {
                    let from = self.aggregate(expr);
                    self.copy(from, (base, offset), size);
                }
            },
            Initializer::List(items, _) => {
                let scalar = self.scalar(ty);
                if let (Some(scalar), [item], false) = (
                    scalar,
                    items.as_slice(),
                    matches!(self.bodies.unit.canonical(ty), CType::Array { .. }),
                ) && let Initializer::Expr(expr) = &item.value
                {
                    let value = self.converted(expr, scalar);
                    self.store(Loc { base, offset, size: scalar.bytes() }, value);
                    return;
                }
                self.fill(base, offset, size, true);
                self.members(base, offset, ty, items);
            }
        }
    }

    fn asm(&mut self, outputs: &[Expr], inputs: &[Expr]) {
        for input in inputs {
            let value = match self.scalar_of(input) {
                Some(_) => self.expr(input),
                None => self.aggregate(input).0,
            };
            self.leak(value);
            self.values.count(value);
        }
        self.values.cost += INSTRUCTION * (1 + inputs.len() as i64);
        self.effects += 1;
        self.impure = true;
        self.forget_memory();
        for output in outputs {
            let value = self.values.opaque(Vec::new(), 0, 0);
            if let Some(scalar) = self.scalar_of(output) {
                let place = self.place(output);
                self.store_place(&place, scalar, value);
            }
        }
    }
}

/// Whether control can come into the statement other than from before it.
fn can_be_entered(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Label { .. } | StmtKind::Case { .. } | StmtKind::Default { .. } => true,
        StmtKind::Block(block) => block.stmts.iter().any(can_be_entered),
        StmtKind::If { then, otherwise, .. } => {
            can_be_entered(then) || otherwise.as_deref().is_some_and(can_be_entered)
        }
        StmtKind::While { body, .. }
        | StmtKind::DoWhile { body, .. }
        | StmtKind::For { body, .. }
        | StmtKind::Switch { body, .. } => can_be_entered(body),
        _ => false,
    }
}
