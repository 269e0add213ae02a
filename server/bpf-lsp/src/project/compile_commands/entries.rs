//! All entries of a database.

use std::{
    borrow::Cow,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use cfront::flags::normalize;
use rustc_hash::FxHashMap;
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::{
    Command,
    arguments::{Arguments, shell_words},
};

/// More entries than this are left out. The Linux kernel has 3,000, Chromium 60,000.
const MAX_ENTRIES: usize = 1 << 20;

/// Of what is kept beside the text of a database: paths and commands, in bytes. What comes later is left out.
const MAX_BYTES: usize = 512 << 20;

/// What a file's entry says.
#[derive(Debug)]
pub(super) struct Entry {
    directory: Arc<Path>,
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

/// The first entry of each file.
#[derive(Debug, Default)]
pub(super) struct Entries {
    by_path: FxHashMap<Arc<Path>, Entry>,
    /// Files by their names, and by their folders, in order.
    by_name: FxHashMap<Box<str>, Vec<Arc<Path>>>,
    by_folder: FxHashMap<Arc<Path>, Arc<Path>>,
}

impl Entries {
    /// Reads the text of a database; what is no entry is left out.
    pub(super) fn read(text: &str, base: &Path) -> serde_json::Result<Entries> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let reading = Reading { base, entries: Entries::default(), bytes: 0, directory: None };
        let mut entries = reader.deserialize_seq(reading)?;
        reader.end()?;
        entries.sort();
        Ok(entries)
    }

    pub(super) fn get(&self, file: &Path) -> Option<&Entry> {
        self.by_path.get(file)
    }

    /// The first of the files in a folder, by name.
    pub(super) fn first_in(&self, folder: &Path) -> Option<&Entry> {
        self.get(self.by_folder.get(folder)?)
    }

    /// The files of that name, in order.
    pub(super) fn named(&self, name: &str) -> &[Arc<Path>] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    fn sort(&mut self) {
        let mut paths: Vec<&Arc<Path>> = self.by_path.keys().collect();
        paths.sort_unstable();
        for path in paths {
            if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
                self.by_name.entry(name.into()).or_default().push(path.clone());
            }
            if let Some(folder) = path.parent()
                && !self.by_folder.contains_key(folder)
            {
                self.by_folder.insert(folder.into(), path.clone());
            }
        }
    }
}

struct Reading<'a> {
    base: &'a Path,
    entries: Entries,
    bytes: usize,
    /// The directory of the entry before, as it is written and as it is.
    directory: Option<(String, Arc<Path>)>,
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of compile commands")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut all: A) -> Result<Entries, A::Error> {
        while let Some(entry) = all.next_element::<&RawValue>()? {
            if self.entries.by_path.len() >= MAX_ENTRIES || self.bytes >= MAX_BYTES {
                continue;
            }
            let Some(written) = Written::read(entry) else { continue };
            let directory = self.directory(written.directory.as_deref().unwrap_or("."));
            let Some((file, entry)) = written.entry(directory) else { continue };
            // The first command of a file counts, as in clangd.
            if !self.entries.by_path.contains_key(file.as_path()) {
                self.bytes += 2 * file.as_os_str().len() + entry.command.get().len();
                self.bytes += entry.output.as_ref().map_or(0, |output| output.as_os_str().len());
                self.entries.by_path.insert(file.into(), entry);
            }
        }
        Ok(self.entries)
    }
}

impl Reading<'_> {
    /// The folder that an entry names. Most entries name that of the one before.
    fn directory(&mut self, written: &str) -> Arc<Path> {
        if let Some((known, path)) = &self.directory
            && known == written
        {
            return path.clone();
        }
        let path: Arc<Path> = normalize(&self.base.join(written)).into();
        self.bytes += path.as_os_str().len();
        self.directory = Some((written.to_owned(), path.clone()));
        path
    }
}

impl<'a> Written<'a> {
    fn read(entry: &'a RawValue) -> Option<Written<'a>> {
        serde_json::from_str(entry.get()).ok()
    }

    fn entry(self, directory: Arc<Path>) -> Option<(PathBuf, Entry)> {
        let file = normalize(&directory.join(&*self.file));
        let list = self.arguments.filter(|a| a.get().starts_with('['));
        let command = list.or(self.command)?.to_owned();
        let output = self.output.map(|output| normalize(&directory.join(&*output)));
        Some((file, Entry { directory, output, command }))
    }
}

impl Entry {
    /// The file and the rest of an entry; relative paths are taken from `base`.
    pub(super) fn parse(entry: &RawValue, base: &Path) -> Option<(PathBuf, Entry)> {
        let written = Written::read(entry)?;
        let directory = written.directory.as_deref().unwrap_or(".");
        let directory = normalize(&base.join(directory)).into();
        written.entry(directory)
    }

    /// The command.
    pub(super) fn read(&self) -> Option<Command> {
        let arguments = match serde_json::from_str(self.command.get()).ok()? {
            Value::Array(list) => {
                let words = list.into_iter().filter_map(|word| match word {
                    Value::String(word) => Some(word),
                    _ => None,
                });
                Arguments::read(words, &self.directory)
            }
            Value::String(line) => Arguments::read(shell_words(&line), &self.directory),
            _ => return None,
        };
        let Arguments { words: arguments, files: response_files, in_part } = arguments;
        let written = || output_argument(&arguments).map(|o| normalize(&self.directory.join(o)));
        let output = self.output.clone().or_else(written);
        let directory = self.directory.to_path_buf();
        Some(Command { directory, arguments, output, response_files, in_part })
    }
}

/// The value of `-o` among compiler arguments.
fn output_argument(arguments: &[String]) -> Option<&str> {
    arguments.iter().enumerate().rev().find_map(|(at, argument)| match argument.as_str() {
        "-o" | "--output" => arguments.get(at + 1).map(String::as_str),
        argument => argument.strip_prefix("--output="),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_entry_costs_nothing() {
        let text =
            format!("[{}7, {{\"file\": \"a.c\", \"command\": \"cc\"}}]", "[1],".repeat(50_000));
        let entries = Entries::read(&text, Path::new("/w")).unwrap();
        assert_eq!(entries.by_path.len(), 1);
        assert!(entries.get(Path::new("/w/a.c")).is_some());
        assert_eq!(entries.named("a.c").len(), 1);
    }

    #[test]
    fn values_in_values_are_read_without_recursion() {
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        let text = format!("[{deep}, {{\"file\": \"a.c\", \"x\": {deep}, \"command\": \"cc\"}}]");
        let entries = Entries::read(&text, Path::new("/w")).unwrap();
        assert_eq!(entries.by_path.len(), 1);
        // An argument that is one: not read, and no command.
        let text = format!("[{{\"file\": \"a.c\", \"arguments\": {deep}}}]");
        let entries = Entries::read(&text, Path::new("/w")).unwrap();
        assert!(entries.get(Path::new("/w/a.c")).unwrap().read().is_none());
    }

    #[test]
    fn folders_are_kept_once() {
        let base = format!("/{}", "long/".repeat(800));
        let entries: Vec<String> =
            (0..1_000).map(|i| format!("{{\"file\": \"/f{i}.c\", \"command\": \"c\"}}")).collect();
        let text = format!("[{}]", entries.join(","));
        let entries = Entries::read(&text, Path::new(&base)).unwrap();
        let first = &entries.get(Path::new("/f0.c")).unwrap().directory;
        assert!(entries.by_path.values().all(|entry| Arc::ptr_eq(&entry.directory, first)));
    }
}
