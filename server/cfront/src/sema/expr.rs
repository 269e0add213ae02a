//! Types of expressions.

use super::{
    builtins,
    scope::{Cx, Inner},
    state::{Name, Sema},
};
use crate::{
    ast::{BinaryOp, Block, Expr, ExprKind, Ident, Quals, StmtKind, UnaryOp},
    ctypes::{ArrayLen, CType, CTypeId, FloatKind, IntKind},
};

/// An arithmetic type.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Arith {
    Int(IntKind),
    Float(FloatKind),
}

impl Sema {
    /// The type of an expression before array decay, with the qualifiers of lvalues;
    /// [`CTypeId::UNKNOWN`] when it is not known. Identifiers must have been walked.
    pub(crate) fn expr_type(&mut self, cx: &mut Cx, e: &Expr) -> CTypeId {
        self.deeper(|s| s.expr_type_at(cx, e))
    }

    fn expr_type_at(&mut self, cx: &mut Cx, e: &Expr) -> CTypeId {
        match &e.kind {
            ExprKind::Ident(ident) => self.ident_type(cx, *ident),
            ExprKind::Int { value, unsigned, longs, decimal } => {
                CTypeId::int(literal_kind(*value, *unsigned, *longs, *decimal))
            }
            ExprKind::Float(text) => self.types.intern(CType::Float(literal_float(text.as_str()))),
            ExprKind::Char(_, IntKind::Char) => CTypeId::INT,
            ExprKind::Char(_, kind) => CTypeId::int(*kind),
            ExprKind::Str { bytes, width } => {
                let (elem, len) = match width {
                    2 => (CTypeId::int(IntKind::UShort), bytes.len() as u64 / 2),
                    4 => (CTypeId::INT, bytes.len() as u64 / 4),
                    _ => (self.char_type(), bytes.len() as u64),
                };
                self.types.array(elem, ArrayLen::Fixed(len + 1))
            }
            ExprKind::Paren(e) => self.expr_type(cx, e),
            ExprKind::Unary(op, operand) => self.unary_type(cx, *op, operand),
            ExprKind::Postfix(_, operand) => {
                let ty = self.expr_type(cx, operand);
                self.rvalue(ty)
            }
            ExprKind::Binary(..) => self.binary_chain_type(cx, e),
            ExprKind::Assign(_, target, _) => {
                let ty = self.expr_type(cx, target);
                self.types.unqualified(ty)
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                let then = then.as_deref().unwrap_or(cond);
                let then_ty = self.expr_type(cx, then);
                let otherwise_ty = self.expr_type(cx, otherwise);
                let then_null = self.is_null_constant(cx, then_ty, then);
                let otherwise_null = self.is_null_constant(cx, otherwise_ty, otherwise);
                self.conditional_type((then_ty, then_null), (otherwise_ty, otherwise_null))
            }
            ExprKind::Comma(_, last) => {
                let ty = self.expr_type(cx, last);
                self.rvalue(ty)
            }
            ExprKind::Call { callee, args } => self.call_type(cx, callee, args),
            ExprKind::Member { base, arrow, field } => {
                let base = self.expr_type(cx, base);
                let base = if *arrow { self.pointee(base) } else { base };
                self.member_type(base, *field)
            }
            ExprKind::Index { base, index } => {
                let ty = self.expr_type(cx, base);
                match *self.canonical(ty) {
                    CType::Array { elem, .. } | CType::Vector { elem, .. } => elem,
                    CType::Pointer(to) => to,
                    _ => {
                        let ty = self.expr_type(cx, index);
                        self.pointee(ty)
                    }
                }
            }
            ExprKind::Cast { ty, .. } => {
                let ty = self.type_name(cx, ty);
                self.types.unqualified(ty)
            }
            ExprKind::CompoundLiteral { ty, init } => {
                let ty = self.type_name(cx, ty);
                self.completed(cx, ty, init)
            }
            ExprKind::SizeofExpr(_)
            | ExprKind::SizeofType(_)
            | ExprKind::AlignofExpr(_)
            | ExprKind::AlignofType(_)
            | ExprKind::Offsetof { .. } => CTypeId::ULONG,
            ExprKind::TypesCompatible(..) => CTypeId::INT,
            ExprKind::ChooseExpr { cond, then, otherwise } => match self.int_value(cx, cond) {
                Some(0) => self.expr_type(cx, otherwise),
                Some(_) => self.expr_type(cx, then),
                None => CTypeId::UNKNOWN,
            },
            ExprKind::VaArg { ty, .. } => self.type_name(cx, ty),
            ExprKind::BuiltinWithTypes { name, types, args } => {
                let name = name.as_str();
                match (name, types.first()) {
                    ("__builtin_bit_cast" | "__builtin_convertvector", Some(ty)) => {
                        self.type_name(cx, ty)
                    }
                    ("__builtin_preserve_access_index", _) => {
                        args.first().map_or(CTypeId::UNKNOWN, |a| self.expr_type(cx, a))
                    }
                    _ => builtins::return_type(&mut self.types, name).unwrap_or(CTypeId::UNKNOWN),
                }
            }
            ExprKind::Generic { control, arms } => match self.generic_arm(cx, control, arms) {
                Some(arm) => self.expr_type(cx, arm),
                None => CTypeId::UNKNOWN,
            },
            ExprKind::StmtExpr(block) => match last_expr(block) {
                Some(last) => {
                    let ty = self.expr_type(cx, last);
                    self.rvalue(ty)
                }
                None => CTypeId::VOID,
            },
            ExprKind::LabelAddress(_) => self.types.pointer(CTypeId::VOID),
            ExprKind::Error => CTypeId::UNKNOWN,
        }
    }

