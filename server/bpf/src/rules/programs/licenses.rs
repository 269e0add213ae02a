//! What the licence of the object rules out: `license-not-gpl`, `license-missing`.

use cfront::{ctypes::CType, sema::Initial, source::FileRange, symbol::Symbol};

use super::super::{
    code::{Call, Callee, ReachedCall, entries::Entry, kernel_reads},
    context::{Check, Context, Family},
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    places,
    rule::{self, Rule, Scope},
};

static NOT_GPL: Rule = Rule {
    id: "license-not-gpl",
    severity: Severity::Error,
    title: "the program needs a GPL-compatible licence",
    happens: "The kernel refuses to load the program.",
    why: "Many helpers, all kernel functions, some program types, and typed reads of kernel memory are only for \
          programs under a GPL-compatible licence. The kernel compares the text in the `license` section with \
          its list, letter by letter: `GPL`, `GPL v2`, `GPL and additional rights`, `Dual BSD/GPL`, \
          `Dual MIT/GPL`, `Dual MPL/GPL`.",
    fix: "Use one of these texts if your licence allows it, or do without what needs it.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

static MISSING: Rule = Rule {
    id: "license-missing",
    severity: Severity::Information,
    title: "the object has programs but no licence",
    happens: "The object loads for now. The first use of a GPL-only helper makes the load fail.",
    why: "Without a `license` section the kernel treats the programs as not GPL-compatible.",
    fix: "Add `char LICENSE[] SEC(\"license\") = \"GPL\";`, or the licence you use.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&NOT_GPL, &MISSING], check: Check::object(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    let license = License::of(cx);
    if matches!(license, License::Fine) || cx.entries().is_empty() {
        return;
    }
    // One finding is enough: there is one licence.
    let first = cx.entries().iter().find_map(|entry| {
        let (what, place) = needs_license(cx, entry)?;
        license.refused(cx)?.finding(cx, entry, &what, place)
    });
    if first.is_none() && matches!(license, License::Missing(None)) && cx.usage.stands_alone {
        found.extend(missing(cx));
    }
    found.extend(first);
}

/// What in a program needs a GPL-compatible licence first, and where it stands if it is not the program
/// itself.
fn needs_license(cx: Context<'_>, entry: &Entry) -> Option<(String, Option<FileRange>)> {
    let kind = entry.row.short_type();
    if matches!(kind, "LSM" | "STRUCT_OPS") {
        return Some((format!("{kind} programs are GPL-only (`{}`)", entry.function.name), None));
    }
    reads_kernel_struct(cx, entry).or_else(|| {
        cx.code().reach(entry.function.name).iter().find_map(|reached| {
            let call = reached.call()?;
            let what = needs_gpl(entry, reached, call)?;
            Some((what, reached.body.place(cx.unit, call.token)))
        })
    })
}

fn missing(cx: Context<'_>) -> Option<Diagnostic> {
    let first = cx.entries().first()?;
    let message = "the object has programs but no `license` section: the kernel refuses it as soon as a program \
                   calls a GPL-only helper";
    Some(Diagnostic::new(&MISSING, places::function(cx.unit, &first.function)?, message))
}

/// Reading a kernel struct through an argument that the verifier knows by its BTF type.
fn reads_kernel_struct(cx: Context<'_>, entry: &Entry) -> Option<(String, Option<FileRange>)> {
    let prefix = entry.row.prefix.trim_end_matches(".s");
    if prefix == "iter" {
        let body = cx.code().body(entry.function.name)?;
        let token = kernel_reads::read_behind_context(cx.unit, &body)?;
        let what = "reading kernel memory through its context is GPL-only".to_owned();
        return Some((what, body.place(cx.unit, token)));
    }
    if !matches!(prefix, "tp_btf" | "fentry" | "fexit" | "fmod_ret") {
        return None;
    }
    let body = entry.wrapped(cx.code(), &["BPF_PROG"])?;
    let (parameter, token) =
        kernel_reads::dereferenced(cx.unit, &body).into_iter().find(|(p, _)| {
            match cx.unit.canonical(p.ty) {
                CType::Pointer(to) => matches!(cx.unit.canonical(to), CType::Record(_)),
                _ => false,
            }
        })?;
    let what = format!("reading kernel memory through `{}` is GPL-only", parameter.name);
    Some((what, body.place(cx.unit, token)))
}

/// Why a call needs a GPL-compatible licence.
fn needs_gpl(entry: &Entry, reached: &ReachedCall, call: &Call) -> Option<String> {
    let kind = entry.row.short_type();
    if kind == "EXT" {
        return None;
    }
    if let Some(helper) = call.helper() {
        let marked = reached.walked && helper.needs_gpl(kind, entry.section);
        return marked.then(|| format!("`{}` is GPL-only", helper.name));
    }
    let Callee::Function(function) = &call.callee else { return None };
    let section = function.attrs.section.map_or("", Symbol::as_str);
    let kfunc = section == ".ksyms" && function.definition.is_none() && !function.attrs.weak;
    (kfunc && reached.compiled)
        .then(|| format!("the kernel function `{}` is GPL-only", function.name))
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

/// Why GPL-only things are refused.
struct Refused {
    range: Option<FileRange>,
    text: String,
}

impl License {
    fn of(cx: Context<'_>) -> License {
        let variables = cx.unit.variables();
        let Some(variable) = variables.iter().find(|v| {
            v.attrs.section.is_some_and(|s| s.as_str() == "license") && v.defining_decl().is_some()
        }) else {
            let known = cx.object.complete && cx.unit.preprocessed().complete;
            return if known { License::Missing(None) } else { License::Fine };
        };
        let Some(range) = places::variable(cx.unit, variable) else { return License::Fine };
        match cx.unit.initial(variable) {
            Initial::Bytes { relocations, .. } if !relocations.is_empty() => {
                License::Missing(Some(range))
            }
            Initial::Bytes { bytes, .. } => License::of_text(range, &bytes),
            Initial::Zero | Initial::Unknown => License::Fine,
        }
    }

    fn of_text(range: FileRange, bytes: &[u8]) -> License {
        let text = bytes.split(|b| *b == 0).next().unwrap_or(&[]);
        let text = String::from_utf8_lossy(text).into_owned();
        if COMPATIBLE.contains(&text.as_str()) {
            License::Fine
        } else {
            License::Other(range, text)
        }
    }

    fn refused(&self, cx: Context<'_>) -> Option<Refused> {
        match self {
            License::Fine => None,
            License::Other(range, text) => Some(Refused {
                range: Some(*range),
                text: format!("the kernel does not take the licence `{text}` for GPL-compatible"),
            }),
            License::Missing(Some(range)) => Some(Refused {
                range: Some(*range),
                text:
                    "a pointer in section `license` gives no licence (libbpf does not relocate it)"
                        .into(),
            }),
            License::Missing(None) => cx.usage.stands_alone.then(|| Refused {
                range: None,
                text: "the object has no `license` section".into(),
            }),
        }
    }
}

impl Refused {
    /// Reported at the licence, or at the program where there is none.
    fn finding(
        &self,
        cx: Context<'_>,
        entry: &Entry,
        what: &str,
        use_place: Option<FileRange>,
    ) -> Option<Diagnostic> {
        let program = places::function(cx.unit, &entry.function);
        let range = self.range.or(program)?;
        let message =
            format!("{}, and {what}: the kernel refuses `{}`", self.text, entry.function.name);
        let finding = Diagnostic::new(&NOT_GPL, range, message);
        Some(match use_place.or(program).filter(|place| *place != range) {
            Some(place) => finding.with_related(place, what),
            None => finding,
        })
    }
}
