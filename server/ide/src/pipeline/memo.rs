//! The memo of all files, shared by all snapshots.
//!
//! Nothing in it is right because nobody said otherwise: each result comes with what it was made from,
//! and is compared with what is there now whenever something changed since it was last found right. So a
//! change need not know who has read the file, or reads it at that moment.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use cfront::{
    session::{FileSystem, Session},
    source::FileId,
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{FileAnalysis, Front, lock, world::World};
use crate::{
    environment::Environment,
    host::{Analysis, Documents},
    usage::UsageMemo,
};

/// Results kept for a file: the newest, and one that a question with an older snapshot may want.
const KEPT: usize = 2;

/// So many older results wait to be dropped, at most.
const MAX_OLD: usize = 8;

/// Changes of the world, counted; a snapshot has those of its moment.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Changes {
    /// All.
    pub(crate) all: u64,
    /// Those that may change the answers about more than one file.
    pub(crate) shared: u64,
    /// Those of the disk: they may have given a file another text that is not open.
    pub(crate) disk: u64,
}

/// The memo of all files, shared by all snapshots.
pub(crate) struct Pipelines {
    pub(crate) session: Session,
    pub(crate) usage: Mutex<UsageMemo>,
    pub(super) world: World,
    slots: Mutex<FxHashMap<PathBuf, Arc<Slot>>>,
}

/// What is kept of one file.
#[derive(Default)]
pub(super) struct Slot {
    /// What depends on the file and its headers alone. No other slot is locked with this.
    pub(super) fronts: Mutex<Kept<Front>>,
    /// The rest. Whoever locks this for a loader may lock those of BPF programs, which lock none.
    pub(super) files: Mutex<Kept<FileAnalysis>>,
    newest: Mutex<Newest>,
    /// What is no longer kept, to be dropped when nobody waits.
    old: Mutex<Vec<Arc<FileAnalysis>>>,
}

/// What the newest snapshot that asked was answered with.
#[derive(Default)]
struct Newest {
    asked_at: u64,
    file: Option<Arc<FileAnalysis>>,
    /// Files that it read: headers, and BPF sources behind skeletons.
    read: FxHashSet<FileId>,
}

/// Results for texts of a file.
pub(super) struct Kept<T>(VecDeque<One<T>>);

struct One<T> {
    value: Arc<T>,
    /// [`Changes::shared`] of the newest snapshot for which it was made or found right.
    right_at: u64,
    /// [`Changes::all`] of the newest snapshot that asked for it.
    asked_at: u64,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Kept(VecDeque::new())
    }
}

impl<T> Kept<T> {
    /// The first that is `wanted` and that still `holds`; the latter is asked with whether nothing that
    /// others share has changed since it was made.
    pub(super) fn find<E>(
        &mut self,
        now: Changes,
        wanted: impl Fn(&T) -> bool,
        holds: impl Fn(&T, bool) -> Result<bool, E>,
    ) -> Result<Option<Arc<T>>, E> {
        for one in self.0.iter_mut().rev().filter(|one| wanted(&one.value)) {
            if holds(&one.value, one.right_at == now.shared)? {
                one.right_at = one.right_at.max(now.shared);
                one.asked_at = one.asked_at.max(now.all);
                return Ok(Some(one.value.clone()));
            }
        }
        Ok(None)
    }

    /// The one that the newest snapshot asked for.
    pub(super) fn newest(&self) -> Option<&Arc<T>> {
        self.0.iter().max_by_key(|one| one.asked_at).map(|one| &one.value)
    }

    /// Keeps one more, and returns those that are kept no longer: what newer snapshots ask for stays.
    pub(super) fn push(&mut self, now: Changes, value: Arc<T>) -> Vec<Arc<T>> {
        self.0.push_back(One { value, right_at: now.shared, asked_at: now.all });
        let mut outlived = Vec::new();
        while self.0.len() > KEPT
            && let Some(oldest) =
                (0..self.0.len()).min_by_key(|at| self.0.get(*at).map(|o| o.asked_at))
        {
            outlived.extend(self.0.remove(oldest).map(|one| one.value));
        }
        outlived
    }

    fn all(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|one| &*one.value)
    }
}

impl Slot {
    /// Takes what a snapshot was answered with.
    pub(super) fn answered(&self, now: Changes, file: &Arc<FileAnalysis>) {
        let mut newest = lock(&self.newest);
        let same = newest.file.as_ref().is_some_and(|before| Arc::ptr_eq(before, file));
        if newest.asked_at > now.all || same {
            return;
        }
        *newest = Newest { asked_at: now.all, file: Some(file.clone()), read: file.read() };
    }

