//! `const-not-volatile`: constants that the loader sets, and that clang has already put into the code.

use cfront::{
    ast,
    ctypes::{CType, CTypeId},
    sema::{Definition, Variable},
    source::FileRange,
    unit::{ItemId, Unit},
};

use rustc_hash::FxHashSet;

use super::{Input, RuleId, code::Code, places};
use crate::diagnostic::Diagnostic;

const RULE: RuleId = RuleId("const-not-volatile");

pub(super) fn check(input: Input<'_>, code: &Code<'_>, found: &mut Vec<Diagnostic>) {
    // What the compiler left out of the object no loader can write.
    let kept = input.object.sections.iter().flat_map(|section| &section.variables);
    let kept: FxHashSet<&str> = kept.map(|variable| variable.name.as_str()).collect();
    for variable in input.unit.variables() {
        if is_folded(input, code, variable)
            && kept.contains(variable.name.as_str())
            && let Some(write) = input.usage.rodata_written.get(variable.name.as_str())
            && let Some(range) = places::variable(input.unit, variable)
        {
            let mut finding = Diagnostic::new(
                RULE,
                range,
                format!(
                    "the loader writes `{}`, but clang puts the value of a plain `const` into the \
                     code: the write has no effect; declare it `const volatile`",
                    variable.name
                ),
            );
            finding = finding.with_related(*write, "written here");
            if let Some(word) = const_word(input, variable) {
                finding = finding.with_fix("Add `volatile`", vec![(word, "const volatile".into())]);
            }
            found.push(finding);
        }
    }
}

/// Whether every read of the variable gives the value it was compiled with: it is `const`, defined here
/// and cannot be replaced (`weak`), and only scalars at constant places of it are read. An element at
/// a variable index does come from the map, and so does what is read through an address.
fn is_folded(input: Input<'_>, code: &Code<'_>, variable: &Variable) -> bool {
    let unit = input.unit;
    unit.is_const(variable.ty)
        && !unit.is_volatile(variable.ty)
        && !variable.attrs.weak
        && variable.definition != Definition::None
        && !matches!(unit.canonical(variable.ty), CType::Unknown)
        && !has_volatile_member(unit, variable.ty, 0)
        && code.reads_fold(variable.name) == Some(true)
}

/// Whether something in a type is `volatile`, or too deep to tell.
fn has_volatile_member(unit: &Unit, ty: CTypeId, depth: u32) -> bool {
    if unit.is_volatile(ty) || depth > 16 {
        return true;
    }
    match unit.canonical(ty) {
        CType::Array { elem, .. } => has_volatile_member(unit, elem, depth + 1),
        CType::Record(id) => unit.record(id).is_none_or(|record| {
            record.fields.iter().any(|field| has_volatile_member(unit, field.ty, depth + 1))
        }),
        _ => false,
    }
}

/// The `const` of the definition, where the user wrote it out.
fn const_word(input: Input<'_>, variable: &Variable) -> Option<FileRange> {
    let decl = variable.defining_decl()?;
    let item = ItemId(decl.place.item);
    let parsed = input.unit.item(item)?;
    let ast::Item::Declaration(declaration) = &parsed.syntax else { return None };
    if declaration.declarators.len() != 1 {
        return None;
    }
    let tokens = input.unit.tokens(item);
    let span = declaration.specs.span;
    let index = (span.start..span.end)
        .find(|&i| tokens.get(i as usize).is_some_and(|t| t.sym.as_str() == "const"))?;
    places::range_of(input.unit, item, index, index)
}
