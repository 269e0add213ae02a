//! Random messages of a language client: true ones, ones that lie about places and versions, and
//! ones that are broken.

use serde_json::{Map, Value, json};

use super::Random;

/// Documents; none of them is a file.
const URIS: &[&str] = &[
    "file:///none/work/a.bpf.c",
    "file:///none/work/b.bpf.c",
    "file:///none/work/a.c",
    "file:///none/work/shared.h",
    "file:///none/work/%00%F0%9F%98%80.bpf.c",
    "untitled:Untitled-1",
    "file:///",
    "x:",
];

/// What documents are pieced together from.
const PIECES: &[&str] = &[
    "#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n",
    "#include \"shared.h\"\n",
    "#include \"a.skel.h\"\n",
    "struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, int); __type(value, long); } m SEC(\".maps\");\n",
    "int total = 1; const volatile int limit; static long seen;\n",
    "long hits SEC(\".percpu\") = 1;\n",
    "struct pair { char a; long b; } pairs[3];\n",
    "SEC(\"tp/a/b\")\nint run(void *ctx)\n{\n\ttotal += limit + hits;\n\tbpf_printk(\"%d\", total);\n\treturn 0;\n}\n",
    "char license[] SEC(\"license\") = \"GPL\";\n",
    "int main(void)\n{\n\tstruct a *skel = a__open();\n\tskel->rodata->limit = skel->bss->total;\n\ta__load(skel);\n\treturn skel->percpu->hits;\n}\n",
    "#define X(a, b...) a##b(b)\nX(int, x)\n",
    "#if 1\n",
    "/* ",
    "\"",
    "/* 日本 😀 */ int é;\r\n",
    "\\\r\n",
    "\u{feff}",
    "\0",
    "}",
    "((((((((",
    "struct s { struct s *next; } *head;\n",
];

/// Requests about a place in a document.
const AT_PLACE: &[&str] = &[
    "hover",
    "completion",
    "definition",
    "references",
    "documentHighlight",
    "prepareRename",
    "rename",
];

/// Requests about a document.
const OF_DOCUMENT: &[&str] =
    &["documentSymbol", "codeLens", "diagnostic", "inlayHint", "codeAction"];

/// Requests and notifications of the server's own, unknown ones, and ones out of place.
const OTHERS: &[&str] = &[
    "bpf-lsp/skeleton",
    "bpf-lsp/skeletonDefinition",
    "workspace/executeCommand",
    "textDocument/semanticTokens/full",
    "completionItem/resolve",
    "initialize",
    "$/setTrace",
    "no such method",
];

/// A message as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Message {
    /// What stands before the body in place of the head that says what is true.
    pub head: Option<String>,
    /// The body.
    pub body: String,
    /// The number of a request that nothing is wrong with, so that it must be answered.
    pub asks: Option<i64>,
}

impl Message {
    /// Its bytes.
    pub fn frame(&self) -> Vec<u8> {
        let true_head = || format!("Content-Length: {}\r\n\r\n", self.body.len());
        [self.head.clone().unwrap_or_else(true_head), self.body.clone()].concat().into()
    }
}

/// A client that talks at random.
#[derive(Debug)]
pub struct Talker {
    random: Random,
    next_id: i64,
}

impl Talker {
    /// A client that draws its messages from there.
    pub fn new(random: Random) -> Talker {
        // Replies to the server have small numbers.
        Talker { random, next_id: 1000 }
    }

    /// Whether a fuzzer's bytes are used up.
    pub fn is_over(&self) -> bool {
        self.random.is_over()
    }

    /// The parameters of `initialize`.
    pub fn initialize(&mut self) -> Value {
        let mut capabilities = json!({
            "general": { "positionEncodings": ["utf-8", "utf-16"] },
            "workspace": {
                "configuration": true,
                "workspaceEdit": { "documentChanges": true },
                "didChangeWatchedFiles": { "dynamicRegistration": true },
                "inlayHint": { "refreshSupport": true },
                "codeLens": { "refreshSupport": true },
            },
            "textDocument": {
                "rename": { "prepareSupport": true },
                "completion": { "completionItem": { "snippetSupport": true } },
            },
        });
        if self.random.one_in(2) {
            capabilities = json!({ "textDocument": { "diagnostic": {} } });
        }
        let mut params = json!({
            "capabilities": capabilities,
            "workspaceFolders": [{ "uri": "file:///none/work", "name": "work" }],
            "initializationOptions": self.settings(),
        });
        if self.random.one_in(4) {
            self.break_node(&mut params);
        }
        trusting(&params).then(|| params = json!({ "capabilities": {} }));
        params
    }

