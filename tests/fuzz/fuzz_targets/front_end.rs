//! Any text as a BPF program: object model, findings, previews and layouts come out. Then one byte
//! goes, as an editor would take it: the state after the edit says what the state from scratch says.
#![no_main]

use std::{path::Path, sync::Arc};

use bpf::{
    layout::text::print_object,
    rules,
    skeleton::{self, SkeletonKind},
    source,
};
use cfront::{
    flags::Flags,
    pp,
    session::{MemoryFileSystem, Session},
    unit::Unit,
};
use libfuzzer_sys::fuzz_target;

fn answers(unit: &Unit) -> String {
    let built = source::build(unit, "fuzz");
    let usage = rules::Usage::default();
    let mut out = print_object(&built.object, "fuzz.bpf.c");
    for kind in [SkeletonKind::Skeleton, SkeletonKind::Subskeleton, SkeletonKind::Light] {
        out.push_str(&skeleton::print(&built.object, kind));
    }
    let found = rules::check(rules::Input { unit, object: &built.object, usage: &usage });
    out.push_str(&format!("{found:?}"));
    out
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let fs = MemoryFileSystem::default();
    let flags = Flags::default();
    let main = Path::new("/w/fuzz.bpf.c");
    let preprocess = |session: &Session, text: &str| {
        Arc::new(pp::preprocess(session, &fs, main, Arc::from(text), &flags))
    };
    let session = Session::new();
    let first = Unit::build(preprocess(&session, &text), None, false);
    answers(&first);

    let middle = bytes.len() / 2;
    let edited: String =
        text.chars().enumerate().filter(|(i, _)| *i != middle).map(|(_, c)| c).collect();
    let kept = Unit::build(preprocess(&session, &edited), Some(&first), false);
    let fresh = Unit::build(preprocess(&Session::new(), &edited), None, false);
    let (kept, fresh) = (answers(&kept), answers(&fresh));
    // Places are numbered by the session; equal but for those.
    if !kept.contains("FileId") {
        assert_eq!(kept, fresh);
    }
});
