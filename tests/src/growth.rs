//! What large programs cost: every question, stage by stage, and its work as a count.
//!
//! Work is what [`Meter`] counts: in a build with `-C profile-generate` the basic blocks that ran, the same on every
//! machine; in any other the CPU time of the thread, of which only ratios within one run mean something.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use bpf::{layout, rules, skeleton, source};
use cfront::{
    flags::Flags,
    pp::preprocess,
    session::{FileSystem, MemoryFileSystem, Session},
    source::Text,
    unit::Unit,
};
use ide::{
    Analysis, AnalysisHost, Change, Environment,
    answer::SkeletonKind,
    environment::{FileFlags, FlagsFrom},
};

use crate::{
    generate::large::{Kind, MAIN},
    meter::Meter,
};

/// The stages that are measured, in order.
pub const STAGES: [&str; 16] = [
    "tokens",
    "unit",
    "object",
    "rules",
    "skeletons",
    "layout",
    "btf",
    "edit",
    "edit of a body",
    "findings",
    "outline",
    "lenses",
    "hints",
    "cursor",
    "uses",
    "completion",
];

/// Work of each of [`STAGES`] on `n` of a kind.
pub fn measure(kind: &Kind, n: usize, meter: &Meter) -> [u64; STAGES.len()] {
    let files = kind.files(n);
    let mut work = Vec::with_capacity(STAGES.len());
    core(&files, &mut |step| work.push(meter.count(step)));
    answers(&files, &mut |step| work.push(meter.count(step)));
    let mut all = [0; STAGES.len()];
    all.iter_mut().zip(work).for_each(|(slot, work)| *slot = work);
    all
}

type Steps<'a> = dyn FnMut(&mut dyn FnMut()) + 'a;

fn flags() -> Flags {
    Flags { stand_ins: false, default_dirs: Vec::new(), ..Flags::default() }
}

/// What the command line prints.
fn core(files: &[(String, String)], step: &mut Steps<'_>) {
    let fs = MemoryFileSystem::default();
    files.iter().for_each(|(path, text)| fs.write(Path::new(path), text));
    let text: Text = files[0].1.as_str().into();
    let (session, flags) = (Session::new(), flags());
    let read = |text: Text| Arc::new(preprocess(&session, &fs, Path::new(MAIN), text, &flags));
    let mut pp = None;
    step(&mut || pp = Some(read(text.clone())));
    let Some(pp) = pp else { return };
    let mut unit = None;
    step(&mut || {
        let made = Unit::build(pp.clone(), None, false);
        made.top_level();
        made.functions();
        made.variables();
        unit = Some(made);
    });
    let Some(unit) = unit else { return };
    let mut built = None;
    step(&mut || built = Some(source::build(&unit, "large")));
    let Some(built) = built else { return };
    let usage = rules::Usage::default().into();
    step(&mut || {
        drop(rules::check(rules::Input { unit: &unit, object: &built.object, usage: &usage }))
    });
    use skeleton::SkeletonKind::{Light, Skeleton, Subskeleton};
    step(&mut || {
        [Skeleton, Subskeleton, Light]
            .into_iter()
            .for_each(|kind| drop(skeleton::print(&built.object, kind)))
    });
    step(&mut || {
        drop(layout::text::print_object(&built.object, MAIN));
        drop(layout::json::print(&built.object, MAIN, &[]));
    });
    step(&mut || {
        let whole = source::build_whole(&unit, "large").0.object;
        drop(btf::raw::dump(&whole.btf));
    });
    let mut edit = |text: String| {
        step(&mut || {
            let unit = Unit::build(read(text.as_str().into()), Some(&unit), false);
            let built = source::taken_over(&unit, "large", &built);
            drop(built.unwrap_or_else(|| source::build(&unit, "large")));
        });
    };
    edit(inserted(&text, between(&text), "int between;\n"));
    edit(inserted(&text, middle(&text, "{\n"), "global = 7;\n"));
}

