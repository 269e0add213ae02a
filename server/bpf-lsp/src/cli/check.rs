//! `bpf-lsp check`: all findings in some files and folders.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use ide::{Analysis, AnalysisHost, FileAnalysis, Role, Survey};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{
    FlagArgs, ReportFormat, baseline, input,
    report::{self, Entry, Spans},
    sarif,
    sources::{self, Sources},
    terminal,
};
use crate::project::{
    Disk,
    files::{self, Kind},
    objects::ObjectCache,
};

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

/// Files that are checked at a time: what is made of them is in memory until all of them are done.
const IN_FLIGHT: usize = 64;

/// After so many programs and loaders all that is kept of files and headers goes.
const KEPT: usize = 64;

/// Checks files; prints the findings in order of file and place.
pub(super) fn run(
    format: ReportFormat,
    objects: bool,
    baseline: &Baseline,
    paths: &[PathBuf],
    flags: &FlagArgs,
) -> Result<ExitCode, String> {
    let disk = input::disk(flags)?;
    let sources = sources::collect(paths);
    for said in sources.errors.iter().chain(&sources.notes) {
        terminal::note(said);
    }
    let Report { mut entries, warnings, mut errors, notes } = check_all(&sources, &disk, objects);
    let failed = !errors.is_empty() || !sources.errors.is_empty();
    for warning in warnings {
        terminal::note(&warning);
    }
    for error in errors.drain(..) {
        terminal::note(&error);
    }
    for (note, files) in notes.in_order() {
        let files = if files > 1 { format!(" ({files} files)") } else { String::new() };
        terminal::note(&format!("{note}{files}"));
    }
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

/// What is said of all files.
#[derive(Default)]
struct Report {
    /// Sorted.
    entries: Vec<Entry>,
    /// Of project files.
    warnings: BTreeSet<String>,
    /// Of files that could not be read, in their order.
    errors: Vec<String>,
    notes: Notes,
}

impl Report {
    fn sort(&mut self) {
        self.entries.sort_by(|a, b| (&a.span, a.rule).cmp(&(&b.span, b.rule)));
        // A header's finding comes once for each program that includes it.
        self.entries.dedup();
    }
}

/// Notes, and to how many files each of them applies.
#[derive(Default)]
struct Notes(FxHashMap<String, (usize, usize)>);

impl Notes {
    fn add(&mut self, note: String) {
        let next = self.0.len();
        self.0.entry(note).or_insert((next, 0)).1 += 1;
    }

    /// In the order in which they came.
    fn in_order(self) -> impl Iterator<Item = (String, usize)> {
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_unstable_by_key(|(_, (at, _))| *at);
        all.into_iter().map(|(note, (_, files))| (note, files))
    }
}

/// Checks files, some at a time, so that memory does not grow with their number.
fn check_all(sources: &Sources, disk: &Arc<Disk>, objects: bool) -> Report {
    let mut report = Report::default();
    let survey = Survey::default();
    let world = || {
        let objects = objects.then(|| Objects { disk, cache: ObjectCache::default() });
        (AnalysisHost::new(disk.clone()).analysis(), objects)
    };
    let (mut analysis, mut objects) = world();
    let (mut kept, mut sorted) = (0, 0);
    for files in sources.files.chunks(IN_FLIGHT) {
        let results: Vec<Result<Option<Checked>, String>> = files
            .par_iter()
            .map(|path| check(&analysis, &survey, objects.as_ref(), path))
            .collect();
        for (path, result) in files.iter().zip(results) {
            let warnings = &analysis.project_file(path).warnings;
            let name = ide::project_file::NAME;
            report.warnings.extend(warnings.iter().map(|warning| format!("{name}: {warning}")));
            match result {
                Ok(Some(checked)) => {
                    kept += 1;
                    report.entries.extend(checked.entries);
                    checked.notes.into_iter().for_each(|note| report.notes.add(note));
                }
                Ok(None) => {}
                Err(error) => report.errors.push(error),
            }
        }
        if kept >= KEPT {
            (analysis, objects) = world();
            disk.forget_files();
            kept = 0;
        }
        if report.entries.len() > 2 * sorted + 1024 {
            report.sort();
            sorted = report.entries.len();
        }
    }
    report.sort();
    report
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

/// What is said of a file; `None` for one that is left to others.
fn check(
    analysis: &Analysis,
    survey: &Survey,
    objects: Option<&Objects<'_>>,
    path: &Path,
) -> Result<Option<Checked>, String> {
    let spans = Spans::new(analysis);
    let unreadable = || {
        let why = files::read(path, Kind::Source).err();
        let why = why.map_or_else(|| "cannot be read".to_owned(), |why| why.to_string());
        format!("{}: {why}", spans.file(path))
    };
    if analysis.is_plain(path, survey).ok_or_else(unreadable)? {
        return Ok(None);
    }
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
    Ok(Some(Checked { entries, notes }))
}
