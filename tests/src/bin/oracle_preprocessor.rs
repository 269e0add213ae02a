//! Compares the tokens that `clang -E` makes of random macros with those of the front end.
//!
//!     oracle_preprocessor [--seed N] [--programs N] [--show N]
//!
//! Programs that clang finds an error in are left out: what a wrong call means is a matter of taste.
//! Needs clang-19 (`tests/tools/setup oracle`); exit code 1 when
//! tokens differ.

use std::{
    path::Path,
    process::{Command, ExitCode},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use bpf_lsp_tests::generate::{Random, macros};
use cfront::{
    flags::Flags,
    lexer, pp,
    session::{MemoryFileSystem, Session},
    symbol::Symbol,
    token::{Token, TokenKind},
};

/// Programs that go through clang in one run.
const BATCH: u64 = 25;

#[derive(Default)]
struct Tally {
    tokens: AtomicU64,
    refused: AtomicU64,
}

fn main() -> ExitCode {
    let (mut seed, mut programs, mut show) = (1, 500, 10);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let Some(number) = args.next().and_then(|n| n.parse::<u64>().ok()) else {
            eprintln!("usage: oracle_preprocessor [--seed N] [--programs N] [--show N]");
            return ExitCode::from(2);
        };
        match arg.as_str() {
            "--seed" => seed = number,
            "--programs" => programs = number,
            _ => show = number,
        }
    }
    let next = AtomicU64::new(0);
    let (compared, wrong) = (Tally::default(), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let from = next.fetch_add(BATCH, Ordering::Relaxed);
                    if from >= programs {
                        return;
                    }
                    let seeds = (from..programs.min(from + BATCH)).map(|n| seed + n);
                    match batch(seeds.collect(), &compared) {
                        Ok(found) => wrong.lock().expect("no panic").extend(found),
                        Err(message) => wrong.lock().expect("no panic").push(message),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    for message in wrong.iter().take(show as usize) {
        println!("{message}");
    }
    println!(
        "{programs} programs ({} of them left out for an error), {} tokens equal: {} differ",
        compared.refused.into_inner(),
        compared.tokens.into_inner(),
        wrong.len()
    );
    ExitCode::from(u8::from(!wrong.is_empty()))
}

/// Clang takes many files at once; each ends in a token that tells where the next one begins.
fn batch(seeds: Vec<u64>, compared: &Tally) -> Result<Vec<String>, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut wrong = Vec::new();
    let mut command = Command::new("clang-19");
    command.args(["-target", "bpf", "-E", "-P", "-w", "-ferror-limit=0", "-std=gnu17"]);
    command.args(["-Wno-invalid-token-paste"]);
    command.current_dir(folder.path());
    let texts: Vec<(u64, String)> = seeds
        .into_iter()
        .map(|seed| (seed, format!("{}END{seed}\n", macros::program(&mut Random::new(seed)))))
        .collect();
    for (seed, text) in &texts {
        let name = format!("{seed}.c");
        std::fs::write(folder.path().join(&name), text).map_err(|e| e.to_string())?;
        command.arg(name);
    }
    let output = command.output().map_err(|e| format!("clang-19: {e}"))?;
    let theirs = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let mut rest: &str = &theirs;
    let mut adrift = false;
    for (seed, text) in &texts {
        // A broken program may eat its own end; then the next one's beginning is not known either.
        let whole = !adrift;
        let end = rest.split_once(&format!("END{seed}\n"));
        adrift = end.is_none();
        let own = end.map_or("", |(own, after)| {
            rest = after;
            own
        });
        if adrift || !whole || errors.contains(&format!("{seed}.c:")) {
            compared.refused.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        match compare(own, text) {
            Ok(tokens) => drop(compared.tokens.fetch_add(tokens, Ordering::Relaxed)),
            Err(message) => wrong.push(format!("seed {seed}: {message}")),
        }
    }
    Ok(wrong)
}

fn clang_tokens(text: &str) -> Vec<(TokenKind, Symbol)> {
    let mut interner = Symbol::batch();
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let raw = lexer::lex(text, at);
        let Some(kind) = raw.kind else { return tokens };
        at = raw.end;
        tokens.push((kind, raw.symbol(text, &mut interner)));
    }
}

fn compare(theirs: &str, text: &str) -> Result<u64, String> {
    let theirs = clang_tokens(theirs);
    let unit = pp::preprocess(
        &Session::new(),
        &MemoryFileSystem::default(),
        Path::new("/w/case.c"),
        text.into(),
        &Flags::default(),
    );
    let ours: Vec<Token> = unit
        .chunks
        .iter()
        .flat_map(|chunk| chunk.tokens().iter().copied().collect::<Vec<_>>())
        .filter(|token| token.kind != TokenKind::Pragma)
        .take_while(|token| !token.sym.as_str().starts_with("END"))
        .collect();
    let same = |(a, b): &(&Token, &(TokenKind, Symbol))| a.sym == b.1;
    let equal = ours.iter().zip(&theirs).take_while(same).count();
    if equal == ours.len() && equal == theirs.len() {
        return Ok(equal as u64);
    }
    let from = equal.saturating_sub(12);
    let ours: Vec<&str> = ours.iter().skip(from).take(24).map(|t| t.sym.as_str()).collect();
    let theirs: Vec<&str> = theirs.iter().skip(from).take(24).map(|t| t.1.as_str()).collect();
    Err(format!("token {equal}\n  ours  {}\n  clang {}", ours.join(" "), theirs.join(" ")))
}
