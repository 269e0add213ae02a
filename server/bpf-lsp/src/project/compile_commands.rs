//! `compile_commands.json`: found, read and asked for a file's flags.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use cfront::flags::normalize;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// A compile command: folder and arguments, compiler first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// Where it runs.
    pub(super) directory: PathBuf,
    /// Arguments.
    pub(super) arguments: Vec<String>,
    /// What it makes, where the entry or `-o` says so.
    pub(super) output: Option<PathBuf>,
}

/// A compile database. Databases are large and most of their commands are never asked for, so a
/// command stays text until then.
#[derive(Debug, Default)]
pub(super) struct CompileCommands {
    commands: FxHashMap<PathBuf, Entry>,
}

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
    /// Reads a database; entries that are not understood are left out.
    pub(super) fn parse(text: &str, path: &Path) -> Result<CompileCommands, String> {
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
        Ok(CompileCommands { commands })
    }

    /// The command of a file; for a header, that of a source beside it.
    pub(super) fn command(&self, file: &Path) -> Option<Command> {
        if let Some(entry) = self.commands.get(file) {
            return entry.read();
        }
        if file.extension().is_none_or(|e| e != "h") {
            return None;
        }
        // The smallest path, so that the answer does not depend on the order of a hash map.
        let beside = |source: &&PathBuf| source.parent() == file.parent();
        let source = self.commands.keys().filter(beside).min()?;
        self.commands.get(source)?.read()
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
        let written = || output_argument(&arguments).map(|o| normalize(&directory.join(o)));
        let output = self.output.clone().or_else(written);
        Some(Command { directory, arguments, output })
    }
}

/// The value of `-o` among compiler arguments.
fn output_argument(arguments: &[String]) -> Option<&str> {
    arguments.iter().enumerate().rev().find_map(|(at, argument)| match argument.as_str() {
        "-o" | "--output" => arguments.get(at + 1).map(String::as_str),
        argument => argument.strip_prefix("--output="),
    })
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

    #[test]
    fn both_forms_relative_paths_and_broken_entries() {
        let text = r#"[
            {"directory": "src", "file": "../a.bpf.c", "arguments": ["clang", "-DA"]},
            {"directory": "/w", "file": "b.bpf.c", "command": "clang -DB"},
            {"file": 3}, 7
        ]"#;
        let db = CompileCommands::parse(text, Path::new("/p/compile_commands.json")).unwrap();
        let of = |path: &str| db.command(Path::new(path)).map(|c| c.arguments.join(" "));
        assert_eq!(of("/p/a.bpf.c").as_deref(), Some("clang -DA"));
        assert_eq!(of("/w/b.bpf.c").as_deref(), Some("clang -DB"));
        assert_eq!(of("/w/b.h").as_deref(), Some("clang -DB"));
        assert_eq!(of("/w/c.bpf.c"), None);
        let text = r#"[
            {"directory": "/w", "file": "a.c", "command": "clang -c a.c -o out/a.o"},
            {"directory": "/w", "file": "b.c", "output": "../b.o", "command": "clang -o x.o b.c"}
        ]"#;
        let db = CompileCommands::parse(text, Path::new("/x")).unwrap();
        let made = |path: &str| db.command(Path::new(path)).unwrap().output.unwrap();
        assert_eq!(made("/w/a.c"), Path::new("/w/out/a.o"));
        assert_eq!(made("/w/b.c"), Path::new("/b.o"));
        assert!(CompileCommands::parse("{}", Path::new("/x")).is_err());
    }
}
