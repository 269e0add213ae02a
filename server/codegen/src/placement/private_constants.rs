//! Private constants: string literals, constants that were variables, and the constants that local
//! aggregates are copied from.

use cfront::{
    ctypes::{CType, CTypeId},
    sema::Initial,
    symbol::Symbol,
    unit::FileScope,
};
use smol_str::{SmolStr, format_smolstr};

use crate::{
    facts::Facts,
    laws,
    survival::{
        hypotheses::{Weighed, weigh},
        sra,
        uses::{self, Kind},
    },
};

/// A constant without a name that BTF knows.
pub(crate) struct Private {
    pub(crate) section: SmolStr,
    /// Size in bytes.
    pub(crate) size: u64,
    /// Alignment in bytes.
    pub(crate) align: u64,
    /// Content: equal ones are merged into the last.
    pub(crate) bytes: Vec<u8>,
}

/// The constant of a string literal.
pub(crate) fn string(bytes: &[u8], width: u8) -> Private {
    let width = u64::from(width.max(1));
    let size = bytes.len() as u64 + width;
    // A NUL inside makes it an ordinary constant.
    let plain = match width {
        1 => !bytes.contains(&0),
        _ => bytes.chunks(width as usize).all(|c| c.iter().any(|b| *b != 0)),
    };
    let section = if plain { format_smolstr!(".rodata.str{width}.{width}") } else { merged(size) };
    let mut content = bytes.to_vec();
    content.resize(size as usize, 0);
    Private { section, size, align: width, bytes: content }
}

/// The section of a constant whose address does not matter, by its content and size in bytes
/// ([`laws::MERGEABLE_SECTIONS`]): arrays of numbers that end in their only zero are texts.
pub(crate) fn constant_section(
    unit: &FileScope,
    ty: CTypeId,
    initial: &Initial,
    size: u64,
) -> SmolStr {
    match initial {
        Initial::Bytes { relocations, .. } if !relocations.is_empty() => ".rodata".into(),
        Initial::Bytes { bytes, .. } => match character(unit, ty) {
            Some(width) if is_text(bytes, width) => format_smolstr!(".rodata.str{width}.{width}"),
            _ => merged(size),
        },
        _ => merged(size),
    }
}

/// Size in bytes of the elements of an array that may be a text.
fn character(unit: &FileScope, ty: CTypeId) -> Option<usize> {
    let CType::Array { elem, .. } = unit.canonical(ty) else { return None };
    match unit.canonical(elem) {
        CType::Int(kind) if matches!(kind.size(), 1 | 2 | 4) => Some(kind.size() as usize),
        CType::Bool => Some(1),
        _ => None,
    }
}

fn is_text(bytes: &[u8], width: usize) -> bool {
    let zero = |element: &[u8]| element.iter().all(|b| *b == 0);
    let mut elements = bytes.chunks(width);
    elements.next_back().is_some_and(zero) && !elements.any(zero)
}

fn merged(size: u64) -> SmolStr {
    match size {
        4 | 8 | 16 | 32 => format_smolstr!(".rodata.cst{size}"),
        _ => ".rodata".into(),
    }
}

/// Up to this size in bytes a constant is always copied, never made of a memset and stores
/// (`shouldUseBZeroPlusStoresToInitialize`).
const COPY_LIMIT: u64 = 32;
/// As many non-zero scalars are stored one by one after a memset.
const STORE_BUDGET: usize = 6;

/// Whether clang makes a constant for a local aggregate to be copied from: not when everything is
/// zero, nor when it is over the limit and a memset with a few stores does ([`laws::LOCAL_CONSTANTS`]).
pub(crate) fn is_made(facts: &mut Facts<'_>, function: Symbol, index: u32) -> bool {
    let Some(body) = facts.function(function) else { return false };
    let Some(constant) = body.constants.get(index as usize) else { return false };
    let Some(local) = body.local(constant.local) else { return false };
    let Initial::Bytes { bytes, relocations } = &constant.initial else { return false };
    if !relocations.is_empty() {
        return true;
    }
    if bytes.len() as u64 <= COPY_LIMIT {
        return true;
    }
    let mut scalars = 0;
    nonzero_scalars(facts.file_scope(), local.ty, bytes, 0, &mut scalars);
    scalars > STORE_BUDGET && !bytes.iter().all(|b| Some(b) == bytes.first())
}

