//! In which order clang's code generator creates globals.
//!
//! External definitions with an initialiser and external functions are generated as the parser
//! passes them; tentative definitions at the end of the unit; static functions and variables after
//! those, from a queue in the order of their first reference (`CodeGenModule::EmitDeferred`). Each
//! global is created at its definition or at the first reference from generated code
//! ([`crate::laws::EMISSION_ORDER`]).

use std::collections::{BTreeMap, hash_map};

use cfront::{
    ast::Storage,
    ctypes::{ArrayLen, CType},
    sema::{Decl, Definition, Function, Linkage, Variable},
    symbol::Symbol,
    unit::{Event, ItemId},
};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use crate::{
    facts::Facts,
    placement::private_constants,
    references::{Access, Reference, Target},
};

mod initializer_types;
pub(crate) mod symbol_names;

/// Something that clang creates in the module.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Entity {
    /// A file-scope variable.
    Variable(Symbol),
    /// A function.
    Function(Symbol),
    /// A static variable of a function: the function and the local's number.
    Static(Symbol, u32),
    /// The private constant of a string literal, or of `__func__` of a function with that name: bytes
    /// without the NUL, element size.
    Str(Vec<u8>, u8),
    /// The private constant of a local aggregate: the function and its number there.
    Constant(Symbol, u32),
}

impl Entity {
    /// The string of `__func__`.
    pub fn of_function_name(function: Symbol) -> Entity {
        Entity::Str(function.as_str().as_bytes().to_vec(), 1)
    }
}

/// A static function or variable that is generated when something refers to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Deferred {
    Function(Symbol),
    Variable(Symbol),
}

/// What was created, in order.
pub struct EmissionOrder {
    /// Everything created.
    pub order: Vec<Entity>,
    /// Names of strings that `__func__` made: `__func__.F` (`CodeGenFunction::EmitPredefinedLValue`).
    pub function_names: FxHashMap<Entity, SmolStr>,
    /// Functions that code is generated for.
    pub emitted: FxHashSet<Symbol>,
}

/// Runs the model over a unit.
pub fn emission_order(facts: &mut Facts<'_>) -> EmissionOrder {
    let mut model = Model {
        facts,
        order: Vec::new(),
        function_names: FxHashMap::default(),
        created: FxHashMap::default(),
        queue: Vec::new(),
        queued: FxHashSet::default(),
        pending: BTreeMap::new(),
        waiting: FxHashSet::default(),
        emitted: FxHashSet::default(),
        unfinished_arrays: FxHashSet::default(),
        current: ItemId(0),
    };
    model.run();
    let functions = model.emitted.iter().filter_map(|deferred| match deferred {
        Deferred::Function(name) => Some(*name),
        Deferred::Variable(_) => None,
    });
    EmissionOrder {
        emitted: functions.collect(),
        order: model.order.into_iter().flatten().collect(),
        function_names: model.function_names,
    }
}

/// Variables that are defined at the end of the unit, each once.
#[derive(Default)]
struct Tentative {
    order: Vec<Symbol>,
    known: FxHashSet<Symbol>,
}

struct Model<'b, 'u> {
    facts: &'b mut Facts<'u>,
    /// `None` where an entity was created again later.
    order: Vec<Option<Entity>>,
    function_names: FxHashMap<Entity, SmolStr>,
    /// Where in the order each is.
    created: FxHashMap<Entity, usize>,
    queue: Vec<Deferred>,
    queued: FxHashSet<Deferred>,
    /// Referred to before the parser reached the definition: queued there.
    pending: BTreeMap<ItemId, Vec<Deferred>>,
    waiting: FxHashSet<Deferred>,
    emitted: FxHashSet<Deferred>,
    unfinished_arrays: FxHashSet<Symbol>,
    current: ItemId,
}

