//! What is computed for a file, and the memo that keeps it.
//!
//! text -> preprocessed tokens -> unit -> (BPF) object model, or (loader) the objects behind its
//! skeletons. One thread at a time works on a file; an edit takes over from the unit before it what it
//! did not touch. Headers are kept by the front end's session, for all files at once.

mod judged;

use std::{
    collections::VecDeque,
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock},
};

use bpf::{object::Object, section, skeleton::Preview, source::SourceObject};
use cfront::{
    flags::Endian,
    pp::{self, Preprocessed},
    session::{FileSystem, Session},
    source::{FileId, Text},
    unit::Unit,
};
use loader::{
    references::{Reference, references},
    skeletons::{HeaderKind, Skeleton, included},
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    answer::SkeletonKind,
    built::Compared,
    environment::{Environment, FileFlags, SkeletonOrigin},
    host::{Analysis, Cancellable, Documents},
    model::{LazyModel, Model},
    usage::UsageMemo,
};

/// Results kept for a file: the newest, and one that a question with an older snapshot may want.
const KEPT: usize = 2;

/// So many older results wait to be dropped, at most.
const MAX_OLD: usize = 8;

/// What a file is to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// A BPF program: `*.bpf.c`, or C that includes libbpf's BPF headers.
    Bpf,
    /// User-space C that includes a skeleton.
    Loader,
    /// A header, seen alone.
    Header,
    /// Something that is left to others.
    Other,
}

/// A BPF source behind a skeleton, with its path.
pub(crate) type Source = (Arc<Path>, Arc<FileAnalysis>);

/// All that was computed for one text of a file.
pub struct FileAnalysis {
    /// What the file is.
    pub role: Role,
    /// The front end's number of the file.
    pub main: FileId,
    /// The text.
    pub text: Text,
    /// Flags, and where they come from.
    pub flags: Arc<FileFlags>,
    /// Tokens, includes, macro uses.
    pub preprocessed: Arc<Preprocessed>,
    /// Declarations and types.
    pub unit: Unit,
    model: LazyModel,
    /// The file's own path.
    pub(crate) path: PathBuf,
    /// The name that its object has, when it is a BPF program.
    object_name: String,
    /// The skeletons that a loader includes.
    pub skeletons: Vec<Skeleton>,
    /// The analyses behind those skeletons that were found, with their paths.
    pub(crate) bpf_sources: Vec<Source>,
    /// Which of those are behind each skeleton.
    source_ranges: Vec<Range<usize>>,
    judged: Mutex<Option<judged::Judged>>,
    references: OnceLock<Vec<Reference>>,
    /// [`Environment::possible_cpus`]
    pub(crate) possible_cpus: Option<u64>,
    pub(crate) compared: Compared,
}

impl FileAnalysis {
    /// The object model of a BPF program, built at the first call: questions about a place that has
    /// nothing to do with it need not wait for it.
    pub fn source(&self) -> Option<&SourceObject> {
        Some(&self.model()?.source)
    }

    /// The object model with its previews.
    pub(crate) fn model(&self) -> Option<&Model> {
        let model = || self.model.get(&self.unit, &self.object_name, self.preprocessed.complete);
        (self.role == Role::Bpf).then(model)
    }

    /// Whether somebody has asked for the object model.
    #[cfg(test)]
    pub(crate) fn has_model(&self) -> bool {
        self.model.is_made()
    }

    /// Where a loader names things of its BPF programs; nothing in other files.
    pub(crate) fn references(&self) -> &[Reference] {
        self.references.get_or_init(|| match self.role {
            Role::Loader => references(&self.unit, &self.skeletons),
            _ => Vec::new(),
        })
    }

    /// The BPF source behind a skeleton; the first where several are linked.
    pub(crate) fn source_of(&self, skeleton: usize) -> Option<&Source> {
        self.sources_of(skeleton).first()
    }

    /// The BPF sources behind a skeleton, in the order in which they are linked.
    pub(crate) fn sources_of(&self, skeleton: usize) -> &[Source] {
        let range = self.source_ranges.get(skeleton).cloned();
        range.and_then(|range| self.bpf_sources.get(range)).unwrap_or_default()
    }

