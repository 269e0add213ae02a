//! Numbers that take few values ([`crate::laws::ONE_STORED_VALUE`]).

use cfront::sema::Initial;

use super::{
    sra::Part,
    uses::{Kind, VariableUse},
};

/// What becomes of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scalar {
    Gone,
    Bool,
    Kept,
}

/// A scalar whose address does not escape and that is read.
pub(super) fn scalar(uses: &[VariableUse], initial: &Initial, size: u64, writes: bool) -> Scalar {
    if !writes {
        return Scalar::Gone;
    }
    let start = start_value(initial, size);
    let mut stored = None;
    for use_ in uses {
        match use_.kind {
            Kind::Write(Some(value)) => {
                let value = wrap(value, size);
                if Some(value) == start {
                    continue;
                }
                if stored.is_some_and(|s| s != value) {
                    return Scalar::Kept;
                }
                stored = Some(value);
            }
            Kind::Write(None) | Kind::ReadWrite => return Scalar::Kept,
            Kind::Read
            | Kind::Ignored
            | Kind::Passed
            | Kind::Compared
            | Kind::Volatile
            | Kind::Escape => {}
        }
    }
    match (stored, start) {
        (_, None) => Scalar::Kept,
        // Only ever its initial value.
        (None, Some(_)) => Scalar::Gone,
        (Some(_), Some(_)) => Scalar::Bool,
    }
}

fn wrap(value: i128, size: u64) -> u128 {
    match size {
        1..=15 => value as u128 & ((1u128 << (8 * size)) - 1),
        _ => value as u128,
    }
}

/// The value that a scalar starts with (little endian).
fn start_value(initial: &Initial, size: u64) -> Option<u128> {
    match initial {
        Initial::Zero => Some(0),
        Initial::Bytes { bytes, relocations } if relocations.is_empty() => {
            let mut value = 0u128;
            for (i, byte) in bytes.iter().take(size.min(16) as usize).enumerate() {
                value |= u128::from(*byte) << (8 * i);
            }
            Some(value)
        }
        _ => None,
    }
}

/// What a part starts with.
pub(super) fn part_initial(initial: &Initial, part: &Part) -> Initial {
    match initial {
        Initial::Bytes { bytes, relocations } => {
            let end = part.offset.saturating_add(part.size);
            if relocations.iter().any(|r| (part.offset..end).contains(&r.offset)) {
                return Initial::Unknown;
            }
            match bytes.get(part.offset as usize..end as usize) {
                Some(bytes) => Initial::Bytes { bytes: bytes.to_vec(), relocations: Vec::new() },
                None => Initial::Zero,
            }
        }
        other => other.clone(),
    }
}
