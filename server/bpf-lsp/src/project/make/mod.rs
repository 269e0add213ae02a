//! Makefiles, evaluated without running anything.
//!
//! [`Makefile::read`] follows GNU make: lines are read in order, conditionals are decided by the variables set so
//! far, included files are read where they stand. The result is a small model that consumers ask: the
//! [lines](Makefile::lines) in force, the values of [variables](Makefile::value), the [rules](Makefile::rules) that
//! [make](Makefile::fit) a file, and the [commands](Makefile::commands) they run, expanded for that file with
//! its own variables.
//!
//! # What is not known
//!
//! What needs a shell, the disk or the environment becomes [`UNKNOWN`] in a text. Where a condition depends on it,
//! all branches are kept and marked as doubtful: see [`Holds`]. Each consumer says with [`Doubt`] what it wants of
//! them:
//!
//! - flags (`guess`) take what is sure: a definition counts only where its line surely holds, and a value that
//!   hangs on an unknown condition is unknown. A folder of headers also counts where its line may hold.
//! - skeletons (`skeleton_rules`) and objects take every branch, those that surely hold first: a loader that
//!   includes a header is evidence that the rule for it runs.
//!
//! What a template (`define`, for `$(eval $(call ...))`) says is read as if it stood where it is written, with
//! unknown arguments; its conditions are not known.

mod conditions;
mod functions;
mod lines;
mod reader;
mod rules;
#[cfg(test)]
mod tests;
mod values;
mod variables;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use rustc_hash::FxHashMap;

use super::{
    budget::Budget,
    files::{self, Kind},
    lock,
    stamps::Stamps,
    table::{self, Reader},
};
pub(super) use lines::words;
pub(super) use rules::{Fit, Rank, Rule};
pub(super) use values::Doubt;
use values::{Automatic, Scope, expand};
use variables::Variables;

#[cfg(doc)]
use super::paths::UNKNOWN;

/// Whether a line is in force when `make` is called without arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    /// It is.
    #[default]
    Surely,
    /// A condition around it is not known.
    Perhaps,
    /// It is not; arguments or the environment may change that.
    Not,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineKind {
    /// An assignment, a rule's first line, or anything else.
    Plain,
    /// An assignment for some targets only.
    TargetSpecific,
    /// A command of a recipe.
    Recipe,
}

/// A line as it is written, continuations joined, comments removed.
#[derive(Debug)]
pub(super) struct Line {
    /// Without the tab of a recipe.
    pub(super) text: String,
    pub(super) kind: LineKind,
    pub(super) holds: Holds,
}

/// A Makefile and what it includes.
#[derive(Debug, Default)]
pub(super) struct Makefile {
    lines: Vec<Line>,
    variables: Variables,
    /// Assignments for some targets.
    specific: Vec<rules::TargetSpecific>,
    rules: Vec<Rule>,
}

impl Makefile {
    /// Evaluates a Makefile. `directory` is the value of `$(CURDIR)`; `include` gives the text of an included
    /// file by its name. Where the budget ends, the rest is unknown.
    pub(super) fn read(
        text: &str,
        directory: &str,
        include: &dyn Fn(&str) -> Option<String>,
        budget: &Budget,
    ) -> Makefile {
        reader::read(text, directory, include, budget)
    }

    /// The lines that hold or may hold, in the order in which make reads them, without conditionals.
    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The names of all variables, sorted.
    pub(super) fn names(&self) -> Vec<&str> {
        self.variables.names()
    }

    /// The value of a variable at the end of the file.
    pub(super) fn value(&self, name: &str, doubt: Doubt, budget: &Budget) -> String {
        self.expand(&format!("$({name})"), doubt, budget)
    }

    /// A text of the file, expanded with the variables as they are at its end.
    pub(super) fn expand(&self, text: &str, doubt: Doubt, budget: &Budget) -> String {
        let automatic = Automatic::default();
        expand(text, &Scope::new(&self.variables, &automatic, doubt), budget)
    }

    /// All rules, also those that do not hold.
    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

/// Work for reading a Makefile and what it includes, in units of a [`Budget`].
const READING: u64 = 16 << 20;

/// The Makefile of a folder.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) path: PathBuf,
    pub(super) makefile: Makefile,
    /// Whether it asks for more work than is done: what it says is not all.
    pub(super) in_part: bool,
}

/// The Makefiles of folders, each read once.
#[derive(Default)]
pub(super) struct Makefiles {
    folders: Mutex<FxHashMap<PathBuf, Option<Arc<Placed>>>>,
    /// Notes each file that is looked for.
    stamps: Option<Arc<Stamps>>,
}

impl Makefiles {
    /// Makefiles whose reading is noted.
    pub(super) fn noted(stamps: Option<Arc<Stamps>>) -> Makefiles {
        Makefiles { stamps, ..Makefiles::default() }
    }

    /// The Makefile that `make` reads in a folder.
    pub(super) fn of(&self, folder: &Path) -> Option<Arc<Placed>> {
        if let Some(known) = lock(&self.folders).get(folder) {
            return known.clone();
        }
        let found = table::named(Reader::Make).find_map(|name| self.read(folder, name));
        let found = found.map(Arc::new);
        lock(&self.folders).insert(folder.to_owned(), found.clone());
        found
    }

    fn read(&self, folder: &Path, name: &str) -> Option<Placed> {
        let path = folder.join(name);
        let text = self.text(&path)?;
        let budget = Budget::new(READING);
        let include = |name: &str| self.text(&folder.join(name));
        let makefile = Makefile::read(&text, &folder.display().to_string(), &include, &budget);
        if budget.is_used_up() {
            tracing::warn!("{}: read in part: too much work", path.display());
        }
        Some(Placed { path, makefile, in_part: budget.is_used_up() })
    }

    fn text(&self, path: &Path) -> Option<String> {
        if let Some(stamps) = &self.stamps {
            stamps.note(path);
        }
        files::text(path, Kind::Project)
    }
}
