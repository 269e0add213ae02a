//! The table that interns types.

use rustc_hash::FxHashMap;

use super::{ArrayLen, CType, CTypeId, FloatKind, IntKind};
use crate::ast::Quals;

/// All types of a unit, by id.
#[derive(Debug)]
pub struct TypeTable {
    types: Vec<CType>,
    ids: FxHashMap<CType, CTypeId>,
}

const INTS: [IntKind; 14] = [
    IntKind::Char,
    IntKind::SChar,
    IntKind::UChar,
    IntKind::Short,
    IntKind::UShort,
    IntKind::Int,
    IntKind::UInt,
    IntKind::Long,
    IntKind::ULong,
    IntKind::LongLong,
    IntKind::ULongLong,
    IntKind::Int128,
    IntKind::UInt128,
    IntKind::CharUnsigned,
];

impl CTypeId {
    /// The unknown type.
    pub const UNKNOWN: CTypeId = CTypeId(0);
    /// `void`
    pub const VOID: CTypeId = CTypeId(1);
    /// `_Bool`
    pub const BOOL: CTypeId = CTypeId(2);
    /// `char`
    pub const CHAR: CTypeId = CTypeId(3);
    /// `int`
    pub const INT: CTypeId = CTypeId(8);
    /// `unsigned int`
    pub const UINT: CTypeId = CTypeId(9);
    /// `long`
    pub const LONG: CTypeId = CTypeId(10);
    /// `unsigned long`
    pub const ULONG: CTypeId = CTypeId(11);

    /// The id of an integer type; the same in every unit.
    pub fn int(kind: IntKind) -> CTypeId {
        let index = INTS.iter().position(|&k| k == kind).unwrap_or(0);
        CTypeId(3 + index as u32)
    }
}

impl TypeTable {
    /// A table with the basic types.
    pub fn new() -> Self {
        let mut table = TypeTable { types: Vec::new(), ids: FxHashMap::default() };
        table.intern(CType::Unknown);
        table.intern(CType::Void);
        table.intern(CType::Bool);
        for kind in INTS {
            table.intern(CType::Int(kind));
        }
        for kind in [FloatKind::Float, FloatKind::Double] {
            table.intern(CType::Float(kind));
        }
        table
    }

    /// The id of a type.
    pub fn intern(&mut self, ty: CType) -> CTypeId {
        if let Some(&id) = self.ids.get(&ty) {
            return id;
        }
        let id = CTypeId(self.types.len() as u32);
        self.types.push(ty.clone());
        self.ids.insert(ty, id);
        id
    }

    /// The type of an id.
    pub fn get(&self, id: CTypeId) -> &CType {
        self.types.get(id.0 as usize).unwrap_or(&CType::Unknown)
    }

    /// A pointer to a type.
    pub fn pointer(&mut self, to: CTypeId) -> CTypeId {
        self.intern(CType::Pointer(to))
    }

    /// An array of a type.
    pub fn array(&mut self, elem: CTypeId, len: ArrayLen) -> CTypeId {
        self.intern(CType::Array { elem, len })
    }

    /// A type with qualifiers and an address space added. Qualifiers of an array go to its elements
    /// (C 6.7.3p9).
    pub fn qualified(&mut self, of: CTypeId, quals: Quals, address_space: u32) -> CTypeId {
        if quals == Quals::default() && address_space == 0 || of == CTypeId::UNKNOWN {
            return of;
        }
        match *self.get(of) {
            CType::Qualified { of, quals: old, address_space: old_space } => {
                let quals = Quals {
                    is_const: quals.is_const || old.is_const,
                    is_volatile: quals.is_volatile || old.is_volatile,
                    is_restrict: quals.is_restrict || old.is_restrict,
                    is_atomic: quals.is_atomic || old.is_atomic,
                };
                let address_space = if address_space == 0 { old_space } else { address_space };
                self.intern(CType::Qualified { of, quals, address_space })
            }
            CType::Array { mut elem, len } => {
                // Arrays of arrays: walk to the innermost element without recursion.
                let mut lens = vec![len];
                while let CType::Array { elem: inner, len } = *self.get(elem) {
                    lens.push(len);
                    elem = inner;
                }
                let mut ty = match *self.get(elem) {
                    CType::Array { .. } => elem,
                    _ => self.qualified(elem, quals, address_space),
                };
                while let Some(len) = lens.pop() {
                    ty = self.array(ty, len);
                }
                ty
            }
            _ => self.intern(CType::Qualified { of, quals, address_space }),
        }
    }

    /// The type without its outermost qualifiers and type tags (typedefs are kept).
    pub fn unqualified(&self, mut id: CTypeId) -> CTypeId {
        loop {
            match *self.get(id) {
                CType::Qualified { of, .. } | CType::Tagged { of, .. } => id = of,
                _ => return id,
            }
        }
    }
}

impl Default for TypeTable {
    fn default() -> Self {
        TypeTable::new()
    }
}
