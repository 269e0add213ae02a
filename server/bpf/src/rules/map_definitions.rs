//! Rules about definitions in `.maps` that libbpf refuses when it opens the object:
//! `map-unknown-member`, `map-incomplete-type`. The facts are those of libbpf's
//! `bpf_object__init_user_btf_map` and `parse_btf_map_def`.

use cfront::{
    ctypes::{ArrayLen, CType, CTypeId, Field, Record},
    sema::{Linkage, Variable, Visibility},
    source::FileRange,
    symbol::Symbol,
    unit::{ItemId, Unit},
};

use rustc_hash::FxHashSet;

use super::{Input, RuleId, map_btf, places};
use crate::{
    diagnostic::Diagnostic,
    facts::{
        map_types::{self, SizeRule},
        sections,
    },
};

const MEMBER: RuleId = RuleId("map-unknown-member");
const INCOMPLETE: RuleId = RuleId("map-incomplete-type");
const ENTRIES: RuleId = RuleId("map-max-entries");
const RINGBUF: RuleId = RuleId("ringbuf-size");

pub(super) fn check(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    if !input.object.complete {
        return;
    }
    let kept: FxHashSet<&str> = (input.object.section(".maps").into_iter())
        .flat_map(|section| &section.variables)
        .map(|variable| variable.name.as_str())
        .collect();
    for variable in input.unit.variables() {
        let in_maps = variable.attrs.section.is_some_and(|s| s.as_str() == ".maps");
        if !in_maps || variable.defining_decl().is_none() {
            continue;
        }
        let Some(at) = places::variable(input.unit, variable) else { continue };
        if kept.contains(variable.name.as_str()) {
            linkage(variable, at, found);
        }
        match input.unit.canonical(variable.ty) {
            CType::Record(id) => {
                let Some(record) = input.unit.record(id) else { continue };
                if record.is_union {
                    not_a_struct(variable, at, "a union", found);
                } else if record.defined {
                    let name = variable.name.as_str();
                    definition(
                        input,
                        Definition { name, at, record: &record, inner: false },
                        found,
                    );
                }
            }
            CType::Array { .. } => not_a_struct(variable, at, "an array", found),
            CType::Pointer(_) => not_a_struct(variable, at, "a pointer", found),
            _ => {}
        }
    }
}

fn not_a_struct(variable: &Variable, at: FileRange, what: &str, found: &mut Vec<Diagnostic>) {
    let message = format!(
        "`{}` is {what}: a map definition must be a struct, libbpf refuses the object (-EINVAL)",
        variable.name
    );
    found.push(Diagnostic::new(MEMBER, at, message));
}

/// Static and hidden maps are refused, where clang leaves them: it drops static ones that nothing uses.
fn linkage(variable: &Variable, at: FileRange, found: &mut Vec<Diagnostic>) {
    let hidden = matches!(variable.attrs.visibility, Visibility::Hidden | Visibility::Internal);
    let is_static = variable.linkage == Linkage::Internal;
    if hidden || is_static {
        let what = if is_static { "static" } else { "hidden" };
        found.push(Diagnostic::new(
            MEMBER,
            at,
            format!(
                "`{}` is {what}: libbpf takes global maps only and refuses the object (-EOPNOTSUPP)",
                variable.name
            ),
        ));
    }
}

/// A definition, of a map or of the inner map of one.
pub(super) struct Definition<'a> {
    pub(super) name: &'a str,
    pub(super) at: FileRange,
    pub(super) record: &'a Record,
    inner: bool,
}

