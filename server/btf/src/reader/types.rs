//! Reading one `struct btf_type` with what follows it, kind by kind.

use super::cursor::Cursor;
use super::strings::Strings;
use super::{ReadError, TypeProblem};
use crate::graph::{
    Btf, Composite, DatasecEntry, EnumType, Enumerator, Function, IntType, Linkage, Member, Param,
    Type, TypeId,
};

/// `btf_type` without its name: `word` is the size or the type id.
struct Header {
    name: smol_str::SmolStr,
    vlen: u32,
    kflag: bool,
    word: u32,
}

impl Header {
    fn target(&self) -> TypeId {
        TypeId(self.word)
    }
}

/// Reads the next type. Ids in it are not checked yet: they may point forwards.
pub(super) fn read_type(
    cursor: &mut Cursor<'_>,
    strings: &mut Strings<'_>,
) -> Result<Type, TypeProblem> {
    let name = strings.get(word(cursor)?)?;
    // Since Linux 7.1 vlen has 24 bits and kind has 7; before, the bits gained were 0.
    let info = word(cursor)?;
    let header =
        Header { name, vlen: info & 0xff_ffff, kflag: info >> 31 == 1, word: word(cursor)? };
    Ok(match info >> 24 & 0x7f {
        1 => Type::Int(int(header, word(cursor)?)?),
        2 => Type::Ptr(header.target()),
        3 => Type::Array {
            elem: TypeId(word(cursor)?),
            index: TypeId(word(cursor)?),
            len: word(cursor)?,
        },
        4 => Type::Struct(composite(header, cursor, strings)?),
        5 => Type::Union(composite(header, cursor, strings)?),
        6 => Type::Enum(enumeration(header, cursor, strings)?),
        7 => Type::Fwd { name: header.name, is_union: header.kflag },
        8 => Type::Typedef { to: header.target(), name: header.name },
        9 => Type::Volatile(header.target()),
        10 => Type::Const(header.target()),
        11 => Type::Restrict(header.target()),
        12 => Type::Func(Function {
            proto: header.target(),
            linkage: linkage(header.vlen)?,
            name: header.name,
        }),
        13 => Type::FuncProto {
            ret: header.target(),
            params: list(header.vlen, 8, cursor, |cursor| {
                Ok(Param { name: strings.get(word(cursor)?)?, ty: TypeId(word(cursor)?) })
            })?,
        },
        14 => {
            Type::Var { ty: header.target(), name: header.name, linkage: linkage(word(cursor)?)? }
        }
        15 => Type::Datasec {
            size: header.word,
            name: header.name,
            entries: list(header.vlen, 12, cursor, |cursor| {
                Ok(DatasecEntry {
                    ty: TypeId(word(cursor)?),
                    offset: word(cursor)?,
                    size: word(cursor)?,
                })
            })?,
        },
        16 => Type::Float { size: header.word, name: header.name },
        17 => Type::DeclTag {
            ty: header.target(),
            name: header.name,
            component: word(cursor)? as i32,
        },
        18 => Type::TypeTag { to: header.target(), name: header.name },
        19 => Type::Enum64(enumeration64(header, cursor, strings)?),
        kind => return Err(TypeProblem::UnknownKind(kind)),
    })
}

fn word(cursor: &mut Cursor<'_>) -> Result<u32, TypeProblem> {
    cursor.u32().ok_or(TypeProblem::Truncated)
}

/// Reads `vlen` things of `each` bytes, after checking that so many bytes are left.
fn list<T>(
    vlen: u32,
    each: usize,
    cursor: &mut Cursor<'_>,
    mut read: impl FnMut(&mut Cursor<'_>) -> Result<T, TypeProblem>,
) -> Result<Vec<T>, TypeProblem> {
    let count = vlen as usize;
    if count.checked_mul(each).is_none_or(|bytes| bytes > cursor.remaining()) {
        return Err(TypeProblem::TooManyMembers { vlen });
    }
    let mut items = Vec::with_capacity(count);
    for _ in 0..count {
        items.push(read(cursor)?);
    }
    Ok(items)
}

fn int(header: Header, word: u32) -> Result<IntType, TypeProblem> {
    let encoding = word >> 24 & 0xf;
    if encoding & !0b111 != 0 {
        return Err(TypeProblem::BadEncoding(encoding));
    }
    Ok(IntType {
        name: header.name,
        size: header.word,
        bits: (word & 0xff) as u8,
        offset: (word >> 16 & 0xff) as u8,
        signed: encoding & 1 != 0,
        is_char: encoding & 2 != 0,
        is_bool: encoding & 4 != 0,
    })
}

fn composite(
    header: Header,
    cursor: &mut Cursor<'_>,
    strings: &mut Strings<'_>,
) -> Result<Composite, TypeProblem> {
    let members = list(header.vlen, 12, cursor, |cursor| {
        let name = strings.get(word(cursor)?)?;
        let ty = TypeId(word(cursor)?);
        let offset = word(cursor)?;
        // With kflag the upper byte is the width of a bit-field.
        let (offset_bits, bitfield_bits) =
            if header.kflag { (offset & 0xff_ffff, (offset >> 24) as u8) } else { (offset, 0) };
        Ok(Member { name, ty, offset_bits, bitfield_bits })
    })?;
    Ok(Composite { name: header.name, size: header.word, members })
}

fn enumeration(
    header: Header,
    cursor: &mut Cursor<'_>,
    strings: &mut Strings<'_>,
) -> Result<EnumType, TypeProblem> {
    let signed = header.kflag;
    let values = list(header.vlen, 8, cursor, |cursor| {
        let name = strings.get(word(cursor)?)?;
        let value = word(cursor)?;
        let value = if signed { i64::from(value as i32) } else { i64::from(value) };
        Ok(Enumerator { name, value })
    })?;
    Ok(EnumType { name: header.name, size: header.word, signed, values })
}

fn enumeration64(
    header: Header,
    cursor: &mut Cursor<'_>,
    strings: &mut Strings<'_>,
) -> Result<EnumType, TypeProblem> {
    let values = list(header.vlen, 12, cursor, |cursor| {
        let name = strings.get(word(cursor)?)?;
        let (low, high) = (word(cursor)?, word(cursor)?);
        Ok(Enumerator { name, value: (u64::from(high) << 32 | u64::from(low)) as i64 })
    })?;
    Ok(EnumType { name: header.name, size: header.word, signed: header.kflag, values })
}

fn linkage(number: u32) -> Result<Linkage, TypeProblem> {
    match number {
        0 => Ok(Linkage::Static),
        1 => Ok(Linkage::Global),
        2 => Ok(Linkage::Extern),
        _ => Err(TypeProblem::BadLinkage(number)),
    }
}

/// Checks that every id exists, and that functions have prototypes.
pub(super) fn check_ids(btf: &Btf) -> Result<(), ReadError> {
    for (id, ty) in btf.iter() {
        let mut missing = None;
        ty.for_each_ref(|to| {
            if to.0 as usize >= btf.types.len() {
                missing.get_or_insert(to.0);
            }
        });
        let problem = match (missing, ty) {
            (Some(to), _) => TypeProblem::NoSuchType(to),
            (None, Type::Func(func)) if !matches!(btf.get(func.proto), Type::FuncProto { .. }) => {
                TypeProblem::NotAPrototype(func.proto.0)
            }
            _ => continue,
        };
        return Err(ReadError::Type { id: id.0, problem });
    }
    Ok(())
}
