//! Build and verify: when the project's own compile command runs, and when it surely does not.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::{
    lsp_client::Client,
    workspace::{Workspace, object},
};
use serde_json::{Value, json};

const PROGRAM: &str = "hits.bpf.c";

/// A compiler that leaves a mark, and makes the object of the example whatever the source says.
const COMPILER: &str = "echo ran >>ran.txt\nfor a; do\n  test \"$o\" && out=$a; o=\n  test \"$a\" = -o && o=1\ndone\ncat object >\"$out\"\n";

/// A workspace whose program is compiled by a script.
fn workspace(script: &str) -> Workspace {
    let workspace = Workspace::default();
    workspace.write("cc.sh", script);
    workspace.write("object", object());
    let command = json!([{
        "directory": workspace.root(), "file": PROGRAM,
        "arguments": ["/bin/sh", "cc.sh", "-g", "-O2", "-idirafter", "/usr/include/x86_64-linux-gnu",
            "-c", PROGRAM, "-o", "hits.bpf.o"],
    }]);
    workspace.write("compile_commands.json", command.to_string());
    workspace
}

fn on() -> Value {
    json!({ "buildAndVerify": { "enable": true }, "workspaceTrusted": true })
}

/// Opens the program, changes the layout on disk and in the editor, and says that it was saved.
fn open_and_save(client: &mut Client, workspace: &Workspace) -> String {
    let text = workspace.read(PROGRAM);
    let text = text.replace("__u64 calls_seen;", "__u64 first_seen = 0;\n__u64 calls_seen = 0;");
    let uri = workspace.uri(PROGRAM);
    workspace.write(PROGRAM, &text);
    client.open(&uri, &text);
    client.diagnostics(&uri, 1);
    client.save(&uri);
    uri
}

/// What is said of an object.
fn of_object(found: &[Value]) -> Option<&Value> {
    found.iter().find(|d| d["code"].as_str().is_some_and(|code| code.starts_with("object-")))
}

fn log(client: &mut Client) -> String {
    let log = client.until(|m| m["method"] == "window/logMessage");
    log["params"]["message"].as_str().unwrap().to_owned()
}

fn has_run(workspace: &Workspace) -> bool {
    workspace.path("ran.txt").exists()
}

/// Everything the session does with a saved program is done when it has ended.
fn check_nothing_runs(client: &mut Client, workspace: &Workspace) {
    open_and_save(client, workspace);
    assert_eq!(client.shut_down(), Some(0));
    assert!(!has_run(workspace));
}

#[test]
fn the_object_made_on_save_is_compared() {
    let workspace = workspace(COMPILER);
    let mut client = workspace.start(&on());
    let uri = open_and_save(&mut client, &workspace);
    let found = client.diagnostics_until(&uri, |found| of_object(found).is_some());
    let found = of_object(&found).unwrap();
    assert_eq!(found["code"], "object-layout-differs");
    let message = found["message"].as_str().unwrap();
    assert!(message.starts_with("compiling this source gives a different object: "), "{message}");
    assert!(has_run(&workspace));
    assert!(!workspace.path("hits.bpf.o").exists(), "the output goes elsewhere");
    // Of a text that was not compiled nothing is known.
    client.edit(&uri, 2, [0, 0, 0, 0], "\n");
    assert!(of_object(&client.diagnostics(&uri, 2)).is_none());
}

#[test]
fn a_compiler_that_fails_is_told_in_the_log_and_the_status() {
    let workspace = workspace("echo ran >ran.txt; echo 'a.c:1: no' >&2; exit 1");
    let mut client = workspace.start(&on());
    open_and_save(&mut client, &workspace);
    let text = log(&mut client);
    assert!(text.contains("hits.bpf.c: not built on save: the compiler failed"), "{text}");
    assert!(text.contains("a.c:1: no"), "{text}");
    let status =
        |m: &Value| m["params"]["message"].as_str().is_some_and(|t| t.contains("not built"));
    client.until(|m| m["method"] == "bpf-lsp/serverStatus" && status(m));
}

#[test]
fn a_newer_save_ends_the_compiler() {
    // The first run stays until it is ended, the others do their work.
    let first =
        format!("test -e ran.txt || {{ echo ran >ran.txt; sleep 1000; exit 1; }}\n{COMPILER}");
    let workspace = workspace(&first);
    let mut client = workspace.start(&on());
    let uri = open_and_save(&mut client, &workspace);
    while !has_run(&workspace) {
        std::thread::yield_now();
    }
    client.save(&uri);
    assert_eq!(log(&mut client), "bpf-lsp: hits.bpf.c: built on save");
}

#[test]
fn nothing_runs_in_a_workspace_that_is_not_trusted() {
    for options in [
        json!({ "buildAndVerify": { "enable": true } }),
        json!({ "buildAndVerify.enable": true, "workspaceTrusted": false }),
        json!({ "buildAndVerify.enable": true, "workspaceTrusted": "true" }),
    ] {
        let workspace = workspace(COMPILER);
        check_nothing_runs(&mut workspace.start(&options), &workspace);
    }
}

#[test]
fn nothing_runs_unless_it_is_switched_on() {
    let workspace = workspace(COMPILER);
    check_nothing_runs(&mut workspace.start(&json!({ "workspaceTrusted": true })), &workspace);
}

#[test]
fn settings_cannot_say_that_the_workspace_is_trusted() {
    let workspace = workspace(COMPILER);
    let able = json!({ "workspace": { "configuration": true } });
    let mut client = workspace.start_with(&json!({}), able, on());
    client.notify("workspace/didChangeConfiguration", json!({ "settings": { "bpf-lsp": on() } }));
    check_nothing_runs(&mut client, &workspace);
}

#[test]
fn nothing_runs_without_a_command_of_the_file() {
    let workspace = workspace(COMPILER);
    workspace.write("compile_commands.json", "[]");
    check_nothing_runs(&mut workspace.start(&on()), &workspace);
}

#[test]
fn trust_may_come_later_and_go() {
    let workspace = workspace(COMPILER);
    let mut client = workspace.start(&json!({ "buildAndVerify": { "enable": true } }));
    client.notify("bpf-lsp/workspaceTrust", json!({ "trusted": true }));
    let uri = open_and_save(&mut client, &workspace);
    client.diagnostics_until(&uri, |found| of_object(found).is_some());
    std::fs::remove_file(workspace.path("ran.txt")).unwrap();
    client.notify("bpf-lsp/workspaceTrust", json!({ "trusted": false }));
    client.save(&uri);
    assert_eq!(client.shut_down(), Some(0));
    assert!(!has_run(&workspace));
}
