//! Library functions: which of them write through an argument, and which run code of the loader.

/// How a function outside the file treats what the loader holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Manner {
    /// Nothing is known of it.
    Unknown,
    /// It runs functions of the loader that it was given, now or earlier.
    CallsBack,
    /// It does its work on its arguments and moves no object.
    Plain,
}

/// Index of the argument whose target a library function writes to, in every successful call.
pub(crate) fn written_argument(name: &str) -> Option<usize> {
    if is_atomic(name) {
        // Whether a comparison fails and what it then does to memory depends on the machine.
        let reads = name.contains("load") || name.contains("compare") || name.contains("fence");
        return (!reads).then_some(0);
    }
    let name = name.strip_prefix("__builtin_").unwrap_or(name);
    Some(match name {
        "memcpy" | "memmove" | "memset" | "strcpy" | "strncpy" | "strcat" | "strncat"
        | "sprintf" | "snprintf" | "vsnprintf" | "vsprintf" | "bzero" | "strlcpy"
        | "libbpf_strlcpy" | "stpcpy" | "__memcpy_chk" | "__memset_chk" | "__strcpy_chk"
        | "__strncpy_chk" => 0,
        _ => return None,
    })
}

/// Index of the argument whose target a builtin function only reads.
pub(super) fn read_argument(name: &str) -> Option<usize> {
    (is_atomic(name) && name.contains("load")).then_some(0)
}

/// The compiler's atomic operations: on what the first argument points to.
fn is_atomic(name: &str) -> bool {
    let object = ["__sync_", "__atomic_", "__c11_atomic_"].iter().any(|p| name.starts_with(p));
    object
        && !matches!(
            name,
            "__sync_synchronize" | "__atomic_is_lock_free" | "__atomic_always_lock_free"
        )
}

/// What is known of a function by its name: those of libc and libbpf that loaders use.
pub(super) fn manner(name: &str) -> Manner {
    const CALL_BACK: [&str; 10] = [
        "ring_buffer__",
        "user_ring_buffer__",
        "perf_buffer__",
        "pthread_",
        "signal",
        "sigaction",
        "qsort",
        "bsearch",
        "libbpf_register_prog_handler",
        "bpf_object__open",
    ];
    const PREFIXES: [&str; 12] = [
        "bpf_map",
        "bpf_program__",
        "bpf_link_",
        "bpf_prog_",
        "bpf_obj_",
        "bpf_btf_",
        "bpf_enable_stats",
        "btf__",
        "libbpf_",
        "bpf_iter_",
        "bpf_tc_",
        "bpf_xdp_",
    ];
    let bare = name.strip_prefix("__builtin_").unwrap_or(name);
    if CALL_BACK.iter().any(|prefix| name.starts_with(prefix)) {
        Manner::CallsBack
    } else if is_atomic(name)
        || PLAIN.binary_search(&bare).is_ok()
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    {
        Manner::Plain
    } else {
        Manner::Unknown
    }
}

/// Sorted by name.
const PLAIN: [&str; PLAIN_COUNT] = [
    "__errno_location",
    "accept",
    "atoi",
    "atol",
    "atoll",
    "bind",
    "bpf_object__btf",
    "bpf_object__find_map_by_name",
    "bpf_object__find_map_fd_by_name",
    "bpf_object__find_program_by_name",
    "bpf_object__kversion",
    "bpf_object__name",
    "bpf_object__next_map",
    "bpf_object__next_program",
    "bpf_object__pin_maps",
    "bpf_object__prev_map",
    "bpf_object__prev_program",
    "bpf_object__set_kversion",
    "bpf_object__token_fd",
    "bpf_object__unpin_maps",
    "calloc",
    "chdir",
    "clock_gettime",
    "close",
    "connect",
    "creat",
    "dprintf",
    "dup",
    "dup2",
    "epoll_create",
    "epoll_ctl",
    "epoll_wait",
    "eventfd",
    "execl",
    "execlp",
    "execv",
    "execve",
    "execvp",
    "fclose",
    "fcntl",
    "feof",
    "ferror",
    "fflush",
    "fgets",
    "fileno",
    "fopen",
    "fork",
    "fprintf",
    "fputs",
    "fread",
    "free",
    "fscanf",
    "fwrite",
    "get_nprocs",
    "get_nprocs_conf",
    "getenv",
    "geteuid",
    "getnetbyname",
    "getopt",
    "getopt_long",
    "getpagesize",
    "getpeername",
    "getpid",
    "getppid",
    "getrlimit",
    "getsockname",
    "getsockopt",
    "gettid",
    "gettimeofday",
    "getuid",
    "htonl",
    "htons",
    "if_indextoname",
    "if_nametoindex",
    "inet_addr",
    "inet_ntop",
    "inet_pton",
    "ioctl",
    "isatty",
    "kill",
    "link",
    "listen",
    "localtime",
    "lseek",
    "lstat",
    "madvise",
    "malloc",
    "memcmp",
    "memcpy",
    "memmove",
    "memset",
    "mkdir",
    "mkstemp",
    "mmap",
    "mount",
    "mprotect",
    "munmap",
    "nanosleep",
    "ntohl",
    "ntohs",
    "open",
    "openat",
    "perror",
    "pidfd_open",
    "pipe",
    "pipe2",
    "poll",
    "prctl",
    "pread",
    "printf",
    "putchar",
    "puts",
    "pwrite",
    "rand",
    "random",
    "read",
    "realloc",
    "recv",
    "recvfrom",
    "remove",
    "rename",
    "rewind",
    "rmdir",
    "sched_setaffinity",
    "sched_yield",
    "select",
    "send",
    "sendmsg",
    "sendto",
    "setenv",
    "setns",
    "setrlimit",
    "setsockopt",
    "setvbuf",
    "shutdown",
    "sleep",
    "snprintf",
    "socket",
    "socketpair",
    "sprintf",
    "srand",
    "srandom",
    "sscanf",
    "stat",
    "strcasecmp",
    "strcat",
    "strchr",
    "strcmp",
    "strcpy",
    "strdup",
    "strerror",
    "strftime",
    "strlen",
    "strncat",
    "strncmp",
    "strncpy",
    "strnlen",
    "strrchr",
    "strsep",
    "strstr",
    "strtok",
    "strtok_r",
    "strtol",
    "strtoll",
    "strtoul",
    "strtoull",
    "syscall",
    "sysconf",
    "system",
    "time",
    "timerfd_create",
    "ttyname",
    "umount",
    "umount2",
    "uname",
    "unlink",
    "unshare",
    "usleep",
    "vfprintf",
    "vprintf",
    "vsnprintf",
    "wait",
    "waitpid",
    "write",
];

const PLAIN_COUNT: usize = 184;

/// Setters of maps that fail once the maps are created.
pub(crate) fn is_map_setter(callee: &str) -> bool {
    matches!(
        callee,
        "bpf_map__set_type"
            | "bpf_map__set_map_flags"
            | "bpf_map__set_map_extra"
            | "bpf_map__set_numa_node"
            | "bpf_map__set_key_size"
            | "bpf_map__set_value_size"
            | "bpf_map__set_max_entries"
            | "bpf_map__set_autocreate"
            | "bpf_map__set_ifindex"
            | "bpf_map__set_initial_value"
    )
}
