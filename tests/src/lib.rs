//! Black box tests; see `tests/` in this folder.

pub mod binary;
pub mod checkouts;
pub mod environment;
pub mod generate;
pub mod growth;
pub mod in_process;
pub mod known;
pub mod limits;
pub mod lsp_client;
pub mod meter;
pub mod questions;
pub mod sessions;
pub mod skeleton_extract;
pub mod torn;
pub mod type_truth;
pub mod units;
pub mod workspace;

/// The first line in which two texts differ, in words; `None` when they are equal.
pub fn first_difference(expected: &str, got: &str) -> Option<String> {
    let (mut expected, mut got) = (expected.lines(), got.lines());
    for number in 1.. {
        let (a, b) = (expected.next(), got.next());
        match (a, b) {
            (None, None) => return None,
            _ if a == b => {}
            _ => {
                let show = |l: Option<&str>| l.map_or("end of text".into(), |l| format!("`{l}`"));
                return Some(format!("line {number}: expected {}, got {}", show(a), show(b)));
            }
        }
    }
    None
}
