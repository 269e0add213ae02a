//! Arithmetic on constants in the target's types.

use super::{
    constant::Const,
    expr::{Arith, promote, usual},
};
use crate::{ast::BinaryOp, ctypes::IntKind};

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
