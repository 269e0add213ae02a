//! Builds with the headers of `bpf-lsp skeleton --full`, and runs what was built beside the same loaders with
//! bpftool's headers.
//!
//!     oracle_full BPF_LSP TESTS_FOLDER      the example: compiled, run, and what it says compared
//!     oracle_full CORPUS_DIR [--every N]    each object of the corpus: its headers, compiled
//!
//! No packaged bpftool, libbpf or kernel knows `.percpu` yet, so the example that is run has its sections called
//! `.data.pcpu`; with their own names its headers are compiled only. Loading needs root and a kernel that lets it:
//! elsewhere runs are counted as skipped. Needs gcc, g++, clang-19, bpftool 7.5 and libbpf's headers
//! (`tests/tools/setup oracle`); exit code 1 when something differs or does not compile.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bpf::skeleton::{self, LoaderProgram, SkeletonKind};
use bpf_lsp_tests::{first_difference, skeleton_extract::declaration_part};

/// Compilers, and the language they are told.
const COMPILERS: [(&str, &str); 4] =
    [("gcc", "c"), ("g++", "c++"), ("clang-19", "c"), ("clang++-19", "c++")];
const STRICT: [&str; 3] = ["-Wall", "-Wextra", "-Werror"];
/// What a loader returns where nothing may be loaded.
const SKIPPED: i32 = 77;
/// What headers are included behind: they count on their users for these.
const PRELUDE: &str = "#include <errno.h>\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\
                       #include <string.h>\n#include <linux/bpf.h>\n\
                       typedef __u8 u8; typedef __u16 u16; typedef __u32 u32; typedef __u64 u64;\n\
                       typedef __s8 s8; typedef __s16 s16; typedef __s32 s32; typedef __s64 s64;\n";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [corpus] => score_corpus(Path::new(corpus), 1),
        [corpus, "--every", every] => match every.parse() {
            Ok(every) => score_corpus(Path::new(corpus), every),
            Err(_) => Err(format!("{every} is no number")),
        },
        [bpf_lsp, tests] => {
            Example::new(bpf_lsp, Path::new(tests)).and_then(|example| example.run())
        }
        _ => {
            Err("usage: oracle_full BPF_LSP TESTS_FOLDER, or oracle_full CORPUS_DIR [--every N]"
                .into())
        }
    };
    match result {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("oracle_full: {message}");
            ExitCode::from(2)
        }
    }
}

/// The example's objects, and what became of them.
struct Example {
    bpf_lsp: PathBuf,
    example: PathBuf,
    loaders: PathBuf,
    folder: tempfile::TempDir,
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Example {
    fn new(bpf_lsp: &str, tests: &Path) -> Result<Self, String> {
        Ok(Example {
            bpf_lsp: bpf_lsp.into(),
            example: tests.join("examples/percpu"),
            loaders: tests.join("testdata/loaders"),
            folder: tempfile::tempdir().map_err(|e| e.to_string())?,
            passed: 0,
            failed: 0,
            skipped: 0,
        })
    }

    fn run(mut self) -> Result<usize, String> {
        let source = self.example.join("hits.bpf.c");
        let text = fs::read_to_string(&source).map_err(|e| format!("{}: {e}", source.display()))?;
        self.write("stand_in.bpf.c", &text.replace("\".percpu", "\".data.pcpu"))?;
        self.write("untyped.bpf.c", UNTYPED)?;
        let stand_in = self.compile_bpf(&self.path("stand_in.bpf.c"), &["-g"])?;
        let real = self.compile_bpf(&source, &["-g"])?;
        let untyped = self.compile_bpf(&self.path("untyped.bpf.c"), &[])?;
        let loader = self.loader_program(&stand_in)?;
        let loader: [&str; 3] = ["--loader", &loader.0, &loader.1];

        // The declared part against bpftool's, and the loaders with both headers.
        self.header("hits.skel.h", &stand_in, "skeleton", "hits", &[])?;
        self.header("part.subskel.h", &stand_in, "subskeleton", "part", &[])?;
        self.header("light.lskel.h", &stand_in, "lskel", "light", &loader)?;
        self.header("untyped.skel.h", &untyped, "skeleton", "untyped", &[])?;
        self.loader("skeleton.c", true)?;
        self.loader("light.c", false)?;
        self.nothing_is_left()?;

        // What no bpftool here makes is compiled.
        let folder = self.path("real");
        fs::create_dir(&folder).map_err(|e| e.to_string())?;
        for (file, kind, extra) in [
            ("r.skel.h", "skeleton", &[][..]),
            ("r.subskel.h", "subskeleton", &[]),
            ("r.lskel.h", "lskel", &loader),
        ] {
            let header = self.ours(&real, kind, "hits", extra)?;
            fs::write(folder.join(file), header).map_err(|e| e.to_string())?;
            self.compiles(&folder.join(file));
        }
        self.compiles(&self.path("ours/untyped.skel.h"));
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
        Ok(self.failed)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        let path = self.path(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| e.to_string())?;
        }
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
    }

