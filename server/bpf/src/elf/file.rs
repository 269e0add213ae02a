//! The ELF container: sections and symbols of a BPF object, whatever its byte order.
//!
//! Everything is bounded by the size of the file: a section outside the file, or a name outside its
//! string table, is an error.

use super::OpenError;
use object::Endianness;
use object::elf;
use object::read::elf::{FileHeader, Rel, SectionHeader, Sym};
use rustc_hash::FxHashMap;

/// An object file, taken apart.
pub(super) struct ElfFile<'a> {
    pub(super) endian: Endianness,
    /// By section index; number 0 is the null section.
    pub(super) sections: Vec<ElfSection<'a>>,
    /// By symbol index.
    pub(super) symbols: Vec<ElfSymbol<'a>>,
    by_name: FxHashMap<&'a str, usize>,
}

/// One section.
pub(super) struct ElfSection<'a> {
    pub(super) name: &'a str,
    pub(super) kind: elf::SectionType,
    pub(super) flags: u64,
    /// Size in bytes, in memory.
    pub(super) size: u64,
    pub(super) align: u64,
    /// Contents in the file; empty for NOBITS.
    pub(super) data: &'a [u8],
    /// Of a REL section: the section it applies to.
    pub(super) info: usize,
    /// Of a REL section: its entries.
    pub(super) relocations: Vec<Relocation>,
}

impl ElfSection<'_> {
    pub(super) fn is_nobits(&self) -> bool {
        self.kind == elf::SHT_NOBITS
    }

    pub(super) fn is_executable(&self) -> bool {
        self.flags & elf::SHF_EXECINSTR.0 != 0
    }

    /// Whether the section is one that is loaded and holds data.
    pub(super) fn is_data(&self) -> bool {
        self.flags & elf::SHF_ALLOC.0 != 0
            && !self.is_executable()
            && (self.is_nobits() || self.kind == elf::SHT_PROGBITS)
            && !self.name.starts_with(".BTF")
    }
}

/// One entry of a REL section.
#[derive(Clone, Copy)]
pub(super) struct Relocation {
    /// Offset in the section it applies to, in bytes.
    pub(super) offset: u64,
    /// Index of the symbol.
    pub(super) symbol: usize,
}

/// One symbol.
pub(super) struct ElfSymbol<'a> {
    pub(super) name: &'a str,
    pub(super) kind: elf::SymbolType,
    pub(super) bind: elf::SymbolBind,
    pub(super) visibility: elf::SymbolVisibility,
    /// Raw section index: 0 is undefined, 0xff00 and above are special.
    pub(super) section: usize,
    pub(super) value: u64,
    pub(super) size: u64,
}

impl ElfSymbol<'_> {
    pub(super) fn is_local(&self) -> bool {
        self.bind == elf::STB_LOCAL
    }

    pub(super) fn is_weak(&self) -> bool {
        self.bind == elf::STB_WEAK
    }

    pub(super) fn is_global_or_weak(&self) -> bool {
        self.bind == elf::STB_GLOBAL || self.bind == elf::STB_WEAK
    }

    /// Hidden or internal: libbpf treats the variable as static.
    pub(super) fn is_hidden(&self) -> bool {
        self.visibility == elf::STV_HIDDEN || self.visibility == elf::STV_INTERNAL
    }

    /// Undefined, of no type: what the compiler makes of a referenced `extern` (`sym_is_extern`).
    pub(super) fn is_extern(&self) -> bool {
        self.section == 0 && self.is_global_or_weak() && self.kind == elf::STT_NOTYPE
    }
}

fn damaged(what: &str) -> OpenError {
    OpenError::Elf(format!("damaged ELF file: {what}"))
}

/// A name as text, if it is UTF-8 without control characters, and `left` bytes of names still allow it.
fn text<'a>(name: Option<&'a [u8]>, left: &mut usize) -> Option<&'a str> {
    let name = name?;
    *left = left.checked_sub(name.len())?;
    std::str::from_utf8(name).ok().filter(|name| !name.contains(char::is_control))
}

