//! Any text as a loader of the skeleton `fuzz.skel.h`: references, uses and findings come out. What
//! stands behind a line `//- bpf` is the BPF program, else a fixed one is.
#![no_main]

mod common;

use std::sync::Arc;

use common::on_bench;
use libfuzzer_sys::fuzz_target;
use loader::{Input, references::references, skeletons::included, usage::usage};

const PROGRAM: &str = "#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n\
    struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, int); __type(value, long); } m SEC(\".maps\");\n\
    int total; const volatile int limit = 3; long hits SEC(\".percpu\") = 1; static struct { int a, b; } pair[2];\n\
    SEC(\"tp/a/b\") int run(void *ctx) { total += limit + hits + pair[0].a; return 0; }\n\
    char license[] SEC(\"license\") = \"GPL\";\n";

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let (text, program) = text.split_once("\n//- bpf\n").unwrap_or((&*text, PROGRAM));
    on_bench(|bench| {
        let unit = bench.unit("/w/fuzz.c", text, None);
        let headers = included(&unit);
        let source = (!headers.is_empty()).then(|| bench.unit("/w/fuzz.bpf.c", program, None));
        let mut skeletons = Vec::new();
        for header in headers.iter().take(4) {
            let object = source.as_ref().map(|u| Arc::new(bpf::source::object(u, header.name.as_str())));
            let mut skeleton = header.skeleton(object);
            skeleton.sources.extend(source.clone());
            skeletons.push(skeleton);
        }
        references(&unit, &skeletons);
        usage(&unit, &skeletons, text);
        loader::check(Input { unit: &unit, skeletons: &skeletons, text, exact_flags: true });
    });
});
