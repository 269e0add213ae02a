//! The [`Resolver`] of a translation unit's item.

use std::sync::Arc;

use super::{Class, Named, Resolver};
use crate::{
    ast::{BinaryOp, Designator, Expr, ExprKind, Ident, InitItem, Initializer, TypeName, UnaryOp},
    ctypes::{CType, CTypeId},
    sema::{Definition, Initial, ItemScope, LocalId, LocalKind, Resolution, Variable},
    symbol::Symbol,
    unit::{ItemId, Unit},
};

/// Resolves names and types of one item.
pub struct UnitResolver<'u> {
    unit: &'u Unit,
    scope: Arc<ItemScope>,
    depth: u32,
}

const MAX_DEPTH: u32 = 200;

impl<'u> UnitResolver<'u> {
    /// For the item with that scope.
    pub fn new(unit: &'u Unit, scope: Arc<ItemScope>) -> Self {
        UnitResolver { unit, scope, depth: 0 }
    }

    fn class_of_type(&self, ty: CTypeId) -> Class {
        match self.unit.canonical(ty) {
            CType::Void | CType::Unknown => Class::Unknown,
            CType::Record(_) => Class::Record,
            CType::Array { .. } => Class::Array,
            CType::Function(_) => Class::Function,
            _ => Class::Scalar,
        }
    }

    fn is_arithmetic(&self, ty: CTypeId) -> bool {
        matches!(
            self.unit.canonical(ty),
            CType::Bool | CType::Int(_) | CType::Enum(_) | CType::Float(_)
        )
    }

    fn is_folded_type(&self, ty: CTypeId) -> bool {
        self.unit.is_const(ty) && !self.unit.is_volatile(ty) && self.is_arithmetic(ty)
    }

    /// The initialiser of a variable with its scope.
    fn initializer(&self, variable: &Variable) -> Option<(Arc<ItemScope>, Initializer)> {
        let Definition::Initialised(index) = variable.definition else { return None };
        let decl = variable.decls.get(index)?;
        let item = ItemId(decl.place.item);
        let parsed = self.unit.item(item)?;
        let init = initializer_at(&parsed.syntax, decl.declarator)?.clone();
        Some((self.unit.scope(item)?, init))
    }

    /// Value of a `const` variable that clang folds.
    fn const_variable(&mut self, variable: &Variable) -> Option<i128> {
        if variable.attrs.weak || !self.is_folded_type(variable.ty) {
            return None;
        }
        let (scope, init) = self.initializer(variable)?;
        let expr = single(&init)?;
        let mut inner = UnitResolver { unit: self.unit, scope, depth: self.depth + 1 };
        inner.fold(expr)
    }

    fn const_local(&mut self, local: LocalId) -> Option<i128> {
        let scope = self.scope.clone();
        let found = scope.local(local)?;
        if !self.is_folded_type(found.ty) || !found.initialised {
            return None;
        }
        let item = ItemId(scope.place().item);
        let parsed = self.unit.item(item)?;
        let init = local_initializer(&parsed.syntax, found.token)?;
        let expr = single(init)?.clone();
        self.fold(&expr)
    }

    /// The value of an expression as clang's `EvaluateAsInt` finds it: constants, and `const`
    /// variables with constant initialisers.
    fn fold(&mut self, expr: &Expr) -> Option<i128> {
        if let Some(value) = self.unit.constant(&self.scope, expr) {
            return Some(value);
        }
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let value = self.fold_inner(expr);
        self.depth -= 1;
        value
    }

