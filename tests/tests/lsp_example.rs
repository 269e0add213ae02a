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
    for part in
        ["`.percpu`", "offset 8 ", "size 1 byte", "skel->percpu->counting", "on each possible CPU"]
    {
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
        PERCPU_HASH: 512 entries, 6 KiB per CPU — show skeleton
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
