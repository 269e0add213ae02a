//! Rules about typed arguments of tracing programs: `kprobe-syscall-wrapper`, `kprobe-direct-deref`,
//! `tracing-arity`.

use cfront::{
    ast::{Expr, ExprKind, visit},
    ctypes::{CType, CTypeId},
    sema::{Local, LocalId, LocalKind},
    symbol::Symbol,
    unit::Unit,
};

use super::{
    Input, RuleId,
    code::{Code, FnBody, strip_casts},
    kernel_reads::{dereferenced, parameters},
    places,
    programs::Entry,
};
use crate::diagnostic::Diagnostic;

const WRAPPER: RuleId = RuleId("kprobe-syscall-wrapper");
const DEREF: RuleId = RuleId("kprobe-direct-deref");
const ARITY: RuleId = RuleId("tracing-arity");

pub(super) fn check(
    input: Input<'_>,
    code: &Code<'_>,
    entries: &[Entry],
    found: &mut Vec<Diagnostic>,
) {
    for entry in entries {
        macro_arguments(input, code, entry, found);
        match entry.row.short_type() {
            "KPROBE" => {
                syscall_wrapper(input, code, entry, found);
                direct_deref(input, code, entry, found);
            }
            "TRACING" if entry.row.prefix == "tp_btf" => arity(input, code, entry, found),
            _ => {}
        }
    }
}

