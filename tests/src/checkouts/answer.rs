//! What the server answers about one file of a checkout, over its own view of the disk.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use bpf::skeleton::{self, SkeletonKind};
use cfront::{flags::Flags, session::FileSystem, source::Text};
use ide::{
    Analysis, AnalysisHost, Environment, Role,
    environment::{FileFlags, FlagsFrom, ProjectFiles, SkeletonOrigin},
    lines::Encoding,
    project_file::ProjectFile,
};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Everything about a file that is scored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// `bpf`, `loader`, `header`, `other`, `unreadable`
    pub role: String,
    /// Where the flags come from.
    pub flags: String,
    /// The name that the object is given.
    pub name: String,
    /// The skeleton's declarations with that name, and with the one that was asked for.
    pub skeleton: String,
    /// As `skeleton`, with the name that was asked for.
    pub named: String,
    /// Whether the answer claims to be whole.
    pub complete: bool,
    /// Includes that were not found.
    pub missing: Vec<String>,
    /// Includes that a built-in header stands in for.
    pub stand_ins: Vec<String>,
    /// Sections of which it is told that the optimiser decides.
    pub likely: Vec<String>,
    /// Why libbpf would refuse the object.
    pub refusals: Vec<String>,
    /// What the rules say.
    pub findings: Vec<Finding>,
    /// Processor time in microseconds until the skeleton was there, and until the findings were.
    pub skeleton_us: u64,
    /// As `skeleton_us`, with the findings.
    pub all_us: u64,
    /// Most memory at a time, in KiB.
    pub memory_kib: u64,
}

/// A finding of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Path of the file.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: u32,
    /// `error`, `warning`, `information`, `hint`
    pub severity: String,
    /// The rule's name.
    pub rule: String,
    /// One line.
    pub message: String,
}

/// The role of a file as [`Answer::role`] has it.
pub fn role(analysis: &Analysis, path: &Path) -> &'static str {
    match analysis.file(path) {
        Ok(Some(file)) => name_of(file.role),
        _ => "unreadable",
    }
}

fn name_of(role: Role) -> &'static str {
    match role {
        Role::Bpf => "bpf",
        Role::Loader => "loader",
        Role::Header => "header",
        Role::Other => "other",
    }
}

/// An analysis of the disk as the server sees it, without settings.
pub fn analysis() -> Analysis {
    AnalysisHost::new(bpf_lsp::environment()).analysis()
}

/// Asks about a file: with the flags that the server finds, or with those of a compile command
/// (`flags.json` beside the truth). The name is that of the truth.
pub fn ask(path: &Path, name: &str, command: Option<&Path>) -> Result<Answer, String> {
    let analysis = match command {
        None => analysis(),
        Some(command) => {
            let flags = given(command)?;
            let disk = bpf_lsp::environment();
            AnalysisHost::new(Arc::new(WithFlags { disk, path: path.to_owned(), flags })).analysis()
        }
    };
    let Ok(Some(file)) = analysis.file(path) else {
        return Ok(Answer { role: "unreadable".into(), ..Answer::default() });
    };
    let mut answer = Answer {
        role: name_of(file.role).into(),
        flags: file.flags.from.to_string(),
        ..Answer::default()
    };
    for include in &file.preprocessed.includes {
        let list = match (include.resolved, include.stand_in) {
            (None, _) => &mut answer.missing,
            (Some(_), true) => &mut answer.stand_ins,
            _ => continue,
        };
        if !list.iter().any(|known| **known == *include.path) {
            list.push(include.path.to_string());
        }
    }
    if let Some(source) = file.source() {
        answer.name = source.object.name.to_string();
        answer.skeleton = skeleton::print(&source.object, SkeletonKind::Skeleton);
        answer.complete = source.object.complete && file.preprocessed.complete;
        answer.refusals = source.refusals.iter().map(ToString::to_string).collect();
        let likely = source.object.sections.iter().filter(|s| !s.certainty.is_certain());
        answer.likely = likely.map(|section| section.name.to_string()).collect();
        answer.skeleton_us = processor_time();
        let named = bpf::source::object(&file.unit, name);
        answer.named = skeleton::print(&named, SkeletonKind::Skeleton);
    }
    let before = processor_time();
    answer.findings = findings(&analysis, path);
    answer.all_us = answer.skeleton_us + (processor_time() - before);
    answer.memory_kib = most_memory();
    Ok(answer)
}

