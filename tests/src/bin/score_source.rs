//! Scores the object model built from source against compiled objects.
//!
//!     score_source CORPUS_DIR [--only TEXT] [--known FILE.tsv] [--verbose]
//!
//! CORPUS_DIR holds `compile_commands.json` and, beside every output it names, what clang made of the
//! file (`obj.o`). Per object: (a) variables of data sections (name, offset, size), (b) the skeleton
//! printed from source and from the object, (c) functions and variables with their linkage, where a
//! static function that may be inlined may also be missing. Prints the figures and the first difference
//! of every object that differs. Exit code 1 below a bar, or with --known for a difference that the file
//! does not list (program, what, cause).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bpf::{
    object::Object,
    skeleton::{self, SkeletonKind},
};
use bpf_lsp_tests::{
    first_difference,
    known::KnownDifferences,
    units::{Command, commands, unit_of},
};
use btf::{Btf, Linkage, Type, TypeId};
use cfront::session::Session;

/// Variables, sizes of sections and maps of sections: where model and object agree, where they do not and
/// the model says that this hangs on the optimiser, and where it says nothing.
#[derive(Default, Clone, Copy)]
struct Told {
    equal: usize,
    equal_in_doubt: usize,
    unequal_with_doubt: usize,
    unequal_in_silence: usize,
}

impl Told {
    fn count(&mut self, equal: bool, certain: bool) {
        let which = match (equal, certain) {
            (true, true) => &mut self.equal,
            (true, false) => &mut self.equal_in_doubt,
            (false, false) => &mut self.unequal_with_doubt,
            (false, true) => &mut self.unequal_in_silence,
        };
        *which += 1;
    }
}

/// Compares what the model says of data sections, and how sure of it it is, with the object.
fn told(object: &Object, source: &Object) -> Told {
    let mut told = Told::default();
    let possible = |name: &str| source.possible_sections.iter().any(|one| one.name == name);
    for section in object.sections.iter().filter(|s| s.kind.is_internal_map()) {
        let Some(ours) = source.section(&section.name) else {
            told.count(false, !possible(&section.name));
            continue;
        };
        told.count(true, ours.existence.is_certain());
        told.count(ours.size == section.size, ours.certainty.is_certain());
        let certainty = ours.offset_certainties();
        for variable in &section.variables {
            match ours.variables.iter().find(|v| v.name == variable.name) {
                Some(one) => {
                    let same = (one.offset, one.size) == (variable.offset, variable.size);
                    told.count(same, certainty(one).is_certain());
                }
                None => told.count(false, ours.certainty.is_certain()),
            }
        }
        let known = |name: &str| section.variables.iter().any(|v| v.name == name);
        for extra in ours.variables.iter().filter(|v| !known(&v.name)) {
            told.count(false, extra.certainty.is_certain());
        }
    }
    for ours in source.sections.iter().filter(|s| s.kind.is_internal_map()) {
        if object.section(&ours.name).is_none() {
            told.count(false, ours.existence.is_certain());
        }
    }
    told
}

#[derive(Default)]
struct Outcome {
    id: String,
    variables: usize,
    variables_right: usize,
    skeleton_right: Option<bool>,
    /// The lists of names agree; and so they do without counting what may be inlined.
    names_right: bool,
    names_equal: bool,
    opened: bool,
    told: Told,
    refusal_agrees: bool,
    differences: Vec<String>,
}

fn main() -> ExitCode {
    let mut corpus = None;
    let mut only = None;
    let mut known = None;
    let mut verbose = false;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--only" => only = args.next(),
            "--known" => known = args.next(),
            "--verbose" => verbose = true,
            _ => corpus = Some(PathBuf::from(arg)),
        }
    }
    let Some(corpus) = corpus else {
        eprintln!("usage: score_source CORPUS_DIR [--only TEXT] [--known FILE] [--verbose]");
        return ExitCode::from(2);
    };
    let entries = match commands(&corpus) {
        Ok(entries) => entries,
        Err(e) => {
            eprintln!("{}: {e}", corpus.display());
            return ExitCode::from(2);
        }
    };
    let entries: Vec<Command> = entries
        .into_iter()
        .filter(|e| only.as_ref().is_none_or(|text| e.id.contains(text.as_str())))
        .filter(|e| e.object.is_file())
        .collect();
    let mut outcomes = score_all(&entries, verbose);
    outcomes.sort_by(|a, b| a.id.cmp(&b.id));
    let known = match known.map(|file| KnownDifferences::read(Path::new(&file))).transpose() {
        Ok(known) => known,
        Err(e) => {
            eprintln!("{e}");
            return ExitCode::from(2);
        }
    };
    report(&outcomes, known.as_ref())
}