    fn check(&mut self, what: &str, difference: Option<String>) {
        match difference {
            None => {
                println!("ok   {what}");
                self.passed += 1;
            }
            Some(difference) => {
                println!("FAIL {what}: {difference}");
                self.failed += 1;
            }
        }
    }

    fn compile_bpf(&self, source: &Path, flags: &[&str]) -> Result<PathBuf, String> {
        let object = self
            .path(&source.file_stem().unwrap_or_default().to_string_lossy())
            .with_extension("o");
        output(
            Command::new("clang-19")
                .args(["-target", "bpf", "-O2", "-idirafter", "/usr/include/x86_64-linux-gnu"])
                .args(flags)
                .arg("-c")
                .arg(source)
                .arg("-o")
                .arg(&object),
        )?;
        Ok(object)
    }

    /// Lets libbpf make the loader program of a light skeleton; the paths of its data and instructions.
    fn loader_program(&self, object: &Path) -> Result<(String, String), String> {
        let tool = self.path("gen_loader");
        output(
            Command::new("gcc")
                .arg(self.loaders.join("gen_loader.c"))
                .arg("-o")
                .arg(&tool)
                .arg("-lbpf"),
        )?;
        let paths =
            ["loader.data", "loader.insns"].map(|name| self.path(name).display().to_string());
        output(Command::new(&tool).arg(object).arg("light").args(&paths))?;
        let [data, instructions] = paths;
        Ok((data, instructions))
    }

    fn ours(
        &self,
        object: &Path,
        kind: &str,
        name: &str,
        extra: &[&str],
    ) -> Result<String, String> {
        let mut command = Command::new(&self.bpf_lsp);
        command
            .args(["skeleton", "--full", "--kind", kind, "--name", name])
            .args(extra)
            .arg(object);
        output(&mut command)
    }

    /// Writes both headers of one name, and compares what they declare.
    fn header(
        &mut self,
        file: &str,
        object: &Path,
        kind: &str,
        name: &str,
        extra: &[&str],
    ) -> Result<(), String> {
        let generate: &[&str] = match kind {
            "lskel" => &["-L", "gen", "skeleton"],
            kind => &["gen", kind],
        };
        let theirs =
            output(Command::new("bpftool").args(generate).arg(object).args(["name", name]))?;
        let ours = self.ours(object, kind, name, extra)?;
        self.write(&format!("theirs/{file}"), &theirs)?;
        self.write(&format!("ours/{file}"), &ours)?;
        let difference = first_difference(&declaration_part(&theirs), &declaration_part(&ours));
        self.check(&format!("{file}: declares what bpftool's does"), difference);
        Ok(())
    }

