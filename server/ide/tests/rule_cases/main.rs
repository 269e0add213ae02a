//! The rules on cases: `tests/rules/RULE-ID.txt` holds those of one rule, each with what is reported.
//!
//! `tests/rules/README.md` says how a file is written. Every rule must have a file with at least two
//! true cases, one of them through control flow, an alias or a helper function where the rule is
//! about flow, and two near misses.

mod format;
mod pages;
mod world;

use std::{collections::BTreeMap, fmt::Write, path::PathBuf, sync::LazyLock};

use bpf::rule::Scope;
use ide::rules::{self, Side};

use format::{Case, Kind};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}

/// The cases by rule, with the files they are in.
fn all() -> BTreeMap<String, (PathBuf, Vec<Case>)> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder()).expect("the folder of cases").flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|e| e == "txt") {
            let rule = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).expect("a file of cases");
            let cases = format::parse(&text).unwrap_or_else(|e| panic!("{rule}.txt: {e}"));
            found.insert(rule, (path, cases));
        }
    }
    found
}

/// What is reported is what the files say. `UPDATE_EXPECT=1` rewrites them; `RULE=id` takes one file.
#[test]
fn cases_report_what_they_say() {
    assert!(WRONG_CASES.is_empty(), "{}", *WRONG_CASES);
}

/// The cases that report something else than they say; they are run, and rewritten, once.
static WRONG_CASES: LazyLock<String> = LazyLock::new(wrong_cases);

fn wrong_cases() -> String {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let only = std::env::var("RULE").ok();
    let mut wrong = String::new();
    for (rule, (path, mut cases)) in all() {
        if only.as_ref().is_some_and(|only| *only != rule) {
            continue;
        }
        let mut changed = false;
        for case in &mut cases {
            let outcome = world::run(&case.input);
            let (speaks, what) = (outcome.rules.contains(&rule), &case.name);
            match case.kind {
                Kind::True | Kind::Flow if !speaks => {
                    let _ = writeln!(wrong, "{rule}: `{what}` is not reported:\n{}", outcome.text);
                }
                Kind::Silent if speaks => {
                    let _ = writeln!(wrong, "{rule}: `{what}` is reported:\n{}", outcome.text);
                }
                _ if outcome.text != case.expected && !update => {
                    let _ = writeln!(
                        wrong,
                        "{rule}: `{what}` reports\n{}and not\n{}",
                        outcome.text, case.expected
                    );
                }
                _ => {}
            }
            changed |= outcome.text != case.expected;
            case.expected = outcome.text;
        }
        if changed && update {
            std::fs::write(&path, format::print(&cases)).expect("a file of cases is written");
        }
    }
    wrong
}

/// The bar: a rule without enough cases fails here.
#[test]
fn every_rule_has_its_cases() {
    let cases = all();
    let mut missing = String::new();
    // A case has no built object: those rules are tested in `tests/tests/lsp_objects.rs`.
    for (_, rule) in rules::all().filter(|(side, _)| *side != Side::Object) {
        let (id, flow_wanted) = (rule.id, rule.scope == Scope::Code);
        let empty = Vec::new();
        let cases = cases.get(id).map_or(&empty, |(_, cases)| cases);
        let count = |kind| cases.iter().filter(|case| case.kind == kind).count();
        let (straight, flow, silent) = (count(Kind::True), count(Kind::Flow), count(Kind::Silent));
        let enough = straight + flow >= 2 && silent >= 2 && (flow >= 1 || !flow_wanted);
        if !enough {
            let _ = writeln!(
                missing,
                "{id}: {straight} true, {flow} flow, {silent} silent; wanted 2 true{} and 2 silent",
                if flow_wanted { " (one of kind `flow`)" } else { "" }
            );
        }
    }
    for id in cases.keys().filter(|id| rules::find(id).is_none()) {
        let _ = writeln!(missing, "{id}.txt: there is no such rule");
    }
    assert!(missing.is_empty(), "{missing}");
}

/// A rule that promises a fix has a case with it, and after each fix in the cases the finding is gone.
#[test]
fn every_promised_fix_mends() {
    let cases = all();
    let mut wrong = String::new();
    for (_, rule) in rules::all() {
        let reports = cases.get(rule.id).into_iter().flat_map(|(_, cases)| cases);
        let reports: String = reports.map(|case| case.expected.as_str()).collect();
        let own = reports.lines().scan(false, |own, line| {
            if !line.starts_with(' ') {
                *own = line.contains(&format!(" {rule}: "));
            }
            Some(own.then_some(line))
        });
        let own: Vec<&str> = own.flatten().collect();
        if own.iter().any(|line| line.starts_with("    fix: ")) != rule.quick_fix {
            let what = if rule.quick_fix {
                "no case has its fix"
            } else {
                "has a fix, and says it has none"
            };
            let _ = writeln!(wrong, "{rule}: {what}");
        }
        if own.iter().any(|line| line.trim() == "(is still reported)") {
            let _ = writeln!(wrong, "{rule}: a fix does not mend it");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// `docs/rules` is what the rules and their cases say. `UPDATE_EXPECT=1` writes it.
#[test]
fn pages_are_fresh() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    if update {
        LazyLock::force(&WRONG_CASES);
    }
    let pages = pages::pages(&all());
    if update {
        pages::write(&pages);
    }
    let written = pages::written();
    let stale: Vec<&String> = pages
        .keys()
        .chain(written.keys())
        .filter(|name| pages.get(*name) != written.get(*name))
        .collect();
    assert!(stale.is_empty(), "UPDATE_EXPECT=1 writes these anew: {stale:?}");
}
