//! Scores the loader side on real loaders.
//!
//!     score_loaders LINUX_DIR [--gen DIR] [--vmlinux DIR] [--only TEXT] [--every N] [--unresolved]
//!         [--times]
//!
//! Reads the selftests' `prog_tests/*.c`, the samples and the sched_ext tools of a kernel tree, finds
//! the BPF sources of the skeletons they include, and prints how many references to members of
//! skeletons resolve to something in the BPF program, and all reports of the loader-side rules that
//! `tests/corpus/known_loader_reports.tsv` does not list. Exit code 1 when one of the bars is missed.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

use bpf::{diagnostic::Diagnostic, object::Object};
use bpf_lsp_tests::units::{Disk, unit_of};
use cfront::{
    session::{FileSystem, Session},
    source::FileRange,
    unit::Unit,
};
use loader::{
    Input,
    references::references,
    skeletons::{Skeleton, included},
};

struct Options {
    linux: PathBuf,
    generated: PathBuf,
    vmlinux: PathBuf,
    only: Option<String>,
    unresolved: bool,
    times: bool,
    /// Only every n-th loader.
    every: usize,
}

fn options() -> Option<Options> {
    let mut args = std::env::args().skip(1);
    let linux = PathBuf::from(args.next()?);
    let beside = linux.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut options = Options {
        generated: beside.join("gen"),
        vmlinux: beside.join("vmlinux"),
        linux,
        only: None,
        unresolved: false,
        times: false,
        every: 1,
    };
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--gen" => options.generated = args.next()?.into(),
            "--vmlinux" => options.vmlinux = args.next()?.into(),
            "--only" => options.only = Some(args.next()?),
            "--unresolved" => options.unresolved = true,
            "--times" => options.times = true,
            "--every" => options.every = args.next()?.parse().ok().filter(|n| *n > 0)?,
            _ => return None,
        }
    }
    Some(options)
}

/// A folder of loaders, and the flags of these and of BPF programs.
struct Group {
    loaders: PathBuf,
    loader_flags: Vec<String>,
    bpf_flags: Vec<String>,
}

fn groups(options: &Options) -> Vec<Group> {
    let linux = &options.linux;
    let bpf_tests = linux.join("tools/testing/selftests/bpf");
    let include = |dir: &Path| format!("-I{}", dir.display());
    let common = [
        include(&options.generated),
        include(&linux.join("tools/include/uapi")),
        include(&linux.join("tools/include")),
        include(&linux.join("tools/lib")),
    ];
    // User space has the kernel's own types (`u64`) from its tools' headers.
    let user = [include(&linux.join("tools/include"))];
    let bpf = |own: &[PathBuf]| {
        let mut flags: Vec<String> = own.iter().map(|dir| include(dir)).collect();
        flags.extend(common.iter().cloned());
        flags.extend([include(&options.vmlinux), "-D__TARGET_ARCH_x86".into(), "-O2".into()]);
        flags.push("-mcpu=v3".into());
        // The selftests' Makefile takes the host's folders over, the one of Debian's machine among them.
        flags.extend(["-idirafter".into(), "/usr/include/x86_64-linux-gnu".into()]);
        flags
    };
    let loader = |own: &[PathBuf]| {
        let mut flags: Vec<String> = own.iter().map(|dir| include(dir)).collect();
        flags.extend(user.iter().chain(&common).cloned());
        flags.extend(["-D_GNU_SOURCE".into(), "--target=x86_64-linux-gnu".into()]);
        flags.extend(["-idirafter".into(), "/usr/include/x86_64-linux-gnu".into()]);
        flags
    };
    let samples = linux.join("samples/bpf");
    let scx = linux.join("tools/sched_ext");
    vec![
        Group {
            loaders: bpf_tests.join("prog_tests"),
            loader_flags: loader(std::slice::from_ref(&bpf_tests)),
            bpf_flags: bpf(std::slice::from_ref(&bpf_tests)),
        },
        Group {
            loaders: bpf_tests.join("benchs"),
            loader_flags: loader(std::slice::from_ref(&bpf_tests)),
            bpf_flags: bpf(std::slice::from_ref(&bpf_tests)),
        },
        Group {
            loaders: bpf_tests.clone(),
            loader_flags: loader(std::slice::from_ref(&bpf_tests)),
            bpf_flags: bpf(&[bpf_tests]),
        },
        Group {
            loaders: samples.clone(),
            loader_flags: loader(std::slice::from_ref(&samples)),
            bpf_flags: bpf(&[samples]),
        },
        Group {
            loaders: scx.clone(),
            loader_flags: loader(&[scx.clone(), scx.join("include")]),
            bpf_flags: bpf(&[scx.clone(), scx.join("include"), scx.join("include/bpf-compat")]),
        },
    ]
}

