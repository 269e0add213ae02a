//! Conditions and indices that the optimiser may know where the front end does not
//! ([`laws::VALUE_PROPAGATION`]): those computed from numbers that a static function is passed, and from
//! locals that keep the constant they start with.

use cfront::{
    ast::{
        Expr, ExprKind, FunctionDef, InitDeclarator, Initializer, PostfixOp, Storage, UnaryOp,
        visit::{self, Visitor},
    },
    ctypes::CType,
};
use rustc_hash::FxHashSet;

use super::{
    resolver::{Named, Resolver},
    walk::Walk,
};
use crate::{certainty::Certainty, laws};

/// Deeper expressions are taken to be unknown.
const MAX_DEPTH: u32 = 64;

/// What is known of the locals of a function.
#[derive(Default)]
pub(super) struct Values {
    /// Those that are written behind their declaration, or may be.
    changed: FxHashSet<u32>,
    /// Those that start as a constant.
    constant: FxHashSet<u32>,
    /// Whether all callers are seen.
    is_static: bool,
}

impl Values {
    pub(super) fn of(function: &FunctionDef, resolver: &Resolver<'_>) -> Values {
        let mut values =
            Values { is_static: function.specs.storage == Storage::Static, ..Values::default() };
        let mut changes = Changes { resolver, changed: &mut values.changed };
        for stmt in &function.body.stmts {
            visit::statement(stmt, &mut changes);
        }
        values
    }
}

struct Changes<'c, 'u> {
    resolver: &'c Resolver<'u>,
    changed: &'c mut FxHashSet<u32>,
}

impl Visitor for Changes<'_, '_> {
    fn expr(&mut self, expr: &Expr) {
        let mut target = match &expr.kind {
            ExprKind::Assign(_, target, _)
            | ExprKind::Postfix(PostfixOp::Inc | PostfixOp::Dec, target)
            | ExprKind::Unary(UnaryOp::PreInc | UnaryOp::PreDec | UnaryOp::AddrOf, target) => {
                target
            }
            _ => return,
        };
        while let ExprKind::Paren(e) | ExprKind::Cast { expr: e, .. } = &target.kind {
            target = e;
        }
        if let ExprKind::Ident(ident) = &target.kind
            && let Named::Local(local) = self.resolver.resolve(*ident)
        {
            self.changed.insert(local);
        }
    }
}

impl Walk<'_> {
    /// Notes a local that is declared with an initialiser.
    pub(super) fn note_value(&mut self, local: u32, declarator: &InitDeclarator) {
        if let Some(Initializer::Expr(value)) = &declarator.init
            && !self.values.changed.contains(&local)
            && self.resolver.int_value(value).is_some()
        {
            self.values.constant.insert(local);
        }
    }

    /// Runs `f` for code that is reached by way of a condition.
    pub(super) fn behind(&mut self, cond: &Expr, f: impl FnOnce(&mut Self)) {
        let before = self.reached;
        if self.may_be_known(cond) {
            self.reached = Certainty::Likely(&laws::VALUE_PROPAGATION);
        }
        f(self);
        self.reached = before;
    }

    /// Whether the optimiser may know a value that the front end does not.
    pub(super) fn may_be_known(&mut self, expr: &Expr) -> bool {
        self.resolver.int_value(expr).is_none() && self.is_computed(expr, 0)
    }

    fn is_computed(&mut self, expr: &Expr, depth: u32) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        match &expr.kind {
            ExprKind::Paren(e) | ExprKind::Cast { expr: e, .. } => self.is_computed(e, depth + 1),
            ExprKind::Unary(op, e) => {
                !matches!(op, UnaryOp::Deref | UnaryOp::AddrOf) && self.is_computed(e, depth + 1)
            }
            ExprKind::Binary(_, a, b) => {
                self.is_computed(a, depth + 1) && self.is_computed(b, depth + 1)
            }
            ExprKind::Ident(ident) => match self.resolver.resolve(*ident) {
                Named::Local(local) => {
                    let passed = self.values.is_static
                        && self.resolver.parameter(local).is_some()
                        && self.is_number(local);
                    let kept = !self.values.changed.contains(&local);
                    kept && (passed || self.values.constant.contains(&local))
                }
                _ => self.resolver.int_value(expr).is_some(),
            },
            _ => self.resolver.int_value(expr).is_some(),
        }
    }

    fn is_number(&self, local: u32) -> bool {
        let ty = self.resolver.local_type(local).map(|ty| self.resolver.unit.canonical(ty));
        matches!(ty, Some(CType::Int(_) | CType::Enum(_) | CType::Bool))
    }
}
