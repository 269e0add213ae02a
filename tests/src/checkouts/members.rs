//! In which of its members two skeletons differ.

use std::collections::{BTreeMap, BTreeSet};

/// The lines of each inner struct of a skeleton (`maps`, `progs`, `bss`), by its name.
fn blocks(skeleton: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut result = BTreeMap::new();
    let mut lines = Vec::new();
    for line in skeleton.lines() {
        if line.starts_with("\tstruct ") && line.ends_with('{') {
            lines.clear();
        } else if let Some(name) = line.strip_prefix("\t} ").and_then(|rest| rest.strip_suffix(';'))
        {
            result.insert(name.trim_start_matches('*'), std::mem::take(&mut lines));
        } else if line.starts_with("\t\t") {
            lines.push(line.trim());
        }
    }
    result
}

/// What differs first, in words that do not depend on the program: `map missing`, `program too much`,
/// `variables of bss differ`.
pub fn kind_of_difference(truth: &str, ours: &str) -> &'static str {
    let (truth, ours) = (blocks(truth), blocks(ours));
    for (block, missing, extra) in
        [("maps", "map missing", "map too much"), ("progs", "program missing", "program too much")]
    {
        let names = |blocks: &BTreeMap<&str, Vec<&str>>| -> BTreeSet<String> {
            blocks.get(block).into_iter().flatten().map(|line| (*line).to_owned()).collect()
        };
        let (theirs, ours) = (names(&truth), names(&ours));
        let internal = |line: &String| {
            ["rodata", "data", "bss", "kconfig"].iter().any(|name| {
                let member = line.strip_prefix("struct bpf_map *").unwrap_or(line);
                member.starts_with(name)
            })
        };
        if let Some(line) = theirs.difference(&ours).next() {
            return if internal(line) { "data section missing" } else { missing };
        }
        if let Some(line) = ours.difference(&theirs).next() {
            return if internal(line) { "data section too much" } else { extra };
        }
    }
    let differing = truth.iter().find(|(name, lines)| ours.get(*name) != Some(lines));
    match differing.map(|(name, _)| *name) {
        Some(name) if name.starts_with("rodata") => "variables of .rodata differ",
        Some(name) if name.starts_with("data") => "variables of .data differ",
        Some(name) if name.starts_with("bss") => "variables of .bss differ",
        Some("maps" | "progs") => "order of maps or programs",
        Some("links" | "struct_ops") => "links or struct_ops differ",
        Some(_) => "variables of other sections differ",
        None => "text around the members",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skeleton(maps: &str, bss: &str) -> String {
        let block = |name: &str, members: &str| {
            let lines: String =
                members.split_whitespace().map(|m| format!("\t\tint {m};\n")).collect();
            format!("\tstruct {{\n{lines}\t}} {name};\n")
        };
        format!("struct x {{\n{}{}}};\n", block("maps", maps), block("*bss", bss))
    }

    #[test]
    fn the_first_member_that_differs_has_the_word() {
        let truth = skeleton("a b", "x y");
        let kind = |maps, bss| kind_of_difference(&truth, &skeleton(maps, bss));
        assert_eq!(kind("a", "x y"), "map missing");
        assert_eq!(kind("a b c", "x"), "map too much");
        assert_eq!(kind("a b", "y x"), "variables of .bss differ");
        assert_eq!(kind("a b", "x y"), "text around the members");
    }
}
