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
    source::{FileId, Text},
};
use proptest::{
    prelude::*,
    sample::Index,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::tests::{Project, type_text};
use crate::{
    AnalysisHost, Environment,
    answer::SkeletonKind,
    environment::{FileFlags, FlagsFrom},
};

const PATH: &str = "/w/main.bpf.c";

const HEAD: &str = "\
#define SEC(name) __attribute__((section(name), used))
#define __noinline __attribute__((noinline))
#define __always_inline inline __attribute__((always_inline))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
typedef unsigned int u32;
typedef unsigned long u64;
static long (*bpf_trace_printk)(const char *fmt, u32 size, ...) = (void *)6;
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
extern int kernel_value(int) SEC(\".ksyms\");
";

/// What stands at each place of the program, at the user's choice.
const PIECES: &[&[&str]] = &[
    &[
        "struct pair { int a, b; };",
        "struct pair { u64 a; char b; };",
        "struct pair { int b, a, c; };",
    ],
    &["typedef struct pair pair_t;", "typedef struct { int a; long b; } pair_t;"],
    &[
        "int g0;",
        "static int g0;",
        "int g0 = 7;",
        "static volatile int g0;",
        "int g0 SEC(\".data.x\");",
    ],
    &[
        "static int g1;",
        "static u64 g1 = 5;",
        "const volatile int g1 = 1;",
        "static int g1 SEC(\".percpu\");",
    ],
    &[
        "static pair_t p0;",
        "pair_t p0;",
        "static pair_t p0 = { .a = 1 };",
        "static pair_t p0[2] = {};",
    ],
    &["static const int c0[] = { 1, 2, 3 };", "const int c0[3] = { 3 };", "static int c0[3];"],
    &[
        "struct { __uint(type, 1); __uint(max_entries, 4); __type(key, int); __type(value, pair_t); } m0 SEC(\".maps\");",
        "struct { __uint(type, 2); __uint(max_entries, 8); __type(key, u32); __type(value, u64); } m0 SEC(\".maps\");",
        "struct { __uint(type, 27); __uint(max_entries, 4096); } m0 SEC(\".maps\");",
    ],
    &["", "static int h0(int);", "static __noinline int h1(int *p);"],
    &[
        "static int h0(int x) { return x + g1; }",
        "static __noinline int h0(int x) { static int calls; calls++; return calls + x; }",
        "static __always_inline int h0(int x) { g0 = x; return 0; }",
        "static int h0(int x) { int t[6] = { 1, 2, 3, 4, 5, 6 }; return t[x & 3]; }",
        "static int h0(int x) { const char f[] = \"h0 says %d\"; bpf_trace_printk(f, sizeof(f), x); return 0; }",
        "",
    ],
    &[
        "static int h1(int *p) { return *p + c0[1]; }",
        "static __noinline int h1(int *p) { *p = 3; return h0(1); }",
        "int h1(int *p) { static pair_t kept; kept.a += *p; return kept.a; }",
        "static int h1(int *p) { return p == &g0; }",
    ],
    &[
        "SEC(\"tc\") int one(void *ctx) { return h0(2); }",
        "SEC(\"tc\") int one(void *ctx) { int k = 0; return bpf_map_lookup_elem(&m0, &k) ? 1 : h1(&k); }",
        "SEC(\"xdp\") int one(void *ctx) { static int seen; if (!seen) { seen = 1; return g1; } return p0.a; }",
        "SEC(\"tc\") int one(void *ctx) { bpf_trace_printk(\"one\", 4); return 0; }",
        "SEC(\"tc\") static int one(void *ctx) { return 0; }",
        "",
    ],
    &[
        "SEC(\"kprobe/f\") int two(void *ctx) { g0 += 1; bpf_trace_printk(\"two %d\", 7, g0); return h1(&g0); }",
        "SEC(\"kprobe/f\") int two(void *ctx) { extern int here SEC(\".ksyms\"); return (long)&here & kernel_value(1); }",
        "SEC(\"tc\") int two(void *ctx) { bpf_trace_printk(__func__, 4); bpf_trace_printk(\"one\", 4); return 0; }",
        "SEC(\"tc\") int two(void *ctx) { for (int i = 0; i < 3; i++) { pair_t q = { i, 1 }; g0 = q.a; } return c0[g0 & 1]; }",
    ],
    &[
        "char _license[] SEC(\"license\") = \"GPL\";",
        "char _license[] SEC(\"license\") = \"MIT\";",
        "",
    ],
];

/// What may be typed anywhere in a body.
const TYPED: &[&str] = &[
    "int zz = 1;",
    "zz += 2;",
    " ",
    "\n",
    "/* so */",
    "g0++;",
    "\"x\";",
    "static int s = 2; s++;",
    "{",
    "}",
    "(",
    "h0(1);",
    "return 1;",
    "i",
    "p0.a = 3;",
    ";",
    "struct pair l = { 1, 2 };",
    "// rest",
];

#[derive(Clone, Debug)]
enum Edit {
    /// Another choice for a piece.
    Piece(Index, Index),
    /// Two pieces change places, with their texts.
    Swap(Index, Index),
    /// Text that is typed behind a `{` or `;` of the file, or at any byte.
    Type(Index, Index, bool),
    /// Bytes that are taken out.
    Delete(Index, usize),
    /// The text of the pieces again.
    Undo,
}

fn edits() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => (any::<Index>(), any::<Index>()).prop_map(|(at, new)| Edit::Piece(at, new)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Edit::Swap(a, b)),
        5 => (any::<Index>(), any::<Index>(), prop::bool::weighted(0.9))
            .prop_map(|(at, what, inside)| Edit::Type(at, what, inside)),
        1 => (any::<Index>(), 1usize..12).prop_map(|(at, count)| Edit::Delete(at, count)),
        1 => Just(Edit::Undo),
    ]
}

