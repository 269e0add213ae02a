//! Scores the syntax: how many items and function bodies of C files come out without an error.
//!
//!     score_syntax CORPUS_DIR [--only TEXT] [--verbose]
//!
//! clang compiles every program of the corpus, so none of their items may have an error. Every item of
//! every file named there is preprocessed, split and parsed (an item that several files see alike, once).
//! Prints the figures; exit code 1 when an item has an error.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Mutex,
};

use bpf_lsp_tests::units::{self, Command};
use cfront::{
    ast::Item,
    flags::Flags,
    parse::{ParsedItem, parse_unit},
    pp::preprocess,
    session::{FileSystem, Session},
    source::Text,
    split::ItemRange,
    token::Token,
};

/// Files on disk, each read once.
#[derive(Default)]
struct Disk {
    texts: Mutex<HashMap<PathBuf, Option<Text>>>,
}

impl FileSystem for Disk {
    fn read(&self, path: &Path) -> Option<Text> {
        let mut texts = self.texts.lock().ok()?;
        let read = || Some(String::from_utf8_lossy(&std::fs::read(path).ok()?).into());
        texts.entry(path.to_path_buf()).or_insert_with(read).clone()
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }
}

#[derive(Default)]
struct Score {
    files: usize,
    tokens: usize,
    declarations: usize,
    declarations_wrong: usize,
    functions: usize,
    functions_wrong: usize,
}

fn main() -> ExitCode {
    let mut corpus = None;
    let mut only = None;
    let mut verbose = false;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--only" => only = args.next(),
            "--verbose" => verbose = true,
            _ => corpus = Some(PathBuf::from(arg)),
        }
    }
    let Some(corpus) = corpus else {
        eprintln!("usage: score_syntax CORPUS_DIR [--only TEXT] [--verbose]");
        return ExitCode::from(2);
    };
    let entries = match units::commands(&corpus) {
        Ok(entries) => entries,
        Err(e) => {
            eprintln!("{}: {e}", corpus.display());
            return ExitCode::from(2);
        }
    };
    let session = Session::new();
    let disk = Disk::default();
    let mut seen = HashSet::new();
    let mut score = Score::default();
    for Command { file, directory, arguments, .. } in entries {
        let flags = Flags::parse(&arguments, &directory);
        if only.as_ref().is_some_and(|only| !file.to_string_lossy().contains(only.as_str())) {
            continue;
        }
        let Some(text) = disk.read(&file) else {
            eprintln!("{}: cannot be read", file.display());
            continue;
        };
        let unit = preprocess(&session, &disk, &file, text, &flags);
        let tokens: Vec<Token> =
            unit.chunks.iter().flat_map(|chunk| chunk.tokens().to_vec()).collect();
        score.files += 1;
        score.tokens += tokens.len();
        let fresh = Mutex::new(&mut seen);
        let keep = |range: &ItemRange| {
            let mut hash = DefaultHasher::new();
            for token in tokens.get(range.range()).unwrap_or(&[]) {
                token.sym.index().hash(&mut hash);
            }
            fresh.lock().is_ok_and(|mut seen| seen.insert(hash.finish()))
        };
        let items = parse_unit(&tokens, keep);
        for item in items {
            let wrong = is_wrong(&item.parsed);
            if matches!(item.parsed.item, Item::Function(_)) {
                score.functions += 1;
                score.functions_wrong += usize::from(wrong);
            } else {
                score.declarations += 1;
                score.declarations_wrong += usize::from(wrong);
            }
            if wrong && verbose {
                let slice = tokens.get(item.range.range()).unwrap_or(&[]);
                println!("{}: {}", file.display(), excerpt(slice, &item.parsed));
            }
        }
    }
    println!(
        "{} files, {} tokens: {} of {} declarations and {} of {} functions with a syntax error",
        score.files,
        score.tokens,
        score.declarations_wrong,
        score.declarations,
        score.functions_wrong,
        score.functions
    );
    let bar = score.declarations_wrong == 0 && score.functions_wrong == 0;
    if bar { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether anything of the item was not understood.
fn is_wrong(parsed: &ParsedItem) -> bool {
    !parsed.syntax_errors.is_empty()
        || matches!(parsed.item, Item::Error(_))
        || cfront::test_dump::item(&parsed.item).contains("(error")
}

/// The tokens around the first error.
fn excerpt(tokens: &[Token], parsed: &ParsedItem) -> String {
    let at = parsed.syntax_errors.first().map_or(0, |span| span.start as usize);
    let around = tokens.iter().skip(at.saturating_sub(12)).take(24);
    around.map(|token| token.sym.as_str()).collect::<Vec<_>>().join(" ")
}
