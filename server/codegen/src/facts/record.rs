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
    marks: Arc<[Option<Mark>]>,
}

/// What a place is the place of, and the token that this is now.
#[derive(Clone, Copy)]
struct Mark {
    origin: Origin,
    item: ItemId,
    token: u32,
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
            marks: Arc::default(),
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
            if let Some(body) = body {
                record.find_locals(&body);
            }
        }
        Some(record)
    }

    /// Whether all of the source could be read: no header is missing, no limit was hit, and nothing that is
    /// generated is half typed.
    pub fn is_complete(&self) -> bool {
        self.torn.is_empty() && !self.unit.is_torn() && !self.misses_text()
    }

    /// Whether something that any declaration may hang on could not be read: a header is missing, a limit of
    /// the preprocessor was hit, or data is half typed.
    pub fn misses_text(&self) -> bool {
        let missing = |kind| {
            matches!(
                kind,
                PpDiagnosticKind::MissingInclude
                    | PpDiagnosticKind::IncludeDepth
                    | PpDiagnosticKind::ExpansionLimit
            )
        };
        let diagnostics = &self.unit.preprocessed().diagnostics;
        self.read.torn_data || diagnostics.iter().any(|diagnostic| missing(diagnostic.kind))
    }

    /// Puts places in place of the stand-ins that a model was built with.
    pub fn settle<'p>(&mut self, places: impl Iterator<Item = &'p mut Option<Place>>) {
        let marks = places.map(|place| {
            let stand_in = place.take()?;
            let mark = self.mark(*self.read.places.get(stand_in.start as usize)?)?;
            *place = self.unit.token_place(mark.item, mark.token).map(Place::from);
            Some(mark)
        });
        self.marks = marks.collect();
    }

    /// Moves the places of a model, in the same order, from the unit of an earlier record to that of this one,
    /// which was taken over from it.
    pub fn move_places<'p>(
        &self,
        earlier: &Record,
        places: impl Iterator<Item = &'p mut Option<Place>>,
    ) {
        for (place, mark) in places.zip(self.marks.iter()) {
            let Some(Mark { item, token, .. }) = *mark else { continue };
            let now = match *place {
                Some(before) => {
                    self.unit.token_place_since(&earlier.unit, item, token, before.into())
                }
                None => self.unit.token_place(item, token),
            };
            *place = now.map(Place::from);
        }
    }

    fn mark(&self, origin: Origin) -> Option<Mark> {
        let (item, token) = match origin {
            Origin::Token(item, token) => (item, token),
            Origin::Local(name, local) => {
                let body = self.read.bodies.get(&name)?.as_ref()?;
                (ItemId(body.function.definition_place()?.item), body.token(local)?)
            }
        };
        Some(Mark { origin, item, token })
    }

    /// Finds the tokens of a body's locals anew.
    fn find_locals(&mut self, body: &FunctionBody) {
        let local = |mark: &Mark| match mark.origin {
            Origin::Local(name, local) if name == body.function.name => Some(local),
            _ => None,
        };
        if self.marks.iter().flatten().any(|mark| local(mark).is_some()) {
            let marks = self.marks.iter().map(|mark| {
                let mark = (*mark)?;
                let token = local(&mark).and_then(|local| body.token(local));
                Some(Mark { token: token.unwrap_or(mark.token), ..mark })
            });
            self.marks = marks.collect();
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
