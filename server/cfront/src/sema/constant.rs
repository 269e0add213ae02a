//! Constant expressions in the target's types.

use super::{
    Definition, LocalKind, Variable,
    arith::{int_op, wrap},
    expr::{Arith, last_expr, literal_kind, promote},
    float, lower,
    scope::{Cx, Inner},
    state::{Name, Sema},
};
use crate::{
    ast::{BinaryOp, Designator, Expr, ExprKind, Ident, Initializer, StmtKind, TypeName, UnaryOp},
    ctypes::{CType, CTypeId, FloatKind, IntKind},
    symbol::Symbol,
};

/// What an address is relative to.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Base {
    /// No object: an integer used as a pointer.
    Null,
    Symbol(Symbol),
    Local(super::LocalId),
    Str(Vec<u8>, u8),
    Anonymous,
}

/// A constant.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Const {
    /// Always in the range of its type.
    Int(i128, IntKind),
    Float(f64, FloatKind),
    /// An address, also after a cast to an integer of 64 bits.
    Addr(Base, i128),
}

impl Const {
    pub(super) fn int(value: i128, kind: IntKind) -> Const {
        Const::Int(wrap(value, kind), kind)
    }
}

impl Sema {
    fn truth(&mut self, value: &Const) -> Option<bool> {
        match value {
            Const::Int(v, _) => Some(*v != 0),
            Const::Float(v, _) => Some(*v != 0.0),
            Const::Addr(Base::Null, v) => Some(*v != 0),
            Const::Addr(base, _) => self.is_there(base).then_some(true),
        }
    }

    /// Whether an object has an address: something weak may have none.
    fn is_there(&mut self, base: &Base) -> bool {
        let Base::Symbol(name) = base else { return true };
        match self.name(*name) {
            Name::Function(id) => !self.functions.get(id.0 as usize).is_some_and(|f| f.attrs.weak),
            Name::Variable(id) => !self.variables.get(id.0 as usize).is_some_and(|v| v.attrs.weak),
            _ => true,
        }
    }

    /// The value of an integer constant expression.
    pub(crate) fn int_value(&mut self, cx: &mut Cx, e: &Expr) -> Option<i128> {
        match self.eval(cx, e)? {
            Const::Int(v, _) => Some(v),
            _ => None,
        }
    }

    /// The value of a lone identifier (an attribute's argument).
    pub(crate) fn ident_value(&mut self, cx: &mut Cx, ident: Ident) -> Option<i128> {
        match self.eval_ident(cx, ident)? {
            Const::Int(v, _) => Some(v),
            _ => None,
        }
    }

    /// Evaluates an expression as far as clang's front end folds it; `None` when it is not constant.
    pub(crate) fn eval(&mut self, cx: &mut Cx, e: &Expr) -> Option<Const> {
        self.deeper(|s| s.eval_at(cx, e))
    }

