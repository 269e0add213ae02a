//! Names of both sides in a header: another server would rename them in C alone.

use std::path::{Path, PathBuf};

use cfront::symbol::Symbol;

use crate::{
    crossing::Crossing,
    host::{Analysis, Cancellable},
    pipeline::{FileAnalysis, Role},
    target::by_name,
};

/// Programs that are asked what a name in a header means to them.
const MAX_PROGRAMS: usize = 16;

impl Analysis {
    /// Why what stands at a byte of a header is not renamed: the name is one of both sides in a program that is
    /// open, or near.
    pub(super) fn named_in_header(
        &self,
        path: &Path,
        header: &FileAnalysis,
        offset: u32,
    ) -> Cancellable<Option<String>> {
        if header.role != Role::Header {
            return Ok(None);
        }
        let (Some((word, range)), Some(own_name)) = (header.name_at(offset), path.file_name())
        else {
            return Ok(None);
        };
        let own_name = own_name.to_string_lossy();
        let mut candidates = self.environment.neighbours(path);
        candidates.extend(self.open_documents().map(|document| document.path.to_path_buf()));
        candidates.sort();
        candidates.dedup();
        let includes = |candidate: &PathBuf| {
            let text = self.loader_text(candidate).filter(|_| candidate != path);
            text.is_some_and(|text| text.contains(&*own_name))
        };
        for candidate in candidates.into_iter().filter(includes).take(MAX_PROGRAMS) {
            self.check_cancelled()?;
            let Some(program) = self.file(&candidate)?.filter(|file| file.role == Role::Bpf) else {
                continue;
            };
            let target = program.source().and_then(|source| by_name(&source.object, word));
            if target.is_none_or(|target| Crossing::of(target).is_err()) {
                continue;
            }
            let uses = program.uses(Symbol::intern(word));
            let here = uses.iter().any(|used| {
                used.spelled.start == range.start && *self.place(used.spelled).path == *path
            });
            if here {
                let name = candidate.file_name().unwrap_or_default().to_string_lossy().into_owned();
                return Ok(Some(format!(
                    "`{word}` of {name} is in a header, which other programs may share"
                )));
            }
        }
        Ok(None)
    }
}
