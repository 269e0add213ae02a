//! Floating constants: reading them, arithmetic, and conversions, all to nearest with ties to even as
//! clang folds them (`APFloat`).

use super::constant::Const;
use crate::{
    ast::BinaryOp,
    ctypes::{FloatKind, IntKind},
};

/// The value of `a op b`, where one of them at least is a floating constant.
pub(super) fn float_op(op: BinaryOp, a: Const, b: Const) -> Option<Const> {
    let kind_of = |value: &Const| match value {
        Const::Float(_, kind) => Some(*kind),
        _ => None,
    };
    let kind = kind_of(&a).into_iter().chain(kind_of(&b)).max()?;
    let operand = |value: Const| match value {
        Const::Float(v, _) => Some(v),
        Const::Int(v, from) => Some(from_int(v, from, kind)),
        Const::Addr(..) => None,
    };
    let (a, b) = (operand(a)?, operand(b)?);
    let compare = |v: bool| Some(Const::Int(i128::from(v), IntKind::Int));
    // Rounding a double result to float once more gives what float arithmetic gives: a double has
    // more than twice its digits.
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
    // A NaN that an operation makes is positive, whatever the machine's is.
    let v = match v.is_nan() {
        false => v,
        true if a.is_nan() => a,
        true if b.is_nan() => b,
        true => f64::NAN.copysign(1.0),
    };
    Some(Const::Float(round(v, kind), kind))
}

/// A value rounded to what a type can hold.
pub(super) fn round(value: f64, kind: FloatKind) -> f64 {
    match kind {
        FloatKind::Float | FloatKind::Half => f64::from(value as f32),
        _ => value,
    }
}

/// An integer of type `from` as a floating value, rounded once.
pub(super) fn from_int(value: i128, from: IntKind, kind: FloatKind) -> f64 {
    let single = matches!(kind, FloatKind::Float | FloatKind::Half);
    match (from == IntKind::UInt128, single) {
        (true, true) => f64::from(value as u128 as f32),
        (true, false) => value as u128 as f64,
        (false, true) => f64::from(value as f32),
        (false, false) => value as f64,
    }
}

/// A floating value as an integer: cut off, and at the ends of the type held there (what clang folds
/// such a conversion to; C leaves it undefined).
pub(super) fn to_int(value: f64, kind: IntKind) -> i128 {
    let bits = kind.size() as u32 * 8;
    if kind == IntKind::UInt128 {
        return (value as u128) as i128;
    }
    let (low, high) = match kind.is_signed() {
        true => (i128::MIN >> (128 - bits), i128::MAX >> (128 - bits)),
        false => (0, (1i128 << bits) - 1),
    };
    (value as i128).clamp(low, high)
}

/// A floating constant as it is spelled; `None` for an imaginary one.
pub(super) fn parse(spelling: &str) -> Option<Const> {
    let text: String = spelling.chars().filter(|&c| c != '\'').collect();
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    // In `0x1p2f` the last letter is a suffix, in `0x1f` it would be a digit.
    let (digits, kind) = match text.as_bytes().last()? {
        b'f' | b'F' if hex.is_none_or(|hex| hex.contains(['p', 'P'])) => {
            (text.get(..text.len() - 1)?, FloatKind::Float)
        }
        b'l' | b'L' => (text.get(..text.len() - 1)?, FloatKind::LongDouble),
        _ => (text.as_str(), FloatKind::Double),
    };
    let value = match (hex, kind) {
        (Some(_), _) => hexadecimal(digits.get(2..)?, kind)?,
        // Read as a double and then rounded, it would be rounded twice.
        (None, FloatKind::Float) => f64::from(digits.parse::<f32>().ok()?),
        (None, _) => digits.parse::<f64>().ok()?,
    };
    Some(Const::Float(value, kind))
}

