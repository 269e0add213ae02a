//! Which sources an object says that it was made of.
//!
//! clang names the source in a FILE symbol, which `llvm-strip -g` takes away, and the file of each
//! statement in the line information of `.BTF.ext`, which stays. bpftool's linker keeps both of each input.

use super::{OpenError, file::ElfFile};
use object::{Endianness, elf::STT_FILE};
use smol_str::SmolStr;
use std::collections::BTreeSet;

/// More names than this are no build's.
const MAX_SOURCES: usize = 4096;

/// The C sources (`.c`) that the object names, as the compiler was given them (often with an absolute
/// path in line information, without a folder in symbols); headers are left out. Empty when it does not
/// say: no line information (`-g`), or a compiler that read its input from a pipe.
///
/// # Errors
///
/// When the bytes are no ELF file for BPF.
pub fn sources(bytes: &[u8]) -> Result<Vec<SmolStr>, OpenError> {
    let elf = ElfFile::parse(bytes)?;
    let mut found = line_info_files(&elf).unwrap_or_default();
    if found.is_empty() {
        let files = elf.symbols.iter().filter(|s| s.kind == STT_FILE).map(|s| s.name);
        found.extend(files.filter(|name| is_c(name)).take(MAX_SOURCES));
    }
    Ok(found.into_iter().map(SmolStr::new).collect())
}

fn is_c(name: &str) -> bool {
    name.ends_with(".c")
}

/// The C files of the line information (`struct btf_ext_header`, `struct bpf_line_info`).
fn line_info_files<'a>(elf: &ElfFile<'a>) -> Option<BTreeSet<&'a str>> {
    let order = elf.endian;
    let strings = strings(elf.section(".BTF")?.data, order)?;
    let ext = elf.section(".BTF.ext")?.data;
    let body = ext.get(u32_at(ext, 4, order)? as usize..)?;
    let (start, length) = (u32_at(ext, 16, order)? as usize, u32_at(ext, 20, order)? as usize);
    let info = body.get(start..)?.get(..length)?;
    let record = u32_at(info, 0, order)? as usize;
    if record < 16 {
        return None;
    }
    let mut offsets = BTreeSet::new();
    let mut rest = info.get(4..)?;
    while !rest.is_empty() {
        let count = u32_at(rest, 4, order)? as usize;
        let length = count.checked_mul(record)?;
        let records = rest.get(8..)?.get(..length)?;
        for line in records.chunks_exact(record) {
            if offsets.len() < MAX_SOURCES {
                offsets.extend(u32_at(line, 4, order));
            }
        }
        rest = rest.get(8 + length..)?;
    }
    let name = |offset: u32| {
        let text = strings.get(offset as usize..)?;
        let end = text.iter().position(|byte| *byte == 0)?;
        std::str::from_utf8(text.get(..end)?).ok()
    };
    Some(offsets.into_iter().filter_map(name).filter(|name| is_c(name)).collect())
}

/// The string table of a `.BTF` section.
fn strings(btf: &[u8], order: Endianness) -> Option<&[u8]> {
    let body = btf.get(u32_at(btf, 4, order)? as usize..)?;
    body.get(u32_at(btf, 16, order)? as usize..)?.get(..u32_at(btf, 20, order)? as usize)
}

fn u32_at(bytes: &[u8], at: usize, order: Endianness) -> Option<u32> {
    let word: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(match order {
        Endianness::Little => u32::from_le_bytes(word),
        Endianness::Big => u32::from_be_bytes(word),
    })
}
