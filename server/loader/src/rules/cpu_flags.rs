//! The flags of per-CPU lookups and updates: `cpu-flag-shift`, `cpu-flag-invalid`.

use bpf::{diagnostic::Diagnostic, rules::RuleId};
use cfront::{
    ast::{BinaryOp, Expr, ExprKind},
    unit::ItemId,
};

use super::{Input, map_calls::before};
use crate::{
    flow::{calls::callee_name, observe::At},
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
        ExprKind::Binary(BinaryOp::BitOr, left, right) => {
            shifted(input, item, left, found);
            shifted(input, item, right, found);
        }
        ExprKind::Assign(_, _, value) => shifted(input, item, value, found),
        ExprKind::Call { callee, args } => {
            let Some(name) = callee_name(callee) else { return };
            let (index, update) = match name.as_str() {
                "bpf_map__lookup_elem" => (5, false),
                "bpf_map_lookup_elem_flags" => (3, false),
                "bpf_map__update_elem" => (5, true),
                "bpf_map_update_elem" => (3, true),
                _ => return,
            };
            let Some(flags) = args.get(index) else { return };
            shifted(input, item, flags, found);
            let Some(what) = invalid(input, item, flags, update) else { return };
            let Some(range) = places::range(input.unit, At::new(item, flags.span)) else { return };
            found.push(Diagnostic::new(
                FLAGS,
                range,
                format!("{what}: the kernel refuses this with -EINVAL"),
            ));
        }
        _ => {}
    }
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
    let known = known(input, item, flags);
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

/// `cpu << 32` where `cpu` has 32 bits, in code about `BPF_F_CPU`.
fn shifted(input: Input<'_>, item: ItemId, shift: &Expr, found: &mut Vec<Diagnostic>) {
    let mut shift = shift;
    for _ in 0..64 {
        match &shift.kind {
            // A cast of the result comes too late.
            ExprKind::Paren(inner) | ExprKind::Cast { expr: inner, .. } => shift = inner,
            _ => break,
        }
    }
    let ExprKind::Binary(BinaryOp::Shl, cpu, by) = &shift.kind else { return };
    let about_cpus = || input.unit.tokens(item).iter().any(|t| t.sym.as_str() == "BPF_F_CPU");
    if !is_half(by) || !about_cpus() {
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
            (cfront::source::FileRange { start: first.end, ..first }, ")".to_owned()),
        ];
    }
    found.push(finding.with_fix("Cast to `__u64` first", edits));
}
