//! Other files that may name the thing: programs that are linked with ours or replace a part of it, and
//! code that looks names up in objects it opens itself.

use std::path::Path;

use cfront::{
    flags::normalize,
    sema::{Definition, Global},
    symbol::Symbol,
};

use super::{OrReason, Rename, line_of, sides::Project, words};
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
        for (other, is_near) in near.iter().map(|f| (f, true)).chain(far.map(|f| (f, false))) {
            self.analysis.check_cancelled()?;
            let done = both.loaders.iter().chain(&both.programs);
            if done.into_iter().any(|(known, _)| known.as_ref() == other) {
                continue;
            }
            let Some(text) = self.analysis.loader_text(other) else { continue };
            let mut found = words::find(&text, old);
            if let Some(short) = names.short() {
                found.extend(words::find(&text, short).into_iter().filter(|w| w.string.is_some()));
            }
            if found.is_empty() {
                continue;
            }
            let is_us = |include: &str| include.rsplit('/').next() == Some(&own_name);
            let names_us = words::find(&text, &own_name);
            if let Some(include) = names_us.iter().find(|w| w.string.as_deref().is_some_and(is_us))
                && (is_near || self.includes(other, path, &text))
            {
                let at = line_of(other, &text, include.range.start);
                return Ok(Err(format!("{at} includes this program")));
            }
            let opens = self.analysis.loader(other).is_some_and(|loader| loader.may_open())
                && (is_near || !project.is_of_another(other, &text, &names));
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
