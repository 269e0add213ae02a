//! What per-CPU sections cannot hold: `percpu-too-large`, `percpu-over-aligned`, `percpu-special-field`.

use cfront::{
    ctypes::{CType, CTypeId, RecordId},
    sema::Variable,
    symbol::Symbol,
    unit::Unit,
};
use rustc_hash::FxHashSet;

use super::super::{
    context::{Check, Context, Family},
    declaration_fixes::{self, SMALLEST_LIMIT},
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    object::{Certainty, Section, SectionKind},
    places,
    rule::{self, Rule, Scope},
};

static TOO_LARGE: Rule = Rule {
    id: "percpu-too-large",
    severity: Severity::Error,
    title: "a per-CPU section is larger than the kernel allows",
    happens: "The kernel refuses to create the map (-E2BIG), so the object does not load. Between 32 and 64 KiB \
              this depends on the page size of the host, and the finding is a warning.",
    why: "The section is one value of a per-CPU map. Rounded up to 8 bytes, it has to fit the smallest unit of \
          the per-CPU allocator: 32 KiB on hosts with pages of up to 32 KiB, 64 KiB on hosts with 64 KiB \
          pages.",
    fix: "Split the variables over several sections `.percpu.NAME`.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

static OVER_ALIGNED: Rule = Rule {
    id: "percpu-over-aligned",
    severity: Severity::Warning,
    title: "per-CPU data is aligned to 8 bytes at run time, not more",
    happens: "The variable starts at an address that is only a multiple of 8, so code that relies on its \
              alignment goes wrong.",
    why: "Clang honours the attribute within the section, but the kernel aligns the storage of a per-CPU map \
          value to 8 bytes.",
    fix: "Pad by hand, or put the data in an explicit map.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

static SPECIAL_FIELD: Rule = Rule {
    id: "percpu-special-field",
    severity: Severity::Error,
    title: "per-CPU data holds a lock, timer, workqueue, list or tree",
    happens: "The verifier rejects the program that uses the field.",
    why: "The kernel refuses per-CPU arrays whose value holds a spin lock, timer, workqueue, task work, list \
          head or rb root, at any depth of the type (-EOPNOTSUPP). libbpf then creates the map without type \
          information, and the verifier finds no such field in it.",
    fix: "Put the field in an ordinary data section, or in a map of its own.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family = rule::Family {
    rules: &[&TOO_LARGE, &OVER_ALIGNED, &SPECIAL_FIELD],
    check: Check::object(check),
};

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    for section in cx.object.sections.iter().filter(|s| s.kind == SectionKind::Percpu) {
        found.extend(too_large(cx, section));
        for entry in &section.variables {
            let Some(variable) = cx.unit.variable(Symbol::intern(&entry.name)) else { continue };
            found.extend(over_aligned(cx, &variable));
            found.extend(special_field(cx, &variable));
        }
    }
}

/// A per-CPU value may take 32 KiB (64 KiB with 64 KiB pages), rounded up to 8.
fn too_large(cx: Context<'_>, section: &Section) -> Option<Diagnostic> {
    let size = section.size.div_ceil(8).saturating_mul(8);
    if size <= SMALLEST_LIMIT || section.certainty != Certainty::Certain {
        return None;
    }
    // The largest variable is where something can be done about it.
    let largest = section.variables.iter().max_by_key(|v| v.size)?;
    let variable = cx.unit.variable(Symbol::intern(&largest.name))?;
    let range = places::variable(cx.unit, &variable)?;
    let (severity, limit) = if size > 64 << 10 {
        (Severity::Error, "32 KiB, or 64 KiB where pages are that large")
    } else {
        (Severity::Warning, "32 KiB where pages are not larger than that")
    };
    let message = format!(
        "`{}` takes {size} bytes per CPU, and the limit is {limit}: loading fails with -E2BIG",
        section.name
    );
    let finding = Diagnostic::new(&TOO_LARGE, range, message).with_severity(severity);
    Some(finding.with_fixes(declaration_fixes::split(cx, section)))
}

fn over_aligned(cx: Context<'_>, variable: &Variable) -> Option<Diagnostic> {
    let align = variable.align.filter(|&align| align > 8)?;
    let message = format!(
        "`{}` asks for {align}-byte alignment, but the kernel aligns per-CPU storage to 8 bytes only",
        variable.name
    );
    Some(Diagnostic::new(&OVER_ALIGNED, places::variable(cx.unit, variable)?, message))
}

/// What a per-CPU array's value may not hold, by the struct names of `include/uapi/linux/bpf.h`.
fn special_field(cx: Context<'_>, variable: &Variable) -> Option<Diagnostic> {
    let what = find_special(cx.unit, variable.ty, 0, &mut FxHashSet::default())?;
    let message = format!(
        "`{}` holds a `struct {what}`, which the kernel refuses in per-CPU data (-EOPNOTSUPP): the verifier \
         rejects the program that uses it",
        variable.name
    );
    Some(Diagnostic::new(&SPECIAL_FIELD, places::variable(cx.unit, variable)?, message))
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