struct Program {
    /// None for a program from a file.
    pieces: Vec<String>,
    /// So many bytes at the begin are left alone.
    head: usize,
    text: String,
}

impl Program {
    fn new(choices: &[Index]) -> Program {
        let pieces = PIECES.iter().zip(choices);
        let pieces = pieces.map(|(all, choice)| choice.get(all).to_string()).collect();
        let mut program = Program { pieces, head: HEAD.len(), text: String::new() };
        program.put_together();
        program
    }

    fn put_together(&mut self) {
        self.text = format!("{HEAD}{}\n", self.pieces.join("\n"));
    }

    fn apply(&mut self, edit: &Edit) {
        let of_pieces = matches!(edit, Edit::Piece(..) | Edit::Swap(..) | Edit::Undo);
        if of_pieces && self.pieces.is_empty() {
            return;
        }
        match edit {
            Edit::Piece(at, new) => {
                let at = at.index(PIECES.len());
                self.pieces[at] = new.get(PIECES[at]).to_string();
                self.put_together();
            }
            Edit::Swap(a, b) => {
                let (a, b) = (a.index(PIECES.len()), b.index(PIECES.len()));
                self.pieces.swap(a, b);
                self.put_together();
            }
            Edit::Type(at, what, inside) => {
                let ends = |byte: &u8| matches!(byte, b'{' | b';');
                let bytes = self.text.bytes().enumerate().skip(self.head);
                let bytes = bytes.filter(|(_, b)| !inside || ends(b)).map(|(at, _)| at + 1);
                let places: Vec<usize> =
                    bytes.filter(|at| self.text.is_char_boundary(*at)).collect();
                if !places.is_empty() {
                    let what = TYPED[what.index(TYPED.len())];
                    self.text.insert_str(*at.get(&places), what);
                }
            }
            Edit::Delete(at, count) => {
                let start = at.index(self.text.len());
                let end = (start + count).min(self.text.len());
                if self.text.is_char_boundary(start) && self.text.is_char_boundary(end) {
                    self.text.replace_range(start..end, "");
                }
            }
            Edit::Undo => self.put_together(),
        }
    }
}

fn host() -> AnalysisHost {
    let files = Fixture { files: vec![(PATH.into(), "".into())], cursor: None };
    let files: MemoryFileSystem = files.file_system();
    AnalysisHost::new(Arc::new(Project(files)))
}

/// All that is made of the program: the model with every place and byte, previews, layouts, findings.
fn state(host: &AnalysisHost) -> String {
    state_of(host, Path::new(PATH))
}

fn state_of(host: &AnalysisHost, path: &Path) -> String {
    let analysis = host.analysis();
    let file = analysis.file(path).ok().flatten().expect("the file is there");
    let source = file.source().expect("a program");
    let dump = format!("{:#?}\n{:#?}\n", source.object, source.refusals);
    // Files are numbered as they are met, which an edit of an include may change.
    let (session, _) = analysis.pipelines.front_end();
    let named = |line: &str| {
        let number = line.trim().strip_prefix("file: ")?.trim_end_matches(',').parse().ok()?;
        Some(format!("file: {}\n", session.path(FileId(number)).display()))
    };
    let mut state: String =
        dump.lines().map(|line| named(line).unwrap_or_else(|| format!("{line}\n"))).collect();
    for kind in [SkeletonKind::Skeleton, SkeletonKind::Subskeleton, SkeletonKind::LightSkeleton] {
        state += &file.preview(kind).expect("a program").text;
    }
    state += &bpf::layout::json::print(&source.object, PATH, &[]);
    state += &format!("{:#?}\n", analysis.findings(path).expect("nobody cancels"));
    let (whole, may_be_inlined) = bpf::source::build_whole(&file.unit, "main");
    state + &btf::raw::dump(&whole.object.btf) + &format!("{may_be_inlined:?}")
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
        let mut program = Program::new(&choices);
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
    let mut edited = 0;
    for path in files {
        let text = std::fs::read(&path).expect("a file that can be read");
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut program = Program { pieces: Vec::new(), head: 0, text };
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
        }
    }
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
