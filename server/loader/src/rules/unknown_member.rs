//! `skeleton-unknown-member`: a member that the BPF source does not give, where the reason is certain: the
//! variable is static, stands in another section, is dropped by the compiler, or is misspelt.

use bpf::{
    diagnostic::{Diagnostic, Fix, Severity},
    object::{MapKind, Object, Variable},
    rule::{self, Rule, Scope},
};
use btf::Linkage;
use cfront::{
    ctypes::DeclPlace,
    sema,
    source::FileRange,
    symbol::Symbol,
    unit::{ItemId, Unit},
};
use strsim::osa_distance;

use super::{
    family::{Check, Family, File},
    input::Input,
};
use crate::{
    members::members,
    references::Reference,
    skeletons::{HeaderKind, Skeleton},
};

static UNKNOWN: Rule = Rule {
    id: "skeleton-unknown-member",
    severity: Severity::Error,
    title: "the skeleton has no such member",
    happens: "The access does not compile against the header that the BPF source gives.",
    why: "The skeleton has a member for each map, program and link. A data section has one for every \
          variable that is not static or hidden and that the compiler keeps.",
    fix: "Use the section that holds the variable, correct the name, or make the variable global.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family = rule::Family { rules: &[&UNKNOWN], check: Check::file(check) };

/// Members of the skeleton's struct that are data sections.
const DATA: [&str; 5] = ["bss", "data", "rodata", "percpu", "kconfig"];

fn check(file: File<'_>, found: &mut Vec<Diagnostic>) {
    let members = file.references.iter().filter(|r| r.kind.is_none() && !r.in_string);
    found.extend(members.filter_map(|reference| unknown(file.input, reference)));
}

fn unknown(input: Input<'_>, reference: &Reference) -> Option<Diagnostic> {
    let skeleton = input.skeletons.get(reference.skeleton)?;
    let object = skeleton.object.as_deref()?;
    let holder = reference.holder.as_str();
    let in_data = DATA.iter().any(|section| holder.starts_with(section));
    // What a header that exists declares is there, whatever the source says now.
    if !object.complete || reference.in_header || holder.is_empty() {
        return None;
    }
    let found = object.sections.iter().find_map(|section| {
        let variable = section.variables.iter().find(|v| v.name == reference.name)?;
        Some((section, variable))
    });
    match found {
        Some((section, variable)) if in_data => {
            if variable.linkage == Linkage::Static {
                return Some(is_static(reference, skeleton, variable));
            }
            elsewhere(input, reference, object, &section.name, variable)
        }
        Some(_) => None,
        None => dropped(reference, skeleton, in_data).or_else(|| misspelt(reference, skeleton)),
    }
}

fn is_static(reference: &Reference, skeleton: &Skeleton, variable: &Variable) -> Diagnostic {
    let name = &reference.name;
    let text = format!(
        "`struct {}` has no member `{name}`: the variable is static or hidden, and bpftool leaves those out",
        skeleton.name
    );
    Diagnostic::new(&UNKNOWN, reference.range, text)
        .with_declaration(variable.place.map(FileRange::from), name)
}

fn elsewhere(
    input: Input<'_>,
    reference: &Reference,
    object: &Object,
    section: &str,
    variable: &Variable,
) -> Option<Diagnostic> {
    let name = &reference.name;
    let map = object
        .maps
        .iter()
        .find(|map| matches!(map.kind, MapKind::Internal(_)) && map.section == section)?;
    let holder = object.data_ident(map)?;
    if holder == reference.holder {
        return None;
    }
    let text = format!(
        "`{}` has no member `{name}`: the variable is in section `{section}`, so use `{holder}`",
        reference.holder
    );
    let finding = Diagnostic::new(&UNKNOWN, reference.range, text)
        .with_declaration(variable.place.map(FileRange::from), name);
    // The holder is the name before `->` or `.`.
    let at = reference.at;
    let token = at.end.checked_sub(3)?;
    let spelled = input.unit.tokens(at.item).get(token as usize)?.sym;
    let place = input.unit.token_place(at.item, token)?;
    let fix = (spelled.as_str() == reference.holder)
        .then(|| Fix::rename(place, &holder, holder.as_str()));
    Some(finding.with_fixes(fix))
}

/// Something that the source declares and the compiler drops from of the object.
fn dropped(reference: &Reference, skeleton: &Skeleton, in_data: bool) -> Option<Diagnostic> {
    let name = Symbol::intern(&reference.name);
    let (why, place) = skeleton.sources.iter().find_map(|unit| {
        if in_data {
            dropped_variable(unit, name)
        } else if matches!(reference.holder.as_str(), "progs" | "links") {
            dropped_function(unit, name)
        } else {
            None
        }
    })?;
    let text = format!("the skeleton has no member `{name}`: {why}");
    Some(Diagnostic::new(&UNKNOWN, reference.range, text).with_declaration(place, &reference.name))
}

fn dropped_variable(unit: &Unit, name: Symbol) -> Option<(&'static str, Option<FileRange>)> {
    let variable = unit.variable(name)?;
    let why = if variable.linkage == sema::Linkage::Internal {
        "the variable is static and unused, so the compiler drops it (bpftool leaves out static ones anyway)"
    } else if variable.definition == sema::Definition::None
        && variable.attrs.section.as_ref().is_some_and(|s| s.as_str() == ".kconfig")
    {
        // Other `extern` variables may be defined in an object that this one is linked with.
        "no code uses this configuration value, so the object does not have it"
    } else {
        return None;
    };
    Some((why, range_of(unit, variable.decls.last().map(|d| d.place))))
}

fn dropped_function(unit: &Unit, name: Symbol) -> Option<(&'static str, Option<FileRange>)> {
    let function = unit.function(name)?;
    let place = function.definition_place();
    let why = if place.is_none() {
        "the source only declares the function"
    } else if function.linkage == sema::Linkage::Internal {
        "the function is static, and a program cannot be"
    } else {
        // Without a section of its own it is a subprogram.
        function.attrs.section.is_none().then_some(
            "the function has no section of its own (`SEC(\"...\")`), so libbpf takes it for a subprogram",
        )?
    };
    Some((why, range_of(unit, place.or_else(|| function.decls.last().map(|d| d.place)))))
}

fn range_of(unit: &Unit, place: Option<DeclPlace>) -> Option<FileRange> {
    let place = place?;
    unit.token_place(ItemId(place.item), place.token)
}

/// A name that is nearly that of one member, and of no other.
fn misspelt(reference: &Reference, skeleton: &Skeleton) -> Option<Diagnostic> {
    let written = reference.name.as_str();
    let light = skeleton.kind == HeaderKind::Light && reference.holder == "links";
    let all = members(skeleton, &[reference.holder.as_str()])?;
    let mut near = all.iter().filter(|member| is_near(written, &member.name));
    let (member, None) = (near.next()?, near.next()) else { return None };
    let name = &member.name;
    let text = format!("`{}` has no member `{written}`; did you mean `{name}`?", reference.holder);
    let declared = name.strip_suffix("_fd").filter(|_| light).unwrap_or(name);
    let finding = Diagnostic::new(&UNKNOWN, reference.range, text)
        .with_declaration(member.place.map(FileRange::from), declared);
    Some(finding.with_fixes([Fix::rename(reference.range, name, name.as_str())]))
}

/// Whether a name is a slip of the other: one letter, or two in a long name. Names that differ in
/// their numbers are different names.
fn is_near(written: &str, name: &str) -> bool {
    let letters = |text: &str| -> String { text.chars().filter(|c| !c.is_ascii_digit()).collect() };
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let length = written.len().min(name.len());
    let most = match length {
        0..3 => return false,
        3..8 => 1,
        _ => 2,
    };
    digits(written) == digits(name)
        && letters(written) != letters(name)
        && osa_distance(written, name) <= most
}
