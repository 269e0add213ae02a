//! The state after edits is the state from scratch: over the whole object model and all that is made of
//! it, on programs put together from pieces, by edits of pieces and of single characters.
//!
//! `BPF_LSP_EDIT_CASES=5000 cargo test -p ide edits` runs so many programs; `BPF_LSP_EDIT_FILES` names a
//! folder whose programs are edited in place of the examples, `BPF_LSP_EDIT_INCLUDES` the folders of
//! their headers (`:` between).

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cfront::{
    fixture::Fixture,
    flags::Flags,
    session::{FileSystem, MemoryFileSystem},
    source::Text,
};
use proptest::{
    prelude::*,
    sample::Index,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::{
    Project,
    program::{HEAD, PIECES, Program, edits},
    state::state_of,
    type_text,
};
use crate::{
    AnalysisHost, Environment,
    environment::{FileFlags, FlagsFrom},
};

const PATH: &str = "/w/main.bpf.c";

fn host() -> AnalysisHost {
    let files = Fixture { files: vec![(PATH.into(), "".into())], cursor: None };
    let files: MemoryFileSystem = files.file_system();
    AnalysisHost::new(Arc::new(Project(files)))
}

/// All that is made of the program.
fn state(host: &AnalysisHost) -> String {
    state_of(host, Path::new(PATH))
}

fn cases() -> u32 {
    std::env::var("BPF_LSP_EDIT_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(Config { cases: cases(), failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_state_after_edits_is_the_state_from_scratch(
        choices in prop::collection::vec(any::<Index>(), PIECES.len()),
        all in prop::collection::vec((edits(), prop::bool::weighted(0.7)), 1..10),
    ) {
        let mut program = Program::new(HEAD, &choices);
        let mut edited = host();
        type_text(&mut edited, Path::new(PATH), 1, &program.text);
        state(&edited);
        for (version, (edit, look)) in (2..).zip(&all) {
            program.apply(edit);
            type_text(&mut edited, Path::new(PATH), version, &program.text);
            if !look {
                // Nobody asks for a model of this text, only for the unit.
                let _ = edited.analysis().file(Path::new(PATH));
                continue;
            }
            let mut fresh = host();
            type_text(&mut fresh, Path::new(PATH), 1, &program.text);
            prop_assert_eq!(state(&edited), state(&fresh), "{}", program.text);
        }
    }
}

/// Files on disk.
struct OnDisk;

impl FileSystem for OnDisk {
    fn read(&self, path: &Path) -> Option<Text> {
        Some(String::from_utf8_lossy(&std::fs::read(path).ok()?).into())
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }
}

impl Environment for OnDisk {
    fn flags(&self, path: &Path) -> Arc<FileFlags> {
        let folders = std::env::var("BPF_LSP_EDIT_INCLUDES").unwrap_or_default();
        let mut include_dirs: Vec<PathBuf> =
            folders.split(':').filter(|folder| !folder.is_empty()).map(PathBuf::from).collect();
        include_dirs.extend(path.parent().map(Path::to_owned));
        let flags = Flags { include_dirs, ..Flags::default() };
        Arc::new(FileFlags { flags, from: FlagsFrom::CommandLine })
    }

    fn bpf_sources(&self, _loader: &Path, _header: &str) -> Vec<PathBuf> {
        Vec::new()
    }

    fn loaders(&self, _program: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
}

#[test]
fn edits_of_real_programs_give_the_state_from_scratch() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/examples/percpu");
    let folder = std::env::var("BPF_LSP_EDIT_FILES").unwrap_or_else(|_| examples.to_owned());
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "c"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no program in {folder}");
    let mut runner = TestRunner::deterministic();
    let (mut edited, mut taken_over) = (0, 0);
    for path in files {
        let text = std::fs::read(&path).expect("a file that can be read");
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut program = Program::of_text(text);
        let mut host = AnalysisHost::new(Arc::new(OnDisk));
        type_text(&mut host, &path, 1, &program.text);
        let is_program = |host: &AnalysisHost| {
            let file = host.analysis().file(&path).ok().flatten();
            file.is_some_and(|file| file.source().is_some())
        };
        if !is_program(&host) {
            continue;
        }
        state_of(&host, &path);
        for version in 2..10 {
            let edit = edits().new_tree(&mut runner).expect("an edit").current();
            program.apply(&edit);
            type_text(&mut host, &path, version, &program.text);
            let mut fresh = AnalysisHost::new(Arc::new(OnDisk));
            type_text(&mut fresh, &path, 1, &program.text);
            if !is_program(&fresh) {
                break;
            }
            let (now, new) = (state_of(&host, &path), state_of(&fresh, &path));
            if now != new {
                let differs = now.lines().zip(new.lines()).find(|(a, b)| a != b);
                panic!("{}: {edit:?}: {differs:?}", path.display());
            }
            edited += 1;
            let file = host.analysis().file(&path).ok().flatten();
            taken_over +=
                usize::from(file.and_then(|f| Some(f.model()?.taken_over)).unwrap_or(false));
        }
    }
    println!("{edited} edits, after {taken_over} of them the model was taken over");
    assert!(edited > 0);
}

/// Whether the model of a program is taken over when `from` becomes `to`.
fn takes_over(from: &str, to: &str) -> bool {
    let text = |body: &str| {
        format!(
            "{HEAD}int g0;\nstatic int h0(int x) {{ static int s; return s += x; }}\n\
             SEC(\"tc\") int one(void *ctx) {{ {body} return h0(g0); }}\n"
        )
    };
    let mut host = host();
    type_text(&mut host, Path::new(PATH), 1, &text(from));
    state(&host);
    type_text(&mut host, Path::new(PATH), 2, &text(to));
    let after = state(&host);
    let file = host.analysis().file(Path::new(PATH)).ok().flatten().expect("there");
    let mut fresh = self::host();
    type_text(&mut fresh, Path::new(PATH), 1, &text(to));
    assert_eq!(after, state(&fresh));
    file.model().expect("a program").taken_over
}

#[test]
fn a_model_is_taken_over_when_a_body_refers_to_the_same() {
    assert!(takes_over("", "int zz = 1;"));
    assert!(takes_over("", "// a line\n"));
    assert!(takes_over("int a = 1;", "int b = 2, c; c = b;"));
    assert!(takes_over("", "if (ctx) { long l = 3; l++; }"));
}

#[test]
fn a_model_is_made_anew_when_a_body_refers_to_something_else() {
    assert!(!takes_over("", "g0++;"));
    assert!(!takes_over("", "static int more; more++;"));
    assert!(!takes_over("bpf_trace_printk(\"a\", 2);", "bpf_trace_printk(\"b\", 2);"));
    assert!(!takes_over("int t[3] = { 1, 2, 3 };", "int t[3] = { 1, 2, 4 };"));
}
