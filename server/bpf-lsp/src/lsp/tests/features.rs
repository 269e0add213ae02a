//! What the protocol makes of answers: none, one or many; and what of settings and saved files.

use serde_json::{Value, json};

use super::client::Client;

const URI: &str = "file:///work/a.bpf.c";

/// A variable whose section is shared by all CPUs, in spite of its name: there is a quick fix.
const SHARED: &str = "int hits __attribute__((section(\".data.percpu\"), used));\nint other;\n";

async fn ask(client: &mut Client, method: &str, more: Value) -> Value {
    let at = json!({ "line": 0, "character": 5 });
    let mut params = json!({
        "textDocument": { "uri": URI },
        "position": at,
        "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 0, "character": 60 } },
    });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = client.request(method, params).await;
    client.answer(id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn quick_fixes_come_where_they_are_wanted() {
    let mut client = Client::start(json!({})).await;
    client.open(URI, 0, SHARED).await;
    let wanted = [json!(["quickfix"]), json!(["refactor", "quickfix"]), json!([""]), Value::Null];
    for only in wanted {
        let context = json!({ "context": { "diagnostics": [], "only": only } });
        let answer = ask(&mut client, "textDocument/codeAction", context).await;
        let actions = answer["result"].as_array().unwrap();
        assert!(!actions.is_empty(), "{only}");
        assert_eq!(actions[0]["kind"], "quickfix");
        assert_eq!(actions[0]["diagnostics"][0]["code"], "percpu-shared-section");
        let page = actions[0]["diagnostics"][0]["codeDescription"]["href"].as_str().unwrap();
        assert!(page.ends_with("/docs/rules/percpu-shared-section.md"), "{page}");
    }
    for only in [json!(["refactor"]), json!(["source.fixAll"]), json!(["quickfixes"])] {
        let context = json!({ "context": { "diagnostics": [], "only": only } });
        let answer = ask(&mut client, "textDocument/codeAction", context).await;
        assert_eq!(answer["result"], Value::Null, "{only}");
    }
    // Behind the finding there is nothing to mend.
    let at = json!({ "line": 1, "character": 5 });
    let elsewhere = json!({
        "context": { "diagnostics": [] },
        "range": { "start": at, "end": at },
    });
    let answer = ask(&mut client, "textDocument/codeAction", elsewhere).await;
    assert_eq!(answer["result"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn references_are_a_list_or_nothing() {
    let mut client = Client::start(json!({})).await;
    client.open(URI, 0, "int hits;\nint get(void) { return hits; }\n").await;
    let context = json!({ "context": { "includeDeclaration": true } });
    let answer = ask(&mut client, "textDocument/references", context.clone()).await;
    let found = answer["result"].as_array().unwrap();
    let lines: Vec<_> = found.iter().map(|l| &l["range"]["start"]["line"]).collect();
    assert_eq!(lines, [0, 1]);
    client.edit(URI, 1, [0, 0, 1, 30], "").await;
    let answer = ask(&mut client, "textDocument/references", context).await;
    assert_eq!(answer["result"], Value::Null);
    assert_eq!(answer["error"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn outlines_say_a_type_where_there_is_one() {
    let mut client = Client::start(json!({})).await;
    client.open(URI, 0, SHARED).await;
    let answer = ask(&mut client, "textDocument/documentSymbol", json!({})).await;
    let mut symbols: Vec<&Value> = answer["result"].as_array().unwrap().iter().collect();
    let mut details = Vec::new();
    while let Some(symbol) = symbols.pop() {
        symbols.extend(symbol["children"].as_array().into_iter().flatten());
        details.push((symbol["name"].as_str().unwrap(), symbol.get("detail")));
    }
    assert!(
        details.iter().any(|(name, detail)| *name == "hits" && detail.is_some()),
        "{details:?}"
    );
    // An empty text is left out, it is no detail.
    assert!(details.iter().all(|(_, detail)| *detail != Some(&json!(""))), "{details:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_change_check_open_documents_again() {
    let mut client = Client::start(json!({})).await;
    let found = |count: usize| {
        move |m: &Value| {
            m["method"] == "textDocument/publishDiagnostics"
                && m["params"]["uri"] == URI
                && m["params"]["diagnostics"].as_array().is_some_and(|list| list.len() == count)
        }
    };
    client.open(URI, 0, SHARED).await;
    client.until(found(1)).await;
    for (disabled, left) in [(json!(["percpu-shared-section"]), 0), (json!([]), 1)] {
        let settings = json!({ "settings": { "diagnostics": { "disabled": disabled } } });
        client.notify("workspace/didChangeConfiguration", settings).await;
        client.until(found(left)).await;
    }
}

/// A client that watches no files tells of a saved header all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_saved_header_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let (program, header) = (folder.join("a.bpf.c"), folder.join("a.h"));
    let uri = |path: &std::path::Path| tower_lsp::lsp_types::Url::from_file_path(path).unwrap();
    std::fs::write(&header, "int x;\n").unwrap();
    let mut client = Client::start(json!({})).await;
    let program = uri(&program);
    client.open(program.as_str(), 0, "#include \"a.h\"\nVARIABLE\n").await;
    let found = |some: bool| {
        let program = program.clone();
        move |m: &Value| {
            m["method"] == "textDocument/publishDiagnostics"
                && m["params"]["uri"] == program.as_str()
                && m["params"]["diagnostics"].as_array().is_some_and(|list| list.is_empty() != some)
        }
    };
    client.until(found(false)).await;
    let variable = "int hits __attribute__((section(\".data.percpu\"), used));";
    std::fs::write(&header, format!("#define VARIABLE {variable}\n")).unwrap();
    let saved = json!({ "textDocument": { "uri": uri(&header) } });
    client.notify("textDocument/didSave", saved).await;
    client.until(found(true)).await;
}
