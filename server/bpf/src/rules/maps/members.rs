//! Definitions in `.maps` that libbpf refuses when it opens the object: `map-unknown-member`,
//! `map-incomplete-type`. The facts are those of libbpf's `bpf_object__init_user_btf_map` and
//! `parse_btf_map_def`.

use cfront::{
    ctypes::{CType, CTypeId},
    sema::{Linkage, Variable, Visibility},
    source::FileRange,
    symbol::Symbol,
    unit::Unit,
};
use rustc_hash::FxHashSet;
use strsim::osa_distance;

use super::{
    super::context::{Check, Context, Family},
    definition::{Definition, Member},
};
use crate::{
    diagnostic::{Diagnostic, Fix, Severity},
    facts::map_types::{self, MapType},
    places,
    rule::{self, Rule, Scope},
};

static UNKNOWN_MEMBER: Rule = Rule {
    id: "map-unknown-member",
    severity: Severity::Error,
    title: "libbpf refuses a member of a map definition",
    happens: "libbpf refuses to open the object (-EINVAL, -ENOTSUP or -EOPNOTSUPP).",
    why: "libbpf reads a definition in `.maps` member by member. It stops at an unknown name, at a member in \
          the wrong form, at two sizes that contradict each other, and where `type` is missing. It also \
          refuses maps that are static, hidden, or no struct, and inner maps that are pinned or hold maps.",
    fix: "Write each member with `__uint`, `__type` or `__array`, and define the map as a global struct.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

static INCOMPLETE_TYPE: Rule = Rule {
    id: "map-incomplete-type",
    severity: Severity::Error,
    title: "the key or value type of a map has no size",
    happens: "libbpf refuses to open the object (-EINVAL).",
    why: "`__type(key, T)` and `__type(value, T)` take the size from the type. A struct that is only \
          declared, `void`, and a function type have none.",
    fix: "Include the definition of the type, or give the size in bytes with `key_size` or `value_size`.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&UNKNOWN_MEMBER, &INCOMPLETE_TYPE], check: Check::object(check) };

/// The members that libbpf knows and that a slip of the keyboard may be meant for.
const MEMBERS: [&str; 9] = [
    "type",
    "max_entries",
    "map_flags",
    "numa_node",
    "key_size",
    "value_size",
    "values",
    "pinning",
    "map_extra",
];

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    if !cx.object.complete {
        return;
    }
    variables(cx, found);
    for map in cx.maps() {
        members(cx, map, found);
    }
}

/// What libbpf refuses of a variable whatever its members are.
fn variables(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    let kept: FxHashSet<&str> = (cx.object.section(".maps").into_iter())
        .flat_map(|section| &section.variables)
        .map(|variable| variable.name.as_str())
        .collect();
    for variable in cx.unit.variables() {
        let in_maps = variable.attrs.section.is_some_and(|s| s.as_str() == ".maps");
        if !in_maps || variable.defining_decl().is_none() {
            continue;
        }
        let Some(at) = places::variable(cx.unit, variable) else { continue };
        // Clang drops static maps that nothing uses.
        let linkage = linkage(variable).filter(|_| kept.contains(variable.name.as_str()));
        if let Some(what) = linkage {
            let message = format!(
                "`{}` is {what}: libbpf takes only global maps and refuses the object (-EOPNOTSUPP)",
                variable.name
            );
            found.push(Diagnostic::new(&UNKNOWN_MEMBER, at, message));
        }
        if let Some(what) = other_type(cx.unit, variable.ty) {
            let message = format!(
                "`{}` is {what}, and a map definition has to be a struct: libbpf refuses the object \
                 (-EINVAL)",
                variable.name
            );
            found.push(Diagnostic::new(&UNKNOWN_MEMBER, at, message));
        }
    }
}

fn linkage(variable: &Variable) -> Option<&'static str> {
    if variable.linkage == Linkage::Internal {
        return Some("static");
    }
    let hidden = matches!(variable.attrs.visibility, Visibility::Hidden | Visibility::Internal);
    hidden.then_some("hidden")
}

fn other_type(unit: &Unit, ty: CTypeId) -> Option<&'static str> {
    match unit.canonical(ty) {
        CType::Record(id) => unit.record(id)?.is_union.then_some("a union"),
        CType::Array { .. } => Some("an array"),
        CType::Pointer(_) => Some("a pointer"),
        _ => None,
    }
}

/// What libbpf has read of a definition.
#[derive(Default)]
struct Read {
    kind: Option<u64>,
    key: Option<u64>,
    value: Option<u64>,
}

fn members(cx: Context<'_>, map: &Definition, found: &mut Vec<Diagnostic>) {
    let mut read = Read::default();
    for member in &map.members {
        match member.name {
            "type" | "max_entries" | "map_flags" | "numa_node" | "pinning" | "key_size"
            | "value_size" => number(cx, map, member, &mut read, found),
            "map_extra" => {}
            "key" | "value" => typed(cx, map, member, &mut read, found),
            "values" => {
                let row = read.kind.and_then(|kind| u32::try_from(kind).ok());
                let message =
                    row.and_then(map_types::by_number).and_then(|row| refused_values(map, row));
                found.extend(message.map(|text| refused(member.at, text, "-ENOTSUP")));
            }
            _ => found.extend(unknown(cx, map, member)),
        }
    }
    if read.kind.unwrap_or(0) == 0 {
        found.push(refused(map.at, format!("`{}` has no `type`", map.name), "-EINVAL"));
    }
}

