//! Other files that may name the thing: programs that are linked with ours or replace a part of it, and
//! code that looks names up in objects it opens itself.

use std::path::{Path, PathBuf};

use cfront::{
    flags::normalize,
    sema::{Definition, Global},
    source::FileRange,
    symbol::Symbol,
};

use super::{
    OrReason, Rename, line_of,
    sides::{Names, Project},
    words::{self, Written},
};
use crate::{
    crossing::{Both, Kind, Known},
    host::Cancellable,
    pipeline::Role,
};

/// Sections whose target may be a function of another BPF program; the target of the first is never one
/// of the kernel's.
const TARGETS: [&str; 4] = ["freplace", "fentry", "fexit", "fmod_ret"];

impl Rename<'_> {
    /// Whether no other file near the program names the thing.
    pub(super) fn neighbours(
        &self,
        (path, _): &Known,
        both: &Both,
        project: &Project<'_>,
    ) -> Cancellable<OrReason<()>> {
        let (old, names) = (self.old, self.names());
        let own_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let near = self.analysis.environment.neighbours(path);
        let far = project.c_files().filter(|file| !near.contains(file));
        let in_headers = self.strings_in_headers(project)?;
        for (_, loader) in &both.loaders {
            let resolved = loader.preprocessed.includes.iter().filter_map(|i| i.resolved);
            let included: Vec<_> = resolved
                .map(|file| self.analysis.place(FileRange { file, start: 0, end: 0 }).path)
                .collect();
            let found =
                in_headers.iter().find(|(header, _)| included.iter().any(|i| **i == **header));
            if let Some((_, at)) = found {
                return Ok(Err(format!("the string \"{old}\" at {at} may name it")));
            }
        }
        for (other, is_near) in near.iter().map(|f| (f, true)).chain(far.map(|f| (f, false))) {
            self.analysis.check_cancelled()?;
            let done = both.loaders.iter().chain(&both.programs);
            if done.into_iter().any(|(known, _)| known.as_ref() == other) {
                continue;
            }
            let Some(text) = self.analysis.loader_text(other) else { continue };
            let opens = || {
                self.analysis.loader(other).is_some_and(|loader| loader.may_open())
                    && (is_near || !project.is_of_another(other, &text, &names))
            };
            let named = |header: &Path| {
                header.file_name().is_some_and(|name| text.contains(&*name.to_string_lossy()))
            };
            let included = in_headers.iter().find(|(header, _)| named(header));
            if let Some((_, at)) = included.filter(|_| opens()) {
                return Ok(Err(format!("the string \"{old}\" at {at} may name it")));
            }
            let found = self.written(&text, &names);
            if found.is_empty() {
                continue;
            }
            let opens = opens();
            let is_us = |include: &str| include.rsplit('/').next() == Some(&own_name);
            let names_us = words::find(&text, &own_name);
            if let Some(include) = names_us.iter().find(|w| w.string.as_deref().is_some_and(is_us))
                && (is_near || self.includes(other, path, &text))
            {
                let at = line_of(other, &text, include.range.start);
                return Ok(Err(format!("{at} includes this program")));
            }
            for written in &found {
                let at = || line_of(other, &text, written.range.start);
                if let Some(string) = &written.string {
                    let looked_up = opens && self.found_by_text() && names.is_text(string);
                    let targets: &[&str] = if is_near { &TARGETS } else { &TARGETS[..1] };
                    let is_program = self.crossing.kind == Kind::Program;
                    if looked_up || is_program && is_target(string, old, targets) {
                        return Ok(Err(format!("the string \"{string}\" at {} may name it", at())));
                    }
                }
            }
            // What is linked with ours declares it `extern` or weak.
            let may_join = is_near || ["extern", "weak"].iter().any(|word| text.contains(word));
            if may_join
                && found.iter().any(|w| w.string.is_none() && !w.member)
                && let Some(file) = self.analysis.file(other)?
                && file.role == Role::Bpf
                && joins(file.unit.ordinary(Symbol::intern(old)))
            {
                let name = other.file_name().unwrap_or_default().to_string_lossy().into_owned();
                return Ok(Err(format!("{name} also declares `{old}`, and may be linked with it")));
            }
        }
        Ok(Ok(()))
    }

    /// Where a text has the name, or a string with what the kernel keeps of it.
    pub(super) fn written(&self, text: &str, names: &Names<'_>) -> Vec<Written> {
        let mut found = words::find(text, self.old);
        if let Some(short) = names.short() {
            found.extend(words::find(text, short).into_iter().filter(|w| w.string.is_some()));
        }
        found
    }

    /// Headers of C that have the name as a string by which it may be looked up, with the place.
    fn strings_in_headers(&self, project: &Project<'_>) -> Cancellable<Vec<(PathBuf, String)>> {
        let mut found = Vec::new();
        for path in project.c_headers().filter(|_| self.found_by_text()) {
            self.analysis.check_cancelled()?;
            let Some(text) = self.analysis.loader_text(path) else { continue };
            let names = self.names();
            let written = self.written(&text, &names);
            let named =
                written.iter().find(|w| w.string.as_deref().is_some_and(|s| names.is_text(s)));
            if let Some(written) = named {
                found.push((path.clone(), line_of(path, &text, written.range.start)));
            }
        }
        Ok(found)
    }

    /// Whether a file includes the program, and not another of that name.
    fn includes(&self, other: &Path, program: &Path, text: &str) -> bool {
        let folder = other.parent().unwrap_or(Path::new("/"));
        text.lines().filter(|line| line.trim_start().starts_with('#')).any(|line| {
            let included = line.split('"').nth(1);
            included.is_some_and(|included| normalize(&folder.join(included)) == program)
        })
    }
}

/// Whether the linker joins a declaration with a definition in another object.
fn joins(global: Option<Global>) -> bool {
    use cfront::sema::Linkage::External;
    match global {
        Some(Global::Variable(v)) => {
            v.linkage == External && (v.definition == Definition::None || v.attrs.weak)
        }
        Some(Global::Function(f)) => {
            f.linkage == External && (f.definition.is_none() || f.attrs.weak)
        }
        _ => false,
    }
}

fn is_target(section: &str, name: &str, targets: &[&str]) -> bool {
    let section = section.strip_prefix('?').unwrap_or(section);
    let Some((kind, target)) = section.split_once('/') else { return false };
    let kind = kind.strip_suffix(".s").unwrap_or(kind);
    target == name && targets.contains(&kind)
}
