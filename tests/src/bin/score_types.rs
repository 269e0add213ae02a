//! Scores types from source against BTF.
//!
//!     score_types CORPUS_DIR [--only TEXT]     every object of a corpus
//!     score_types --header FILE.h FILE.btf OBJECT.o
//!                                              one header, e.g. vmlinux.h, and the BTF that it was made of;
//!                                              where the two differ, what clang reads in the header decides
//!     score_types --program FILE.h FILE.btf    prints the program that clang makes OBJECT.o of

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use bpf_lsp_tests::{
    type_truth::{TypeScore, compare},
    units::{commands, unit_of},
};
use btf::Btf;
use cfront::{
    ctypes::CTypeId,
    sema::{Definition, Initial},
    session::Session,
    unit::{ItemId, Unit},
};

fn main() -> ExitCode {
    // Deep nesting in debug builds needs room.
    let worker = std::thread::Builder::new().stack_size(64 << 20).spawn(run);
    worker.ok().and_then(|w| w.join().ok()).unwrap_or(ExitCode::from(2))
}

fn run() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["--header", header, btf, object] => one_header(header, btf, object),
        ["--program", header, btf] => program(header, btf),
        [corpus] => whole_corpus(Path::new(corpus), ""),
        [corpus, "--only", text] => whole_corpus(Path::new(corpus), text),
        _ => {
            eprintln!(
                "usage: score_types CORPUS_DIR [--only TEXT] | --header FILE.h FILE.btf OBJECT.o | \
                 --program FILE.h FILE.btf"
            );
            ExitCode::from(2)
        }
    }
}

fn print(id: &str, score: &TypeScore) {
    for difference in &score.differences {
        println!("{id}: {difference}");
    }
}

/// A header and the types of a file with raw BTF; says what cannot be read.
fn header_and_truth(session: &Session, header: &str, btf: &str) -> Option<(Unit, Btf)> {
    let unit = unit_of(session, Path::new(header), &[], Path::new("/"));
    if unit.is_none() {
        eprintln!("{header}: cannot be read");
    }
    let truth = std::fs::read(btf).map_err(|e| e.to_string());
    let truth = truth.and_then(|bytes| btf::read(&bytes).map_err(|e| e.to_string()));
    Some((unit?, truth.map_err(|e| eprintln!("{btf}: {e}")).ok()?))
}

/// A program with something of each type that is in both, so that the object's BTF has them all.
fn program(header: &str, btf: &str) -> ExitCode {
    let session = Session::new();
    let Some((unit, truth)) = header_and_truth(&session, header, btf) else {
        return ExitCode::from(2);
    };
    println!("#include \"{header}\"");
    for (number, name) in compare(&unit, &truth).names.iter().enumerate() {
        // A typedef may be of a function or of `void`.
        match name.strip_prefix("typedef ") {
            Some(name) => println!("{name} *t{number};"),
            None => println!("{name} t{number};"),
        }
    }
    ExitCode::SUCCESS
}

fn one_header(header: &str, btf: &str, object: &str) -> ExitCode {
    let session = Session::new();
    let Some((unit, truth)) = header_and_truth(&session, header, btf) else {
        return ExitCode::from(2);
    };
    let clang = std::fs::read(object).map_err(|e| e.to_string());
    let clang = match clang.and_then(|b| bpf::elf::raw_btf(&b).map_err(|e| e.to_string())) {
        Ok(clang) => compare(&unit, &clang),
        Err(e) => {
            eprintln!("{object}: {e}");
            return ExitCode::from(2);
        }
    };
    print("as clang reads it", &clang);
    let score = compare(&unit, &truth);
    score.absent.iter().for_each(|a| println!("absent in the header: {a}"));
    let mut wrong = clang.compared - clang.equal;
    for (name, difference) in score.differing.iter().zip(&score.differences) {
        let by_clang = clang.names.contains(name) && !clang.differing.contains(name);
        wrong += usize::from(!by_clang);
        let whose = if by_clang { "the header says otherwise, as clang reads it" } else { "WRONG" };
        println!("{difference} ({whose})");
    }
    println!(
        "types equal to the BTF the header was made of: {} of {}, {} absent; to clang's of the header: \
         {} of {}; wrong: {wrong}; {:?}",
        score.equal,
        score.compared,
        score.absent.len(),
        clang.equal,
        clang.compared,
        unit.work()
    );
    if wrong == 0 && clang.compared > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn whole_corpus(corpus: &Path, only: &str) -> ExitCode {
    let entries = match commands(corpus) {
        Ok(entries) => entries,
        Err(e) => {
            eprintln!("{}: {e}", corpus.display());
            return ExitCode::from(2);
        }
    };
    let session = Session::new();
    let mut unknowns = 0;
    let (mut objects, mut right, mut compared, mut equal, mut absent) = (0, 0, 0, 0, 0);
    for entry in entries.iter().filter(|e| e.id.contains(only)) {
        let Ok(bytes) = std::fs::read(PathBuf::from(&entry.object)) else { continue };
        let Ok(truth) = bpf::elf::raw_btf(&bytes) else { continue };
        let Some(unit) = unit_of(&session, &entry.file, &entry.arguments, &entry.directory) else {
            println!("{}: cannot read", entry.id);
            continue;
        };
        let unknown = unknown(&unit);
        unknowns += unknown.len();
        unknown.iter().for_each(|u| println!("{}: {u}", entry.id));
        let score = compare(&unit, &truth);
        print(&entry.id, &score);
        for name in &score.absent {
            println!("{}: absent {name}", entry.id);
        }
        objects += 1;
        // A tag declared in a function body is in the object's BTF, but in no scope of the file.
        let all_found = score.absent.iter().all(|name| is_local_tag(&unit, name));
        right += usize::from(score.equal == score.compared && all_found);
        compared += score.compared;
        equal += score.equal;
        absent += score.absent.len();
    }
    println!(
        "objects right: {right} of {objects}; types equal: {equal} of {compared}, {absent} absent"
    );
    println!("variables, parameters and initial values not known: {unknowns}");
    if right == objects { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What is not known of the variables of a file: types, sizes, initial bytes.
fn unknown(unit: &Unit) -> Vec<String> {
    let mut out = Vec::new();
    for v in unit.variables() {
        let text = unit.spell(v.ty, Some(v.name.as_str()));
        let incomplete = matches!(v.definition, Definition::None);
        if v.size.is_none() && !incomplete || v.ty == CTypeId::UNKNOWN {
            out.push(format!("size of {text}"));
        }
        if !incomplete && matches!(unit.initial(v), Initial::Unknown) {
            out.push(format!("bytes of {text}"));
        }
    }
    for item in (0..unit.item_count()).map(ItemId).filter(|&i| unit.in_main_file(i)) {
        let Some(scope) = unit.scope(item) else { continue };
        for local in scope.locals().iter().filter(|l| l.ty == CTypeId::UNKNOWN) {
            out.push(format!("type of local {}", local.name));
        }
    }
    out
}

/// Whether a type (`enum Z`) is declared inside a function of the file.
fn is_local_tag(unit: &Unit, name: &str) -> bool {
    let Some((keyword, tag)) = name.split_once(' ') else { return false };
    (0..unit.item_count()).map(ItemId).any(|item| {
        let is_function =
            unit.item(item).is_some_and(|p| matches!(p.syntax, cfront::ast::Item::Function(_)));
        is_function
            && unit.tokens(item).windows(2).any(|pair| pair[0].is(keyword) && pair[1].is(tag))
    })
}
