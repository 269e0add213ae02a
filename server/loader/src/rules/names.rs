//! Rules about names and constants that need no flow: `skeleton-unknown-member`, `internal-map-name`,
//! `subskeleton-member-value`, `cpu-flag-shift`, `cpu-flag-invalid`.

use bpf::{diagnostic::Diagnostic, object::MapKind, rules::RuleId};
use btf::Linkage;
use cfront::{
    ast::{BinaryOp, Expr, ExprKind},
    source::{FileId, FileRange},
    unit::ItemId,
};

use super::Input;
use crate::{
    flow::{calls::callee_name, observe::At},
    members::MemberKind,
    places,
    references::{Reference, references},
    skeletons::HeaderKind,
    walk,
};

const UNKNOWN: RuleId = RuleId("skeleton-unknown-member");
const MAP_NAME: RuleId = RuleId("internal-map-name");
const MEMBER_VALUE: RuleId = RuleId("subskeleton-member-value");
const SHIFT: RuleId = RuleId("cpu-flag-shift");
const FLAGS: RuleId = RuleId("cpu-flag-invalid");

pub(super) fn check(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    let references = references(input.unit, input.skeletons);
    for reference in &references {
        if reference.kind.is_some() {
            continue;
        }
        if reference.in_string {
            found.extend(map_name(input, reference));
        } else {
            found.extend(unknown_member(input, reference));
        }
    }
    let pointers: Vec<&Reference> = references
        .iter()
        .filter(|r| r.kind == Some(MemberKind::Variable))
        .filter(|r| {
            input.skeletons.get(r.skeleton).is_some_and(|s| s.kind == HeaderKind::Subskeleton)
        })
        .collect();
    for item in (0..input.unit.item_count()).map(ItemId) {
        if !input.unit.in_main_file(item) {
            continue;
        }
        let Some(parsed) = input.unit.item(item) else { continue };
        walk::expressions(&parsed.syntax, |expr| {
            flags(input, item, expr, found);
            member_value(input, item, expr, &pointers, found);
        });
    }
}

/// A member that the BPF source does not give, where the reason is certain: the variable is static, or
/// stands in another section.
fn unknown_member(input: Input<'_>, reference: &Reference) -> Option<Diagnostic> {
    let skeleton = input.skeletons.get(reference.skeleton)?;
    let object = skeleton.object.as_deref()?;
    if !object.complete || reference.holder.is_empty() {
        return None;
    }
    let (section, variable) = object.sections.iter().find_map(|section| {
        let variable = section.variables.iter().find(|v| v.name == reference.name)?;
        Some((section, variable))
    })?;
    let name = &reference.name;
    let declared = |finding: Diagnostic| match variable.place {
        Some(place) => {
            let range = FileRange { file: FileId(place.file), start: place.start, end: place.end };
            finding.with_related(range, format!("`{name}` is declared here"))
        }
        None => finding,
    };
    if variable.linkage == Linkage::Static {
        return Some(declared(Diagnostic::new(
            UNKNOWN,
            reference.range,
            format!(
                "`struct {}` has no member `{name}`: the variable is static (or hidden), and bpftool \
                 leaves those out",
                skeleton.name
            ),
        )));
    }
    let map = object
        .maps
        .iter()
        .find(|map| matches!(map.kind, MapKind::Internal(_)) && map.section == section.name)?;
    let holder = object.data_ident(map)?;
    let data = ["bss", "data", "rodata", "percpu", "kconfig"];
    let in_data = data.iter().any(|d| reference.holder.starts_with(d));
    if holder == reference.holder || !in_data {
        return None;
    }
    let finding = declared(Diagnostic::new(
        UNKNOWN,
        reference.range,
        format!(
            "`{}` has no member `{name}`: the variable stands in section `{}`, so it is in `{holder}`",
            reference.holder, section.name
        ),
    ));
    // The holder is the name before `->` or `.`.
    let at = reference.at;
    let token = at.end.checked_sub(3)?;
    let spelled = input.unit.tokens(at.item).get(token as usize)?.sym;
    let place = input.unit.token_place(at.item, token)?;
    Some(if spelled.as_str() == reference.holder {
        finding.with_fix(format!("Use `{holder}`"), vec![(place, holder.to_string())])
    } else {
        finding
    })
}

/// A map looked up by a name that libbpf does not give it: a section behind an object's name.
fn map_name(input: Input<'_>, reference: &Reference) -> Option<Diagnostic> {
    let object = input.skeletons.get(reference.skeleton)?.object.as_deref()?;
    if reference.holder != "maps" {
        return None;
    }
    let map = object.maps.iter().find(|map| {
        matches!(map.kind, MapKind::Internal(_))
            && reference.name.strip_suffix(map.section.as_str()).is_some_and(|p| !p.is_empty())
    })?;
    Some(
        Diagnostic::new(
            MAP_NAME,
            reference.range,
            format!(
                "no map has the name `{}`: libbpf calls it `{}`, so this gives NULL",
                reference.name, map.name
            ),
        )
        .with_fix(
            format!("Use `{}`", map.section),
            vec![(reference.range, map.section.to_string())],
        ),
    )
}