/// libbpf's macros count their arguments up to a number, and expand to nonsense beyond.
fn macro_arguments(input: Input<'_>, code: &Code<'_>, entry: &Entry, found: &mut Vec<Diagnostic>) {
    const MOST: [(&str, usize); 4] =
        [("BPF_PROG", 12), ("BPF_KPROBE", 8), ("BPF_KSYSCALL", 7), ("BPF_USDT", 12)];
    for (name, most) in MOST {
        let Some(body) = entry.wrapped(code, &[name]) else { continue };
        let Some(extra) = parameters(&body).nth(most) else { continue };
        let Some(range) = body.place(input.unit, extra.token) else { continue };
        found.push(Diagnostic::new(
            ARITY,
            range,
            format!(
                "`{name}` takes {most} arguments, `{}` is number {}: the macro does not compile",
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

fn syscall_wrapper(input: Input<'_>, code: &Code<'_>, entry: &Entry, found: &mut Vec<Diagnostic>) {
    let Some(call) = wrapped_syscall(entry.section) else { return };
    let Some(body) = entry.wrapped(code, &["BPF_KPROBE"]) else { return };
    let given: Vec<&Local> = parameters(&body).collect();
    if given.is_empty() || matches!(given.as_slice(), [one] if is_registers(input.unit, one.ty)) {
        return;
    }
    let Some(decl) = entry.function.decls.iter().find(|d| d.attrs.section.is_some()) else {
        return;
    };
    let string = places::section_string(input.unit, decl);
    let name = places::function(input.unit, &entry.function);
    let Some(range) = string.as_ref().map(|s| s.range).or(name) else { return };
    let mut finding = Diagnostic::new(
        WRAPPER,
        range,
        format!(
            "the entry of a system call gets one argument, a pointer to the caller's registers: the \
             arguments of `{}` are garbage; use `ksyscall/{call}` with `BPF_KSYSCALL`",
            entry.function.name
        ),
    );
    let optional = if entry.section.starts_with('?') { "?" } else { "" };
    if let Some(string) = string.filter(|s| s.is_literal)
        && let Some(name) = entry.macro_name(code, "BPF_KPROBE")
    {
        finding = finding.with_fix(
            "Use `BPF_KSYSCALL`",
            vec![
                (string.range, places::c_string(&format!("{optional}ksyscall/{call}"))),
                (name, "BPF_KSYSCALL".into()),
            ],
        );
    }
    found.push(finding);
}

fn is_registers(unit: &Unit, ty: CTypeId) -> bool {
    let CType::Pointer(to) = unit.canonical(ty) else { return false };
    let CType::Record(id) = unit.canonical(to) else { return false };
    unit.record(id).and_then(|r| r.tag).is_some_and(|tag| tag.as_str() == "pt_regs")
}

/// The arguments of a kprobe are numbers for the verifier.
fn direct_deref(input: Input<'_>, code: &Code<'_>, entry: &Entry, found: &mut Vec<Diagnostic>) {
    let macros = ["BPF_KPROBE", "BPF_KRETPROBE", "BPF_KSYSCALL", "BPF_UPROBE", "BPF_URETPROBE"];
    let Some(body) = entry.wrapped(code, &macros) else { return };
    let user = ["uprobe", "uretprobe", "ksyscall", "kretsyscall", "usdt"]
        .iter()
        .any(|prefix| entry.row.prefix.starts_with(prefix));
    let instead = if user {
        "`BPF_PROBE_READ_USER` or `bpf_probe_read_user`"
    } else {
        "`BPF_CORE_READ` or `bpf_probe_read_kernel`"
    };
    for (parameter, token) in dereferenced(input.unit, &body) {
        let Some(range) = body.place(input.unit, token) else { continue };
        let mut finding = Diagnostic::new(
            DEREF,
            range,
            format!(
                "`{}` is a plain number for the verifier: reading through it in a {} is rejected; use \
                 {instead}",
                parameter.name,
                if user { "uprobe" } else { "kprobe" }
            ),
        );
        if let Some(place) = body.place(input.unit, parameter.token) {
            finding = finding.with_related(place, "the argument of the probed function");
        }
        found.push(finding);
    }
}

/// A `tp_btf` program that uses an argument which the event does not have, by the `btf_trace_*`
/// typedef of the project's `vmlinux.h`.
fn arity(input: Input<'_>, code: &Code<'_>, entry: &Entry, found: &mut Vec<Diagnostic>) {
    let unit = input.unit;
    let Some(event) = entry.section.trim_start_matches('?').strip_prefix("tp_btf/") else { return };
    let Some(typedef) = unit.typedef_named(Symbol::intern(&format!("btf_trace_{event}"))) else {
        return;
    };
    let Some(typedef) = unit.typedef(typedef) else { return };
    let CType::Pointer(to) = unit.canonical(typedef.to) else { return };
    let CType::Function(signature) = unit.canonical(to) else { return };
    // The first parameter is the event's own data.
    let Some(has) = signature.params.len().checked_sub(1) else { return };
    let Some(body) = entry.wrapped(code, &["BPF_PROG"]) else { return };
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
        ARITY,
        range,
        format!(
            "the event `{event}` has {has} {plural} (`btf_trace_{event}`): the verifier rejects the \
             read of `{}` behind them",
            extra.name
        ),
    ));
}

fn is_read(body: &FnBody, local: LocalId) -> bool {
    struct Uses<'a>(&'a FnBody, LocalId, u32);
    impl visit::Visitor for Uses<'_> {
        fn expr(&mut self, expr: &Expr) {
            if let ExprKind::Ident(ident) = &expr.kind
                && self.0.scope.local_use(*ident).is_some_and(|l| l.id == self.1)
            {
                self.2 = self.2.min(ident.token);
            }
        }
    }
    let Some(syntax) = body.syntax() else { return false };
    let mut uses = Uses(body, local, u32::MAX);
    visit::block(&syntax.body, &mut uses);
    // `(void)arg;` is no read, but a use that can be folded away is not certain either.
    uses.2 != u32::MAX && body.walked_at(uses.2) && !only_discarded(body, local)
}

/// Whether some use of a local stands alone as a discarded expression (`(void)x;`).
fn only_discarded(body: &FnBody, local: LocalId) -> bool {
    struct Discards<'a>(&'a FnBody, LocalId, bool);
    impl visit::Visitor for Discards<'_> {
        fn stmt(&mut self, stmt: &cfront::ast::Stmt) {
            if let cfront::ast::StmtKind::Expr(e) = &stmt.kind
                && let ExprKind::Ident(ident) = &strip_casts(e).kind
            {
                self.2 |= self.0.scope.local_use(*ident).is_some_and(|l| l.id == self.1);
            }
        }
    }
    let Some(syntax) = body.syntax() else { return true };
    let mut discards = Discards(body, local, false);
    visit::block(&syntax.body, &mut discards);
    discards.2
}
