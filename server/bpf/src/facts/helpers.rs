//! Helper functions of the kernel.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::rows;

/// A helper function.
#[derive(Debug)]
pub struct Helper {
    /// `bpf_map_lookup_elem`
    pub name: &'static str,
    /// Number in `enum bpf_func_id`.
    pub id: u32,
    /// Return type.
    pub returns: &'static str,
    /// Parameters, separated by `, `.
    pub arguments: &'static str,
    /// First kernel, e.g. `4.18`.
    pub since: &'static str,
    /// Who needs a GPL compatible licence for it.
    pub gpl: GplOnly,
    /// Program types (without prefix) that may call it, with the first kernel where that came later.
    /// Empty: not known. Documented ones first, then those that only Linux 6.12's code shows, some of
    /// them for certain attach types only.
    pub program_types: Vec<(&'static str, Option<&'static str>)>,
    /// Map types (without prefix) that it works on; empty: none or not known.
    pub map_types: Vec<&'static str>,
}

/// The GPL mark of a helper.
#[derive(Debug, PartialEq)]
pub enum GplOnly {
    /// Any licence will do.
    No,
    /// A GPL compatible licence is needed, but for the named program types (capitals) or sections
    /// (small letters), where the mark is absent or not known.
    Yes {
        /// Program types or sections without the mark.
        except: Vec<&'static str>,
    },
}

/// All helpers by name.
pub fn all() -> &'static FxHashMap<&'static str, Helper> {
    static ROWS: OnceLock<FxHashMap<&'static str, Helper>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let more: FxHashMap<&str, Vec<&'static str>> =
            rows(include_str!("../../tables/helpers_6_12.tsv"))
                .map(|cells| (cells.get(0), cells.list(1)))
                .collect();
        rows(include_str!("../../tables/helpers.tsv"))
            .map(|cells| {
                let gpl = match cells.get(5) {
                    "0" => GplOnly::No,
                    mark => GplOnly::Yes {
                        except: mark
                            .strip_prefix("1 except ")
                            .map(|names| names.split(',').collect())
                            .unwrap_or_default(),
                    },
                };
                let mut program_types: Vec<(&str, Option<&str>)> = cells
                    .list(6)
                    .into_iter()
                    .map(|name| match name.split_once('=') {
                        Some((name, since)) => (name, Some(since)),
                        None => (name, None),
                    })
                    .collect();
                if let Some(more) = more.get(cells.get(0))
                    && !program_types.is_empty()
                {
                    program_types.extend(more.iter().map(|name| (*name, None)));
                }
                let helper = Helper {
                    name: cells.get(0),
                    id: cells.get(1).parse().unwrap_or(0),
                    returns: cells.get(2),
                    arguments: cells.get(3),
                    since: cells.get(4),
                    gpl,
                    program_types,
                    map_types: cells.list(7),
                };
                (helper.name, helper)
            })
            .collect()
    })
}

/// The helper of that name.
pub fn find(name: &str) -> Option<&'static Helper> {
    all().get(name)
}

impl Helper {
    /// Whether programs of a type (without prefix) may call it; `None` when the table does not say.
    pub fn allowed_for(&self, program_type: &str) -> Option<bool> {
        if self.program_types.is_empty() || program_type == "STRUCT_OPS" {
            return None;
        }
        Some(self.program_types.iter().any(|(name, _)| *name == program_type))
    }

    /// Whether it works on the program's context, or on what only one kind of program does (redirect
    /// a packet): no kernel will give such a helper to all program types, as happens with others.
    pub fn takes_context(&self) -> bool {
        const CONTEXTS: [&str; 11] = [
            "void *ctx",
            "struct __sk_buff *",
            "struct xdp_md *",
            "struct sk_msg_md *",
            "struct bpf_sock_ops *",
            "struct bpf_sysctl *",
            "struct bpf_sock_addr *",
            "struct sk_reuseport_md *",
            "struct bpf_perf_event_data *",
            "struct pt_regs *",
            "struct seq_file *",
        ];
        CONTEXTS.iter().any(|context| self.arguments.starts_with(context))
            || self.name.starts_with("bpf_redirect")
    }

    /// Whether a program of this type in this section needs a GPL compatible licence to call it;
    /// `false` also where it is not known.
    pub fn needs_gpl(&self, program_type: &str, section: &str) -> bool {
        let GplOnly::Yes { except } = &self.gpl else { return false };
        let kind = section.split('/').next().unwrap_or("").trim_start_matches('?');
        let kind = kind.strip_suffix(".s").unwrap_or(kind);
        !except.iter().any(|name| *name == program_type || *name == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_exceptions() {
        let read = find("bpf_probe_read").unwrap();
        assert_eq!(read.id, 4);
        assert!(read.needs_gpl("KPROBE", "kprobe/x"));
        assert_eq!(read.allowed_for("XDP"), Some(false));
        assert_eq!(read.allowed_for("STRUCT_OPS"), None);
        assert!(!find("bpf_map_lookup_elem").unwrap().needs_gpl("XDP", "xdp"));
        let but = all()
            .values()
            .find(|h| matches!(&h.gpl, GplOnly::Yes { except } if except.contains(&"usdt")));
        assert!(!but.unwrap().needs_gpl("KPROBE", "?usdt.s/a:b:c"));
    }
}
