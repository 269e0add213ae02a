//! What calls of the compiler's builtin functions fold to.

use super::{
    arith::wrap,
    constant::{Base, Const},
    scope::Cx,
    state::Sema,
};
use crate::{
    ast::{Expr, ExprKind},
    ctypes::{CType, CTypeId, FloatKind, IntKind},
};

impl Sema {
    /// The value of a call; `None` where clang's front end does not fold it.
    pub(super) fn eval_call(&mut self, cx: &mut Cx, callee: &Expr, args: &[Expr]) -> Option<Const> {
        let ExprKind::Ident(ident) = &callee.unparen().kind else { return None };
        let name = ident.name.as_str().strip_prefix("__builtin_")?;
        match name {
            "constant_p" => return self.constant_p(cx, args.first()?),
            "strlen" => {
                let Const::Addr(Base::Str(bytes, 1), at) = self.eval(cx, args.first()?)? else {
                    return None;
                };
                let rest = bytes.get(usize::try_from(at).ok()?..)?;
                let len = rest.iter().position(|&b| b == 0).unwrap_or(rest.len());
                return Some(Const::Int(len as i128, IntKind::ULong));
            }
            "expect" | "expect_with_probability" | "assume_aligned" => {
                let value = self.eval(cx, args.first()?)?;
                return match value {
                    Const::Int(v, _) if name != "assume_aligned" => {
                        Some(Const::int(v, IntKind::Long))
                    }
                    other => Some(other),
                };
            }
            // Not folded by clang 19: `abs` and its kin.
            "object_size" | "dynamic_object_size" => return self.object_size(cx, args),
            "inf" | "huge_val" => return Some(Const::Float(f64::INFINITY, FloatKind::Double)),
            "inff" | "huge_valf" => return Some(Const::Float(f64::INFINITY, FloatKind::Float)),
            "infl" | "huge_vall" => {
                return Some(Const::Float(f64::INFINITY, FloatKind::LongDouble));
            }
            _ => {}
        }
        let (base, kind) = operand_kind(name)?;
        let value = self.eval(cx, args.first()?)?;
        let Const::Int(value, _) = self.convert(value, CTypeId::int(kind))? else { return None };
        fold(base, value, kind)
    }

    fn constant_p(&mut self, cx: &mut Cx, arg: &Expr) -> Option<Const> {
        match self.eval(cx, arg) {
            Some(
                Const::Int(..) | Const::Float(..) | Const::Addr(Base::Null | Base::Str(..), _),
            ) => Some(Const::Int(1, IntKind::Int)),
            // In a body the optimiser has the last word.
            _ if cx.scope.in_function => None,
            _ => Some(Const::Int(0, IntKind::Int)),
        }
    }

    /// Bytes from an address to the end of the whole object it lies in (modes 0 and 2); the mode that
    /// asks for the innermost member, and objects that are not seen whole, are left open.
    fn object_size(&mut self, cx: &mut Cx, args: &[Expr]) -> Option<Const> {
        let [pointer, mode] = args else { return None };
        if self.int_value(cx, mode)? & 1 != 0 {
            return None;
        }
        let Const::Addr(base, at) = self.eval(cx, pointer)? else { return None };
        let size = match base {
            Base::Symbol(name) => {
                let ty = match self.name(name) {
                    super::Name::Variable(id) => {
                        let variable = self.variables.get(id.0 as usize)?;
                        if variable.definition == super::Definition::None {
                            return None;
                        }
                        variable.ty
                    }
                    _ => return None,
                };
                self.size_of(ty)?
            }
            Base::Local(id) => {
                let ty = cx.scope.local(id)?.ty;
                if matches!(self.canonical(ty), CType::Unknown) {
                    return None;
                }
                self.size_of(ty)?
            }
            Base::Str(bytes, width) => bytes.len() as u64 + u64::from(width),
            Base::Null | Base::Anonymous => return None,
        };
        let left = if at < 0 { 0 } else { (i128::from(size) - at).max(0) };
        Some(Const::Int(left, IntKind::ULong))
    }
}

/// The name of an integer builtin without its suffix, and the type of its parameter.
fn operand_kind(name: &str) -> Option<(&str, IntKind)> {
    let sized = |base: &'static str, bits: &str| {
        let kind = match bits {
            "8" => IntKind::UChar,
            "16" => IntKind::UShort,
            "32" => IntKind::UInt,
            "64" => IntKind::ULong,
            _ => return None,
        };
        Some((base, kind))
    };
    if let Some(bits) = name.strip_prefix("bswap") {
        return sized("bswap", bits);
    }
    if let Some(bits) = name.strip_prefix("bitreverse") {
        return sized("bitreverse", bits);
    }
    let (base, kind) = match name.strip_suffix("ll") {
        Some(base) => (base, IntKind::LongLong),
        None => match name.strip_suffix('l') {
            Some(base) => (base, IntKind::Long),
            None => (name, IntKind::Int),
        },
    };
    match base {
        "ffs" | "clrsb" => Some((base, kind)),
        "clz" | "ctz" | "popcount" | "parity" => Some((base, kind.to_unsigned())),
        _ => None,
    }
}

fn fold(base: &str, value: i128, kind: IntKind) -> Option<Const> {
    let bits = kind.size() as u32 * 8;
    let raw = wrap(value, kind.to_unsigned()) as u64;
    let int = |v: u32| Some(Const::Int(i128::from(v), IntKind::Int));
    match base {
        "bswap" => Some(Const::Int(i128::from(raw.swap_bytes() >> (64 - bits)), kind)),
        "bitreverse" => Some(Const::Int(i128::from(raw.reverse_bits() >> (64 - bits)), kind)),
        "popcount" => int(raw.count_ones()),
        "parity" => int(raw.count_ones() & 1),
        "ffs" => int(if raw == 0 { 0 } else { raw.trailing_zeros() + 1 }),
        "clrsb" => {
            let sign = if value < 0 { !value } else { value } as u64;
            int(bits - 1 - (64 - sign.leading_zeros()))
        }
        "ctz" if raw != 0 => int(raw.trailing_zeros()),
        "clz" if raw != 0 => int(raw.leading_zeros() - (64 - bits)),
        _ => None,
    }
}
