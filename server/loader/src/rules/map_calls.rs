//! Calls on maps that are wrong whenever they come: `initial-value-null`, `percpu-map-misuse`,
//! `map-fd-not-proof`.

use bpf::{
    diagnostic::{Diagnostic, Edit, Fix, Severity},
    object::{MapKind, SectionKind},
    rule::{self, Rule, Scope},
};
use cfront::{ast::Expr, source::FileRange, symbol::Symbol};

use super::{
    family::{Check, Family},
    find::is_literal_zero,
    fixes,
    judge::Judge,
    verdicts::Verdicts,
};
use crate::flow::{
    image::section_by_field,
    observe::{At, Event},
    state::{Phase, Site, Value},
};

static NULL_SIZE: Rule = Rule {
    id: "initial-value-null",
    severity: Severity::Error,
    title: "`bpf_map__initial_value` is called without a place for the size",
    happens: "The process dies with SIGSEGV.",
    why: "`bpf_map__initial_value` stores the size through its second argument without a check, for every \
          map that has an image.",
    fix: "Pass the address of a `size_t`.",
    quick_fix: true,
    scope: Scope::Code,
    since: "0.1.0",
};

static MISUSE: Rule = Rule {
    id: "percpu-map-misuse",
    severity: Severity::Error,
    title: "a per-CPU array refuses this operation",
    happens: "The call fails, or the object does not load.",
    why: "The map behind a per-CPU section is a per-CPU array: it cannot be mapped into memory, it has \
          exactly one entry here, and that entry cannot be deleted.",
    fix: "Read and write the map with lookups and updates.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

static FD: Rule = Rule {
    id: "map-fd-not-proof",
    severity: Severity::Warning,
    title: "a file descriptor does not prove that the map exists",
    happens: "The test holds although there is no map, and calls with the descriptor fail later.",
    why: "libbpf gives every map a placeholder descriptor at open. When the creation of the map is \
          switched off, `bpf_map__fd` still returns that number, which is not negative.",
    fix: "Ask `bpf_map__autocreate(map)`.",
    quick_fix: true,
    scope: Scope::Code,
    since: "0.1.0",
};

/// `BPF_F_MMAPABLE`
const MMAPABLE: i128 = 1 << 10;

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&NULL_SIZE, &MISUSE, &FD], check: Check::flow(judge) };

fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    match event {
        Event::Call { callee, values, args, at, .. } => {
            let call = Call { judge, args, at: *at };
            match values.first() {
                Some(Value::Map(site, map)) => {
                    let second = values.get(1);
                    call.on_map(callee.as_str(), *site, *map, second, verdicts);
                }
                Some(Value::MapFd(site, map)) if callee.as_str() == "bpf_map_delete_elem" => {
                    call.misuse(call.deleted(*site, *map), verdicts);
                }
                _ if callee.as_str() == "mmap" => match values.get(4) {
                    Some(Value::MapFd(site, map)) => {
                        let text = call.is_percpu(*site, *map).then(|| {
                            let text = format!(
                                "the map `{map}` holds a per-CPU section: the kernel refuses to mmap it (-ENOTSUPP); read \
                                 it with lookups"
                            );
                            (*site, *map, text)
                        });
                        call.misuse(text, verdicts);
                    }
                    _ => verdicts.innocent(&MISUSE, *at),
                },
                _ => {
                    for rule in [&NULL_SIZE, &MISUSE] {
                        verdicts.innocent(rule, *at);
                    }
                }
            }
        }
        Event::FdTest { site, map, at } => fd_test(judge, *site, *map, *at, verdicts),
        _ => {}
    }
}

/// A call with what stands between its parentheses.
struct Call<'a> {
    judge: Judge<'a>,
    args: &'a [Expr],
    at: At,
}

