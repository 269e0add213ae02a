//! References, highlights and renames across the skeleton, as a client sees them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::{
    binary,
    lsp_client::{Client, find},
    workspace::Workspace,
};
use serde_json::{Value, json};
use url::Url;

/// A file of the example: its URI and text.
fn file(name: &str) -> (String, String) {
    let path = binary::example().join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    (Url::from_file_path(path).unwrap().to_string(), text)
}

/// A copy of the example by itself: the repository's own tests, in Rust, name its variables.
fn copy() -> Workspace {
    let workspace = Workspace::default();
    for entry in std::fs::read_dir(binary::example()).unwrap().flatten() {
        workspace.write(entry.file_name().to_str().unwrap(), std::fs::read(entry.path()).unwrap());
    }
    workspace
}

fn start(workspace_edit: Value) -> Client {
    Client::start(json!({
        "general": { "positionEncodings": ["utf-8"] },
        "textDocument": { "rename": { "prepareSupport": true } },
        "workspace": { "workspaceEdit": workspace_edit },
    }))
}

fn at(uri: &str, text: &str, what: &str, into: usize) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": find(text, what, into) })
}

/// `hits.c:40` of each location.
fn lines(locations: &Value) -> Vec<String> {
    let line = |location: &Value| {
        let name = location["uri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        format!("{name}:{}", location["range"]["start"]["line"].as_u64().unwrap() + 1)
    };
    locations.as_array().unwrap().iter().map(line).collect()
}

#[test]
fn references_from_both_sides() {
    let mut client = start(json!({}));
    let (program, program_text) = file("hits.bpf.c");
    client.open(&program, &program_text);
    let mut params = at(&program, &program_text, "calls_by_pid SEC", 3);
    params["context"] = json!({ "includeDeclaration": true });
    let all = client.request("textDocument/references", params);
    expect_test::expect![[r#"["hits.bpf.c:55", "hits.bpf.c:108", "hits.bpf.c:112"]"#]]
        .assert_eq(&format!("{:?}", lines(&all)));

    let (loader, text) = file("hits.c");
    client.open(&loader, &text);
    let mut params = at(&loader, &text, "data->sample_every", 8);
    params["context"] = json!({ "includeDeclaration": false });
    let all = client.request("textDocument/references", params.clone());
    expect_test::expect![[
        r#"["hits.bpf.c:96", "hits.bpf.c:96", "hits.c:106", "hits.c:126", "oops.c:33"]"#
    ]]
    .assert_eq(&format!("{:?}", lines(&all)));
    params["context"] = json!({ "includeDeclaration": true });
    let with_declaration = client.request("textDocument/references", params);
    assert_eq!(lines(&with_declaration).len(), lines(&all).len() + 1);
}

#[test]
fn declarations() {
    let mut client = start(json!({}));
    let (loader, text) = file("hits.c");
    client.open(&loader, &text);
    let found =
        client.request("textDocument/declaration", at(&loader, &text, "data->sample_every", 8));
    let definition =
        client.request("textDocument/definition", at(&loader, &text, "data->sample_every", 8));
    assert_eq!(found, definition);
    assert_eq!(lines(&found).len(), 1);

    let uri = "file:///declared.bpf.c";
    let text = "extern int other;\nint f(int x);\nint f(int x) { return x + other; }\n\
        __attribute__((section(\"xdp\"))) int prog(void *c) { return f(1); }\n";
    client.open(uri, text);
    let found = client.request("textDocument/declaration", at(uri, text, "f(1)", 0));
    assert_eq!(lines(&found), ["declared.bpf.c:2"]);
    let found = client.request("textDocument/definition", at(uri, text, "f(1)", 0));
    assert_eq!(lines(&found), ["declared.bpf.c:3"]);
    let found = client.request("textDocument/declaration", at(uri, text, "+ other", 2));
    assert_eq!(lines(&found), ["declared.bpf.c:1"]);
}

#[test]
fn highlights_in_one_file() {
    let mut client = start(json!({}));
    let (uri, text) = file("hits.bpf.c");
    client.open(&uri, &text);
    let found = client.request("textDocument/documentHighlight", at(&uri, &text, "last_error", 2));
    let kinds: Vec<&Value> = found.as_array().unwrap().iter().map(|h| &h["kind"]).collect();
    assert_eq!(json!(kinds), json!([null, 3, 3]));
}

#[test]
fn plain_c_is_left_to_the_c_server() {
    let mut client = start(json!({}));
    let (uri, text) = file("hits.c");
    client.open(&uri, &text);
    for what in ["stride =", "total_hits(", "stop = 1", "calloc(", "signal.h"] {
        let mut params = at(&uri, &text, what, 1);
        params["context"] = json!({ "includeDeclaration": true });
        assert_eq!(
            client.request("textDocument/references", params.clone()),
            json!(null),
            "{what}"
        );
        let highlights = client.request("textDocument/documentHighlight", params.clone());
        assert_eq!(highlights, json!(null), "{what}");
        assert_eq!(
            client.request("textDocument/definition", params.clone()),
            json!(null),
            "{what}"
        );
        assert_eq!(client.request("textDocument/hover", params.clone()), json!(null), "{what}");
        let id = client.ask("textDocument/prepareRename", params);
        let answer = client.until(|m| m["id"] == id);
        assert_eq!(answer["error"]["code"], -32803, "{what}");
    }
}

/// The new text of each edited line.
fn edited(text: &str, edits: &Value) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut edits = edits.as_array().unwrap().clone();
    let start = |edit: &Value| {
        let at = &edit["range"]["start"];
        (at["line"].as_u64().unwrap() as usize, at["character"].as_u64().unwrap() as usize)
    };
    edits.sort_by_key(|edit| std::cmp::Reverse(start(edit)));
    let mut touched = Vec::new();
    for edit in &edits {
        let (line, from) = start(edit);
        let to = edit["range"]["end"]["character"].as_u64().unwrap() as usize;
        lines[line].replace_range(from..to, edit["newText"].as_str().unwrap());
        touched.push(line);
    }
    touched.dedup();
    touched.iter().rev().map(|line| lines[*line].trim().to_owned()).collect()
}

#[test]
fn a_rename_edits_both_sides_with_versions() {
    let mut client = start(json!({ "documentChanges": true }));
    let workspace = copy();
    let (uri, text) = (workspace.uri("hits.c"), workspace.read("hits.c"));
    let (program, program_text) = (workspace.uri("hits.bpf.c"), workspace.read("hits.bpf.c"));
    client.open(&uri, &text);
    let mut params = at(&uri, &text, "bss->calls_seen", 8);
    let prepared = client.request("textDocument/prepareRename", params.clone());
    assert_eq!(prepared["placeholder"], "calls_seen");
    params["newName"] = json!("calls_made");
    let edit = client.request("textDocument/rename", params);
    assert!(edit.get("changes").is_none_or(Value::is_null));
    let changes = edit["documentChanges"].as_array().unwrap();
    // The program, its loader, and the loader that does all wrong.
    assert_eq!(changes.len(), 3);
    // The one that is not open has no version.
    assert_eq!(changes[0]["textDocument"], json!({ "uri": program, "version": null }));
    assert_eq!(changes[1]["textDocument"], json!({ "uri": uri, "version": 1 }));
    expect_test::expect![[r#"
        __u64 calls_made;
        __sync_fetch_and_add(&calls_made, 1);"#]]
    .assert_eq(&edited(&program_text, &changes[0]["edits"]).join("\n"));
    expect_test::expect!["(unsigned long long)skel->bss->calls_made);"]
        .assert_eq(&edited(&text, &changes[1]["edits"]).join("\n"));
}

/// The project's own file names the source of a skeleton, and its loader lies far away: both ways.
#[test]
fn skeletons_with_names_of_their_own() {
    const SEC: &str = "#define SEC(name) __attribute__((section(name), used))\n";
    let workspace = Workspace::default();
    let configured =
        "[skeletons]\nhits = [\"kern/deep/counter.bpf.c\", \"kern/deep/more.bpf.c\"]\n";
    workspace.write(".bpf-lsp.toml", configured);
    let text = format!(
        "{SEC}const int limit = 3;\nint total;\nSEC(\"xdp\") int prog(void *c) {{ return total + limit; }}\n"
    );
    workspace.write("kern/deep/counter.bpf.c", &text);
    workspace.write("kern/deep/more.bpf.c", "int more;\n");
    let loader = "#include \"hits.skel.h\"\nint main(void)\n{\n\tstruct hits *skel = hits__open();\n\n\
        \tskel->rodata->limit = 4;\n\treturn skel->bss->total + skel->bss->more;\n}\n";
    workspace.write("app/cmd/load.c", loader);
    let mut client = workspace.start(&json!({}));
    let program = workspace.uri("kern/deep/counter.bpf.c");
    client.open(&program, &text);
    client.diagnostics_until(&program, |found| {
        found.iter().any(|finding| finding["code"] == "const-not-volatile")
    });
    let mut params = at(&program, &text, "total;", 2);
    params["context"] = json!({ "includeDeclaration": true });
    let all = client.request("textDocument/references", params);
    assert_eq!(lines(&all), ["load.c:7", "counter.bpf.c:3", "counter.bpf.c:4"]);
    let mut params = at(&program, &text, "total;", 2);
    params["newName"] = json!("sum");
    let id = client.ask("textDocument/rename", params.clone());
    let answer = client.until(|m| m["id"] == id);
    let linked = "the skeleton `hits` is made of several linked programs";
    assert_eq!(answer["error"]["message"], linked);
    let uri = workspace.uri("app/cmd/load.c");
    client.open(&uri, loader);
    let found = client.request("textDocument/definition", at(&uri, loader, "bss->more", 6));
    assert_eq!(lines(&found), ["more.bpf.c:1"]);

    workspace.write(".bpf-lsp.toml", "[skeletons]\nhits = \"kern/deep/counter.bpf.c\"\n");
    let mut client = workspace.start(&json!({}));
    client.open(&program, &text);
    let edit = client.request("textDocument/rename", params);
    assert_eq!(edit["changes"].as_object().unwrap().len(), 2);
}

#[test]
fn a_rename_for_clients_without_versions() {
    let mut client = start(json!({}));
    let workspace = copy();
    let (uri, text) = (workspace.uri("hits.bpf.c"), workspace.read("hits.bpf.c"));
    client.open(&uri, &text);
    let mut params = at(&uri, &text, "count_call(", 3);
    params["newName"] = json!("on_call");
    let edit = client.request("textDocument/rename", params.clone());
    assert!(edit.get("documentChanges").is_none_or(Value::is_null));
    assert_eq!(edit["changes"].as_object().unwrap().len(), 2);
    params["newName"] = json!("budget");
    let id = client.ask("textDocument/rename", params);
    let answer = client.until(|m| m["id"] == id);
    assert_eq!(answer["error"]["message"], "`budget` is already declared");
}

/// The markdown at a place of an unsaved text.
fn hover(client: &mut Client, uri: &str, text: &str, what: &str, into: usize) -> String {
    let shown = client.request("textDocument/hover", at(uri, text, what, into));
    shown["contents"]["value"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn names_in_strings_and_generated_functions() {
    let mut client = start(json!({}));
    let (uri, text) = file("hits.c");
    let (program, program_text) = file("hits.bpf.c");
    let text = text.replace(
        "hits__destroy(skel);",
        "bpf_object__find_map_by_name(skel->obj, \"samples\"); hits__destroy(skel);",
    );
    client.open(&uri, &text);
    assert!(hover(&mut client, &uri, &text, "\"samples\"", 2).contains("`RINGBUF`"));
    assert!(hover(&mut client, &uri, &text, "hits__destroy", 8).contains("void hits__destroy("));
    assert!(hover(&mut client, &uri, &text, "hits.skel.h", 2).contains("hits.bpf.c"));
    let samples = find(&program_text, "samples SEC", 0)["line"].as_u64().unwrap();
    for (what, line) in [("\"samples\"", samples), ("hits__open(", 0), ("hits.skel.h", 0)] {
        let found = client.request("textDocument/definition", at(&uri, &text, what, 3));
        assert_eq!(found[0]["uri"], program, "{what}");
        assert_eq!(found[0]["range"]["start"]["line"], line, "{what}");
    }
}

#[test]
fn facts_about_a_program() {
    let mut client = start(json!({}));
    let (uri, text) = file("hits.bpf.c");
    client.open(&uri, &text);
    let mut shown = |what: &str, into| hover(&mut client, &uri, &text, what, into);
    assert!(shown("\"raw_tp/sys_enter\"", 3).contains("Program type `RAW_TRACEPOINT`"));
    assert!(shown("BPF_MAP_TYPE_PERCPU_HASH", 3).contains("each CPU has values of its own"));
    assert!(shown("max_entries, 512", 3).contains("number of entries"));
    assert!(shown("bpf_ktime_get_ns", 5).contains("Helper 5"));
}

#[test]
fn a_slip_in_a_section_name_and_its_fix() {
    let mut client = start(json!({}));
    let (uri, text) = file("hits.bpf.c");
    let slipped = text.replace("raw_tp/sys_enter", "raw_pt/sys_enter");
    client.open(&uri, &slipped);
    let found = client.diagnostics(&uri, 1);
    let found = found.iter().find(|d| d["code"] == "unknown-section").unwrap().clone();
    let params = json!({
        "textDocument": { "uri": uri },
        "range": found["range"],
        "context": { "diagnostics": [found] },
    });
    let actions = client.request("textDocument/codeAction", params);
    assert_eq!(actions[0]["title"], "Use `raw_tp/sys_enter`");
    let edits = actions[0]["edit"]["changes"][&uri].clone();
    assert_eq!(edited(&slipped, &edits), ["SEC(\"raw_tp/sys_enter\")"]);
    let range = &edits[0]["range"];
    let number = |end: &str, part: &str| range[end][part].as_u64().unwrap() as usize;
    let range = [
        number("start", "line"),
        number("start", "character"),
        number("end", "line"),
        number("end", "character"),
    ];
    client.edit(&uri, 2, range, edits[0]["newText"].as_str().unwrap());
    assert_eq!(client.diagnostics(&uri, 2), Vec::<Value>::new());
}
