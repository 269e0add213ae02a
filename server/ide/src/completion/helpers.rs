//! Helpers and kfuncs in the expressions of a BPF program.

use bpf::facts::{
    helpers::{self, Helper},
    kfuncs, sections,
};
use cfront::{ctypes::CTypeId, unit::Unit};
use rustc_hash::FxHashSet;

use super::{attach_targets::header_functions, entry, repair::Cursor, snippet};
use crate::{
    answer::{Completion, CompletionKind},
    docs,
};

/// Where what the program may not call comes in the list.
const LAST: u32 = 2;

/// Helpers and kfuncs; those that programs of the section may not call come last.
///
/// Kernel functions that the program's headers declare come with their prototypes, and before those
/// that would have to be declared.
pub(super) fn completions(cursor: &Cursor, section: Option<&str>, unit: &Unit) -> Vec<Completion> {
    if cursor.word.is_empty() {
        return Vec::new();
    }
    let program_type = section.and_then(sections::find).map(|row| row.short_type());
    let helpers = helpers::all().values().map(|helper| of_helper(cursor, helper, program_type));
    let mut all: Vec<Completion> = helpers.collect();
    let declared = header_functions(unit);
    let mut names: Vec<(&str, Option<CTypeId>)> =
        declared.iter().map(|(name, ty)| (name.as_str(), Some(*ty))).collect();
    let known: FxHashSet<&str> = names.iter().map(|(name, _)| *name).collect();
    names.extend(kfuncs::names().filter(|name| !known.contains(name)).map(|name| (name, None)));
    names.sort_unstable_by_key(|(name, _)| *name);
    names.dedup_by_key(|(name, _)| *name);
    all.extend(names.into_iter().map(|(name, declared)| {
        let mut item = of_kfunc(cursor, name, program_type);
        if let Some(ty) = declared {
            item.detail = unit.spell(ty, Some(name));
            item.rank = if item.rank == LAST { LAST } else { 0 };
        }
        item
    }));
    all.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
    all
}

fn call(cursor: &Cursor, name: &str, arguments: bool) -> Completion {
    let mut item = entry(name, CompletionKind::Function, &cursor.replace);
    if !cursor.called {
        let name = snippet::literal(name);
        item.snippet = Some(if arguments { format!("{name}($1)") } else { format!("{name}()") });
    }
    item
}

fn of_helper(cursor: &Cursor, helper: &Helper, program_type: Option<&str>) -> Completion {
    let refused = program_type.filter(|ty| helper.allowed_for(ty) == Some(false));
    let arguments = !matches!(helper.arguments, "" | "void");
    Completion {
        detail: format!("{} ({})", helper.returns, helper.arguments),
        documentation: docs::functions::helper(helper, refused),
        rank: if refused.is_some() { LAST } else { 0 },
        ..call(cursor, helper.name, arguments)
    }
}

fn of_kfunc(cursor: &Cursor, name: &'static str, program_type: Option<&str>) -> Completion {
    let rows = kfuncs::find(name);
    let known = !rows.is_empty() && rows.iter().all(|row| !row.program_types.is_empty());
    let takes = |ty: &str| rows.iter().any(|row| row.program_types.contains(&ty));
    let refused = program_type.is_some_and(|ty| known && !takes(ty));
    Completion {
        detail: "kfunc".to_owned(),
        documentation: docs::functions::kfunc(name),
        rank: if refused { LAST } else { 1 },
        ..call(cursor, name, true)
    }
}
