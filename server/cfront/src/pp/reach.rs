//! Which headers a text may come to include, found without preprocessing it: by the names in directives alone,
//! whatever conditions they stand behind, in every folder that may be meant. All that the preprocessor could
//! follow is among them.
//!
//! Nothing is interned, and of a header only the names in it are kept.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use memchr::memmem;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    flags::{Flags, normalize},
    predefined::headers,
    session::{FileSystem, lock},
};

/// With more headers than this behind a text, it is not told what they are.
const MAX_HEADERS: usize = 4096;

/// Headers, and answers of the disk, that are kept.
const MAX_KEPT: usize = 1 << 16;

/// What was read of headers so far, for texts that share them. Files are read once.
#[derive(Default)]
pub struct Reach {
    headers: Mutex<FxHashMap<PathBuf, Arc<Named>>>,
    exists: Mutex<FxHashMap<PathBuf, bool>>,
}

/// The headers that a text names.
#[derive(Default, Debug, PartialEq)]
struct Named {
    names: Vec<Box<str>>,
    /// A directive that names none by itself: `#include MACRO`.
    others: bool,
}

impl Reach {
    /// Whether a text at `path` may include a header that is `wanted`, by its name as a directive writes it,
    /// itself or through its headers. Also true where that cannot be told.
    pub fn may_include(
        &self,
        fs: &dyn FileSystem,
        path: &Path,
        text: &str,
        flags: &Flags,
        wanted: &dyn Fn(&str) -> bool,
    ) -> bool {
        let (search, _) = flags.search_dirs();
        let folder = |path: &Path| path.parent().unwrap_or(Path::new("/")).to_owned();
        let forced = flags.forced_includes.iter().map(|name| name.as_str().into()).collect();
        let forced = Named { names: forced, others: false };
        let mut due = vec![
            (folder(path), Arc::new(Named::read(text))),
            (flags.directory.clone(), Arc::new(forced)),
        ];
        let mut seen: FxHashSet<PathBuf> = FxHashSet::default();
        let mut searched: FxHashSet<Box<str>> = FxHashSet::default();
        while let Some((own, named)) = due.pop() {
            if named.others || seen.len() > MAX_HEADERS {
                return true;
            }
            for name in &named.names {
                if wanted(name) {
                    return true;
                }
                let beside = std::iter::once(own.join(&**name));
                let fresh = searched.insert(name.clone());
                let others = search.iter().filter(|_| fresh).map(|dir| dir.join(&**name));
                let built_in = headers::fallback(name, flags).filter(|_| fresh);
                for path in beside.chain(others).chain(built_in) {
                    let path = normalize(&path);
                    if seen.contains(&path) || !self.is_file(fs, &path) {
                        continue;
                    }
                    due.push((folder(&path), self.header(fs, &path)));
                    seen.insert(path);
                }
            }
        }
        false
    }

    fn is_file(&self, fs: &dyn FileSystem, path: &Path) -> bool {
        if let Some(known) = lock(&self.exists).get(path) {
            return *known;
        }
        let is_file = headers::text(path).is_some() || fs.is_file(path);
        keep(&mut lock(&self.exists), path, is_file);
        is_file
    }

    fn header(&self, fs: &dyn FileSystem, path: &Path) -> Arc<Named> {
        if let Some(known) = lock(&self.headers).get(path) {
            return known.clone();
        }
        let named = Arc::new(match headers::text(path) {
            Some(text) => Named::read(text),
            None => fs.read(path).map(|text| Named::read(&text)).unwrap_or_default(),
        });
        keep(&mut lock(&self.headers), path, named.clone());
        named
    }
}

/// Keeps a fact; all that is known goes where there is too much of it.
fn keep<T>(known: &mut FxHashMap<PathBuf, T>, path: &Path, fact: T) {
    if known.len() >= MAX_KEPT {
        known.clear();
    }
    known.insert(path.to_owned(), fact);
}

impl Named {
    fn read(text: &str) -> Named {
        let mut named = Named::default();
        let bytes = text.as_bytes();
        // A trigraph for the backslash of a splice.
        named.others = memmem::find(bytes, b"??/").is_some();
        for begin in ["#", "%:", "??="] {
            for at in memmem::find_iter(bytes, begin.as_bytes()) {
                named.directive(bytes.get(at + begin.len()..).unwrap_or_default());
            }
        }
        named
    }

