//! Map types and what the kernel asks of each.

use std::sync::OnceLock;

use super::rows;

/// A map type.
#[derive(Debug)]
pub struct MapType {
    /// `BPF_MAP_TYPE_HASH`
    pub name: &'static str,
    /// Its number in `enum bpf_map_type`.
    pub number: u32,
    /// Key sizes that the kernel takes.
    pub key_size: SizeRule,
    /// Value sizes that the kernel takes.
    pub value_size: SizeRule,
    /// Numbers of entries that the kernel takes.
    pub max_entries: SizeRule,
    /// Flags without which creation fails.
    pub required_flags: Vec<&'static str>,
    /// Flags of the 6.12 header (and `*` newer ones, star removed) that it takes.
    pub allowed_flags: Vec<&'static str>,
    /// Whether creation fails without BTF types of key and value.
    pub needs_btf_types: bool,
    /// What the kernel wants of the key's BTF type: `int`, `struct`, `any`, `none`, `refused` ...
    pub key_btf: &'static str,
    /// Whether the values are maps.
    pub holds_maps: bool,
    /// Whether user space moves one value a CPU.
    pub per_cpu: bool,
    /// Special fields that a value may hold (`spin_lock`, `timer` ...; `*` = newer than 6.12).
    pub special_fields: Vec<&'static str>,
    /// First kernel.
    pub since: &'static str,
    /// Whether the row was read from the kernel's code (else only from documents).
    pub read_from_code: bool,
}

/// What sizes or counts are taken, as far as the table says.
#[derive(Debug, Clone, PartialEq)]
pub enum SizeRule {
    /// Exactly one of these.
    OneOf(Vec<u64>),
    /// Anything in a range.
    Between(u64, u64),
    /// At least 1, at most 32 KiB rounded up to a page (`PCPU_MIN_UNIT_SIZE`).
    PercpuValue,
    /// At least 1, at most what local storage takes (`BPF_LOCAL_STORAGE_MAX_VALUE_SIZE`).
    StorageValue,
    /// A multiple.
    MultipleOf(u64),
    /// A page size times a power of two.
    PagesPowerOfTwo,
    /// Not said.
    Unknown,
}

impl SizeRule {
    fn parse(cell: &str) -> SizeRule {
        let number = |text: &str| text.parse::<u64>().ok();
        if cell == ">0" {
            return SizeRule::Between(1, u64::MAX);
        }
        if cell == "page*2^n" {
            return SizeRule::PagesPowerOfTwo;
        }
        if let Some(unit) = cell.strip_suffix('n').and_then(number) {
            return SizeRule::MultipleOf(unit);
        }
        if let Some((from, to)) = cell.split_once("..") {
            return match (number(from), number(to), to) {
                (Some(from), Some(to), _) => SizeRule::Between(from, to),
                (_, _, "percpu_max") => SizeRule::PercpuValue,
                (_, _, "storage_max") => SizeRule::StorageValue,
                (Some(from), None, _) => SizeRule::Between(from, u64::MAX),
                _ => SizeRule::Unknown,
            };
        }
        let sizes: Option<Vec<u64>> = cell.split('|').map(number).collect();
        sizes.map_or(SizeRule::Unknown, SizeRule::OneOf)
    }

    /// Whether a size is taken; `None` where the table or the host decides.
    pub fn takes(&self, size: u64) -> Option<bool> {
        match self {
            SizeRule::OneOf(sizes) => Some(sizes.contains(&size)),
            SizeRule::Between(from, to) => Some((*from..=*to).contains(&size)),
            // Between the limits of 4 KiB and of 64 KiB pages the host decides.
            SizeRule::PercpuValue => match size.div_ceil(8).saturating_mul(8) {
                0 => Some(false),
                size if size > 64 << 10 => Some(false),
                size if size > 32 << 10 => None,
                _ => Some(true),
            },
            SizeRule::StorageValue => match size {
                0 => Some(false),
                size if size >= 64 << 10 => Some(false),
                size if size > 65_000 => None,
                _ => Some(true),
            },
            SizeRule::MultipleOf(unit) => Some(size != 0 && size.is_multiple_of(*unit)),
            SizeRule::PagesPowerOfTwo | SizeRule::Unknown => None,
        }
    }
}

