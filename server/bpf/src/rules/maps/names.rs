//! Names that meet: `skeleton-name-clash` and `kernel-name-clash`.

use cfront::source::FileRange;
use rustc_hash::FxHashMap;

use super::super::context::{Check, Context, Family};
use crate::{
    diagnostic::{Diagnostic, Severity},
    object::{Map, MapKind, Section, SectionKind},
    rule::{self, Rule, Scope},
};

static SKELETON: Rule = Rule {
    id: "skeleton-name-clash",
    severity: Severity::Error,
    title: "two members of the skeleton get the same name",
    happens: "The header of the skeleton does not compile: one struct has two members of the same name.",
    why: "bpftool turns every character of a map or section name that is not alphanumeric into `_`, so names \
          that differ only there become the same.",
    fix: "Rename one of the two.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

static KERNEL: Rule = Rule {
    id: "kernel-name-clash",
    severity: Severity::Warning,
    title: "two maps have the same name in the kernel",
    happens: "`bpftool map` and other tools show both maps under one name.",
    why: "The kernel keeps the first 15 characters of a map's name.",
    fix: "Use names that differ in their first 15 characters.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family =
    rule::Family { rules: &[&SKELETON, &KERNEL], check: Check::object(check) };

fn check(cx: Context<'_>, found: &mut Vec<Diagnostic>) {
    // Names are only compared when all of them are known.
    if !cx.object.complete {
        return;
    }
    let mut sections: FxHashMap<&str, &Section> = FxHashMap::default();
    for section in &cx.object.sections {
        sections.entry(&section.name).or_insert(section);
    }
    let mut by_field: FxHashMap<String, (&Map, FileRange)> = FxHashMap::default();
    let mut by_kernel_name: FxHashMap<String, (&Map, FileRange)> = FxHashMap::default();
    for map in &cx.object.maps {
        let Some(place) = place_of(&sections, map) else { continue };
        let name = &map.name;
        if let Some(field) = skeleton_field(map) {
            let (other, first) = by_field.entry(field.clone()).or_insert((map, place));
            if !std::ptr::eq(*other, map) {
                let message = format!(
                    "the skeleton gets two members `{field}`, from `{}` and `{name}`: its header does not \
                     compile",
                    other.name
                );
                let finding = Diagnostic::new(&SKELETON, place, message);
                found.push(
                    finding.with_related(*first, format!("`{}` becomes `{field}` too", other.name)),
                );
            }
        }
        let kernel = kernel_name(name);
        let (other, first) = by_kernel_name.entry(kernel.clone()).or_insert((map, place));
        if other.name != *name {
            let message = format!(
                "the kernel keeps 15 characters of a map name: `{}` and `{name}` are both `{kernel}` in \
                 `bpftool map`",
                other.name
            );
            let finding = Diagnostic::new(&KERNEL, place, message);
            found.push(finding.with_related(*first, format!("`{}` is `{kernel}` too", other.name)));
        }
    }
}

/// The declaration of a user map, or the first variable of an internal map's section.
fn place_of(sections: &FxHashMap<&str, &Section>, map: &Map) -> Option<FileRange> {
    let place = map.place.or_else(|| {
        let section = sections.get(map.section.as_str())?;
        section.variables.iter().find_map(|v| v.place)
    })?;
    Some(place.into())
}

/// The member of `maps` that bpftool gives a map (`get_map_ident`).
fn skeleton_field(map: &Map) -> Option<String> {
    let name = map.name.as_str();
    match map.kind {
        MapKind::User | MapKind::StructOps => Some(name.to_owned()),
        MapKind::Internal(SectionKind::Percpu) => Some(sanitized(name.strip_prefix('.')?)),
        MapKind::Internal(_) => {
            let at = [".data", ".rodata", ".bss", ".kconfig"]
                .iter()
                .find_map(|known| name.find(known))?;
            Some(sanitized(name.get(at + 1..)?))
        }
    }
}

fn sanitized(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// What the kernel keeps of a map name (`BPF_OBJ_NAME_LEN` less the NUL).
fn kernel_name(name: &str) -> String {
    name.chars()
        .take(15)
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '.' { c } else { '_' })
        .collect()
}