impl Model<'_, '_> {
    fn run(&mut self) {
        let mut tentative = Tentative::default();
        let mut prototypes: Vec<(ItemId, Symbol)> = Vec::new();
        for event in self.facts.file_scope().top_level() {
            match event {
                Event::Function(function) => {
                    self.reach(function.definition_place().map(|p| ItemId(p.item)));
                    self.emit_function(function.name);
                }
                Event::FunctionDeclaration(function, index) => {
                    if let Some(decl) = function.decls.get(*index) {
                        self.reach(Some(ItemId(decl.place.item)));
                        if is_deferred(function) {
                            prototypes.push((ItemId(decl.place.item), function.name));
                        }
                    }
                }
                Event::Variable(variable, index) => {
                    let Some(decl) = variable.decls.get(*index) else { continue };
                    self.reach(Some(ItemId(decl.place.item)));
                    self.declare_variable(variable, decl, &mut tentative);
                }
                Event::DeferredFunction(function) => {
                    self.reach(function.definition_place().map(|p| ItemId(p.item)));
                }
            }
        }
        self.reach(Some(ItemId(u32::MAX)));
        for name in tentative.order {
            self.emit_variable(name);
        }
        self.describe_prototypes(prototypes);
        self.flush();
    }

    fn declare_variable(&mut self, variable: &Variable, decl: &Decl, tentative: &mut Tentative) {
        if decl.storage == Storage::Extern && !decl.defines {
            if matches!(
                self.facts.file_scope().canonical(decl.ty),
                CType::Array { len: ArrayLen::Incomplete, .. }
            ) {
                self.unfinished_arrays.insert(variable.name);
            }
            return;
        }
        if variable.linkage == Linkage::Internal && !variable.attrs.used {
            return;
        }
        if decl.defines {
            self.emit_variable(variable.name);
        } else if matches!(variable.definition, Definition::Tentative(_))
            && tentative.known.insert(variable.name)
        {
            tentative.order.push(variable.name);
        }
    }

    /// The parser has come to that item: what was referred to before and is defined by now is queued.
    fn reach(&mut self, item: Option<ItemId>) {
        let Some(item) = item else { return };
        self.current = item;
        while let Some(entry) = self.pending.first_entry() {
            if *entry.key() >= item {
                break;
            }
            for deferred in entry.remove() {
                self.enqueue(deferred);
            }
        }
    }

    fn enqueue(&mut self, deferred: Deferred) {
        if !self.emitted.contains(&deferred) && self.queued.insert(deferred) {
            self.queue.push(deferred);
        }
    }

    fn defer(&mut self, deferred: Deferred, definition: ItemId) {
        if self.emitted.contains(&deferred) || self.queued.contains(&deferred) {
            return;
        }
        if definition < self.current {
            self.enqueue(deferred);
        } else {
            if self.waiting.insert(deferred) {
                self.pending.entry(definition).or_default().push(deferred);
            }
        }
    }

    /// With `-g` clang describes every used function that was purely declared, in order of the
    /// declarations (`Sema::ExternalDeclarations`): that refers to it ([`crate::laws::USED_PROTOTYPES`]).
    fn describe_prototypes(&mut self, mut prototypes: Vec<(ItemId, Symbol)>) {
        let unit = self.facts.file_scope();
        prototypes.sort();
        let mentions = self.facts.mentions(prototypes.iter().map(|(_, name)| *name).collect());
        let mut seen = FxHashSet::default();
        for (_, name) in prototypes.into_iter().filter(|(_, name)| seen.insert(*name)) {
            let Some(function) = unit.function(name) else { continue };
            let Some(place) = function.definition_place() else { continue };
            let own = |decl: &&Decl| unit.in_main_file(ItemId(decl.place.item));
            let own = function.decls.iter().filter(own).count() as u32;
            let first = function.decls.first().is_some_and(|d| !d.defines);
            if first && mentions.get(&name).copied().unwrap_or(0) > own {
                self.defer(Deferred::Function(name), ItemId(place.item));
            }
        }
    }

