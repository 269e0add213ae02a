//! The translation unit: what a file means after preprocessing.
//!
//! A [`Unit`] is immutable, cheap to clone and safe to share between threads. Items of headers are
//! known by the names they declare and parsed when such a name is asked for; an edit takes over all
//! that it did not touch from the previous unit (see `memo`).

use std::sync::Arc;

use crate::{
    ast,
    ctypes::{CType, CTypeId, Enum, EnumId, Record, RecordId, Typedef, TypedefId},
    sema::{
        EnumConst, Function, FunctionId, Global, Initial, ItemScope, LocalId, Variable, VariableId,
    },
    source::{FileId, FileRange},
    symbol::Symbol,
    token::Token,
};

/// A top-level item by its place in the unit's order; ids compare as places in the unit do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ItemId(pub u32);

/// A parsed item.
#[derive(Debug)]
pub struct ParsedItem {
    /// Unique in the process: two parses never share it.
    pub serial: u64,
    /// Its syntax.
    pub syntax: ast::Item,
}

/// Something that happens at top level when the compiler reads the unit from start to end.
#[derive(Clone, Debug)]
pub enum Event {
    /// A function definition that clang generates at once ([`Function::is_eager`]).
    Function(Arc<Function>),
    /// A declaration of a function (no body), declaration index in [`Function::decls`].
    FunctionDeclaration(Arc<Function>, usize),
    /// A declaration of a variable, index in [`Variable::decls`].
    Variable(Arc<Variable>, usize),
    /// A static function definition (generated when something refers to it).
    DeferredFunction(Arc<Function>),
}

/// Where a byte of a file went in the unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokenPlace {
    /// The item.
    pub item: ItemId,
    /// Token index in the item.
    pub token: u32,
}

/// How much work a unit has cost since it was built (shared by units that share results).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Work {
    /// Items parsed.
    pub items_parsed: usize,
    /// Parsed items taken over from the previous unit.
    pub items_reused: usize,
    /// Records laid out.
    pub types_laid_out: usize,
    /// Whether the types and names of the previous unit were taken over as they were.
    pub environment_reused: bool,
}

/// A translation unit.
#[derive(Clone, Debug)]
pub struct Unit {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {}

impl Unit {
    // ---- items and places ----

    /// Number of top-level items; [`ItemId`]s are below it.
    pub fn item_count(&self) -> u32 {
        0
    }

    /// The item, parsed when it was not yet.
    pub fn item(&self, _id: ItemId) -> Option<Arc<ParsedItem>> {
        None
    }

    /// The expanded tokens of an item.
    pub fn tokens(&self, _id: ItemId) -> &[Token] {
        &[]
    }

    /// Whether the item's first token stands in the main file (or a macro used there).
    pub fn in_main_file(&self, _id: ItemId) -> bool {
        false
    }

    /// What the user wrote for a token of an item.
    pub fn token_place(&self, _id: ItemId, _token: u32) -> Option<FileRange> {
        None
    }

    /// The tokens whose text stands at that byte of a file (an argument used twice gives two).
    pub fn tokens_at(&self, _file: FileId, _offset: u32) -> Vec<TokenPlace> {
        Vec::new()
    }

    // ---- names ----

    /// What an ordinary identifier means at file scope; header items are parsed on demand.
    pub fn ordinary(&self, _name: Symbol) -> Option<Global> {
        None
    }

    /// The function of that name.
    pub fn function(&self, _name: Symbol) -> Option<Arc<Function>> {
        None
    }

    /// The variable of that name.
    pub fn variable(&self, _name: Symbol) -> Option<Arc<Variable>> {
        None
    }

    /// By id.
    pub fn function_by_id(&self, _id: FunctionId) -> Option<Arc<Function>> {
        None
    }

    /// By id.
    pub fn variable_by_id(&self, _id: VariableId) -> Option<Arc<Variable>> {
        None
    }