    fn eval_at(&mut self, cx: &mut Cx, e: &Expr) -> Option<Const> {
        let ulong = |v: u64| Some(Const::Int(i128::from(v), IntKind::ULong));
        match &e.kind {
            ExprKind::Int { value, unsigned, longs, decimal } => Some(Const::Int(
                i128::from(*value),
                literal_kind(*value, *unsigned, *longs, *decimal),
            )),
            ExprKind::Char(value, IntKind::Char) => {
                let kind = lower::plain_char(self.machine, self.abi);
                let unsigned = *value < 0 && !kind.is_signed();
                let value = i128::from(*value) + if unsigned { 256 } else { 0 };
                Some(Const::int(value, IntKind::Int))
            }
            ExprKind::Char(value, kind) => Some(Const::int(i128::from(*value), *kind)),
            ExprKind::Float(text) => float::parse(text.as_str()),
            ExprKind::Ident(ident) => self.eval_ident(cx, *ident),
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => self.eval(cx, e),
            ExprKind::Str { bytes, width } => {
                Some(Const::Addr(Base::Str(bytes.clone(), *width), 0))
            }
            ExprKind::Unary(op, operand) => self.eval_unary(cx, *op, operand, e),
            ExprKind::Binary(..) => self.eval_chain(cx, e),
            ExprKind::Conditional { cond, then, otherwise } => {
                let value = self.eval(cx, cond)?;
                let arm = if self.truth(&value)? {
                    match then {
                        Some(then) => self.eval(cx, then)?,
                        None => value,
                    }
                } else {
                    self.eval(cx, otherwise)?
                };
                self.as_type_of(cx, arm, e)
            }
            ExprKind::Comma(first, last) => {
                self.eval(cx, first)?;
                self.eval(cx, last)
            }
            ExprKind::Cast { ty, expr } => {
                let ty = self.type_name(cx, ty);
                let value = self.eval(cx, expr)?;
                self.convert(value, ty)
            }
            ExprKind::SizeofExpr(e) => ulong(self.sizeof_expr(cx, e)?),
            ExprKind::SizeofType(ty) => {
                let ty = self.type_name(cx, ty);
                ulong(self.sizeof_type(ty)?)
            }
            ExprKind::AlignofExpr(e) => ulong(self.alignof_expr(cx, e)?),
            ExprKind::AlignofType(ty) => {
                let ty = self.type_name(cx, ty);
                ulong(self.align_of(ty)?)
            }
            ExprKind::Offsetof { ty, path } => ulong(self.offsetof(cx, ty, path)?),
            ExprKind::TypesCompatible(a, b) => {
                let (a, b) = (self.type_name(cx, a), self.type_name(cx, b));
                if a == CTypeId::UNKNOWN || b == CTypeId::UNKNOWN {
                    return None;
                }
                Some(Const::Int(i128::from(self.compatible(a, b, false)), IntKind::Int))
            }
            ExprKind::ChooseExpr { cond, then, otherwise } => match self.int_value(cx, cond)? {
                0 => self.eval(cx, otherwise),
                _ => self.eval(cx, then),
            },
            ExprKind::Generic { control, arms } => {
                let arm = self.generic_arm(cx, control, arms)?;
                self.eval(cx, arm)
            }
            ExprKind::Call { callee, args } => self.eval_call(cx, callee, args),
            ExprKind::StmtExpr(block) => match block.stmts.as_slice() {
                [only] if matches!(only.kind, StmtKind::Expr(_)) => {
                    let last = last_expr(block)?;
                    self.eval(cx, last)
                }
                _ => None,
            },
            ExprKind::BuiltinWithTypes { name, types, args }
                if name.as_str() == "__builtin_bit_cast" =>
            {
                let ty = self.type_name(cx, types.first()?);
                let value = self.eval(cx, args.first()?)?;
                match value {
                    Const::Float(..) => None,
                    value => self.convert(value, ty),
                }
            }
            ExprKind::CompoundLiteral { ty, init } => {
                let id = self.type_name(cx, ty);
                match (self.canonical(id), &**init) {
                    (CType::Array { .. }, _) => Some(Const::Addr(Base::Anonymous, 0)),
                    (CType::Record(_), _) => None,
                    (_, init) => {
                        let value = self.eval_initializer(cx, init)?;
                        self.convert(value, id)
                    }
                }
            }
            ExprKind::Member { .. } | ExprKind::Index { .. } => {
                // An array member is its address; anything else would have to be read.
                let (base, offset, ty) = self.eval_lvalue(cx, e)?;
                match self.canonical(ty) {
                    CType::Array { .. } | CType::Function(_) => Some(Const::Addr(base, offset)),
                    _ => None,
                }
            }
            ExprKind::VaArg { .. }
            | ExprKind::Postfix(..)
            | ExprKind::Assign(..)
            | ExprKind::BuiltinWithTypes { .. }
            | ExprKind::LabelAddress(_)
            | ExprKind::Error => None,
        }
    }

    /// The scalar an initialiser gives: `x`, `{x}` or `{}`.
    pub(crate) fn eval_initializer(&mut self, cx: &mut Cx, init: &Initializer) -> Option<Const> {
        match init {
            Initializer::Expr(e) => self.eval(cx, e),
            Initializer::List(items, _) => match items.as_slice() {
                [] => Some(Const::Int(0, IntKind::Int)),
                [first, ..] if first.designators.is_empty() => {
                    self.deeper(|s| s.eval_initializer(cx, &first.value))
                }
                _ => None,
            },
        }
    }

