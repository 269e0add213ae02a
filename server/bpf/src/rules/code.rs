//! The code of programs: bodies, the calls in them, and what an entry program is certain to reach.
//!
//! The verifier walks only paths that can be taken with the read-only data of the load, and clang
//! removes what it can fold after inlining. A call counts as certain only where neither can hide it.

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
    sync::{Arc, OnceLock},
};

use cfront::{
    ast::{
        self, Expr, ExprKind, FunctionDef, Ident, InitDeclarator, Initializer, Stmt, StmtKind,
        UnaryOp, visit,
    },
    ctypes::CType,
    sema::{Function, ItemScope, Linkage, LocalId, LocalKind, Resolution, Variable},
    source::FileRange,
    symbol::Symbol,
    unit::{ItemId, ParsedItem, Unit},
};
use codegen::references::{self, Access, Body, Length, Reference, Step, Target};
use rustc_hash::{FxHashMap, FxHashSet};

/// Functions that one program reaches; more are not followed.
const MAX_REACHED: usize = 4096;

/// Bodies of a unit's functions, read when asked for.
pub(super) struct Code<'u> {
    pub(super) unit: &'u Unit,
    bodies: RefCell<FxHashMap<Symbol, Option<Arc<FnBody>>>>,
    reached: RefCell<FxHashMap<Symbol, Rc<[ReachedCall]>>>,
    /// The functions whose text has the name of each variable.
    mentions: OnceCell<FxHashMap<Symbol, Vec<Symbol>>>,
}

/// The identifiers of an item.
struct Words(FxHashSet<Symbol>);

/// A function's body.
pub(super) struct FnBody {
    pub(super) function: Arc<Function>,
    pub(super) item: ItemId,
    pub(super) scope: Arc<ItemScope>,
    parsed: Arc<ParsedItem>,
    /// What the code refers to.
    pub(super) refs: Arc<Body>,
    /// The references to each variable, by their indices.
    by_variable: OnceLock<FxHashMap<Symbol, Vec<usize>>>,
    /// Calls in written order.
    pub(super) calls: Vec<Call>,
    /// The first token that may decide at load which code is walked.
    load_guard: u32,
    /// The first condition of any kind.
    condition: u32,
    /// The first condition that clang may fold.
    foldable: u32,
}

/// A call that can run as far as the compiler's front end sees.
#[derive(Clone)]
pub(super) struct Call {
    /// What is called.
    pub(super) callee: Callee,
    /// Token of the callee's name.
    pub(super) token: u32,
    /// The arguments.
    pub(super) args: Vec<Expr>,
}

/// What a call names.
#[derive(Clone)]
pub(super) enum Callee {
    /// A function of the unit.
    Function(Arc<Function>),
    /// A pointer to a function with file scope, as the kernel's helpers are declared.
    Pointer(Arc<Variable>),
}

/// A call that a program reaches.
pub(super) struct ReachedCall {
    /// The function with the call.
    pub(super) body: Arc<FnBody>,
    /// Index in its calls.
    pub(super) index: usize,
    /// Whether clang is certain to leave it in the program.
    pub(super) compiled: bool,
    /// Whether the verifier is certain to walk it.
    pub(super) walked: bool,
}

impl ReachedCall {
    pub(super) fn call(&self) -> Option<&Call> {
        self.body.calls.get(self.index)
    }
}

impl FnBody {
    /// The syntax of the definition.
    pub(super) fn syntax(&self) -> Option<&FunctionDef> {
        match &self.parsed.syntax {
            ast::Item::Function(syntax) => Some(syntax),
            _ => None,
        }
    }

    /// What the user wrote for a token.
    pub(super) fn place(&self, unit: &Unit, token: u32) -> Option<FileRange> {
        unit.token_place(self.item, token)
    }

    /// The references to a variable.
    fn of_variable(&self, name: Symbol) -> impl Iterator<Item = &Reference> {
        let by_variable = self.by_variable.get_or_init(|| {
            let mut by_variable: FxHashMap<Symbol, Vec<usize>> = FxHashMap::default();
            for (index, reference) in self.refs.references.iter().enumerate() {
                if let Target::Variable(name) = reference.target {
                    by_variable.entry(name).or_default().push(index);
                }
            }
            by_variable
        });
        let found = by_variable.get(&name).map_or(&[][..], Vec::as_slice);
        found.iter().filter_map(|&index| self.refs.references.get(index))
    }

    /// Whether nothing at load can keep the verifier away from a token, in the entry function.
    pub(super) fn walked_at(&self, token: u32) -> bool {
        token < self.load_guard && token < self.foldable
    }
}

