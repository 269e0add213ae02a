//! The syntax of one top-level item: declarations, statements and expressions of GNU C.
//!
//! Made by `parse`; the ambiguities of C (declaration or expression, cast or call) are already resolved
//! with the typedef names in scope.
//! Places are [`Span`]s of token indices relative to the item's first token, so a tree stays valid
//! when the item moves in its file.

#![allow(missing_docs, reason = "fields of variants are explained with their variant")]

pub(crate) mod type_specifiers;
pub mod visit;

use crate::{int_kind::IntKind, symbol::Symbol};

/// Token indices `start..end` of the item.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Span {
    /// First token.
    pub start: u32,
    /// One past the last token.
    pub end: u32,
}

/// A name with the token that spells it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ident {
    /// The name.
    pub name: Symbol,
    /// Index of the token.
    pub token: u32,
}

/// A top-level item.
#[derive(Clone, PartialEq, Debug)]
pub enum Item {
    /// A function definition.
    Function(Box<FunctionDef>),
    /// A declaration (variables, prototypes, typedefs, tags).
    Declaration(Declaration),
    /// `_Static_assert`.
    StaticAssert(Box<Expr>),
    /// File-scope `asm`.
    Asm,
    /// A lone `;`.
    Empty,
    /// Text that could not be read; nothing is known of it.
    Error(Span),
}

/// A function definition.
#[derive(Clone, PartialEq, Debug)]
pub struct FunctionDef {
    /// Specifiers in front.
    pub specs: DeclSpecs,
    /// Declarator; its innermost derivation is [`Derived::Function`].
    pub declarator: Declarator,
    /// K&R parameter declarations.
    pub kr_params: Vec<Declaration>,
    /// Body.
    pub body: Block,
    /// Whole item.
    pub span: Span,
    /// Whether the body's syntax tree had an error: references in it are incomplete.
    pub has_error: bool,
}

/// A declaration with its declarators.
#[derive(Clone, PartialEq, Debug)]
pub struct Declaration {
    /// Specifiers.
    pub specs: DeclSpecs,
    /// Declarators with initialisers; empty for `struct s {...};`.
    pub declarators: Vec<InitDeclarator>,
    /// All of it, `;` included.
    pub span: Span,
    /// Whether its syntax tree had an error.
    pub has_error: bool,
}

/// Declaration specifiers.
#[derive(Clone, PartialEq, Debug)]
pub struct DeclSpecs {
    /// Storage class.
    pub storage: Storage,
    /// `inline`.
    pub inline: bool,
    /// `_Thread_local` / `__thread`.
    pub thread_local: bool,
    /// Qualifiers.
    pub quals: Quals,
    /// The type.
    pub ty: TypeSpec,
    /// Attributes among the specifiers: they apply to every declarator (or to the type, by kind).
    pub attrs: Vec<Attr>,
    /// Place.
    pub span: Span,
}

impl DeclSpecs {
    /// No specifier yet, at a place.
    pub(crate) fn none(span: Span) -> DeclSpecs {
        DeclSpecs {
            storage: Storage::None,
            inline: false,
            thread_local: false,
            quals: Quals::default(),
            ty: TypeSpec::Implicit,
            attrs: Vec::new(),
            span,
        }
    }
}

/// Storage classes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Storage {
    /// None written.
    #[default]
    None,
    /// `typedef`
    Typedef,
    /// `extern`
    Extern,
    /// `static`
    Static,
    /// `auto`
    Auto,
    /// `register`
    Register,
    /// `constexpr`: no linkage beyond the file
    Constexpr,
}

/// Type qualifiers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Quals {
    /// `const`
    pub is_const: bool,
    /// `volatile`
    pub is_volatile: bool,
    /// `restrict`
    pub is_restrict: bool,
    /// `_Atomic`
    pub is_atomic: bool,
}

