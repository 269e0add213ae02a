//! Many open documents, and a system that grants the server few threads or none.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    process::Command,
};

use bpf_lsp_tests::{binary, lsp_client::Client};
use serde_json::json;

fn uri(number: usize) -> String {
    format!("file:///work/none/{number}.bpf.c")
}

/// Opens so many documents and asks about each in both ways; returns once each question has an answer and
/// the diagnostics of each document were published.
fn talk_about(client: &mut Client, documents: usize) {
    let mut expected = BTreeSet::new();
    for number in 0..documents {
        client.open(&uri(number), "int x;\nint y;\n");
        let params = json!({
            "textDocument": { "uri": uri(number) }, "position": { "line": 0, "character": 4 },
        });
        for method in ["textDocument/hover", "textDocument/documentSymbol"] {
            expected.insert(client.ask(method, params.clone()).to_string());
        }
        expected.insert(json!(uri(number)).to_string());
    }
    client.until(|message| {
        assert!(message["error"].is_null(), "{message}");
        if message["method"] == "textDocument/publishDiagnostics" {
            expected.remove(&message["params"]["uri"].to_string());
        } else {
            expected.remove(&message["id"].to_string());
        }
        expected.is_empty()
    });
}

fn threads(client: &Client) -> usize {
    fs::read_dir(format!("/proc/{}/task", client.process())).unwrap().count()
}

#[test]
fn a_thousand_documents_have_no_more_threads_than_ten() {
    let mut client = Client::start(json!({}));
    talk_about(&mut client, 10);
    let few = threads(&client);
    talk_about(&mut client, 1000);
    // The thread that reads, the watchdog, one in the background, and up to eight of two kinds.
    assert!(threads(&client) <= 19, "{} after {few}", threads(&client));
    assert_eq!(client.shut_down(), Some(0));
}

/// A copy of the server that any user may run, and whether the user is root.
struct Server(tempfile::TempDir, bool);

impl Server {
    fn new() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let is_root = fs::metadata(folder.path()).unwrap().uid() == 0;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::copy(binary::path(), folder.path().join("bpf-lsp")).unwrap();
        Server(folder, is_root)
    }

    /// What runs it with so many threads at most, the first included.
    fn with_threads(&self, most: usize) -> Command {
        let mut command = Command::new("prlimit");
        command.arg(format!("--nproc={most}")).arg(self.0.path().join("bpf-lsp")).arg("--stdio");
        // A user of its own has no other processes that count. For root the limit does not hold.
        if self.1 {
            command.uid(54_321).gid(54_321);
        }
        command
    }
}

#[test]
fn where_threads_cannot_be_started_each_document_is_answered() {
    let server = Server::new();
    for most in 1..=5 {
        let mut client = Client::spawn_by(&mut server.with_threads(most));
        client.initialize(json!({}));
        talk_about(&mut client, 100);
        if server.1 {
            assert!(threads(&client) <= most, "the limit holds");
        }
        assert_eq!(client.shut_down(), Some(0));
    }
}

#[test]
fn files_in_place_of_pipes_need_no_threads_either() {
    let server = Server::new();
    let said = server.0.path().join("said");
    let frame = |body: &str| format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let messages = [
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"shutdown"}"#,
    ];
    fs::write(&said, messages.map(frame).concat()).unwrap();
    let mut command = server.with_threads(1);
    let answered = server.0.path().join("answered");
    command.stdin(fs::File::open(said).unwrap()).stdout(fs::File::create(&answered).unwrap());
    assert_eq!(command.status().unwrap().code(), Some(0));
    let answered = fs::read_to_string(answered).unwrap();
    assert!(answered.contains(r#""id":1}"#) && answered.contains(r#""id":2}"#), "{answered}");
}

#[test]
fn where_few_stacks_fit_into_memory_each_document_is_answered() {
    let mut command = Command::new("prlimit");
    command.arg(format!("--as={}", 2u64 << 30)).arg(binary::path()).arg("--stdio");
    let mut client = Client::spawn_by(&mut command);
    client.initialize(json!({}));
    talk_about(&mut client, 100);
    assert_eq!(client.shut_down(), Some(0));
}
