//! Rules about names that meet: `skeleton-name-clash` and `kernel-name-clash`.

use std::collections::HashMap;

use cfront::source::{FileId, FileRange};

use super::{Input, RuleId};
use crate::{
    diagnostic::Diagnostic,
    object::{Map, MapKind, Place, Section, SectionKind},
};

const SKELETON: RuleId = RuleId("skeleton-name-clash");
const KERNEL: RuleId = RuleId("kernel-name-clash");

pub(super) fn check(input: Input<'_>, found: &mut Vec<Diagnostic>) {
    // Names are only compared when all of them are known.
    if !input.object.complete {
        return;
    }
    let mut sections: HashMap<&str, &Section> = HashMap::new();
    for section in &input.object.sections {
        sections.entry(&section.name).or_insert(section);
    }
    let maps = input.object.maps.iter();
    let maps: Vec<(&Map, FileRange)> =
        maps.filter_map(|map| Some((map, place_of(&sections, map)?))).collect();

    let mut by_field: HashMap<String, usize> = HashMap::new();
    let mut by_kernel_name: HashMap<String, usize> = HashMap::new();
    for (index, (map, place)) in maps.iter().enumerate() {
        if let Some(field) = skeleton_field(map) {
            if let Some(&first) = by_field.get(&field) {
                let (other, other_place) = &maps[first];
                found.push(
                    Diagnostic::new(
                        SKELETON,
                        *place,
                        format!(
                            "the skeleton gets two members `{field}`, from `{}` and `{}`: its header \
                             does not compile",
                            other.name, map.name
                        ),
                    )
                    .with_related(*other_place, format!("`{}` becomes `{field}` too", other.name)),
                );
            } else {
                by_field.insert(field, index);
            }
        }
        let kernel = kernel_name(&map.name);
        if let Some(&first) = by_kernel_name.get(&kernel) {
            let (other, other_place) = &maps[first];
            if other.name != map.name {
                found.push(
                    Diagnostic::new(
                        KERNEL,
                        *place,
                        format!(
                            "the kernel keeps 15 characters of a map name: `{}` and `{}` are both \
                             `{kernel}` in `bpftool map`",
                            other.name, map.name
                        ),
                    )
                    .with_related(*other_place, format!("`{}` is `{kernel}` too", other.name)),
                );
            }
        } else {
            by_kernel_name.insert(kernel, index);
        }
    }
}

/// The declaration of a user map, or the first variable of an internal map's section.
fn place_of(sections: &HashMap<&str, &Section>, map: &Map) -> Option<FileRange> {
    let place = map.place.or_else(|| {
        let section = sections.get(map.section.as_str())?;
        section.variables.iter().find_map(|v| v.place)
    })?;
    Some(file_range(place))
}

fn file_range(place: Place) -> FileRange {
    FileRange { file: FileId(place.file), start: place.start, end: place.end }
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
