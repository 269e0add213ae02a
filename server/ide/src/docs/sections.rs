//! Section names of programs.

use bpf::facts::{sections::ProgramSection, versions};

use crate::markdown::{Code, Markdown, Plain};

/// Markdown about what libbpf makes of a function in such a section.
pub(crate) fn program(row: &ProgramSection) -> Markdown {
    let mut text = Markdown::of("Program type {}", &[&Code(row.short_type())]);
    if let Some(since) = versions::since(row.program_type) {
        text.add(" (since Linux {})", &[&Plain(since)]);
    }
    if !row.attach_type.is_empty() {
        text.add(", attach type {}", &[&Code(row.attach_type)]);
        if let Some(since) = versions::since(row.attach_type) {
            text.add(" (since Linux {})", &[&Plain(since)]);
        }
    }
    text.add(".\n\n", &[]);
    if !row.context.is_empty() {
        text.add("Context: {}.\n\n", &[&Code(row.context)]);
    }
    if row.sleepable {
        text.add("The program may sleep.\n\n", &[]);
    }
    if row.attach_btf {
        text.add("The target is looked up in the kernel's BTF.\n\n", &[]);
    }
    let attached = match row.auto_attach {
        true => "The skeleton's attach function attaches it.",
        false => "Not attached by the skeleton's attach function.",
    };
    text.add(attached, &[]);
    text
}