    /// The enumerator of that name.
    pub fn enumerator(&self, _name: Symbol) -> Option<EnumConst> {
        None
    }

    /// The type of `struct tag`, `union tag` or `enum tag` at file scope, defined or not.
    pub fn tag(&self, _name: Symbol) -> Option<CTypeId> {
        None
    }

    /// What happens at top level, in order: all declarations and definitions of functions and
    /// variables of the main file, and those of headers that define something external (or `used`).
    /// Static functions, plain prototypes and `extern` declarations of headers are left out: look
    /// them up by name when a body refers to them, their `decls` have places that compare with
    /// [`ItemId`]s.
    pub fn top_level(&self) -> Vec<Event> {
        Vec::new()
    }

    /// All functions of [`Unit::top_level`], each once, in order of first declaration.
    pub fn functions(&self) -> Vec<Arc<Function>> {
        Vec::new()
    }

    /// All variables of [`Unit::top_level`], each once, in order of first declaration.
    pub fn variables(&self) -> Vec<Arc<Variable>> {
        Vec::new()
    }

    // ---- inside items ----

    /// The scopes inside an item: what its identifiers refer to, locals, types of its expressions.
    /// For functions this is the body's scope; for declarations, that of declarators and initialisers.
    pub fn scope(&self, _id: ItemId) -> Option<Arc<ItemScope>> {
        None
    }

    /// The type of an expression of an item (before array decay); `None`: not known.
    pub fn expr_type(&self, _scope: &ItemScope, _expr: &ast::Expr) -> Option<CTypeId> {
        None
    }

    /// The value of an integer constant expression as the front end folds it (no variable is read,
    /// also no `const` one).
    pub fn constant(&self, _scope: &ItemScope, _expr: &ast::Expr) -> Option<i128> {
        None
    }

    /// The type that a type name in an item (cast, sizeof) means.
    pub fn type_name(&self, _scope: &ItemScope, _ty: &ast::TypeName) -> CTypeId {
        CTypeId::UNKNOWN
    }

    /// The bytes a file-scope variable starts with.
    pub fn initial(&self, _variable: &Variable) -> Initial {
        Initial::Unknown
    }

    /// The bytes a static local starts with.
    pub fn initial_of_local(&self, _scope: &ItemScope, _local: LocalId) -> Initial {
        Initial::Unknown
    }

    // ---- types ----

    /// The structure of a type.
    pub fn ctype(&self, _id: CTypeId) -> CType {
        CType::Unknown
    }

    /// The type with typedefs, qualifiers and tags at the top taken off.
    pub fn canonical(&self, _id: CTypeId) -> CType {
        CType::Unknown
    }

    /// A struct or union with its layout.
    pub fn record(&self, _id: RecordId) -> Option<Arc<Record>> {
        None
    }

    /// An enum.
    pub fn enumeration(&self, _id: EnumId) -> Option<Arc<Enum>> {
        None
    }

    /// A typedef.
    pub fn typedef(&self, _id: TypedefId) -> Option<Arc<Typedef>> {
        None
    }

    /// Size in bytes; `None` for incomplete and unknown types.
    pub fn size_of(&self, _id: CTypeId) -> Option<u64> {
        None
    }

    /// Alignment in bytes.
    pub fn align_of(&self, _id: CTypeId) -> Option<u64> {
        None
    }

    /// Whether the type is const (arrays: their elements), looking through typedefs.
    pub fn is_const(&self, _id: CTypeId) -> bool {
        false
    }

    /// Whether the type is volatile.
    pub fn is_volatile(&self, _id: CTypeId) -> bool {
        false
    }

    /// The address space of the type, 0 when none is given.
    pub fn address_space(&self, _id: CTypeId) -> u32 {
        0
    }

    /// The type as C text, declaring `name` when one is given.
    pub fn spell(&self, _id: CTypeId, _name: Option<&str>) -> String {
        String::new()
    }

    /// How much work has been done.
    pub fn work(&self) -> Work {
        Work::default()
    }
}
