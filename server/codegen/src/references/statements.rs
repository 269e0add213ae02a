//! Statements in the order in which `CodeGenFunction::EmitStmt` generates them.

use super::{
    Access, LocalStatic, Target,
    expressions::is_string,
    labels,
    resolver::{Class, Named},
    walk::{Exit, Use, Walk},
};
use crate::{certainty::Certainty, laws};
use cfront::ast::{
    Block, Declaration, Expr, ExprKind, InitDeclarator, Initializer, Stmt, StmtKind, Storage,
};

impl Walk<'_> {
    pub(super) fn block(&mut self, block: &Block) {
        self.statements(&block.stmts);
    }

    fn statements(&mut self, stmts: &[Stmt]) {
        let mut rest = stmts;
        while let Some((stmt, after)) = rest.split_first() {
            rest = after;
            match &stmt.kind {
                StmtKind::Decl(declaration) => {
                    self.deeper(|walk| walk.local_declaration(declaration, after));
                }
                _ => self.stmt(stmt),
            }
        }
    }

    /// A block whose last expression is a value (`({ ... })`): `value` generates that expression.
    pub(super) fn block_value(&mut self, block: &Block, value: impl FnOnce(&mut Self, &Expr)) {
        let Some((last, before)) = block.stmts.split_last() else { return };
        self.statements(before);
        match &last.kind {
            StmtKind::Expr(expr) if self.generating => value(self, expr),
            _ => self.stmt(last),
        }
    }

    pub(super) fn stmt(&mut self, stmt: &Stmt) {
        self.deeper(|walk| walk.stmt_inner(stmt));
    }

    fn stmt_inner(&mut self, stmt: &Stmt) {
        // Statements that clang looks into even where no code is being generated.
        match &stmt.kind {
            StmtKind::Block(block) => return self.block(block),
            StmtKind::Decl(declaration) => return self.local_declaration(declaration, &[]),
            StmtKind::Label { body, .. } => {
                self.generating = true;
                self.live = true;
                if let Some(body) = body {
                    self.stmt(body);
                }
                return;
            }
            StmtKind::Case { body, .. } | StmtKind::Default { body } => {
                self.generating = true;
                self.live = self.switches.last().copied().unwrap_or(true);
                if let Some(body) = body {
                    self.stmt(body);
                }
                return;
            }
            StmtKind::Goto(_) | StmtKind::Continue => return self.stop(),
            StmtKind::Break => {
                let (generating, live) = (self.generating, self.live);
                if let Some(exit) = self.exits.last_mut() {
                    exit.used |= generating;
                    exit.live |= generating && live;
                }
                return self.stop();
            }
            _ => {}
        }
        if !self.generating {
            if !labels::contains_label(stmt, false) {
                return;
            }
            self.generating = true;
            self.live = false;
        }
        match &stmt.kind {
            StmtKind::Expr(expr) => self.discard(expr),
            StmtKind::If { cond, then, otherwise } => {
                self.if_stmt(cond, then, otherwise.as_deref())
            }
            StmtKind::While { cond, body } => self.while_stmt(cond, body),
            StmtKind::DoWhile { body, cond } => self.do_stmt(body, cond),
            StmtKind::For { init, cond, step, body } => {
                if let Some(init) = init {
                    self.stmt(init);
                }
                let unrolled = self.unrolled(stmt);
                self.counters.extend(unrolled);
                self.for_stmt(cond.as_ref(), step.as_ref(), body);
                if unrolled.is_some() {
                    self.counters.pop();
                }
            }
            StmtKind::Switch { value, body } => self.switch_stmt(value, body),
            StmtKind::GotoIndirect(expr) => {
                self.value(expr);
                self.stop();
            }
            StmtKind::Return(value) => {
                if let Some(value) = value {
                    self.returned(value);
                }
                self.stop();
            }
            StmtKind::Asm { outputs, inputs, .. } => {
                for output in outputs {
                    self.place(output, Use::new(Access::ReadWrite));
                }
                for input in inputs {
                    self.value(input);
                }
            }
            StmtKind::Error | StmtKind::NestedFunction(_) => self.body.incomplete = true,
            _ => {}
        }
    }

    fn stop(&mut self) {
        self.generating = false;
        self.live = false;
    }

    fn if_stmt(&mut self, cond: &Expr, then: &Stmt, otherwise: Option<&Stmt>) {
        if let Some(value) = self.folded(cond) {
            let (run, skip) = if value { (Some(then), otherwise) } else { (otherwise, Some(then)) };
            if !skip.is_some_and(|s| labels::contains_label(s, false)) {
                if let Some(run) = run {
                    self.stmt(run);
                }
                return;
            }
        }
        let known = self.truth(cond);
        self.condition(cond);
        let live = self.live;
        self.live = live && known != Some(false);
        self.behind(cond, |walk| walk.stmt(then));
        let (then_generating, then_live) = (self.generating, self.live);
        self.generating = true;
        self.live = live && known != Some(true);
        if let Some(otherwise) = otherwise {
            self.behind(cond, |walk| walk.stmt(otherwise));
        }
        // One arm leaves, and what follows is the other.
        if self.live != then_live && self.may_be_known(cond) {
            self.reached = self.reached.max(Certainty::Likely(&laws::VALUE_PROPAGATION));
        }
        self.generating |= then_generating;
        self.live |= then_live;
    }

    fn looped(&mut self, body: impl FnOnce(&mut Self)) -> Exit {
        self.exits.push(Exit::default());
        body(self);
        self.exits.pop().unwrap_or_default()
    }

    fn while_stmt(&mut self, cond: &Expr, body: &Stmt) {
        let known = self.truth(cond);
        let forever = self.folded(cond) == Some(true);
        self.condition(cond);
        let live = self.live;
        self.live = live && known != Some(false);
        let exit = self.looped(|walk| walk.behind(cond, |walk| walk.stmt(body)));
        self.generating = !forever || exit.used;
        self.live = live && known != Some(true) || exit.live;
    }

    fn do_stmt(&mut self, body: &Stmt, cond: &Expr) {
        let entered = self.live;
        let exit = self.looped(|walk| walk.stmt(body));
        // The condition's block is generated whether or not anything reaches it.
        self.generating = true;
        self.live |= entered && labels::contains_break(body);
        self.condition(cond);
        let known = self.truth(cond);
        self.live = self.live && known != Some(true) || exit.live;
    }

    fn for_stmt(&mut self, cond: Option<&Expr>, step: Option<&Expr>, body: &Stmt) {
        let known = cond.map_or(Some(true), |cond| self.truth(cond));
        if let Some(cond) = cond {
            self.condition(cond);
        }
        let live = self.live;
        self.live = live && known != Some(false);
        let exit = self.looped(|walk| {
            let body_live = walk.live;
            walk.stmt(body);
            walk.generating = true;
            walk.live = body_live;
            if let Some(step) = step {
                walk.discard(step);
            }
        });
        self.generating = cond.is_some() || exit.used;
        self.live = live && known != Some(true) || exit.live;
    }

    fn switch_stmt(&mut self, value: &Expr, body: &Stmt) {
        if let Some(wanted) = self.folded_int(value)
            && self.folded_switch(wanted, body)
        {
            return;
        }
        self.value(value);
        let live = self.live;
        self.generating = false;
        self.live = false;
        self.switches.push(live);
        let exit = self.looped(|walk| walk.behind(value, |walk| walk.stmt(body)));
        self.switches.pop();
        let has_default = contains_default(body, 0);
        self.generating |= exit.used || !has_default;
        self.live = (self.live || exit.live || !has_default) && live;
    }

    /// A switch on a constant: only the statements of its case up to `break`
    /// (`FindCaseStatementsForValue`). False when it is not of that simple form.
    fn folded_switch(&mut self, wanted: i128, body: &Stmt) -> bool {
        let StmtKind::Block(block) = &body.kind else { return false };
        if labels::block_has_label(block) {
            return false;
        }
        let mut start = None;
        let mut default = None;
        for (index, stmt) in block.stmts.iter().enumerate() {
            let mut stmt = stmt;
            loop {
                let inner = match &stmt.kind {
                    StmtKind::Case { from, to, body } => {
                        let Some(low) = self.resolver.int_value(from) else { return false };
                        let high = match to {
                            Some(to) => self.resolver.int_value(to),
                            None => Some(low),
                        };
                        let Some(high) = high else { return false };
                        if start.is_none() && (low..=high).contains(&wanted) {
                            start = Some(index);
                        }
                        body
                    }
                    StmtKind::Default { body } => {
                        default.get_or_insert(index);
                        body
                    }
                    _ => break,
                };
                match inner {
                    Some(inner) => stmt = inner,
                    None => break,
                }
            }
        }
        let live = self.live;
        let Some(start) = start.or(default) else { return true };
        let exit = self.looped(|walk| {
            for stmt in block.stmts.iter().skip(start) {
                let mut stmt = stmt;
                while let StmtKind::Case { body: Some(inner), .. }
                | StmtKind::Default { body: Some(inner) } = &stmt.kind
                {
                    stmt = inner;
                }
                if matches!(stmt.kind, StmtKind::Case { .. } | StmtKind::Default { .. }) {
                    continue;
                }
                walk.stmt(stmt);
                if !walk.generating {
                    break;
                }
            }
        });
        self.generating |= exit.used;
        self.live = live && (self.live || exit.live);
        true
    }

    /// A condition: `if`, loops, `?:`. An `&&`/`||` with a constant side is not generated in full.
    pub(super) fn condition(&mut self, cond: &Expr) {
        self.value_to(cond, super::Flow::Tested);
    }

    /// The condition folded by the front end, unless a label keeps it alive.
    pub(super) fn folded(&mut self, cond: &Expr) -> Option<bool> {
        self.folded_int(cond).map(|v| v != 0)
    }

    fn folded_int(&mut self, cond: &Expr) -> Option<i128> {
        let value = self.resolver.int_value(cond)?;
        (!labels::expr_contains_label(cond)).then_some(value)
    }

    /// What the condition can only be, as the optimiser sees it.
    pub(super) fn truth(&mut self, cond: &Expr) -> Option<bool> {
        use cfront::ast::{BinaryOp, UnaryOp};
        if let Some(value) = self.resolver.int_value(cond) {
            return Some(value != 0);
        }
        match &cond.kind {
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => self.truth(e),
            ExprKind::Unary(UnaryOp::Not, e) => self.truth(e).map(|v| !v),
            ExprKind::Binary(BinaryOp::LogAnd, a, b) => match (self.truth(a), self.truth(b)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            ExprKind::Binary(BinaryOp::LogOr, a, b) => match (self.truth(a), self.truth(b)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            ExprKind::Comma(_, b) => self.truth(b),
            ExprKind::Call { callee, args } => match (&callee.kind, args.first()) {
                (ExprKind::Ident(name), Some(arg)) if name.name.as_str() == "__builtin_expect" => {
                    self.truth(arg)
                }
                (ExprKind::Ident(name), Some(_))
                    if name.name.as_str() == "__builtin_constant_p" =>
                {
                    Some(false)
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// A declaration, with the statements behind it in its block.
    fn local_declaration(&mut self, declaration: &Declaration, after: &[Stmt]) {
        if declaration.has_error {
            self.body.incomplete = true;
        }
        if matches!(declaration.specs.storage, Storage::Typedef | Storage::Extern) {
            return;
        }
        for declarator in &declaration.declarators {
            self.local_declarator(declaration.specs.storage, declarator, after);
        }
    }

    fn local_declarator(&mut self, storage: Storage, declarator: &InitDeclarator, after: &[Stmt]) {
        let Some(ident) = declarator.declarator.name else { return };
        let named = self.resolver.resolve(ident);
        match named {
            Named::Static(local) if storage == Storage::Static => {
                self.body.statics.push(LocalStatic {
                    local,
                    name: ident,
                    declarator: declarator.clone(),
                });
                self.emit(Target::Static(local), &Use::new(Access::Create), ident.token);
                if let Some(init) = &declarator.init {
                    let ty = self.resolver.local_type(local);
                    self.static_init(ty, init);
                }
            }
            Named::Local(local) => {
                self.note_value(local, declarator);
                if let Some(init) = &declarator.init {
                    if !self.generating {
                        if !labels::in_init(init, 0) {
                            return;
                        }
                        self.generating = true;
                        self.live = false;
                    }
                    // A text that is replaced before anyone looks is generated, then dropped.
                    let dropped = is_text(init) && self.is_overwritten(local, after);
                    let live = self.live;
                    self.live = live && !dropped;
                    self.local_init(local, init);
                    self.live = live;
                }
                // `cleanup(f)`: the function is named where the variable is declared.
                if self.generating
                    && let Some(function) = self.resolver.cleanup(local)
                {
                    self.emit(Target::Function(function), &Use::new(Access::Call), ident.token);
                }
            }
            // A declaration that could not be resolved still has an initialiser.
            _ => {
                if let Some(init) = &declarator.init
                    && self.generating
                {
                    self.auto_init(None, init);
                }
            }
        }
    }

    fn returned(&mut self, value: &Expr) {
        match self.resolver.class(value) {
            Class::Record => self.aggregate(value),
            _ => self.value_to(value, super::Flow::Return),
        }
    }
}

fn is_text(init: &Initializer) -> bool {
    matches!(init, Initializer::Expr(expr) if is_string(expr))
}

/// Whether a switch body has a `default` of its own.
pub(super) fn contains_default(stmt: &Stmt, depth: u32) -> bool {
    if depth > 600 {
        return false;
    }
    let depth = depth + 1;
    let opt =
        |stmt: &Option<Box<Stmt>>| stmt.as_deref().is_some_and(|s| contains_default(s, depth));
    match &stmt.kind {
        StmtKind::Default { .. } => true,
        StmtKind::Case { body, .. } | StmtKind::Label { body, .. } => opt(body),
        StmtKind::Block(block) => block.stmts.iter().any(|s| contains_default(s, depth)),
        StmtKind::If { then, otherwise, .. } => contains_default(then, depth) || opt(otherwise),
        StmtKind::While { body, .. }
        | StmtKind::DoWhile { body, .. }
        | StmtKind::For { body, .. } => contains_default(body, depth),
        _ => false,
    }
}
