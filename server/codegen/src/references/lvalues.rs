//! Lvalues: which object an expression designates, and which part of it.

use super::{
    Access, Flow, Step, Target,
    memory_transfers::OtherEnd,
    resolver::{Class, Named},
    walk::{Use, Walk},
};
use cfront::ast::{BinaryOp, Expr, ExprKind, UnaryOp};

impl Walk<'_> {
    /// Designates the object of an lvalue and does with it what `usage` says.
    pub(super) fn place(&mut self, expr: &Expr, usage: Use) {
        self.deeper(|walk| walk.place_inner(expr, usage));
    }

    fn place_inner(&mut self, expr: &Expr, usage: Use) {
        match &expr.kind {
            ExprKind::Ident(ident) => self.place_ident(*ident, usage),
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => self.place(e, usage),
            ExprKind::Member { base, arrow, field } => {
                let usage = usage.step(Step::Field(field.name));
                if *arrow { self.through(base, usage) } else { self.place(base, usage) }
            }
            ExprKind::Index { base, index } => {
                let step = self.index_step(index);
                let usage = usage.step(step);
                match self.resolver.class(base) {
                    Class::Array => self.place(base, usage),
                    _ => self.through_indexed(base, usage),
                }
                self.value(index);
            }
            ExprKind::Unary(UnaryOp::Deref, e) => self.through(e, usage),
            ExprKind::Str { bytes, width } => {
                self.emit(Target::Str(bytes.clone(), *width), &usage, expr.span.start)
            }
            ExprKind::CompoundLiteral { ty, init } => {
                let ty = self.resolver.type_name(ty);
                self.auto_init(ty, init);
            }
            ExprKind::ChooseExpr { cond, then, otherwise } => {
                if let Some(chosen) = self.chosen(cond, then, otherwise) {
                    self.place(chosen, usage);
                }
            }
            ExprKind::Generic { .. } => {
                if let Some(arm) = self.arm(expr) {
                    self.place(arm, usage);
                }
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                self.conditional(cond, then.as_deref(), otherwise, |walk, e| {
                    walk.place(e, usage.clone())
                });
            }
            ExprKind::Comma(a, b) => {
                self.discard(a);
                self.place(b, usage);
            }
            ExprKind::StmtExpr(block) => {
                self.block_value(block, |walk, last| walk.place(last, usage))
            }
            _ => self.value(expr),
        }
    }

    fn place_ident(&mut self, ident: cfront::ast::Ident, usage: Use) {
        if usage.steps.is_empty()
            && let Named::Local(local) = self.resolver.resolve(ident)
            && self.is_scalar_local(local)
        {
            match usage.access {
                // Writing a local pointer says nothing of what it points to; its uses do.
                Access::Write | Access::Mention => {}
                // What it points to goes where the value goes.
                Access::Read | Access::Compare => {
                    self.emit(Target::Local(local), &Use::address(usage.flow), ident.token)
                }
                _ => self.ident(ident, &usage),
            }
            return;
        }
        self.ident(ident, &usage);
    }

    fn is_scalar_local(&mut self, local: u32) -> bool {
        let ty = self.resolver.local_type(local);
        !ty.is_some_and(|ty| matches!(self.resolver.class_of(ty), Class::Array | Class::Record))
    }

    /// Accesses what a pointer points to.
    pub(super) fn through(&mut self, pointer: &Expr, usage: Use) {
        self.deeper(|walk| walk.through_inner(pointer, usage));
    }

    fn through_inner(&mut self, pointer: &Expr, mut usage: Use) {
        match &pointer.kind {
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => self.through(e, usage),
            ExprKind::Unary(UnaryOp::AddrOf, e) => self.place(e, usage),
            ExprKind::Cast { ty, expr } => {
                usage.volatile |= self.resolver.points_to_volatile(ty);
                // The value itself is accessed: so many bytes by one load or store. Behind a pointer it
                // is taken to be aligned as its type is.
                if usage.is_plain()
                    && self.is_object(expr)
                    && matches!(usage.access, Access::Read | Access::Write | Access::ReadWrite)
                    && let Some(size) = self.resolver.scalar_behind(ty)
                {
                    usage = Use { other_end: OtherEnd::Memory, ..usage }.bytes(Some(size));
                }
                self.through(expr, usage.step(Step::Punned));
            }
            ExprKind::Binary(BinaryOp::Add, base, index)
                if self.resolver.class(base) == Class::Array =>
            {
                let step = self.index_step(index);
                self.place(base, usage.step(step));
                self.value(index);
            }
            ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub, base, index) => {
                self.through_indexed(base, usage.step(Step::Punned));
                self.value(index);
            }
            ExprKind::Ident(ident) => match self.resolver.resolve(*ident) {
                Named::Local(local) if self.resolver.class(pointer) != Class::Array => {
                    self.emit(Target::Local(local), &usage, ident.token);
                }
                _ => self.through_value(pointer, usage),
            },
            ExprKind::Call { callee, args } if is_preserve_access(callee) => {
                if let Some(arg) = args.first() {
                    self.through(arg, usage);
                }
            }
            ExprKind::Str { .. } => self.place(pointer, usage.step(Step::Index(Some(0)))),
            ExprKind::Comma(a, b) => {
                self.discard(a);
                self.through(b, usage);
            }
            ExprKind::StmtExpr(block) => {
                self.block_value(block, |walk, last| walk.through(last, usage))
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                self.conditional(cond, then.as_deref(), otherwise, |walk, e| {
                    walk.through(e, usage.clone())
                });
            }
            ExprKind::ChooseExpr { cond, then, otherwise } => {
                if let Some(chosen) = self.chosen(cond, then, otherwise) {
                    self.through(chosen, usage);
                }
            }
            ExprKind::Generic { .. } => {
                if let Some(arm) = self.arm(pointer) {
                    self.through(arm, usage);
                }
            }
            _ => self.through_value(pointer, usage),
        }
    }

    /// Whether an address is plainly that of an object.
    fn is_object(&mut self, address: &Expr) -> bool {
        match &address.kind {
            ExprKind::Paren(e) | ExprKind::Cast { expr: e, .. } => self.is_object(e),
            ExprKind::Unary(op, _) => *op == UnaryOp::AddrOf,
            _ => self.resolver.class(address) == Class::Array,
        }
    }

    /// Like [`Walk::through`] where an index was added already: an array keeps only that one.
    fn through_indexed(&mut self, pointer: &Expr, usage: Use) {
        self.through(pointer, usage);
    }

    fn through_value(&mut self, pointer: &Expr, usage: Use) {
        if self.resolver.class(pointer) == Class::Array {
            self.place(pointer, usage.step(Step::Index(Some(0))));
        } else {
            self.value_to(pointer, Flow::Escapes);
        }
    }
}

fn is_preserve_access(callee: &Expr) -> bool {
    matches!(&callee.kind, ExprKind::Ident(ident) if ident.name.as_str() == "__builtin_preserve_access_index")
}
