//! A day of work over a real pipe: files are opened, edited, saved and closed, headers change under open
//! programs, files come and go on disk, questions are asked. In the end the server's memory is what it was,
//! and what it tells is what a fresh server tells.
//!
//! `tests/soak/run` plays the whole day; a short one is part of the tests.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use bpf_lsp_tests::{
    generate::Random,
    lsp_client::{Client, HANG},
    workspace::Workspace,
};
use serde_json::{Value, json};

/// Documents that are open at a time.
const OPEN: usize = 24;
/// Programs in a folder; a header and a loader stand beside them.
const IN_FOLDER: usize = 8;
/// So many messages are sent before an answer is waited for: a user is not faster than the server.
const AHEAD: usize = 16;
/// What memory may rise by between the first quarter and the end of a day: twice what the allocator's own
/// pieces come to in a run.
const MEMORY: (f64, u64) = (1.25, 32 << 20);

const SHARED: &str = "\
#ifndef SHARED_H
#define SHARED_H
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
typedef unsigned int u32;
struct event { u32 pid; char comm[16]; };
#endif
";

/// What is put at the end of headers, and between the functions of programs and loaders.
const PIECES: &[&str] = &[
    "static int calls;\n",
    "int total = 1;\n",
    "struct event last;\n",
    "const volatile u32 limit = 4;\n",
    "int one SEC(\".data.percpu\");\n",
    "struct { __uint(type, 1); __type(key, u32); __type(value, struct event); } more SEC(\".maps\");\n",
    "static inline int add(int a) { return a + sizeof(struct event); }\n",
    "/* nothing new */\n",
    "int half(\n",
];

struct Day {
    workspace: Workspace,
    client: Client,
    random: Random,
    /// What the files have.
    disk: BTreeMap<String, String>,
    /// Texts and versions of open documents.
    open: BTreeMap<String, (String, i32)>,
    /// What was last published of each, by its URI.
    told: BTreeMap<String, Value>,
    asked: usize,
    edits: usize,
}

fn program(folder: usize, number: usize) -> String {
    format!(
        "#include \"../shared.h\"\n#include \"local.h\"\nint hits_{number};\nstruct event seen_{number}[{}];\n\
         struct {{ __uint(type, 1); __uint(max_entries, 8); __type(key, u32); __type(value, local_t); }} \
         m_{number} SEC(\".maps\");\n\
         static int step(int x) {{ return x + FOLDER; }}\n\
         SEC(\"tc\") int run_{number}(void *ctx) {{ hits_{number} += step({folder}); return 0; }}\n\
         char _license[] SEC(\"license\") = \"GPL\";\n",
        number + 1
    )
}

fn files(count: usize) -> BTreeMap<String, String> {
    let mut files = BTreeMap::from([("shared.h".to_owned(), SHARED.to_owned())]);
    for number in 0.. {
        let (folder, inside) = (number / IN_FOLDER, number % IN_FOLDER);
        if files.len() >= count {
            break;
        }
        let name = |file: &str| format!("d{folder}/{file}");
        files.insert(name(&format!("p{inside}.bpf.c")), program(folder, inside));
        if inside == 0 {
            let local = format!("#define FOLDER {folder}\ntypedef struct event local_t;\n");
            files.insert(name("local.h"), local);
            let load = "#include \"p0.skel.h\"\n#include \"local.h\"\nint main(void)\n{\n\
                        \tstruct p0 *s = p0__open();\n\ts->bss->hits_0 = FOLDER;\n\treturn p0__load(s);\n}\n";
            files.insert(name("load.c"), load.to_owned());
        }
    }
    files
}

impl Day {
    fn new(count: usize) -> Day {
        let workspace = Workspace::default();
        let disk = files(count);
        for (name, text) in &disk {
            workspace.write(name, text);
        }
        let client = workspace.start(&json!({}));
        Day {
            workspace,
            client,
            random: Random::new(12),
            disk,
            open: BTreeMap::new(),
            told: BTreeMap::new(),
            asked: 0,
            edits: 0,
        }
    }

