//! Rules about map definitions: sizes, entries and flags that the kernel takes for a map type.
//!
//! All are silent when code in the workspace sets attributes of the map before load (exemption E1),
//! and for numbers that the source does not give for certain.

use std::sync::Arc;

use cfront::{
    ctypes::{ArrayLen, CType, Record},
    source::{FileId, FileRange},
    symbol::Symbol,
    unit::Unit,
};

use super::{Input, RuleId};
use crate::{
    diagnostic::{Diagnostic, Severity},
    facts::map_types::{self, MapType, SizeRule},
    object::{MapDef, MapKind},
};

const KEY_SIZE: RuleId = RuleId("map-key-size");
const VALUE_SIZE: RuleId = RuleId("map-value-size");
const MAX_ENTRIES: RuleId = RuleId("map-max-entries");
const FLAGS: RuleId = RuleId("map-flags");

pub(super) fn check(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    for map in &input.object.maps {
        if map.kind != MapKind::User || !input.object.complete {
            continue;
        }
        let (Some(place), Some(record)) = (map.place, record_of(input.unit, &map.name)) else {
            continue;
        };
        let at = FileRange { file: FileId(place.file), start: place.start, end: place.end };
        let before = found.len();
        let values = map.inner.is_some() || !map.def.values.is_empty();
        say(
            input,
            Definition { name: &map.name, def: &map.def, values, at, record: &record },
            found,
        );
        // libbpf creates the inner map, too, to show the kernel what it is (`bpf_object__create_map`).
        if let (Some(def), Some(record)) = (&map.inner, inner_record(input.unit, &record)) {
            let name = format!("{}.inner", map.name);
            say(input, Definition { name: &name, def, values: false, at, record: &record }, found);
        }
        if found.len() > before && input.usage.sets_map(&map.name) {
            found.truncate(before);
        }
    }
}

/// A definition, of a map or of the inner map of one.
struct Definition<'a> {
    name: &'a str,
    def: &'a MapDef,
    /// Whether it has `values`.
    values: bool,
    at: FileRange,
    record: &'a Record,
}

fn say(input: Input<'_>, map: Definition<'_>, found: &mut Vec<Diagnostic>) {
    let row = map.def.map_type.and_then(map_types::by_number).filter(|row| row.read_from_code);
    let Some(row) = row.filter(|_| numbers_known(input.unit, map.record)) else { return };
    let mut say = Say { input, map, row, found };
    say.key_size();
    say.value_size();
    say.max_entries();
    say.flags();
}

fn record_of(unit: &Unit, name: &str) -> Option<Arc<Record>> {
    let variable = unit.variable(Symbol::intern(name))?;
    match unit.canonical(variable.ty) {
        CType::Record(id) => unit.record(id),
        _ => None,
    }
}

/// The struct of the inner maps in `values`.
fn inner_record(unit: &Unit, outer: &Record) -> Option<Arc<Record>> {
    let values = outer.fields.iter().find(|f| f.name.is_some_and(|n| n.as_str() == "values"))?;
    let CType::Array { elem, .. } = unit.canonical(values.ty) else { return None };
    let CType::Pointer(to) = unit.canonical(elem) else { return None };
    match unit.canonical(to) {
        CType::Record(id) => unit.record(id),
        _ => None,
    }
}

/// Whether every number and size that the definition gives is known: one that is not must not be
/// taken for one that is not there.
fn numbers_known(unit: &Unit, record: &Record) -> bool {
    record.fields.iter().all(|field| {
        let CType::Pointer(to) = unit.canonical(field.ty) else { return true };
        match field.name.map_or("", Symbol::as_str) {
            "key" | "value" => unit.size_of(to).is_some(),
            _ => !matches!(unit.canonical(to), CType::Array { len: ArrayLen::Unknown, .. }),
        }
    })
}

struct Say<'a> {
    input: Input<'a>,
    map: Definition<'a>,
    row: &'static MapType,
    found: &'a mut Vec<Diagnostic>,
}

