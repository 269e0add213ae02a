//! Random messages, many of them lies or broken: the server answers what can be answered, and ends
//! when it is told to.

use bpf_lsp_tests::{
    generate::{Random, messages::Talker},
    in_process::converse,
};

#[test]
fn a_client_that_talks_at_random_is_answered_to_the_end() {
    for seed in 0..200 {
        let mut talker = Talker::new(Random::new(seed));
        if let Err(wrong) = converse(&mut talker, 20) {
            panic!("seed {seed}: {wrong}");
        }
    }
}
