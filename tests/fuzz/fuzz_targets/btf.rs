//! Any bytes as a `.BTF` section: refused, or printed in every way and written again.
#![no_main]

use bpf_lsp_tests::questions;
use btf::{reader, writer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(btf) = reader::read(bytes) else { return };
    questions::of_types(&btf);
    for order in [reader::ByteOrder::Little, reader::ByteOrder::Big] {
        if let Some(bytes) = writer::write(&btf, order) {
            reader::read(&bytes).expect("what was written is read");
        }
    }
});
