//! Messages whose heads lie, over a real pipe: what can be read is answered, and the session goes on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;

use bpf_lsp_tests::lsp_client::Client;
use serde_json::json;

const REQUEST: &str = r#"{"jsonrpc":"2.0","id":"wrong","method":"bpf-lsp/unknown"}"#;

/// Sends some bytes, and requests with nothing wrong behind them: these are answered, and whether the one
/// in the bytes is.
#[track_caller]
fn check(bytes: impl AsRef<[u8]>, answered: bool) {
    let mut client = Client::start(json!({}));
    client.stdin.as_mut().unwrap().write_all(bytes.as_ref()).unwrap();
    let good = [(); 3].map(|()| client.ask("bpf-lsp/unknown", json!({})));
    let mut wrong = 0;
    for good in good {
        client.until(|message| {
            wrong += usize::from(message["id"] == "wrong");
            message["id"] == good
        });
    }
    assert_eq!(wrong, usize::from(answered));
    assert_eq!(client.shut_down(), Some(0));
}

fn with_length(length: impl std::fmt::Display) -> String {
    format!("Content-Length: {length}\r\n\r\n{REQUEST}")
}

#[test]
fn a_wrong_length_costs_one_message_at_most() {
    let length = REQUEST.len();
    for short in [0, 1, 20, length - 1] {
        check(with_length(short), false);
    }
    for long in [length + 1, length + 10, length + 25, length + 60, 5000, 200_000_000] {
        check(with_length(long), true);
    }
    for none in ["-1", "x", "", "1, 2", "99999999999", "99999999999999999999999"] {
        check(with_length(none), false);
    }
}

#[test]
fn a_length_that_is_too_long_keeps_no_answer_back() {
    let mut client = Client::start(json!({}));
    let bytes = with_length(REQUEST.len() + 1);
    client.stdin.as_mut().unwrap().write_all(bytes.as_bytes()).unwrap();
    client.until(|message| message["id"] == "wrong");
    assert_eq!(client.shut_down(), Some(0));
}

#[test]
fn heads_in_other_forms_and_bytes_between_them() {
    let length = REQUEST.len();
    check(format!("content-length:{length}\n\n{REQUEST}"), true);
    check(format!("Content-Length: {length}\r\nContent-Length: {length}\r\n\r\n{REQUEST}"), true);
    check(format!("Content-Length: {length}\r\nContent-Length: 7\r\n\r\n{REQUEST}"), false);
    check(format!("Content-Type: a\r\n\r\n{REQUEST}"), false);
    check(format!("\u{feff}some log\n\n{}", with_length(length)), true);
    check(format!("Content-Length: {}\r\n\r\n\u{feff}{REQUEST}", length + 3), true);
    check(b"Content-Length: 5\r\n\r\n\xff\xfe\0{}", false);
    check(vec![b'x'; 1 << 20], false);
}