/// The constant that a local aggregate is copied from, where clang makes one and the optimiser leaves
/// it: neither all of one byte nor large and mostly zero, not of a size that one store covers, and
/// copied to a local that is more than the sum of its parts. A local that is only read is the constant
/// itself ([`laws::COPIED_CONSTANTS`]), of any size.
pub(crate) fn of_initializer(
    facts: &mut Facts<'_>,
    function: Symbol,
    index: u32,
) -> Option<(Private, Weighed<bool>)> {
    let body = facts.function(function)?;
    let constant = body.constants.get(index as usize)?;
    let local = body.local(constant.local)?;
    let Initial::Bytes { bytes, relocations } = &constant.initial else { return None };
    let size = bytes.len() as u64;
    let mut scalars = 0;
    nonzero_scalars(facts.file_scope(), local.ty, bytes, 0, &mut scalars);
    if size == 0
        || scalars == 0 && relocations.is_empty()
        || size > COPY_LIMIT && scalars <= STORE_BUDGET
    {
        return None;
    }
    let mut found = Vec::new();
    for reference in body.of_local(constant.local).filter(|reference| !reference.dead) {
        uses::of_reference(facts, Some(&body), reference, &mut found);
    }
    let unit = facts.file_scope();
    let uniform = relocations.is_empty() && bytes.iter().all(|b| Some(b) == bytes.first());
    let left = weigh(&found, |uses| {
        let has = |kind: Kind| uses.iter().any(|u| u.kind == kind);
        let only_read =
            uses.iter().all(|u| matches!(u.kind, Kind::Read | Kind::Compared | Kind::Ignored));
        if uniform && !(only_read && has(Kind::Compared))
            || !only_read && matches!(size, 1 | 2 | 4 | 8)
        {
            return Weighed::certain(false);
        }
        let whole = uses.iter().any(|u| match u.kind {
            Kind::Escape | Kind::Volatile | Kind::Compared => true,
            Kind::Read | Kind::ReadWrite => !sra::is_constant_path(&u.path),
            Kind::Write(_) | Kind::Passed | Kind::Ignored => false,
        });
        // Read as a whole it is copied on, and the copy is made from the constant.
        match whole || sra::copies(unit, local.ty, uses) {
            // What is written over before the address goes on may be all that it has.
            true if uses.iter().any(|u| matches!(u.kind, Kind::Write(_))) => {
                Weighed::likely(&laws::SROA, true, false)
            }
            true => Weighed::certain(true),
            false if has(Kind::Passed) => Weighed::likely(&laws::INLINING, true, false),
            false => Weighed::certain(false),
        }
    });
    let section = match relocations.is_empty() {
        true => constant_section(facts.file_scope(), local.ty, &constant.initial, size),
        false => ".rodata".into(),
    };
    Some((Private { section, size, align: local.align.unwrap_or(1), bytes: bytes.clone() }, left))
}

/// Counts the scalars of a constant that are not zero, up to just over the budget.
fn nonzero_scalars(unit: &FileScope, ty: CTypeId, bytes: &[u8], depth: u32, count: &mut usize) {
    if depth > 32 || *count > STORE_BUDGET || bytes.iter().all(|b| *b == 0) {
        return;
    }
    match unit.canonical(ty) {
        CType::Array { elem, .. } => {
            let size = unit.size_of(elem).and_then(|s| usize::try_from(s).ok()).unwrap_or(0);
            if size > 0 {
                bytes
                    .chunks(size)
                    .for_each(|part| nonzero_scalars(unit, elem, part, depth + 1, count));
            }
        }
        CType::Record(id) => {
            let Some(record) = unit.record(id) else { return };
            for field in &record.fields {
                let start = field.offset_bits.map(|b| b / 8).and_then(|o| usize::try_from(o).ok());
                let size = unit.size_of(field.ty).and_then(|s| usize::try_from(s).ok());
                if let (Some(start), Some(size)) = (start, size)
                    && let Some(part) = bytes.get(start..start.saturating_add(size))
                {
                    nonzero_scalars(unit, field.ty, part, depth + 1, count);
                }
                if record.is_union {
                    break;
                }
            }
        }
        _ => *count += 1,
    }
}
