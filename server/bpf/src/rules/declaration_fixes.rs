//! Quick fixes that change the declaration of a variable, or what a program says instead of it. Each is
//! offered only where nothing else in the workspace is known to rely on the declaration as it is.

use std::sync::Arc;

use super::{
    code::{Call, Callee, Code, FnBody, addressed},
    context::Context,
};
use crate::{
    diagnostic::{Edit, Fix},
    object::{Certainty, Section},
    places,
};
use btf::size::round_up;
use cfront::{
    ast::{
        self, Expr, ExprKind, InitDeclarator, Initializer, Stmt, StmtKind, Storage, TypeSpec, visit,
    },
    ctypes::{CType, CTypeId},
    sema::{ItemScope, Variable},
    source::FileRange,
    symbol::Symbol,
    unit::{ItemId, ParsedItem, Unit},
};
use codegen::references::{Access, Target};

/// The most that a per-CPU value may take everywhere, in bytes (`PCPU_MIN_UNIT_SIZE` with pages up to
/// 32 KiB).
pub(super) const SMALLEST_LIMIT: u64 = 32 << 10;

/// The only declaration of a variable, which declares nothing else.
struct Sole {
    item: ItemId,
    parsed: Arc<ParsedItem>,
}

impl Sole {
    fn of(unit: &Unit, variable: &Variable) -> Option<Sole> {
        let [decl] = variable.decls.as_slice() else { return None };
        let item = ItemId(decl.place.item);
        let sole = Sole { item, parsed: unit.item(item)? };
        let alone = unit.in_main_file(item) && sole.declaration()?.declarators.len() == 1;
        alone.then_some(sole)
    }

    fn declaration(&self) -> Option<&ast::Declaration> {
        match &self.parsed.syntax {
            ast::Item::Declaration(declaration) => Some(declaration),
            _ => None,
        }
    }

    fn declarator(&self) -> Option<&InitDeclarator> {
        self.declaration()?.declarators.first()
    }
}

/// `static const char name[] = "text"` in place of a per-CPU array, where programs only read it as a
/// constant string and no loader names it.
pub(super) fn constant_text(cx: Context<'_>, variable: &Variable) -> Option<Fix> {
    let unit = cx.unit;
    let sole = Sole::of(unit, variable)?;
    let declaration = sole.declaration()?;
    let CType::Array { elem, .. } = unit.canonical(variable.ty) else { return None };
    let specs = &declaration.specs;
    let plain = unit.size_of(elem) == Some(1)
        && matches!(specs.ty, TypeSpec::Int(_) | TypeSpec::Typedef(_))
        && specs.quals == ast::Quals::default()
        && matches!(specs.storage, Storage::None | Storage::Static)
        && sole.declarator()?.init.is_some();
    let changed = || !every_use(cx.code(), &sole, variable.name, is_read_only);
    if !plain || cx.usage.names_member(variable.name.as_str()) || changed() {
        return None;
    }
    let start = specs.span.start;
    let (at, word) = match specs.storage {
        Storage::Static if unit.tokens(sole.item).get(start as usize)?.is("static") => {
            (start + 1, "const ")
        }
        Storage::None => (start, "static const "),
        _ => return None,
    };
    let first = places::spelled(unit, sole.item, at, at)?;
    let section = section_macro(unit, variable)?;
    let edits = [Edit::before(first, word), Edit::remove(with_blank_before(unit, section))];
    Some(Fix::new(format!("Declare `{}` as `static const char[]`", variable.name), edits))
}

/// A use that a constant allows: a read, or the text that a helper wants to be constant.
fn is_read_only(body: &FnBody, access: Access, token: u32) -> bool {
    let text_of = |call: &Call| match &call.callee {
        Callee::Pointer(f) if matches!(f.name.as_str(), "bpf_strncmp" | "bpf_snprintf") => {
            call.args.get(2).and_then(addressed)
        }
        _ => None,
    };
    match access {
        Access::Read | Access::Compare | Access::Mention => true,
        Access::Address => body.calls.iter().filter_map(text_of).any(|text| text.token == token),
        _ => false,
    }
}

/// Whether each use of a variable in the file passes a test; uses that are not understood do not.
fn every_use(
    code: &Code<'_>,
    sole: &Sole,
    name: Symbol,
    test: impl Fn(&FnBody, Access, u32) -> bool,
) -> bool {
    let unit = code.unit;
    let mentions = |item: &ItemId| unit.tokens(*item).iter().any(|token| token.sym == name);
    unit.main_items().iter().filter(|item| **item != sole.item).filter(|i| mentions(i)).all(
        |item| {
            let Some(parsed) = unit.item(*item) else { return false };
            let ast::Item::Function(function) = &parsed.syntax else { return false };
            let Some(body) = function.declarator.name.and_then(|n| code.body(n.name)) else {
                return false;
            };
            let known = |token: u32| {
                body.refs.references.iter().any(|r| {
                    r.token == token
                        && r.target == Target::Variable(name)
                        && test(&body, r.access, token)
                })
            };
            let tokens = (0_u32..).zip(unit.tokens(*item));
            tokens.filter(|(_, token)| token.sym == name).all(|(index, _)| known(index))
        },
    )
}

