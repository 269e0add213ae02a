//! Constness of variables: `const-not-volatile`, `section-const-mix`.

use std::sync::Arc;

use cfront::{
    ast,
    ctypes::{CType, CTypeId},
    sema::{Definition, Variable},
    source::FileRange,
    symbol::Symbol,
    unit::{ItemId, Unit},
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::context::{Check, Context, Family};
use crate::{
    diagnostic::{Diagnostic, Edit, Fix, Severity},
    places,
    rule::{self, Rule, Scope},
};

static NOT_VOLATILE: Rule = Rule {
    id: "const-not-volatile",
    severity: Severity::Warning,
    title: "the loader writes a plain `const` variable",
    happens: "The write of the loader has no effect. The program keeps the value that it was compiled with.",
    why: "Clang puts the value of a plain `const` variable straight into the code where it can, so the program \
          never reads the map that the skeleton writes.",
    fix: "Declare the variable `const volatile`.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

static CONST_MIX: Rule = Rule {
    id: "section-const-mix",
    severity: Severity::Error,
    title: "const and non-const variables share a named section",
    happens: "Clang stops with a section type conflict, so there is no object at all.",
    why: "Clang takes the flags of a named section from the first variable in it, and refuses a later one that \
          differs in constness.",
    fix: "Give the constants a section of their own.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&NOT_VOLATILE, &CONST_MIX], check: Check::object(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    folded(cx, found);
    mixed(cx, found);
}

/// Constants that the loader sets, and that clang has already put into the code.
fn folded(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    // What the compiler left out of the object no loader can write.
    let kept = cx.object.sections.iter().flat_map(|section| &section.variables);
    let kept: FxHashSet<&str> = kept.map(|variable| variable.name.as_str()).collect();
    for variable in cx.unit.variables() {
        if kept.contains(variable.name.as_str())
            && is_folded(cx, variable)
            && let Some(write) = cx.usage.rodata_written.get(variable.name.as_str())
            && let Some(range) = places::variable(cx.unit, variable)
        {
            let message = format!(
                "the loader writes `{}`, but clang puts the value of a plain `const` into the code: the write \
                 has no effect; declare it `const volatile`",
                variable.name
            );
            let fix = const_word(cx, variable)
                .map(|word| Fix::new("Add `volatile`", [Edit::after(word, " volatile")]));
            let finding = Diagnostic::new(&NOT_VOLATILE, range, message);
            found.push(finding.with_related(*write, "written here").with_fixes(fix));
        }
    }
}

/// Variables of one named section that differ in constness.
fn mixed(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut first: FxHashMap<Symbol, (bool, Arc<Variable>)> = FxHashMap::default();
    for variable in cx.unit.variables() {
        let Some(section) = variable.attrs.section else { continue };
        let unknown = matches!(cx.unit.canonical(variable.ty), CType::Unknown);
        if variable.definition == Definition::None || unknown {
            continue;
        }
        let is_const = cx.unit.is_const(variable.ty);
        let (other_const, other) =
            first.entry(section).or_insert_with(|| (is_const, variable.clone()));
        if *other_const == is_const {
            continue;
        }
        let Some(range) = places::variable(cx.unit, variable) else { continue };
        let constness = |is_const| if is_const { "const" } else { "not const" };
        let message = format!(
            "`{}` is {} and `{}` is {}, both in `{section}`: clang stops with a section type conflict",
            variable.name,
            constness(is_const),
            other.name,
            constness(*other_const)
        );
        let declared = places::variable(cx.unit, other);
        let finding = Diagnostic::new(&CONST_MIX, range, message);
        found.push(finding.with_declaration(declared, other.name.as_str()));
    }
}

/// Whether every read of the variable gives the value it was compiled with: it is `const`, defined here
/// and cannot be replaced (`weak`), and only scalars at constant places of it are read. An element at
/// a variable index does come from the map, and so does what is read through an address.
fn is_folded(cx: Context<'_>, variable: &Variable) -> bool {
    let unit = cx.unit;
    unit.is_const(variable.ty)
        && !unit.is_volatile(variable.ty)
        && !variable.attrs.weak
        && variable.definition != Definition::None
        && !matches!(unit.canonical(variable.ty), CType::Unknown)
        && !has_volatile_member(unit, variable.ty, 0)
        && cx.code().reads_fold(variable.name) == Some(true)
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
fn const_word(cx: Context<'_>, variable: &Variable) -> Option<FileRange> {
    let decl = variable.defining_decl()?;
    let item = ItemId(decl.place.item);
    let parsed = cx.unit.item(item)?;
    let ast::Item::Declaration(declaration) = &parsed.syntax else { return None };
    if declaration.declarators.len() != 1 {
        return None;
    }
    let tokens = cx.unit.tokens(item);
    let span = declaration.specs.span;
    let index = (span.start..span.end)
        .find(|&i| tokens.get(i as usize).is_some_and(|t| t.sym.as_str() == "const"))?;
    places::spelled(cx.unit, item, index, index)
}
