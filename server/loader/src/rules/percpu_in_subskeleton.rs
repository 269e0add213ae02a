//! `percpu-in-subskeleton`, and its fixes: the map, and a lookup of the variable in it.

use bpf::{
    diagnostic::{Diagnostic, Edit, Fix, Severity},
    rule::{self, Rule, Scope},
};
use btf::Type;
use cfront::{
    ast::{Expr, ExprKind, UnaryOp, visit},
    source::FileRange,
    symbol::Symbol,
};

use super::{
    family::{Check, Family},
    input::Input,
    judge::{Judge, is_percpu},
    lines::{Lines, Names, block},
    verdicts::Verdicts,
};
use crate::{
    flow::{
        image::section_by_field,
        observe::{At, Event},
    },
    skeletons::{HeaderKind, Skeleton},
};

static IN_SUBSKELETON: Rule = Rule {
    id: "percpu-in-subskeleton",
    severity: Severity::Error,
    title: "a subskeleton has no `percpu` member",
    happens: "The access does not compile.",
    why: "bpftool leaves per-CPU sections out of subskeletons: there is no struct and no variable, only \
          the map.",
    fix: "Use `maps.percpu` with `bpf_map__lookup_elem`.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&IN_SUBSKELETON], check: Check::flow(judge) };

fn judge(judge: Judge<'_>, event: &Event<'_>, verdicts: &mut Verdicts) {
    let Event::Skeleton { site, member, at } = event else { return };
    let Some(skeleton) = judge.skeleton(*site) else { return };
    if skeleton.kind == HeaderKind::Subskeleton && is_percpu(member.as_str()) {
        verdicts.guilty(&IN_SUBSKELETON, *at, true, || finding(judge, skeleton, *member, *at));
    }
}

/// What is reported of `sub->percpu`.
fn finding(judge: Judge<'_>, skeleton: &Skeleton, member: Symbol, at: At) -> Option<Diagnostic> {
    let text = format!(
        "a subskeleton has no member `{member}`: bpftool leaves per-CPU sections out of it, so `struct {}` has \
         only `maps.{member}`",
        skeleton.name
    );
    let finding = judge.at(&IN_SUBSKELETON, at, text)?;
    let unit = judge.input.unit;
    let next = unit.tokens(at.item).get(at.end as usize);
    if next.is_some_and(|token| token.is(".") || token.is("->")) {
        let variable = unit.tokens(at.item).get(at.end as usize + 1)?.sym;
        let place = skeleton
            .object
            .as_deref()
            .and_then(|object| section_by_field(object, member.as_str()))
            .and_then(|s| s.variables.iter().find(|v| v.name == variable.as_str())?.place);
        let finding = finding.with_declaration(place.map(FileRange::from), variable.as_str());
        return Some(finding.with_fixes(lookup(judge.input, skeleton, member, at)));
    }
    let name = at.end.checked_sub(1).and_then(|last| unit.token_place(at.item, last));
    let title = format!("Use the map `maps.{member}`, with bpf_map__lookup_elem");
    let fix = |name| Fix::new(title, [Edit::replace(name, format!("maps.{member}"))]);
    Some(finding.with_fixes(name.map(fix)))
}

/// A statement expression with the variable's value on CPU 0, for `*sub->percpu.x` (as members of a
/// subskeleton are read) and `sub->percpu->x` (as those of a skeleton are). The offset is that in the
/// whole object, so it is looked up by name in its BTF, as libbpf does for the other sections.
fn lookup(input: Input<'_>, skeleton: &Skeleton, section: Symbol, at: At) -> Option<Fix> {
    let lines = Lines { input, item: at.item };
    let (whole, base, variable) = read_of(input, at)?;
    let range = lines.between(whole.span.start, whole.span.end)?;
    let sub = lines.spelled(&base)?;
    let object = skeleton.object.as_deref()?;
    let of_section = section_by_field(object, section.as_str())?;
    let declared = of_section.variables.iter().find(|v| v.name == variable.as_str())?;
    let Type::Int(int) = object.btf.get(object.btf.resolve(declared.ty)?) else { return None };
    let fixed = match int.name.as_str() {
        "_Bool" => "bool".to_owned(),
        _ => format!("__{}{}", if int.signed { 's' } else { 'u' }, int.size.checked_mul(8)?),
    };
    let names = Names::unlike(&[&base]);
    let of = |name| names.of(name);
    let (vsz, one, on_cpu, value) = (of("vsz"), of("one"), of("on_cpu"), of("value"));
    let (zero, btf, name, left, var, sec) =
        (of("zero"), of("btf"), of("name"), of("left"), of("var"), of("section"));
    let map = format!("{sub}->maps.{section}");
    let new = block(
        lines.indent_of_line(range)?,
        &[
            format!("({{\t/* `{variable}` of CPU 0 */"),
            format!("\tconst struct btf *{btf} = bpf_object__btf({sub}->obj);"),
            format!("\tconst struct btf_type *{sec};"),
            format!("\tsize_t {vsz} = bpf_map__value_size({map});"),
            format!("\t__u64 {on_cpu} = ((__u64)0 << 32) | BPF_F_CPU;"),
            format!("\tchar *{one} = malloc({vsz});"),
            format!("\t{fixed} {value} = 0;"),
            format!("\t__u32 {zero} = 0;"),
            String::new(),
            format!("\t{sec} = btf__type_by_id({btf}, bpf_map__btf_value_type_id({map}));"),
            format!(
                "\tif ({sec} && {one} && !bpf_map__lookup_elem({map}, &{zero}, sizeof({zero}), {one}, \
                 {vsz}, {on_cpu})) {{"
            ),
            format!("\t\tconst struct btf_var_secinfo *{var} = btf_var_secinfos({sec});"),
            String::new(),
            format!("\t\tfor (int {left} = btf_vlen({sec}); {left} > 0; {left}--, {var}++) {{"),
            format!(
                "\t\t\tconst char *{name} = btf__name_by_offset({btf}, btf__type_by_id({btf}, \
                 {var}->type)->name_off);"
            ),
            String::new(),
            format!("\t\t\tif (!strcmp({name}, \"{variable}\"))"),
            format!("\t\t\t\tmemcpy(&{value}, {one} + {var}->offset, sizeof({value}));"),
            "\t\t}".to_owned(),
            "\t}".to_owned(),
            format!("\tfree({one});"),
            format!("\t{value};"),
            "})".to_owned(),
        ],
    );
    let mut edits = vec![Edit::replace(range, new)];
    edits.extend(include_btf(input, skeleton));
    Some(Fix::new("Look up the value of one CPU", edits))
}

/// The read that an access to the section is part of: all of it, the subskeleton, and the variable.
fn read_of(input: Input<'_>, at: At) -> Option<(Expr, Expr, Symbol)> {
    let parsed = input.unit.item(at.item)?;
    let mut found: Option<(Expr, Expr, Symbol)> = None;
    let mut changed: Vec<u32> = Vec::new();
    // Parents come first, so what is written or has its address taken is known before it is met.
    visit::expressions(&parsed.syntax, &mut |expr| match &expr.kind {
        ExprKind::Assign(_, place, _)
        | ExprKind::Postfix(_, place)
        | ExprKind::Unary(UnaryOp::AddrOf | UnaryOp::PreInc | UnaryOp::PreDec, place) => {
            changed.push(place.unparen().span.start);
        }
        ExprKind::Unary(UnaryOp::Deref, inner) if !changed.contains(&expr.span.start) => {
            if let Some((sub, field, false)) = variable_of(inner.unparen(), at) {
                found = Some((expr.clone(), sub.clone(), field));
            }
        }
        ExprKind::Member { .. } if !changed.contains(&expr.span.start) => {
            if let Some((sub, field, true)) = variable_of(expr, at) {
                found = Some((expr.clone(), sub.clone(), field));
            }
        }
        _ => {}
    });
    found
}

/// `sub`, `x`, and whether an arrow is in front, of `sub->percpu.x`.
fn variable_of(expr: &Expr, at: At) -> Option<(&Expr, Symbol, bool)> {
    let ExprKind::Member { base, arrow, field } = &expr.kind else { return None };
    let ExprKind::Member { base: sub, arrow: true, .. } = &base.kind else { return None };
    (At::new(at.item, base.span) == at).then_some((&**sub, field.name, *arrow))
}

/// `#include <bpf/btf.h>`, where the file does not see its functions.
fn include_btf(input: Input<'_>, skeleton: &Skeleton) -> Option<Edit> {
    if input.unit.function(Symbol::intern("btf__type_by_id")).is_some() {
        return None;
    }
    let include = skeleton.include.filter(|r| r.file == input.unit.preprocessed().main)?;
    let before = input.text.get(..include.start as usize)?;
    let line = before.rfind('\n').map_or(0, |at| at + 1) as u32;
    let start = FileRange { start: line, end: line, ..include };
    Some(Edit::before(start, "#include <bpf/btf.h>\n"))
}
