//! Private constants: string literals, constants that were variables, and the constants that local
//! aggregates are copied from.

use cfront::{
    refs::{Access, Target},
    sema::{Initial, LocalId},
    symbol::Symbol,
};
use smol_str::{SmolStr, format_smolstr};

use super::bodies::Bodies;

/// A constant without a name that BTF knows.
pub(super) struct Private {
    pub(super) section: SmolStr,
    /// Size in bytes.
    pub(super) size: u64,
    /// Alignment in bytes.
    pub(super) align: u64,
}

/// The constant of a string literal.
pub(super) fn string(bytes: &[u8], width: u8) -> Private {
    let width = u64::from(width.max(1));
    let size = bytes.len() as u64 + width;
    // A NUL inside makes it an ordinary constant.
    let plain = match width {
        1 => !bytes.contains(&0),
        _ => bytes.chunks(width as usize).all(|c| c.iter().any(|b| *b != 0)),
    };
    let section = if plain { format_smolstr!(".rodata.str{width}.{width}") } else { merged(size) };
    Private { section, size, align: width }
}

/// The section of a constant whose address does not matter, by its content and size in bytes
/// (`TargetLoweringObjectFile::getKindForGlobal`).
pub(super) fn constant_section(initial: &Initial, size: u64) -> SmolStr {
    match initial {
        Initial::Bytes { relocations, .. } if !relocations.is_empty() => ".rodata".into(),
        Initial::Bytes { bytes, .. } if is_c_string(bytes) => ".rodata.str1.1".into(),
        _ => merged(size),
    }
}

fn is_c_string(bytes: &[u8]) -> bool {
    match bytes.split_last() {
        Some((0, text)) => !text.contains(&0),
        _ => false,
    }
}

fn merged(size: u64) -> SmolStr {
    match size {
        4 | 8 | 16 | 32 => format_smolstr!(".rodata.cst{size}"),
        _ => ".rodata".into(),
    }
}

/// Aggregates up to this size in bytes are stored member by member (`shouldSplitConstantStore`).
const SPLIT_LIMIT: u64 = 64;
/// As many non-zero scalars are stored one by one after a memset
/// (`shouldUseBZeroPlusStoresToInitialize`).
const STORE_BUDGET: usize = 6;

/// The constant that a local aggregate is copied from, where clang makes one: large, constant, and
/// neither all one byte nor mostly zero.
pub(super) fn table(bodies: &mut Bodies<'_>, function: Symbol, index: u32) -> Option<Private> {
    let body = bodies.function(function)?;
    let table = body.body.tables.get(index as usize)?;
    let local = body.scope.local(LocalId(table.local))?;
    let Initial::Bytes { bytes, relocations } = bodies.unit.initial_of_local(&body.scope, local.id) else {
        return None;
    };
    let size = bytes.len() as u64;
    if size <= SPLIT_LIMIT || bytes.windows(2).all(|w| w.first() == w.last()) {
        return None;
    }
    // Scalars are counted as if of 8 bytes; characters are scalars of their own.
    let scalars = match bodies.unit.align_of(local.ty) {
        Some(1) => bytes.iter().filter(|b| **b != 0).count(),
        _ => bytes.chunks(8).filter(|c| c.iter().any(|b| *b != 0)).count() + relocations.len(),
    };
    if scalars <= STORE_BUDGET {
        return None;
    }
    // Copied only where the copy stays: something takes the local's address.
    let needed = body.body.references.iter().any(|r| {
        !r.dead && r.target == Target::Local(table.local) && !matches!(r.access, Access::Write | Access::Mention)
    });
    let _ = needed;
    let section = match is_c_string(&bytes) {
        true => SmolStr::new_static(".rodata.str1.1"),
        false if relocations.is_empty() => merged(size),
        false => ".rodata".into(),
    };
    Some(Private { section, size, align: local.align.unwrap_or(1) })
}
