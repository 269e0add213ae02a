//! Specifiers and declarators to types.

use std::sync::Arc;

use super::{
    attrs,
    scope::{Cx, Inner},
    state::{Name, Sema},
};
use crate::{
    ast::{
        ArraySize, DeclSpecs, Declaration, Declarator, Derived, Ident, IntRank, IntSpec, Param,
        Quals, TypeName, TypeSpec,
    },
    ctypes::{ArrayLen, CType, CTypeId, FloatKind, FunctionType, IntKind},
    flags::{Abi, Machine},
    symbol::Symbol,
};

/// The kind of a basic integer type. For a `long` of 32 bits the type of the same values stands.
pub(crate) fn int_kind(spec: IntSpec, machine: Machine, abi: Abi) -> IntKind {
    let unsigned = spec.signed == Some(false);
    let kind = match spec.rank {
        IntRank::Char => {
            return match spec.signed {
                None => plain_char(machine, abi),
                Some(true) => IntKind::SChar,
                Some(false) => IntKind::UChar,
            };
        }
        IntRank::Short => IntKind::Short,
        IntRank::Int => IntKind::Int,
        IntRank::Long if machine.word_size() == 4 => IntKind::Int,
        IntRank::Long => IntKind::Long,
        IntRank::LongLong => IntKind::LongLong,
        IntRank::Int128 => IntKind::Int128,
    };
    if unsigned { kind.to_unsigned() } else { kind }
}

/// The kind of plain `char`: flags come before the machine.
pub(crate) fn plain_char(machine: Machine, abi: Abi) -> IntKind {
    match abi.signed_char.unwrap_or(machine.signed_char()) {
        true => IntKind::Char,
        false => IntKind::CharUnsigned,
    }
}

fn float_kind(name: Symbol) -> Option<FloatKind> {
    Some(match name.as_str() {
        "float" | "_Float32" => FloatKind::Float,
        "double" | "_Float64" | "_Float32x" => FloatKind::Double,
        "long double" | "double long" | "_Float64x" => FloatKind::LongDouble,
        "_Float16" | "__fp16" => FloatKind::Half,
        "__float128" | "_Float128" => FloatKind::Float128,
        _ => return None,
    })
}

impl Sema {
    /// The type that specifiers mean, qualifiers and type attributes included.
    pub(crate) fn specs(&mut self, cx: &mut Cx, specs: &DeclSpecs) -> CTypeId {
        let ty = self.deeper(|s| s.type_spec(cx, &specs.ty));
        let ty = self.type_attrs(cx, ty, &specs.attrs);
        self.types.qualified(ty, specs.quals, 0)
    }

    fn type_spec(&mut self, cx: &mut Cx, spec: &TypeSpec) -> CTypeId {
        match spec {
            TypeSpec::Void => CTypeId::VOID,
            TypeSpec::Bool => CTypeId::BOOL,
            TypeSpec::Int(spec) => CTypeId::int(int_kind(*spec, self.machine, self.abi)),
            TypeSpec::Float(name) => match float_kind(*name) {
                Some(kind) => self.types.intern(CType::Float(kind)),
                None => CTypeId::UNKNOWN,
            },
            TypeSpec::Complex(part) => {
                let part = self.deeper(|s| s.type_spec(cx, part));
                self.types.intern(CType::Complex(part))
            }
            TypeSpec::Typedef(ident) => self.typedef_name(cx, *ident),
            TypeSpec::Record(spec) => self.record_spec(cx, spec),
            TypeSpec::Enum(spec) => self.enum_spec(cx, spec),
            TypeSpec::TypeofExpr { expr, unqual } => {
                self.walk_expr(cx, expr);
                let ty = self.expr_type(cx, expr);
                if *unqual { self.types.unqualified(ty) } else { ty }
            }
            TypeSpec::TypeofType { ty, unqual } => {
                let ty = self.type_name(cx, ty);
                if *unqual { self.types.unqualified(ty) } else { ty }
            }
            TypeSpec::Atomic(ty) => {
                let ty = self.type_name(cx, ty);
                let quals = Quals { is_atomic: true, ..Quals::default() };
                self.types.qualified(ty, quals, 0)
            }
            TypeSpec::VaList => self.types.pointer(CTypeId::VOID),
            TypeSpec::Implicit => CTypeId::INT,
            TypeSpec::AutoType | TypeSpec::Unknown => CTypeId::UNKNOWN,
        }
    }