fn definition(input: Input<'_>, map: Definition<'_>, found: &mut Vec<Diagnostic>) {
    let unit = input.unit;
    let name = map.name;
    let mut kind = None;
    let mut sizes: [Option<u64>; 2] = [None, None];
    let place = |field: &Field| field_place(unit, map.record, field).unwrap_or(map.at);
    for field in &map.record.fields {
        let Some(member) = field.name.map(Symbol::as_str) else {
            if !input.usage.relaxed_maps {
                let message = format!("`{name}` has a member without a name: {REFUSED}");
                found.push(Diagnostic::new(MEMBER, place(field), message));
            }
            continue;
        };
        match member {
            "type" | "max_entries" | "map_flags" | "numa_node" | "pinning" | "key_size"
            | "value_size" => {
                let Some(value) = number(unit, field.ty) else {
                    if is_number_form(unit, field.ty) == Some(false) {
                        let message = format!(
                            "`{member}` of `{name}` is no `__uint`: libbpf refuses the object (-EINVAL)"
                        );
                        found.push(Diagnostic::new(MEMBER, place(field), message));
                    }
                    if member == "type" {
                        kind = Some(u64::MAX);
                    }
                    continue;
                };
                match member {
                    "type" => kind = Some(value),
                    "max_entries" if value > u64::from(u32::MAX) => {
                        let message = format!(
                            "libbpf keeps 32 bits of `max_entries`: `{name}` gets {} and not {value}",
                            value & u64::from(u32::MAX)
                        );
                        found.push(Diagnostic::new(ENTRIES, place(field), message));
                    }
                    "pinning" if map.inner => {
                        let message = format!(
                            "`{name}` is an inner map and cannot be pinned: libbpf refuses the object (-EINVAL)"
                        );
                        found.push(Diagnostic::new(MEMBER, place(field), message));
                    }
                    // Other loaders have more kinds of pinning.
                    "pinning" if value > 1 && input.usage.libbpf_loads => {
                        let message = format!(
                            "libbpf knows no pinning {value}: it refuses the object (-EINVAL)"
                        );
                        found.push(Diagnostic::new(MEMBER, place(field), message));
                    }
                    "key_size" => size(&mut sizes[0], value, "key", name, place(field), found),
                    "value_size" => size(&mut sizes[1], value, "value", name, place(field), found),
                    _ => {}
                }
            }
            "map_extra" => {}
            "key" | "value" => {
                let CType::Pointer(to) = unit.ctype(field.ty) else {
                    if !matches!(unit.canonical(field.ty), CType::Unknown) {
                        let message = format!(
                            "`{member}` of `{name}` is no `__type`: libbpf refuses the object (-EINVAL)"
                        );
                        found.push(Diagnostic::new(MEMBER, place(field), message));
                    }
                    continue;
                };
                match (unit.size_of(to), incomplete(input, to)) {
                    (Some(bytes), None) => {
                        let slot = &mut sizes[usize::from(member == "value")];
                        size(slot, bytes, member, name, place(field), found);
                    }
                    (_, Some(what)) => {
                        let message = format!(
                            "{what} has no size: libbpf cannot tell the {member} size of `{name}` and \
                             refuses the object (-EINVAL)"
                        );
                        found.push(Diagnostic::new(INCOMPLETE, place(field), message));
                    }
                    (None, None) => {}
                }
            }
            "values" => values(input, &map, kind, field, place(field), found),
            _ if input.usage.relaxed_maps => {}
            _ => {
                let near = MEMBERS.iter().find(|m| sections::edit_distance(m, member) <= 2);
                // Other loaders may have members of their own.
                if near.is_none() && !input.usage.libbpf_loads {
                    continue;
                }
                let message = format!("`{member}` of `{name}` is a member that {REFUSED}");
                let at = place(field);
                let mut finding = Diagnostic::new(MEMBER, at, message);
                if let Some(near) = near
                    && places::text(unit, at) == Some(member)
                {
                    finding =
                        finding.with_fix(format!("Use `{near}`"), vec![(at, (*near).to_owned())]);
                }
                found.push(finding);
            }
        }
    }
    match kind {
        None | Some(0) => {
            let message = format!("`{name}` has no `type`: libbpf refuses the object (-EINVAL)");
            found.push(Diagnostic::new(MEMBER, map.at, message));
        }
        Some(kind) => {
            map_btf::needs_btf(input, &map, kind, found);
            map_btf::integer_key(input, &map, kind, found);
            ring_buffer(input, &map, kind, found);
        }
    }
}

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

const REFUSED: &str = "libbpf does not know: it refuses the object (-ENOTSUP, unknown field)";

/// A size that was said before must be the same; 0 counts as not said.
fn size(
    slot: &mut Option<u64>,
    value: u64,
    what: &str,
    name: &str,
    at: FileRange,
    found: &mut Vec<Diagnostic>,
) {
    if let Some(before) = slot.filter(|before| *before != 0 && *before != value) {
        let message = format!(
            "`{name}` says two {what} sizes, {before} and {value}: libbpf refuses the object (-EINVAL)"
        );
        found.push(Diagnostic::new(MEMBER, at, message));
    }
    *slot = Some(value);
}

