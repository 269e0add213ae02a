//! Headers that are built in: freestanding ones of the compiler, and stand-ins for libbpf's and
//! `vmlinux.h`. Their texts are in the folder `include` beside this file.

use std::path::{Path, PathBuf};

use crate::flags::Flags;

/// The folder that built-in headers seem to be in.
pub(crate) const FOLDER: &str = "/<built-in>";

const FREESTANDING: &[(&str, &str)] = &[
    ("stddef.h", include_str!("include/stddef.h")),
    ("stdbool.h", include_str!("include/stdbool.h")),
    ("stdint.h", include_str!("include/stdint.h")),
    ("stdarg.h", include_str!("include/stdarg.h")),
    ("limits.h", include_str!("include/limits.h")),
    ("stdalign.h", include_str!("include/stdalign.h")),
    ("stdnoreturn.h", include_str!("include/stdnoreturn.h")),
    ("iso646.h", include_str!("include/iso646.h")),
    ("float.h", include_str!("include/float.h")),
];

const STAND_INS: &[(&str, &str)] = &[
    ("bpf/bpf_helpers.h", include_str!("include/bpf_helpers.h")),
    ("bpf/bpf_helper_defs.h", include_str!("include/bpf_helper_defs.h")),
    ("bpf/bpf_tracing.h", include_str!("include/bpf_tracing.h")),
    ("bpf/bpf_core_read.h", include_str!("include/bpf_core_read.h")),
    ("bpf/bpf_endian.h", include_str!("include/bpf_endian.h")),
    ("vmlinux.h", include_str!("include/vmlinux.h")),
    ("bpf_stand_in_types.h", include_str!("include/types.h")),
];

fn find(name: &str) -> Option<(&'static str, &'static str)> {
    FREESTANDING.iter().chain(STAND_INS).find(|(n, _)| *n == name).copied()
}

/// Whether that is the name of a freestanding header.
pub(crate) fn freestanding(name: &str) -> bool {
    FREESTANDING.iter().any(|(n, _)| *n == name)
}

/// The text of a built-in header.
pub(crate) fn text(path: &Path) -> Option<&'static str> {
    let name = path.strip_prefix(FOLDER).ok()?.to_str()?;
    find(name).map(|(_, text)| text)
}

/// The built-in header for a name that no folder has.
pub(crate) fn fallback(name: &str, flags: &Flags) -> Option<PathBuf> {
    let wanted = if freestanding(name) { flags.builtin_headers } else { flags.stand_ins };
    // libbpf's headers are also included without their folder, and vmlinux.h in some folder.
    let name = match name {
        "bpf_helpers.h" | "bpf_helper_defs.h" | "bpf_tracing.h" | "bpf_core_read.h"
        | "bpf_endian.h" => {
            format!("bpf/{name}")
        }
        _ if name.ends_with("/vmlinux.h") => "vmlinux.h".to_owned(),
        _ => name.to_owned(),
    };
    (wanted && find(&name).is_some()).then(|| Path::new(FOLDER).join(name))
}
