//! Beginning and end of a session, and requests of the server.

use serde_json::json;

use super::client::Client;

const URI: &str = "file:///work/a.bpf.c";

#[tokio::test(flavor = "multi_thread")]
async fn exit_ends_the_session_while_the_input_stays_open() {
    let mut client = Client::start(json!({})).await;
    let id = client.request("shutdown", json!(null)).await;
    client.answer(id).await;
    client.notify("exit", json!(null)).await;
    assert_eq!(client.code().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_without_shutdown_is_an_error() {
    let mut client = Client::start(json!({})).await;
    client.notify("exit", json!(null)).await;
    assert_eq!(client.code().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn end_of_input_ends_the_session_with_a_request_pending() {
    let mut client = Client::start(json!({})).await;
    client.open(URI, 0, "").await;
    let _blocked = client.block(URI).await;
    client.hover(URI).await;
    client.to_server = None;
    assert_eq!(client.code().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn end_of_input_lets_answers_on_their_way_out() {
    let mut client = Client::start(json!({})).await;
    client.open(URI, 0, "").await;
    let id = client.hover(URI).await;
    client.to_server = None;
    client.answer(id).await;
    assert_eq!(client.code().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_reply_to_the_server_does_no_harm() {
    let mut client = Client::start(json!({ "workspace": { "configuration": true } })).await;
    let asked = client.until(|m| m["method"] == "workspace/configuration").await;
    // Other things happen first, and a cancelled request among them.
    client.open(URI, 0, "").await;
    let blocked = client.block(URI).await;
    let id = client.hover(URI).await;
    client.notify("$/cancelRequest", json!({ "id": id })).await;
    client.answer(id).await;
    drop(blocked);
    let reply = json!({ "id": asked["id"], "result": [{ "diagnostics": { "nonsense": 1 } }] });
    client.send(reply.clone()).await;
    let warning = client.until(|m| m["method"] == "window/logMessage").await;
    let text = warning["params"]["message"].as_str().unwrap();
    assert_eq!(text, "bpf-lsp: unknown setting `diagnostics.nonsense`");
    // A reply to nothing is ignored too.
    client.send(reply).await;
    client.send(json!({ "id": 4711, "result": null })).await;
    let id = client.hover(URI).await;
    assert_eq!(client.answer(id).await["error"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_before_initialize_are_refused_and_changes_ignored() {
    let mut client = Client::raw(1 << 16).await;
    client.open(URI, 0, "early").await;
    let id = client.hover(URI).await;
    assert_eq!(client.answer(id).await["error"]["code"], -32002);
    client.initialize(json!({})).await;
    client.open(URI, 0, "").await;
    let id = client.hover(URI).await;
    assert_eq!(client.answer(id).await["error"], json!(null));
    assert_eq!(client.text(URI), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_initialize_and_messages_that_are_none_change_nothing() {
    let mut client = Client::start(json!({})).await;
    let id = client.request("initialize", json!({ "capabilities": {} })).await;
    assert_eq!(client.answer(id).await["error"]["code"], -32600);
    client.send_bytes(b"Content-Length: 5\r\n\r\n{{{{{").await;
    client.until(|m| m["error"]["code"] == -32700).await;
    // A notification that asks for an answer.
    let id = client.request("$/setTrace", json!({ "value": "off" })).await;
    assert_eq!(client.answer(id).await["error"]["code"], -32600);
    client.send_bytes(b"Nonsense: 1\r\n\r\n").await;
    // JSON, but no message; nested deeper than the transport reads; a number that is none.
    let deep = format!(r#"{{"jsonrpc":"2.0","method":"x","params":{}"#, "[".repeat(5000));
    let far = r#"{"jsonrpc":"2.0","method":"x","params":1e999}"#;
    for (body, code) in
        [("42", -32600), (r#"{"jsonrpc":"1.0"}"#, -32600), (&deep, -32700), (far, -32700)]
    {
        let frame = format!("content-length: {}\r\nA: b\r\nC: d\r\n\r\n{body}", body.len());
        client.send_bytes(frame.as_bytes()).await;
        client.until(|m| m["error"]["code"] == code).await;
    }
    client.send_bytes(b"Content-Length: 18446744073709551615\r\n\r\n").await;
    client.open(URI, 0, "").await;
    let id = client.hover(URI).await;
    assert_eq!(client.answer(id).await["error"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn diagnostics_are_pushed_with_their_version_and_emptied_on_close() {
    let mut client = Client::start(json!({})).await;
    let published = |version| {
        move |m: &serde_json::Value| {
            m["method"] == "textDocument/publishDiagnostics" && m["params"]["version"] == version
        }
    };
    client.open(URI, 3, "").await;
    client.until(published(json!(3))).await;
    client.edit(URI, 4, [0, 0, 0, 0], "int x;").await;
    client.until(published(json!(4))).await;
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": URI } })).await;
    let last = client.until(published(json!(null))).await;
    assert_eq!(last["params"]["diagnostics"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pulls_diagnostics_is_not_pushed_to() {
    let mut client = Client::raw(1 << 16).await;
    let answer = client.initialize(json!({ "textDocument": { "diagnostic": {} } })).await;
    let provider = &answer["result"]["capabilities"]["diagnosticProvider"];
    assert_eq!(provider["interFileDependencies"], true);
    client.open(URI, 0, "int x;").await;
    let params = json!({ "textDocument": { "uri": URI } });
    let id = client.request("textDocument/diagnostic", params.clone()).await;
    // All of the session's messages are looked at, to the end.
    let mut pulled = None;
    client.request("shutdown", json!(null)).await;
    client.to_server = None;
    while let Some(message) = client.next().await {
        assert_ne!(message["method"], "textDocument/publishDiagnostics");
        if message["id"] == id {
            pulled = Some(message);
        }
    }
    assert_eq!(pulled.unwrap()["result"]["kind"], "full");
    assert_eq!(client.code().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn watched_files_are_registered_when_the_client_can() {
    let watch = json!({ "didChangeWatchedFiles": { "dynamicRegistration": true } });
    let mut client = Client::start(json!({ "workspace": watch })).await;
    let asked = client.until(|m| m["method"] == "client/registerCapability").await;
    let registration = &asked["params"]["registrations"][0];
    assert_eq!(registration["method"], "workspace/didChangeWatchedFiles");
    assert_eq!(registration["registerOptions"]["watchers"][0]["globPattern"], "**/*.h");
}
