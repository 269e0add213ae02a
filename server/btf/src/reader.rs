//! Reading a `.BTF` section.
//!
//! Takes the bytes of the section in either byte order and gives a [`Btf`], or a [`ReadError`] that
//! says what is wrong. What is accepted follows libbpf's `btf_parse_hdr`, `btf_parse_type_sec` and
//! `btf_sanity_check`, with the wider vlen and the longer header of Linux 7.1 (its part that tells
//! the layout of kinds is passed over). In addition types that contain themselves, or that refer to
//! themselves without a named struct or union in between, are refused, because no C program can say
//! them.
//!
//! Time and memory are linear in the length of the input: no count in the file is believed before
//! the bytes it speaks of are known to be there.

mod cursor;
mod cycles;
mod error;
mod strings;
mod types;

pub use error::{ReadError, TypeProblem};

use crate::graph::{Btf, Type};
use cursor::Cursor;
use strings::Strings;

/// `BTF_MAGIC`.
pub(crate) const MAGIC: u16 = 0xeb9f;
/// `BTF_VERSION`.
pub(crate) const VERSION: u8 = 1;
/// `sizeof(struct btf_header)`.
pub(crate) const HEADER_LEN: u32 = 24;
/// `sizeof(struct btf_type)`.
const TYPE_HEADER_LEN: usize = 12;

/// Byte order of a `.BTF` section.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ByteOrder {
    /// `bpfel`.
    Little,
    /// `bpfeb`.
    Big,
}

/// Byte order of a `.BTF` section as its magic tells it; `None` when this is no BTF.
pub fn byte_order(bytes: &[u8]) -> Option<ByteOrder> {
    let magic: [u8; 2] = bytes.get(..2)?.try_into().ok()?;
    if u16::from_le_bytes(magic) == MAGIC {
        Some(ByteOrder::Little)
    } else if u16::from_be_bytes(magic) == MAGIC {
        Some(ByteOrder::Big)
    } else {
        None
    }
}

/// Reads the bytes of a `.BTF` section (or of a `/sys/kernel/btf/vmlinux`).
///
/// Base BTF only: a module's split BTF refers to ids of its base.
///
/// # Errors
///
/// Where the kernel's parser would refuse the bytes: a wrong header, a type cut short, an id or a name out of range.
pub fn read(bytes: &[u8]) -> Result<Btf, ReadError> {
    let Some(magic) = bytes.get(..2) else {
        return Err(ReadError::NoHeader { len: bytes.len() });
    };
    let Some(order) = byte_order(bytes) else {
        return Err(ReadError::BadMagic([magic[0], magic[1]]));
    };
    let sections = Sections::find(bytes, order)?;
    let mut strings = Strings::new(sections.strings)?;
    let mut cursor = Cursor::new(sections.types, order);

    let mut btf = Btf::new();
    btf.types.reserve((sections.types.len() / TYPE_HEADER_LEN).min(1 << 20));
    while !cursor.is_at_end() {
        let id = u32::try_from(btf.types.len()).map_err(|_| ReadError::TooManyTypes)?;
        let ty = types::read_type(&mut cursor, &mut strings)
            .map_err(|problem| ReadError::Type { id, problem })?;
        btf.types.push(ty);
    }
    types::check_ids(&btf)?;
    cycles::check(&btf)?;
    btf.pointer_size = pointer_size(&btf);
    Ok(btf)
}

/// The two parts of a `.BTF` section.
struct Sections<'a> {
    types: &'a [u8],
    strings: &'a [u8],
}

impl<'a> Sections<'a> {
    fn find(bytes: &'a [u8], order: ByteOrder) -> Result<Self, ReadError> {
        let too_short = || ReadError::NoHeader { len: bytes.len() };
        let version = *bytes.get(2).ok_or_else(too_short)?;
        let mut header = Cursor::new(bytes.get(4..).ok_or_else(too_short)?, order);
        let mut field = || header.u32().ok_or_else(too_short);
        let header_len = field()?;
        let (type_offset, type_len) = (field()?, field()?);
        let (string_offset, string_len) = (field()?, field()?);
        if version != VERSION {
            return Err(ReadError::BadVersion(version));
        }
        if header_len < HEADER_LEN {
            return Err(ReadError::BadHeaderLength(header_len));
        }
        let body =
            bytes.get(header_len as usize..).ok_or(ReadError::BadHeaderLength(header_len))?;
        if !type_offset.is_multiple_of(4) {
            return Err(ReadError::MisalignedTypes { offset: type_offset });
        }
        let types = part(body, type_offset, type_len).ok_or(ReadError::SectionOutside {
            what: "type",
            offset: type_offset,
            len: type_len,
        })?;
        let strings = part(body, string_offset, string_len).ok_or(ReadError::SectionOutside {
            what: "string",
            offset: string_offset,
            len: string_len,
        })?;
        if u64::from(type_offset) + u64::from(type_len) > u64::from(string_offset) {
            return Err(ReadError::Overlap { type_offset, type_len, string_offset });
        }
        Ok(Sections { types, strings })
    }
}

fn part(body: &[u8], offset: u32, len: u32) -> Option<&[u8]> {
    body.get(offset as usize..)?.get(..len as usize)
}

/// The size of `long` as the BTF has it (libbpf `determine_ptr_size`), 8 when it has none.
fn pointer_size(btf: &Btf) -> u32 {
    btf.iter()
        .find_map(|(_, ty)| match ty {
            Type::Int(int) if matches!(int.size, 4 | 8) && is_long(&int.name) => Some(int.size),
            _ => None,
        })
        .unwrap_or(8)
}

/// Whether a base type's name is a spelling of `long` or `unsigned long`.
fn is_long(name: &str) -> bool {
    let (mut longs, mut ints, mut unsigneds) = (0, 0, 0);
    for word in name.split(' ') {
        match word {
            "long" => longs += 1,
            "int" => ints += 1,
            "unsigned" => unsigneds += 1,
            _ => return false,
        }
    }
    longs == 1 && ints <= 1 && unsigneds <= 1
}

#[cfg(test)]
mod tests;
