//! Program sections: what libbpf makes of `SEC("...")` of a function.

use std::sync::OnceLock;

use strsim::osa_distance;

use super::rows;

/// A row of libbpf's `section_defs`.
#[derive(Debug, PartialEq)]
pub struct ProgramSection {
    /// Name without the trailing `+`.
    pub prefix: &'static str,
    /// Whether `/target` may follow.
    pub takes_target: bool,
    /// `BPF_PROG_TYPE_*`.
    pub program_type: &'static str,
    /// Attach type (`BPF_*`), empty when there is none.
    pub attach_type: &'static str,
    /// Whether the program may sleep.
    pub sleepable: bool,
    /// Whether the target is looked up in the kernel's BTF.
    pub attach_btf: bool,
    /// Whether `bpf_program__attach` and the skeleton's attach can attach it.
    pub auto_attach: bool,
    /// The context struct (or typedef) that a program gets, empty when the type does not fix it.
    pub context: &'static str,
}

impl ProgramSection {
    /// The program type without its `BPF_PROG_TYPE_` prefix.
    pub fn short_type(&self) -> &'static str {
        self.program_type.strip_prefix("BPF_PROG_TYPE_").unwrap_or(self.program_type)
    }

    fn matches(&self, name: &str) -> bool {
        match name.strip_prefix(self.prefix) {
            Some("") => true,
            Some(rest) => self.takes_target && rest.starts_with('/'),
            None => false,
        }
    }
}

/// All rows, in the order in which libbpf tries them.
pub fn all() -> &'static [ProgramSection] {
    static ROWS: OnceLock<Vec<ProgramSection>> = OnceLock::new();
    ROWS.get_or_init(|| {
        rows(include_str!("../../tables/sections.tsv"))
            .map(|cells| {
                let pattern = cells.get(0);
                ProgramSection {
                    prefix: pattern.trim_end_matches('+'),
                    takes_target: pattern.ends_with('+'),
                    program_type: cells.get(1),
                    attach_type: cells.get(2),
                    sleepable: cells.flag(3),
                    attach_btf: cells.flag(4),
                    auto_attach: cells.flag(5),
                    context: cells.get(6),
                }
            })
            .collect()
    })
}

/// The row that libbpf takes for a section name, its leading `?` allowed (`find_sec_def`).
pub fn find(name: &str) -> Option<&'static ProgramSection> {
    let name = name.strip_prefix('?').unwrap_or(name);
    let first = name.as_bytes().first();
    all().iter().find(|row| row.prefix.as_bytes().first() == first && row.matches(name))
}

/// Known names near a name that no row matches, nearest first: what the user may have meant.
/// A `/target` is kept. At most three, none when nothing is near.
pub fn near(name: &str) -> Vec<String> {
    let (optional, bare) = match name.strip_prefix('?') {
        Some(rest) => ("?", rest),
        None => ("", name),
    };
    let mut found: Vec<(usize, String)> = Vec::new();
    for row in all() {
        // Compare as many `/` parts as the row's own name has, and keep the rest as the target.
        let parts = row.prefix.matches('/').count() + 1;
        let end = bare.match_indices('/').nth(parts - 1).map_or(bare.len(), |(at, _)| at);
        let (head, tail) = bare.split_at(end);
        if !tail.is_empty() && !row.takes_target {
            continue;
        }
        if head.chars().count().abs_diff(row.prefix.len()) > near_limit(row.prefix) {
            continue;
        }
        let distance = osa_distance(head, row.prefix);
        if distance <= near_limit(row.prefix) {
            let name = format!("{optional}{}{tail}", row.prefix);
            if !found.iter().any(|(_, known)| *known == name) {
                found.push((distance, name));
            }
        }
    }
    found.sort();
    found.truncate(3);
    found.into_iter().map(|(_, name)| name).collect()
}

/// How many edits still count as a slip of the keyboard in a name.
fn near_limit(name: &str) -> usize {
    match name.len() {
        0..=3 => 0,
        4..=6 => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str) -> Option<(&'static str, &'static str)> {
        find(name).map(|row| (row.short_type(), row.attach_type))
    }

    #[test]
    fn exact_names_and_targets() {
        assert_eq!(kind("xdp"), Some(("XDP", "BPF_XDP")));
        assert_eq!(kind("xdp.frags/devmap"), Some(("XDP", "BPF_XDP_DEVMAP")));
        assert_eq!(kind("kprobe"), Some(("KPROBE", "")));
        assert_eq!(kind("?kprobe/do_unlinkat"), Some(("KPROBE", "")));
        assert_eq!(kind("fentry.s/x"), Some(("TRACING", "BPF_TRACE_FENTRY")));
        assert_eq!(kind("tc"), Some(("SCHED_CLS", "")));
    }

    #[test]
    fn a_target_needs_a_row_that_takes_one() {
        assert_eq!(kind("xdp/eth0"), None);
        assert_eq!(kind("kprobes"), None);
        assert_eq!(kind("??kprobe"), None);
    }

    #[test]
    fn near_names_keep_the_target() {
        assert_eq!(near("kporbe/do_unlinkat"), ["kprobe/do_unlinkat"]);
        assert_eq!(near("?fentyr/x"), ["?fentry/x"]);
        assert_eq!(
            near("tracepiont/syscalls/sys_enter_open"),
            ["tracepoint/syscalls/sys_enter_open"]
        );
        assert!(near("my_own_section").is_empty());
    }
}
