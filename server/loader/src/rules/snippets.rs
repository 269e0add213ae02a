//! Quick fixes that read and update the maps of per-CPU sections.

use bpf::{
    diagnostic::{Edit, Fix},
    object::Object,
};
use btf::{Type, TypeId};
use cfront::{
    ast::{Expr, ExprKind, Item, StmtKind},
    symbol::Symbol,
};

use super::{
    find::{InBlock, expression_at, innermost},
    input::Input,
    judge::is_percpu,
    lines::{Lines, Names, block, names_err},
};
use crate::{
    flow::{image::section_by_field, observe::At},
    skeletons::{HeaderKind, Skeleton},
};

/// Turns an assignment to a per-CPU variable into an update of the map on every CPU.
pub(super) fn update_map(input: Input<'_>, skeleton: &Skeleton, write: At) -> Option<Fix> {
    if skeleton.kind != HeaderKind::Skeleton {
        return None;
    }
    let parsed = input.unit.item(write.item)?;
    let Item::Function(function) = &parsed.syntax else { return None };
    let InBlock { stmt, .. } = innermost(&function.body, write.start)?;
    let StmtKind::Expr(Expr { kind: ExprKind::Assign(None, left, right), .. }) = &stmt.kind else {
        return None;
    };
    let text = Lines { input, item: write.item };
    let range = text.range(stmt)?;
    let indent = text.indent(range)?;
    let value = text.spelled(right)?;
    let Field { skel, section, field, .. } = field_of(text, left)?;
    let map = format!("{skel}->maps.{section}");
    let err = if names_err(input, write) { "err = " } else { "" };
    let names = Names::unlike(&[left, right]);
    let (vsz, next, zero) = (names.of("vsz"), names.of("next"), names.of("zero"));
    let new = block(
        indent,
        &[
            "{\t/* the other variables of the section go back to their start values */".to_owned(),
            format!("\tsize_t {vsz} = bpf_map__value_size({map});"),
            format!(
                "\tstruct {}__{section} *{next} = malloc({vsz} > sizeof(*{next}) ? {vsz} : sizeof(*{next}));",
                skeleton.name
            ),
            format!("\t__u32 {zero} = 0;"),
            String::new(),
            format!("\tif ({next}) {{"),
            format!("\t\tmemcpy({next}, {skel}->{section}, {vsz});"),
            format!("\t\t{next}->{field} = {value};"),
            format!(
                "\t\t{err}bpf_map__update_elem({map}, &{zero}, sizeof({zero}), {next}, {vsz}, BPF_F_ALL_CPUS);"
            ),
            format!("\t\tfree({next});"),
            "\t}".to_owned(),
            "}".to_owned(),
        ],
    );
    Some(Fix::new("Update the map on every CPU", [Edit::replace(range, new)]))
}

/// Turns a read of a per-CPU variable into a lookup in the map: the sum over all CPUs where it is a
/// number, and the value of one CPU. Each is a statement expression, so that it fits where the read
/// stood.
pub(super) fn lookup(input: Input<'_>, skeleton: &Skeleton, read: At) -> Vec<Fix> {
    expression_at(input.unit, read, |expr| lookups_of(input, skeleton, read, expr))
        .unwrap_or_default()
}