/// That libbpf refuses the object for a reason.
fn refused(at: FileRange, why: String, errno: &str) -> Diagnostic {
    let message = format!("{why}: libbpf refuses the object ({errno})");
    Diagnostic::new(&UNKNOWN_MEMBER, at, message)
}

/// A member that has to have the form of `__uint`.
fn number(
    cx: Context<'_>,
    map: &Definition,
    member: &Member,
    read: &mut Read,
    found: &mut Vec<Diagnostic>,
) {
    let Member { name, at, .. } = *member;
    let Some(value) = member.number(cx.unit) else {
        if is_number_form(cx.unit, member.ty) == Some(false) {
            let why = format!("`{name}` of `{}` is not a number (`__uint`)", map.name);
            found.push(refused(at, why, "-EINVAL"));
        }
        if name == "type" {
            read.kind = Some(u64::MAX);
        }
        return;
    };
    match name {
        "type" => read.kind = Some(value),
        "pinning" if map.inner => {
            let why = format!("`{}` is an inner map, and those cannot be pinned", map.name);
            found.push(refused(at, why, "-EINVAL"));
        }
        // Other loaders have more kinds of pinning.
        "pinning" if value > 1 && cx.usage.libbpf_loads => {
            found.push(refused(
                at,
                format!("`{}` asks for pinning {value}, which libbpf does not have", map.name),
                "-EINVAL",
            ));
        }
        "key_size" => found.extend(size(&mut read.key, value, "key", map, at)),
        "value_size" => found.extend(size(&mut read.value, value, "value", map, at)),
        _ => {}
    }
}

/// A member that has to have the form of `__type`.
fn typed(
    cx: Context<'_>,
    map: &Definition,
    member: &Member,
    read: &mut Read,
    found: &mut Vec<Diagnostic>,
) {
    let Member { name, at, ty } = *member;
    let CType::Pointer(to) = cx.unit.ctype(ty) else {
        if !matches!(cx.unit.canonical(ty), CType::Unknown) {
            let why = format!("`{name}` of `{}` is not a type (`__type`)", map.name);
            found.push(refused(at, why, "-EINVAL"));
        }
        return;
    };
    match (cx.unit.size_of(to), incomplete(cx, to)) {
        (Some(bytes), None) => {
            let slot = if name == "value" { &mut read.value } else { &mut read.key };
            found.extend(size(slot, bytes, name, map, at));
        }
        (_, Some(what)) => {
            let message = format!(
                "{what} has no size, so `{}` has no {name} size: libbpf refuses the object (-EINVAL)",
                map.name
            );
            found.push(Diagnostic::new(&INCOMPLETE_TYPE, at, message));
        }
        (None, None) => {}
    }
}

/// A size that was given before must be the same; 0 counts as not given.
fn size(
    slot: &mut Option<u64>,
    value: u64,
    what: &str,
    map: &Definition,
    at: FileRange,
) -> Option<Diagnostic> {
    let before = slot.replace(value).filter(|before| *before != 0 && *before != value)?;
    let why = format!("`{}` gives two {what} sizes, {before} and {value}", map.name);
    Some(refused(at, why, "-EINVAL"))
}

fn refused_values(map: &Definition, row: &MapType) -> Option<String> {
    let takes = row.name == "BPF_MAP_TYPE_PROG_ARRAY" || row.holds_maps;
    if map.inner {
        Some(format!("`{}` is an inner map, and those cannot hold maps", map.name))
    } else if !takes {
        Some(format!(
            "`{}` has `values`, which only maps of maps and program arrays take",
            map.name
        ))
    } else {
        None
    }
}

fn unknown(cx: Context<'_>, map: &Definition, member: &Member) -> Option<Diagnostic> {
    if cx.usage.relaxed_maps {
        return None;
    }
    let (name, at) = (member.name, member.at);
    if name.is_empty() {
        let why = format!("`{}` has a member without a name", map.name);
        return Some(refused(at, why, "-ENOTSUP"));
    }
    let near = MEMBERS.iter().find(|known| osa_distance(known, name) <= 2);
    // Other loaders may have members of their own.
    if near.is_none() && !cx.usage.libbpf_loads {
        return None;
    }
    let why = format!("`{}` has an unknown member `{name}`", map.name);
    let finding = refused(at, why, "-ENOTSUP");
    let spelled = places::text(cx.unit, at) == Some(name);
    Some(finding.with_fixes(near.filter(|_| spelled).map(|near| Fix::rename(at, near, *near))))
}

/// Whether a member has the form of `__uint`; `None` when its type is not known.
fn is_number_form(unit: &Unit, ty: CTypeId) -> Option<bool> {
    match unit.canonical(ty) {
        CType::Unknown => None,
        CType::Pointer(to) => match unit.canonical(to) {
            CType::Unknown | CType::Array { .. } => None,
            _ => Some(false),
        },
        _ => Some(false),
    }
}

/// What a type is that can have no size.
fn incomplete(cx: Context<'_>, ty: CTypeId) -> Option<String> {
    let unit = cx.unit;
    match unit.canonical(ty) {
        CType::Void => Some("`void`".into()),
        CType::Function(_) => Some("a function type".into()),
        CType::Record(id) => {
            let known = unit.preprocessed().complete && !unit.preprocessed().uses_stand_in();
            let record = unit.record(id)?;
            (known && !record.defined).then(|| {
                let kind = if record.is_union { "union" } else { "struct" };
                let tag = record.tag.map_or("", Symbol::as_str);
                format!("`{kind} {tag}` is only declared and")
            })
        }
        _ => None,
    }
}
