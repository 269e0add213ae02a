//! Helpers that no kernel lets a program type call: `helper-not-allowed`.

use rustc_hash::FxHashSet;

use super::super::{
    code::{ReachedCall, entries::Entry},
    context::{Check, Context, Family},
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    facts::helpers,
    places,
    rule::{self, Rule, Scope},
};

static NOT_ALLOWED: Rule = Rule {
    id: "helper-not-allowed",
    severity: Severity::Error,
    title: "the program type may not call this helper",
    happens: "The verifier rejects the program, so the object does not load.",
    why: "Each program type has its own set of helpers in the kernel, and for the verifier any other is an \
          unknown function. This also holds for calls in `static` functions that the program reaches.",
    fix: "Use a helper that the program type offers, or another program type.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&NOT_ALLOWED], check: Check::object(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    let mut reported: FxHashSet<(u32, u32)> = FxHashSet::default();
    for entry in cx.entries() {
        let kind = entry.row.short_type();
        // Programs that extend others may call what these may call.
        if matches!(kind, "EXT" | "STRUCT_OPS") || !is_listed(kind) {
            continue;
        }
        for reached in cx.code().reach(entry.function.name).iter().filter(|r| r.walked) {
            let Some(call) = reached.call() else { continue };
            let Some(helper) = call.helper().filter(|helper| helper.takes_context()) else {
                continue;
            };
            if helper.allowed_for(kind) == Some(false)
                && !cx.usage.sets_program_types
                && reported.insert((reached.body.item.0, call.token))
            {
                found.extend(not_allowed(cx, entry, reached, helper.name));
            }
        }
    }
}

/// Whether the table knows of the program type at all.
fn is_listed(kind: &str) -> bool {
    helpers::find("bpf_map_lookup_elem").is_some_and(|h| h.allowed_for(kind) == Some(true))
}

fn not_allowed(
    cx: Context<'_>,
    entry: &Entry,
    reached: &ReachedCall,
    helper: &str,
) -> Option<Diagnostic> {
    let range = reached.body.place(cx.unit, reached.call()?.token)?;
    let program = entry.function.name;
    let message = format!(
        "no kernel lets {} programs call `{helper}`: the verifier rejects `{program}`",
        entry.row.short_type()
    );
    let finding = Diagnostic::new(&NOT_ALLOWED, range, message);
    let elsewhere = reached.body.function.name != program;
    Some(match places::function(cx.unit, &entry.function).filter(|_| elsewhere) {
        Some(place) => finding.with_related(place, format!("`{program}` reaches the call")),
        None => finding,
    })
}
