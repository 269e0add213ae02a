//! Names in `SEC("...")`: what libbpf knows of programs, and sections of data.

use std::fmt::Write as _;

use bpf::facts::sections::{self, ProgramSection};

use super::{entry, repair::Cursor};
use crate::{
    answer::{Completion, CompletionKind},
    docs,
};

/// Sections of variables, with what libbpf does with them.
const DATA: &[(&str, &str)] = &[
    (".maps", "map definitions"),
    (".percpu", "per-CPU data: one copy for each possible CPU"),
    (".percpu.", "per-CPU data in a map of its own name"),
    (".data.", "initialised data in a map of its own name"),
    (".rodata.", "read-only data in a map of its own name, frozen at load"),
    (".bss.", "zero-initialised data in a map of its own name"),
    (".struct_ops", "struct_ops maps"),
    (".struct_ops.link", "struct_ops maps that are attached with a link"),
    ("license", "the licence of the programs"),
];

/// All names.
pub(super) fn completions(cursor: &Cursor) -> Vec<Completion> {
    let mut replace = cursor.replace.clone();
    if cursor.word.starts_with('?') {
        replace.start += 1;
    }
    let mut all: Vec<Completion> = Vec::new();
    for row in sections::all() {
        // Targets of the other rows are what makes them useful.
        let suffix = if row.takes_target { "/" } else { "" };
        let label = format!("{}{suffix}", row.prefix);
        all.push(Completion {
            detail: detail(row),
            documentation: docs::sections::program(row),
            ..entry(label, CompletionKind::Text, &replace)
        });
    }
    for (name, what) in DATA {
        all.push(Completion {
            detail: (*what).to_owned(),
            rank: 1,
            ..entry(*name, CompletionKind::Text, &replace)
        });
    }
    all
}

fn detail(row: &ProgramSection) -> String {
    let mut text = row.short_type().to_owned();
    if !row.attach_type.is_empty() {
        let _ = write!(text, ", {}", row.attach_type);
    }
    if row.sleepable {
        text.push_str(", sleepable");
    }
    text
}
