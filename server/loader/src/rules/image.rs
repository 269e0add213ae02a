//! Images that are not what they seem: `stale-image-pointer`, `percpu-detached-image`,
//! `lskel-signed-write`.

use bpf::{diagnostic::Diagnostic, rules::RuleId};
use cfront::symbol::Symbol;

use super::{
    Verdicts, fixes,
    judge::{Judge, is_percpu, spelled},
};
use crate::{
    flow::{
        calls::callee_name,
        observe::{Access, At, Event},
        state::{Phase, Replaced, Site},
    },
    skeletons::HeaderKind,
};

const STALE: RuleId = RuleId("stale-image-pointer");
const DETACHED: RuleId = RuleId("percpu-detached-image");
const SIGNED: RuleId = RuleId("lskel-signed-write");

pub(super) fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    let Event::Image { site, section, member, access, stale, at } = event else { return };
    match stale {
        Some(call) => {
            verdicts.guilty(STALE, *at, true, || moved(judge, *site, *section, *member, *call, *at))
        }
        None => verdicts.innocent(STALE, *at),
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
    let callee = fixes::call_at(judge.input.unit, judge.call(call)?, |callee, _| {
        callee_name(callee).map(|name| name.to_string())
    })?;
    let is_resize = callee == "bpf_map__set_value_size";
    let why = if is_resize {
        "the new value size gives the map another image, and the pointer still leads to the old one"
    } else {
        "loading gives an arena its place in the kernel's memory, and the pointer leads to the one before"
    };
    let text = format!(
        "`{what}` is used through a pointer from before `{callee}()`: {why}, which is gone"
    );
    let finding = judge.at(STALE, at, text)?;
    let finding = judge.with_call(finding, Some(call), "moved here");
    let finding = judge.with_variable(finding, site, section, member);
    Some(match fixes::read_again(judge.input, judge.call(call)?, section, is_resize, at) {
        Some((title, edits)) => finding.with_fix(title, edits),
        None => finding,
    })
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
        verdicts.innocent(DETACHED, at);
        return;
    };
    verdicts.guilty(DETACHED, at, true, || {
        let what = spelled(section, member);
        let text = match how {
            Replaced::Reused => format!(
                "`{what}` is written, but the map has another's descriptor: libbpf does not give \
                 it the start values, so the write reaches no program; update the map itself"
            ),
            Replaced::Pinned => format!(
                "`{what}` is written after load, and the map may be the pinned one: then the \
                 image is connected to nothing and the write reaches no program, else it ends in SIGSEGV; \
                 update the map itself"
            ),
        };
        let finding = judge.at(DETACHED, at, text)?;
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
        verdicts.innocent(SIGNED, at);
        return;
    }
    verdicts.guilty(SIGNED, at, judge.sure(site), || {
        let what = spelled(section, member);
        let text = format!(
            "`{what}` is written before the load of a signed light skeleton: its loader takes \
             the data sections from the signed program and ignores what user space writes there"
        );
        let finding = judge.since(SIGNED, at, site, text, "opened here")?;
        Some(judge.with_variable(finding, site, section, member))
    });
}
