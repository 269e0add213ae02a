//! The state of a session is the state from scratch: several documents that are opened, edited, saved and
//! closed, files that come, change and go on disk, are told of at once or later, questions with older
//! snapshots, on other threads and given up, and options and flags that change.
//!
//! `BPF_LSP_SESSION_EDITS=100000 cargo test --release -p ide sessions -- --nocapture` makes so many edits.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
};

use cfront::{
    flags::{CommandLineMacro, Flags},
    session::FileSystem,
    source::Text,
};
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, TestCaseError, TestRunner},
};

use super::{
    super::lock,
    program::{Edit, HEAD, Program, edits},
    state::{difference, state_in, state_of},
    texts::{FILES, text},
};
use crate::{
    Analysis, AnalysisHost, Change, Environment, Options,
    environment::{FileFlags, FlagsFrom},
};

/// Files by path.
#[derive(Default)]
struct Disk(Mutex<BTreeMap<PathBuf, Text>>);

/// The files, and what was read of the project once.
struct Workspace {
    disk: Arc<Disk>,
    level: u8,
    listed: OnceLock<Vec<PathBuf>>,
}

impl Workspace {
    fn new(disk: &Arc<Disk>, level: u8) -> Arc<Workspace> {
        Arc::new(Workspace { disk: disk.clone(), level, listed: OnceLock::new() })
    }

    fn listed(&self, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        let all = self.listed.get_or_init(|| lock(&self.disk.0).keys().cloned().collect());
        all.iter().filter(|path| wanted(&path.to_string_lossy())).cloned().collect()
    }
}

impl FileSystem for Workspace {
    fn read(&self, path: &Path) -> Option<Text> {
        let text = lock(&self.disk.0).get(path).cloned();
        std::thread::yield_now();
        text
    }

    fn is_file(&self, path: &Path) -> bool {
        let found = lock(&self.disk.0).contains_key(path);
        std::thread::yield_now();
        found
    }
}

impl Environment for Workspace {
    fn flags(&self, _: &Path) -> Arc<FileFlags> {
        let mut flags = Flags { include_dirs: vec!["/w/inc".into()], ..Flags::default() };
        if self.level % 2 == 1 {
            flags.macros.push(CommandLineMacro::Define(format!("FLAG={}", self.level)));
        }
        Arc::new(FileFlags { flags, from: FlagsFrom::CommandLine })
    }

    fn bpf_sources(&self, loader: &Path, header: &str) -> Vec<PathBuf> {
        let stem = header.split('.').next().unwrap_or_default();
        ["", "lib/"].map(|f| loader.with_file_name(format!("{f}{stem}.bpf.c"))).to_vec()
    }

    fn loaders(&self, _: &Path) -> Vec<PathBuf> {
        self.listed(|path| path.ends_with(".c") && !path.ends_with(".bpf.c"))
    }

    fn bpf_programs_beside(&self, program: &Path) -> Vec<PathBuf> {
        let mut all = self.listed(|path| path.ends_with(".bpf.c"));
        all.retain(|path| path != program && path.parent() == program.parent());
        all
    }
}

#[derive(Clone, Debug)]
enum Step {
    Open(Index),
    Close(Index),
    Edit(Index, Edit, Index),
    /// The text of the document becomes that of the file.
    Save(Index),
    /// Another text on disk; told of at once or later.
    Write(Index, Index, bool),
    Remove(Index, bool),
    Options(bool),
    Level(u8),
    /// A question, here or on another thread.
    Ask(Index, bool),
    /// A question that is given up at that look at whether it is wanted.
    GiveUp(Index, usize),
    /// A question with a snapshot of before.
    AskOld(Index, Index),
    /// All that was changed is told of, nobody asks any more: the documents are looked at.
    Compare,
}

