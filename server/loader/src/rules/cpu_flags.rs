//! The flags of per-CPU lookups and updates: `cpu-flag-shift`, `cpu-flag-invalid`.

use bpf::{
    diagnostic::{Diagnostic, Edit, Fix, Severity},
    rule::{self, Rule, Scope},
};
use cfront::{
    ast::{BinaryOp, Expr, ExprKind},
    source::FileRange,
    unit::ItemId,
};

use super::{
    family::{Check, Family, File},
    find::names_in,
    input::Input,
    judge::Judge,
    verdicts::Verdicts,
};
use crate::flow::{
    calls::callee_name,
    observe::{At, Event},
    state::Value,
};

static SHIFT: Rule = Rule {
    id: "cpu-flag-shift",
    severity: Severity::Error,
    title: "the CPU number is shifted in a 32-bit type",
    happens: "The call reaches the wrong CPU.",
    why: "The CPU number stands in the upper half of the 64-bit flags. Shifting a value of 32 bits by 32 \
          is undefined in C, and on common machines gives the number back in the lower half.",
    fix: "Cast to `__u64` first: `(__u64)cpu << 32`.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

static FLAGS: Rule = Rule {
    id: "cpu-flag-invalid",
    severity: Severity::Error,
    title: "the kernel refuses these flags for per-CPU access",
    happens: "The call fails with -EINVAL.",
    why: "`BPF_F_ALL_CPUS` is for updates only, and it excludes `BPF_F_CPU`. A CPU number in the upper \
          half needs `BPF_F_CPU`.",
    fix: "Use `BPF_F_CPU` with a CPU number, or for updates `BPF_F_ALL_CPUS` alone.",
    quick_fix: false,
    scope: Scope::Code,
    since: "0.1.0",
};

pub(super) static FAMILY: Family = rule::Family {
    rules: &[&SHIFT, &FLAGS],
    check: Check { file: Some(check), flow: Some(judge) },
};

/// `BPF_F_CPU`
const CPU: i128 = 8;
/// `BPF_F_ALL_CPUS`
const ALL: i128 = 16;

fn check(file: File<'_>, found: &mut Vec<Diagnostic>) {
    let input = file.input;
    input.expressions(|item, expr| expression(input, item, expr, found));
}

fn expression(input: Input<'_>, item: ItemId, expr: &Expr, found: &mut Vec<Diagnostic>) {
    match &expr.kind {
        ExprKind::Binary(BinaryOp::Shl, ..) => shifted(input, item, expr, found),
        ExprKind::Call { callee, args } => {
            let Some(name) = callee_name(callee) else { return };
            let Some((index, update)) = flags_of(name.as_str()) else { return };
            let Some(flags) = args.get(index) else { return };
            let Some(what) = invalid(input, item, flags, update) else { return };
            let Some(range) = At::new(item, flags.span).range(input.unit) else { return };
            found.push(refused(range, what));
        }
        _ => {}
    }
}

/// Flags that come to a call in a variable.
fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    let Event::Call { callee, values, args, at, .. } = event else { return };
    let Some((index, update)) = flags_of(callee.as_str()) else { return };
    let Some(argument) = args.get(index) else { return };
    let place = At::new(at.item, argument.span);
    let what = match values.get(index) {
        Some(Value::Flags(flags)) => {
            Known { cpu: flags.cpu, all: flags.all, high: flags.high, pure: !flags.more }
                .invalid(update)
        }
        _ => None,
    };
    match what {
        Some(what) => {
            verdicts.guilty(&FLAGS, *at, true, || Some(refused(judge.range(place)?, what)));
        }
        None => verdicts.innocent(&FLAGS, *at),
    }
}

/// Which argument of a function has the flags, and whether it updates.
fn flags_of(function: &str) -> Option<(usize, bool)> {
    match function {
        "bpf_map__lookup_elem" => Some((5, false)),
        "bpf_map_lookup_elem_flags" => Some((3, false)),
        "bpf_map__update_elem" => Some((5, true)),
        "bpf_map_update_elem" => Some((3, true)),
        _ => None,
    }
}

fn refused(range: FileRange, what: &str) -> Diagnostic {
    Diagnostic::new(&FLAGS, range, format!("{what}: the kernel refuses this with -EINVAL"))
}