fn score_all(entries: &[Command], verbose: bool) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    let session = &Session::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let spawned =
                std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, || {
                    while let Some(entry) = entries.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let outcome = score(session, entry, verbose);
                        if let Ok(mut all) = outcomes.lock() {
                            all.push(outcome);
                        }
                    }
                });
            if let Err(e) = spawned {
                eprintln!("thread: {e}");
            }
        }
    });
    outcomes.into_inner().unwrap_or_default()
}

fn score(session: &Session, entry: &Command, verbose: bool) -> Outcome {
    let mut outcome = Outcome { id: entry.id.clone(), ..Outcome::default() };
    let bytes = match std::fs::read(&entry.object) {
        Ok(bytes) => bytes,
        Err(e) => {
            outcome.differences.push(format!("object: {e}"));
            return outcome;
        }
    };
    let unit = unit_of(session, &entry.file, &entry.arguments, &entry.directory);
    let Some(unit) = unit else {
        outcome.differences.push("no unit".into());
        return outcome;
    };
    let name = "x";
    let (source, may_be_inlined) = bpf::source::build_whole(&unit, name);
    match bpf::elf::open(&bytes, name) {
        Ok(object) => {
            outcome.opened = true;
            outcome.refusal_agrees = source.refusals.is_empty();
            if let Some(refusal) = source.refusals.first() {
                outcome.differences.push(format!("source refuses: {refusal}"));
            }
            variables(&object, &source.object, &mut outcome);
            outcome.told = told(&object, &source.object);
            if outcome.told.unequal_in_silence > 0 {
                outcome.differences.push("unequal in silence".into());
            }
            let truth = skeleton::print(&object, SkeletonKind::Skeleton);
            let ours = skeleton::print(&source.object, SkeletonKind::Skeleton);
            let difference = first_difference(&truth, &ours);
            outcome.skeleton_right = Some(difference.is_none());
            if let Some(difference) = difference {
                outcome.differences.push(format!("skeleton: {difference}"));
            }
            if verbose && !outcome.skeleton_right.unwrap_or(true) {
                println!("--- {} from source\n{ours}", entry.id);
                for section in &source.object.sections {
                    println!(
                        "{} {} {:?}",
                        section.name,
                        section.size,
                        section.variables.iter().map(|v| &v.name).collect::<Vec<_>>()
                    );
                }
            }
        }
        Err(error) => {
            outcome.refusal_agrees = !source.refusals.is_empty();
            if source.refusals.is_empty() {
                outcome.differences.push(format!("object refused ({error}), source not"));
            }
        }
    }
    match bpf::elf::raw_btf(&bytes) {
        Ok(btf) => {
            let (truth, ours) = (names(&btf, &[]), names(&source.object.btf, &[]));
            let sure = names(&source.object.btf, &may_be_inlined);
            outcome.names_equal = truth == ours;
            outcome.names_right = truth.is_subset(&ours) && sure.is_subset(&truth);
            if !outcome.names_right {
                let missing: Vec<_> = truth.difference(&ours).take(6).collect();
                let extra: Vec<_> = sure.difference(&truth).take(6).collect();
                outcome.differences.push(format!("names: missing {missing:?}, extra {extra:?}"));
            }
        }
        Err(e) => outcome.differences.push(format!("BTF: {e}")),
    }
    outcome
}

