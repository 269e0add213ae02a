//! What is computed for a file, and the memo that keeps it.
//!
//! text -> preprocessed tokens -> unit -> (BPF) object model, or (loader) the objects behind its
//! skeletons. One thread at a time works on a file; an edit takes over from the unit before it what it
//! did not touch. Headers are kept by the front end's session, for all files at once. What is kept says
//! what it was made from, and whoever finds it looks whether that is still so ([`memo`]).

mod judged;
mod memo;
mod survey;
mod world;

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use crate::{
    answer::SkeletonKind,
    built::Compared,
    environment::{FileFlags, SkeletonOrigin},
    host::{Analysis, Cancellable},
    model::{LazyModel, Model},
};
use bpf::{object::Object, section, skeleton::Preview, source::SourceObject};
use cfront::{
    flags::Endian,
    pp::{self, Preprocessed},
    session::FileSystem,
    source::{FileId, Text},
    unit::Unit,
};
use loader::{
    references::{Reference, references},
    skeletons::{HeaderKind, Skeleton, included},
};

pub(crate) use memo::{Changes, Pipelines};
pub use survey::Survey;

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

/// What was computed for one text of a file from itself and its headers alone.
pub(crate) struct Front {
    role: Role,
    text: Text,
    pub(crate) flags: Arc<FileFlags>,
    pub(crate) preprocessed: Arc<Preprocessed>,
    pub(crate) unit: Unit,
}

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
    /// The header of each as it is included, and what it is made of.
    origins: Vec<(Arc<str>, Option<SkeletonOrigin>)>,
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

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Analysis {
    /// Everything about a file, from the memo when it was computed for this text. `None` when the file
    /// cannot be read.
    ///
    /// # Errors
    ///
    /// When nobody wants the answer any more.
    pub fn file(&self, path: &Path) -> Cancellable<Option<Arc<FileAnalysis>>> {
        let Some(front) = self.front(path)? else { return Ok(None) };
        self.rest(path, &front).map(Some)
    }

    /// Everything about a file that is a BPF program; `None` when it is something else.
    fn program(&self, path: &Path) -> Cancellable<Option<Arc<FileAnalysis>>> {
        let front = self.front(path)?.filter(|front| front.role == Role::Bpf);
        front.map(|front| self.rest(path, &front)).transpose()
    }

    /// Tokens and declarations of a file.
    fn front(&self, path: &Path) -> Cancellable<Option<Arc<Front>>> {
        let Some(document) = self.document(path) else { return Ok(None) };
        let slot = self.pipelines.slot(path);
        // Held while computing: the same work is not done twice, and each text is built upon the last.
        let mut fronts = lock(&slot.fronts);
        let wanted = |front: &Front| {
            Text::ptr_eq(&front.text, &document.text) || front.text == document.text
        };
        let known = fronts.find(self.changes, wanted, |front, same| self.holds(path, front, same));
        if let Some(front) = known? {
            return Ok(Some(front));
        }
        self.check_cancelled()?;
        let previous = fronts.newest().map(|front| front.unit.clone());
        let front = Arc::new(self.make_front(path, &document.text, previous.as_ref())?);
        fronts.push(self.changes, front.clone());
        Ok(Some(front))
    }

    /// Whether a front of this text is what would be made now.
    fn holds(&self, path: &Path, front: &Front, nothing_changed: bool) -> Cancellable<bool> {
        let (session, world) = self.pipelines.front_end();
        Ok(nothing_changed
            || (*self.environment.flags(path) == *front.flags
                && front.preprocessed.is_current(session, world, &front.flags.flags)))
    }

    fn make_front(&self, path: &Path, text: &Text, previous: Option<&Unit>) -> Cancellable<Front> {
        let (session, world) = self.pipelines.front_end();
        let flags = self.environment.flags(path);
        let preprocessed =
            Arc::new(pp::preprocess(session, world, path, text.clone(), &flags.flags));
        self.check_cancelled()?;
        let role = role(path, &preprocessed);
        let big_endian = flags.flags.endian == Endian::Big;
        let unit = Unit::build(preprocessed.clone(), previous, big_endian);
        self.check_cancelled()?;
        Ok(Front { role, text: text.clone(), flags, preprocessed, unit })
    }

    /// What is made of tokens and declarations.
    fn rest(&self, path: &Path, front: &Arc<Front>) -> Cancellable<Arc<FileAnalysis>> {
        let slot = self.pipelines.slot(path);
        let mut files = lock(&slot.files);
        let wanted = |file: &FileAnalysis| Arc::ptr_eq(&file.preprocessed, &front.preprocessed);
        let known = files.find(self.changes, wanted, |file, same| self.links_hold(file, same))?;
        let file = match known {
            Some(file) => file,
            None => {
                self.check_cancelled()?;
                let previous = files.newest().cloned();
                let file = Arc::new(self.make_rest(path, front, previous.as_deref())?);
                slot.outlived(files.push(self.changes, file.clone()));
                file
            }
        };
        slot.answered(self.changes, &file);
        Ok(file)
    }

    /// Everything about a file as if it had that text; kept by nobody.
    pub(crate) fn file_with_text(
        &self,
        path: &Path,
        text: &str,
    ) -> Cancellable<Option<Arc<FileAnalysis>>> {
        let Some(now) = self.file(path)? else { return Ok(None) };
        let front = self.make_front(path, &text.into(), Some(&now.unit))?;
        Ok(Some(Arc::new(self.make_rest(path, &front, Some(&now))?)))
    }

    /// Whether the BPF sources behind a loader's skeletons are what they were, and still those.
    fn links_hold(&self, file: &FileAnalysis, nothing_changed: bool) -> Cancellable<bool> {
        if nothing_changed {
            for (path, before) in &file.bpf_sources {
                if !self.program(path)?.is_some_and(|now| Arc::ptr_eq(&now, before)) {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        for (index, (header, origin)) in file.origins.iter().enumerate() {
            let (now, sources) = self.skeleton_sources(&file.path, header)?.unzip();
            let (sources, before) = (sources.unwrap_or_default(), file.sources_of(index));
            let same =
                |((a, now), (b, before)): (&Source, &Source)| a == b && Arc::ptr_eq(now, before);
            if now != *origin
                || sources.len() != before.len()
                || !sources.iter().zip(before).all(same)
            {
                return Ok(false);
            }
        }
        Ok(self.environment.possible_cpus() == file.possible_cpus)
    }

    fn make_rest(
        &self,
        path: &Path,
        front: &Front,
        previous: Option<&FileAnalysis>,
    ) -> Cancellable<FileAnalysis> {
        let mut file = FileAnalysis {
            role: front.role,
            main: front.preprocessed.main,
            text: front.text.clone(),
            flags: front.flags.clone(),
            preprocessed: front.preprocessed.clone(),
            unit: front.unit.clone(),
            model: previous.map_or_else(LazyModel::default, |p| LazyModel::after(&p.model)),
            path: path.to_owned(),
            object_name: String::new(),
            skeletons: Vec::new(),
            origins: Vec::new(),
            bpf_sources: Vec::new(),
            source_ranges: Vec::new(),
            judged: Mutex::default(),
            references: OnceLock::new(),
            possible_cpus: self.environment.possible_cpus(),
            compared: Compared::default(),
        };
        match file.role {
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
            let (origin, sources) = self.skeleton_sources(path, &header.path)?.unzip();
            if let Some(name) = origin.as_ref().and_then(|origin| origin.name.as_deref()) {
                header.rename(&file.unit, name);
            }
            let objects: Vec<&Object> = sources
                .iter()
                .flatten()
                .filter_map(|(_, source)| Some(&source.source()?.object))
                .collect();
            // Names of internal maps begin with the object's, which is the skeleton's and not always the
            // source's: `bpftool gen skeleton minimal.bpf.o` without a name makes `minimal_bpf`.
            let object = bpf::link::link(&objects, header.name.as_str());
            let mut skeleton = header.skeleton(object.map(Arc::new));
            skeleton.include = skeleton.include.filter(|range| range.file == file.main);
            skeleton.signed = origin.as_ref().is_some_and(|origin| origin.signed);
            let sources = sources.unwrap_or_default();
            skeleton.sources.extend(sources.iter().map(|(_, source)| source.unit.clone()));
            file.skeletons.push(skeleton);
            file.origins.push((header.path.clone(), origin));
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
                match self.program(path)? {
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
}

impl Role {
    /// The role of a file that its name alone tells.
    fn of_name(path: &Path) -> Option<Role> {
        let name = path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
        match () {
            () if name.ends_with(".bpf.c") => Some(Role::Bpf),
            () if name.ends_with(".h") => Some(Role::Header),
            () => None,
        }
    }
}

fn role(path: &Path, preprocessed: &Preprocessed) -> Role {
    let includes = |wanted: fn(&str) -> bool| preprocessed.includes.iter().any(|i| wanted(&i.path));
    match Role::of_name(path) {
        Some(role) => role,
        None if includes(includes_helpers) => Role::Bpf,
        None if includes(includes_skeleton) => Role::Loader,
        None => Role::Other,
    }
}

/// Whether a header's name, as a directive writes it, is that of libbpf's helpers.
fn includes_helpers(path: &str) -> bool {
    path.rsplit('/').next() == Some("bpf_helpers.h")
}

fn includes_skeleton(path: &str) -> bool {
    HeaderKind::of_include(path).is_some()
}

#[cfg(test)]
mod tests;
