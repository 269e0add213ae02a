//! Inlay hints: offset and size behind each variable of a data section. Off unless set.

use std::{ops::Range, path::Path};

use crate::{
    answer::InlayHint,
    host::{Analysis, Cancellable},
    hover::bytes,
    places::file_range,
};

impl Analysis {
    /// The hints in a byte range of a BPF program.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn inlay_hints(&self, path: &Path, range: Range<u32>) -> Cancellable<Vec<InlayHint>> {
        if !self.options.inlay_offsets {
            return Ok(Vec::new());
        }
        let Some(file) = self.file(path)? else { return Ok(Vec::new()) };
        let Some(source) = file.source() else { return Ok(Vec::new()) };
        let mut hints = Vec::new();
        for section in source.object.sections.iter().filter(|s| s.kind.is_internal_map()) {
            let certainty = section.offset_certainties();
            for variable in &section.variables {
                let Some(place) = variable.place.map(file_range) else { continue };
                if place.file != file.main || place.end < range.start || place.start > range.end {
                    continue;
                }
                let law = certainty(variable).law();
                let about = if law.is_some() { "~" } else { "" };
                hints.push(InlayHint {
                    offset: place.end,
                    label: format!(
                        "{} {about}+{}, {}",
                        section.name, variable.offset, variable.size
                    ),
                    tooltip: format!(
                        "offset {} in {}, {}{}",
                        variable.offset,
                        section.name,
                        bytes(variable.size),
                        match law {
                            Some(law) =>
                                format!("; the offset depends on the optimiser ({})", law.id),
                            None => String::new(),
                        }
                    ),
                });
            }
        }
        hints.sort_by_key(|hint| hint.offset);
        Ok(hints)
    }
}
