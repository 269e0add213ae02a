//! Calls and accesses at the wrong time of an object's life: `kconfig-before-load`, `kconfig-write`,
//! `setter-after-load`, `attach-before-load`, `load-result-ignored`.

use bpf::{diagnostic::Diagnostic, rules::RuleId};
use cfront::symbol::Symbol;

use super::{Verdicts, fixes, judge::Judge};
use crate::{
    flow::{
        calls::generated,
        observe::{Access, At, Event},
        state::{Phase, Site, Value},
    },
    skeletons::HeaderKind,
};

const KCONFIG_EARLY: RuleId = RuleId("kconfig-before-load");
const KCONFIG_WRITE: RuleId = RuleId("kconfig-write");
const SETTER: RuleId = RuleId("setter-after-load");
const ATTACH: RuleId = RuleId("attach-before-load");
const IGNORED: RuleId = RuleId("load-result-ignored");

pub(super) fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    match event {
        Event::Image { site, section, member, access, at, .. } => {
            if section.as_str() == "kconfig" {
                judge.kconfig(*site, *section, *member, *access, *at, verdicts);
            }
        }
        Event::Skeleton { site, at, .. } => judge.used(*site, *at, verdicts),
        Event::Call { callee, values, at, .. } => {
            let callee = callee.as_str();
            match values.first() {
                Some(Value::Map(site, map)) => judge.map_call(callee, *site, *map, *at, verdicts),
                Some(Value::Program(site, program)) => {
                    judge.program_call(callee, *site, *program, *at, verdicts);
                }
                Some(Value::Skeleton(site)) => judge.skeleton_call(callee, *site, *at, verdicts),
                _ => {
                    for rule in [SETTER, ATTACH] {
                        verdicts.innocent(rule, *at);
                    }
                }
            }
        }
        Event::Other { .. } | Event::FdTest { .. } => {}
    }
}