    fn eval_ident(&mut self, cx: &mut Cx, ident: Ident) -> Option<Const> {
        match cx.lookup(ident) {
            Some(Inner::Enumerator(c)) => return self.enumerator_value(c.value, c.ty),
            Some(Inner::Local(id)) => {
                let local = cx.scope.local(id)?;
                let (kind, ty, value) = (local.kind, local.ty, local.constant);
                if let Some(value) = value {
                    return self.convert(Const::Int(value, IntKind::Int128), ty);
                }
                let array = matches!(self.canonical(ty), CType::Array { .. });
                return match kind {
                    LocalKind::Static if array => Some(Const::Addr(Base::Local(id), 0)),
                    LocalKind::Function => Some(Const::Addr(Base::Symbol(ident.name), 0)),
                    LocalKind::Extern if array => Some(Const::Addr(Base::Symbol(ident.name), 0)),
                    _ => None,
                };
            }
            Some(Inner::Typedef(_)) => return None,
            None => {}
        }
        match self.name(ident.name) {
            Name::Enumerator(c) => self.enumerator_value(c.value, c.ty),
            Name::Function(_) => Some(Const::Addr(Base::Symbol(ident.name), 0)),
            Name::Variable(id) => {
                let variable = self.variables.get(id.0 as usize)?.clone();
                match self.canonical(variable.ty) {
                    CType::Array { .. } => Some(Const::Addr(Base::Symbol(ident.name), 0)),
                    CType::Int(_) | CType::Bool | CType::Enum(_) | CType::Float(_) => {
                        self.const_variable(&variable)
                    }
                    _ => None,
                }
            }
            // Keywords of C23; before it they are declared, or macros.
            Name::Unknown => match ident.name.as_str() {
                "true" => Some(Const::Int(1, IntKind::UChar)),
                "false" => Some(Const::Int(0, IntKind::UChar)),
                "nullptr" => Some(Const::Addr(Base::Null, 0)),
                _ => None,
            },
            _ => None,
        }
    }

    fn enumerator_value(&mut self, value: i128, ty: CTypeId) -> Option<Const> {
        match self.arith(ty)? {
            Arith::Int(kind) => Some(Const::int(value, kind)),
            Arith::Float(_) => None,
        }
    }

    /// The value of a `const` scalar with a constant initialiser: the front end folds reads of it.
    pub(crate) fn const_variable(&mut self, variable: &Variable) -> Option<Const> {
        let (quals, _) = self.quals(variable.ty);
        if !quals.is_const || quals.is_volatile || variable.attrs.weak {
            return None;
        }
        let Definition::Initialised(_) = variable.definition else { return None };
        let id = variable.id;
        if let Some(known) = self.initials.constants.get(&id) {
            return known.clone();
        }
        // While it is worked out it is not constant: `const int a = a;`.
        self.initials.constants.insert(id, None);
        let value = self.with_initializer(variable, |s, cx, init| {
            let value = s.eval_initializer(cx, init)?;
            s.convert(value, variable.ty)
        });
        self.initials.constants.insert(id, value.clone());
        value
    }

    /// Converts to the type of a whole expression (of a conditional, which may be wider than the arm).
    fn as_type_of(&mut self, cx: &mut Cx, value: Const, e: &Expr) -> Option<Const> {
        if !matches!(value, Const::Int(..) | Const::Float(..)) {
            return Some(value);
        }
        let ty = self.expr_type(cx, e);
        match self.canonical(ty) {
            CType::Int(_) | CType::Float(_) | CType::Bool | CType::Enum(_) => {
                self.convert(value, ty)
            }
            _ => Some(value),
        }
    }