fn lookups_of(input: Input<'_>, skeleton: &Skeleton, read: At, expr: &Expr) -> Option<Vec<Fix>> {
    if skeleton.kind != HeaderKind::Skeleton {
        return None;
    }
    let text = Lines { input, item: read.item };
    let range = text.between(read.start, read.end)?;
    let indent = text.indent_of_line(range)?;
    let all = text.spelled(expr)?;
    let Field { skel, section, field, steps } = field_of(text, expr)?;
    let map = format!("{skel}->maps.{section}");
    let image = format!("struct {}__{section}", skeleton.name);
    let names = Names::unlike(&[expr]);
    let of = |name| names.of(name);
    let mut fixes: Vec<Fix> = Vec::new();
    let ty = skeleton.object.as_deref().and_then(|o| leaf(o, section, &steps).map(|ty| (o, ty)));
    let is_number = ty.is_some_and(|(object, ty)| {
        let resolved = object.btf.resolve(ty).map(|ty| object.btf.get(ty));
        matches!(resolved, Some(Type::Int(_)))
    });
    let (vsz, zero) = (of("vsz"), of("zero"));
    if is_number {
        let (ncpu, vals, total, cpu) = (of("ncpu"), of("vals"), of("total"), of("cpu"));
        let stride = of("stride");
        let new = block(
            indent,
            &[
                "({\t/* the sum of all CPUs */".to_owned(),
                format!("\tint {ncpu} = libbpf_num_possible_cpus();"),
                format!("\tsize_t {stride} = (bpf_map__value_size({map}) + 7) / 8 * 8;"),
                format!("\tchar *{vals} = {ncpu} > 0 ? calloc({ncpu}, {stride}) : NULL;"),
                format!("\t__typeof__({all}) {total} = 0;"),
                format!("\t__u32 {zero} = 0;"),
                String::new(),
                format!(
                    "\tif ({vals} && !bpf_map__lookup_elem({map}, &{zero}, sizeof({zero}), {vals}, {ncpu} * \
                 {stride}, 0))"
                ),
                format!("\t\tfor (int {cpu} = 0; {cpu} < {ncpu}; {cpu}++)"),
                format!("\t\t\t{total} += (({image} *)({vals} + {cpu} * {stride}))->{field};"),
                format!("\tfree({vals});"),
                format!("\t{total};"),
                "})".to_owned(),
            ],
        );
        fixes.push(Fix::new("Look up the sum of all CPUs", [Edit::replace(range, new)]));
    }
    let (one, value, on_cpu) = (of("one"), of("value"), of("on_cpu"));
    let new = block(
        indent,
        &[
            "({\t/* the value of CPU 0 */".to_owned(),
            format!("\tsize_t {vsz} = bpf_map__value_size({map});"),
            format!("\t{image} *{one} = malloc({vsz} > sizeof(*{one}) ? {vsz} : sizeof(*{one}));"),
            format!("\t__u64 {on_cpu} = ((__u64)0 << 32) | BPF_F_CPU;"),
            format!("\t__typeof__({all}) {value} = {{}};"),
            format!("\t__u32 {zero} = 0;"),
            String::new(),
            format!(
                "\tif ({one} && !bpf_map__lookup_elem({map}, &{zero}, sizeof({zero}), {one}, {vsz}, {on_cpu}))"
            ),
            format!("\t\t{value} = {one}->{field};"),
            format!("\tfree({one});"),
            format!("\t{value};"),
            "})".to_owned(),
        ],
    );
    fixes.push(Fix::new("Look up the value of one CPU", [Edit::replace(range, new)]));
    Some(fixes)
}

/// What an expression that reads a variable of a per-CPU section is made of.
struct Field<'a> {
    /// `skel`
    skel: &'a str,
    /// `percpu`
    section: Symbol,
    /// `a.b[1]`
    field: &'a str,
    /// The members from the image on, outermost last; none for an index.
    steps: Vec<Option<Symbol>>,
}

fn field_of<'a>(text: Lines<'a>, lvalue: &Expr) -> Option<Field<'a>> {
    let mut expr = lvalue;
    let mut steps = Vec::new();
    for _ in 0..64 {
        match &expr.kind {
            ExprKind::Paren(inner) => expr = inner,
            ExprKind::Index { base, .. } => {
                steps.push(None);
                expr = base;
            }
            ExprKind::Member { base, arrow, field } => {
                steps.push(Some(field.name));
                if let ExprKind::Member { base: skel, arrow: true, field: section } = &base.kind
                    && *arrow
                    && is_percpu(section.name.as_str())
                {
                    let after = text.spelled(lvalue)?.strip_prefix(text.spelled(base)?)?;
                    let field = after.trim_start().strip_prefix("->")?.trim_start();
                    steps.reverse();
                    let skel = text.spelled(skel)?;
                    return Some(Field { skel, section: section.name, field, steps });
                }
                expr = base;
            }
            _ => return None,
        }
    }
    None
}

/// The type at the end of a path of members in a section.
fn leaf(object: &Object, section: Symbol, steps: &[Option<Symbol>]) -> Option<TypeId> {
    let section = section_by_field(object, section.as_str())?;
    let (first, rest) = steps.split_first()?;
    let name = (*first)?;
    let mut ty = section.variables.iter().find(|v| v.name == name.as_str())?.ty;
    for step in rest {
        ty = match (object.btf.get(object.btf.resolve(ty)?), step) {
            (Type::Array { elem, .. }, None) => *elem,
            (Type::Struct(composite) | Type::Union(composite), Some(name)) => {
                composite.members.iter().find(|m| m.name == name.as_str())?.ty
            }
            _ => return None,
        };
    }
    Some(ty)
}
