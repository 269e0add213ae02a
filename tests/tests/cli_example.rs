//! The command line on the per-CPU example: golden outputs, exit codes, errors.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::{binary, skeleton_extract::declaration_part};
use expect_test::{Expect, expect, expect_file};

fn check(arguments: &[&str], code: i32, stdout: Expect) {
    let output = binary::run(&binary::example(), arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}\n{errors}");
    stdout.assert_eq(&text);
}

fn check_error(arguments: &[&str], expect: Expect) {
    let output = binary::run(&binary::example(), arguments);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    expect.assert_eq(&String::from_utf8(output.stderr).unwrap());
}

fn stdout(arguments: &[&str], code: i32) -> String {
    let output = binary::run(&binary::example(), arguments);
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn check_of_clean_files_prints_nothing() {
    check(&["check", "hits.bpf.c", "hits.c"], 0, expect![[""]]);
}

#[test]
fn check_of_the_wrong_files() {
    expect_file!["golden/check.txt"].assert_eq(&stdout(&["check", "oops.bpf.c", "oops.c"], 1));
}

#[test]
fn check_of_a_folder_finds_the_files_itself() {
    let one_by_one = stdout(&["check", "hits.bpf.c", "hits.c", "oops.bpf.c", "oops.c"], 1);
    assert_eq!(stdout(&["check", "."], 1), one_by_one);
}

#[test]
fn check_as_json_has_the_promised_members() {
    let text = stdout(&["check", "--format", "json", "oops.bpf.c"], 1);
    let findings: serde_json::Value = serde_json::from_str(&text).unwrap();
    let first = findings[0].as_object().unwrap();
    for name in
        ["file", "line", "column", "endLine", "endColumn", "severity", "code", "message", "related"]
    {
        assert!(first.contains_key(name), "{name}");
    }
    assert_eq!(first["file"], "oops.bpf.c");
    assert_eq!(stdout(&["check", "--format", "json", "hits.c"], 0), "[]\n");
}

#[test]
fn check_as_sarif() {
    let text = stdout(&["check", "--format", "sarif", "oops.bpf.c"], 1);
    let log: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(log["version"], "2.1.0");
    for rule in log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap() {
        let (id, page) = (rule["id"].as_str().unwrap(), rule["helpUri"].as_str().unwrap());
        assert!(page.ends_with(&format!("/docs/rules/{id}.md")), "{page}");
    }
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "percpu-shared-section");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "oops.bpf.c");
    assert_eq!(place["region"]["startLine"], 10);
    assert_eq!(result["partialFingerprints"]["lineText/v1"].as_str().map(str::len), Some(16));
}

/// A baseline silences what was there, also when lines have moved, and nothing that is new.
#[test]
fn baselines() {
    let folder = tempfile::tempdir().unwrap();
    let source = std::fs::read_to_string(binary::example().join("oops.bpf.c")).unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("oops.bpf.c"), text).unwrap();
    let run = |arguments: &[&str]| {
        let output = binary::run(folder.path(), arguments);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    write(&source);
    assert_eq!(run(&["check", "--write-baseline", "known.json", "."]), (Some(0), String::new()));
    write(&format!("/* moved */\n\n{source}"));
    assert_eq!(run(&["check", "--baseline", "known.json", "."]), (Some(0), String::new()));
    write(&format!("{source}\nint added SEC(\".bss.percpu\");\n"));
    let (code, text) = run(&["check", "--baseline", "known.json", "."]);
    assert_eq!((code, text.lines().count()), (Some(1), 1), "{text}");
    assert_eq!(run(&["check", "--baseline", "none.json", "."]).0, Some(2));
}

#[test]
fn skeletons() {
    expect_file!["golden/hits.skel.h"].assert_eq(&stdout(&["skeleton", "hits.bpf.c"], 0));
    expect_file!["golden/hits.subskel.h"]
        .assert_eq(&stdout(&["skeleton", "--kind", "subskeleton", "hits.bpf.c"], 0));
    expect_file!["golden/hits.lskel.h"]
        .assert_eq(&stdout(&["skeleton", "--kind", "lskel", "hits.bpf.c"], 0));
    let named = stdout(&["skeleton", "--name", "other", "hits.bpf.c"], 0);
    assert!(named.contains("struct other {"));
}

