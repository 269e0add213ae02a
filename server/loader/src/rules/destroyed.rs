//! What is used after it is gone: `skeleton-after-destroy`.

use bpf::{
    diagnostic::Severity,
    rule::{self, Rule, Scope},
};

use super::{
    family::{Check, Family},
    judge::Judge,
    verdicts::Verdicts,
};
use crate::flow::{
    calls::generated,
    observe::{At, Event},
    state::{Phase, Site, Value},
};

static AFTER_DESTROY: Rule = Rule {
    id: "skeleton-after-destroy",
    severity: Severity::Error,
    title: "the skeleton is used after it was destroyed",
    happens: "The access is a use of freed memory, and a second destroy a double free.",
    why: "`NAME__destroy` frees the skeleton and unmaps its data.",
    fix: "Destroy the skeleton last, or open it again before it is used.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&AFTER_DESTROY], check: Check::flow(judge) };

fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    match event {
        Event::Image { site, section: what, at, .. }
        | Event::Skeleton { site, member: what, at } => {
            report(judge, *site, *at, verdicts, |destroy| {
                format!("`{what}` is used after `{destroy}`: its memory is gone (use after free)")
            });
        }
        Event::Call { callee, values, at, .. } => match values.first() {
            Some(Value::Skeleton(site)) => {
                let Some((_, verb)) = generated(judge.input.skeletons, callee.as_str()) else {
                    verdicts.innocent(&AFTER_DESTROY, *at);
                    return;
                };
                report(judge, *site, *at, verdicts, |destroy| match verb {
                    "destroy" => {
                        format!("the skeleton is given to `{destroy}` a second time (double free)")
                    }
                    _ => format!(
                        "the skeleton is given to `{callee}()` after `{destroy}`: its memory is gone (use \
                         after free)"
                    ),
                });
            }
            _ => verdicts.innocent(&AFTER_DESTROY, *at),
        },
        Event::Other { .. } | Event::FdTest { .. } => {}
    }
}

/// Judges a use of an object; the message gets the call that destroys it.
fn report(
    judge: Judge<'_>,
    site: Site,
    at: At,
    verdicts: &mut Verdicts,
    message: impl FnOnce(&str) -> String,
) {
    if judge.phase(site) != Phase::Destroyed {
        verdicts.innocent(&AFTER_DESTROY, at);
        return;
    }
    verdicts.guilty(&AFTER_DESTROY, at, true, || {
        let destroy = format!("{}__destroy()", judge.skeleton(site)?.name);
        judge.since(&AFTER_DESTROY, at, site, message(&destroy), "destroyed here")
    });
}
