//! Initialisers whose LLVM type is not that of their variable. Where such a variable was created by a
//! reference, its definition makes it anew ([`crate::laws::INITIALISER_TYPES`]), behind all others.

use cfront::{
    ast::{self, Designator, ExprKind, Initializer},
    ctypes::{CType, CTypeId, Field, Record},
    sema::{Definition, Initial, Variable},
    unit::{FileScope, ItemId},
};

use crate::references;

/// So many zeros at the end of an array are a member of their own (`EmitArrayConstant`).
const FILLER: usize = 8;
/// Deeper types are not looked into.
const MAX_DEPTH: u32 = 32;

/// Whether the initialiser of a variable has another type than it.
pub(super) fn differs(unit: &FileScope, variable: &Variable) -> bool {
    let Definition::Initialised(index) = variable.definition else { return false };
    let Some(decl) = variable.decls.get(index) else { return false };
    let item = unit.declaration(ItemId(decl.place.item));
    let Some((parsed, _)) = item else { return false };
    let init = references::initializer_at(&parsed.syntax, decl.declarator);
    let Some(size) = unit.size_of(variable.ty).and_then(|size| usize::try_from(size).ok()) else {
        return false;
    };
    let bytes = match unit.initial(variable) {
        Initial::Bytes { mut bytes, relocations } => {
            // An address is not zero, whatever stands in its place.
            for relocation in &relocations {
                let at = usize::try_from(relocation.offset).unwrap_or(usize::MAX);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = 1;
                }
            }
            bytes
        }
        Initial::Zero if size <= 1 << 16 => vec![0; size],
        _ => return false,
    };
    of(unit, variable.ty, init, &bytes, 0)
}

fn of(unit: &FileScope, ty: CTypeId, init: Option<&Initializer>, bytes: &[u8], depth: u32) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match unit.canonical(ty) {
        CType::Array { elem, .. } => array(unit, elem, init, bytes, depth),
        CType::Record(id) => unit.record(id).is_some_and(|record| match record.is_union {
            true => union(unit, &record, init, bytes, depth),
            false => structure(unit, &record, init, bytes, depth),
        }),
        _ => false,
    }
}

fn array(
    unit: &FileScope,
    elem: CTypeId,
    init: Option<&Initializer>,
    bytes: &[u8],
    depth: u32,
) -> bool {
    let size = unit.size_of(elem).and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
    if size == 0 || is_zero(bytes) {
        return false;
    }
    match init {
        Some(init) if is_string(init) => return false,
        // A member that is an array of characters is taken to be a text.
        None if size == 1 && depth > 0 => return false,
        _ => {}
    }
    let zeros = bytes.rchunks_exact(size).take_while(|element| is_zero(element)).count();
    zeros >= FILLER || bytes.chunks_exact(size).any(|e| of(unit, elem, None, e, depth + 1))
}

fn structure(
    unit: &FileScope,
    record: &Record,
    init: Option<&Initializer>,
    bytes: &[u8],
    depth: u32,
) -> bool {
    // Bit-fields are written byte by byte, and lie in one number of LLVM's.
    let runs = record.fields.chunk_by(|a, b| a.bits.is_some() == b.bits.is_some());
    let mut runs = runs.filter(|run| run.first().is_some_and(|field| field.bits.is_some()));
    if runs.any(|run| run.iter().filter_map(|field| field.bits).sum::<u32>() > 8) {
        return true;
    }
    let items = plain_items(init);
    record.fields.iter().enumerate().any(|(index, field)| {
        let init = items.and_then(|items| items.get(index)).map(|item| &item.value);
        part(unit, field, bytes).is_some_and(|part| of(unit, field.ty, init, part, depth + 1))
    })
}

/// LLVM's type of a union is that of its most aligned member, of these the largest
/// (`CGRecordLowering::lowerUnion`); an initialiser's is that of the member that it is for.
fn union(
    unit: &FileScope,
    record: &Record,
    init: Option<&Initializer>,
    bytes: &[u8],
    depth: u32,
) -> bool {
    let rank =
        |field: &Field| (unit.align_of(field.ty).unwrap_or(1), unit.size_of(field.ty).unwrap_or(0));
    let mut storage: Option<&Field> = None;
    for field in &record.fields {
        if storage.is_none_or(|best| rank(field) > rank(best)) {
            storage = Some(field);
        }
    }
    let items = match init {
        Some(Initializer::List(items, _)) => items.as_slice(),
        _ => &[],
    };
    let named = items.first().and_then(|item| match item.designators.first() {
        Some(Designator::Field(name)) => Some(name.name),
        _ => None,
    });
    let chosen = match named {
        Some(name) => record.fields.iter().find(|field| field.name == Some(name)),
        None => record.fields.first(),
    };
    let (Some(storage), Some(chosen)) = (storage, chosen) else { return false };
    if !same_type(unit, storage.ty, chosen.ty) {
        return true;
    }
    let init = items.first().filter(|item| item.designators.len() <= 1).map(|item| &item.value);
    part(unit, chosen, bytes).is_some_and(|part| of(unit, chosen.ty, init, part, depth + 1))
}

/// Whether two types are one to LLVM, which knows no signs.
fn same_type(unit: &FileScope, a: CTypeId, b: CTypeId) -> bool {
    let number = |ty: &CType| matches!(ty, CType::Int(_) | CType::Enum(_) | CType::Bool);
    let (x, y) = (unit.canonical(a), unit.canonical(b));
    match (&x, &y) {
        (CType::Pointer(_), CType::Pointer(_)) => true,
        (x, y) if number(x) && number(y) => unit.size_of(a) == unit.size_of(b),
        (CType::Array { elem: e, .. }, CType::Array { elem: f, .. }) => {
            unit.size_of(a) == unit.size_of(b) && same_type(unit, *e, *f)
        }
        _ => x == y,
    }
}

fn plain_items(init: Option<&Initializer>) -> Option<&[ast::InitItem]> {
    match init {
        Some(Initializer::List(items, _)) if items.iter().all(|i| i.designators.is_empty()) => {
            Some(items)
        }
        _ => None,
    }
}

fn part<'b>(unit: &FileScope, field: &Field, bytes: &'b [u8]) -> Option<&'b [u8]> {
    let start = usize::try_from(field.offset_bits? / 8).ok()?;
    let size = usize::try_from(unit.size_of(field.ty)?).ok()?;
    bytes.get(start..start.checked_add(size)?)
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

fn is_string(init: &Initializer) -> bool {
    match init {
        Initializer::Expr(expr) => matches!(expr.kind, ExprKind::Str { .. } | ExprKind::Paren(_)),
        Initializer::List(items, _) => match items.as_slice() {
            [item] => {
                matches!(&item.value, Initializer::Expr(e) if matches!(e.kind, ExprKind::Str { .. }))
            }
            _ => false,
        },
    }
}
