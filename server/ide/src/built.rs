//! Built objects beside their sources: what differs, as findings.
//!
//! Objects are read ahead of the questions, where I/O is done, and are part of the world like the
//! texts: an edit compares two models that are already there.

use std::{
    hash::Hasher,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use bpf::{
    compare::{self, Difference, MadeOf},
    diagnostic::{Diagnostic, Severity},
    object::Object,
    rule::{Rule, Scope},
};
use cfront::source::FileRange;
use rustc_hash::FxHasher;

use crate::{
    answer::Place,
    host::Analysis,
    pipeline::{FileAnalysis, lock},
    places::file_range,
};

static STALE: Rule = Rule {
    id: "object-stale",
    severity: Severity::Information,
    title: "the built object is older than the source and differs from it",
    happens: "A skeleton made of the object has other members or offsets than the source says, until the \
              next build.",
    why: "The object beside the source (by the compile database, by convention, or by the setting \
          `object.path`) was built before the last change, and a program, map, variable or section of it \
          is different. The message has the first difference. Nothing is reported where the source cannot \
          be read completely, or where only the optimiser decides.",
    fix: "Build again.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

static LAYOUT_DIFFERS: Rule = Rule {
    id: "object-layout-differs",
    severity: Severity::Information,
    title: "the built object is as new as the source but differs from it",
    happens: "The editor shows other layouts and skeletons than the build produces.",
    why: "Mostly the object was compiled with other flags (`-D`, another `vmlinux.h`) than those the \
          editor knows. With `buildAndVerify.enable` the object is what the project's own compile command \
          makes of the saved text. The message has the first difference.",
    fix: "Give the editor the flags of the build, with a `compile_commands.json` or in `.bpf-lsp.toml`.",
    quick_fix: false,
    scope: Scope::Declaration,
    since: "0.1.0",
};

/// What is reported of built objects, in the order of the documentation.
pub(crate) static RULES: &[&Rule] = &[&STALE, &LAYOUT_DIFFERS];

/// A built object of a program.
#[derive(Debug)]
pub struct BuiltObject {
    /// The file; of an object that is kept nowhere, a name for messages.
    pub path: Arc<Path>,
    /// Its model.
    pub object: Arc<Object>,
    /// The C sources that it names ([`bpf::elf::sources`]).
    pub sources: Vec<String>,
    /// [`fingerprint`] of the program's text when the object was looked at: the text on disk.
    pub text: u64,
    /// How it came about.
    pub origin: BuiltOrigin,
}

/// How an object came about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BuiltOrigin {
    /// It lies on the disk.
    Found {
        /// A file that the program is made of changed after it was built.
        older: bool,
    },
    /// It was made by the program's own compile command for this comparison, of the text that
    /// [`BuiltObject::text`] stands for, and is kept nowhere.
    Verified,
}

/// A number for a text; other texts have others.
pub fn fingerprint(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.write_usize(text.len());
    hasher.finish()
}

/// The objects of one program.
pub type BuiltObjects = Arc<[Arc<BuiltObject>]>;

/// What a comparison gave, with the object that it belongs to.
#[derive(Default)]
pub(crate) struct Compared(Mutex<Vec<Comparison>>);

type Comparison = (Arc<BuiltObject>, Arc<[Difference]>);

impl BuiltObject {
    /// Whether the object can be one of that program, by the names of its sources.
    pub fn may_be_of(&self, program: &Path) -> bool {
        let name = program.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
        self.sources.is_empty() || self.sources.iter().any(|source| base_name(source) == name)
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl Analysis {
    /// The snapshot with other objects of a program.
    pub fn with_objects(mut self, program: &Path, objects: BuiltObjects) -> Analysis {
        Arc::make_mut(&mut self.objects).insert(program.into(), objects);
        self
    }

    /// The objects that are known of a program.
    pub fn objects(&self, program: &Path) -> BuiltObjects {
        self.objects.get(program).cloned().unwrap_or_default()
    }

    /// What differs between a program and its built objects: one finding an object, and the place of the
    /// object where the user can look at it.
    pub(crate) fn object_findings(
        &self,
        path: &Path,
        file: &FileAnalysis,
    ) -> Vec<(Diagnostic, Option<Place>)> {
        let objects = self.objects(path);
        let mut found = Vec::new();
        for built in objects.iter() {
            let changed = fingerprint(&file.text) != built.text;
            let stale = match built.origin {
                BuiltOrigin::Found { older } => older || changed,
                // Of another text nothing is known.
                BuiltOrigin::Verified if changed => continue,
                BuiltOrigin::Verified => false,
            };
            let differences = self.differences(file, built);
            let Some(first) = differences.first() else { continue };
            let place = Place { path: built.path.clone(), range: 0..0 };
            let place = (built.origin != BuiltOrigin::Verified).then_some(place);
            found.push((diagnostic(file, built, stale, first, differences.len() - 1), place));
        }
        found
    }

    /// What is sure to differ between a program and an object, compared once.
    fn differences(&self, file: &FileAnalysis, built: &Arc<BuiltObject>) -> Arc<[Difference]> {
        let mut known = lock(&file.compared.0);
        if let Some((_, differences)) = known.iter().find(|(b, _)| Arc::ptr_eq(b, built)) {
            return differences.clone();
        }
        let source = file.source().filter(|source| source.refusals.is_empty());
        let differences: Arc<[Difference]> = source
            .map(|source| {
                let made_of = self.made_of(file, built);
                compare::sure_differences(&source.object, &built.object, made_of)
            })
            .unwrap_or_default()
            .into();
        // The object on disk, one made anew, and those before them: more are not in use at a time.
        if known.len() > 3 {
            known.remove(0);
        }
        known.push((built.clone(), differences.clone()));
        differences
    }

    /// The file and the headers that it read.
    pub fn files_read(&self, file: &FileAnalysis) -> Vec<PathBuf> {
        file.preprocessed.files().map(|id| self.pipelines.session.path(id)).collect()
    }

    /// Whether more sources than the program and what it includes went into the object.
    fn made_of(&self, file: &FileAnalysis, built: &BuiltObject) -> MadeOf {
        let read = self.files_read(file);
        let own = |source: &String| {
            read.iter().any(|path| path.file_name().is_some_and(|name| name == base_name(source)))
        };
        if built.sources.iter().all(own) { MadeOf::Source } else { MadeOf::More }
    }
}

fn diagnostic(
    file: &FileAnalysis,
    built: &BuiltObject,
    stale: bool,
    first: &Difference,
    more: usize,
) -> Diagnostic {
    let name = built.path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
    let more = match more {
        0 => String::new(),
        1 => " (and 1 more difference)".to_owned(),
        n => format!(" (and {n} more differences)"),
    };
    let what = &first.message;
    let message = match (stale, built.origin) {
        (true, _) => format!("{name} is older than this source: {what}{more}"),
        (false, BuiltOrigin::Found { .. }) => {
            format!("{name} is as new as this source but differs: {what}{more}")
        }
        (false, BuiltOrigin::Verified) => {
            format!("compiling this source gives a different object: {what}{more}")
        }
    };
    let place = first.place.map(file_range);
    let here = place.filter(|place| place.file == file.main);
    let range = here.unwrap_or(FileRange { file: file.main, start: 0, end: 0 });
    let rule = if stale { &STALE } else { &LAYOUT_DIFFERS };
    let diagnostic = Diagnostic::new(rule, range, message);
    match place {
        Some(place) if here.is_none() => diagnostic.with_related(place, "declared here"),
        _ => diagnostic,
    }
}
