//! How many entries a map type takes: `map-max-entries`, `ringbuf-size`.

use super::{
    super::context::{Check, Context, Family},
    definition::{Definition, short_name},
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    facts::map_types::SizeRule,
    rule::{self, Rule, Scope},
};

static MAX_ENTRIES: Rule = Rule {
    id: "map-max-entries",
    severity: Severity::Error,
    title: "the map type does not accept this `max_entries`",
    happens: "The kernel refuses to create the map (-EINVAL), so the object does not load.",
    why: "Most map types need a number above 0; local storage and cgroup storage need it left out. \
          libbpf fills in a missing number only for perf event arrays, and it keeps the low 32 bits of a \
          larger one.",
    fix: "Set `max_entries`, or leave it out where the type takes none.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

static RINGBUF_SIZE: Rule = Rule {
    id: "ringbuf-size",
    severity: Severity::Information,
    title: "the size of the ring buffer is not a power of two of whole pages",
    happens: "With libbpf the buffer becomes larger than written. With other loaders creating it fails with \
              -EINVAL.",
    why: "The kernel takes only a page times a power of two. libbpf rounds the size up when it loads the \
          object, by the page size of that host.",
    fix: "Write the size that you want as a power of two, for example `256 * 1024`.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&MAX_ENTRIES, &RINGBUF_SIZE], check: Check::object(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    for map in cx.maps() {
        cut(cx, map, found);
        let before = found.len();
        max_entries(cx, map, found);
        ring_buffer(cx, map, found);
        if found.len() > before && cx.usage.sets_map(map.variable.as_str()) {
            found.truncate(before);
        }
    }
}

/// A number of more than 32 bits, which no code that sets it later makes right.
fn cut(cx: Context<'_>, map: &Definition, found: &mut Vec<Diagnostic>) {
    let Some(member) = map.member("max_entries") else { return };
    let Some(value) = member.number(cx.unit).filter(|value| *value > u64::from(u32::MAX)) else {
        return;
    };
    let message = format!(
        "libbpf keeps 32 bits of `max_entries`: `{}` gets {}, not {value}",
        map.name,
        value & u64::from(u32::MAX)
    );
    found.push(Diagnostic::new(&MAX_ENTRIES, member.at, message));
}

fn max_entries(cx: Context<'_>, map: &Definition, found: &mut Vec<Diagnostic>) {
    let Some((def, row)) = map.judged() else { return };
    let entries = u64::from(def.max_entries.unwrap_or(0));
    // A model of the object has the size that libbpf makes of it.
    let rounded = row.max_entries == SizeRule::PagesPowerOfTwo;
    // libbpf fills in the number of possible CPUs.
    let filled_in = row.name == "BPF_MAP_TYPE_PERF_EVENT_ARRAY" && entries == 0;
    if rounded
        || filled_in
        || entries == 0 && map.is_open(cx.unit, cx.usage)
        || row.max_entries.takes(entries) != Some(false)
    {
        return;
    }
    let (kind, name) = (short_name(row), &map.name);
    let what = if entries == 0 {
        format!("{kind} maps need `max_entries`, but `{name}` has none")
    } else {
        format!("{kind} maps take no `max_entries`, but `{name}` has {entries}")
    };
    let message = format!("{what}: creating it fails with -EINVAL");
    found.push(Diagnostic::new(&MAX_ENTRIES, map.at, message));
}

/// libbpf rounds the size of ring buffers up when it loads (`adjust_ringbuf_sz`).
fn ring_buffer(cx: Context<'_>, map: &Definition, found: &mut Vec<Diagnostic>) {
    const PAGE: u64 = 4096;
    let Some(row) = map.wanted(cx.unit) else { return };
    let Some(member) = map.member("max_entries") else { return };
    let Some(size) = member.number(cx.unit) else { return };
    if row.max_entries != SizeRule::PagesPowerOfTwo
        || size == 0
        || (size.is_multiple_of(PAGE) && (size / PAGE).is_power_of_two())
    {
        return;
    }
    let Some(pages) = size.div_ceil(PAGE).checked_next_power_of_two() else { return };
    let message = format!(
        "`{}` asks for {size} bytes: libbpf rounds this up to {} (with 4 KiB pages), and other loaders fail",
        map.name,
        pages.saturating_mul(PAGE)
    );
    found.push(Diagnostic::new(&RINGBUF_SIZE, member.at, message));
}
