//! Scores the server on checkouts, as a stranger has them: nothing built, nothing configured.
//!
//!     score_checkouts --truth DIR [--rows DIR] FOLDER...
//!     score_checkouts --compare OLD.tsv NEW.tsv
//!
//! DIR is what `tests/checkouts/truth.py` wrote about the folders. Each program is asked about in a process
//! of its own, first with what the server finds by itself, then with the flags of the truth; and each
//! other C file (of many, a sample) is asked only what it is. Prints figures by project, kinds of faults with examples,
//! and what rules say of programs that compile and that libbpf opens. --rows writes all of it as
//! `rows.tsv` and `findings.tsv`. Exit code 1 when something is wrong that must never be (see `report::passes`).
//! --compare prints which files have another verdict in a later run.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use bpf_lsp_tests::checkouts::{
    Tree,
    answer::{self, Answer},
    report,
    rows::{self, Row},
    truth::{self, Program, Status},
    verdict::{self, Judgement, Verdict},
};

/// A process that takes longer gave no answer.
const LONGEST: Duration = Duration::from_secs(120);

/// So many files of a checkout that are no programs are asked what they are.
const MOST_OTHERS: usize = 300;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["--ask", path, name] => ask(Path::new(path), name, None),
        ["--ask", path, name, command] => ask(Path::new(path), name, Some(Path::new(command))),
        ["--roles"] => roles(),
        ["--compare", old, new] => rows::compare(Path::new(old), Path::new(new))
            .map(|text| print!("{text}"))
            .map(|()| true),
        _ => options(&words).and_then(|options| score(&options)),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

#[derive(Default)]
struct Options {
    truth: PathBuf,
    rows: Option<PathBuf>,
    folders: Vec<PathBuf>,
}

fn options(words: &[&str]) -> Result<Options, String> {
    let usage =
        "usage: score_checkouts --truth DIR [--rows DIR] FOLDER... | --compare OLD.tsv NEW.tsv";
    let mut options = Options::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--truth" => {
                let folder = words.next().ok_or(usage)?;
                options.truth =
                    std::fs::canonicalize(folder).map_err(|e| format!("{folder}: {e}"))?;
            }
            "--rows" => options.rows = Some(words.next().ok_or(usage)?.into()),
            folder => {
                let folder = std::fs::canonicalize(folder).map_err(|e| format!("{folder}: {e}"))?;
                options.folders.push(folder);
            }
        }
    }
    match options.folders.is_empty() || options.truth.as_os_str().is_empty() {
        true => Err(usage.into()),
        false => Ok(options),
    }
}

/// One file, in a process of its own: the answer as JSON on stdout.
fn ask(path: &Path, name: &str, command: Option<&Path>) -> Result<bool, String> {
    watch();
    let answer = answer::ask(path, name, command)?;
    let text = serde_json::to_string(&answer).map_err(|e| e.to_string())?;
    println!("{text}");
    Ok(true)
}

/// What the files whose paths come on stdin are, one a line.
fn roles() -> Result<bool, String> {
    watch();
    let analysis = answer::analysis();
    for path in std::io::stdin().lines() {
        println!("{}", answer::role(&analysis, Path::new(&path.map_err(|e| e.to_string())?)));
    }
    Ok(true)
}

/// Ends a process that takes too long.
fn watch() {
    thread::spawn(|| {
        thread::sleep(LONGEST);
        std::process::exit(124);
    });
}

fn score(options: &Options) -> Result<bool, String> {
    let mut all = Vec::new();
    for folder in &options.folders {
        let project = name_of(folder);
        let programs = truth::read(&options.truth.join(&project))?;
        let tree = Tree::walk(folder);
        let mut rows = programs_of(folder, &programs, &tree);
        rows.extend(others_of(folder, &programs, &tree)?);
        eprintln!("{project}: {} rows", rows.len());
        all.extend(rows);
    }
    println!("{}", report::table(&all));
    for (how, words) in [("bare", "with nothing given"), ("flags", "with the truth's flags")] {
        println!("## Kinds of faults {words}\n\n{}", report::kinds(&all, how));
        println!("## What rules say {words}\n\n{}", report::rules(&all, how));
    }
    if let Some(folder) = &options.rows {
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
        };
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let root = |project: &str| {
            let folder = options.folders.iter().find(|folder| name_of(folder) == project);
            folder.cloned().unwrap_or_default()
        };
        write("rows.tsv", rows::print(&all))?;
        write("findings.tsv", rows::findings(&all, root))?;
    }
    Ok(report::passes(&all))
}

