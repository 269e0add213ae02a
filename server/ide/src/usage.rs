//! What user-space code near a BPF program does with its object: the rules about sections, maps and
//! licences must know it to stay right.
//!
//! Each file is searched for words first. Files that include the program's skeleton are parsed and
//! followed; of the others only words count, and those only exempt.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, Weak},
};

use bpf::{rules, section};
use cfront::{
    pp::{self, Preprocessed},
    source::{FileId, Text},
    unit::Unit,
};
use loader::{
    skeletons::{HeaderKind, included},
    usage::words::{Mentions, Words},
};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::{
    environment::FileFlags,
    host::{Analysis, Document},
    pipeline::{Pipelines, lock},
};

/// A user-space file: what its text could be about, and what it is, once it was read for a program.
#[derive(Debug)]
pub(crate) struct Loader {
    text: Text,
    mentions: Mentions,
    words: OnceLock<Words>,
    usage: Mutex<Option<Arc<LoaderUsage>>>,
}

/// What a user-space file does, and what that was made from.
#[derive(Debug)]
struct LoaderUsage {
    flags: Arc<FileFlags>,
    preprocessed: Arc<Preprocessed>,
    /// By object name.
    by_object: Vec<(SmolStr, HeaderKind, rules::Usage)>,
}

/// What is kept of loaders, and of programs.
#[derive(Default)]
pub(crate) struct UsageMemo {
    /// By path, with [`crate::pipeline::Changes::disk`] when the text was read from disk.
    loaders: FxHashMap<PathBuf, (Option<u64>, Arc<Loader>)>,
    /// By the program's path.
    programs: FxHashMap<PathBuf, Program>,
}

/// The usage of a program's object, and what it was made from.
struct Program {
    /// [`crate::pipeline::Changes::shared`]
    shared: u64,
    object: SmolStr,
    /// The other open documents: a loader among them may have another text than on disk. Texts that are
    /// gone are not kept for that.
    open: Vec<Weak<Document>>,
    usage: Arc<rules::Usage>,
    /// The user-space files, and the headers of those that were parsed.
    read: FxHashSet<FileId>,
}

impl UsageMemo {
    /// Drops what is kept of a program.
    pub(crate) fn forget(&mut self, program: &Path) {
        self.programs.remove(program);
    }
}

impl Program {
    fn fits(&self, analysis: &Analysis, path: &Path, object: &str) -> bool {
        self.shared == analysis.changes.shared
            && self.object == object
            && others(analysis, path).eq(self.open.iter().map(Weak::as_ptr))
    }
}

/// The open documents but one.
fn others(analysis: &Analysis, path: &Path) -> impl Iterator<Item = *const Document> {
    let open = analysis.open_documents().filter(move |d| d.path.as_ref() != path);
    open.map(Arc::as_ptr)
}

impl Analysis {
    /// What the user-space files near a BPF program do with the object `name`; looked up again only
    /// when another file than the program changed.
    pub(crate) fn usage(&self, path: &Path, name: &str) -> Arc<rules::Usage> {
        if let Some(known) = lock(&self.pipelines.usage).programs.get(path)
            && known.fits(self, path, name)
        {
            return known.usage.clone();
        }
        let mut read = FxHashSet::default();
        let usage = Arc::new(self.find_usage(path, name, &mut read));
        let open = self.open_documents().filter(|d| d.path.as_ref() != path);
        let program = Program {
            shared: self.changes.shared,
            object: name.into(),
            open: open.map(Arc::downgrade).collect(),
            usage: usage.clone(),
            read,
        };
        lock(&self.pipelines.usage).programs.insert(path.to_owned(), program);
        usage
    }

    fn find_usage(&self, path: &Path, name: &str, read: &mut FxHashSet<FileId>) -> rules::Usage {
        let mut usage = rules::Usage::default();
        let loaders: Vec<_> = self.loaders(path);
        let others = self.environment.skeleton_names(path).into_iter();
        let names: Vec<SmolStr> =
            std::iter::once(name.into()).chain(others.map(|n| section::identifier(&n))).collect();
        for (path, loader) in &loaders {
            read.insert(self.pipelines.session.file_id(path));
            // What has a subskeleton is linked into an object that libbpf loads.
            usage.libbpf_loads |= loader.mentions.subskeletons.contains(name);
            if names.iter().any(|name| loader.mentions.skeletons.contains(name)) {
                let ours = |one: &&(SmolStr, HeaderKind, rules::Usage)| names.contains(&one.0);
                let of_loader = loader.usage(self, path);
                read.extend(of_loader.preprocessed.files());
                for (_, kind, one) in of_loader.by_object.iter().filter(ours) {
                    merge(&mut usage, one);
                    usage.libbpf_loads |= *kind == HeaderKind::Skeleton;
                }
            } else if loader.mentions.exempts && loader.may_be_about_any() {
                // Who sets something of a map that it is given may be given this one's.
                let words = loader.words.get_or_init(|| Words::read(&loader.text));
                usage.sets_program_types |= words.sets_program_types;
                usage.chooses_programs |= words.chooses_programs;
                usage.sets_struct_ops |= words.sets_struct_ops;
                usage.relaxed_maps |= words.relaxed_maps;
                usage.maps_set_by_code.extend(words.sets.iter().cloned());
            }
        }
        usage.toolchain = self.environment.project_file(path).toolchain.clone();
        usage.stands_alone = self.stands_alone(path, name, &loaders);
        usage
    }

