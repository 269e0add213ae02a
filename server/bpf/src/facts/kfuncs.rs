//! Kernel functions that programs may call.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::rows;

/// A kernel function; one name may stand in several sets.
#[derive(Debug)]
pub struct Kfunc {
    /// Name.
    pub name: &'static str,
    /// The set that registers it.
    pub set: &'static str,
    /// `KF_*` flags.
    pub flags: Vec<&'static str>,
    /// Program types (without prefix) of the set.
    pub program_types: Vec<&'static str>,
    /// First kernel.
    pub since: &'static str,
}

fn all() -> &'static FxHashMap<&'static str, Vec<Kfunc>> {
    static ROWS: OnceLock<FxHashMap<&'static str, Vec<Kfunc>>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let mut found: FxHashMap<&'static str, Vec<Kfunc>> = FxHashMap::default();
        for cells in rows(include_str!("../../tables/kfuncs.tsv")) {
            found.entry(cells.get(0)).or_default().push(Kfunc {
                name: cells.get(0),
                set: cells.get(1),
                flags: cells.get(2).split(['|', ',', ' ']).filter(|s| !s.is_empty()).collect(),
                program_types: cells.list(3),
                since: cells.get(4),
            });
        }
        found
    })
}

/// The rows of a kernel function, one a set; empty when the name is not known.
pub fn find(name: &str) -> &'static [Kfunc] {
    all().get(name).map_or(&[], |rows| rows.as_slice())
}

/// All names.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().keys().copied()
}
