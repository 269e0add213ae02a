//! One walk over a body, for its calls and for what decides whether they run.

use std::sync::Arc;

use cfront::{
    ast::{self, Expr, ExprKind, FunctionDef, InitDeclarator, Stmt, StmtKind, UnaryOp, visit},
    ctypes::CType,
    sema::{ItemScope, Linkage, LocalId, LocalKind, Resolution, Variable},
    symbol::Symbol,
    unit::Unit,
};
use codegen::references::{Access, Body, Target};
use rustc_hash::FxHashSet;

use super::call::{Call, Callee};

/// Reads calls and conditions of a body.
pub(super) struct Scan<'a> {
    unit: &'a Unit,
    scope: &'a Arc<ItemScope>,
    /// Tokens that code is generated for and that can run.
    live: FxHashSet<u32>,
    pub(super) calls: Vec<Call>,
    pub(super) load_guard: u32,
    pub(super) condition: u32,
    pub(super) foldable: u32,
    jumps: bool,
    /// Locals whose values come from what no compiler knows.
    run_time: FxHashSet<LocalId>,
}

impl<'a> Scan<'a> {
    /// What is found in a body.
    pub(super) fn of(
        unit: &'a Unit,
        scope: &'a Arc<ItemScope>,
        syntax: Option<&FunctionDef>,
        refs: &Body,
    ) -> Scan<'a> {
        let mut scan = Scan {
            unit,
            scope,
            live: refs.references.iter().filter(|r| !r.dead).map(|r| r.token).collect(),
            calls: Vec::new(),
            load_guard: u32::MAX,
            condition: u32::MAX,
            foldable: u32::MAX,
            jumps: false,
            run_time: FxHashSet::default(),
        };
        if let Some(syntax) = syntax {
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
        scan
    }

    fn is_run_time(&self, expr: &Expr) -> bool {
        let mut known = FromRunTime { scan: self, found: false };
        visit::expression(expr, &mut known);
        known.found
    }

    fn stored(&mut self, to: &Expr, value: Option<&Expr>) {
        if let ExprKind::Ident(ident) = &to.unparen().kind
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
                let ExprKind::Ident(ident) = &callee.unparen().kind else { return };
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
            ExprKind::Call { callee, .. } => match &callee.unparen().kind {
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

fn is_function_pointer(unit: &Unit, variable: &Variable) -> bool {
    match unit.canonical(variable.ty) {
        CType::Pointer(to) => matches!(unit.canonical(to), CType::Function(_)),
        _ => false,
    }
}
