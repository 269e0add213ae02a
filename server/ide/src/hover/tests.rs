//! What is shown at cursors in programs and in loaders.

use expect_test::{Expect, expect};

use crate::test_world::world;

fn check_file(text: &str, expect: Expect) {
    let world = world(text);
    let found = world.analysis.hover(&world.path, world.offset).expect("nobody cancels");
    expect.assert_eq(&found.map_or_else(String::new, |hover| hover.markdown.into_string() + "\n"));
}

fn check(program: &str, expect: Expect) {
    let head = "#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n";
    check_file(&format!("//- /a.bpf.c\n{head}{program}"), expect);
}

const PROGRAM: &str = "//- /a.bpf.c\n#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\nint total;\n\
    struct { __uint(type, BPF_MAP_TYPE_ARRAY); } table SEC(\".maps\");\n\
    SEC(\"xdp\") int prog(void *ctx) { return total; }\n";

fn check_loader(text: &str, expect: Expect) {
    check_file(&format!("{PROGRAM}//- /load.c\n{text}"), expect);
}

#[test]
fn a_section_without_bounds() {
    let program = |last: &str, section: &str| {
        format!(
            "char big[0x7ffffffffffffffd] SEC(\".percpu\"), more[0x7ffffffffffffffd] SEC(\".percpu\");\n\
             char {last}[4] SEC(\"{section}\");"
        )
    };
    check(
        &program("la$0st", ".percpu"),
        expect![[r#"
        ```c
        char last[4];
        ```

        `.percpu` (one copy for each CPU), offset 18446744073709551610 (0xfffffffffffffffa), size 4 bytes, alignment 1

        Initial value: 0

        Takes 4 bytes on each possible CPU; the section 18446744073709551615 bytes.

        Skeleton: `skel->percpu->last`: the start value for all CPUs, to be set before load; read-only after it
    "#]],
    );
    check(
        &program("last", ".per$0cpu"),
        expect![[r#"
        **.percpu**: per-CPU data, one copy for each possible CPU

        - 3 variables, 18446744073709551614 bytes
        - map `.percpu`, `PERCPU_ARRAY`
        - 18446744073709551615 bytes on each possible CPU
    "#]],
    );
}

#[test]
fn section_names() {
    check(
        "SEC(\"x$0dp\") int f(void *ctx) { return 0; }",
        expect![[r#"
        **xdp**: program section

        Program type `XDP` (since Linux 4.8), attach type `BPF_XDP` (since Linux 5.9).

        Context: `xdp_md`.

        Not attached by the skeleton's attach function.
    "#]],
    );
    check(
        "SEC(\"?fentry.s/do$0_unlinkat\") int f(void *ctx) { return 0; }",
        expect![[r#"
        **?fentry.s/do_unlinkat**: program section

        Program type `TRACING` (since Linux 5.5), attach type `BPF_TRACE_FENTRY` (since Linux 5.5).

        The program may sleep.

        The target is looked up in the kernel's BTF.

        The skeleton's attach function attaches it.

        Not loaded unless user space asks for it (`?`).
    "#]],
    );
    check(
        "#define AT(x) SEC(\"tp/\" x)\nSEC(\"lsm/fi$0le_open\") int f(void *c) { return 0; }",
        expect![[r#"
            **lsm/file_open**: program section

            Program type `LSM` (since Linux 5.7), attach type `BPF_LSM_MAC` (since Linux 5.7).

            The target is looked up in the kernel's BTF.

            The skeleton's attach function attaches it.
        "#]],
    );
}

#[test]
fn strings_that_name_no_section() {
    check("SEC(\"tc\") int f(void *ctx) { return bpf_printk(\"x$0dp\"); }", expect![""]);
    check("char s[] = \".b$0ss\"; int total;", expect![""]);
}

#[test]
fn map_definitions() {
    let map = |text: &str| format!("struct {{ {text} }} m SEC(\".maps\");");
    check(
        &map("__uint(type, BPF_MAP_TYPE_LPM$0_TRIE);"),
        expect![[r#"
        `BPF_MAP_TYPE_LPM_TRIE`

        - key size: 5 to 260
        - value size: 1 or more
        - max_entries: 1 or more
        - needs `BPF_F_NO_PREALLOC`

        Since Linux 4.11.
    "#]],
    );
    check(
        &map("__uint(type, BPF_MAP_TYPE_LPM_TRIE); __type(ke$0y, int);"),
        expect![[r#"
        **key** (map definition): C type of the keys, for BTF and for the key size

        `__type(key, __u32)`

        `BPF_MAP_TYPE_LPM_TRIE`: key size 5 to 260
    "#]],
    );
    check(
        &map("__uint(type, BPF_MAP_TYPE_HASH); __uint(max$0_entries, 8);"),
        expect![[r#"
        **max_entries** (map definition): number of entries; bytes of a ring buffer

        `__uint(max_entries, 1024)`

        `BPF_MAP_TYPE_HASH`: 1 or more
    "#]],
    );
    check(
        &map("__uint(type, BPF_MAP_TYPE_HASH); __ui$0nt(max_entries, 8);"),
        expect![[r#"
        **__uint** (libbpf macro)

        A member of a map definition that gives a number: `type`, `max_entries`, `map_flags`, `pinning` ... The number is stored as the length of an array type, in BTF only.
    "#]],
    );
    check("struct s { int max$0_entries; };", expect![""]);
    check(
        "struct max_entries; struct { __type(value, struct max$0_entries); } m SEC(\".maps\");",
        expect![""],
    );
}

#[test]
fn helpers_with_the_users_own_text() {
    let defs = "//- /bpf/bpf_helper_defs.h\n#pragma once\n/*\n * bpf_ktime_get_ns\n *\n * \tTime since boot.\n *\n * \
                Returns\n * \tNanoseconds.\n */\nstatic unsigned long (* const bpf_ktime_get_ns)(void) = (void *) 5;\n\
                //- /bpf/bpf_helpers.h\n#include \"bpf_helper_defs.h\"\n#define SEC(n) __attribute__((section(n)))\n";
    check_file(
        &format!(
            "//- /a.bpf.c\n#include \"bpf/bpf_helpers.h\"\nSEC(\"tc\") long f(void *c) {{ return bpf_ktime_$0get_ns(); }}\n{defs}"
        ),
        expect![[r#"
            ```c
            __u64 bpf_ktime_get_ns(void);
            ```

            Helper 5, since Linux 4.1.

            Program types: SOCKET_FILTER, KPROBE, SCHED_CLS, SCHED_ACT, TRACEPOINT, XDP, PERF_EVENT, CGROUP_SKB, CGROUP_SOCK, LWT_IN, LWT_OUT, LWT_XMIT, SOCK_OPS, SK_SKB, CGROUP_DEVICE, SK_MSG, RAW_TRACEPOINT, CGROUP_SOCK_ADDR, LWT_SEG6LOCAL, LIRC_MODE2, SK_REUSEPORT, FLOW_DISSECTOR, CGROUP_SYSCTL, RAW_TRACEPOINT_WRITABLE, CGROUP_SOCKOPT, TRACING, STRUCT_OPS, LSM, SK_LOOKUP, SYSCALL, NETFILTER

            ---

            Time since boot.


            **Returns**

            Nanoseconds.
        "#]],
    );
    check(
        "SEC(\"tc\") long f(void *c) { return bpf_skb_$0load_bytes(c, 0, 0, 0); }",
        expect![[r#"
        ```c
        long bpf_skb_load_bytes(const void *skb, __u32 offset, void *to, __u32 len);
        ```

        Helper 26, since Linux 4.5.

        Program types: SOCKET_FILTER, SCHED_CLS, SCHED_ACT, CGROUP_SKB, LWT_IN, LWT_OUT, LWT_XMIT, SK_SKB, LWT_SEG6LOCAL, SK_REUSEPORT, FLOW_DISSECTOR
    "#]],
    );
    check(
        "SEC(\"tc\") long f(void *c) { long bpf_ktime_get_ns = 1; return bpf_ktime_$0get_ns; }",
        expect![""],
    );
}

#[test]
fn kernel_functions() {
    check(
        "extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;\n\
         SEC(\"tc\") long f(void *c) { return !!bpf_task$0_acquire(c); }",
        expect![[r#"
            ```c
            struct task_struct *bpf_task_acquire(struct task_struct *);
            ```

            Kernel function (kfunc), to be declared `extern ... __ksym`.

            Since Linux 6.2.

            Needs a GPL compatible licence.

            Program types: LSM, PERF_EVENT, SCHED_CLS, STRUCT_OPS, TRACEPOINT, TRACING, XDP

            Flags: KF_ACQUIRE, KF_RCU, KF_RET_NULL
        "#]],
    );
    check(
        "extern int my_own(void) __ksym; SEC(\"tc\") int f(void *c) { return my$0_own(); }",
        expect![[r#"
            ```c
            int my_own(void);
            ```

            A symbol of the kernel, resolved by libbpf at load.
        "#]],
    );
}

#[test]
fn generated_functions_and_members() {
    let body = |text: &str| format!("#include \"a.skel.h\"\nint f(struct a *s) {{ {text} }}");
    check_loader(
        &body("return a__lo$0ad(s);"),
        expect![[r#"
        ```c
        int a__load(struct a *obj);
        ```

        Loads maps and programs into the kernel.

        Declared in `a.bpf.c`
    "#]],
    );
    check_loader(
        &body("return s->ob$0j;"),
        expect![[r#"
        `struct bpf_object *`: the object, for libbpf's functions
    "#]],
    );
    check_loader(
        &body("return bpf_object__find_map_by_name(s->obj, \"ta$0ble\");"),
        expect![[r#"
            **table**: map, `ARRAY`

            Skeleton: `skel->maps.table`

            Declared in `a.bpf.c`
        "#]],
    );
    check_loader(
        "#include \"a.lskel.h\"\nint f(struct a *s) { return s->progs.prog.pro$0g_fd; }",
        expect![[r#"
            `prog_fd`: the program's file descriptor, after load

            **prog**: program in section `xdp`

            Program type `XDP` (since Linux 4.8), attach type `BPF_XDP` (since Linux 5.9).

            Context: `xdp_md`.

            Not attached by the skeleton's attach function.

            Skeleton: `skel->progs.prog`, `skel->links.prog`

            Declared in `a.bpf.c`
        "#]],
    );
    check_loader(
        "#include \"a.lskel.h\"\nint f(struct a *s) { return s->ct$0x; }",
        expect![[r#"
        `struct bpf_loader_ctx`: the loader program's context; `log_level`, `log_buf` and `log_size` may be set before load
    "#]],
    );
}

#[test]
fn several_sources() {
    check_loader(
        "#include \"a.sk$0el.h\"\n//- /elsewhere/a.bpf.c\n#include <bpf/bpf_helpers.h>\n",
        expect![[r#"
            Skeleton of `a.bpf.c`

            Declared in `a.bpf.c`, the nearest; there are also `/elsewhere/a.bpf.c`
        "#]],
    );
    check_loader(
        "#include \"a.skel.h\"\nint f(struct a *s) { return s->bss->to$0tal; }\n\
         //- /elsewhere/a.bpf.c\n#include <bpf/bpf_helpers.h>\n",
        expect![[r#"
            ```c
            int total;
            ```

            `.bss`, offset 0 (0x0), size 4 bytes, alignment 4

            Initial value: 0

            Skeleton: `skel->bss->total`

            Declared in `a.bpf.c`, the nearest; there are also `/elsewhere/a.bpf.c`
        "#]],
    );
}

#[test]
fn nothing_of_plain_c() {
    check("int f(int to$0tal) { return total; } int total;", expect![""]);
    check(
        "struct s { int total; }; int total; int f(struct s *s) { return s->to$0tal; }",
        expect![""],
    );
    check_loader("#include \"a.skel.h\"\nint ma$0in(void) { return 0; }", expect![""]);
    check_loader("#include \"a.skel.h\"\nchar *s = \"ta$0ble\";", expect![""]);
    check_file("//- /plain.c\n#define __weak __attribute__((weak))\nint x __we$0ak;", expect![""]);
}

#[test]
fn what_the_object_has_no_say_in_waits_for_no_object() {
    // Whether something is shown, and whether the object was made for it.
    let check = |body: &str, expect: (bool, bool)| {
        let world = world(&format!(
            "//- /a.bpf.c\n#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\nint total;\n\
             extern void bpf_task_release(struct task_struct *p) __attribute__((section(\".ksyms\")));\n\
             static int own(void) {{ return total; }}\n{body}"
        ));
        let found = world.analysis.hover(&world.path, world.offset).expect("nobody cancels");
        let file = world.analysis.file(&world.path).expect("nobody cancels").expect("a file");
        assert_eq!((found.is_some(), file.has_model()), expect, "{body}");
    };
    check("SEC(\"tc\") long f(void *c) { return bpf_ktime_$0get_ns(); }", (true, false));
    check("SEC(\"tc\") long f(void *c) { bpf_task_$0release(c); return 0; }", (true, false));
    check("static int int$0ernal(void) { return 1; }", (false, false));
    check("SEC(\"tc\") long f(void *c) { return to$0tal; }", (true, true));
}

#[test]
fn members_and_locals_are_no_functions_of_the_kernel() {
    let helpers = "static unsigned long (*const bpf_ktime_get_ns)(void) = (void *)5;\n";
    for body in [
        "struct s { int bpf_ktime$0_get_ns; };",
        "struct s { int bpf_ktime_get_ns; }; int f(struct s *p) { return p->bpf_$0ktime_get_ns; }",
        "struct s { int bpf_ktime_get_ns; } v = { .bpf_$0ktime_get_ns = 1 };",
        "struct bpf_ktime$0_get_ns { int a; };",
        "int f(void) { int bpf_ktime_$0get_ns = 1; return bpf_ktime_get_ns; }",
        "int f(int bpf_ktime_get_ns) { return bpf_ktime_$0get_ns; }",
    ] {
        check(&format!("{helpers}{body}"), expect![""]);
    }
}

#[test]
fn a_variable_or_map_called_like_a_helper_is_the_users() {
    check_file(
        "//- /a.bpf.c\nint bpf_re$0direct;",
        expect![[r#"
        ```c
        int bpf_redirect;
        ```

        `.bss`, offset 0 (0x0), size 4 bytes, alignment 4

        Initial value: 0

        Skeleton: `skel->bss->bpf_redirect`
    "#]],
    );
    check_file(
        "//- /a.bpf.c\nstruct { int (*type)[2]; } bpf_re$0direct __attribute__((section(\".maps\")));",
        expect![[r#"
            **bpf_redirect**: map, `ARRAY`

            Skeleton: `skel->maps.bpf_redirect`
        "#]],
    );
}