    fn fold_inner(&mut self, expr: &Expr) -> Option<i128> {
        match &expr.kind {
            ExprKind::Ident(ident) => match self.scope.clone().resolve(self.unit, *ident) {
                Resolution::Variable(variable) => self.const_variable(&variable),
                Resolution::Local(local) => self.const_local(local),
                _ => None,
            },
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Plus | UnaryOp::Extension, e) => {
                self.fold(e)
            }
            ExprKind::Cast { ty, expr } => {
                let value = self.fold(expr)?;
                let to = self.unit.type_name(&self.scope, ty);
                match self.unit.canonical(to) {
                    CType::Bool => Some(i128::from(value != 0)),
                    CType::Int(_) | CType::Enum(_) => Some(truncate(value, self.unit.size_of(to)?)),
                    _ => None,
                }
            }
            ExprKind::Unary(UnaryOp::Not, e) => self.fold(e).map(|v| i128::from(v == 0)),
            ExprKind::Unary(UnaryOp::Minus, e) => self.fold(e)?.checked_neg(),
            ExprKind::Binary(BinaryOp::LogAnd, a, b) => match self.fold(a)? {
                0 => Some(0),
                _ => self.fold(b).map(|v| i128::from(v != 0)),
            },
            ExprKind::Binary(BinaryOp::LogOr, a, b) => match self.fold(a)? {
                0 => self.fold(b).map(|v| i128::from(v != 0)),
                _ => Some(1),
            },
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (self.fold(a)?, self.fold(b)?);
                binary(*op, a, b)
            }
            ExprKind::Conditional { cond, then, otherwise } => match (self.fold(cond)?, then) {
                (0, _) => self.fold(otherwise),
                (value, None) => Some(value),
                (_, Some(then)) => self.fold(then),
            },
            ExprKind::Call { callee, args } => match (&callee.kind, args.first()) {
                (ExprKind::Ident(name), Some(arg)) => match name.name.as_str() {
                    "__builtin_expect" => self.fold(arg),
                    "__builtin_strcmp" | "strcmp" => compare_literals(arg, args.get(1)?),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }
}

impl Resolver for UnitResolver<'_> {
    type Ty = CTypeId;

    fn resolve(&mut self, ident: Ident) -> Named {
        if let Some(local) = self.scope.declared(ident.token) {
            return named_local(local.kind, local.id, local.name);
        }
        match self.scope.resolve(self.unit, ident) {
            Resolution::Local(id) => match self.scope.local(id) {
                Some(local) => named_local(local.kind, id, local.name),
                None => Named::Other,
            },
            Resolution::Variable(variable) => Named::Variable(variable.name),
            Resolution::Function(function) => Named::Function(function.name),
            _ => Named::Other,
        }
    }

    fn folds(&mut self, named: Named) -> bool {
        match named {
            Named::Variable(name) => self
                .unit
                .variable(name)
                .is_some_and(|v| self.const_variable(&v).is_some() || self.const_float(&v)),
            Named::Static(local) | Named::Local(local) => {
                self.const_local(LocalId(local)).is_some()
            }
            _ => false,
        }
    }

    fn parameter(&mut self, local: u32) -> Option<u32> {
        match self.scope.local(LocalId(local))?.kind {
            LocalKind::Param(index) => Some(index),
            _ => None,
        }
    }

    fn cleanup(&mut self, local: u32) -> Option<Symbol> {
        self.scope.local(LocalId(local))?.attrs.cleanup
    }

    fn local_type(&mut self, local: u32) -> Option<CTypeId> {
        self.scope.local(LocalId(local)).map(|l| l.ty)
    }

    fn noreturn(&mut self, function: Symbol) -> bool {
        self.unit.function(function).is_some_and(|f| f.attrs.noreturn)
    }

    fn int_value(&mut self, expr: &Expr) -> Option<i128> {
        self.fold(expr)
    }

    fn class(&mut self, expr: &Expr) -> Class {
        match self.unit.expr_type(&self.scope, expr) {
            Some(ty) => self.class_of_type(ty),
            None => Class::Unknown,
        }
    }

    fn class_of(&mut self, ty: CTypeId) -> Class {
        self.class_of_type(ty)
    }

    fn type_name(&mut self, name: &TypeName) -> Option<CTypeId> {
        let ty = self.unit.type_name(&self.scope, name);
        (ty != CTypeId::UNKNOWN).then_some(ty)
    }

    fn points_to_volatile(&mut self, name: &TypeName) -> bool {
        match self.unit.canonical(self.unit.type_name(&self.scope, name)) {
            CType::Pointer(to) => self.unit.is_volatile(to),
            _ => false,
        }
    }

