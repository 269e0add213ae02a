//! Built objects beside their sources: what is told of them, where they are found, and that nothing else
//! is said.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::{
    binary,
    lsp_client::{Client, find},
    workspace::{Built, Workspace, object},
};
use expect_test::expect;
use serde_json::{Value, json};

const PROGRAM: &str = "hits.bpf.c";

fn open(client: &mut Client, workspace: &Workspace) -> String {
    let uri = workspace.uri(PROGRAM);
    client.open(&uri, &workspace.read(PROGRAM));
    uri
}

/// Puts another variable before the first one of `.bss`, into the file.
fn change(workspace: &Workspace) {
    let text = workspace.read(PROGRAM);
    let with = "__u64 first_seen = 0;\n__u64 calls_seen = 0;";
    workspace.write(PROGRAM, text.replace("__u64 calls_seen;", with));
}

fn is_of_object(diagnostic: &Value) -> bool {
    diagnostic["code"].as_str().is_some_and(|code| code.starts_with("object-"))
}

fn told(diagnostics: &[Value]) -> bool {
    diagnostics.iter().any(is_of_object)
}

/// What is said of the object at last, in one line.
fn wait(client: &mut Client, uri: &str) -> String {
    let diagnostics = client.diagnostics_until(uri, told);
    let of_object: Vec<&Value> = diagnostics.iter().filter(|d| is_of_object(d)).collect();
    assert_eq!(of_object.len(), 1);
    let (code, message) = (&of_object[0]["code"], &of_object[0]["message"]);
    format!("{}: {}", code.as_str().unwrap(), message.as_str().unwrap())
}

/// Tells of files that were made or changed, and waits until the server has looked.
fn watched(client: &mut Client, workspace: &Workspace, name: &str) {
    let changes = json!([{ "uri": workspace.uri(name), "type": 1 }]);
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
}

#[test]
fn an_older_object_with_another_layout_is_stale() {
    let workspace = Workspace::default();
    change(&workspace);
    workspace.build("hits.bpf.o", Built::Before);
    let mut client = workspace.start(&json!({}));
    let uri = open(&mut client, &workspace);
    let found = client.diagnostics_until(&uri, told);
    expect![[
        "hits.bpf.o is older than this source: variable calls_seen of section .bss: offset 8 in the source, offset 0 in the object (and 1 more difference)"
    ]]
    .assert_eq(found[0]["message"].as_str().unwrap());
    assert_eq!(found[0]["severity"], 3);
    let at = find(&workspace.read(PROGRAM), "calls_seen = 0", 0);
    assert_eq!(found[0]["range"]["start"], at);
    let related = &found[0]["relatedInformation"][0];
    assert_eq!(related["location"]["uri"], workspace.uri("hits.bpf.o"));
    assert_eq!(related["message"], "the built object");
}

#[test]
fn an_object_of_the_same_layout_is_not_spoken_of_until_an_edit() {
    let workspace = Workspace::default();
    workspace.build("hits.bpf.o", Built::Before);
    let mut client = workspace.start(&json!({}));
    let uri = open(&mut client, &workspace);
    assert!(!told(&client.diagnostics(&uri, 1)));
    let line =
        find(&workspace.read(PROGRAM), "bool counting", 0)["line"].as_u64().unwrap() as usize;
    client.edit(&uri, 2, [line, 0, line, 0], "int typed SEC(\".percpu\") = 0;\n");
    expect!["object-stale: hits.bpf.o is older than this source: variable counting of section .percpu: offset 12 in the source, offset 8 in the object (and 1 more difference)"]
    .assert_eq(&wait(&mut client, &uri));
    client.edit(&uri, 3, [line, 0, line + 1, 0], "");
    assert!(!told(&client.diagnostics(&uri, 3)));
}

#[test]
fn an_object_as_new_as_the_source_was_built_otherwise() {
    let workspace = Workspace::default();
    change(&workspace);
    workspace.build("hits.bpf.o", Built::After);
    let mut client = workspace.start(&json!({}));
    let uri = open(&mut client, &workspace);
    expect![[
        "object-layout-differs: hits.bpf.o is as new as this source but differs: variable calls_seen of section .bss: offset 8 in the source, offset 0 in the object (and 1 more difference)"
    ]]
    .assert_eq(&wait(&mut client, &uri));
}

