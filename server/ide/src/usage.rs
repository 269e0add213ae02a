//! What user-space code near a BPF program does with its object before load: the rules about sections
//! and maps must know it to stay right.
//!
//! Such files are only lexed: an include of the program's skeleton and the names of libbpf's functions
//! are enough, and whatever is not plain counts as "may set any map".

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use bpf::{rules, section};
use cfront::{lexer, token::TokenKind};
use loader::skeletons::HeaderKind;
use memchr::memmem;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::{
    host::{Analysis, Document},
    pipeline::{Pipelines, lock},
};

/// Larger files are no loaders.
const MAX_BYTES: usize = 1 << 20;

/// Functions that open objects without a skeleton.
const OPENERS: &[&str] =
    &["bpf_object__open", "bpf_object__open_file", "bpf_object__open_mem", "bpf_prog_load"];

/// What one user-space file does.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct FileUsage {
    /// Object names of the skeletons it includes.
    skeletons: FxHashSet<SmolStr>,
    /// Opens objects by other means.
    opens: bool,
    sets_program_types: bool,
    relaxed_maps: bool,
    /// Maps whose attributes it sets; `*` where it cannot be told which.
    sets: FxHashSet<SmolStr>,
}

/// A user-space file: what its text could be about, and what it is, once it was read for a program.
#[derive(Debug)]
pub(crate) struct Loader {
    /// Names of objects whose skeletons the text may include.
    may_include: FxHashSet<SmolStr>,
    /// The text has the name of a function that opens objects.
    may_open: bool,
    usage: OnceLock<FileUsage>,
}

impl Loader {
    /// Looks at a text without lexing it. A folder may hold hundreds of loaders, and all but a few
    /// of them are about other programs.
    fn new(text: &str) -> Loader {
        let bytes = text.as_bytes();
        let may_include = memmem::find_iter(bytes, "skel.h")
            .filter_map(|at| {
                let end = at + "skel.h".len();
                let before = bytes.get(..at)?;
                let start = memchr::memrchr3(b'"', b'/', b'\n', before).map_or(0, |i| i + 1);
                let (_, name) = HeaderKind::of_include(text.get(start..end)?)?;
                Some(section::identifier(name))
            })
            .collect();
        let may_open = OPENERS.iter().any(|name| memmem::find(bytes, name.as_bytes()).is_some());
        Loader { may_include, may_open, usage: OnceLock::new() }
    }

    /// Whether the text may include a skeleton of that object: build rules name headers after the
    /// object, or after its file (`hits.bpf.skel.h`).
    pub(crate) fn may_include(&self, object: &str) -> bool {
        let named = |name: &SmolStr| name == object || name.strip_suffix("_bpf") == Some(object);
        self.may_include.iter().any(named)
    }

    /// Whether the text has the name of a function that opens objects without a skeleton.
    pub(crate) fn may_open(&self) -> bool {
        self.may_open
    }
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
        for path in self.environment.loaders(path) {
            let Some(loader) = self.loader(&path) else { continue };
            if !loader.may_open && !loader.may_include.contains(name) {
                continue;
            }
            let file = match loader.usage.get() {
                Some(known) => known,
                None => {
                    let Some(text) = self.loader_text(&path) else { continue };
                    loader.usage.get_or_init(|| read_usage(&text))
                }
            };
            let includes = file.skeletons.contains(name);
            if !includes && !file.opens {
                continue;
            }
            // Who opens some object by name may open this one: that exempts, but proves nothing.
            usage.libbpf_loads |= includes;
            usage.sets_program_types |= file.sets_program_types;
            usage.relaxed_maps |= file.relaxed_maps;
            usage.maps_set_by_code.extend(file.sets.iter().cloned());
        }
        usage
    }

    /// The text of a file as it is now.
    pub(crate) fn loader_text(&self, path: &Path) -> Option<Arc<str>> {
        match self.open_document(path) {
            Some(document) => Some(document.text.clone()),
            None => self.environment.read(path),
        }
    }

    /// What the text of a user-space file could be about.
    pub(crate) fn loader(&self, path: &Path) -> Option<Arc<Loader>> {
        let pipelines: &Pipelines = &self.pipelines;
        let open = self.open_document(path).is_some();
        if !open
            && let Some((revision, known)) = lock(&pipelines.usage).loaders.get(path)
            && *revision == self.revision
        {
            return Some(known.clone());
        }
        let loader = Arc::new(Loader::new(&self.loader_text(path)?));
        if !open {
            lock(&pipelines.usage).loaders.insert(path.to_owned(), (self.revision, loader.clone()));
        }
        Some(loader)
    }
}

fn read_usage(text: &str) -> FileUsage {
    let mut usage = FileUsage::default();
    if text.len() > MAX_BYTES {
        return usage;
    }
    let mut pos = 0;
    let mut words: [String; 3] = Default::default();
    loop {
        let raw = lexer::lex(text, pos);
        let Some(kind) = raw.kind else { return usage };
        pos = raw.end.max(pos + 1);
        let word = raw.text(text).into_owned();
        if kind == TokenKind::Str
            && matches!(&words, [_, hash, include] if hash == "#" && include == "include")
            && let Some((_, name)) = HeaderKind::of_include(word.trim_matches('"'))
        {
            usage.skeletons.insert(section::identifier(name));
        }
        if kind == TokenKind::Ident {
            match word.as_str() {
                "bpf_program__set_type" | "libbpf_register_prog_handler" => {
                    usage.sets_program_types = true;
                }
                "relaxed_maps" => usage.relaxed_maps = true,
                name if name.starts_with("bpf_map__set_") => {
                    usage.sets.insert(argument(text, pos));
                }
                name if OPENERS.contains(&name) => usage.opens = true,
                _ => {}
            }
        }
        words.rotate_left(1);
        words[2] = word;
    }
}

/// The map that the first argument of a call names (`skel->maps.NAME`), or `*`.
fn argument(text: &str, mut pos: usize) -> SmolStr {
    let mut words: Vec<String> = Vec::new();
    while words.len() < 16 {
        let raw = lexer::lex(text, pos);
        if raw.kind.is_none() {
            break;
        }
        pos = raw.end.max(pos + 1);
        let word = raw.text(text).into_owned();
        if word == "," || word == ")" {
            break;
        }
        words.push(word);
    }
    match words.as_slice() {
        [.., maps, dot, name] if maps == "maps" && dot == "." => name.as_str().into(),
        _ => "*".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, skeletons: &[&str], sets: &[&str]) {
        let usage = read_usage(text);
        assert_eq!(usage.skeletons, skeletons.iter().copied().map(SmolStr::new).collect());
        assert_eq!(usage.sets, sets.iter().copied().map(SmolStr::new).collect());
    }

    #[test]
    fn a_named_map_and_one_that_cannot_be_told() {
        check(
            "#include \"x/a-b.skel.h\"\nint f(void) { bpf_map__set_max_entries(skel->maps.m, 1); }",
            &["a_b"],
            &["m"],
        );
        check("bpf_map__set_type(map, 3); // bpf_map__set_x(y)", &[], &["*"]);
        check("\"bpf_map__set_type(map)\"", &[], &[]);
    }
}
