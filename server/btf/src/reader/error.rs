//! What can be wrong with a `.BTF` section.

use std::fmt;

/// Why a `.BTF` section was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReadError {
    /// Fewer bytes than the header needs.
    NoHeader {
        /// Bytes there are.
        len: usize,
    },
    /// The first two bytes are not the magic in either byte order.
    BadMagic([u8; 2]),
    /// A version other than 1.
    BadVersion(u8),
    /// The header says it is shorter than 24 bytes, or longer than the section.
    BadHeaderLength(u32),
    /// The type part does not start on a multiple of 4.
    MisalignedTypes {
        /// Its offset in bytes after the header.
        offset: u32,
    },
    /// A part reaches beyond the end.
    SectionOutside {
        /// `type` or `string`.
        what: &'static str,
        /// Offset in bytes after the header.
        offset: u32,
        /// Length in bytes.
        len: u32,
    },
    /// The type part reaches into the string part.
    Overlap {
        /// Offset of the types in bytes after the header.
        type_offset: u32,
        /// Length of the types in bytes.
        type_len: u32,
        /// Offset of the strings in bytes after the header.
        string_offset: u32,
    },
    /// The string part is empty, does not start with the empty string or does not end with NUL.
    BadStrings,
    /// More types than ids.
    TooManyTypes,
    /// Something is wrong with one type.
    Type {
        /// Its id.
        id: u32,
        /// What is wrong.
        problem: TypeProblem,
    },
}

/// What is wrong with one type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeProblem {
    /// The data ends inside the type.
    Truncated,
    /// `vlen` members, parameters or values do not fit into what is left.
    TooManyMembers {
        /// The number claimed.
        vlen: u32,
    },
    /// A kind this reader does not know (the newest known is BTF_KIND_ENUM64).
    UnknownKind(u32),
    /// A name's offset lies outside the string part.
    NameOutside(u32),
    /// So many names overlap in the string part that they would take many times its size.
    TooManyNames,
    /// Refers to a type that does not exist.
    NoSuchType(u32),
    /// An integer encoding that is none of signed, char and bool.
    BadEncoding(u32),
    /// A linkage other than static, global and extern.
    BadLinkage(u32),
    /// A BTF_KIND_FUNC whose type is no BTF_KIND_FUNC_PROTO.
    NotAPrototype(u32),
    /// Contains itself by value.
    ContainsItself,
    /// Refers to itself without a named struct or union in between.
    RefersToItself,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::NoHeader { len } => {
                write!(f, "{len} bytes are too few for a BTF header")
            }
            ReadError::BadMagic([a, b]) => {
                write!(f, "not BTF: it starts with {a:02x} {b:02x} instead of 9f eb or eb 9f")
            }
            ReadError::BadVersion(version) => write!(f, "BTF version {version} is not known"),
            ReadError::BadHeaderLength(len) => {
                write!(f, "the BTF header claims a length of {len} bytes")
            }
            ReadError::MisalignedTypes { offset } => {
                write!(f, "BTF types start at {offset}, which is no multiple of 4")
            }
            ReadError::SectionOutside { what, offset, len } => {
                write!(f, "the BTF {what} part ({len} bytes at {offset}) reaches beyond the end")
            }
            ReadError::Overlap { type_offset, type_len, string_offset } => write!(
                f,
                "BTF types ({type_len} bytes at {type_offset}) reach into the strings at \
                 {string_offset}"
            ),
            ReadError::BadStrings => f.write_str(
                "the BTF string part does not start with an empty string and end with NUL",
            ),
            ReadError::TooManyTypes => f.write_str("more BTF types than ids"),
            ReadError::Type { id, problem } => write!(f, "BTF type [{id}] {problem}"),
        }
    }
}

impl fmt::Display for TypeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypeProblem::Truncated => f.write_str("is cut off"),
            TypeProblem::TooManyMembers { vlen } => {
                write!(f, "claims {vlen} members, more than there are bytes for")
            }
            TypeProblem::UnknownKind(kind) => write!(f, "has the unknown kind {kind}"),
            TypeProblem::NameOutside(offset) => {
                write!(f, "has a name at {offset}, outside the string part")
            }
            TypeProblem::TooManyNames => {
                f.write_str("brings overlapping names beyond any sensible amount")
            }
            TypeProblem::NoSuchType(id) => write!(f, "refers to type [{id}], which does not exist"),
            TypeProblem::BadEncoding(encoding) => {
                write!(f, "has the unknown integer encoding {encoding:#x}")
            }
            TypeProblem::BadLinkage(linkage) => write!(f, "has the unknown linkage {linkage}"),
            TypeProblem::NotAPrototype(id) => {
                write!(f, "is a function whose type [{id}] is no prototype")
            }
            TypeProblem::ContainsItself => f.write_str("contains itself"),
            TypeProblem::RefersToItself => {
                f.write_str("refers to itself without a named struct or union in between")
            }
        }
    }
}

impl std::error::Error for ReadError {}
