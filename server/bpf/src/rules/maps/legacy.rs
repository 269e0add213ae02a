//! Map definitions from before libbpf 1.0: `legacy-maps-section`. Its quick fix turns a `struct bpf_map_def`
//! with numbers into a definition in `.maps` with types.

use cfront::{
    ast::{self, Designator, Expr, ExprKind, Initializer},
    sema::{Decl, Variable},
    source::FileRange,
    unit::{ItemId, Unit},
};

use super::super::context::{Check, Context, Family};
use crate::{
    diagnostic::{Diagnostic, Edit, Fix, Severity},
    places,
    rule::{self, Rule, Scope},
};

static LEGACY_MAPS: Rule = Rule {
    id: "legacy-maps-section",
    severity: Severity::Error,
    title: "libbpf 1.0 and later refuse `SEC(\"maps\")`",
    happens: "libbpf refuses to open the object (-ENOTSUP).",
    why: "Map definitions as `struct bpf_map_def` in a section called `maps` were removed in libbpf 1.0. Some \
          other loaders still read them; where libbpf is not known to load the object, this is only \
          information.",
    fix: "Define the map in `SEC(\".maps\")` with `__uint` and `__type`.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&LEGACY_MAPS], check: Check::any_source(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    for variable in cx.unit.variables() {
        let Some((decl, "maps")) = places::with_section(&variable.decls) else { continue };
        let Some(place) = places::section_string(cx.unit, decl) else { continue };
        let message = "libbpf 1.0 and later refuse an object with map definitions in `SEC(\"maps\")` \
                       (-ENOTSUP)";
        let severity = if cx.usage.libbpf_loads { Severity::Error } else { Severity::Information };
        let fix = rewrite(cx.unit, variable, decl)
            .map(|edit| Fix::new("Define the map in `.maps`", [edit]));
        let finding = Diagnostic::new(&LEGACY_MAPS, place.range, message);
        found.push(finding.with_severity(severity).with_fixes(fix));
    }
}

/// What to write in place of the definition, and where; `None` where the initialiser has more in it
/// than such a definition knows, or is not written out.
fn rewrite(unit: &Unit, variable: &Variable, decl: &Decl) -> Option<Edit> {
    let item = ItemId(decl.place.item);
    let parsed = unit.item(item)?;
    let ast::Item::Declaration(declaration) = &parsed.syntax else { return None };
    let [declarator] = declaration.declarators.as_slice() else { return None };
    let Some(Initializer::List(items, _)) = &declarator.init else { return None };

    let tokens = u32::try_from(unit.tokens(item).len()).ok()?;
    let (first, last) =
        (unit.token_place(item, 0)?, unit.token_place(item, tokens.checked_sub(1)?)?);
    let range = FileRange { file: first.file, start: first.start, end: last.end };
    let written = places::text(unit, range).filter(|_| first.file == last.file)?;
    // A conditional or a comment in it would be lost.
    if written.contains(['#']) || written.contains("/*") || written.contains("//") {
        return None;
    }

    let mut out = String::from("struct {\n");
    for one in items {
        let [Designator::Field(field)] = one.designators.as_slice() else { return None };
        let Initializer::Expr(value) = &one.value else { return None };
        let text = value_text(unit, item, value)?;
        match field.name.as_str() {
            name @ ("type" | "max_entries" | "map_flags") => {
                out += &format!("\t__uint({name}, {text});\n");
            }
            name @ ("key_size" | "value_size") => match type_text(value, &text) {
                Some(ty) => {
                    out += &format!("\t__type({}, {ty});\n", name.trim_end_matches("_size"));
                }
                None => out += &format!("\t__uint({name}, {text});\n"),
            },
            _ => return None,
        }
    }
    out += &format!("}} {} SEC(\".maps\");", variable.name);
    Some(Edit::replace(range, out))
}

/// The value as written: what stands between its `=` and the `,` or `}` behind it.
fn value_text(unit: &Unit, item: ItemId, value: &Expr) -> Option<String> {
    let before = places::spelled(
        unit,
        item,
        value.span.start.checked_sub(1)?,
        value.span.start.checked_sub(1)?,
    )?;
    let after = places::spelled(unit, item, value.span.end, value.span.end)?;
    let between = FileRange { file: before.file, start: before.end, end: after.start };
    let text = places::text(unit, between).filter(|_| before.file == after.file)?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The type in `sizeof(T)`.
fn type_text<'t>(value: &Expr, text: &'t str) -> Option<&'t str> {
    matches!(value.kind, ExprKind::SizeofType(_)).then_some(())?;
    text.strip_prefix("sizeof(")?.strip_suffix(")")
}
