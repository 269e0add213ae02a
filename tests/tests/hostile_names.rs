//! Names of files, sections, macros and keys that are written to be shown: escape codes, lines for the logs of
//! CI services, Markdown, text that reads the other way round. They go through every output, and come out
//! of it as what they are: names.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path, process::Output};

use bpf_lsp_tests::{
    binary,
    lsp_client::Client,
    workspace::{Workspace, object},
};
use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::{Value, json};
use url::Url;

/// Texts as C spells them in a string, without quotes.
const HOSTILE: &[&str] = &[
    r"\n::error file=a.c::x",
    r"\r\x1b[31m##[error]x",
    r"](http://evil.example)",
    r"![a](http://evil.example/a.png)",
    r"\n```\n[a](http://evil.example)\n",
    r"`<img src=x onerror=alert(1)>`",
    "\u{202e}c.live\u{2066}",
    "\u{9b}31m\u{85}",
    r"<http://evil.example>",
    r#"\\\" SEC(\"xdp\") \""#,
];

/// A file name that holds a line end, an escape code and a command to a CI service.
const FILE: &str = "::error::\u{1b}[31m\n::warning::x ##[error] [a](www.evil.example)%23#?.bpf.c";

fn program() -> String {
    let mut text = String::from(
        "#include <bpf/bpf_helpers.h>\n#include \"\u{1b}[31m\u{202e}[a](http://evil.example).h\"\n\
         #error \u{1b}[31m[a](http://evil.example) \u{202e}\n\
         struct s { int inside\u{202e}out; int \u{9b}31m; };\n\
         struct s of\u{202e}s, \u{9b}31mred = {};\nint plain;\n",
    );
    for (n, name) in HOSTILE.iter().enumerate() {
        text += &format!(
            "int data_{n} SEC(\".data.{name}\") = {n};\nint typo_{n} SEC(\".percpux{name}\");\n\
             int dots_{n} SEC(\".perdcpu.{name}\");\nint other_{n} SEC(\"{name}\");\n\
             int percpu_{n} SEC(\".percpu.{name}\");\n\
             SEC(\"{name}\") int first_{n}(void *ctx) {{ return data_{n} + typo_{n} + dots_{n} + other_{n}; }}\n\
             SEC(\"kprob/{name}\") int second_{n}(void *ctx) {{ return of\u{202e}s.inside\u{202e}out + \u{9b}31mred.\u{9b}31m; }}\n\
             SEC(\"tp_btf/{name}\") int third_{n}(void *ctx) {{ return percpu_{n}; }}\n\
             struct {{ __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entriez, 1); }} map_{n} SEC(\".maps\");\n",
        );
    }
    text + "char LICENSE[] SEC(\"license\") = \"GPL\";\n"
}

const PROJECT: &str = "\"\\u001b[31m\\n::error::x\" = 1\n\"[a](http://evil.example)\" = 2\n[rules]\n\"\\u202ex\" = \"off\"\n";

fn workspace() -> Workspace {
    let workspace = Workspace::default();
    workspace.write(FILE, program());
    workspace.write(".bpf-lsp.toml", PROJECT);
    workspace
}

