//! References of function bodies and initialisers, in the order in which clang generates code.
//!
//! clang lays global variables out in the order in which its code generator first meets them, so
//! the walk follows `CodeGenFunction`: a scalar assignment generates its right side first, a `for`
//! its step after its body, the dead arm of a constant condition not at all, and so on. What every
//! reference does with its target (read, write, take the address ...) is recorded along, because the
//! optimiser decides by it whether a static variable survives.
//!
//! The walk is pure syntax; everything it must know about types and names it asks a [`Resolver`].

mod expr;
mod init;
mod labels;
mod locals;
mod overwritten;
mod place;
mod stmt;
#[cfg(test)]
mod tests;
mod turns;
mod unit;
mod walk;
mod whole;

pub use unit::{UnitResolver, initializer_at};

use crate::{
    ast::{Expr, FunctionDef, Ident, InitDeclarator, InitItem, Initializer, TypeName},
    symbol::Symbol,
};

/// What kind of value an expression or a type has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Arithmetic or pointer.
    Scalar,
    /// Struct or union.
    Record,
    /// Array.
    Array,
    /// Function.
    Function,
    /// Not known, or `void`.
    Unknown,
}

/// What an identifier means to code generation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Named {
    /// A parameter or automatic variable; numbers are the resolver's.
    Local(u32),
    /// A static variable of the body; numbers as above.
    Static(u32),
    /// A variable with file scope.
    Variable(Symbol),
    /// A function.
    Function(Symbol),
    /// Anything else: enumerator, builtin, unknown.
    Other,
}

/// What the walk must know about names, types and values.
pub trait Resolver {
    /// A type.
    type Ty: Copy;
    /// What the identifier (a use or a declarator's name) means.
    fn resolve(&mut self, ident: Ident) -> Named;
    /// Whether reads of the variable are folded to a constant by the front end (`const`
    /// non-volatile scalar with a constant initialiser).
    fn folds(&mut self, named: Named) -> bool;
    /// Whether the local is a parameter: which one.
    fn parameter(&mut self, local: u32) -> Option<u32>;
    /// The function of the local's `cleanup` attribute.
    fn cleanup(&mut self, local: u32) -> Option<Symbol>;
    /// Type of a local.
    fn local_type(&mut self, local: u32) -> Option<Self::Ty>;
    /// Whether a call of the function never returns.
    fn noreturn(&mut self, function: Symbol) -> bool;
    /// Whether the unit has a body of the function.
    fn has_body(&mut self, function: Symbol) -> bool;
    /// Value of an integer constant expression as clang's front end folds it.
    fn int_value(&mut self, expr: &Expr) -> Option<i128>;
    /// Kind of the value of an expression.
    fn class(&mut self, expr: &Expr) -> Class;
    /// Kind of a type.
    fn class_of(&mut self, ty: Self::Ty) -> Class;
    /// A type from its name.
    fn type_name(&mut self, name: &TypeName) -> Option<Self::Ty>;
    /// Whether a type name is a pointer to something volatile.
    fn points_to_volatile(&mut self, name: &TypeName) -> bool;
    /// Size in bytes of the scalar that a type name is a pointer to.
    fn scalar_behind(&mut self, name: &TypeName) -> Option<u64>;
    /// Which arm of `_Generic` is taken.
    fn generic_arm(&mut self, expr: &Expr) -> Option<usize>;
    /// Whether the initialiser of a local is a constant.
    fn is_constant(&mut self, local: u32, init: &Initializer) -> bool;
    /// Size of a type in bytes.
    fn size(&mut self, ty: Self::Ty) -> Option<u64>;
    /// For every item of an initialiser list of that type: its rank in the order of members or
    /// elements, and its type.
    fn positions(
        &mut self,
        ty: Self::Ty,
        items: &[InitItem],
    ) -> Option<Vec<(u64, Option<Self::Ty>)>>;
}

