//! Members of map definitions: macros, names, map types, flags.

use bpf::facts::map_types::{self, FLAGS, MapType};

use super::{
    entry,
    repair::Cursor,
    written::{MapMember, Member},
};
use crate::{
    answer::{Completion, CompletionKind},
    docs::map_types::{MEMBERS, Member as Row, needs},
};

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

fn absent(members: &[Member]) -> impl Iterator<Item = (u32, &'static Row)> {
    let free = |row: &&Row| !members.iter().any(|member| member.name == row.1);
    (0..).zip(MEMBERS.iter().filter(free))
}

fn of_type(members: &[Member]) -> Option<&'static MapType> {
    let name = members.iter().find(|member| member.name == "type")?;
    map_types::by_name(&name.value)
}

fn map_type(cursor: &Cursor, row: &MapType) -> Completion {
    let detail = match row.since {
        "" => String::new(),
        since => format!("since Linux {since}"),
    };
    Completion {
        detail,
        documentation: needs(row),
        ..entry(row.name, CompletionKind::Constant, &cursor.replace)
    }
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
