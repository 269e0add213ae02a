//! Functions, variables and names of a translation unit, merged over their declarations.

use std::sync::Arc;

use crate::{
    ctypes::{CTypeId, DeclPlace, TypedefId},
    symbol::Symbol,
};

/// A function of one unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FunctionId(pub u32);

/// A file-scope variable of one unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct VariableId(pub u32);

/// A declaration in a function: a parameter, a local variable, a local static ... of one
/// [`ItemScope`](super::ItemScope).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LocalId(pub u32);

/// Linkage of a file-scope name (C 6.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Linkage {
    /// `static`
    Internal,
    /// Everything else.
    External,
}

/// ELF visibility.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[allow(missing_docs)]
pub enum Visibility {
    #[default]
    Default,
    Hidden,
    Protected,
    Internal,
}

/// The attributes of a function or variable that matter here, merged over declarations.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Attributes {
    /// `section("name")`
    pub section: Option<Symbol>,
    /// `used` or `retain`
    pub used: bool,
    /// `weak`
    pub weak: bool,
    /// `visibility("hidden")` ...
    pub visibility: Visibility,
    /// `noinline`
    pub noinline: bool,
    /// `always_inline`
    pub always_inline: bool,
    /// `gnu_inline`
    pub gnu_inline: bool,
    /// `noreturn`
    pub noreturn: bool,
    /// The largest `aligned(N)` on the declaration, in bytes.
    pub aligned: Option<u64>,
    /// `preserve_access_index`
    pub preserve_access_index: bool,
    /// `address_space(N)` that stands at the declaration, 0 when none.
    pub address_space: u32,
    /// `btf_decl_tag("...")`, in order.
    pub decl_tags: Vec<Symbol>,
    /// `btf_type_tag("...")` that stands at the declaration, in order.
    pub type_tags: Vec<Symbol>,
    /// `cleanup(function)`
    pub cleanup: Option<Symbol>,
    /// `alias("name")`
    pub alias: Option<Symbol>,
    /// `packed`
    pub packed: bool,
    /// `transparent_union`, `mode`, `vector_size` and the like are part of the type already.
    /// Names of all other attributes, in order.
    pub others: Vec<Symbol>,
}

/// One declaration of a function or variable.
#[derive(Clone, PartialEq, Debug)]
pub struct Decl {
    /// Item and token of the name.
    pub place: DeclPlace,
    /// Which declarator of the declaration, from 0.
    pub declarator: u32,
    /// Storage class written here.
    pub storage: crate::ast::Storage,
    /// `inline` written here.
    pub inline: bool,
    /// Function with a body, or variable with an initialiser.
    pub defines: bool,
    /// The type as declared here.
    pub ty: CTypeId,
    /// `section` written here (not inherited).
    pub attrs: Attributes,
}

/// A function.
#[derive(Clone, PartialEq, Debug)]
pub struct Function {
    /// Id.
    pub id: FunctionId,
    /// Name.
    pub name: Symbol,
    /// Symbol name in the object: an `asm("label")`, else the name.
    pub asm_label: Option<Symbol>,
    /// Composite type: a [`CType::Function`](crate::ctypes::CType::Function) (perhaps behind typedefs).
    pub ty: CTypeId,
    /// Linkage.
    pub linkage: Linkage,
    /// Declared `inline` anywhere.
    pub inline: bool,
    /// All declarations in order of the unit.
    pub decls: Vec<Decl>,
    /// The one with the body, index into `decls`.
    pub definition: Option<usize>,
    /// Merged attributes.
    pub attrs: Attributes,
    /// Parameter names of the definition (of the last declaration when there is none).
    pub param_names: Vec<Option<Symbol>>,
    /// `btf_decl_tag` of each parameter of the definition.
    pub param_tags: Vec<Vec<Symbol>>,
}

impl Function {
    /// Place of the definition's name.
    pub fn definition_place(&self) -> Option<DeclPlace> {
        self.definition.and_then(|i| self.decls.get(i)).map(|d| d.place)
    }

    /// Whether clang generates it when the parser passes it: it has external linkage and a body
    /// that is not `inline`-only, or it is marked `used`.
    pub fn is_eager(&self) -> bool {
        self.definition.is_some()
            && (self.attrs.used
                || self.linkage == Linkage::External && self.is_external_definition())
    }

    /// Whether the unit's definition is an external definition: not C99's `inline` without
    /// `extern` on any declaration (C 6.7.4p7), nor GNU's `extern inline` under `gnu_inline`.
    pub fn is_external_definition(&self) -> bool {
        use crate::ast::Storage;
        if self.linkage == Linkage::Internal {
            return false;
        }
        if self.attrs.gnu_inline {
            // The definition itself decides, unless another declaration is `inline` without `extern`.
            let only_inline = |d: &Decl| d.inline && d.storage == Storage::Extern;
            let defining = self.definition.and_then(|i| self.decls.get(i));
            return !defining.is_some_and(only_inline)
                || self.decls.iter().any(|d| d.inline && d.storage != Storage::Extern);
        }
        !self.inline || self.decls.iter().any(|d| !d.inline || d.storage == Storage::Extern)
    }
}

