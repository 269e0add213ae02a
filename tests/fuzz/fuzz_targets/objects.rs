//! Any bytes as the choices of a compiler that writes an object, and of what is damaged in it: refused, or a
//! model with its previews.
#![no_main]

use bpf_lsp_tests::{
    generate::{Random, objects},
    questions,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    questions::of_object(&objects::object(&mut Random::from_bytes(bytes)));
});
