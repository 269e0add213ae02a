//! Runs the BPF side's rules over a corpus whose programs work: every report must be a known one.
//!
//!     score_rules CORPUS_DIR [--only TEXT] [--known FILE]
//!
//! CORPUS_DIR holds `compile_commands.json`. FILE (by default `tests/corpus/known_reports.tsv`) lists
//! reports that were looked at and are right: rule, file (relative to the command's folder), the text
//! that is marked, and the reason. Prints all reports, the count of each rule, and the reports that
//! are listed but did not come; exit code 1 when there is a report that is not listed.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bpf::rules::{self, Usage};
use bpf_lsp_tests::units::{Command, commands, unit_of};
use cfront::session::Session;

/// A report: rule, file, marked text; and for people: line, severity, message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Report {
    rule: &'static str,
    file: String,
    marked: String,
    line: usize,
    severity: &'static str,
    message: String,
}

fn main() -> ExitCode {
    let mut corpus = None;
    let mut only = None;
    let mut known = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus/known_reports.tsv");
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--only" => only = args.next(),
            "--known" => known = args.next().map(PathBuf::from).unwrap_or(known),
            _ => corpus = Some(PathBuf::from(arg)),
        }
    }
    let Some(corpus) = corpus else {
        eprintln!("usage: score_rules CORPUS_DIR [--only TEXT] [--known FILE]");
        return ExitCode::from(2);
    };
    let entries = match commands(&corpus) {
        Ok(entries) => entries,
        Err(e) => {
            eprintln!("{}: {e}", corpus.display());
            return ExitCode::from(2);
        }
    };
    let wanted = |e: &Command| {
        only.as_ref().is_none_or(|text| e.file.to_string_lossy().contains(text.as_str()))
    };
    let entries: Vec<Command> = entries.into_iter().filter(wanted).collect();
    let reports = check_all(&entries);
    let listed = std::fs::read_to_string(&known).unwrap_or_default();
    report(&reports, &listed, entries.len(), only.is_none())
}

fn check_all(entries: &[Command]) -> BTreeSet<Report> {
    let next = AtomicUsize::new(0);
    let reports = Mutex::new(BTreeSet::new());
    let session = Session::new();
    let loaders = Loaders::read(entries);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let spawned =
                std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, || {
                    while let Some(entry) = entries.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let found = check(&session, &loaders, entry);
                        if let Ok(mut all) = reports.lock() {
                            all.extend(found);
                        }
                    }
                });
            if let Err(e) = spawned {
                eprintln!("thread: {e}");
            }
        }
    });
    reports.into_inner().unwrap_or_default()
}

/// What the corpus' user-space files do with its objects, as far as rules ask.
#[derive(Default)]
struct Loaders {
    files: Vec<String>,
}

impl Loaders {
    /// The C files of the commands' folders that include a skeleton or open an object.
    fn read(entries: &[Command]) -> Loaders {
        let roots: BTreeSet<&Path> = entries.iter().map(|e| e.directory.as_path()).collect();
        let mut files = Vec::new();
        for root in roots {
            for folder in ["", "prog_tests", "benchs", "map_tests"] {
                let folder = std::fs::read_dir(root.join(folder)).into_iter().flatten();
                for path in folder.flatten().map(|file| file.path()) {
                    if path.extension().is_some_and(|e| e == "c")
                        && let Ok(text) = std::fs::read_to_string(&path)
                        && [".skel.h\"", "bpf_object__open", "bpf_prog_test_load"]
                            .iter()
                            .any(|mark| text.contains(mark))
                    {
                        files.push(text);
                    }
                }
            }
        }
        Loaders { files }
    }

    fn usage(&self, file: &Path) -> Usage {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let names = [
            format!("\"{stem}.skel.h\""),
            format!("\"{stem}.lskel.h\""),
            format!("/{stem}.bpf.o\""),
            format!("\"{stem}.bpf.o\""),
        ];
        let by: Vec<&String> =
            self.files.iter().filter(|text| names.iter().any(|n| text.contains(n))).collect();
        let any = |words: &[&str]| by.iter().any(|t| words.iter().any(|w| t.contains(w)));
        let opens =
            by.iter().any(|t| t.contains("bpf_object__open") || t.contains("bpf_prog_test_load"));
        let includes = by.iter().any(|t| names.iter().take(2).any(|n| t.contains(n)));
        let linked = self.files.iter().any(|t| t.contains(&format!("\"linked_{stem}")));
        let mut usage = Usage {
            libbpf_loads: includes || opens,
            sets_program_types: any(&[
                "bpf_program__set_type",
                "libbpf_register_prog_handler",
                // Takes the type as an argument and sets it.
                "bpf_prog_test_load",
            ]),
            relaxed_maps: any(&["relaxed_maps"]),
            stands_alone: (includes || opens) && !linked,
            ..Usage::default()
        };
        if any(&["bpf_map__set_"]) {
            usage.maps_set_by_code.insert("*".into());
        }
        usage
    }
}

fn check(session: &Session, loaders: &Loaders, entry: &Command) -> Vec<Report> {
    let unit = unit_of(session, &entry.file, &entry.arguments, &entry.directory);
    let Some(unit) = unit else { return Vec::new() };
    let object = bpf::source::object(&unit, "x");
    let usage = loaders.usage(&entry.file);
    if !object.complete {
        println!("only partly understood: {}", entry.file.display());
    }
    let found = rules::check(rules::Input { unit: &unit, object: &object, usage: &usage.into() });
    let pp = unit.preprocessed();
    found
        .into_iter()
        .map(|d| {
            let path = session.path(d.range.file);
            let path = path.strip_prefix(&entry.directory).unwrap_or(&path);
            let text = pp.text(d.range.file).map_or("", |t| t.as_ref());
            let marked = text.get(d.range.start as usize..d.range.end as usize).unwrap_or("");
            let before = text.get(..d.range.start as usize).unwrap_or("");
            Report {
                rule: d.rule.id,
                file: path.to_string_lossy().into_owned(),
                marked: marked.split_whitespace().collect::<Vec<_>>().join(" "),
                line: before.matches('\n').count() + 1,
                severity: d.severity.as_str(),
                message: d.message,
            }
        })
        .collect()
}

fn report(reports: &BTreeSet<Report>, listed: &str, files: usize, all: bool) -> ExitCode {
    let known: BTreeSet<[&str; 3]> = listed
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let mut cells = line.split('\t');
            Some([cells.next()?, cells.next()?, cells.next()?])
        })
        .collect();
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut came = BTreeSet::new();
    let mut unknown = 0;
    for r in reports {
        let key = [r.rule, r.file.as_str(), r.marked.as_str()];
        let is_known = known.contains(&key);
        let count = counts.entry(r.rule).or_default();
        count.0 += 1;
        if is_known {
            came.insert(key);
        } else {
            count.1 += 1;
            unknown += 1;
        }
        let mark = if is_known { "listed" } else { "NEW" };
        println!(
            "{mark}\t{}\t{}:{}\t{}\t{}: {}",
            r.rule, r.file, r.line, r.marked, r.severity, r.message
        );
    }
    if all {
        for missing in known.difference(&came) {
            println!("listed, but not reported: {}", missing.join("\t"));
        }
    }
    for (rule, (total, new)) in counts {
        println!("{rule}: {total} reports, {new} not listed");
    }
    println!("{files} files, {} reports, {unknown} not listed", reports.len());
    if unknown == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
