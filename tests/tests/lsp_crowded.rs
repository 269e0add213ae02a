//! A program among many user-space files: what it takes to look into them all is no reason to say
//! something else first.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::workspace::Workspace;
use serde_json::json;

const MAPS: &str = "#define MAP __attribute__((section(\".maps\")))\n";
const UNSIZED: &str = "struct { int (*type)[2]; int *key; int *value; } entries MAP;\n";
const ALIKE: &str = "\
struct { int (*type)[2]; int *key; int *value; } a_name_too_long_1 MAP, a_name_too_long_2 MAP;
";

/// What is published about a program, in turn, until all was looked at.
fn check(maps: &str, expected: &[&[&str]]) {
    let workspace = Workspace::default();
    for number in 0..80 {
        let loader = "#include \"a.skel.h\"\nint f(void) { return !a__open_and_load(); }\n";
        workspace.write(&format!("load{number}.c"), loader);
    }
    let mut client = workspace.start(&json!({}));
    let uri = workspace.uri("a.bpf.c");
    client.open(&uri, &format!("{MAPS}{maps}"));
    for expected in expected {
        let found = client.diagnostics(&uri, 1);
        let rules: Vec<_> = found.iter().map(|d| d["code"].as_str().unwrap()).collect();
        assert_eq!(&rules, expected);
    }
}

#[test]
fn nothing_found_yet_is_not_told() {
    check(UNSIZED, &[&["map-max-entries"]]);
}

#[test]
fn what_needs_no_loader_is_told_first() {
    check(
        ALIKE,
        &[&["kernel-name-clash"], &["map-max-entries", "kernel-name-clash", "map-max-entries"]],
    );
}
