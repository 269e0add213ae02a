//! Things with a name on both sides: the globals, maps and programs that a skeleton has members for.

use std::{path::Path, sync::Arc};

use bpf::object::{MapKind, SectionKind};
use btf::Linkage;
use cfront::{lexer, source::FileRange, symbol::Symbol, token::TokenKind};
use loader::references::Reference;

use crate::{
    host::{Analysis, Cancellable},
    pipeline::{FileAnalysis, Role},
    places::file_range,
    target::{Target, by_name, by_place},
    uses::Use,
};

/// What crosses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A variable of a data section.
    Variable,
    /// A map of `.maps`, or a struct_ops map.
    Map,
    /// An entry program.
    Program,
}

/// A thing that has a name on both sides. Its declaration is its identity: a header may declare it for
/// several programs.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Crossing {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its name in BPF C.
    pub(crate) name: Symbol,
    /// The declarator's name.
    pub(crate) place: FileRange,
    /// The section of the variable or program.
    pub(crate) section: Symbol,
}

/// A file with its path.
pub(crate) type Known = (Arc<Path>, Arc<FileAnalysis>);

/// Where something that crosses may be named.
pub(crate) struct Both {
    /// BPF programs that declare it.
    pub(crate) programs: Vec<Known>,
    /// Loaders that include the skeleton of one of them.
    pub(crate) loaders: Vec<Known>,
}

/// Why something does not cross.
#[derive(Debug)]
pub(crate) struct NoCrossing {
    pub(crate) reason: String,
    /// Whether it has, or may have, a name on both sides all the same.
    pub(crate) ours: bool,
}

impl From<String> for NoCrossing {
    fn from(reason: String) -> NoCrossing {
        NoCrossing { reason, ours: false }
    }
}

impl Crossing {
    /// The thing, or why a loader cannot name it.
    pub(crate) fn of(target: Target<'_>) -> Result<Crossing, NoCrossing> {
        let (kind, name, place, section) = match target {
            Target::Variable { section, variable } => {
                let name = &variable.name;
                if section.kind == SectionKind::Maps {
                    let reason = format!("the definition of map `{name}` cannot be read");
                    return Err(NoCrossing { reason, ours: true });
                }
                if !section.kind.is_internal_map() {
                    return Err(format!(
                        "`{name}` stands in section `{}`, which no skeleton shows",
                        section.name
                    )
                    .into());
                }
                if variable.linkage == Linkage::Static {
                    return Err(format!(
                        "`{name}` is static or hidden: no skeleton shows it, so it is for the C language server"
                    )
                    .into());
                }
                (Kind::Variable, name, variable.place, &section.name)
            }
            Target::Map(map) => {
                if let MapKind::Internal(_) = map.kind {
                    let reason = format!("map `{}` is made of section `{}`", map.name, map.section);
                    return Err(reason.into());
                }
                (Kind::Map, &map.name, map.place, &map.section)
            }
            Target::Program(program) => {
                (Kind::Program, &program.name, program.place, &program.section)
            }
            Target::Section(section) => {
                return Err(format!("`{}` is the name of a section", section.name).into());
            }
        };
        let place = place.ok_or_else(|| NoCrossing {
            reason: format!("the declaration of `{name}` was not found"),
            ours: true,
        })?;
        let (name, section) = (Symbol::intern(name), Symbol::intern(section));
        Ok(Crossing { kind, name, place: file_range(place), section })
    }
}

/// Said of everything that is not ours.
pub(crate) const NOT_OURS: &str =
    "only globals, maps and programs that a skeleton shows have names on both sides";

impl FileAnalysis {
    /// The thing that crosses under a byte of the text, with the range of its name there; or why there
    /// is none.
    pub(crate) fn crossing_at(&self, offset: u32) -> Result<(Crossing, FileRange), NoCrossing> {
        let not_ours = || NoCrossing::from(NOT_OURS.to_owned());
        match self.role {
            Role::Bpf => {
                let (word, range) = self.name_at(offset).ok_or_else(not_ours)?;
                let object = &self.source().ok_or_else(not_ours)?.object;
                let uses = self.own_uses(Symbol::intern(word));
                if !uses.iter().any(|used| used.shown == range) {
                    return Err(not_ours());
                }
                let target = by_name(object, word).ok_or_else(|| {
                    format!("no skeleton shows `{word}`, so it is for the C language server")
                })?;
                Ok((Crossing::of(target)?, range))
            }
            Role::Loader => {
                let touches =
                    |r: FileRange| r.file == self.main && r.start <= offset && offset <= r.end;
                let mut reason = not_ours();
                for reference in self.references() {
                    let spelled = self.spelled(reference);
                    if !touches(spelled) {
                        continue;
                    }
                    match self.crossing_of(reference) {
                        Ok(crossing) => return Ok((crossing, spelled)),
                        Err(why) => reason = why,
                    }
                }
                Err(reason)
            }
            Role::Header | Role::Other => Err(not_ours()),
        }
    }

