//! After an edit: the model of the text before it, where nothing of what it was made of has changed.
//!
//! A build reads file scope, and of bodies what [`Seen`] has. [`Basis`] keeps what it has read; where all
//! of that is the same in a later unit, the object is the same but for the places in the text, which are
//! looked up anew.

use std::sync::Arc;

use cfront::{
    source::{FileId, FileRange},
    symbol::Symbol,
    unit::{ItemId, Unit},
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    SourceObject,
    bodies::{Bodies, FunctionBody},
    is_torn,
    seen::{self, Seen},
};
use crate::object::{Object, Place};

/// What a model was made of.
#[derive(Clone)]
pub(super) struct Basis {
    pub(super) unit: Unit,
    /// The bodies that were read, by item.
    pub(super) bodies: Arc<FxHashMap<ItemId, Read>>,
    /// Those of them that were edited since.
    pub(super) edited: FxHashMap<ItemId, Read>,
    /// Something other than a body could not be read.
    pub(super) incomplete: bool,
    /// Functions whose mentions in the tokens of items were counted.
    pub(super) counted: Arc<FxHashSet<Symbol>>,
    /// What the object's places are the places of; by place.
    pub(super) origins: Vec<(Place, Origin)>,
}

impl Basis {
    fn body(&self, item: ItemId) -> Option<&Read> {
        self.edited.get(&item).or_else(|| self.bodies.get(&item))
    }
}

/// A body as a build read it; nothing where it could not.
#[derive(Clone)]
pub(super) struct Read {
    pub(super) name: Symbol,
    pub(super) body: Option<Arc<FunctionBody>>,
    /// Whether clang generates code for it.
    pub(super) emitted: bool,
}

/// What a place is the place of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    /// A token at file scope.
    Token(ItemId, u32),
    /// A local, by its number among those of its item that can be in an object.
    Local(ItemId, u32),
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

/// The model of `unit`, from that of an earlier unit of the same file; `None` where it may be another.
pub(super) fn taken_over(unit: &Unit, name: &str, earlier: &SourceObject) -> Option<SourceObject> {
    let mut basis = earlier.basis.clone()?;
    if earlier.object.name != name {
        return None;
    }
    for item in unit.changed_since(&basis.unit)? {
        if !same_mentions(&basis, unit, item) {
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
    let torn = |item: &ItemId| {
        let read = basis.body(*item).filter(|read| read.emitted);
        read.is_some_and(|read| read.body.as_ref().is_none_or(|body| body.body.incomplete))
    };
    let incomplete = basis.incomplete || basis.bodies.keys().any(torn);
    let mut object = earlier.object.clone();
    object.complete = !incomplete && !is_torn(unit);
    basis.origins = moved(&basis, unit, &mut object)?;
    basis.unit = unit.clone();
    Some(SourceObject { object, refusals: earlier.refusals.clone(), basis: Some(basis) })
}

/// Whether an item's tokens name the same of the functions that count.
fn same_mentions(basis: &Basis, unit: &Unit, item: ItemId) -> bool {
    let mentions = |unit: &Unit| -> FxHashSet<Symbol> {
        let names = unit.tokens(item).iter().map(|token| token.sym);
        names.filter(|name| basis.counted.contains(name)).collect()
    };
    basis.counted.is_empty() || mentions(&basis.unit) == mentions(unit)
}

/// Puts the places of now into an object; `None` where two that were one place are two now.
fn moved(basis: &Basis, unit: &Unit, object: &mut Object) -> Option<Vec<(Place, Origin)>> {
    let origins = &basis.origins;
    let mut places: Vec<(Place, Place)> = Vec::with_capacity(origins.len());
    let mut new: Vec<(Place, Origin)> = Vec::with_capacity(origins.len());
    // The tokens of the locals of each item, found once.
    let mut locals = FxHashMap::default();
    for &(old, origin) in origins {
        let place = origin.place(unit, &basis.unit, old, &mut locals)?;
        match places.last() {
            Some((last, moved)) if *last == old && *moved != place => return None,
            _ => places.push((old, place)),
        }
        new.push((place, origin));
    }
    let variables = object.sections.iter_mut().flat_map(|s| &mut s.variables).map(|v| &mut v.place);
    let maps = object.maps.iter_mut().map(|map| &mut map.place);
    let programs = object.programs.iter_mut().map(|program| &mut program.place);
    for place in variables.chain(maps).chain(programs).flatten() {
        let known = places.binary_search_by_key(place, |(old, _)| *old).ok()?;
        *place = places.get(known)?.1;
    }
    new.sort_by_key(|(place, _)| *place);
    Some(new)
}
