//! What is offered is what is answered, and what a client can is read from its words.

use ide::lines::Encoding;
use serde_json::{Value, json};

use super::client::Client;
use crate::lsp::client::ClientCan;

const URI: &str = "file:///work/a.bpf.c";

/// Each provider with a request of its kind.
const OFFERED: &[(&str, &str)] = &[
    ("hoverProvider", "textDocument/hover"),
    ("documentSymbolProvider", "textDocument/documentSymbol"),
    ("declarationProvider", "textDocument/declaration"),
    ("definitionProvider", "textDocument/definition"),
    ("referencesProvider", "textDocument/references"),
    ("documentHighlightProvider", "textDocument/documentHighlight"),
    ("renameProvider", "textDocument/prepareRename"),
    ("completionProvider", "textDocument/completion"),
    ("codeLensProvider", "textDocument/codeLens"),
    ("inlayHintProvider", "textDocument/inlayHint"),
    ("codeActionProvider", "textDocument/codeAction"),
    ("diagnosticProvider", "textDocument/diagnostic"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_offered_is_answered() {
    let mut client = Client::raw(1 << 20).await;
    let can = json!({ "diagnostic": {}, "rename": { "prepareSupport": true } });
    let answer = client.initialize(json!({ "textDocument": can })).await;
    let offered = answer["result"]["capabilities"].as_object().unwrap();
    let providers: Vec<&String> = offered.keys().filter(|k| k.ends_with("Provider")).collect();
    assert_eq!(providers.len(), OFFERED.len(), "{providers:?}");
    client.open(URI, 0, "int hits;\n").await;
    for (provider, method) in OFFERED {
        let what = &offered[*provider];
        assert!(what.is_object() || what == true, "{provider}: {what}");
        let at = json!({ "line": 0, "character": 4 });
        let params = json!({
            "textDocument": { "uri": URI },
            "position": at,
            "range": { "start": at, "end": at },
            "context": { "diagnostics": [], "includeDeclaration": true, "triggerKind": 1 },
        });
        let id = client.request(method, params).await;
        let answer = client.answer(id).await;
        assert_eq!(answer["error"], Value::Null, "{method}");
    }
    let params = json!({ "textDocument": { "uri": URI } });
    let id = client.request("textDocument/foldingRange", params).await;
    assert_eq!(client.answer(id).await["error"]["code"], -32601);
}

#[tokio::test(flavor = "multi_thread")]
async fn rename_is_offered_also_to_clients_that_do_not_ask_before() {
    let mut client = Client::raw(1 << 16).await;
    let answer = client.initialize(json!({})).await;
    let capabilities = &answer["result"]["capabilities"];
    assert_eq!(capabilities["renameProvider"], true);
    assert_eq!(capabilities["diagnosticProvider"], Value::Null);
    assert_eq!(capabilities["positionEncoding"], "utf-16");
    assert_eq!(capabilities["textDocumentSync"]["openClose"], true);
    assert_eq!(capabilities["textDocumentSync"]["change"], 2);
}

#[test]
fn clients_are_taken_at_their_word() {
    let none = ClientCan::default();
    let read = |path: &str, value: Value| {
        let capabilities = path.rsplit('/').fold(value, |value, part| json!({ part: value }));
        ClientCan::read(&json!({ "capabilities": capabilities }))
    };
    assert_eq!(ClientCan::read(&json!({})), none);
    let encodings = "general/positionEncodings";
    let utf8 = ClientCan { encoding: Encoding::Utf8, ..none };
    assert_eq!(read(encodings, json!(["utf-32", "utf-16", "utf-8"])), utf8);
    assert_eq!(read(encodings, json!(["utf-32", "utf-16"])), none);
    let pull = ClientCan { pull: true, ..none };
    assert_eq!(read("textDocument/diagnostic", json!({})), pull);
    let refresh = ClientCan { refresh_diagnostics: true, ..none };
    let words = [
        ("workspace/diagnostics/refreshSupport", refresh),
        ("workspace/diagnostic/refreshSupport", refresh),
        ("workspace/codeLens/refreshSupport", ClientCan { refresh_lenses: true, ..none }),
        ("workspace/inlayHint/refreshSupport", ClientCan { refresh_hints: true, ..none }),
        (
            "textDocument/completion/completionItem/snippetSupport",
            ClientCan { snippets: true, ..none },
        ),
        ("workspace/workspaceEdit/documentChanges", ClientCan { document_changes: true, ..none }),
        ("textDocument/rename/prepareSupport", ClientCan { prepare_rename: true, ..none }),
        ("workspace/configuration", ClientCan { configuration: true, ..none }),
        (
            "workspace/didChangeWatchedFiles/dynamicRegistration",
            ClientCan { watch_files: true, ..none },
        ),
        (
            "workspace/didChangeConfiguration/dynamicRegistration",
            ClientCan { register_configuration: true, ..none },
        ),
    ];
    for (path, expected) in words {
        assert_eq!(read(path, json!(true)), expected, "{path}");
        assert_eq!(read(path, json!(false)), none, "{path}");
        assert_eq!(read(path, json!("true")), none, "{path}");
    }
}
