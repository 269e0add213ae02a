//! Initialisers: of static storage (constants), and of automatic variables.

use super::{
    ConstantInitializer, Flow, Target,
    resolver::Class,
    walk::{Use, Walk},
};
use cfront::{
    ast::{Expr, ExprKind, InitItem, Initializer, UnaryOp},
    ctypes::CTypeId,
};

impl Walk<'_> {
    /// The initialiser of a variable with static storage: addresses in the order of members.
    pub(super) fn static_init(&mut self, ty: Option<CTypeId>, init: &Initializer) {
        self.deeper(|walk| match init {
            Initializer::Expr(expr) => walk.static_value(ty, expr),
            Initializer::List(items, _) => {
                walk.in_order(ty, items, |walk, ty, item| walk.static_init(ty, &item.value));
            }
        });
    }

    fn static_value(&mut self, ty: Option<CTypeId>, expr: &Expr) {
        match &expr.kind {
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => self.static_value(ty, e),
            ExprKind::Str { .. } if self.is_array(ty) => {}
            ExprKind::CompoundLiteral { ty: literal, init } => {
                let literal = self.resolver.type_name(literal);
                // An array that becomes a pointer is a variable of its own (`.compoundliteral`).
                self.body.incomplete |= self.is_array(literal) && !self.is_array(ty);
                self.static_init(literal, init);
            }
            ExprKind::Unary(UnaryOp::AddrOf, operand)
                if matches!(operand.unparen().kind, ExprKind::CompoundLiteral { .. }) =>
            {
                self.body.incomplete = true;
                self.value(expr);
            }
            _ => self.value(expr),
        }
    }

    /// The initialiser of a local variable.
    pub(super) fn local_init(&mut self, local: u32, init: &Initializer) {
        let ty = self.resolver.local_type(local);
        let aggregate = ty.is_some_and(|ty| self.is_aggregate(ty));
        if aggregate && self.resolver.is_constant(local, init) {
            // A constant is copied from a private variable of its own.
            let index = self.body.constants.len() as u32;
            self.body.constants.push(ConstantInitializer { local, init: init.clone() });
            self.emit(Target::Constant(index), &Use::new(super::Access::Create), 0);
            self.static_init(ty, init);
            return;
        }
        match init {
            Initializer::Expr(value) => match ty {
                Some(ty) if self.is_array(Some(ty)) => self.auto_init(Some(ty), init),
                Some(ty) if self.resolver.class_of(ty) == Class::Record => {
                    self.copy_to_local(value, local)
                }
                _ => self.init_value(init, Flow::Local(local)),
            },
            Initializer::List(items, _) if !ty.is_some_and(|ty| self.is_aggregate(ty)) => {
                // `int x = { e }`
                if let [item] = items.as_slice() {
                    self.init_value(&item.value, Flow::Local(local));
                }
            }
            Initializer::List(..) => self.auto_init(ty, init),
        }
    }

    /// An initialiser with automatic storage: members in their order.
    pub(super) fn auto_init(&mut self, ty: Option<CTypeId>, init: &Initializer) {
        self.deeper(|walk| match init {
            Initializer::Expr(expr) => {
                if let ExprKind::Str { bytes, width } = &expr.unparen().kind
                    && walk.is_array(ty)
                {
                    walk.array_literal(ty, bytes, *width, expr.span.start);
                    return;
                }
                walk.value(expr);
            }
            Initializer::List(items, _) => {
                walk.in_order(ty, items, |walk, ty, item| walk.auto_init(ty, &item.value));
            }
        });
    }

    /// An array in an initialiser that is not constant is copied from a constant of its size.
    fn array_literal(&mut self, ty: Option<CTypeId>, bytes: &[u8], width: u8, token: u32) {
        let size = ty.and_then(|ty| self.resolver.size(ty)).unwrap_or(0);
        let terminator = u64::from(width);
        let mut padded = bytes.to_vec();
        // Copies of 1, 2, 4 and 8 bytes become stores.
        if matches!(size, 1 | 2 | 4 | 8) || size > 1 << 20 {
            return;
        }
        if size > terminator {
            padded.resize((size - terminator) as usize, 0);
        }
        self.emit(Target::Str(padded, width), &Use::address(Flow::Escapes), token);
    }

    fn in_order(
        &mut self,
        ty: Option<CTypeId>,
        items: &[InitItem],
        mut each: impl FnMut(&mut Self, Option<CTypeId>, &InitItem),
    ) {
        let positions = ty.and_then(|ty| self.resolver.positions(ty, items));
        let Some(positions) = positions.filter(|p| p.len() == items.len()) else {
            for item in items {
                each(self, None, item);
            }
            return;
        };
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by_key(|&i| positions.get(i).map_or(0, |p| p.0));
        for (n, &i) in order.iter().enumerate() {
            let rank = positions.get(i).map(|p| p.0);
            // A member that is given twice has the later value.
            let next = order.get(n + 1).and_then(|&j| positions.get(j)).map(|p| p.0);
            if rank == next && items.get(i).is_some_and(|item| item.designators.len() == 1) {
                continue;
            }
            if let (Some(item), Some((_, ty))) = (items.get(i), positions.get(i)) {
                each(self, *ty, item);
            }
        }
    }

    fn is_array(&mut self, ty: Option<CTypeId>) -> bool {
        ty.is_some_and(|ty| self.resolver.class_of(ty) == Class::Array)
    }

    fn is_aggregate(&mut self, ty: CTypeId) -> bool {
        matches!(self.resolver.class_of(ty), Class::Array | Class::Record)
    }
}