    /// The next message.
    pub fn message(&mut self) -> Message {
        let (mut message, asks) = self.whole();
        let mut asks = asks.then_some(self.next_id);
        if self.random.one_in(8) {
            self.break_node(&mut message);
            asks = None;
        }
        if trusting(&message) {
            return self.hover();
        }
        let mut body = message.to_string();
        if self.random.one_in(64) {
            asks = None;
            let at = self.random.below(body.len() + 1);
            let at = (0..=at).rev().find(|at| body.is_char_boundary(*at)).unwrap_or(0);
            match self.random.below(4) {
                0 => body.truncate(at),
                1 => body.insert(at, self.random.pick(&['\0', '{', '"', '[', '9', '\u{1f600}'])),
                2 => body.insert_str(at, &"[".repeat(self.random.between(1, 3000))),
                _ => body = format!("[{body},{body}]"),
            }
        }
        let head = self.random.one_in(16).then(|| {
            let (head, is_true) = self.head(body.len());
            asks = asks.filter(|_| is_true);
            head
        });
        Message { head, body, asks }
    }

    /// Another head for a body of that length, and whether it says what is true.
    fn head(&mut self, length: usize) -> (String, bool) {
        match self.random.below(9) {
            0 => (format!("content-length:{length}\n\n"), true),
            1 => (format!("A: b\r\nContent-Length: {length}\r\nContent-Type: c\r\n\r\n"), true),
            2 => (format!("}} a log\r\n\r\n{{Content-Length: {length}\r\n\r\n"), true),
            3 => (format!("Content-Length: {}\r\n\r\n", self.random.below(length + 1)), false),
            4 => (format!("Content-Length: {}\r\n\r\n", length + self.random.below(300)), false),
            5 => (format!("Content-Length: {}\r\n\r\n", self.random.bits()), false),
            6 => (format!("Content-Length: -{length}\r\n\r\n"), false),
            7 => (format!("Content-Length: {length}\r\nContent-Length: 1\r\n\r\n"), false),
            _ => ("\r\n\r\n".to_owned(), false),
        }
    }

    /// A question that nothing is wrong with.
    pub fn hover(&mut self) -> Message {
        self.next_id += 1;
        let params = json!({
            "textDocument": { "uri": URIS[0] },
            "position": { "line": 0, "character": 0 },
        });
        let message = json!({ "jsonrpc": "2.0", "id": self.next_id, "method": "textDocument/hover", "params": params });
        Message { head: None, body: message.to_string(), asks: Some(self.next_id) }
    }

