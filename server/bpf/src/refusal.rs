//! Why libbpf would refuse to open an object.

use std::fmt;

/// A reason for which `bpf_object__open()` fails, with the errno it fails with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, for code that tells cases apart.
    pub kind: RefusalKind,
    /// The errno's name as libbpf returns it, without the minus sign (`EOPNOTSUPP`,
    /// `LIBBPF_ERRNO__RELOC`).
    pub errno: &'static str,
    /// One sentence that names the map, program, variable or section.
    pub message: String,
}

/// The kinds of [`Refusal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// A static function in a program section.
    StaticProgram,
    /// A program of size 0 or outside its section.
    DamagedProgram,
    /// A map definition with another linkage than global.
    StaticMap,
    /// A map definition has a member that libbpf does not know.
    UnknownMapMember,
    /// A map definition that libbpf cannot read, or with contradictions.
    BadMapDefinition,
    /// Maps in the section `maps`.
    LegacyMaps,
    /// More than one arena, no arena for arena variables, or one that is too small.
    Arena,
    /// A section whose BTF cannot be matched with the ELF side (a section of size 0, a variable
    /// without symbol).
    Datasec,
    /// An extern without BTF, in a section libbpf does not know, or of an unsupported type.
    Extern,
    /// A struct_ops variable whose type is no named struct, or a reference libbpf cannot follow.
    StructOps,
    /// A program refers to something that libbpf knows nothing of.
    Relocation,
    /// A slot of a `values` initialiser refers to something that is neither a map nor a program.
    MapValues,
}

impl Refusal {
    /// A refusal with its reason.
    pub fn new(kind: RefusalKind, errno: &'static str, message: impl Into<String>) -> Self {
        Refusal { kind, errno, message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (libbpf fails to open the object with -{})", self.message, self.errno)
    }
}

impl std::error::Error for Refusal {}
