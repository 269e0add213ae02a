//! Highlights: where the file at hand names what stands under the cursor, when it crosses.

use std::path::Path;

use crate::{
    answer::Highlight,
    host::{Analysis, Cancellable},
    pipeline::Role,
    uses::UseKind,
};

impl Analysis {
    /// The uses in this file of the global, map or program at a byte of it, by place.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn document_highlights(&self, path: &Path, offset: u32) -> Cancellable<Vec<Highlight>> {
        let Some(file) = self.file(path)? else { return Ok(Vec::new()) };
        let Ok((crossing, _)) = file.crossing_at(offset) else { return Ok(Vec::new()) };
        let in_program = match file.role {
            Role::Bpf => file.own_uses(crossing.name),
            _ => Vec::new(),
        };
        let in_program = in_program.into_iter();
        let in_program = in_program.map(|used| (used.shown, used.kind == UseKind::Write));
        let in_loader = file.references_to(&crossing).map(|r| (file.spelled(r), false));
        let mut found: Vec<Highlight> = in_program
            .chain(in_loader)
            .filter(|(range, _)| range.file == file.main)
            .map(|(range, writes)| Highlight { range: range.start..range.end, writes })
            .collect();
        found.sort_by_key(|highlight| highlight.range.start);
        found.dedup_by(|a, b| a.range == b.range);
        Ok(found)
    }
}
