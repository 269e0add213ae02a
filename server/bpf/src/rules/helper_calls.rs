//! Rules about calls of helpers and kernel functions: `helper-not-allowed`, `license-not-gpl`,
//! `license-missing`, `percpu-const-string`, `percpu-ptr-helper`.

use cfront::{
    ctypes::CType,
    sema::{Initial, Resolution, Variable},
    source::FileRange,
    symbol::Symbol,
};
use rustc_hash::FxHashSet;

use super::{
    Input, RuleId,
    code::{self, Call, Callee, Code, ReachedCall},
    declaration_fixes, kernel_reads, places,
    programs::Entry,
};
use crate::{diagnostic::Diagnostic, facts::helpers, object::SectionKind};

const NOT_ALLOWED: RuleId = RuleId("helper-not-allowed");
const NOT_GPL: RuleId = RuleId("license-not-gpl");
const MISSING: RuleId = RuleId("license-missing");
const CONST_STRING: RuleId = RuleId("percpu-const-string");
const PTR_HELPER: RuleId = RuleId("percpu-ptr-helper");

pub(super) fn check(
    input: Input<'_>,
    code: &Code<'_>,
    entries: &[Entry],
    found: &mut Vec<Diagnostic>,
) {
    let license = License::of(input);
    let mut said: FxHashSet<(RuleId, u32, u32)> = FxHashSet::default();
    let mut not_gpl: Option<Diagnostic> = None;
    for entry in entries {
        if let Some(why) = license.refused(input)
            && matches!(entry.row.short_type(), "LSM" | "STRUCT_OPS")
            && not_gpl.is_none()
        {
            let what =
                format!("{} programs need one (`{}`)", entry.row.short_type(), entry.function.name);
            not_gpl = why.finding(input, entry, &what, None);
        }
        if not_gpl.is_none()
            && let Some(why) = license.refused(input)
            && let Some((what, place)) = reads_kernel_struct(input, code, entry)
        {
            not_gpl = why.finding(input, entry, &what, place);
        }
        for reached in code.reach(entry.function.name).iter() {
            let Some(call) = reached.call() else { continue };
            let mut once = |rule| said.insert((rule, reached.body.item.0, call.token));
            percpu_arguments(input, code, reached, call, &mut once, found);
            if let Some(helper) = helper(call)
                && reached.walked
                && helper.takes_context()
            {
                let kind = entry.row.short_type();
                // Programs that extend others may call what these may call.
                let judged = !matches!(kind, "EXT" | "STRUCT_OPS");
                if judged
                    && listed(kind)
                    && helper.allowed_for(kind) == Some(false)
                    && !input.usage.sets_program_types
                    && once(NOT_ALLOWED)
                {
                    not_allowed(input, entry, reached, call, helper.name, found);
                }
            }
            if not_gpl.is_none()
                && let Some(why) = license.refused(input)
                && let Some(what) = needs_gpl(entry, reached, call)
            {
                let place = reached.body.place(input.unit, call.token);
                not_gpl = why.finding(input, entry, &what, place);
            }
        }
    }
    if not_gpl.is_none() && matches!(license, License::Missing(None)) && input.usage.stands_alone {
        license_missing(input, entries, found);
    }
    found.extend(not_gpl);
}

/// The helper that a call names.
fn helper(call: &Call) -> Option<&'static helpers::Helper> {
    match &call.callee {
        Callee::Pointer(variable) => helpers::find(variable.name.as_str()),
        Callee::Function(_) => None,
    }
}

/// Whether the table knows of the program type at all.
fn listed(kind: &str) -> bool {
    helpers::find("bpf_map_lookup_elem").is_some_and(|h| h.allowed_for(kind) == Some(true))
}