/// A type specifier.
#[derive(Clone, PartialEq, Debug)]
pub enum TypeSpec {
    /// `void`
    Void,
    /// `_Bool`, `bool` keyword
    Bool,
    /// char, short, int, long ... in all their spellings
    Int(IntSpec),
    /// `float`, `double`, `long double`, `_Float16` ...: (spelling, size in bytes is for sema)
    Float(Symbol),
    /// `_Complex`, and the type of its two parts.
    Complex(Box<TypeSpec>),
    /// A typedef name.
    Typedef(Ident),
    /// `struct` or `union`
    Record(Box<RecordSpec>),
    /// `enum`
    Enum(Box<EnumSpec>),
    /// `typeof(expression)`; `unqual` for `__typeof_unqual__`
    TypeofExpr { expr: Box<Expr>, unqual: bool },
    /// `typeof(type)`
    TypeofType { ty: Box<TypeName>, unqual: bool },
    /// `_Atomic(type)`
    Atomic(Box<TypeName>),
    /// `__builtin_va_list`
    VaList,
    /// `__auto_type`
    AutoType,
    /// No type written (implicit int).
    Implicit,
    /// Not understood.
    Unknown,
}

/// Integer types by rank.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IntRank {
    /// `char`
    Char,
    /// `short`
    Short,
    /// `int`
    Int,
    /// `long`
    Long,
    /// `long long`
    LongLong,
    /// `__int128`
    Int128,
}

/// A basic integer type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct IntSpec {
    /// Rank.
    pub rank: IntRank,
    /// `Some(true)` signed written, `Some(false)` unsigned written, `None` neither.
    pub signed: Option<bool>,
}

/// A struct or union specifier.
#[derive(Clone, PartialEq, Debug)]
pub struct RecordSpec {
    /// `union`
    pub is_union: bool,
    /// Tag.
    pub tag: Option<Ident>,
    /// Members, when there is a body.
    pub fields: Option<Vec<FieldDecl>>,
    /// Attributes of the type (after the keyword or after the body).
    pub attrs: Vec<Attr>,
    /// `#pragma pack` value in force, bytes.
    pub pragma_pack: Option<u32>,
    /// Place.
    pub span: Span,
}

/// A member declaration of a record.
#[derive(Clone, PartialEq, Debug)]
pub enum FieldDecl {
    /// Members with names, bit-fields, or an anonymous struct or union (no declarators).
    Fields { specs: DeclSpecs, declarators: Vec<FieldDeclarator>, span: Span },
    /// `_Static_assert` in a struct.
    StaticAssert,
    /// Not understood: the layout of the record is unknown.
    Error(Span),
}

/// One member declarator.
#[derive(Clone, PartialEq, Debug)]
pub struct FieldDeclarator {
    /// Declarator; without a name for an unnamed bit-field.
    pub declarator: Declarator,
    /// Width of a bit-field.
    pub bits: Option<Expr>,
}

/// An enum specifier.
#[derive(Clone, PartialEq, Debug)]
pub struct EnumSpec {
    /// Tag.
    pub tag: Option<Ident>,
    /// Fixed underlying type (`enum e : u32`).
    pub underlying: Option<Box<TypeName>>,
    /// Enumerators, when there is a body.
    pub values: Option<Vec<EnumeratorDecl>>,
    /// Attributes.
    pub attrs: Vec<Attr>,
    /// Place.
    pub span: Span,
}

/// An enumerator.
#[derive(Clone, PartialEq, Debug)]
pub struct EnumeratorDecl {
    /// Name.
    pub name: Ident,
    /// `= value`
    pub value: Option<Expr>,
}

/// A declarator, turned inside out: `int *a[3]` is name `a`, derived `[Array(3), Pointer]`
/// (reading from the name outwards: array of 3 pointers to int).
#[derive(Clone, PartialEq, Debug)]
pub struct Declarator {
    /// Name; `None` in abstract declarators.
    pub name: Option<Ident>,
    /// Derivations from the name outwards.
    pub derived: Vec<Derived>,
    /// Attributes that stand at this declarator.
    pub attrs: Vec<Attr>,
    /// `asm("label")`
    pub asm_label: Option<Symbol>,
    /// Place.
    pub span: Span,
}

/// One derivation step.
#[derive(Clone, PartialEq, Debug)]
pub enum Derived {
    /// `*` with qualifiers and attributes (address_space, btf_type_tag) after it.
    Pointer { quals: Quals, attrs: Vec<Attr> },
    /// `[size]`
    Array { size: ArraySize, quals: Quals },
    /// `(params)`
    Function { params: Vec<Param>, variadic: bool, prototyped: bool },
}

/// Size of an array declarator.
#[derive(Clone, PartialEq, Debug)]
pub enum ArraySize {
    /// `[]`
    Incomplete,
    /// `[expr]`
    Expr(Box<Expr>),
    /// `[*]`
    Star,
}

