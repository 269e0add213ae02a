//! Map types and the members of map definitions.

use bpf::facts::map_types::{MapType, SizeRule};

use crate::markdown::{Code, Markdown, Plain};

/// Macro, member, a value as it may be, and what it means.
pub(crate) type Member = (&'static str, &'static str, &'static str, &'static str);

/// The members of map definitions that libbpf knows.
pub(crate) const MEMBERS: &[Member] = &[
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

/// Markdown about a member of a map definition, in a map of that type when it is known.
pub(crate) fn member(name: &str, row: Option<&MapType>) -> Option<Markdown> {
    let (macro_name, _, value, what) = MEMBERS.iter().find(|(_, member, ..)| *member == name)?;
    let example = Code(format!("{macro_name}({name}, {value})"));
    let mut text =
        Markdown::of("**{}** (map definition): {}\n\n{}", &[&Plain(name), &Plain(what), &example]);
    if let Some(row) = row {
        let rule = match name {
            "key" | "key_size" => {
                size(&row.key_size).map(|rule| Markdown::of("key size {}", &[&Plain(rule)]))
            }
            "value" | "value_size" => {
                size(&row.value_size).map(|rule| Markdown::of("value size {}", &[&Plain(rule)]))
            }
            "max_entries" => size(&row.max_entries).map(|rule| Markdown::of("{}", &[&Plain(rule)])),
            "map_flags" if !row.allowed_flags.is_empty() => {
                Some(Markdown::of("takes {}", &[&codes(&row.allowed_flags)]))
            }
            _ => None,
        };
        if let Some(rule) = rule {
            text.add("\n\n{}: {}", &[&Code(row.name), &rule]);
        }
    }
    Some(text)
}

/// Markdown about what a map type asks of its definition.
pub(crate) fn needs(row: &MapType) -> Markdown {
    let mut text = Markdown::of("{}\n\n", &[&Code(row.name)]);
    for (name, rule) in [
        ("key size", &row.key_size),
        ("value size", &row.value_size),
        ("max_entries", &row.max_entries),
    ] {
        if let Some(rule) = size(rule) {
            text.add("- {}: {}\n", &[&Plain(name), &Plain(rule)]);
        }
    }
    if !row.required_flags.is_empty() {
        text.add("- needs {}\n", &[&codes(&row.required_flags)]);
    }
    if row.needs_btf_types {
        text.add("- needs `__type(key, ...)` and `__type(value, ...)`\n", &[]);
    }
    if row.holds_maps {
        text.add("- needs `__array(values, ...)` or an inner map set before load\n", &[]);
    }
    if row.per_cpu {
        text.add("- each CPU has values of its own\n", &[]);
    }
    text.trimmed()
}

fn codes<'a>(names: &[&'a str]) -> Vec<Code<&'a str>> {
    names.iter().map(|name| Code(*name)).collect()
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
