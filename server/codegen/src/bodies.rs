//! References of function bodies and initialisers, looked up once.

use std::{
    cell::{OnceCell, RefCell},
    sync::{Arc, OnceLock},
};

use cfront::{
    ast,
    sema::{Function, ItemScope, Local, LocalKind, Variable},
    symbol::Symbol,
    unit::{ItemId, Unit},
};
use rustc_hash::FxHashMap;

use crate::{
    certainty::Place,
    fingerprint::{Origin, Read, seen},
    references::{self, Body, Reference, Target},
};

/// A function's body.
pub(crate) struct FunctionBody {
    pub(crate) function: Arc<Function>,
    pub(crate) item: ItemId,
    pub(crate) scope: Arc<ItemScope>,
    pub(crate) body: Arc<Body>,
    /// Number of tokens of the body: a measure of its size.
    pub(crate) tokens: u32,
    /// The references to each local, by their indices.
    by_local: OnceLock<FxHashMap<u32, Vec<usize>>>,
    /// The local of each parameter.
    parameters: OnceLock<FxHashMap<u32, u32>>,
}

impl FunctionBody {
    /// The references to a local.
    pub(crate) fn of_local(&self, local: u32) -> impl Iterator<Item = &Reference> {
        let by_local = self.by_local.get_or_init(|| {
            let mut by_local: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
            for (index, reference) in self.body.references.iter().enumerate() {
                if let Target::Local(local) = reference.target {
                    by_local.entry(local).or_default().push(index);
                }
            }
            by_local
        });
        let found = by_local.get(&local).map_or(&[][..], Vec::as_slice);
        found.iter().filter_map(|&index| self.body.references.get(index))
    }

    /// The local that is the parameter of that number.
    pub(crate) fn parameter(&self, index: u32) -> Option<u32> {
        let parameters = self.parameters.get_or_init(|| {
            let mut parameters = FxHashMap::default();
            for local in self.scope.locals() {
                if let LocalKind::Param(index) = local.kind {
                    parameters.entry(index).or_insert(local.id.0);
                }
            }
            parameters
        });
        parameters.get(&index).copied()
    }
}

/// The bodies of one unit.
pub struct Bodies<'u> {
    /// The unit.
    pub unit: &'u Unit,
    functions: FxHashMap<Symbol, Option<Arc<FunctionBody>>>,
    numbers: RefCell<FxHashMap<ItemId, FxHashMap<u32, u32>>>,
    block_externs: OnceCell<FxHashMap<Symbol, (ItemId, Local)>>,
    variables: FxHashMap<Symbol, Option<Arc<Body>>>,
    origins: RefCell<Vec<(Place, Origin)>>,
}

impl<'u> Bodies<'u> {
    /// Those of a unit; none is read yet.
    pub fn new(unit: &'u Unit) -> Self {
        Bodies {
            unit,
            functions: FxHashMap::default(),
            numbers: RefCell::default(),
            block_externs: OnceCell::new(),
            variables: FxHashMap::default(),
            origins: RefCell::default(),
        }
    }

    /// Where the user wrote a token of file scope.
    pub fn place(&self, item: ItemId, token: u32) -> Option<Place> {
        self.place_of(item, token, Some(Origin::Token(item, token)))
    }

    /// Where the user wrote the name of a local variable that is in the object.
    pub fn local_place(&self, item: ItemId, local: &Local) -> Option<Place> {
        let scope = self.unit.scope(item)?;
        let mut numbers = self.numbers.borrow_mut();
        let numbers = numbers.entry(item).or_insert_with(|| seen::numbers(&scope));
        let number = numbers.get(&local.token).copied();
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
    pub(crate) fn into_read(
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
    pub(crate) fn function(&mut self, name: Symbol) -> Option<Arc<FunctionBody>> {
        if let Some(found) = self.functions.get(&name) {
            return found.clone();
        }
        let body = self.read_function(name);
        self.functions.insert(name, body.clone());
        body
    }

    /// An `extern` declaration of a variable inside one of the bodies that were read, with the item.
    pub fn block_extern(&self, name: Symbol) -> Option<(ItemId, Local)> {
        let found = self.block_externs.get_or_init(|| {
            // Of one name the first, whatever order the bodies were read in.
            let mut bodies: Vec<_> = self.functions.values().flatten().collect();
            bodies.sort_by_key(|body| body.item);
            let mut found = FxHashMap::default();
            for body in bodies {
                for local in body.scope.locals().iter().filter(|l| l.kind == LocalKind::Extern) {
                    found.entry(local.name).or_insert_with(|| (body.item, local.clone()));
                }
            }
            found
        });
        found.get(&name).cloned()
    }

    fn read_function(&self, name: Symbol) -> Option<Arc<FunctionBody>> {
        let function = self.unit.function(name)?;
        let item = ItemId(function.definition_place()?.item);
        let body = references::of_function(self.unit, item)?;
        let scope = self.unit.scope(item)?;
        self.unit.derive(item, |parsed| {
            let tokens = match &parsed.syntax {
                ast::Item::Function(syntax) => syntax.body.span,
                _ => ast::Span::default(),
            };
            let tokens = tokens.end.saturating_sub(tokens.start);
            FunctionBody {
                function,
                item,
                scope,
                body,
                tokens,
                by_local: OnceLock::new(),
                parameters: OnceLock::new(),
            }
        })
    }

    /// The references of a file-scope variable's initialiser.
    pub(crate) fn initializer(&mut self, variable: &Variable) -> Option<Arc<Body>> {
        if let Some(found) = self.variables.get(&variable.name) {
            return found.clone();
        }
        let body = references::of_initializer(self.unit, variable).map(Arc::new);
        self.variables.insert(variable.name, body.clone());
        body
    }
}