    fn ident_type(&mut self, cx: &mut Cx, ident: Ident) -> CTypeId {
        match cx.lookup(ident) {
            Some(Inner::Local(id)) => return cx.scope.local(id).map_or(CTypeId::UNKNOWN, |l| l.ty),
            Some(Inner::Enumerator(c)) => return c.ty,
            Some(Inner::Typedef(_)) => return CTypeId::UNKNOWN,
            None => {}
        }
        match self.name(ident.name) {
            Name::Function(id) => {
                self.functions.get(id.0 as usize).map_or(CTypeId::UNKNOWN, |f| f.ty)
            }
            Name::Variable(id) => {
                self.variables.get(id.0 as usize).map_or(CTypeId::UNKNOWN, |v| v.ty)
            }
            Name::Enumerator(c) => c.ty,
            Name::Unknown if matches!(ident.name.as_str(), "__func__" | "__FUNCTION__") => {
                let char = self.char_type();
                self.types.array(char, ArrayLen::Unknown)
            }
            Name::Unknown if matches!(ident.name.as_str(), "true" | "false") => CTypeId::BOOL,
            Name::Unknown if ident.name.as_str() == "nullptr" => self.types.pointer(CTypeId::VOID),
            _ => CTypeId::UNKNOWN,
        }
    }

    fn unary_type(&mut self, cx: &mut Cx, op: UnaryOp, operand: &Expr) -> CTypeId {
        let ty = self.expr_type(cx, operand);
        match op {
            UnaryOp::Extension => ty,
            UnaryOp::Not => CTypeId::INT,
            UnaryOp::AddrOf if ty == CTypeId::UNKNOWN => ty,
            UnaryOp::AddrOf => self.types.pointer(ty),
            UnaryOp::Deref => self.pointee(ty),
            UnaryOp::PreInc | UnaryOp::PreDec => self.rvalue(ty),
            UnaryOp::Plus | UnaryOp::Minus | UnaryOp::BitNot => {
                match self.promoted(cx, operand, ty) {
                    Some(arith) => self.arith_type(arith),
                    None => self.types.unqualified(ty),
                }
            }
        }
    }

    /// The type behind a pointer, array or function.
    pub(crate) fn pointee(&self, ty: CTypeId) -> CTypeId {
        let stripped = self.strip(ty);
        match *self.types.get(stripped) {
            CType::Pointer(to) => to,
            CType::Array { elem, .. } => elem,
            CType::Function(_) => stripped,
            _ => CTypeId::UNKNOWN,
        }
    }

