//! `bpf-lsp check`: all findings in some files and folders.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
};

use ide::Analysis;
use rayon::prelude::*;

use super::{
    FlagArgs, ReportFormat, input,
    report::{self, Entry, Spans},
    sarif,
};

/// Checks files; prints the findings in order of file and place.
pub(super) fn run(
    format: ReportFormat,
    paths: &[PathBuf],
    flags: &FlagArgs,
) -> Result<ExitCode, String> {
    let analysis = input::analysis(flags)?;
    let mut failed = false;
    let mut files = BTreeSet::new();
    for path in paths {
        match collect(path) {
            Ok(found) => files.extend(found),
            Err(error) => {
                eprintln!("bpf-lsp: {error}");
                failed = true;
            }
        }
    }
    let files: Vec<PathBuf> = files.into_iter().collect();
    let results: Vec<Result<Checked, String>> =
        files.par_iter().map(|path| check(&analysis, path)).collect();
    let mut entries: Vec<Entry> = Vec::new();
    let mut notes: Vec<(String, usize)> = Vec::new();
    for result in results {
        match result {
            Ok(checked) => {
                entries.extend(checked.entries);
                for note in checked.notes {
                    match notes.iter_mut().find(|(known, _)| *known == note) {
                        Some((_, files)) => *files += 1,
                        None => notes.push((note, 1)),
                    }
                }
            }
            Err(error) => {
                eprintln!("bpf-lsp: {error}");
                failed = true;
            }
        }
    }
    for (note, files) in notes {
        let files = if files > 1 { format!(" ({files} files)") } else { String::new() };
        eprintln!("bpf-lsp: {note}{files}");
    }
    entries.sort_by(|a, b| (&a.span, a.rule).cmp(&(&b.span, b.rule)));
    // A header's finding comes once for each program that includes it.
    entries.dedup();
    super::print(&match format {
        ReportFormat::Text => report::text(&entries),
        ReportFormat::Json => report::json(&entries)?,
        ReportFormat::Sarif => sarif::print(&entries)?,
    })?;
    Ok(match (failed, entries.is_empty()) {
        (true, _) => ExitCode::from(2),
        (false, false) => ExitCode::from(1),
        (false, true) => ExitCode::SUCCESS,
    })
}

struct Checked {
    entries: Vec<Entry>,
    notes: Vec<String>,
}

fn check(analysis: &Analysis, path: &Path) -> Result<Checked, String> {
    let spans = Spans::new(analysis);
    let unreadable = || format!("{}: cannot be read", spans.file(path));
    let Ok(Some(file)) = analysis.file(path) else { return Err(unreadable()) };
    let Ok(findings) = analysis.findings_with_headers(path) else { return Err(unreadable()) };
    let notes = match file.role {
        ide::Role::Bpf => input::notes(&file),
        _ => Vec::new(),
    };
    let entries = findings.iter().map(|(place, finding)| spans.entry(place, finding)).collect();
    Ok(Checked { entries, notes })
}

/// The files of an argument: itself, or the C files in a folder (what git ignores is left out).
fn collect(path: &Path) -> Result<Vec<PathBuf>, String> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?;
    if !metadata.is_dir() {
        return Ok(vec![input::absolute(path)?]);
    }
    let mut files = Vec::new();
    for entry in ignore::WalkBuilder::new(path).build() {
        let entry = entry.map_err(|error| format!("{shown}: {error}"))?;
        let is_c = entry.path().extension().is_some_and(|extension| extension == "c");
        if is_c && entry.file_type().is_some_and(|kind| kind.is_file()) {
            files.push(input::absolute(entry.path())?);
        }
    }
    Ok(files)
}
