//! What an edit costs, counted along the whole pipeline.

mod edits;
mod program;
mod sessions;
mod stale;
mod state;
mod texts;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cfront::{
    fixture::{self, Fixture},
    flags::Flags,
    session::{Counters, FileSystem, MemoryFileSystem},
    source::Text,
    unit::Work,
};

use crate::{
    Analysis, AnalysisHost, Change, Environment, FileAnalysis,
    environment::{FileFlags, FlagsFrom},
};

/// The files of a fixture, and nothing else.
pub(super) struct Project(pub(super) MemoryFileSystem);

impl FileSystem for Project {
    fn read(&self, path: &Path) -> Option<Text> {
        self.0.read(path)
    }

    fn is_file(&self, path: &Path) -> bool {
        self.0.is_file(path)
    }
}

impl Environment for Project {
    fn flags(&self, _path: &Path) -> Arc<FileFlags> {
        Arc::new(FileFlags { flags: Flags::default(), from: FlagsFrom::CommandLine })
    }

    fn bpf_sources(&self, _loader: &Path, _header: &str) -> Vec<PathBuf> {
        Vec::new()
    }

    fn loaders(&self, _program: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// The main file, all its answers computed.
fn file(analysis: &Analysis, path: &Path) -> Arc<FileAnalysis> {
    let file = analysis.file(path).ok().flatten().expect("the file is there");
    file.diagnostics(analysis);
    file
}

pub(super) fn type_text(host: &mut AnalysisHost, path: &Path, version: i32, text: &str) {
    host.apply(Change::Text { path: path.into(), version, text: text.into() });
}

/// Work of the unit and of the session that replacing `from` by `to` in the main file costs.
fn cost(fixture: &Fixture, from: &str, to: &str) -> (Work, Counters) {
    let (path, text) = fixture.main();
    assert!(text.contains(from));
    let mut host = AnalysisHost::new(Arc::new(Project(fixture.file_system())));
    type_text(&mut host, path, 1, &text);
    let before = file(&host.analysis(), path).unit.work();
    let counted = host.analysis().pipelines.session.counters();
    type_text(&mut host, path, 2, &text.replacen(from, to, 1));
    let analysis = host.analysis();
    let mut work = file(&analysis, path).unit.work();
    if work.environment_reused {
        work.types_laid_out -= before.types_laid_out;
    }
    let now = analysis.pipelines.session.counters();
    let counters = Counters {
        files_lexed: now.files_lexed - counted.files_lexed,
        headers_preprocessed: now.headers_preprocessed - counted.headers_preprocessed,
        header_chunk_hits: now.header_chunk_hits - counted.header_chunk_hits,
        preamble_hits: now.preamble_hits - counted.preamble_hits,
        tokens_expanded: 0,
        ..Counters::default()
    };
    (work, counters)
}

const PROGRAM: &str = "\
//- /w/main.bpf.c
#include \"types.h\"
#include \"more.h\"
int hits;
struct pair last;
static inline int add(struct pair *p) { return p->a + p->b; }
__attribute__((section(\"tc\"))) int count(void *ctx) { hits += add(&last); return 0; }
__attribute__((section(\"tc\"))) int other(void *ctx) { return sizeof(struct pair); }
//- /w/types.h
#ifndef TYPES_H
#define TYPES_H
struct pair { int a, b; };
struct unused { struct pair p[4]; };
#endif
//- /w/more.h
#include \"types.h\"
typedef struct pair pair_t;
";

#[test]
fn an_edit_in_a_body_parses_one_item_and_walks_no_header() {
    let (work, counters) = cost(&fixture::parse(PROGRAM), "return 0;", "return 1;");
    assert_eq!((work.items_parsed, work.types_laid_out), (1, 0));
    assert!(work.environment_reused);
    assert_eq!(
        counters,
        Counters { files_lexed: 1, preamble_hits: 1, ..Counters::default() },
        "the main file alone is read, from behind its includes on"
    );
}

#[test]
fn an_edit_in_a_body_reads_that_body_alone() {
    let fixture = fixture::parse(PROGRAM);
    let (path, text) = fixture.main();
    let mut host = AnalysisHost::new(Arc::new(Project(fixture.file_system())));
    let mut judged = |version: i32, text: &str| {
        type_text(&mut host, path, version, text);
        let analysis = host.analysis();
        let file = file(&analysis, path);
        file.diagnostics(&analysis);
        file.unit.work().derived
    };
    let all = judged(1, &text);
    let typed = text.replacen("return 0;", "return 1;", 1);
    // Of the edited function: its references, its body as a build sees it, and its calls and formats for
    // the rules.
    assert_eq!((all, judged(2, &typed) - all), (12, 4));
    let above = format!("{typed}\n// one line more\n");
    assert_eq!(judged(3, &above) - all, 4);
}

/// A program in which each function calls the one before.
fn chain(functions: u32) -> String {
    let mut text = String::from("static int calls, last[4];\nstatic int f0(int n) { return n; }\n");
    for n in 1..functions {
        let call = format!("last[n & 3] = {n}; calls += f{}(n);", n - 1);
        text += &format!("static int f{n}(int n) {{ static int s; s += n; {call} return s; }}\n");
    }
    let program = "__attribute__((section(\"tc\"))) int run(void *ctx)";
    text + &format!("{program} {{ return f{}(last[0]) + calls; }}\n", functions - 1)
}

#[test]
fn an_edit_in_a_body_of_a_long_file_reads_that_body_alone() {
    let of_an_edit = |functions: u32| {
        let fixture = fixture::parse("//- /w/main.bpf.c\n");
        let path = fixture.main().0;
        let mut host = AnalysisHost::new(Arc::new(Project(fixture.file_system())));
        let mut made = |version: i32, text: &str| {
            type_text(&mut host, path, version, text);
            let file = host.analysis().file(path).ok().flatten().expect("the file is there");
            let taken_over = file.model().expect("a program").taken_over;
            (file.unit.work().derived, taken_over)
        };
        let text = chain(functions);
        let (all, _) = made(1, &text);
        assert_eq!(all, 2 * (functions as usize + 1), "references and body of each");
        let typed = text.replacen("last[n & 3] = 5;", "int more; last[n & 3] = 5;", 1);
        let (edited, taken_over) = made(2, &typed);
        (edited - all, taken_over)
    };
    assert_eq!(of_an_edit(6), (2, true));
    assert_eq!(of_an_edit(300), (2, true));
}

#[test]
fn an_edit_of_a_variable_keeps_the_syntax_of_the_rest() {
    let (work, counters) = cost(&fixture::parse(PROGRAM), "int hits;", "long hits;");
    assert_eq!(work.items_parsed, 1);
    assert_eq!((counters.files_lexed, counters.headers_preprocessed), (1, 0));
}

#[test]
fn an_edit_in_a_comment_parses_nothing() {
    let (work, counters) = cost(&fixture::parse(PROGRAM), "int hits;", "int hits; /* so many */");
    assert_eq!((work.items_parsed, work.types_laid_out), (0, 0));
    assert_eq!((counters.files_lexed, counters.headers_preprocessed), (1, 0));
}
