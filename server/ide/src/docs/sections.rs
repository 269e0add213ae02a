//! Section names of programs.

use std::fmt::Write as _;

use bpf::facts::{sections::ProgramSection, versions};

/// Markdown about what libbpf makes of a function in such a section.
pub(crate) fn program(row: &ProgramSection) -> String {
    let mut text = format!("Program type `{}`", row.short_type());
    if let Some(since) = versions::since(row.program_type) {
        let _ = write!(text, " (since Linux {since})");
    }
    if !row.attach_type.is_empty() {
        let _ = write!(text, ", attach type `{}`", row.attach_type);
        if let Some(since) = versions::since(row.attach_type) {
            let _ = write!(text, " (since Linux {since})");
        }
    }
    text.push_str(".\n\n");
    if !row.context.is_empty() {
        let _ = write!(text, "Context: `{}`.\n\n", row.context);
    }
    if row.sleepable {
        text.push_str("The program may sleep.\n\n");
    }
    if row.attach_btf {
        text.push_str("The target is looked up in the kernel's BTF.\n\n");
    }
    text.push_str(if row.auto_attach {
        "The skeleton's attach function attaches it."
    } else {
        "Not attached by the skeleton's attach function."
    });
    text
}
