//! What a model of a unit was made of, and whether a later unit of the file has all of that unchanged.
//!
//! A build reads file scope, and of bodies what [`seen::Seen`] has. [`Basis`] keeps what it has read; where
//! all of that is the same in a later unit, the model is the same but for the places in the text, which are
//! looked up anew.

pub(crate) mod seen;

use std::sync::Arc;

use cfront::{
    source::{FileId, FileRange},
    symbol::Symbol,
    unit::{ItemId, Unit},
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    bodies::{Bodies, FunctionBody},
    certainty::Place,
    emission_order::EmissionOrder,
};
use seen::Seen;

/// What a model was made of.
#[derive(Clone)]
pub struct Basis {
    unit: Unit,
    /// The bodies that were read, by item.
    bodies: Arc<FxHashMap<ItemId, Read>>,
    /// Those of them that were edited since.
    edited: FxHashMap<ItemId, Read>,
    /// Something other than a body could not be read.
    incomplete: bool,
    /// Functions whose mentions in the tokens of items were counted.
    counted: Arc<FxHashSet<Symbol>>,
    /// What the model's places are the places of; by place.
    origins: Vec<(Place, Origin)>,
}

/// A body as a build read it; nothing where it could not.
#[derive(Clone)]
pub(crate) struct Read {
    pub(crate) name: Symbol,
    pub(crate) body: Option<Arc<FunctionBody>>,
    /// Whether clang generates code for it.
    pub(crate) emitted: bool,
}

/// What a place is the place of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// A token at file scope.
    Token(ItemId, u32),
    /// A local, by its number among those of its item that can be in an object.
    Local(ItemId, u32),
}

/// A model's places, before an edit and after it; sorted by those before.
pub struct Moved(Vec<(Place, Place)>);

impl Moved {
    /// Where a place of the model is now; `None` for one that it did not have.
    pub fn place(&self, before: Place) -> Option<Place> {
        let known = self.0.binary_search_by_key(&before, |(old, _)| *old).ok()?;
        Some(self.0.get(known)?.1)
    }
}

impl Basis {
    /// What was read of a unit until now.
    pub fn new(bodies: Bodies<'_>, created: EmissionOrder) -> Basis {
        let unit = bodies.unit.clone();
        let (read, origins) = bodies.into_read(|name| created.emitted.contains(&name));
        Basis {
            unit,
            bodies: read.into(),
            edited: FxHashMap::default(),
            incomplete: created.incomplete_data,
            counted: created.counted.into(),
            origins,
        }
    }

    /// The same of a later unit of the file, with the places of now; `None` where a model made of it may be
    /// another.
    pub fn taken_over(&self, unit: &Unit) -> Option<(Basis, Moved)> {
        let mut basis = self.clone();
        for item in unit.changed_since(&basis.unit)? {
            if !basis.same_mentions(unit, item) {
                return None;
            }
            let Some(read) = basis.body(item) else { continue };
            let old = read.body.as_ref()?;
            let new = Bodies::new(unit).function(read.name)?;
            if Arc::ptr_eq(old, &new) {
                continue;
            }
            let seen_in =
                |unit: &Unit, body: &FunctionBody| unit.derive(item, |_| Seen::of(unit, body));
            if seen_in(&basis.unit, old)? != seen_in(unit, &new)? {
                return None;
            }
            let read = Read { body: Some(new), ..read.clone() };
            basis.edited.insert(item, read);
        }
        let moved = basis.move_to(unit)?;
        Some((basis, moved))
    }

    /// Whether some of what code is generated for could not be read in full.
    pub fn is_incomplete(&self) -> bool {
        let torn = |item: &ItemId| {
            let read = self.body(*item).filter(|read| read.emitted);
            read.is_some_and(|read| read.body.as_ref().is_none_or(|body| body.body.incomplete))
        };
        self.incomplete || self.bodies.keys().any(torn)
    }

    fn body(&self, item: ItemId) -> Option<&Read> {
        self.edited.get(&item).or_else(|| self.bodies.get(&item))
    }

    /// Whether an item's tokens name the same of the functions that count.
    fn same_mentions(&self, unit: &Unit, item: ItemId) -> bool {
        let mentions = |unit: &Unit| -> FxHashSet<Symbol> {
            let names = unit.tokens(item).iter().map(|token| token.sym);
            names.filter(|name| self.counted.contains(name)).collect()
        };
        self.counted.is_empty() || mentions(&self.unit) == mentions(unit)
    }

    /// Moves places to a later unit; `None` where two that were one place are two now.
    fn move_to(&mut self, unit: &Unit) -> Option<Moved> {
        let mut places: Vec<(Place, Place)> = Vec::with_capacity(self.origins.len());
        let mut new: Vec<(Place, Origin)> = Vec::with_capacity(self.origins.len());
        // The tokens of the locals of each item, found once.
        let mut locals = FxHashMap::default();
        for &(old, origin) in &self.origins {
            let place = origin.place(unit, &self.unit, old, &mut locals)?;
            match places.last() {
                Some((last, moved)) if *last == old && *moved != place => return None,
                _ => places.push((old, place)),
            }
            new.push((place, origin));
        }
        new.sort_by_key(|(place, _)| *place);
        self.origins = new;
        self.unit = unit.clone();
        Some(Moved(places))
    }
}

impl Origin {
    /// Its place now, where it was `before` in an earlier unit.
    fn place(
        self,
        unit: &Unit,
        earlier: &Unit,
        before: Place,
        locals: &mut FxHashMap<ItemId, Vec<u32>>,
    ) -> Option<Place> {
        let (item, token) = match self {
            Origin::Token(item, token) => (item, token),
            Origin::Local(item, number) => {
                let tokens = || unit.scope(item).map(|scope| seen::tokens(&scope).collect());
                let tokens = locals.entry(item).or_insert_with(|| tokens().unwrap_or_default());
                (item, *tokens.get(number as usize)?)
            }
        };
        let (file, start, end) = (FileId(before.file), before.start, before.end);
        let before = FileRange { file, start, end };
        let range = unit.token_place_since(earlier, item, token, before)?;
        Some(Place { file: range.file.0, start: range.start, end: range.end })
    }
}
