//! The first kernel of program types, map types, attach types, link types and flags.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::rows;

/// The first kernel that has a constant of the BPF interface (`BPF_PROG_TYPE_XDP`: `4.8`).
pub fn since(constant: &str) -> Option<&'static str> {
    static ROWS: OnceLock<FxHashMap<&'static str, &'static str>> = OnceLock::new();
    ROWS.get_or_init(|| {
        rows(include_str!("../../tables/versions.tsv"))
            .map(|cells| (cells.get(1), cells.get(2)))
            .collect()
    })
    .get(constant)
    .copied()
}

#[cfg(test)]
mod tests {
    #[test]
    fn first_kernels() {
        assert_eq!(super::since("BPF_PROG_TYPE_SOCKET_FILTER"), Some("3.19"));
        assert_eq!(super::since("BPF_PROG_TYPE_NO_SUCH"), None);
    }
}
