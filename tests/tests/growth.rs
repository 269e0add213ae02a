//! Large files are answered in work that grows little faster than they do.
//!
//! Sizes are small here, and work is time on the processor: a ratio within one run. `tests/growth/run` counts the
//! work of larger ones.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bpf_lsp_tests::{
    generate::large::{KINDS, Kind},
    growth::{Growth, STAGES, measure},
    meter::Meter,
};

const SIZES: (usize, usize) = (125, 1000);
/// What the server's workers have.
const STACK_BYTES: usize = 32 << 20;
/// Other work on the machine makes some measures too large: the least of so many counts.
const TRIES: usize = 4;

#[test]
fn work_on_large_files_grows_no_faster_than_n_log_n() {
    let half = KINDS.len() / 2;
    let found: Vec<String> = [&KINDS[..half], &KINDS[half..]]
        .map(|kinds| {
            let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
            thread.spawn(|| kinds.iter().flat_map(too_fast).collect::<Vec<String>>()).unwrap()
        })
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The stages whose work on that kind grows too fast, in words.
fn too_fast(kind: &Kind) -> Vec<String> {
    let meter = Meter::new();
    let mut least: Option<[Growth; STAGES.len()]> = None;
    for _ in 0..TRIES {
        let work = (measure(kind, SIZES.0, &meter), measure(kind, SIZES.1, &meter));
        let now = std::array::from_fn(|i| Growth { sizes: SIZES, work: (work.0[i], work.1[i]) });
        let growth = least.get_or_insert(now);
        for (least, now) in growth.iter_mut().zip(now) {
            least.work.0 = least.work.0.min(now.work.0);
            least.work.1 = least.work.1.min(now.work.1);
        }
        if !growth.iter().any(|growth| growth.is_too_fast(&meter)) {
            return Vec::new();
        }
    }
    let stages = STAGES.iter().zip(least.into_iter().flatten());
    let slow = stages.filter(|(_, growth)| growth.is_too_fast(&meter));
    slow.map(|(stage, growth)| format!("{}, {stage}: {growth}", kind.name)).collect()
}
