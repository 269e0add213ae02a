//! Setters that come too late: `setter-after-load`.

use bpf::{
    diagnostic::{Diagnostic, Severity},
    rule::{self, Rule, Scope},
};
use cfront::symbol::Symbol;

use super::{
    family::{Check, Family},
    fixes,
    judge::Judge,
    verdicts::Verdicts,
};
use crate::flow::{
    library::is_map_setter,
    observe::{At, Event},
    state::{Phase, Site, Value},
};

static SETTER: Rule = Rule {
    id: "setter-after-load",
    severity: Severity::Error,
    title: "a setter is called after load",
    happens: "The call fails with -EBUSY (some setters of programs with -EINVAL) and changes nothing.",
    why: "Sizes, types, flags and start values of maps are fixed once the object is prepared or loaded, \
          those of programs once it is loaded.",
    fix: "Call the setter between open and load.",
    quick_fix: true,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family = rule::Family { rules: &[&SETTER], check: Check::flow(judge) };

fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    let Event::Call { callee, values, at, .. } = event else { return };
    match values.first() {
        Some(Value::Map(site, map)) => {
            map_call(judge, callee.as_str(), *site, *map, *at, verdicts);
        }
        Some(Value::Program(site, program)) => {
            program_call(judge, callee.as_str(), *site, *program, *at, verdicts);
        }
        Some(Value::Skeleton(_)) => {}
        _ => verdicts.innocent(&SETTER, *at),
    }
}

fn map_call(
    judge: Judge<'_>,
    callee: &str,
    site: Site,
    map: Symbol,
    at: At,
    verdicts: &mut Verdicts,
) {
    if !is_map_setter(callee) {
        verdicts.innocent(&SETTER, at);
        return;
    }
    let phase = judge.phase(site);
    let late = matches!(phase, Phase::Prepared | Phase::Loaded | Phase::Attached);
    judge.after_load(&SETTER, late, site, at, verdicts, || {
        let (loaded, here) = match phase {
            Phase::Prepared => ("prepare", "prepared here"),
            _ => ("load", "loaded here"),
        };
        let text = format!(
            "`{callee}()` is called after {loaded}: it fails with -EBUSY and the map `{map}` stays as it is"
        );
        let finding = judge.since(&SETTER, at, site, text, here)?;
        Some(moved(judge, judge.with_map(finding, site, map), site, at))
    });
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
    let error = match verb {
        "set_type"
        | "set_expected_attach_type"
        | "set_flags"
        | "set_insns"
        | "set_log_level"
        | "set_log_buf" => "-EBUSY",
        "set_autoload" | "set_attach_target" => "-EINVAL",
        _ => return,
    };
    // After prepare they still work.
    let late = matches!(judge.phase(site), Phase::Loaded | Phase::Attached);
    judge.after_load(&SETTER, late, site, at, verdicts, || {
            let text = format!(
                "`{callee}()` is called after load: it fails with {error} and `{program}` stays as it is"
            );
            let finding = judge.since(&SETTER, at, site, text, "loaded here")?;
            Some(moved(judge, judge.with_program(finding, site, program), site, at))
        });
}

/// The finding with the fix that puts the call in front of the load.
fn moved(judge: Judge<'_>, finding: Diagnostic, site: Site, at: At) -> Diagnostic {
    let load = judge.since_call(site);
    finding.with_fixes(load.and_then(|load| fixes::move_before_load(judge.input, at, load)))
}
