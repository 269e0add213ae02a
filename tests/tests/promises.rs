//! `docs/reliability.md` names tests and commands that exist.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The files below a folder that can hold tests, built and fetched ones left out.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs" || e == "ts" || e == "lua") {
            found.push(path);
        }
    }
}

/// What stands between backticks in the last cell of each row of the tables.
fn named(text: &str) -> Vec<String> {
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let rows = rows.filter(|line| !line.starts_with("| ---") && !line.starts_with("| promise |"));
    let mut named = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 3, "three cells: {row}");
        let tests: Vec<String> =
            cells[2].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert!(!tests.is_empty(), "no test: {row}");
        named.extend(tests);
    }
    named
}

/// Why a test or a command is not there.
fn missing(named: &str, sources: &[PathBuf]) -> Option<String> {
    if let Some((file, test)) = named.split_once("::") {
        // `elf/tests::name` is in a file whose path ends so; a test of Rust is a function with an attribute.
        let wanted = format!("/{file}");
        let here = |path: &&PathBuf| {
            let path = path.with_extension("");
            // A module's tests may stand in a file of their own.
            let module = path.to_string_lossy();
            module.ends_with(&wanted)
                || module.strip_suffix("/tests").is_some_and(|module| module.ends_with(&wanted))
        };
        let is_test = |path: &PathBuf| {
            let text = fs::read_to_string(path).unwrap();
            let head = format!("fn {test}(");
            match text.find(&head) {
                Some(at) if path.extension().is_some_and(|e| e == "rs") => {
                    let before = text[..at].trim_end_matches("async ").trim_end();
                    let attributes = before.rsplit("\n\n").next().unwrap_or_default();
                    attributes.contains("test]") || attributes.contains("#[tokio::test")
                }
                _ => path.extension().is_some_and(|e| e != "rs") && text.contains(test),
            }
        };
        let found = sources.iter().filter(here).any(is_test);
        return (!found).then(|| format!("no test {test} in a file {file}"));
    }
    let mut words = named.split(' ');
    let script = words.next()?;
    if !root().join(script).is_file() {
        return Some(format!("no script {script}"));
    }
    let known = match script {
        "tests/fuzz/run" => fs::read_to_string(root().join("tests/fuzz/Cargo.toml")).unwrap(),
        _ => fs::read_to_string(root().join(script)).unwrap(),
    };
    let unknown = words.find(|word| {
        let spelled = [format!("name = \"{word}\""), format!("part_{word}()"), format!("--{word}")];
        !spelled.iter().any(|spelled| known.contains(spelled))
    });
    unknown.map(|word| format!("{script} does not know {word}"))
}

#[test]
fn every_promise_has_a_test_that_exists() {
    let mut files = Vec::new();
    for folder in ["server", "tests", "vscode-ext", "grammar-queries"] {
        sources(&root().join(folder), &mut files);
    }
    let text = fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    let named = named(&text);
    assert!(named.len() > 50, "{} tests", named.len());
    let missing: Vec<String> = named.iter().filter_map(|name| missing(name, &files)).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn what_is_not_there_is_missed() {
    let files = [Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/promises.rs")];
    assert_eq!(missing("promises::what_is_not_there_is_missed", &files), None);
    assert_eq!(missing("tests/run supply", &files), None);
    assert_eq!(missing("tests/fuzz/run sessions btf", &files), None);
    for wrong in [
        "promises::no_such",
        "promises::missing",
        "ises::what_is_not_there_is_missed",
        "tests/fuzz/run nothing",
        "tests/ran",
    ] {
        assert!(missing(wrong, &files).is_some(), "{wrong}");
    }
}
