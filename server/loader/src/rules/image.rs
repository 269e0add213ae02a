//! Images that are not what they seem: `stale-image-pointer`, `percpu-detached-image`,
//! `lskel-signed-write`.

use bpf::{
    diagnostic::{Diagnostic, Severity},
    rule::{self, Rule, Scope},
};
use cfront::symbol::Symbol;

use super::{
    family::{Check, Family},
    find::call_at,
    fixes,
    judge::{Judge, is_percpu, spelled},
    verdicts::Verdicts,
};
use crate::{
    flow::{
        calls::callee_name,
        observe::{Access, At, Event},
        state::{Phase, Replaced, Site},
    },
    skeletons::HeaderKind,
};

static STALE: Rule = Rule {
    id: "stale-image-pointer",
    severity: Severity::Error,
    title: "a data pointer is used after the call that moves it",
    happens: "The pointer leads to memory that is gone.",
    why: "Changing the value size of a data section's map moves its memory (a per-CPU section nearly \
          always, others when the number of pages changes), and an arena moves when the object is loaded.",
    fix: "Read the pointer again after the call.",
    quick_fix: true,
    scope: Scope::Code,
    since: "0.1.0",
};

static DETACHED: Rule = Rule {
    id: "percpu-detached-image",
    severity: Severity::Warning,
    title: "a write to a per-CPU image reaches no program",
    happens: "The write succeeds and no program ever sees it.",
    why: "When a map takes over another descriptor (`bpf_map__reuse_fd`, a pinned map), libbpf neither \
          loads the skeleton's start values into it nor protects the image.",
    fix: "Update the map itself.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

static SIGNED: Rule = Rule {
    id: "lskel-signed-write",
    severity: Severity::Warning,
    title: "a signed light skeleton ignores start values",
    happens: "The programs start with the values from the BPF source, whatever user space writes before \
              load.",
    why: "In a light skeleton that bpftool generated with a signature, the loader program takes every data \
          section from the signed blob.",
    fix: "Set the values in BPF, or after load.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&STALE, &DETACHED, &SIGNED], check: Check::flow(judge) };

fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    let Event::Image { site, section, member, access, stale, at } = event else { return };
    match stale {
        Some(call) => verdicts
            .guilty(&STALE, *at, true, || moved(judge, *site, *section, *member, *call, *at)),
        None => verdicts.innocent(&STALE, *at),
    }
    if *access == Access::Write {
        detached(judge, *site, *section, *member, *at, verdicts);
        signed(judge, *site, *section, *member, *at, verdicts);
    }
}

fn moved(
    judge: Judge<'_>,
    site: Site,
    section: Symbol,
    member: Symbol,
    call: u32,
    at: At,
) -> Option<Diagnostic> {
    let what = spelled(section, member);
    let callee = call_at(judge.input.unit, judge.call(call)?, |callee, _| {
        callee_name(callee).map(|name| name.to_string())
    })?;
    let is_resize = callee == "bpf_map__set_value_size";
    let why = if is_resize {
        "the new value size gives the map another image"
    } else {
        "loading moves an arena to its place in the kernel's memory"
    };
    let text = format!(
        "`{what}` is used through a pointer from before `{callee}()`: {why}, and the memory behind the pointer is \
         gone"
    );
    let finding = judge.at(&STALE, at, text)?;
    let finding = judge.with_call(finding, Some(call), "moved here");
    let finding = judge.with_variable(finding, site, section, member);
    let fix = fixes::read_again(judge.input, judge.call(call)?, section, is_resize, at);
    Some(finding.with_fixes(fix))
}

/// A write to the image of a per-CPU section whose map is another one than the skeleton's.
fn detached(
    judge: Judge<'_>,
    site: Site,
    section: Symbol,
    member: Symbol,
    at: At,
    verdicts: &mut Verdicts,
) {
    let Some(object) = judge.object(site).filter(|_| is_percpu(section.as_str())) else { return };
    let gone = matches!(object.phase, Phase::Unknown | Phase::Failed | Phase::Destroyed);
    let Some((how, call)) = object.unconnected(section).filter(|_| !gone) else {
        verdicts.innocent(&DETACHED, at);
        return;
    };
    verdicts.guilty(&DETACHED, at, true, || {
        let what = spelled(section, member);
        let text = match how {
            Replaced::Reused => format!(
                "`{what}` is written, but the map uses the descriptor of another: libbpf does not load the start \
                 values into that, so the write reaches no program; update the map itself"
            ),
            Replaced::Pinned => format!(
                "`{what}` is written after load, and the map may be the pinned one: then the write reaches no \
                 program, otherwise it ends in SIGSEGV; update the map itself"
            ),
        };
        let finding = judge.at(&DETACHED, at, text)?;
        let finding = judge.with_call(finding, Some(call), "replaced here");
        Some(judge.with_variable(finding, site, section, member))
    });
}

/// A start value of a light skeleton that bpftool has signed.
fn signed(
    judge: Judge<'_>,
    site: Site,
    section: Symbol,
    member: Symbol,
    at: At,
    verdicts: &mut Verdicts,
) {
    let index = judge.object(site).map(|object| object.skeleton);
    let signed = index.is_some_and(|index| judge.facts.signed.get(index) == Some(&true));
    if judge.kind(site) != Some(HeaderKind::Light) || !signed {
        return;
    }
    if judge.phase(site) != Phase::Open {
        verdicts.innocent(&SIGNED, at);
        return;
    }
    verdicts.guilty(&SIGNED, at, judge.sure(site), || {
        let what = spelled(section, member);
        let text = format!(
            "`{what}` is written before the load of a signed light skeleton: its loader takes the data sections \
             from the signed program and ignores the write"
        );
        let finding = judge.since(&SIGNED, at, site, text, "opened here")?;
        Some(judge.with_variable(finding, site, section, member))
    });
}
