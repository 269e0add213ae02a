//! URIs that the client spells in its own way: what is said about an open document is said in that spelling,
//! to the letter, and a file is one document, however it is spelled.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::{
    lsp_client::{Client, find},
    workspace::Workspace,
};
use serde_json::{Value, json};

/// A program with findings: the names of two maps are the same to the kernel, which cuts them.
const ALIKE: &str = "\
#define SEC(name) __attribute__((section(name)))
struct { int (*type)[2]; int *key; } a_name_too_long_1 SEC(\".maps\"), a_name_too_long_2 SEC(\".maps\");
int hits = 1;
SEC(\"tp/a/b\") int run(void *ctx) { return hits; }
";

/// A workspace with that program in `src/`, under a name that can be spelled in many ways, and a loader.
fn workspace() -> Workspace {
    let workspace = Workspace::default();
    workspace.write("src/é:1.bpf.c", ALIKE);
    workspace
}

/// Spellings of that program's URI: what stands behind the scheme, with the workspace's folder for `@`.
const SPELLINGS: &[&str] = &[
    "file://@/src/%C3%A9:1.bpf.c",
    "file://@/src/%c3%a9%3a1.bpf.c",
    "file://@/src/%C3%A9%3A1.bpf.c",
    "file://@/src/é:1.bpf.c",
    "file://@/%73rc/é:1.bpf.c",
    "file://@/src//é:1.bpf.c",
    "file:////@/src/./é:1.bpf.c",
    "file://@/./src/x/../é:1.bpf.c",
    "file://@/src/%2e%2e/src/é:1.bpf.c",
    "file://@/x%2F..%2Fsrc/é:1.bpf.c",
    "file://localhost@/src/é:1.bpf.c",
    "file:@/src/é:1.bpf.c",
    "FILE://@/src/é:1.bpf.c",
    "file://@/src/é:1.bpf.c?version=2#L1",
    "file://@/src/é:1.bpf.c ",
];

fn spelled(workspace: &Workspace, spelling: &str) -> String {
    spelling.replace('@', workspace.root().to_str().unwrap())
}

fn start(workspace: &Workspace) -> Client {
    let capabilities = json!({ "workspace": { "workspaceEdit": { "documentChanges": true } } });
    workspace.start_with(&json!({}), capabilities, Value::Null)
}

fn at(uri: &str, what: &str) -> Value {
    json!({
        "textDocument": { "uri": uri }, "position": find(ALIKE, what, 0), "newName": "renamed",
        "context": { "includeDeclaration": true },
    })
}

fn close(client: &mut Client, uri: &str) {
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
}

/// The URI and the number of findings of what is published next.
fn published(client: &mut Client) -> (String, usize) {
    let message = client.until(|m| m["method"] == "textDocument/publishDiagnostics");
    let (uri, list) = (&message["params"]["uri"], &message["params"]["diagnostics"]);
    (uri.as_str().unwrap().to_owned(), list.as_array().unwrap().len())
}

/// Skips to a publication under that URI, with or without findings.
fn published_under(client: &mut Client, uri: &str, found: bool) {
    client.until(|m| {
        m["method"] == "textDocument/publishDiagnostics"
            && m["params"]["uri"] == uri
            && m["params"]["diagnostics"].as_array().is_some_and(|list| list.is_empty() != found)
    });
}

/// All URIs of files that stand in a value.
fn uris(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.to_lowercase().starts_with("file:") => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(uris).collect(),
        Value::Object(members) => {
            let names = members.keys().map(|name| json!(name));
            names.flat_map(|name| uris(&name)).chain(members.values().flat_map(uris)).collect()
        }
        _ => Vec::new(),
    }
}

#[test]
fn what_is_said_of_a_document_is_said_in_the_clients_spelling() {
    let workspace = workspace();
    for spelling in SPELLINGS {
        let uri = spelled(&workspace, spelling);
        let mut client = start(&workspace);
        client.open(&uri, ALIKE);
        let told = client.until(|m| m["method"] == "textDocument/publishDiagnostics");
        assert_eq!(told["params"]["uri"], uri);
        assert_eq!(told["params"]["diagnostics"][0]["code"], "kernel-name-clash", "{uri}");
        let skeleton = client.until(|m| m["method"] == "bpf-lsp/skeletonChanged");
        assert_eq!(skeleton["params"]["uri"], uri);
        for (method, count) in
            [("references", 2), ("rename", 1), ("codeLens", 1), ("definition", 0)]
        {
            let answer = client.request(&format!("textDocument/{method}"), at(&uri, "hits;"));
            let uris = uris(&answer);
            assert!(uris.len() >= count, "{method}: {answer}");
            assert!(uris.iter().all(|told| *told == uri), "{method}: {answer}");
        }
        close(&mut client, &uri);
        assert_eq!(published(&mut client), (uri, 0));
        assert_eq!(client.shut_down(), Some(0));
    }
}

#[test]
fn a_document_goes_by_its_file_however_it_is_spelled() {
    let workspace = workspace();
    let mut client = start(&workspace);
    let first = spelled(&workspace, SPELLINGS[0]);
    client.open(&first, "");
    published_under(&mut client, &first, false);
    let mut version = 1;
    for spelling in SPELLINGS {
        let uri = spelled(&workspace, spelling);
        version += 1;
        // Another spelling in a request or an edit means the one document that is open.
        client.edit(&uri, version, [0, 0, 9, 0], ALIKE);
        published_under(&mut client, &first, true);
        let found = client.request("textDocument/references", at(&uri, "hits;"));
        assert_eq!(uris(&found), [uri.as_str(), uri.as_str()]);
        client.edit(&first, version, [0, 0, 9, 0], "");
        published_under(&mut client, &first, false);
    }
    close(&mut client, &spelled(&workspace, SPELLINGS[5]));
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn one_file_open_twice_has_two_texts_and_each_is_answered_for() {
    let workspace = workspace();
    let (a, b) = (spelled(&workspace, SPELLINGS[0]), spelled(&workspace, SPELLINGS[3]));
    let mut client = start(&workspace);
    client.open(&a, ALIKE);
    published_under(&mut client, &a, true);
    client.open(&b, "");
    published_under(&mut client, &b, false);
    // An edit of the first is one of its own text.
    client.edit(&a, 2, [2, 0, 2, 0], "int more;\n");
    published_under(&mut client, &a, true);
    let symbols = |client: &mut Client, uri: &str| {
        let params = json!({ "textDocument": { "uri": uri } });
        let answer = client.request("textDocument/documentSymbol", params);
        answer.as_array().map_or(0, Vec::len)
    };
    assert_eq!(symbols(&mut client, &b), 0);
    assert!(symbols(&mut client, &a) > 2);
    assert_eq!(symbols(&mut client, &b), 0);
    // What closes is emptied, and the other goes on with the text that it had.
    close(&mut client, &b);
    published_under(&mut client, &b, false);
    published_under(&mut client, &a, true);
    client.edit(&a, 3, [0, 0, 9, 0], "");
    published_under(&mut client, &a, false);
    client.open(&b, ALIKE);
    published_under(&mut client, &b, true);
    close(&mut client, &a);
    published_under(&mut client, &a, false);
    let found = client.request("textDocument/references", at(&b, "hits;"));
    assert_eq!(uris(&found), [b.as_str(), b.as_str()]);
    close(&mut client, &b);
    published_under(&mut client, &b, false);
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn what_only_looks_like_the_path_of_a_file_is_another_document() {
    let workspace = workspace();
    let uri = spelled(&workspace, SPELLINGS[0]);
    let older = uri.replace("file://", "git:");
    let mut client = start(&workspace);
    client.open(&uri, ALIKE);
    published_under(&mut client, &uri, true);
    client.open(&older, "");
    published_under(&mut client, &older, false);
    close(&mut client, &older);
    // The file is open still, with its text.
    client.edit(&uri, 2, [0, 0, 0, 0], " ");
    published_under(&mut client, &uri, true);
    let found = client.request("textDocument/references", at(&uri, "hits;"));
    assert_eq!(uris(&found), [uri.as_str(), uri.as_str()]);
    assert_eq!(client.shut_down(), Some(0));
}

#[cfg(unix)]
#[test]
fn two_links_to_a_file_are_two_documents() {
    let workspace = workspace();
    std::os::unix::fs::symlink(workspace.path("src"), workspace.path("link")).unwrap();
    let (file, link) = (workspace.uri("src/é:1.bpf.c"), workspace.uri("link/é:1.bpf.c"));
    let mut client = start(&workspace);
    client.open(&file, ALIKE);
    client.open(&link, "");
    published_under(&mut client, &link, false);
    close(&mut client, &link);
    client.edit(&file, 2, [0, 0, 0, 0], "\n");
    published_under(&mut client, &file, true);
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn findings_in_a_header_behind_dots_come_under_its_own_path() {
    let workspace = workspace();
    let map = ALIKE.lines().nth(1).unwrap();
    workspace.write("maps.h", format!("{map}\n"));
    let program = ALIKE.replace(map, "#include \"../src/./..//maps.h\"");
    let mut client = start(&workspace);
    client.open(&workspace.uri("src/a.bpf.c"), &program);
    published_under(&mut client, &workspace.uri("maps.h"), true);
    // Open under another spelling, its text is the one that the program reads.
    let other = workspace.uri("maps.h").replace("maps.h", "src/..//maps.h");
    client.open(&other, "");
    published_under(&mut client, &other, false);
    let found = client.request(
        "textDocument/references",
        json!({
            "textDocument": { "uri": other }, "position": { "line": 0, "character": 0 },
            "context": { "includeDeclaration": true },
        }),
    );
    assert_eq!(found, Value::Null);
    assert_eq!(client.shut_down(), Some(0));
}