    /// Compiles a loader with bpftool's headers, and with ours in each language, and compares what they say.
    fn loader(&mut self, source: &str, libbpf: bool) -> Result<(), String> {
        let (code, expected) = self.say(source, "theirs", COMPILERS[0], &["-w"], libbpf)?;
        for compiler in COMPILERS {
            let what = format!("{source}, {} {}", compiler.0, STRICT.join(" "));
            match self.say(source, "ours", compiler, &STRICT, libbpf) {
                Err(why) => self.check(&what, Some(why)),
                Ok((SKIPPED, _)) if code == SKIPPED => {
                    println!("skip {what}: compiles; nothing may be loaded here");
                    self.skipped += 1;
                }
                Ok(got) if got.0 == code => self.check(&what, first_difference(&expected, &got.1)),
                Ok(got) => {
                    self.check(&what, Some(format!("ends with {} in place of {code}", got.0)))
                }
            }
        }
        Ok(())
    }

    /// The exit code and the lines of a loader.
    fn say(
        &self,
        source: &str,
        headers: &str,
        (compiler, language): (&str, &str),
        flags: &[&str],
        libbpf: bool,
    ) -> Result<(i32, String), String> {
        let program = self.path(&format!("{headers}-{compiler}-{source}.out"));
        let mut command = Command::new(compiler);
        command.args(flags).args(["-O2", "-x", language]).arg(self.loaders.join(source));
        command.arg("-I").arg(self.path(headers)).arg("-o").arg(&program);
        // Light skeletons stand alone.
        command.args(libbpf.then_some("-lbpf"));
        output(&mut command)?;
        let result = Command::new(&program).output().map_err(|e| e.to_string())?;
        let code = result.status.code().ok_or("ended by a signal")?;
        Ok((code, String::from_utf8_lossy(&result.stdout).into_owned()))
    }

    /// All programs went with their loaders; the kernel takes a moment to free them.
    fn nothing_is_left(&mut self) -> Result<(), String> {
        let mut left = None;
        for _ in 0..50 {
            let shown =
                Command::new("bpftool").args(["prog", "show", "name", "count_call"]).output();
            let shown =
                String::from_utf8_lossy(&shown.map_err(|e| e.to_string())?.stdout).into_owned();
            left = shown.lines().next().filter(|l| l.contains("count_call")).map(str::to_string);
            if left.is_none() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        self.check("nothing stays in the kernel", left);
        Ok(())
    }

    fn compiles(&mut self, header: &Path) {
        for compiler in COMPILERS {
            let what =
                format!("{}, {}", header.file_name().unwrap_or_default().display(), compiler.0);
            self.check(&what, compile(&[header], compiler, &STRICT).err());
        }
    }
}

/// A program that can be opened without types: it has data, and no map of its own.
const UNTYPED: &str = "
#define SEC(name) __attribute__((section(name), used))
int counter = 1;
long seen;
const volatile int limit = 5;
SEC(\"raw_tp/sys_enter\") int count(void *ctx) { if (seen < limit) seen += counter; return 0; }
char LICENSE[] SEC(\"license\") = \"GPL\";
";

/// Looks whether a file that includes the headers, one after the other, compiles.
fn compile(
    headers: &[&Path],
    (compiler, language): (&str, &str),
    flags: &[&str],
) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let source = folder.path().join("use.c");
    let includes: String =
        headers.iter().map(|h| format!("#include \"{}\"\n", h.display())).collect();
    fs::write(&source, format!("{PRELUDE}{includes}")).map_err(|e| e.to_string())?;
    let mut command = Command::new(compiler);
    command.args(flags).args(["-fsyntax-only", "-x", language]).arg(&source);
    output(&mut command).map(drop)
}

/// The standard output of a command that must succeed.
fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{command:?}: {}\n{error}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What became of the headers of a corpus: one object's three of one compiler count as three.
#[derive(Default)]
struct Score {
    compiled: AtomicUsize,
    /// They name types that only their users define; bpftool's do not compile either.
    need_types: AtomicUsize,
    /// Kinds that cannot be built, by what bpftool says of the object or ours.
    refused: AtomicUsize,
    failures: Mutex<Vec<String>>,
}

const KINDS: [(SkeletonKind, &str, &str); 3] = [
    (SkeletonKind::Skeleton, "skel.h", ""),
    (SkeletonKind::Subskeleton, "subskel.h", "_sub"),
    (SkeletonKind::Light, "lskel.h", "_light"),
];

fn score_corpus(corpus: &Path, every: usize) -> Result<usize, String> {
    let entries = fs::read_dir(corpus).map_err(|e| format!("{}: {e}", corpus.display()))?;
    let mut folders: Vec<_> =
        entries.flatten().map(|e| e.path()).filter(|p| p.join("obj.o").exists()).collect();
    folders.sort();
    let folders: Vec<_> = folders.into_iter().step_by(every.max(1)).collect();
    let (score, next) = (Score::default(), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(folder) = folders.get(next.fetch_add(1, Ordering::Relaxed)) {
                    score_object(folder, &score);
                }
            });
        }
    });
    let failures = score.failures.into_inner().map_err(|e| e.to_string())?;
    failures.iter().for_each(|failure| println!("FAIL {failure}"));
    println!(
        "{} objects, {} compilers: {} headers compile, {} need types of their users (as bpftool's do), \
         {} cannot be made, {} failed",
        folders.len(),
        COMPILERS.len(),
        score.compiled.into_inner(),
        score.need_types.into_inner(),
        score.refused.into_inner(),
        failures.len()
    );
    Ok(failures.len())
}

