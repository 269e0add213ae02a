//! Scores the object model read from compiled objects against bpftool's headers.
//!
//!     score_objects CORPUS_DIR
//!
//! Each folder of CORPUS_DIR holds what `tests/corpus/build.py` recorded of one program: `obj.o`, and
//! where bpftool made them `skel.h`, `subskel.h`, `lskel.h`, and the object `linked.o` with
//! `skel.linked.h`. Prints the figures and every difference; exit code 1 when there is one.

use bpf::skeleton::{self, SkeletonKind};
use bpf_lsp_tests::first_difference;
use bpf_lsp_tests::skeleton_extract::declaration_part;
use std::process::ExitCode;

const CASES: [(&str, &str, &str, SkeletonKind); 4] = [
    ("skeleton", "obj.o", "skel.h", SkeletonKind::Skeleton),
    ("subskeleton", "obj.o", "subskel.h", SkeletonKind::Subskeleton),
    ("light skeleton", "obj.o", "lskel.h", SkeletonKind::Light),
    ("skeleton of linked object", "linked.o", "skel.linked.h", SkeletonKind::Skeleton),
];

#[derive(Default)]
struct Score {
    same: usize,
    total: usize,
}

fn main() -> ExitCode {
    let Some(corpus) = std::env::args().nth(1) else {
        eprintln!("usage: score_objects CORPUS_DIR");
        return ExitCode::from(2);
    };
    let mut folders: Vec<_> = match std::fs::read_dir(&corpus) {
        Ok(entries) => entries.flatten().map(|e| e.path()).filter(|p| p.is_dir()).collect(),
        Err(e) => {
            eprintln!("{corpus}: {e}");
            return ExitCode::from(2);
        }
    };
    folders.sort();
    let mut scores: [Score; CASES.len()] = Default::default();
    let mut refusals = Score::default();
    let mut failures = Vec::new();
    for folder in &folders {
        let id = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for ((what, object, header, kind), score) in CASES.iter().zip(&mut scores) {
            let Ok(bytes) = std::fs::read(folder.join(object)) else { continue };
            let header = std::fs::read_to_string(folder.join(header)).ok();
            // The light skeleton's loader fails for more reasons than open does.
            if header.is_none() && *kind != SkeletonKind::Skeleton {
                continue;
            }
            let name = header.as_deref().and_then(struct_name).unwrap_or("x");
            let opened = bpf::elf::open(&bytes, name);
            match (header, opened) {
                (Some(header), Ok(object)) => {
                    score.total += 1;
                    let ours = skeleton::print(&object, *kind);
                    match first_difference(&declaration_part(&header), &ours) {
                        None => score.same += 1,
                        Some(difference) => failures.push(format!("{id}: {what}: {difference}")),
                    }
                }
                (Some(_), Err(e)) => {
                    score.total += 1;
                    failures.push(format!("{id}: {what}: refused: {e}"));
                }
                (None, Ok(_)) => {
                    refusals.total += 1;
                    failures.push(format!(
                        "{id}: {object} opens, but not with bpftool",
                        object = object
                    ));
                }
                (None, Err(_)) => {
                    refusals.total += 1;
                    refusals.same += 1;
                }
            }
        }
    }
    for ((what, ..), score) in CASES.iter().zip(&scores) {
        print_score(what, score);
    }
    print_score("objects that libbpf refuses", &refusals);
    for failure in &failures {
        println!("{failure}");
    }
    if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print_score(what: &str, score: &Score) {
    if score.total == 0 {
        println!("{what:<28} none");
        return;
    }
    let percent = 100.0 * score.same as f64 / score.total as f64;
    println!("{what:<28} {:>5} of {:>5}  {percent:6.2} %", score.same, score.total);
}

/// The object name that a header was made with.
fn struct_name(header: &str) -> Option<&str> {
    let line = header.lines().find(|l| l.starts_with("struct ") && l.ends_with(" {"))?;
    line.strip_prefix("struct ")?.strip_suffix(" {")
}