    /// The preview of that kind; `None` when the file is no BPF program.
    pub(crate) fn preview(&self, kind: SkeletonKind) -> Option<&Preview> {
        self.model()?.preview(match kind {
            SkeletonKind::Skeleton => bpf::skeleton::SkeletonKind::Skeleton,
            SkeletonKind::Subskeleton => bpf::skeleton::SkeletonKind::Subskeleton,
            SkeletonKind::LightSkeleton => bpf::skeleton::SkeletonKind::Light,
        })
    }
}

/// The memo of all files, shared by all snapshots.
pub(crate) struct Pipelines {
    pub(crate) session: Session,
    pub(crate) usage: Mutex<UsageMemo>,
    world: World,
    slots: Mutex<FxHashMap<PathBuf, Arc<Slot>>>,
}

/// The files as they are now. The session reads headers through this and not through a snapshot:
/// what it keeps must be the newest text it was told of, whoever asks.
struct World {
    documents: RwLock<Arc<Documents>>,
    environment: RwLock<Arc<dyn Environment>>,
}

#[derive(Default)]
struct Slot {
    kept: Mutex<VecDeque<(u64, Arc<FileAnalysis>)>>,
    /// What is no longer kept, to be dropped when nobody waits.
    old: Mutex<Vec<Arc<FileAnalysis>>>,
    /// Files that the newest answer read: headers, and BPF sources behind skeletons.
    read: Mutex<FxHashSet<FileId>>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T: Clone>(lock: &RwLock<T>) -> T {
    lock.read().unwrap_or_else(PoisonError::into_inner).clone()
}

impl FileSystem for World {
    fn read(&self, path: &Path) -> Option<Text> {
        if let Some(document) = read(&self.documents).get(path) {
            return Some(document.text.clone());
        }
        read(&self.environment).read(path)
    }

    fn read_bytes(&self, path: &Path) -> Option<Vec<u8>> {
        read(&self.environment).read_bytes(path)
    }

    fn is_file(&self, path: &Path) -> bool {
        read(&self.documents).contains_key(path) || read(&self.environment).is_file(path)
    }

    fn is_folder(&self, path: &Path) -> bool {
        // A document need not be saved yet, nor its folder made.
        read(&self.environment).is_folder(path)
            || read(&self.documents).keys().any(|document| document.starts_with(path))
    }
}

impl Pipelines {
    pub(crate) fn new(environment: Arc<dyn Environment>) -> Pipelines {
        Pipelines {
            session: Session::new(),
            usage: Mutex::default(),
            world: World { documents: RwLock::default(), environment: RwLock::new(environment) },
            slots: Mutex::default(),
        }
    }

    /// Takes the newest documents; then, when `changed` may be a header, what was kept of it is stale.
    /// Returns whether answers about other files may change.
    pub(crate) fn documents_changed(
        &self,
        documents: &Arc<Documents>,
        changed: &Path,
        set: bool,
    ) -> bool {
        *self.world.documents.write().unwrap_or_else(PoisonError::into_inner) = documents.clone();
        let file = self.session.file_id(changed);
        let is_read = set
            || lock(&self.slots)
                .iter()
                .any(|(path, slot)| path != changed && lock(&slot.read).contains(&file));
        if is_read {
            self.session.invalidate(changed);
        }
        is_read
    }

    /// Takes a new environment and forgets what is known of the disk.
    pub(crate) fn environment_changed(&self, environment: &Arc<dyn Environment>) {
        *self.world.environment.write().unwrap_or_else(PoisonError::into_inner) =
            environment.clone();
        self.session.invalidate_all();
    }

    /// Files on disk changed.
    pub(crate) fn disk_changed(&self, paths: &[PathBuf]) {
        for path in paths {
            self.session.invalidate(path);
        }
    }

    /// Drops what is kept for a file.
    pub(crate) fn forget(&self, path: &Path) {
        lock(&self.slots).remove(path);
    }

    /// What the front end reads files with.
    pub(crate) fn front_end(&self) -> (&Session, &dyn FileSystem) {
        (&self.session, &self.world)
    }

