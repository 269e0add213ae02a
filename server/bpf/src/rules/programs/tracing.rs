//! Typed arguments of tracing programs: `kprobe-syscall-wrapper`, `kprobe-direct-deref`, `tracing-arity`.

use cfront::{
    ast::{self, Expr, ExprKind, visit},
    ctypes::{CType, CTypeId},
    sema::{Local, LocalId, LocalKind},
    symbol::Symbol,
    unit::Unit,
};

use super::super::{
    code::{
        FnBody,
        entries::Entry,
        is_local,
        kernel_reads::{dereferenced, parameters},
    },
    context::{Check, Context, Family},
};
use crate::{
    diagnostic::{Diagnostic, Edit, Fix, Severity},
    places,
    rule::{self, Rule, Scope},
};

static WRAPPER: Rule = Rule {
    id: "kprobe-syscall-wrapper",
    severity: Severity::Warning,
    title: "typed arguments of a syscall wrapper are garbage",
    happens: "The program reads the wrong registers, so its arguments are garbage.",
    why: "On most architectures `__x64_sys_*` and the like get one argument: a pointer to the registers of the \
          caller. `BPF_KPROBE` with the system call's own arguments reads the registers of the wrapper.",
    fix: "Use `SEC(\"ksyscall/NAME\")` with `BPF_KSYSCALL`.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

static DEREF: Rule = Rule {
    id: "kprobe-direct-deref",
    severity: Severity::Error,
    title: "a kprobe argument is dereferenced directly",
    happens: "The verifier rejects the program.",
    why: "For the verifier the arguments of a kprobe or uprobe program are plain numbers, whatever their C type. \
          It refuses to read through one with `->` or `*`.",
    fix: "Use `BPF_CORE_READ` or `bpf_probe_read_kernel`, for user memory `BPF_PROBE_READ_USER` or \
          `bpf_probe_read_user`.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

static ARITY: Rule = Rule {
    id: "tracing-arity",
    severity: Severity::Error,
    title: "the argument list does not fit the attach point or the macro",
    happens: "The verifier rejects a program that reads an argument which the event does not have. One argument \
              too many for the macro does not compile.",
    why: "A BTF-based tracing program gets the arguments of the traced event, in order, and no others. libbpf's \
          macros count their arguments up to a limit: `BPF_PROG` and `BPF_USDT` 12, `BPF_KPROBE` 8, \
          `BPF_KSYSCALL` 7.",
    fix: "Declare the arguments that the event has, as `btf_trace_NAME` in `vmlinux.h` lists them behind the \
          first.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&WRAPPER, &DEREF, &ARITY], check: Check::object(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    for entry in cx.entries() {
        macro_arguments(cx, entry, found);
        match entry.row.short_type() {
            "KPROBE" => {
                syscall_wrapper(cx, entry, found);
                direct_deref(cx, entry, found);
            }
            "TRACING" if entry.row.prefix == "tp_btf" => arity(cx, entry, found),
            _ => {}
        }
    }
}

/// libbpf's macros count their arguments up to a number, and expand to nonsense beyond.
fn macro_arguments(cx: Context<'_>, entry: &Entry, found: &mut Vec<Diagnostic>) {
    const MOST: [(&str, usize); 4] =
        [("BPF_PROG", 12), ("BPF_KPROBE", 8), ("BPF_KSYSCALL", 7), ("BPF_USDT", 12)];
    for (name, most) in MOST {
        let Some(body) = entry.wrapped(cx.code(), &[name]) else { continue };
        let Some(extra) = parameters(&body).nth(most) else { continue };
        let Some(range) = body.place(cx.unit, extra.token) else { continue };
        found.push(Diagnostic::new(
            &ARITY,
            range,
            format!(
                "`{name}` takes {most} arguments, but `{}` is number {}: the macro does not compile",
                extra.name,
                most + 1
            ),
        ));
    }
}

/// Names of system call entries that get one pointer to the caller's registers
/// (`ARCH_HAS_SYSCALL_WRAPPER`).
fn wrapped_syscall(section: &str) -> Option<&str> {
    let name = section.trim_start_matches('?').strip_prefix("kprobe/")?;
    ["__x64_sys_", "__arm64_sys_", "__s390x_sys_", "__riscv_sys_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
}

fn syscall_wrapper(cx: Context<'_>, entry: &Entry, found: &mut Vec<Diagnostic>) {
    let Some(call) = wrapped_syscall(entry.section) else { return };
    let Some(body) = entry.wrapped(cx.code(), &["BPF_KPROBE"]) else { return };
    let given: Vec<&Local> = parameters(&body).collect();
    if given.is_empty() || matches!(given.as_slice(), [one] if is_registers(cx.unit, one.ty)) {
        return;
    }
    let Some(decl) = entry.function.decls.iter().find(|d| d.attrs.section.is_some()) else {
        return;
    };
    let string = places::section_string(cx.unit, decl);
    let name = places::function(cx.unit, &entry.function);
    let Some(range) = string.as_ref().map(|s| s.range).or(name) else { return };
    let mut finding = Diagnostic::new(
        &WRAPPER,
        range,
        format!(
            "the entry of a system call gets one argument, a pointer to the caller's registers, so the arguments of \
             `{}` are garbage; use `ksyscall/{call}` with `BPF_KSYSCALL`",
            entry.function.name
        ),
    );
    let optional = if entry.section.starts_with('?') { "?" } else { "" };
    if let Some(string) = string.filter(|s| s.is_literal)
        && let Some(name) = entry.macro_name(cx.code(), "BPF_KPROBE")
    {
        let section = places::c_string(&format!("{optional}ksyscall/{call}"));
        let edits = [Edit::replace(string.range, section), Edit::replace(name, "BPF_KSYSCALL")];
        finding = finding.with_fixes([Fix::new("Use `BPF_KSYSCALL`", edits)]);
    }
    found.push(finding);
}

fn is_registers(unit: &Unit, ty: CTypeId) -> bool {
    let CType::Pointer(to) = unit.canonical(ty) else { return false };
    let CType::Record(id) = unit.canonical(to) else { return false };
    unit.record(id).and_then(|r| r.tag).is_some_and(|tag| tag.as_str() == "pt_regs")
}

/// The arguments of a kprobe are numbers for the verifier.
fn direct_deref(cx: Context<'_>, entry: &Entry, found: &mut Vec<Diagnostic>) {
    let macros = ["BPF_KPROBE", "BPF_KRETPROBE", "BPF_KSYSCALL", "BPF_UPROBE", "BPF_URETPROBE"];
    let Some(body) = entry.wrapped(cx.code(), &macros) else { return };
    let user = ["uprobe", "uretprobe", "ksyscall", "kretsyscall", "usdt"]
        .iter()
        .any(|prefix| entry.row.prefix.starts_with(prefix));
    let instead = if user {
        "`BPF_PROBE_READ_USER` or `bpf_probe_read_user`"
    } else {
        "`BPF_CORE_READ` or `bpf_probe_read_kernel`"
    };
    for (parameter, token) in dereferenced(cx.unit, &body) {
        let Some(range) = body.place(cx.unit, token) else { continue };
        let mut finding = Diagnostic::new(
            &DEREF,
            range,
            format!(
                "for the verifier `{}` is a plain number, and it rejects a {} that reads through it; use {instead}",
                parameter.name,
                if user { "uprobe" } else { "kprobe" }
            ),
        );
        if let Some(place) = body.place(cx.unit, parameter.token) {
            finding = finding.with_related(place, "the argument of the probed function");
        }
        found.push(finding);
    }
}

/// A `tp_btf` program that uses an argument which the event does not have, by the `btf_trace_*`
/// typedef of the project's `vmlinux.h`.
fn arity(cx: Context<'_>, entry: &Entry, found: &mut Vec<Diagnostic>) {
    let unit = cx.unit;
    let Some(event) = entry.section.trim_start_matches('?').strip_prefix("tp_btf/") else { return };
    let Some(typedef) = unit.typedef_named(Symbol::intern(&format!("btf_trace_{event}"))) else {
        return;
    };
    let Some(typedef) = unit.typedef(typedef) else { return };
    let CType::Pointer(to) = unit.canonical(typedef.to) else { return };
    let CType::Function(signature) = unit.canonical(to) else { return };
    // The first parameter is the event's own data.
    let Some(has) = signature.params.len().checked_sub(1) else { return };
    let Some(body) = entry.wrapped(cx.code(), &["BPF_PROG"]) else { return };
    // An argument that nothing uses is never read from the context.
    let Some(extra) = parameters(&body)
        .filter(|p| matches!(p.kind, LocalKind::Param(index) if index as usize > has))
        .find(|p| is_read(&body, p.id))
    else {
        return;
    };
    let Some(range) = body.place(unit, extra.token) else { return };
    let plural = if has == 1 { "argument" } else { "arguments" };
    found.push(Diagnostic::new(
        &ARITY,
        range,
        format!(
            "the event `{event}` has {has} {plural} (`btf_trace_{event}`): the verifier rejects the read of `{}`",
            extra.name
        ),
    ));
}

fn is_read(body: &FnBody, local: LocalId) -> bool {
    struct Uses<'a> {
        body: &'a FnBody,
        local: LocalId,
        first: u32,
        /// Some use stands alone as a discarded expression (`(void)x;`), which is no read.
        discarded: bool,
    }
    impl visit::Visitor for Uses<'_> {
        fn expr(&mut self, expr: &Expr) {
            if let ExprKind::Ident(ident) = &expr.kind
                && is_local(self.body, expr, self.local)
            {
                self.first = self.first.min(ident.token);
            }
        }

        fn stmt(&mut self, stmt: &ast::Stmt) {
            if let ast::StmtKind::Expr(e) = &stmt.kind {
                self.discarded |= is_local(self.body, e.uncast(), self.local);
            }
        }
    }
    let Some(syntax) = body.syntax() else { return false };
    let mut uses = Uses { body, local, first: u32::MAX, discarded: false };
    visit::block(&syntax.body, &mut uses);
    // A use that can be folded away is not certain either.
    uses.first != u32::MAX && body.walked_at(uses.first) && !uses.discarded
}
