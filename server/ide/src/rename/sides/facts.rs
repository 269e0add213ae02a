//! What one file in another language than C says: which BPF programs it is about, and where it has the
//! name.

use std::path::Path;

use super::{
    Language,
    lex::{Piece, pieces},
    names::{Names, plain},
};

/// What a file says.
#[derive(Default, Debug)]
pub(super) struct Facts {
    /// BPF sources, objects and skeletons that it names.
    pub(super) mentions: Vec<Mention>,
    /// Whether anything in it is about BPF.
    pub(super) bpf: bool,
    /// Packages that a Go file imports; other strings with a slash do no harm.
    pub(super) imports: Vec<String>,
    /// Whether it may open an object, or find what another program has loaded.
    pub(super) opens: bool,
    /// The first string that is the name.
    pub(super) string: Option<Use>,
    /// The first identifier that bindings make of the name.
    pub(super) member: Option<Use>,
}

/// A place that uses the name.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// Byte.
    pub(super) at: usize,
    /// As it stands there.
    pub(super) shown: String,
}

/// A file of a BPF program that is named.
#[derive(Debug)]
pub(super) struct Mention {
    pub(super) what: Named,
    /// As it is written.
    pub(super) path: String,
    /// Byte.
    pub(super) at: usize,
}

/// What is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Named {
    /// The BPF C that bindings are made of; the path is one of the project's.
    Source,
    /// An object, which only has the source's name; or a source that no bindings are made of.
    Object,
    /// A skeleton of libbpf-cargo, the same.
    RustSkeleton,
    /// A header that is included.
    Header,
}

/// Words of build scripts whose strings name sources.
const BUILDERS: [&str; 6] =
    ["bpf2go", "SkeletonBuilder", "BpfBuilder", "libbpf_cargo", "enable_skel", "add_source"];

/// What functions of Go libraries begin with that open objects, or what is pinned.
const OPENERS: [&str; 4] = ["LoadCollection", "NewCollection", "LoadPinned", "NewModule"];

/// Reads a file of Go, Rust or C++.
pub(super) fn of_code(language: Language, text: &str, names: &Names) -> Facts {
    let mut facts = Facts::default();
    let builds = BUILDERS.iter().any(|word| text.contains(word));
    if language == Language::Go {
        facts.directives(text);
    }
    if language == Language::Cpp {
        let headers = included(text);
        facts.mentions.extend(headers.map(|(at, header)| Mention {
            what: Named::Header,
            path: header.to_owned(),
            at,
        }));
    }
    // The marks before a word, `->` as one.
    let mut before = ' ';
    for (at, piece) in pieces(text, language) {
        let last = std::mem::replace(&mut before, ' ');
        match piece {
            Piece::Mark('>') if last == '-' => before = '.',
            Piece::Mark(mark) => before = mark,
            Piece::Word(word) => {
                // `.r#type`
                let is_member = last == '.' || last == '#';
                facts.bpf |= is_about_bpf(word) || word == "aya";
                facts.opens |= OPENERS.iter().any(|opener| word.starts_with(opener));
                if facts.member.is_none() && names.is_identifier(language, word, is_member) {
                    facts.member = Some(Use { at, shown: format!("`{word}`") });
                }
            }
            Piece::Text(string) => {
                facts.bpf |= !string.contains(char::is_whitespace) && is_about_bpf(string);
                if facts.string.is_none() && names.is_text(string) {
                    facts.string = Some(Use { at, shown: format!("\"{}\"", names.old) });
                }
                if language == Language::Go && string.contains('/') {
                    facts.imports.push(string.to_owned());
                }
                facts.mention(string, at, builds);
            }
        }
    }
    facts
}

impl Facts {
    /// `//go:generate ... bpf2go ... SOURCE` and `//go:embed OBJECT`
    fn directives(&mut self, text: &str) {
        for (at, line) in lines(text) {
            if let Some(command) = line.strip_prefix("//go:generate ") {
                self.bindings(command, at);
            } else if let Some(files) = line.strip_prefix("//go:embed ") {
                for file in files.split_whitespace() {
                    self.mention(file.trim_matches(['"', '`']), at, false);
                }
            }
        }
    }

    /// The sources that a command hands to bpf2go, if it does.
    pub(super) fn bindings(&mut self, command: &str, at: usize) -> bool {
        let mut words = command.split(|c: char| c.is_whitespace() || "\"'`;()".contains(c));
        let is_bpf2go = |word: &str| {
            let name = command_of(word);
            name.split('@').next() == Some("bpf2go")
        };
        if !words.any(is_bpf2go) {
            return false;
        }
        self.bpf = true;
        // What stands behind `--` is for the compiler.
        for word in words.take_while(|word| *word != "--").filter(|word| word.ends_with(".c")) {
            self.mentions.push(Mention { what: Named::Source, path: word.to_owned(), at });
        }
        true
    }

