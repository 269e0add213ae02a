//! A client that closes its ends of the pipes, all or some, in the middle of anything: the server's process
//! ends by itself, without a panic, and with the protocol's code: 0 after `shutdown`, else 1.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use bpf_lsp_tests::binary;
use serde_json::{Value, json};

/// Only a hang takes this long.
const HANG: Duration = Duration::from_secs(120);

struct Ends {
    server: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<ChildStderr>,
}

impl Ends {
    fn new() -> Ends {
        let mut command = Command::new(binary::path());
        command.arg("--stdio").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut server = command.spawn().unwrap();
        let (stdin, stderr) = (server.stdin.take(), server.stderr.take());
        let stdout = server.stdout.take().map(BufReader::new);
        Ends { server, stdin, stdout, stderr }
    }

    /// A session in which the server has asked for settings and waits for them.
    fn initialized() -> Ends {
        let mut ends = Ends::new();
        let capabilities = json!({ "workspace": { "configuration": true } });
        ends.request("initialize", json!({ "capabilities": capabilities }));
        ends.read();
        ends.send(&json!({ "method": "initialized", "params": {} }));
        assert_eq!(ends.read()["method"], "workspace/configuration");
        ends
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = json!("2.0");
        let frame = format!("Content-Length: {}\r\n\r\n{message}", message.to_string().len());
        self.send_bytes(frame.as_bytes());
    }

    /// The server may be gone, that is what is tested.
    fn send_bytes(&mut self, bytes: &[u8]) {
        drop(self.stdin.as_mut().unwrap().write_all(bytes));
    }

    fn request(&mut self, method: &str, params: Value) {
        self.send(&json!({ "id": 1, "method": method, "params": params }));
    }

    fn open(&mut self) {
        let text = "int x;\n".repeat(2000);
        let document =
            json!({ "uri": "file:///none/a.bpf.c", "languageId": "c", "version": 1, "text": text });
        self.send(
            &json!({ "method": "textDocument/didOpen", "params": { "textDocument": document } }),
        );
    }

    fn ask(&mut self) {
        let params = json!({ "textDocument": { "uri": "file:///none/a.bpf.c" }, "position": { "line": 0, "character": 4 } });
        self.request("textDocument/hover", params);
    }

    fn read(&mut self) -> Value {
        let stdout = self.stdout.as_mut().unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(stdout.read_line(&mut head).unwrap() > 0, "the server ended");
        }
        let length = head.trim().strip_prefix("Content-Length: ").unwrap().parse().unwrap();
        let mut body = vec![0; length];
        stdout.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// The server ends by itself, with that code and nothing of a panic.
    #[track_caller]
    fn end_with(mut self, code: i32) {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.server.try_wait().unwrap() {
                break status;
            }
            assert!(started.elapsed() < HANG, "the server does not end");
            thread::sleep(Duration::from_millis(5));
        };
        let mut said = String::new();
        if let Some(mut stderr) = self.stderr.take() {
            stderr.read_to_string(&mut said).unwrap();
        }
        assert_eq!(status.code(), Some(code), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

/// What a client does before it closes an end.
type Before = fn(&mut Ends);

/// States of a session, each with the code that its end gives.
const STATES: &[(&str, Before, i32)] = &[
    ("initialised", |_| {}, 1),
    ("a document opened", Ends::open, 1),
    (
        "requests pending",
        |ends| {
            ends.open();
            (0..300).for_each(|_| ends.ask());
        },
        1,
    ),
    ("in a head", |ends| ends.send_bytes(b"Content-Length: 100\r"), 1),
    ("in a body", |ends| ends.send_bytes(b"Content-Length: 100\r\n\r\n{\"jsonrpc\""), 1),
    ("behind what is no message", |ends| ends.send_bytes(b"Content-Length: 2\r\n\r\n{{"), 1),
    ("shut down", |ends| ends.request("shutdown", Value::Null), 0),
    (
        "shut down with requests pending",
        |ends| {
            ends.open();
            (0..300).for_each(|_| ends.ask());
            ends.request("shutdown", Value::Null);
        },
        0,
    ),
];

/// Closes ends in each state; what is still open is talked to until the server notices.
fn check(close: fn(&mut Ends)) {
    for (state, before, code) in STATES {
        eprintln!("{state}");
        let mut ends = Ends::initialized();
        before(&mut ends);
        close(&mut ends);
        if ends.stdin.is_some() {
            // Nothing tells that nobody reads but a write. The first may end what was left unfinished.
            (0..3).for_each(|_| ends.ask());
        }
        ends.end_with(*code);
    }
}

#[test]
fn input_ends() {
    check(|ends| ends.stdin = None);
}

#[test]
fn nobody_reads() {
    check(|ends| ends.stdout = None);
}

#[test]
fn both_ends_close() {
    check(|ends| (ends.stdin, ends.stdout) = (None, None));
}

#[test]
fn the_client_is_gone_with_all_of_its_ends() {
    check(|ends| (ends.stdin, ends.stdout, ends.stderr) = (None, None, None));
    // The log goes nowhere either.
    check(|ends| {
        ends.stderr = None;
        ends.send(&json!({ "method": "textDocument/didClose", "params": { "unreadable": 1 } }));
        ends.send(&json!({ "method": "workspace/didChangeConfiguration", "params": { "settings": { "x": 1 } } }));
        ends.stdout = None;
    });
}

#[test]
fn ends_close_before_a_session_begins() {
    let mut ends = Ends::new();
    ends.stdin = None;
    ends.end_with(1);
    let mut ends = Ends::new();
    ends.stdout = None;
    ends.request("initialize", json!({ "capabilities": {} }));
    ends.end_with(1);
}

#[test]
fn a_session_goes_on_without_a_reader_of_its_log() {
    let mut ends = Ends::initialized();
    ends.stderr = None;
    ends.send(&json!({ "method": "textDocument/didClose", "params": { "unreadable": 1 } }));
    ends.send_bytes(b"Content-Length: 2\r\n\r\n{{");
    ends.request("shutdown", Value::Null);
    while ends.read()["id"] != 1 {}
    ends.send(&json!({ "method": "exit" }));
    ends.end_with(0);
}
