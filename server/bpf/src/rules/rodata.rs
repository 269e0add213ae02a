//! `const-not-volatile`: constants that the loader sets, and that clang has already put into the code.

use cfront::{
    ast,
    ctypes::CType,
    sema::{Definition, Variable},
    source::FileRange,
    unit::ItemId,
};

use super::{Input, RuleId, places};
use crate::diagnostic::Diagnostic;

const RULE: RuleId = RuleId("const-not-volatile");

pub(super) fn check(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    if input.usage.rodata_written.is_empty() {
        return;
    }
    for variable in input.unit.variables() {
        if input.usage.rodata_written.contains(variable.name.as_str())
            && is_folded(input, &variable)
            && let Some(range) = places::variable(input.unit, &variable)
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
            if let Some(word) = const_word(input, &variable) {
                finding = finding.with_fix("Add `volatile`", vec![(word, "const volatile".into())]);
            }
            found.push(finding);
        }
    }
}

/// Whether every read of the variable gives the value it was compiled with: a `const` scalar that is
/// defined here and cannot be replaced (`weak`). Elements of arrays at a variable index do come from
/// the map, so arrays and structs are left alone.
fn is_folded(input: Input<'_>, variable: &Variable) -> bool {
    let unit = input.unit;
    unit.is_const(variable.ty)
        && !unit.is_volatile(variable.ty)
        && !variable.attrs.weak
        && variable.definition != Definition::None
        && matches!(
            unit.canonical(variable.ty),
            CType::Bool | CType::Int(_) | CType::Enum(_) | CType::Float(_)
        )
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
