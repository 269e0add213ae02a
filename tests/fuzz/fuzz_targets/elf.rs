//! Any bytes as an object file: refused, or a model with its previews.
#![no_main]

use bpf::{
    elf,
    layout::text::print_object,
    skeleton::{self, SkeletonKind},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = elf::raw_btf(bytes);
    let Ok(object) = elf::open(bytes, "fuzz") else { return };
    for kind in [SkeletonKind::Skeleton, SkeletonKind::Subskeleton, SkeletonKind::Light] {
        skeleton::print(&object, kind);
    }
    print_object(&object, "fuzz.bpf.o");
});
