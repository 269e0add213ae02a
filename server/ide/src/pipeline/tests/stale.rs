//! Changes that come when nobody who has read the file is kept, or while it is being read: what is told
//! afterwards is what a fresh host tells.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use cfront::{
    fixture,
    flags::Flags,
    session::{FileSystem, MemoryFileSystem},
    source::Text,
};

use super::{
    super::lock,
    state::{difference, state_of},
    type_text,
};
use crate::{
    AnalysisHost, Change, Environment,
    environment::{FileFlags, FlagsFrom},
};

const P: &str = "/w/p.bpf.c";
const H: &str = "/w/h.h";

type Event = Box<dyn FnOnce() + Send>;

/// Files, and what happens while one of them is asked for, before there is an answer.
struct Files {
    files: Arc<MemoryFileSystem>,
    event: Mutex<Option<(PathBuf, Event)>>,
}

impl Files {
    fn asked<T>(&self, path: &Path, answer: T) -> T {
        let event = lock(&self.event).take_if(|(wanted, _)| wanted == path);
        if let Some((_, event)) = event {
            event();
        }
        answer
    }
}

impl FileSystem for Files {
    fn read(&self, path: &Path) -> Option<Text> {
        self.asked(path, self.files.read(path))
    }

    fn is_file(&self, path: &Path) -> bool {
        let found = self.files.is_file(path);
        if found { found } else { self.asked(path, found) }
    }
}

impl Environment for Files {
    fn flags(&self, _: &Path) -> Arc<FileFlags> {
        Arc::new(FileFlags { flags: Flags::default(), from: FlagsFrom::CommandLine })
    }

    fn bpf_sources(&self, loader: &Path, header: &str) -> Vec<PathBuf> {
        let stem = header.split('.').next().unwrap_or_default();
        ["bpf.c", "c"].map(|end| loader.with_file_name(format!("{stem}.{end}"))).to_vec()
    }

    fn loaders(&self, _: &Path) -> Vec<PathBuf> {
        vec!["/w/load.c".into()]
    }
}

/// A host over the files of a fixture.
struct World {
    files: Arc<MemoryFileSystem>,
    environment: Arc<Files>,
    host: Arc<Mutex<AnalysisHost>>,
}

impl World {
    fn new(text: &str) -> World {
        World::over(Arc::new(fixture::parse(text).file_system()))
    }

    fn over(files: Arc<MemoryFileSystem>) -> World {
        let environment = Arc::new(Files { files: files.clone(), event: Mutex::default() });
        let host = Arc::new(Mutex::new(AnalysisHost::new(environment.clone())));
        World { files, environment, host }
    }

    fn type_text(&self, path: &str, text: &str) {
        type_text(&mut lock(&self.host), Path::new(path), 1, text);
    }

    /// Opens a document with the text of the file.
    fn open(&self, path: &str) {
        let text = self.files.read(Path::new(path)).expect("a file");
        self.type_text(path, &text);
    }

    fn apply(&self, change: Change) {
        lock(&self.host).apply(change);
    }

    fn close(&self, path: &str) {
        self.apply(Change::Closed(Path::new(path).into()));
    }

    fn state(&self, path: &str) -> String {
        let analysis = lock(&self.host).analysis();
        super::state::state_in(&analysis, Path::new(path)).expect("nobody cancels")
    }

    /// What comes to pass while a file is asked for the first time.
    fn while_asked(
        &self,
        path: &str,
        event: impl FnOnce(&MemoryFileSystem, &mut AnalysisHost) + Send + 'static,
    ) {
        let (files, host) = (self.files.clone(), self.host.clone());
        let event = Box::new(move || event(&files, &mut lock(&host)));
        *lock(&self.environment.event) = Some((path.into(), event));
    }

    /// Compares the open documents with those of a fresh host.
    fn check(&self) {
        let fresh = World::over(self.files.clone());
        let open: Vec<_> = lock(&self.host).analysis().open_documents().cloned().collect();
        for document in &open {
            fresh.type_text(document.path.to_str().expect("a path"), &document.text);
        }
        // Programs before headers: an analysis of the header itself would tell the others.
        for document in open.iter().rev() {
            let now = state_of(&lock(&self.host), &document.path);
            let new = state_of(&lock(&fresh.host), &document.path);
            let difference = difference(&now, &new);
            assert_eq!(difference, None, "{}", document.path.display());
        }
    }
}