impl<'u> Code<'u> {
    pub(super) fn new(unit: &'u Unit) -> Self {
        Code {
            unit,
            bodies: RefCell::default(),
            reached: RefCell::default(),
            mentions: OnceCell::new(),
        }
    }

    /// The body of a function that the unit defines.
    pub(super) fn body(&self, name: Symbol) -> Option<Arc<FnBody>> {
        if let Some(known) = self.bodies.borrow().get(&name) {
            return known.clone();
        }
        let body = self.read(name);
        self.bodies.borrow_mut().insert(name, body.clone());
        body
    }

    fn read(&self, name: Symbol) -> Option<Arc<FnBody>> {
        let function = self.unit.function(name)?;
        let item = ItemId(function.definition_place()?.item);
        let refs = references::of_function(self.unit, item)?;
        if refs.incomplete {
            return None;
        }
        let scope = self.unit.scope(item)?;
        self.unit.derive(item, |parsed| self.scan(function, item, parsed, scope, refs))
    }

    fn scan(
        &self,
        function: Arc<Function>,
        item: ItemId,
        parsed: &Arc<ParsedItem>,
        scope: Arc<ItemScope>,
        refs: Arc<Body>,
    ) -> FnBody {
        let unit = self.unit;
        let mut scan = Scan {
            unit,
            scope: &scope,
            live: refs.references.iter().filter(|r| !r.dead).map(|r| r.token).collect(),
            calls: Vec::new(),
            load_guard: u32::MAX,
            condition: u32::MAX,
            foldable: u32::MAX,
            jumps: false,
            run_time: FxHashSet::default(),
        };
        if let ast::Item::Function(syntax) = &parsed.syntax {
            visit::block(&syntax.body, &mut scan);
        }
        for reference in &refs.references {
            if scan.decides_at_load(&reference.target, reference.access) {
                scan.load_guard = scan.load_guard.min(reference.token);
            }
        }
        if scan.jumps {
            // Written order is not the order of running: anything may come first.
            for first in [&mut scan.load_guard, &mut scan.condition, &mut scan.foldable] {
                if *first != u32::MAX {
                    *first = 0;
                }
            }
        }
        let Scan { calls, load_guard, condition, foldable, .. } = scan;
        let parsed = parsed.clone();
        FnBody {
            function,
            item,
            scope,
            parsed,
            refs,
            by_variable: OnceLock::new(),
            calls,
            load_guard,
            condition,
            foldable,
        }
    }

    /// Whether every read of a `const` variable in the unit is of a scalar at a constant place of it,
    /// so that clang puts the value into the code. `None`: something was not understood.
    pub(super) fn reads_fold(&self, name: Symbol) -> Option<bool> {
        let mut folds = true;
        for &function in self.mentions().get(&name).into_iter().flatten() {
            let body = self.body(function)?;
            folds &= body.of_variable(name).filter(|r| !r.dead).all(|r| {
                let constant = |step: &Step| match step {
                    Step::Field(_) | Step::Index(Some(_)) => true,
                    Step::Index(None) | Step::Iteration | Step::Punned => false,
                };
                let number =
                    matches!(r.extent.length, Length::Part | Length::Bytes(0 | 1 | 2 | 4 | 8));
                r.access == Access::Mention
                    || r.access == Access::Read
                        && !r.volatile
                        && number
                        && r.path.iter().all(constant)
            });
        }
        Some(folds)
    }

    fn mentions(&self) -> &FxHashMap<Symbol, Vec<Symbol>> {
        self.mentions.get_or_init(|| {
            let variables: FxHashSet<Symbol> =
                self.unit.variables().iter().map(|variable| variable.name).collect();
            let mut mentions: FxHashMap<Symbol, Vec<Symbol>> = FxHashMap::default();
            for function in self.unit.functions() {
                let Some(place) = function.definition_place() else { continue };
                let item = ItemId(place.item);
                let words = || self.unit.tokens(item).iter().map(|token| token.sym).collect();
                let Some(words) = self.unit.derive(item, |_| Words(words())) else { continue };
                for &name in words.0.iter().filter(|name| variables.contains(name)) {
                    mentions.entry(name).or_default().push(function.name);
                }
            }
            mentions
        })
    }

    /// The calls that an entry program reaches, itself and through `static` functions.
    pub(super) fn reach(&self, entry: Symbol) -> Rc<[ReachedCall]> {
        if let Some(known) = self.reached.borrow().get(&entry) {
            return known.clone();
        }
        let found: Rc<[ReachedCall]> = self.find_reached(entry).into();
        self.reached.borrow_mut().insert(entry, found.clone());
        found
    }

