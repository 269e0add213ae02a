//! Members of map definitions: macros, names, map types, flags.

use std::fmt::Write as _;

use bpf::facts::map_types::{self, FLAGS, MapType, SizeRule};

use super::{
    entry,
    repair::Cursor,
    written::{MapMember, Member},
};
use crate::answer::{Completion, CompletionKind};

/// Macro, member, what its value is called, and what it means.
const MEMBERS: &[(&str, &str, &str, &str)] = &[
    ("__uint", "type", "BPF_MAP_TYPE_HASH", "the map's type"),
    ("__uint", "max_entries", "1024", "number of entries; bytes of a ring buffer"),
    ("__type", "key", "__u32", "C type of the keys, for BTF and for the key size"),
    ("__type", "value", "__u64", "C type of the values, for BTF and for the value size"),
    ("__uint", "key_size", "4", "size of a key in bytes, where no type is given"),
    ("__uint", "value_size", "4", "size of a value in bytes, where no type is given"),
    ("__uint", "map_flags", "BPF_F_NO_PREALLOC", "flags of map creation"),
    ("__uint", "numa_node", "0", "NUMA node of the memory, with BPF_F_NUMA_NODE"),
    ("__uint", "pinning", "LIBBPF_PIN_BY_NAME", "whether libbpf pins the map below /sys/fs/bpf"),
    ("__ulong", "map_extra", "0", "a number that the map type defines (bloom filter, arena)"),
    ("__array", "values", "struct inner_map", "definition or slots of the maps or programs inside"),
];

/// Names or values in a member's macro.
pub(super) fn completions(cursor: &Cursor, member: &MapMember) -> Vec<Completion> {
    let Some(name) = &member.name else { return names(cursor, member) };
    match (member.macro_name.as_str(), name.as_str()) {
        ("__uint", "type") => map_types::all().iter().map(|row| map_type(cursor, row)).collect(),
        ("__uint", "map_flags") => flags(cursor, of_type(&member.others)),
        ("__uint", "pinning") => [
            ("LIBBPF_PIN_NONE", "not pinned"),
            ("LIBBPF_PIN_BY_NAME", "pinned by its name, and reused when it is there already"),
        ]
        .iter()
        .map(|(name, what)| Completion {
            detail: (*what).to_owned(),
            ..entry(*name, CompletionKind::Constant, &cursor.replace)
        })
        .collect(),
        _ => Vec::new(),
    }
}

/// Whole members, those that the definition does not have yet.
pub(super) fn of_body(cursor: &Cursor, members: &[Member]) -> Vec<Completion> {
    let row = of_type(members);
    absent(members)
        .map(|(rank, (macro_name, name, value, what))| Completion {
            kind: CompletionKind::Snippet,
            detail: (*what).to_owned(),
            documentation: row.map(needs).unwrap_or_default(),
            insert: format!("{macro_name}({name}, {value});"),
            snippet: Some(format!("{macro_name}({name}, ${{1:{value}}});")),
            rank,
            ..entry(format!("{macro_name}({name}, ...)"), CompletionKind::Snippet, &cursor.replace)
        })
        .collect()
}

fn names(cursor: &Cursor, member: &MapMember) -> Vec<Completion> {
    absent(&member.others)
        .filter(|(_, (macro_name, ..))| *macro_name == member.macro_name)
        .map(|(rank, (_, name, _, what))| Completion {
            detail: (*what).to_owned(),
            rank,
            ..entry(*name, CompletionKind::Member, &cursor.replace)
        })
        .collect()
}

type Row = (&'static str, &'static str, &'static str, &'static str);

fn absent(members: &[Member]) -> impl Iterator<Item = (u32, &'static Row)> {
    let free = |row: &&Row| !members.iter().any(|member| member.name == row.1);
    (0..).zip(MEMBERS.iter().filter(free))
}

fn of_type(members: &[Member]) -> Option<&'static MapType> {
    let name = members.iter().find(|member| member.name == "type")?;
    map_types::by_name(&name.value)
}

fn map_type(cursor: &Cursor, row: &MapType) -> Completion {
    let mut detail = String::new();
    if !row.since.is_empty() {
        let _ = write!(detail, "since Linux {}", row.since);
    }
    Completion {
        detail,
        documentation: needs(row),
        ..entry(row.name, CompletionKind::Constant, &cursor.replace)
    }
}

/// Markdown about what a map type asks of its definition.
fn needs(row: &MapType) -> String {
    let mut text = format!("`{}`", row.name);
    text.push_str("\n\n");
    for (name, rule) in [
        ("key size", &row.key_size),
        ("value size", &row.value_size),
        ("max_entries", &row.max_entries),
    ] {
        if let Some(rule) = size(rule) {
            let _ = writeln!(text, "- {name}: {rule}");
        }
    }
    if !row.required_flags.is_empty() {
        let _ = writeln!(text, "- needs `{}`", row.required_flags.join("`, `"));
    }
    if row.needs_btf_types {
        text.push_str("- needs `__type(key, ...)` and `__type(value, ...)`\n");
    }
    if row.holds_maps {
        text.push_str("- needs `__array(values, ...)` or an inner map set before load\n");
    }
    if row.per_cpu {
        text.push_str("- each CPU has values of its own\n");
    }
    text.trim_end().to_owned()
}

fn size(rule: &SizeRule) -> Option<String> {
    Some(match rule {
        SizeRule::OneOf(sizes) => {
            let sizes: Vec<String> = sizes.iter().map(u64::to_string).collect();
            sizes.join(" or ")
        }
        SizeRule::Between(0, u64::MAX) | SizeRule::Unknown => return None,
        SizeRule::Between(from, u64::MAX) => format!("{from} or more"),
        SizeRule::Between(from, to) => format!("{from} to {to}"),
        SizeRule::PercpuValue => "at least 1, at most what per-CPU memory takes".to_owned(),
        SizeRule::StorageValue => "at least 1, at most what local storage takes".to_owned(),
        SizeRule::MultipleOf(unit) => format!("a multiple of {unit}"),
        SizeRule::PagesPowerOfTwo => "page size times a power of two".to_owned(),
    })
}

fn flags(cursor: &Cursor, row: Option<&MapType>) -> Vec<Completion> {
    let taken = |name: &str| {
        row.is_none_or(|row| {
            row.allowed_flags.is_empty()
                || row.allowed_flags.iter().chain(&row.required_flags).any(|flag| *flag == name)
        })
    };
    FLAGS
        .iter()
        .filter(|(name, _)| taken(name))
        .map(|(name, value)| Completion {
            detail: format!("{value:#x}"),
            ..entry(*name, CompletionKind::Constant, &cursor.replace)
        })
        .collect()
}
