//! C types of a translation unit: structure, identity and the table that holds them.
//!
//! Structural types (pointers, arrays, functions, qualified types) are interned: equal structure is
//! an equal [`CTypeId`]. Records, enums and typedefs are entities with an identity of their own;
//! their content is found through the [`Unit`](crate::unit::Unit), because it may come late or never.

mod table;

pub use table::TypeTable;

use std::sync::Arc;

pub use crate::int_kind::IntKind;
use crate::{ast::Quals, symbol::Symbol};

/// A type of one unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct CTypeId(pub u32);

/// A struct or union of one unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RecordId(pub u32);

/// An enum of one unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct EnumId(pub u32);

/// A typedef of one unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TypedefId(pub u32);

/// A C type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum CType {
    /// Not known (an error in the source, or something this front end does not understand).
    Unknown,
    /// `void`
    Void,
    /// `_Bool`
    Bool,
    /// Integers.
    Int(IntKind),
    /// Floating types.
    Float(FloatKind),
    /// Pointer.
    Pointer(CTypeId),
    /// Array.
    Array {
        /// Element type (qualified when the array is).
        elem: CTypeId,
        /// Length.
        len: ArrayLen,
    },
    /// Function.
    Function(Arc<FunctionType>),
    /// Struct or union.
    Record(RecordId),
    /// Enum.
    Enum(EnumId),
    /// Typedef name.
    Typedef(TypedefId),
    /// Qualified type; never directly around another `Qualified`.
    Qualified {
        /// The unqualified type.
        of: CTypeId,
        /// Qualifiers.
        quals: Quals,
        /// `__attribute__((address_space(N)))`, 0 when none.
        address_space: u32,
    },
    /// `__attribute__((btf_type_tag("tag")))` on a type. It matters behind pointers only.
    Tagged {
        /// The tag.
        tag: Symbol,
        /// The type.
        of: CTypeId,
    },
    /// `_Complex`, of two parts of a type.
    Complex(CTypeId),
    /// `__attribute__((vector_size(N)))` and `ext_vector_type`: element and number of elements.
    Vector {
        /// Element.
        elem: CTypeId,
        /// Number of elements.
        len: u64,
        /// Whether a scalar initialises every element (`ext_vector_type`).
        spreads: bool,
    },
}

/// Floating types.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[allow(missing_docs)]
pub enum FloatKind {
    Half,
    Float,
    Double,
    LongDouble,
    Float128,
}

impl FloatKind {
    /// Size in bytes on BPF (`long double` is a `double` there).
    pub fn size(self) -> u64 {
        match self {
            FloatKind::Half => 2,
            FloatKind::Float => 4,
            FloatKind::Double | FloatKind::LongDouble => 8,
            FloatKind::Float128 => 16,
        }
    }

    /// Clang's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            FloatKind::Half => "_Float16",
            FloatKind::Float => "float",
            FloatKind::Double => "double",
            FloatKind::LongDouble => "long double",
            FloatKind::Float128 => "__float128",
        }
    }
}

/// Length of an array.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ArrayLen {
    /// Number of elements.
    Fixed(u64),
    /// `[]`
    Incomplete,
    /// Not a constant, or a constant that could not be evaluated.
    Unknown,
}

/// A function type. Parameter types are adjusted (arrays and functions to pointers).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FunctionType {
    /// Return type.
    pub ret: CTypeId,
    /// Parameter types.
    pub params: Vec<CTypeId>,
    /// `...`
    pub variadic: bool,
    /// Whether parameters were declared (`f(void)`, `f(int)`), unlike `f()`.
    pub prototyped: bool,
}

/// A struct or union with its layout.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// `union`
    pub is_union: bool,
    /// Tag.
    pub tag: Option<Symbol>,
    /// Whether a definition (with members) is known; without, the type is incomplete.
    pub defined: bool,
    /// Members in order, unnamed bit-fields left out; anonymous struct and union members have no
    /// name.
    pub fields: Vec<Field>,
    /// Size in bytes; `None` when it is incomplete or not known.
    pub size: Option<u64>,
    /// Alignment in bytes.
    pub align: Option<u64>,
    /// `preserve_access_index`
    pub preserve_access_index: bool,
    /// `btf_decl_tag` on the type.
    pub decl_tags: Vec<Symbol>,
    /// Where it is defined.
    pub place: Option<DeclPlace>,
}

/// A member of a record.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// Name; `None` for an anonymous struct or union.
    pub name: Option<Symbol>,
    /// Declared type.
    pub ty: CTypeId,
    /// Offset from the start of the record in bits; `None` when not known.
    pub offset_bits: Option<u64>,
    /// Width of a bit-field in bits.
    pub bits: Option<u32>,
    /// `btf_decl_tag` on the member.
    pub decl_tags: Vec<Symbol>,
    /// Token of the name (or of the specifiers) in the item of the record's place.
    pub token: u32,
}

/// A member of a record that was found by its name, perhaps inside of nameless members.
#[derive(Clone, PartialEq, Debug)]
pub struct FoundMember {
    /// Index among the record's fields: of the member, or of the nameless one that it is in.
    pub index: usize,
    /// Offset from the start of the record in bits; `None` when not known.
    pub offset_bits: Option<u64>,
    /// The member, as its own record has it.
    pub field: Field,
}

/// An enum.
#[derive(Clone, PartialEq, Debug)]
pub struct Enum {
    /// Tag.
    pub tag: Option<Symbol>,
    /// Whether its enumerators are known.
    pub defined: bool,
    /// Enumerators; unsigned 64-bit values keep their bit pattern.
    pub values: Vec<(Symbol, i128)>,
    /// The compatible integer type (size and sign of the enum).
    pub underlying: IntKind,
    /// Alignment in bytes (an `aligned` attribute may raise it).
    pub align: u64,
    /// `btf_decl_tag` on the type.
    pub decl_tags: Vec<Symbol>,
    /// Where it is defined.
    pub place: Option<DeclPlace>,
}

/// A typedef.
#[derive(Clone, PartialEq, Debug)]
pub struct Typedef {
    /// Name.
    pub name: Symbol,
    /// What it stands for.
    pub to: CTypeId,
    /// `aligned` attribute on the typedef, bytes. It replaces the type's alignment, also downwards.
    pub align: Option<u64>,
    /// `btf_decl_tag` on the typedef.
    pub decl_tags: Vec<Symbol>,
    /// Where it is declared.
    pub place: Option<DeclPlace>,
}

/// Where something is declared: the item that holds it, as a serial number that is never reused,
/// and the token in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct DeclPlace {
    /// [`ItemId`](crate::unit::ItemId) number.
    pub item: u32,
    /// Token index relative to the item's first token.
    pub token: u32,
}