/// What flags are known to have.
#[derive(Default)]
struct Known {
    cpu: bool,
    all: bool,
    /// Something in the upper half.
    high: bool,
    /// Whether all of them are known.
    pure: bool,
}

fn invalid(input: Input<'_>, item: ItemId, flags: &Expr, update: bool) -> Option<&'static str> {
    known(input, item, flags).invalid(update)
}

impl Known {
    fn invalid(&self, update: bool) -> Option<&'static str> {
        let known = self;
        if known.all && !update {
            Some("`BPF_F_ALL_CPUS` is for updates only")
        } else if known.all && known.cpu {
            Some("`BPF_F_ALL_CPUS` and `BPF_F_CPU` exclude each other")
        } else if known.pure && known.high && !known.cpu {
            Some("a CPU number in the upper half of the flags needs `BPF_F_CPU`")
        } else {
            None
        }
    }
}

fn known(input: Input<'_>, item: ItemId, flags: &Expr) -> Known {
    let mut known = Known { pure: true, ..Known::default() };
    let mut work = vec![flags];
    for _ in 0..64 {
        let Some(expr) = work.pop() else { return known };
        match &expr.kind {
            ExprKind::Paren(inner) | ExprKind::Cast { expr: inner, .. } => work.push(inner),
            ExprKind::Binary(BinaryOp::BitOr, a, b) => work.extend([b.as_ref(), a.as_ref()]),
            ExprKind::Ident(name) if name.name.as_str() == "BPF_F_CPU" => known.cpu = true,
            ExprKind::Ident(name) if name.name.as_str() == "BPF_F_ALL_CPUS" => known.all = true,
            kind => {
                let scope = input.unit.scope(item);
                let constant = scope.and_then(|scope| input.unit.constant(&scope, expr));
                match (constant, kind) {
                    // With other bits it is no set of flags at all.
                    (Some(value), _) if value & 0xffff_ffe0 != 0 => known.pure = false,
                    (Some(value), _) => {
                        known.cpu |= value & CPU != 0;
                        known.all |= value & ALL != 0;
                        known.high |= value >> 32 != 0;
                    }
                    (None, ExprKind::Binary(BinaryOp::Shl, _, by)) if is_half(by) => {
                        known.high = true;
                    }
                    _ => known.pure = false,
                }
            }
        }
    }
    known.pure = false;
    known
}

fn is_half(by: &Expr) -> bool {
    matches!(by.kind, ExprKind::Int { value: 32, .. })
}

/// `cpu << 32` where `cpu` has 32 bits, which is undefined wherever it stands, in code about `BPF_F_CPU`.
fn shifted(input: Input<'_>, item: ItemId, shift: &Expr, found: &mut Vec<Diagnostic>) {
    let ExprKind::Binary(BinaryOp::Shl, cpu, by) = &shift.kind else { return };
    let about_cpus = |item: ItemId| {
        let tokens = input.unit.tokens(item);
        tokens.iter().any(|token| token.sym.as_str() == "BPF_F_CPU")
    };
    // A function of its own may make the flags.
    let names_cpu = || names_in(cpu).iter().any(|name| name.as_str().contains("cpu"));
    let elsewhere = || input.unit.main_items().iter().any(|item| about_cpus(*item));
    if !is_half(by) || !(about_cpus(item) || names_cpu() && elsewhere()) {
        return;
    }
    let Some(scope) = input.unit.scope(item) else { return };
    let size = input.unit.expr_type(&scope, cpu).and_then(|ty| input.unit.size_of(ty));
    if size.is_none_or(|size| size >= 8) {
        return;
    }
    let Some(range) = At::new(item, shift.span).range(input.unit) else { return };
    let Some(first) = At::new(item, cpu.span).range(input.unit) else { return };
    let message = "the CPU number is shifted by 32 in a type of 32 bits or fewer: this is undefined, and names the \
                   wrong CPU";
    let simple = !matches!(cpu.kind, ExprKind::Binary(..) | ExprKind::Conditional { .. });
    let edits = if simple {
        vec![Edit::before(first, "(__u64)")]
    } else {
        vec![Edit::before(first, "(__u64)("), Edit::after(first, ")")]
    };
    let finding = Diagnostic::new(&SHIFT, range, message);
    found.push(finding.with_fixes([Fix::new("Cast to `__u64` first", edits)]));
}