#[test]
fn where_objects_are_found() {
    let database = |output: &'static str| {
        move |w: &Workspace| {
            let entry = json!([{
                "directory": w.root(), "file": PROGRAM, "arguments": ["clang", "-g", "-O2", "-c",
                "-idirafter", "/usr/include/x86_64-linux-gnu", PROGRAM, "-o", output],
            }]);
            w.write("compile_commands.json", entry.to_string());
            output.to_owned()
        }
    };
    let makefile = |w: &Workspace| {
        w.write("Makefile", "BPF_OUT := artefacts\nall:\n");
        "artefacts/hits.bpf.o".to_owned()
    };
    type Place<'a> = &'a dyn Fn(&Workspace) -> String;
    let places: [Place<'_>; 6] = [
        &|_| ".output/hits.bpf.o".to_owned(),
        &|_| "build/hits.bpf.o".to_owned(),
        &|_| "hits.bpf.o".to_owned(),
        &makefile,
        &database("elsewhere/x.o"),
        &database("far/away/hits.tmp.o"),
    ];
    for place in places {
        let workspace = Workspace::default();
        let name = place(&workspace);
        change(&workspace);
        workspace.build(&name, Built::Before);
        let mut client = workspace.start(&json!({}));
        let uri = open(&mut client, &workspace);
        assert!(wait(&mut client, &uri).starts_with("object-stale"), "{name}");
    }
    let workspace = Workspace::default();
    change(&workspace);
    workspace.build("special/obj-hits.o", Built::Before);
    let mut client = workspace.start(&json!({ "object": { "path": "special/obj-{name}.o" } }));
    let uri = open(&mut client, &workspace);
    assert!(wait(&mut client, &uri).contains("obj-hits.o is older"));
}

#[test]
fn objects_that_come_change_and_go() {
    let workspace = Workspace::default();
    change(&workspace);
    let mut client = workspace.start(&json!({}));
    let uri = open(&mut client, &workspace);
    assert!(!told(&client.diagnostics(&uri, 1)));
    workspace.build("hits.bpf.o", Built::Before);
    watched(&mut client, &workspace, "hits.bpf.o");
    wait(&mut client, &uri);
    // Cut off in the middle, as while it is written.
    let bytes = object();
    workspace.write("hits.bpf.o", &bytes[..bytes.len() / 2]);
    watched(&mut client, &workspace, "hits.bpf.o");
    client.diagnostics_until(&uri, |found| !told(found));
    workspace.build("hits.bpf.o", Built::Before);
    watched(&mut client, &workspace, "hits.bpf.o");
    wait(&mut client, &uri);
    std::fs::remove_file(workspace.path("hits.bpf.o")).unwrap();
    watched(&mut client, &workspace, "hits.bpf.o");
    client.diagnostics_until(&uri, |found| !told(found));
}

/// The command line, which looks at objects before it speaks.
fn check(workspace: &Workspace, name: &str) -> (i32, String) {
    let output = binary::run(workspace.root(), &["check", "--objects", name]);
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn silence_where_it_is_not_known_to_be_the_object_of_the_source() {
    let workspace = Workspace::default();
    change(&workspace);
    let text = workspace.read(PROGRAM);
    // The object names its source.
    workspace.write("other.bpf.c", &text);
    workspace.build("other.bpf.o", Built::Before);
    assert_eq!(check(&workspace, "other.bpf.c"), (0, String::new()));
    // Not all of the source is known.
    workspace.build("hits.bpf.o", Built::Before);
    workspace.write(PROGRAM, format!("#include \"missing.h\"\n{text}"));
    assert_eq!(check(&workspace, PROGRAM), (0, String::new()));
    workspace.write(PROGRAM, &text);
    assert_eq!(check(&workspace, PROGRAM).0, 1);
    // Objects of other machines, and what is none at all.
    for bytes in [&b"\x7fELF"[..], b"", b"no object", &object()[..100]] {
        workspace.write("hits.bpf.o", bytes);
        assert_eq!(check(&workspace, PROGRAM), (0, String::new()));
    }
}

#[test]
fn check_speaks_of_objects_when_asked() {
    let workspace = Workspace::default();
    change(&workspace);
    workspace.build(".output/hits.bpf.o", Built::Before);
    let (code, text) = check(&workspace, ".");
    assert_eq!(code, 1);
    expect![[r#"
        hits.bpf.c:35:7: information: hits.bpf.o is older than this source: variable calls_seen of section .bss: offset 8 in the source, offset 0 in the object (and 1 more difference) [object-stale]
            .output/hits.bpf.o:1:1: the built object
    "#]]
    .assert_eq(&text);
    let without = binary::run(workspace.root(), &["check", "."]);
    assert_eq!(without.status.code(), Some(0));
}

#[test]
fn a_comment_and_a_setting_silence_it() {
    let workspace = Workspace::default();
    change(&workspace);
    let text = workspace.read(PROGRAM);
    workspace.write(
        PROGRAM,
        text.replace("calls_seen = 0;", "calls_seen = 0; // bpf-lsp: allow(object-stale)"),
    );
    workspace.build("hits.bpf.o", Built::Before);
    assert_eq!(check(&workspace, PROGRAM), (0, String::new()));
}
