//! The BTF graph: one vector of types, referring to each other by [`TypeId`].
//!
//! The same graph is filled from an object's `.BTF` section and from source. Kinds and their fields
//! follow `include/uapi/linux/btf.h`.

mod kinds;

use smol_str::SmolStr;

/// Index of a type in [`Btf::types`]; 0 is `void`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct TypeId(pub u32);

impl TypeId {
    /// The type id of `void`.
    pub const VOID: TypeId = TypeId(0);
}

/// All types of one object or translation unit. `types[0]` is always [`Type::Void`].
#[derive(Clone, PartialEq, Debug)]
pub struct Btf {
    /// Types in id order.
    pub types: Vec<Type>,
    /// Size of a pointer in bytes: 8 for BPF.
    pub pointer_size: u32,
}

/// One BTF type. Names are empty where the type is anonymous.
#[derive(Clone, PartialEq, Debug)]
pub enum Type {
    /// `void`, id 0.
    Void,
    /// BTF_KIND_INT.
    Int(IntType),
    /// BTF_KIND_PTR.
    Ptr(TypeId),
    /// BTF_KIND_ARRAY: element type, index type, number of elements.
    Array {
        /// Type of the elements.
        elem: TypeId,
        /// Type of the index; clang names it `__ARRAY_SIZE_TYPE__`.
        index: TypeId,
        /// Number of elements; 0 for a flexible array.
        len: u32,
    },
    /// BTF_KIND_STRUCT.
    Struct(Composite),
    /// BTF_KIND_UNION.
    Union(Composite),
    /// BTF_KIND_ENUM (32-bit values or smaller).
    Enum(EnumType),
    /// BTF_KIND_ENUM64.
    Enum64(EnumType),
    /// BTF_KIND_FWD.
    Fwd {
        /// Tag.
        name: SmolStr,
        /// Whether a union is announced, else a struct.
        is_union: bool,
    },
    /// BTF_KIND_TYPEDEF.
    Typedef {
        /// Name.
        name: SmolStr,
        /// What it stands for.
        to: TypeId,
    },
    /// BTF_KIND_VOLATILE.
    Volatile(TypeId),
    /// BTF_KIND_CONST.
    Const(TypeId),
    /// BTF_KIND_RESTRICT.
    Restrict(TypeId),
    /// BTF_KIND_FUNC.
    Func(Function),
    /// BTF_KIND_FUNC_PROTO; a last parameter of type void without name is `...`.
    FuncProto {
        /// Return type.
        ret: TypeId,
        /// Parameters in order.
        params: Vec<Param>,
    },
    /// BTF_KIND_VAR.
    Var {
        /// Name.
        name: SmolStr,
        /// Its type.
        ty: TypeId,
        /// Linkage.
        linkage: Linkage,
    },
    /// BTF_KIND_DATASEC: size in bytes (0 in clang's output until libbpf fixes it up).
    Datasec {
        /// Name of the section.
        name: SmolStr,
        /// Size in bytes.
        size: u32,
        /// Variables or functions in it.
        entries: Vec<DatasecEntry>,
    },
    /// BTF_KIND_FLOAT: size in bytes.
    Float {
        /// C name, e.g. `double`.
        name: SmolStr,
        /// Size in bytes.
        size: u32,
    },
    /// BTF_KIND_DECL_TAG: `component` is -1 for the type itself, else a member or parameter index.
    DeclTag {
        /// The tag's text.
        name: SmolStr,
        /// What is tagged.
        ty: TypeId,
        /// -1, or the index of a member or parameter.
        component: i32,
    },
    /// BTF_KIND_TYPE_TAG.
    TypeTag {
        /// The tag's text.
        name: SmolStr,
        /// The tagged type.
        to: TypeId,
    },
}

/// An integer type.
#[derive(Clone, PartialEq, Debug)]
pub struct IntType {
    /// C name, e.g. `unsigned int`.
    pub name: SmolStr,
    /// Size in bytes.
    pub size: u32,
    /// Width in bits.
    pub bits: u8,
    /// Bit offset inside the storage (0 in modern BTF).
    pub offset: u8,
    /// Signed encoding bit.
    pub signed: bool,
    /// `char` encoding bit.
    pub is_char: bool,
    /// `_Bool` encoding bit.
    pub is_bool: bool,
}

/// A struct or union.
#[derive(Clone, PartialEq, Debug)]
pub struct Composite {
    /// Tag, empty when anonymous.
    pub name: SmolStr,
    /// Size in bytes.
    pub size: u32,
    /// Members in declaration order.
    pub members: Vec<Member>,
}

/// A member of a struct or union.
#[derive(Clone, PartialEq, Debug)]
pub struct Member {
    /// Name, empty for anonymous members.
    pub name: SmolStr,
    /// Type.
    pub ty: TypeId,
    /// Offset from the start of the aggregate in bits.
    pub offset_bits: u32,
    /// Width in bits of a bit-field; 0 for an ordinary member.
    pub bitfield_bits: u8,
}

/// An enum type, 32 or 64 bits.
#[derive(Clone, PartialEq, Debug)]
pub struct EnumType {
    /// Tag, empty when anonymous.
    pub name: SmolStr,
    /// Size in bytes.
    pub size: u32,
    /// Whether values are signed (kflag).
    pub signed: bool,
    /// Enumerators in order.
    pub values: Vec<Enumerator>,
}

/// An enumerator. Unsigned 64-bit values keep their bit pattern.
#[derive(Clone, PartialEq, Debug)]
pub struct Enumerator {
    /// Name.
    pub name: SmolStr,
    /// Value; for an unsigned enum read it as `value as u64` (or `as u32`).
    pub value: i64,
}

/// A function.
#[derive(Clone, PartialEq, Debug)]
pub struct Function {
    /// Name.
    pub name: SmolStr,
    /// Its BTF_KIND_FUNC_PROTO.
    pub proto: TypeId,
    /// Linkage.
    pub linkage: Linkage,
}

/// A parameter of a function prototype.
#[derive(Clone, PartialEq, Debug)]
pub struct Param {
    /// Name, empty in function pointer types.
    pub name: SmolStr,
    /// Type; `void` for the `...` marker.
    pub ty: TypeId,
}

/// An entry of a DATASEC.
#[derive(Clone, PartialEq, Debug)]
pub struct DatasecEntry {
    /// The BTF_KIND_VAR or BTF_KIND_FUNC.
    pub ty: TypeId,
    /// Offset in the section in bytes.
    pub offset: u32,
    /// Size in bytes.
    pub size: u32,
}

/// Linkage of functions and variables, with BTF's numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Linkage {
    /// 0
    Static,
    /// 1
    Global,
    /// 2
    Extern,
}

impl Btf {
    /// A graph that holds only `void`, with 8-byte pointers.
    pub fn new() -> Self {
        Btf { types: vec![Type::Void], pointer_size: 8 }
    }

    /// The type of that id; `void` for an id that does not exist.
    pub fn get(&self, id: TypeId) -> &Type {
        self.types.get(id.0 as usize).unwrap_or(&Type::Void)
    }

    /// Appends a type and returns its id.
    pub fn add(&mut self, ty: Type) -> TypeId {
        self.types.push(ty);
        TypeId(self.types.len() as u32 - 1)
    }

    /// Types with their ids, `void` left out.
    pub fn iter(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        self.types.iter().enumerate().skip(1).map(|(i, t)| (TypeId(i as u32), t))
    }
}

impl Default for Btf {
    fn default() -> Self {
        Btf::new()
    }
}