const PROGRAM: &str = "\
//- /w/p.bpf.c
#include \"h.h\"
#include \"late.h\"
T x;
__attribute__((section(\"tc\"), used)) int f(void *ctx) { x++; return 0; }
//- /w/h.h
typedef int T;
//- /w/late.h
int late;
";

#[test]
fn a_header_is_edited_while_its_program_is_closed() {
    let world = World::new(PROGRAM);
    world.open(P);
    world.open(H);
    world.state(P);
    world.close(P);
    world.type_text(H, "typedef long T;\n");
    world.open(P);
    world.check();
}

#[test]
fn a_header_is_edited_during_the_first_analysis_of_its_program() {
    let world = World::new(PROGRAM);
    world.open(H);
    world.open(P);
    // The header was read, and nobody is known yet to have read it.
    world.while_asked("/w/late.h", |_, host| type_text(host, Path::new(H), 2, "typedef long T;\n"));
    world.state(P);
    world.check();
}

#[test]
fn a_header_changes_on_disk_while_it_is_read() {
    let world = World::new(PROGRAM);
    world.open(P);
    world.while_asked(H, |files, host| {
        files.write(Path::new(H), "typedef long T;\n");
        host.apply(Change::Disk(vec![H.into()]));
    });
    world.state(P);
    world.check();
}

#[test]
fn a_header_comes_while_it_is_looked_for() {
    let world = World::new(PROGRAM);
    world.files.remove(Path::new(H));
    world.open(P);
    world.while_asked(H, |files, host| {
        files.write(Path::new(H), "typedef long T;\n");
        host.apply(Change::Disk(vec![H.into()]));
    });
    world.state(P);
    world.check();
}

#[test]
fn a_text_that_a_header_does_not_have_is_seen_by_nobody() {
    let world = World::new(PROGRAM);
    world.open(H);
    world.open(P);
    world.state(P);
    let analysis = lock(&world.host).analysis();
    // As completion does, to see what the text would mean with another word at the cursor.
    let guess = analysis.file_with_text(Path::new(H), "typedef char T;\n");
    assert!(guess.is_ok_and(|file| file.is_some()));
    world.type_text(P, "#include \"late.h\"\n#include \"h.h\"\nT x;\n");
    world.check();
}

#[test]
fn a_question_of_before_an_edit_is_answered_after_it() {
    let world = World::new(PROGRAM);
    world.open(H);
    world.open(P);
    world.state(P);
    let before = lock(&world.host).analysis();
    world.type_text(H, "typedef long T;\n");
    assert!(before.file(Path::new(H)).is_ok_and(|file| file.is_some()));
    world.check();
}

#[test]
fn a_header_of_a_loader_that_is_not_open_is_edited() {
    let world = World::new(
        "//- /w/p.bpf.c
struct { int (*type)[2]; int *key; int *value; } m __attribute__((section(\".maps\")));
//- /w/load.c
#include \"p.skel.h\"
#include \"h.h\"
int f(struct p *s) { return TUNE(s); }
//- /w/h.h
#define TUNE(s) bpf_map__set_max_entries((s)->maps.m, 8)
",
    );
    world.open(P);
    world.open(H);
    assert!(!world.state(P).contains("map-max-entries"));
    world.type_text(H, "#define TUNE(s) 0\n");
    let analysis = lock(&world.host).analysis();
    assert!(analysis.depends_on(Path::new(P), Path::new(H)), "it must be checked anew");
    assert!(world.state(P).contains("map-max-entries"));
    world.check();
}

#[test]
fn what_is_embedded_changes() {
    // Enough behind it for the run to begin there the next time.
    let functions: String =
        (0..100).map(|n| format!("int f{n}(int a) {{ return a + {n} * (a - {n}); }}\n")).collect();
    let all = "const unsigned char all[] = {\n#embed \"data.h\"\n};\n";
    let world = World::new(&format!("//- /w/p.bpf.c\n{all}{functions}//- /w/data.h\nab\n"));
    world.open(P);
    world.state(P);
    world.files.write(Path::new("/w/data.h"), "abcd");
    world.apply(Change::Disk(vec!["/w/data.h".into()]));
    world.check();
}

#[test]
fn a_header_that_its_own_headers_include_is_edited() {
    let world = World::new(
        "//- /w/h.h
#ifndef H
#define H
#include \"late.h\"
int a;
#else
int b;
#endif
//- /w/late.h
#include \"h.h\"
//- /w/p.bpf.c
#include \"h.h\"
",
    );
    world.open(H);
    world.open(P);
    world.state(H);
    world.state(P);
    world.type_text(
        H,
        "#ifndef H\n#define H\n#include \"late.h\"\nint a;\n#else\nlong c;\n#endif\n",
    );
    let unit = |world: &World| {
        let file = lock(&world.host).analysis().file(Path::new(H)).ok().flatten().expect("there");
        let chunks = file.preprocessed.chunks.iter().flat_map(|chunk| chunk.tokens().to_vec());
        chunks.map(|token| token.sym.as_str().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(unit(&world), "long c ; int a ;");
    world.check();
}

#[test]
fn loaders_that_seem_to_be_made_of_each_other() {
    let world = World::new(
        "//- /w/a.c
#include \"b.skel.h\"
//- /w/b.c
#include \"a.skel.h\"
",
    );
    std::thread::scope(|scope| {
        for path in ["/w/a.c", "/w/b.c"] {
            world.open(path);
            let world = &world;
            scope.spawn(move || world.state(path));
        }
    });
    world.check();
}
