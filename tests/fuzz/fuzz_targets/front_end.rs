//! Any text as a BPF program: object model, findings, previews and layouts come out. Of every fourth
//! one byte goes then, as an editor would take it: the state after the edit says what the state from
//! scratch says.
#![no_main]

mod common;

use bpf::{
    layout::text::print_object,
    rules,
    skeleton::{self, SkeletonKind},
    source,
};
use cfront::unit::Unit;
use common::{Bench, on_bench};
use libfuzzer_sys::fuzz_target;

const PATH: &str = "/w/fuzz.bpf.c";

fn answers(unit: &Unit) -> String {
    let built = source::build(unit, "fuzz");
    let usage = rules::Usage::default().into();
    let mut out = print_object(&built.object, "fuzz.bpf.c");
    for kind in [SkeletonKind::Skeleton, SkeletonKind::Subskeleton, SkeletonKind::Light] {
        out.push_str(&skeleton::print(&built.object, kind));
    }
    let found = rules::check(rules::Input { unit, object: &built.object, usage: &usage });
    out.push_str(&format!("{found:?}"));
    out
}

fn edit(bench: &Bench, text: &str, first: &Unit) {
    let middle = text.chars().count() / 2;
    let edited: String =
        text.chars().enumerate().filter(|(i, _)| *i != middle).map(|(_, c)| c).collect();
    let kept = bench.unit(PATH, &edited, Some(first));
    let fresh = bench.unit(PATH, &edited, None);
    assert_eq!(answers(&kept), answers(&fresh));
}

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    on_bench(|bench| {
        let unit = bench.unit(PATH, &text, None);
        answers(&unit);
        if bytes.len() % 4 == 0 {
            edit(bench, &text, &unit);
        }
    });
});
