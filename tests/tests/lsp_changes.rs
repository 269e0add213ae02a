//! Files that change while nobody who reads them is open, that come during a session, and that a client does
//! not tell of.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::{lsp_client::Client, workspace::Workspace};
use serde_json::{Value, json};

const PROGRAM: &str = "\
#include \"kind.h\"
int one __attribute__((section(KIND), used));
";
const PERCPU: &str = "#define KIND \".data.percpu\"\n";
const PLAIN: &str = "#define KIND \".data\"\n";

fn workspace() -> Workspace {
    let workspace = Workspace::default();
    workspace.write("a.bpf.c", PROGRAM);
    workspace.write("kind.h", PERCPU);
    workspace
}

fn close(client: &mut Client, uri: &str) {
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
}

/// Tells of a file as a client does that watches; 1 is created, 2 changed, 3 deleted.
fn tell(client: &mut Client, uri: &str, kind: u8) {
    let changes = json!({ "changes": [{ "uri": uri, "type": kind }] });
    client.notify("workspace/didChangeWatchedFiles", changes);
}

fn has(rule: &str) -> impl Fn(&[Value]) -> bool {
    move |found| found.iter().any(|d| d["code"] == rule)
}

#[test]
fn a_header_is_edited_while_its_program_is_closed() {
    let workspace = workspace();
    let (program, header) = (workspace.uri("a.bpf.c"), workspace.uri("kind.h"));
    let mut client = workspace.start(&json!({}));
    client.open(&program, PROGRAM);
    assert_eq!(client.diagnostics(&program, 1).len(), 1);
    client.open(&header, PERCPU);
    close(&mut client, &program);
    client.edit(&header, 2, [0, 0, 1, 0], PLAIN);
    client.open(&program, PROGRAM);
    client.diagnostics_until(&program, <[Value]>::is_empty);
    // By the version: what is told of a document that was closed has none.
    let hover =
        json!({ "textDocument": { "uri": program }, "position": { "line": 1, "character": 4 } });
    let shown = client.request("textDocument/hover", hover).to_string();
    assert!(!shown.contains("percpu"), "{shown}");
}

#[test]
fn a_loader_that_is_made_during_the_session_is_seen() {
    let workspace = workspace();
    let text =
        "struct { int (*type)[2]; int *key; int *value; } m __attribute__((section(\".maps\")));\n";
    workspace.write("m.bpf.c", text);
    // Without a word on its maps: they must be right by themselves.
    let opens = "#include \"m.skel.h\"\nint f(void) { return !m__open_and_load(); }\n";
    workspace.write("open.c", opens);
    let program = workspace.uri("m.bpf.c");
    let mut client = workspace.start(&json!({}));
    client.open(&program, text);
    client.diagnostics_until(&program, has("map-max-entries"));
    let loader = "#include \"m.skel.h\"\nint f(struct m *s) { return bpf_map__set_max_entries(s->maps.m, 8); }\n";
    workspace.write("load.c", loader);
    tell(&mut client, &workspace.uri("load.c"), 1);
    client.diagnostics_until(&program, |found| !has("map-max-entries")(found));
    std::fs::remove_file(workspace.path("load.c")).unwrap();
    tell(&mut client, &workspace.uri("load.c"), 3);
    client.diagnostics_until(&program, has("map-max-entries"));
}

#[test]
fn a_client_that_tells_of_nothing_but_saves_is_served_as_well() {
    let workspace = workspace();
    let program = workspace.uri("a.bpf.c");
    let mut client = workspace.start(&json!({}));
    client.open(&program, PROGRAM);
    client.diagnostics_until(&program, |found| found.len() == 1);
    // A header with another text.
    workspace.write("kind.h", PLAIN);
    client.save(&program);
    client.diagnostics_until(&program, <[Value]>::is_empty);
    // A build file that puts another header before it.
    workspace.write("percpu/kind.h", PERCPU);
    workspace.write("Makefile", "all:\n\tclang -target bpf -Ipercpu -c a.bpf.c\n");
    std::fs::remove_file(workspace.path("kind.h")).unwrap();
    client.save(&program);
    client.diagnostics_until(&program, |found| found.len() == 1);
}

#[test]
fn a_program_that_was_saved_as_a_loader_is_compiled_as_one() {
    let workspace = workspace();
    workspace.write("user.c", "");
    let uri = workspace.uri("user.c");
    let mut client = workspace.start(&json!({}));
    client.open(&uri, "");
    let hover = |client: &mut Client| {
        let at = json!({ "line": 2, "character": 8 });
        let params = json!({ "textDocument": { "uri": uri }, "position": at });
        client.request("textDocument/hover", params).to_string()
    };
    let text = "#include \"hits.skel.h\"\n#ifdef __bpf__\nint no_n(int n);\n#endif\n";
    client.edit(&uri, 2, [0, 0, 0, 0], text);
    hover(&mut client);
    workspace.write("user.c", text);
    client.save(&uri);
    // A fresh server knows that it is compiled for this machine.
    let symbols = json!({ "textDocument": { "uri": uri } });
    let mut fresh = workspace.start(&json!({}));
    fresh.open(&uri, text);
    let wanted = fresh.request("textDocument/documentSymbol", symbols.clone());
    let mut now = client.request("textDocument/documentSymbol", symbols.clone());
    for _ in 0..1000 {
        if now == wanted {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
        now = client.request("textDocument/documentSymbol", symbols.clone());
    }
    panic!("{now} in place of {wanted}");
}
