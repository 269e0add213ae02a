//! Registry entries of the rules that speak in the user-space loader.

use super::registry::{Rule, Side::Loader, rule};
use crate::diagnostic::Severity::{Error, Warning};

/// Rules of the loader side, in documentation order.
pub(super) const RULES: &[Rule] = &[
    rule(
        "percpu-write-after-load",
        Loader,
        Error,
        true,
        "a write to `skel->percpu` after load kills the process",
        "Loading gives the start values to the kernel and then makes the skeleton's copy read-only with \
         mprotect. A store through `skel->percpu` after that ends in SIGSEGV. Set start values between open and \
         load; after load change the kernel's copies with `bpf_map__update_elem` and `BPF_F_ALL_CPUS` or \
         `BPF_F_CPU`.",
    ),
    rule(
        "percpu-stale-read",
        Loader,
        Warning,
        true,
        "`skel->percpu` shows the start values for ever",
        "After load the skeleton's copy of a per-CPU section is a read-only image of the start values. It never \
         follows what the programs do. Read the values of each CPU with `bpf_map__lookup_elem`.",
    ),
    rule(
        "percpu-in-subskeleton",
        Loader,
        Error,
        true,
        "a subskeleton has no `percpu` member",
        "bpftool leaves per-CPU sections out of subskeletons: there is no struct and no variable, only the map. \
         The access does not compile. Use `maps.percpu` and `bpf_map__lookup_elem`.",
    ),
    rule(
        "lskel-signed-write",
        Loader,
        Warning,
        true,
        "a signed light skeleton ignores start values",
        "In a light skeleton that bpftool generated with a signature the loader program takes every data \
         section from the signed blob. What user space writes to the skeleton before load is not used. Set the \
         values in BPF, or after load.",
    ),
    rule(
        "percpu-lookup-overflow",
        Loader,
        Error,
        true,
        "the buffer is smaller than what the kernel writes",
        "Without `BPF_F_CPU` a lookup in a per-CPU map writes one value, rounded up to 8 bytes, for every \
         possible CPU. The functions that take a file descriptor check nothing, so a smaller buffer is overrun \
         on stack or heap. Size it by `bpf_map__value_size` and `libbpf_num_possible_cpus()`.",
    ),
    rule(
        "percpu-value-size",
        Loader,
        Warning,
        true,
        "a size that differs from the map's value size",
        "The value of a per-CPU section's map has the size of the ELF section, not of the skeleton's struct. \
         The `bpf_map__` functions compare sizes and answer -EINVAL. Use `bpf_map__value_size(map)`.",
    ),
    rule(
        "cpu-flag-shift",
        Loader,
        Error,
        true,
        "the CPU number is shifted in a type of 32 bits",
        "The CPU number stands in the upper half of the 64-bit flags. Shifting a value of 32 bits by 32 is \
         undefined, and on common machines names the wrong CPU. Cast to `__u64` first.",
    ),
    rule(
        "cpu-flag-invalid",
        Loader,
        Error,
        true,
        "flags for per-CPU access that the kernel refuses",
        "`BPF_F_ALL_CPUS` is for updates only, excludes `BPF_F_CPU`, and a CPU number needs `BPF_F_CPU`. Other \
         combinations give -EINVAL.",
    ),
    rule(
        "setter-after-load",
        Loader,
        Error,
        true,
        "a setter is called when it can no longer work",
        "Sizes, types, flags and start values of maps are fixed once the object is prepared or loaded, those of \
         programs once it is loaded. The setter answers -EBUSY and changes nothing. Call it between open and \
         load.",
    ),
    rule(
        "stale-image-pointer",
        Loader,
        Error,
        true,
        "a data pointer is used after the call that moves it",
        "Changing the value size of a data section's map moves its memory, and an arena moves when the object \
         is loaded. A pointer taken before that points at memory that is gone. Read the pointer again after the \
         call.",
    ),
    rule(
        "resize-drops-btf",
        Loader,
        Warning,
        true,
        "this new value size makes libbpf drop the map's BTF",
        "libbpf can resize a data section only when its last variable is an array and the new size holds a whole \
         number of elements. Otherwise it warns, and the map loses its type information.",
    ),
    rule(
        "initial-value-null",
        Loader,
        Error,
        true,
        "bpf_map__initial_value needs a place for the size",
        "`bpf_map__initial_value` stores the size through its second argument without looking at it, so NULL \
         crashes for every map that has an image. Pass the address of a `size_t`.",
    ),
    rule(
        "map-fd-not-proof",
        Loader,
        Warning,
        true,
        "a file descriptor is no proof that the map exists",
        "libbpf gives every map a placeholder descriptor at open. When creating the map was switched off, \
         `bpf_map__fd` still returns a number that is not negative. Ask `bpf_map__autocreate(map)`.",
    ),
    rule(
        "percpu-map-misuse",
        Loader,
        Error,
        true,
        "an operation that a per-CPU array refuses",
        "The map behind a per-CPU section cannot be mapped into memory, has exactly one entry, and its entry \
         cannot be deleted. The call fails. Read and update it with lookups and updates.",
    ),
    rule(
        "internal-map-name",
        Loader,
        Error,
        true,
        "no map has this name",
        "Maps made from sections are named by libbpf: `.percpu` and named sections keep the full section name, \
         `.data`, `.bss` and `.rodata` get the object's name in front. A search for another name returns NULL.",
    ),
    rule(
        "percpu-detached-image",
        Loader,
        Warning,
        true,
        "this per-CPU image is connected to nothing",
        "When a map's descriptor is reused, libbpf neither loads the skeleton's start values into it nor \
         protects the image. Writes through the skeleton succeed and reach nobody. Update the map itself.",
    ),
    rule(
        "rodata-write-after-load",
        Loader,
        Error,
        true,
        "a write to `skel->rodata` after load kills the process",
        "Read-only data is frozen in the kernel at load, and the skeleton's memory becomes a read-only mapping \
         of it. A store after that ends in SIGSEGV. Set the values between open and load.",
    ),
    rule(
        "kconfig-before-load",
        Loader,
        Error,
        true,
        "`skel->kconfig` is NULL before load",
        "The values of `.kconfig` are read while the object is loaded, and the member of the skeleton is NULL \
         until then. Reading one of its members crashes. Read them after load.",
    ),
    rule(
        "kconfig-write",
        Loader,
        Error,
        true,
        "`skel->kconfig` is read-only",
        "The values of `.kconfig` come from the kernel's configuration, and their memory is mapped read-only. A \
         store ends in SIGSEGV. To use another configuration pass it in `bpf_object_open_opts`.",
    ),
    rule(
        "subskeleton-member-value",
        Loader,
        Error,
        true,
        "members of a subskeleton are pointers",
        "In a subskeleton each variable is a pointer into the object it belongs to. Using the member as the \
         value itself does not compile or computes with an address. Put a `*` in front.",
    ),
    rule(
        "skeleton-unknown-member",
        Loader,
        Error,
        true,
        "the skeleton has no such member",
        "The skeleton has a member for each map, program and link, and in each data section one for every \
         variable that is not static and that the compiler keeps. The access will not compile against the \
         header that the BPF source gives.",
    ),
    rule(
        "skeleton-after-destroy",
        Loader,
        Error,
        true,
        "the skeleton is used after it was destroyed",
        "`NAME__destroy` frees the skeleton and unmaps its data. Any access through the pointer after that is \
         a use of freed memory.",
    ),
    rule(
        "attach-before-load",
        Loader,
        Error,
        true,
        "programs are attached before the object is loaded",
        "A program has no file descriptor until the object is loaded, so attaching it fails with -EINVAL. Call \
         the load function first, or use `NAME__open_and_load`.",
    ),
    rule(
        "load-result-ignored",
        Loader,
        Warning,
        true,
        "the result of load or attach is dropped",
        "Loading fails for reasons outside the program (permissions, kernel version, verifier). When the result \
         is not looked at, the code goes on with maps and programs that do not exist. Test it.",
    ),
    rule(
        "skeleton-type-hidden",
        Loader,
        Warning,
        true,
        "a type that the skeleton names is not visible here",
        "bpftool prints the types of section variables by name and does not define them in the header. Where \
         the skeleton is included, such a typedef or struct must already be known, or the header does not \
         compile. Include its header first, or use a fixed-width type in BPF.",
    ),
];
