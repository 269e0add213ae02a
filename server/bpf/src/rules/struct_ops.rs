//! `struct-ops-member`: initialisers of struct_ops maps, and the programs that they should name.

use std::sync::Arc;

use cfront::{
    ast::{self, Designator, Initializer},
    ctypes::{CType, Record},
    sema::{Definition, Variable},
    source::FileRange,
    unit::{ItemId, Unit},
};

use super::{Input, RuleId, places};
use crate::{diagnostic::Diagnostic, facts::sections, object::MapKind};

const RULE: RuleId = RuleId("struct-ops-member");

pub(super) fn check(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    members(input, found);
    unused_programs(input, found);
}

/// Members that the struct of the map does not have.
fn members(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    let unit = input.unit;
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
            let mut finding = Diagnostic::new(
                RULE,
                range,
                format!(
                    "`struct {tag}` has no member `{name}`: `{}` does not compile",
                    variable.name
                ),
            );
            let near = fields.iter().min_by_key(|known| sections::edit_distance(known, name));
            if let Some(near) = near.filter(|near| sections::edit_distance(near, name) <= 2)
                && places::text(unit, range) == Some(name)
            {
                finding =
                    finding.with_fix(format!("Use `{near}`"), vec![(range, (*near).to_owned())]);
            }
            found.push(finding);
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
fn unused_programs(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    let object = input.object;
    let maps: Vec<_> = object.maps.iter().filter(|m| m.kind == MapKind::StructOps).collect();
    // A map may stand in another file of the object, or be filled by the loader (`skel->struct_ops`).
    let sure = || {
        input.usage.libbpf_loads
            && input.usage.stands_alone
            && !input.usage.chooses_programs
            && !input.usage.sets_struct_ops
    };
    if !object.complete || !input.unit.preprocessed().complete {
        return;
    }
    // The headers of another kernel, say: nothing is known of the map.
    let unit = input.unit;
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
        let range = FileRange {
            file: cfront::source::FileId(place.file),
            start: place.start,
            end: place.end,
        };
        found.push(Diagnostic::new(
            RULE,
            range,
            format!(
                "no struct_ops map names `{}`: libbpf cannot tell which member it is for, and loading it fails",
                program.name
            ),
        ));
    }
}

fn is_named(section: &str) -> bool {
    section.starts_with("struct_ops/") || section.starts_with("struct_ops.s/")
}