impl Say<'_> {
    /// Whether what is left out may be filled in by a loader. Those of a map in a header need not lie
    /// near, nor need one that is written in another language.
    fn open(&self) -> bool {
        self.map.at.file != self.input.unit.preprocessed().main || !self.input.usage.libbpf_loads
    }

    fn def(&self) -> &MapDef {
        self.map.def
    }

    fn kind(&self) -> &'static str {
        self.row.name.strip_prefix("BPF_MAP_TYPE_").unwrap_or(self.row.name)
    }

    fn push(&mut self, rule: RuleId, message: String) {
        self.found.push(Diagnostic::new(rule, self.map.at, message));
    }

    fn key_size(&mut self) {
        if self.def().key_size.unwrap_or(0) == 0 && self.open() {
            return;
        }
        let size = u64::from(self.def().key_size.unwrap_or(0));
        if self.row.key_size.takes(size) != Some(false) {
            return;
        }
        let errno = if self.row.name == "BPF_MAP_TYPE_SOCKHASH" && size > 512 {
            "-E2BIG"
        } else {
            "-EINVAL"
        };
        let wanted = wanted(&self.row.key_size);
        self.push(
            KEY_SIZE,
            format!(
                "{} takes {wanted}, `{}` has {}: creating it fails with {errno}",
                self.kind(),
                self.map.name,
                given(size, "key")
            ),
        );
    }

    fn value_size(&mut self) {
        let rule = &self.row.value_size;
        let size = match self.def().value_size {
            Some(size) => u64::from(size),
            // `values` of map-in-map and program array types sets 4.
            None if self.map.values => return,
            None => 0,
        };
        match rule.takes(size) {
            Some(false) if size == 0 && self.open() => {}
            Some(true) => {}
            None => {
                if *rule == SizeRule::PercpuValue {
                    let message = format!(
                        "a value of `{}` takes {size} bytes per CPU: creating it fails with -E2BIG \
                         where pages are not larger than 32 KiB",
                        self.map.name
                    );
                    self.found.push(
                        Diagnostic::new(VALUE_SIZE, self.map.at, message)
                            .with_severity(Severity::Warning),
                    );
                }
            }
            Some(false) => {
                let too_large =
                    size > 0 && matches!(rule, SizeRule::PercpuValue | SizeRule::StorageValue);
                let errno = if too_large { "-E2BIG" } else { "-EINVAL" };
                let wanted = wanted(rule);
                self.push(
                    VALUE_SIZE,
                    format!(
                        "{} takes {wanted}, `{}` has {}: creating it fails with {errno}",
                        self.kind(),
                        self.map.name,
                        given(size, "value")
                    ),
                );
            }
        }
    }

    fn max_entries(&mut self) {
        if self.def().max_entries.unwrap_or(0) == 0 && self.open() {
            return;
        }
        let entries = u64::from(self.def().max_entries.unwrap_or(0));
        // A model of the object has the size that libbpf makes of it: see `map_definitions`.
        if self.row.max_entries == SizeRule::PagesPowerOfTwo {
            return;
        }
        // libbpf fills the number of possible CPUs in.
        if self.row.name == "BPF_MAP_TYPE_PERF_EVENT_ARRAY" && entries == 0 {
            return;
        }
        if self.row.max_entries.takes(entries) != Some(false) {
            return;
        }
        let message = if entries == 0 {
            format!("{} needs `max_entries` above 0 in `{}`", self.kind(), self.map.name)
        } else {
            format!("{} takes no `max_entries`, `{}` has {entries}", self.kind(), self.map.name)
        };
        self.push(MAX_ENTRIES, format!("{message}: creating it fails with -EINVAL"));
    }

    fn flags(&mut self) {
        let flags = self.def().map_flags.unwrap_or(0);
        let has = |name: &str| {
            map_types::FLAGS.iter().any(|(known, bit)| *known == name && flags & bit != 0)
        };
        let missing: Vec<_> =
            self.row.required_flags.iter().copied().filter(|name| !has(name)).collect();
        let refused: Vec<_> = map_types::FLAGS
            .iter()
            .filter(|(name, bit)| {
                flags & bit != 0
                    && *name != "BPF_F_TOKEN_FD"
                    && !self.row.allowed_flags.contains(name)
                    && !self.row.required_flags.contains(name)
            })
            .map(|(name, _)| *name)
            .collect();
        for name in missing {
            if self.def().map_flags.is_none() && self.open() {
                continue;
            }
            self.push(
                FLAGS,
                format!(
                    "{} needs `{name}` in `map_flags` of `{}`: creating it fails with -EINVAL",
                    self.kind(),
                    self.map.name
                ),
            );
        }
        for name in refused {
            let lru = self.kind().starts_with("LRU") && name == "BPF_F_NO_PREALLOC";
            let errno = if lru { "-ENOTSUPP" } else { "-EINVAL" };
            self.push(
                FLAGS,
                format!(
                    "{} does not take `{name}` (`{}`): creating it fails with {errno}",
                    self.kind(),
                    self.map.name
                ),
            );
        }
        if has("BPF_F_RDONLY_PROG") && has("BPF_F_WRONLY_PROG") {
            self.push(
                FLAGS,
                format!(
                    "`{}` has both `BPF_F_RDONLY_PROG` and `BPF_F_WRONLY_PROG`: creating it fails \
                     with -EINVAL",
                    self.map.name
                ),
            );
        }
    }
}

fn given(size: u64, what: &str) -> String {
    if size == 0 { format!("no {what}") } else { format!("{size}-byte {what}s") }
}

fn wanted(rule: &SizeRule) -> String {
    match rule {
        SizeRule::OneOf(sizes) if sizes == &[0] => "none".into(),
        SizeRule::OneOf(sizes) => {
            let sizes: Vec<String> = sizes.iter().map(u64::to_string).collect();
            format!("{} bytes", sizes.join(" or "))
        }
        SizeRule::Between(1, u64::MAX) => "at least 1 byte".into(),
        SizeRule::Between(from, to) => format!("{from} to {to} bytes"),
        SizeRule::MultipleOf(unit) => format!("a multiple of {unit} bytes"),
        SizeRule::PercpuValue => "1 byte to 32 KiB (64 KiB with 64 KiB pages)".into(),
        SizeRule::StorageValue => "less than 64 KiB".into(),
        SizeRule::PagesPowerOfTwo | SizeRule::Unknown => "another size".into(),
    }
}