#[test]
fn whole_skeletons() {
    let object = "../../testdata/hits.bpfel.obj";
    for kind in ["skeleton", "subskeleton"] {
        let arguments = ["skeleton", "--kind", kind, "--name", "hits", object];
        let declared = stdout(&arguments, 0);
        let whole = stdout(&[&["skeleton", "--full"], &arguments[1..]].concat(), 0);
        assert_eq!(declaration_part(&whole), declared);
        assert!(whole.len() > declared.len());
    }
    check_error(
        &["skeleton", "--full", "hits.bpf.c"],
        expect![[r#"
            bpf-lsp: hits.bpf.c: --full puts the object's bytes into the header: name the object built of it
        "#]],
    );
    check_error(
        &["skeleton", "--full", "--kind", "lskel", object],
        expect![[r#"
            bpf-lsp: ../../testdata/hits.bpfel.obj: a light skeleton holds a loader program, and only libbpf makes one (bpf_object__gen_loader): give its data and its instructions with --loader DATA INSNS
        "#]],
    );
    check_error(
        &["skeleton", "--full", "--loader", object, object, object],
        expect![[r#"
            bpf-lsp: only light skeletons (--kind lskel) hold a loader program
        "#]],
    );
    let files = [object, object];
    let light = ["skeleton", "--full", "--kind", "lskel", "--loader"];
    let whole = stdout(&[&light[..], &files, &["--name", "hits", object]].concat(), 0);
    assert_eq!(
        declaration_part(&whole),
        stdout(&["skeleton", "--kind", "lskel", "--name", "hits", object], 0)
    );
}

#[test]
fn layouts() {
    expect_file!["golden/layout.txt"].assert_eq(&stdout(&["layout", "hits.bpf.c"], 0));
    expect_file!["golden/layout.json"]
        .assert_eq(&stdout(&["layout", "--format", "json", "hits.bpf.c", "struct sample"], 0));
    expect_file!["golden/layout_sample.txt"]
        .assert_eq(&stdout(&["layout", "hits.bpf.c", "sample", "last"], 0));
}

#[test]
fn btf_has_the_shape_of_bpftools_dump() {
    let text = stdout(&["btf", "hits.bpf.c"], 0);
    assert!(text.lines().all(|line| line.starts_with(['[', '\t'])), "{text}");
    assert!(text.contains("DATASEC '.percpu' "), "{text}");
}

#[test]
fn explain() {
    expect_file!["golden/explain.txt"]
        .assert_eq(&stdout(&["explain", "percpu-write-after-load"], 0));
    check_error(
        &["explain", "percpu-write-after"],
        expect![[r#"
            bpf-lsp: no rule `percpu-write-after`; did you mean `percpu-write-after-load`? (`bpf-lsp explain` lists all)
        "#]],
    );
}

#[test]
fn version() {
    check(&["--version"], 0, expect![["bpf-lsp 0.1.0\n"]]);
}

#[test]
fn errors_name_the_file_and_the_reason() {
    check_error(
        &["skeleton", "none.bpf.c"],
        expect![[r#"
            bpf-lsp: none.bpf.c: No such file or directory (os error 2)
        "#]],
    );
    check_error(
        &["skeleton", "hits.c"],
        expect![[r#"
            bpf-lsp: hits.c: not a BPF program: its name does not end in .bpf.c and it does not include bpf/bpf_helpers.h
        "#]],
    );
    let output = binary::run(&binary::example(), &["check", "none.c", "oops.bpf.c"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!output.stdout.is_empty());
    let output = binary::run(&binary::example(), &["layout", "hits.bpf.c", "nothing"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn broken_objects_are_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.o"), b"\x7fELF broken").unwrap();
    let output = binary::run(folder.path(), &["layout", "a.o"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("bpf-lsp: a.o: "));
}