fn is_hostile(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a terminal and the log of a CI service get of it.
fn check_shown(what: &str, text: &str) {
    for (number, line) in text.lines().enumerate() {
        let found = line.chars().find(|c| is_hostile(*c));
        assert_eq!(found, None, "{what}: line {number} is {line:?}");
        let begins = line.trim_start();
        assert!(!begins.starts_with("::"), "{what}: line {number} is {line:?}");
        assert!(!line.contains("##["), "{what}: line {number} is {line:?}");
    }
}

fn run(workspace: &Workspace, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = binary::run(workspace.root(), arguments);
    let what = arguments.join(" ").escape_debug().to_string();
    let (out, notes) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    check_shown(&what, &out);
    check_shown(&what, &notes);
    for line in notes.lines() {
        assert!(line.starts_with("bpf-lsp: "), "{what}: {line:?}");
    }
    (status.code(), out)
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

#[test]
fn findings_are_lines_of_ours() {
    let workspace = workspace();
    let (code, json) = run(&workspace, &["check", "--format", "json", "."]);
    assert_eq!(code, Some(1), "{json}");
    let findings = list(&serde_json::from_str(&json).unwrap());
    assert!(findings.len() >= 2 * HOSTILE.len(), "{}", findings.len());
    let related: usize = findings.iter().map(|finding| list(&finding["related"]).len()).sum();
    let (_, text) = run(&workspace, &["check", "."]);
    assert_eq!(text.lines().count(), findings.len() + related, "{text}");
    for finding in &findings {
        check_shown("a message", finding["message"].as_str().unwrap());
        assert!(!finding["message"].as_str().unwrap().contains('\n'));
        let file = finding["file"].as_str().unwrap();
        assert!(workspace.path(file).is_file(), "{file:?}");
    }
    let (code, _) = run(&workspace, &["check", "no\u{1b}[31m\n::error::such.c"]);
    assert_eq!(code, Some(2));
    // What a reader may take for an option is none.
    workspace.write("-rf.bpf.c", program());
    let (_, text) = run(&workspace, &["check", "."]);
    assert!(text.lines().any(|line| line.starts_with("./-rf.bpf.c:")), "{text}");
}

#[test]
fn previews_layouts_and_types_hold_no_lines_of_names() {
    let workspace = workspace();
    let mut lines = Vec::new();
    for arguments in [
        &["skeleton", "--kind", "skeleton"][..],
        &["skeleton", "--kind", "subskeleton"],
        &["skeleton", "--kind", "lskel"],
        &["layout"],
        &["layout", "--format", "json"],
        &["btf"],
    ] {
        let mut arguments = arguments.to_vec();
        arguments.push(FILE);
        let (code, text) = run(&workspace, &arguments);
        assert_eq!(code, Some(0), "{arguments:?}");
        assert!(text.contains("data_0"), "{arguments:?}: {text}");
        lines.push(text.lines().count());
    }
    let json = run(&workspace, &["layout", "--format", "json", FILE]).1;
    let layout: Value = serde_json::from_str(&json).unwrap();
    let sections = list(&layout["sections"]);
    let said = sections.iter().any(|section| section["name"] == ".data.\n::error file=a.c::x");
    assert!(said, "JSON says what is there: {json}");
    // As many lines as with harmless names.
    let mut harmless = program();
    for (n, name) in HOSTILE.iter().enumerate() {
        harmless = harmless.replace(name, &format!("name{n}"));
    }
    workspace.write("a.bpf.c", harmless);
    for (command, lines) in
        ["skeleton", "layout", "btf"].into_iter().zip([lines[0], lines[3], lines[5]])
    {
        assert_eq!(run(&workspace, &[command, "a.bpf.c"]).1.lines().count(), lines, "{command}");
    }
}

/// The object of the example with names in its types that hold line ends and escape codes.
#[test]
fn names_in_objects_make_no_lines() {
    let workspace = Workspace::default();
    let mut bytes = object();
    let lines = |workspace: &Workspace, command: &str, file: &str| {
        let (code, text) = run(workspace, &[command, file]);
        (code, text.lines().count())
    };
    workspace.write("a.o", &bytes);
    let commands = ["skeleton", "layout", "btf"];
    let before = commands.map(|command| lines(&workspace, command, "a.o"));
    let (name, hostile) = (b"\0packet\0", b"\0\n::\x1b[x\0");
    assert_eq!(name.len(), hostile.len());
    let mut found = 0;
    for at in 0..bytes.len() - name.len() {
        if bytes[at..].starts_with(name) {
            bytes[at..at + name.len()].copy_from_slice(hostile);
            found += 1;
        }
    }
    assert!(found > 0, "the example has another name");
    workspace.write("a.o", &bytes);
    assert_eq!(commands.map(|command| lines(&workspace, command, "a.o")), before);
    assert!(run(&workspace, &["btf", "a.o"]).1.contains(r"'\n\u{3a}:\u{1b}[x'"));
}

#[test]
fn sarif_names_the_files_there_are() {
    let workspace = workspace();
    let names: &[&[u8]] = &[
        b"with space.bpf.c",
        b"per%20cent.bpf.c",
        b"hash#a.bpf.c",
        b"que?ry.bpf.c",
        b"back\\slash.bpf.c",
        b"co:lon.bpf.c",
        b"latin-\xe9.bpf.c",
        b"\xf0\x9f\x90\x9d.bpf.c",
        b"[a](b).bpf.c",
        b"under/a b/%.bpf.c",
    ];
    for name in names {
        let path = workspace.root().join(OsStr::from_bytes(name));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, program()).unwrap();
    }
    let mut all: Vec<Vec<u8>> = names.iter().map(|name| name.to_vec()).collect();
    all.push(FILE.into());
    all.sort();
    // From the folder itself, and from elsewhere with absolute paths.
    let root = workspace.root().to_str().unwrap();
    for (folder, path) in [(workspace.root(), "."), (Path::new("/"), root)] {
        let output = binary::run(folder, &["check", "--format", "sarif", path]);
        let text = String::from_utf8(output.stdout).unwrap();
        check_shown("sarif", &text);
        let log: Value = serde_json::from_str(&text).unwrap();
        let run = &log["runs"][0];
        let base = run["originalUriBaseIds"]["%SRCROOT%"]["uri"].as_str().unwrap();
        let base = Url::parse(base).unwrap();
        let mut found: Vec<Vec<u8>> = Vec::new();
        for result in list(&run["results"]) {
            let text = result["message"]["text"].as_str().unwrap();
            check_shown("a message", text);
            assert!(!text.contains("](") || text.contains("\\]("), "{text}");
            let mut places = list(&result["locations"]);
            places.extend(list(&result["relatedLocations"]));
            for place in places {
                let artifact = &place["physicalLocation"]["artifactLocation"];
                let uri = artifact["uri"].as_str().unwrap();
                assert!(uri.is_ascii() && !uri.contains([' ', '\\', '[', '<']), "{uri}");
                let url = match artifact["uriBaseId"].as_str() {
                    Some("%SRCROOT%") => base.join(uri).unwrap(),
                    _ => Url::parse(uri).unwrap(),
                };
                let path = url.to_file_path().unwrap();
                assert!(path.is_file(), "{uri}");
                let inside = path.strip_prefix(workspace.root()).unwrap();
                found.push(inside.as_os_str().as_bytes().to_vec());
            }
        }
        found.sort();
        found.dedup();
        assert_eq!(found, all);
    }
}

/// Checks every text of a message that an editor may show.
fn check_message(what: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            if members.get("kind").is_some_and(|kind| kind == "markdown") {
                check_markdown(what, members["value"].as_str().unwrap());
            }
            for (key, value) in members {
                // What is put into the text is the user's own; a client shows no addresses.
                if !matches!(key.as_str(), "newText" | "filterText" | "uri") {
                    check_message(what, value);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| check_message(what, item)),
        Value::String(text) => {
            let found = text.chars().find(|c| is_hostile(*c));
            assert_eq!(found, None, "{what}: {text:?}");
        }
        _ => {}
    }
}

fn check_markdown(what: &str, text: &str) {
    for event in Parser::new_ext(text, Options::all()) {
        let harmless = match &event {
            Event::Start(tag) => {
                !matches!(tag, Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock)
            }
            Event::Html(_) | Event::InlineHtml(_) | Event::FootnoteReference(_) => false,
            Event::Text(part) => !part.contains("http://") || in_code(text, part),
            _ => true,
        };
        assert!(harmless, "{what}: {event:?} in {text:?}");
    }
}

/// Whether a bare address stands in a block of code, or after a backslash: editors make links of others.
fn in_code(markdown: &str, part: &str) -> bool {
    markdown.starts_with("```") || !markdown.contains(part)
}

/// Where words and strings of a text begin.
fn words(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for (line, content) in text.lines().enumerate() {
        let mut before = ' ';
        let mut character = 0;
        for c in content.chars() {
            let is_word = |c: char| c.is_alphanumeric() || c == '_' || !c.is_ascii();
            if (is_word(c) && !is_word(before)) || c == '"' {
                found.push(json!({ "line": line, "character": character }));
            }
            before = c;
            character += c.len_utf16();
        }
    }
    found
}

#[test]
fn editors_get_names_as_names() {
    let workspace = workspace();
    let mut client = Client::spawn();
    client.initialize_with(json!({
        "capabilities": { "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } },
        "workspaceFolders": [{ "uri": workspace.uri(""), "name": "workspace" }],
        "initializationOptions": {
            "inlayHints": { "offsets": true },
            // What the compiler says goes to the log.
            "buildAndVerify": { "enable": true }, "workspaceTrusted": true,
        },
    }));
    let (uri, text) = (workspace.uri(FILE), program());
    workspace.write("cc.sh", "printf '\\033[31m\\n::error::x \\342\\200\\256\\n' >&2; exit 1\n");
    let command = json!([{
        "directory": workspace.root(), "file": FILE,
        "arguments": ["/bin/sh", "cc.sh", "-c", FILE, "-o", "a.o"],
    }]);
    workspace.write("compile_commands.json", command.to_string());
    let file = json!({ "uri": uri });
    client.open(&uri, &text);
    let diagnostics = client.diagnostics(&uri, 1);
    assert!(diagnostics.len() >= 2 * HOSTILE.len());
    check_message("diagnostics", &json!(diagnostics));
    client.save(&uri);
    let said = client.until(|m| m["method"] == "window/logMessage");
    check_message("log", &said["params"]);
    assert!(said["params"]["message"].as_str().unwrap().contains(r"\u{1b}[31m"), "{said}");
    let status = client.until(|m| m["method"] == "bpf-lsp/serverStatus");
    check_message("status", &status["params"]);

    let mut hovers = 0;
    for position in words(&text) {
        let at = json!({ "textDocument": file, "position": position });
        let hover = client.request("textDocument/hover", at);
        hovers += usize::from(!hover.is_null());
        check_message(&format!("hover at {position}"), &hover);
    }
    assert!(hovers > 8 * HOSTILE.len(), "{hovers}");
    let end = json!({ "line": text.lines().count(), "character": 0 });
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": end });
    let context = json!({ "diagnostics": [] });
    for (method, params) in [
        ("textDocument/documentSymbol", json!({ "textDocument": file })),
        ("textDocument/codeLens", json!({ "textDocument": file })),
        ("textDocument/inlayHint", json!({ "textDocument": file, "range": range })),
        (
            "textDocument/codeAction",
            json!({ "textDocument": file, "range": range, "context": context }),
        ),
        ("bpf-lsp/skeleton", json!({ "uri": uri })),
    ] {
        let answer = client.request(method, params);
        assert!(!answer.is_null(), "{method}");
        check_message(method, &answer);
        if method == "textDocument/codeAction" {
            check_fixes(&answer);
        }
    }
}

/// A string that a fix puts into a program ends where the fix ends it.
fn check_fixes(actions: &Value) {
    let mut strings = 0;
    for action in list(actions) {
        let changes = action["edit"]["changes"].as_object().cloned().unwrap_or_default();
        for edit in changes.values().flat_map(list) {
            let text = edit["newText"].as_str().unwrap();
            let Some(inside) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) else {
                continue;
            };
            strings += 1;
            let bare = inside.replace("\\\\", "").replace("\\\"", "");
            assert!(!bare.contains(['"', '\n']) && !bare.ends_with('\\'), "{text:?}");
        }
    }
    assert!(strings >= HOSTILE.len(), "{strings}");
}

/// The members of a skeleton, and what is said of them.
#[test]
fn loaders_get_names_as_names() {
    let workspace = workspace();
    workspace.write("hits.bpf.c", program());
    let loader = "#include \"hits.skel.h\"\n\
        int f(struct hits *s) { return s->bss->plain + s->maps.map_0 + s->progs.first_0; }\n\
        int g(struct hits *s) { return s->bss-> ; }\n";
    let uri = workspace.uri("load.c");
    workspace.write("load.c", loader);
    let mut client = workspace.start(&json!({}));
    client.open(&uri, loader);
    check_message("diagnostics", &json!(client.diagnostics(&uri, 1)));
    let file = json!({ "uri": uri });
    for position in words(loader) {
        let at = json!({ "textDocument": file, "position": position });
        for method in ["textDocument/hover", "textDocument/completion"] {
            check_message(method, &client.request(method, at.clone()));
        }
    }
    let line = loader.lines().nth(2).unwrap();
    let character = line.find("-> ;").unwrap() + 2;
    let position = json!({ "line": 2, "character": character });
    let at = json!({ "textDocument": file, "position": position });
    let found = client.request("textDocument/completion", at);
    check_message("completion", &found);
    assert!(list(&found).iter().any(|item| item["label"] == "plain"), "{found}");
}
