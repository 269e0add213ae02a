//! Quick fixes that move or change statements: a write or setter moves before the load, a pointer is read
//! again, a test asks something else.

use bpf::diagnostic::{Edit, Fix};
use cfront::{
    ast::{BinaryOp, Expr, ExprKind, Item, Stmt, StmtKind, visit},
    symbol::Symbol,
    token::TokenKind,
    unit::ItemId,
};

use super::{
    find::{call_at, expression_at, innermost},
    input::Input,
    lines::Lines,
};
use crate::flow::{
    calls::callee_name,
    library::{is_map_setter, written_argument},
    observe::At,
};

/// Moves the statement that writes in front of the statement that loads, when both stand in the same
/// block and nothing between them matters to the write.
pub(super) fn move_before_load(input: Input<'_>, write: At, load: At) -> Option<Fix> {
    if write.item != load.item {
        return None;
    }
    let parsed = input.unit.item(write.item)?;
    let Item::Function(function) = &parsed.syntax else { return None };
    let written = innermost(&function.body, write.start)?;
    let loaded = innermost(&function.body, load.start)?;
    if !std::ptr::eq(written.block, loaded.block) || loaded.stmt.span.end > written.stmt.span.start
    {
        return None;
    }
    let StmtKind::Expr(expr) = &written.stmt.kind else { return None };
    if opens_too(input, load) || !is_movable(input, write.item, expr, loaded.stmt, written.stmt) {
        return None;
    }
    let text = Lines { input, item: write.item };
    let from = text.range(written.stmt)?;
    let to = text.range(loaded.stmt)?;
    let indent = text.indent(to)?;
    let statement = input.text.get(from.start as usize..from.end as usize)?;
    let edits =
        [Edit::before(to, format!("{statement}\n{indent}")), Edit::remove(text.whole_lines(from))];
    let what = match &expr.kind {
        ExprKind::Call { callee, .. }
            if callee_name(callee).is_some_and(|n| written_argument(n.as_str()).is_none()) =>
        {
            "call"
        }
        _ => "write",
    };
    Some(Fix::new(format!("Move the {what} before the load"), edits))
}

/// Reads a pointer again in front of the statement that uses it, after the call that moved the image.
pub(super) fn read_again(
    input: Input<'_>,
    call: At,
    section: Symbol,
    is_resize: bool,
    used: At,
) -> Option<Fix> {
    if call.item != used.item {
        return None;
    }
    let lines = Lines { input, item: used.item };
    let argument = call_at(input.unit, call, |_, args| lines.spelled(args.first()?))?;
    let pointer = expression_at(input.unit, used, |expr| {
        let mut expr = expr;
        for _ in 0..64 {
            match &expr.kind {
                ExprKind::Member { base, arrow: true, .. } => match &base.kind {
                    ExprKind::Ident(_) => return lines.spelled(base),
                    ExprKind::Member { field, arrow: true, .. } if field.name == section => {
                        return lines.spelled(base);
                    }
                    _ => expr = base,
                },
                ExprKind::Member { base, .. } | ExprKind::Index { base, .. } => expr = base,
                ExprKind::Paren(inner) => expr = inner,
                _ => return None,
            }
        }
        None
    })?;
    let value = if is_resize {
        format!("bpf_map__initial_value({argument}, &(size_t){{ 0 }})")
    } else {
        let skeleton = argument.strip_suffix("->obj").unwrap_or(argument);
        format!("{skeleton}->{section}")
    };
    // A load that is not the skeleton's own does not set the skeleton's pointers.
    if value == pointer {
        return None;
    }
    let parsed = input.unit.item(used.item)?;
    let Item::Function(function) = &parsed.syntax else { return None };
    let range = lines.range(innermost(&function.body, used.start)?.stmt)?;
    let indent = lines.indent(range)?;
    let edit = Edit::before(range, format!("{pointer} = {value};\n{indent}"));
    Some(Fix::new(format!("Read `{pointer}` again"), [edit]))
}

/// `bpf_map__fd(map) >= 0` asks whether the map is created.
pub(super) fn ask_autocreate(input: Input<'_>, test: At) -> Option<Fix> {
    let lines = Lines { input, item: test.item };
    let (positive, map) = expression_at(input.unit, test, |expr| {
        let ExprKind::Binary(op, left, _) = &expr.kind else { return None };
        let positive = match op {
            BinaryOp::Ge | BinaryOp::Gt | BinaryOp::Ne => true,
            BinaryOp::Lt | BinaryOp::Le | BinaryOp::Eq => false,
            _ => return None,
        };
        let ExprKind::Call { callee, args } = &left.kind else { return None };
        let is_fd = callee_name(callee).is_some_and(|name| name.as_str() == "bpf_map__fd");
        is_fd.then_some((positive, lines.spelled(args.first()?)?))
    })?;
    let range = lines.between(test.start, test.end)?;
    let not = if positive { "" } else { "!" };
    let edit = Edit::replace(range, format!("{not}bpf_map__autocreate({map})"));
    Some(Fix::new("Ask whether the map is created", [edit]))
}

/// Whether the call that loads also makes the skeleton, so that nothing can come before it.
fn opens_too(input: Input<'_>, load: At) -> bool {
    let first = input.unit.tokens(load.item).get(load.start as usize);
    first.is_none_or(|token| token.sym.as_str().ends_with("__open_and_load"))
}

/// Whether a statement means the same in front of the load.
fn is_movable(input: Input<'_>, item: ItemId, expr: &Expr, load: &Stmt, write: &Stmt) -> bool {
    let Some(scope) = input.unit.scope(item) else { return false };
    let tokens = input.unit.tokens(item);
    let mut simple = true;
    let mut names: Vec<Symbol> = Vec::new();
    visit::operands(expr, &mut |part| match &part.kind {
        ExprKind::Call { callee, .. } => {
            simple &= callee_name(callee).is_some_and(|name| {
                let name = name.as_str();
                let setter = name.starts_with("bpf_program__set_") || is_map_setter(name);
                setter || written_argument(name).is_some()
            });
        }
        ExprKind::Ident(name) => names.push(name.name),
        ExprKind::StmtExpr(_) | ExprKind::Error => simple = false,
        _ => {}
    });
    // What is declared or changed from the load on is not the same in front of it.
    let declared_before = names.iter().all(|name| {
        scope.locals().iter().all(|local| {
            local.name != *name || local.token < load.span.start || local.token >= write.span.end
        })
    });
    let changed = (load.span.start..write.span.start).any(|index| {
        let token = |i: u32| tokens.get(i as usize);
        let Some(name) = token(index).filter(|t| t.kind == TokenKind::Ident) else { return false };
        let before = index.checked_sub(1).and_then(token);
        let next = token(index + 1);
        names.contains(&name.sym)
            && (before.is_some_and(|t| t.is("&") || t.is("++") || t.is("--"))
                || next.is_some_and(|t| {
                    let text = t.sym.as_str();
                    text == "++"
                        || text == "--"
                        || text.ends_with('=') && !matches!(text, "==" | "!=" | "<=" | ">=")
                }))
    });
    simple && declared_before && !changed
}