    fn has_body(&mut self, function: Symbol) -> bool {
        self.unit.function(function).is_some_and(|f| f.definition_place().is_some())
    }

    fn scalar_behind(&mut self, name: &TypeName) -> Option<u64> {
        let CType::Pointer(to) = self.unit.canonical(self.unit.type_name(&self.scope, name)) else {
            return None;
        };
        let scalar = matches!(
            self.unit.canonical(to),
            CType::Int(_) | CType::Bool | CType::Enum(_) | CType::Pointer(_)
        );
        scalar.then(|| self.unit.size_of(to))?
    }

    fn generic_arm(&mut self, expr: &Expr) -> Option<usize> {
        let ExprKind::Generic { control, arms } = &expr.kind else { return None };
        let control = self.unit.expr_type(&self.scope, control)?;
        // Lvalue conversion drops qualifiers; arrays and functions decay.
        let wanted = match self.unit.canonical(control) {
            CType::Array { elem, .. } => CType::Pointer(elem),
            other => other,
        };
        let mut default = None;
        for (index, (ty, _)) in arms.iter().enumerate() {
            match ty {
                None => default = Some(index),
                Some(ty) => {
                    let ty = self.unit.type_name(&self.scope, ty);
                    if self.same(&wanted, &self.unit.canonical(ty), 0) {
                        return Some(index);
                    }
                }
            }
        }
        default
    }

    fn is_constant(&mut self, local: u32, init: &Initializer) -> bool {
        self.unit.initial_of_automatic(&self.scope, LocalId(local), init) != Initial::Unknown
    }

    fn size(&mut self, ty: CTypeId) -> Option<u64> {
        self.unit.size_of(ty)
    }

    fn positions(
        &mut self,
        ty: CTypeId,
        items: &[InitItem],
    ) -> Option<Vec<(u64, Option<CTypeId>)>> {
        let mut out = Vec::with_capacity(items.len());
        match self.unit.canonical(ty) {
            CType::Record(id) => {
                let record = self.unit.record(id)?;
                let mut next = 0usize;
                for item in items {
                    let (index, ty) = match item.designators.first() {
                        Some(Designator::Field(field)) => {
                            let found = self.unit.member(id, field.name)?;
                            (found.index, Some(found.field.ty))
                        }
                        Some(_) => return None,
                        None => (next, record.fields.get(next).map(|f| f.ty)),
                    };
                    next = index + 1;
                    let ty = if item.designators.len() > 1 {
                        self.designated(ty, item.designators.get(1..)?)
                    } else {
                        ty
                    };
                    out.push((index as u64, ty));
                }
                Some(out)
            }
            CType::Array { elem, .. } => {
                let mut next = 0u64;
                for item in items {
                    let index = match item.designators.first() {
                        Some(Designator::Index(index)) => u64::try_from(self.fold(index)?).ok()?,
                        Some(Designator::Range(from, _)) => u64::try_from(self.fold(from)?).ok()?,
                        Some(Designator::Field(_)) => return None,
                        None => next,
                    };
                    next = index.checked_add(1)?;
                    let ty = match item.designators.get(1..) {
                        Some(rest) if !rest.is_empty() => self.designated(Some(elem), rest),
                        _ => Some(elem),
                    };
                    out.push((index, ty));
                }
                Some(out)
            }
            _ => None,
        }
    }
}