    /// Converts a constant to a type (C 6.3).
    pub(crate) fn convert(&mut self, value: Const, ty: CTypeId) -> Option<Const> {
        let is_bool = matches!(self.canonical(ty), CType::Bool);
        if is_bool {
            return Some(Const::Int(i128::from(self.truth(&value)?), IntKind::UChar));
        }
        if let CType::Pointer(_) = self.canonical(ty) {
            return match value {
                Const::Int(v, _) => Some(Const::Addr(Base::Null, wrap(v, IntKind::ULong))),
                Const::Addr(..) => Some(value),
                Const::Float(..) => None,
            };
        }
        match (value, self.arith(ty)?) {
            (Const::Int(v, _), Arith::Int(kind)) => Some(Const::int(v, kind)),
            (Const::Int(v, from), Arith::Float(kind)) => {
                Some(Const::Float(float::from_int(v, from, kind), kind))
            }
            (Const::Float(v, _), Arith::Float(kind)) => {
                Some(Const::Float(float::round(v, kind), kind))
            }
            (Const::Float(v, _), Arith::Int(kind)) => {
                Some(Const::int(float::to_int(v, kind), kind))
            }
            (Const::Addr(Base::Null, v), Arith::Int(kind)) => Some(Const::int(v, kind)),
            (Const::Addr(base, v), Arith::Int(kind)) if kind.size() >= 8 => {
                Some(Const::Addr(base, v))
            }
            (Const::Addr(..), _) => None,
        }
    }

    fn eval_unary(&mut self, cx: &mut Cx, op: UnaryOp, operand: &Expr, e: &Expr) -> Option<Const> {
        match op {
            UnaryOp::AddrOf => {
                let (base, offset, _) = self.eval_lvalue(cx, operand)?;
                Some(Const::Addr(base, offset))
            }
            UnaryOp::Deref => {
                let (base, offset, ty) = self.eval_lvalue(cx, e)?;
                match self.canonical(ty) {
                    CType::Array { .. } | CType::Function(_) => Some(Const::Addr(base, offset)),
                    _ => None,
                }
            }
            UnaryOp::Not => {
                let value = self.eval(cx, operand)?;
                Some(Const::Int(i128::from(!self.truth(&value)?), IntKind::Int))
            }
            UnaryOp::Plus | UnaryOp::Minus | UnaryOp::BitNot => {
                let value = self.eval(cx, operand)?;
                match value {
                    Const::Int(v, kind) => {
                        let Arith::Int(kind) = promote(Arith::Int(kind)) else { return None };
                        Some(Const::int(
                            match op {
                                UnaryOp::Minus => v.wrapping_neg(),
                                UnaryOp::BitNot => !v,
                                _ => v,
                            },
                            kind,
                        ))
                    }
                    Const::Float(v, kind) => match op {
                        UnaryOp::Minus => Some(Const::Float(-v, kind)),
                        UnaryOp::Plus => Some(Const::Float(v, kind)),
                        _ => None,
                    },
                    Const::Addr(..) => None,
                }
            }
            UnaryOp::Extension => self.eval(cx, operand),
            UnaryOp::PreInc | UnaryOp::PreDec => None,
        }
    }

    /// Binary operators; the left spine of a chain is walked in a loop.
    fn eval_chain(&mut self, cx: &mut Cx, e: &Expr) -> Option<Const> {
        let mut spine = Vec::new();
        let mut left = e;
        while let ExprKind::Binary(op, l, r) = &left.kind {
            spine.push((*op, &**l, &**r));
            left = l;
        }
        let mut value = self.eval(cx, left);
        while let Some((op, l, r)) = spine.pop() {
            value = self.eval_binary(cx, op, (l, value), r);
        }
        value
    }

