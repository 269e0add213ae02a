//! The values of the kernel's configuration: `kconfig-before-load`, `kconfig-write`.

use bpf::{
    diagnostic::Severity,
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
        observe::{Access, At, Event},
        state::{Phase, Site},
    },
    skeletons::HeaderKind,
};

static EARLY: Rule = Rule {
    id: "kconfig-before-load",
    severity: Severity::Error,
    title: "`skel->kconfig` is used before load",
    happens: "The process dies with SIGSEGV.",
    why: "libbpf reads the values of `.kconfig` while it loads the object. Until then the member of the \
          skeleton is NULL.",
    fix: "Use the values after load.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

static WRITE: Rule = Rule {
    id: "kconfig-write",
    severity: Severity::Error,
    title: "`skel->kconfig` is written",
    happens: "The process dies with SIGSEGV.",
    why: "The values of `.kconfig` come from the kernel's configuration, and their memory is mapped \
          read-only.",
    fix: "To load with other values, pass `kconfig` in `bpf_object_open_opts`.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&EARLY, &WRITE], check: Check::flow(judge) };

fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    if let Event::Image { site, section, member, access, at, .. } = event
        && section.as_str() == "kconfig"
    {
        judge_access(judge, *site, *section, *member, *access, *at, verdicts);
    }
}

fn judge_access(
    judge: Judge<'_>,
    site: Site,
    section: Symbol,
    member: Symbol,
    access: Access,
    at: At,
    verdicts: &mut Verdicts,
) {
    if judge.kind(site) != Some(HeaderKind::Skeleton) {
        return;
    }
    let sure = judge.sure(site);
    match judge.phase(site) {
        Phase::Open => {
            verdicts.innocent(&WRITE, at);
            verdicts.guilty(&EARLY, at, sure, || {
                let text = format!(
                    "`kconfig->{member}` is used before load: `kconfig` is NULL until the object is \
                     loaded, so this ends in SIGSEGV"
                );
                let finding = judge.since(&EARLY, at, site, text, "opened here")?;
                Some(judge.with_variable(finding, site, section, member))
            });
        }
        Phase::Prepared | Phase::Loaded | Phase::Attached => {
            verdicts.innocent(&EARLY, at);
            if access == Access::Write {
                verdicts.guilty(&WRITE, at, sure, || {
                    let text = format!(
                        "`kconfig->{member}` is written after load: the map is frozen and its image \
                         read-only, so this ends in SIGSEGV"
                    );
                    let finding = judge.since(&WRITE, at, site, text, "loaded here")?;
                    Some(judge.with_variable(finding, site, section, member))
                });
            }
        }
        Phase::Failed => {
            verdicts.failed(&EARLY, at);
            verdicts.failed(&WRITE, at);
        }
        Phase::Unknown | Phase::Destroyed => {
            verdicts.innocent(&EARLY, at);
            verdicts.innocent(&WRITE, at);
        }
    }
}
