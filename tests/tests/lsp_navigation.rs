//! References, highlights and renames across the skeleton, as a client sees them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::{
    binary,
    lsp_client::{Client, find},
};
use serde_json::{Value, json};
use url::Url;

/// A file of the example: its URI and text.
fn file(name: &str) -> (String, String) {
    let path = binary::example().join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    (Url::from_file_path(path).unwrap().to_string(), text)
}

fn start(workspace_edit: Value) -> Client {
    Client::start(json!({
        "general": { "positionEncodings": ["utf-8"] },
        "textDocument": { "rename": { "prepareSupport": true } },
        "workspace": { "workspaceEdit": workspace_edit },
    }))
}

fn at(uri: &str, text: &str, what: &str, into: usize) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": find(text, what, into) })
}

/// `hits.c:40` of each location.
fn lines(locations: &Value) -> Vec<String> {
    let line = |location: &Value| {
        let name = location["uri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        format!("{name}:{}", location["range"]["start"]["line"].as_u64().unwrap() + 1)
    };
    locations.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn references_from_both_sides() {
    let mut client = start(json!({}));
    let (program, program_text) = file("hits.bpf.c");
    client.open(&program, &program_text);
    let mut params = at(&program, &program_text, "calls_by_pid SEC", 3);
    params["context"] = json!({ "includeDeclaration": true });
    let all = client.request("textDocument/references", params);
    expect_test::expect![[r#"["hits.bpf.c:55", "hits.bpf.c:108", "hits.bpf.c:112"]"#]]
        .assert_eq(&format!("{:?}", lines(&all)));

    let (loader, text) = file("hits.c");
    client.open(&loader, &text);
    let mut params = at(&loader, &text, "data->sample_every", 8);
    params["context"] = json!({ "includeDeclaration": false });
    let all = client.request("textDocument/references", params.clone());
    expect_test::expect![[
        r#"["hits.bpf.c:96", "hits.bpf.c:96", "hits.c:106", "hits.c:126", "oops.c:33"]"#
    ]]
    .assert_eq(&format!("{:?}", lines(&all)));
    params["context"] = json!({ "includeDeclaration": true });
    let with_declaration = client.request("textDocument/references", params);
    assert_eq!(lines(&with_declaration).len(), lines(&all).len() + 1);
}

#[test]
fn highlights_in_one_file() {
    let mut client = start(json!({}));
    let (uri, text) = file("hits.bpf.c");
    client.open(&uri, &text);
    let found = client.request("textDocument/documentHighlight", at(&uri, &text, "last_error", 2));
    let kinds: Vec<&Value> = found.as_array().unwrap().iter().map(|h| &h["kind"]).collect();
    assert_eq!(json!(kinds), json!([null, 3, 3]));
}

#[test]
fn plain_c_is_left_to_the_c_server() {
    let mut client = start(json!({}));
    let (uri, text) = file("hits.c");
    client.open(&uri, &text);
    for what in ["stride =", "total_hits(", "stop = 1", "calloc(", "signal.h"] {
        let mut params = at(&uri, &text, what, 1);
        params["context"] = json!({ "includeDeclaration": true });
        assert_eq!(
            client.request("textDocument/references", params.clone()),
            json!(null),
            "{what}"
        );
        let highlights = client.request("textDocument/documentHighlight", params.clone());
        assert_eq!(highlights, json!(null), "{what}");
        assert_eq!(
            client.request("textDocument/definition", params.clone()),
            json!(null),
            "{what}"
        );
        assert_eq!(client.request("textDocument/hover", params.clone()), json!(null), "{what}");
        let id = client.ask("textDocument/prepareRename", params);
        let answer = client.until(|m| m["id"] == id);
        assert_eq!(answer["error"]["code"], -32803, "{what}");
    }
}

/// The new text of each edited line.
fn edited(text: &str, edits: &Value) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut edits = edits.as_array().unwrap().clone();
    let start = |edit: &Value| {
        let at = &edit["range"]["start"];
        (at["line"].as_u64().unwrap() as usize, at["character"].as_u64().unwrap() as usize)
    };
    edits.sort_by_key(|edit| std::cmp::Reverse(start(edit)));
    let mut touched = Vec::new();
    for edit in &edits {
        let (line, from) = start(edit);
        let to = edit["range"]["end"]["character"].as_u64().unwrap() as usize;
        lines[line].replace_range(from..to, edit["newText"].as_str().unwrap());
        touched.push(line);
    }
    touched.dedup();
    touched.iter().rev().map(|line| lines[*line].trim().to_owned()).collect()
}

#[test]
fn a_rename_edits_both_sides_with_versions() {
    let mut client = start(json!({ "documentChanges": true }));
    let (uri, text) = file("hits.c");
    let (program, program_text) = file("hits.bpf.c");
    client.open(&uri, &text);
    let mut params = at(&uri, &text, "bss->calls_seen", 8);
    let prepared = client.request("textDocument/prepareRename", params.clone());
    assert_eq!(prepared["placeholder"], "calls_seen");
    params["newName"] = json!("calls_made");
    let edit = client.request("textDocument/rename", params);
    assert!(edit.get("changes").is_none_or(Value::is_null));
    let changes = edit["documentChanges"].as_array().unwrap();
    // The program, its loader, and the loader that does all wrong.
    assert_eq!(changes.len(), 3);
    // The one that is not open has no version.
    assert_eq!(changes[0]["textDocument"], json!({ "uri": program, "version": null }));
    assert_eq!(changes[1]["textDocument"], json!({ "uri": uri, "version": 1 }));
    expect_test::expect![[r#"
        __u64 calls_made;
        __sync_fetch_and_add(&calls_made, 1);"#]]
    .assert_eq(&edited(&program_text, &changes[0]["edits"]).join("\n"));
    expect_test::expect!["(unsigned long long)skel->bss->calls_made);"]
        .assert_eq(&edited(&text, &changes[1]["edits"]).join("\n"));
}

#[test]
fn a_rename_for_clients_without_versions() {
    let mut client = start(json!({}));
    let (uri, text) = file("hits.bpf.c");
    client.open(&uri, &text);
    let mut params = at(&uri, &text, "count_call(", 3);
    params["newName"] = json!("on_call");
    let edit = client.request("textDocument/rename", params.clone());
    assert!(edit.get("documentChanges").is_none_or(Value::is_null));
    assert_eq!(edit["changes"].as_object().unwrap().len(), 2);
    params["newName"] = json!("budget");
    let id = client.ask("textDocument/rename", params);
    let answer = client.until(|m| m["id"] == id);
    assert_eq!(answer["error"]["message"], "`budget` is declared already");
}