#[derive(Default)]
struct Score {
    loaders: usize,
    skeletons: usize,
    without_source: usize,
    references: usize,
    resolved: usize,
    reports: usize,
    new_reports: usize,
    by_rule: BTreeMap<&'static str, usize>,
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("usage: score_loaders LINUX_DIR [--gen DIR] [--vmlinux DIR] [--only TEXT]");
        return ExitCode::from(2);
    };
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/known_loader_reports.tsv");
    let list = std::fs::read_to_string(list).unwrap_or_default();
    let known: Vec<(&str, String)> = list
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut columns = line.split('\t');
            Some((columns.next()?, format!("{} ", columns.next()?)))
        })
        .collect();
    let session = Session::default();
    let environment = bpf_lsp::environment();
    let mut objects: BTreeMap<PathBuf, (Unit, Object)> = BTreeMap::new();
    let mut score = Score::default();
    for group in groups(&options) {
        for path in loaders(&group.loaders).into_iter().step_by(options.every) {
            let shown = path.strip_prefix(&options.linux).unwrap_or(&path).display().to_string();
            if options.only.as_ref().is_some_and(|only| !shown.contains(only.as_str())) {
                continue;
            }
            let begin = Instant::now();
            let Some(unit) = unit_of(&session, &path, &group.loader_flags, &group.loaders) else {
                continue;
            };
            let mut skeletons: Vec<Skeleton> = Vec::new();
            for mut header in included(&unit) {
                let origins = environment.skeleton_origins(&path, &header.path);
                let origin = origins.into_iter().find(|o| o.sources.iter().all(|s| s.is_file()));
                let sources = origin.as_ref().map(|o| o.sources.clone()).unwrap_or_default();
                for source in &sources {
                    if objects.contains_key(source) {
                        continue;
                    }
                    let unit = unit_of(&session, source, &group.bpf_flags, &group.loaders);
                    let name = source.file_name().unwrap_or_default().to_string_lossy();
                    let name = bpf::section::object_name_of_source(&name);
                    if let Some(unit) = unit {
                        let object = bpf::source::object(&unit, &name);
                        objects.insert(source.clone(), (unit, object));
                    }
                }
                if let Some(name) = origin.as_ref().and_then(|origin| origin.name.as_deref()) {
                    header.rename(&unit, name);
                }
                let parts: Vec<&(Unit, Object)> =
                    sources.iter().filter_map(|source| objects.get(source)).collect();
                let all: Vec<&Object> = parts.iter().map(|(_, object)| object).collect();
                let object = bpf::link::link(&all, header.name.as_str()).map(Arc::new);
                score.without_source += usize::from(object.is_none());
                let mut skeleton = header.skeleton(object);
                skeleton.signed = origin.is_some_and(|origin| origin.signed);
                skeleton.sources.extend(parts.iter().map(|(unit, _)| unit.clone()));
                skeletons.push(skeleton);
            }
            if skeletons.is_empty() {
                continue;
            }
            let built = begin.elapsed();
            score.loaders += 1;
            score.skeletons += skeletons.len();
            let all = references(&unit, &skeletons);
            score.references += all.len();
            score.resolved += all.iter().filter(|r| r.kind.is_some()).count();
            if options.unresolved {
                for r in all.iter().filter(|r| r.kind.is_none()) {
                    let place = place(&session, r.range);
                    println!("unresolved {place}: {}.{}", r.holder, r.name);
                }
            }
            let text = Disk.read(&path).unwrap_or_default();
            let begin = Instant::now();
            let input =
                Input { unit: &unit, skeletons: &skeletons, text: &text, exact_flags: true };
            for finding in loader::check(input) {
                score.reports += 1;
                *score.by_rule.entry(finding.rule.id).or_default() += 1;
                let place = place(&session, finding.range);
                if !known.iter().any(|(rule, at)| *rule == finding.rule.id && place.starts_with(at))
                {
                    score.new_reports += 1;
                    report(&session, &finding);
                }
            }
            if options.times {
                println!("time {shown}: front {built:?}, rules {:?}", begin.elapsed());
            }
        }
    }
    println!("loaders {}, skeletons {}", score.loaders, score.skeletons);
    println!("skeletons whose BPF source is not in the tree {}", score.without_source);
    let share = score.resolved as f64 * 100.0 / score.references.max(1) as f64;
    println!("references {}, resolved {} = {share:.2} %", score.references, score.resolved);
    println!("reports {}, not listed {} {:?}", score.reports, score.new_reports, score.by_rule);
    // A few loaders are too few for the bar of all.
    let bar = if options.every == 1 { 99.5 } else { 98.0 };
    ExitCode::from(u8::from(share < bar || score.new_reports > 0))
}

fn loaders(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.ends_with(".c") && !name.ends_with(".bpf.c")
        })
        .filter(|path| Disk.read(path).is_some_and(|text| text.contains("skel.h\"")))
        .collect();
    found.sort();
    found
}

fn place(session: &Session, range: FileRange) -> String {
    let text = Disk.read(&session.path(range.file)).unwrap_or_default();
    let line = text.get(..range.start as usize).map_or(0, |t| t.matches('\n').count()) + 1;
    let spelled = text.get(range.start as usize..range.end as usize).unwrap_or("?");
    let name = session.path(range.file);
    let name = name.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}:{line} `{spelled}`")
}

fn report(session: &Session, finding: &Diagnostic) {
    println!("report {}: {}: {}", finding.rule, place(session, finding.range), finding.message);
    for (range, text) in &finding.related {
        println!("    {}: {text}", place(session, *range));
    }
    for fix in &finding.fixes {
        println!("    fix: {}", fix.title);
    }
}
