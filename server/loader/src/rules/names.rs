//! Rules about names and constants that need no flow: `internal-map-name`, `subskeleton-member-value`, and
//! those of [`super::unknown_member`] and [`super::cpu_flags`].

use bpf::{diagnostic::Diagnostic, object::MapKind, rules::RuleId};
use cfront::{
    ast::{BinaryOp, Expr, ExprKind, UnaryOp},
    ctypes::CType,
    source::FileRange,
    unit::ItemId,
};

use super::{Input, cpu_flags, judge::with_place, unknown_member};
use crate::{
    flow::observe::At,
    members::MemberKind,
    places,
    references::{Reference, references},
    skeletons::HeaderKind,
    walk,
};

const MAP_NAME: RuleId = RuleId("internal-map-name");
const MEMBER_VALUE: RuleId = RuleId("subskeleton-member-value");

pub(super) fn check(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    let references = references(input.unit, input.skeletons);
    for reference in &references {
        if reference.kind.is_some() {
            continue;
        }
        if reference.in_string {
            found.extend(map_name(input, reference));
        } else {
            found.extend(unknown_member::judge(input, reference));
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
            cpu_flags::check(input, item, expr, found);
            member_value(input, item, expr, &pointers, found);
        });
    }
}

/// A map looked up by a name that libbpf does not give it: a section behind an object's name.
fn map_name(input: Input<'_>, reference: &Reference) -> Option<Diagnostic> {
    let skeleton = input.skeletons.get(reference.skeleton)?;
    let object = skeleton.object.as_deref()?;
    // A subskeleton's maps have the name of the whole object in front.
    let unknown = !reference.traced || skeleton.kind == HeaderKind::Subskeleton;
    if reference.holder != "maps" || unknown {
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

/// `sub->bss.x = 1`, `sub->bss.x += n`, `sub->bss.x++`, `sub->bss.x == 1`, `n = sub->bss.x`: the member
/// is a pointer.
fn member_value(
    input: Input<'_>,
    item: ItemId,
    expr: &Expr,
    pointers: &[&Reference],
    found: &mut Vec<Diagnostic>,
) {
    if pointers.is_empty() {
        return;
    }
    let is_number = |e: &Expr| match e.kind {
        ExprKind::Int { value, .. } => value != 0,
        _ => input
            .unit
            .scope(item)
            .and_then(|scope| input.unit.expr_type(&scope, e))
            .is_some_and(|ty| matches!(input.unit.canonical(ty), CType::Int(_) | CType::Bool)),
    };
    let (member, counted) = match &expr.kind {
        ExprKind::Assign(None, left, right) if is_number(right) => (left, false),
        ExprKind::Assign(None, left, right) if is_number(left) => (right, false),
        ExprKind::Assign(Some(_), left, _) => (left, false),
        ExprKind::Postfix(_, inner) | ExprKind::Unary(UnaryOp::PreInc | UnaryOp::PreDec, inner) => {
            (inner, true)
        }
        ExprKind::Binary(
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Gt | BinaryOp::Le | BinaryOp::Ge,
            left,
            right,
        ) => {
            if is_number(right) {
                (left, false)
            } else if is_number(left) {
                (right, false)
            } else {
                return;
            }
        }
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
    let finding = with_place(finding, reference.place, &reference.name);
    let start = FileRange { end: range.start, ..range };
    let edits = if counted {
        let end = FileRange { start: range.end, ..range };
        vec![(start, "(*".into()), (end, ")".into())]
    } else {
        vec![(start, "*".into())]
    };
    found.push(finding.with_fix("Put a `*` in front", edits));
}
