//! A case's files as a project, and what the rules report in it.

use std::{
    collections::BTreeSet,
    fmt::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use bpf::diagnostic::{Edit, Fix};
use cfront::{
    fixture,
    flags::Flags,
    session::{FileSystem, MemoryFileSystem},
    source::Text,
};
use ide::{
    Analysis, AnalysisHost, Environment,
    answer::{Finding, Place},
    environment::{FileFlags, FlagsFrom},
    project_file::{self, ProjectFile},
};

/// What was reported.
pub(crate) struct Outcome {
    /// Ids of the rules that spoke.
    pub(crate) rules: BTreeSet<String>,
    /// Findings with related places, fixes and what these make of the text.
    pub(crate) text: String,
}

/// Reports on all C files of a case.
pub(crate) fn run(input: &str) -> Outcome {
    let files = files(input);
    let analysis = analysis(&files);
    let mut outcome = Outcome { rules: BTreeSet::new(), text: String::new() };
    let mut said = BTreeSet::new();
    for (place, finding) in findings(&analysis, &files) {
        // A header's finding comes once for each file that includes it.
        if !said.insert((
            place.path.clone(),
            place.range.start,
            finding.rule,
            finding.message.clone(),
        )) {
            continue;
        }
        outcome.rules.insert(finding.rule.id.to_owned());
        let out = &mut outcome.text;
        let shown = show(&analysis, &place);
        let (severity, rule) = (finding.severity.as_str(), finding.rule);
        let _ = writeln!(out, "{shown} {severity} {rule}: {}", finding.message);
        for (place, text) in &finding.related {
            let _ = writeln!(out, "    {}: {text}", show(&analysis, place));
        }
        for fix in &finding.fixes {
            let _ = writeln!(out, "    fix: {}", fix.title);
            apply(&files, &finding, fix, out);
        }
    }
    outcome
}

type Files = Vec<(PathBuf, Text)>;

/// The files of a case. `//- /path = NAME` stands for a file of `tests/rules/shared`.
fn files(input: &str) -> Files {
    let mut full = String::new();
    for line in input.split_inclusive('\n') {
        match line.strip_prefix("//- ").and_then(|head| head.trim().split_once(" = ")) {
            Some((path, name)) => full += &format!("//- {path}\n{}", shared(name)),
            None => full.push_str(line),
        }
    }
    if !full.starts_with("//- ") {
        full.insert_str(0, "//- /prog.bpf.c\n");
    }
    fixture::parse(&full).files
}

fn shared(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules/shared").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("shared/{name}: {e}"))
}

fn analysis(files: &Files) -> Analysis {
    let disk = MemoryFileSystem::default();
    for (path, text) in files {
        disk.write(path, text);
    }
    for name in ["bpf.h", "gpl.h", "user.h"] {
        disk.write(&Path::new("/").join(name), &shared(name));
    }
    let paths = files.iter().map(|(path, _)| path.clone()).collect();
    AnalysisHost::new(Arc::new(Project { disk, paths })).analysis()
}

fn findings(analysis: &Analysis, files: &Files) -> Vec<(Place, Finding)> {
    let sources = files.iter().filter(|(path, _)| path.extension().is_some_and(|e| e == "c"));
    sources.flat_map(|(path, _)| analysis.findings_with_headers(path).unwrap_or_default()).collect()
}

/// `/prog.bpf.c:3 `marked``
fn show(analysis: &Analysis, place: &Place) -> String {
    let text = analysis.document(&place.path).map(|d| d.text.clone()).unwrap_or_default();
    let (start, end) = (place.range.start as usize, place.range.end as usize);
    let line = text.get(..start).map_or(0, |before| before.matches('\n').count()) + 1;
    let marked = text.get(start..end).unwrap_or("?").split_whitespace().collect::<Vec<_>>();
    format!("{}:{line} `{}`", place.path.display(), marked.join(" "))
}

/// Writes what a fix makes of the files: the lines that go (`-`) and come (`+`); then whether the
/// finding is still there.
fn apply(files: &Files, finding: &Finding, fix: &Fix<Place>, out: &mut String) {
    let mut fixed = files.clone();
    for (path, text) in &mut fixed {
        let mut edits: Vec<_> = fix.edits.iter().filter(|edit| *edit.at.path == **path).collect();
        edits.sort_by_key(|e| std::cmp::Reverse((e.at.range.start, e.at.range.end)));
        let mut new = text.to_string();
        for Edit { at, text } in edits {
            new.replace_range(at.range.start as usize..at.range.end as usize, text);
        }
        if **text != *new {
            let _ = write!(out, "{}", difference(text, &new));
            *text = new.into();
        }
    }
    let count = |files: &Files| {
        let analysis = analysis(files);
        findings(&analysis, files).iter().filter(|(_, f)| f.rule == finding.rule).count()
    };
    if count(&fixed) >= count(files) {
        let _ = writeln!(out, "        (is still reported)");
    }
}

/// The lines that differ, by their longest common subsequence.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out = String::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            out += &format!("        - {}\n", old[i]);
            i += 1;
        } else {
            out += &format!("        + {}\n", new[j]);
            j += 1;
        }
    }
    out
}

/// The files of a case: BPF sources are `NAME.bpf.c`, every other C file may be a loader.
struct Project {
    disk: MemoryFileSystem,
    paths: Vec<PathBuf>,
}

fn is_loader(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.ends_with(".c") && !name.ends_with(".bpf.c")
}

impl FileSystem for Project {
    fn read(&self, path: &Path) -> Option<Text> {
        self.disk.read(path)
    }

    fn is_file(&self, path: &Path) -> bool {
        self.disk.is_file(path)
    }
}

impl Environment for Project {
    fn flags(&self, _: &Path) -> Arc<FileFlags> {
        Arc::new(FileFlags { flags: Flags::default(), from: FlagsFrom::CommandLine })
    }

    fn bpf_sources(&self, _: &Path, header: &str) -> Vec<PathBuf> {
        let stem = header.rsplit('/').next().unwrap_or(header).split('.').next().unwrap_or(header);
        vec![PathBuf::from(format!("/{stem}.bpf.c"))]
    }

    fn loaders(&self, _: &Path) -> Vec<PathBuf> {
        self.paths.iter().filter(|path| is_loader(path)).cloned().collect()
    }

    fn project_file(&self, _: &Path) -> Arc<ProjectFile> {
        let text = self.disk.read(&Path::new("/").join(project_file::NAME));
        Arc::new(text.map(|text| ProjectFile::read(&text)).unwrap_or_default())
    }

    fn bpf_programs_beside(&self, program: &Path) -> Vec<PathBuf> {
        let is_other = |path: &&PathBuf| {
            path.to_string_lossy().ends_with(".bpf.c") && path.as_path() != program
        };
        self.paths.iter().filter(is_other).cloned().collect()
    }
}
