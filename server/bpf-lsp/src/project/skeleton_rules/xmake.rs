//! What an `xmake.lua` makes skeleton headers of: its rule `linux.bpf` makes `NAME.skel.h` of every
//! `NAME.bpf.c` that a target adds.

use super::{Budget, bpftool::Recipe};
use crate::project::paths::file_name;

/// What the header of that file name is made of.
pub(super) fn header(text: &str, header: &str, budget: &Budget) -> Vec<Recipe> {
    let Some(stem) = header.strip_suffix(".skel.h") else { return Vec::new() };
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("add_files(") {
        let Some((arguments, after)) = after.split_once(')') else { break };
        rest = after;
        if !budget.take(arguments.len()) {
            break;
        }
        // Strings stand at the odd places between quotes.
        let strings = arguments.split(['"', '\'']).skip(1).step_by(2);
        for file in strings.filter(|file| file.ends_with(".bpf.c")) {
            let name = file_name(file);
            if name == format!("{stem}.bpf.c") || name == "*.bpf.c" || name == "**.bpf.c" {
                let folder = file.strip_suffix(name).unwrap_or_default();
                let inputs = vec![format!("{folder}{stem}.bpf.c")];
                found.push(Recipe { inputs, ..Recipe::default() });
            }
        }
    }
    found
}
