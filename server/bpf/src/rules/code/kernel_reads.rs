//! What a program reads of the kernel's memory: through its typed arguments, and through its context.

use cfront::{
    ast::{Expr, ExprKind, Initializer, UnaryOp, visit},
    ctypes::{CType, CTypeId},
    sema::{Local, LocalId, LocalKind},
    unit::Unit,
};
use codegen::references::{Access, Target};
use rustc_hash::FxHashSet;

use super::{
    body::FnBody,
    expressions::{is_changed, local_init},
};

/// The parameters that the user gave the macro: those after the context.
pub(in super::super) fn parameters(body: &FnBody) -> impl Iterator<Item = &Local> {
    body.scope.locals().iter().filter(|l| matches!(l.kind, LocalKind::Param(index) if index > 0))
}

/// The pointer arguments of a wrapped program that it certainly reads or writes through, itself or
/// through a local that is a copy of it for good, each with the first token that does.
pub(in super::super) fn dereferenced<'b>(unit: &Unit, body: &'b FnBody) -> Vec<(&'b Local, u32)> {
    let mut found: Vec<(&Local, u32)> = Vec::new();
    for reference in &body.refs.references {
        let Target::Local(local) = reference.target else { continue };
        let pointer = LocalId(local);
        let local = copied(body, pointer).unwrap_or(pointer);
        let Some(parameter) = parameters(body).find(|p| p.id == local) else { continue };
        let accesses = matches!(
            reference.access,
            Access::Read | Access::Write | Access::ReadWrite | Access::Compare
        );
        if accesses
            && !reference.dead
            && !found.iter().any(|(known, _)| known.id == local)
            && matches!(unit.canonical(parameter.ty), CType::Pointer(_))
            && unit.address_space(pointee(unit, parameter.ty)) == 0
            && body.walked_at(reference.token)
            && !is_changed(body, local)
            && !is_changed(body, pointer)
            && !came_through_reader(unit, body, reference.token)
        {
            found.push((parameter, reference.token));
        }
    }
    found
}

/// The first member that an iterator certainly reads behind a pointer of its context: `pid` of
/// `ctx->task->pid`, also through locals that are copies of such a pointer for good.
pub(in super::super) fn read_behind_context(unit: &Unit, body: &FnBody) -> Option<u32> {
    struct Reads<'a> {
        unit: &'a Unit,
        body: &'a FnBody,
        named_only: FxHashSet<u32>,
        first: Option<u32>,
    }
    impl Reads<'_> {
        /// An array is only an address until something reads an element.
        fn is_scalar(&self, expr: &Expr) -> bool {
            self.unit.expr_type(&self.body.scope, expr).is_some_and(|ty| {
                matches!(
                    self.unit.canonical(ty),
                    CType::Int(_) | CType::Bool | CType::Enum(_) | CType::Pointer(_)
                )
            })
        }

        fn is_context(&self, expr: &Expr) -> bool {
            let ExprKind::Ident(ident) = &expr.unparen().kind else { return false };
            self.body.scope.local_use(*ident).is_some_and(|local| {
                local.kind == LocalKind::Param(0) && !is_changed(self.body, local.id)
            })
        }

        /// `ctx->task`, or a copy of it.
        fn is_kernel_pointer(&self, expr: &Expr) -> bool {
            match &expr.uncast().kind {
                ExprKind::Member { base, arrow: true, .. } => self.is_context(base),
                ExprKind::Ident(ident) => {
                    let Some(local) = self.body.scope.local_use(*ident) else { return false };
                    let init = (local.kind == LocalKind::Auto && !is_changed(self.body, local.id))
                        .then(|| local_init(self.body.syntax()?, local.token))
                        .flatten();
                    let Some(Initializer::Expr(value)) = init else { return false };
                    match &value.uncast().kind {
                        ExprKind::Member { base, arrow: true, .. } => self.is_context(base),
                        _ => false,
                    }
                }
                _ => false,
            }
        }
    }
    impl visit::Visitor for Reads<'_> {
        fn expr(&mut self, expr: &Expr) {
            if let ExprKind::Member { base, arrow: true, field } = &expr.kind
                && self.is_kernel_pointer(base)
                && self.body.walked_at(field.token)
                && !came_through_reader(self.unit, self.body, field.token)
                && !self.named_only.contains(&field.token)
                && self.is_scalar(expr)
            {
                self.first = Some(self.first.map_or(field.token, |first| first.min(field.token)));
            }
        }
    }
    let syntax = body.syntax()?;
    let mut named = NamedOnly(FxHashSet::default());
    visit::block(&syntax.body, &mut named);
    let mut reads = Reads { unit, body, named_only: named.0, first: None };
    visit::block(&syntax.body, &mut reads);
    reads.first
}

/// Members that are named and not read: `m` of `&p->m`, `&p->m.n` and `sizeof(p->m)`.
struct NamedOnly(FxHashSet<u32>);

impl visit::Visitor for NamedOnly {
    fn expr(&mut self, expr: &Expr) {
        let (ExprKind::Unary(UnaryOp::AddrOf, inner) | ExprKind::SizeofExpr(inner)) = &expr.kind
        else {
            return;
        };
        let mut place = inner.unparen();
        while let ExprKind::Member { base, arrow, field } = &place.kind {
            self.0.insert(field.token);
            if *arrow {
                break;
            }
            place = base.unparen();
        }
    }
}

/// The local whose value an automatic pointer begins with: `p` of `T *q = p;`.
fn copied(body: &FnBody, pointer: LocalId) -> Option<LocalId> {
    let local = body.scope.local(pointer).filter(|local| local.kind == LocalKind::Auto)?;
    let Initializer::Expr(value) = local_init(body.syntax()?, local.token)? else { return None };
    let ExprKind::Ident(ident) = &value.uncast().kind else { return None };
    body.scope.local_use(*ident).map(|local| local.id)
}

/// Whether a token came out of a macro that reads by helper, whatever it expands to here.
fn came_through_reader(unit: &Unit, body: &FnBody, token: u32) -> bool {
    let Some(token) = unit.tokens(body.item).get(token as usize) else { return true };
    unit.preprocessed().expansion_stack(token.loc).iter().any(|step| {
        let name = step.macro_name.as_str();
        ["BPF_CORE_READ", "BPF_PROBE_READ", "BPF_CORE_WRITE"].iter().any(|p| name.starts_with(p))
    })
}

fn pointee(unit: &Unit, ty: CTypeId) -> CTypeId {
    match unit.canonical(ty) {
        CType::Pointer(to) => to,
        _ => ty,
    }
}
