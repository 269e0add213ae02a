//! Encodings, line ends, hostile ranges and versions.

use serde_json::json;

use super::client::Client;

const URI: &str = "file:///work/a.bpf.c";

async fn check(encodings: &[&str], start: &str, edits: &[([u32; 4], &str)], expect: &str) {
    let capabilities = json!({ "general": { "positionEncodings": encodings } });
    let mut client = Client::start(capabilities).await;
    client.open(URI, 0, start).await;
    for (n, (range, text)) in edits.iter().enumerate() {
        client.edit(URI, n as i32 + 1, *range, text).await;
    }
    let id = client.hover(URI).await;
    assert_eq!(client.answer(id).await["error"], json!(null));
    assert_eq!(client.text(URI), expect);
}

#[tokio::test(flavor = "multi_thread")]
async fn utf8_when_offered_else_utf16() {
    for (offered, chosen) in [
        (json!({ "general": { "positionEncodings": ["utf-16", "utf-8"] } }), "utf-8"),
        (json!({ "general": { "positionEncodings": ["utf-32"] } }), "utf-16"),
        (json!({}), "utf-16"),
    ] {
        let mut client = Client::raw(1 << 16).await;
        let answer = client.initialize(offered).await;
        assert_eq!(answer["result"]["capabilities"]["positionEncoding"], chosen);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn utf16_columns() {
    check(&[], "😀日x\r\n", &[([0, 3, 0, 4], "y")], "😀日y\r\n").await;
    check(&[], "a\r\n😀b\r\n", &[([1, 2, 1, 3], ""), ([1, 2, 1, 2], "日")], "a\r\n😀日\r\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn utf8_columns() {
    check(&["utf-8"], "😀日x\r\n", &[([0, 7, 0, 8], "y")], "😀日y\r\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_outside_the_text_are_clamped() {
    let max = u32::MAX;
    check(&[], "a\n", &[([max, max, max, max], "b")], "a\nb").await;
    check(&[], "a\n", &[([0, 1, 0, 0], "b")], "ab\n").await;
    check(&[], "😀", &[([0, 1, 0, 1], "b")], "b😀").await;
    check(&["utf-8"], "é", &[([0, 1, 0, 1], "b")], "bé").await;
    check(&[], "a\rb", &[([1, 0, 1, 0], "x")], "a\rxb").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_go_back_do_not_reorder() {
    let mut client = Client::start(json!({})).await;
    client.open(URI, 10, "").await;
    let id = client.hover(URI).await;
    client.answer(id).await;
    for (version, text) in [(3, "a"), (3, "b"), (-1, "c")] {
        let end = client.text(URI).len() as u32;
        client.edit(URI, version, [0, 9, 0, 9], text).await;
        let id = client.hover(URI).await;
        client.answer(id).await;
        assert_eq!(client.text(URI).len() as u32, end + 1);
    }
    assert_eq!(client.text(URI), "abc");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_documents_that_are_not_open_are_ignored() {
    let mut client = Client::start(json!({})).await;
    client.edit(URI, 1, [0, 0, 0, 0], "x").await;
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": URI } })).await;
    client.open("untitled:Untitled-1", 1, "x").await;
    client.edit("untitled:Untitled-1", 2, [0, 1, 0, 1], "y").await;
    let id = client.hover("untitled:Untitled-1").await;
    assert_eq!(client.answer(id).await["error"], json!(null));
    assert_eq!(client.text("untitled:Untitled-1"), "xy");
}
