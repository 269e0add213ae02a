//! Quick fixes that move or change statements: a write or setter moves before the load, a pointer is read
//! again, a test asks something else.

use cfront::{
    ast::{BinaryOp, Block, Expr, ExprKind, Item, Stmt, StmtKind},
    source::{FileId, FileRange},
    symbol::Symbol,
    token::TokenKind,
    unit::{ItemId, Unit},
};

use super::{Input, lifecycle::is_map_setter, map_calls::before};
use crate::{
    flow::{calls::callee_name, library::written_argument, observe::At},
    walk,
};

/// A fix: its title and edits.
pub(super) type Edits = (String, Vec<(FileRange, String)>);

/// A statement that stands in a block, and the block.
#[derive(Clone, Copy)]
pub(super) struct InBlock<'a> {
    block: &'a Block,
    pub(super) stmt: &'a Stmt,
}

/// Moves the statement that writes in front of the statement that loads, when both stand in the same
/// block and nothing between them matters to the write.
pub(super) fn move_before_load(input: Input<'_>, write: At, load: At) -> Option<Edits> {
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
    let edits = vec![
        (FileRange { end: to.start, ..to }, format!("{statement}\n{indent}")),
        (text.whole_lines(from), String::new()),
    ];
    let what = match &expr.kind {
        ExprKind::Call { callee, .. }
            if callee_name(callee).is_some_and(|n| written_argument(n.as_str()).is_none()) =>
        {
            "call"
        }
        _ => "write",
    };
    Some((format!("Move the {what} before the load"), edits))
}

/// What a function makes of the call at a place: callee and arguments.
pub(super) fn call_at<T>(
    unit: &Unit,
    at: At,
    look: impl Fn(&Expr, &[Expr]) -> Option<T>,
) -> Option<T> {
    expression_at(unit, at, |expr| match &expr.kind {
        ExprKind::Call { callee, args } => look(callee, args),
        _ => None,
    })
}

/// What a function makes of the expression at a place; several can stand there (`(x)` does not, but a
/// macro's operand may).
pub(super) fn expression_at<T>(
    unit: &Unit,
    at: At,
    look: impl Fn(&Expr) -> Option<T>,
) -> Option<T> {
    let parsed = unit.item(at.item)?;
    let mut found = None;
    walk::expressions(&parsed.syntax, |expr| {
        if found.is_none() && expr.span.start == at.start && expr.span.end == at.end {
            found = look(expr);
        }
    });
    found
}

/// Reads a pointer again in front of the statement that uses it, after the call that moved the image.
pub(super) fn read_again(
    input: Input<'_>,
    call: At,
    section: Symbol,
    is_resize: bool,
    used: At,
) -> Option<Edits> {
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
    let edits = vec![(before(range), format!("{pointer} = {value};\n{indent}"))];
    Some((format!("Read `{pointer}` again"), edits))
}

/// `bpf_map__fd(map) >= 0` asks whether the map is created.
pub(super) fn ask_autocreate(input: Input<'_>, test: At) -> Option<Edits> {
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
    let edits = vec![(range, format!("{not}bpf_map__autocreate({map})"))];
    Some(("Ask whether the map is created".into(), edits))
}

/// Whether an argument is written as NULL or 0.
pub(super) fn is_literal_zero(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Int { value, .. } => *value == 0,
        ExprKind::Ident(name) => name.name.as_str() == "NULL",
        ExprKind::Paren(inner) | ExprKind::Cast { expr: inner, .. } => is_literal_zero(inner),
        _ => false,
    }
}

/// The innermost statement of a block that holds a token.
pub(super) fn innermost(block: &Block, token: u32) -> Option<InBlock<'_>> {
    let mut found = None;
    let mut work: Vec<&Block> = vec![block];
    while let Some(block) = work.pop() {
        let Some(stmt) = block.stmts.iter().find(|s| s.span.start <= token && token < s.span.end)
        else {
            continue;
        };
        found = Some(InBlock { block, stmt });
        let mut parts: Vec<&Stmt> = vec![stmt];
        while let Some(part) = parts.pop() {
            match &part.kind {
                StmtKind::Block(block) => work.push(block),
                StmtKind::If { then, otherwise, .. } => {
                    parts.push(then);
                    parts.extend(otherwise.as_deref());
                }
                StmtKind::While { body, .. }
                | StmtKind::DoWhile { body, .. }
                | StmtKind::For { body, .. }
                | StmtKind::Switch { body, .. } => parts.push(body),
                StmtKind::Case { body, .. }
                | StmtKind::Default { body }
                | StmtKind::Label { body, .. } => parts.extend(body.as_deref()),
                _ => {}
            }
        }
    }
    found
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
    let holder = Item::StaticAssert(Box::new(expr.clone()));
    walk::expressions(&holder, |part| match &part.kind {
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

/// Whether a variable `err` can be used at a place.
pub(super) fn names_err(input: Input<'_>, at: At) -> bool {
    let err = Symbol::intern("err");
    let local = input.unit.scope(at.item).is_some_and(|scope| {
        scope.locals().iter().any(|local| local.name == err && local.token < at.start)
    });
    local || input.unit.variable(err).is_some()
}

/// The text around statements of an item.
#[derive(Clone, Copy)]
pub(super) struct Lines<'a> {
    pub(super) input: Input<'a>,
    pub(super) item: ItemId,
}

impl<'a> Lines<'a> {
    fn main(&self) -> FileId {
        self.input.unit.preprocessed().main
    }

    pub(super) fn between(&self, start: u32, end: u32) -> Option<FileRange> {
        let first = self.input.unit.token_place(self.item, start)?;
        let last = self.input.unit.token_place(self.item, end.checked_sub(1)?)?;
        let plain = first.file == self.main() && last.file == first.file && first.start < last.end;
        plain.then_some(FileRange { end: last.end, ..first })
    }

    pub(super) fn range(&self, stmt: &Stmt) -> Option<FileRange> {
        self.between(stmt.span.start, stmt.span.end)
    }

    pub(super) fn spelled(&self, expr: &Expr) -> Option<&'a str> {
        let range = self.between(expr.span.start, expr.span.end)?;
        self.input.text.get(range.start as usize..range.end as usize)
    }

    /// The white space that the line of a range begins with.
    pub(super) fn indent_of_line(&self, range: FileRange) -> Option<&'a str> {
        let before = self.input.text.get(..range.start as usize)?;
        let line = before.get(before.rfind('\n').map_or(0, |at| at + 1)..)?;
        let blanks = line.bytes().take_while(|b| *b == b' ' || *b == b'\t').count();
        line.get(..blanks)
    }

    /// The white space in front of a range, when nothing else stands there.
    pub(super) fn indent(&self, range: FileRange) -> Option<&'a str> {
        let before = self.input.text.get(..range.start as usize)?;
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let indent = before.get(line..)?;
        indent.bytes().all(|b| b == b' ' || b == b'\t').then_some(indent)
    }

    /// The lines of a range, when nothing else stands on them.
    fn whole_lines(&self, range: FileRange) -> FileRange {
        let Some(indent) = self.indent(range) else { return range };
        let after = self.input.text.get(range.end as usize..).unwrap_or_default();
        let blanks = after.bytes().take_while(|b| *b == b' ' || *b == b'\t').count();
        if after.as_bytes().get(blanks) != Some(&b'\n') {
            return range;
        }
        FileRange {
            start: range.start - indent.len() as u32,
            end: range.end + blanks as u32 + 1,
            ..range
        }
    }
}
