//! `compile_commands.json`: found, read and asked for a file's flags.

mod window;

use std::{
    borrow::Cow,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use cfront::flags::normalize;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::files;

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
    entries: OnceLock<FxHashMap<PathBuf, Entry>>,
}

/// Files that are looked for in the text before all entries are read.
const MAX_SEARCHES: u32 = 8;

/// What a file's entry says.
#[derive(Debug)]
struct Entry {
    directory: PathBuf,
    output: Option<PathBuf>,
    /// JSON of `arguments` (an array) or else `command` (a string).
    command: Box<RawValue>,
}

/// An entry as it is written.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    directory: Option<Cow<'a, str>>,
    #[serde(borrow)]
    file: Cow<'a, str>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    command: Option<&'a RawValue>,
    #[serde(borrow)]
    output: Option<Cow<'a, str>>,
}

/// The nearest database: in the folder of `file` and above, and in `build/` of each.
pub(super) fn find(file: &Path) -> Option<PathBuf> {
    file.ancestors().skip(1).find_map(|folder| {
        ["compile_commands.json", "build/compile_commands.json"]
            .map(|name| folder.join(name))
            .into_iter()
            .find(|path| path.is_file())
    })
}

impl CompileCommands {
    /// The files of these names that are there, without reading the other entries.
    pub(super) fn files_named(&self, names: &[String]) -> Vec<PathBuf> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let mut found: Vec<PathBuf> = Vec::new();
        for name in names {
            for (at, _) in self.text().match_indices(&format!("{name}\"")) {
                let before = self.text().get(..at).unwrap_or_default();
                let start = before.rfind('"').map_or(0, |quote| quote + 1);
                let path = before.get(start..).unwrap_or_default();
                if !path.is_empty() && !path.ends_with('/') {
                    continue;
                }
                let path = normalize(&folder.join(path).join(name));
                if !found.contains(&path) && path.is_file() {
                    found.push(path);
                }
            }
        }
        found
    }

    /// The database in that file. Entries that are not understood are left out.
    pub(super) fn open(path: &Path) -> Result<CompileCommands, String> {
        let wrong = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut start = Vec::new();
        File::open(path).and_then(|f| f.take(64).read_to_end(&mut start)).map_err(wrong)?;
        if start.trim_ascii_start().starts_with(b"[") {
            return Ok(CompileCommands { path: path.to_owned(), ..Default::default() });
        }
        CompileCommands::parse(files::text(path).unwrap_or_default(), path)
    }

    /// A database with that text.
    fn parse(text: String, path: &Path) -> Result<CompileCommands, String> {
        if !text.trim_start().starts_with('[') {
            read_entries(&text, path)?;
        }
        Ok(CompileCommands { path: path.to_owned(), text: text.into(), ..Default::default() })
    }

    fn text(&self) -> &str {
        self.text.get_or_init(|| files::text(&self.path).unwrap_or_default())
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
            let name = real.file_name();
            let mut namesakes: Vec<&PathBuf> =
                self.entries().keys().filter(|source| source.file_name() == name).collect();
            namesakes.sort_unstable();
            let source =
                namesakes.into_iter().find(|p| fs::canonicalize(p).is_ok_and(|p| p == real))?;
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
        // The smallest path, so that the answer does not depend on the order of a hash map.
        let beside = |source: &&PathBuf| source.parent() == file.parent();
        let source = entries.keys().filter(beside).min()?;
        entries.get(source)?.read()
    }

    fn entries(&self) -> &FxHashMap<PathBuf, Entry> {
        self.entries.get_or_init(|| {
            read_entries(self.text(), &self.path).unwrap_or_else(|error| {
                tracing::warn!("{error}");
                FxHashMap::default()
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
            None => window::search(File::open(&self.path).ok()?, &self.path, file),
        }
    }
}

impl Entry {
    fn read(&self) -> Option<Command> {
        let arguments: Vec<String> = match serde_json::from_str(self.command.get()).ok()? {
            Value::Array(list) => {
                list.iter().filter_map(|a| a.as_str().map(str::to_owned)).collect()
            }
            Value::String(line) => split_shell(&line),
            _ => return None,
        };
        let directory = self.directory.clone();
        let mut response_files = Vec::new();
        let arguments = with_response_files(arguments, &directory, 0, &mut response_files);
        let written = || output_argument(&arguments).map(|o| normalize(&directory.join(o)));
        let output = self.output.clone().or_else(written);
        Some(Command { directory, arguments, output, response_files })
    }
}

/// Response files inside each other beyond this many are left alone.
const MAX_RESPONSE_DEPTH: usize = 8;
/// Larger response files are left alone, bytes.
const MAX_RESPONSE_SIZE: u64 = 1 << 20;

/// Arguments with what the files say that `@file` names; one that cannot be read stays as it is, as
/// compilers have it.
fn with_response_files(
    arguments: Vec<String>,
    directory: &Path,
    depth: usize,
    read: &mut Vec<PathBuf>,
) -> Vec<String> {
    if depth >= MAX_RESPONSE_DEPTH || !arguments.iter().any(|a| a.starts_with('@')) {
        return arguments;
    }
    let mut all = Vec::new();
    for argument in arguments {
        let text = argument.strip_prefix('@').and_then(|name| {
            let path = directory.join(name);
            let small =
                fs::metadata(&path).is_ok_and(|m| m.is_file() && m.len() <= MAX_RESPONSE_SIZE);
            let text = small.then(|| files::text(&path)).flatten();
            read.extend(text.is_some().then_some(path));
            text
        });
        match text {
            Some(text) => {
                all.extend(with_response_files(split_shell(&text), directory, depth + 1, read));
            }
            None => all.push(argument),
        }
    }
    all
}

/// The value of `-o` among compiler arguments.
fn output_argument(arguments: &[String]) -> Option<&str> {
    arguments.iter().enumerate().rev().find_map(|(at, argument)| match argument.as_str() {
        "-o" | "--output" => arguments.get(at + 1).map(String::as_str),
        argument => argument.strip_prefix("--output="),
    })
}

fn read_entries(text: &str, path: &Path) -> Result<FxHashMap<PathBuf, Entry>, String> {
    let entries: Vec<&RawValue> =
        serde_json::from_str(text).map_err(|e| format!("{}: {e}", path.display()))?;
    let base = path.parent().unwrap_or(Path::new("/"));
    let mut commands = FxHashMap::default();
    for entry in &entries {
        if let Some((file, entry)) = read_entry(entry, base) {
            // The first command of a file counts, as in clangd.
            commands.entry(file).or_insert(entry);
        }
    }
    Ok(commands)
}

fn read_entry(entry: &RawValue, base: &Path) -> Option<(PathBuf, Entry)> {
    let written: Written<'_> = serde_json::from_str(entry.get()).ok()?;
    let directory = written.directory.as_deref().unwrap_or(".");
    let directory = normalize(&base.join(directory));
    let file = normalize(&directory.join(&*written.file));
    let list = written.arguments.filter(|a| a.get().starts_with('['));
    let command = list.or(written.command)?.to_owned();
    let output = written.output.map(|output| normalize(&directory.join(&*output)));
    Some((file, Entry { directory, output, command }))
}

/// Splits a command line as a POSIX shell does, without expansions.
pub(super) fn split_shell(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (Some(_), '\\') => {
                // Inside double quotes a backslash escapes only some characters.
                let next = chars.next().unwrap_or('\\');
                let word = word.get_or_insert_default();
                if !matches!(next, '"' | '\\' | '$' | '`') {
                    word.push('\\');
                }
                word.push(next);
            }
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().extend(chars.next()),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_words() {
        let line = r#"cc -D'A="x y"' "-DB=\"z\"" -I\ q '' x"#;
        assert_eq!(split_shell(line), ["cc", r#"-DA="x y""#, r#"-DB="z""#, "-I q", "", "x"]);
    }

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
