//! Variables of data sections that clang, libbpf or bpftool get wrong: `data-pointer-initializer`,
//! `flexible-array-shift`, `zero-size-variable`.

use cfront::{
    ctypes::{ArrayLen, CType},
    sema::{Initial, Linkage, Variable},
    symbol::Symbol,
};

use super::super::{
    context::{Check, Context, Family},
    declaration_fixes,
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    object::{Certainty, Section, SectionKind},
    places,
    rule::{self, Rule, Scope},
};

static POINTER: Rule = Rule {
    id: "data-pointer-initializer",
    severity: Severity::Error,
    title: "a pointer in a data section is initialised with an address",
    happens: "The pointer holds a meaningless number at run time. Nothing warns about it.",
    why: "An address or a string literal as initial value needs a relocation in the data section, and libbpf \
          does not apply those.",
    fix: "Use a `char` array for text, or set the pointer in the program.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

static FLEXIBLE: Rule = Rule {
    id: "flexible-array-shift",
    severity: Severity::Error,
    title: "an initialised flexible array shifts the variables behind it",
    happens: "The skeleton has wrong offsets for every variable behind this one. Its size asserts still pass, \
              so the loader reads and writes other variables than it names.",
    why: "Clang makes room for the elements of the flexible array, but the C struct in the skeleton does not.",
    fix: "Use an array with a fixed size, or give the variable a section of its own.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

static ZERO_SIZE: Rule = Rule {
    id: "zero-size-variable",
    severity: Severity::Error,
    title: "a variable in a data section has no size",
    happens: "Alone in its section, the variable makes opening the object fail (-ENOENT). Among others, it makes \
              the kernel refuse the BTF of the object, and with it every feature that needs BTF.",
    why: "libbpf finds no data to complete the section's BTF from, and the kernel takes no member of size 0 in \
          a `DATASEC`.",
    fix: "Remove the variable, or give it a size.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&POINTER, &FLEXIBLE, &ZERO_SIZE], check: Check::object(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    for section in &cx.object.sections {
        if !matches!(
            section.kind,
            SectionKind::Data | SectionKind::Rodata | SectionKind::Bss | SectionKind::Percpu
        ) {
            continue;
        }
        for (index, entry) in section.variables.iter().enumerate() {
            let Some(variable) = cx.unit.variable(Symbol::intern(&entry.name)) else { continue };
            if entry.certainty != Certainty::Certain {
                continue;
            }
            found.extend(zero_size(cx, section, &variable));
            found.extend(pointer_initializer(cx, &variable));
            if index + 1 < section.variables.len() {
                found.extend(flexible_array(cx, &variable));
            }
        }
    }
}

/// A variable without size leaves an empty section, or a DATASEC that the kernel refuses.
fn zero_size(cx: Context<'_>, section: &Section, variable: &Variable) -> Option<Diagnostic> {
    if variable.size != Some(0) {
        return None;
    }
    let what = if section.variables.len() == 1 {
        "the section is empty, and opening the object fails (-ENOENT)"
    } else {
        "the kernel refuses the BTF of the whole object"
    };
    let message = format!("`{}` in `{}` has no size: {what}", variable.name, section.name);
    let finding = Diagnostic::new(&ZERO_SIZE, places::variable(cx.unit, variable)?, message);
    Some(finding.with_fixes(declaration_fixes::remove(cx, variable)))
}

/// Relocations in data sections are skipped, the pointer holds an offset. Where clang has put the
/// value of a constant, or of a static variable that nothing changes, into the code, that code is right.
fn pointer_initializer(cx: Context<'_>, variable: &Variable) -> Option<Diagnostic> {
    let Initial::Bytes { relocations, .. } = cx.unit.initial(variable) else { return None };
    let constant = cx.unit.is_const(variable.ty) && !cx.unit.is_volatile(variable.ty)
        || variable.linkage == Linkage::Internal;
    if relocations.is_empty() || constant && cx.code().reads_fold(variable.name) != Some(false) {
        return None;
    }
    let message = format!(
        "`{}` is initialised with an address, but libbpf does not relocate data sections: the pointer holds \
         junk at run time",
        variable.name
    );
    Some(Diagnostic::new(&POINTER, places::variable(cx.unit, variable)?, message))
}

/// The initialised flexible array makes the variable longer than its type, so bpftool's
/// members after it shift.
fn flexible_array(cx: Context<'_>, variable: &Variable) -> Option<Diagnostic> {
    let unit = cx.unit;
    let CType::Record(record) = unit.canonical(variable.ty) else { return None };
    let record = unit.record(record)?;
    let ends_flexible = record.fields.last().is_some_and(|field| {
        matches!(unit.canonical(field.ty), CType::Array { len: ArrayLen::Incomplete, .. })
    });
    let (size, type_size) = (variable.size?, record.size?);
    if !ends_flexible || size <= type_size {
        return None;
    }
    let message = format!(
        "`{}` takes {size} bytes with its flexible array, but its type only {type_size}: the skeleton puts the \
         variables behind it at wrong offsets",
        variable.name
    );
    Some(Diagnostic::new(&FLEXIBLE, places::variable(unit, variable)?, message))
}