    /// A message in the protocol's form, and whether it is a request that must be answered.
    fn whole(&mut self) -> (Value, bool) {
        let uri = json!({ "uri": self.random.pick(URIS) });
        let (method, params) = match self.random.below(16) {
            0 | 1 => {
                let mut document =
                    json!({ "languageId": "c", "version": self.version(), "text": self.text() });
                document["uri"] = uri["uri"].clone();
                ("textDocument/didOpen", json!({ "textDocument": document }))
            }
            2..=4 => {
                let mut document = uri;
                document["version"] = self.version();
                let changes: Vec<Value> =
                    (0..self.random.below(4)).map(|_| self.change()).collect();
                let params = json!({ "textDocument": document, "contentChanges": changes });
                ("textDocument/didChange", params)
            }
            5 => match self.random.below(4) {
                0 => ("textDocument/didClose", json!({ "textDocument": uri })),
                1 => ("textDocument/didSave", json!({ "textDocument": uri, "text": self.text() })),
                2 => {
                    let change = json!({ "uri": uri["uri"], "type": self.random.below(5) });
                    ("workspace/didChangeWatchedFiles", json!({ "changes": [change] }))
                }
                _ => {
                    let folder = json!({ "uri": uri["uri"], "name": "" });
                    let event = json!({ "added": [folder], "removed": [folder] });
                    ("workspace/didChangeWorkspaceFolders", json!({ "event": event }))
                }
            },
            6 => match self.random.below(3) {
                0 => ("workspace/didChangeConfiguration", json!({ "settings": self.settings() })),
                1 => {
                    ("$/cancelRequest", json!({ "id": self.next_id - self.random.below(4) as i64 }))
                }
                _ => {
                    // A reply, to a request of the server's or to none.
                    let id = self.random.below(6);
                    let result = json!([self.settings()]);
                    return (json!({ "jsonrpc": "2.0", "id": id, "result": result }), false);
                }
            },
            7..=11 => {
                let method = self.random.pick(AT_PLACE);
                let mut params = json!({ "textDocument": uri, "position": self.position() });
                match method {
                    "rename" => {
                        let names = ["renamed", "total", "int", "", "a b", "日", "\0", "x\n"];
                        params["newName"] = json!(self.random.pick(&names));
                    }
                    "references" => {
                        params["context"] = json!({ "includeDeclaration": self.random.one_in(2) });
                    }
                    _ => {}
                }
                return (self.request(&format!("textDocument/{method}"), params), true);
            }
            12 | 13 => {
                let method = self.random.pick(OF_DOCUMENT);
                let params = json!({
                    "textDocument": uri,
                    "range": { "start": self.position(), "end": self.position() },
                    "context": { "diagnostics": [] },
                });
                return (self.request(&format!("textDocument/{method}"), params), true);
            }
            _ => {
                let method = self.random.pick(OTHERS);
                let kinds = ["skeleton", "subskeleton", "lskel", "", "x"];
                let params = json!({
                    "uri": uri["uri"],
                    "kind": self.random.pick(&kinds),
                    "position": self.position(),
                });
                return (self.request(method, params), true);
            }
        };
        (json!({ "jsonrpc": "2.0", "method": method, "params": params }), false)
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.next_id += 1;
        json!({ "jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params })
    }

    /// Versions go up, back, and beyond what the protocol has.
    fn version(&mut self) -> Value {
        match self.random.below(8) {
            0 => json!(self.random.bits() as i32),
            1 => json!(i32::MAX),
            _ => json!(self.random.below(100)),
        }
    }

    fn text(&mut self) -> String {
        (0..self.random.below(8)).map(|_| self.random.pick(PIECES)).collect()
    }

    fn change(&mut self) -> Value {
        let text = match self.random.below(4) {
            0 => String::new(),
            1 => self.random.pick(&["x", ";", "}", "{", "\n", "\"", "#", "😀"]).to_owned(),
            _ => self.text(),
        };
        if self.random.one_in(6) {
            return json!({ "text": text });
        }
        let range = json!({ "start": self.position(), "end": self.position() });
        match self.random.below(6) {
            0 => json!({ "range": range, "rangeLength": self.random.bits() as u32, "text": text }),
            _ => json!({ "range": range, "text": text }),
        }
    }

    fn position(&mut self) -> Value {
        let mut number = |end: usize| match self.random.below(12) {
            0 => u32::MAX,
            1 => self.random.bits() as u32,
            _ => self.random.below(end) as u32,
        };
        json!({ "line": number(16), "character": number(40) })
    }

    fn settings(&mut self) -> Value {
        let keys = [
            "vmlinux.path",
            "includePaths",
            "target",
            "skeletons",
            "diagnostics.enable",
            "diagnostics.disabled",
            "inlayHints.offsets",
            "object.path",
            "buildAndVerify.enable",
            "unknown",
        ];
        let mut settings = Map::new();
        for _ in 0..self.random.below(4) {
            let value = match self.random.below(3) {
                0 => json!({ "a.skel.h": ["../b.bpf.c", "a.bpf.c"] }),
                1 => json!(["percpu-too-large", "/none/include", ""]),
                _ => self.value(),
            };
            settings.insert(self.random.pick(&keys).to_owned(), value);
        }
        Value::Object(settings)
    }

    /// Any small value.
    fn value(&mut self) -> Value {
        match self.random.below(12) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(false),
            3 => json!(-1),
            4 => json!(self.random.bits()),
            5 => json!(1e300),
            6 => json!(""),
            7 => json!(self.random.pick(URIS)),
            8 => json!([]),
            9 => json!({}),
            10 => json!(self.random.pick(&["bpfeb", "arm64", "{name}", "\0", "../../.."])),
            _ => (0..self.random.between(1, 200)).fold(Value::Null, |inner, _| json!([inner])),
        }
    }

    /// Puts another value in the place of one, or leaves it out.
    fn break_node(&mut self, value: &mut Value) {
        let descend = !self.random.one_in(5);
        match value {
            Value::Object(members) if descend && !members.is_empty() => {
                let keys: Vec<String> = members.keys().cloned().collect();
                let key = &keys[self.random.below(keys.len())];
                if self.random.one_in(8) {
                    members.remove(key);
                } else if let Some(member) = members.get_mut(key) {
                    self.break_node(member);
                }
            }
            Value::Array(items) if descend && !items.is_empty() => {
                let at = self.random.below(items.len());
                self.break_node(&mut items[at]);
            }
            _ => *value = self.value(),
        }
    }
}

/// Whether a message may say that the user trusts the workspace: then the server may start programs.
fn trusting(message: &Value) -> bool {
    message.to_string().contains("rust")
}
