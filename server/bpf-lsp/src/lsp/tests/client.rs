//! A client for tests, and a server in the same process.

use std::{path::PathBuf, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};

use crate::lsp::{
    session::Session,
    workers::{Lane, lock},
};

/// Only a hang takes this long.
pub(super) const HANG: Duration = Duration::from_secs(60);

pub(super) struct Client {
    pub(super) to_server: Option<DuplexStream>,
    pub(super) from_server: DuplexStream,
    pub(super) session: Arc<Session>,
    pub(super) server: JoinHandle<u8>,
    buffer: Vec<u8>,
    next_id: i64,
}

impl Client {
    /// A server that was not initialised yet. `pipe` is the size of the pipe from the server, bytes.
    pub(super) async fn raw(pipe: usize) -> Client {
        let (to_server, server_in) = tokio::io::duplex(1 << 16);
        let (server_out, from_server) = tokio::io::duplex(pipe);
        let (tell, told) = oneshot::channel();
        let server = tokio::spawn(super::super::serve_with(server_in, server_out, |session| {
            drop(tell.send(session.clone()));
        }));
        let session = told.await.unwrap();
        let to_server = Some(to_server);
        Client { to_server, from_server, session, server, buffer: Vec::new(), next_id: 0 }
    }

    /// An initialised server.
    pub(super) async fn start(capabilities: Value) -> Client {
        let mut client = Client::raw(1 << 20).await;
        client.initialize(capabilities).await;
        client
    }

    pub(super) async fn initialize(&mut self, capabilities: Value) -> Value {
        let id = self.request("initialize", json!({ "capabilities": capabilities })).await;
        let answer = self.answer(id).await;
        self.notify("initialized", json!({})).await;
        answer
    }

    pub(super) async fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let body = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.send_bytes(frame.as_bytes()).await;
    }

    pub(super) async fn send_bytes(&mut self, bytes: &[u8]) {
        let to_server = self.to_server.as_mut().unwrap();
        timeout(HANG, to_server.write_all(bytes)).await.expect("the server reads").unwrap();
    }

    pub(super) async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({ "method": method, "params": params })).await;
    }

    pub(super) async fn request(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        let id = self.next_id;
        self.send(json!({ "id": id, "method": method, "params": params })).await;
        id
    }

    /// The next message of the server; `None` at its end.
    pub(super) async fn next(&mut self) -> Option<Value> {
        timeout(HANG, async {
            loop {
                if let Some(message) = self.take_message() {
                    return Some(message);
                }
                let mut chunk = [0; 4096];
                match self.from_server.read(&mut chunk).await.unwrap() {
                    0 => return None,
                    n => self.buffer.extend_from_slice(&chunk[..n]),
                }
            }
        })
        .await
        .expect("the server hangs")
    }

    fn take_message(&mut self) -> Option<Value> {
        let head_end = self.buffer.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
        let head = std::str::from_utf8(&self.buffer[..head_end]).unwrap();
        let length = head.lines().find_map(|l| l.strip_prefix("Content-Length: ")).unwrap();
        let end = head_end + length.parse::<usize>().unwrap();
        let body = self.buffer.get(head_end..end)?;
        let message = serde_json::from_slice(body).unwrap();
        self.buffer.drain(..end);
        Some(message)
    }

    /// Skips to the first message for which `wanted` holds.
    pub(super) async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await.expect("the server ended");
            if wanted(&message) {
                return message;
            }
        }
    }

    pub(super) async fn answer(&mut self, id: i64) -> Value {
        self.until(|m| m["id"] == id && m.get("method").is_none()).await
    }

    pub(super) async fn open(&mut self, uri: &str, version: i32, text: &str) {
        let document = json!({ "uri": uri, "languageId": "c", "version": version, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document })).await;
    }

    /// One `didChange` of one range `[line, col, line, col]`.
    pub(super) async fn edit(&mut self, uri: &str, version: i32, range: [u32; 4], text: &str) {
        let range = json!({
            "start": { "line": range[0], "character": range[1] },
            "end": { "line": range[2], "character": range[3] },
        });
        let params = json!({
            "textDocument": { "uri": uri, "version": version },
            "contentChanges": [{ "range": range, "text": text }],
        });
        self.notify("textDocument/didChange", params).await;
    }

    pub(super) async fn hover(&mut self, uri: &str) -> i64 {
        let at = json!({ "line": 0, "character": 0 });
        self.request(
            "textDocument/hover",
            json!({ "textDocument": { "uri": uri }, "position": at }),
        )
        .await
    }

    /// Makes the workers of a document stand still until the returned sender is dropped.
    pub(super) async fn block(&mut self, uri: &str) -> std::sync::mpsc::Sender<()> {
        // The document is open at the server once it answered something sent after the opening.
        let id = self.hover(uri).await;
        self.answer(id).await;
        let (release, stuck) = std::sync::mpsc::channel();
        let stuck = Arc::new(std::sync::Mutex::new(stuck));
        for lane in [Lane::Quick, Lane::Patient] {
            let stuck = stuck.clone();
            let wait = move || lock(&stuck).recv().unwrap_or(());
            self.session.workers.ask(&path(uri), lane, "stuck", Box::new(wait));
        }
        release
    }

    /// The server's text of a document.
    pub(super) fn text(&self, uri: &str) -> String {
        let analysis = self.session.snapshot().analysis;
        analysis.open_document(&path(uri)).expect("open").text.to_string()
    }

    /// The exit code, when the server has ended.
    pub(super) async fn code(self) -> u8 {
        timeout(HANG, self.server).await.expect("the server does not end").unwrap()
    }
}

fn path(uri: &str) -> PathBuf {
    crate::lsp::uris::path_of(&uri.parse().unwrap())
}