/// All kinds of header of one object, in one file where that compiles, else one by one.
fn score_object(folder: &Path, score: &Score) {
    let fail = |what: String| {
        let id = folder.file_name().unwrap_or_default().display();
        score
            .failures
            .lock()
            .map(|mut failures| failures.push(format!("{id}: {what}")))
            .unwrap_or(());
    };
    let (Ok(elf), Ok(made)) = (fs::read(folder.join("obj.o")), tempfile::tempdir()) else {
        return fail("cannot be read".into());
    };
    let mut headers = Vec::new();
    for (kind, theirs, suffix) in KINDS {
        let theirs = folder.join(theirs);
        // A loader program of the right form does: it is not run.
        let loader = LoaderProgram { data: &elf, instructions: &[0x95, 0, 0, 0, 0, 0, 0, 0] };
        let name = format!("object{suffix}");
        let text = bpf::elf::open(&elf, &name)
            .map_err(|e| e.to_string())
            .and_then(|object| skeleton::full(&object, kind, &elf, Some(loader)));
        let ours = made.path().join(format!("{name}.h"));
        let empty = fs::metadata(&theirs).is_ok_and(|m| m.len() == 0);
        match text {
            Ok(text) if fs::write(&ours, &text).is_ok() => headers.push((ours, theirs)),
            Ok(_) => fail("cannot be written".into()),
            // Libbpf's kernel-made values of .kconfig are the one thing that bpftool has and we have not.
            Err(why) if kind == SkeletonKind::Light && why.contains(".kconfig") => {
                score.refused.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) if !theirs.exists() || empty => {
                score.refused.fetch_add(1, Ordering::Relaxed);
            }
            Err(why) => fail(format!("{kind:?}: {why}")),
        }
    }
    for compiler in COMPILERS {
        let all: Vec<&Path> = headers.iter().map(|(ours, _)| ours.as_path()).collect();
        if compile(&all, compiler, &STRICT).is_ok() {
            score.compiled.fetch_add(all.len(), Ordering::Relaxed);
            continue;
        }
        for (ours, theirs) in &headers {
            // bpftool's light skeletons are no C++; the ordinary one names the same types.
            let light = theirs.ends_with("lskel.h") && compiler.1 == "c++";
            let theirs = if light { &folder.join("skel.h") } else { theirs };
            match compile(&[ours], compiler, &STRICT) {
                Ok(()) => score.compiled.fetch_add(1, Ordering::Relaxed),
                Err(_) if compile(&[theirs], compiler, &["-w"]).is_err() => {
                    score.need_types.fetch_add(1, Ordering::Relaxed)
                }
                Err(why) => {
                    fail(format!("{}: {why}", compiler.0));
                    0
                }
            };
        }
    }
}