    /// Whether an object is surely made of this file alone: it has a skeleton, and so has every other
    /// BPF program of its folder, so that none of them is there to be linked into another.
    fn stands_alone(&self, path: &Path, name: &str, loaders: &[(PathBuf, Arc<Loader>)]) -> bool {
        let has_skeleton = |name: &str| {
            loaders.iter().any(|(_, loader)| loader.mentions.skeletons.contains(name))
                && !loaders.iter().any(|(_, loader)| loader.mentions.subskeletons.contains(name))
        };
        has_skeleton(name)
            && self.environment.bpf_programs_beside(path).iter().all(|other| {
                let file = other.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
                has_skeleton(&section::object_name_of_source(&file))
            })
    }

    /// Whether a file was read for what is known of the usage of a program's object.
    pub(crate) fn usage_rests_on(&self, program: &Path, file: FileId) -> bool {
        let memo = lock(&self.pipelines.usage);
        memo.programs.get(program).is_some_and(|known| known.read.contains(&file))
    }

    fn loaders(&self, program: &Path) -> Vec<(PathBuf, Arc<Loader>)> {
        let paths = self.environment.loaders(program).into_iter();
        paths.filter_map(|path| self.loader(&path).map(|loader| (path, loader))).collect()
    }

    /// The text of a file as it is now.
    pub(crate) fn loader_text(&self, path: &Path) -> Option<Text> {
        match self.open_document(path) {
            Some(document) => Some(document.text.clone()),
            None => self.environment.read(path),
        }
    }

    /// What the text of a user-space file could be about.
    pub(crate) fn loader(&self, path: &Path) -> Option<Arc<Loader>> {
        let pipelines: &Pipelines = &self.pipelines;
        let open = self.open_document(path);
        let known = lock(&pipelines.usage).loaders.get(path).cloned();
        if let Some((disk, known)) = &known
            && open.as_ref().map_or_else(
                || *disk == Some(self.changes.disk),
                |document| document.text == known.text,
            )
        {
            return Some(known.clone());
        }
        let text = self.loader_text(path)?;
        let same = known.map(|(_, known)| known).filter(|known| known.text == text);
        let loader = same.unwrap_or_else(|| {
            let mentions = Mentions::read(&text);
            // Most C files near a program have nothing to do with any: their texts are not needed again.
            let text = match open.is_none() && mentions == Mentions::default() {
                true => Text::default(),
                false => text,
            };
            Arc::new(Loader { mentions, text, words: OnceLock::new(), usage: Mutex::default() })
        });
        let disk = open.is_none().then_some(self.changes.disk);
        let kept = (disk, loader.clone());
        lock(&pipelines.usage).loaders.insert(path.to_owned(), kept);
        Some(loader)
    }
}

impl Loader {
    /// Whether the text may include a skeleton of that object.
    pub(crate) fn may_include(&self, object: &str) -> bool {
        let mentions = &self.mentions;
        mentions.skeletons.contains(object) || mentions.subskeletons.contains(object)
    }

    /// Whether the text has a word in it, or in a longer one.
    pub(crate) fn has_word(&self, word: &str) -> bool {
        memchr::memmem::find(self.text.as_bytes(), word.as_bytes()).is_some()
    }

    /// The skeleton headers that the text may include, by the names of their objects.
    pub(crate) fn headers(&self) -> impl Iterator<Item = String> {
        let Mentions { skeletons, subskeletons, .. } = &self.mentions;
        let full = [".skel.h", ".lskel.h"];
        let full =
            full.into_iter().flat_map(|end| skeletons.iter().map(move |n| format!("{n}{end}")));
        full.chain(subskeletons.iter().map(|name| format!("{name}.subskel.h")))
    }

    /// Whether it is not known which objects it handles: a file with skeletons handles those.
    fn may_be_about_any(&self) -> bool {
        self.mentions.skeletons.is_empty() || self.mentions.opens
    }

    /// Whether the text has the name of a function that opens objects without a skeleton.
    pub(crate) fn may_open(&self) -> bool {
        self.mentions.opens
    }

    /// Usage of each skeleton that the file includes.
    fn usage(&self, analysis: &Analysis, path: &Path) -> Arc<LoaderUsage> {
        let (session, world) = analysis.pipelines.front_end();
        let flags = analysis.environment.flags(path);
        let mut known = lock(&self.usage);
        let holds = |known: &&Arc<LoaderUsage>| {
            *known.flags == *flags && known.preprocessed.is_current(session, world, &flags.flags)
        };
        if let Some(known) = known.as_ref().filter(holds) {
            return known.clone();
        }
        let front = analysis.known_front(path, &self.text);
        let unit = front.map(|front| front.unit.clone()).unwrap_or_else(|| {
            let pp = pp::preprocess(session, world, path, self.text.clone(), &flags.flags);
            Unit::build(Arc::new(pp), None, false)
        });
        let headers = included(&unit);
        let skeletons: Vec<_> = headers.iter().map(|header| header.skeleton(None)).collect();
        let all = loader::usage::usage(&unit, &skeletons, &self.text);
        let names = headers.iter().map(|header| {
            let base = header.base.strip_suffix(".bpf").unwrap_or(&header.base);
            (section::identifier(base), header.kind)
        });
        let usage = Arc::new(LoaderUsage {
            flags,
            preprocessed: unit.preprocessed().clone(),
            by_object: names.zip(all).map(|((name, kind), one)| (name, kind, one)).collect(),
        });
        *known = Some(usage.clone());
        usage
    }
}

fn merge(into: &mut rules::Usage, one: &rules::Usage) {
    into.sets_program_types |= one.sets_program_types;
    into.chooses_programs |= one.chooses_programs;
    into.sets_struct_ops |= one.sets_struct_ops;
    into.relaxed_maps |= one.relaxed_maps;
    into.maps_set_by_code.extend(one.maps_set_by_code.iter().cloned());
    into.members_named.extend(one.members_named.iter().cloned());
    for (name, range) in &one.rodata_written {
        into.rodata_written.entry(name.clone()).or_insert(*range);
    }
}