/// Takes a variable away that nothing uses.
pub(super) fn remove(cx: Context<'_>, variable: &Variable) -> Option<Fix> {
    let unit = cx.unit;
    let sole = Sole::of(unit, variable)?;
    let declaration = sole.declaration()?;
    // A type that is declared along may be used.
    let declares_type = match &declaration.specs.ty {
        TypeSpec::Record(record) => record.fields.is_some() && record.tag.is_some(),
        TypeSpec::Enum(_) => true,
        _ => false,
    };
    let used = || !every_use(cx.code(), &sole, variable.name, |_, _, _| false);
    if declares_type || cx.usage.names_member(variable.name.as_str()) || used() {
        return None;
    }
    let last = u32::try_from(unit.tokens(sole.item).len()).ok()?.checked_sub(1)?;
    let range = places::spelled(unit, sole.item, 0, last)?;
    let lines = Edit::remove(whole_lines(unit, range));
    Some(Fix::new(format!("Remove `{}`", variable.name), [lines]))
}

/// Moves variables of a per-CPU section that is too large to sections of their own. Those that a loader
/// names stay where they are.
pub(super) fn split(cx: Context<'_>, section: &Section) -> Option<Fix> {
    let (unit, object) = (cx.unit, cx.object);
    if section.certainty != Certainty::Certain {
        return None;
    }
    // No order of the variables can take more than this.
    let most = |v: &crate::object::Variable| v.size.checked_add(v.align.max(1) - 1);
    let (named, free): (Vec<_>, Vec<_>) =
        section.variables.iter().partition(|v| cx.usage.names_member(&v.name));
    let mut bins: Vec<(u64, Vec<&crate::object::Variable>)> = vec![(0, Vec::new())];
    for (variable, stays) in
        named.into_iter().map(|v| (v, true)).chain(free.into_iter().map(|v| (v, false)))
    {
        let size = most(variable)?;
        let fits = |bin: &(u64, _)| {
            bin.0.checked_add(size).is_some_and(|s| round_up(s, 8) <= SMALLEST_LIMIT)
        };
        match bins.iter_mut().find(|bin| fits(bin)) {
            Some(bin) => {
                bin.0 += size;
                bin.1.push(variable);
            }
            None if !stays && size <= SMALLEST_LIMIT => bins.push((size, vec![variable])),
            None => return None,
        }
        if stays && bins.len() > 1 {
            return None;
        }
    }
    let mut edits = Vec::new();
    for (_, variables) in bins.iter().skip(1) {
        let new = format!("{}.{}", section.name, variables.first()?.name);
        let ident: String = new
            .trim_start_matches('.')
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let taken = |map: &crate::object::Map| map.ident().is_some_and(|i| i == ident.as_str());
        if object.maps.iter().any(taken) {
            return None;
        }
        for variable in variables {
            let variable = unit.variable(Symbol::intern(&variable.name))?;
            let decl = Sole::of(unit, &variable).and_then(|_| variable.decls.first())?;
            let string = places::section_string(unit, decl).filter(|s| s.is_literal)?;
            edits.push(Edit::replace(string.range, places::c_string(&new)));
        }
    }
    let moved = bins.get(1..)?.iter().map(|(_, variables)| variables.len()).sum::<usize>();
    let what = if moved == 1 { "a section of its own" } else { "sections of their own" };
    let title = match bins.get(1)?.1.as_slice() {
        [one] if moved == 1 => format!("Move `{}` to {what}", one.name),
        _ => format!("Move {moved} variables to {what}"),
    };
    Some(Fix::new(title, edits))
}

/// `&v` in place of `bpf_this_cpu_ptr(&v)`, and of `bpf_per_cpu_ptr(&v, bpf_get_smp_processor_id())`,
/// where the type fits.
pub(super) fn plain_address(unit: &Unit, body: &FnBody, call: &Call) -> Option<Fix> {
    let this_cpu = match call.args.as_slice() {
        [_] => true,
        [_, cpu] => match &cpu.uncast().kind {
            ExprKind::Call { callee, .. } => matches!(&callee.unparen().kind,
                ExprKind::Ident(name) if name.name.as_str() == "bpf_get_smp_processor_id"),
            _ => false,
        },
        _ => false,
    };
    if !this_cpu {
        return None;
    }
    let argument = call.args.first()?;
    let syntax = body.syntax()?;
    let mut at = CallAt { token: call.token, scope: &body.scope, unit, end: None, wanted: None };
    visit::block(&syntax.body, &mut at);
    let wanted = match at.wanted? {
        Wanted::Any => None,
        Wanted::Type(ty) => Some(ty),
        Wanted::Returned => Some(returned(unit, body)?),
    };
    if let Some(wanted) = wanted {
        let given = unit.expr_type(&body.scope, argument)?;
        let (CType::Pointer(given), CType::Pointer(to)) =
            (unit.canonical(given), unit.canonical(wanted))
        else {
            return None;
        };
        let fits = matches!(unit.canonical(to), CType::Void) || unit.compatible(given, to);
        let drops = unit.is_const(given) && !unit.is_const(to)
            || unit.is_volatile(given) && !unit.is_volatile(to);
        if !fits || drops {
            return None;
        }
    }
    let whole = places::spelled(unit, body.item, call.token, at.end?.checked_sub(1)?)?;
    let (first, last) = (argument.span.start, argument.span.end.checked_sub(1)?);
    let spelled = places::text(unit, places::spelled(unit, body.item, first, last)?)?;
    let title = format!("Use `{spelled}`: it is this CPU's copy");
    Some(Fix::new(title, [Edit::replace(whole, spelled)]))
}

