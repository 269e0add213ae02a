//! Any bytes as the choices of a session of edits over several documents: the state after it is the state
//! from scratch.
#![no_main]

use bpf_lsp_tests::{generate::Random, sessions};
use libfuzzer_sys::fuzz_target;

/// Steps of one input.
const STEPS: usize = 60;

fuzz_target!(|bytes: &[u8]| {
    if let Err(difference) = sessions::play(&mut Random::from_bytes(bytes), STEPS) {
        panic!("{difference}");
    }
});
