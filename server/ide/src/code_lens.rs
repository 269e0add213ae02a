//! Code lenses: a section's cost over its first variable, what a map takes, what a program is.

use std::path::Path;

use bpf::{
    facts,
    object::{Map, MapKind, Object, Place as ObjectPlace, SectionKind},
};

use crate::{
    answer::{Lens, SkeletonKind, shown},
    host::{Analysis, Cancellable},
    hover::{bytes, map_type},
    places::file_range,
};

impl Analysis {
    /// The lenses of a BPF program, in order of place. Of very many the last says how many are left out.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn code_lenses(&self, path: &Path) -> Cancellable<Vec<Lens>> {
        let Some(file) = self.file(path)? else { return Ok(Vec::new()) };
        let Some(source) = file.source() else { return Ok(Vec::new()) };
        let mut lenses: Vec<Lens> = titles(&source.object)
            .into_iter()
            .filter_map(|(place, title)| {
                let range = file_range(place);
                (range.file == file.main).then_some(Lens {
                    range: range.start..range.end,
                    title,
                    kind: SkeletonKind::Skeleton,
                })
            })
            .collect();
        lenses.sort_by_key(|lens| lens.range.start);
        Ok(shown(lenses, |next, left_out| Lens {
            title: format!("{left_out} more lenses not shown"),
            ..next.clone()
        }))
    }
}

fn titles(object: &Object) -> Vec<(ObjectPlace, String)> {
    let mut titles = Vec::new();
    for section in object.sections.iter().filter(|s| s.kind.is_internal_map()) {
        // The first one as the source goes, which is not always the first of the section.
        let Some(place) = section.variables.iter().filter_map(|v| v.place).min_by_key(|p| p.start)
        else {
            continue;
        };
        let count = section.variables.len();
        let noun = if count == 1 { "variable" } else { "variables" };
        let per_cpu = if section.kind == SectionKind::Percpu { " per CPU" } else { "" };
        titles.push((
            place,
            format!(
                "{}: {count} {noun}, {}{per_cpu} \u{2014} show skeleton",
                section.name,
                bytes(section.size)
            ),
        ));
    }
    for map in object.maps.iter().filter(|map| map.kind == MapKind::User) {
        titles.extend(map.place.map(|place| (place, map_title(map))));
    }
    for program in &object.programs {
        let Some(place) = program.place else { continue };
        let row = facts::sections::find(program.section.trim_start_matches('?'));
        let kind = row.map_or("program", |row| row.short_type());
        titles.push((place, format!("{kind}: {} \u{2014} show skeleton", program.section)));
    }
    titles
}

fn map_title(map: &Map) -> String {
    let mut title = map_type(&map.def);
    if let Some(entries) = map.def.max_entries {
        // A ring buffer's number of entries is its size in bytes.
        match map_type(&map.def).as_str() {
            "RINGBUF" | "USER_RINGBUF" => title.push_str(&format!(": {}", bytes(entries.into()))),
            _ => {
                title.push_str(&format!(": {entries} entries"));
                if let Some(entry) = map.entry_bytes().filter(|entry| *entry > 0) {
                    title.push_str(&format!(" of {}", bytes(entry)));
                }
                if let Some(total) = map.payload_bytes().filter(|total| *total > 0) {
                    let row = map.def.map_type.and_then(facts::map_types::by_number);
                    let each = if row.is_some_and(|row| row.per_cpu) { " per CPU" } else { "" };
                    title.push_str(&format!(", {}{each}", bytes(total)));
                }
            }
        }
    }
    title.push_str(" \u{2014} show skeleton");
    title
}