    /// The type after lvalue conversion: no qualifiers, arrays and functions as pointers.
    pub(crate) fn rvalue(&mut self, ty: CTypeId) -> CTypeId {
        match *self.canonical(ty) {
            CType::Array { elem, .. } => self.types.pointer(elem),
            CType::Function(_) => self.types.pointer(ty),
            _ => self.types.unqualified(ty),
        }
    }

    fn member_type(&mut self, base: CTypeId, field: Ident) -> CTypeId {
        let (quals, space) = self.quals(base);
        let CType::Record(record) = *self.canonical(base) else { return CTypeId::UNKNOWN };
        let Some(path) = self.find_member(record, field.name) else { return CTypeId::UNKNOWN };
        let mut quals = Quals { is_restrict: false, is_atomic: false, ..quals };
        let mut ty = CTypeId::UNKNOWN;
        for (record, index) in path {
            // Qualifiers of anonymous members on the way count, too.
            let (more, _) = self.quals(ty);
            quals.is_const |= more.is_const;
            quals.is_volatile |= more.is_volatile;
            ty = self.shape(record).members.get(index).map_or(CTypeId::UNKNOWN, |m| m.ty);
        }
        self.types.qualified(ty, quals, space)
    }

    /// Qualifiers and address space of a type, looking through typedefs and array elements.
    pub(crate) fn quals(&self, mut id: CTypeId) -> (Quals, u32) {
        let mut all = Quals::default();
        let mut space = 0;
        for _ in 0..10_000 {
            match *self.types.get(id) {
                CType::Qualified { of, quals, address_space } => {
                    all.is_const |= quals.is_const;
                    all.is_volatile |= quals.is_volatile;
                    all.is_restrict |= quals.is_restrict;
                    all.is_atomic |= quals.is_atomic;
                    space = if space == 0 { address_space } else { space };
                    id = of;
                }
                CType::Tagged { of, .. } => id = of,
                CType::Array { elem, .. } => id = elem,
                CType::Typedef(t) => match self.typedefs.get(t.0 as usize) {
                    Some(t) => id = t.to,
                    None => break,
                },
                _ => break,
            }
        }
        (all, space)
    }

    fn call_type(&mut self, cx: &mut Cx, callee: &Expr, args: &[Expr]) -> CTypeId {
        if let ExprKind::Ident(ident) = &callee.unparen().kind
            && cx.lookup(*ident).is_none()
            && ident.name.as_str().starts_with("__")
            && matches!(self.name(ident.name), Name::Unknown)
        {
            let name = ident.name.as_str();
            return match builtins::first_argument_type(name) {
                Some(through_pointer) => {
                    let Some(arg) = args.first() else { return CTypeId::UNKNOWN };
                    let ty = self.expr_type(cx, arg);
                    let ty = if through_pointer { self.pointee(ty) } else { ty };
                    self.rvalue(ty)
                }
                None => builtins::return_type(&mut self.types, name).unwrap_or(CTypeId::UNKNOWN),
            };
        }
        let ty = self.expr_type(cx, callee);
        let function = match *self.canonical(ty) {
            CType::Pointer(to) => to,
            _ => ty,
        };
        match self.canonical(function) {
            CType::Function(f) => {
                let ret = f.ret;
                self.types.unqualified(ret)
            }
            _ => CTypeId::UNKNOWN,
        }
    }

    /// The type of a chain of binary operators; long chains lean left, so they are walked in a loop.
    fn binary_chain_type(&mut self, cx: &mut Cx, e: &Expr) -> CTypeId {
        let mut spine = Vec::new();
        let mut left = e;
        while let ExprKind::Binary(op, l, r) = &left.kind {
            spine.push((*op, &**l, &**r));
            left = l;
        }
        let mut ty = self.expr_type(cx, left);
        while let Some((op, l, r)) = spine.pop() {
            let right = self.expr_type(cx, r);
            ty = self.binary_type(cx, op, (l, ty), (r, right));
        }
        ty
    }