/// `sub->bss.x = 1`, `sub->bss.x += 1`, `sub->bss.x == 1`: the member is a pointer.
fn member_value(
    input: Input<'_>,
    item: ItemId,
    expr: &Expr,
    pointers: &[&Reference],
    found: &mut Vec<Diagnostic>,
) {
    let number = |e: &Expr| matches!(e.kind, ExprKind::Int { value, .. } if value != 0);
    let member = match &expr.kind {
        ExprKind::Assign(None, left, right) if number(right) => left,
        ExprKind::Assign(Some(_), left, _) => left,
        ExprKind::Binary(
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Gt | BinaryOp::Le | BinaryOp::Ge,
            left,
            right,
        ) if number(right) => left,
        _ => return,
    };
    let at = At::new(item, member.span);
    let Some(reference) = pointers.iter().find(|r| r.at == at) else { return };
    let Some(range) = places::range(input.unit, at) else { return };
    let finding = Diagnostic::new(
        MEMBER_VALUE,
        range,
        format!(
            "`{}` is a pointer here: the members of a subskeleton point at the variables of the object \
             that it belongs to",
            reference.name
        ),
    );
    let start = FileRange { end: range.start, ..range };
    found.push(finding.with_fix("Put a `*` in front", vec![(start, "*".into())]));
}

/// The flags of per-CPU lookups and updates.
fn flags(input: Input<'_>, item: ItemId, expr: &Expr, found: &mut Vec<Diagnostic>) {
    match &expr.kind {
        ExprKind::Binary(BinaryOp::BitOr, ..) => shifted(input, item, expr, found),
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
            let mut names = Vec::new();
            let pure = or_operands(flags, &mut |operand| {
                if let ExprKind::Ident(name) = &operand.kind {
                    names.push(name.name.as_str());
                }
            });
            let (cpu, all) = (names.contains(&"BPF_F_CPU"), names.contains(&"BPF_F_ALL_CPUS"));
            let what = if !pure || !all {
                return;
            } else if !update {
                "`BPF_F_ALL_CPUS` is for updates only"
            } else if cpu {
                "`BPF_F_ALL_CPUS` and `BPF_F_CPU` exclude each other"
            } else {
                return;
            };
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

/// Visits the operands of a chain of `|`; whether it was followed to its end.
fn or_operands<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) -> bool {
    let mut work = vec![expr];
    for _ in 0..64 {
        let Some(expr) = work.pop() else { return true };
        match &expr.kind {
            ExprKind::Paren(inner) => work.push(inner),
            ExprKind::Binary(BinaryOp::BitOr, a, b) => work.extend([b.as_ref(), a.as_ref()]),
            _ => visit(expr),
        }
    }
    false
}

/// `cpu << 32 | BPF_F_CPU` where `cpu` has 32 bits.
fn shifted(input: Input<'_>, item: ItemId, expr: &Expr, found: &mut Vec<Diagnostic>) {
    let ExprKind::Binary(BinaryOp::BitOr, left, right) = &expr.kind else { return };
    let strip = |e: &'_ Expr| -> Option<(ExprKind, cfront::ast::Span)> {
        let mut e = e;
        for _ in 0..64 {
            match &e.kind {
                ExprKind::Paren(inner) => e = inner,
                other => return Some((other.clone(), e.span)),
            }
        }
        None
    };
    for (flag, shift) in [(left, right), (right, left)] {
        if !matches!(&flag.kind, ExprKind::Ident(name) if name.name.as_str() == "BPF_F_CPU") {
            continue;
        }
        let Some((ExprKind::Binary(BinaryOp::Shl, cpu, by), span)) = strip(shift) else { continue };
        if !matches!(by.kind, ExprKind::Int { value: 32, .. }) {
            continue;
        }
        let Some(scope) = input.unit.scope(item) else { continue };
        let size = input.unit.expr_type(&scope, &cpu).and_then(|ty| input.unit.size_of(ty));
        if size.is_none_or(|size| size >= 8) {
            continue;
        }
        let Some(range) = places::range(input.unit, At::new(item, span)) else { continue };
        let Some(first) = places::range(input.unit, At::new(item, cpu.span)) else { continue };
        let at = FileRange { end: first.start, ..first };
        found.push(
            Diagnostic::new(
                SHIFT,
                range,
                "the CPU number is shifted by 32 in a type of 32 bits or fewer: that is undefined, and \
                 names the wrong CPU",
            )
            .with_fix("Cast to `__u64` first", vec![(at, "(__u64)".into())]),
        );
    }
}
