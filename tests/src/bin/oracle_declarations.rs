//! Compares what clang makes of random declarations with what the front end makes of them.
//!
//!     oracle_declarations [--seed N] [--programs N] [--big-endian] [--c23] [--flags] [--show N]
//!         [--keep FOLDER]
//!
//! Each program (see `generate::declarations`) is compiled for BPF; lines that clang refuses are taken
//! out. Compared are place, size and type of every variable and its bytes, so also the constants and
//! offsets that initialise them. Needs clang-19 (`tests/tools/setup oracle`); exit code 1 when anything
//! differs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use bpf::object::{Object, Variable};
use bpf_lsp_tests::generate::{
    Random,
    declarations::{Dialect, flags, program},
};
use btf::{Detail, compare::first_difference};
use cfront::{
    flags::Flags,
    pp::preprocess,
    session::{MemoryFileSystem, Session},
    unit::Unit,
};

struct Settings {
    seed: u64,
    programs: u64,
    big_endian: bool,
    dialect: Dialect,
    show: usize,
    keep: Option<PathBuf>,
}

/// What was compared.
#[derive(Default)]
struct Tally {
    programs: usize,
    refused_lines: usize,
    variables: usize,
    bytes_unknown: usize,
    differences: Vec<String>,
}

fn settings() -> Result<Settings, String> {
    let mut settings = Settings {
        seed: 1,
        programs: 100,
        big_endian: false,
        dialect: Dialect::default(),
        show: 20,
        keep: None,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|n| n.parse().ok()).ok_or("a number is missing");
        match arg.as_str() {
            "--seed" => settings.seed = number()?,
            "--programs" => settings.programs = number()?,
            "--show" => settings.show = number()? as usize,
            "--big-endian" => settings.big_endian = true,
            "--c23" => settings.dialect.c23 = true,
            "--flags" => settings.dialect.flags = true,
            "--keep" => settings.keep = args.next().map(PathBuf::from),
            _ => return Err(format!("{arg}: unknown")),
        }
    }
    Ok(settings)
}

fn main() -> ExitCode {
    let settings = match settings() {
        Ok(settings) => settings,
        Err(message) => {
            eprintln!("oracle_declarations: {message}");
            return ExitCode::from(2);
        }
    };
    let next = AtomicU64::new(0);
    let tally = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let run = || {
                while let n @ 0.. = next.fetch_add(1, Ordering::Relaxed)
                    && n < settings.programs
                {
                    let mut one = Tally::default();
                    if let Err(message) = compare(&settings, settings.seed + n, &mut one) {
                        one.differences.push(format!("seed {}: {message}", settings.seed + n));
                    }
                    if let Ok(mut all) = tally.lock() {
                        all.programs += 1;
                        all.refused_lines += one.refused_lines;
                        all.variables += one.variables;
                        all.bytes_unknown += one.bytes_unknown;
                        all.differences.extend(one.differences);
                    }
                }
            };
            if let Err(e) =
                std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, run)
            {
                eprintln!("thread: {e}");
            }
        }
    });
    let tally = tally.into_inner().unwrap_or_default();
    for difference in tally.differences.iter().take(settings.show) {
        println!("{difference}");
    }
    println!(
        "{} programs, {} variables compared ({} lines refused by clang, {} initial values not known): {} differences",
        tally.programs,
        tally.variables,
        tally.refused_lines,
        tally.bytes_unknown,
        tally.differences.len()
    );
    ExitCode::from(u8::from(!tally.differences.is_empty()))
}