fn steps() -> impl Strategy<Value = Step> {
    let any = any::<Index>;
    prop_oneof![
        5 => any().prop_map(Step::Open),
        3 => any().prop_map(Step::Close),
        16 => (any(), edits(), any()).prop_map(|(f, edit, new)| Step::Edit(f, edit, new)),
        2 => any().prop_map(Step::Save),
        4 => (any(), any(), prop::bool::ANY).prop_map(|(f, new, told)| Step::Write(f, new, told)),
        1 => (any(), prop::bool::ANY).prop_map(|(f, told)| Step::Remove(f, told)),
        1 => prop::bool::ANY.prop_map(Step::Options),
        1 => (0u8..4).prop_map(Step::Level),
        6 => (any(), prop::bool::ANY).prop_map(|(f, behind)| Step::Ask(f, behind)),
        1 => (any(), 0usize..6).prop_map(|(f, looks)| Step::GiveUp(f, looks)),
        2 => (any(), any()).prop_map(|(f, which)| Step::AskOld(f, which)),
        3 => Just(Step::Compare),
    ]
}

struct Session {
    disk: Arc<Disk>,
    host: AnalysisHost,
    level: u8,
    options: Options,
    /// Open documents.
    open: BTreeMap<usize, Program>,
    /// Changes on disk that the host was not told of.
    untold: Vec<PathBuf>,
    before: Vec<Analysis>,
    asking: Vec<JoinHandle<()>>,
    version: i32,
    edits: usize,
}

impl Session {
    fn new() -> Session {
        let disk = Arc::new(Disk::default());
        for (file, path) in FILES.iter().enumerate() {
            lock(&disk.0).insert(path.into(), written(file, 0).text.as_str().into());
        }
        Session {
            host: AnalysisHost::new(Workspace::new(&disk, 0)),
            disk,
            level: 0,
            options: Options::default(),
            open: BTreeMap::new(),
            untold: Vec::new(),
            before: Vec::new(),
            asking: Vec::new(),
            version: 0,
            edits: 0,
        }
    }

    fn set_text(&mut self, file: usize) {
        self.version += 1;
        let text = self.open[&file].text.as_str().into();
        let path = Path::new(FILES[file]).into();
        self.host.apply(Change::Text { path, version: self.version, text });
    }

    fn write(&mut self, file: usize, text: Option<&str>, told: bool) {
        let path = PathBuf::from(FILES[file]);
        match text {
            Some(text) => lock(&self.disk.0).insert(path.clone(), text.into()),
            None => lock(&self.disk.0).remove(&path),
        };
        self.untold.push(path);
        if told {
            self.tell();
        }
    }

    /// As a client does that watches files.
    fn tell(&mut self) {
        let told = std::mem::take(&mut self.untold);
        self.host.apply(Change::Environment(Workspace::new(&self.disk, self.level)));
        self.host.apply(Change::Disk(told));
    }

    fn apply(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let file = |index: &Index| index.index(FILES.len());
        match step {
            Step::Open(at) => {
                let file = file(at);
                let text = lock(&self.disk.0).get(Path::new(FILES[file])).cloned();
                let text = text.map(|text| text.to_string()).unwrap_or_default();
                if let Entry::Vacant(place) = self.open.entry(file) {
                    place.insert(Program::of_text(text));
                    self.set_text(file);
                }
            }
            Step::Close(at) => {
                if self.open.remove(&file(at)).is_some() {
                    self.host.apply(Change::Closed(Path::new(FILES[file(at)]).into()));
                }
            }
            Step::Edit(at, edit, new) => self.edit(at, edit, *new),
            Step::Save(at) => {
                let file = file(at);
                if let Some(text) = self.open.get(&file).map(|program| program.text.clone()) {
                    self.write(file, Some(&text), true);
                }
            }
            Step::Write(at, new, told) => {
                let file = file(at);
                let text = written(file, new.index(usize::MAX)).text;
                self.write(file, Some(&text), *told);
                self.edits += 1;
            }
            Step::Remove(at, told) => self.write(file(at), None, *told),
            Step::Options(all) => {
                let disabled = if *all { vec![] } else { vec!["map-max-entries".to_owned()] };
                self.options = Options { disabled_rules: disabled, ..Options::default() };
                self.host.apply(Change::Options(self.options.clone()));
            }
            Step::Level(level) => {
                self.level = *level;
                self.tell();
            }
            Step::Ask(at, behind) => {
                let (analysis, path) = (self.host.analysis(), FILES[file(at)]);
                let ask = move || drop(state_in(&analysis, Path::new(path)));
                match behind {
                    true => self.asking.push(std::thread::spawn(ask)),
                    false => ask(),
                }
            }
            Step::GiveUp(at, looks) => {
                let (left, looks) = (AtomicUsize::new(0), *looks);
                let given_up = move || left.fetch_add(1, Ordering::SeqCst) >= looks;
                let analysis = self.host.analysis().cancelled_by(Arc::new(given_up));
                drop(state_in(&analysis, Path::new(FILES[file(at)])));
            }
            Step::AskOld(at, which) => {
                if !self.before.is_empty() {
                    let analysis = which.get(&self.before);
                    drop(state_in(analysis, Path::new(FILES[file(at)])));
                }
            }
            Step::Compare => self.compare()?,
        }
        self.before.push(self.host.analysis());
        if self.before.len() > 3 {
            self.before.remove(0);
        }
        Ok(())
    }

