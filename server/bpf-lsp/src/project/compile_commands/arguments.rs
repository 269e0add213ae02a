//! The arguments of a compile command: words of a shell, and what response files add to them.

use std::path::{Path, PathBuf};

use super::super::files::{self, Kind};

/// Response files inside each other beyond this many are left alone.
const MAX_DEPTH: usize = 8;

/// What the arguments of a command may come to. A few response files that name each other, each a dozen
/// times, come to hundreds of millions of words.
#[derive(Clone, Copy)]
struct Room {
    words: usize,
    bytes: usize,
    files: usize,
}

const ROOM: Room = Room { words: 1 << 16, bytes: 4 << 20, files: 256 };

/// Arguments of a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Arguments {
    /// Compiler first.
    pub(super) words: Vec<String>,
    /// The response files that were read.
    pub(super) files: Vec<PathBuf>,
    /// Whether these are not all: there are too many, or too many response files.
    pub(super) in_part: bool,
}

impl Arguments {
    /// The arguments in a list or a line, with what the files say that `@file` names; one that cannot be
    /// read stays as it is, as compilers have it.
    pub(super) fn read(words: impl IntoIterator<Item = String>, directory: &Path) -> Arguments {
        let all = Arguments { words: Vec::new(), files: Vec::new(), in_part: false };
        let mut reading = Reading { directory, room: ROOM, all };
        for word in words {
            reading.add(word, 0);
            if reading.all.in_part {
                break;
            }
        }
        reading.all
    }
}

struct Reading<'a> {
    directory: &'a Path,
    room: Room,
    all: Arguments,
}

impl Reading<'_> {
    fn add(&mut self, word: String, depth: usize) {
        let name = word.strip_prefix('@').filter(|name| depth < MAX_DEPTH && !name.is_empty());
        if let Some(name) = name {
            let Some(files) = self.room.files.checked_sub(1) else {
                self.all.in_part = true;
                return;
            };
            self.room.files = files;
            let path = self.directory.join(name);
            if let Some(text) = files::text(&path, Kind::Project) {
                self.all.files.push(path);
                for word in shell_words(&text) {
                    self.add(word, depth + 1);
                    if self.all.in_part {
                        return;
                    }
                }
                return;
            }
        }
        match (self.room.words.checked_sub(1), self.room.bytes.checked_sub(word.len())) {
            (Some(words), Some(bytes)) => {
                self.room = Room { words, bytes, ..self.room };
                self.all.words.push(word);
            }
            _ => self.all.in_part = true,
        }
    }
}

/// Splits a command line as a POSIX shell does, without expansions.
pub(super) fn shell_words(line: &str) -> impl Iterator<Item = String> {
    let mut chars = line.chars();
    std::iter::from_fn(move || {
        let mut word: Option<String> = None;
        let mut quote = None;
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
                (None, c) if c.is_whitespace() => {
                    if word.is_some() {
                        return word;
                    }
                }
                (_, c) => word.get_or_insert_default().push(c),
            }
        }
        word
    })
}

#[cfg(test)]
mod tests {
    use std::{fmt::Write, fs};

    use super::*;

    #[test]
    fn words_of_a_shell() {
        let line = r#"cc -D'A="x y"' "-DB=\"z\"" -I\ q '' x"#;
        let words: Vec<String> = shell_words(line).collect();
        assert_eq!(words, ["cc", r#"-DA="x y""#, r#"-DB="z""#, "-I q", "", "x"]);
    }

    fn read(folder: &Path, line: &str) -> Arguments {
        Arguments::read(shell_words(line), folder)
    }

    #[test]
    fn files_that_name_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let name = |i: usize| folder.path().join(format!("f{i}"));
        // 12 uses of the next in each of 8: 12^8 words.
        for i in 0..8 {
            fs::write(name(i), format!("@f{} ", i + 1).repeat(12)).unwrap();
        }
        fs::write(name(8), "-DA ").unwrap();
        let found = read(folder.path(), "cc -DFIRST @f0 -DLAST");
        assert!(found.in_part);
        assert_eq!(found.words[..2], ["cc", "-DFIRST"]);
        assert!(found.words.len() <= ROOM.words);
        assert!(!found.words.iter().any(|word| word == "-DLAST"), "what follows is not known");
        // A file of itself.
        fs::write(name(0), "@f0 -DA @f0").unwrap();
        let found = read(folder.path(), "cc @f0");
        assert!(found.words.len() < 1_000);
    }

    #[test]
    fn more_words_than_a_command_has() {
        let folder = tempfile::tempdir().unwrap();
        let mut text = String::new();
        for i in 0..100_000 {
            let _ = write!(text, "-DA{i} ");
        }
        let found = read(folder.path(), &text);
        assert_eq!((found.words.len(), found.in_part), (ROOM.words, true));
        let found = read(folder.path(), &format!("cc {} -DLAST", "x".repeat(ROOM.bytes)));
        assert_eq!((found.words, found.in_part), (vec!["cc".to_owned()], true));
    }

    #[test]
    fn what_is_no_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join("pipe"), 0o600.into()).unwrap();
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero")).unwrap();
        std::os::unix::fs::symlink("/proc/self/pagemap", folder.path().join("map")).unwrap();
        let line = "cc @pipe @zero @map @none @ -c";
        let found = read(folder.path(), line);
        assert_eq!((found.words.join(" ").as_str(), found.in_part), (line, false));
    }
}
