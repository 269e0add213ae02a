//! What is wrong after load: `percpu-write-after-load`, `rodata-write-after-load`,
//! `percpu-stale-read`; and always: `percpu-in-subskeleton`, `skeleton-after-destroy`.

use bpf::{diagnostic::Diagnostic, rules::RuleId};
use cfront::symbol::Symbol;

use super::{
    Verdicts, fixes,
    judge::{Judge, is_percpu, is_rodata, spelled},
    snippets, subskeleton,
};
use crate::{
    flow::{
        calls::generated,
        observe::{Access, At, Event},
        state::{Phase, Site, Value},
    },
    skeletons::HeaderKind,
};

const PERCPU_WRITE: RuleId = RuleId("percpu-write-after-load");
const PERCPU_READ: RuleId = RuleId("percpu-stale-read");
const RODATA_WRITE: RuleId = RuleId("rodata-write-after-load");
const AFTER_DESTROY: RuleId = RuleId("skeleton-after-destroy");

pub(super) fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    match event {
        Event::Image { site, section, member, access, stale, at } => {
            destroyed(judge, *site, section.as_str(), *at, verdicts);
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
        Event::Skeleton { site, member, at } => {
            let Some(skeleton) = judge.skeleton(*site) else { return };
            if skeleton.kind == HeaderKind::Subskeleton && is_percpu(member.as_str()) {
                verdicts.guilty(subskeleton::RULE, *at, true, || {
                    subskeleton::finding(judge, skeleton, *member, *at)
                });
            }
            destroyed(judge, *site, member.as_str(), *at, verdicts);
        }
        Event::Call { callee, values, at, .. } => {
            if let Some(Value::Skeleton(site)) = values.first()
                && let Some((_, verb)) = generated(judge.input.skeletons, callee.as_str())
            {
                let what =
                    if verb == "destroy" { "it is destroyed again" } else { callee.as_str() };
                destroyed_call(judge, *site, what, *at, verdicts);
            } else {
                verdicts.innocent(AFTER_DESTROY, *at);
            }
        }
        Event::Other { at } => verdicts.other(*at),
        Event::FdTest { .. } => {}
    }
}

fn destroyed(judge: Judge<'_>, site: Site, what: &str, at: At, verdicts: &mut Verdicts) {
    if judge.phase(site) != Phase::Destroyed {
        verdicts.innocent(AFTER_DESTROY, at);
        return;
    }
    verdicts.guilty(AFTER_DESTROY, at, true, || {
        let name = judge.skeleton(site)?.name;
        let text = format!(
            "`{what}` is used after `{name}__destroy()`: its memory is gone (use after free)"
        );
        judge.since(AFTER_DESTROY, at, site, text, "destroyed here")
    });
}

fn destroyed_call(judge: Judge<'_>, site: Site, what: &str, at: At, verdicts: &mut Verdicts) {
    if judge.phase(site) != Phase::Destroyed {
        verdicts.innocent(AFTER_DESTROY, at);
        return;
    }
    verdicts.guilty(AFTER_DESTROY, at, true, || {
        let name = judge.skeleton(site)?.name;
        let text = if what.contains(' ') {
            format!("the skeleton is given to `{name}__destroy()` a second time (double free)")
        } else {
            format!(
                "the skeleton is given to `{what}()` after `{name}__destroy()`: its memory is gone (use \
                 after free)"
            )
        };
        judge.since(AFTER_DESTROY, at, site, text, "destroyed here")
    });
}

fn rule_of(section: &str, access: Access) -> Option<RuleId> {
    match access {
        Access::Write if is_percpu(section) => Some(PERCPU_WRITE),
        Access::Write if is_rodata(section) => Some(RODATA_WRITE),
        Access::Read if is_percpu(section) => Some(PERCPU_READ),
        _ => None,
    }
}

fn after_load(
    judge: Judge<'_>,
    rule: RuleId,
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
    let message = if rule == PERCPU_READ {
        format!(
            "`{what}` is read after {loaded}: the image keeps the start values for ever, what programs \
             count is only in the map"
        )
    } else if rule == PERCPU_WRITE {
        format!(
            "`{what}` is written after {loaded}: the image of a per-CPU section is read-only from then on, \
             so this ends in SIGSEGV"
        )
    } else {
        format!(
            "`{what}` is written after {loaded}: the map is frozen and its image read-only from then on, \
             so this ends in SIGSEGV"
        )
    };
    let what = if loaded == "prepare" { "prepared here" } else { "loaded here" };
    let finding = judge.since(rule, at, site, message, what)?;
    let mut finding = judge.with_variable(finding, site, section, member);
    if rule == PERCPU_READ {
        for (title, edits) in snippets::lookup(judge.input, skeleton, at) {
            finding = finding.with_fix(title, edits);
        }
    } else {
        let load = judge.object(site).and_then(|o| o.since).and_then(|call| judge.call(call));
        let moved = load.and_then(|load| fixes::move_before_load(judge.input, at, load));
        let updated = (rule == PERCPU_WRITE)
            .then(|| snippets::update_map(judge.input, skeleton, at))
            .flatten();
        for (title, edits) in moved.into_iter().chain(updated) {
            finding = finding.with_fix(title, edits);
        }
    }
    Some(finding)
}
