//! The main job in an editor: the per-CPU example, its diagnostics, hovers, lenses and previews.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::{
    binary,
    lsp_client::{Client, find},
};
use serde_json::{Value, json};
use url::Url;

fn file(name: &str) -> (String, String) {
    let path = binary::example().join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    (Url::from_file_path(path).unwrap().to_string(), text)
}

fn start() -> Client {
    Client::start(json!({ "general": { "positionEncodings": ["utf-8"] } }))
}

/// Lines (from 0) with the rule that a comment on them expects.
fn expected(text: &str) -> Vec<(u64, String)> {
    let line = |(n, line): (usize, &str)| {
        let (_, rule) = line.split_once("// expect: ")?;
        Some((n as u64, rule.trim().to_owned()))
    };
    text.lines().enumerate().filter_map(line).collect()
}

fn found(diagnostics: &[Value]) -> Vec<(u64, String)> {
    let one = |d: &Value| {
        let line = d["range"]["start"]["line"].as_u64().unwrap();
        (line, d["code"].as_str().unwrap().to_owned())
    };
    diagnostics.iter().map(one).collect()
}

fn check_diagnostics(name: &str) {
    let mut client = start();
    let (uri, text) = file(name);
    client.open(&uri, &text);
    assert_eq!(found(&client.diagnostics(&uri, 1)), expected(&text));
}

#[test]
fn the_right_program_and_loader_are_clean() {
    check_diagnostics("hits.bpf.c");
    check_diagnostics("hits.c");
}

#[test]
fn the_wrong_program_and_loader_are_told() {
    check_diagnostics("oops.bpf.c");
    check_diagnostics("oops.c");
}

#[test]
fn an_edit_that_takes_the_load_away_clears_what_followed_from_it() {
    let mut client = start();
    let (uri, text) = file("oops.c");
    client.open(&uri, &text);
    let before = client.diagnostics(&uri, 1).len();
    let at = find(&text, "hits__open_and_load()", 10);
    let (line, column) = (at["line"].as_u64().unwrap(), at["character"].as_u64().unwrap());
    let (line, column) = (line as usize, column as usize);
    client.edit(&uri, 2, [line, column, line, column + "_and_load".len()], "");
    assert_eq!(client.diagnostics(&uri, 2).len(), before - 2);
}

#[test]
fn a_change_of_the_program_reaches_its_open_loader() {
    let mut client = start();
    let (loader, loader_text) = file("oops.c");
    let (program, text) = file("hits.bpf.c");
    client.open(&program, &text);
    client.diagnostics(&program, 1);
    client.open(&loader, &loader_text);
    client.diagnostics(&loader, 1);
    // The loader's text is the same, its diagnostics come again under the same version.
    client.edit(&program, 2, [0, 0, 0, 0], "\n");
    client.diagnostics(&loader, 1);
}

fn hover(name: &str, what: &str, into: usize) -> String {
    let mut client = start();
    let (uri, text) = file(name);
    client.open(&uri, &text);
    let params = json!({ "textDocument": { "uri": uri }, "position": find(&text, what, into) });
    let hover = client.request("textDocument/hover", params);
    hover["contents"]["value"].as_str().unwrap_or("nothing").to_owned()
}