    fn eval_binary(
        &mut self,
        cx: &mut Cx,
        op: BinaryOp,
        (l, left): (&Expr, Option<Const>),
        r: &Expr,
    ) -> Option<Const> {
        if matches!(op, BinaryOp::LogAnd | BinaryOp::LogOr) {
            let stop = op == BinaryOp::LogOr;
            let answer = |b: bool| Some(Const::Int(i128::from(b), IntKind::Int));
            let left = self.truth(&left?)?;
            if left == stop {
                return answer(stop);
            }
            let right = self.eval(cx, r)?;
            let right = self.truth(&right)?;
            return answer(right);
        }
        let left = left?;
        let right = self.eval(cx, r)?;
        match (left, right) {
            (Const::Int(a, ak), Const::Int(b, bk)) => int_op(op, (a, ak), (b, bk)),
            (Const::Addr(a, x), Const::Addr(b, y)) => {
                if a != b || matches!(a, Base::Anonymous) {
                    return None;
                }
                let compare = |v: bool| Some(Const::Int(i128::from(v), IntKind::Int));
                match op {
                    BinaryOp::Sub => {
                        let size = self.step(cx, l)?;
                        Some(Const::int((x - y).checked_div(size)?, IntKind::Long))
                    }
                    BinaryOp::Eq => compare(x == y),
                    BinaryOp::Ne => compare(x != y),
                    BinaryOp::Lt => compare(x < y),
                    BinaryOp::Gt => compare(x > y),
                    BinaryOp::Le => compare(x <= y),
                    BinaryOp::Ge => compare(x >= y),
                    _ => None,
                }
            }
            (Const::Addr(base, x), Const::Int(v, _)) => {
                let scaled = v.checked_mul(self.step(cx, l)?)?;
                match op {
                    BinaryOp::Add => Some(Const::Addr(base, wrap(x + scaled, IntKind::Long))),
                    BinaryOp::Sub => Some(Const::Addr(base, wrap(x - scaled, IntKind::Long))),
                    BinaryOp::Eq if v == 0 && base != Base::Null && self.is_there(&base) => {
                        Some(Const::Int(0, IntKind::Int))
                    }
                    BinaryOp::Ne if v == 0 && base != Base::Null && self.is_there(&base) => {
                        Some(Const::Int(1, IntKind::Int))
                    }
                    BinaryOp::Eq if base == Base::Null => {
                        Some(Const::Int(i128::from(x == v), IntKind::Int))
                    }
                    BinaryOp::Ne if base == Base::Null => {
                        Some(Const::Int(i128::from(x != v), IntKind::Int))
                    }
                    _ => None,
                }
            }
            (Const::Int(v, _), Const::Addr(base, x)) if op == BinaryOp::Add => {
                let scaled = v.checked_mul(self.step(cx, r)?)?;
                Some(Const::Addr(base, wrap(x + scaled, IntKind::Long)))
            }
            (a, b) => float::float_op(op, a, b),
        }
    }

    /// How many bytes adding 1 to an expression moves: the pointee's size, or 1 for an address that
    /// was cast to an integer.
    fn step(&mut self, cx: &mut Cx, e: &Expr) -> Option<i128> {
        let ty = self.expr_type(cx, e);
        let to = match *self.canonical(ty) {
            CType::Pointer(to) | CType::Array { elem: to, .. } => to,
            CType::Int(_) => return Some(1),
            CType::Function(_) => return Some(1),
            _ => return None,
        };
        self.sizeof_type(to).map(i128::from)
    }

    /// `sizeof` of a type; GNU C gives `void` and functions 1.
    pub(crate) fn sizeof_type(&mut self, ty: CTypeId) -> Option<u64> {
        match self.canonical(ty) {
            CType::Void | CType::Function(_) => Some(1),
            _ => self.size_of(ty),
        }
    }

    fn sizeof_expr(&mut self, cx: &mut Cx, e: &Expr) -> Option<u64> {
        let ty = self.expr_type(cx, e);
        self.sizeof_type(ty)
    }

    fn alignof_expr(&mut self, cx: &mut Cx, e: &Expr) -> Option<u64> {
        if let ExprKind::Ident(ident) = &e.unparen().kind {
            match cx.lookup(*ident) {
                Some(Inner::Local(id)) => return cx.scope.local(id)?.align,
                Some(_) => {}
                None => {
                    if let Name::Variable(id) = self.name(ident.name) {
                        return self.variables.get(id.0 as usize)?.align;
                    }
                }
            }
        }
        let ty = self.expr_type(cx, e);
        self.align_of(ty)
    }