    fn find_reached(&self, entry: Symbol) -> Vec<ReachedCall> {
        let mut seen: FxHashMap<Symbol, (bool, bool)> = FxHashMap::default();
        let mut queue = vec![(entry, true, true)];
        let mut found = Vec::new();
        while let Some((name, compiled, walked)) = queue.pop() {
            match seen.get(&name) {
                Some(&(c, w)) if (c || !compiled) && (w || !walked) => continue,
                _ if seen.len() > MAX_REACHED => break,
                _ => {}
            }
            seen.insert(name, (compiled, walked));
            let Some(body) = self.body(name) else { continue };
            for (index, call) in body.calls.iter().enumerate() {
                // Arguments of an inlined function may be constants, so that any condition folds.
                let first = if name == entry { body.foldable } else { body.condition };
                let compiled = compiled && call.token < first;
                let walked = walked && compiled && call.token < body.load_guard;
                if let Callee::Function(f) = &call.callee
                    && f.linkage == Linkage::Internal
                {
                    queue.push((f.name, compiled, walked));
                }
                found.push(ReachedCall { body: body.clone(), index, compiled, walked });
            }
        }
        found
    }
}

/// Reads calls and conditions of a body.
struct Scan<'a> {
    unit: &'a Unit,
    scope: &'a Arc<ItemScope>,
    /// Tokens that code is generated for and that can run.
    live: FxHashSet<u32>,
    calls: Vec<Call>,
    load_guard: u32,
    condition: u32,
    foldable: u32,
    jumps: bool,
    /// Locals whose values come from what no compiler knows.
    run_time: FxHashSet<LocalId>,
}

impl Scan<'_> {
    fn is_run_time(&self, expr: &Expr) -> bool {
        let mut known = FromRunTime { scan: self, found: false };
        visit::expression(expr, &mut known);
        known.found
    }

    fn stored(&mut self, to: &Expr, value: Option<&Expr>) {
        if let ExprKind::Ident(ident) = &strip(to).kind
            && let Some(local) = self.scope.local_use(*ident)
            && value.is_none_or(|value| self.is_run_time(value))
        {
            self.run_time.insert(local.id);
        }
    }

    fn condition(&mut self, cond: &Expr) {
        self.condition = self.condition.min(cond.span.start);
        if !self.is_run_time(cond) {
            self.foldable = self.foldable.min(cond.span.start);
        }
    }

    /// Whether a reference names something whose value libbpf or the loader fixes before the load:
    /// read-only data, kernel configuration, kernel symbols.
    fn decides_at_load(&self, target: &Target, access: Access) -> bool {
        match target {
            Target::Variable(name) => self.unit.variable(*name).is_some_and(|v| {
                let section = v.attrs.section.map_or("", Symbol::as_str);
                let fixed = self.unit.is_const(v.ty) && self.unit.is_volatile(v.ty);
                fixed || matches!(section, ".kconfig" | ".ksyms") || section.starts_with(".rodata")
            }),
            // `if (bpf_ksym_exists(f))`
            Target::Function(name) => {
                access != Access::Call && self.unit.function(*name).is_some_and(|f| f.attrs.weak)
            }
            _ => false,
        }
    }
}

impl visit::Visitor for Scan<'_> {
    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::If { cond, .. }
            | StmtKind::While { cond, .. }
            | StmtKind::Switch { value: cond, .. }
            | StmtKind::For { cond: Some(cond), .. } => self.condition(cond),
            StmtKind::Goto(_) | StmtKind::GotoIndirect(_) => self.jumps = true,
            StmtKind::Asm { goto_labels, .. } => {
                self.jumps |= !goto_labels.is_empty();
                // What assembler text branches on is not known.
                self.condition = self.condition.min(stmt.span.start);
                self.foldable = self.foldable.min(stmt.span.start);
            }
            _ => {}
        }
    }

    fn local(&mut self, _: &ast::Declaration, one: &InitDeclarator) {
        let (Some(name), Some(init)) = (one.declarator.name, &one.init) else { return };
        let mut known = FromRunTime { scan: self, found: false };
        visit::initializer(init, &mut known);
        if known.found
            && let Some(local) = self.scope.declared(name.token)
        {
            self.run_time.insert(local.id);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Assign(_, to, value) => self.stored(to, Some(value)),
            ExprKind::Unary(UnaryOp::AddrOf, to) => self.stored(to, None),
            ExprKind::Conditional { cond, .. } => self.condition(cond),
            ExprKind::Binary(ast::BinaryOp::LogAnd | ast::BinaryOp::LogOr, left, _) => {
                self.condition(left);
            }
            ExprKind::ChooseExpr { cond, .. } => {
                self.foldable = self.foldable.min(cond.span.start);
            }
            ExprKind::Call { callee, args } => {
                let ExprKind::Ident(ident) = &strip(callee).kind else { return };
                if decides_by_relocation(ident.name.as_str()) {
                    self.load_guard = self.load_guard.min(ident.token);
                }
                if !self.live.contains(&ident.token) {
                    return;
                }
                let callee = match self.scope.resolve(self.unit, *ident) {
                    Resolution::Function(f) => Callee::Function(f),
                    Resolution::Variable(v) if is_function_pointer(self.unit, &v) => {
                        Callee::Pointer(v)
                    }
                    _ => return,
                };
                self.calls.push(Call { callee, token: ident.token, args: args.clone() });
            }
            ExprKind::BuiltinWithTypes { name, .. } if decides_by_relocation(name.as_str()) => {
                self.load_guard = self.load_guard.min(expr.span.start);
            }
            _ => {}
        }
    }
}

