//! Copies that are one load and one store, where their size allows ([`crate::laws::MEMORY_TRANSFERS`]): not those of
//! a local that the optimiser takes apart ([`crate::laws::SROA`]), which are a load or store for each member.

use rustc_hash::FxHashSet;

use super::{
    Access, Flow, Reference, Target,
    resolver::{Class, Named},
    walk::{Use, Walk},
};
use cfront::{
    ast::{Expr, ExprKind, UnaryOp},
    symbol::Symbol,
};

/// What is at the other end of a copy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum OtherEnd {
    /// A value, or something that is made of its members.
    Value,
    /// An object in memory, or a number that memory is filled with.
    Memory,
    /// That local, which may yet be taken apart.
    Local(u32),
}

impl Walk<'_> {
    /// Writes a struct or union that is copied from `value`.
    pub(super) fn copy_to(&mut self, target: &Expr, value: &Expr) {
        let other_end = self.holder(value, 0);
        self.place(target, Use { other_end, ..Use::new(Access::Write) });
    }

    /// Reads a struct or union that is copied to `target`.
    pub(super) fn copy_from(&mut self, value: &Expr, target: &Expr) {
        let other_end = self.holder(target, 0);
        self.copied(value, Use { other_end, ..Use::new(Access::Read) });
    }

    /// Reads a struct or union that a local variable starts as.
    pub(super) fn copy_to_local(&mut self, value: &Expr, local: u32) {
        let other_end = OtherEnd::Local(local);
        let usage = Use { flow: Flow::Local(local), other_end, ..Use::new(Access::Read) };
        self.copied(value, usage);
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

    /// What holds an object.
    fn holder(&mut self, expr: &Expr, depth: u32) -> OtherEnd {
        if depth > 64 {
            return OtherEnd::Value;
        }
        match &expr.kind {
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => {
                self.holder(e, depth + 1)
            }
            ExprKind::Ident(ident) => match self.resolver.resolve(*ident) {
                Named::Local(local) => OtherEnd::Local(local),
                Named::Static(_) | Named::Variable(_) => OtherEnd::Memory,
                _ => OtherEnd::Value,
            },
            ExprKind::Member { base, arrow: false, .. } => self.holder(base, depth + 1),
            ExprKind::Index { base, .. } if self.resolver.class(base) == Class::Array => {
                self.holder(base, depth + 1)
            }
            ExprKind::Member { arrow: true, base, .. } | ExprKind::Unary(UnaryOp::Deref, base) => {
                self.pointed(base, depth + 1)
            }
            ExprKind::Index { .. } => OtherEnd::Memory,
            _ => OtherEnd::Value,
        }
    }

    /// What holds the object behind a pointer.
    pub(super) fn pointed(&mut self, expr: &Expr, depth: u32) -> OtherEnd {
        if depth > 64 {
            return OtherEnd::Value;
        }
        match &expr.kind {
            ExprKind::Paren(e)
            | ExprKind::Unary(UnaryOp::Extension, e)
            | ExprKind::Cast { expr: e, .. } => self.pointed(e, depth + 1),
            ExprKind::Unary(UnaryOp::AddrOf, e) => self.holder(e, depth + 1),
            _ if self.resolver.class(expr) == Class::Array => self.holder(expr, depth + 1),
            _ => OtherEnd::Memory,
        }
    }
}

/// A local whose address goes to code that is not seen stays in memory; any other is taken apart.
pub(super) fn settle(
    references: &mut [Reference],
    copies_of_locals: &[(usize, u32)],
    has_body: impl Fn(Symbol) -> bool,
) {
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
    for &(index, local) in copies_of_locals {
        if let Some(reference) = references.get_mut(index) {
            reference.extent.at_once = held.contains(&local);
        }
    }
}