    fn offsetof(&mut self, cx: &mut Cx, ty: &TypeName, path: &[Designator]) -> Option<u64> {
        let mut ty = self.type_name(cx, ty);
        let mut offset: i128 = 0;
        for step in path {
            match step {
                Designator::Field(ident) => {
                    let (more, field) = self.member_at(ty, ident.name)?;
                    offset = offset.checked_add(more)?;
                    ty = field;
                }
                Designator::Index(e) => {
                    let index = self.int_value(cx, e)?;
                    let CType::Array { elem, .. } = *self.canonical(ty) else { return None };
                    let size = i128::from(self.size_of(elem)?);
                    offset = offset.checked_add(index.checked_mul(size)?)?;
                    ty = elem;
                }
                Designator::Range(..) => return None,
            }
        }
        u64::try_from(offset).ok()
    }

    /// Offset in bytes and type of a member; `None` for bit-fields that share bytes.
    fn member_at(&mut self, ty: CTypeId, name: Symbol) -> Option<(i128, CTypeId)> {
        let CType::Record(record) = *self.canonical(ty) else { return None };
        let path = self.find_member(record, name)?;
        let mut bits: u64 = 0;
        let mut member = CTypeId::UNKNOWN;
        for (record, index) in path {
            bits = bits.checked_add(self.member_offset(record, index)?)?;
            member = self.shape(record).members.get(index)?.ty;
        }
        bits.is_multiple_of(8).then_some((i128::from(bits / 8), member))
    }

    /// The object an expression designates: what it lies in, the byte offset there, and its type.
    pub(crate) fn eval_lvalue(&mut self, cx: &mut Cx, e: &Expr) -> Option<(Base, i128, CTypeId)> {
        self.deeper(|s| s.eval_lvalue_at(cx, e))
    }

    fn eval_lvalue_at(&mut self, cx: &mut Cx, e: &Expr) -> Option<(Base, i128, CTypeId)> {
        match &e.kind {
            ExprKind::Paren(e) | ExprKind::Unary(UnaryOp::Extension, e) => self.eval_lvalue(cx, e),
            ExprKind::Ident(ident) => {
                if let Some(inner) = cx.lookup(*ident) {
                    let Inner::Local(id) = inner else { return None };
                    let local = cx.scope.local(id)?;
                    let base = match local.kind {
                        LocalKind::Static => Base::Local(id),
                        LocalKind::Extern | LocalKind::Function => Base::Symbol(ident.name),
                        _ => return None,
                    };
                    return Some((base, 0, local.ty));
                }
                let ty = match self.name(ident.name) {
                    Name::Variable(id) => self.variables.get(id.0 as usize)?.ty,
                    Name::Function(id) => self.functions.get(id.0 as usize)?.ty,
                    _ => return None,
                };
                Some((Base::Symbol(ident.name), 0, ty))
            }
            ExprKind::Str { bytes, width } => {
                let ty = self.expr_type(cx, e);
                Some((Base::Str(bytes.clone(), *width), 0, ty))
            }
            ExprKind::CompoundLiteral { ty, .. } => {
                let ty = self.type_name(cx, ty);
                Some((Base::Anonymous, 0, ty))
            }
            ExprKind::Unary(UnaryOp::Deref, p) => {
                let Const::Addr(base, offset) = self.eval(cx, p)? else { return None };
                let ty = self.expr_type(cx, p);
                Some((base, offset, self.pointee(ty)))
            }
            ExprKind::Member { base, arrow, field } => {
                let (root, offset, ty) = if *arrow {
                    let Const::Addr(root, offset) = self.eval(cx, base)? else { return None };
                    let ty = self.expr_type(cx, base);
                    (root, offset, self.pointee(ty))
                } else {
                    self.eval_lvalue(cx, base)?
                };
                let (more, member) = self.member_at(ty, field.name)?;
                Some((root, offset.checked_add(more)?, member))
            }
            ExprKind::Index { base, index } => {
                let Const::Addr(root, offset) = self.eval(cx, base)? else { return None };
                let index = self.int_value(cx, index)?;
                let ty = self.expr_type(cx, base);
                let elem = self.pointee(ty);
                let size = i128::from(self.sizeof_type(elem)?);
                Some((root, offset.checked_add(index.checked_mul(size)?)?, elem))
            }
            _ => None,
        }
    }
}