/// What editors ask.
fn answers(files: &[(String, String)], step: &mut Steps<'_>) {
    let fs = Files::default();
    files.iter().for_each(|(path, text)| fs.0.write(Path::new(path), text));
    let mut host = AnalysisHost::new(Arc::new(fs));
    let path: &Path = Path::new(MAIN);
    let mut open = |version, text: &str| {
        host.apply(Change::Text { path: path.into(), version, text: text.into() });
        host.analysis()
    };
    let text = files[0].1.as_str();
    let mut analysis = open(1, text);
    step(&mut || {
        analysis.findings(path).expect("nobody cancels");
        // The same after an edit.
        analysis = open(2, &inserted(text, between(text), "int between;\n"));
        analysis.findings(path).expect("nobody cancels");
        analysis.drop_old(path);
    });
    step(&mut || drop(analysis.document_symbols(path)));
    step(&mut || drop(analysis.code_lenses(path)));
    step(&mut || drop(analysis.inlay_hints(path, 0..text.len() as u32)));
    // An identifier in the middle, and the one behind the next space.
    let middle = between(text) as u32;
    let places = [middle, middle + text[middle as usize..].find(' ').map_or(0, |at| at as u32 + 1)];
    step(&mut || places.iter().for_each(|&at| ask_at(&analysis, path, at)));
    step(&mut || {
        for at in places {
            drop(analysis.references(path, at, true));
            drop(analysis.prepare_rename(path, at));
            drop(analysis.rename(path, at, "renamed"));
        }
        drop(analysis.skeleton(path, SkeletonKind::Skeleton, Some(middle)));
        drop(analysis.status(path));
    });
    step(&mut || places.iter().for_each(|&at| drop(analysis.completions(path, at))));
}

fn ask_at(analysis: &Analysis, path: &Path, at: u32) {
    drop(analysis.hover(path, at));
    drop(analysis.definition(path, at));
    drop(analysis.declaration(path, at));
    drop(analysis.document_highlights(path, at));
}

/// Behind the first `what` in the second half of a text; its end where there is none.
fn middle(text: &str, what: &str) -> usize {
    let half = text.len() / 2;
    text.get(half..)
        .and_then(|rest| rest.find(what))
        .map_or(text.len(), |at| half + at + what.len())
}

/// Between two items in the second half of a text, the same two for all sizes.
fn between(text: &str) -> usize {
    let half = text.get(text.len() / 2..).unwrap_or_default();
    let mark = ["}\n", "SEC(\".maps\");\n"].into_iter().find(|mark| half.contains(mark));
    middle(text, mark.unwrap_or("\n"))
}

fn inserted(text: &str, at: usize, new: &str) -> String {
    let (before, behind) = text.split_at(at);
    [before, new, behind].concat()
}

/// A project of some files in memory.
#[derive(Default)]
struct Files(MemoryFileSystem);

impl FileSystem for Files {
    fn read(&self, path: &Path) -> Option<Text> {
        self.0.read(path)
    }
    fn is_file(&self, path: &Path) -> bool {
        self.0.is_file(path)
    }
}

impl Environment for Files {
    fn flags(&self, _: &Path) -> Arc<FileFlags> {
        Arc::new(FileFlags { flags: flags(), from: FlagsFrom::CommandLine })
    }
    fn bpf_sources(&self, _: &Path, _: &str) -> Vec<PathBuf> {
        Vec::new()
    }
    fn loaders(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }
}

/// How work grew with the size.
#[derive(Clone, Copy, Debug)]
pub struct Growth {
    /// Both sizes.
    pub sizes: (usize, usize),
    /// The work on each.
    pub work: (u64, u64),
}

impl Growth {
    /// Whether it grew faster than n log n, and half as much again (twice in time): tables that double when they
    /// are full, and caches of the processor, make steps.
    pub fn is_too_fast(&self, meter: &Meter) -> bool {
        let (less, more) = (self.sizes.0 as f64, self.sizes.1 as f64);
        let steps = if meter.is_exact() { 1.5 } else { 2.0 };
        let allowed = more * more.log2() / (less * less.log2()) * steps;
        // What is done once whatever the size.
        let least = if meter.is_exact() { 20_000.0 } else { 5e6 };
        self.work.1 as f64 > self.work.0 as f64 * allowed + least
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = |more: f64, less: f64| more / less.max(1.0);
        let sizes = times(self.sizes.1 as f64, self.sizes.0 as f64);
        let work = times(self.work.1 as f64, self.work.0 as f64);
        write!(
            f,
            "{} -> {}, {work:.1} times on {sizes:.0} times the size",
            self.work.0, self.work.1
        )
    }
}
