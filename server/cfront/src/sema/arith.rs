//! Arithmetic on constants in the target's types.

use super::{
    constant::Const,
    expr::{Arith, promote, usual},
};
use crate::{
    ast::BinaryOp,
    ctypes::{FloatKind, IntKind},
};

/// A value cut to the width of a type.
pub(crate) fn wrap(value: i128, kind: IntKind) -> i128 {
    let bits = kind.size() as u32 * 8;
    if bits >= 128 {
        return value;
    }
    let shift = 128 - bits;
    if kind.is_signed() {
        (value << shift) >> shift
    } else {
        (((value as u128) << shift) >> shift) as i128
    }
}

pub(super) fn int_op(
    op: BinaryOp,
    (a, ak): (i128, IntKind),
    (b, bk): (i128, IntKind),
) -> Option<Const> {
    if matches!(op, BinaryOp::Shl | BinaryOp::Shr) {
        let Arith::Int(kind) = promote(Arith::Int(ak)) else { return None };
        let bits = kind.size() as i128 * 8;
        if b < 0 || b >= bits {
            return None;
        }
        let a = wrap(a, kind);
        let v = match (op, kind) {
            (BinaryOp::Shl, _) => a.wrapping_shl(b as u32),
            (_, IntKind::UInt128) => ((a as u128) >> b) as i128,
            _ => a >> b,
        };
        return Some(Const::int(v, kind));
    }
    let Arith::Int(kind) = usual(promote(Arith::Int(ak)), promote(Arith::Int(bk))) else {
        return None;
    };
    let (a, b) = (wrap(a, kind), wrap(b, kind));
    let compare = |v: bool| Some(Const::Int(i128::from(v), IntKind::Int));
    let unsigned128 = kind == IntKind::UInt128;
    let less = if unsigned128 { (a as u128) < b as u128 } else { a < b };
    let v = match op {
        BinaryOp::Add => a.wrapping_add(b),
        BinaryOp::Sub => a.wrapping_sub(b),
        BinaryOp::Mul => a.wrapping_mul(b),
        BinaryOp::Div if b == 0 => return None,
        BinaryOp::Rem if b == 0 => return None,
        BinaryOp::Div if unsigned128 => ((a as u128) / b as u128) as i128,
        BinaryOp::Rem if unsigned128 => ((a as u128) % b as u128) as i128,
        BinaryOp::Div => a.wrapping_div(b),
        BinaryOp::Rem => a.wrapping_rem(b),
        BinaryOp::BitAnd => a & b,
        BinaryOp::BitOr => a | b,
        BinaryOp::BitXor => a ^ b,
        BinaryOp::Eq => return compare(a == b),
        BinaryOp::Ne => return compare(a != b),
        BinaryOp::Lt => return compare(less),
        BinaryOp::Ge => return compare(!less),
        BinaryOp::Gt => return compare(!less && a != b),
        BinaryOp::Le => return compare(less || a == b),
        BinaryOp::Shl | BinaryOp::Shr | BinaryOp::LogAnd | BinaryOp::LogOr => return None,
    };
    Some(Const::int(v, kind))
}

pub(super) fn float_op(op: BinaryOp, a: Const, b: Const) -> Option<Const> {
    let (a, ak) = to_float(a)?;
    let (b, bk) = to_float(b)?;
    let kind = ak.into_iter().chain(bk).max()?;
    let compare = |v: bool| Some(Const::Int(i128::from(v), IntKind::Int));
    let v = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Eq => return compare(a == b),
        BinaryOp::Ne => return compare(a != b),
        BinaryOp::Lt => return compare(a < b),
        BinaryOp::Gt => return compare(a > b),
        BinaryOp::Le => return compare(a <= b),
        BinaryOp::Ge => return compare(a >= b),
        _ => return None,
    };
    Some(Const::Float(round_float(v, kind), kind))
}

fn to_float(value: Const) -> Option<(f64, Option<FloatKind>)> {
    match value {
        Const::Float(v, kind) => Some((v, Some(kind))),
        Const::Int(v, _) => Some((v as f64, None)),
        Const::Addr(..) => None,
    }
}

pub(super) fn round_float(value: f64, kind: FloatKind) -> f64 {
    match kind {
        FloatKind::Float | FloatKind::Half => f64::from(value as f32),
        _ => value,
    }
}

/// A decimal floating constant; hexadecimal ones are left alone.
pub(super) fn parse_float(text: &str) -> Option<Const> {
    if text.starts_with("0x") || text.starts_with("0X") {
        return None;
    }
    let (digits, kind) = match text.as_bytes().last()? {
        b'f' | b'F' => (text.get(..text.len() - 1)?, FloatKind::Float),
        b'l' | b'L' => (text.get(..text.len() - 1)?, FloatKind::LongDouble),
        _ => (text, FloatKind::Double),
    };
    let value: f64 = digits.parse().ok()?;
    Some(Const::Float(round_float(value, kind), kind))
}
