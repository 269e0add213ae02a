//! References of function bodies and initialisers, in the order in which clang generates code.
//!
//! clang lays global variables out in the order in which its code generator first meets them, so
//! the walk follows `CodeGenFunction`: a scalar assignment generates its right side first, a `for`
//! its step after its body ([`crate::laws::EVALUATION_ORDER`]), the dead arm of a constant condition not at
//! all ([`crate::laws::DEAD_ARMS`]), and so on. What every
//! reference does with its target (read, write, take the address ...) is recorded along, because the
//! optimiser decides by it whether a static variable survives.
//!
//! The walk is over syntax; what names, types and values mean it asks the `Resolver`, which knows the item
//! and file scope.

mod constant_folding;
mod dead_stores;
mod expressions;
mod initializers;
mod labels;
mod local_declarations;
mod loop_unrolling;
mod lvalues;
mod memory_transfers;
mod resolver;
mod statements;
#[cfg(test)]
mod tests;
mod value_propagation;
mod walk;

use std::sync::Arc;

use cfront::{
    ast::{Ident, InitDeclarator, Initializer, Item},
    ctypes::CTypeId,
    sema::{Definition, ItemScope, Variable},
    symbol::Symbol,
    unit::{FileScope, ItemId, ParsedItem, Unit},
};

use crate::{certainty::Certainty, laws::Law};
use resolver::Resolver;

/// What a reference refers to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// A variable with file scope (or declared `extern` in a block).
    Variable(Symbol),
    /// A function.
    Function(Symbol),
    /// A static variable of this body, by the front end's number.
    Static(u32),
    /// What a parameter or local pointer points to, by the front end's number.
    Local(u32),
    /// A string literal used as a pointer: bytes without the NUL, element size.
    Str(Vec<u8>, u8),
    /// The string of `__func__` or of one of its kin: how it is spelled, and the function's name.
    FunctionName(Symbol, Symbol),
    /// The private constant that a local aggregate is copied from: index in [`Body::constants`].
    Constant(u32),
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
    /// `[i]`, where `i` has one value in each iteration of a loop that is surely unrolled.
    Iteration,
    /// `[i]`, where that law decides whether `i` is constant, if only in each iteration.
    Computed {
        /// The law.
        by: &'static Law,
        /// What the model takes it to be.
        constant: bool,
    },
    /// Through a pointer of another type: the rest is not known.
    Punned,
}

/// How many bytes of a part are accessed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Length {
    /// As many as its type has.
    #[default]
    Part,
    /// So many: `memcpy`, `memset`, a number of another size.
    Bytes(u64),
    /// How many is known only at run time.
    Unknown,
}

/// How the bytes of a part are accessed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Extent {
    /// How many of them.
    pub length: Length,
    /// By one load or store, where the size allows: what is copied from or to there is in memory, and not
    /// a local that the optimiser takes apart.
    pub at_once: bool,
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
    /// How the bytes of that part are accessed.
    pub extent: Extent,
    /// Where an address goes.
    pub flow: Flow,
    /// Value of a write, where it is an integer constant.
    pub stored: Option<i128>,
    /// The access goes through a `volatile` lvalue made by a cast.
    pub volatile: bool,
    /// Code is generated for it, but it can never run: the optimiser removes it.
    pub dead: bool,
    /// Whether the code can run, which hangs on what the optimiser knows of values.
    pub reached: Certainty,
    /// Token of the item that names the target.
    pub token: u32,
}

/// A static variable declared in a body.
#[derive(Clone, PartialEq, Debug)]
pub struct LocalStatic {
    /// The front end's number.
    pub local: u32,
    /// Name as declared.
    pub name: Ident,
    /// Its declarator.
    pub declarator: InitDeclarator,
}

/// A constant aggregate that a local variable is initialised with.
#[derive(Clone, PartialEq, Debug)]
pub struct ConstantInitializer {
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
    pub constants: Vec<ConstantInitializer>,
    /// True when some of the syntax was not understood or nested too deep.
    pub incomplete: bool,
}

/// What the body of a function refers to, in the order of code generation; `None` for other items.
/// Kept as [`Unit::derive`] says.
pub fn of_function(unit: &Unit, item: ItemId) -> Option<Arc<Body>> {
    let scope = unit.scope(item)?;
    let Item::Function(_) = &unit.item(item)?.syntax else { return None };
    unit.derive(item, |parsed| of_item(unit, parsed, scope))
}

fn of_item(unit: &FileScope, item: &Arc<ParsedItem>, scope: Arc<ItemScope>) -> Body {
    let Item::Function(function) = &item.syntax else { return Body::default() };
    let torn = scope.is_torn() || function.has_error;
    let resolver = Resolver::new(unit, item.clone(), scope);
    let values = value_propagation::Values::of(function, &resolver);
    let mut walk = walk::Walk::new(resolver);
    walk.values = values;
    walk.function_name = function.declarator.name.map(|n| n.name);
    walk.block(&function.body);
    walk.body.incomplete |= torn;
    walk.finish()
}

/// What the initialiser of a variable of file scope refers to, in the order of members; `None` where it
/// has none.
pub fn of_initializer(unit: &FileScope, variable: &Variable) -> Option<Body> {
    let Definition::Initialised(index) = variable.definition else { return None };
    let decl = variable.decls.get(index)?;
    let (item, scope) = unit.declaration(ItemId(decl.place.item))?;
    let init = initializer_at(&item.syntax, decl.declarator)?;
    let mut walk = walk::Walk::new(Resolver::new(unit, item.clone(), scope));
    walk.static_init((variable.ty != CTypeId::UNKNOWN).then_some(variable.ty), init);
    Some(walk.finish())
}

/// The initialiser of the n-th declarator of a declaration.
pub(crate) fn initializer_at(item: &Item, declarator: u32) -> Option<&Initializer> {
    let Item::Declaration(declaration) = item else { return None };
    declaration.declarators.get(declarator as usize)?.init.as_ref()
}
