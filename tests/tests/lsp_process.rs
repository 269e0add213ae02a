//! Beginning and end of the server's process, over real pipes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::lsp_client::Client;
use serde_json::json;

const URI: &str = "file:///work/none/a.bpf.c";

#[test]
fn exit_after_shutdown_ends_the_process_while_stdin_is_open() {
    let mut client = Client::start(json!({}));
    client.request("shutdown", json!(null));
    client.notify("exit", json!(null));
    assert!(client.stdin.is_some());
    assert_eq!(client.wait(), Some(0));
}

#[test]
fn exit_without_shutdown_gives_code_1() {
    let mut client = Client::start(json!({}));
    client.notify("exit", json!(null));
    assert_eq!(client.wait(), Some(1));
}

#[test]
fn end_of_input_ends_the_process() {
    let mut client = Client::start(json!({}));
    client.open(URI, "int x;\n");
    client.ask("textDocument/hover", at_start());
    client.stdin = None;
    assert_eq!(client.wait(), Some(1));
}

#[test]
fn end_of_input_before_initialize_ends_the_process() {
    let mut client = Client::spawn();
    client.stdin = None;
    assert_eq!(client.wait(), Some(1));
}

#[test]
fn shutdown_exit_and_end_of_input_at_once() {
    let mut client = Client::start(json!({}));
    client.ask("shutdown", json!(null));
    client.notify("exit", json!(null));
    client.stdin = None;
    assert_eq!(client.wait(), Some(0));
}

#[test]
fn many_edits_through_a_real_pipe_keep_their_order() {
    let mut client = Client::start(json!({}));
    client.open(URI, "");
    // Each digit goes behind the last one; the result is a declaration only in the right order.
    let text = "struct order { int first; };\nstruct order in_order = { 1 };\n";
    let mut line = 0;
    let mut column = 0;
    for (n, c) in text.chars().enumerate() {
        client.edit(URI, n as i32 + 2, [line, column, line, column], &c.to_string());
        column += 1;
        if c == '\n' {
            (line, column) = (line + 1, 0);
        }
        if n % 7 == 0 {
            client.ask("textDocument/hover", at_start());
        }
    }
    let params = json!({ "textDocument": { "uri": URI } });
    let symbols = client.request("textDocument/documentSymbol", params);
    assert_eq!(symbols[0]["name"], "in_order");
}

fn at_start() -> serde_json::Value {
    json!({ "textDocument": { "uri": URI }, "position": { "line": 0, "character": 0 } })
}
