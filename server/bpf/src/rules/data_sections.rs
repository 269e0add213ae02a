//! Rules about the variables of data sections: sizes, alignment, constness, initialisers.

use cfront::{
    ctypes::{ArrayLen, CType, CTypeId, RecordId},
    sema::{Definition, Initial, Linkage, Variable},
    source::{FileId, FileRange},
    symbol::Symbol,
    unit::Unit,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Input, RuleId, code::Code, declaration_fixes, places};
use crate::{
    diagnostic::{Diagnostic, Severity},
    object::{Certainty, SectionKind},
};

const CONST_MIX: RuleId = RuleId("section-const-mix");
const TOO_LARGE: RuleId = RuleId("percpu-too-large");
const POINTER: RuleId = RuleId("data-pointer-initializer");
const FLEXIBLE: RuleId = RuleId("flexible-array-shift");
const ZERO_SIZE: RuleId = RuleId("zero-size-variable");
const OVER_ALIGNED: RuleId = RuleId("percpu-over-aligned");
const SPECIAL: RuleId = RuleId("percpu-special-field");

pub(super) fn check(input: Input<'_>, code: &Code<'_>, found: &mut Vec<Diagnostic>) {
    let variables = input.unit.variables();
    let by_name: FxHashMap<Symbol, &Variable> =
        variables.iter().map(|v| (v.name, v.as_ref())).collect();
    const_mix(input, found);
    for section in &input.object.sections {
        if section.kind == SectionKind::Percpu {
            too_large(input, section, &by_name, found);
        }
        if !matches!(
            section.kind,
            SectionKind::Data | SectionKind::Rodata | SectionKind::Bss | SectionKind::Percpu
        ) {
            continue;
        }
        for (index, entry) in section.variables.iter().enumerate() {
            let Some(variable) = by_name.get(&Symbol::intern(&entry.name)) else { continue };
            let last = index + 1 == section.variables.len();
            if entry.certainty == Certainty::Certain {
                zero_size(input, code, section, variable, found);
                pointer_initializer(input, code, variable, found);
                if !last {
                    flexible_array(input, variable, found);
                }
            }
            if section.kind == SectionKind::Percpu {
                over_aligned(input, variable, found);
                special_field(input, variable, found);
            }
        }
    }
}

/// The name of a variable's declarator.
pub(super) fn place(variable: &crate::object::Variable) -> Option<FileRange> {
    let place = variable.place?;
    Some(FileRange { file: FileId(place.file), start: place.start, end: place.end })
}

/// B5: clang takes a named section's flags from its first variable and refuses a later one that
/// differs in constness.
fn const_mix(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    let mut first: FxHashMap<Symbol, (bool, std::sync::Arc<Variable>)> = FxHashMap::default();
    for variable in input.unit.variables() {
        let Some(section) = variable.attrs.section else { continue };
        if variable.definition == Definition::None || unknown_type(input.unit, variable.ty) {
            continue;
        }
        let is_const = input.unit.is_const(variable.ty);
        match first.get(&section) {
            None => {
                first.insert(section, (is_const, variable.clone()));
            }
            Some((other_const, other)) if *other_const != is_const => {
                let Some(range) = places::variable(input.unit, variable) else { continue };
                let mut finding = Diagnostic::new(
                    CONST_MIX,
                    range,
                    format!(
                        "`{}` is {} and `{}` is {}, both in `{section}`: clang stops with a section \
                         type conflict",
                        variable.name,
                        constness(is_const),
                        other.name,
                        constness(*other_const)
                    ),
                );
                if let Some(place) = places::variable(input.unit, other) {
                    finding =
                        finding.with_related(place, format!("`{}` is declared here", other.name));
                }
                found.push(finding);
            }
            Some(_) => {}
        }
    }
}

fn constness(is_const: bool) -> &'static str {
    if is_const { "const" } else { "not const" }
}

fn unknown_type(unit: &Unit, ty: CTypeId) -> bool {
    matches!(unit.canonical(ty), CType::Unknown)
}

/// B8: a per-CPU value may take 32 KiB (64 KiB with 64 KiB pages), rounded up to 8.
fn too_large(
    input: Input<'_>,
    section: &crate::object::Section,
    by_name: &FxHashMap<Symbol, &Variable>,
    found: &mut Vec<Diagnostic>,
) {
    let size = section.size.div_ceil(8).saturating_mul(8);
    if size <= declaration_fixes::SMALLEST_LIMIT || section.certainty != Certainty::Certain {
        return;
    }
    // The largest variable is where something can be done about it.
    let Some(range) = section
        .variables
        .iter()
        .max_by_key(|v| v.size)
        .and_then(|v| by_name.get(&Symbol::intern(&v.name)))
        .and_then(|v| places::variable(input.unit, v))
    else {
        return;
    };
    let (severity, limit) = if size > 64 << 10 {
        (Severity::Error, "a per-CPU value may take 32 KiB, 64 KiB where pages are that large")
    } else {
        (Severity::Warning, "a per-CPU value may take 32 KiB where pages are not larger than that")
    };
    found.push(
        Diagnostic::new(
            TOO_LARGE,
            range,
            format!(
                "`{}` takes {size} bytes per CPU: loading fails with -E2BIG, {limit}",
                section.name
            ),
        )
        .with_severity(severity)
        .with_fixes(declaration_fixes::split(input, section)),
    );
}

