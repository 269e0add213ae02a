//! A program of each type, in the form that its section asks for.

use bpf::facts::sections::{self, ProgramSection};

use super::{entry, repair::Cursor, snippet::plain};
use crate::{
    answer::{Completion, CompletionKind},
    docs,
    markdown::Code,
};

/// One snippet a section name; names that only add `.s` or `.multi` to another are left out, as are
/// second names of the same thing.
pub(super) fn completions(cursor: &Cursor) -> Vec<Completion> {
    const SECOND_NAMES: [&str; 5] =
        ["classifier", "tracepoint", "raw_tracepoint", "raw_tracepoint.w", "tcx/ingress"];
    sections::all()
        .iter()
        .filter(|row| {
            let plain = !row.prefix.ends_with(".s") && !row.prefix.contains(".multi");
            plain && !SECOND_NAMES.contains(&row.prefix) && row.prefix != "tcx/egress"
        })
        .map(|row| {
            let (template, header) = template(row);
            let mut documentation = docs::sections::program(row);
            if let Some(header) = header {
                let include = format!("#include <bpf/{header}>");
                documentation.add("\n\nNeeds {}.", &[&Code(include)]);
            }
            Completion {
                detail: format!("program, {}", row.short_type()),
                documentation,
                insert: plain(&template),
                snippet: Some(template),
                ..entry(
                    format!("prog_{}", row.prefix.replace(['/', '.'], "_")),
                    CompletionKind::Snippet,
                    &cursor.replace,
                )
            }
        })
        .collect()
}

/// The macro, the target and the arguments that programs of a section are written with.
fn typed(row: &ProgramSection) -> Option<(&'static str, &'static str, &'static str, &'static str)> {
    const TRACING: &str = "bpf_tracing.h";
    Some(match row.prefix {
        "kprobe" | "kprobe.session" => ("BPF_KPROBE", "do_unlinkat", "int dfd", TRACING),
        "kretprobe" => ("BPF_KRETPROBE", "do_unlinkat", "long ret", TRACING),
        "ksyscall" => ("BPF_KSYSCALL", "openat", "int dfd, const char *path", TRACING),
        "kretsyscall" => ("BPF_KRETPROBE", "openat", "long ret", TRACING),
        "uprobe" | "uprobe.session" => {
            ("BPF_UPROBE", "/usr/lib/libc.so.6:malloc", "long size", TRACING)
        }
        "uretprobe" => ("BPF_URETPROBE", "/usr/lib/libc.so.6:malloc", "void *ret", TRACING),
        "usdt" => ("BPF_USDT", "/usr/lib/libc.so.6:libc:setjmp", "long arg", "usdt.bpf.h"),
        "fentry" => ("BPF_PROG", "do_unlinkat", "int dfd, struct filename *name", TRACING),
        "fexit" | "fsession" => {
            ("BPF_PROG", "do_unlinkat", "int dfd, struct filename *name, long ret", TRACING)
        }
        "fmod_ret" => ("BPF_PROG", "bpf_modify_return_test", "int a, int *b, int ret", TRACING),
        "tp_btf" => (
            "BPF_PROG",
            "sched_switch",
            "bool preempt, struct task_struct *prev, struct task_struct *next",
            TRACING,
        ),
        "lsm" => ("BPF_PROG", "file_open", "struct file *file, int ret", TRACING),
        "lsm_cgroup" => {
            ("BPF_PROG", "socket_bind", "struct socket *sock, struct sockaddr *address", TRACING)
        }
        _ => return None,
    })
}

/// A program as a snippet, and the header that it needs beside `bpf_helpers.h`.
fn template(row: &ProgramSection) -> (String, Option<&'static str>) {
    let section = row.prefix;
    if let Some((form, target, arguments, header)) = typed(row) {
        let text = format!(
            "SEC(\"{section}/${{1:{target}}}\")\nint {form}(${{2:name}}, ${{3:{arguments}}})\n{{\n\t$0\n\treturn 0;\n}}"
        );
        return (text, Some(header));
    }
    if section == "struct_ops" {
        let text =
            "SEC(\"struct_ops\")\n${1:void} BPF_PROG(${2:name}, ${3:struct sock *sk})\n{\n\t$0\n}";
        return (text.to_owned(), Some("bpf_tracing.h"));
    }
    let target = match section {
        "tp" => "/${1:syscalls/sys_enter_openat}",
        "raw_tp" | "raw_tp.w" => "/${1:sched_switch}",
        "iter" => "/${1:task}",
        "freplace" => "/${1:function}",
        _ => "",
    };
    let context = match (section, row.context) {
        ("tp", _) => "struct ${3:trace_event_raw_sys_enter} *ctx".to_owned(),
        ("iter", _) => "struct bpf_iter__$1 *ctx".to_owned(),
        ("freplace", _) => "${3:struct xdp_md *ctx}".to_owned(),
        ("lirc_mode2", _) => "unsigned int *sample".to_owned(),
        ("struct_ops" | "syscall", _) | (_, "") => "void *ctx".to_owned(),
        (_, context) => format!("struct {context} *ctx"),
    };
    let result = match row.short_type() {
        "XDP" => "XDP_PASS",
        "SK_SKB" | "SK_MSG" | "SK_LOOKUP" | "SK_REUSEPORT" => "SK_PASS",
        // 1 lets through.
        "NETFILTER" | "CGROUP_SKB" | "CGROUP_SOCK" | "CGROUP_SOCK_ADDR" | "CGROUP_DEVICE"
        | "CGROUP_SYSCTL" | "CGROUP_SOCKOPT" | "SOCK_OPS" => "1",
        _ => "0",
    };
    let text = format!(
        "SEC(\"{section}{target}\")\nint ${{2:name}}({context})\n{{\n\t$0\n\treturn {result};\n}}"
    );
    (text, None)
}