    /// Takes what is kept no longer.
    pub(super) fn outlived(&self, files: Vec<Arc<FileAnalysis>>) {
        let mut old = lock(&self.old);
        if old.len() >= MAX_OLD {
            old.clear();
        }
        old.extend(files);
    }
}

impl FileAnalysis {
    /// The files that it was made of, but the file itself.
    fn read(&self) -> FxHashSet<FileId> {
        let headers = self.preprocessed.files().filter(|file| *file != self.main);
        let sources = self.bpf_sources.iter().flat_map(|(_, source)| source.preprocessed.files());
        headers.chain(sources).collect()
    }
}

impl Pipelines {
    pub(crate) fn new(environment: Arc<dyn Environment>) -> Pipelines {
        Pipelines {
            session: Session::new(),
            usage: Mutex::default(),
            world: World::new(environment),
            slots: Mutex::default(),
        }
    }

    /// Takes the newest documents, of which one has a new text. Returns whether answers about other files
    /// may change: any that was ever included may be by one that is looked at next.
    pub(crate) fn text_changed(&self, documents: &Arc<Documents>, changed: &Path) -> bool {
        self.world.set_documents(documents.clone());
        self.session.text_changed(changed)
    }

    /// Takes the newest documents, of which one was opened or closed.
    pub(crate) fn document_came_or_went(&self, documents: &Arc<Documents>, changed: &Path) {
        self.world.set_documents(documents.clone());
        self.session.invalidate([changed]);
    }

    /// Takes a new environment over the same files.
    pub(crate) fn environment_changed(&self, environment: &Arc<dyn Environment>) {
        self.world.set_environment(environment.clone());
    }

    /// Files or folders on disk changed.
    pub(crate) fn disk_changed(&self, paths: &[PathBuf]) {
        self.session.invalidate(paths.iter().map(PathBuf::as_path));
    }

    /// Drops what is kept for a file that was closed, and for programs that no open loader needs now.
    pub(crate) fn forget(&self, closed: &Path, documents: &Documents) {
        lock(&self.usage).forget(closed);
        let mut slots = lock(&self.slots);
        slots.remove(closed);
        let mut needed = FxHashSet::default();
        for (_, slot) in slots.iter().filter(|(path, _)| documents.contains_key(path.as_path())) {
            // One that is being looked at may need any.
            let Ok(files) = slot.files.try_lock() else { return };
            let sources = files.all().flat_map(|file| &file.bpf_sources);
            needed.extend(sources.map(|(path, _)| path.clone()));
        }
        slots.retain(|path, _| {
            documents.contains_key(path.as_path()) || needed.contains(path.as_path())
        });
    }

    /// What the front end reads files with.
    pub(crate) fn front_end(&self) -> (&Session, &dyn FileSystem) {
        (&self.session, &self.world)
    }

    pub(super) fn slot(&self, path: &Path) -> Arc<Slot> {
        lock(&self.slots).entry(path.to_owned()).or_default().clone()
    }

    fn known_slot(&self, path: &Path) -> Option<Arc<Slot>> {
        lock(&self.slots).get(path).cloned()
    }
}

impl Analysis {
    /// Drops what was computed for texts of a file that are gone. Whoever asks at the cursor does not wait
    /// for that; the check that follows an edit does it.
    pub fn drop_old(&self, path: &Path) {
        let slot = self.pipelines.known_slot(path);
        let old = slot.map(|slot| std::mem::take(&mut *lock(&slot.old)));
        drop(old);
    }

    /// What was computed of a file and its headers when it was for that text; does not wait for one that
    /// is being computed.
    pub(crate) fn known_front(&self, path: &Path, text: &str) -> Option<Arc<Front>> {
        let slot = self.pipelines.known_slot(path)?;
        let mut fronts = slot.fronts.try_lock().ok()?;
        let wanted = |front: &Front| *front.text == *text;
        fronts.find(self.changes, wanted, |front, same| self.holds(path, front, same)).ok()?
    }

    /// Whether the newest answer about `path` read the text of `other`, or would be another one by what
    /// `other` does with the object now.
    pub fn depends_on(&self, path: &Path, other: &Path) -> bool {
        let Some(slot) = self.pipelines.known_slot(path) else { return false };
        let other = self.pipelines.session.file_id(other);
        let file = {
            let newest = lock(&slot.newest);
            if newest.read.contains(&other) {
                return true;
            }
            newest.file.clone()
        };
        file.is_some_and(|file| file.judged_by_old_usage(self, other))
    }

    /// A number that is another one when something changed that answers about more than one file may rest
    /// on: what was found with a snapshot is then to be found again.
    pub fn shared_changes(&self) -> u64 {
        self.changes.shared
    }
}
