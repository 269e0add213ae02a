//! A language client that talks to the binary over real pipes.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::binary;

/// Only a hang takes this long.
pub const HANG: Duration = Duration::from_secs(120);

/// A running server.
pub struct Client {
    child: Child,
    /// The pipe to the server; `None` once closed.
    pub stdin: Option<ChildStdin>,
    messages: Receiver<Value>,
    next_id: i64,
    /// What `workspace/configuration` is answered with.
    pub settings: Value,
}

impl Drop for Client {
    fn drop(&mut self) {
        // Both fail when the process has ended, which is well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Client {
    /// Starts the server; nothing is sent yet.
    pub fn spawn() -> Client {
        Client::spawn_by(Command::new(binary::path()).arg("--stdio"))
    }

    /// Starts the server by a command; nothing is sent yet.
    pub fn spawn_by(command: &mut Command) -> Client {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the server starts");
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().expect("piped");
        let (tell, messages) = channel();
        thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            while let Some(message) = read_message(&mut stdout) {
                if tell.send(message).is_err() {
                    return;
                }
            }
        });
        Client { child, stdin, messages, next_id: 0, settings: Value::Null }
    }

    /// The number of the server's process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Starts and initialises the server.
    pub fn start(capabilities: Value) -> Client {
        let mut client = Client::spawn();
        client.initialize(capabilities);
        client
    }

    /// Sends `initialize` and `initialized`; returns the result of the first.
    pub fn initialize(&mut self, capabilities: Value) -> Value {
        self.initialize_with(json!({ "capabilities": capabilities }))
    }

    /// [`Client::initialize`] with all of the parameters.
    pub fn initialize_with(&mut self, params: Value) -> Value {
        let result = self.request("initialize", params);
        self.notify("initialized", json!({}));
        result
    }

    /// Sends a message.
    pub fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        let body = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        let stdin = self.stdin.as_mut().expect("the pipe is open");
        stdin.write_all(frame.as_bytes()).and_then(|()| stdin.flush()).expect("the server reads");
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({ "method": method, "params": params }));
    }

    /// Sends a request; returns its id.
    pub fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        let id = self.next_id;
        self.send(json!({ "id": id, "method": method, "params": params }));
        id
    }

    /// Sends a request and waits for its result; an error answer is a failure.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        let answer = self.until(|m| m["id"] == id && m.get("method").is_none());
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The next message; requests of the server are answered, with null but for those for settings, and
    /// left out.
    pub fn next_message(&mut self) -> Option<Value> {
        loop {
            match self.messages.recv_timeout(HANG) {
                Ok(message) if message.get("id").is_some() && message.get("method").is_some() => {
                    let settings = message["method"] == "workspace/configuration";
                    let result = settings.then(|| json!([self.settings]));
                    self.send(json!({ "id": message["id"], "result": result }));
                }
                Ok(message) => return Some(message),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("the server hangs"),
            }
        }
    }

    /// Skips to the first message for which `wanted` holds.
    pub fn until(&mut self, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        loop {
            let message = self.next_message().expect("the server ended");
            if wanted(&message) {
                return message;
            }
        }
    }

    /// Opens a document as version 1.
    pub fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "c", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Changes a range `[line, column, line, column]` of a document.
    pub fn edit(&mut self, uri: &str, version: i32, range: [usize; 4], text: &str) {
        let range = json!({
            "start": { "line": range[0], "character": range[1] },
            "end": { "line": range[2], "character": range[3] },
        });
        self.notify(
            "textDocument/didChange",
            json!({
                "textDocument": { "uri": uri, "version": version },
                "contentChanges": [{ "range": range, "text": text }],
            }),
        );
    }

    /// Says that a document was saved.
    pub fn save(&mut self, uri: &str) {
        self.notify("textDocument/didSave", json!({ "textDocument": { "uri": uri } }));
    }

    /// Waits for diagnostics of a document for which `wanted` holds.
    pub fn diagnostics_until(
        &mut self,
        uri: &str,
        wanted: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        let list = |m: &Value| m["params"]["diagnostics"].as_array().cloned().unwrap_or_default();
        let published = self.until(|m| {
            m["method"] == "textDocument/publishDiagnostics"
                && m["params"]["uri"] == uri
                && wanted(&list(m))
        });
        list(&published)
    }

    /// Ends the session as the protocol wants it; returns the exit code.
    pub fn shut_down(&mut self) -> Option<i32> {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        self.wait()
    }

    /// The bytes of the server that are in memory, where the system tells.
    pub fn memory(&self) -> Option<u64> {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).ok()?;
        // In pages, which have 4 KiB where there is such a file and BPF programs are written.
        Some(statm.split(' ').nth(1)?.parse::<u64>().ok()? * 4096)
    }

    /// Waits for the diagnostics of a version of a document.
    pub fn diagnostics(&mut self, uri: &str, version: i32) -> Vec<Value> {
        let published = self.until(|m| {
            m["method"] == "textDocument/publishDiagnostics"
                && m["params"]["uri"] == uri
                && m["params"]["version"] == version
        });
        published["params"]["diagnostics"].as_array().cloned().unwrap_or_default()
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit code, when the process has ended by itself.
    pub fn wait(&mut self) -> Option<i32> {
        self.wait_status().code()
    }

    /// How the process ended.
    pub fn wait_status(&mut self) -> ExitStatus {
        let started = Instant::now();
        while started.elapsed() < HANG {
            if let Some(status) = self.child.try_wait().expect("the child can be asked") {
                return status;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("the server does not end");
    }
}

fn read_message(stdout: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stdout.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            header => {
                if let Some(value) = header.strip_prefix("Content-Length: ") {
                    length = value.parse().ok()?;
                }
            }
        }
    }
    let mut body = vec![0; length];
    stdout.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// The position of `what` in a text that it stands in: line and UTF-8 column of its start, moved right
/// by `into` bytes.
pub fn find(text: &str, what: &str, into: usize) -> Value {
    let at = text.find(what).unwrap_or_else(|| panic!("`{what}` is not in the text")) + into;
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap_or_default().len();
    json!({ "line": line, "character": column })
}
