//! Compares the expanded tokens of every file of a compilation database with those of
//! `clang -E -P`: `score_preprocessor [--clang clang-19] [--filter TEXT] compile_commands.json`.
//!
//! Exit code 1 when a file differs.

use std::{
    path::PathBuf,
    process,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bpf_lsp_tests::units::{self, Command, Disk};
use cfront::{
    flags::Flags,
    lexer, pp,
    session::{FileSystem, Session},
    symbol::{Symbol, known},
    token::{Token, TokenKind},
};

/// Kind and spelling of the tokens of clang's output, pragmas left out.
fn clang_tokens(clang: &str, entry: &Command) -> Vec<(TokenKind, Symbol)> {
    let mut command = process::Command::new(clang);
    command.current_dir(&entry.directory).args(["-E", "-P", "-w"]);
    let mut skip = false;
    for arg in entry.arguments.iter().skip(1) {
        match arg.as_str() {
            "-o" => skip = true,
            "-c" => {}
            _ if skip => skip = false,
            arg => drop(command.arg(arg)),
        }
    }
    let output = command.output().expect("clang runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut tokens = Vec::new();
    let mut pos = 0;
    let mut interner = Symbol::batch();
    loop {
        let raw = lexer::lex(&text, pos);
        let Some(kind) = raw.kind else { return tokens };
        pos = raw.end;
        if raw.punct == known::HASH && raw.flags & Token::LINE_START != 0 {
            pos = lexer::line_end(&text, raw.end);
            continue;
        }
        tokens.push((kind, raw.symbol(&text, &mut interner)));
    }
}

fn compare(session: &Session, clang: &str, entry: &Command) -> Result<usize, String> {
    let theirs = clang_tokens(clang, entry);
    let flags = Flags::parse(&entry.arguments, &entry.directory);
    let text = Disk.read(&entry.file).ok_or("cannot read")?;
    let unit = pp::preprocess(session, &Disk, &entry.file, text, &flags);
    let mut ours: Vec<Token> = Vec::with_capacity(theirs.len());
    for chunk in &unit.chunks {
        ours.extend(chunk.tokens().iter().filter(|t| t.kind != TokenKind::Pragma));
    }
    let same = |(a, b): &(&Token, &(TokenKind, Symbol))| a.kind == b.0 && a.sym == b.1;
    let equal = ours.iter().zip(&theirs).take_while(same).count();
    if equal == ours.len() && equal == theirs.len() {
        return Ok(equal);
    }
    let around = |tokens: Vec<&str>| tokens.join(" ");
    let from = equal.saturating_sub(8);
    let place = ours.get(equal).and_then(|t| unit.written(t.loc));
    let place = place
        .map(|r| format!("{}:{}", session.path(r.file).display(), r.start))
        .unwrap_or_default();
    let wrong: Vec<_> = unit.diagnostics.iter().take(3).map(|d| d.message.as_str()).collect();
    Err(format!(
        "token {equal} of {} (clang {}) at {place}\n  ours  {}\n  clang {}\n  {wrong:?}",
        ours.len(),
        theirs.len(),
        around(ours.iter().skip(from).take(20).map(|t| t.sym.as_str()).collect()),
        around(theirs.iter().skip(from).take(20).map(|t| t.1.as_str()).collect()),
    ))
}

fn main() {
    let mut clang = "clang-19".to_owned();
    let mut filter = String::new();
    let mut database = PathBuf::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--clang" => clang = args.next().unwrap_or_default(),
            "--filter" => filter = args.next().unwrap_or_default(),
            _ => database = PathBuf::from(arg),
        }
    }
    let mut entries = units::commands(&database).expect("a readable compilation database");
    entries.retain(|e| e.file.to_string_lossy().contains(&filter));
    let session = Session::new();
    let next = AtomicUsize::new(0);
    let equal = AtomicUsize::new(0);
    let output = Mutex::new(());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(entry) = entries.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match compare(&session, &clang, entry) {
                        Ok(_) => drop(equal.fetch_add(1, Ordering::Relaxed)),
                        Err(message) => {
                            let _lock = output.lock();
                            println!("{}: {message}", entry.file.display());
                        }
                    }
                }
            });
        }
    });
    let equal = equal.into_inner();
    println!("{equal} of {} files have the same tokens; {:?}", entries.len(), session.counters());
    process::exit(i32::from(equal != entries.len()));
}
