//! Order, queues and cancellation.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use serde_json::json;
use tokio::sync::mpsc;

use super::client::Client;
use crate::lsp::{outbox::Outbox, session::Session, workers::lock};

const URI: &str = "file:///work/a.bpf.c";

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_changes_arrive_in_order() {
    let mut client = Client::start(json!({})).await;
    client.open(URI, 0, "").await;
    let mut expect = String::new();
    for n in 1..=20_000u32 {
        // Each change is placed by the result of the ones before: one out of order spoils the rest.
        let text = format!("{n},");
        client.edit(URI, n as i32, [0, expect.len() as u32, 0, expect.len() as u32], &text).await;
        expect.push_str(&text);
        if n % 100 == 0 {
            client.hover(URI).await;
        }
        if n % 4000 == 0 {
            expect.clear();
            client.edit(URI, n as i32, [0, 0, 9, 0], "").await;
        }
    }
    let id = client.hover(URI).await;
    client.answer(id).await;
    assert_eq!(client.text(URI), expect);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_sees_exactly_the_edits_sent_before_it() {
    let mut client = Client::start(json!({})).await;
    client.open(URI, 0, "").await;
    let blocked = client.block(URI).await;
    client.edit(URI, 1, [0, 0, 0, 0], "one").await;
    let seen = client.session.clone();
    let id = client.hover(URI).await;
    client.edit(URI, 2, [0, 0, 0, 0], "two ").await;
    drop(blocked);
    client.answer(id).await;
    // The hover was answered although the text moved on; nothing said "content modified".
    let id = client.hover(URI).await;
    assert_eq!(client.answer(id).await["error"], json!(null));
    drop(seen);
    assert_eq!(client.text(URI), "two one");
}

#[test]
fn an_edit_is_checked_after_what_was_read_with_it() {
    let ((outbox, _out), (due, mut checks)) = (Outbox::new(), mpsc::unbounded_channel());
    let session = Arc::new(Session::new(outbox, due));
    let path = PathBuf::from("/work/a.bpf.c");
    let checks_begun = || {
        let open = lock(&session.state).open.get(&path).cloned().expect("an open document");
        open.epoch.load(Ordering::SeqCst)
    };
    session.see("initialize", Some(&json!({ "capabilities": {} })));
    let document = json!({ "uri": URI, "languageId": "c", "version": 0, "text": "int a;\n" });
    session.see("textDocument/didOpen", Some(&json!({ "textDocument": document })));
    session.see(
        "textDocument/didChange",
        Some(&json!({
            "textDocument": { "uri": URI, "version": 1 }, "contentChanges": [{ "text": "int b;\n" }],
        })),
    );
    // The reader goes on to the next message; the thread that checks was not woken.
    assert_eq!(checks_begun(), 0);
    assert_eq!(checks.try_recv().as_ref(), Ok(&path));
    session.check(&path);
    assert_eq!(checks_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn stuck_requests_hold_up_neither_changes_nor_exit() {
    let mut client = Client::start(json!({})).await;
    client.open(URI, 0, "").await;
    let _blocked = client.block(URI).await;
    for _ in 0..200 {
        client.hover(URI).await;
    }
    for n in 1..=400 {
        client.edit(URI, n, [0, 0, 0, 0], "x").await;
    }
    client.request("shutdown", json!(null)).await;
    client.notify("exit", json!(null)).await;
    let session = client.session.clone();
    assert_eq!(client.code().await, 0);
    let path = super::super::uris::path_of(&URI.parse().unwrap());
    let text = session.snapshot().analysis.open_document(&path).unwrap().text.clone();
    assert_eq!(text.len(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stuck_document_leaves_the_others_alone() {
    let mut client = Client::start(json!({})).await;
    client.open(URI, 0, "").await;
    let _blocked = client.block(URI).await;
    let other = "file:///work/b.bpf.c";
    client.open(other, 7, "").await;
    let published = client
        .until(|m| m["method"] == "textDocument/publishDiagnostics" && m["params"]["uri"] == other)
        .await;
    assert_eq!(published["params"]["version"], 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_request_is_answered_at_once() {
    let mut client = Client::start(json!({})).await;
    client.open(URI, 0, "").await;
    let _blocked = client.block(URI).await;
    let id = client.hover(URI).await;
    client.notify("$/cancelRequest", json!({ "id": id })).await;
    assert_eq!(client.answer(id).await["error"]["code"], -32800);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_does_not_stop_the_reader() {
    let mut client = Client::raw(256).await;
    client.initialize(json!({})).await;
    client.open(URI, 0, "").await;
    // Nothing is read while these are sent; their answers are many times the pipe's size.
    let ids: Vec<_> = {
        let mut ids = Vec::new();
        for n in 1..=500 {
            client.edit(URI, n, [0, 0, 0, 0], "x").await;
            ids.push(client.request("textDocument/unknown", json!({})).await);
        }
        ids
    };
    for id in ids {
        assert_eq!(client.answer(id).await["error"]["code"], -32601);
    }
    assert_eq!(client.text(URI).len(), 500);
}