    fn slot(&self, path: &Path) -> Arc<Slot> {
        lock(&self.slots).entry(path.to_owned()).or_default().clone()
    }
}

impl Analysis {
    /// Everything about a file, from the memo when it was computed for this text. `None` when the file
    /// cannot be read.
    pub fn file(&self, path: &Path) -> Cancellable<Option<Arc<FileAnalysis>>> {
        let Some(document) = self.document(path) else { return Ok(None) };
        let slot = self.pipelines.slot(path);
        // Held while computing: the same work is not done twice, and each text is built upon the last.
        let mut kept = lock(&slot.kept);
        let fits = |(revision, file): &&(u64, Arc<FileAnalysis>)| {
            *revision == self.revision
                && (Text::ptr_eq(&file.text, &document.text) || file.text == document.text)
        };
        if let Some((_, file)) = kept.iter().find(fits)
            && self.sources_unchanged(file)?
        {
            return Ok(Some(file.clone()));
        }
        self.check_cancelled()?;
        let previous = kept.back().map(|(_, file)| file.clone());
        let file = Arc::new(self.compute(path, &document.text, previous.as_deref())?);
        *lock(&slot.read) = self.read_by(&file);
        kept.push_back((self.revision, file.clone()));
        while kept.len() > KEPT
            && let Some((_, outlived)) = kept.pop_front()
        {
            let mut old = lock(&slot.old);
            if old.len() >= MAX_OLD {
                old.clear();
            }
            old.push(outlived);
        }
        Ok(Some(file))
    }

    /// Drops what was computed for texts of a file that are gone. Whoever asks at the cursor does not wait
    /// for that; the check that follows an edit does it.
    pub fn drop_old(&self, path: &Path) {
        let slot = lock(&self.pipelines.slots).get(path).cloned();
        let old = slot.map(|slot| std::mem::take(&mut *lock(&slot.old)));
        drop(old);
    }

    /// The unit of a file when it was computed for that text already; does not wait for one that is
    /// being computed.
    pub(crate) fn known_unit(&self, path: &Path, text: &str) -> Option<Unit> {
        let slot = self.pipelines.slot(path);
        let kept = slot.kept.try_lock().ok()?;
        let fits = |(revision, file): &&(u64, Arc<FileAnalysis>)| {
            *revision == self.revision && *file.text == *text
        };
        kept.iter().find(fits).map(|(_, file)| file.unit.clone())
    }

    /// Everything about a file as if it had that text; kept by nobody.
    pub(crate) fn file_with_text(
        &self,
        path: &Path,
        text: &str,
    ) -> Cancellable<Option<Arc<FileAnalysis>>> {
        let Some(now) = self.file(path)? else { return Ok(None) };
        let file = self.compute(path, &text.into(), Some(&now))?;
        Ok(Some(Arc::new(file)))
    }

