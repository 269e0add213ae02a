//! The flags of per-CPU lookups and updates: `cpu-flag-shift`, `cpu-flag-invalid`.

use bpf::{diagnostic::Diagnostic, rules::RuleId};
use cfront::{
    ast::{BinaryOp, Expr, ExprKind},
    source::FileRange,
    unit::ItemId,
};

use super::{Input, Verdicts, judge::Judge, map_calls::before, snippets::names_in};
use crate::{
    flow::{
        calls::callee_name,
        observe::{At, Event},
        state::Value,
    },
    places,
};

const SHIFT: RuleId = RuleId("cpu-flag-shift");
const FLAGS: RuleId = RuleId("cpu-flag-invalid");

/// `BPF_F_CPU`
const CPU: i128 = 8;
/// `BPF_F_ALL_CPUS`
const ALL: i128 = 16;

pub(super) fn check(input: Input<'_>, item: ItemId, expr: &Expr, found: &mut Vec<Diagnostic>) {
    match &expr.kind {
        ExprKind::Binary(BinaryOp::Shl, ..) => shifted(input, item, expr, found),
        ExprKind::Call { callee, args } => {
            let Some(name) = callee_name(callee) else { return };
            let Some((index, update)) = flags_of(name.as_str()) else { return };
            let Some(flags) = args.get(index) else { return };
            let Some(what) = invalid(input, item, flags, update) else { return };
            let Some(range) = places::range(input.unit, At::new(item, flags.span)) else { return };
            found.push(refused(range, what));
        }
        _ => {}
    }
}

/// Flags that come to a call in a variable.
pub(super) fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
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
            verdicts.guilty(FLAGS, *at, true, || Some(refused(judge.range(place)?, what)));
        }
        None => verdicts.innocent(FLAGS, *at),
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
    Diagnostic::new(FLAGS, range, format!("{what}: the kernel refuses this with -EINVAL"))
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
    let names_cpu = || names_in(cpu).any(|name| name.as_str().contains("cpu"));
    let elsewhere = || input.unit.main_items().iter().any(|item| about_cpus(*item));
    if !is_half(by) || !(about_cpus(item) || names_cpu() && elsewhere()) {
        return;
    }
    let Some(scope) = input.unit.scope(item) else { return };
    let size = input.unit.expr_type(&scope, cpu).and_then(|ty| input.unit.size_of(ty));
    if size.is_none_or(|size| size >= 8) {
        return;
    }
    let Some(range) = places::range(input.unit, At::new(item, shift.span)) else { return };
    let Some(first) = places::range(input.unit, At::new(item, cpu.span)) else { return };
    let simple = !matches!(cpu.kind, ExprKind::Binary(..) | ExprKind::Conditional { .. });
    let finding = Diagnostic::new(
        SHIFT,
        range,
        "the CPU number is shifted by 32 in a type of 32 bits or fewer: that is undefined, and names the \
         wrong CPU",
    );
    let mut edits = vec![(before(first), "(__u64)".to_owned())];
    if !simple {
        edits = vec![
            (before(first), "(__u64)(".to_owned()),
            (FileRange { start: first.end, ..first }, ")".to_owned()),
        ];
    }
    found.push(finding.with_fix("Cast to `__u64` first", edits));
}
