//! What clang defines before the first line, and headers that come with the compiler.

pub(crate) mod features;
pub(crate) mod headers;

use crate::flags::{Endian, Flags, Machine, Standard};

/// `#define` lines in a file of `macros`, which `generate.py` writes.
macro_rules! macros {
    ($name:literal) => {
        include_str!(concat!("macros/", $name, ".h"))
    };
}

/// `#define` lines of the macros that clang predefines with these flags.
pub(crate) fn text(flags: &Flags) -> String {
    let mut out = match flags.machine {
        Machine::Bpf => bpf(flags),
        Machine::X86_64 => host(macros!("x86_64")),
        Machine::Aarch64 => host(macros!("aarch64")),
        Machine::I386 => host(macros!("i386")),
    };
    out.push_str(match flags.standard {
        Standard::C89 => macros!("c89"),
        Standard::C94 => macros!("c94"),
        Standard::C99 => macros!("c99"),
        Standard::C11 => macros!("c11"),
        Standard::C17 => macros!("c17"),
        Standard::C23 => macros!("c23"),
        Standard::C2y => macros!("c2y"),
    });
    out.push_str(if flags.gnu { macros!("gnu") } else { macros!("strict") });
    match flags.abi.signed_char {
        Some(true) => out.push_str("#undef __CHAR_UNSIGNED__\n"),
        Some(false) => out.push_str("#define __CHAR_UNSIGNED__ 1\n"),
        None => {}
    }
    out.push_str(if flags.optimize { macros!("optimized") } else { macros!("not_optimized") });
    if !flags.gnu && flags.machine != Machine::Bpf {
        // Names that a strict program may use itself.
        out.push_str("#undef linux\n#undef unix\n#undef i386\n");
    }
    out
}

fn bpf(flags: &Flags) -> String {
    let mut out = String::from(macros!("bpf"));
    out.push_str(match flags.endian {
        Endian::Little => macros!("bpf_little"),
        Endian::Big => macros!("bpf_big"),
    });
    out.push_str(match flags.cpu {
        0 | 1 => macros!("bpf_v1"),
        2 => macros!("bpf_v2"),
        3 => macros!("bpf_v3"),
        _ => macros!("bpf_v4"),
    });
    out
}

fn host(own: &str) -> String {
    [macros!("host"), own].concat()
}
