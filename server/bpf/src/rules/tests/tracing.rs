//! Rules about typed arguments and about printing.

use expect_test::expect;

use super::{check, program};

fn wrapped(section: &str, declarations: &str, signature: &str, body: &str) -> String {
    format!(
        "#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_tracing.h>\n\
         #include <bpf/bpf_core_read.h>\n\
         struct file {{ int pos; struct file *next; }};\n{declarations}\n\
         SEC(\"{section}\")\nint {signature} {{ {body} return 0; }}\n\
         char LICENSE[] SEC(\"license\") = \"GPL\";\n"
    )
}

#[test]
fn kprobe_of_a_wrapped_system_call() {
    check(
        &wrapped("kprobe/__x64_sys_nanosleep", "", "BPF_KPROBE(prog, void *req)", ""),
        expect![[r#"
            warning kprobe-syscall-wrapper at `"kprobe/__x64_sys_nanosleep"`: the entry of a system call gets one argument, a pointer to the caller's registers: the arguments of `prog` are garbage; use `ksyscall/nanosleep` with `BPF_KSYSCALL`
                fix Use `BPF_KSYSCALL`: `"kprobe/__x64_sys_nanosleep"` -> `"ksyscall/nanosleep"`, `BPF_KPROBE` -> `BPF_KSYSCALL`
        "#]],
    );
    check(
        &wrapped(
            "?kprobe/__arm64_sys_openat",
            "#define TYPED BPF_KPROBE",
            "TYPED(prog, int dfd, char *name)",
            "",
        ),
        expect![[r#"
            warning kprobe-syscall-wrapper at `"?kprobe/__arm64_sys_openat"`: the entry of a system call gets one argument, a pointer to the caller's registers: the arguments of `prog` are garbage; use `ksyscall/openat` with `BPF_KSYSCALL`
                fix Use `BPF_KSYSCALL`: `"?kprobe/__arm64_sys_openat"` -> `"?ksyscall/openat"`, `BPF_KPROBE` -> `BPF_KSYSCALL`
        "#]],
    );
}

#[test]
fn kprobes_with_the_right_arguments() {
    check(
        &wrapped("kprobe/__x64_sys_nanosleep", "", "BPF_KPROBE(prog, struct pt_regs *regs)", ""),
        expect![[""]],
    );
    check(
        &wrapped("kprobe/__x64_sys_nanosleep", "", "prog(struct pt_regs *ctx)", ""),
        expect![[""]],
    );
    check(
        &wrapped("kprobe/do_nanosleep", "", "BPF_KPROBE(prog, void *timer, int mode)", ""),
        expect![[""]],
    );
}

#[test]
fn kprobe_argument_dereferenced() {
    check(
        &wrapped("kprobe/vfs_read", "", "BPF_KPROBE(prog, struct file *f)", "return f->pos;"),
        expect![[r#"
            error kprobe-direct-deref at `f`: `f` is a plain number for the verifier: reading through it in a kprobe is rejected; use `BPF_CORE_READ` or `bpf_probe_read_kernel`
                at `f`: the argument of the probed function
        "#]],
    );
    check(
        &wrapped(
            "kprobe/vfs_read",
            "",
            "BPF_KPROBE(prog, int *n, int m)",
            "if (m) return 0; return *n + n[1];",
        ),
        expect![[r#"
            error kprobe-direct-deref at `n`: `n` is a plain number for the verifier: reading through it in a kprobe is rejected; use `BPF_CORE_READ` or `bpf_probe_read_kernel`
                at `n`: the argument of the probed function
        "#]],
    );
}

#[test]
fn kprobe_argument_read_with_helpers() {
    check(
        &wrapped(
            "kprobe/vfs_read",
            "",
            "BPF_KPROBE(prog, struct file *f)",
            "int p = BPF_CORE_READ(f, next, pos); bpf_probe_read_kernel(&p, 4, &f->pos); return p + sizeof(f->pos);",
        ),
        expect![""],
    );
    check(
        &wrapped(
            "kprobe/vfs_read",
            "",
            "BPF_KPROBE(prog, struct file *f)",
            "struct file here = {}; f = &here; return f->pos;",
        ),
        expect![[""]],
    );
    check(
        &wrapped("fentry/vfs_read", "", "BPF_PROG(prog, struct file *f)", "return f->pos;"),
        expect![[""]],
    );
}

#[test]
fn tp_btf_arguments_behind_the_last() {
    let typedef = "typedef void (*btf_trace_my_event)(void *, int, struct file *);";
    check(
        &wrapped(
            "tp_btf/my_event",
            typedef,
            "BPF_PROG(prog, int a, struct file *f, int more)",
            "return more;",
        ),
        expect![[r#"
            error tracing-arity at `more`: the event `my_event` has 2 arguments (`btf_trace_my_event`): the verifier rejects the read of `more` behind them
        "#]],
    );
    check(
        &wrapped(
            "tp_btf/my_event",
            "typedef void (*btf_trace_my_event)(void *, int);",
            "BPF_PROG(prog, int a, int b, int c)",
            "bpf_printk(\"%d\", c);",
        ),
        expect![[r#"
            error tracing-arity at `c`: the event `my_event` has 1 argument (`btf_trace_my_event`): the verifier rejects the read of `c` behind them
        "#]],
    );
    check(
        &wrapped(
            "tp_btf/my_event",
            typedef,
            "BPF_PROG(prog, int a, struct file *f)",
            "return f->pos;",
        ),
        expect![[""]],
    );
    check(
        &wrapped(
            "tp_btf/my_event",
            typedef,
            "BPF_PROG(prog, int a, struct file *f, int more)",
            "(void)more;",
        ),
        expect![[""]],
    );
    check(
        &wrapped("tp_btf/other", typedef, "BPF_PROG(prog, int a, int b, int c)", "return c;"),
        expect![[""]],
    );
}

#[test]
fn printk_with_too_few_or_too_many_arguments() {
    check(
        &program("xdp", "", "bpf_printk(\"%d of %d\\n\", 1);"),
        expect![[r#"
            warning printk-arguments at `bpf_printk`: the format has 2 conversions for 1 argument: what is printed for the rest is not defined
        "#]],
    );
    check(
        &program("xdp", "", "bpf_printk(\"%d %d %d %d %s\", 1, 2, 3, 4);"),
        expect![[r#"
            warning printk-arguments at `bpf_printk`: the format has 5 conversions for 4 arguments: the helper answers -EINVAL and prints nothing
        "#]],
    );
    check(
        &program(
            "xdp",
            "#define debug(fmt, args...) bpf_printk(\"[x] \" fmt, ##args)",
            "debug(\"plain\", 1);",
        ),
        expect![[r#"
            warning printk-arguments at `debug`: the format has 0 conversions for 1 argument: the rest is not printed
        "#]],
    );
    check(
        &program("xdp", "", "char fmt[] = \"%d\"; bpf_trace_printk(fmt, sizeof(fmt));"),
        expect![[r#"
            warning printk-arguments at `bpf_trace_printk`: the format has 1 conversion for 0 arguments: what is printed for the rest is not defined
        "#]],
    );
}

#[test]
fn printk_with_what_it_needs() {
    check(&program("xdp", "", "bpf_printk(\"100%% %d %pI4\\n\", 1, ctx);"), expect![[""]]);
    check(&program("xdp", "", "bpf_printk(\"%d %d %d %llx\", 1, 2, 3, 4ULL);"), expect![[""]]);
    check(
        &program(
            "xdp",
            "",
            "char fmt[] = \"%d\"; fmt[1] = 'x'; bpf_trace_printk(fmt, sizeof(fmt));",
        ),
        expect![[""]],
    );
}

#[test]
fn kernel_structs_read_without_a_licence() {
    let text = |section: &str, body: &str| {
        wrapped(section, "", "BPF_PROG(prog, struct file *f, int *n)", body)
            .replace("\"GPL\"", "\"Proprietary\"")
    };
    check(
        &text("fentry/vfs_read", "return f->pos;"),
        expect![[r#"
        error license-not-gpl at `LICENSE`: `Proprietary` is none of the licences that the kernel takes for GPL compatible, and reading the kernel's memory through `f` needs one: the kernel refuses `prog`
            at `f`: reading the kernel's memory through `f` needs one
    "#]],
    );
    check(
        &text("tp_btf/my_event", "if (n) return 1; return f->next->pos;"),
        expect![[r#"
        error license-not-gpl at `LICENSE`: `Proprietary` is none of the licences that the kernel takes for GPL compatible, and reading the kernel's memory through `f` needs one: the kernel refuses `prog`
            at `f`: reading the kernel's memory through `f` needs one
    "#]],
    );
    check(&text("fentry/vfs_read", "return f == 0;"), expect![[""]]);
    check(&text("fexit/vfs_read", "return bpf_get_smp_processor_id();"), expect![[""]]);
}
