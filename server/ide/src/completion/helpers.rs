//! Helpers and kfuncs in the expressions of a BPF program.

use std::fmt::Write as _;

use bpf::facts::{
    helpers::{self, GplOnly, Helper},
    kfuncs, sections,
};

use super::{entry, repair::Cursor};
use crate::answer::{Completion, CompletionKind};

/// Where what the program may not call comes in the list.
const LAST: u32 = 2;

/// Helpers and kfuncs; those that programs of the section may not call come last.
pub(super) fn completions(cursor: &Cursor, section: Option<&str>) -> Vec<Completion> {
    if cursor.word.is_empty() {
        return Vec::new();
    }
    let program_type = section.and_then(sections::find).map(|row| row.short_type());
    let helpers = helpers::all().values().map(|helper| of_helper(cursor, helper, program_type));
    let mut all: Vec<Completion> = helpers.collect();
    let mut names: Vec<&str> = kfuncs::names().collect();
    names.sort_unstable();
    names.dedup();
    all.extend(names.into_iter().map(|name| of_kfunc(cursor, name, program_type)));
    all.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
    all
}

fn call(cursor: &Cursor, name: &str, arguments: bool) -> Completion {
    let mut item = entry(name, CompletionKind::Function, &cursor.replace);
    if !cursor.called {
        item.snippet = Some(if arguments { format!("{name}($1)") } else { format!("{name}()") });
    }
    item
}

fn of_helper(cursor: &Cursor, helper: &Helper, program_type: Option<&str>) -> Completion {
    let refused = program_type.filter(|ty| helper.allowed_for(ty) == Some(false));
    let mut doc = String::new();
    if let Some(ty) = refused {
        let _ = write!(doc, "**Not for programs of type `{ty}`.**\n\n");
    }
    let _ = write!(
        doc,
        "```c\n{} {}({});\n```\n\nHelper {}",
        helper.returns, helper.name, helper.arguments, helper.id
    );
    if !helper.since.is_empty() {
        let _ = write!(doc, ", since Linux {}", helper.since);
    }
    doc.push('.');
    if let GplOnly::Yes { except } = &helper.gpl {
        doc.push_str("\n\nNeeds a GPL compatible licence");
        if !except.is_empty() {
            let _ = write!(doc, ", but for {}", except.join(", "));
        }
        doc.push('.');
    }
    if !helper.program_types.is_empty() {
        let _ = write!(doc, "\n\nProgram types: {}", names(&helper.program_types));
    }
    if !helper.map_types.is_empty() {
        let _ = write!(doc, "\n\nMap types: {}", helper.map_types.join(", "));
    }
    let arguments = !matches!(helper.arguments, "" | "void");
    Completion {
        detail: format!("{} ({})", helper.returns, helper.arguments),
        documentation: doc,
        rank: if refused.is_some() { LAST } else { 0 },
        ..call(cursor, helper.name, arguments)
    }
}

fn names(types: &[(&str, Option<&str>)]) -> String {
    let one = |(name, since): &(&str, Option<&str>)| match since {
        Some(since) => format!("{name} ({since})"),
        None => (*name).to_owned(),
    };
    types.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn of_kfunc(cursor: &Cursor, name: &'static str, program_type: Option<&str>) -> Completion {
    let rows = kfuncs::find(name);
    let mut types: Vec<&str> = rows.iter().flat_map(|r| r.program_types.iter().copied()).collect();
    types.sort_unstable();
    types.dedup();
    let known = !types.is_empty() && rows.iter().all(|row| !row.program_types.is_empty());
    let refused = program_type.is_some_and(|ty| known && !types.contains(&ty));
    let mut doc = "Kernel function (kfunc), to be declared `extern ... __ksym`.".to_owned();
    if let Some(since) = rows.iter().map(|row| row.since).find(|since| !since.is_empty()) {
        let _ = write!(doc, "\n\nSince Linux {since}.");
    }
    if !types.is_empty() {
        let _ = write!(doc, "\n\nProgram types: {}", types.join(", "));
    }
    let mut flags: Vec<&str> = rows.iter().flat_map(|r| r.flags.iter().copied()).collect();
    flags.sort_unstable();
    flags.dedup();
    if !flags.is_empty() {
        let _ = write!(doc, "\n\nFlags: {}", flags.join(", "));
    }
    Completion {
        detail: "kfunc".to_owned(),
        documentation: doc,
        rank: if refused { LAST } else { 1 },
        ..call(cursor, name, true)
    }
}
