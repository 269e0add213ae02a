//! `compile_commands.json`: found, read and asked for a file's flags.

mod arguments;
mod entries;
mod window;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use cfront::flags::normalize;
use rustc_hash::FxHashSet;

use super::{
    files::{self, Kind},
    table::{self, Reader},
};
use entries::Entries;

/// A compile command: folder and arguments, compiler first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// Where it runs.
    pub(super) directory: PathBuf,
    /// Arguments.
    pub(super) arguments: Vec<String>,
    /// What it makes, where the entry or `-o` says so.
    pub(super) output: Option<PathBuf>,
    /// Files that arguments were taken from (`@file`).
    pub(super) response_files: Vec<PathBuf>,
    /// Whether there are more arguments than were read.
    pub(super) in_part: bool,
}

/// A compile database. Databases are large and most of their commands are never asked for: the first
/// few files are looked for in the text, a stretch of it at a time, then all entries are read, and
/// each command stays text until it is asked for.
#[derive(Debug, Default)]
pub(super) struct CompileCommands {
    path: PathBuf,
    /// All of it, once it was needed.
    text: OnceLock<String>,
    searches: AtomicU32,
    entries: OnceLock<Entries>,
}

/// Files that are looked for in the text before all entries are read.
const MAX_SEARCHES: u32 = 8;

/// Files of a name that the disk is asked about.
const MAX_NAMESAKES: usize = 256;

/// The nearest database: in the folder of `file` and above, and in `build/` of each.
pub(super) fn find(file: &Path) -> Option<PathBuf> {
    file.ancestors().skip(1).find_map(|folder| {
        let names = || table::named(Reader::CompileCommands);
        let built = names().map(|name| folder.join(table::BUILD_FOLDER).join(name));
        names().map(|name| folder.join(name)).chain(built).find(|path| path.is_file())
    })
}

impl CompileCommands {
    /// The files of these names that are there, without reading the other entries.
    pub(super) fn files_named(&self, names: &[String]) -> Vec<PathBuf> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let mut found: Vec<PathBuf> = Vec::new();
        let mut known: FxHashSet<PathBuf> = FxHashSet::default();
        for name in names {
            for (at, _) in self.text().match_indices(&format!("{name}\"")) {
                let before = self.text().get(..at).unwrap_or_default();
                let start = before.rfind('"').map_or(0, |quote| quote + 1);
                let path = before.get(start..).unwrap_or_default();
                if !path.is_empty() && !path.ends_with('/') {
                    continue;
                }
                let path = normalize(&folder.join(path).join(name));
                if known.len() < MAX_NAMESAKES && known.insert(path.clone()) && path.is_file() {
                    found.push(path);
                }
            }
        }
        found
    }

    /// The database in that file. Entries that are not understood are left out.
    pub(super) fn open(path: &Path) -> Result<CompileCommands, String> {
        let wrong = |error: files::Unread| format!("{}: {error}", path.display());
        let mut start = Vec::new();
        let text = files::stream(path, Kind::Database).map_err(wrong)?;
        text.take(64).read_to_end(&mut start).map_err(|error| wrong(error.into()))?;
        if start.trim_ascii_start().starts_with(b"[") {
            return Ok(CompileCommands { path: path.to_owned(), ..Default::default() });
        }
        CompileCommands::parse(files::read_text(path, Kind::Database).map_err(wrong)?, path)
    }

    /// A database with that text.
    fn parse(text: String, path: &Path) -> Result<CompileCommands, String> {
        if !text.trim_start().starts_with('[') {
            read_entries(&text, path)?;
        }
        Ok(CompileCommands { path: path.to_owned(), text: text.into(), ..Default::default() })
    }

    fn text(&self) -> &str {
        self.text.get_or_init(|| {
            files::read_text(&self.path, Kind::Database).unwrap_or_else(|error| {
                tracing::warn!("{}: {error}", self.path.display());
                String::new()
            })
        })
    }

    /// The command of a file; for a header, that of a source beside it. A file that is reached through
    /// links is the same file.
    pub(super) fn command(&self, file: &Path) -> Option<Command> {
        self.command_as_written(file).or_else(|| {
            let real = fs::canonicalize(file).ok()?;
            if real != file
                && let Some(command) = self.command_as_written(&real)
            {
                return Some(command);
            }
            // The database may be the one that goes through links.
            let namesakes = self.entries().named(real.file_name()?.to_str()?);
            let mut near = namesakes.iter().take(MAX_NAMESAKES);
            let source = near.find(|p| fs::canonicalize(p).is_ok_and(|p| p == real))?;
            self.entries().get(source)?.read()
        })
    }

    fn command_as_written(&self, file: &Path) -> Option<Command> {
        if let Some(command) = self.search(file) {
            return Some(command);
        }
        let entries = self.entries();
        if let Some(entry) = entries.get(file) {
            return entry.read();
        }
        if file.extension().is_none_or(|e| e != "h") {
            return None;
        }
        entries.first_in(file.parent()?)?.read()
    }

    fn entries(&self) -> &Entries {
        self.entries.get_or_init(|| {
            read_entries(self.text(), &self.path).unwrap_or_else(|error| {
                tracing::warn!("{error}");
                Entries::default()
            })
        })
    }

    /// Looks for the first entry of a file without reading the others.
    fn search(&self, file: &Path) -> Option<Command> {
        if self.entries.get().is_some()
            || self.searches.fetch_add(1, Ordering::Relaxed) >= MAX_SEARCHES
        {
            return None;
        }
        match self.text.get() {
            Some(text) => window::search(text.as_bytes(), &self.path, file),
            None => {
                let text = files::stream(&self.path, Kind::Database).ok()?;
                window::search(text, &self.path, file)
            }
        }
    }
}