/// What defines a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Definition {
    /// Only `extern` declarations.
    None,
    /// A tentative definition (`int x;`): index of the first one in `decls`.
    Tentative(usize),
    /// A definition with an initialiser: index in `decls`.
    Initialised(usize),
}

/// A file-scope variable.
#[derive(Clone, PartialEq, Debug)]
pub struct Variable {
    /// Id.
    pub id: VariableId,
    /// Name.
    pub name: Symbol,
    /// `asm("label")`.
    pub asm_label: Option<Symbol>,
    /// Composite type, array length completed from the initialiser; a tentative `int a[];` has one
    /// element (C 6.9.2p5).
    pub ty: CTypeId,
    /// Linkage.
    pub linkage: Linkage,
    /// All declarations in order of the unit.
    pub decls: Vec<Decl>,
    /// Definition.
    pub definition: Definition,
    /// Merged attributes.
    pub attrs: Attributes,
    /// `_Thread_local`
    pub thread_local: bool,
    /// Size in bytes, the flexible array member's initialiser included; `None`: not known.
    pub size: Option<u64>,
    /// Alignment in bytes: of the type, and `aligned` on the declarations.
    pub align: Option<u64>,
}

impl Variable {
    /// The declaration that counts as the definition.
    pub fn defining_decl(&self) -> Option<&Decl> {
        match self.definition {
            Definition::None => None,
            Definition::Tentative(i) | Definition::Initialised(i) => self.decls.get(i),
        }
    }
}

/// An enumerator.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct EnumConst {
    /// Name.
    pub name: Symbol,
    /// Value.
    pub value: i128,
    /// Type of the constant in expressions.
    pub ty: CTypeId,
    /// Place of its name.
    pub place: Option<DeclPlace>,
}

/// What an ordinary identifier means at file scope.
#[derive(Clone, Debug)]
pub enum Global {
    /// A typedef.
    Typedef(TypedefId),
    /// A function.
    Function(Arc<Function>),
    /// A variable.
    Variable(Arc<Variable>),
    /// An enumerator.
    Enumerator(EnumConst),
}

/// A declaration inside a function.
#[derive(Clone, PartialEq, Debug)]
pub struct Local {
    /// Id.
    pub id: LocalId,
    /// Name.
    pub name: Symbol,
    /// Token of the name in the item.
    pub token: u32,
    /// What it is.
    pub kind: LocalKind,
    /// Type, arrays completed by their initialiser, parameters adjusted.
    pub ty: CTypeId,
    /// Attributes of the declaration.
    pub attrs: Attributes,
    /// Whether it has an initialiser.
    pub initialised: bool,
    /// Size in bytes as in [`Variable::size`].
    pub size: Option<u64>,
    /// Alignment in bytes.
    pub align: Option<u64>,
    /// The value of a `const` integer with a constant initialiser.
    pub constant: Option<i128>,
}

/// Kinds of local declarations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LocalKind {
    /// Parameter, by index.
    Param(u32),
    /// Automatic variable.
    Auto,
    /// `static` variable.
    Static,
    /// `extern` declaration of a variable in a block.
    Extern,
    /// Declaration of a function in a block.
    Function,
}

/// What an identifier token inside an item refers to.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// A parameter or local variable.
    Local(LocalId),
    /// A file-scope variable.
    Variable(Arc<Variable>),
    /// A file-scope function.
    Function(Arc<Function>),
    /// An enumerator, of the file or of a block.
    Enumerator(EnumConst),
    /// A type name, of the file or of a block.
    Typedef(TypedefId),
    /// Not declared.
    Unknown,
}

/// The bytes a variable starts with.
#[derive(Clone, PartialEq, Debug)]
pub enum Initial {
    /// All zero, without relocations (`-0.0` is not zero).
    Zero,
    /// Bytes in the target's byte order, and the places that hold an address.
    Bytes {
        /// The bytes; where a relocation is, the addend.
        bytes: Vec<u8>,
        /// Addresses, by offset.
        relocations: Vec<Relocation>,
    },
    /// Not known.
    Unknown,
}

/// An address in the initial bytes of a variable.
#[derive(Clone, PartialEq, Debug)]
pub struct Relocation {
    /// Offset in bytes.
    pub offset: u64,
    /// What it is the address of.
    pub target: RelocationTarget,
}

/// What a relocation points at.
#[derive(Clone, PartialEq, Debug)]
pub enum RelocationTarget {
    /// A variable or function.
    Symbol(Symbol),
    /// A static variable of the function whose item this is.
    Local(LocalId),
    /// A string literal: bytes without the NUL, element size in bytes.
    String(Vec<u8>, u8),
    /// An unnamed object (compound literal).
    Anonymous,
}
