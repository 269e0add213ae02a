//! Places: what lvalues designate, and how it is read and written. An access to a record with
//! `preserve_access_index` goes through a relocated offset (`BPFAbstractMemberAccess`).

use cfront::{
    ast::{Designator, Expr, ExprKind, UnaryOp},
    ctypes::{CType, CTypeId},
};

use super::{
    cost::INSTRUCTION,
    eval::{Eval, Scalar},
    memory::Loc,
    value::Val,
};
use crate::source::parts;

/// What an lvalue designates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    base: Val,
    offset: i64,
    /// The offset is relocated when the program is loaded.
    relocated: bool,
    volatile: bool,
    /// A bit-field: its first bit in the bytes at the offset, and its width.
    bits: Option<(u16, u16)>,
}

impl Eval<'_, '_, '_> {
    fn at(&self, address: Val) -> Place {
        let (base, offset) = self.values.based(address);
        Place { base, offset, relocated: false, volatile: false, bits: None }
    }

    /// The place that an lvalue designates.
    pub(super) fn place(&mut self, expr: &Expr) -> Place {
        let none = self.values.opaque(Vec::new(), 0, 0);
        let none = self.at(none);
        self.deeper(none, |eval| eval.place_inner(expr))
    }

    fn place_inner(&mut self, expr: &Expr) -> Place {
        let mut place = match &expr.kind {
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => self.place(e),
            ExprKind::Ident(ident) => match self.variable(*ident) {
                Some((base, _)) => self.at(base),
                None => {
                    let value = self.values.opaque(Vec::new(), 0, 0);
                    self.at(value)
                }
            },
            ExprKind::Member { base, arrow, field } => {
                let ty = self.type_of(base);
                let (mut place, record) = match arrow {
                    true => {
                        let pointer = self.expr(base);
                        let to = ty.and_then(|ty| match self.bodies.unit.canonical(ty) {
                            CType::Pointer(to) => Some(to),
                            CType::Array { elem, .. } => Some(elem),
                            _ => None,
                        });
                        (self.at(pointer), to)
                    }
                    false => {
                        let place = match &base.kind {
                            ExprKind::Ident(_)
                            | ExprKind::Member { .. }
                            | ExprKind::Index { .. }
                            | ExprKind::Paren(_)
                            | ExprKind::Unary(..) => self.place(base),
                            _ => {
                                let (base, offset) = self.aggregate(base);
                                Place {
                                    base,
                                    offset,
                                    relocated: false,
                                    volatile: false,
                                    bits: None,
                                }
                            }
                        };
                        (place, ty)
                    }
                };
                self.member(&mut place, record, field.name);
                place
            }
            ExprKind::Index { base, index } => {
                let array = self.type_of(base).map(|ty| self.bodies.unit.canonical(ty));
                let size = self.element_size(base);
                if matches!(array, Some(CType::Array { .. })) {
                    let mut place = self.place(base);
                    let index = self.index_value(index);
                    match self.values.constant(index).and_then(|n| i64::try_from(n).ok()) {
                        Some(n) => {
                            place.offset =
                                place.offset.saturating_add(n.saturating_mul(size as i64));
                        }
                        None => {
                            // A place that is not constant: the object is in memory.
                            self.leak(place.base);
                            let address = self.address(&place);
                            let element = self.values.index(address, index, size);
                            place = Place { volatile: place.volatile, ..self.at(element) };
                        }
                    }
                    place
                } else {
                    let pointer = self.expr(base);
                    let index = self.index_value(index);
                    if self.values.constant(index).is_none() {
                        self.leak(pointer);
                    }
                    let element = self.values.index(pointer, index, size);
                    self.at(element)
                }
            }
            ExprKind::Unary(UnaryOp::Deref, e) => {
                let pointer = self.expr(e);
                self.at(pointer)
            }
            ExprKind::StmtExpr(_)
            | ExprKind::CompoundLiteral { .. }
            | ExprKind::Call { .. }
            | ExprKind::Cast { .. }
            | ExprKind::Conditional { .. }
            | ExprKind::Assign(..)
            | ExprKind::Comma(..)
            | ExprKind::Generic { .. }
            | ExprKind::ChooseExpr { .. } => match self.scalar_of(expr) {
                Some(_) => {
                    let value = self.expr(expr);
                    self.at(value)
                }
                None => {
                    let (base, offset) = self.aggregate(expr);
                    Place { base, offset, relocated: false, volatile: false, bits: None }
                }
            },
            _ => {
                let value = self.values.opaque(Vec::new(), 0, 0);
                self.at(value)
            }
        };
        place.volatile |= self.type_of(expr).is_some_and(|ty| self.bodies.unit.is_volatile(ty));
        place
    }

    fn index_value(&mut self, index: &Expr) -> Val {
        let from = self.scalar_of(index).unwrap_or(Scalar::int(64, true));
        let value = self.expr(index);
        self.values.resize(value, from.signed, from.bits, 64)
    }

    fn member(&mut self, place: &mut Place, record: Option<CTypeId>, name: cfront::symbol::Symbol) {
        let unit = self.bodies.unit;
        let Some(CType::Record(id)) = record.map(|ty| unit.canonical(ty)) else { return };
        let Some(record) = unit.record(id) else { return };
        place.relocated |= record.preserve_access_index || self.preserving > 0;
        let Some((bits, field)) = parts::member(unit, id, name) else { return };
        match field.bits {
            Some(width) => {
                let size = unit.size_of(field.ty).unwrap_or(4).max(1) * 8;
                place.offset = place.offset.saturating_add((bits / size * size / 8) as i64);
                place.bits = Some(((bits % size) as u16, width as u16));
            }
            None => place.offset = place.offset.saturating_add((bits / 8) as i64),
        }
    }

    /// Base and offset, through a relocated offset where there is one: a load of it, the addition, and
    /// a barrier (`llvm.bpf.passthrough`).
    pub(super) fn materialized(&mut self, place: &Place) -> (Val, i64) {
        if !place.relocated {
            return (place.base, place.offset);
        }
        self.leak(place.base);
        // Reading the offset is a load like others: it is done once until memory changes.
        let name = cfront::symbol::Symbol::intern(&format!("\u{1}{}", place.offset));
        let global = self.values.global(name);
        let offset = self.load(Loc { base: global, offset: 0, size: 8 }, 64);
        (self.values.opaque(vec![place.base, offset], 2 * INSTRUCTION, 0), 0)
    }

    pub(super) fn address(&mut self, place: &Place) -> Val {
        let (base, offset) = self.materialized(place);
        self.values.offset(base, offset)
    }

    /// Reads an lvalue; arrays and functions give their address.
    pub(super) fn read(&mut self, expr: &Expr) -> Val {
        let unit = self.bodies.unit;
        let ty = self.type_of(expr);
        let canonical = ty.map(|ty| unit.canonical(ty));
        if let ExprKind::Ident(_) = &expr.kind
            && let Some(c) = unit.constant(&self.scope(), expr)
        {
            return self.values.int(c);
        }
        let place = self.place(expr);
        match canonical {
            Some(CType::Array { .. } | CType::Function(_) | CType::Record(_)) => {
                self.address(&place)
            }
            _ => {
                let scalar = ty.and_then(|ty| self.scalar(ty)).unwrap_or(Scalar::int(64, false));
                self.load_place(&place, scalar)
            }
        }
    }

    pub(super) fn load_place(&mut self, place: &Place, scalar: Scalar) -> Val {
        let (base, offset) = self.materialized(place);
        if place.volatile {
            self.leak(base);
            self.values.count(base);
            self.values.cost += INSTRUCTION;
            self.effects += 1;
            self.impure = true;
            return self.values.opaque(Vec::new(), 0, scalar.bits);
        }
        let whole = self.load(Loc { base, offset, size: scalar.bytes() }, scalar.bits);
        match place.bits {
            None => whole,
            Some((first, width)) => {
                let edge = first == 0 || first + width == scalar.bits;
                let cost = if edge && !scalar.signed { INSTRUCTION } else { 2 * INSTRUCTION };
                self.values.opaque(vec![whole], cost, scalar.bits)
            }
        }
    }

    pub(super) fn store_place(&mut self, place: &Place, scalar: Scalar, value: Val) {
        let (base, offset) = self.materialized(place);
        let loc = Loc { base, offset, size: scalar.bytes() };
        if place.volatile {
            self.leak(base);
        }
        if place.bits.is_none() {
            self.store(loc, value);
            return;
        }
        // The rest of the bits is kept: `and`, `or`, and a shift unless the value is constant.
        let old = self.load(loc, scalar.bits);
        let cost = if self.values.constant(value).is_some() { 2 } else { 3 };
        let new = self.values.opaque(vec![old, value], cost * INSTRUCTION, scalar.bits);
        self.store(loc, new);
    }

    /// Base and offset of a struct, union or array that an expression gives.
    pub(super) fn aggregate(&mut self, expr: &Expr) -> (Val, i64) {
        match &expr.kind {
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => self.aggregate(e),
            ExprKind::Cast { expr: e, .. } => self.aggregate(e),
            ExprKind::CompoundLiteral { ty, init } => {
                let ty = self.bodies.unit.type_name(&self.scope(), ty);
                let size = self.bodies.unit.size_of(ty).unwrap_or(8);
                let object = self.new_object(size, false);
                self.initialize(object, 0, ty, init);
                (object, 0)
            }
            ExprKind::StmtExpr(block) => {
                let value = self.statement_expression(block);
                self.values.based(value)
            }
            ExprKind::Comma(a, b) => {
                self.discard(a);
                self.aggregate(b)
            }
            ExprKind::Ident(_)
            | ExprKind::Member { .. }
            | ExprKind::Index { .. }
            | ExprKind::Unary(UnaryOp::Deref, _) => {
                let place = self.place(expr);
                self.materialized(&place)
            }
            ExprKind::Assign(..) | ExprKind::Call { .. } | ExprKind::Str { .. } => {
                let value = self.expr(expr);
                self.values.based(value)
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                let split = self.condition(cond);
                self.branch(
                    split,
                    |e| {
                        if let Some(then) = then {
                            let (base, _) = e.aggregate(then);
                            e.leak(base);
                        }
                    },
                    |e| {
                        let (base, _) = e.aggregate(otherwise);
                        e.leak(base);
                    },
                );
                (self.values.opaque(Vec::new(), 0, 0), 0)
            }
            _ => (self.values.opaque(Vec::new(), 0, 0), 0),
        }
    }

    /// Offset in bytes and type of the element that an initialiser's item is for; `next` is where one
    /// without a designator goes.
    pub(super) fn element_of(
        &mut self,
        ty: CTypeId,
        designators: &[Designator],
        next: &mut u64,
    ) -> Option<(i64, CTypeId)> {
        let unit = self.bodies.unit;
        let mut at = 0i64;
        let mut ty = ty;
        let mut first = true;
        let mut rest = designators.iter();
        loop {
            let designator = rest.next();
            if designator.is_none() && !first {
                return Some((at, ty));
            }
            match (unit.canonical(ty), designator) {
                (CType::Record(id), designator) => {
                    let record = unit.record(id)?;
                    let (bits, field) = match designator {
                        Some(Designator::Field(name)) => {
                            let found = unit.member(id, name.name)?;
                            if first {
                                let own = record.fields.get(found.index).and_then(|f| f.name);
                                *next = match own == Some(name.name) {
                                    true => found.index as u64 + 1,
                                    false => u64::MAX,
                                };
                            }
                            (found.offset_bits?, found.field)
                        }
                        Some(_) => return None,
                        None => {
                            let field = record.fields.get(usize::try_from(*next).ok()?)?.clone();
                            *next += 1;
                            (field.offset_bits?, field)
                        }
                    };
                    if field.bits.is_some() {
                        return None;
                    }
                    at = at.checked_add((bits / 8) as i64)?;
                    ty = field.ty;
                }
                (CType::Array { elem, .. }, designator) => {
                    let index = match designator {
                        Some(Designator::Index(e)) => {
                            u64::try_from(unit.constant(&self.scope(), e)?).ok()?
                        }
                        Some(_) => return None,
                        None => *next,
                    };
                    if first {
                        *next = index.checked_add(1)?;
                    }
                    let by = index.checked_mul(unit.size_of(elem)?)?;
                    at = at.checked_add(i64::try_from(by).ok()?)?;
                    ty = elem;
                }
                _ => return None,
            }
            first = false;
        }
    }
}
