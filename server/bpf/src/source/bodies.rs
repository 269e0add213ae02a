//! References of function bodies and initialisers, looked up once.

use std::{cell::RefCell, sync::Arc};

use cfront::{
    ast::{self, Initializer},
    ctypes::CTypeId,
    refs::{self, Body, UnitResolver},
    sema::{Definition, Function, ItemScope, Local, LocalKind, Variable},
    symbol::Symbol,
    unit::{ItemId, Unit},
};
use rustc_hash::FxHashMap;

use super::{
    again::{Origin, Read},
    seen,
};
use crate::object::Place;

/// A function's body.
pub(super) struct FunctionBody {
    pub(super) function: Arc<Function>,
    pub(super) item: ItemId,
    pub(super) scope: Arc<ItemScope>,
    pub(super) body: Arc<Body>,
    /// Number of tokens of the body: a measure of its size.
    pub(super) tokens: u32,
}

/// The bodies of one unit.
pub(super) struct Bodies<'u> {
    pub(super) unit: &'u Unit,
    functions: FxHashMap<Symbol, Option<Arc<FunctionBody>>>,
    variables: FxHashMap<Symbol, Option<Arc<Body>>>,
    origins: RefCell<Vec<(Place, Origin)>>,
}

impl<'u> Bodies<'u> {
    pub(super) fn new(unit: &'u Unit) -> Self {
        Bodies {
            unit,
            functions: FxHashMap::default(),
            variables: FxHashMap::default(),
            origins: RefCell::default(),
        }
    }

    /// Where the user wrote a token of file scope.
    pub(super) fn place(&self, item: ItemId, token: u32) -> Option<Place> {
        self.place_of(item, token, Some(Origin::Token(item, token)))
    }

    /// Where the user wrote the name of a local variable that is in the object.
    pub(super) fn local_place(&self, item: ItemId, local: &Local) -> Option<Place> {
        let scope = self.unit.scope(item)?;
        let number = seen::number_of(&scope, local.token);
        self.place_of(item, local.token, number.map(|number| Origin::Local(item, number)))
    }

    fn place_of(&self, item: ItemId, token: u32, origin: Option<Origin>) -> Option<Place> {
        let range = self.unit.token_place(item, token)?;
        let place = Place { file: range.file.0, start: range.start, end: range.end };
        self.origins.borrow_mut().extend(origin.map(|origin| (place, origin)));
        Some(place)
    }

    /// What was read of bodies, by item, where `emitted` says what code is generated for; and what the
    /// places are the places of.
    pub(super) fn into_read(
        self,
        emitted: impl Fn(Symbol) -> bool,
    ) -> (FxHashMap<ItemId, Read>, Vec<(Place, Origin)>) {
        let read = self.functions.into_iter().filter_map(|(name, body)| {
            let function = self.unit.function(name)?;
            let item = ItemId(function.definition_place()?.item);
            Some((item, Read { name, body, emitted: emitted(name) }))
        });
        let mut origins = self.origins.into_inner();
        origins.sort_by_key(|(place, _)| *place);
        (read.collect(), origins)
    }

    /// The body of a function, when the unit defines it.
    pub(super) fn function(&mut self, name: Symbol) -> Option<Arc<FunctionBody>> {
        if let Some(found) = self.functions.get(&name) {
            return found.clone();
        }
        let body = self.read_function(name);
        self.functions.insert(name, body.clone());
        body
    }

    /// An `extern` declaration of a variable inside one of the bodies that were read, with the item.
    pub(super) fn block_extern(&self, name: Symbol) -> Option<(ItemId, Local)> {
        let bodies = self.functions.values().flatten();
        bodies.into_iter().find_map(|body| {
            let mut locals = body.scope.locals().iter();
            let found = locals.find(|l| l.kind == LocalKind::Extern && l.name == name)?;
            Some((body.item, found.clone()))
        })
    }

    fn read_function(&self, name: Symbol) -> Option<Arc<FunctionBody>> {
        let function = self.unit.function(name)?;
        let item = ItemId(function.definition_place()?.item);
        let body = self.unit.references(item)?;
        let scope = self.unit.scope(item)?;
        self.unit.derive(item, |parsed| {
            let tokens = match &parsed.syntax {
                ast::Item::Function(syntax) => syntax.body.span,
                _ => ast::Span::default(),
            };
            let tokens = tokens.end.saturating_sub(tokens.start);
            FunctionBody { function, item, scope, body, tokens }
        })
    }

    /// The references of a file-scope variable's initialiser.
    pub(super) fn initializer(&mut self, variable: &Variable) -> Option<Arc<Body>> {
        if let Some(found) = self.variables.get(&variable.name) {
            return found.clone();
        }
        let body = self.read_initializer(variable).map(Arc::new);
        self.variables.insert(variable.name, body.clone());
        body
    }

    fn read_initializer(&self, variable: &Variable) -> Option<Body> {
        let Definition::Initialised(index) = variable.definition else { return None };
        let decl = variable.decls.get(index)?;
        let item = ItemId(decl.place.item);
        let parsed = self.unit.item(item)?;
        let init: &Initializer = refs::initializer_at(&parsed.syntax, decl.declarator)?;
        let mut resolver = UnitResolver::new(self.unit, self.unit.scope(item)?);
        let ty = (variable.ty != CTypeId::UNKNOWN).then_some(variable.ty);
        Some(refs::of_initializer(ty, init, &mut resolver))
    }
}
