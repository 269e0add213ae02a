//! Values of the variable in section `license`.

use super::{entry, repair::Cursor};
use crate::{
    answer::{Completion, CompletionKind},
    markdown::Markdown,
};

/// What the kernel's `license_is_gpl_compatible` takes.
const COMPATIBLE: [&str; 6] =
    ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"];

/// Licences, those that give all helpers.
pub(super) fn completions(cursor: &Cursor) -> Vec<Completion> {
    COMPATIBLE
        .iter()
        .map(|name| Completion {
            detail: "GPL compatible".to_owned(),
            documentation: Markdown::of(
                "Programs may call helpers and kfuncs that are marked GPL only.",
                &[],
            ),
            ..entry(*name, CompletionKind::Text, &cursor.replace)
        })
        .collect()
}
