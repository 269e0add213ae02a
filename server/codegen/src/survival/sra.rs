//! Splitting of aggregates: clang replaces a static struct or array of which only constant parts
//! are read and written by one variable a part (`SRAGlobal`).

use cfront::{
    ctypes::{CType, CTypeId, Field, RecordId},
    symbol::Symbol,
    unit::FileScope,
};

use super::uses::{Kind, VariableUse};
use crate::references::{Extent, Length, Step};

/// More parts than this stay together.
const MAX_PARTS: usize = 16;

/// A part that became a variable.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Part {
    /// Number in its name (`st.1`).
    pub(crate) number: u32,
    /// Offset in the whole in bytes.
    pub(crate) offset: u64,
    /// Size in bytes.
    pub(crate) size: u64,
    /// Its type.
    pub(crate) ty: CTypeId,
    /// It shrinks to a truth value of one byte.
    pub(crate) shrinks: bool,
}

/// Whether every step of a path is known when compiling, in unrolled loops for each iteration.
pub(crate) fn is_constant_path(path: &[Step]) -> bool {
    path.iter().all(|step| match step {
        Step::Field(_) | Step::Index(Some(_)) | Step::Iteration => true,
        Step::Computed { constant, .. } => *constant,
        Step::Index(None) | Step::Punned => false,
    })
}

/// The parts that the uses cut an aggregate into, with the uses of each; `None` where it stays whole.
pub(crate) fn split(
    unit: &FileScope,
    ty: CTypeId,
    uses: &[VariableUse],
) -> Option<Vec<(Part, Vec<usize>)>> {
    let mut parts: Vec<(Part, Vec<usize>)> = Vec::new();
    for (index, use_) in uses.iter().enumerate() {
        let (offset, leaf) = leaf(unit, ty, &use_.path)?;
        let whole = unit.size_of(leaf)?;
        let size = match use_.extent.length {
            Length::Part => whole,
            Length::Bytes(bytes) => bytes,
            Length::Unknown => return None,
        };
        // A struct of such a size is loaded and stored like a number, and so are so many bytes of one.
        let aggregate = is_aggregate(unit, leaf) || size != whole;
        if aggregate && !matches!(size, 1 | 2 | 4 | 8) {
            return None;
        }
        // What a local that is taken apart is copied from or to is accessed member by member.
        let torn = aggregate && !use_.extent.at_once;
        if torn && (size != whole || !is_number(unit, leaf)) {
            return None;
        }
        match parts.iter_mut().find(|(p, _)| p.offset == offset) {
            Some((part, indices)) => {
                if part.size != size {
                    return None;
                }
                if !aggregate {
                    part.ty = leaf;
                }
                indices.push(index);
            }
            None => {
                let part = Part { number: 0, offset, size, ty: leaf, shrinks: false };
                parts.push((part, vec![index]));
            }
        }
    }
    parts.sort_by_key(|(p, _)| p.offset);
    if parts.len() > MAX_PARTS {
        return None;
    }
    let mut end = 0;
    for (number, (part, _)) in parts.iter_mut().enumerate() {
        if part.offset < end {
            return None;
        }
        end = part.offset.checked_add(part.size)?;
        part.number = number as u32;
    }
    Some(parts)
}

/// Whether the uses read a part that is itself an aggregate, and not of a size that one load covers:
/// that is a copy, which needs the variable. `memcpy` of so many bytes is a load, too, whatever lies
/// there (`InstCombinerImpl::SimplifyAnyMemTransfer`).
pub(crate) fn copies(unit: &FileScope, ty: CTypeId, uses: &[VariableUse]) -> bool {
    uses.iter().filter(|u| u.kind == Kind::Read).any(|u| {
        if u.extent.length != Length::Part {
            return !matches!(u.extent.length, Length::Bytes(0 | 1 | 2 | 4 | 8));
        }
        // Each iteration reads an element like the first.
        let path: Vec<Step> = u.path.iter().copied().map(first_iteration).collect();
        leaf(unit, ty, &path).is_some_and(|(_, leaf)| {
            is_aggregate(unit, leaf) && !matches!(unit.size_of(leaf), Some(1 | 2 | 4 | 8))
        })
    })
}

/// The alignment in bytes that an access gives a variable: LLVM aligns a variable of the module as the
/// type that is loaded from its start or stored there prefers, whatever it is declared as
/// (`getOrEnforceKnownAlignment` in `InstCombinerImpl::visitLoadInst`, `visitStoreInst`).
pub(crate) fn alignment(unit: &FileScope, ty: CTypeId, access: &VariableUse) -> Option<u64> {
    let Extent { length, at_once } = access.extent;
    match access.kind {
        Kind::Read | Kind::Write(_) | Kind::ReadWrite => {}
        // A volatile copy of a struct stays a copy.
        Kind::Volatile if !at_once || length != Length::Part => {}
        _ => return None,
    }
    let mut place = access.path.clone();
    // A pointer of another type, but to the same place.
    place.pop_if(|step| *step == Step::Punned);
    let (offset, leaf) = leaf(unit, ty, &place)?;
    let size = match length {
        Length::Bytes(bytes) if at_once => bytes,
        Length::Bytes(_) | Length::Unknown => return None,
        Length::Part if is_aggregate(unit, leaf) && !at_once => return None,
        Length::Part => unit.size_of(leaf)?,
    };
    let number = matches!(size, 2 | 4 | 8) || size == 16 && !at_once;
    (offset == 0 && number).then_some(size)
}

fn first_iteration(step: Step) -> Step {
    match step {
        Step::Iteration | Step::Computed { .. } => Step::Index(Some(0)),
        step => step,
    }
}

/// Whether a type is a number, or a struct of nothing but one.
fn is_number(unit: &FileScope, ty: CTypeId) -> bool {
    let mut ty = ty;
    for _ in 0..32 {
        let CType::Record(id) = unit.canonical(ty) else { return !is_aggregate(unit, ty) };
        match unit.record(id).as_deref().map(|record| record.fields.as_slice()) {
            Some([only]) if only.bits.is_none() => ty = only.ty,
            _ => return false,
        }
    }
    false
}

pub(crate) fn is_aggregate(unit: &FileScope, ty: CTypeId) -> bool {
    matches!(unit.canonical(ty), CType::Record(_) | CType::Array { .. })
}

/// Offset in bytes and type of the part at the end of a path; `None` for bit-fields and the unknown.
fn leaf(unit: &FileScope, ty: CTypeId, path: &[Step]) -> Option<(u64, CTypeId)> {
    let mut ty = ty;
    let mut offset = 0u64;
    for step in path {
        match (step, unit.canonical(ty)) {
            (Step::Field(name), CType::Record(id)) => {
                let (bits, field) = member(unit, id, *name)?;
                if field.bits.is_some() || bits % 8 != 0 {
                    return None;
                }
                offset = offset.checked_add(bits / 8)?;
                ty = field.ty;
            }
            (Step::Index(Some(index)), CType::Array { elem, .. }) => {
                let index = u64::try_from(*index).ok()?;
                offset = offset.checked_add(index.checked_mul(unit.size_of(elem)?)?)?;
                ty = elem;
            }
            _ => return None,
        }
    }
    Some((offset, ty))
}

/// A member by name, through anonymous members, with its offset in bits.
pub(crate) fn member(unit: &FileScope, record: RecordId, name: Symbol) -> Option<(u64, Field)> {
    let found = unit.member(record, name)?;
    Some((found.offset_bits?, found.field))
}
