//! Writing ELF files as the compiler lays them out: header, sections, section headers.

use std::ops::Range;

use btf::ByteOrder;

use super::damage::word;

const SYMTAB: u32 = 2;
const STRTAB: u32 = 3;
/// `SHT_REL`
pub(super) const REL: u32 = 9;

/// A section, its header's fields with their numbers of the ELF specification.
#[derive(Default)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) kind: u32,
    pub(super) flags: u64,
    /// In memory, where that is not in the file.
    pub(super) size: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) link: u64,
    pub(super) info: u64,
    pub(super) align: u64,
    pub(super) entry: u64,
}

/// An object file for BPF.
pub(super) struct File {
    pub(super) order: ByteOrder,
    pub(super) sections: Vec<Section>,
    /// `Elf64_Sym`: name, info, other, section, value, size.
    pub(super) symbols: Vec<[u64; 6]>,
    /// Names of the symbols.
    names: Vec<u8>,
}

impl File {
    /// A file with nothing in it.
    pub(super) fn new(order: ByteOrder) -> File {
        File { order, sections: vec![Section::default()], symbols: vec![[0; 6]], names: vec![0] }
    }

    /// Adds a symbol; `fields` are `st_info`, `st_other`, `st_shndx`, `st_value` and `st_size`.
    pub(super) fn symbol(&mut self, name: &str, fields: [u64; 5]) {
        let at = self.names.len() as u64;
        self.names.extend_from_slice(name.as_bytes());
        self.names.push(0);
        let [info, other, section, value, size] = fields;
        self.symbols.push([at, info, other, section, value, size]);
    }

    /// The bytes of the file, and its parts: header, sections, section headers.
    pub(super) fn write(mut self) -> (Vec<u8>, Vec<Range<usize>>) {
        let symtab = self.sections.len() as u64;
        for section in self.sections.iter_mut().filter(|section| section.kind == REL) {
            section.link = symtab;
        }
        let widths = [4, 1, 1, 2, 8, 8];
        let symbols = self.symbols.iter().flat_map(|symbol| {
            symbol.iter().zip(widths).flat_map(|(field, width)| word(self.order, *field, width))
        });
        let symbols = symbols.collect();
        let names = std::mem::take(&mut self.names);
        self.sections.push(Section {
            name: ".symtab".into(),
            kind: SYMTAB,
            link: symtab + 1,
            info: 1,
            bytes: symbols,
            align: 8,
            entry: 24,
            ..Section::default()
        });
        let table = |name: &str, bytes| Section {
            name: name.into(),
            kind: STRTAB,
            bytes,
            align: 1,
            ..Section::default()
        };
        self.sections.push(table(".strtab", names));
        let mut names = vec![0];
        let mut name_at = Vec::new();
        self.sections.push(table(".shstrtab", Vec::new()));
        for section in &self.sections {
            name_at.push(names.len() as u64);
            names.extend_from_slice(section.name.as_bytes());
            names.push(0);
        }
        if let Some(last) = self.sections.last_mut() {
            last.bytes = names;
        }
        self.lay_out(&name_at)
    }

    fn lay_out(&self, name_at: &[u64]) -> (Vec<u8>, Vec<Range<usize>>) {
        let order = self.order;
        let mut bytes = vec![0; 64];
        // What stands before is known to every reader.
        let header = 16..64;
        let mut parts = Vec::from([header]);
        let mut headers = Vec::new();
        for (section, name) in self.sections.iter().zip(name_at) {
            bytes.resize(bytes.len().next_multiple_of(8), 0);
            let start = bytes.len();
            bytes.extend_from_slice(&section.bytes);
            parts.push(start..bytes.len());
            let size = section.size.max(section.bytes.len() as u64);
            let Section { kind, flags, link, info, align, entry, .. } = *section;
            let fields = [
                (*name, 4),
                (u64::from(kind), 4),
                (flags, 8),
                (0, 8),
                (start as u64, 8),
                (size, 8),
                (link, 4),
                (info, 4),
                (align, 8),
                (entry, 8),
            ];
            headers.extend(fields.into_iter().flat_map(|(value, width)| word(order, value, width)));
        }
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        let (table, count) = (bytes.len(), self.sections.len() as u64);
        bytes.extend_from_slice(&headers);
        parts.push(table..bytes.len());
        let data = if order == ByteOrder::Little { 1 } else { 2 };
        let mut header = vec![0x7f, b'E', b'L', b'F', 2, data, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        // Relocatable, for BPF.
        let fields = [
            (1, 2),
            (247, 2),
            (1, 4),
            (0, 8),
            (0, 8),
            (table as u64, 8),
            (0, 4),
            (64, 2),
            (0, 2),
            (0, 2),
            (64, 2),
            (count, 2),
            (count - 1, 2),
        ];
        header.extend(fields.into_iter().flat_map(|(value, width)| word(order, value, width)));
        bytes.splice(..64, header);
        (bytes, parts)
    }
}
