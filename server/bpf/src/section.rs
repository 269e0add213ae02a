//! Section names: what libbpf makes of a data section, the name of its map, and the identifier that
//! bpftool gives it in a skeleton.

use codegen::placement::ARENA_SECTION;
use smol_str::SmolStr;

use crate::object::SectionKind;

/// Most characters of a map name in the kernel (`BPF_OBJ_NAME_LEN` without the final NUL).
const KERNEL_NAME_MAX: usize = 15;

/// Most characters of an object name in bpftool (`MAX_OBJ_NAME_LEN` without the final NUL).
const OBJECT_NAME_MAX: usize = 63;

impl SectionKind {
    /// The kind of a data section with that name; `nobits` tells whether it takes no room in the file.
    ///
    /// Names are exact, or a prefix that ends in a dot (`.data.x`, not `.datax`). Only `.bss` and
    /// `.bss.*` may be NOBITS, and they must be (`bpf_object__elf_collect`).
    pub fn of_section(name: &str, nobits: bool) -> SectionKind {
        let is = |base: &str| {
            name.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        match name {
            ".maps" => return SectionKind::Maps,
            "license" => return SectionKind::License,
            "version" => return SectionKind::Version,
            ".kconfig" => return SectionKind::Kconfig,
            ".ksyms" => return SectionKind::Ksyms,
            _ => {}
        }
        if nobits {
            return if is(".bss") { SectionKind::Bss } else { SectionKind::Other };
        }
        if is(".data") {
            SectionKind::Data
        } else if is(".rodata") {
            SectionKind::Rodata
        } else if is(".percpu") {
            SectionKind::Percpu
        } else if name == ARENA_SECTION {
            SectionKind::Arena
        } else if matches!(
            name.strip_prefix('?').unwrap_or(name),
            ".struct_ops" | ".struct_ops.link"
        ) {
            SectionKind::StructOps
        } else {
            SectionKind::Other
        }
    }

    /// Whether libbpf makes an internal map of a section of this kind.
    pub fn is_internal_map(self) -> bool {
        matches!(
            self,
            SectionKind::Data
                | SectionKind::Rodata
                | SectionKind::Bss
                | SectionKind::Percpu
                | SectionKind::Kconfig
        )
    }
}

/// The object name that bpftool derives from a file name: base name, one `.o` dropped, cut to 63
/// bytes, everything that is not an ASCII letter, digit or `_` as `_` (`get_obj_name`).
///
/// The cut comes before `.o` is looked for, as in bpftool.
pub fn object_name_of_file(file_name: &str) -> SmolStr {
    let base = file_name.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let bytes = base.as_bytes();
    let cut = bytes.get(..OBJECT_NAME_MAX).unwrap_or(bytes);
    identifier(cut.strip_suffix(b".o").unwrap_or(cut))
}

/// The object name of the skeleton that build rules make from a BPF C file: the base name without
/// `.bpf.c` or `.c` (so `foo` of `dir/foo.bpf.c`), made an identifier.
pub fn object_name_of_source(file_name: &str) -> SmolStr {
    let base = file_name.rsplit('/').next().unwrap_or_default();
    let stem = base.strip_suffix(".c").unwrap_or(base);
    let stem = stem.strip_suffix(".bpf").unwrap_or(stem);
    let bytes = stem.as_bytes();
    identifier(bytes.get(..OBJECT_NAME_MAX).unwrap_or(bytes))
}

/// A name in which every byte that is not an ASCII letter, digit or `_` became `_`
/// (`sanitize_identifier`).
pub fn identifier(name: impl AsRef<[u8]>) -> SmolStr {
    name.as_ref()
        .iter()
        .map(|b| if b.is_ascii_alphanumeric() || *b == b'_' { char::from(*b) } else { '_' })
        .collect::<String>()
        .into()
}

/// The name that `bpf_map__name()` gives for the internal map of a section.
///
/// `.data`, `.rodata`, `.bss` get the first 8 characters of the object name in front, `.kconfig` the
/// first 7; `.data.*`, `.rodata.*` and per-CPU sections keep their name in full; `.bss.*` is the
/// kernel's name: 15 characters, without odd ones (`internal_map_name`, `map_uses_real_name`).
pub fn internal_map_name(object: &str, section: &str, kind: SectionKind) -> SmolStr {
    let real_name = match kind {
        SectionKind::Data => section != ".data",
        SectionKind::Rodata => section != ".rodata",
        SectionKind::Percpu => true,
        _ => false,
    };
    if real_name { section.into() } else { kernel_map_name(object, section, kind) }
}

/// The name under which the kernel knows the internal map of a section (at most 15 characters).
pub fn kernel_map_name(object: &str, section: &str, kind: SectionKind) -> SmolStr {
    let custom = kind == SectionKind::Percpu || section.get(1..).is_some_and(|s| s.contains('.'));
    let reserved = section.len().clamp(7, KERNEL_NAME_MAX);
    let prefix = if custom { 0 } else { KERNEL_NAME_MAX - reserved };
    let prefix = object.bytes().take(prefix);
    prefix
        .chain(section.bytes().take(KERNEL_NAME_MAX))
        .map(|b| {
            let plain = b.is_ascii_alphanumeric() || b == b'_' || b == b'.';
            if plain { char::from(b) } else { '_' }
        })
        .collect::<String>()
        .into()
}

/// The member name that bpftool gives an internal map in the skeleton, or `None` where it ignores the
/// map (`get_map_ident`).
///
/// The name starts at the first of `.data`, `.rodata`, `.bss`, `.kconfig` (tested in that order) found
/// in the map's name, without the dot; a per-CPU map is its whole section name without the first dot.
pub fn map_ident(map_name: &str, kind: SectionKind) -> Option<SmolStr> {
    if kind == SectionKind::Percpu {
        return Some(identifier(map_name.strip_prefix('.').unwrap_or(map_name)));
    }
    let at = [".data", ".rodata", ".bss", ".kconfig"].iter().find_map(|s| map_name.find(s))?;
    map_name.get(at + 1..).map(identifier)
}

/// The name that bpftool gives a DATASEC's struct, or `None` for sections without one
/// (`get_datasec_ident`): a prefix match without a test for the dot.
pub fn datasec_ident(section: &str) -> Option<SmolStr> {
    if section == ARENA_SECTION {
        return Some("arena".into());
    }
    let known = [".data", ".rodata", ".bss", ".percpu", ".kconfig"];
    known.iter().any(|p| section.starts_with(p)).then(|| identifier(section.get(1..).unwrap_or("")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_need_the_exact_name_or_a_dot() {
        let kind = |n: &str| SectionKind::of_section(n, false);
        assert_eq!(kind(".data.foo"), SectionKind::Data);
        assert_eq!(kind(".datax"), SectionKind::Other);
        assert_eq!(kind(".data.percpu"), SectionKind::Data);
        assert_eq!(kind(".percpu.data"), SectionKind::Percpu);
        assert_eq!(kind(".percpu1"), SectionKind::Other);
        assert_eq!(kind(".bss"), SectionKind::Other);
        assert_eq!(SectionKind::of_section(".bss.x", true), SectionKind::Bss);
        assert_eq!(SectionKind::of_section(".percpu", true), SectionKind::Other);
        assert_eq!(kind("?.struct_ops.link"), SectionKind::StructOps);
    }

    #[test]
    fn internal_map_names() {
        let name = |section: &str| {
            let kind = SectionKind::of_section(section, section.starts_with(".bss"));
            internal_map_name("my_object_name", section, kind)
        };
        assert_eq!(name(".rodata"), "my_objec.rodata");
        assert_eq!(name(".bss"), "my_objec.bss");
        assert_eq!(name(".kconfig"), "my_obje.kconfig");
        assert_eq!(name(".rodata.abracadabra"), ".rodata.abracadabra");
        assert_eq!(name(".bss.abracadabra_long"), ".bss.abracadabr");
        assert_eq!(name(".percpu"), ".percpu");
        assert_eq!(
            kernel_map_name("obj", ".percpu.very-long-name", SectionKind::Percpu),
            ".percpu.very_lo"
        );
    }

    #[test]
    fn identifiers_of_maps() {
        assert_eq!(map_ident("my_objec.rodata", SectionKind::Rodata).unwrap(), "rodata");
        assert_eq!(map_ident(".rodata.str1.1", SectionKind::Rodata).unwrap(), "rodata_str1_1");
        assert_eq!(map_ident(".percpu.data", SectionKind::Percpu).unwrap(), "percpu_data");
        assert_eq!(datasec_ident(".percpu.a.b").unwrap(), "percpu_a_b");
        assert_eq!(datasec_ident(".addr_space.1").unwrap(), "arena");
        assert_eq!(datasec_ident(".maps"), None);
    }

    #[test]
    fn object_names() {
        assert_eq!(object_name_of_file("dir/foo-bar.bpf.o"), "foo_bar_bpf");
        assert_eq!(object_name_of_source("dir/foo-bar.bpf.c"), "foo_bar");
    }
}
