//! The pages about the rules, `docs/rules`, made of their texts and first cases.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use ide::rules::{self, Example};

use crate::format::{Case, Kind};

/// What the folder of pages should hold, by file name.
pub(crate) fn pages(cases: &BTreeMap<String, (PathBuf, Vec<Case>)>) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::from([("README.md".to_owned(), rules::index())]);
    for (side, rule) in rules::all() {
        let first = cases.get(rule.id).and_then(|(_, cases)| first_true(cases));
        let example = first.map(|case| example(rule.id, case));
        pages.insert(format!("{}.md", rule.id), rules::page(side, rule, example.as_ref()));
    }
    pages
}

/// What the folder holds.
pub(crate) fn written() -> BTreeMap<String, String> {
    let files = fs::read_dir(folder()).into_iter().flatten().flatten();
    let page = |entry: fs::DirEntry| {
        let text = fs::read_to_string(entry.path()).ok()?;
        Some((entry.file_name().to_string_lossy().into_owned(), text))
    };
    files.filter_map(page).collect()
}

/// Makes the folder hold the pages, and nothing else.
pub(crate) fn write(pages: &BTreeMap<String, String>) {
    let _ = fs::create_dir_all(folder());
    for name in written().keys().filter(|name| !pages.contains_key(*name)) {
        fs::remove_file(folder().join(name)).expect("an old page goes");
    }
    for (name, text) in pages {
        fs::write(folder().join(name), text).expect("a page is written");
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules")
}

fn first_true(cases: &[Case]) -> Option<&Case> {
    let of = |kind| cases.iter().find(|case| case.kind == kind);
    of(Kind::True).or_else(|| of(Kind::Flow))
}

/// The files of a case that are written out in it, and what the rule reports in them.
fn example(id: &str, case: &Case) -> Example {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut shared = false;
    for line in case.input.split_inclusive('\n') {
        if let Some(head) = line.strip_prefix("//- ") {
            shared = head.contains(" = ");
            let path = head.split(" = ").next().unwrap_or(head).trim();
            if !shared {
                files.push((path.trim_start_matches('/').to_owned(), String::new()));
            }
            continue;
        }
        if files.is_empty() && !shared {
            files.push(("prog.bpf.c".to_owned(), String::new()));
        }
        if let (Some((_, text)), false) = (files.last_mut(), shared) {
            text.push_str(line);
        }
    }
    let reported = case.expected.lines().filter(|line| !line.starts_with(' ')).filter_map(|line| {
        let (head, message) = line.split_once(&format!(" {id}: "))?;
        let place = head.split_whitespace().next()?.trim_start_matches('/');
        Some((format!("`{place}`"), message.to_owned()))
    });
    Example { files, reported: reported.collect() }
}
