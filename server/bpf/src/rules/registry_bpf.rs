//! Registry entries of the rules that speak in BPF C.

use super::registry::{Rule, Side::Bpf, rule};
use crate::diagnostic::Severity::{Error, Information, Warning};

/// Rules of the BPF side, in documentation order.
pub(super) const RULES: &[Rule] = &[
    rule(
        "percpu-shared-section",
        Bpf,
        Warning,
        true,
        "a section name that looks per-CPU makes one shared copy",
        "libbpf looks at the prefix of a section name. `.data.percpu`, `.data..percpu`, `.rodata.percpu` and \
         `.bss.percpu` begin with an ordinary prefix, so the variables end up in a plain array map that all CPUs \
         share, without any message. Per-CPU data needs a section that is exactly `.percpu` or begins with \
         `.percpu.`.",
    ),
    rule(
        "percpu-section-typo",
        Bpf,
        Error,
        true,
        "a section name near `.percpu` that libbpf does not accept",
        "Names such as `.percpu1`, `.percpu_x` or `percpu` are no data section for libbpf: it skips them, and \
         the first program that uses a variable in one makes opening the object fail with a bad map relocation. \
         Use `.percpu`, or `.percpu.NAME` with the dot.",
    ),
    rule(
        "percpu-const-string",
        Bpf,
        Error,
        true,
        "a per-CPU array used where the verifier wants a constant string",
        "The third argument of `bpf_strncmp` and the format of `bpf_snprintf` must point into a read-only map. \
         A string in a per-CPU section has one copy for each CPU that can change, so the verifier rejects the \
         program. Declare the text as `static const char name[]`.",
    ),
    rule(
        "percpu-special-field",
        Bpf,
        Error,
        true,
        "a lock, timer, workqueue, list or tree in per-CPU data",
        "The kernel refuses per-CPU arrays whose value holds a spin lock, timer, workqueue, task work, list head \
         or rb root, at any depth of the type. libbpf then creates the map without type information and the \
         program that uses the field is rejected. Put the field in an ordinary data section or a map of its own.",
    ),
    rule(
        "section-const-mix",
        Bpf,
        Error,
        true,
        "const and non-const variables share a named section",
        "Clang decides the flags of a named section from the first variable in it and stops with a section type \
         conflict when a later one differs in constness, so there is no object at all. Give the constants a \
         section of their own.",
    ),
    rule(
        "const-not-volatile",
        Bpf,
        Warning,
        true,
        "a plain const global that the loader writes",
        "Clang puts the value of a `const` global straight into the code where it can. The loader's write to the \
         skeleton then changes the map and nothing else: the program keeps the value it was compiled with. \
         Declare it `const volatile`.",
    ),
    rule(
        "percpu-too-large",
        Bpf,
        Error,
        true,
        "a per-CPU section above the kernel's size limit",
        "One value of a per-CPU map, rounded up to 8 bytes, must fit the smallest unit of the per-CPU allocator: \
         32 KiB with pages up to 32 KiB, 64 KiB with pages of 64 KiB. Above that, creating the map fails with \
         -E2BIG and the object does not load. Split the variables over several `.percpu.NAME` sections.",
    ),
    rule(
        "data-pointer-initializer",
        Bpf,
        Error,
        true,
        "a pointer in a data section initialised with an address",
        "An initial value that is an address or a string literal needs a relocation in the data section, and \
         libbpf does not apply those. The pointer holds a meaningless number at run time, without any message. \
         Use a char array for text, or set the pointer in the program.",
    ),
    rule(
        "flexible-array-shift",
        Bpf,
        Error,
        true,
        "a flexible array with an initialiser shifts the members after it",
        "Clang gives the variable room for its flexible array, the skeleton's C struct does not. Every variable \
         behind it gets a wrong offset in the skeleton, and the size asserts still pass. Use an array with a \
         fixed size, or a section of its own.",
    ),
    rule(
        "zero-size-variable",
        Bpf,
        Error,
        true,
        "a variable without size in a data section",
        "Alone in its section, a variable of size zero makes opening the object fail when libbpf completes the \
         type information; among others it makes the kernel refuse the object's BTF and with it every feature \
         that needs BTF. Remove the variable.",
    ),
    rule(
        "percpu-over-aligned",
        Bpf,
        Warning,
        true,
        "per-CPU data is aligned to 8 bytes at run time, not more",
        "The storage of a per-CPU map value is aligned to 8 bytes. A larger alignment attribute is honoured by \
         Clang's layout but not in memory, so code that relies on it reads from other addresses than it thinks. \
         Pad by hand, or use an explicit map.",
    ),
    rule(
        "percpu-ptr-helper",
        Bpf,
        Error,
        true,
        "bpf_this_cpu_ptr or bpf_per_cpu_ptr on a `.percpu` variable",
        "These helpers take per-CPU kernel symbols and per-CPU kptrs. A `.percpu` variable is a map value, and \
         its name already means this CPU's copy, so the verifier rejects the call. Use the variable itself; for \
         another CPU's copy use an explicit per-CPU array and `bpf_map_lookup_percpu_elem`.",
    ),
    rule(
        "skeleton-name-clash",
        Bpf,
        Error,
        true,
        "two members of the skeleton get the same name",
        "bpftool turns every character of a map or section name that is not alphanumeric into `_`. Two names \
         that differ only there become the same member of one struct, and the skeleton header does not compile. \
         Rename one of them.",
    ),
    rule(
        "kernel-name-clash",
        Bpf,
        Warning,
        true,
        "two maps have the same name in the kernel",
        "The kernel keeps the first 15 characters of a map's name. Maps that agree in those cannot be told \
         apart in `bpftool map` and other tools. Use shorter or more different names.",
    ),
    rule(
        "percpu-toolchain",
        Bpf,
        Warning,
        true,
        "a tool of this build does not know `.percpu`",
        "Per-CPU globals need Clang 18, and a libbpf, bpftool and kernel of late 2026 or newer. An older Clang \
         may abort while it writes the section, an older libbpf or bpftool cannot open the object, an older \
         kernel refuses the program. Update, or use an explicit per-CPU array.",
    ),
    rule(
        "unknown-section",
        Bpf,
        Error,
        true,
        "a program section that libbpf does not know",
        "libbpf derives the program type from the section name. For a name that matches none of its definitions \
         the type stays unspecified and loading fails, unless the loader registers a handler or sets the type \
         itself. Check the spelling.",
    ),
    rule(
        "legacy-maps-section",
        Bpf,
        Error,
        true,
        "`SEC(\"maps\")` is refused since libbpf 1.0",
        "Map definitions as `struct bpf_map_def` in a section called `maps` were removed in libbpf 1.0: opening \
         the object fails. Define the map in `SEC(\".maps\")` with `__uint` and `__type`.",
    ),
    rule(
        "license-not-gpl",
        Bpf,
        Error,
        true,
        "the program uses what only GPL-compatible programs may use",
        "Many helpers, all kernel functions and some program types are open only to programs whose `license` \
         section holds one of the kernel's GPL-compatible strings, spelled exactly. With another string the \
         kernel refuses to load the program.",
    ),
    rule(
        "license-missing",
        Bpf,
        Information,
        true,
        "the object has programs and no licence",
        "Without a `license` section the kernel treats the programs as not GPL-compatible: the first use of a \
         GPL-only helper makes the load fail. Add `char LICENSE[] SEC(\"license\") = \"GPL\";` or the licence \
         you use.",
    ),
    rule(
        "map-key-size",
        Bpf,
        Error,
        true,
        "the map type does not accept this key size",
        "The kernel checks the key size of each map type when the map is created: arrays want 4 bytes, LPM tries \
         5 to 260, local storage an integer of 4 bytes, ring buffers none. Another size gives -EINVAL and the \
         object does not load.",
    ),
    rule(
        "map-value-size",
        Bpf,
        Error,
        true,
        "the map type does not accept this value size",
        "The kernel checks the value size of each map type when the map is created: program and perf event \
         arrays want 4 bytes, ring buffers none, stack traces a multiple of 8, per-CPU values at most 32 KiB on \
         most machines. Another size gives -EINVAL or -E2BIG and the object does not load.",
    ),
    rule(
        "map-max-entries",
        Bpf,
        Error,
        true,
        "max_entries is missing, or must not be given",
        "Most map types need a number of entries above zero; local storage kinds need it absent or zero. A \
         number above 32 bits is cut to its low half. The kernel answers -EINVAL and the object does not load.",
    ),
    rule(
        "ringbuf-size",
        Bpf,
        Information,
        true,
        "the ring buffer's size is no power of two of whole pages",
        "The kernel wants a power of two of whole pages. libbpf rounds the size up at load with the page size of \
         the host, so the buffer is larger than written; other loaders fail with -EINVAL.",
    ),
    rule(
        "map-flags",
        Bpf,
        Error,
        true,
        "the map type needs or refuses a flag",
        "Some map types demand a flag (LPM tries and local storage `BPF_F_NO_PREALLOC`, arenas \
         `BPF_F_MMAPABLE`), and each refuses flags it does not know. The kernel answers -EINVAL (LRU maps with \
         `BPF_F_NO_PREALLOC`: -ENOTSUPP) and the object does not load.",
    ),
    rule(
        "map-unknown-member",
        Bpf,
        Error,
        true,
        "a member of a `.maps` definition that libbpf refuses",
        "libbpf reads the definition of a map member by member, and refuses to open the object at an unknown \
         name, a member in the wrong form, contradicting sizes, a missing `type`, and at maps that are static, \
         hidden, or an array.",
    ),
    rule(
        "map-incomplete-type",
        Bpf,
        Error,
        true,
        "the key or value type of a map has no size",
        "`__type(key, T)` and `__type(value, T)` take the size from the type. A struct that is only declared, \
         `void` or a function type has none, and libbpf refuses to open the object. Include the definition, or \
         give the size in bytes.",
    ),
    rule(
        "map-needs-btf",
        Bpf,
        Error,
        true,
        "this map needs types, not sizes, for key or value",
        "Local storage maps, and maps whose values hold locks, timers, workqueues or kptrs, need the BTF of key \
         and value. `key_size` and `value_size` give none: the kernel answers -EINVAL, or the verifier rejects \
         the program. Use `__type`.",
    ),
    rule(
        "helper-not-allowed",
        Bpf,
        Error,
        true,
        "the helper is not available to this program type",
        "Each program type has its own set of helpers in the kernel. A call to another one is rejected by the \
         verifier as an unknown or invalid function, and the object does not load.",
    ),
    rule(
        "kprobe-syscall-wrapper",
        Bpf,
        Warning,
        true,
        "typed arguments on a syscall wrapper are garbage",
        "On most architectures `__x64_sys_*` and its like get one argument, a pointer to the registers of the \
         caller. `BPF_KPROBE` with the system call's own arguments reads the wrong registers. Use \
         `SEC(\"ksyscall/NAME\")` with `BPF_KSYSCALL`.",
    ),
    rule(
        "kprobe-direct-deref",
        Bpf,
        Error,
        true,
        "a kprobe argument is dereferenced directly",
        "The arguments of a kprobe program are plain numbers for the verifier, whatever their C type. Reading \
         through one with `->` or `*` is rejected. Use `BPF_CORE_READ` or `bpf_probe_read_kernel`.",
    ),
    rule(
        "tracing-arity",
        Bpf,
        Error,
        true,
        "the argument list does not fit the attach point or the macro",
        "The arguments of a BTF-based tracing program are those of the traced event, in order, and the wrapper \
         macros take a limited number. An argument that does not exist makes the verifier reject the program, \
         one too many for the macro does not compile.",
    ),
    rule(
        "struct-ops-member",
        Bpf,
        Error,
        true,
        "a struct_ops member or program that goes nowhere",
        "A struct_ops program takes effect only as a member of a struct_ops map. A program that no map names \
         cannot be loaded, and a member that the type lacks does not compile or is refused by libbpf.",
    ),
    rule(
        "printk-arguments",
        Bpf,
        Warning,
        true,
        "format and arguments of bpf_printk differ",
        "`bpf_printk` passes its arguments by count, at most 12. More conversions than arguments make the helper \
         fail with -EINVAL at run time and print nothing; more arguments than conversions are ignored or \
         refused.",
    ),
];