fn not_allowed(
    input: Input<'_>,
    entry: &Entry,
    reached: &ReachedCall,
    call: &Call,
    helper: &str,
    found: &mut Vec<Diagnostic>,
) {
    let Some(range) = reached.body.place(input.unit, call.token) else { return };
    let program = entry.function.name;
    let mut finding = Diagnostic::new(
        NOT_ALLOWED,
        range,
        format!(
            "no kernel lets {} programs call `{helper}`: the verifier rejects `{program}`",
            entry.row.short_type()
        ),
    );
    if reached.body.function.name != program
        && let Some(place) = places::function(input.unit, &entry.function)
    {
        finding = finding.with_related(place, format!("`{program}` gets here"));
    }
    found.push(finding);
}

/// Reading a kernel struct through an argument that the verifier knows by its BTF type.
fn reads_kernel_struct(
    input: Input<'_>,
    code: &Code<'_>,
    entry: &Entry,
) -> Option<(String, Option<FileRange>)> {
    let prefix = entry.row.prefix.trim_end_matches(".s");
    if prefix == "iter" {
        let body = code.body(entry.function.name)?;
        let token = kernel_reads::read_behind_context(input.unit, &body)?;
        let what = "reading the kernel's memory through its context needs one".to_owned();
        return Some((what, body.place(input.unit, token)));
    }
    if !matches!(prefix, "tp_btf" | "fentry" | "fexit" | "fmod_ret") {
        return None;
    }
    let body = entry.wrapped(code, &["BPF_PROG"])?;
    let (parameter, token) =
        kernel_reads::dereferenced(input.unit, &body).into_iter().find(|(p, _)| {
            match input.unit.canonical(p.ty) {
                CType::Pointer(to) => matches!(input.unit.canonical(to), CType::Record(_)),
                _ => false,
            }
        })?;
    let what = format!("reading the kernel's memory through `{}` needs one", parameter.name);
    Some((what, body.place(input.unit, token)))
}

/// Why a call needs a GPL compatible licence.
fn needs_gpl(entry: &Entry, reached: &ReachedCall, call: &Call) -> Option<String> {
    let kind = entry.row.short_type();
    if kind == "EXT" {
        return None;
    }
    if let Some(helper) = helper(call) {
        let marked = reached.walked && helper.needs_gpl(kind, entry.section);
        return marked.then(|| format!("`{}` is for GPL programs only", helper.name));
    }
    let Callee::Function(function) = &call.callee else { return None };
    let section = function.attrs.section.map_or("", Symbol::as_str);
    let kfunc = section == ".ksyms" && function.definition.is_none() && !function.attrs.weak;
    (kfunc && reached.compiled)
        .then(|| format!("the kernel function `{}` is for GPL programs only", function.name))
}

/// The strings that the kernel takes for compatible with the GPL (`license_is_gpl_compatible`).
const COMPATIBLE: [&str; 6] =
    ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"];

/// The licence of the object.
enum License {
    /// Compatible, or not known.
    Fine,
    /// Another string.
    Other(FileRange, String),
    /// None; a pointer variable in the section counts as none.
    Missing(Option<FileRange>),
}

/// A licence under which GPL-only things are refused.
struct Refused {
    range: Option<FileRange>,
    text: String,
}

impl License {
    fn of(input: Input<'_>) -> License {
        let variables = input.unit.variables();
        let Some(variable) = variables.iter().find(|v| {
            v.attrs.section.is_some_and(|s| s.as_str() == "license") && v.defining_decl().is_some()
        }) else {
            let known = input.object.complete && input.unit.preprocessed().complete;
            return if known { License::Missing(None) } else { License::Fine };
        };
        let Some(range) = places::variable(input.unit, variable) else { return License::Fine };
        match input.unit.initial(variable) {
            Initial::Bytes { relocations, .. } if !relocations.is_empty() => {
                License::Missing(Some(range))
            }
            Initial::Bytes { bytes, .. } => License::of_text(variable, range, &bytes),
            Initial::Zero | Initial::Unknown => License::Fine,
        }
    }

