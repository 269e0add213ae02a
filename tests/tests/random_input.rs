//! What the fuzz targets of the same names draw from a fuzzer's bytes, drawn from seeds: each run of the
//! tests has a little of it.

use bpf_lsp_tests::{
    generate::{Random, objects, types},
    questions, sessions,
};

#[test]
fn random_objects_are_refused_or_have_a_model() {
    let seeds = 1000_u64;
    let models = (0..seeds)
        .filter(|seed| questions::of_object(&objects::object(&mut Random::new(*seed))))
        .count();
    // Else the generator makes nothing but what is refused at the door.
    assert!(models > 100, "{models} of {seeds} objects have a model");
}

#[test]
fn random_types_can_be_asked() {
    for seed in 0..200 {
        questions::of_types(&types::types(&mut Random::new(seed), 48));
    }
}

#[test]
fn random_sessions_end_in_the_state_of_a_new_host() {
    for seed in 0..60 {
        if let Err(difference) = sessions::play(&mut Random::new(seed), 60) {
            panic!("seed {seed}: {difference}");
        }
    }
}