fn name_of(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Asks about the programs of a checkout, bare and with flags.
fn programs_of(folder: &Path, programs: &[Program], tree: &Tree) -> Vec<Row> {
    let known = |program: &&Program| {
        matches!(program.status, Status::Skeleton | Status::Refused | Status::Part)
    };
    let questions: Vec<(&Program, &'static str)> =
        programs.iter().filter(known).flat_map(|p| [(p, "bare"), (p, "flags")]).collect();
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(Vec::new());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((program, how)) = questions.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let row = row(folder, program, how, tree);
                    if let Ok(mut rows) = rows.lock() {
                        rows.push(row);
                    }
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap_or_default();
    rows.sort_by(|a, b| (&a.source, a.how).cmp(&(&b.source, b.how)));
    rows
}

fn row(folder: &Path, program: &Program, how: &'static str, tree: &Tree) -> Row {
    let name = program.skeleton().map(|(_, name)| name).unwrap_or_default();
    let mut command = itself();
    command.arg("--ask").arg(folder.join(&program.source)).arg(name);
    if how == "flags" {
        command.arg(program.command());
    }
    let output = command.current_dir(folder).stderr(Stdio::null()).output();
    let answer: Option<Answer> =
        output.ok().and_then(|output| serde_json::from_slice(&output.stdout).ok());
    let Judgement { verdict, kind, detail } = verdict::judge(program, answer.as_ref(), tree);
    let mut answer = answer.unwrap_or_default();
    if program.status != Status::Skeleton {
        // Of what libbpf refuses, rules may say what they like.
        answer.findings.clear();
    }
    Row {
        project: name_of(folder),
        source: program.source.clone(),
        how,
        verdict,
        kind,
        detail,
        answer,
    }
}

/// Files that are no programs, and are taken for some.
fn others_of(folder: &Path, programs: &[Program], tree: &Tree) -> Result<Vec<Row>, String> {
    let fragment = |program: &&Program| program.status == Status::Fragment;
    let mut paths: Vec<String> =
        programs.iter().filter(fragment).map(|program| program.source.clone()).collect();
    let fragments = paths.len();
    let mut others = tree.c_files();
    others.retain(|path| !programs.iter().any(|program| program.source == *path));
    let step = others.len().div_ceil(MOST_OTHERS).max(1);
    paths.extend(others.into_iter().step_by(step));
    let mut rows = Vec::new();
    for (at, (path, role)) in paths.iter().zip(roles_of(folder, &paths)?).enumerate() {
        if role != "bpf" {
            continue;
        }
        let (verdict, kind) = match at < fragments {
            true => (Verdict::FragmentAlone, "a fragment is taken for a program"),
            false => (Verdict::Plain, "a file without programs is taken for one"),
        };
        rows.push(Row {
            project: name_of(folder),
            source: path.clone(),
            how: "bare",
            verdict,
            kind: kind.into(),
            detail: String::new(),
            answer: Answer::default(),
        });
    }
    Ok(rows)
}

fn roles_of(folder: &Path, paths: &[String]) -> Result<Vec<String>, String> {
    let said = |error: std::io::Error| error.to_string();
    let mut child = itself()
        .arg("--roles")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(said)?;
    let mut input = child.stdin.take().ok_or("no input")?;
    let text: String =
        paths.iter().map(|path| format!("{}\n", folder.join(path).display())).collect();
    let writer = thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().map_err(said)?;
    // A process that ended early has fewer lines.
    drop(writer.join());
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

fn itself() -> Command {
    Command::new(std::env::current_exe().unwrap_or_else(|_| "score_checkouts".into()))
}
