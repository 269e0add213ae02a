//! What a build may read of a unit, and the record of what it has read.
//!
//! A build gets no unit, only [`Facts`]. They have
//!
//! - file scope, which is the same for all units that differ in bodies of functions only;
//! - bodies, each as the one value that is compared after an edit: what that does not show no build can
//!   depend on;
//! - in how many items of the main file a name is mentioned, which is looked at again in those that were
//!   edited;
//! - stand-ins for places in the text, which become places when the build is over.
//!
//! Whether all of the source could be read is not for a build to ask: the [`Record`] tells.
//!
//! ```
//! # use cfront::unit::Unit;
//! fn items(unit: &Unit) -> usize {
//!     codegen::facts::recorded(unit, (), |facts, ()| facts.file_scope().main_items().len()).0
//! }
//! ```
//!
//! A build cannot bring along the unit that it reads, nor do the facts lead to it:
//!
//! ```compile_fail
//! # use cfront::unit::Unit;
//! fn items(unit: &Unit) -> usize {
//!     codegen::facts::recorded(unit, (), |_, ()| unit.main_items().len()).0
//! }
//! ```
//!
//! ```compile_fail
//! # use cfront::unit::Unit;
//! fn items(unit: &Unit) -> usize {
//!     codegen::facts::recorded(unit, (), |facts, ()| facts.unit.main_items().len()).0
//! }
//! ```
//!
//! File scope has no text of bodies:
//!
//! ```compile_fail
//! # use cfront::unit::{ItemId, Unit};
//! fn tokens(unit: &Unit) -> usize {
//!     codegen::facts::recorded(unit, (), |facts, ()| facts.file_scope().tokens(ItemId(0)).len()).0
//! }
//! ```

mod body;
mod record;
#[cfg(test)]
mod tests;

use std::{cell::OnceCell, sync::Arc};

use cfront::{
    sema::{LocalKind, Variable},
    symbol::Symbol,
    unit::{FileScope, ItemId, Unit},
};
use rustc_hash::{FxHashMap, FxHashSet};

pub use self::{
    body::{FunctionBody, Local},
    record::Record,
};
use crate::{
    certainty::Place,
    references::{self, Body},
};
use record::{Read, mentions};

/// What a build may read of a unit.
pub struct Facts<'u> {
    unit: &'u Unit,
    bodies: FxHashMap<Symbol, Option<Arc<FunctionBody>>>,
    /// Functions that code is generated for.
    generated: FxHashSet<Symbol>,
    initializers: FxHashMap<Symbol, Option<Arc<Body>>>,
    block_externs: OnceCell<FxHashMap<Symbol, (Arc<FunctionBody>, u32)>>,
    counted: FxHashSet<Symbol>,
    places: Vec<Origin>,
}

/// What a place is the place of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Origin {
    /// A token at file scope.
    Token(ItemId, u32),
    /// A local of a function, as its body is shown.
    Local(Symbol, u32),
}

/// Makes something of a unit, and the record of what was read for it. `build` is a function, not a closure:
/// it gets what it reads from the facts alone.
pub fn recorded<A, T>(unit: &Unit, given: A, build: fn(&mut Facts<'_>, A) -> T) -> (T, Record) {
    let mut facts = Facts {
        unit,
        bodies: FxHashMap::default(),
        generated: FxHashSet::default(),
        initializers: FxHashMap::default(),
        block_externs: OnceCell::new(),
        counted: FxHashSet::default(),
        places: Vec::new(),
    };
    let made = build(&mut facts, given);
    let initializers = facts.initializers.values().flatten();
    let read = Read {
        torn_data: initializers.into_iter().any(|body| body.incomplete),
        bodies: facts.bodies,
        generated: facts.generated,
        counted: facts.counted,
        places: facts.places,
    };
    (made, Record::new(unit, read))
}

impl<'u> Facts<'u> {
    /// Types, names and initialisers.
    pub fn file_scope(&self) -> &'u FileScope {
        self.unit.file_scope()
    }

    /// The body of a function, when the unit defines it.
    pub(crate) fn function(&mut self, name: Symbol) -> Option<Arc<FunctionBody>> {
        let read = || FunctionBody::read(self.unit, name);
        self.bodies.entry(name).or_insert_with(read).clone()
    }

    /// That of a function that code is generated for: where it could not be read in full, the model is not
    /// complete.
    pub(crate) fn generated(&mut self, name: Symbol) -> Option<Arc<FunctionBody>> {
        self.generated.insert(name);
        self.function(name)
    }

    /// What the initialiser of a variable of file scope refers to.
    pub(crate) fn initializer(&mut self, variable: &Variable) -> Option<Arc<Body>> {
        let of = || references::of_initializer(self.unit.file_scope(), variable).map(Arc::new);
        self.initializers.entry(variable.name).or_insert_with(of).clone()
    }

    /// An `extern` declaration of a variable inside one of the bodies that were read: the body, and the
    /// number of the local there.
    pub fn block_extern(&self, name: Symbol) -> Option<(Arc<FunctionBody>, u32)> {
        let found = self.block_externs.get_or_init(|| {
            // Of one name the first, whatever order the bodies were read in.
            let mut bodies: Vec<_> = self.bodies.values().flatten().collect();
            bodies.sort_by_key(|body| body.function.definition_place().map(|place| place.item));
            let mut found = FxHashMap::default();
            for body in bodies {
                for (local, number) in body.locals.iter().zip(0..) {
                    if local.kind == LocalKind::Extern {
                        found.entry(local.name).or_insert_with(|| (body.clone(), number));
                    }
                }
            }
            found
        });
        found.get(&name).cloned()
    }

    /// In how many items of the main file each of these names is mentioned.
    pub(crate) fn mentions(&mut self, names: FxHashSet<Symbol>) -> FxHashMap<Symbol, u32> {
        let mut counts = FxHashMap::default();
        if !names.is_empty() {
            let items = self.unit.main_items().iter();
            for name in items.flat_map(|item| mentions(self.unit, *item, &names)) {
                *counts.entry(name).or_default() += 1;
            }
        }
        self.counted.extend(names);
        counts
    }

    /// Where the user wrote a token of file scope: a stand-in, until [`Record::settle`].
    pub fn place(&mut self, item: ItemId, token: u32) -> Place {
        self.stand_in(Origin::Token(item, token))
    }

    /// Where the user wrote the name of the local of that number: likewise.
    pub fn local_place(&mut self, body: &FunctionBody, local: u32) -> Place {
        self.stand_in(Origin::Local(body.function.name, local))
    }

    fn stand_in(&mut self, origin: Origin) -> Place {
        let number = self.places.len() as u32;
        self.places.push(origin);
        Place { file: u32::MAX, start: number, end: number }
    }
}
