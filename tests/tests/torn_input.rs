//! Torn texts: every prefix of the example files, and each with one token taken out, gets answers to
//! every question without a panic; and a text that comes back whole gets the answers it had.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{path::Path, sync::Arc};

use bpf_lsp_tests::{binary, environment::Disk, questions};
use ide::{Analysis, AnalysisHost, Change};

/// Asks everything about a file, with the cursor at `offset`.
fn ask_all(analysis: &Analysis, path: &Path, offset: u32) -> String {
    questions::of_document(analysis, path, offset).expect("nobody gives up")
}

struct Editor {
    host: AnalysisHost,
    path: Arc<Path>,
    version: i32,
}

impl Editor {
    fn new(name: &str) -> (Editor, String) {
        let path = binary::example().join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        let host = AnalysisHost::new(Arc::new(Disk));
        (Editor { host, path: path.into(), version: 0 }, text)
    }

    fn set(&mut self, text: &str) -> Analysis {
        self.version += 1;
        let (path, version) = (self.path.clone(), self.version);
        self.host.apply(Change::Text { path, version, text: text.into() });
        self.host.analysis()
    }
}

/// A number without a pattern, the same in each run.
fn scramble(n: usize) -> usize {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as usize) >> 17
}

fn check_prefixes(name: &str) {
    let (mut editor, text) = Editor::new(name);
    let whole = ask_all(&editor.set(&text), &editor.path.clone(), 0);
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let analysis = editor.set(&text[..end]);
        // Every question at some places, the expensive half of them not at each.
        let offset = scramble(end) % (end + 1);
        if end % 48 == 0 {
            ask_all(&analysis, &editor.path, offset as u32);
        } else {
            analysis.findings(&editor.path).unwrap();
            if end % 8 == 0 {
                analysis.hover(&editor.path, end as u32).unwrap();
            }
        }
    }
    assert_eq!(ask_all(&editor.set(&text), &editor.path.clone(), 0), whole);
}

/// Byte ranges of words, numbers, strings and other characters; close enough to tokens.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let mut end = start + c.len_utf8();
        let word = |c: char| c.is_alphanumeric() || c == '_';
        while word(c) && chars.peek().is_some_and(|(_, c)| word(*c)) {
            end += chars.next().map_or(0, |(_, c)| c.len_utf8());
        }
        if !c.is_whitespace() {
            tokens.push((start, end));
        }
    }
    tokens
}

fn check_missing_tokens(name: &str) {
    let (mut editor, text) = Editor::new(name);
    let whole = ask_all(&editor.set(&text), &editor.path.clone(), 0);
    for (n, (start, end)) in tokens(&text).into_iter().enumerate() {
        let torn = format!("{}{}", &text[..start], &text[end..]);
        let analysis = editor.set(&torn);
        if n % 16 == 0 {
            ask_all(&analysis, &editor.path, start as u32);
        } else {
            analysis.findings(&editor.path).unwrap();
        }
    }
    assert_eq!(ask_all(&editor.set(&text), &editor.path.clone(), 0), whole);
}

#[test]
fn prefixes_of_hits_bpf_c() {
    check_prefixes("hits.bpf.c");
}

#[test]
fn prefixes_of_hits_c() {
    check_prefixes("hits.c");
}

#[test]
fn prefixes_of_oops_bpf_c() {
    check_prefixes("oops.bpf.c");
}

#[test]
fn prefixes_of_oops_c() {
    check_prefixes("oops.c");
}

#[test]
fn missing_tokens_in_programs() {
    check_missing_tokens("hits.bpf.c");
    check_missing_tokens("oops.bpf.c");
}

#[test]
fn missing_tokens_in_loaders() {
    check_missing_tokens("hits.c");
    check_missing_tokens("oops.c");
}

#[test]
fn bytes_that_are_no_text() {
    for text in ["\0", "\u{feff}int x;", "\r\r\r", "#", "#define", "\"", "/*", "é日😀", "\\\n\\\n"]
    {
        let (mut editor, _) = Editor::new("hits.bpf.c");
        let analysis = editor.set(text);
        for offset in 0..=text.len() as u32 + 1 {
            ask_all(&analysis, &editor.path, offset);
        }
    }
}