    fn of_text(_: &Variable, range: FileRange, bytes: &[u8]) -> License {
        let text = bytes.split(|b| *b == 0).next().unwrap_or(&[]);
        let text = String::from_utf8_lossy(text).into_owned();
        if COMPATIBLE.contains(&text.as_str()) {
            License::Fine
        } else {
            License::Other(range, text)
        }
    }

    fn refused(&self, input: Input<'_>) -> Option<Refused> {
        match self {
            License::Fine => None,
            License::Other(range, text) => Some(Refused {
                range: Some(*range),
                text: format!(
                    "`{text}` is none of the licences that the kernel takes for GPL compatible"
                ),
            }),
            License::Missing(Some(range)) => Some(Refused {
                range: Some(*range),
                text:
                    "a pointer in section `license` gives no licence (libbpf does not relocate it)"
                        .into(),
            }),
            License::Missing(None) => input.usage.stands_alone.then(|| Refused {
                range: None,
                text: "the object has no `license` section".into(),
            }),
        }
    }
}

impl Refused {
    /// Said at the licence, or at the program where there is none.
    fn finding(
        &self,
        input: Input<'_>,
        entry: &Entry,
        what: &str,
        use_place: Option<FileRange>,
    ) -> Option<Diagnostic> {
        let program = places::function(input.unit, &entry.function);
        let range = self.range.or(program)?;
        let mut finding = Diagnostic::new(
            NOT_GPL,
            range,
            format!("{}, and {what}: the kernel refuses `{}`", self.text, entry.function.name),
        );
        if let Some(place) = use_place.or(program).filter(|p| *p != range) {
            finding = finding.with_related(place, what.to_owned());
        }
        Some(finding)
    }
}

fn license_missing(input: Input<'_>, entries: &[Entry], found: &mut Vec<Diagnostic>) {
    let Some(range) = entries.first().and_then(|e| places::function(input.unit, &e.function))
    else {
        return;
    };
    found.push(Diagnostic::new(
        MISSING,
        range,
        "the object has programs and no `license` section: the kernel will refuse it as soon as a \
         program calls a helper for GPL programs only",
    ));
}

/// B3, B17: arguments that may not be per-CPU data.
fn percpu_arguments(
    input: Input<'_>,
    code: &Code<'_>,
    reached: &ReachedCall,
    call: &Call,
    once: &mut dyn FnMut(RuleId) -> bool,
    found: &mut Vec<Diagnostic>,
) {
    let Some(helper) = helper(call) else { return };
    let (rule, index) = match helper.name {
        "bpf_strncmp" | "bpf_snprintf" => (CONST_STRING, 2),
        "bpf_this_cpu_ptr" | "bpf_per_cpu_ptr" => (PTR_HELPER, 0),
        _ => return,
    };
    if !reached.walked {
        return;
    }
    let Some(ident) = call.args.get(index).and_then(code::addressed) else { return };
    let Resolution::Variable(variable) = reached.body.scope.resolve(input.unit, ident) else {
        return;
    };
    let section = variable.attrs.section.map_or("", Symbol::as_str);
    if SectionKind::of_section(section, false) != SectionKind::Percpu || !once(rule) {
        return;
    }
    let Some(range) = reached.body.place(input.unit, ident.token) else { return };
    let name = variable.name;
    let message = if rule == CONST_STRING {
        format!(
            "`{}` wants a string that cannot change, and `{name}` is per-CPU data: the verifier \
             rejects the program; use a `static const char[]`",
            helper.name
        )
    } else {
        format!(
            "`{}` takes per-CPU objects of the kernel, `{name}` is a map value and means this CPU's \
             copy already: the verifier rejects the program",
            helper.name
        )
    };
    let mut finding = Diagnostic::new(rule, range, message);
    if let Some(place) = places::variable(input.unit, &variable) {
        finding = finding.with_related(place, format!("`{name}` is in `{section}`"));
    }
    let fix = if rule == CONST_STRING {
        declaration_fixes::constant_text(input, code, &variable)
    } else {
        declaration_fixes::plain_address(input, &reached.body, call)
    };
    found.push(finding.with_fixes(fix));
}
