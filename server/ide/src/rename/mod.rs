//! Rename of a global, map or program in BPF C and in its loaders at once.
//!
//! Names are edited only where they are spelled, and then the new texts are analysed: they must mean
//! what the old ones meant, but for the name. Whatever cannot be shown to be safe is refused, with the
//! reason.

mod header;
mod loader;
mod neighbours;
mod program;
mod sides;
#[cfg(test)]
mod tests;
mod unread;
mod words;

use std::{ops::Range, path::Path, sync::Arc};

use bpf::diagnostic::Edit;
use cfront::{
    source::FileRange,
    symbol::Symbol,
    words::{Word, Words},
};

use crate::{
    answer::FileEdits,
    crossing::{Both, Crossing, Known, NoCrossing},
    host::{Analysis, Cancellable},
    lines::{Encoding, Lines},
    pipeline::{FileAnalysis, Role},
};
use sides::Project;

pub use sides::Language;

/// The answer, or one sentence on why there is none.
pub(crate) type OrReason<T> = Result<T, String>;

/// Why there is no rename.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoRename {
    /// One sentence.
    pub reason: String,
    /// Whether the name is one of both sides: then a server that knows one side only must not rename it
    /// either.
    pub ours: bool,
}

impl NoRename {
    fn ours(reason: String) -> NoRename {
        NoRename { reason, ours: true }
    }
}

/// A file with a thing in it that has a name on both sides, and the range of the name there.
type Found = (Arc<FileAnalysis>, Crossing, FileRange);

/// A rename under way.
struct Rename<'a> {
    analysis: &'a Analysis,
    crossing: &'a Crossing,
    old: &'a str,
    new: &'a str,
}

impl Analysis {
    /// The range of the name at a byte of a file, and the name, when it can be renamed on both sides.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn prepare_rename(
        &self,
        path: &Path,
        offset: u32,
    ) -> Cancellable<Result<(Range<u32>, String), NoRename>> {
        let (file, crossing, range) = match self.renamed_at(path, offset)? {
            Ok(found) => found,
            Err(none) => return Ok(Err(none)),
        };
        Ok(self.prepare((path.into(), file), &crossing, range)?.map_err(NoRename::ours))
    }

    fn prepare(
        &self,
        found_in: Known,
        crossing: &Crossing,
        range: FileRange,
    ) -> Cancellable<OrReason<(Range<u32>, String)>> {
        let name = crossing.name.as_str().to_owned();
        if !found_in.1.spells(range, &name) {
            return Ok(Err(format!("a macro produces the name `{name}` here")));
        }
        // All but the checks of the new name.
        let both = self.both_sides(crossing, found_in)?;
        let rename = Rename { analysis: self, crossing, old: &name, new: &name };
        let known = match rename.programs_edits(&both) {
            Ok((known, _)) => known,
            Err(reason) => return Ok(Err(reason)),
        };
        if let Err(reason) = rename.project(known)? {
            return Ok(Err(reason));
        }
        Ok(Ok((range.start..range.end, name)))
    }

    /// The edits that give the thing at a byte of a file another name, in all files.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn rename(
        &self,
        path: &Path,
        offset: u32,
        new: &str,
    ) -> Cancellable<Result<Vec<FileEdits>, NoRename>> {
        let (file, crossing, _) = match self.renamed_at(path, offset)? {
            Ok(found) => found,
            Err(none) => return Ok(Err(none)),
        };
        if let Err(reason) = is_identifier(new) {
            return Ok(Err(NoRename::ours(reason)));
        }
        let both = self.both_sides(&crossing, (path.into(), file))?;
        let old = crossing.name.as_str();
        if old == new {
            return Ok(Ok(Vec::new()));
        }
        let rename = Rename { analysis: self, crossing: &crossing, old, new };
        Ok(rename.edits(both)?.map_err(NoRename::ours))
    }

    /// The thing with a name on both sides at a byte of a file, and the range of the name there.
    fn renamed_at(&self, path: &Path, offset: u32) -> Cancellable<Result<Found, NoRename>> {
        let Some(file) = self.file(path)? else {
            return Ok(Err(NoRename { reason: unread(path), ours: false }));
        };
        Ok(match file.crossing_at(offset) {
            Ok((crossing, range)) => Ok((file, crossing, range)),
            Err(NoCrossing { reason, ours }) => match self.named_in_header(path, &file, offset)? {
                Some(reason) => Err(NoRename::ours(reason)),
                None => Err(NoRename { reason, ours }),
            },
        })
    }
}

