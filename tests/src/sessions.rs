//! Sessions of edits at random over several documents: programs, their headers and a loader are opened,
//! closed and changed, files change on disk and are told of late, and questions are asked of snapshots
//! that are old or give up in the middle. The state afterwards is that of a host which has just begun.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use ide::{Analysis, AnalysisHost, Change};

use crate::{environment::Memory, first_difference, generate::Random, questions};

/// The files that may be there.
const PATHS: &[&str] =
    &["/w/a.bpf.c", "/w/a.h", "/w/b.bpf.c", "/w/a.c", "/w/sub/b.h", "/w/later.h", "/w/b.c"];

/// What programs and headers are put together from.
const PROGRAM: &[&str] = &[
    "#include \"a.h\"\n",
    "#include \"sub/b.h\"\n",
    "#include \"later.h\"\n",
    "int total;\n",
    "static int seen = 3;\n",
    "const volatile int limit = 1;\n",
    "long hits SEC(\".percpu\");\n",
    "#define N 4\n",
    "#undef N\n",
    "#ifdef N\n",
    "#endif\n",
    "#pragma once\n",
    "struct pair { int a; long b; };\n",
    "struct pair { char a[N]; };\n",
    "typedef struct pair pair_t;\n",
    "struct pair last = { 1 };\n",
    "static pair_t kept[N];\n",
    "struct { __uint(type, 1); __uint(max_entries, N); __type(key, int); __type(value, pair_t); } m SEC(\".maps\");\n",
    "static __always_inline int add(int x) { static int calls; return calls += x + seen; }\n",
    "SEC(\"tc\") int run(void *ctx) { total += add(limit); return last.a; }\n",
    "SEC(\"xdp\") int walk(void *ctx) { int k = 0; return bpf_map_lookup_elem(&m, &k) ? N : hits; }\n",
    "char license[] SEC(\"license\") = \"GPL\";\n",
    "int half(",
    "}",
    "/* ",
];

/// What loaders are put together from.
const LOADER: &[&str] = &[
    "#include \"a.skel.h\"\n",
    "#include \"b.skel.h\"\n",
    "#include \"a.h\"\n",
    "int main(void) { struct a *skel = a__open(); skel->rodata->limit = 2; a__load(skel); return skel->bss->total; }\n",
    "static void more(struct b *skel) { skel->bss->total = 1; bpf_map__set_max_entries(skel->maps.m, 8); }\n",
    "int read(struct a *skel) { return skel->percpu->hits; }\n",
    "#define N 2\n",
    "}",
];

/// Plays a session of at most `most` steps.
///
/// Returns in words where the state differs from that of a host which has just begun.
pub fn play(random: &mut Random, most: usize) -> Result<(), String> {
    let disk = Arc::new(Memory::new(PATHS));
    let mut player = Player {
        host: AnalysisHost::new(disk.clone()),
        disk,
        open: BTreeSet::new(),
        untold: BTreeSet::new(),
        old: None,
        version: 0,
        said: Vec::new(),
    };
    for path in &PATHS[..4] {
        let text = text(random, path);
        player.disk.files.write(Path::new(path), &text);
    }
    for _ in 0..most {
        if random.is_over() {
            break;
        }
        player.step(random)?;
    }
    player.compare(random)
}

struct Player {
    disk: Arc<Memory>,
    host: AnalysisHost,
    open: BTreeSet<&'static str>,
    /// What changed on disk, and was not told yet.
    untold: BTreeSet<&'static str>,
    /// A snapshot from before some changes.
    old: Option<Analysis>,
    version: i32,
    /// The steps, for whoever reads of a difference.
    said: Vec<String>,
}

impl Player {
    fn step(&mut self, random: &mut Random) -> Result<(), String> {
        let path = random.pick(PATHS);
        match random.below(16) {
            0 | 1 => self.set(path, text(random, path)),
            2..=4 => self.edit(random, path),
            5 => {
                if self.open.remove(path) {
                    self.note(format!("close {path}"));
                    self.host.apply(Change::Closed(Path::new(path).into()));
                }
            }
            6 => {
                let text = text(random, path);
                self.note(format!("write {path}: {text:?}"));
                self.disk.files.write(Path::new(path), &text);
                self.untold.insert(path);
            }
            7 => {
                self.note(format!("remove {path}"));
                self.disk.files.remove(Path::new(path));
                self.untold.insert(path);
            }
            8 => self.tell(),
            9 => self.save(path),
            10 | 11 => self.look(random, path),
            12 => {
                self.note("keep a snapshot".into());
                self.old = Some(self.host.analysis());
            }
            13 => {
                if let Some(old) = &self.old {
                    let _ = questions::of_document(old, Path::new(path), 0);
                    self.note(format!("ask of {path} in the old snapshot"));
                }
            }
            14 => self.give_up(random, path),
            _ => self.compare(random)?,
        }
        Ok(())
    }