fn findings(analysis: &Analysis, path: &Path) -> Vec<Finding> {
    let found = analysis.findings_with_headers(path).unwrap_or_default();
    let finding = |(place, finding): &(ide::answer::Place, ide::answer::Finding)| {
        let line = analysis.document(&place.path).map_or(0, |document| {
            let start = place.range.start as usize;
            document.lines().position(&document.text, start, Encoding::Utf8).line
        });
        Finding {
            file: place.path.to_path_buf(),
            line: line + 1,
            severity: finding.severity.as_str().into(),
            rule: finding.rule.id.into(),
            message: finding.message.replace(['\n', '\t'], " "),
        }
    };
    found.iter().map(finding).collect()
}

fn processor_time() -> u64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as u64 * 1_000_000 + now.tv_nsec as u64 / 1_000
}

/// Of this process; 0 where the system does not tell.
fn most_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn given(command: &Path) -> Result<Arc<FileFlags>, String> {
    let said = |error: &dyn ToString| format!("{}: {}", command.display(), error.to_string());
    let text = fs::read_to_string(command).map_err(|e| said(&e))?;
    let value: serde_json::Value = serde_json::from_str(&text).map_err(|e| said(&e))?;
    let arguments = value["arguments"].as_array().ok_or_else(|| said(&"no arguments"))?;
    let arguments: Vec<String> =
        arguments.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect();
    let directory = PathBuf::from(value["directory"].as_str().unwrap_or_default());
    let flags = Flags::parse(&arguments, &directory);
    Ok(Arc::new(FileFlags { flags, from: FlagsFrom::CommandLine }))
}

/// The disk, where one file has flags that are given.
struct WithFlags {
    disk: Arc<dyn Environment>,
    path: PathBuf,
    flags: Arc<FileFlags>,
}

impl FileSystem for WithFlags {
    fn read(&self, path: &Path) -> Option<Text> {
        self.disk.read(path)
    }

    fn read_bytes(&self, path: &Path) -> Option<Vec<u8>> {
        self.disk.read_bytes(path)
    }

    fn is_file(&self, path: &Path) -> bool {
        self.disk.is_file(path)
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.disk.is_folder(path)
    }
}

impl Environment for WithFlags {
    fn flags(&self, path: &Path) -> Arc<FileFlags> {
        if path == self.path { self.flags.clone() } else { self.disk.flags(path) }
    }

    fn bpf_sources(&self, loader: &Path, header: &str) -> Vec<PathBuf> {
        self.disk.bpf_sources(loader, header)
    }

    fn skeleton_origins(&self, loader: &Path, header: &str) -> Vec<SkeletonOrigin> {
        self.disk.skeleton_origins(loader, header)
    }

    fn skeleton_names(&self, program: &Path) -> Vec<String> {
        self.disk.skeleton_names(program)
    }

    fn loaders(&self, program: &Path) -> Vec<PathBuf> {
        self.disk.loaders(program)
    }

    fn possible_cpus(&self) -> Option<u64> {
        self.disk.possible_cpus()
    }

    fn neighbours(&self, program: &Path) -> Vec<PathBuf> {
        self.disk.neighbours(program)
    }

    fn project_files(&self, program: &Path) -> ProjectFiles {
        self.disk.project_files(program)
    }

    fn project_file(&self, path: &Path) -> Arc<ProjectFile> {
        self.disk.project_file(path)
    }

    fn bpf_programs_beside(&self, program: &Path) -> Vec<PathBuf> {
        self.disk.bpf_programs_beside(program)
    }
}
