//! What libbpf's macros mean for the object; in our words, from `bpf_helpers.h`, `bpf_tracing.h` and
//! `bpf_core_read.h` of libbpf 1.5.

use crate::markdown::Markdown;

/// Text about a macro, by name.
pub(crate) fn find(name: &str) -> Option<Markdown> {
    let at = DOCS.binary_search_by_key(&name, |(name, _)| name).ok()?;
    DOCS.get(at).map(|(_, text)| Markdown::of(text, &[]))
}

/// Sorted by name.
const DOCS: &[(&str, &str)] = &[
    (
        "BPF_CORE_READ",
        "Follows a chain of kernel pointers with one probe read for each arrow. The offsets are relocated to the \
         running kernel at load.",
    ),
    (
        "BPF_CORE_READ_BITFIELD",
        "Reads a bit-field from memory the program may access directly; its place is relocated at load.",
    ),
    (
        "BPF_CORE_READ_INTO",
        "As `BPF_CORE_READ`, into a variable; gives the result of the last read.",
    ),
    (
        "BPF_CORE_READ_STR_INTO",
        "As `BPF_CORE_READ_INTO`; the last step reads a NUL-terminated string.",
    ),
    (
        "BPF_KPROBE",
        "Defines a kprobe program with named, typed arguments, taken from the registers of the probed function. \
         At most 8 arguments. They are numbers to the verifier: read through them with `BPF_CORE_READ`.",
    ),
    (
        "BPF_KRETPROBE",
        "Defines a kretprobe program; its one argument is the return value of the probed function.",
    ),
    (
        "BPF_KSYSCALL",
        "Defines a program on a system call with the call's own arguments, whether or not the kernel has a \
         wrapper around it. For `SEC(\"ksyscall/NAME\")`; at most 7 arguments.",
    ),
    (
        "BPF_PROG",
        "Defines a program that gets its arguments as an array of 64-bit values (fentry, fexit, LSM, tp_btf, \
         raw_tp, struct_ops), with named, typed arguments. At most 12.",
    ),
    ("BPF_PROG2", "As `BPF_PROG`, also for arguments that are structs of up to 16 bytes."),
    ("BPF_UPROBE", "Defines a uprobe program with named, typed arguments, as `BPF_KPROBE` does."),
    (
        "BPF_URETPROBE",
        "Defines a uretprobe program; its one argument is the return value of the probed function.",
    ),
    (
        "BPF_USDT",
        "Defines a program on a user-space static tracepoint with named arguments. At most 12.",
    ),
    (
        "SEC",
        "Puts a function or variable into an ELF section. libbpf reads the program type, or the kind of data, from \
         the section's name. The symbol is kept even when nothing uses it.",
    ),
    (
        "__always_inline",
        "Inlines the function wherever it is called, so that the verifier sees it as part of its caller.",
    ),
    ("__arena", "Marks a pointer into a BPF arena (address space 1)."),
    (
        "__array",
        "A member of a map definition that holds an array of pointers: `values` of maps in maps and of program \
         arrays.",
    ),
    (
        "__hidden",
        "Hides the symbol from other objects when they are linked. The verifier checks a hidden function as part \
         of its callers; a hidden variable is not in the skeleton.",
    ),
    (
        "__kconfig",
        "The value of a kernel configuration option, filled in by libbpf at load. In the skeleton: \
         `skel->kconfig`, readable after load.",
    ),
    ("__kptr", "A pointer to a kernel object that a map value may own."),
    (
        "__ksym",
        "An address or function of the kernel, resolved by libbpf at load. With a type from the kernel's BTF it can \
         be read or called directly.",
    ),
    ("__noinline", "Keeps the function a call of its own: a BPF subprogram."),
    (
        "__type",
        "A member of a map definition that gives a type: `key` or `value`. Its size is the key's or value's size.",
    ),
    (
        "__uint",
        "A member of a map definition that gives a number: `type`, `max_entries`, `map_flags`, `pinning` ... The \
         number is stored as the length of an array type, in BTF only.",
    ),
    (
        "__ulong",
        "A member of a map definition that gives a number of 64 bits, stored as an enum value in BTF: \
         `map_extra`.",
    ),
    (
        "__weak",
        "The symbol may be missing (extern), or be replaced by a strong one when objects are linked.",
    ),
    ("bpf_core_enum_value", "The value of an enumerator in the running kernel, relocated at load."),
    (
        "bpf_core_enum_value_exists",
        "Whether the running kernel has the enumerator; a constant after load, so dead code is dropped.",
    ),
    (
        "bpf_core_field_exists",
        "Whether the running kernel's type has the member; a constant after load, so dead code is dropped.",
    ),
    ("bpf_core_field_size", "Size of a member in the running kernel, relocated at load."),
    ("bpf_core_type_exists", "Whether the running kernel has the type; a constant after load."),
    ("bpf_core_type_size", "Size of a type in the running kernel, relocated at load."),
    (
        "bpf_printk",
        "Writes to the kernel's trace pipe. Up to 3 arguments go through `bpf_trace_printk`, more through \
         `bpf_trace_vprintk` (kernel 5.16); at most 12. The format becomes a string in `.rodata`.",
    ),
    (
        "bpf_tail_call_static",
        "A tail call with an index known at compile time, which the JIT can turn into a jump.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_so_that_each_is_found() {
        for (name, _) in DOCS {
            assert!(find(name).is_some(), "{name}");
        }
        assert_eq!(find("nonsense"), None);
    }
}
