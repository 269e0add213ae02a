//! What libbpf and the kernel know by name: program sections, helpers, map types, first versions.
//!
//! Read once from the tables in `server/bpf/tables`, whose README says where the rows come from.
//! An absent row means unknown.

pub mod helpers;
pub mod kfuncs;
pub mod map_types;
pub mod sections;
pub mod versions;

/// The cells of a table's rows; short rows read as if padded with empty cells.
fn rows(table: &'static str) -> impl Iterator<Item = Cells> {
    table
        .lines()
        .skip(1)
        .filter(|line| !line.is_empty())
        .map(|line| Cells(line.split('\t').collect()))
}

/// One row of a table.
struct Cells(Vec<&'static str>);

impl Cells {
    fn get(&self, column: usize) -> &'static str {
        self.0.get(column).copied().unwrap_or("")
    }

    /// A cell with names separated by commas; empty and `none` cells give no name.
    fn list(&self, column: usize) -> Vec<&'static str> {
        let cell = self.get(column);
        if cell == "none" {
            Vec::new()
        } else {
            cell.split(',').filter(|s| !s.is_empty()).collect()
        }
    }

    fn flag(&self, column: usize) -> bool {
        self.get(column) == "1"
    }
}