/// The words of a command line.
#[cfg(test)]
pub(super) fn split_shell(line: &str) -> Vec<String> {
    arguments::shell_words(line).collect()
}

fn read_entries(text: &str, path: &Path) -> Result<Entries, String> {
    let base = path.parent().unwrap_or(Path::new("/"));
    Entries::read(text, base).map_err(|e| format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASE: &str = r#"[
        {"directory": "/w", "file": "x.c", "command": "clang -DX='{' a.bpf.c \"a.bpf.c\" {"},
        {"directory": "src", "file": "../a.bpf.c", "arguments": ["clang", "-DA"]},
        {"directory": "/w", "file": "b.bpf.c", "command": "clang -DB"},
        {"directory": "/p", "file": "a.bpf.c", "arguments": ["clang", "-DSECOND"]},
        {"file": 3}, 7
    ]"#;

    fn database(text: &str) -> CompileCommands {
        CompileCommands::parse(text.to_owned(), Path::new("/p/compile_commands.json")).unwrap()
    }

    #[test]
    fn a_file_behind_links_is_the_same_file() {
        let folder = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir(folder.join("real")).unwrap();
        fs::write(folder.join("real/a.bpf.c"), "").unwrap();
        std::os::unix::fs::symlink("real", folder.join("link")).unwrap();
        std::os::unix::fs::symlink("real/a.bpf.c", folder.join("other.bpf.c")).unwrap();
        for written in ["real", "link"] {
            let text = format!(
                r#"[{{"directory": "{written}", "file": "a.bpf.c", "command": "clang -DA"}}]"#
            );
            let db = CompileCommands::parse(text, &folder.join("compile_commands.json")).unwrap();
            for path in ["real/a.bpf.c", "link/a.bpf.c", "other.bpf.c"] {
                let found = db.command(&folder.join(path)).map(|c| c.arguments.join(" "));
                assert_eq!(
                    found.as_deref(),
                    Some("clang -DA"),
                    "{path} with {written} in the database"
                );
            }
            assert_eq!(db.command(&folder.join("real/b.bpf.c")), None);
        }
    }

    #[test]
    fn response_files_are_read_from_the_command_s_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("flags"), "-DA '-DB=x y'\n@more @flags2").unwrap();
        fs::write(folder.path().join("more"), "-DC @more").unwrap();
        let text = r#"[{"directory": ".", "file": "a.c", "command": "clang @flags -c a.c"}]"#;
        let db = CompileCommands::parse(text.into(), &folder.path().join("compile_commands.json"))
            .unwrap();
        let arguments = db.command(&folder.path().join("a.c")).unwrap().arguments;
        assert_eq!(arguments[..4], ["clang", "-DA", "-DB=x y", "-DC"]);
        assert!(arguments.contains(&"@flags2".to_owned()));
        assert!(arguments.len() < 20);
    }

    #[test]
    fn both_forms_relative_paths_and_broken_entries() {
        let (searched, read) = (database(DATABASE), database(DATABASE));
        read.entries();
        for db in [searched, read] {
            let of = |path: &str| db.command(Path::new(path)).map(|c| c.arguments.join(" "));
            assert_eq!(of("/p/a.bpf.c").as_deref(), Some("clang -DA"));
            assert_eq!(of("/w/b.bpf.c").as_deref(), Some("clang -DB"));
            assert_eq!(of("/w/x.c").as_deref(), Some("clang -DX={ a.bpf.c a.bpf.c {"));
            assert_eq!(of("/w/b.h").as_deref(), Some("clang -DB"));
            assert_eq!(of("/w/c.bpf.c"), None);
        }
    }

    #[test]
    fn the_first_few_files_are_looked_for_in_the_text() {
        let db = database(DATABASE);
        for _ in 0..MAX_SEARCHES {
            assert!(db.command(Path::new("/p/a.bpf.c")).is_some());
            assert!(db.entries.get().is_none());
        }
        assert!(db.command(Path::new("/p/a.bpf.c")).is_some());
        assert!(db.entries.get().is_some());
    }

    #[test]
    fn names_with_escapes() {
        let db = database(r#"[{"directory": "\/w", "file": "\u0061.bpf.c", "command": "c"}]"#);
        assert!(db.command(Path::new("/w/a.bpf.c")).is_some());
    }

    #[test]
    fn what_is_no_array_is_an_error() {
        assert!(CompileCommands::parse("{}".to_owned(), Path::new("/x")).is_err());
    }
}