    fn typedef_name(&mut self, cx: &mut Cx, ident: Ident) -> CTypeId {
        match cx.lookup(ident) {
            Some(Inner::Typedef(id)) => return self.types.intern(CType::Typedef(id)),
            Some(_) => return CTypeId::UNKNOWN,
            None => {}
        }
        match self.name(ident.name) {
            Name::Typedef(id) => {
                let id = self.redeclared_typedef(ident, cx.scope.item, id);
                self.types.intern(CType::Typedef(id))
            }
            Name::Unknown => match ident.name.as_str() {
                "__builtin_va_list" | "__gnuc_va_list" => self.types.pointer(CTypeId::VOID),
                "__int128_t" => self.predefined_typedef(ident.name, IntKind::Int128),
                "__uint128_t" => self.predefined_typedef(ident.name, IntKind::UInt128),
                "_Bool" => CTypeId::BOOL,
                _ => CTypeId::UNKNOWN,
            },
            _ => CTypeId::UNKNOWN,
        }
    }

    /// The type of a type name.
    pub(crate) fn type_name(&mut self, cx: &mut Cx, name: &TypeName) -> CTypeId {
        let base = self.specs(cx, &name.specs);
        self.declarator(cx, base, &name.declarator)
    }

    /// The type a declarator makes of its base type.
    pub(crate) fn declarator(
        &mut self,
        cx: &mut Cx,
        base: CTypeId,
        declarator: &Declarator,
    ) -> CTypeId {
        let mut ty = base;
        for derived in declarator.derived.iter().rev() {
            ty = match derived {
                Derived::Pointer { quals, attrs } => {
                    let pointer = self.types.pointer(ty);
                    let pointer = self.type_attrs(cx, pointer, attrs);
                    self.types.qualified(pointer, *quals, 0)
                }
                Derived::Array { size, .. } => {
                    let len = self.array_size(cx, size);
                    self.types.array(ty, len)
                }
                Derived::Function { params, variadic, prototyped } => {
                    cx.push();
                    let types = self.params(cx, params);
                    cx.pop();
                    self.types.intern(CType::Function(Arc::new(FunctionType {
                        ret: ty,
                        params: types,
                        variadic: *variadic,
                        prototyped: *prototyped || !params.is_empty(),
                    })))
                }
            };
        }
        self.type_attrs(cx, ty, &declarator.attrs)
    }

    fn array_size(&mut self, cx: &mut Cx, size: &ArraySize) -> ArrayLen {
        match size {
            ArraySize::Incomplete => ArrayLen::Incomplete,
            ArraySize::Star => ArrayLen::Unknown,
            ArraySize::Expr(e) => {
                self.walk_expr(cx, e);
                attrs::array_len(self.int_value(cx, e))
            }
        }
    }

    /// Types of parameters, adjusted; `(void)` has none. Named ones are declared in the open scope
    /// only by [`Sema::declare_params`].
    fn params(&mut self, cx: &mut Cx, params: &[Param]) -> Vec<CTypeId> {
        if is_void_list(params) {
            return Vec::new();
        }
        params
            .iter()
            .map(|p| {
                let ty = self.specs(cx, &p.specs);
                let ty = self.declarator(cx, ty, &p.declarator);
                self.adjust_param(ty, p)
            })
            .collect()
    }

    /// C 6.7.6.3p7-8: arrays and functions become pointers.
    pub(crate) fn adjust_param(&mut self, ty: CTypeId, param: &Param) -> CTypeId {
        match *self.canonical(ty) {
            CType::Array { elem, .. } => {
                let quals = match param.declarator.derived.first() {
                    Some(Derived::Array { quals, .. }) => *quals,
                    _ => Quals::default(),
                };
                let pointer = self.types.pointer(elem);
                self.types.qualified(pointer, quals, 0)
            }
            CType::Function(_) => self.types.pointer(ty),
            _ => ty,
        }
    }

    /// The function type of a K&R definition: no prototype, parameters by their declarations.
    pub(crate) fn kr_type(&mut self, cx: &mut Cx, ty: CTypeId, decls: &[Declaration]) -> CTypeId {
        let CType::Function(f) = self.canonical(ty).clone() else { return ty };
        if decls.is_empty() {
            return ty;
        }
        let mut params = Vec::new();
        for decl in decls {
            let base = self.specs(cx, &decl.specs);
            for d in &decl.declarators {
                params.push(self.declarator(cx, base, &d.declarator));
            }
        }
        let ret = f.ret;
        self.types.intern(CType::Function(Arc::new(FunctionType {
            ret,
            params,
            variadic: false,
            prototyped: false,
        })))
    }
}

/// Whether a parameter list is `(void)`.
pub(crate) fn is_void_list(params: &[Param]) -> bool {
    match params {
        [only] => {
            matches!(only.specs.ty, TypeSpec::Void)
                && only.declarator.derived.is_empty()
                && only.declarator.name.is_none()
                && only.specs.quals == Quals::default()
        }
        _ => false,
    }
}
