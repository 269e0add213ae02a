//! Other files that may name the thing: programs that are linked with ours or replace a part of it, and
//! code that looks names up in objects it opens itself.

use cfront::{
    sema::{Definition, Global},
    symbol::Symbol,
};

use super::{OrReason, Rename, line_of, words};
use crate::{
    crossing::{Both, Kind, Known},
    host::Cancellable,
    pipeline::Role,
};

/// Sections whose target may be a function of another BPF program.
const TARGETS: [&str; 4] = ["freplace", "fentry", "fexit", "fmod_ret"];

impl Rename<'_> {
    /// Whether no other file near the program names the thing.
    pub(super) fn neighbours(&self, (path, _): &Known, both: &Both) -> Cancellable<OrReason<()>> {
        let old = self.old;
        let own_name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for other in self.analysis.environment.neighbours(path) {
            self.analysis.check_cancelled()?;
            let done = both.loaders.iter().chain(&both.programs);
            if done.into_iter().any(|(known, _)| known.as_ref() == other) {
                continue;
            }
            let Some(text) = self.analysis.loader_text(&other) else { continue };
            let found = words::find(&text, old);
            if found.is_empty() {
                continue;
            }
            let names_us = words::find(&text, &own_name);
            if let Some(include) = names_us.iter().find(|w| w.string.as_deref() == Some(&own_name))
            {
                let at = line_of(&other, &text, include.range.start);
                return Ok(Err(format!("{at} includes this program")));
            }
            let opens = self.analysis.loader(&other).is_some_and(|loader| loader.may_open());
            for written in &found {
                let at = || line_of(&other, &text, written.range.start);
                if let Some(string) = &written.string {
                    let looked_up = opens && self.found_by_text() && string == old;
                    if looked_up || self.crossing.kind == Kind::Program && is_target(string, old) {
                        return Ok(Err(format!("the string \"{string}\" at {} may name it", at())));
                    }
                }
            }
            if found.iter().any(|w| w.string.is_none() && !w.member)
                && let Some(file) = self.analysis.file(&other)?
                && file.role == Role::Bpf
                && joins(file.unit.ordinary(Symbol::intern(old)))
            {
                let name = other.file_name().unwrap_or_default().to_string_lossy().into_owned();
                return Ok(Err(format!("{name} also declares `{old}`, and may be linked with it")));
            }
        }
        Ok(Ok(()))
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

fn is_target(section: &str, name: &str) -> bool {
    let section = section.strip_prefix('?').unwrap_or(section);
    let Some((kind, target)) = section.split_once('/') else { return false };
    let kind = kind.strip_suffix(".s").unwrap_or(kind);
    target == name && TARGETS.contains(&kind)
}
