//! Skeleton previews.

use std::path::Path;

use crate::{
    answer::{Skeleton, SkeletonKind},
    host::{Analysis, Cancellable},
    pipeline::FileAnalysis,
    target::Target,
};

impl Analysis {
    /// The preview of a BPF program's skeleton, and the line in it that shows what stands at `offset`
    /// of the source. `None` when the file is no BPF program.
    pub fn skeleton(
        &self,
        path: &Path,
        kind: SkeletonKind,
        offset: Option<u32>,
    ) -> Cancellable<Option<Skeleton>> {
        let Some(file) = self.file(path)? else { return Ok(None) };
        let (Some(source), Some(preview)) = (&file.source, file.preview(kind)) else {
            return Ok(None);
        };
        let line = offset.and_then(|offset| {
            let target = file.target_at(offset)?;
            let (name, section) = match &target {
                Target::Variable { section, variable } => (variable.name.as_str(), Some(section)),
                Target::Map(map) => (map.name.as_str(), None),
                Target::Program(program) => (program.name.as_str(), None),
                Target::Section(section) => (section.name.as_str(), None),
            };
            let member = preview.members.iter().find(|member| {
                member.object_name == name
                    && section.is_none_or(|section| member.section == section.name)
            })?;
            Some(member.line)
        });
        Ok(Some(Skeleton {
            name: source.object.name.to_string(),
            text: preview.text.clone(),
            line,
            complete: source.object.complete,
            note: note(&file),
        }))
    }
}

/// One sentence on what may be wrong with the preview.
fn note(file: &FileAnalysis) -> Option<String> {
    let source = file.source.as_ref()?;
    if let Some(refusal) = source.refusals.first() {
        return Some(format!("libbpf would refuse to open this object: {refusal}"));
    }
    if let Some(missing) = file.preprocessed.includes.iter().find(|i| i.resolved.is_none()) {
        return Some(format!("header not found: {}", missing.path));
    }
    if file.preprocessed.uses_stand_in() {
        return Some("libbpf's headers were not found; built-in ones stand in for them".to_owned());
    }
    let likely = |s: &&bpf::object::Section| s.certainty == bpf::object::Certainty::Likely;
    if let Some(section) = source.object.sections.iter().find(likely) {
        return Some(format!("offsets in {} depend on the optimiser", section.name));
    }
    None
}