/// Builtins whose value libbpf puts in when it loads the object: whether a field, type or enumerator
/// exists, and the like.
fn decides_by_relocation(name: &str) -> bool {
    name.starts_with("__builtin_preserve_") && name != "__builtin_preserve_access_index"
        || name == "__builtin_btf_type_id"
}

/// Whether an expression has something in it that no compiler knows: a call, memory behind a
/// pointer, an argument of the entry, a variable of the file that can change.
struct FromRunTime<'s, 'a> {
    scan: &'s Scan<'a>,
    found: bool,
}

impl visit::Visitor for FromRunTime<'_, '_> {
    fn expr(&mut self, expr: &Expr) {
        self.found |= match &expr.kind {
            ExprKind::Call { callee, .. } => match &strip(callee).kind {
                ExprKind::Ident(ident) => match self.scan.scope.resolve(self.scan.unit, *ident) {
                    Resolution::Variable(_) => true,
                    Resolution::Function(f) => f.definition.is_none(),
                    _ => false,
                },
                _ => false,
            },
            ExprKind::Member { arrow, .. } => *arrow,
            ExprKind::Unary(UnaryOp::Deref, _) => true,
            ExprKind::Ident(ident) => match self.scan.scope.resolve(self.scan.unit, *ident) {
                Resolution::Local(id) => {
                    let local = self.scan.scope.local(id);
                    self.scan.run_time.contains(&id)
                        || local.is_some_and(|local| matches!(local.kind, LocalKind::Param(_)))
                }
                Resolution::Variable(v) => {
                    !self.scan.unit.is_const(v.ty) && v.linkage == Linkage::External
                }
                _ => false,
            },
            _ => false,
        };
    }
}

/// An expression without parentheses and `__extension__`.
pub(super) fn strip(mut expr: &Expr) -> &Expr {
    while let ExprKind::Paren(inner) | ExprKind::Unary(UnaryOp::Extension, inner) = &expr.kind {
        expr = inner;
    }
    expr
}

/// An expression without parentheses and casts.
pub(super) fn strip_casts(mut expr: &Expr) -> &Expr {
    loop {
        match &expr.kind {
            ExprKind::Paren(inner)
            | ExprKind::Unary(UnaryOp::Extension, inner)
            | ExprKind::Cast { expr: inner, .. } => expr = inner,
            _ => return expr,
        }
    }
}

/// The variable whose address an argument is: `v` (an array), `&v`, `&v[i]`, `&v.member`.
pub(super) fn addressed(expr: &Expr) -> Option<Ident> {
    let expr = strip_casts(expr);
    let place = match &expr.kind {
        ExprKind::Unary(UnaryOp::AddrOf, inner) => strip(inner),
        _ => expr,
    };
    let mut place = place;
    loop {
        match &place.kind {
            ExprKind::Ident(ident) => return Some(*ident),
            ExprKind::Index { base, .. } | ExprKind::Member { base, arrow: false, .. } => {
                place = strip(base);
            }
            _ => return None,
        }
    }
}

fn is_function_pointer(unit: &Unit, variable: &Variable) -> bool {
    match unit.canonical(variable.ty) {
        CType::Pointer(to) => matches!(unit.canonical(to), CType::Function(_)),
        _ => false,
    }
}

/// Finds the initialiser of a local by the token of its name.
pub(super) fn local_init(syntax: &FunctionDef, token: u32) -> Option<Initializer> {
    struct Find(u32, Option<Initializer>);
    impl visit::Visitor for Find {
        fn local(&mut self, _: &ast::Declaration, one: &InitDeclarator) {
            if one.declarator.name.is_some_and(|n| n.token == self.0) {
                self.1 = one.init.clone();
            }
        }
    }
    let mut find = Find(token, None);
    visit::block(&syntax.body, &mut find);
    find.1
}
