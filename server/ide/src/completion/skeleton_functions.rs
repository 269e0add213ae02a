//! The functions of a skeleton: `NAME__open` and its kin, before the header exists.

use std::path::Path;

use loader::skeletons::Skeleton;

use super::{entry, repair::Cursor, snippet};
use crate::{
    answer::{Completion, CompletionKind},
    docs::skeleton_functions,
    host::{Analysis, Cancellable},
    markdown::Markdown,
    pipeline::Role,
};

impl Analysis {
    pub(super) fn function_completions(
        &self,
        path: &Path,
        cursor: &Cursor,
    ) -> Cancellable<Vec<Completion>> {
        // Nothing to find in a file that names no skeleton.
        if cursor.word.is_empty() || !cursor.text.contains("skel.h") {
            return Ok(Vec::new());
        }
        let Some(file) = self.file(path)?.filter(|file| file.role == Role::Loader) else {
            return Ok(Vec::new());
        };
        let mut all = Vec::new();
        for skeleton in &file.skeletons {
            let prefix = format!("{}__", skeleton.name);
            if prefix.starts_with(&cursor.word) || cursor.word.starts_with(&prefix) {
                all.extend(of_skeleton(cursor, skeleton));
            }
        }
        Ok(all)
    }
}

fn of_skeleton(cursor: &Cursor, skeleton: &Skeleton) -> Vec<Completion> {
    let name = skeleton.name.as_str();
    (0..)
        .zip(skeleton_functions::of(skeleton.kind))
        .map(|(rank, (function, parameter, returns, what))| {
            let label = format!("{name}__{function}");
            let (parameter, returns) =
                (parameter.replace("NAME", name), returns.replace("NAME", name));
            let places = if parameter == "void" { "" } else { "$1" };
            Completion {
                detail: format!("{returns} ({parameter})"),
                documentation: Markdown::of(what, &[]),
                snippet: (!cursor.called)
                    .then(|| format!("{}({places})", snippet::literal(&label))),
                rank,
                ..entry(label, CompletionKind::Function, &cursor.replace)
            }
        })
        .collect()
}