impl<'a> ElfFile<'a> {
    /// Takes the file apart. Only relocatable 64-bit objects for BPF (or of no machine, as old clang
    /// wrote them) are accepted, as in `bpf_object__elf_init`.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, OpenError> {
        match bytes.get(..6) {
            Some([0x7f, b'E', b'L', b'F', 2, _]) => {}
            Some([0x7f, b'E', b'L', b'F', _, _]) => {
                return Err(OpenError::Elf("not a 64-bit ELF file".into()));
            }
            _ => return Err(OpenError::Elf("not an ELF file".into())),
        }
        let header = elf::FileHeader64::<Endianness>::parse(bytes)
            .map_err(|e| OpenError::Elf(e.to_string()))?;
        let endian = header.endian().map_err(|e| OpenError::Elf(e.to_string()))?;
        let machine = header.e_machine(endian);
        if header.e_type(endian) != elf::ET_REL || (machine.0 != 0 && machine != elf::EM_BPF) {
            return Err(OpenError::Elf("not a BPF object (relocatable, machine BPF)".into()));
        }
        let table = header.sections(endian, bytes).map_err(|e| damaged(&e.to_string()))?;
        // Headers may overlap: what is read through them must not outgrow the file by far.
        let mut names_left = bytes.len().saturating_mul(4);
        let mut entries_left = bytes.len() / 8;
        let mut sections = Vec::with_capacity(table.len());
        let mut by_name = FxHashMap::default();
        let mut symtab = None;
        for (index, raw) in table.iter().enumerate() {
            let name = text(table.section_name(endian, raw).ok(), &mut names_left)
                .ok_or_else(|| damaged(&format!("name of section {index}")))?;
            by_name.entry(name).or_insert(index);
            let kind = raw.sh_type(endian);
            let outside = || damaged(&format!("section {index} ({name}) lies outside the file"));
            let data = match kind {
                elf::SHT_NULL | elf::SHT_NOBITS => &[][..],
                _ => raw.data(endian, bytes).map_err(|_| outside())?,
            };
            if kind == elf::SHT_SYMTAB && symtab.replace(index).is_some() {
                return Err(damaged("more than one symbol table"));
            }
            let relocations = match raw.rel(endian, bytes) {
                Ok(Some((entries, _))) => {
                    entries_left = entries_left
                        .checked_sub(entries.len())
                        .ok_or_else(|| damaged("overlapping relocation sections"))?;
                    let entry = |r: &elf::Rel64<Endianness>| Relocation {
                        offset: r.r_offset(endian),
                        symbol: r.r_sym(endian) as usize,
                    };
                    entries.iter().map(entry).collect()
                }
                Ok(None) => Vec::new(),
                Err(_) => return Err(damaged(&format!("entries of section {index} ({name})"))),
            };
            sections.push(ElfSection {
                name,
                kind,
                flags: raw.sh_flags(endian).0,
                size: raw.sh_size(endian),
                align: raw.sh_addralign(endian).max(1),
                data,
                info: raw.sh_info(endian) as usize,
                relocations,
            });
        }
        let Some(symtab) = symtab else {
            return Err(OpenError::Elf("no symbol table: a stripped object?".into()));
        };
        let table = table
            .symbol_table_by_index(endian, bytes, object::SectionIndex(symtab))
            .map_err(|e| damaged(&e.to_string()))?;
        let mut symbols = Vec::with_capacity(table.len());
        for (index, raw) in table.enumerate() {
            let name = text(table.symbol_name(endian, raw).ok(), &mut names_left)
                .ok_or_else(|| damaged(&format!("name of symbol {}", index.0)))?;
            symbols.push(ElfSymbol {
                name,
                kind: raw.st_type(),
                bind: raw.st_bind(),
                visibility: raw.st_visibility(),
                section: usize::from(raw.st_shndx(endian).0),
                value: raw.st_value(endian),
                size: raw.st_size(endian),
            });
        }
        Ok(ElfFile { endian, sections, symbols, by_name })
    }

    /// The first section of that name.
    pub(super) fn section(&self, name: &str) -> Option<&ElfSection<'a>> {
        self.sections.get(*self.by_name.get(name)?)
    }
}