/// All map types in the order of their numbers.
pub fn all() -> &'static [MapType] {
    static ROWS: OnceLock<Vec<MapType>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let mut number = 0;
        rows(include_str!("../../tables/maps.tsv"))
            .map(|cells| {
                let name = cells.get(0);
                number += 1;
                let this = number;
                if name.ends_with("_DEPRECATED") {
                    // The row of the current name of the same number follows.
                    number -= 1;
                }
                MapType {
                    name,
                    number: this,
                    key_size: SizeRule::parse(cells.get(1)),
                    value_size: SizeRule::parse(cells.get(2)),
                    max_entries: SizeRule::parse(cells.get(3)),
                    required_flags: cells.list(4),
                    allowed_flags: cells
                        .list(5)
                        .iter()
                        .map(|flag| flag.trim_end_matches('*'))
                        .collect(),
                    needs_btf_types: cells.get(6) == "key+value",
                    key_btf: cells.get(7),
                    holds_maps: cells.flag(8),
                    per_cpu: cells.get(10).starts_with("percpu"),
                    special_fields: cells.list(11),
                    since: cells.get(12),
                    read_from_code: cells.get(14) == "read",
                }
            })
            .collect()
    })
}

/// The map type with a number of `enum bpf_map_type`.
pub fn by_number(number: u32) -> Option<&'static MapType> {
    all().iter().rfind(|row| row.number == number)
}

/// The map type with a name, `BPF_MAP_TYPE_` included.
pub fn by_name(name: &str) -> Option<&'static MapType> {
    all().iter().find(|row| row.name == name)
}

/// The `BPF_F_*` map creation flags by value, from `include/uapi/linux/bpf.h` of 6.12.
pub const FLAGS: &[(&str, u32)] = &[
    ("BPF_F_NO_PREALLOC", 1 << 0),
    ("BPF_F_NO_COMMON_LRU", 1 << 1),
    ("BPF_F_NUMA_NODE", 1 << 2),
    ("BPF_F_RDONLY", 1 << 3),
    ("BPF_F_WRONLY", 1 << 4),
    ("BPF_F_STACK_BUILD_ID", 1 << 5),
    ("BPF_F_ZERO_SEED", 1 << 6),
    ("BPF_F_RDONLY_PROG", 1 << 7),
    ("BPF_F_WRONLY_PROG", 1 << 8),
    ("BPF_F_CLONE", 1 << 9),
    ("BPF_F_MMAPABLE", 1 << 10),
    ("BPF_F_PRESERVE_ELEMS", 1 << 11),
    ("BPF_F_INNER_MAP", 1 << 12),
    ("BPF_F_LINK", 1 << 13),
    ("BPF_F_PATH_FD", 1 << 14),
    ("BPF_F_VTYPE_BTF_OBJ_FD", 1 << 15),
    ("BPF_F_TOKEN_FD", 1 << 16),
    ("BPF_F_SEGV_ON_FAULT", 1 << 17),
    ("BPF_F_NO_USER_CONV", 1 << 18),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_kernels_enum() {
        for (name, number) in [
            ("BPF_MAP_TYPE_HASH", 1),
            ("BPF_MAP_TYPE_PERCPU_ARRAY", 6),
            ("BPF_MAP_TYPE_CGROUP_STORAGE", 19),
            ("BPF_MAP_TYPE_REUSEPORT_SOCKARRAY", 20),
            ("BPF_MAP_TYPE_QUEUE", 22),
            ("BPF_MAP_TYPE_RINGBUF", 27),
            ("BPF_MAP_TYPE_ARENA", 33),
        ] {
            assert_eq!(by_name(name).map(|row| row.number), Some(number), "{name}");
        }
        assert_eq!(by_number(19).unwrap().name, "BPF_MAP_TYPE_CGROUP_STORAGE");
    }

    #[test]
    fn size_rules() {
        let lpm = by_name("BPF_MAP_TYPE_LPM_TRIE").unwrap();
        assert_eq!(
            [4, 5, 260, 261].map(|n| lpm.key_size.takes(n).unwrap()),
            [false, true, true, false]
        );
        let percpu = by_name("BPF_MAP_TYPE_PERCPU_ARRAY").unwrap();
        assert_eq!(percpu.value_size.takes(32 << 10), Some(true));
        assert_eq!(percpu.value_size.takes((32 << 10) + 1), None);
        assert_eq!(percpu.value_size.takes((64 << 10) + 1), Some(false));
        let stack = by_name("BPF_MAP_TYPE_STACK_TRACE").unwrap();
        assert_eq!(stack.value_size.takes(12), Some(false));
    }
}
