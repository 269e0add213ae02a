//! Findings in headers: shown in the header, of all programs that include it, as long as one does.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::{lsp_client::Client, workspace::Workspace};
use serde_json::{Value, json};

const HEADER: &str = "\
#define SEC(name) __attribute__((section(name), used))
int one SEC(\".data.percpu\");
#ifdef TWO
int two SEC(\".data.percpu\");
#endif
";

const PROGRAM: &str = "#include \"shared.h\"\n";
const OTHER: &str = "#define TWO\n#include \"shared.h\"\n";

fn workspace() -> Workspace {
    let workspace = Workspace::default();
    workspace.write("shared.h", HEADER);
    workspace
}

/// Waits until the header is shown with findings on those lines.
fn wait(client: &mut Client, workspace: &Workspace, lines: &[u64]) {
    client.diagnostics_until(&workspace.uri("shared.h"), |found| found_on(found) == lines);
}

fn found_on(found: &[Value]) -> Vec<u64> {
    found.iter().map(|d| d["range"]["start"]["line"].as_u64().unwrap()).collect()
}

fn close(client: &mut Client, uri: &str) {
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
}

#[test]
fn findings_of_several_programs_are_merged_and_go_with_them() {
    let workspace = workspace();
    let mut client = workspace.start(&json!({}));
    client.open(&workspace.uri("a.bpf.c"), PROGRAM);
    wait(&mut client, &workspace, &[1]);
    client.open(&workspace.uri("b.bpf.c"), OTHER);
    wait(&mut client, &workspace, &[1, 3]);
    close(&mut client, &workspace.uri("b.bpf.c"));
    wait(&mut client, &workspace, &[1]);
    close(&mut client, &workspace.uri("a.bpf.c"));
    wait(&mut client, &workspace, &[]);
}

#[test]
fn an_open_header_follows_its_edits_and_keeps_what_is_said_when_closed() {
    let workspace = workspace();
    let mut client = workspace.start(&json!({}));
    let header = workspace.uri("shared.h");
    client.open(&workspace.uri("a.bpf.c"), PROGRAM);
    client.open(&header, HEADER);
    wait(&mut client, &workspace, &[1]);
    client.edit(&header, 2, [0, 0, 0, 0], "\n");
    wait(&mut client, &workspace, &[2]);
    client.edit(&header, 3, [2, 0, 3, 0], "");
    wait(&mut client, &workspace, &[]);
    // The file has the variable still.
    close(&mut client, &header);
    wait(&mut client, &workspace, &[1]);
}

#[test]
fn headers_outside_of_the_workspace_are_left_alone() {
    let (workspace, elsewhere) = (workspace(), workspace());
    elsewhere.write("far.h", "int far __attribute__((section(\".data.percpu\"), used));\n");
    let mut client = workspace.start(&json!({}));
    let path = elsewhere.path("far.h").display().to_string();
    client.open(&workspace.uri("a.bpf.c"), &format!("#include \"{path}\"\n{PROGRAM}"));
    // A check publishes what it says about all headers together; this is that of the next document.
    client.open(&workspace.uri("b.bpf.c"), "");
    let (mut shared, mut next) = (false, false);
    while !(shared && next) {
        let message = client.next_message().unwrap();
        let uri = message["params"]["uri"].as_str().unwrap_or_default();
        assert!(!uri.ends_with("far.h"));
        shared |= uri.ends_with("shared.h");
        next |= uri.ends_with("b.bpf.c");
    }
}

#[test]
fn who_pulls_gets_them_with_the_open_header_and_is_pushed_to_for_closed_ones() {
    let workspace = workspace();
    let pull = json!({ "textDocument": { "diagnostic": {} } });
    let mut client = workspace.start_with(&json!({}), pull, Value::Null);
    client.open(&workspace.uri("a.bpf.c"), PROGRAM);
    wait(&mut client, &workspace, &[1]);
    let header = workspace.uri("shared.h");
    client.open(&header, HEADER);
    wait(&mut client, &workspace, &[]);
    let params = json!({ "textDocument": { "uri": header } });
    let report = client.request("textDocument/diagnostic", params);
    assert_eq!(found_on(report["items"].as_array().unwrap()), [1]);
    close(&mut client, &header);
    wait(&mut client, &workspace, &[1]);
}
