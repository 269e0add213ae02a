//! Calls and accesses at the wrong time of an object's life: `kconfig-before-load`, `kconfig-write`,
//! `setter-after-load`, `attach-before-load`, `load-result-ignored`; and calls that are wrong at any
//! time: `initial-value-null`, `percpu-map-misuse`, `percpu-value-size`, `percpu-lookup-overflow`.

use bpf::{
    diagnostic::Diagnostic,
    object::{Map, MapKind, SectionKind},
    rules::RuleId,
};
use cfront::{
    ast::{Expr, ExprKind, UnaryOp},
    symbol::Symbol,
};

use super::{Input, Verdicts, after_load::since};
use crate::{
    flow::{
        calls::{callee_name, generated},
        observe::{Access, At, Event},
        state::{Phase, Site, State, Value},
    },
    places,
    skeletons::HeaderKind,
};

const KCONFIG_EARLY: RuleId = RuleId("kconfig-before-load");
const KCONFIG_WRITE: RuleId = RuleId("kconfig-write");
const SETTER: RuleId = RuleId("setter-after-load");
const ATTACH: RuleId = RuleId("attach-before-load");
const IGNORED: RuleId = RuleId("load-result-ignored");
const NULL_SIZE: RuleId = RuleId("initial-value-null");
const VALUE_SIZE: RuleId = RuleId("percpu-value-size");
const OVERFLOW: RuleId = RuleId("percpu-lookup-overflow");
const MISUSE: RuleId = RuleId("percpu-map-misuse");

pub(super) fn judge(
    input: Input<'_>,
    event: &Event<'_>,
    state: &State,
    calls: &[At],
    verdicts: &mut Verdicts,
) {
    let judge = Judge { input, state, calls };
    match event {
        Event::Image { site, section, member, access, at } => {
            if section.as_str() == "kconfig" {
                judge.kconfig(*site, *member, *access, *at, verdicts);
            }
        }
        Event::Skeleton { site, .. } => judge.used(*site, verdicts),
        Event::Call { callee, values, args, at, .. } => {
            judge.call(callee.as_str(), values, args, *at, verdicts);
        }
        Event::Other { .. } => {}
    }
}

struct Judge<'a> {
    input: Input<'a>,
    state: &'a State,
    calls: &'a [At],
}