    fn any_file(&mut self) -> String {
        let at = self.random.below(self.disk.len());
        self.disk.keys().nth(at).unwrap().clone()
    }

    fn any_open(&mut self) -> Option<String> {
        // Headers more often than they are many.
        let headers: Vec<&String> = self.open.keys().filter(|name| name.ends_with(".h")).collect();
        if !headers.is_empty() && self.random.one_in(4) {
            return Some(headers[self.random.below(headers.len())].clone());
        }
        let at = self.random.below(self.open.len().max(1));
        self.open.keys().nth(at).cloned()
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0..=9 => self.open_one(),
            10..=13 if self.open.len() > OPEN / 2 => self.close_one(),
            14..=18 => self.save_one(),
            19..=20 => self.change_on_disk(),
            21..=30 => self.ask_one(),
            _ => self.edit_one(),
        }
    }

    fn open_one(&mut self) {
        if self.open.len() >= OPEN {
            self.close_one();
        }
        let name = self.any_file();
        if !self.open.contains_key(&name) {
            let text = self.disk[&name].clone();
            self.client.open(&self.workspace.uri(&name), &text);
            self.open.insert(name, (text, 1));
        }
    }

    fn close_one(&mut self) {
        let Some(name) = self.any_open() else { return };
        self.open.remove(&name);
        let uri = self.workspace.uri(&name);
        self.client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }

    fn save_one(&mut self) {
        let Some(name) = self.any_open() else { return };
        let text = self.open[&name].0.clone();
        self.workspace.write(&name, &text);
        self.disk.insert(name.clone(), text);
        self.client.save(&self.workspace.uri(&name));
    }

    /// As a checkout does, in a client that watches.
    fn change_on_disk(&mut self) {
        let name = self.any_file();
        if self.open.contains_key(&name) {
            return;
        }
        let text = self.edited(&self.disk[&name].clone()).0;
        self.workspace.write(&name, &text);
        self.disk.insert(name.clone(), text);
        let changes = json!({ "changes": [{ "uri": self.workspace.uri(&name), "type": 2 }] });
        self.client.notify("workspace/didChangeWatchedFiles", changes);
    }

    /// A text with one line more or less, and where: lines from, to, and what stands there now.
    fn edited(&mut self, text: &str) -> (String, usize, usize, String) {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let last = lines.len();
        // Texts neither grow for ever nor vanish.
        let grows = last < 30 && (last < 6 || self.random.one_in(2));
        let at = if last < 3 { last } else { self.random.between(2, last - 1).min(last) };
        let (to, new) = match grows {
            true => (at, self.random.pick(PIECES).to_owned()),
            false => (at + 1, String::new()),
        };
        let before: String = lines[..at.min(last)].concat();
        let after: String = lines[to.min(last)..].concat();
        (format!("{before}{new}{after}"), at, to, new)
    }

    fn edit_one(&mut self) {
        let Some(name) = self.any_open() else { return };
        let (text, version) = self.open[&name].clone();
        let (text, from, to, new) = self.edited(&text);
        self.client.edit(&self.workspace.uri(&name), version + 1, [from, 0, to, 0], &new);
        self.open.insert(name, (text, version + 1));
        self.edits += 1;
    }

    fn ask_one(&mut self) {
        let Some(name) = self.any_open() else { return };
        let line = self.random.below(8);
        let params = json!({
            "textDocument": { "uri": self.workspace.uri(&name) },
            "position": { "line": line, "character": self.random.below(30) },
        });
        let method =
            self.random.pick(&["hover", "definition", "documentSymbol", "completion", "codeLens"]);
        let id = self.client.ask(&format!("textDocument/{method}"), params);
        self.asked += 1;
        if self.asked.is_multiple_of(AHEAD / 4) {
            self.read_until(|message| message["id"] == id);
        }
    }

    fn read_until(&mut self, wanted: impl Fn(&Value) -> bool) {
        loop {
            let message = self.client.next_message().expect("the server ended");
            if message["method"] == "textDocument/publishDiagnostics" {
                let params = &message["params"];
                let uri = params["uri"].as_str().unwrap_or_default().to_owned();
                self.told.insert(uri, params["diagnostics"].clone());
            }
            if wanted(&message) {
                return;
            }
        }
    }

    /// What a question about each open document is answered with.
    fn answers(&self, client: &mut Client) -> BTreeMap<String, Value> {
        let mut all = BTreeMap::new();
        for (name, (text, _)) in &self.open {
            let uri = self.workspace.uri(name);
            let document = json!({ "uri": uri });
            let end = json!({ "line": text.lines().count() + 1, "character": 0 });
            let range = json!({ "start": { "line": 0, "character": 0 }, "end": end });
            let at = json!({ "line": 3, "character": 8 });
            for (method, params) in [
                ("textDocument/documentSymbol", json!({ "textDocument": document })),
                ("textDocument/codeLens", json!({ "textDocument": document })),
                ("textDocument/inlayHint", json!({ "textDocument": document, "range": range })),
                ("textDocument/hover", json!({ "textDocument": document, "position": at })),
                ("bpf-lsp/skeleton", json!({ "uri": uri })),
            ] {
                all.insert(format!("{name} {method}"), client.request(method, params));
            }
        }
        all
    }

    /// Waits until what was told of the open documents is what a fresh server tells, and all answers are.
    fn compare(&mut self) {
        let pull = json!({ "textDocument": { "diagnostic": {} } });
        let mut fresh = self.workspace.start_with(&json!({}), pull, Value::Null);
        for (name, (text, _)) in &self.open {
            fresh.open(&self.workspace.uri(name), text);
        }
        let started = Instant::now();
        loop {
            let id = self.client.ask("bpf-lsp/skeleton", json!({ "uri": self.workspace.uri("x") }));
            self.read_until(|message| message["id"] == id);
            let differs = self.open.keys().map(|name| self.workspace.uri(name)).find_map(|uri| {
                let params = json!({ "textDocument": { "uri": uri } });
                let pulled = fresh.request("textDocument/diagnostic", params)["items"].clone();
                let told = self.told.get(&uri).cloned().unwrap_or(Value::Null);
                (pulled != told).then(|| format!("{uri}:\n{told}\nin place of\n{pulled}"))
            });
            let Some(differs) = differs else { break };
            assert!(started.elapsed() < HANG, "the server tells of {differs}");
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut client = std::mem::replace(&mut self.client, fresh);
        let now = self.answers(&mut client);
        let mut fresh = std::mem::replace(&mut self.client, client);
        let new = self.answers(&mut fresh);
        for (question, answer) in &new {
            assert_eq!(now.get(question), Some(answer), "{question}");
        }
        fresh.shut_down();
    }
}

fn number(variable: &str, or: usize) -> usize {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(or)
}

#[test]
fn a_day_of_work_leaves_the_server_as_a_fresh_one() {
    let (edits, files) = (number("BPF_LSP_SOAK_EDITS", 300), number("BPF_LSP_SOAK_FILES", 40));
    let mut day = Day::new(files);
    let mut early = None;
    while day.edits < edits {
        day.step();
        if early.is_none() && day.edits > edits / 4 {
            day.compare();
            early = Some(day.client.memory());
        }
    }
    day.compare();
    let (early, late) = (early.flatten(), day.client.memory());
    println!("{edits} edits over {files} files; resident bytes {early:?}, then {late:?}");
    // A short day is over before all files were met.
    if let (Some(early), Some(late)) = (early, late)
        && edits >= 10 * files
    {
        let most = (early as f64 * MEMORY.0) as u64 + MEMORY.1;
        assert!(late <= most, "memory rises from {early} to {late} bytes");
    }
    assert_eq!(day.client.shut_down(), Some(0));
}
