//! Quick fixes of writes after load: the write moves before the load, or becomes an update of the map.

use std::fmt::Write;

use cfront::{
    ast::{Block, Expr, ExprKind, Item, Stmt, StmtKind},
    source::{FileId, FileRange},
    symbol::Symbol,
    token::TokenKind,
    unit::ItemId,
};

use super::Input;
use crate::{
    flow::{calls::callee_name, library::written_argument, observe::At},
    skeletons::{HeaderKind, Skeleton},
    walk,
};

/// A fix: its title and edits.
pub(super) type Edits = (String, Vec<(FileRange, String)>);

/// A statement that stands in a block, and the block.
#[derive(Clone, Copy)]
struct InBlock<'a> {
    block: &'a Block,
    stmt: &'a Stmt,
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
    Some(("Move the write before the load".into(), edits))
}

/// Turns an assignment to a per-CPU variable into an update of the map on every CPU.
pub(super) fn update_map(input: Input<'_>, skeleton: &Skeleton, write: At) -> Option<Edits> {
    if skeleton.kind != HeaderKind::Skeleton {
        return None;
    }
    let parsed = input.unit.item(write.item)?;
    let Item::Function(function) = &parsed.syntax else { return None };
    let InBlock { stmt, .. } = innermost(&function.body, write.start)?;
    let StmtKind::Expr(Expr { kind: ExprKind::Assign(None, left, right), .. }) = &stmt.kind else {
        return None;
    };
    let (image, section) = image_of(left)?;
    let text = Lines { input, item: write.item };
    let range = text.range(stmt)?;
    let indent = text.indent(range)?;
    let ExprKind::Member { base: skel, .. } = &image.kind else { return None };
    let (skel, value) = (text.spelled(skel)?, text.spelled(right)?);
    let all = text.spelled(left)?;
    let field = all.strip_prefix(text.spelled(image)?)?.trim_start().strip_prefix("->")?;
    let map = format!("{skel}->maps.{section}");
    let err = if names_err(input, write) { "err = " } else { "" };
    let mut new = String::new();
    for line in [
        "{\t/* the other variables of the section go back to their start values */".to_owned(),
        format!("\tsize_t vsz = bpf_map__value_size({map});"),
        format!(
            "\tstruct {}__{section} *next = malloc(vsz > sizeof(*next) ? vsz : sizeof(*next));",
            skeleton.name
        ),
        "\t__u32 zero = 0;".to_owned(),
        String::new(),
        "\tif (next) {".to_owned(),
        format!("\t\tmemcpy(next, {skel}->{section}, vsz);"),
        format!("\t\tnext->{} = {value};", field.trim_start()),
        format!(
            "\t\t{err}bpf_map__update_elem({map}, &zero, sizeof(zero), next, vsz, BPF_F_ALL_CPUS);"
        ),
        "\t\tfree(next);".to_owned(),
        "\t}".to_owned(),
        "}".to_owned(),
    ] {
        if !new.is_empty() {
            new.push('\n');
            if !line.is_empty() {
                new.push_str(indent);
            }
        }
        let _ = write!(new, "{line}");
    }
    Some(("Update the map on every CPU".into(), vec![(range, new)]))
}

/// `skel->percpu` of `skel->percpu->a.b[1]`, and the section's name.
fn image_of(lvalue: &Expr) -> Option<(&Expr, Symbol)> {
    let mut expr = lvalue;
    for _ in 0..64 {
        match &expr.kind {
            ExprKind::Paren(inner) => expr = inner,
            ExprKind::Index { base, .. } => expr = base,
            ExprKind::Member { base, arrow: true, .. } => match &base.kind {
                ExprKind::Member { arrow: true, field, .. }
                    if matches!(field.name.as_str().split('_').next(), Some("percpu")) =>
                {
                    return Some((base, field.name));
                }
                _ => expr = base,
            },
            ExprKind::Member { base, .. } => expr = base,
            _ => return None,
        }
    }
    None
}

/// The innermost statement of a block that holds a token.
fn innermost(block: &Block, token: u32) -> Option<InBlock<'_>> {
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
            simple &=
                callee_name(callee).is_some_and(|name| written_argument(name.as_str()).is_some());
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
fn names_err(input: Input<'_>, at: At) -> bool {
    let err = Symbol::intern("err");
    let local = input.unit.scope(at.item).is_some_and(|scope| {
        scope.locals().iter().any(|local| local.name == err && local.token < at.start)
    });
    local || input.unit.variable(err).is_some()
}

/// The text around statements of an item.
struct Lines<'a> {
    input: Input<'a>,
    item: ItemId,
}

impl<'a> Lines<'a> {
    fn main(&self) -> FileId {
        self.input.unit.preprocessed().main
    }

    fn between(&self, start: u32, end: u32) -> Option<FileRange> {
        let first = self.input.unit.token_place(self.item, start)?;
        let last = self.input.unit.token_place(self.item, end.checked_sub(1)?)?;
        let plain = first.file == self.main() && last.file == first.file && first.start < last.end;
        plain.then_some(FileRange { end: last.end, ..first })
    }

    fn range(&self, stmt: &Stmt) -> Option<FileRange> {
        self.between(stmt.span.start, stmt.span.end)
    }

    fn spelled(&self, expr: &Expr) -> Option<&'a str> {
        let range = self.between(expr.span.start, expr.span.end)?;
        self.input.text.get(range.start as usize..range.end as usize)
    }

    /// The white space in front of a range, when nothing else stands there.
    fn indent(&self, range: FileRange) -> Option<&'a str> {
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