    fn create(&mut self, entity: Entity) -> bool {
        let hash_map::Entry::Vacant(new) = self.created.entry(entity) else { return false };
        self.order.push(Some(new.key().clone()));
        new.insert(self.order.len() - 1);
        true
    }

    fn use_function(&mut self, name: Symbol) {
        self.create(Entity::Function(name));
        let Some(function) = self.facts.file_scope().function(name) else { return };
        if let Some(place) = function.definition_place()
            && is_deferred(&function)
        {
            self.defer(Deferred::Function(name), ItemId(place.item));
        }
    }

    fn use_variable(&mut self, name: Symbol) {
        self.create(Entity::Variable(name));
        let Some(variable) = self.facts.file_scope().variable(name) else { return };
        if variable.linkage == Linkage::Internal
            && !variable.attrs.used
            && let Definition::Initialised(index) = variable.definition
            && let Some(decl) = variable.decls.get(index)
        {
            self.defer(Deferred::Variable(name), ItemId(decl.place.item));
        }
    }

    fn reference(&mut self, function: Option<Symbol>, reference: &Reference) {
        match &reference.target {
            Target::Function(name) => self.use_function(*name),
            Target::Variable(name) => self.use_variable(*name),
            Target::Static(local) => {
                if reference.access == Access::Create
                    && let Some(function) = function
                {
                    self.create(Entity::Static(function, *local));
                }
            }
            Target::Str(bytes, width) => {
                self.create(Entity::Str(bytes.clone(), *width));
            }
            Target::FunctionName(spelled, function) => {
                // Equal strings are one ([`crate::laws::STRING_LITERALS`]), named by the first.
                let entity = Entity::of_function_name(*function);
                if self.create(entity.clone()) {
                    self.function_names.insert(entity, format_smolstr!("{spelled}.{function}"));
                }
            }
            Target::Constant(index) => {
                if let Some(function) = function
                    && private_constants::is_made(self.facts, function, *index)
                {
                    self.create(Entity::Constant(function, *index));
                }
            }
            Target::Local(_) => {}
        }
    }

    fn emit_function(&mut self, name: Symbol) {
        if !self.emitted.insert(Deferred::Function(name)) {
            return;
        }
        self.create(Entity::Function(name));
        let Some(body) = self.facts.generated(name) else { return };
        for reference in &body.references {
            self.reference(Some(name), reference);
        }
    }

    fn emit_variable(&mut self, name: Symbol) {
        if !self.emitted.insert(Deferred::Variable(name)) {
            return;
        }
        let Some(variable) = self.facts.file_scope().variable(name) else { return };
        if let Some(body) = self.facts.initializer(&variable) {
            for reference in &body.references {
                self.reference(None, reference);
            }
        }
        let entity = Entity::Variable(name);
        if let Some(&at) = self.created.get(&entity)
            && (self.unfinished_arrays.contains(&name)
                || initializer_types::differs(self.facts.file_scope(), &variable))
        {
            // Created before, as an array of unknown size or with another type than the initialiser's:
            // made again.
            self.created.remove(&entity);
            if let Some(slot) = self.order.get_mut(at) {
                *slot = None;
            }
        }
        self.create(entity);
    }

    /// Generates what waits in the queue, each followed by what it put there.
    fn flush(&mut self) {
        let mut waiting = vec![std::mem::take(&mut self.queue).into_iter()];
        while let Some(innermost) = waiting.last_mut() {
            let Some(deferred) = innermost.next() else {
                waiting.pop();
                continue;
            };
            self.emit(deferred);
            if !self.queue.is_empty() {
                waiting.push(std::mem::take(&mut self.queue).into_iter());
            }
        }
    }

    fn emit(&mut self, deferred: Deferred) {
        match deferred {
            Deferred::Function(name) => self.emit_function(name),
            Deferred::Variable(name) => self.emit_variable(name),
        }
    }
}

/// Whether the function is generated only when something refers to it.
pub fn is_deferred(function: &Function) -> bool {
    function.definition.is_some() && !function.is_eager()
}
