//! Test inputs: several files in one text, with a cursor.
//!
//! ```text
//! //- /main.bpf.c
//! #include "a.h"
//! int x$0;
//! //- /a.h
//! typedef int t;
//! ```

use std::path::{Path, PathBuf};

use crate::{session::MemoryFileSystem, source::Text};

/// A parsed fixture.
#[derive(Clone, Debug, Default)]
pub struct Fixture {
    /// Files in written order. Text before the first header is `/main.bpf.c`.
    pub files: Vec<(PathBuf, Text)>,
    /// File and byte offset of `$0`, which is taken out of the text.
    pub cursor: Option<(PathBuf, u32)>,
}

/// Splits a fixture into its files.
pub fn parse(text: &str) -> Fixture {
    let mut files: Vec<(PathBuf, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("//- ") {
            Some(path) => files.push((PathBuf::from(path.trim()), String::new())),
            None => match files.last_mut() {
                Some((_, text)) => text.push_str(line),
                None => files.push((PathBuf::from("/main.bpf.c"), line.to_owned())),
            },
        }
    }
    let mut fixture = Fixture::default();
    for (path, mut text) in files {
        if let Some(at) = text.find("$0") {
            text.replace_range(at..at + 2, "");
            fixture.cursor = Some((path.clone(), at as u32));
        }
        fixture.files.push((path, text.into()));
    }
    fixture
}

impl Fixture {
    /// The first file: its path and text.
    pub fn main(&self) -> (&Path, Text) {
        match self.files.first() {
            Some((path, text)) => (path, text.clone()),
            None => (Path::new("/main.bpf.c"), Text::default()),
        }
    }

    /// A file system that holds the files.
    pub fn file_system(&self) -> MemoryFileSystem {
        let fs = MemoryFileSystem::default();
        for (path, text) in &self.files {
            fs.write(path, text);
        }
        fs
    }
}