fn values(
    input: Input<'_>,
    map: &Definition<'_>,
    kind: Option<u64>,
    field: &Field,
    at: FileRange,
    found: &mut Vec<Diagnostic>,
) {
    let name = map.name;
    let row = kind.and_then(|k| u32::try_from(k).ok()).and_then(map_types::by_number);
    let Some(row) = row else { return };
    let programs = row.name == "BPF_MAP_TYPE_PROG_ARRAY";
    if map.inner {
        let message = format!(
            "`{name}` is an inner map with inner maps: libbpf refuses the object (-ENOTSUP)"
        );
        found.push(Diagnostic::new(MEMBER, at, message));
    } else if !programs && !row.holds_maps {
        let message = format!(
            "`values` of `{name}`: only maps of maps and program arrays take it, libbpf refuses the \
             object (-ENOTSUP)"
        );
        found.push(Diagnostic::new(MEMBER, at, message));
    } else if !programs
        && let CType::Array { elem, len: ArrayLen::Incomplete | ArrayLen::Fixed(0) } =
            input.unit.canonical(field.ty)
        && let CType::Pointer(to) = input.unit.canonical(elem)
        && let CType::Record(id) = input.unit.canonical(to)
        && let Some(record) = input.unit.record(id)
        && record.defined
        && !record.is_union
    {
        let inner = format!("{name}.inner");
        definition(input, Definition { name: &inner, at, record: &record, inner: true }, found);
    }
}

/// libbpf rounds the size of ring buffers up when it loads (`adjust_ringbuf_sz`).
fn ring_buffer(input: Input<'_>, map: &Definition<'_>, kind: u64, found: &mut Vec<Diagnostic>) {
    const PAGE: u64 = 4096;
    let row = u32::try_from(kind).ok().and_then(map_types::by_number);
    if row.is_none_or(|row| row.max_entries != SizeRule::PagesPowerOfTwo) {
        return;
    }
    let entries =
        map.record.fields.iter().find(|f| f.name.is_some_and(|n| n.as_str() == "max_entries"));
    let Some((field, size)) = entries.and_then(|f| Some((f, number(input.unit, f.ty)?))) else {
        return;
    };
    if size == 0
        || (size.is_multiple_of(PAGE) && (size / PAGE).is_power_of_two())
        || input.usage.sets_map(map.name)
    {
        return;
    }
    let Some(pages) = size.div_ceil(PAGE).checked_next_power_of_two() else { return };
    let at = field_place(input.unit, map.record, field).unwrap_or(map.at);
    let message = format!(
        "`{}` asks for {size} bytes: libbpf makes it {} (with 4 KiB pages), other loaders fail",
        map.name,
        pages.saturating_mul(PAGE)
    );
    found.push(Diagnostic::new(RINGBUF, at, message));
}

pub(super) fn field_place(unit: &Unit, record: &Record, field: &Field) -> Option<FileRange> {
    unit.token_place(ItemId(record.place?.item), field.token)
}

/// The number of `__uint(name, N)`: the length of the array that the member points to.
fn number(unit: &Unit, ty: CTypeId) -> Option<u64> {
    let CType::Pointer(to) = unit.canonical(ty) else { return None };
    match unit.canonical(to) {
        CType::Array { len: ArrayLen::Fixed(n), .. } => Some(n),
        CType::Array { len: ArrayLen::Incomplete, .. } => Some(0),
        _ => None,
    }
}

/// Whether a member has the form of `__uint`; `None` when its type is not known.
fn is_number_form(unit: &Unit, ty: CTypeId) -> Option<bool> {
    match unit.canonical(ty) {
        CType::Unknown => None,
        CType::Pointer(to) => match unit.canonical(to) {
            CType::Unknown => None,
            CType::Array { .. } => None,
            _ => Some(false),
        },
        _ => Some(false),
    }
}

/// What a type is that can have no size.
fn incomplete(input: Input<'_>, ty: CTypeId) -> Option<String> {
    let unit = input.unit;
    match unit.canonical(ty) {
        CType::Void => Some("`void`".into()),
        CType::Function(_) => Some("a function type".into()),
        CType::Record(id) => {
            let known = unit.preprocessed().complete && !unit.preprocessed().uses_stand_in();
            let record = unit.record(id)?;
            (known && !record.defined).then(|| {
                let kind = if record.is_union { "union" } else { "struct" };
                format!(
                    "`{kind} {}`, which is only declared,",
                    record.tag.map_or("", Symbol::as_str)
                )
            })
        }
        _ => None,
    }
}
