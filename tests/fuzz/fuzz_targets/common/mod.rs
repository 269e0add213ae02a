#![allow(dead_code, reason = "each target uses what it needs")]
//! What the targets over C texts share: small headers in memory, read once for all inputs.

use std::{cell::RefCell, path::Path, sync::Arc};

use cfront::{
    flags::Flags,
    pp,
    session::{MemoryFileSystem, Session},
    unit::Unit,
};

/// Inputs after which the session is built anew: it keeps a header chunk for each set of macros.
const SESSION_INPUTS: u32 = 500;

/// What a program needs of `vmlinux.h` and libbpf.
pub const HEADERS: &[(&str, &str)] = &[
    (
        "/inc/vmlinux.h",
        "typedef unsigned char __u8; typedef unsigned short __u16; typedef unsigned int __u32;\n\
         typedef unsigned long long __u64; typedef int __s32; typedef long long __s64;\n\
         typedef _Bool bool; enum { false = 0, true = 1 };\n\
         typedef __u8 u8; typedef __u32 u32; typedef __u64 u64; typedef int pid_t; typedef __u32 __be32;\n\
         struct list_head { struct list_head *next, *prev; };\n\
         struct task_struct { int pid; int tgid; struct task_struct *parent; char comm[16]; };\n\
         struct pt_regs { unsigned long di, si, dx, cx, r8, ax, sp, ip; };\n\
         struct __sk_buff { __u32 len, mark, data, data_end; };\n\
         struct bpf_spin_lock { __u32 val; }; struct bpf_timer { __u64 __opaque[2]; };\n\
         enum bpf_map_type { BPF_MAP_TYPE_HASH = 1, BPF_MAP_TYPE_ARRAY = 2, BPF_MAP_TYPE_RINGBUF = 27 };\n\
         enum { BPF_ANY = 0, BPF_F_NO_PREALLOC = 1 };\n",
    ),
    (
        "/inc/bpf/bpf_helpers.h",
        "#define SEC(name) __attribute__((section(name), used))\n\
         #define __uint(name, val) int (*name)[val]\n#define __type(name, val) typeof(val) *name\n\
         #define __array(name, val) typeof(val) *name[]\n#define __ulong(name, val) enum { val } name\n\
         #define __always_inline inline __attribute__((always_inline))\n\
         #define __weak __attribute__((weak))\n#define __hidden __attribute__((visibility(\"hidden\")))\n\
         #define __noinline __attribute__((noinline))\n#define __kconfig __attribute__((section(\".kconfig\")))\n\
         #define __ksym __attribute__((section(\".ksyms\")))\n#define __arg_ctx __attribute__((btf_decl_tag(\"arg:ctx\")))\n\
         static void *(* const bpf_map_lookup_elem)(void *map, const void *key) = (void *) 1;\n\
         static long (* const bpf_map_update_elem)(void *map, const void *key, const void *value, __u64 flags) = (void *) 2;\n\
         static __u64 (* const bpf_get_current_pid_tgid)(void) = (void *) 14;\n\
         static long (* const bpf_trace_printk)(const char *fmt, __u32 size, ...) = (void *) 6;\n\
         #define bpf_printk(fmt, args...) ({ static const char ____fmt[] = fmt; bpf_trace_printk(____fmt, sizeof(____fmt), ##args); })\n",
    ),
    (
        "/inc/bpf/bpf_tracing.h",
        "#define ___bpf_concat(a, b) a ## b\n#define ___bpf_apply(fn, n) ___bpf_concat(fn, n)\n\
         #define ___bpf_nth(_, _1, _2, _3, N, ...) N\n#define ___bpf_narg(...) ___bpf_nth(_, ##__VA_ARGS__, 3, 2, 1, 0)\n\
         #define ___bpf_ctx_cast0() ctx\n#define ___bpf_ctx_cast1(x) ___bpf_ctx_cast0(), (void *)ctx[0]\n\
         #define ___bpf_ctx_cast2(x, args...) ___bpf_ctx_cast1(args), (void *)ctx[1]\n\
         #define ___bpf_ctx_cast(args...) ___bpf_apply(___bpf_ctx_cast, ___bpf_narg(args))(args)\n\
         #define BPF_PROG(name, args...) name(unsigned long long *ctx); \\\n\
         static __always_inline typeof(name(0)) ____##name(unsigned long long *ctx, ##args); \\\n\
         typeof(name(0)) name(unsigned long long *ctx) { return ____##name(___bpf_ctx_cast(args)); } \\\n\
         static __always_inline typeof(name(0)) ____##name(unsigned long long *ctx, ##args)\n",
    ),
    (
        "/inc/bpf/libbpf.h",
        "struct bpf_object; struct bpf_map; struct bpf_program; struct bpf_link;\n\
         int bpf_object__load(struct bpf_object *); struct bpf_map *bpf_object__find_map_by_name(const struct bpf_object *, const char *);\n\
         int bpf_map__set_max_entries(struct bpf_map *, unsigned); int bpf_map__set_value_size(struct bpf_map *, unsigned);\n\
         int bpf_map__fd(const struct bpf_map *); void *bpf_map__initial_value(const struct bpf_map *, unsigned long *);\n\
         int printf(const char *, ...); typedef unsigned long size_t; void *memset(void *, int, size_t);\n",
    ),
];

/// Preprocesses and indexes texts.
pub struct Bench {
    session: Session,
    fs: MemoryFileSystem,
    flags: Flags,
    inputs: u32,
}

impl Bench {
    /// A bench with nothing read.
    pub fn new() -> Bench {
        let fs = MemoryFileSystem::default();
        for (path, text) in HEADERS {
            fs.write(Path::new(path), text);
        }
        let flags = Flags {
            include_dirs: vec!["/inc".into()],
            default_dirs: Vec::new(),
            stand_ins: false,
            ..Flags::default()
        };
        Bench { session: Session::new(), fs, flags, inputs: 0 }
    }

    /// The unit of a text; `previous` is the one before an edit.
    pub fn unit(&self, path: &str, text: &str, previous: Option<&Unit>) -> Unit {
        Unit::build(Arc::new(self.preprocess(path, text)), previous, false)
    }

    /// The tokens of a text.
    pub fn preprocess(&self, path: &str, text: &str) -> pp::Preprocessed {
        pp::preprocess(&self.session, &self.fs, Path::new(path), text.into(), &self.flags)
    }

    /// A folder that no input before has used.
    pub fn folder(&self) -> String {
        format!("/w/{}", self.inputs)
    }

    /// Adds a file.
    pub fn write(&self, path: &str, text: &str) {
        self.fs.write(Path::new(path), text);
    }
}

/// Runs `input` on the thread's bench.
pub fn on_bench(input: impl FnOnce(&Bench)) {
    thread_local! {
        static BENCH: RefCell<Bench> = RefCell::new(Bench::new());
    }
    BENCH.with_borrow_mut(|bench| {
        bench.inputs += 1;
        if bench.inputs % SESSION_INPUTS == 0 {
            *bench = Bench::new();
        }
        input(bench);
    });
}
