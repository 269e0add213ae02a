//! Completion lists in the protocol's shape.

use serde_json::{Value, json};

use super::client::Client;

const URI: &str = "file:///work/a.bpf.c";

/// The entry of that label at a position of a text.
async fn entry(capabilities: Value, text: &str, at: (u32, u32), label: &str) -> Value {
    let mut client = Client::start(capabilities).await;
    client.open(URI, 1, text).await;
    let params = json!({
        "textDocument": { "uri": URI },
        "position": { "line": at.0, "character": at.1 },
    });
    let id = client.request("textDocument/completion", params).await;
    let answer = client.answer(id).await;
    let items = answer["result"].as_array().expect("a list");
    items.iter().find(|item| item["label"] == label).cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_replaces_what_was_typed() {
    let text = "/* 😀 */ SEC(\"xd\nint f(void *ctx) { return 0; }\n";
    let item = entry(json!({}), text, (0, 16), "xdp").await;
    assert_eq!(item["textEdit"]["newText"], "xdp");
    let range = json!({
        "start": { "line": 0, "character": 14 },
        "end": { "line": 0, "character": 16 },
    });
    assert_eq!(item["textEdit"]["range"], range);
}

#[tokio::test(flavor = "multi_thread")]
async fn snippets_for_clients_that_know_them() {
    let text = "int f(void)\n{\n\treturn bpf_map_l\n}\n";
    let name = "bpf_map_lookup_elem";
    let item = entry(json!({}), text, (2, 17), name).await;
    assert_eq!(item["textEdit"]["newText"], name);
    let snippets = json!({ "completion": { "completionItem": { "snippetSupport": true } } });
    let item = entry(json!({ "textDocument": snippets }), text, (2, 17), name).await;
    assert_eq!(item["textEdit"]["newText"], "bpf_map_lookup_elem($1)");
    assert_eq!(item["insertTextFormat"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_are_told() {
    let mut client = Client::raw(1 << 16).await;
    let answer = client.initialize(json!({})).await;
    let provider = &answer["result"]["capabilities"]["completionProvider"];
    assert_eq!(provider["triggerCharacters"], json!(["\"", ".", ">", "/", "("]));
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_as_snippets_and_as_plain_text() {
    let text = "#include <bpf/bpf_helpers.h>\nmap_ri\n";
    let item = entry(json!({}), text, (1, 6), "map_ringbuf").await;
    let plain = "struct {\n\t__uint(type, BPF_MAP_TYPE_RINGBUF);\n\t__uint(max_entries, 256 * 1024);\n} name SEC(\".maps\");";
    assert_eq!(item["textEdit"]["newText"], plain);
    assert_eq!(item["filterText"], "map_ringbuf");
    assert!(item["insertTextFormat"].is_null());
    let snippets = json!({ "completion": { "completionItem": { "snippetSupport": true } } });
    let item = entry(json!({ "textDocument": snippets }), text, (1, 6), "map_ringbuf").await;
    assert_eq!(item["insertTextFormat"], 2);
    assert!(item["textEdit"]["newText"].as_str().is_some_and(|text| text.contains("${2:name}")));
}
