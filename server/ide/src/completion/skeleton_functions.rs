//! The functions of a skeleton: `NAME__open` and its kin, before the header exists.

use std::path::Path;

use loader::skeletons::{HeaderKind, Skeleton};

use super::{entry, repair::Cursor};
use crate::{
    answer::{Completion, CompletionKind},
    host::{Analysis, Cancellable},
    pipeline::Role,
};

/// Name, parameter, return type and meaning; `NAME` stands for the skeleton's name.
type Row = (&'static str, &'static str, &'static str, &'static str);

const FULL: &[Row] = &[
    ("open", "void", "struct NAME *", "Opens the object: start values may be set until the load."),
    (
        "open_opts",
        "const struct bpf_object_open_opts *opts",
        "struct NAME *",
        "Opens the object with options.",
    ),
    ("load", "struct NAME *obj", "int", "Loads maps and programs into the kernel."),
    ("open_and_load", "void", "struct NAME *", "Opens and loads, with start values as compiled."),
    ("attach", "struct NAME *obj", "int", "Attaches the programs that can attach themselves."),
    ("detach", "struct NAME *obj", "void", "Destroys the links."),
    ("destroy", "struct NAME *obj", "void", "Detaches, unloads and frees everything."),
    ("elf_bytes", "size_t *sz", "const void *", "The object file inside the header."),
];

const LIGHT: &[Row] = &[
    (
        "open",
        "void",
        "struct NAME *",
        "Makes the skeleton: start values may be set until the load.",
    ),
    ("load", "struct NAME *skel", "int", "Loads maps and programs into the kernel."),
    ("open_and_load", "void", "struct NAME *", "Opens and loads, with start values as compiled."),
    ("attach", "struct NAME *skel", "int", "Attaches the programs that can attach themselves."),
    ("detach", "struct NAME *skel", "void", "Closes the links."),
    ("destroy", "struct NAME *skel", "void", "Detaches, unloads and frees everything."),
];

const SUB: &[Row] = &[
    (
        "open",
        "const struct bpf_object *src",
        "struct NAME *",
        "Finds the maps and programs of a library in an object that is open.",
    ),
    ("destroy", "struct NAME *skel", "void", "Frees the subskeleton; the object stays."),
];

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
    let rows = match skeleton.kind {
        HeaderKind::Skeleton => FULL,
        HeaderKind::Light => LIGHT,
        HeaderKind::Subskeleton => SUB,
    };
    (0..)
        .zip(rows)
        .map(|(rank, (function, parameter, returns, what))| {
            let label = format!("{name}__{function}");
            let (parameter, returns) =
                (parameter.replace("NAME", name), returns.replace("NAME", name));
            let places = if parameter == "void" { "" } else { "$1" };
            Completion {
                detail: format!("{returns} ({parameter})"),
                documentation: (*what).to_owned(),
                snippet: (!cursor.called).then(|| format!("{label}({places})")),
                rank,
                ..entry(label, CompletionKind::Function, &cursor.replace)
            }
        })
        .collect()
}
