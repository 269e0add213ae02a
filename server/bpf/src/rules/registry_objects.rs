//! Registry entries of what is told about a built object beside its source.

use super::registry::{Rule, Side::Bpf, rule};
use crate::diagnostic::Severity::Information;

/// The object is older than the source, and another.
pub const OBJECT_STALE: &str = "object-stale";
/// The object is as new as the source, and another.
pub const OBJECT_LAYOUT_DIFFERS: &str = "object-layout-differs";

/// Findings of the comparison with a built object, in documentation order.
pub(super) const RULES: &[Rule] = &[
    rule(
        OBJECT_STALE,
        Bpf,
        Information,
        true,
        "the built object is older than the source and differs from it",
        "The object that lies beside the source (by the compile database, by convention, or by the setting \
         `object.path`) was built before the last change, and a program, map, variable or section of it is no \
         longer what the source says: a skeleton made of it has other offsets. The message has the first \
         difference. Build again. Nothing is said where the source cannot be read completely, or where only \
         the optimiser decides.",
    ),
    rule(
        OBJECT_LAYOUT_DIFFERS,
        Bpf,
        Information,
        true,
        "the built object is as new as the source and still differs from it",
        "The object was built after the last change of the source, and yet a program, map, variable or section \
         of it is another. Mostly it was compiled with other flags (`-D`, another `vmlinux.h`) than those the \
         editor knows: a `compile_commands.json` tells them. With `buildAndVerify.enable` the object is what \
         the project's own compile command makes of the saved text. The message has the first difference.",
    ),
];
