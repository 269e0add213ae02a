//! Copies that are one load and one store, where their size allows (`SimplifyAnyMemTransfer`): not those of
//! a local that the optimiser takes apart (`SROA`), which are a load or store for each member.

use rustc_hash::FxHashSet;

use super::{
    Access, Flow, Reference, Step, Target,
    resolver::{Class, Named},
    walk::{Use, Walk},
};
use cfront::{
    ast::{Expr, ExprKind, UnaryOp},
    symbol::Symbol,
};

impl Walk<'_> {
    /// Marks one end of a copy, by what is at the other.
    pub(super) fn whole(&mut self, usage: Use, other: &Expr) -> Use {
        match self.holder(other, 0) {
            Some(holder) => usage.step(Step::Whole(holder)),
            None => usage,
        }
    }

    /// The same where the other end is behind a pointer; none is a number that memory is filled with.
    pub(super) fn whole_behind(&mut self, usage: Use, other: Option<&Expr>) -> Use {
        let Some(other) = other else { return usage.step(Step::Whole(None)) };
        match self.pointed(other, 0) {
            Some(holder) => usage.step(Step::Whole(holder)),
            None => usage,
        }
    }

    /// Reads a struct or union that is copied to `target`.
    pub(super) fn copy_from(&mut self, value: &Expr, target: &Expr) {
        let usage = self.whole(Use::new(Access::Read), target);
        self.copied(value, usage);
    }

    /// Reads a struct or union that a local variable starts as.
    pub(super) fn copy_to_local(&mut self, value: &Expr, local: u32) {
        let usage = Use { flow: Flow::Local(local), ..Use::new(Access::Read) };
        self.copied(value, usage.step(Step::Whole(Some(local))));
    }

    fn copied(&mut self, value: &Expr, usage: Use) {
        match &value.kind {
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => self.copied(e, usage),
            ExprKind::Ident(_)
            | ExprKind::Member { .. }
            | ExprKind::Index { .. }
            | ExprKind::Unary(UnaryOp::Deref, _) => self.place(value, usage),
            _ => self.value_to(value, usage.flow),
        }
    }

    /// Where an object is: in memory, or in the local of that number; `None` for a value that is made of
    /// its members.
    fn holder(&mut self, expr: &Expr, depth: u32) -> Option<Option<u32>> {
        if depth > 64 {
            return None;
        }
        match &expr.kind {
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => {
                self.holder(e, depth + 1)
            }
            ExprKind::Ident(ident) => match self.resolver.resolve(*ident) {
                Named::Local(local) => Some(Some(local)),
                Named::Static(_) | Named::Variable(_) => Some(None),
                _ => None,
            },
            ExprKind::Member { base, arrow: false, .. } => self.holder(base, depth + 1),
            ExprKind::Index { base, .. } if self.resolver.class(base) == Class::Array => {
                self.holder(base, depth + 1)
            }
            ExprKind::Member { arrow: true, base, .. } | ExprKind::Unary(UnaryOp::Deref, base) => {
                self.pointed(base, depth + 1)
            }
            ExprKind::Index { .. } => Some(None),
            _ => None,
        }
    }

    fn pointed(&mut self, expr: &Expr, depth: u32) -> Option<Option<u32>> {
        if depth > 64 {
            return None;
        }
        match &expr.kind {
            ExprKind::Paren(e)
            | ExprKind::Unary(UnaryOp::Extension, e)
            | ExprKind::Cast { expr: e, .. } => self.pointed(e, depth + 1),
            ExprKind::Unary(UnaryOp::AddrOf, e) => self.holder(e, depth + 1),
            _ if self.resolver.class(expr) == Class::Array => self.holder(expr, depth + 1),
            _ => Some(None),
        }
    }
}

/// A local whose address goes to code that is not seen stays in memory; any other is taken apart.
pub(super) fn settle(references: &mut [Reference], mut has_body: impl FnMut(Symbol) -> bool) {
    let mut held: FxHashSet<u32> = FxHashSet::default();
    for reference in references.iter() {
        if let Target::Local(local) = reference.target
            && reference.access == Access::Address
        {
            let escapes = match reference.flow {
                Flow::Escapes => true,
                Flow::Argument(function, _) => !has_body(function),
                _ => false,
            };
            if escapes {
                held.insert(local);
            }
        }
    }
    for reference in references {
        if let Some(Step::Whole(Some(local))) = reference.path.last() {
            let stays = held.contains(local);
            reference.path.pop();
            if stays {
                reference.path.push(Step::Whole(None));
            }
        }
    }
}
