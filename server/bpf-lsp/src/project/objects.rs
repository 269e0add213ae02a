//! Where the built object of a program lies, and what is read of it.
//!
//! The setting `object.path` says it; else the compile command does; else it is looked for where
//! Makefiles put it: beside the source, or in the output folder of a folder above.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::SystemTime,
};

use bpf::{elf, object::Object, section};
use ide::built::{BuiltObject, BuiltOrigin, fingerprint};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Disk,
    files::{self, Kind},
    lock,
};

/// How far above the source an object is looked for.
const MAX_LEVELS: usize = 6;

/// Folders that builds put objects into, seen from the folder of the Makefile.
const FOLDERS: &[&str] = &["", ".output", "output", "out", "build", "obj", ".build", "bin"];

/// A place where the object of a program may lie.
#[derive(Debug, PartialEq, Eq)]
struct Candidate {
    path: PathBuf,
    /// Found by its name in a folder above: it may be the object of another program of that name.
    doubtful: bool,
}

/// What was read of the objects on disk, by path; a file is read again when its time or size changed.
#[derive(Default)]
pub(crate) struct ObjectCache(Mutex<FxHashMap<PathBuf, Entry>>);

/// Time and size of a file, and what it held: nothing when it is no BPF object.
type Entry = (SystemTime, u64, Option<Arc<Parsed>>);

struct Parsed {
    object: Arc<Object>,
    sources: Vec<String>,
}

impl Disk {
    /// The built object of a program, compared in time with the files that the program is made of.
    pub(crate) fn built_object(
        &self,
        program: &Path,
        made_of: &[PathBuf],
        cache: &ObjectCache,
    ) -> Option<BuiltObject> {
        let text = fingerprint(&files::text(program, Kind::Source)?);
        let candidates = self.object_candidates(program);
        candidates.into_iter().find_map(|candidate| {
            let (built_at, parsed) = cache.read(&candidate.path)?;
            let newer = |path: &PathBuf| modified(path).is_some_and(|time| time > built_at);
            let built = BuiltObject {
                path: candidate.path.as_path().into(),
                object: parsed.object.clone(),
                sources: parsed.sources.clone(),
                text,
                origin: BuiltOrigin::Found { older: made_of.iter().any(newer) },
            };
            let other = candidate.doubtful && is_of_another(program, &parsed.sources);
            (built.may_be_of(program) && !other).then_some(built)
        })
    }

    /// Where the object of a program may lie, most telling places first.
    fn object_candidates(&self, program: &Path) -> Vec<Candidate> {
        let mut found = Vec::new();
        let mut known = FxHashSet::default();
        let mut add = |path: PathBuf, doubtful| {
            let path = cfront::flags::normalize(&path);
            if known.insert(path.clone()) {
                found.push(Candidate { path, doubtful });
            }
        };
        let name = program.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
        let stem = name.strip_suffix(".c").unwrap_or(&name);
        let stem = stem.strip_suffix(".bpf").unwrap_or(stem);
        if let Some(pattern) = &self.project.settings.object_path {
            let pattern = pattern.replace("{name}", stem);
            for folder in project_folders(program) {
                add(folder.join(&pattern), false);
            }
            return found;
        }
        if let Some(output) = self.command(program).and_then(|(_, command)| command.output) {
            add(output, false);
        }
        let names = [format!("{stem}.bpf.o"), format!("{stem}.o"), format!("{name}.o")];
        for (level, folder) in project_folders(program).enumerate() {
            let mut folders: Vec<String> = FOLDERS.iter().map(|&f| f.to_owned()).collect();
            if let Some(said) = self.sayings.of(folder) {
                folders.extend(said.folders.iter().cloned());
            }
            // Builds outside of the tree mirror it.
            let inside = program.parent().and_then(|p| p.strip_prefix(folder).ok());
            let inside = inside.unwrap_or(Path::new(""));
            for output in folders {
                let output = folder.join(output);
                for name in &names {
                    add(output.join(inside).join(name), level > 0);
                }
                for name in &names {
                    add(output.join(name), level > 0);
                }
            }
        }
        found
    }
}

/// The folder of a program and those above it that belong to the same project.
fn project_folders(program: &Path) -> impl Iterator<Item = &Path> {
    let mut outside = false;
    program.ancestors().skip(1).take(MAX_LEVELS).take_while(move |folder| {
        let wanted = !outside && folder.parent().is_some();
        outside = folder.join(".git").exists();
        wanted
    })
}

/// Whether the sources that an object names are files of this machine, and none is the program.
fn is_of_another(program: &Path, sources: &[String]) -> bool {
    let same = |source: &String| {
        let path = Path::new(source);
        let there = path.is_absolute().then(|| fs::canonicalize(path).ok()).flatten()?;
        Some(fs::canonicalize(program).is_ok_and(|program| program == there))
    };
    let known: Vec<bool> = sources.iter().filter_map(same).collect();
    !known.is_empty() && !known.contains(&true)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

impl ObjectCache {
    /// The object in a file and the time of its last change; `None` when there is none that can be read.
    fn read(&self, path: &Path) -> Option<(SystemTime, Arc<Parsed>)> {
        let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        let (time, size) = (metadata.modified().ok()?, metadata.len());
        if let Some((t, s, known)) = lock(&self.0).get(path)
            && (*t, *s) == (time, size)
        {
            return known.clone().map(|parsed| (time, parsed));
        }
        let bytes = files::read(path, Kind::Object).ok();
        let parsed = bytes.and_then(|bytes| {
            parse(&bytes, path)
                .inspect_err(|why| tracing::info!("{}: {why}", path.display()))
                .ok()
                .map(Arc::new)
        });
        lock(&self.0).insert(path.to_owned(), (time, size, parsed.clone()));
        parsed.map(|parsed| (time, parsed))
    }
}

fn parse(bytes: &[u8], path: &Path) -> Result<Parsed, elf::OpenError> {
    let name = path.file_name().map(|n| n.to_string_lossy()).unwrap_or_default();
    let object = elf::open(bytes, &section::object_name_of_file(&name))?;
    let sources = elf::sources(bytes)?.iter().map(ToString::to_string).collect();
    Ok(Parsed { object: Arc::new(object), sources })
}

/// The object that a compiler just made of a program's text, as [`BuiltOrigin::Verified`].
pub(crate) fn verified(
    bytes: &[u8],
    program: &Path,
    text: u64,
) -> Result<BuiltObject, elf::OpenError> {
    let name = program.with_extension("o");
    let parsed = parse(bytes, &name)?;
    Ok(BuiltObject {
        path: name.into(),
        object: parsed.object,
        sources: parsed.sources,
        text,
        origin: BuiltOrigin::Verified,
    })
}
