//! Return types of the compiler's builtin functions that BPF programs use.

use crate::ctypes::{CTypeId, IntKind, TypeTable};

/// Builtins that return what their first argument is (`Some(false)`) or points at (`Some(true)`).
pub(crate) fn first_argument_type(name: &str) -> Option<bool> {
    match name {
        "__builtin_preserve_access_index"
        | "__builtin_launder"
        | "__builtin_addressof"
        | "__builtin_nondeterministic_value"
        | "__builtin_elementwise_abs" => Some(false),
        _ if name.starts_with("__sync_") => match name {
            "__sync_synchronize" | "__sync_lock_release" => None,
            _ if name.starts_with("__sync_bool_") => None,
            _ => Some(true),
        },
        _ if name.starts_with("__atomic_") || name.starts_with("__c11_atomic_") => {
            let base = name.rsplit("atomic_").next().unwrap_or("");
            match base {
                "load_n" | "exchange_n" | "load" | "exchange" => Some(true),
                _ if base.starts_with("fetch_") || base.ends_with("_fetch") => Some(true),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The return type of a builtin; `None` for one that is not known.
pub(crate) fn return_type(types: &mut TypeTable, name: &str) -> Option<CTypeId> {
    let int = |kind| Some(CTypeId::int(kind));
    if name.starts_with("__sync_bool_") || name.starts_with("__atomic_compare_exchange") {
        return Some(CTypeId::BOOL);
    }
    if matches!(name, "__sync_synchronize" | "__sync_lock_release")
        || name.starts_with("__atomic_store")
        || name.starts_with("__atomic_clear")
        || name.starts_with("__atomic_thread_fence")
    {
        return Some(CTypeId::VOID);
    }
    let rest = name.strip_prefix("__builtin_")?;
    match rest {
        "memcpy"
        | "memset"
        | "memmove"
        | "alloca"
        | "frame_address"
        | "return_address"
        | "extract_return_addr"
        | "memcpy_inline"
        | "assume_aligned"
        | "memchr"
        | "alloca_with_align" => Some(types.pointer(CTypeId::VOID)),
        "strcpy" | "strncpy" | "strcat" | "strncat" | "strchr" | "strrchr" | "strstr" => {
            Some(types.pointer(CTypeId::CHAR))
        }
        "expect" | "expect_with_probability" => Some(CTypeId::LONG),
        "strlen" | "object_size" | "dynamic_object_size" | "offsetof" => Some(CTypeId::ULONG),
        "bitreverse8" => int(IntKind::UChar),
        "bswap16" | "bitreverse16" => int(IntKind::UShort),
        "bswap32" | "bitreverse32" | "preserve_field_info" | "preserve_enum_value_32" => {
            int(IntKind::UInt)
        }
        "bswap64" | "bitreverse64" | "preserve_enum_value" | "btf_type_id" => Some(CTypeId::ULONG),
        "preserve_type_info" => int(IntKind::UInt),
        "trap" | "unreachable" | "prefetch" | "va_start" | "va_end" | "va_copy" | "assume"
        | "debugtrap" | "bzero" | "memset_inline" => Some(CTypeId::VOID),
        "constant_p" | "types_compatible_p" | "memcmp" | "strcmp" | "strncmp" | "abs" | "ffs"
        | "ffsl" | "ffsll" | "clz" | "clzl" | "clzll" | "clzg" | "ctz" | "ctzl" | "ctzll"
        | "ctzg" | "popcount" | "popcountl" | "popcountll" | "popcountg" | "parity" | "parityl"
        | "parityll" | "clrsb" | "clrsbl" | "clrsbll" | "isnan" | "isinf" | "bcmp" => {
            Some(CTypeId::INT)
        }
        "labs" => Some(CTypeId::LONG),
        "llabs" => int(IntKind::LongLong),
        _ if rest.ends_with("_overflow") => Some(CTypeId::BOOL),
        _ => None,
    }
}