impl Judge<'_> {
    fn kind(&self, site: Site) -> Option<HeaderKind> {
        let object = self.state.objects.get(&site)?;
        Some(self.input.skeletons.get(object.skeleton)?.kind)
    }

    fn sure(&self, site: Site) -> bool {
        self.state.objects.get(&site).is_some_and(|object| object.sure)
    }

    /// The map of a member of `maps`.
    fn map(&self, site: Site, name: Symbol) -> Option<&Map> {
        let object = self.state.objects.get(&site)?;
        let model = self.input.skeletons.get(object.skeleton)?.object.as_deref()?;
        model.maps.iter().find(|map| map.ident().is_some_and(|ident| ident == name.as_str()))
    }

    fn finding(
        &self,
        rule: RuleId,
        at: At,
        site: Site,
        text: String,
        call: &str,
    ) -> Option<Diagnostic> {
        let range = places::range(self.input.unit, at)?;
        let finding = Diagnostic::new(rule, range, text);
        Some(since(self.input, finding, self.state, site, self.calls, call))
    }

    fn kconfig(&self, site: Site, member: Symbol, access: Access, at: At, verdicts: &mut Verdicts) {
        if self.kind(site) != Some(HeaderKind::Skeleton) {
            return;
        }
        let sure = self.sure(site);
        match self.state.phase(site) {
            Phase::Open => {
                verdicts.innocent(KCONFIG_WRITE, at);
                verdicts.guilty(KCONFIG_EARLY, at, sure, || {
                    let text = format!(
                        "`kconfig->{member}` is used before load: `kconfig` is NULL until the object is \
                         loaded, so this ends in SIGSEGV"
                    );
                    self.finding(KCONFIG_EARLY, at, site, text, "opened here")
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
                        self.finding(KCONFIG_WRITE, at, site, text, "loaded here")
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
    fn used(&self, site: Site, verdicts: &mut Verdicts) {
        let Some(object) = self.state.objects.get(&site) else { return };
        let Some(call) = object.unchecked.and_then(|call| self.calls.get(call as usize)) else {
            return;
        };
        verdicts.guilty(IGNORED, *call, true, || {
            let range = places::range(self.input.unit, *call)?;
            let name = self.input.unit.tokens(call.item).get(call.start as usize)?.sym;
            Some(Diagnostic::new(
                IGNORED,
                range,
                format!(
                    "the result of `{name}()` is thrown away and the skeleton is used afterwards: when it \
                     fails, maps and programs do not exist or nothing is attached"
                ),
            ))
        });
    }

    fn call(&self, callee: &str, values: &[Value], args: &[Expr], at: At, verdicts: &mut Verdicts) {
        match values.first() {
            Some(Value::Map(site, map)) => {
                self.map_call(callee, *site, *map, values, args, at, verdicts);
            }
            Some(Value::Program(site, program)) => {
                self.program_call(callee, *site, *program, at, verdicts);
            }
            Some(Value::Skeleton(site)) => {
                self.skeleton_call(callee, *site, at, verdicts);
            }
            Some(Value::MapFd(site, map)) if callee == "bpf_map_lookup_elem" => {
                self.lookup_by_fd(*site, *map, args, at, verdicts);
            }
            _ => {
                for rule in [SETTER, ATTACH, NULL_SIZE, MISUSE, VALUE_SIZE, OVERFLOW] {
                    verdicts.innocent(rule, at);
                }
            }
        }
    }

    fn skeleton_call(&self, callee: &str, site: Site, at: At, verdicts: &mut Verdicts) {
        let verb = generated(self.input.skeletons, callee).map(|(_, verb)| verb);
        if !matches!(verb, Some("destroy" | "detach")) {
            self.used(site, verdicts);
        }
        if verb == Some("attach") {
            let attaches = self.state.objects.get(&site).is_some_and(|object| {
                let model = self.input.skeletons.get(object.skeleton);
                model.and_then(|s| s.object.as_deref()).is_some_and(attaches_by_itself)
            });
            let text = || {
                format!(
                    "`{callee}()` comes before the load: its programs have no descriptor yet, so it fails \
                     with -EINVAL"
                )
            };
            if attaches && !self.input.changes_what_is_loaded() {
                self.before_load(ATTACH, site, at, text, verdicts);
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
            let text = || {
                format!(
                    "`{program}` is attached before the load: a program has no descriptor until then, so \
                     this fails with -EINVAL"
                )
            };
            self.before_load(ATTACH, site, at, text, verdicts);
            return;
        }
        let error = match verb {
            "set_type"
            | "set_expected_attach_type"
            | "set_flags"
            | "set_log_level"
            | "set_log_buf" => "-EBUSY",
            "set_autoload" | "set_attach_target" => "-EINVAL",
            _ => return,
        };
        // After prepare they still work.
        let late = matches!(self.state.phase(site), Phase::Loaded | Phase::Attached);
        self.after_load(SETTER, late, site, at, verdicts, || {
            format!(
                "`{callee}()` is called after the load: it fails with {error} and `{program}` stays as it is"
            )
        });
    }

    #[allow(clippy::too_many_arguments)]
    fn map_call(
        &self,
        callee: &str,
        site: Site,
        map: Symbol,
        values: &[Value],
        args: &[Expr],
        at: At,
        verdicts: &mut Verdicts,
    ) {
        let model = self.map(site, map);
        let percpu = model.is_some_and(|m| m.kind == MapKind::Internal(SectionKind::Percpu));
        match callee {
            "bpf_map__set_type" | "bpf_map__set_map_flags" | "bpf_map__set_map_extra"
            | "bpf_map__set_numa_node" | "bpf_map__set_key_size" | "bpf_map__set_value_size"
            | "bpf_map__set_max_entries" | "bpf_map__set_autocreate" | "bpf_map__set_ifindex"
            | "bpf_map__set_initial_value" => {
                let late = matches!(
                    self.state.phase(site),
                    Phase::Prepared | Phase::Loaded | Phase::Attached
                );
                self.after_load(SETTER, late, site, at, verdicts, || {
                    format!(
                        "`{callee}()` is called after the load: it fails with -EBUSY and the map `{map}` \
                         stays as it is"
                    )
                });
                if callee == "bpf_map__set_max_entries"
                    && percpu
                    && matches!(args.get(1), Some(Expr { kind: ExprKind::Int { value, .. }, .. }) if *value > 1)
                {
                    self.misuse(site, at, verdicts, || {
                        format!("`{map}` holds a per-CPU section and has one entry: with more of them its programs are refused")
                    });
                }
            }
            "bpf_map__delete_elem" if percpu => self.misuse(site, at, verdicts, || {
                format!("the entry of `{map}` cannot be deleted: a per-CPU array refuses that with -EINVAL")
            }),
            "bpf_map__lookup_elem" if percpu => {
                let size = args.get(4).is_some_and(|size| match &size.kind {
                    ExprKind::Call { callee, .. } => callee_name(callee)
                        .is_some_and(|name| name.as_str() == "bpf_map__value_size"),
                    _ => false,
                });
                let plain = matches!(args.get(5), Some(Expr { kind: ExprKind::Int { value: 0, .. }, .. }));
                if size && plain {
                    verdicts.guilty(VALUE_SIZE, at, true, || {
                        let text = format!(
                            "a lookup in `{map}` without flags gives one value for every possible CPU: with \
                             the size of one it fails with -EINVAL; add `BPF_F_CPU` and the CPU, or give a \
                             buffer for all of them"
                        );
                        Some(Diagnostic::new(VALUE_SIZE, places::range(self.input.unit, at)?, text))
                    });
                }
            }
            "bpf_map__initial_value" => {
                let image = model.is_some_and(|m| matches!(m.kind, MapKind::Internal(_)));
                if image && values.get(1) == Some(&Value::Zero) {
                    verdicts.guilty(NULL_SIZE, at, true, || {
                        let text = format!(
                            "`bpf_map__initial_value()` stores the size of the image of `{map}` through its \
                             second argument without looking at it: NULL ends in SIGSEGV"
                        );
                        Some(Diagnostic::new(NULL_SIZE, places::range(self.input.unit, at)?, text))
                    });
                } else {
                    verdicts.innocent(NULL_SIZE, at);
                }
            }
            _ => {}
        }
    }

    /// `bpf_map_lookup_elem(fd, &key, &one)`: the kernel writes the values of all possible CPUs.
    fn lookup_by_fd(
        &self,
        site: Site,
        map: Symbol,
        args: &[Expr],
        at: At,
        verdicts: &mut Verdicts,
    ) {
        let one_value = self.map(site, map).and_then(|model| {
            let percpu = model.kind == MapKind::Internal(SectionKind::Percpu);
            let size = u64::from(model.def.value_size?).next_multiple_of(8);
            let Some(ExprKind::Unary(UnaryOp::AddrOf, buffer)) = args.get(2).map(|a| &a.kind)
            else {
                return None;
            };
            let scope = self.input.unit.scope(at.item)?;
            let ty = self.input.unit.expr_type(&scope, buffer)?;
            // The address of an element may be that of the first of many.
            let whole = matches!(buffer.kind, ExprKind::Ident(_));
            let room = self.input.unit.size_of(ty)?;
            (percpu && whole && room < 2 * size).then_some((room, size))
        });
        let Some((room, size)) = one_value else {
            verdicts.innocent(OVERFLOW, at);
            return;
        };
        verdicts.guilty(OVERFLOW, at, true, || {
            let text = format!(
                "the buffer has {room} bytes, and the kernel writes {size} for every possible CPU: with two \
                 of them it overruns; size it by `libbpf_num_possible_cpus()`, or pass `BPF_F_CPU` to \
                 `bpf_map_lookup_elem_flags`"
            );
            Some(Diagnostic::new(OVERFLOW, places::range(self.input.unit, at)?, text))
        });
    }

    fn misuse(&self, _site: Site, at: At, verdicts: &mut Verdicts, text: impl FnOnce() -> String) {
        verdicts.guilty(MISUSE, at, true, || {
            Some(Diagnostic::new(MISUSE, places::range(self.input.unit, at)?, text()))
        });
    }

    fn after_load(
        &self,
        rule: RuleId,
        late: bool,
        site: Site,
        at: At,
        verdicts: &mut Verdicts,
        text: impl FnOnce() -> String,
    ) {
        if late {
            verdicts.guilty(rule, at, self.sure(site), || {
                self.finding(rule, at, site, text(), "loaded here")
            });
        } else if self.state.phase(site) == Phase::Failed {
            verdicts.failed(rule, at);
        } else {
            verdicts.innocent(rule, at);
        }
    }

    fn before_load(
        &self,
        rule: RuleId,
        site: Site,
        at: At,
        text: impl FnOnce() -> String,
        verdicts: &mut Verdicts,
    ) {
        let skeleton = self.kind(site) == Some(HeaderKind::Skeleton);
        match self.state.phase(site) {
            Phase::Open if skeleton => verdicts.guilty(rule, at, self.sure(site), || {
                self.finding(rule, at, site, text(), "opened here, and not loaded since")
            }),
            _ => verdicts.innocent(rule, at),
        }
    }
}

/// Whether an object has a program that `NAME__attach()` attaches: one that is loaded by itself, in a
/// section whose kind libbpf attaches.
fn attaches_by_itself(object: &bpf::object::Object) -> bool {
    const KINDS: [&str; 8] =
        ["fentry/", "fexit/", "tp_btf/", "raw_tp/", "tracepoint/", "tp/", "kprobe/", "lsm/"];
    object.programs.iter().any(|program| KINDS.iter().any(|kind| program.section.starts_with(kind)))
}
