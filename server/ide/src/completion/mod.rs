//! Completion: section names, map definitions, helpers and licences in BPF C; members of skeletons
//! and their functions in loaders.
//!
//! A marker is put at the cursor, and what is torn about it is closed ([`repair`]). In BPF C our
//! queries then say where the marker stands ([`written`]); in loaders the front end does.

mod attach_targets;
mod helpers;
mod licenses;
mod map_members;
mod map_snippets;
mod nested_members;
mod program_snippets;
mod repair;
mod section_names;
mod skeleton_functions;
mod skeleton_members;
mod snippet;
#[cfg(test)]
mod tests;
mod written;

use std::{ops::Range, path::Path};

use crate::{
    answer::{Completion, CompletionKind},
    host::{Analysis, Cancellable},
    markdown::Markdown,
    pipeline::Role,
};
use repair::Within;
use written::{Context, Written};

/// Longer texts were not written by hand.
const MAX_BYTES: usize = 4 << 20;

impl Analysis {
    /// What may be typed at a byte of a file. Empty where others know more than we.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn completions(&self, path: &Path, offset: u32) -> Cancellable<Vec<Completion>> {
        let Some(document) = self.document(path) else { return Ok(Vec::new()) };
        if document.text.len() > MAX_BYTES {
            return Ok(Vec::new());
        }
        let Some(cursor) = repair::cursor(&document.text, offset as usize) else {
            return Ok(Vec::new());
        };
        if cursor.within == Within::Member {
            return self.member_completions(path, &cursor);
        }
        self.check_cancelled()?;
        let written = Written::parse(&cursor);
        let context = written.as_ref().and_then(Written::context);
        if context.is_none() && cursor.within == Within::Word && !cursor.word.is_empty() {
            return self.function_completions(path, &cursor);
        }
        let Some(context) = context else { return Ok(Vec::new()) };
        // Last, because it costs most.
        let Some(file) = self.file(path)? else { return Ok(Vec::new()) };
        match file.role {
            Role::Loader => return self.function_completions(path, &cursor),
            Role::Bpf | Role::Header => {}
            Role::Other => return Ok(Vec::new()),
        }
        Ok(match context {
            Context::Section => {
                let mut all = attach_targets::completions(&cursor, &file);
                all.extend(section_names::completions(&cursor));
                all
            }
            Context::FileScope => {
                let mut all = map_snippets::completions(&cursor);
                all.extend(program_snippets::completions(&cursor));
                // Long lists that nobody asked for are in the C language server's way.
                all.retain(|item| item.label.starts_with(&cursor.word));
                all
            }
            Context::License => licenses::completions(&cursor),
            Context::MapMember(member) => map_members::completions(&cursor, &member),
            Context::MapBody(members) => map_members::of_body(&cursor, &members),
            Context::Program { section } => {
                helpers::completions(&cursor, section.as_deref(), &file.unit)
            }
        })
    }
}

/// An entry without anything beyond its name.
fn entry(label: impl Into<String>, kind: CompletionKind, replace: &Range<u32>) -> Completion {
    let label = label.into();
    Completion {
        kind,
        detail: String::new(),
        documentation: Markdown::default(),
        replace: replace.clone(),
        insert: label.clone(),
        snippet: None,
        rank: 0,
        label,
    }
}
