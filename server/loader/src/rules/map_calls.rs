//! Calls on maps that are wrong whenever they come: `initial-value-null`, `percpu-map-misuse`,
//! `map-fd-not-proof`, `resize-drops-btf`.

use bpf::{
    diagnostic::Diagnostic,
    object::{MapKind, SectionKind},
    rules::RuleId,
};
use btf::{Type, size::round_up};
use cfront::{
    ast::{Expr, ExprKind},
    source::FileRange,
    symbol::Symbol,
};

use super::{Verdicts, fixes, judge::Judge};
use crate::{
    flow::{
        observe::{At, Event},
        sizes::certain_section,
        state::{Phase, Site, Value},
    },
    places,
    skeletons::HeaderKind,
};

const NULL_SIZE: RuleId = RuleId("initial-value-null");
const MISUSE: RuleId = RuleId("percpu-map-misuse");
const FD: RuleId = RuleId("map-fd-not-proof");
const RESIZE: RuleId = RuleId("resize-drops-btf");

/// `BPF_F_MMAPABLE`
const MMAPABLE: i128 = 1 << 10;

/// Largest value of a per-CPU array in bytes, with pages of up to 32 KiB (`PCPU_MIN_UNIT_SIZE`).
const MAX_PERCPU: u64 = 32 << 10;

pub(super) fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
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
                                "the map `{map}` holds a per-CPU section: the kernel refuses to map it into \
                                 memory (-ENOTSUPP); read it with lookups"
                            );
                            (*site, *map, text)
                        });
                        call.misuse(text, verdicts);
                    }
                    _ => verdicts.innocent(MISUSE, *at),
                },
                _ => {
                    for rule in [NULL_SIZE, MISUSE, RESIZE] {
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
            "bpf_map__set_value_size" => self.resize(site, map, verdicts),
            "bpf_map__delete_elem" => self.misuse(self.deleted(site, map), verdicts),
            "bpf_map__set_max_entries" => {
                let wrong = percpu && self.constant(1).is_some_and(|n| n > 1);
                let text = format!(
                    "`{map}` holds a per-CPU section and has one entry: with more of them its programs are \
                     refused"
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
                "the entry of `{map}` cannot be deleted: a per-CPU array refuses that with -EINVAL"
            );
            (site, map, text)
        })
    }

    fn misuse(&self, wrong: Option<(Site, Symbol, String)>, verdicts: &mut Verdicts) {
        let Some((site, map, text)) = wrong else {
            verdicts.innocent(MISUSE, self.at);
            return;
        };
        verdicts.guilty(MISUSE, self.at, true, || {
            Some(with_first_variable(self.judge, self.judge.at(MISUSE, self.at, text)?, site, map))
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
            verdicts.innocent(NULL_SIZE, self.at);
            return;
        }
        verdicts.guilty(NULL_SIZE, self.at, true, || {
            let text = format!(
                "`bpf_map__initial_value()` stores the size of the image of `{map}` through its second \
                 argument without looking at it: NULL ends in SIGSEGV"
            );
            let finding = self.judge.at(NULL_SIZE, self.at, text)?;
            let argument = self.args.get(1)?;
            let argument = places::range(self.judge.input.unit, At::new(self.at.item, argument.span))?;
            // Only where NULL is written in the call itself.
            Some(match fixes::is_literal_zero(self.args.get(1)?) {
                true => finding.with_fix(
                    "Pass a place for the size",
                    vec![(argument, "&(size_t){ 0 }".into())],
                ),
                false => finding,
            })
        });
    }

    /// `bpf_map__set_value_size(map, size)`: can libbpf change the section's type along?
    fn resize(&self, site: Site, map: Symbol, verdicts: &mut Verdicts) {
        let late = !matches!(self.judge.phase(site), Phase::Open | Phase::Unknown);
        let wrong = if late { None } else { self.resized(site, map) };
        let Some(Resize { why, variable, place, fitting, too_large }) = wrong else {
            verdicts.innocent(RESIZE, self.at);
            return;
        };
        verdicts.guilty(RESIZE, self.at, true, || {
            let load = if too_large {
                "; a per-CPU value of more than 32 KiB is refused at load (-E2BIG)"
            } else {
                ""
            };
            let text = format!(
                "{why}, so libbpf drops the BTF of the map `{map}` (with a warning only){load}"
            );
            let finding = self.judge.at(RESIZE, self.at, text)?;
            let finding = super::judge::with_place(finding, place, &variable);
            let size = self.args.get(1)?;
            let range = places::range(self.judge.input.unit, At::new(self.at.item, size.span))?;
            Some(match fitting {
                Some(fitting) if matches!(size.kind, ExprKind::Int { .. }) => finding.with_fix(
                    format!("Use {fitting}, which holds whole elements of `{variable}`"),
                    vec![(range, fitting.to_string())],
                ),
                _ => finding,
            })
        });
    }

    fn resized(&self, site: Site, map: Symbol) -> Option<Resize> {
        if self.judge.kind(site) == Some(HeaderKind::Subskeleton) {
            return None;
        }
        let object = self.judge.model(site)?;
        let section = certain_section(object, map.as_str())?;
        if section.kind == SectionKind::Kconfig {
            return None;
        }
        let last = section.variables.last()?;
        let size = self.constant(1).and_then(|n| u64::try_from(n).ok());
        let percpu = section.kind == SectionKind::Percpu;
        let too_large = percpu && size.is_some_and(|n| round_up(n, 8) > MAX_PERCPU);
        let (variable, place) = (last.name.to_string(), last.place);
        let Type::Array { elem, .. } = object.btf.get(object.btf.resolve(last.ty)?) else {
            let why = format!(
                "the last variable of `{}` is `{variable}`, which is no array that could grow",
                section.name
            );
            return Some(Resize { why, variable, place, fitting: None, too_large });
        };
        let elem = object.btf.size_of(*elem).filter(|size| *size > 0)?;
        let size = size?;
        let room = size.checked_sub(last.offset)?;
        if room % elem == 0 {
            return None;
        }
        let why = format!(
            "{size} bytes hold no whole number of elements of `{variable}` ({elem} bytes each, from offset \
             {} on)",
            last.offset
        );
        let fitting = Some(last.offset.saturating_add(round_up(room, elem)));
        Some(Resize { why, variable, place, fitting, too_large })
    }
}

struct Resize {
    why: String,
    variable: String,
    place: Option<bpf::object::Place>,
    /// The next size that fits, in bytes.
    fitting: Option<u64>,
    too_large: bool,
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
        .and_then(|object| crate::flow::image::section_by_field(object, section.as_str()))
        .and_then(|section| section.variables.first());
    match first {
        Some(first) => super::judge::with_place(finding, first.place, &first.name),
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
    verdicts.guilty(FD, at, true, || {
        let text = format!(
            "a descriptor that is not negative is no proof that `{map}` exists: libbpf gives every map a \
             placeholder at open, and keeps it when the map is not created"
        );
        let finding = judge.at(FD, at, text)?;
        let finding = judge.with_call(finding, Some(*call), "creation is switched here");
        let finding = judge.with_map(finding, site, map);
        Some(match fixes::ask_autocreate(judge.input, at) {
            Some((title, edits)) => finding.with_fix(title, edits),
            None => finding,
        })
    });
}

/// A range that inserts in front of another.
pub(super) fn before(range: FileRange) -> FileRange {
    FileRange { end: range.start, ..range }
}
