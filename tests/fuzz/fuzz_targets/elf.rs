//! Any bytes as an object file: refused, or a model with its previews.
#![no_main]

use bpf_lsp_tests::questions;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    questions::of_object(bytes);
});