    fn binary_type(
        &mut self,
        cx: &mut Cx,
        op: BinaryOp,
        (left, lt): (&Expr, CTypeId),
        (right, rt): (&Expr, CTypeId),
    ) -> CTypeId {
        use BinaryOp::{Add, Eq, Ge, Gt, Le, LogAnd, LogOr, Lt, Ne, Shl, Shr, Sub};
        if matches!(op, Lt | Gt | Le | Ge | Eq | Ne | LogAnd | LogOr) {
            return CTypeId::INT;
        }
        let (lt, rt) = (self.rvalue(lt), self.rvalue(rt));
        if matches!(op, Add | Sub) {
            let left_ptr = matches!(self.canonical(lt), CType::Pointer(_));
            let right_ptr = matches!(self.canonical(rt), CType::Pointer(_));
            match (left_ptr, right_ptr) {
                (true, true) => return CTypeId::LONG,
                (true, false) => return lt,
                (false, true) => return rt,
                _ => {}
            }
        }
        for ty in [lt, rt] {
            if matches!(self.canonical(ty), CType::Vector { .. }) {
                return ty;
            }
        }
        let Some(a) = self.promoted(cx, left, lt) else { return CTypeId::UNKNOWN };
        if matches!(op, Shl | Shr) {
            return self.arith_type(a);
        }
        let Some(b) = self.promoted(cx, right, rt) else { return CTypeId::UNKNOWN };
        self.arith_type(usual(a, b))
    }

    pub(crate) fn arith_type(&mut self, arith: Arith) -> CTypeId {
        match arith {
            Arith::Int(kind) => CTypeId::int(kind),
            Arith::Float(kind) => self.types.intern(CType::Float(kind)),
        }
    }

    /// The arithmetic type behind a type, not promoted.
    pub(crate) fn arith(&mut self, ty: CTypeId) -> Option<Arith> {
        match *self.canonical(ty) {
            CType::Bool => Some(Arith::Int(IntKind::UChar)),
            CType::Int(kind) => Some(Arith::Int(kind)),
            CType::Float(kind) => Some(Arith::Float(kind)),
            CType::Enum(id) => Some(Arith::Int(self.enumeration(id)?.underlying)),
            _ => None,
        }
    }

    /// Integer promotion of an operand; bit-fields narrower than `int` become `int`.
    fn promoted(&mut self, cx: &mut Cx, e: &Expr, ty: CTypeId) -> Option<Arith> {
        let arith = promote(self.arith(ty)?);
        if let Arith::Int(IntKind::UInt) = arith
            && let ExprKind::Member { base, arrow, field } = &e.unparen().kind
        {
            let base = self.expr_type(cx, base);
            let base = if *arrow { self.pointee(base) } else { base };
            if let CType::Record(record) = *self.canonical(base)
                && let Some(path) = self.find_member(record, field.name)
                && let Some(&(record, index)) = path.last()
                && let Some(Some(Some(width))) =
                    self.shape(record).members.get(index).map(|m| m.bits)
                && width < 32
            {
                return Some(Arith::Int(IntKind::Int));
            }
        }
        Some(arith)
    }

    fn conditional_type(&mut self, a: (CTypeId, bool), b: (CTypeId, bool)) -> CTypeId {
        let ((a, a_null), (b, b_null)) = (a, b);
        let (a, b) = (self.rvalue(a), self.rvalue(b));
        if a == b {
            return a;
        }
        let a_ptr = matches!(self.canonical(a), CType::Pointer(_));
        let b_ptr = matches!(self.canonical(b), CType::Pointer(_));
        match (a_ptr, b_ptr) {
            (true, false) => return a,
            (false, true) => return b,
            (true, true) => {
                // A null pointer constant takes the other type; else `void *` wins.
                let void = |s: &Sema, t| {
                    let to = s.pointee(t);
                    matches!(s.canonical(to), CType::Void)
                };
                let keep_a = b_null || (!a_null && (void(self, a) || !void(self, b)));
                return if keep_a { a } else { b };
            }
            _ => {}
        }
        match (self.arith(a), self.arith(b)) {
            (Some(x), Some(y)) => self.arith_type(usual(promote(x), promote(y))),
            (None, None) if a != CTypeId::UNKNOWN => a,
            _ => CTypeId::UNKNOWN,
        }
    }

