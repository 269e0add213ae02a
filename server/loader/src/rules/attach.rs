//! Loading and attaching: `attach-before-load`, `load-result-ignored`.

use bpf::{
    diagnostic::{Diagnostic, Severity},
    rule::{self, Rule, Scope},
};
use cfront::symbol::Symbol;

use super::{
    family::{Check, Family},
    judge::Judge,
    verdicts::Verdicts,
};
use crate::{
    flow::{
        calls::generated,
        observe::{At, Event},
        state::{Phase, Site, Value},
    },
    skeletons::HeaderKind,
};

static ATTACH: Rule = Rule {
    id: "attach-before-load",
    severity: Severity::Error,
    title: "programs are attached before the object is loaded",
    happens: "The call fails with -EINVAL.",
    why: "A program has no file descriptor until the object is loaded.",
    fix: "Call the load function first, or use `NAME__open_and_load`.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

static IGNORED: Rule = Rule {
    id: "load-result-ignored",
    severity: Severity::Warning,
    title: "the result of load or attach is ignored",
    happens: "When the call fails, the code goes on with maps and programs that do not exist, or with \
              programs that nothing runs.",
    why: "Loading and attaching fail for reasons outside of the program: permissions, the version of the \
          kernel, the verifier.",
    fix: "Test the result.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&ATTACH, &IGNORED], check: Check::flow(judge) };

fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    match event {
        Event::Skeleton { site, at, .. } => used(judge, *site, *at, verdicts),
        Event::Call { callee, values, at, .. } => match values.first() {
            Some(Value::Program(site, program)) => {
                program_call(judge, callee.as_str(), *site, *program, *at, verdicts);
            }
            Some(Value::Skeleton(site)) => {
                skeleton_call(judge, callee.as_str(), *site, *at, verdicts);
            }
            Some(Value::Map(..)) => {}
            _ => verdicts.innocent(&ATTACH, *at),
        },
        _ => {}
    }
}

/// An object is used whose load or attach nobody looked at.
fn used(judge: Judge<'_>, site: Site, at: At, verdicts: &mut Verdicts) {
    let Some(call) = judge.object(site).and_then(|o| o.unchecked).and_then(|c| judge.call(c))
    else {
        return;
    };
    verdicts.guilty(&IGNORED, call, true, || {
        let name = judge.input.unit.tokens(call.item).get(call.start as usize)?.sym;
        let text = format!(
            "the result of `{name}()` is ignored and the skeleton is used afterwards: if it fails, maps and \
             programs do not exist or nothing is attached"
        );
        let finding = judge.at(&IGNORED, call, text)?;
        Some(match judge.range(at) {
            Some(range) => finding.with_related(range, "used here"),
            None => finding,
        })
    });
}

fn skeleton_call(judge: Judge<'_>, callee: &str, site: Site, at: At, verdicts: &mut Verdicts) {
    let verb = generated(judge.input.skeletons, callee).map(|(_, verb)| verb);
    if !matches!(verb, Some("destroy" | "detach")) {
        used(judge, site, at, verdicts);
    }
    if verb == Some("attach") {
        let attaches = judge.model(site).is_some_and(attaches_by_itself);
        let text = || {
            format!(
                "`{callee}()` comes before load: the programs have no descriptor yet, so it fails with -EINVAL"
            )
        };
        if attaches && !judge.facts.changes_what_is_loaded {
            before_load(
                judge,
                site,
                at,
                || judge.since(&ATTACH, at, site, text(), "opened here, and not loaded since"),
                verdicts,
            );
        }
    }
}

fn program_call(
    judge: Judge<'_>,
    callee: &str,
    site: Site,
    program: Symbol,
    at: At,
    verdicts: &mut Verdicts,
) {
    let Some(verb) = callee.strip_prefix("bpf_program__") else { return };
    if verb == "attach" || verb.starts_with("attach_") {
        let finding = || {
            let text = format!(
                "`{program}` is attached before load: until then a program has no descriptor, so this fails with \
                 -EINVAL"
            );
            let finding =
                judge.since(&ATTACH, at, site, text, "opened here, and not loaded since")?;
            Some(judge.with_program(finding, site, program))
        };
        before_load(judge, site, at, finding, verdicts);
    }
}

fn before_load(
    judge: Judge<'_>,
    site: Site,
    at: At,
    finding: impl FnOnce() -> Option<Diagnostic>,
    verdicts: &mut Verdicts,
) {
    let skeleton = judge.kind(site) == Some(HeaderKind::Skeleton);
    match judge.phase(site) {
        Phase::Open if skeleton => verdicts.guilty(&ATTACH, at, judge.sure(site), finding),
        _ => verdicts.innocent(&ATTACH, at),
    }
}

/// Whether an object has a program that `NAME__attach()` attaches: one that is loaded by itself, in a
/// section whose kind libbpf attaches.
fn attaches_by_itself(object: &bpf::object::Object) -> bool {
    const KINDS: [&str; 8] =
        ["fentry/", "fexit/", "tp_btf/", "raw_tp/", "tracepoint/", "tp/", "kprobe/", "lsm/"];
    object.programs.iter().any(|program| KINDS.iter().any(|kind| program.section.starts_with(kind)))
}