/// B14, B15: a variable without size leaves an empty section, or a DATASEC that the kernel refuses.
fn zero_size(
    input: Input<'_>,
    code: &Code<'_>,
    section: &crate::object::Section,
    variable: &Variable,
    found: &mut Vec<Diagnostic>,
) {
    if variable.size != Some(0) {
        return;
    }
    let Some(range) = places::variable(input.unit, variable) else { return };
    let what = if section.variables.len() == 1 {
        "its section is empty, and opening the object fails (-ENOENT)"
    } else {
        "the kernel refuses the type information of the whole object"
    };
    let finding = Diagnostic::new(
        ZERO_SIZE,
        range,
        format!("`{}` has no size in `{}`: {what}", variable.name, section.name),
    );
    found.push(finding.with_fixes(declaration_fixes::remove(input, code, variable)));
}

/// B11: relocations in data sections are skipped, the pointer holds an offset. Where clang has put the
/// value of a constant, or of a static variable that nothing changes, into the code, that code is right.
fn pointer_initializer(
    input: Input<'_>,
    code: &Code<'_>,
    variable: &Variable,
    found: &mut Vec<Diagnostic>,
) {
    let Initial::Bytes { relocations, .. } = input.unit.initial(variable) else { return };
    let constant = input.unit.is_const(variable.ty) && !input.unit.is_volatile(variable.ty)
        || variable.linkage == Linkage::Internal;
    if relocations.is_empty() || constant && code.reads_fold(variable.name) != Some(false) {
        return;
    }
    let Some(range) = places::variable(input.unit, variable) else { return };
    found.push(Diagnostic::new(
        POINTER,
        range,
        format!(
            "`{}` is initialised with an address, and libbpf does not relocate data sections: the \
             pointer holds junk at run time",
            variable.name
        ),
    ));
}

/// B13: the initialised flexible array makes the variable longer than its type, so bpftool's
/// members after it shift.
fn flexible_array(input: Input<'_>, variable: &Variable, found: &mut Vec<Diagnostic>) {
    let unit = input.unit;
    let CType::Record(record) = unit.canonical(variable.ty) else { return };
    let Some(record) = unit.record(record) else { return };
    let ends_flexible = record.fields.last().is_some_and(|field| {
        matches!(unit.canonical(field.ty), CType::Array { len: ArrayLen::Incomplete, .. })
    });
    let (Some(size), Some(type_size)) = (variable.size, record.size) else { return };
    if !ends_flexible || size <= type_size {
        return;
    }
    let Some(range) = places::variable(unit, variable) else { return };
    found.push(Diagnostic::new(
        FLEXIBLE,
        range,
        format!(
            "`{}` takes {size} bytes with its flexible array, its type only {type_size}: the skeleton \
             puts the variables after it at wrong offsets",
            variable.name
        ),
    ));
}

/// B16: per-CPU storage is 8-byte aligned at run time, whatever the attribute asks.
fn over_aligned(input: Input<'_>, variable: &Variable, found: &mut Vec<Diagnostic>) {
    let Some(align) = variable.align.filter(|&align| align > 8) else { return };
    let Some(range) = places::variable(input.unit, variable) else { return };
    found.push(Diagnostic::new(
        OVER_ALIGNED,
        range,
        format!(
            "`{}` asks for {align}-byte alignment, but the kernel's per-CPU storage is aligned to 8 \
             bytes only",
            variable.name
        ),
    ));
}

/// B4: what a per-CPU array's value may not hold, by the struct names of `include/uapi/linux/bpf.h`.
fn special_field(input: Input<'_>, variable: &Variable, found: &mut Vec<Diagnostic>) {
    let Some(what) = find_special(input.unit, variable.ty, 0, &mut FxHashSet::default()) else {
        return;
    };
    let Some(range) = places::variable(input.unit, variable) else { return };
    found.push(Diagnostic::new(
        SPECIAL,
        range,
        format!(
            "`{}` holds a `struct {what}`: the kernel refuses it in per-CPU data (-EOPNOTSUPP), and \
             the program that uses it is rejected",
            variable.name
        ),
    ));
}

/// The name of a special struct at any depth of a type.
fn find_special(
    unit: &Unit,
    ty: CTypeId,
    depth: u32,
    seen: &mut FxHashSet<RecordId>,
) -> Option<&'static str> {
    const SPECIAL_STRUCTS: [&str; 7] = [
        "bpf_spin_lock",
        "bpf_res_spin_lock",
        "bpf_timer",
        "bpf_wq",
        "bpf_list_head",
        "bpf_rb_root",
        "bpf_task_work",
    ];
    if depth > 16 {
        return None;
    }
    match unit.canonical(ty) {
        CType::Array { elem, .. } => find_special(unit, elem, depth + 1, seen),
        CType::Record(id) if seen.insert(id) => {
            let record = unit.record(id)?;
            let tag = record.tag.map_or("", Symbol::as_str);
            if let Some(name) = SPECIAL_STRUCTS.iter().find(|name| **name == tag) {
                return Some(name);
            }
            record.fields.iter().find_map(|field| find_special(unit, field.ty, depth + 1, seen))
        }
        _ => None,
    }
}