/// `1.8p3` behind its `0x`.
fn hexadecimal(text: &str, kind: FloatKind) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let exponent: i64 = match exponent.parse::<i64>() {
        Ok(exponent) => exponent.clamp(-1_000_000, 1_000_000),
        Err(_) if exponent.starts_with('-') => -1_000_000,
        Err(_) => 1_000_000,
    };
    let mut bits: u128 = 0;
    let mut scale = exponent;
    let mut fraction = false;
    for c in mantissa.chars() {
        if c == '.' {
            fraction = true;
            continue;
        }
        let digit = u128::from(c.to_digit(16)?);
        if bits >> 120 == 0 {
            bits = bits << 4 | digit;
            scale -= if fraction { 4 } else { 0 };
        } else {
            // Digits beyond these 30 only say on which side of a tie the value lies.
            bits |= u128::from(digit != 0);
            scale += if fraction { 0 } else { 4 };
        }
    }
    let (precision, least) = match kind {
        FloatKind::Float | FloatKind::Half => (24, -149),
        _ => (53, -1074),
    };
    Some(round(scaled(bits, scale, precision, least), kind))
}

/// `bits * 2^scale` with so many binary digits, none of them below `2^least`.
fn scaled(bits: u128, scale: i64, precision: i64, least: i64) -> f64 {
    let len = i64::from(128 - bits.leading_zeros());
    let unit = (scale + len - precision).max(least);
    let (mut kept, mut unit) = match unit - scale {
        ..=0 => (bits, scale),
        drop @ 1..=127 => {
            let (kept, lost) = (bits >> drop, bits & ((1 << drop) - 1));
            let half = 1u128 << (drop - 1);
            let up = lost > half || (lost == half && kept & 1 == 1);
            (kept + u128::from(up), unit)
        }
        _ => (0, 0),
    };
    // An exact value with many zeros at its end.
    while kept >> 53 != 0 && kept & 1 == 0 {
        kept >>= 1;
        unit += 1;
    }
    let unit = unit.clamp(-1100, 1100) as i32;
    // In two steps, as 2^-1074 and 2^1023 lie further apart than the exponent of one factor reaches.
    (kept as f64) * 2f64.powi(unit / 2) * 2f64.powi(unit - unit / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(spelling: &str, value: f64, kind: FloatKind) {
        assert_eq!(parse(spelling), Some(Const::Float(value, kind)), "{spelling}");
    }

    #[test]
    fn decimal_constants_round_once() {
        check("1e3", 1000.0, FloatKind::Double);
        check("0.1f", f64::from(0.1f32), FloatKind::Float);
        check("2.5L", 2.5, FloatKind::LongDouble);
        check("1'000.5", 1000.5, FloatKind::Double);
        // Halfway between two floats when read as a double first.
        check("16777217.0000000001f", 16777218.0, FloatKind::Float);
        assert_eq!(parse("1.0i"), None);
    }

    #[test]
    fn hexadecimal_constants() {
        check("0x1.8p3f", 12.0, FloatKind::Float);
        check("0X.8P1", 1.0, FloatKind::Double);
        check("0xAp0", 10.0, FloatKind::Double);
        check("0x1p-1074", f64::from_bits(1), FloatKind::Double);
        check("0x1p-1075", 0.0, FloatKind::Double);
        check("0x1.fffffffp0f", 2.0, FloatKind::Float);
        check("0x1.00000000000008p0", 1.0, FloatKind::Double);
        check("0x1.000000000000081p0", 1.0 + f64::EPSILON, FloatKind::Double);
        check("0x1p1024", f64::INFINITY, FloatKind::Double);
        check("0x1p99999999999999999999", f64::INFINITY, FloatKind::Double);
        check("0x0p0", 0.0, FloatKind::Double);
        check("0x100000000000000000000000000000000000p-140", 1.0, FloatKind::Double);
    }

    #[test]
    fn conversion_to_an_integer_stays_in_its_range() {
        assert_eq!(to_int(4e9, IntKind::Int), i128::from(i32::MAX));
        assert_eq!(to_int(-1.5, IntKind::UInt), 0);
        assert_eq!(to_int(-1.5, IntKind::Int), -1);
        assert_eq!(to_int(1e39, IntKind::UInt128) as u128, u128::MAX);
    }
}