/// A parameter.
#[derive(Clone, PartialEq, Debug)]
pub struct Param {
    /// Specifiers.
    pub specs: DeclSpecs,
    /// Declarator, perhaps abstract.
    pub declarator: Declarator,
}

/// A declarator with its initialiser.
#[derive(Clone, PartialEq, Debug)]
pub struct InitDeclarator {
    /// Declarator.
    pub declarator: Declarator,
    /// Initialiser.
    pub init: Option<Initializer>,
}

/// A type name (in casts, sizeof ...).
#[derive(Clone, PartialEq, Debug)]
pub struct TypeName {
    /// Specifiers.
    pub specs: DeclSpecs,
    /// Abstract declarator.
    pub declarator: Declarator,
}

/// An initialiser.
#[derive(Clone, PartialEq, Debug)]
pub enum Initializer {
    /// An expression.
    Expr(Expr),
    /// `{ ... }`
    List(Vec<InitItem>, Span),
}

/// An element of an initialiser list.
#[derive(Clone, PartialEq, Debug)]
pub struct InitItem {
    /// `.a[1] =`
    pub designators: Vec<Designator>,
    /// Value.
    pub value: Initializer,
}

/// A designator.
#[derive(Clone, PartialEq, Debug)]
pub enum Designator {
    /// `.name`
    Field(Ident),
    /// `[index]`
    Index(Expr),
    /// `[from ... to]`
    Range(Expr, Expr),
}

/// An attribute: `__attribute__((name(args)))`, `[[clang::name(args)]]`, or one that
/// `#pragma clang attribute push` applies.
#[derive(Clone, PartialEq, Debug)]
pub struct Attr {
    /// Name without surrounding underscores (`section`, `packed`).
    pub name: Symbol,
    /// Arguments.
    pub args: Vec<AttrArg>,
    /// Place.
    pub span: Span,
}

/// An attribute's argument.
#[derive(Clone, PartialEq, Debug)]
pub enum AttrArg {
    /// A string, escapes resolved, adjacent literals joined.
    Str(String),
    /// A lone identifier (`mode(DI)`).
    Ident(Ident),
    /// An expression (`aligned(8)`, `aligned(sizeof(int))`).
    Expr(Box<Expr>),
    /// A type (`aligned(_Alignof(T))` is an expression, `preserve_access_index` has none).
    Type(Box<TypeName>),
}

/// A compound statement.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// Items in order.
    pub stmts: Vec<Stmt>,
    /// Braces included.
    pub span: Span,
}

/// A statement.
#[derive(Clone, PartialEq, Debug)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Place.
    pub span: Span,
}

/// Kinds of statements.
#[derive(Clone, PartialEq, Debug)]
pub enum StmtKind {
    /// A local declaration.
    Decl(Declaration),
    /// A nested function (GNU; clang refuses it).
    NestedFunction(Box<FunctionDef>),
    /// An expression statement.
    Expr(Expr),
    /// `;`
    Empty,
    /// `{ }`
    Block(Block),
    /// `if`
    If { cond: Expr, then: Box<Stmt>, otherwise: Option<Box<Stmt>> },
    /// `while`
    While { cond: Expr, body: Box<Stmt> },
    /// `do while`
    DoWhile { body: Box<Stmt>, cond: Expr },
    /// `for`; `init` is a declaration or expression statement
    For { init: Option<Box<Stmt>>, cond: Option<Expr>, step: Option<Expr>, body: Box<Stmt> },
    /// `switch`
    Switch { value: Expr, body: Box<Stmt> },
    /// `case a:` or `case a ... b:`
    Case { from: Expr, to: Option<Expr>, body: Option<Box<Stmt>> },
    /// `default:`
    Default { body: Option<Box<Stmt>> },
    /// `name:`
    Label { name: Ident, body: Option<Box<Stmt>> },
    /// `goto name;`
    Goto(Ident),
    /// `goto *expr;`
    GotoIndirect(Expr),
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `return`
    Return(Option<Expr>),
    /// `asm` with operands in written order (outputs, then inputs); `goto_labels` of asm goto
    Asm { outputs: Vec<Expr>, inputs: Vec<Expr>, goto_labels: Vec<Ident> },
    /// `_Static_assert`
    StaticAssert,
    /// Not understood.
    Error,
}

/// An expression.
#[derive(Clone, PartialEq, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Place.
    pub span: Span,
}