    /// Whether a pointer-typed arm is a null pointer constant (C 6.3.2.3p3): a zero, or a zero
    /// cast to `void *`. `__is_constexpr` of the kernel rests on this.
    fn is_null_constant(&mut self, cx: &mut Cx, ty: CTypeId, e: &Expr) -> bool {
        let CType::Pointer(to) = *self.canonical(ty) else { return false };
        if !matches!(self.types.get(to), CType::Void) {
            return false;
        }
        match &e.unparen().kind {
            ExprKind::Cast { expr, .. } => self.int_value(cx, expr) == Some(0),
            _ => false,
        }
    }

    /// The arm of a `_Generic` that is chosen.
    pub(crate) fn generic_arm<'a>(
        &mut self,
        cx: &mut Cx,
        control: &Expr,
        arms: &'a [(Option<crate::ast::TypeName>, Expr)],
    ) -> Option<&'a Expr> {
        let ty = self.expr_type(cx, control);
        let ty = self.rvalue(ty);
        if ty == CTypeId::UNKNOWN {
            return None;
        }
        let mut default = None;
        for (name, arm) in arms {
            match name {
                None => default = Some(arm),
                Some(name) => {
                    let candidate = self.type_name(cx, name);
                    if self.compatible(ty, candidate, true) {
                        return Some(arm);
                    }
                }
            }
        }
        default
    }
}

/// The expression whose value a statement expression has.
pub(crate) fn last_expr(block: &Block) -> Option<&Expr> {
    let last = block.stmts.iter().rev().find(|s| !matches!(s.kind, StmtKind::Empty))?;
    let mut stmt = last;
    loop {
        match &stmt.kind {
            StmtKind::Expr(e) => return Some(e),
            StmtKind::Label { body: Some(body), .. } => stmt = body,
            _ => return None,
        }
    }
}

/// Integer promotion (C 6.3.1.1).
pub(crate) fn promote(arith: Arith) -> Arith {
    match arith {
        Arith::Int(kind) if kind.rank() < IntKind::Int.rank() => Arith::Int(IntKind::Int),
        other => other,
    }
}

/// The usual arithmetic conversions of promoted operands (C 6.3.1.8).
pub(crate) fn usual(a: Arith, b: Arith) -> Arith {
    match (a, b) {
        (Arith::Float(x), Arith::Float(y)) => Arith::Float(x.max(y)),
        (Arith::Float(x), _) | (_, Arith::Float(x)) => Arith::Float(x),
        (Arith::Int(x), Arith::Int(y)) => Arith::Int(usual_int(x, y)),
    }
}

fn usual_int(x: IntKind, y: IntKind) -> IntKind {
    if x.is_signed() == y.is_signed() {
        return if x.rank() >= y.rank() { x } else { y };
    }
    let (signed, unsigned) = if x.is_signed() { (x, y) } else { (y, x) };
    if unsigned.rank() >= signed.rank() {
        unsigned
    } else if signed.size() > unsigned.size() {
        signed
    } else {
        signed.to_unsigned()
    }
}

/// The type of an integer literal (C 6.4.4.1p5).
pub(crate) fn literal_kind(value: u64, unsigned: bool, longs: u8, decimal: bool) -> IntKind {
    let fits_int = i32::try_from(value).is_ok();
    let fits_uint = u32::try_from(value).is_ok();
    let fits_long = i64::try_from(value).is_ok();
    let (signed, unsigned_kind) = match longs {
        2 => (IntKind::LongLong, IntKind::ULongLong),
        _ => (IntKind::Long, IntKind::ULong),
    };
    if longs == 0 {
        if !unsigned && fits_int {
            return IntKind::Int;
        }
        if (unsigned || !decimal) && fits_uint {
            return IntKind::UInt;
        }
    }
    if !unsigned && fits_long { signed } else { unsigned_kind }
}

fn literal_float(text: &str) -> FloatKind {
    let hex = text.starts_with("0x") || text.starts_with("0X");
    match text.as_bytes().last() {
        Some(b'f' | b'F') if !hex || text.contains(['p', 'P']) => FloatKind::Float,
        Some(b'l' | b'L') => FloatKind::LongDouble,
        _ => FloatKind::Double,
    }
}
