//! The text around what a quick fix changes, and the lines that it writes.

use std::fmt::Write;

use cfront::{
    ast::{Expr, Stmt},
    source::{FileId, FileRange},
    symbol::Symbol,
    unit::ItemId,
};

use super::{find::names_in, input::Input};
use crate::flow::observe::At;

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
    pub(super) fn whole_lines(&self, range: FileRange) -> FileRange {
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

/// Whether a variable `err` can be used at a place.
pub(super) fn names_err(input: Input<'_>, at: At) -> bool {
    let err = Symbol::intern("err");
    let local = input.unit.scope(at.item).is_some_and(|scope| {
        scope.locals().iter().any(|local| local.name == err && local.token < at.start)
    });
    local || input.unit.variable(err).is_some()
}

/// Names for variables of a snippet that differ from those in the user's expressions.
pub(super) struct Names {
    suffix: String,
}

impl Names {
    const ALL: [&'static str; 16] = [
        "vsz", "next", "zero", "ncpu", "vals", "total", "cpu", "stride", "one", "value", "on_cpu",
        "btf", "section", "var", "name", "left",
    ];

    pub(super) fn unlike(exprs: &[&Expr]) -> Names {
        let used: Vec<Symbol> = exprs.iter().flat_map(|expr| names_in(expr)).collect();
        let mut suffix = String::new();
        while used.iter().any(|name| {
            name.as_str().strip_suffix(suffix.as_str()).is_some_and(|n| Names::ALL.contains(&n))
        }) {
            suffix.push('_');
        }
        Names { suffix }
    }

    pub(super) fn of(&self, name: &str) -> String {
        format!("{name}{}", self.suffix)
    }
}

/// Lines of code, the first where it is put, the others at the same depth.
pub(super) fn block(indent: &str, lines: &[String]) -> String {
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push('\n');
            if !line.is_empty() {
                out.push_str(indent);
            }
        }
        let _ = write!(out, "{line}");
    }
    out
}
