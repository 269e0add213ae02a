//! New value sizes that libbpf cannot follow with the types: `resize-drops-btf`.

use bpf::{
    diagnostic::{Edit, Fix, Severity},
    object::SectionKind,
    rule::{self, Rule, Scope},
};
use btf::{Type, size::round_up};
use cfront::{
    ast::{Expr, ExprKind},
    source::FileRange,
    symbol::Symbol,
};

use super::{
    family::{Check, Family},
    judge::Judge,
    verdicts::Verdicts,
};
use crate::{
    flow::{
        observe::{At, Event},
        sizes::certain_section,
        state::{Phase, Site, Value},
    },
    skeletons::HeaderKind,
};

static RESIZE: Rule = Rule {
    id: "resize-drops-btf",
    severity: Severity::Warning,
    title: "this value size makes libbpf drop the map's BTF",
    happens: "The map loses its type information, with no more than a warning on stderr.",
    why: "libbpf can resize a data section only when its last variable is an array, and when the new size \
          holds a whole number of its elements.",
    fix: "Use a size that ends with an element of the last array.",
    quick_fix: true,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family = rule::Family { rules: &[&RESIZE], check: Check::flow(judge) };

/// Largest value of a per-CPU array in bytes, with pages of up to 32 KiB (`PCPU_MIN_UNIT_SIZE`).
const MAX_PERCPU: u64 = 32 << 10;

fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    let Event::Call { callee, values, args, at, .. } = event else { return };
    match values.first() {
        Some(Value::Map(site, map)) => {
            if callee.as_str() == "bpf_map__set_value_size" {
                resize(judge, *site, *map, args, *at, verdicts);
            }
        }
        _ => verdicts.innocent(&RESIZE, *at),
    }
}

/// `bpf_map__set_value_size(map, size)`: can libbpf change the section's type along?
fn resize(
    judge: Judge<'_>,
    site: Site,
    map: Symbol,
    args: &[Expr],
    at: At,
    verdicts: &mut Verdicts,
) {
    let late = !matches!(judge.phase(site), Phase::Open | Phase::Unknown);
    let wrong = if late { None } else { resized(judge, site, map, args, at) };
    let Some(Resize { why, variable, place, fitting, too_large }) = wrong else {
        verdicts.innocent(&RESIZE, at);
        return;
    };
    verdicts.guilty(&RESIZE, at, true, || {
        let load = if too_large {
            "; loading refuses per-CPU values of more than 32 KiB (-E2BIG)"
        } else {
            ""
        };
        let text = format!(
            "{why}, so libbpf drops the BTF of the map `{map}` with no more than a warning{load}"
        );
        let finding = judge.at(&RESIZE, at, text)?;
        let finding = finding.with_declaration(place, &variable);
        let size = args.get(1)?;
        let range = At::new(at.item, size.span).range(judge.input.unit)?;
        let written = matches!(size.kind, ExprKind::Int { .. });
        let fix = fitting.filter(|_| written).map(|fitting| {
            let title = format!("Use {fitting}, which holds whole elements of `{variable}`");
            Fix::new(title, [Edit::replace(range, fitting.to_string())])
        });
        Some(finding.with_fixes(fix))
    });
}

fn resized(judge: Judge<'_>, site: Site, map: Symbol, args: &[Expr], at: At) -> Option<Resize> {
    if judge.kind(site) == Some(HeaderKind::Subskeleton) {
        return None;
    }
    let object = judge.model(site)?;
    let section = certain_section(object, map.as_str())?;
    if section.kind == SectionKind::Kconfig {
        return None;
    }
    let last = section.variables.last()?;
    let size = args.get(1).and_then(|size| constant(judge, size, at));
    let percpu = section.kind == SectionKind::Percpu;
    let too_large = percpu && size.is_some_and(|n| round_up(n, 8) > MAX_PERCPU);
    let (variable, place) = (last.name.to_string(), last.place.map(FileRange::from));
    let Type::Array { elem, .. } = object.btf.get(object.btf.resolve(last.ty)?) else {
        let why = format!(
            "the last variable of `{}` is `{variable}`, which is not an array that could grow",
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
        "{size} bytes do not hold a whole number of elements of `{variable}` ({elem} bytes each, from offset {} \
         on)",
        last.offset
    );
    let fitting = Some(last.offset.saturating_add(round_up(room, elem)));
    Some(Resize { why, variable, place, fitting, too_large })
}

fn constant(judge: Judge<'_>, size: &Expr, at: At) -> Option<u64> {
    let unit = judge.input.unit;
    u64::try_from(unit.constant(&unit.scope(at.item)?, size)?).ok()
}

struct Resize {
    why: String,
    variable: String,
    place: Option<FileRange>,
    /// The next size that fits, in bytes.
    fitting: Option<u64>,
    too_large: bool,
}