impl Rename<'_> {
    fn edits(&self, mut both: Both) -> Cancellable<OrReason<Vec<FileEdits>>> {
        let (known, mut edits) = match self.programs_edits(&both) {
            Ok((known, edits)) => (known.clone(), edits),
            Err(reason) => return Ok(Err(reason)),
        };
        let project = match self.project(&known)? {
            Ok(project) => project,
            Err(reason) => return Ok(Err(reason)),
        };
        self.add_far_loaders(&project, &known.0, &mut both)?;
        if both.programs.len() > 1 {
            return Ok(Err(self.shared()));
        }
        let (path, program) = &known;
        let text = self.applied(&program.text, &edits.edits);
        let Some(renamed) = self.analysis.file_with_text(path, &text)? else {
            return Ok(Err(unread(path)));
        };
        if let Err(reason) = self.same_program(program, &renamed) {
            return Ok(Err(reason));
        }
        let mut all = Vec::new();
        for loader in &both.loaders {
            match self.loader_edits(loader, &renamed)? {
                Ok(edits) if edits.edits.is_empty() => {}
                Ok(edits) => all.push(edits),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        if let Err(reason) = self.neighbours(&known, &both, &project)? {
            return Ok(Err(reason));
        }
        edits.edits.sort_by_key(|edit| edit.at.start);
        all.insert(0, edits);
        Ok(Ok(all))
    }

    /// The edits of the one program that declares the thing.
    fn programs_edits<'b>(&self, both: &'b Both) -> OrReason<(&'b Known, FileEdits)> {
        let [known] = both.programs.as_slice() else {
            return Err(match both.programs.as_slice() {
                [] => format!("no program that declares `{}` was found", self.old),
                _ => self.shared(),
            });
        };
        let edits = self.program_edits(known)?;
        Ok((known, edits))
    }

    fn shared(&self) -> String {
        format!("several programs share the declaration of `{}`", self.old)
    }

    /// Adds loaders that lie where none are looked for while typing.
    fn add_far_loaders(
        &self,
        project: &Project<'_>,
        program: &Path,
        both: &mut Both,
    ) -> Cancellable<()> {
        for path in project.loaders()? {
            if both.loaders.iter().any(|(known, _)| **known == *path) {
                continue;
            }
            let Some(file) = self.analysis.file(&path)?.filter(|f| f.role == Role::Loader) else {
                continue;
            };
            if file.bpf_sources.iter().any(|(source, _)| source.as_ref() == program) {
                both.add_loader(self.crossing, (path.into(), file));
            }
        }
        Ok(())
    }

    fn applied(&self, text: &str, edits: &[Edit<Range<u32>>]) -> String {
        let mut edits: Vec<&Edit<Range<u32>>> = edits.iter().collect();
        edits.sort_by_key(|edit| edit.at.start);
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for edit in edits {
            out.push_str(text.get(at..edit.at.start as usize).unwrap_or(""));
            out.push_str(&edit.text);
            at = edit.at.end as usize;
        }
        out.push_str(text.get(at..).unwrap_or(""));
        out
    }

    /// `hits.c:12`
    fn at(&self, file: &FileAnalysis, range: FileRange) -> String {
        let path = self.analysis.place(range).path;
        let text: &str = file.preprocessed.text(range.file).map_or("", |text| text);
        line_of(&path, text, range.start)
    }
}

/// `hits.c:12`
fn line_of(path: &Path, text: &str, offset: u32) -> String {
    let line = Lines::new(text).position(text, offset as usize, Encoding::Utf8).line + 1;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}:{line}")
}

fn unread(path: &Path) -> String {
    format!("{} cannot be read", path.display())
}

/// Whether a text may name a global of C.
fn is_identifier(name: &str) -> OrReason<()> {
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !first || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!("`{name}` is no identifier of C"));
    }
    if Words::get().of(Symbol::intern(name)) != Word::Other {
        return Err(format!("`{name}` is a keyword"));
    }
    Ok(())
}

/// The edits of a file, without doubles.
fn file_edits(path: &Arc<Path>, mut edits: Vec<Edit<Range<u32>>>) -> FileEdits {
    edits.sort_by_key(|edit| edit.at.start);
    edits.dedup();
    FileEdits { path: path.clone(), edits }
}
