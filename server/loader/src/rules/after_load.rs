//! What is wrong after load: `percpu-write-after-load`, `rodata-write-after-load`,
//! `percpu-stale-read`; and always: `percpu-in-subskeleton`, `skeleton-after-destroy`.

use bpf::{diagnostic::Diagnostic, rules::RuleId};
use cfront::{
    source::{FileId, FileRange},
    symbol::Symbol,
};

use super::{Input, Verdicts, fixes};
use crate::{
    flow::{
        image::section_by_field,
        observe::{Access, At, Event},
        state::{Phase, Site, State},
    },
    places,
    skeletons::{HeaderKind, Skeleton},
};

const PERCPU_WRITE: RuleId = RuleId("percpu-write-after-load");
const PERCPU_READ: RuleId = RuleId("percpu-stale-read");
const RODATA_WRITE: RuleId = RuleId("rodata-write-after-load");
const IN_SUBSKELETON: RuleId = RuleId("percpu-in-subskeleton");
const AFTER_DESTROY: RuleId = RuleId("skeleton-after-destroy");

pub(super) fn judge(
    input: Input<'_>,
    event: &Event<'_>,
    state: &State,
    calls: &[At],
    verdicts: &mut Verdicts,
) {
    match event {
        Event::Image { site, section, member, access, at } => {
            let Some(rule) = rule_of(section.as_str(), *access) else { return };
            let Some(skeleton) = skeleton_of(input, state, *site) else { return };
            match state.phase(*site) {
                Phase::Prepared | Phase::Loaded | Phase::Attached => {
                    let sure = state.objects.get(site).is_some_and(|object| object.sure);
                    if state.objects.get(site).is_some_and(|o| o.is_detached(*section)) {
                        verdicts.innocent(rule, *at);
                        return;
                    }
                    verdicts.guilty(rule, *at, sure, || {
                        after_load(
                            input, rule, skeleton, state, *site, *section, *member, *at, calls,
                        )
                    });
                }
                Phase::Failed => {
                    let object = state.objects.get(site);
                    // When nobody looks at the result, both ways do the same.
                    if object.is_some_and(|o| o.unchecked.is_none()) {
                        verdicts.failed(rule, *at);
                    }
                }
                Phase::Unknown | Phase::Open | Phase::Destroyed => verdicts.innocent(rule, *at),
            }
        }
        Event::Skeleton { site, member, at } => {
            let Some(skeleton) = skeleton_of(input, state, *site) else { return };
            if skeleton.kind == HeaderKind::Subskeleton && is_percpu(member.as_str()) {
                verdicts.guilty(IN_SUBSKELETON, *at, true, || {
                    in_subskeleton(input, skeleton, *member, *at)
                });
            }
            if state.phase(*site) == Phase::Destroyed {
                verdicts.guilty(AFTER_DESTROY, *at, true, || {
                    let range = places::range(input.unit, *at)?;
                    let message = format!(
                        "`{}` is used after `{}__destroy()`: its memory is gone (use after free)",
                        member, skeleton.name
                    );
                    Some(since(
                        input,
                        Diagnostic::new(AFTER_DESTROY, range, message),
                        state,
                        *site,
                        calls,
                        "destroyed here",
                    ))
                });
            } else {
                verdicts.innocent(AFTER_DESTROY, *at);
            }
        }
        Event::Other { at } => verdicts.other(*at),
        Event::Call { .. } => {}
    }
}

/// Whether a member of the skeleton's struct is a per-CPU section: `.percpu`, `.percpu.NAME`.
fn is_percpu(field: &str) -> bool {
    field == "percpu" || field.starts_with("percpu_")
}

fn rule_of(section: &str, access: Access) -> Option<RuleId> {
    let rodata = section == "rodata" || section.starts_with("rodata_");
    match access {
        Access::Write if is_percpu(section) => Some(PERCPU_WRITE),
        Access::Write if rodata => Some(RODATA_WRITE),
        Access::Read if is_percpu(section) => Some(PERCPU_READ),
        _ => None,
    }
}

fn skeleton_of<'a>(input: Input<'a>, state: &State, site: Site) -> Option<&'a Skeleton> {
    input.skeletons.get(state.objects.get(&site)?.skeleton)
}

#[allow(clippy::too_many_arguments)]
fn after_load(
    input: Input<'_>,
    rule: RuleId,
    skeleton: &Skeleton,
    state: &State,
    site: Site,
    section: Symbol,
    member: Symbol,
    at: At,
    calls: &[At],
) -> Option<Diagnostic> {
    let range = places::range(input.unit, at)?;
    let what =
        if member == Symbol::EMPTY { section.to_string() } else { format!("{section}->{member}") };
    let loaded = match state.phase(site) {
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
    let finding = Diagnostic::new(rule, range, message);
    let finding = since(input, finding, state, site, calls, "loaded here");
    let mut finding = match declaration(skeleton, section, member) {
        Some(place) => finding.with_related(place, format!("`{member}` is declared here")),
        None => finding,
    };
    if rule != PERCPU_READ {
        let load = state.objects.get(&site).and_then(|o| o.since);
        let load = load.and_then(|call| calls.get(call as usize));
        let moved = load.and_then(|load| fixes::move_before_load(input, at, *load));
        let updated =
            (rule == PERCPU_WRITE).then(|| fixes::update_map(input, skeleton, at)).flatten();
        for (title, edits) in moved.into_iter().chain(updated) {
            finding = finding.with_fix(title, edits);
        }
    }
    Some(finding)
}

pub(super) fn since(
    input: Input<'_>,
    finding: Diagnostic,
    state: &State,
    site: Site,
    calls: &[At],
    text: &str,
) -> Diagnostic {
    let call = state
        .objects
        .get(&site)
        .and_then(|object| object.since)
        .and_then(|call| calls.get(call as usize))
        .and_then(|at| places::range(input.unit, *at));
    match call {
        Some(range) => finding.with_related(range, text),
        None => finding,
    }
}

/// The declaration of a section's variable in BPF C.
fn declaration(skeleton: &Skeleton, section: Symbol, member: Symbol) -> Option<FileRange> {
    let object = skeleton.object.as_ref()?;
    let section = section_by_field(object, section.as_str())?;
    let variable = section.variables.iter().find(|v| v.name == member.as_str())?;
    let place = variable.place?;
    Some(FileRange { file: FileId(place.file), start: place.start, end: place.end })
}

fn in_subskeleton(
    input: Input<'_>,
    skeleton: &Skeleton,
    member: Symbol,
    at: At,
) -> Option<Diagnostic> {
    let range = places::range(input.unit, at)?;
    let finding = Diagnostic::new(
        IN_SUBSKELETON,
        range,
        format!(
            "a subskeleton has no member `{member}`: bpftool skips per-CPU sections there, `struct {}` \
             has only `maps.{member}`",
            skeleton.name
        ),
    );
    let name = at.end.checked_sub(1).and_then(|last| input.unit.token_place(at.item, last));
    Some(match name {
        Some(name) => finding.with_fix(
            format!("Use the map `maps.{member}`, with bpf_map__lookup_elem"),
            vec![(name, format!("maps.{member}"))],
        ),
        None => finding,
    })
}
