//! A map definition of each type, with the members that the kernel asks of it.

use bpf::facts::map_types::{self, MapType, SizeRule};

use super::{entry, repair::Cursor, snippet::plain};
use crate::{
    answer::{Completion, CompletionKind},
    docs,
};

/// One snippet a map type; those that programs do not define themselves are left out.
pub(super) fn completions(cursor: &Cursor) -> Vec<Completion> {
    map_types::all()
        .iter()
        .filter(|row| row.name != "BPF_MAP_TYPE_STRUCT_OPS" && !row.name.ends_with("_DEPRECATED"))
        .map(|row| {
            let short = row.name.trim_start_matches("BPF_MAP_TYPE_");
            let template = template(row);
            Completion {
                detail: format!("map definition, {short}"),
                documentation: docs::map_types::needs(row),
                insert: plain(&template),
                snippet: Some(template),
                ..entry(
                    format!("map_{}", short.to_ascii_lowercase()),
                    CompletionKind::Snippet,
                    &cursor.replace,
                )
            }
        })
        .collect()
}

/// Definition of a map of that type as a snippet.
fn template(row: &MapType) -> String {
    let mut lines = vec![format!("__uint(type, {});", row.name)];
    let mut place = 1..;
    let mut next = || place.next().unwrap_or(0);
    let takes = |rule: &SizeRule, size| rule.takes(size) != Some(false);
    if row.holds_maps {
        lines.push(format!("__uint(max_entries, ${{{}:8}});", next()));
        lines.push("__type(key, __u32);".to_owned());
        let inner = "\n\t\t__uint(type, BPF_MAP_TYPE_ARRAY);\n\t\t__uint(max_entries, 1);\n\t\t\
                     __type(key, __u32);\n\t\t__type(value, __u64);\n\t";
        lines.push(format!("__array(values, struct {{{inner}}});"));
    } else {
        if takes(&row.max_entries, 1024) || row.max_entries == SizeRule::PagesPowerOfTwo {
            let count = match row.max_entries {
                SizeRule::PagesPowerOfTwo => "256 * 1024",
                SizeRule::Between(_, to) if to <= 1 << 20 => "100",
                _ if row.key_size == SizeRule::OneOf(vec![0]) && row.value_size == row.key_size => {
                    "100"
                }
                _ => "1024",
            };
            lines.push(format!("__uint(max_entries, ${{{}:{count}}});", next()));
        }
        if row.key_size != SizeRule::OneOf(vec![0]) {
            lines.push(match row.key_btf {
                "int" => "__type(key, int);".to_owned(),
                _ if !takes(&row.key_size, 4)
                    && takes(&row.key_size, 16)
                    && takes(&row.key_size, 8) =>
                {
                    if takes(&row.key_size, 5) {
                        let fields = "{ __u32 prefixlen; __u8 data[4]; ";
                        format!("__type(key, struct {fields}}});")
                    } else {
                        "__type(key, __u64);".to_owned()
                    }
                }
                _ => format!("__type(key, ${{{}:__u32}});", next()),
            });
        }
        if row.value_size != SizeRule::OneOf(vec![0]) {
            lines.push(match &row.value_size {
                SizeRule::MultipleOf(_) => {
                    format!("__uint(value_size, ${{{}:127}} * sizeof(__u64));", next())
                }
                rule if takes(rule, 8) && !takes(rule, 5) => "__type(value, __u64);".to_owned(),
                rule if takes(rule, 8) => format!("__type(value, ${{{}:__u64}});", next()),
                rule if takes(rule, 4) => "__type(value, __u32);".to_owned(),
                rule => match rule {
                    SizeRule::OneOf(sizes) => format!(
                        "__uint(value_size, {});",
                        sizes.first().copied().unwrap_or_default()
                    ),
                    _ => format!("__type(value, ${{{}:__u64}});", next()),
                },
            });
        }
    }
    if !row.required_flags.is_empty() {
        lines.push(format!("__uint(map_flags, {});", row.required_flags.join(" | ")));
    }
    let body: String = lines.iter().map(|line| format!("\t{line}\n")).collect();
    format!("struct {{\n{body}}} ${{{}:name}} SEC(\".maps\");$0", next())
}
