//! Renames in projects with sides in other languages, as a client sees them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::{
    lsp_client::{Client, find},
    workspace::Workspace,
};
use serde_json::{Value, json};

const PROGRAM: &str = "#define SEC(name) __attribute__((section(name), used))\n\
    int calls_seen;\nSEC(\"xdp\") int prog(void *c) { int own = 1; return calls_seen + own; }\n";

/// A repository with a program in `bpf`, and these files.
fn repository(files: &[(&str, &str)]) -> (Workspace, Client) {
    let workspace = Workspace::default();
    workspace.write(".git/HEAD", "");
    workspace.write("bpf/watch.bpf.c", PROGRAM);
    for (name, text) in files {
        workspace.write(name, text);
    }
    let mut client = workspace.start_with(
        &json!({}),
        json!({ "textDocument": { "rename": { "prepareSupport": true } } }),
        Value::Null,
    );
    client.open(&workspace.uri("bpf/watch.bpf.c"), PROGRAM);
    (workspace, client)
}

/// What the server says to a rename of what stands at a text: the reasons of both requests, which are the
/// same, or the files that change.
fn renamed(workspace: &Workspace, client: &mut Client, what: &str) -> Result<Vec<String>, Value> {
    let uri = workspace.uri("bpf/watch.bpf.c");
    let mut params = json!({ "textDocument": { "uri": uri }, "position": find(PROGRAM, what, 2) });
    let mut answer = |method: &str, params: Value| {
        let id = client.ask(method, params);
        client.until(|m| m["id"] == id)
    };
    let prepared = answer("textDocument/prepareRename", params.clone());
    params["newName"] = json!("calls");
    let renamed = answer("textDocument/rename", params);
    assert_eq!(prepared.get("error"), renamed.get("error"));
    match renamed.get("error") {
        Some(error) => Err(error.clone()),
        None => {
            let changes = renamed["result"]["changes"].as_object().unwrap();
            let root = workspace.uri("x").replace("/x", "/");
            Ok(changes.keys().map(|uri| uri.replacen(&root, "", 1)).collect())
        }
    }
}

const GO: &str = "package main\n\nimport \"github.com/cilium/ebpf\"\n\n\
    var seen = coll.Variables[\"calls_seen\"]\n";

#[test]
fn a_side_in_go_refuses_with_the_place() {
    let (workspace, mut client) = repository(&[("cmd/agent/main.go", GO)]);
    let refused = renamed(&workspace, &mut client, "calls_seen;").unwrap_err();
    assert_eq!(
        refused,
        json!({
            "code": -32803,
            "message": "cmd/agent/main.go:5 uses the name as \"calls_seen\"; Go files are not renamed yet",
            "data": { "ours": true },
        })
    );
    // What only C sees is for another server.
    let local = renamed(&workspace, &mut client, "own = 1").unwrap_err();
    assert_eq!(local["data"], json!({ "ours": false }));
}

/// Files count as they are now: on disk, and, where they are open, in the editor.
#[test]
fn files_count_as_they_are_now() {
    let (workspace, mut client) = repository(&[]);
    let only_c = Ok(vec!["bpf/watch.bpf.c".to_owned()]);
    assert_eq!(renamed(&workspace, &mut client, "calls_seen;"), only_c);
    workspace.write("main.go", GO);
    assert!(renamed(&workspace, &mut client, "calls_seen;").is_err());
    let uri = workspace.uri("main.go");
    client.open(&uri, &GO.replace("calls_seen", "another"));
    assert_eq!(renamed(&workspace, &mut client, "calls_seen;"), only_c);
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    assert!(renamed(&workspace, &mut client, "calls_seen;").is_err());
    workspace.write("main.go", "package main\n");
    assert_eq!(renamed(&workspace, &mut client, "calls_seen;"), only_c);
    // Not saved yet.
    client.open(&workspace.uri("new.go"), GO);
    assert!(renamed(&workspace, &mut client, "calls_seen;").is_err());
}

#[test]
fn go_about_something_else_does_not_matter() {
    let unrelated = [
        ("tools/report/main.go", "package main\n\nvar column = \"calls_seen\"\n"),
        ("vendor/x/x.go", GO),
        (".gitignore", "/generated\n"),
        ("generated/x.go", GO),
        ("other/top.bpf.c", PROGRAM),
        ("other/main.go", GO),
        (
            "user/load.c",
            "#include \"watch.skel.h\"\nint f(struct watch *w) { return w->bss->calls_seen; }\n",
        ),
        (
            "deep/down/load.c",
            "#include \"watch.skel.h\"\nint f(struct watch *w) { return w->bss->calls_seen; }\n",
        ),
    ];
    let (workspace, mut client) = repository(&unrelated);
    let files = ["bpf/watch.bpf.c", "deep/down/load.c", "user/load.c"].map(str::to_owned).to_vec();
    assert_eq!(renamed(&workspace, &mut client, "calls_seen;"), Ok(files));
}