/// Compiles what clang takes of a program; the lines that it refused are left empty. No bytes where
/// clang itself crashes.
fn compile(
    settings: &Settings,
    flags: &[String],
    folder: &Path,
    lines: &mut [String],
) -> Result<(Vec<u8>, usize), String> {
    let source = folder.join("case.c");
    let object = folder.join("case.o");
    let mut refused = 0;
    for _ in 0..12 {
        let text = lines.join("\n") + "\n";
        std::fs::write(&source, &text).map_err(|e| e.to_string())?;
        let target = if settings.big_endian { "bpfeb" } else { "bpfel" };
        let standard = if settings.dialect.c23 { "gnu23" } else { "gnu17" };
        let output = Command::new("clang-19")
            .args([
                "-target",
                target,
                "-g",
                "-O2",
                "-w",
                "-ferror-limit=0",
                "-c",
                "case.c",
                "-o",
                "case.o",
            ])
            .arg(format!("-std={standard}"))
            .args(flags)
            .current_dir(folder)
            .output()
            .map_err(|e| format!("clang-19: {e}"))?;
        if output.status.success() {
            return Ok((std::fs::read(&object).map_err(|e| e.to_string())?, refused));
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        if errors.contains("PLEASE submit a bug report") {
            return Ok((Vec::new(), refused));
        }
        let before = refused;
        for line in errors.lines() {
            let mut parts = line.split(':');
            let number = match (parts.next(), parts.next()) {
                (Some("case.c"), Some(number)) => number.parse::<usize>().ok(),
                _ => None,
            };
            if !line.contains("error:") {
                continue;
            }
            if let Some(line) = number.and_then(|n| lines.get_mut(n - 1))
                && !line.is_empty()
            {
                line.clear();
                refused += 1;
            }
        }
        if refused == before {
            return Err(format!("clang fails: {errors}"));
        }
    }
    Err("clang refuses too much".into())
}

fn compare(settings: &Settings, seed: u64, tally: &mut Tally) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut random = Random::new(seed);
    let mut flags = flags(&mut random, settings.dialect);
    let text = program(&mut random, settings.dialect).join("\n");
    // What is more than one line stays so.
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (bytes, refused) = compile(settings, &flags, folder.path(), &mut lines)?;
    tally.refused_lines += refused;
    let text = lines.join("\n") + "\n";
    if let Some(keep) = &settings.keep {
        std::fs::create_dir_all(keep).map_err(|e| e.to_string())?;
        std::fs::write(keep.join(format!("{seed}.c")), format!("{text}// {}\n", flags.join(" ")))
            .map_err(|e| e.to_string())?;
    }
    if bytes.is_empty() {
        println!("seed {seed}: clang crashes");
        return Ok(());
    }
    // A section whose variables are all empty is one: libbpf opens no such object.
    let truth = match bpf::elf::open(&bytes, "case") {
        Ok(truth) => truth,
        Err(refusal) => {
            println!("seed {seed}: left out: {refusal}");
            return Ok(());
        }
    };
    let standard = if settings.dialect.c23 { "-std=gnu23" } else { "-std=gnu17" };
    flags.push(standard.to_owned());
    let ours = ours(settings, &flags, &text);
    variables(&lines, seed, &truth, &ours, tally);
    Ok(())
}

fn ours(settings: &Settings, flags: &[String], text: &str) -> Object {
    let flags = Flags::parse(flags, Path::new("/w"));
    let fs = MemoryFileSystem::default();
    fs.write(Path::new("/w/case.c"), text);
    let pp = preprocess(&Session::new(), &fs, Path::new("/w/case.c"), text.into(), &flags);
    let unit = Unit::build(Arc::new(pp), None, settings.big_endian);
    bpf::source::build(&unit, "case").object
}

fn variables(lines: &[String], seed: u64, truth: &Object, ours: &Object, tally: &mut Tally) {
    let all = |object: &Object| -> BTreeMap<String, (String, Variable)> {
        let sections = object.sections.iter();
        sections
            .flat_map(|s| {
                s.variables.iter().map(|v| (v.name.to_string(), (s.name.to_string(), v.clone())))
            })
            .collect()
    };
    let (theirs, mine) = (all(truth), all(ours));
    let mut displaced: Vec<&str> = Vec::new();
    let mut placed: Vec<_> = theirs.iter().collect();
    placed.sort_by_key(|(_, (section, variable))| (section.clone(), variable.offset));
    for (name, (section, variable)) in placed {
        tally.variables += 1;
        let words =
            |l: &&String| l.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == name);
        let line = lines.iter().find(words);
        let mut say = |what: String| {
            let line = line.map_or("", |l| l.as_str());
            tally.differences.push(format!("seed {seed}: {name}: {what}\n    {line}"));
        };
        let Some((our_section, own)) = mine.get(name) else {
            say(format!("missing (clang: {section})"));
            continue;
        };
        if our_section != section {
            displaced.extend([our_section.as_str(), section]);
            say(format!("in {our_section}, not {section}"));
            continue;
        }
        if own.size != variable.size {
            displaced.push(section);
            say(format!("size {}, clang {}", own.size, variable.size));
            continue;
        }
        // One variable that lies wrong moves the others of its section.
        if own.offset != variable.offset && !displaced.contains(&section.as_str()) {
            displaced.push(section);
            say(format!("at {}, clang at {}", own.offset, variable.offset));
        }
        let shown = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
        // Nothing but zeros are not spelled out to the end.
        let zeros = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
        let same = |ours: &[u8], clang: &[u8]| ours == clang || zeros(ours) && zeros(clang);
        match (&own.initial, &variable.initial) {
            (None, _) => {
                tally.bytes_unknown += 1;
                tally.differences.push(format!(
                    "seed {seed}: {name}: value not known\n    {}",
                    line.map_or("", |l| l.as_str())
                ));
                continue;
            }
            (Some(a), Some(b)) if !same(a, b) => {
                say(format!("bytes {}, clang {}", shown(a), shown(b)));
                continue;
            }
            _ => {}
        }
        let difference =
            first_difference((&truth.btf, variable.ty), (&ours.btf, own.ty), Detail::Types);
        if let Some(difference) = difference {
            say(difference.describe("clang", "ours"));
        }
    }
    for name in mine.keys().filter(|name| !theirs.contains_key(*name)) {
        tally.differences.push(format!("seed {seed}: {name}: clang has it not"));
    }
}