/// What a reference refers to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// A variable with file scope (or declared `extern` in a block).
    Variable(Symbol),
    /// A function.
    Function(Symbol),
    /// A static variable of this body, by the resolver's number.
    Static(u32),
    /// What a parameter or local pointer points to, by the resolver's number.
    Local(u32),
    /// A string literal used as a pointer: bytes without the NUL, element size.
    Str(Vec<u8>, u8),
    /// The string of `__func__` or of one of its kin: how it is spelled, and the function's name.
    FunctionName(Symbol, Symbol),
    /// The private constant that a local aggregate is copied from: index in [`Body::tables`].
    Table(u32),
}

/// What is done with the target.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// Value read.
    Read,
    /// Value overwritten.
    Write,
    /// Read, changed, written.
    ReadWrite,
    /// Address taken (arrays decay, functions as values).
    Address,
    /// Named without reading it: code generation creates it, nothing uses it.
    Mention,
    /// Called.
    Call,
    /// Created by its declaration (local statics).
    Create,
    /// Its bytes are compared by a call that stays (`memcmp`): its address is needed, nothing more.
    Compare,
}

/// A step from a variable to the part that is accessed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// `.name`
    Field(Symbol),
    /// `[n]`, `None` when not constant.
    Index(Option<i64>),
    /// `[i]`, where `i` has one value in each turn of a loop that is unrolled.
    Turn,
    /// So many bytes from there on, `None` when not constant: `memcpy`, `memset`.
    Bytes(Option<u64>),
    /// The last step of what is copied or filled by one load or store, where its size allows: what is at
    /// the other end is in memory. While a body is read: that local, which may yet be taken apart.
    Whole(Option<u32>),
    /// Through a pointer of another type: the rest is not known.
    Punned,
}

/// Where an address goes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Flow {
    /// Nowhere that is followed: it escapes.
    Escapes,
    /// Into an argument of a directly called function.
    Argument(Symbol, u32),
    /// Into a local variable.
    Local(u32),
    /// Out of the function.
    Return,
    /// It is only compared or tested for null.
    Tested,
}

/// One reference.
#[derive(Clone, PartialEq, Debug)]
pub struct Reference {
    /// To what.
    pub target: Target,
    /// How.
    pub access: Access,
    /// The part of the target, from the outside in. Empty: all of it.
    pub path: Vec<Step>,
    /// Where an address goes.
    pub flow: Flow,
    /// Value of a write, where it is an integer constant.
    pub stored: Option<i128>,
    /// The access goes through a `volatile` lvalue made by a cast.
    pub volatile: bool,
    /// Code is generated for it, but it can never run: the optimiser removes it.
    pub dead: bool,
    /// Token of the item that names the target.
    pub token: u32,
}

/// A static variable declared in a body.
#[derive(Clone, PartialEq, Debug)]
pub struct LocalStatic {
    /// The resolver's number.
    pub local: u32,
    /// Name as declared.
    pub name: Ident,
    /// Its declarator.
    pub declarator: InitDeclarator,
}

/// A constant aggregate that a local variable is initialised with.
#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    /// The local.
    pub local: u32,
    /// The initialiser.
    pub init: Initializer,
}

/// All references of a body or initialiser.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Body {
    /// In the order of code generation.
    pub references: Vec<Reference>,
    /// Static variables in the order of their creation.
    pub statics: Vec<LocalStatic>,
    /// Initialisers that could become private constants, in order.
    pub tables: Vec<Table>,
    /// True when some of the syntax was not understood or nested too deep.
    pub incomplete: bool,
}

/// References of a function's body, in the order of code generation.
pub fn of_function<R: Resolver>(function: &FunctionDef, resolver: &mut R) -> Body {
    let mut walk = walk::Walk::new(resolver);
    walk.function_name = function.declarator.name.map(|n| n.name);
    walk.block(&function.body);
    if function.has_error {
        walk.body.incomplete = true;
    }
    walk.finish()
}

/// References of the initialiser of a variable with static storage.
pub fn of_initializer<R: Resolver>(
    ty: Option<R::Ty>,
    init: &Initializer,
    resolver: &mut R,
) -> Body {
    let mut walk = walk::Walk::new(resolver);
    walk.static_init(ty, init);
    walk.finish()
}