    /// What stands behind a `#`.
    fn directive(&mut self, text: &[u8]) {
        let mut at = Place { text: blank(text) };
        let mut word = Vec::new();
        while let Some(byte @ (b'a'..=b'z' | b'_')) = at.peek() {
            word.push(byte);
            if word.len() > "include_next".len() {
                return;
            }
            at.next();
        }
        if !matches!(word.as_slice(), b"include" | b"include_next" | b"import") {
            return;
        }
        at.text = blank(at.text);
        let close = match at.next() {
            Some(b'"') => b'"',
            Some(b'<') => b'>',
            _ => {
                self.others = true;
                return;
            }
        };
        let mut name = Vec::new();
        while let Some(byte) = at.next().filter(|byte| *byte != b'\n') {
            if byte == close {
                self.names.push(String::from_utf8_lossy(&name).into());
                return;
            }
            name.push(byte);
        }
    }
}

/// A place in a text where splices are not seen.
struct Place<'a> {
    text: &'a [u8],
}

impl Place<'_> {
    fn peek(&mut self) -> Option<u8> {
        while let Some(rest) = behind_splice(self.text) {
            self.text = rest;
        }
        self.text.first().copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.text = self.text.get(1..).unwrap_or_default();
        byte
    }
}

/// What stands behind a backslash at the end of a line.
fn behind_splice(text: &[u8]) -> Option<&[u8]> {
    let rest = text.strip_prefix(b"\\")?;
    let line = rest.trim_ascii_start();
    let blank = rest.get(..rest.len() - line.len())?;
    let end = blank.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
    let end = if blank.get(end..)?.starts_with(b"\r\n") { end + 2 } else { end + 1 };
    rest.get(end..)
}

/// What stands behind white space, splices and comments.
fn blank(mut text: &[u8]) -> &[u8] {
    loop {
        let trimmed = match text {
            [b' ' | b'\t' | 0x0b | 0x0c, rest @ ..] => Some(rest),
            [b'/', b'*', rest @ ..] => {
                memmem::find(rest, b"*/").and_then(|end| rest.get(end + 2..))
            }
            text => behind_splice(text),
        };
        match trimmed {
            Some(rest) => text = rest,
            None => return text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::MemoryFileSystem;

    #[test]
    fn directives() {
        let text = "#include <a.h>\n # \t include\"b.h\"\n#/* x */include_next/**/<c.h>\n\
                    #inc\\\nlude \"d\\\n.h\"\n%:import <e.h>\n??=include <f.h>\nx #include <g.h>\n\
                    #include <h\n#included <i.h>\n#define INCLUDE \"j.h\"\n";
        let named = Named::read(text);
        let mut names = named.names.clone();
        names.sort();
        assert_eq!(names.join(" "), "a.h b.h c.h d.h e.h f.h g.h");
        assert!(!named.others);
        for other in ["#include NAME", "#include", "# in\\\nclude /* */ NAME", "??/"] {
            assert!(Named::read(other).others, "{other}");
        }
    }

    fn check(files: &[(&str, &str)], arguments: &[&str], may: bool) {
        let fs = MemoryFileSystem::default();
        for (path, text) in files {
            fs.write(Path::new(path), text);
        }
        let arguments: Vec<String> = arguments.iter().map(|&a| a.to_owned()).collect();
        let flags = Flags::parse(&arguments, Path::new("/w"));
        let (path, text) = files[0];
        let reach = Reach::default();
        let wanted = |name: &str| name.ends_with("wanted.h");
        // Also from what is known by then.
        for _ in 0..2 {
            assert_eq!(reach.may_include(&fs, Path::new(path), text, &flags, &wanted), may);
        }
    }

    #[test]
    fn through_headers() {
        check(&[("/w/a.c", "#include <dir/wanted.h>")], &[], true);
        check(&[("/w/a.c", "int x;")], &[], false);
        check(&[("/w/a.c", "int x;")], &["-include", "x/wanted.h"], true);
        let through = [
            ("/w/a.c", "#include \"one.h\"\n"),
            ("/w/one.h", "#if 0\n#include <two.h>\n#endif\n#include \"one.h\"\n"),
            ("/i/two.h", "#include \"three.h\"\n"),
            ("/i/three.h", "#include_next <four.h>\n"),
            ("/j/four.h", "#include \"../k/wanted.h\"\n"),
        ];
        check(&through, &["-I/i", "-I/j"], true);
        check(&through, &["-I/i"], false);
        check(&through, &[], false);
        // Built-in headers are followed as well.
        let built_in = [("/w/a.c", "#include <bpf/bpf_tracing.h>\n#include <stddef.h>\n")];
        check(&built_in, &[], false);
        check(&[("/w/a.c", "#include NAME\n")], &[], true);
    }
}
