//! Any bytes as the choices of a language client: what it says, where it lies, what of it is broken. The
//! server answers what can be answered, and ends when it is told to.
#![no_main]

use bpf_lsp_tests::{
    generate::{Random, messages::Talker},
    in_process::converse,
};
use libfuzzer_sys::fuzz_target;

/// Messages of one input.
const MESSAGES: usize = 40;

fuzz_target!(|bytes: &[u8]| {
    let mut talker = Talker::new(Random::from_bytes(bytes));
    if let Err(wrong) = converse(&mut talker, MESSAGES) {
        panic!("{wrong}");
    }
});
