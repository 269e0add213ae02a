//! Whose the files of other languages are, and whether they use a name.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use cfront::flags::normalize;

use super::{
    Language, Project,
    facts::{self, Facts, Mention, Named, stem},
    is_program,
    names::{Names, shown},
};
use crate::{
    host::Cancellable,
    lines::{Encoding, Lines},
    rename::OrReason,
};

/// A place that says why there is no rename.
struct Place {
    path: PathBuf,
    at: usize,
    says: String,
}

/// Files that belong together.
#[derive(Default)]
struct Unit {
    mentions: Vec<(PathBuf, Mention)>,
    imports: Vec<String>,
    opens: bool,
    bpf: bool,
    string: Option<Place>,
    member: Option<Place>,
}

/// Whose a unit is.
enum Owner {
    /// The program's: what ties it to it, and the language of the bindings that come of it, if any do.
    Ours(Place, Option<Language>),
    /// Another program's.
    Another,
    Unknown,
}

impl Project<'_> {
    /// Why a name cannot be changed: who uses it in another language.
    pub(super) fn others(&self, names: &Names<'_>) -> Cancellable<OrReason<()>> {
        if self.found.cut {
            return Ok(Err(format!(
                "the project has too many files, not all are searched for the name ({})",
                self.found.root.display()
            )));
        }
        let units = self.units(names)?;
        let mut ours: Option<(Language, Place)> = None;
        let mut unknown: Vec<(Language, &Path, &Unit)> = Vec::new();
        let mut others: Vec<&Path> = Vec::new();
        for ((language, folder), unit) in &units {
            let language = *language;
            match self.owner(language, folder, unit) {
                Owner::Ours(tie, bindings) => {
                    if let Some(place) = unit.string.as_ref().or(unit.member.as_ref()) {
                        return Ok(Err(self.reason(language, place)));
                    }
                    ours = ours.or(bindings.map(|language| (language, tie)));
                }
                Owner::Another if language == Language::Go => others.push(folder),
                Owner::Another => {}
                Owner::Unknown if self.is_elsewhere(folder) => {}
                Owner::Unknown => unknown.push((language, folder, unit)),
            }
        }
        let meets_bpf: Vec<&Path> =
            unknown.iter().filter(|(_, _, unit)| unit.bpf).map(|(_, folder, _)| *folder).collect();
        unknown.retain(|(_, _, unit)| {
            unit.opens || !self.imports(unit, &others) || self.imports(unit, &meets_bpf)
        });
        for language in [Language::Go, Language::Rust, Language::Cpp, Language::Commands] {
            let of_language = || unknown.iter().filter(|(l, ..)| *l == language).map(|(.., u)| *u);
            let tied = ours.as_ref().is_some_and(|(l, _)| *l == language);
            if !tied && language != Language::Commands && !of_language().any(|unit| unit.bpf) {
                continue;
            }
            // No skeleton, no members in C++.
            let members = language != Language::Cpp;
            let mut used = of_language()
                .filter_map(|u| u.string.as_ref().or(u.member.as_ref().filter(|_| members)));
            if let Some(place) = used.next() {
                return Ok(Err(self.reason(language, place)));
            }
        }
        Ok(match &ours {
            Some((language, tie)) => Err(self.reason(*language, tie)),
            None => Ok(()),
        })
    }

    /// Whether a C file opens objects, or includes skeletons, of other programs only.
    pub(in crate::rename) fn is_of_another(
        &self,
        path: &Path,
        text: &str,
        names: &Names<'_>,
    ) -> bool {
        let mut unit = Unit::default();
        let mut facts = facts::of_code(Language::Cpp, text, names);
        facts.mentions.retain(|m| m.what != Named::Header || m.path.ends_with("skel.h"));
        unit.add(path, facts);
        let folder = path.parent().unwrap_or(Path::new("/"));
        match self.owner(Language::Cpp, folder, &unit) {
            Owner::Ours(..) => false,
            Owner::Another => true,
            Owner::Unknown => self.is_elsewhere(folder),
        }
    }

    /// `cmd/main.go:12 uses the name as "events"; Go files are not renamed yet`
    fn reason(&self, language: Language, place: &Place) -> String {
        let text = self.text(&place.path).unwrap_or_default();
        let line = Lines::new(&text).position(&text, place.at, Encoding::Utf8).line + 1;
        let name = shown(&place.path, &self.found.root);
        format!("{name}:{line} {}; {}", place.says, language.not_renamed())
    }

    fn units(&self, names: &Names<'_>) -> Cancellable<BTreeMap<(Language, PathBuf), Unit>> {
        let crates: BTreeSet<&Path> = self
            .files(Language::Rust)
            .filter(|path| path.ends_with("Cargo.toml"))
            .filter_map(|path| path.parent())
            .collect();
        let headers = self.headers()?;
        let mut units: BTreeMap<(Language, PathBuf), Unit> = BTreeMap::new();
        for path in &self.found.files {
            let Some(language) = Language::of(path).filter(|l| *l != Language::C) else { continue };
            self.analysis.check_cancelled()?;
            let Some(text) = self.text(path) else { continue };
            let about_headers = language == Language::Cpp && !headers.is_empty();
            if !about_headers && names.cannot_stand_in(&text) {
                continue;
            }
            let mut facts = match language {
                Language::Commands => facts::of_commands(&text, names),
                _ => facts::of_code(language, &text, names),
            };
            let folder = path.parent().unwrap_or(Path::new("/"));
            let of_crate = || folder.ancestors().find(|folder| crates.contains(folder));
            let folder = match language {
                Language::Rust => of_crate().unwrap_or(folder),
                _ => folder,
            };
            if language == Language::Rust {
                self.by_convention(path, &text, &mut facts);
            }
            // Headers between a C++ file and the skeleton.
            facts.mentions.retain(|mention| match mention.what {
                Named::Header => {
                    let last = mention.path.rsplit('/').next().unwrap_or_default();
                    mention.path.ends_with("skel.h") || headers.contains(last)
                }
                _ => true,
            });
            let unit = units.entry((language, folder.to_owned())).or_default();
            unit.add(path, facts);
        }
        Ok(units)
    }

    /// `cargo libbpf` makes skeletons of what lies in `src/bpf`, without a build script.
    fn by_convention(&self, path: &Path, text: &str, facts: &mut Facts) {
        let folder = path.parent().filter(|_| path.ends_with("Cargo.toml"));
        if let Some(folder) = folder
            && self.program.parent() == Some(&folder.join("src/bpf"))
            && let Some(at) = text.find("libbpf-")
            && is_program(self.program)
            && !self.analysis.environment.is_file(&folder.join("build.rs"))
        {
            let path = self.program.to_string_lossy().into_owned();
            facts.mentions.push(Mention { what: Named::Source, path, at });
        }
    }

    fn owner(&self, language: Language, folder: &Path, unit: &Unit) -> Owner {
        let tie = |path: &Path, mention: &Mention, says: &str, bindings| {
            let says = says.to_owned();
            Owner::Ours(Place { path: path.to_owned(), at: mention.at, says }, bindings)
        };
        let mut another: Vec<&str> = Vec::new();
        for (path, mention) in &unit.mentions {
            let (ours, says, bindings) = match mention.what {
                Named::Source if language == Language::Rust => (
                    self.is_source(folder, path, &mention.path),
                    "makes Rust bindings of this program",
                    Language::Rust,
                ),
                Named::Source => (
                    self.is_source(folder, path, &mention.path),
                    "makes Go bindings of this program",
                    Language::Go,
                ),
                Named::Header => (
                    !mention.path.ends_with("skel.h") || self.makes(path, &mention.path),
                    "includes the skeleton of this program",
                    Language::Cpp,
                ),
                Named::Object | Named::RustSkeleton => continue,
            };
            if ours {
                return tie(path, mention, says, Some(bindings));
            }
            another.push(stem(&mention.path));
        }
        let mut others = !another.is_empty();
        for (path, mention) in &unit.mentions {
            let (says, bindings) = match mention.what {
                Named::RustSkeleton => ("includes a skeleton of this program", Some(language)),
                // To build or open an object takes no name of its parts.
                Named::Object => ("names the object of this program", None),
                Named::Source | Named::Header => continue,
            };
            if self.has_stem(&mention.path) && !another.contains(&stem(&mention.path)) {
                return tie(path, mention, says, bindings);
            }
            others = true;
        }
        if others { Owner::Another } else { Owner::Unknown }
    }

    /// Whether a unit of Go imports the package of one of these folders.
    fn imports(&self, unit: &Unit, folders: &[&Path]) -> bool {
        folders.iter().any(|folder| {
            let below = folder.strip_prefix(&self.found.root).unwrap_or(folder);
            let is_of = |import: &String| Path::new(import).ends_with(below);
            below.parent().is_some() && unit.imports.iter().any(is_of)
        })
    }

    /// Whether the path of a source that a build names is the program's. It is relative to a unit's folder
    /// or the file's; parts of it may be made up elsewhere, and then the file's name decides.
    fn is_source(&self, folder: &Path, file: &Path, path: &str) -> bool {
        let written = Path::new(path);
        let relative = path.trim_start_matches('/');
        let beside = file.parent().unwrap_or(folder);
        let places = [normalize(written), folder.join(relative), beside.join(relative)];
        let mut places = places.map(|place| normalize(&place)).into_iter();
        if places.clone().any(|place| place == self.program) {
            return true;
        }
        written.file_name() == self.program.file_name() && !places.any(|place| self.exists(&place))
    }

    /// Whether a folder belongs to another program: one lies there, or in a folder for BPF below it, and
    /// ours does not.
    fn is_elsewhere(&self, folder: &Path) -> bool {
        let mut own = folder.ancestors().take_while(|folder| !self.program.starts_with(folder));
        own.any(|folder| {
            self.files(Language::C).any(|path| {
                let below = path.strip_prefix(folder).ok().filter(|_| is_program(path));
                below.is_some_and(|below| {
                    let parent = below.parent().unwrap_or(Path::new(""));
                    ["", "bpf", "ebpf", "src", "src/bpf", "progs", "kern"]
                        .iter()
                        .any(|f| parent == Path::new(f))
                })
            })
        })
    }
}

impl Unit {
    fn add(&mut self, path: &Path, facts: Facts) {
        let place = |used: facts::Use| Place {
            path: path.to_owned(),
            at: used.at,
            says: format!("uses the name as {}", used.shown),
        };
        self.bpf |= facts.bpf;
        self.opens |= facts.opens;
        self.imports.extend(facts.imports);
        self.string = self.string.take().or(facts.string.map(place));
        self.member = self.member.take().or(facts.member.map(place));
        self.mentions.extend(facts.mentions.into_iter().map(|mention| (path.to_owned(), mention)));
    }
}