    fn mention(&mut self, string: &str, at: usize, builds: bool) {
        let what = if builds && string.ends_with(".c") {
            Named::Source
        } else if string.ends_with(".skel.rs") {
            Named::RustSkeleton
        } else if string.ends_with(".o") || string.ends_with(".bpf.c") {
            Named::Object
        } else {
            return;
        };
        // Made up at run time, or by bpf2go of a name of its own.
        let made = string.contains(['{', '%', '*']) || string.ends_with("_bpfel.o");
        if made || string.ends_with("_bpfeb.o") || string.contains('\n') {
            return;
        }
        self.mentions.push(Mention { what, path: string.to_owned(), at });
    }
}

fn is_about_bpf(word: &str) -> bool {
    word.as_bytes().windows(3).any(|three| three.eq_ignore_ascii_case(b"bpf"))
}

/// The program that a word starts, without its folder and the marks of a recipe: `bpftool` of
/// `@/usr/sbin/bpftool`.
fn command_of(word: &str) -> &str {
    let word = word.trim_start_matches(['@', '-', '+']);
    word.rsplit('/').next().unwrap_or(word)
}

/// The headers that a text of C or C++ includes, and the bytes where the lines begin.
pub(super) fn included(text: &str) -> impl Iterator<Item = (usize, &str)> {
    lines(text).filter_map(|(at, line)| {
        let rest = line.trim_start().strip_prefix('#')?.trim_start().strip_prefix("include")?;
        let header = rest.trim_start().strip_prefix(['"', '<'])?;
        Some((at, header.split(['"', '>']).next()?))
    })
}

/// The lines of a text with the bytes where they begin.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end())
    })
}

/// Reads a script, a Makefile or another file of commands: what is sure in them is a call of bpf2go, of
/// bpftool by name, and a path in the BPF file system.
pub(super) fn of_commands(text: &str, names: &Names) -> Facts {
    let mut facts = Facts::default();
    let mut joined = String::new();
    let mut start = 0;
    for (at, line) in lines(text) {
        if joined.is_empty() {
            start = at;
        }
        if let Some(begun) = line.strip_suffix('\\') {
            joined.push_str(begun);
            joined.push(' ');
            continue;
        }
        joined.push_str(line);
        facts.command(&joined, start, names);
        joined.clear();
    }
    facts.command(&joined, start, names);
    facts
}

impl Facts {
    fn command(&mut self, line: &str, at: usize, names: &Names) {
        if line.trim_start().starts_with('#') || self.bindings(line, at) {
            return;
        }
        let words = line.split(|c: char| c.is_whitespace() || "\"'`;,()[]{}=<>|&".contains(c));
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        for word in words.iter().filter(|word| word.ends_with(".bpf.c") || word.ends_with(".o")) {
            let path = (*word).to_owned();
            self.mentions.push(Mention { what: Named::Object, path, at });
        }
        if !names.in_kernel() {
            return;
        }
        let bpftool = words.iter().position(|word| command_of(word) == "bpftool");
        let by_name = bpftool.is_some_and(|at| {
            let arguments = words.get(at..).unwrap_or_default().windows(2);
            arguments
                .into_iter()
                .any(|pair| matches!(pair, [key, name] if *key == "name" && names.is_text(name)))
        });
        let pinned = words.iter().find(|word| word.contains('/') && names.is_text(word));
        if self.string.is_none() && (by_name || pinned.is_some()) {
            let shown = pinned.map_or_else(|| names.old.to_owned(), |path| plain(path));
            self.string = Some(Use { at, shown: format!("\"{shown}\"") });
        }
    }
}

/// What stands in front of the endings of a BPF program's files: `hits` of `src/hits.bpf.o`.
pub(super) fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let endings = [".c", ".o", ".skel.rs", ".skel.h", ".lskel.h", ".subskel.h"];
    let stem = endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    let stem = stem.strip_suffix(".c").unwrap_or(stem);
    let stem = stem.strip_suffix(".light").unwrap_or(stem);
    stem.strip_suffix(".bpf").or_else(|| stem.strip_suffix("_kern")).unwrap_or(stem)
}

/// [`stem`] of a file.
pub(super) fn stem_of(path: &Path) -> String {
    stem(&path.file_name().unwrap_or_default().to_string_lossy()).to_owned()
}
