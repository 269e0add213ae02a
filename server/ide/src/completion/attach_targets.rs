//! What a program may be attached to, behind the `/` of a section name: what the project's own
//! `vmlinux.h` says of the kernel. Nothing where it says nothing.

use std::sync::Arc;

use bpf::facts::sections;
use cfront::{
    ctypes::{CType, CTypeId, Record},
    names::NameSpace,
    pp::IncludeDirective,
    source::FileId,
    symbol::Symbol,
    unit::{ItemId, Unit},
};
use rustc_hash::FxHashSet;

use super::{entry, repair::Cursor};
use crate::{
    answer::{Completion, CompletionKind},
    pipeline::FileAnalysis,
};

/// Targets for the section name before the cursor.
pub(super) fn completions(cursor: &Cursor, file: &FileAnalysis) -> Vec<Completion> {
    let name = cursor.word.trim_start_matches('?');
    let Some((kind, target)) = name.split_once('/') else { return Vec::new() };
    let known = sections::all().iter().any(|row| row.takes_target && row.prefix == kind);
    let bare = kind.split('.').next().unwrap_or(kind);
    let Some(targets) = known.then(|| targets(bare, target, &file.unit)).flatten() else {
        return Vec::new();
    };
    let mut replace = cursor.replace.clone();
    let typed = target.rsplit('/').next().unwrap_or(target);
    replace.start = replace.end.saturating_sub(typed.len() as u32);
    let mut seen = FxHashSet::default();
    let mut all: Vec<Completion> = targets
        .into_iter()
        .filter(|(name, _)| seen.insert(name.clone()))
        .map(|(name, detail)| Completion { detail, ..entry(name, CompletionKind::Text, &replace) })
        .collect();
    all.sort_by(|a, b| a.label.cmp(&b.label));
    all
}

type Named = (String, String);

fn targets(kind: &str, target: &str, unit: &Unit) -> Option<Vec<Named>> {
    Some(match kind {
        "tp_btf" | "raw_tp" | "raw_tracepoint" => {
            tracepoints(unit).into_iter().map(|name| (name, "tracepoint".to_owned())).collect()
        }
        "tp" | "tracepoint" => {
            // vmlinux.h does not name the groups; most events begin with their group's name.
            let (group, _) = target.split_once('/')?;
            let prefix = format!("{group}_");
            let mut names = tracepoints(unit);
            names.retain(|name| name.starts_with(&prefix));
            let detail = "event of the kernel; vmlinux.h does not tell its group";
            names.into_iter().map(|name| (name, detail.to_owned())).collect()
        }
        "fentry" | "fexit" | "fmod_ret" | "fsession" | "kprobe" | "kretprobe" => functions(unit),
        "lsm" | "lsm_cgroup" => {
            let hooks = record(unit, "security_list_options");
            let hooks = hooks.or_else(|| record(unit, "security_hook_heads"))?;
            members(unit, &hooks)
        }
        "iter" => tags_with(unit, "bpf_iter__")
            .map(|name| (name.to_owned(), format!("struct bpf_iter__{name}")))
            .collect(),
        "struct_ops" => tags_with(unit, "bpf_struct_ops_")
            .filter_map(|name| Some((name, record(unit, name)?)))
            .flat_map(|(name, ops)| {
                let of = format!("struct {name}");
                let callbacks = ops.fields.iter().filter(|field| is_callback(unit, field.ty));
                let names: Vec<Named> = callbacks
                    .filter_map(|field| Some((field.name?.as_str().to_owned(), of.clone())))
                    .collect();
                names
            })
            .collect(),
        _ => return None,
    })
}

/// The kernel's tracepoints: `typedef void (*btf_trace_NAME)(void *, ...)`.
fn tracepoints(unit: &Unit) -> Vec<String> {
    let names = unit.declared_names().into_iter();
    names
        .filter(|(_, space)| *space == NameSpace::Typedef)
        .filter_map(|(name, _)| name.as_str().strip_prefix("btf_trace_").map(str::to_owned))
        .collect()
}

/// Functions that the kernel's own header declares.
fn functions(unit: &Unit) -> Vec<Named> {
    let kernels = |include: &IncludeDirective| {
        let name = include.path.rsplit('/').next().unwrap_or_default();
        include.resolved.filter(|_| name.starts_with("vmlinux"))
    };
    let headers: Vec<FileId> = unit.preprocessed().includes.iter().filter_map(kernels).collect();
    let in_header = |name: Symbol| {
        let place = unit.function(name)?.decls.first()?.place;
        let file = unit.token_place(ItemId(place.item), place.token)?.file;
        headers.contains(&file).then_some(())
    };
    header_functions(unit)
        .into_iter()
        .filter(|(name, _)| in_header(*name).is_some())
        .map(|(name, ty)| (name.as_str().to_owned(), unit.spell(ty, Some(name.as_str()))))
        .collect()
}

/// Functions of the kernel that headers declare (`extern ... __ksym`), with their types.
pub(super) fn header_functions(unit: &Unit) -> Vec<(Symbol, CTypeId)> {
    let names = unit.declared_names().into_iter();
    names
        .filter(|(_, space)| *space == NameSpace::Ordinary)
        .filter_map(|(name, _)| unit.function(name))
        .filter(|function| {
            let section = function.attrs.section.map(Symbol::as_str);
            function.definition.is_none() && section == Some(".ksyms")
        })
        .map(|function| (function.name, function.ty))
        .collect()
}