fn returned(unit: &Unit, body: &FnBody) -> Option<CTypeId> {
    match unit.canonical(body.function.ty) {
        CType::Function(ty) => Some(ty.ret),
        _ => None,
    }
}

/// What the place of a call wants of its value.
#[derive(Clone, Copy)]
enum Wanted {
    /// It is cast.
    Any,
    /// It goes into something of this type.
    Type(CTypeId),
    /// It is returned.
    Returned,
}

/// Looks for the call of a name's token, and for what becomes of its value.
struct CallAt<'a> {
    token: u32,
    scope: &'a Arc<ItemScope>,
    unit: &'a Unit,
    /// One behind the call's last token.
    end: Option<u32>,
    wanted: Option<Wanted>,
}

impl CallAt<'_> {
    fn is_it(&mut self, expr: &Expr) -> bool {
        let expr = expr.unparen();
        let ExprKind::Call { callee, .. } = &expr.kind else { return false };
        let found =
            matches!(&callee.unparen().kind, ExprKind::Ident(name) if name.token == self.token);
        if found {
            self.end = Some(expr.span.end);
        }
        found
    }
}

impl visit::Visitor for CallAt<'_> {
    fn stmt(&mut self, stmt: &Stmt) {
        if let StmtKind::Return(Some(value)) = &stmt.kind
            && self.is_it(value)
        {
            self.wanted = Some(Wanted::Returned);
        }
    }

    fn local(&mut self, _: &ast::Declaration, one: &InitDeclarator) {
        if let Some(Initializer::Expr(value)) = &one.init
            && self.is_it(value)
        {
            let local = one.declarator.name.and_then(|name| self.scope.declared(name.token));
            self.wanted = local.map(|local| Wanted::Type(local.ty));
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Assign(None, left, right) if self.is_it(right) => {
                self.wanted = self.unit.expr_type(self.scope, left).map(Wanted::Type);
            }
            ExprKind::Cast { expr: inner, .. } if self.is_it(inner) => {
                self.wanted = Some(Wanted::Any);
            }
            _ => {}
        }
    }
}

/// `SEC("...")` of a variable, from the macro's name to the parenthesis, where it is written so.
fn section_macro(unit: &Unit, variable: &Variable) -> Option<FileRange> {
    let decl = variable.decls.first()?;
    let string = places::section_string(unit, decl).filter(|s| s.is_literal)?.range;
    let text = unit.preprocessed().text(string.file)?;
    let before = text.get(..string.start as usize)?.trim_end().strip_suffix('(')?.trim_end();
    let start = before.strip_suffix("SEC")?.len();
    let uses = &unit.preprocessed().macro_uses;
    let is_macro = uses.iter().any(|u| {
        u.range.file == string.file
            && u.range.start as usize == start
            && u.range.end as usize == before.len()
    });
    let after = text.get(string.end as usize..)?;
    let blanks = after.len() - after.trim_start().len();
    let ends = after.get(blanks..)?.starts_with(')');
    (is_macro && ends).then_some(FileRange {
        start: start as u32,
        end: string.end + blanks as u32 + 1,
        ..string
    })
}

/// A range with the blanks in front of it.
fn with_blank_before(unit: &Unit, range: FileRange) -> FileRange {
    let text = unit.preprocessed().text(range.file);
    let before = text.and_then(|text| text.get(..range.start as usize)).unwrap_or_default();
    let kept = before.trim_end_matches([' ', '\t']).len();
    FileRange { start: kept as u32, ..range }
}

/// The lines of a range, when nothing else stands on them.
fn whole_lines(unit: &Unit, range: FileRange) -> FileRange {
    let Some(text) = unit.preprocessed().text(range.file) else { return range };
    let before = text.get(..range.start as usize).unwrap_or_default();
    let after = text.get(range.end as usize..).unwrap_or_default();
    let indent = before.len() - before.trim_end_matches([' ', '\t']).len();
    let blanks = after.len() - after.trim_start_matches([' ', '\t']).len();
    let rest = before.trim_end_matches([' ', '\t']);
    let first = rest.is_empty() || rest.ends_with('\n');
    if !first || after.as_bytes().get(blanks) != Some(&b'\n') {
        return range;
    }
    FileRange { start: range.start - indent as u32, end: range.end + blanks as u32 + 1, ..range }
}