/// Variables of the object, and how many of them the source model puts in the same place.
fn variables(object: &Object, source: &Object, outcome: &mut Outcome) {
    for section in &object.sections {
        let ours: BTreeMap<&str, (u64, u64)> = source
            .section(&section.name)
            .map(|s| s.variables.iter().map(|v| (v.name.as_str(), (v.offset, v.size))).collect())
            .unwrap_or_default();
        let mut wrong = Vec::new();
        for variable in &section.variables {
            outcome.variables += 1;
            match ours.get(variable.name.as_str()) {
                Some(place) if *place == (variable.offset, variable.size) => {
                    outcome.variables_right += 1
                }
                found => wrong.push(format!(
                    "{} {}+{} not {found:?}",
                    variable.name, variable.offset, variable.size
                )),
            }
        }
        if let Some(first) = wrong.first() {
            outcome.differences.push(format!(
                "{}: {} wrong, first {first}",
                section.name,
                wrong.len()
            ));
        }
    }
}

/// Functions and variables with their linkage, but for some.
fn names(btf: &Btf, without: &[TypeId]) -> BTreeSet<(bool, String, u8)> {
    let number = |linkage: Linkage| match linkage {
        Linkage::Static => 0,
        Linkage::Global => 1,
        Linkage::Extern => 2,
    };
    btf.iter()
        .filter(|(id, _)| !without.contains(id))
        .filter_map(|(_, ty)| match ty {
            Type::Func(func) => Some((true, func.name.to_string(), number(func.linkage))),
            Type::Var { name, linkage, .. } => Some((false, name.to_string(), number(*linkage))),
            _ => None,
        })
        .collect()
}

fn report(outcomes: &[Outcome], known: Option<&KnownDifferences>) -> ExitCode {
    let mut unlisted = 0;
    for outcome in outcomes {
        for difference in &outcome.differences {
            let cause = known.and_then(|known| known.cause(&outcome.id, difference));
            unlisted += usize::from(cause.is_none());
            println!("{}: {difference}{}", outcome.id, cause.unwrap_or_default());
        }
    }
    let total: usize = outcomes.iter().map(|o| o.variables).sum();
    let right: usize = outcomes.iter().map(|o| o.variables_right).sum();
    let skeletons = outcomes.iter().filter(|o| o.skeleton_right.is_some()).count();
    let same = outcomes.iter().filter(|o| o.skeleton_right == Some(true)).count();
    let named = outcomes.iter().filter(|o| o.names_right).count();
    let surely = outcomes.iter().filter(|o| o.names_equal).count();
    let refusals = outcomes.iter().filter(|o| !o.opened).count();
    let agreed = outcomes.iter().filter(|o| !o.opened && o.refusal_agrees).count();
    let alarms = outcomes.iter().filter(|o| o.opened && !o.refusal_agrees).count();
    let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    println!(
        "variables (section, name, offset, size): {right}/{total} = {:.2} % (bar 99)",
        percent(right, total)
    );
    let sum = |of: fn(&Told) -> usize| outcomes.iter().map(|o| of(&o.told)).sum::<usize>();
    println!(
        "data sections: {} equal, {} equal though doubted, {} unequal with doubt told, {} unequal in silence",
        sum(|t| t.equal),
        sum(|t| t.equal_in_doubt),
        sum(|t| t.unequal_with_doubt),
        sum(|t| t.unequal_in_silence),
    );
    println!("skeletons: {same}/{skeletons} = {:.2} % (bar 98)", percent(same, skeletons));
    println!(
        "functions and variables: {named}/{} = {:.2} % (bar 99), {} of them only without functions that may be inlined",
        outcomes.len(),
        percent(named, outcomes.len()),
        named.saturating_sub(surely),
    );
    println!(
        "objects that libbpf refuses: {agreed}/{refusals} refused from source too, {alarms} refused wrongly"
    );
    let passed = percent(right, total) >= 99.0
        && percent(same, skeletons) >= 98.0
        && percent(named, outcomes.len()) >= 99.0;
    if known.is_some() {
        println!("differences that are not listed with a cause: {unlisted}");
        return if unlisted == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) };
    }
    if passed { ExitCode::SUCCESS } else { ExitCode::from(1) }
}