    fn note(&mut self, step: String) {
        self.said.push(step);
    }

    fn set(&mut self, path: &'static str, text: String) {
        self.note(format!("set {path}: {text:?}"));
        self.open.insert(path);
        self.version += 1;
        let (path, version) = (Path::new(path).into(), self.version);
        self.host.apply(Change::Text { path, version, text: text.into() });
    }

    /// A piece more, or a few bytes less, of an open document; a closed one is opened as it is on disk.
    fn edit(&mut self, random: &mut Random, path: &'static str) {
        let now = self.host.analysis().document(Path::new(path));
        let mut text = now.map(|document| document.text.to_string()).unwrap_or_default();
        if self.open.contains(path) {
            let at = random.below(text.len() + 1);
            let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            if random.one_in(3) {
                let end = (at + 1 + random.below(8)).min(text.len());
                text.replace_range(at..end.max(at), "");
            } else {
                let line = text[..at].rfind('\n').map_or(0, |line| line + 1);
                text.insert_str(line, random.pick(pieces(path)));
            }
        }
        self.set(path, text);
    }

    fn save(&mut self, path: &'static str) {
        let Some(document) = self.host.analysis().open_document(Path::new(path)) else { return };
        self.note(format!("save {path}"));
        self.disk.files.write(Path::new(path), &document.text);
        self.host.apply(Change::Disk(vec![path.into()]));
    }

    fn tell(&mut self) {
        let told: Vec<PathBuf> =
            std::mem::take(&mut self.untold).into_iter().map(PathBuf::from).collect();
        self.note(format!("tell of {told:?}"));
        self.host.apply(Change::Disk(told));
    }

    fn look(&mut self, random: &mut Random, path: &'static str) {
        self.note(format!("ask of {path}"));
        let offset = random.below(256) as u32;
        let _ = questions::of_document(&self.host.analysis(), Path::new(path), offset);
    }

    /// Asks, and gives up at some point on the way.
    fn give_up(&mut self, random: &mut Random, path: &'static str) {
        let left = AtomicU32::new(random.below(24) as u32);
        self.note(format!("ask of {path}, for {left:?} stages"));
        let gone = move || {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_err()
        };
        let analysis = self.host.analysis().cancelled_by(Arc::new(gone));
        let _ = questions::of_document(&analysis, Path::new(path), 0);
    }

    /// Everything that is said now of all files, against what a new host says.
    fn compare(&mut self, random: &mut Random) -> Result<(), String> {
        self.tell();
        let now = self.host.analysis();
        let mut fresh = AnalysisHost::new(self.disk.clone());
        for document in now.open_documents() {
            let (path, version, text) =
                (document.path.clone(), document.version, document.text.clone());
            fresh.apply(Change::Text { path, version, text });
        }
        let fresh = fresh.analysis();
        for path in PATHS.iter().map(Path::new) {
            let length = now.document(path).map_or(0, |document| document.text.len());
            let offset = random.below(length + 1) as u32;
            let ask = |analysis: &Analysis| {
                questions::of_document(analysis, path, offset).map_err(|_| "nobody gives up")
            };
            if let Some(difference) = first_difference(&ask(&fresh)?, &ask(&now)?) {
                let steps = self.said.join("\n");
                return Err(format!("{}: {difference}\n{steps}", path.display()));
            }
        }
        Ok(())
    }
}

fn pieces(path: &str) -> &'static [&'static str] {
    if path.ends_with(".c") && !path.ends_with(".bpf.c") { LOADER } else { PROGRAM }
}

/// A few pieces, in their order for the most part.
fn text(random: &mut Random, path: &str) -> String {
    let pieces = pieces(path);
    let mut text = String::new();
    if path.ends_with(".bpf.c") && random.below(8) < 7 {
        text.push_str("#include <bpf/bpf_helpers.h>\n");
    }
    let mut at = random.below(pieces.len());
    for _ in 0..1 + random.below(8) {
        text.push_str(pieces[at % pieces.len()]);
        at += 1 + random.below(4);
    }
    text
}
