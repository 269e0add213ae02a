//! The sides of a project that are written in other languages than C. They are not renamed yet, so what
//! they would lose makes a rename impossible, and they are asked for no more than that.
//!
//! Files are taken together as their language does: Go by package, Rust by crate, the others by folder.
//! Such a unit is *ours* when it makes bindings of the program or opens its object, *another's* when it
//! does so with other programs only. The name counts in units that are ours, and, where a language
//! of the project meets BPF in a way that is not known, in all units but those of others.

mod facts;
mod lex;
mod names;
#[cfg(test)]
mod tests;
mod units;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use cfront::source::Text;

pub(super) use names::Names;

use self::facts::{stem, stem_of};
use super::{OrReason, Rename};
use crate::{
    crossing::{Kind, Known},
    environment::ProjectFiles,
    host::{Analysis, Cancellable},
};

/// A language by which a file of a project may be searched for names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Language {
    /// C and its headers.
    C,
    /// Go.
    Go,
    /// Rust, and the manifests of its crates.
    Rust,
    /// C++.
    Cpp,
    /// Makefiles, shell and other files of commands.
    Commands,
}

impl Language {
    /// The language of a file, by its name.
    pub fn of(path: &Path) -> Option<Language> {
        let name = path.file_name()?.to_str()?;
        match name {
            "Makefile" | "makefile" | "GNUmakefile" | "Justfile" | "justfile" | "Dockerfile" => {
                return Some(Language::Commands);
            }
            "Cargo.toml" => return Some(Language::Rust),
            "Taskfile.yml" | "Taskfile.yaml" | "taskfile.yml" | "taskfile.yaml" => {
                return Some(Language::Commands);
            }
            _ => {}
        }
        Some(match path.extension()?.to_str()? {
            "c" | "h" => Language::C,
            "go" => Language::Go,
            "rs" => Language::Rust,
            "cpp" | "cc" | "cxx" | "c++" | "C" | "hpp" | "hh" | "hxx" | "h++" | "H" | "ipp"
            | "inl" | "tpp" => Language::Cpp,
            "sh" | "bash" | "mk" | "py" => Language::Commands,
            _ => return None,
        })
    }

    fn not_renamed(self) -> &'static str {
        match self {
            Language::C => "this C file is not renamed",
            Language::Go => "Go files are not renamed yet",
            Language::Rust => "Rust files are not renamed yet",
            Language::Cpp => "C++ files are not renamed yet",
            Language::Commands => "scripts are not renamed yet",
        }
    }
}

/// The files of a project that a rename looks at, as they are now.
pub(super) struct Project<'a> {
    analysis: &'a Analysis,
    program: &'a Path,
    stems: Vec<String>,
    found: ProjectFiles,
}

impl<'a> Project<'a> {
    /// The project of a program: what is on disk, and what is open.
    pub(super) fn of(analysis: &'a Analysis, program: &'a Path) -> Project<'a> {
        let mut found = analysis.environment.project_files(program);
        for document in analysis.open_documents() {
            let path: &Path = &document.path;
            if Language::of(path).is_some() && path.starts_with(&found.root) {
                found.files.push(path.to_owned());
            }
        }
        found.files.sort();
        found.files.dedup();
        let mut stems = analysis.environment.skeleton_names(program);
        stems.push(stem_of(program));
        Project { analysis, program, stems, found }
    }

    /// C files of the project that may include a skeleton of the program.
    pub(super) fn loaders(&self) -> Cancellable<Vec<PathBuf>> {
        let headers = self.headers()?;
        let mut found = Vec::new();
        for path in self.files(Language::C).filter(|path| !is_header(path) && !is_program(path)) {
            self.analysis.check_cancelled()?;
            let Some(text) = self.text(path) else { continue };
            let names_header = |header: &String| contains(&text, &format!("{header}\""));
            if self.skeletons_in(path, &text) || headers.iter().any(names_header) {
                found.push(path.clone());
            }
        }
        Ok(found)
    }

    /// Headers of C of the project. Skeletons are not: they are made anew.
    pub(super) fn c_headers(&self) -> impl Iterator<Item = &PathBuf> {
        let is_skeleton = |path: &Path| path.to_string_lossy().ends_with("skel.h");
        self.files(Language::C).filter(move |path| is_header(path) && !is_skeleton(path))
    }

    /// C files of the project.
    pub(super) fn c_files(&self) -> impl Iterator<Item = &PathBuf> {
        self.files(Language::C).filter(|path| !is_header(path))
    }

    fn files(&self, language: Language) -> impl Iterator<Item = &PathBuf> {
        self.found.files.iter().filter(move |path| Language::of(path) == Some(language))
    }

    fn text(&self, path: &Path) -> Option<Text> {
        self.analysis.loader_text(path)
    }

    /// Names of C headers that include a skeleton of the program.
    fn headers(&self) -> Cancellable<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        for path in self.c_headers() {
            self.analysis.check_cancelled()?;
            let Some(text) = self.text(path) else { continue };
            if self.skeletons_in(path, &text) {
                found.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
            }
        }
        Ok(found)
    }

    /// Whether a text of C includes a skeleton of the program.
    fn skeletons_in(&self, path: &Path, text: &str) -> bool {
        if !contains(text, "skel.h") {
            return false;
        }
        let headers = facts::included(text).map(|(_, header)| header);
        headers.filter(|header| header.ends_with("skel.h")).any(|header| self.makes(path, header))
    }

    /// Whether a skeleton header is made of the program.
    fn makes(&self, path: &Path, header: &str) -> bool {
        let origins = self.analysis.environment.skeleton_origins(path, header);
        let first = origins.iter().find(|origin| origin.sources.iter().any(|s| self.exists(s)));
        match first {
            Some(origin) => origin.sources.iter().any(|source| source == self.program),
            None => self.has_stem(header),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        self.analysis.open_document(path).is_some() || self.analysis.environment.is_file(path)
    }

    fn has_stem(&self, path: &str) -> bool {
        self.stems.iter().any(|known| known == stem(path))
    }
}

impl<'a> Rename<'a> {
    /// The project that a program belongs to, unless another language of it uses the name.
    pub(super) fn project(&self, (path, _): &'a Known) -> Cancellable<OrReason<Project<'a>>> {
        let project = Project::of(self.analysis, path);
        Ok(project.others(&self.names())?.map(|()| project))
    }

    pub(super) fn names(&self) -> Names<'a> {
        Names::new(self.old, self.crossing.kind != Kind::Variable)
    }
}

fn is_header(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "h")
}

fn is_program(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".bpf.c")
}

fn contains(text: &str, word: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some()
}