impl Call<'_> {
    fn is_percpu(&self, site: Site, map: Symbol) -> bool {
        let model = self.judge.map(site, map);
        model.is_some_and(|m| m.kind == MapKind::Internal(SectionKind::Percpu))
    }

    fn constant(&self, index: usize) -> Option<i128> {
        let unit = self.judge.input.unit;
        unit.constant(&unit.scope(self.at.item)?, self.args.get(index)?)
    }

    fn on_map(
        &self,
        callee: &str,
        site: Site,
        map: Symbol,
        second: Option<&Value>,
        verdicts: &mut Verdicts,
    ) {
        let percpu = self.is_percpu(site, map);
        match callee {
            "bpf_map__initial_value" => self.initial_value(site, map, second, verdicts),
            "bpf_map__delete_elem" => self.misuse(self.deleted(site, map), verdicts),
            "bpf_map__set_max_entries" => {
                let wrong = percpu && self.constant(1).is_some_and(|n| n > 1);
                let text = format!(
                    "`{map}` holds a per-CPU section and has one entry: with more, the kernel refuses its programs"
                );
                self.misuse(wrong.then_some((site, map, text)), verdicts);
            }
            "bpf_map__set_map_flags" => {
                let wrong = percpu && self.constant(1).is_some_and(|n| n & MMAPABLE != 0);
                let text = format!(
                    "`{map}` holds a per-CPU section: with `BPF_F_MMAPABLE` the kernel refuses to create it \
                     (-EINVAL)"
                );
                self.misuse(wrong.then_some((site, map, text)), verdicts);
            }
            _ => {}
        }
    }

    fn deleted(&self, site: Site, map: Symbol) -> Option<(Site, Symbol, String)> {
        self.is_percpu(site, map).then(|| {
            let text = format!(
                "the entry of `{map}` cannot be deleted: a per-CPU array refuses this with -EINVAL"
            );
            (site, map, text)
        })
    }

    fn misuse(&self, wrong: Option<(Site, Symbol, String)>, verdicts: &mut Verdicts) {
        let Some((site, map, text)) = wrong else {
            verdicts.innocent(&MISUSE, self.at);
            return;
        };
        verdicts.guilty(&MISUSE, self.at, true, || {
            Some(with_first_variable(self.judge, self.judge.at(&MISUSE, self.at, text)?, site, map))
        });
    }

    fn initial_value(
        &self,
        site: Site,
        map: Symbol,
        size: Option<&Value>,
        verdicts: &mut Verdicts,
    ) {
        let model = self.judge.map(site, map);
        let image = model.is_some_and(|m| match m.kind {
            MapKind::Internal(kind) => kind != SectionKind::Ksyms,
            _ => false,
        });
        if !image || size != Some(&Value::Zero) {
            verdicts.innocent(&NULL_SIZE, self.at);
            return;
        }
        verdicts.guilty(&NULL_SIZE, self.at, true, || {
            let text = format!(
                "`bpf_map__initial_value()` stores the size of the image of `{map}` through its second argument \
                 without a check: NULL ends in SIGSEGV"
            );
            let finding = self.judge.at(&NULL_SIZE, self.at, text)?;
            let argument = self.args.get(1)?;
            let range = At::new(self.at.item, argument.span).range(self.judge.input.unit)?;
            // Only where NULL is written in the call itself.
            let fix = is_literal_zero(argument).then(|| {
                Fix::new("Pass a place for the size", [Edit::replace(range, "&(size_t){ 0 }")])
            });
            Some(finding.with_fixes(fix))
        });
    }
}

/// The finding with the first variable of a section, which stands for it in BPF C.
fn with_first_variable(
    judge: Judge<'_>,
    finding: Diagnostic,
    site: Site,
    section: Symbol,
) -> Diagnostic {
    let first = judge
        .model(site)
        .and_then(|object| section_by_field(object, section.as_str()))
        .and_then(|section| section.variables.first());
    match first {
        Some(first) => finding.with_declaration(first.place.map(FileRange::from), &first.name),
        None => finding,
    }
}

/// `bpf_map__fd(map) >= 0`, where the creation of the map may have been switched off.
fn fd_test(judge: Judge<'_>, site: Site, map: Symbol, at: At, verdicts: &mut Verdicts) {
    let loaded = matches!(judge.phase(site), Phase::Prepared | Phase::Loaded | Phase::Attached);
    // One way on which the map does not exist is enough to make the test a wrong one.
    let Some(call) =
        judge.object(site).filter(|_| loaded).and_then(|object| object.uncreated.get(&map))
    else {
        return;
    };
    verdicts.guilty(&FD, at, true, || {
        let text = format!(
            "a descriptor that is not negative does not prove that `{map}` exists: libbpf gives every map a \
             placeholder at open, and keeps it when the map is not created"
        );
        let finding = judge.at(&FD, at, text)?;
        let finding = judge.with_call(finding, Some(*call), "creation is switched here");
        let finding = judge.with_map(finding, site, map);
        Some(finding.with_fixes(fixes::ask_autocreate(judge.input, at)))
    });
}
