//! Skeleton previews.

use std::path::Path;

use bpf::{
    object::{Law, MapKind, Object, Section, Variable},
    skeleton::{Holder, Preview, PreviewMember},
};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    answer::{Place, PreviewHint, Skeleton, SkeletonKind},
    definition::place,
    host::{Analysis, Cancellable},
    pipeline::FileAnalysis,
    places::file_range,
    target::{Target, by_name},
};

impl Analysis {
    /// The preview of a BPF program's skeleton, and the line in it that shows what stands at `offset`
    /// of the source. `None` when the file is no BPF program.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn skeleton(
        &self,
        path: &Path,
        kind: SkeletonKind,
        offset: Option<u32>,
    ) -> Cancellable<Option<Skeleton>> {
        let Some(file) = self.file(path)? else { return Ok(None) };
        let (Some(source), Some(preview)) = (file.source(), file.preview(kind)) else {
            return Ok(None);
        };
        let mut line = None;
        if let Some(offset) = offset {
            line = file.target_at(offset).and_then(|target| line_of(preview, target));
            if line.is_none() {
                // What the cursor is in: a declaration, a program's body.
                let symbols = self.document_symbols(path)?;
                let around =
                    symbols.iter().find(|s| (s.range.start..=s.range.end).contains(&offset));
                let target = around.and_then(|symbol| file.target_at(symbol.selection.start));
                line = target.and_then(|target| line_of(preview, target));
            }
        }
        Ok(Some(Skeleton {
            name: source.object.name.to_string(),
            text: preview.text.clone(),
            line,
            complete: source.object.complete,
            note: note(&file),
            hints: hints(&source.object, preview),
        }))
    }

    /// Where the source declares what a line of a preview shows.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn skeleton_definition(
        &self,
        path: &Path,
        kind: SkeletonKind,
        line: u32,
    ) -> Cancellable<Option<Place>> {
        let Some(file) = self.file(path)? else { return Ok(None) };
        let (Some(source), Some(preview)) = (file.source(), file.preview(kind)) else {
            return Ok(None);
        };
        let target = target_on(&source.object, preview, line);
        Ok(target.and_then(place).map(|place| self.place(file_range(place))))
    }
}

/// The line of a preview that shows a thing of the object; for a section the head of its struct.
fn line_of(preview: &Preview, target: Target<'_>) -> Option<u32> {
    let (name, section) = match target {
        Target::Variable { section, variable } => (variable.name.as_str(), Some(section)),
        Target::Map(map) => (map.name.as_str(), None),
        Target::Program(program) => (program.name.as_str(), None),
        Target::Section(section) => {
            let inside = |m: &&PreviewMember| m.is_data() && m.section == section.name;
            let first = preview.members.iter().find(inside)?;
            return Some(first.line.saturating_sub(1));
        }
    };
    let member = preview.members.iter().find(|member| {
        member.object_name == name && section.is_none_or(|section| member.section == section.name)
    })?;
    Some(member.line)
}

/// What a line of a preview stands for: a member, or else the section whose struct it is in.
fn target_on<'a>(object: &'a Object, preview: &Preview, line: u32) -> Option<Target<'a>> {
    let on = |m: &&PreviewMember| (m.line..=m.last_line).contains(&line);
    if let Some(member) = preview.members.iter().find(on) {
        let name = member.object_name.as_str();
        return match &member.holder {
            Holder::Data(_) => variable_of(object, member)
                .map(|(section, variable)| Target::Variable { section, variable }),
            Holder::Maps | Holder::StructOps => {
                let map = object.maps.iter().find(|map| map.name == name)?;
                match map.kind {
                    MapKind::Internal(_) => object.section(&map.section).map(Target::Section),
                    _ => Some(Target::Map(map)),
                }
            }
            Holder::Progs | Holder::Links => by_name(object, name),
        };
    }
    // The struct's head and end stand next to its first and last member, paddings between them.
    let mut lines: FxHashMap<&str, (u32, u32)> = FxHashMap::default();
    for member in preview.members.iter().filter(|member| member.is_data()) {
        let first = member.line.saturating_sub(1);
        lines.entry(&member.section).or_insert((first, 0)).1 = member.last_line + 1;
    }
    let around = |section: &&Section| {
        lines
            .get(section.name.as_str())
            .is_some_and(|&(first, last)| (first..=last).contains(&line))
    };
    object.sections.iter().find(around).map(Target::Section)
}

fn variable_of<'a>(
    object: &'a Object,
    member: &PreviewMember,
) -> Option<(&'a Section, &'a Variable)> {
    let section = object.section(&member.section)?;
    let variable = section.variables.iter().find(|v| v.name == member.object_name)?;
    Some((section, variable))
}

/// Members whose place, or which themselves, only the optimiser decides.
fn hints(object: &Object, preview: &Preview) -> Vec<PreviewHint> {
    let mut uncertain: FxHashMap<(&str, &str), &'static Law> = FxHashMap::default();
    for section in &object.sections {
        let certainty = section.offset_certainties();
        for variable in &section.variables {
            let name = (section.name.as_str(), variable.name.as_str());
            if let Some(law) = certainty(variable).law() {
                uncertain.entry(name).or_insert(law);
            }
        }
    }
    let existence: FxHashMap<&str, &'static Law> = (object.sections.iter())
        .filter_map(|section| Some((section.name.as_str(), section.existence.law()?)))
        .collect();
    let internal: FxHashSet<&str> = (object.maps.iter())
        .filter(|map| matches!(map.kind, MapKind::Internal(_)))
        .map(|map| map.name.as_str())
        .collect();
    let hint = |member: &PreviewMember| {
        let (what, law) = match &member.holder {
            Holder::Data(_) => {
                ("offset", uncertain.get(&(&*member.section, &*member.object_name))?)
            }
            Holder::Maps if internal.contains(&*member.object_name) => {
                ("existence", existence.get(&*member.section)?)
            }
            _ => return None,
        };
        let text = format!("{what} depends on the optimiser ({})", law.id);
        Some(PreviewHint { line: member.last_line, text })
    };
    preview.members.iter().filter_map(hint).collect()
}

/// One sentence on what may be wrong with the preview.
fn note(file: &FileAnalysis) -> Option<String> {
    let source = file.source()?;
    if let Some(refusal) = source.refusals.first() {
        return Some(format!("libbpf would refuse to open this object: {refusal}"));
    }
    if let Some(missing) = file.preprocessed.includes.iter().find(|i| i.resolved.is_none()) {
        return Some(format!("header not found: {}", missing.path));
    }
    if file.preprocessed.uses_stand_in() {
        return Some("libbpf's headers were not found; using built-in ones".to_owned());
    }
    source.object.uncertainties().into_iter().next()
}
