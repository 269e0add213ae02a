//! Images after load: `percpu-write-after-load`, `rodata-write-after-load`, `percpu-stale-read`.

use bpf::{
    diagnostic::{Diagnostic, Severity},
    rule::{self, Rule, Scope},
};
use cfront::symbol::Symbol;

use super::{
    family::{Check, Family},
    fixes,
    judge::{Judge, is_percpu, is_rodata, spelled},
    snippets,
    verdicts::Verdicts,
};
use crate::flow::{
    observe::{Access, At, Event},
    state::{Phase, Site},
};

static PERCPU_WRITE: Rule = Rule {
    id: "percpu-write-after-load",
    severity: Severity::Error,
    title: "`skel->percpu` is written after load",
    happens: "The process dies with SIGSEGV.",
    why: "Loading gives the start values to the kernel, and libbpf then makes the skeleton's copy of them \
          read-only with mprotect.",
    fix: "Set start values between open and load. After load change the kernel's copies with \
          `bpf_map__update_elem` and `BPF_F_ALL_CPUS` or `BPF_F_CPU`.",
    quick_fix: true,
    scope: Scope::Code,
    since: "0.1.0",
};

static RODATA_WRITE: Rule = Rule {
    id: "rodata-write-after-load",
    severity: Severity::Error,
    title: "`skel->rodata` is written after load",
    happens: "The process dies with SIGSEGV.",
    why: "Loading freezes read-only data in the kernel, and the skeleton's memory becomes a read-only \
          mapping of it.",
    fix: "Set the values between open and load.",
    quick_fix: true,
    scope: Scope::Code,
    since: "0.1.0",
};

static PERCPU_READ: Rule = Rule {
    id: "percpu-stale-read",
    severity: Severity::Warning,
    title: "`skel->percpu` is read after load",
    happens: "The loader sees the start values, whatever the programs have counted since.",
    why: "After load the skeleton's copy of a per-CPU section is a read-only image of the start values. \
          The values of the CPUs are only in the map.",
    fix: "Read the value of each CPU with `bpf_map__lookup_elem`.",
    quick_fix: true,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family = rule::Family {
    rules: &[&PERCPU_WRITE, &RODATA_WRITE, &PERCPU_READ],
    check: Check::flow(judge),
};

fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    let Event::Image { site, section, member, access, stale, at } = event else { return };
    let Some(rule) = rule_of(section.as_str(), *access) else { return };
    let Some(object) = judge.object(*site) else { return };
    match object.phase {
        Phase::Prepared | Phase::Loaded | Phase::Attached => {
            // An image that moved or is connected to nothing is the matter of other rules.
            if stale.is_some() || object.is_detached(*section) {
                verdicts.innocent(rule, *at);
                return;
            }
            verdicts.guilty(rule, *at, object.sure, || {
                after_load(judge, rule, *site, *section, *member, *at)
            });
        }
        Phase::Failed => {
            // When nobody looks at the result, both ways do the same.
            if object.unchecked.is_none() {
                verdicts.failed(rule, *at);
            }
        }
        Phase::Unknown | Phase::Open | Phase::Destroyed => verdicts.innocent(rule, *at),
    }
}

fn rule_of(section: &str, access: Access) -> Option<&'static Rule> {
    match access {
        Access::Write if is_percpu(section) => Some(&PERCPU_WRITE),
        Access::Write if is_rodata(section) => Some(&RODATA_WRITE),
        Access::Read if is_percpu(section) => Some(&PERCPU_READ),
        _ => None,
    }
}

fn after_load(
    judge: Judge<'_>,
    rule: &'static Rule,
    site: Site,
    section: Symbol,
    member: Symbol,
    at: At,
) -> Option<Diagnostic> {
    let skeleton = judge.skeleton(site)?;
    let what = spelled(section, member);
    let loaded = match judge.phase(site) {
        Phase::Prepared => "prepare",
        _ => "load",
    };
    let message = if *rule == PERCPU_READ {
        format!(
            "`{what}` is read after {loaded}: the image only ever shows the start values; what the programs \
             count is in the map"
        )
    } else if *rule == PERCPU_WRITE {
        format!(
            "`{what}` is written after {loaded}: from then on the image of a per-CPU section is read-only, so this \
             ends in SIGSEGV"
        )
    } else {
        format!(
            "`{what}` is written after {loaded}: from then on the map is frozen and its image read-only, so this \
             ends in SIGSEGV"
        )
    };
    let what = if loaded == "prepare" { "prepared here" } else { "loaded here" };
    let finding = judge.since(rule, at, site, message, what)?;
    let finding = judge.with_variable(finding, site, section, member);
    if *rule == PERCPU_READ {
        return Some(finding.with_fixes(snippets::lookup(judge.input, skeleton, at)));
    }
    let moved =
        judge.since_call(site).and_then(|load| fixes::move_before_load(judge.input, at, load));
    let updated =
        (*rule == PERCPU_WRITE).then(|| snippets::update_map(judge.input, skeleton, at)).flatten();
    Some(finding.with_fixes(moved.into_iter().chain(updated)))
}
