//! What a build has read, and whether a later unit of the file has all of that unchanged.

use std::sync::Arc;

use cfront::{
    pp::PpDiagnosticKind,
    symbol::Symbol,
    token::TokenKind,
    unit::{ItemId, Unit},
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{FunctionBody, Origin};
use crate::certainty::Place;

/// What was read of a unit, but for file scope.
pub(super) struct Read {
    pub(super) bodies: FxHashMap<Symbol, Option<Arc<FunctionBody>>>,
    /// Functions that code is generated for.
    pub(super) generated: FxHashSet<Symbol>,
    /// Names whose mentions were counted.
    pub(super) counted: FxHashSet<Symbol>,
    /// What the stand-ins for places stand for.
    pub(super) places: Vec<Origin>,
    /// An initialiser of file scope could not be read in full.
    pub(super) torn_data: bool,
}

/// What a model was made of.
#[derive(Clone)]
pub struct Record {
    /// The newest unit of which it is known that a build would read the same.
    unit: Unit,
    read: Arc<Read>,
    /// The function that each item defines, where its body was read.
    functions: Arc<FxHashMap<ItemId, Symbol>>,
    /// Functions that code is generated for and that could not be read in full.
    torn: FxHashSet<Symbol>,
    /// What the places of the model are the places of.
    origins: Arc<[Option<Origin>]>,
}

impl Record {
    pub(super) fn new(unit: &Unit, read: Read) -> Record {
        let is_torn = |name: &&Symbol| is_torn(read.bodies.get(name).and_then(Option::as_ref));
        let torn = read.generated.iter().filter(is_torn).copied().collect();
        let item = |name| Some(ItemId(unit.function(name)?.definition_place()?.item));
        let functions = read.bodies.keys().filter_map(|&name| Some((item(name)?, name)));
        Record {
            functions: Arc::new(functions.collect()),
            unit: unit.clone(),
            read: Arc::new(read),
            torn,
            origins: Arc::default(),
        }
    }

    /// The record of a build of a later unit of the file; `None` where that may read something else. What
    /// was edited is looked at, and nothing else.
    pub fn taken_over(&self, unit: &Unit) -> Option<Record> {
        let mut record = Record { unit: unit.clone(), ..self.clone() };
        for item in unit.changed_since(&self.unit)? {
            let counted = &self.read.counted;
            if mentions(unit, item, counted) != mentions(&self.unit, item, counted) {
                return None;
            }
            let Some(name) = self.functions.get(&item) else { continue };
            let body = FunctionBody::read(unit, *name);
            if self.read.bodies.get(name) != Some(&body) {
                return None;
            }
            match self.read.generated.contains(name) && is_torn(body.as_ref()) {
                true => record.torn.insert(*name),
                false => record.torn.remove(name),
            };
        }
        Some(record)
    }

    /// Whether all of the source could be read: no header is missing, no limit was hit, and nothing that is
    /// generated is half typed.
    pub fn is_complete(&self) -> bool {
        let missing = |kind| {
            matches!(
                kind,
                PpDiagnosticKind::MissingInclude
                    | PpDiagnosticKind::IncludeDepth
                    | PpDiagnosticKind::ExpansionLimit
            )
        };
        let diagnostics = &self.unit.preprocessed().diagnostics;
        self.torn.is_empty()
            && !self.read.torn_data
            && !self.unit.is_torn()
            && !diagnostics.iter().any(|diagnostic| missing(diagnostic.kind))
    }

    /// Puts places in place of the stand-ins that a model was built with.
    pub fn settle<'p>(&mut self, places: impl Iterator<Item = &'p mut Option<Place>>) {
        let mut bodies = FxHashMap::default();
        let mut origins = Vec::new();
        for place in places {
            let origin = place.and_then(|stand_in| self.read.places.get(stand_in.start as usize));
            *place = origin.and_then(|origin| {
                let (item, token) = origin.token(&self.unit, &mut bodies)?;
                Some(Place::from(self.unit.token_place(item, token)?))
            });
            origins.push(origin.copied());
        }
        self.origins = origins.into();
    }

    /// Moves the places of a model, in the same order, from the unit of an earlier record to that of this one,
    /// which was taken over from it.
    pub fn move_places<'p>(
        &self,
        earlier: &Record,
        places: impl Iterator<Item = &'p mut Option<Place>>,
    ) {
        let mut bodies = FxHashMap::default();
        for (place, origin) in places.zip(self.origins.iter()) {
            *place = origin.as_ref().and_then(|origin| {
                let (item, token) = origin.token(&self.unit, &mut bodies)?;
                let now = match *place {
                    Some(before) => {
                        self.unit.token_place_since(&earlier.unit, item, token, before.into())
                    }
                    None => self.unit.token_place(item, token),
                };
                Some(Place::from(now?))
            });
        }
    }
}

impl Origin {
    /// The item and the token there. `bodies` has those that were looked up already.
    fn token(
        &self,
        unit: &Unit,
        bodies: &mut FxHashMap<Symbol, Option<Arc<FunctionBody>>>,
    ) -> Option<(ItemId, u32)> {
        match *self {
            Origin::Token(item, token) => Some((item, token)),
            Origin::Local(name, local) => {
                let read = || FunctionBody::read(unit, name);
                let body = bodies.entry(name).or_insert_with(read).as_ref()?;
                let item = ItemId(body.function.definition_place()?.item);
                Some((item, body.token(local)?))
            }
        }
    }
}

fn is_torn(body: Option<&Arc<FunctionBody>>) -> bool {
    body.is_none_or(|body| body.is_incomplete())
}

/// Which of these names an item's tokens mention.
pub(super) fn mentions(unit: &Unit, item: ItemId, names: &FxHashSet<Symbol>) -> FxHashSet<Symbol> {
    if names.is_empty() {
        return FxHashSet::default();
    }
    let words = unit.tokens(item).iter().filter(|token| token.kind == TokenKind::Ident);
    words.map(|token| token.sym).filter(|name| names.contains(name)).collect()
}