fn tags_with<'u>(unit: &'u Unit, prefix: &'u str) -> impl Iterator<Item = &'static str> + 'u {
    let names = unit.declared_names().into_iter();
    names
        .filter(|(_, space)| *space == NameSpace::Tag)
        .filter_map(move |(name, _)| name.as_str().strip_prefix(prefix))
}

fn record(unit: &Unit, tag: &str) -> Option<Arc<Record>> {
    let CType::Record(id) = unit.canonical(unit.tag(Symbol::intern(tag))?) else { return None };
    unit.record(id).filter(|record| record.defined)
}

fn members(unit: &Unit, record: &Record) -> Vec<Named> {
    let named = record.fields.iter().filter_map(|field| Some((field.name?, field.ty)));
    named
        .map(|(name, ty)| (name.as_str().to_owned(), unit.spell(ty, Some(name.as_str()))))
        .collect()
}

fn is_callback(unit: &Unit, ty: CTypeId) -> bool {
    match unit.canonical(ty) {
        CType::Pointer(to) => matches!(unit.canonical(to), CType::Function { .. }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::test_world::completions;

    const KERNEL: &str = "//- /vmlinux.h\ntypedef unsigned int __u32;\nstruct file; struct sock;\n\
        typedef void (*btf_trace_sched_switch)(void *, int);\ntypedef void (*btf_trace_sched_wakeup)(void *);\n\
        typedef void (*btf_trace_kfree_skb)(void *);\ntypedef int plain;\n\
        union security_list_options { int (*file_open)(struct file *); int (*bpf)(int, void *); };\n\
        struct bpf_iter__task { int x; }; struct bpf_iter__map { int x; };\n\
        struct bpf_struct_ops_common_value { int x; };\n\
        struct tcp_ops { void (*init)(struct sock *); int flags; };\n\
        struct bpf_struct_ops_tcp_ops { struct tcp_ops data; };\n\
        extern struct file *bpf_get_file(int fd) __attribute__((section(\".ksyms\")));\n";

    fn check(section: &str, expect: Expect) {
        expect.assert_eq(&completions(&format!(
            "//- /a.bpf.c\n#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n\
             SEC(\"{section}$0\") int f(void *ctx) {{ return 0; }}\n{KERNEL}"
        )));
    }

    #[test]
    fn of_the_projects_own_kernel() {
        check(
            "tp_btf/",
            expect![[r#"
            kfree_skb | tracepoint
            sched_switch | tracepoint
            sched_wakeup | tracepoint
            tp_btf/ | TRACING, BPF_TRACE_RAW_TP
        "#]],
        );
        check(
            "?raw_tp/sched_w",
            expect![[r#"
            sched_wakeup | tracepoint
        "#]],
        );
        check(
            "tp/",
            expect![[r#"
            tp/ | TRACEPOINT
        "#]],
        );
        check(
            "tracepoint/sched/",
            expect![[r#"
            sched_switch | event of the kernel; vmlinux.h does not tell its group
            sched_wakeup | event of the kernel; vmlinux.h does not tell its group
        "#]],
        );
        check(
            "lsm.s/",
            expect![[r#"
            bpf | int (*bpf)(int, void *)
            file_open | int (*file_open)(struct file *)
            lsm.s/ | LSM, BPF_LSM_MAC, sleepable
        "#]],
        );
        check(
            "iter/ta",
            expect![[r#"
            task | struct bpf_iter__task
        "#]],
        );
        check(
            "struct_ops/",
            expect![[r#"
            init | struct tcp_ops
            struct_ops/ | STRUCT_OPS
        "#]],
        );
        check(
            "fentry/",
            expect![[r#"
                bpf_get_file | struct file *bpf_get_file(int)
                fentry/ | TRACING, BPF_TRACE_FENTRY
            "#]],
        );
    }

    #[test]
    fn nothing_where_the_kernel_is_not_known() {
        check(
            "uprobe/",
            expect![[r#"
            uprobe/ | KPROBE
        "#]],
        );
        check("nonsense/", expect![""]);
        let without = "//- /a.bpf.c\n#include <bpf/bpf_helpers.h>\nSEC(\"tp_btf/$0\") int f(void *c) { return 0; }\n";
        expect![[r#"
            tp_btf/ | TRACING, BPF_TRACE_RAW_TP
        "#]]
        .assert_eq(&completions(without));
    }

    #[test]
    fn kernel_functions_that_the_header_declares() {
        let text = "//- /a.bpf.c\n#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n\
                    SEC(\"tc\") int f(void *ctx) { return bpf_get_f$0; }\n";
        expect![[r#"
            bpf_get_file | struct file *bpf_get_file(int)
            bpf_get_file_xattr | kfunc
            bpf_get_fsverity_digest | kfunc
            bpf_get_func_arg | long (void *ctx, __u32 n, __u64 *value)
            bpf_get_func_arg_cnt | long (void *ctx)
            bpf_get_func_ip | __u64 (void *ctx)
            bpf_get_func_ret | long (void *ctx, __u64 *value)
        "#]]
        .assert_eq(&completions(&format!("{text}{KERNEL}")));
    }
}
