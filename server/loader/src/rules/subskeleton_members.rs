//! Members of subskeletons that are used as the values they point at: `subskeleton-member-value`.

use bpf::{
    diagnostic::{Diagnostic, Edit, Fix, Severity},
    rule::{self, Rule, Scope},
};
use cfront::{
    ast::{BinaryOp, Expr, ExprKind, UnaryOp},
    ctypes::CType,
    source::FileRange,
    unit::ItemId,
};

use super::{
    family::{Check, Family, File},
    input::Input,
};
use crate::{flow::observe::At, members::MemberKind, references::Reference, skeletons::HeaderKind};

static MEMBER_VALUE: Rule = Rule {
    id: "subskeleton-member-value",
    severity: Severity::Error,
    title: "a member of a subskeleton is a pointer",
    happens: "The code does not compile, or computes with an address.",
    why: "In a subskeleton each variable is a pointer into the object that it belongs to.",
    fix: "Put a `*` in front.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&MEMBER_VALUE], check: Check::file(check) };

fn check(file: File<'_>, found: &mut Vec<Diagnostic>) {
    let input = file.input;
    let in_subskeleton = |r: &&Reference| {
        let skeleton = input.skeletons.get(r.skeleton);
        r.kind == Some(MemberKind::Variable)
            && skeleton.is_some_and(|s| s.kind == HeaderKind::Subskeleton)
    };
    let pointers: Vec<&Reference> = file.references.iter().filter(in_subskeleton).collect();
    if !pointers.is_empty() {
        input.expressions(|item, expr| member_value(input, item, expr, &pointers, found));
    }
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
    let Some(range) = at.range(input.unit) else { return };
    let message = format!(
        "`{}` is a pointer here: the members of a subskeleton point at the variables of the object that it \
         belongs to",
        reference.name
    );
    let finding = Diagnostic::new(&MEMBER_VALUE, range, message);
    let finding = finding.with_declaration(reference.place.map(FileRange::from), &reference.name);
    let edits = if counted {
        vec![Edit::before(range, "(*"), Edit::after(range, ")")]
    } else {
        vec![Edit::before(range, "*")]
    };
    found.push(finding.with_fixes([Fix::new("Put a `*` in front", edits)]));
}