    fn edit(&mut self, at: &Index, edit: &Edit, new: Index) {
        // Of the open ones.
        let Some(&file) = self.open.keys().nth(at.index(self.open.len().max(1))) else { return };
        let is_piece = matches!(edit, Edit::Piece(..) | Edit::Swap(..) | Edit::Undo);
        let Some(program) = self.open.get_mut(&file) else { return };
        if is_piece && program.is_of_text() {
            *program = written(file, new.index(usize::MAX));
        } else {
            program.apply(edit);
        }
        self.edits += 1;
        self.set_text(file);
    }

    fn compare(&mut self) -> Result<(), TestCaseError> {
        for asking in self.asking.drain(..) {
            let ended = asking.join();
            prop_assert!(ended.is_ok(), "a question panicked");
        }
        if !self.untold.is_empty() {
            self.tell();
        }
        let mut fresh = AnalysisHost::new(Workspace::new(&self.disk, self.level));
        fresh.apply(Change::Options(self.options.clone()));
        for (file, program) in &self.open {
            let (path, text) = (Path::new(FILES[*file]).into(), program.text.as_str().into());
            fresh.apply(Change::Text { path, version: 1, text });
        }
        for file in self.open.keys() {
            let path = Path::new(FILES[*file]);
            let (now, new) = (state_of(&self.host, path), state_of(&fresh, path));
            if let Some(difference) = difference(&now, &new) {
                let texts = self.open.iter().map(|(f, p)| format!("--- {}\n{}", FILES[*f], p.text));
                let texts = texts.collect::<String>();
                return Err(TestCaseError::fail(format!("{path:?} {difference}\n{texts}")));
            }
        }
        Ok(())
    }
}

/// What is written into a file: a program of pieces, or one of the texts.
fn written(file: usize, which: usize) -> Program {
    match FILES[file].ends_with(".bpf.c") {
        true => Program::chosen(text(file, which), which),
        false => Program::of_text(text(file, which).to_owned()),
    }
}

fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().and_then(|n| n.parse().ok())
}

#[test]
fn the_state_of_a_session_is_the_state_from_scratch() {
    assert!(text(0, 0).contains("common.h") && text(2, 0).contains(HEAD));
    let wanted = number("BPF_LSP_SESSION_EDITS").unwrap_or(400);
    let (edits, compared) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let config = Config { cases: 8, failure_persistence: None, ..Config::default() };
    let mut told = 0;
    while edits.load(Ordering::SeqCst) < wanted {
        if edits.load(Ordering::SeqCst) / 10_000 > told {
            told = edits.load(Ordering::SeqCst) / 10_000;
            println!("{edits:?} edits so far");
        }
        let mut runner = TestRunner::new(config.clone());
        let one = prop::collection::vec(steps(), 1..80);
        let ran = runner.run(&one, |steps| {
            let mut session = Session::new();
            for step in steps.iter().chain([&Step::Compare]) {
                session.apply(step)?;
            }
            edits.fetch_add(session.edits, Ordering::SeqCst);
            compared.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        if let Err(error) = ran {
            panic!("after {edits:?} edits: {error}");
        }
    }
    println!("{edits:?} edits in {compared:?} sessions, 0 differences");
}
