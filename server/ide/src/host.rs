//! The state of the world and its snapshots.
//!
//! One writer applies changes to the [`AnalysisHost`]; readers work on [`Analysis`] snapshots, which
//! never change. What was computed for a file is kept in a memo that all snapshots share, keyed by
//! what it was computed from, so an equal world gives the same answer at no cost.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use cfront::source::Text;

use crate::{
    built::BuiltObjects,
    environment::Environment,
    lines::Lines,
    pipeline::{Changes, Pipelines},
    project_file::ProjectFile,
};

/// Open documents by path.
pub(crate) type Documents = BTreeMap<Arc<Path>, Arc<Document>>;

/// Built objects by the path of their program.
pub(crate) type Objects = BTreeMap<Arc<Path>, BuiltObjects>;

/// An open document, or a file read from disk for an answer.
#[derive(Debug)]
pub struct Document {
    /// Absolute path.
    pub path: Arc<Path>,
    /// The client's version; 0 for files from disk.
    pub version: i32,
    /// Text.
    pub text: Text,
    lines: OnceLock<Lines>,
}

impl Document {
    /// A document with that text.
    pub fn new(path: Arc<Path>, version: i32, text: Text) -> Document {
        Document { path, version, text, lines: OnceLock::new() }
    }

    /// The same with lines that are known already.
    pub fn with_lines(path: Arc<Path>, version: i32, text: Text, lines: Lines) -> Document {
        Document { path, version, text, lines: lines.into() }
    }

    /// Its lines, found at the first call.
    pub fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::new(&self.text))
    }
}

/// What the user can set.
#[derive(Clone, PartialEq, Debug)]
pub struct Options {
    /// Whether there are diagnostics at all.
    pub diagnostics: bool,
    /// Ids of rules that stay silent.
    pub disabled_rules: Vec<String>,
    /// Whether inlay hints show offsets and sizes.
    pub inlay_offsets: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { diagnostics: true, disabled_rules: Vec::new(), inlay_offsets: false }
    }
}

/// A change of the world.
pub enum Change {
    /// A document was opened, or has a new text.
    Text {
        /// Absolute path.
        path: Arc<Path>,
        /// The client's version.
        version: i32,
        /// The whole new text.
        text: Text,
    },
    /// The same, with what is known of the text.
    Document(Document),
    /// A document was closed: the file on disk counts again.
    Closed(Arc<Path>),
    /// These files on disk changed, came or went; of a folder, files in it may have come or gone.
    Disk(Vec<PathBuf>),
    /// What is known of the built objects of a program.
    Objects {
        /// The program's path.
        program: Arc<Path>,
        /// Its objects; none to forget it.
        objects: BuiltObjects,
    },
    /// New options.
    Options(Options),
    /// Another environment over the same files: other flags or search paths.
    Environment(Arc<dyn Environment>),
}

/// The one mutable state.
pub struct AnalysisHost {
    current: Analysis,
}

/// An immutable snapshot of the world; cheap to clone, and safe to use from any thread.
#[derive(Clone)]
pub struct Analysis {
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) documents: Arc<Documents>,
    pub(crate) objects: Arc<Objects>,
    pub(crate) options: Arc<Options>,
    pub(crate) changes: Changes,
    pub(crate) pipelines: Arc<Pipelines>,
    cancel: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

/// The question lost its asker, or the text moved on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cancelled;

/// An answer, or [`Cancelled`].
pub type Cancellable<T> = Result<T, Cancelled>;

impl AnalysisHost {
    /// A world without open documents.
    pub fn new(environment: Arc<dyn Environment>) -> AnalysisHost {
        let pipelines = Arc::new(Pipelines::new(environment.clone()));
        AnalysisHost {
            current: Analysis {
                environment,
                documents: Arc::default(),
                objects: Arc::default(),
                options: Arc::default(),
                changes: Changes::default(),
                pipelines,
                cancel: None,
            },
        }
    }

    /// Applies a change. Snapshots taken before do not see it.
    pub fn apply(&mut self, change: Change) {
        let current = &mut self.current;
        current.changes.all += 1;
        match change {
            Change::Text { path, version, text } => {
                self.set_document(Document::new(path, version, text));
            }
            Change::Document(document) => self.set_document(document),
            Change::Closed(path) => {
                Arc::make_mut(&mut current.documents).remove(&path);
                current.pipelines.document_came_or_went(&current.documents, &path);
                current.pipelines.forget(&path, &current.documents);
                current.changes.shared += 1;
            }
            Change::Disk(paths) => {
                current.pipelines.disk_changed(&paths);
                self.disk_changed();
            }
            // No answer but the findings depends on them, and those look each time.
            Change::Objects { program, objects } => {
                let known = Arc::make_mut(&mut current.objects);
                if objects.is_empty() {
                    known.remove(&program);
                } else {
                    known.insert(program, objects);
                }
            }
            Change::Options(options) => current.options = Arc::new(options),
            Change::Environment(environment) => {
                current.pipelines.environment_changed(&environment);
                current.environment = environment;
                self.disk_changed();
            }
        }
    }

    fn set_document(&mut self, document: Document) {
        let path = document.path.clone();
        let documents = Arc::make_mut(&mut self.current.documents);
        let opened = documents.insert(path.clone(), Arc::new(document)).is_none();
        let current = &mut self.current;
        let pipelines = &current.pipelines;
        if opened {
            pipelines.document_came_or_went(&current.documents, &path);
        }
        if opened || pipelines.text_changed(&current.documents, &path) {
            current.changes.shared += 1;
        }
    }

    fn disk_changed(&mut self) {
        self.current.changes.shared += 1;
        self.current.changes.disk += 1;
    }

    /// A snapshot of now.
    pub fn analysis(&self) -> Analysis {
        self.current.clone()
    }
}

impl Analysis {
    /// The same snapshot, that gives up when `cancelled` says so.
    pub fn cancelled_by(mut self, cancelled: Arc<dyn Fn() -> bool + Send + Sync>) -> Analysis {
        self.cancel = Some(cancelled);
        self
    }

    /// An error when the answer is no longer wanted; called between the stages of long work.
    pub(crate) fn check_cancelled(&self) -> Cancellable<()> {
        if self.cancel.as_ref().is_some_and(|cancelled| cancelled()) {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }

    /// What the project that a file belongs to says about itself.
    pub fn project_file(&self, path: &Path) -> Arc<ProjectFile> {
        self.environment.project_file(path)
    }

    /// The open document of that path.
    pub fn open_document(&self, path: &Path) -> Option<Arc<Document>> {
        self.documents.get(path).cloned()
    }

    /// The open document of that path, or the file on disk.
    pub fn document(&self, path: &Path) -> Option<Arc<Document>> {
        self.open_document(path).or_else(|| {
            let text = self.environment.read(path)?;
            Some(Arc::new(Document::new(path.into(), 0, text)))
        })
    }

    /// Open documents.
    pub fn open_documents(&self) -> impl Iterator<Item = &Arc<Document>> {
        self.documents.values()
    }
}
