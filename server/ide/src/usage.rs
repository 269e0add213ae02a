//! What user-space code near a BPF program does with its object: the rules about sections, maps and
//! licences must know it to stay right.
//!
//! Each file is searched for words first. Files that include the program's skeleton are parsed and
//! followed; of the others only words count, and those only exempt.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use bpf::{rules, section};
use cfront::{pp, source::Text, unit::Unit};
use loader::{
    skeletons::{HeaderKind, included},
    usage::words::{Mentions, Words},
};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::{
    host::{Analysis, Document},
    pipeline::{Pipelines, lock},
};

/// A user-space file: what its text could be about, and what it is, once it was read for a program.
#[derive(Debug)]
pub(crate) struct Loader {
    text: Text,
    mentions: Mentions,
    words: OnceLock<Words>,
    /// Usage by object name.
    usage: OnceLock<Vec<(SmolStr, HeaderKind, rules::Usage)>>,
}

/// What is kept of loaders, and of programs.
#[derive(Default)]
pub(crate) struct UsageMemo {
    /// By path, with the world's revision that it belongs to.
    loaders: FxHashMap<PathBuf, (u64, Arc<Loader>)>,
    /// By the program's path.
    programs: FxHashMap<PathBuf, Program>,
}

/// The usage of a program's object, and what it was made from.
struct Program {
    revision: u64,
    object: SmolStr,
    /// The other open documents: a loader among them may have another text than on disk.
    open: Vec<Arc<Document>>,
    usage: Arc<rules::Usage>,
}

impl Program {
    fn fits(&self, analysis: &Analysis, path: &Path, object: &str) -> bool {
        self.revision == analysis.revision
            && self.object == object
            && others(analysis, path).eq(self.open.iter().map(Arc::as_ptr))
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
        let usage = Arc::new(self.find_usage(path, name));
        let program = Program {
            revision: self.revision,
            object: name.into(),
            open: self.open_documents().filter(|d| d.path.as_ref() != path).cloned().collect(),
            usage: usage.clone(),
        };
        lock(&self.pipelines.usage).programs.insert(path.to_owned(), program);
        usage
    }

    fn find_usage(&self, path: &Path, name: &str) -> rules::Usage {
        let mut usage = rules::Usage::default();
        let loaders: Vec<_> = self.loaders(path);
        let others = self.environment.skeleton_names(path).into_iter();
        let names: Vec<SmolStr> =
            std::iter::once(name.into()).chain(others.map(|n| section::identifier(&n))).collect();
        for (path, loader) in &loaders {
            // What has a subskeleton is linked into an object that libbpf loads.
            usage.libbpf_loads |= loader.mentions.subskeletons.contains(name);
            if names.iter().any(|name| loader.mentions.skeletons.contains(name)) {
                let ours = |one: &&(SmolStr, HeaderKind, rules::Usage)| names.contains(&one.0);
                for (_, kind, one) in loader.usage(self, path).iter().filter(ours) {
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

    /// Whether a file was looked into as a loader.
    pub(crate) fn uses(&self, loader: &Path) -> bool {
        lock(&self.pipelines.usage).loaders.contains_key(loader)
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
        if let Some((revision, known)) = lock(&pipelines.usage).loaders.get(path)
            && *revision == self.revision
            && open.as_ref().is_none_or(|document| *document.text == *known.text)
        {
            return Some(known.clone());
        }
        let text = self.loader_text(path)?;
        let loader = Arc::new(Loader {
            mentions: Mentions::read(&text),
            text,
            words: OnceLock::new(),
            usage: OnceLock::new(),
        });
        lock(&pipelines.usage).loaders.insert(path.to_owned(), (self.revision, loader.clone()));
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
    fn usage(&self, analysis: &Analysis, path: &Path) -> &[(SmolStr, HeaderKind, rules::Usage)] {
        self.usage.get_or_init(|| {
            let unit = analysis.known_unit(path, &self.text).unwrap_or_else(|| {
                let flags = analysis.environment.flags(path);
                let (session, world) = analysis.pipelines.front_end();
                let text = self.text.clone();
                let pp = pp::preprocess(session, world, path, text, &flags.flags);
                Unit::build(Arc::new(pp), None, false)
            });
            let headers = included(&unit);
            let skeletons: Vec<_> = headers.iter().map(|header| header.skeleton(None)).collect();
            let all = loader::usage::usage(&unit, &skeletons, &self.text);
            let names = headers.iter().map(|header| {
                let base = header.base.strip_suffix(".bpf").unwrap_or(&header.base);
                (section::identifier(base), header.kind)
            });
            names.zip(all).map(|((name, kind), usage)| (name, kind, usage)).collect()
        })
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
