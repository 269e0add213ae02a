//! One entry of a database, found without holding the text: a stretch of it is looked at at a time.

use std::{io::Read, path::Path};

use memchr::memmem;
use serde_json::value::RawValue;

use super::{Command, entries::Entry};

/// Bytes that are held.
const WINDOW: usize = 64 << 10;
/// A longer entry is not looked for, bytes.
const ENTRY: usize = 16 << 10;
/// Braces in the strings of an entry; with more of them it is not looked for.
const MAX_BRACES: usize = 64;

/// Looks for the first entry of a file in a database; `None` does not mean that there is none.
pub(super) fn search(text: impl Read, database: &Path, file: &Path) -> Option<Command> {
    let name = file.file_name()?.to_str()?;
    // Letters may be written as `\uXXXX`.
    if !name.is_ascii() {
        return None;
    }
    let finder = memmem::Finder::new(name);
    let base = database.parent().unwrap_or(Path::new("/"));
    let mut window = Window { text, held: Vec::with_capacity(WINDOW), ended: false };
    // Where the next name is looked for, and where the next entry may begin.
    let (mut next, mut begin) = (0, 0);
    loop {
        window.fill()?;
        let held = window.held.as_slice();
        if memmem::find(held, b"\\u").is_some() {
            return None;
        }
        let found = finder.find(held.get(next..)?).map(|at| next + at);
        let leave = match found {
            Some(at) if window.ended || at + ENTRY <= held.len() => {
                let (entry, end) = entry_around(held, begin, at)?;
                if let Some((known, entry)) = Entry::parse(entry, base)
                    && known == file
                {
                    return entry.read();
                }
                (next, begin) = (end, end);
                continue;
            }
            Some(at) => {
                next = at;
                at.saturating_sub(ENTRY)
            }
            None if window.ended => return None,
            None => {
                next = next.max((held.len() + 1).saturating_sub(name.len()));
                held.len().saturating_sub(ENTRY)
            }
        };
        window.leave(leave);
        next = next.saturating_sub(leave);
        begin = begin.saturating_sub(leave);
    }
}

/// A stretch of a text that moves on.
struct Window<R> {
    text: R,
    held: Vec<u8>,
    /// The text ends here.
    ended: bool,
}

impl<R: Read> Window<R> {
    /// Reads on, up to all that is held at a time; `None` when that fails.
    fn fill(&mut self) -> Option<()> {
        let room = WINDOW.saturating_sub(self.held.len());
        if room > 0 && !self.ended {
            let read = self.text.by_ref().take(room as u64).read_to_end(&mut self.held).ok()?;
            self.ended = read < room;
        }
        Some(())
    }

    fn leave(&mut self, bytes: usize) {
        self.held.drain(..bytes.min(self.held.len()));
    }
}

/// The entry that a byte belongs to, and its end. It begins at one of the braces between `from` and
/// that byte; those in strings begin nothing that can be read up to there.
fn entry_around(text: &[u8], from: usize, at: usize) -> Option<(&RawValue, usize)> {
    let before = text.get(from..at)?;
    memchr::memrchr_iter(b'{', before).take(MAX_BRACES).find_map(|open| {
        let text = text.get(from + open..)?;
        let mut values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
        let entry = values.next()?.ok()?;
        let end = from + open + entry.get().len();
        (end > at).then_some((entry, end))
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn entries_anywhere_in_a_long_text() {
        for size in [100, 5_000, ENTRY - 200] {
            let mut text = String::from("[");
            for i in 0..150_000 / size + 20 {
                let flag = "x".repeat(size);
                let _ = write!(
                    text,
                    r#"{{"directory": "/w", "file": "a{i}.c", "command": "c -D{flag} a{i}.c a{i}.o"}},"#
                );
            }
            text.push_str("7]");
            for i in 0..150_000 / size + 20 {
                let file = format!("/w/a{i}.c");
                let found = search(text.as_bytes(), Path::new("/w/db.json"), Path::new(&file));
                let arguments = found.map(|command| command.arguments).unwrap_or_default();
                assert_eq!(arguments.get(2), Some(&format!("a{i}.c")), "{size}");
            }
            let none = search(text.as_bytes(), Path::new("/w/db.json"), Path::new("/w/a.c"));
            assert_eq!(none, None);
        }
    }

    #[test]
    fn what_is_too_long_is_left_to_the_reader_of_all() {
        let flag = "x".repeat(WINDOW);
        let text = format!(r#"[{{"file": "a.c", "command": "{flag}"}}, {{"file": "b.c"}}]"#);
        let found = search(text.as_bytes(), Path::new("/w/db.json"), Path::new("/w/a.c"));
        assert_eq!(found, None);
    }
}