#[test]
fn hover_on_a_percpu_variable() {
    let text = hover("hits.bpf.c", "counting SEC", 1);
    let parts = [
        "`.percpu`",
        "offset 8 ",
        "size 1 byte",
        "`01` (bytes)",
        "skel->percpu->counting",
        "Takes 1 byte on each possible CPU",
        "the section 80 bytes",
    ];
    for part in parts {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn hover_on_a_use_in_a_function() {
    assert!(hover("hits.bpf.c", "hits++", 1).contains("skel->percpu->hits"));
}

#[test]
fn hover_on_a_map_a_program_and_a_macro() {
    assert!(hover("hits.bpf.c", "samples SEC", 1).contains("`RINGBUF`"));
    assert!(hover("hits.bpf.c", "count_packet", 1).contains("Program type `XDP`"));
    assert!(hover("hits.bpf.c", "SEC(\".percpu\")", 1).contains("libbpf macro"));
    assert!(hover("hits.bpf.c", "\".percpu\"", 3).contains("per-CPU data"));
}

#[test]
fn hover_on_a_member_in_the_loader() {
    assert!(hover("oops.c", "percpu->counting", 9).contains("`.percpu`"));
}

#[test]
fn definition_from_the_loader_to_the_program() {
    let mut client = start();
    let (uri, text) = file("oops.c");
    let (program, program_text) = file("hits.bpf.c");
    client.open(&uri, &text);
    let params = json!({
        "textDocument": { "uri": uri },
        "position": find(&text, "percpu->counting", 9),
    });
    let definition = client.request("textDocument/definition", params);
    assert_eq!(definition[0]["uri"], program);
    assert_eq!(definition[0]["range"]["start"], find(&program_text, "counting SEC", 0));
}

#[test]
fn lenses_on_sections_maps_and_programs() {
    let mut client = start();
    let (uri, text) = file("hits.bpf.c");
    client.open(&uri, &text);
    let params = json!({ "textDocument": { "uri": uri } });
    let lenses = client.request("textDocument/codeLens", params);
    let titles: Vec<&str> = lenses
        .as_array()
        .unwrap()
        .iter()
        .map(|lens| lens["command"]["title"].as_str().unwrap())
        .collect();
    expect_test::expect![[r#"
        .percpu: 5 variables, 76 bytes per CPU — show skeleton
        .percpu.limits: 1 variable, 8 bytes per CPU — show skeleton
        .data: 1 variable, 4 bytes — show skeleton
        .bss: 1 variable, 8 bytes — show skeleton
        .rodata: 2 variables, 5 bytes — show skeleton
        RINGBUF: 64 KiB — show skeleton
        PERCPU_HASH: 512 entries of 12 bytes, 6 KiB per CPU — show skeleton
        XDP: xdp — show skeleton
        RAW_TRACEPOINT: raw_tp/sys_enter — show skeleton"#]]
    .assert_eq(&titles.join("\n"));
    assert_eq!(lenses[0]["command"]["command"], "bpf-lsp.showSkeleton");
    assert_eq!(lenses[0]["command"]["arguments"][0], uri);
}

#[test]
fn the_preview_follows_edits() {
    let mut client = start();
    let (uri, text) = file("hits.bpf.c");
    client.open(&uri, &text);
    let changed = client.until(|m| m["method"] == "bpf-lsp/skeletonChanged");
    assert_eq!(changed["params"], json!({ "uri": uri, "version": 1 }));
    let params = json!({ "uri": uri, "position": find(&text, "hits SEC", 0) });
    let skeleton = client.request("bpf-lsp/skeleton", params.clone());
    assert_eq!((&skeleton["name"], &skeleton["complete"]), (&json!("hits"), &json!(true)));
    let line = skeleton["line"].as_u64().unwrap() as usize;
    let shown = skeleton["text"].as_str().unwrap().lines().nth(line).unwrap();
    assert_eq!(shown.trim(), "__u64 hits;");

    let at = find(&text, "hits SEC", 0);
    let (line, column) = (at["line"].as_u64().unwrap(), at["character"].as_u64().unwrap());
    let (line, column) = (line as usize, column as usize);
    // A comment changes nothing in the skeleton, a new name does.
    client.edit(&uri, 2, [line, 0, line, 0], "/* 😀 */");
    client.edit(&uri, 3, [line, column + 10, line, column + 10], "all_");
    let changed = client.until(|m| m["method"] == "bpf-lsp/skeletonChanged");
    assert_eq!(changed["params"]["version"], 3);
    let skeleton = client.request("bpf-lsp/skeleton", json!({ "uri": uri }));
    assert!(skeleton["text"].as_str().unwrap().contains("__u64 all_hits;"));
}

#[test]
fn the_preview_shows_what_the_cursor_is_in() {
    let mut client = start();
    let (uri, text) = file("hits.bpf.c");
    client.open(&uri, &text);
    let mut shown = |what: &str, into| {
        let params = json!({ "uri": uri, "position": find(&text, what, into) });
        let skeleton = client.request("bpf-lsp/skeleton", params);
        let line = skeleton["line"].as_u64().map(|n| n as usize);
        let text = skeleton["text"].as_str().unwrap();
        line.map(|n| text.lines().nth(n).unwrap().trim().to_owned()).unwrap_or_default()
    };
    assert_eq!(shown("hits++", 1), "__u64 hits;");
    assert_eq!(shown("sample_every = 64;", 18), "__u32 sample_every;");
    assert_eq!(shown("max_entries, 512", 3), "struct bpf_map *calls_by_pid;");
    assert_eq!(shown("__u64 one = 1", 7), "struct bpf_program *count_call;");
    assert_eq!(shown("\".percpu.limits\"", 3), "struct hits__percpu_limits {");
    assert_eq!(shown("#include", 0), "");
}

/// Source lines that the lines of a preview with `what` in them go to.
fn definitions(kind: &str, what: &str) -> Vec<String> {
    let mut client = start();
    let (uri, text) = file("hits.bpf.c");
    client.open(&uri, &text);
    let skeleton = client.request("bpf-lsp/skeleton", json!({ "uri": uri, "kind": kind }));
    let preview = skeleton["text"].as_str().unwrap();
    let lines = preview.lines().enumerate().filter(|(_, line)| line.contains(what));
    let go = |(line, _)| {
        let position = json!({ "line": line, "character": 0 });
        let params = json!({ "uri": uri, "kind": kind, "position": position });
        let place = client.request("bpf-lsp/skeletonDefinition", params);
        let line = place["range"]["start"]["line"].as_u64();
        line.map_or("nowhere".to_owned(), |n| text.lines().nth(n as usize).unwrap().to_owned())
    };
    lines.map(go).collect()
}

#[test]
fn definition_from_a_preview_to_the_source() {
    let counting = "bool counting SEC(\".percpu\") = true;";
    assert_eq!(definitions("skeleton", "counting;"), [counting]);
    assert_eq!(definitions("skeleton", "*samples;"), ["} samples SEC(\".maps\");"]);
    let program = "int count_call(struct bpf_raw_tracepoint_args *ctx)";
    assert_eq!(definitions("skeleton", "*count_call;"), [program; 2]);
    assert_eq!(definitions("subskeleton", "*calls_seen;"), ["__u64 calls_seen;"]);
    assert_eq!(definitions("lskel", "count_call_fd;"), [program]);
    // The head of a section's struct, and a line of nothing.
    assert_eq!(definitions("skeleton", "struct hits__data {"), ["__u32 sample_every = 64;"]);
    assert_eq!(definitions("skeleton", "#include <errno.h>"), ["nowhere"]);
}

#[test]
fn what_the_optimiser_decides_is_said_beside_the_text() {
    let mut client = start();
    let text = "#define SEC(s) __attribute__((section(s), used))\n\
        long first = 0;\nstatic struct { int a; long b, c; } parts;\nlong last;\n\
        SEC(\"xdp\") int p(int *ctx) { parts.a += *ctx; parts.c += last; return parts.a + parts.c; }\n";
    let uri = "file:///work/a.bpf.c";
    client.open(uri, text);
    let skeleton = client.request("bpf-lsp/skeleton", json!({ "uri": uri }));
    let lines: Vec<&str> = skeleton["text"].as_str().unwrap().lines().collect();
    let hints = skeleton["hints"].as_array().unwrap().iter();
    let shown: Vec<String> = hints
        .map(|h| format!("{} {}", lines[h["line"].as_u64().unwrap() as usize], h["text"]))
        .collect();
    expect_test::expect![[r#"		long last; "offset depends on the optimiser (sra)""#]]
        .assert_eq(&shown.join("\n"));
}

#[test]
fn inlay_hints_when_they_are_switched_on() {
    let mut client = start();
    let (uri, text) = file("hits.bpf.c");
    client.open(&uri, &text);
    let end = json!({ "line": 1000, "character": 0 });
    let range = json!({ "start": { "line": 0, "character": 0 }, "end": end });
    let params = json!({ "textDocument": { "uri": uri }, "range": range });
    let hints = client.request("textDocument/inlayHint", params.clone());
    assert_eq!(hints, json!([]));
    let settings = json!({ "settings": { "bpf-lsp": { "inlayHints": { "offsets": true } } } });
    client.notify("workspace/didChangeConfiguration", settings);
    let hints = client.request("textDocument/inlayHint", params);
    let labels: Vec<_> =
        hints.as_array().unwrap().iter().map(|h| h["label"].as_str().unwrap()).collect();
    assert_eq!(labels[..3], [".percpu +0, 8", ".percpu +8, 1", ".percpu +48, 24"]);
}

#[test]
fn other_kinds_and_files_that_are_no_programs() {
    let mut client = start();
    let (uri, text) = file("hits.bpf.c");
    client.open(&uri, &text);
    let params = json!({ "uri": uri, "kind": "subskeleton" });
    let skeleton = client.request("bpf-lsp/skeleton", params);
    assert!(!skeleton["text"].as_str().unwrap().contains("hits__percpu"));
    // Not open: read from disk.
    let (loader, _) = file("hits.c");
    assert_eq!(client.request("bpf-lsp/skeleton", json!({ "uri": loader })), json!(null));
}

#[test]
fn the_status_tells_when_a_header_is_missing() {
    let mut client = start();
    client.open("file:///nowhere/a.bpf.c", "#include \"none.h\"\n");
    let status =
        client.until(|m| m["method"] == "bpf-lsp/serverStatus" && m["params"]["quiescent"] == true);
    assert_eq!(status["params"]["health"], "warning");
    assert_eq!(status["params"]["message"], "none.h not found");
}
