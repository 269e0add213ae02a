//! What clang defines before the first line, and headers that come with the compiler.

pub(crate) mod features;
pub(crate) mod headers;
mod hosts;
mod table;

use crate::flags::{Endian, Flags, Machine, Standard};

/// `#define` lines of the macros that clang predefines with these flags.
pub(crate) fn text(flags: &Flags) -> String {
    let mut out = match flags.machine {
        Machine::Bpf => bpf(flags),
        Machine::X86_64 => host(hosts::X86_64),
        Machine::Aarch64 => host(hosts::AARCH64),
        Machine::I386 => host(hosts::I386),
    };
    out.push_str(match flags.standard {
        Standard::C89 => table::C89,
        Standard::C94 => table::C94,
        Standard::C99 => table::C99,
        Standard::C11 => table::C11,
        Standard::C17 => table::C17,
        Standard::C23 => table::C23,
        Standard::C2y => table::C2Y,
    });
    out.push_str(if flags.gnu { table::GNU } else { table::STRICT });
    match flags.abi.signed_char {
        Some(true) => out.push_str("#undef __CHAR_UNSIGNED__\n"),
        Some(false) => out.push_str("#define __CHAR_UNSIGNED__ 1\n"),
        None => {}
    }
    out.push_str(if flags.optimize { table::OPTIMIZED } else { table::NOT_OPTIMIZED });
    if !flags.gnu && flags.machine != Machine::Bpf {
        // Names that a strict program may use itself.
        out.push_str("#undef linux\n#undef unix\n#undef i386\n");
    }
    out
}

fn bpf(flags: &Flags) -> String {
    let mut out = String::from(table::COMMON);
    out.push_str(match flags.endian {
        Endian::Little => table::LITTLE,
        Endian::Big => table::BIG,
    });
    out.push_str(match flags.cpu {
        0 | 1 => table::V1,
        2 => table::V2,
        3 => table::V3,
        _ => table::V4,
    });
    out
}

fn host(own: &str) -> String {
    [hosts::COMMON, own].concat()
}
