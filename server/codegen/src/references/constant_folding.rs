//! Constants as clang's front end folds them ([`crate::laws::CONSTANT_FOLDING`]).

use cfront::{
    ast::{BinaryOp, Expr, ExprKind, Initializer, UnaryOp},
    ctypes::{CType, CTypeId},
    sema::{Definition, LocalId, Resolution, Variable},
    unit::ItemId,
};

use super::{
    initializer_at, local_declarations,
    resolver::{Named, Resolver},
};

const MAX_DEPTH: u32 = 200;

impl Resolver<'_> {
    /// Whether reads of the variable are folded to a constant by the front end (`const`
    /// non-volatile scalar with a constant initialiser).
    pub(super) fn folds(&mut self, named: Named) -> bool {
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

    fn const_float(&self, variable: &Variable) -> bool {
        matches!(self.unit.canonical(variable.ty), CType::Float(_))
            && self.is_folded_type(variable.ty)
            && matches!(variable.definition, Definition::Initialised(_))
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

    /// Value of a `const` variable that clang folds.
    fn const_variable(&mut self, variable: &Variable) -> Option<i128> {
        if variable.attrs.weak || !self.is_folded_type(variable.ty) {
            return None;
        }
        let Definition::Initialised(index) = variable.definition else { return None };
        let decl = variable.decls.get(index)?;
        let (item, scope) = self.unit.declaration(ItemId(decl.place.item))?;
        let expr = single(initializer_at(&item.syntax, decl.declarator)?)?;
        let (unit, depth) = (self.unit, self.depth + 1);
        Resolver { unit, item: item.clone(), scope, depth }.int_value(expr)
    }

    fn const_local(&mut self, local: LocalId) -> Option<i128> {
        let scope = self.scope.clone();
        let found = scope.local(local)?;
        if !self.is_folded_type(found.ty) || !found.initialised {
            return None;
        }
        let item = self.item.clone();
        self.int_value(single(local_initializer(&item.syntax, found.token)?)?)
    }

    /// The value of an expression as clang's `EvaluateAsInt` finds it: constants, and `const`
    /// variables with constant initialisers.
    pub(super) fn int_value(&mut self, expr: &Expr) -> Option<i128> {
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
                self.int_value(e)
            }
            ExprKind::Cast { ty, expr } => {
                let value = self.int_value(expr)?;
                let to = self.unit.type_name(&self.scope, ty);
                match self.unit.canonical(to) {
                    CType::Bool => Some(i128::from(value != 0)),
                    CType::Int(_) | CType::Enum(_) => Some(truncate(value, self.unit.size_of(to)?)),
                    _ => None,
                }
            }
            ExprKind::Unary(UnaryOp::Not, e) => self.int_value(e).map(|v| i128::from(v == 0)),
            ExprKind::Unary(UnaryOp::Minus, e) => self.int_value(e)?.checked_neg(),
            ExprKind::Binary(BinaryOp::LogAnd, a, b) => match self.int_value(a)? {
                0 => Some(0),
                _ => self.int_value(b).map(|v| i128::from(v != 0)),
            },
            ExprKind::Binary(BinaryOp::LogOr, a, b) => match self.int_value(a)? {
                0 => self.int_value(b).map(|v| i128::from(v != 0)),
                _ => Some(1),
            },
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (self.int_value(a)?, self.int_value(b)?);
                binary(*op, a, b)
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                match (self.int_value(cond)?, then) {
                    (0, _) => self.int_value(otherwise),
                    (value, None) => Some(value),
                    (_, Some(then)) => self.int_value(then),
                }
            }
            ExprKind::Call { callee, args } => match (&callee.kind, args.first()) {
                (ExprKind::Ident(name), Some(arg)) => match name.name.as_str() {
                    "__builtin_expect" => self.int_value(arg),
                    "__builtin_strcmp" | "strcmp" => compare_literals(arg, args.get(1)?),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }
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
fn local_initializer(item: &cfront::ast::Item, token: u32) -> Option<&Initializer> {
    let cfront::ast::Item::Function(function) = item else { return None };
    local_declarations::initializer(&function.body, token)
}

/// `strcmp` of two string literals, as clang folds it.
fn compare_literals(a: &Expr, b: &Expr) -> Option<i128> {
    let text = |expr: &Expr| match &expr.unparen().kind {
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