impl Judge<'_> {
    fn kconfig(
        &self,
        site: Site,
        section: Symbol,
        member: Symbol,
        access: Access,
        at: At,
        verdicts: &mut Verdicts,
    ) {
        if self.kind(site) != Some(HeaderKind::Skeleton) {
            return;
        }
        let sure = self.sure(site);
        match self.phase(site) {
            Phase::Open => {
                verdicts.innocent(KCONFIG_WRITE, at);
                verdicts.guilty(KCONFIG_EARLY, at, sure, || {
                    let text = format!(
                        "`kconfig->{member}` is used before load: `kconfig` is NULL until the object is \
                         loaded, so this ends in SIGSEGV"
                    );
                    let finding = self.since(KCONFIG_EARLY, at, site, text, "opened here")?;
                    Some(self.with_variable(finding, site, section, member))
                });
            }
            Phase::Prepared | Phase::Loaded | Phase::Attached => {
                verdicts.innocent(KCONFIG_EARLY, at);
                if access == Access::Write {
                    verdicts.guilty(KCONFIG_WRITE, at, sure, || {
                        let text = format!(
                            "`kconfig->{member}` is written after load: the map is frozen and its image \
                             read-only, so this ends in SIGSEGV"
                        );
                        let finding = self.since(KCONFIG_WRITE, at, site, text, "loaded here")?;
                        Some(self.with_variable(finding, site, section, member))
                    });
                }
            }
            Phase::Failed => {
                verdicts.failed(KCONFIG_EARLY, at);
                verdicts.failed(KCONFIG_WRITE, at);
            }
            Phase::Unknown | Phase::Destroyed => {
                verdicts.innocent(KCONFIG_EARLY, at);
                verdicts.innocent(KCONFIG_WRITE, at);
            }
        }
    }

    /// An object is used whose load or attach nobody looked at.
    fn used(&self, site: Site, at: At, verdicts: &mut Verdicts) {
        let Some(call) = self.object(site).and_then(|o| o.unchecked).and_then(|c| self.call(c))
        else {
            return;
        };
        verdicts.guilty(IGNORED, call, true, || {
            let name = self.input.unit.tokens(call.item).get(call.start as usize)?.sym;
            let text = format!(
                "the result of `{name}()` is thrown away and the skeleton is used afterwards: when it fails, \
                 maps and programs do not exist or nothing is attached"
            );
            let finding = self.at(IGNORED, call, text)?;
            Some(match self.range(at) {
                Some(range) => finding.with_related(range, "used here"),
                None => finding,
            })
        });
    }

    fn skeleton_call(&self, callee: &str, site: Site, at: At, verdicts: &mut Verdicts) {
        let verb = generated(self.input.skeletons, callee).map(|(_, verb)| verb);
        if !matches!(verb, Some("destroy" | "detach")) {
            self.used(site, at, verdicts);
        }
        if verb == Some("attach") {
            let attaches = self.model(site).is_some_and(attaches_by_itself);
            let text = || {
                format!(
                    "`{callee}()` comes before the load: its programs have no descriptor yet, so it fails \
                     with -EINVAL"
                )
            };
            if attaches && !self.facts.changes_what_is_loaded {
                self.before_load(
                    ATTACH,
                    site,
                    at,
                    || self.since(ATTACH, at, site, text(), "opened here, and not loaded since"),
                    verdicts,
                );
            }
        }
    }

    fn program_call(
        &self,
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
                    "`{program}` is attached before the load: a program has no descriptor until then, so \
                     this fails with -EINVAL"
                );
                let finding =
                    self.since(ATTACH, at, site, text, "opened here, and not loaded since")?;
                Some(self.with_program(finding, site, program))
            };
            self.before_load(ATTACH, site, at, finding, verdicts);
            return;
        }
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
        let late = matches!(self.phase(site), Phase::Loaded | Phase::Attached);
        self.after_load(SETTER, late, site, at, verdicts, || {
            let text = format!(
                "`{callee}()` is called after the load: it fails with {error} and `{program}` stays as it is"
            );
            let finding = self.since(SETTER, at, site, text, "loaded here")?;
            Some(self.moved(self.with_program(finding, site, program), site, at))
        });
    }

    fn map_call(&self, callee: &str, site: Site, map: Symbol, at: At, verdicts: &mut Verdicts) {
        if !is_map_setter(callee) {
            verdicts.innocent(SETTER, at);
            return;
        }
        let phase = self.phase(site);
        let late = matches!(phase, Phase::Prepared | Phase::Loaded | Phase::Attached);
        self.after_load(SETTER, late, site, at, verdicts, || {
            let (loaded, here) = match phase {
                Phase::Prepared => ("prepare", "prepared here"),
                _ => ("load", "loaded here"),
            };
            let text = format!(
                "`{callee}()` is called after the {loaded}: it fails with -EBUSY and the map `{map}` stays as \
                 it is"
            );
            let finding = self.since(SETTER, at, site, text, here)?;
            Some(self.moved(self.with_map(finding, site, map), site, at))
        });
    }

    /// The finding with the fix that puts the call in front of the load.
    fn moved(&self, finding: Diagnostic, site: Site, at: At) -> Diagnostic {
        let load = self.object(site).and_then(|o| o.since).and_then(|call| self.call(call));
        match load.and_then(|load| fixes::move_before_load(self.input, at, load)) {
            Some((title, edits)) => finding.with_fix(title, edits),
            None => finding,
        }
    }

    fn with_program(&self, finding: Diagnostic, site: Site, name: Symbol) -> Diagnostic {
        let programs = self.model(site).map(|object| &object.programs);
        let program = programs.and_then(|all| all.iter().find(|p| p.name == name.as_str()));
        super::judge::with_place(finding, program.and_then(|p| p.place), name.as_str())
    }

    fn before_load(
        &self,
        rule: RuleId,
        site: Site,
        at: At,
        finding: impl FnOnce() -> Option<Diagnostic>,
        verdicts: &mut Verdicts,
    ) {
        let skeleton = self.kind(site) == Some(HeaderKind::Skeleton);
        match self.phase(site) {
            Phase::Open if skeleton => verdicts.guilty(rule, at, self.sure(site), finding),
            _ => verdicts.innocent(rule, at),
        }
    }
}

/// Setters of maps that fail once the maps are created.
pub(super) fn is_map_setter(callee: &str) -> bool {
    matches!(
        callee,
        "bpf_map__set_type"
            | "bpf_map__set_map_flags"
            | "bpf_map__set_map_extra"
            | "bpf_map__set_numa_node"
            | "bpf_map__set_key_size"
            | "bpf_map__set_value_size"
            | "bpf_map__set_max_entries"
            | "bpf_map__set_autocreate"
            | "bpf_map__set_ifindex"
            | "bpf_map__set_initial_value"
    )
}

/// Whether an object has a program that `NAME__attach()` attaches: one that is loaded by itself, in a
/// section whose kind libbpf attaches.
fn attaches_by_itself(object: &bpf::object::Object) -> bool {
    const KINDS: [&str; 8] =
        ["fentry/", "fexit/", "tp_btf/", "raw_tp/", "tracepoint/", "tp/", "kprobe/", "lsm/"];
    object.programs.iter().any(|program| KINDS.iter().any(|kind| program.section.starts_with(kind)))
}