    /// What a reference of a loader stands for.
    pub(crate) fn crossing_of(&self, reference: &Reference) -> Result<Crossing, NoCrossing> {
        let target = self.target_of(reference).ok_or_else(|| NOT_OURS.to_owned())?;
        Crossing::of(target)
    }

    /// The thing of the object that a reference of a loader stands for.
    pub(crate) fn target_of(&self, reference: &Reference) -> Option<Target<'_>> {
        let object = self.skeletons.get(reference.skeleton)?.object.as_deref()?;
        by_place(object, file_range(reference.place?))
    }

    /// Where a loader's reference is spelled: the member's name, or the text between the quotes. The
    /// text is another one when a macro pasted the name.
    pub(crate) fn spelled(&self, reference: &Reference) -> FileRange {
        let token = self.unit.tokens(reference.at.item).get(reference.token as usize);
        let Some(spelled) = token.and_then(|token| self.preprocessed.spelling(token.loc)) else {
            return reference.range;
        };
        match reference.in_string {
            true => reference.range,
            false => spelled,
        }
    }

    /// The identifier that stands at a byte, or ends there.
    pub(crate) fn name_at(&self, offset: u32) -> Option<(&str, FileRange)> {
        let offset = offset as usize;
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let before = self.text.get(..offset)?;
        let start = before.trim_end_matches(is_word).len();
        let raw = lexer::lex(&self.text, start);
        if raw.kind != Some(TokenKind::Ident) || raw.start != start || raw.end < offset {
            return None;
        }
        let range = FileRange { file: self.main, start: start as u32, end: raw.end as u32 };
        Some((self.text.get(start..raw.end)?, range))
    }

    /// The uses of a thing in a program that declares it; none in others.
    pub(crate) fn uses_of(&self, crossing: &Crossing) -> Vec<Use> {
        match self.declares(crossing) {
            true => self.uses(crossing.name),
            false => Vec::new(),
        }
    }

    fn declares(&self, crossing: &Crossing) -> bool {
        let object = self.source().map(|source| &source.object);
        object.is_some_and(|object| by_place(object, crossing.place).is_some())
    }

    /// The references of a loader to a thing.
    pub(crate) fn references_to(&self, crossing: &Crossing) -> impl Iterator<Item = &Reference> {
        self.references().iter().filter(|r| r.place.map(file_range) == Some(crossing.place))
    }
}

impl Analysis {
    /// The programs and loaders in which a thing may be named, starting with the file where it was
    /// found.
    pub(crate) fn both_sides(&self, crossing: &Crossing, found_in: Known) -> Cancellable<Both> {
        let mut both = Both { programs: Vec::new(), loaders: Vec::new() };
        if found_in.1.role == Role::Loader {
            both.add_loader(crossing, found_in);
        } else {
            both.programs.push(found_in);
        }
        // Loaders show further programs only where a shared header declares the thing.
        let mut next = 0;
        while let Some((path, program)) = both.programs.get(next).cloned() {
            next += 1;
            for loader in self.loaders_of(&path, &program, crossing.name.as_str())? {
                both.add_loader(crossing, loader);
            }
        }
        both.programs.sort_by(|a, b| a.0.cmp(&b.0));
        both.loaders.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(both)
    }

    /// The loaders near a program, and among the open documents, that include its skeleton and have a word
    /// in their text. The skeleton may have another name than the program: builds and settings say so.
    pub(crate) fn loaders_of(
        &self,
        path: &Path,
        program: &FileAnalysis,
        word: &str,
    ) -> Cancellable<Vec<Known>> {
        let Some(source) = program.source() else { return Ok(Vec::new()) };
        let mut paths = self.environment.loaders(path);
        paths.extend(self.open_documents().map(|document| document.path.to_path_buf()));
        paths.sort();
        paths.dedup();
        let mut found = Vec::new();
        for candidate in paths {
            self.check_cancelled()?;
            let Some(loader) = self.loader(&candidate).filter(|_| candidate != path) else {
                continue;
            };
            let made_of_us = |header: &str| {
                self.environment.bpf_sources(&candidate, header).iter().any(|p| p == path)
            };
            let may = loader.may_include(source.object.name.as_str())
                || loader.has_word(word) && loader.headers().any(|header| made_of_us(&header));
            if !may {
                continue;
            }
            let Some(file) = self.file(&candidate)?.filter(|file| file.role == Role::Loader) else {
                continue;
            };
            if file.bpf_sources.iter().any(|(source, _)| source.as_ref() == path) {
                found.push((candidate.into(), file));
            }
        }
        Ok(found)
    }
}

impl Both {
    /// Adds a loader, and programs that only it shows.
    pub(crate) fn add_loader(&mut self, crossing: &Crossing, (path, loader): Known) {
        if self.loaders.iter().any(|(known, _)| *known == path) {
            return;
        }
        for (path, program) in &loader.bpf_sources {
            let known = self.programs.iter().any(|(known, _)| known == path);
            if !known && program.declares(crossing) {
                self.programs.push((path.clone(), program.clone()));
            }
        }
        self.loaders.push((path, loader));
    }
}
