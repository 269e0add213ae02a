//! `bpf-lsp check`: all findings in some files and folders.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use ide::{Analysis, AnalysisHost, FileAnalysis, Role};
use rayon::prelude::*;

use super::{
    FlagArgs, ReportFormat, baseline, input,
    report::{self, Entry, Spans},
    sarif, terminal,
};
use crate::project::{Disk, objects::ObjectCache};

/// What a project has already.
#[derive(Args, Debug, Default)]
pub(super) struct Baseline {
    /// Report only what this file does not know
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write all findings to this file, for `--baseline`
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
}

/// Checks files; prints the findings in order of file and place.
pub(super) fn run(
    format: ReportFormat,
    objects: bool,
    baseline: &Baseline,
    paths: &[PathBuf],
    flags: &FlagArgs,
) -> Result<ExitCode, String> {
    let disk = input::disk(flags)?;
    let analysis = AnalysisHost::new(disk.clone()).analysis();
    let objects = objects.then(|| Objects { disk: &disk, cache: ObjectCache::default() });
    let mut failed = false;
    let mut files = BTreeSet::new();
    for path in paths {
        match collect(path) {
            Ok(found) => files.extend(found),
            Err(error) => {
                terminal::note(&error);
                failed = true;
            }
        }
    }
    let files: Vec<PathBuf> = files.into_iter().collect();
    let results: Vec<Result<Checked, String>> =
        files.par_iter().map(|path| check(&analysis, objects.as_ref(), path)).collect();
    let mut entries: Vec<Entry> = Vec::new();
    let mut notes: Vec<(String, usize)> = Vec::new();
    let warnings: BTreeSet<String> = files
        .iter()
        .flat_map(|path| analysis.project_file(path).warnings.clone())
        .map(|warning| format!("{}: {warning}", ide::project_file::NAME))
        .collect();
    for warning in warnings {
        terminal::note(&warning);
    }
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
                terminal::note(&error);
                failed = true;
            }
        }
    }
    for (note, files) in notes {
        let files = if files > 1 { format!(" ({files} files)") } else { String::new() };
        terminal::note(&format!("{note}{files}"));
    }
    entries.sort_by(|a, b| (&a.span, a.rule).cmp(&(&b.span, b.rule)));
    // A header's finding comes once for each program that includes it.
    entries.dedup();
    if let Some(path) = &baseline.write_baseline {
        baseline::write(path, &entries)?;
        terminal::note(&format!("{} findings written to {}", entries.len(), path.display()));
        return Ok(if failed { ExitCode::from(2) } else { ExitCode::SUCCESS });
    }
    if let Some(path) = &baseline.baseline {
        entries = baseline::new_ones(path, entries)?;
    }
    match format {
        ReportFormat::Text => terminal::print(&report::text(&entries))?,
        ReportFormat::Json => terminal::print_json(&report::json(&entries)?)?,
        ReportFormat::Sarif => terminal::print_json(&sarif::print(&entries)?)?,
    }
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

/// Where built objects are looked for.
struct Objects<'a> {
    disk: &'a Disk,
    cache: ObjectCache,
}

impl Objects<'_> {
    /// The snapshot with the built object of a program, if there is one.
    fn add(&self, analysis: &Analysis, file: &FileAnalysis, path: &Path) -> Analysis {
        let built = self.disk.built_object(path, &analysis.files_read(file), &self.cache);
        analysis.clone().with_objects(path, built.map(Arc::new).into_iter().collect())
    }
}

fn check(
    analysis: &Analysis,
    objects: Option<&Objects<'_>>,
    path: &Path,
) -> Result<Checked, String> {
    let spans = Spans::new(analysis);
    let unreadable = || format!("{}: cannot be read", spans.file(path));
    let Ok(Some(file)) = analysis.file(path) else { return Err(unreadable()) };
    let with_object = match objects {
        Some(objects) if file.role == Role::Bpf => Some(objects.add(analysis, &file, path)),
        _ => None,
    };
    let analysis = with_object.as_ref().unwrap_or(analysis);
    let Ok(findings) = analysis.findings_with_headers(path) else { return Err(unreadable()) };
    let notes = match file.role {
        Role::Bpf => input::notes(&file),
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
