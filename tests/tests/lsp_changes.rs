//! Files that change while nobody who reads them is open, that come during a session, and that a client does
//! not tell of.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::{
    lsp_client::{Client, HANG},
    workspace::Workspace,
};
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
    // The analyses of both run side by side: which is first is another thing each time.
    for round in 0..40 {
        close(&mut client, &program);
        let (text, findings) = if round % 2 == 0 { (PLAIN, 0) } else { (PERCPU, 1) };
        client.edit(&header, round + 2, [0, 0, 1, 0], text);
        client.open(&program, PROGRAM);
        client.until(|message| {
            let params = &message["params"];
            let found = params["diagnostics"].as_array().map(Vec::len);
            params["uri"] == program && params["version"] == 1 && found == Some(findings)
        });
    }
}

#[test]
fn a_loader_that_is_made_during_the_session_is_seen() {
    let workspace = workspace();
    let text =
        "struct { int (*type)[2]; int *key; int *value; } m __attribute__((section(\".maps\")));\n";
    workspace.write("src/m.bpf.c", text);
    // Without a word on its maps: they must be right by themselves.
    let opens = "#include \"m.skel.h\"\nint f(void) { return !m__open_and_load(); }\n";
    workspace.write("src/open.c", opens);
    let program = workspace.uri("src/m.bpf.c");
    let mut client = workspace.start(&json!({}));
    client.open(&program, text);
    client.diagnostics_until(&program, has("map-max-entries"));
    let loader = "#include \"m.skel.h\"\nint f(struct m *s) { return bpf_map__set_max_entries(s->maps.m, 8); }\n";
    workspace.write("src/load.c", loader);
    tell(&mut client, &workspace.uri("src/load.c"), 1);
    client.diagnostics_until(&program, |found| !has("map-max-entries")(found));
    std::fs::remove_file(workspace.path("src/load.c")).unwrap();
    tell(&mut client, &workspace.uri("src/load.c"), 3);
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
fn a_document_that_was_saved_as_a_loader_is_compiled_as_one() {
    let workspace = Workspace::default();
    workspace.write("user.c", "");
    let uri = workspace.uri("user.c");
    let mut client = workspace.start(&json!({}));
    client.open(&uri, "");
    let text = "#include \"hits.skel.h\"\nint f(struct hits *s)\n{\n#ifndef __bpf__\n\treturn s->bss->calls_seen;\n#endif\n}\n";
    client.edit(&uri, 2, [0, 0, 0, 0], text);
    let at = json!({ "line": 4, "character": 18 });
    let params = json!({ "textDocument": { "uri": uri }, "position": at });
    client.request("textDocument/hover", params.clone());
    workspace.write("user.c", text);
    client.save(&uri);
    // The disk is looked at in the background; only a server that never looks keeps this up.
    let started = std::time::Instant::now();
    while client.request("textDocument/hover", params.clone()).is_null() {
        assert!(started.elapsed() < HANG, "it is still compiled as a BPF program");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
