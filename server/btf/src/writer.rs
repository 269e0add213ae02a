//! Writing a `.BTF` section: the inverse of [`crate::reader`].

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::graph::{Btf, Composite, EnumType, Linkage, Type};
use crate::reader::{ByteOrder, HEADER_LEN, MAGIC, VERSION};

/// The bytes of a `.BTF` section with these types.
///
/// `None` when the graph cannot be said in BTF: more than 2^24 - 1 members, a bit-field beyond the
/// 24 bits there are for its offset, or more than 4 GiB.
pub fn write(btf: &Btf, order: ByteOrder) -> Option<Vec<u8>> {
    let mut writer = Writer { order, types: Vec::new(), strings: Strings::default() };
    for (_, ty) in btf.iter() {
        writer.ty(ty)?;
    }
    let Writer { types, strings, .. } = writer;
    let type_len = u32::try_from(types.len()).ok()?;
    let string_len = u32::try_from(strings.bytes.len()).ok()?;
    let mut bytes = Vec::with_capacity(HEADER_LEN as usize + types.len() + strings.bytes.len());
    bytes.extend_from_slice(&match order {
        ByteOrder::Little => MAGIC.to_le_bytes(),
        ByteOrder::Big => MAGIC.to_be_bytes(),
    });
    bytes.extend_from_slice(&[VERSION, 0]);
    for word in [HEADER_LEN, 0, type_len, type_len, string_len] {
        push(&mut bytes, order, word);
    }
    bytes.extend_from_slice(&types);
    bytes.extend_from_slice(&strings.bytes);
    Some(bytes)
}

fn push(bytes: &mut Vec<u8>, order: ByteOrder, word: u32) {
    bytes.extend_from_slice(&match order {
        ByteOrder::Little => word.to_le_bytes(),
        ByteOrder::Big => word.to_be_bytes(),
    });
}

/// The string part: each name once, the empty one at 0.
struct Strings {
    bytes: Vec<u8>,
    offsets: FxHashMap<SmolStr, u32>,
}

impl Default for Strings {
    fn default() -> Self {
        Strings { bytes: vec![0], offsets: FxHashMap::default() }
    }
}

impl Strings {
    /// The offset of a name; `None` when there is no room or the name has a NUL in it.
    fn offset(&mut self, name: &SmolStr) -> Option<u32> {
        if name.is_empty() {
            return Some(0);
        }
        if let Some(&known) = self.offsets.get(name) {
            return Some(known);
        }
        if name.contains('\0') {
            return None;
        }
        let offset = u32::try_from(self.bytes.len()).ok()?;
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.offsets.insert(name.clone(), offset);
        Some(offset)
    }
}

struct Writer {
    order: ByteOrder,
    types: Vec<u8>,
    strings: Strings,
}

impl Writer {
    fn word(&mut self, word: u32) {
        push(&mut self.types, self.order, word);
    }

    fn name(&mut self, name: &SmolStr) -> Option<()> {
        let offset = self.strings.offset(name)?;
        self.word(offset);
        Some(())
    }

    /// `struct btf_type`: `word` is the size or the type id.
    fn header(
        &mut self,
        name: &SmolStr,
        kind: u32,
        kflag: bool,
        vlen: usize,
        word: u32,
    ) -> Option<()> {
        let vlen = u32::try_from(vlen).ok().filter(|vlen| *vlen < 1 << 24)?;
        self.name(name)?;
        self.word(u32::from(kflag) << 31 | kind << 24 | vlen);
        self.word(word);
        Some(())
    }

    fn ty(&mut self, ty: &Type) -> Option<()> {
        let anonymous = SmolStr::default();
        match ty {
            Type::Void => return None,
            Type::Int(int) => {
                self.header(&int.name, 1, false, 0, int.size)?;
                let encoding = u32::from(int.signed)
                    | u32::from(int.is_char) << 1
                    | u32::from(int.is_bool) << 2;
                self.word(encoding << 24 | u32::from(int.offset) << 16 | u32::from(int.bits));
            }
            Type::Ptr(to) => self.header(&anonymous, 2, false, 0, to.0)?,
            Type::Array { elem, index, len } => {
                self.header(&anonymous, 3, false, 0, 0)?;
                self.word(elem.0);
                self.word(index.0);
                self.word(*len);
            }
            Type::Struct(composite) => self.composite(4, composite)?,
            Type::Union(composite) => self.composite(5, composite)?,
            Type::Enum(e) => self.enumeration(6, e)?,
            Type::Fwd { name, is_union } => self.header(name, 7, *is_union, 0, 0)?,
            Type::Typedef { name, to } => self.header(name, 8, false, 0, to.0)?,
            Type::Volatile(to) => self.header(&anonymous, 9, false, 0, to.0)?,
            Type::Const(to) => self.header(&anonymous, 10, false, 0, to.0)?,
            Type::Restrict(to) => self.header(&anonymous, 11, false, 0, to.0)?,
            Type::Func(func) => {
                self.header(&func.name, 12, false, number(func.linkage) as usize, func.proto.0)?
            }
            Type::FuncProto { ret, params } => {
                self.header(&anonymous, 13, false, params.len(), ret.0)?;
                for param in params {
                    self.name(&param.name)?;
                    self.word(param.ty.0);
                }
            }
            Type::Var { name, ty, linkage } => {
                self.header(name, 14, false, 0, ty.0)?;
                self.word(number(*linkage));
            }
            Type::Datasec { name, size, entries } => {
                self.header(name, 15, false, entries.len(), *size)?;
                for entry in entries {
                    self.word(entry.ty.0);
                    self.word(entry.offset);
                    self.word(entry.size);
                }
            }
            Type::Float { name, size } => self.header(name, 16, false, 0, *size)?,
            Type::DeclTag { name, ty, component } => {
                self.header(name, 17, false, 0, ty.0)?;
                self.word(*component as u32);
            }
            Type::TypeTag { name, to } => self.header(name, 18, false, 0, to.0)?,
            Type::Enum64(e) => self.enumeration(19, e)?,
        }
        Some(())
    }

    fn composite(&mut self, kind: u32, composite: &Composite) -> Option<()> {
        let kflag = composite.members.iter().any(|m| m.bitfield_bits != 0);
        self.header(&composite.name, kind, kflag, composite.members.len(), composite.size)?;
        for member in &composite.members {
            self.name(&member.name)?;
            self.word(member.ty.0);
            if kflag && member.offset_bits >= 1 << 24 {
                return None;
            }
            self.word(u32::from(member.bitfield_bits) << 24 | member.offset_bits);
        }
        Some(())
    }

    fn enumeration(&mut self, kind: u32, e: &EnumType) -> Option<()> {
        self.header(&e.name, kind, e.signed, e.values.len(), e.size)?;
        for value in &e.values {
            self.name(&value.name)?;
            self.word(value.value as u32);
            if kind == 19 {
                self.word((value.value as u64 >> 32) as u32);
            }
        }
        Some(())
    }
}

fn number(linkage: Linkage) -> u32 {
    match linkage {
        Linkage::Static => 0,
        Linkage::Global => 1,
        Linkage::Extern => 2,
    }
}
