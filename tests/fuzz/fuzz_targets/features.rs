//! Any text as an open program or loader, with the cursor at any place: every question of an editor is
//! answered, and after an edit the answers are those from scratch. The first two bytes say where; what
//! stands behind a line `//- loader` is the loader, and the cursor is in it when the first byte is odd.
#![no_main]

mod common;

use std::{path::Path, sync::Arc};

use bpf_lsp_tests::{environment::Memory, questions};
use ide::{AnalysisHost, Change};
use libfuzzer_sys::fuzz_target;

const PROGRAM: &str = "/w/fuzz.bpf.c";
const LOADER: &str = "/w/fuzz.c";

const A_LOADER: &str = "#include \"fuzz.skel.h\"\n\
    int main(void) { struct fuzz *skel = fuzz__open(); skel->rodata->limit = 1; return fuzz__load(skel); }\n";

fn set(host: &mut AnalysisHost, path: &str, version: i32, text: &str) {
    host.apply(Change::Text { path: Path::new(path).into(), version, text: text.into() });
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&[first, second], text)) = bytes.split_first_chunk::<2>() else { return };
    let text = String::from_utf8_lossy(text);
    let (program, loader) = text.split_once("\n//- loader\n").unwrap_or((&text, A_LOADER));
    let files = Memory::new(&[PROGRAM, LOADER]);
    for (path, text) in [(PROGRAM, program), (LOADER, loader)] {
        files.files.write(Path::new(path), text);
    }
    for (path, text) in common::HEADERS {
        files.files.write(&Path::new("/w").join(path.trim_start_matches("/inc/")), text);
    }
    let files = Arc::new(files);
    let (path, text) = if first % 2 == 1 { (LOADER, loader) } else { (PROGRAM, program) };
    let offset = (usize::from(first / 2) << 8 | usize::from(second)) % (text.len() + 2);
    let ask = |host: &AnalysisHost| {
        questions::of_document(&host.analysis(), Path::new(path), offset as u32)
            .expect("nobody gives up")
    };
    let mut host = AnalysisHost::new(files.clone());
    set(&mut host, path, 1, text);
    ask(&host);
    let at = (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let typed = [";", "x", "{", ".", "\"", "#"][usize::from(second) % 6];
    let edited = [&text[..at], typed, &text[at..]].concat();
    set(&mut host, path, 2, &edited);
    let mut fresh = AnalysisHost::new(files);
    set(&mut fresh, path, 2, &edited);
    assert_eq!(ask(&host), ask(&fresh));
});