impl Expr {
    /// The expression without parentheses and `__extension__` around it.
    pub fn unparen(&self) -> &Expr {
        let mut expr = self;
        while let ExprKind::Paren(inner) | ExprKind::Unary(UnaryOp::Extension, inner) = &expr.kind {
            expr = inner;
        }
        expr
    }

    /// The same without casts around it, too.
    pub fn uncast(&self) -> &Expr {
        let mut expr = self.unparen();
        while let ExprKind::Cast { expr: inner, .. } = &expr.kind {
            expr = inner.unparen();
        }
        expr
    }
}

/// Kinds of expressions. Parentheses are kept only by [`ExprKind::Paren`].
#[derive(Clone, PartialEq, Debug)]
pub enum ExprKind {
    /// An identifier.
    Ident(Ident),
    /// An integer constant with its suffix: value, unsigned, number of `l`s, and whether it was
    /// decimal (C 6.4.4.1 picks the type).
    Int { value: u64, unsigned: bool, longs: u8, decimal: bool },
    /// A floating constant, as spelled.
    Float(Symbol),
    /// A character constant: value and type.
    Char(i64, IntKind),
    /// A string literal, adjacent ones joined: bytes without the NUL; element size in bytes (1, 2, 4).
    Str { bytes: Vec<u8>, width: u8 },
    /// `(e)`
    Paren(Box<Expr>),
    /// `op e`
    Unary(UnaryOp, Box<Expr>),
    /// `e++`, `e--`
    Postfix(PostfixOp, Box<Expr>),
    /// `a op b`, the assignments excluded
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a = b` (`None`) or `a op= b`
    Assign(Option<BinaryOp>, Box<Expr>, Box<Expr>),
    /// `a ? b : c`, `a ?: c`
    Conditional { cond: Box<Expr>, then: Option<Box<Expr>>, otherwise: Box<Expr> },
    /// `a, b`
    Comma(Box<Expr>, Box<Expr>),
    /// `f(args)`
    Call { callee: Box<Expr>, args: Vec<Expr> },
    /// `a.m` or `a->m`
    Member { base: Box<Expr>, arrow: bool, field: Ident },
    /// `a[i]`
    Index { base: Box<Expr>, index: Box<Expr> },
    /// `(T)e`
    Cast { ty: Box<TypeName>, expr: Box<Expr> },
    /// `(T){ ... }`
    CompoundLiteral { ty: Box<TypeName>, init: Box<Initializer> },
    /// `sizeof e`
    SizeofExpr(Box<Expr>),
    /// `sizeof(T)`
    SizeofType(Box<TypeName>),
    /// `_Alignof(e)` / `__alignof__ e`
    AlignofExpr(Box<Expr>),
    /// `_Alignof(T)`
    AlignofType(Box<TypeName>),
    /// `__builtin_offsetof(T, a.b[1])`
    Offsetof { ty: Box<TypeName>, path: Vec<Designator> },
    /// `__builtin_types_compatible_p(T, U)`
    TypesCompatible(Box<TypeName>, Box<TypeName>),
    /// `__builtin_choose_expr(c, a, b)`
    ChooseExpr { cond: Box<Expr>, then: Box<Expr>, otherwise: Box<Expr> },
    /// `__builtin_va_arg(ap, T)`
    VaArg { ap: Box<Expr>, ty: Box<TypeName> },
    /// `__builtin_bit_cast(T, e)` and other builtins with a type among their arguments
    BuiltinWithTypes { name: Symbol, types: Vec<TypeName>, args: Vec<Expr> },
    /// `_Generic(e, T: a, default: b)`
    Generic { control: Box<Expr>, arms: Vec<(Option<TypeName>, Expr)> },
    /// `({ ... })`
    StmtExpr(Block),
    /// `&&label`
    LabelAddress(Ident),
    /// Not understood.
    Error,
}

/// Prefix operators.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `!`
    Not,
    /// `~`
    BitNot,
    /// `*`
    Deref,
    /// `&`
    AddrOf,
    /// `++`
    PreInc,
    /// `--`
    PreDec,
    /// `__extension__`, `__real__`, `__imag__`
    Extension,
}

/// Postfix operators.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PostfixOp {
    /// `++`
    Inc,
    /// `--`
    Dec,
}

/// Binary operators.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Shl,
    Shr,
    Lt,
    Gt,
    Le,
    Ge,
    Eq,
    Ne,
    BitAnd,
    BitOr,
    BitXor,
    LogAnd,
    LogOr,
}