    /// Whether the BPF sources behind a loader's skeletons are what they were.
    fn sources_unchanged(&self, file: &FileAnalysis) -> Cancellable<bool> {
        for (path, before) in &file.bpf_sources {
            if !self.file(path)?.is_some_and(|now| Arc::ptr_eq(&now, before)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn compute(
        &self,
        path: &Path,
        text: &Text,
        previous: Option<&FileAnalysis>,
    ) -> Cancellable<FileAnalysis> {
        let pipelines = &self.pipelines;
        let flags = self.environment.flags(path);
        let preprocessed = Arc::new(pp::preprocess(
            &pipelines.session,
            &pipelines.world,
            path,
            text.clone(),
            &flags.flags,
        ));
        self.check_cancelled()?;
        let role = role(path, &preprocessed);
        let big_endian = flags.flags.endian == Endian::Big;
        let unit = Unit::build(preprocessed.clone(), previous.map(|p| &p.unit), big_endian);
        self.check_cancelled()?;
        let mut file = FileAnalysis {
            role,
            main: preprocessed.main,
            text: text.clone(),
            flags,
            preprocessed,
            unit,
            model: previous.map_or_else(LazyModel::default, |p| LazyModel::after(&p.model)),
            path: path.to_owned(),
            object_name: String::new(),
            skeletons: Vec::new(),
            bpf_sources: Vec::new(),
            source_ranges: Vec::new(),
            judged: Mutex::default(),
            references: OnceLock::new(),
            possible_cpus: self.environment.possible_cpus(),
            compared: Compared::default(),
        };
        match role {
            Role::Bpf => {
                let name = path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
                file.object_name = section::object_name_of_source(&name).to_string();
            }
            Role::Loader => self.find_skeletons(path, &mut file)?,
            Role::Header | Role::Other => {}
        }
        Ok(file)
    }

    fn find_skeletons(&self, path: &Path, file: &mut FileAnalysis) -> Cancellable<()> {
        for mut header in included(&file.unit) {
            let found = self.skeleton_sources(path, &header.path)?;
            let (origin, sources) = found.unzip();
            if let Some(name) = origin.as_ref().and_then(|origin| origin.name.as_deref()) {
                header.rename(&file.unit, name);
            }
            let objects: Vec<&Object> = sources
                .iter()
                .flatten()
                .filter_map(|(_, source)| Some(&source.source()?.object))
                .collect();
            let object = match objects.as_slice() {
                [one] if origin.as_ref().is_none_or(|o| o.name.is_none()) => Some((*one).clone()),
                objects => bpf::link::link(objects, header.name.as_str()),
            };
            let mut skeleton = header.skeleton(object.map(Arc::new));
            skeleton.include = skeleton.include.filter(|range| range.file == file.main);
            skeleton.signed = origin.is_some_and(|origin| origin.signed);
            let sources = sources.unwrap_or_default();
            skeleton.sources.extend(sources.iter().map(|(_, source)| source.unit.clone()));
            file.skeletons.push(skeleton);
            let first = file.bpf_sources.len();
            file.bpf_sources.extend(sources);
            file.source_ranges.push(first..file.bpf_sources.len());
        }
        Ok(())
    }

    /// The BPF sources of a skeleton header: the first origin of which all are there.
    fn skeleton_sources(
        &self,
        loader: &Path,
        header: &str,
    ) -> Cancellable<Option<(SkeletonOrigin, Vec<Source>)>> {
        for origin in self.environment.skeleton_origins(loader, header) {
            let mut found: Vec<Source> = Vec::new();
            for path in &origin.sources {
                if path == loader || !self.pipelines.world.is_file(path) {
                    break;
                }
                match self.file(path)?.filter(|file| file.role == Role::Bpf) {
                    Some(file) => found.push((path.as_path().into(), file)),
                    None => break,
                }
            }
            if !found.is_empty() && found.len() == origin.sources.len() {
                return Ok(Some((origin, found)));
            }
        }
        Ok(None)
    }

    fn read_by(&self, file: &FileAnalysis) -> FxHashSet<FileId> {
        let headers = file.preprocessed.files().filter(|f| *f != file.main);
        let sources = file.bpf_sources.iter().flat_map(|(_, source)| source.preprocessed.files());
        headers.chain(sources).collect()
    }

    /// Whether the newest answer about `path` read the text of `other`, or would be another one by what
    /// `other` does with the object now.
    pub fn depends_on(&self, path: &Path, other: &Path) -> bool {
        let slot = lock(&self.pipelines.slots).get(path).cloned();
        slot.is_some_and(|slot| {
            let newest = slot.kept.try_lock().ok().and_then(|kept| Some(kept.back()?.1.clone()));
            lock(&slot.read).contains(&self.pipelines.session.file_id(other))
                || newest.is_some_and(|file| file.judged_by_old_usage(self, other))
        })
    }
}

fn role(path: &Path, preprocessed: &Preprocessed) -> Role {
    let name = path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
    let includes = |wanted: fn(&str) -> bool| preprocessed.includes.iter().any(|i| wanted(&i.path));
    if name.ends_with(".bpf.c") {
        return Role::Bpf;
    }
    if name.ends_with(".h") {
        return Role::Header;
    }
    if includes(|path| path.rsplit('/').next() == Some("bpf_helpers.h")) {
        return Role::Bpf;
    }
    if includes(|path| HeaderKind::of_include(path).is_some()) {
        return Role::Loader;
    }
    Role::Other
}

#[cfg(test)]
mod edits;
#[cfg(test)]
mod tests;
