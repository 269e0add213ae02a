//! `struct-ops-member`: initialisers of struct_ops maps, and the programs that they should name.

use std::sync::Arc;

use cfront::{
    ast::{self, Designator, Initializer},
    ctypes::{CType, Record},
    sema::{Definition, Variable},
    unit::{ItemId, Unit},
};

use strsim::osa_distance;

use super::super::context::{Check, Context, Family};
use crate::{
    diagnostic::{Diagnostic, Fix, Severity},
    object::MapKind,
    places,
    rule::{self, Rule, Scope},
};

static MEMBER: Rule = Rule {
    id: "struct-ops-member",
    severity: Severity::Error,
    title: "a struct_ops member or program leads nowhere",
    happens: "A program that no struct_ops map names cannot be loaded. An initialiser of a member that the struct \
              does not have does not compile.",
    why: "A struct_ops program takes effect only as a member of a struct_ops map. libbpf learns from the map \
          which member the program is for.",
    fix: "Name the program in the initialiser of a map in `.struct_ops` or `.struct_ops.link`, under a member \
          that the struct has.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family = rule::Family { rules: &[&MEMBER], check: Check::object(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    members(cx, found);
    unused_programs(cx, found);
}

/// Members that the struct of the map does not have.
fn members(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    let unit = cx.unit;
    for variable in unit.variables().iter().filter(|v| is_map(v)) {
        let Some(record) = definition(unit, variable) else { continue };
        let Some((item, Initializer::List(entries, _))) = initializer(unit, variable) else {
            continue;
        };
        let Some(fields) = names(unit, &record, 0) else { continue };
        for entry in &entries {
            let Some(Designator::Field(field)) = entry.designators.first() else { continue };
            let name = field.name.as_str();
            if fields.contains(&name) {
                continue;
            }
            let Some(range) = unit.token_place(item, field.token) else { continue };
            let tag = record.tag.map_or("", |tag| tag.as_str());
            let finding = Diagnostic::new(
                &MEMBER,
                range,
                format!(
                    "`struct {tag}` has no member `{name}`: `{}` does not compile",
                    variable.name
                ),
            );
            let near = fields.iter().min_by_key(|known| osa_distance(known, name));
            let spelled = places::text(unit, range) == Some(name);
            let near = near.filter(|near| spelled && osa_distance(near, name) <= 2);
            let fix = near.map(|near| Fix::rename(range, near, *near));
            found.push(finding.with_fixes(fix));
        }
    }
}

/// Whether a variable stands in a section of struct_ops maps.
fn is_map(variable: &Variable) -> bool {
    let section = variable.attrs.section.map_or("", |s| s.as_str());
    matches!(section.trim_start_matches('?'), ".struct_ops" | ".struct_ops.link")
}

/// The struct of a struct_ops map, where the file sees what is in it.
fn definition(unit: &Unit, variable: &Variable) -> Option<Arc<Record>> {
    let CType::Record(id) = unit.canonical(variable.ty) else { return None };
    unit.record(id).filter(|record| record.defined)
}

fn initializer(unit: &Unit, variable: &Variable) -> Option<(ItemId, Initializer)> {
    let Definition::Initialised(index) = variable.definition else { return None };
    let decl = variable.decls.get(index)?;
    let item = ItemId(decl.place.item);
    let parsed = unit.item(item)?;
    let ast::Item::Declaration(declaration) = &parsed.syntax else { return None };
    let declarator = declaration.declarators.get(decl.declarator as usize)?;
    Some((item, declarator.init.clone()?))
}

/// The members that a designator may name, those of unnamed members too; `None` when one of these is
/// not known.
fn names(unit: &Unit, record: &Record, depth: u32) -> Option<Vec<&'static str>> {
    let mut found = Vec::new();
    for field in &record.fields {
        match (field.name, unit.canonical(field.ty)) {
            (Some(name), _) => found.push(name.as_str()),
            (None, CType::Record(id)) if depth < 16 => {
                found.extend(names(unit, &*unit.record(id)?, depth + 1)?);
            }
            (None, CType::Record(_) | CType::Unknown) => return None,
            // An unnamed bit-field.
            (None, _) => {}
        }
    }
    Some(found)
}

/// Programs for struct_ops that no map of the object names: libbpf cannot tell what they are for.
fn unused_programs(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    let object = cx.object;
    let maps: Vec<_> = object.maps.iter().filter(|m| m.kind == MapKind::StructOps).collect();
    // A map may stand in another file of the object, or be filled by the loader (`skel->struct_ops`).
    let sure = || {
        cx.usage.libbpf_loads
            && cx.usage.stands_alone
            && !cx.usage.chooses_programs
            && !cx.usage.sets_struct_ops
    };
    if !object.complete || !cx.unit.preprocessed().complete {
        return;
    }
    // The headers of another kernel, say: nothing is known of the map.
    let unit = cx.unit;
    if unit.variables().iter().any(|v| is_map(v) && definition(unit, v).is_none()) {
        return;
    }
    for program in &object.programs {
        // `?struct_ops` is not loaded unless a map that is made names it.
        let section = program.section.as_str();
        if section != "struct_ops" && section != "struct_ops.s" && !is_named(section) {
            continue;
        }
        if maps.iter().any(|map| map.ops.iter().any(|op| op.program == program.name)) {
            continue;
        }
        let Some(place) = program.place else { continue };
        if !sure() {
            return;
        }
        found.push(Diagnostic::new(
            &MEMBER,
            place.into(),
            format!(
                "no struct_ops map names `{}`, so libbpf cannot tell which member it is for: loading it fails",
                program.name
            ),
        ));
    }
}

fn is_named(section: &str) -> bool {
    section.starts_with("struct_ops/") || section.starts_with("struct_ops.s/")
}
