//! Arguments that cannot be per-CPU data: `percpu-const-string`, `percpu-ptr-helper`.

use cfront::{sema::Resolution, symbol::Symbol};
use rustc_hash::FxHashSet;

use super::super::{
    code::{ReachedCall, addressed},
    context::{Check, Context, Family},
    declaration_fixes,
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    object::SectionKind,
    places,
    rule::{self, Rule, Scope},
};

static CONST_STRING: Rule = Rule {
    id: "percpu-const-string",
    severity: Severity::Error,
    title: "the helper needs a constant string, not per-CPU data",
    happens: "The verifier rejects the program.",
    why: "The third argument of `bpf_strncmp` and the format of `bpf_snprintf` have to point into a read-only \
          map. An array in a per-CPU section has a copy for each CPU, and every copy can change.",
    fix: "Declare the text as `static const char name[]`.",
    quick_fix: true,
    scope: Scope::Code,
    since: "0.1.0",
};

static PTR_HELPER: Rule = Rule {
    id: "percpu-ptr-helper",
    severity: Severity::Error,
    title: "`bpf_this_cpu_ptr` or `bpf_per_cpu_ptr` is called on a `.percpu` variable",
    happens: "The verifier rejects the program.",
    why: "These helpers take per-CPU kernel symbols and per-CPU kptrs. A `.percpu` variable is a map value, and \
          its name already means the copy of this CPU.",
    fix: "Use the variable itself. For the copy of another CPU use an explicit per-CPU array and \
          `bpf_map_lookup_percpu_elem`.",
    quick_fix: true,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&CONST_STRING, &PTR_HELPER], check: Check::object(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut reported: FxHashSet<(u32, u32)> = FxHashSet::default();
    for entry in cx.entries() {
        for reached in cx.code().reach(entry.function.name).iter().filter(|r| r.walked) {
            let Some(call) = reached.call() else { continue };
            if let Some(finding) = percpu_argument(cx, reached)
                && reported.insert((reached.body.item.0, call.token))
            {
                found.push(finding);
            }
        }
    }
}

fn percpu_argument(cx: Context<'_>, reached: &ReachedCall) -> Option<Diagnostic> {
    let call = reached.call()?;
    let helper = call.helper()?.name;
    let (rule, index) = match helper {
        "bpf_strncmp" | "bpf_snprintf" => (&CONST_STRING, 2),
        "bpf_this_cpu_ptr" | "bpf_per_cpu_ptr" => (&PTR_HELPER, 0),
        _ => return None,
    };
    let ident = call.args.get(index).and_then(addressed)?;
    let Resolution::Variable(variable) = reached.body.scope.resolve(cx.unit, ident) else {
        return None;
    };
    let section = variable.attrs.section.map_or("", Symbol::as_str);
    if SectionKind::of_section(section, false) != SectionKind::Percpu {
        return None;
    }
    let range = reached.body.place(cx.unit, ident.token)?;
    let name = variable.name;
    let message = if *rule == CONST_STRING {
        format!(
            "`{helper}` needs a string that cannot change, but `{name}` is per-CPU data: the verifier rejects \
             the program; use a `static const char[]`"
        )
    } else {
        format!(
            "`{helper}` takes per-CPU objects of the kernel, but `{name}` is a map value and already means the \
             copy of this CPU: the verifier rejects the program"
        )
    };
    let fix = if *rule == CONST_STRING {
        declaration_fixes::constant_text(cx, &variable)
    } else {
        declaration_fixes::plain_address(cx.unit, &reached.body, call)
    };
    let finding = Diagnostic::new(rule, range, message).with_fixes(fix);
    Some(match places::variable(cx.unit, &variable) {
        Some(place) => finding.with_related(place, format!("`{name}` is in `{section}`")),
        None => finding,
    })
}
