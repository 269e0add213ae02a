//! Names of maps that libbpf makes of sections: `internal-map-name`.

use bpf::{
    diagnostic::{Diagnostic, Fix, Severity},
    object::MapKind,
    rule::{self, Rule, Scope},
};

use super::{
    family::{Check, Family, File},
    input::Input,
};
use crate::{references::Reference, skeletons::HeaderKind};

static MAP_NAME: Rule = Rule {
    id: "internal-map-name",
    severity: Severity::Error,
    title: "no map has this name",
    happens: "The search returns NULL.",
    why: "libbpf names the maps that it makes of sections. `.percpu` and named sections keep the full name \
          of the section; `.data`, `.bss` and `.rodata` get the name of the object in front.",
    fix: "Search for the name of the section, or use the member of `skel->maps`.",
    quick_fix: true,
    scope: Scope::Declaration,
    since: "0.1.0",
};

pub(super) static FAMILY: Family = rule::Family { rules: &[&MAP_NAME], check: Check::file(check) };

fn check(file: File<'_>, found: &mut Vec<Diagnostic>) {
    let names = file.references.iter().filter(|r| r.kind.is_none() && r.in_string);
    found.extend(names.filter_map(|reference| map_name(file.input, reference)));
}

/// A map looked up by a name that libbpf does not give it: a section behind an object's name.
fn map_name(input: Input<'_>, reference: &Reference) -> Option<Diagnostic> {
    let skeleton = input.skeletons.get(reference.skeleton)?;
    let object = skeleton.object.as_deref()?;
    // A subskeleton's maps have the name of the whole object in front.
    let unknown = !reference.traced || skeleton.kind == HeaderKind::Subskeleton;
    if reference.holder != "maps" || unknown {
        return None;
    }
    let map = object.maps.iter().find(|map| {
        matches!(map.kind, MapKind::Internal(_))
            && reference.name.strip_suffix(map.section.as_str()).is_some_and(|p| !p.is_empty())
    })?;
    let message = format!(
        "no map is called `{}`: libbpf calls it `{}`, so this gives NULL",
        reference.name, map.name
    );
    let fix = Fix::rename(reference.range, &map.section, map.section.as_str());
    Some(Diagnostic::new(&MAP_NAME, reference.range, message).with_fixes([fix]))
}