impl UnitResolver<'_> {
    fn const_float(&mut self, variable: &Variable) -> bool {
        matches!(self.unit.canonical(variable.ty), CType::Float(_))
            && self.is_folded_type(variable.ty)
            && matches!(variable.definition, Definition::Initialised(_))
    }

    fn designated(&self, ty: Option<CTypeId>, path: &[Designator]) -> Option<CTypeId> {
        let mut ty = ty?;
        for step in path {
            ty = match (step, self.unit.canonical(ty)) {
                (Designator::Field(field), CType::Record(id)) => {
                    self.unit.member(id, field.name)?.field.ty
                }
                (Designator::Index(_) | Designator::Range(..), CType::Array { elem, .. }) => elem,
                _ => return None,
            };
        }
        Some(ty)
    }

    /// Whether two canonical types are the same for `_Generic` (pointees with their qualifiers).
    fn same(&self, a: &CType, b: &CType, depth: u32) -> bool {
        if a == b {
            return true;
        }
        match (a, b) {
            (CType::Pointer(a), CType::Pointer(b)) if depth < 16 => {
                self.unit.is_const(*a) == self.unit.is_const(*b)
                    && self.unit.is_volatile(*a) == self.unit.is_volatile(*b)
                    && self.same(&self.unit.canonical(*a), &self.unit.canonical(*b), depth + 1)
            }
            // An enum is compatible with its integer type.
            (CType::Enum(id), CType::Int(kind)) | (CType::Int(kind), CType::Enum(id)) => {
                self.unit.enumeration(*id).is_some_and(|e| e.underlying == *kind)
            }
            _ => false,
        }
    }
}

fn named_local(kind: LocalKind, id: LocalId, name: Symbol) -> Named {
    match kind {
        LocalKind::Param(_) | LocalKind::Auto => Named::Local(id.0),
        LocalKind::Static => Named::Static(id.0),
        LocalKind::Extern => Named::Variable(name),
        LocalKind::Function => Named::Function(name),
    }
}

/// The initialiser of the n-th declarator of a declaration.
pub fn initializer_at(item: &crate::ast::Item, declarator: u32) -> Option<&Initializer> {
    let crate::ast::Item::Declaration(declaration) = item else { return None };
    declaration.declarators.get(declarator as usize)?.init.as_ref()
}

fn single(init: &Initializer) -> Option<&Expr> {
    match init {
        Initializer::Expr(expr) => Some(expr),
        Initializer::List(items, _) => match items.as_slice() {
            [item] if item.designators.is_empty() => match &item.value {
                Initializer::Expr(expr) => Some(expr),
                Initializer::List(..) => None,
            },
            _ => None,
        },
    }
}

/// The initialiser of the local whose name is that token.
fn local_initializer(item: &crate::ast::Item, token: u32) -> Option<&Initializer> {
    let crate::ast::Item::Function(function) = item else { return None };
    super::locals::initializer(&function.body, token)
}

/// `strcmp` of two string literals, as clang folds it.
fn compare_literals(a: &Expr, b: &Expr) -> Option<i128> {
    let text = |expr: &Expr| match &super::init::peel(expr).kind {
        ExprKind::Str { bytes, width: 1 } => {
            let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
            bytes.get(..end).map(<[u8]>::to_vec)
        }
        _ => None,
    };
    Some(match text(a)?.cmp(&text(b)?) {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    })
}

fn truncate(value: i128, size: u64) -> i128 {
    match size {
        1..=8 => {
            let shift = 128 - 8 * size as u32;
            let low = (value as u128) << shift;
            // Whether the type is signed does not matter to a test for zero; keep it unsigned.
            (low >> shift) as i128
        }
        _ => value,
    }
}

fn binary(op: BinaryOp, a: i128, b: i128) -> Option<i128> {
    Some(match op {
        BinaryOp::Add => a.checked_add(b)?,
        BinaryOp::Sub => a.checked_sub(b)?,
        BinaryOp::Mul => a.checked_mul(b)?,
        BinaryOp::Div => a.checked_div(b)?,
        BinaryOp::Rem => a.checked_rem(b)?,
        BinaryOp::Shl => a.checked_shl(u32::try_from(b).ok()?)?,
        BinaryOp::Shr => a.checked_shr(u32::try_from(b).ok()?)?,
        BinaryOp::Lt => (a < b).into(),
        BinaryOp::Gt => (a > b).into(),
        BinaryOp::Le => (a <= b).into(),
        BinaryOp::Ge => (a >= b).into(),
        BinaryOp::Eq => (a == b).into(),
        BinaryOp::Ne => (a != b).into(),
        BinaryOp::BitAnd => a & b,
        BinaryOp::BitOr => a | b,
        BinaryOp::BitXor => a ^ b,
        BinaryOp::LogAnd => (a != 0 && b != 0).into(),
        BinaryOp::LogOr => (a != 0 || b != 0).into(),
    })
}
