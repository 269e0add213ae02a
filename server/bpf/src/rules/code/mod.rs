//! The code of programs: bodies, the calls in them, and what an entry program is certain to reach.
//!
//! The verifier walks only paths that can be taken with the read-only data of the load, and clang
//! removes what it can fold after inlining. A call counts as certain only where neither can hide it.

mod body;
mod call;
pub(super) mod entries;
mod expressions;
pub(super) mod kernel_reads;
mod scan;

use std::{
    cell::{OnceCell, RefCell},
    rc::Rc,
    sync::Arc,
};

use cfront::{
    sema::Linkage,
    symbol::Symbol,
    unit::{ItemId, Unit},
};
use codegen::references::{self, Access, Length, Step};
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) use body::FnBody;
pub(super) use call::{Call, Callee};
pub(super) use expressions::{addressed, is_local, local_init};

/// Functions that one program reaches; more are not followed.
const MAX_REACHED: usize = 4096;

/// Bodies of a unit's functions, read when asked for.
pub(super) struct Code<'u> {
    pub(super) unit: &'u Unit,
    bodies: RefCell<FxHashMap<Symbol, Option<Arc<FnBody>>>>,
    reached: RefCell<FxHashMap<Symbol, Rc<[ReachedCall]>>>,
    /// The functions whose text has the name of each variable.
    mentions: OnceCell<FxHashMap<Symbol, Vec<Symbol>>>,
}

/// The words of an item that are names of variables of the unit.
struct Words(FxHashSet<Symbol>);

/// A call that a program reaches.
pub(super) struct ReachedCall {
    /// The function with the call.
    pub(super) body: Arc<FnBody>,
    /// Index in its calls.
    pub(super) index: usize,
    /// Whether clang is certain to leave it in the program.
    pub(super) compiled: bool,
    /// Whether the verifier is certain to walk it.
    pub(super) walked: bool,
}

impl ReachedCall {
    pub(super) fn call(&self) -> Option<&Call> {
        self.body.calls.get(self.index)
    }
}

impl<'u> Code<'u> {
    pub(super) fn new(unit: &'u Unit) -> Self {
        Code {
            unit,
            bodies: RefCell::default(),
            reached: RefCell::default(),
            mentions: OnceCell::new(),
        }
    }

    /// The body of a function that the unit defines.
    pub(super) fn body(&self, name: Symbol) -> Option<Arc<FnBody>> {
        if let Some(known) = self.bodies.borrow().get(&name) {
            return known.clone();
        }
        let body = self.read(name);
        self.bodies.borrow_mut().insert(name, body.clone());
        body
    }

    fn read(&self, name: Symbol) -> Option<Arc<FnBody>> {
        let function = self.unit.function(name)?;
        let item = ItemId(function.definition_place()?.item);
        let refs = references::of_function(self.unit, item)?;
        if refs.incomplete {
            return None;
        }
        let scope = self.unit.scope(item)?;
        self.unit
            .derive(item, |parsed| FnBody::read(self.unit, function, item, parsed, scope, refs))
    }

    /// Whether every read of a `const` variable in the unit is of a scalar at a constant place of it,
    /// so that clang puts the value into the code. `None`: something was not understood.
    pub(super) fn reads_fold(&self, name: Symbol) -> Option<bool> {
        let mut folds = true;
        for &function in self.mentions().get(&name).into_iter().flatten() {
            let body = self.body(function)?;
            folds &= body.of_variable(name).filter(|r| !r.dead).all(|r| {
                let constant = |step: &Step| match step {
                    Step::Field(_) | Step::Index(Some(_)) => true,
                    Step::Index(None) | Step::Iteration | Step::Computed { .. } | Step::Punned => {
                        false
                    }
                };
                let number =
                    matches!(r.extent.length, Length::Part | Length::Bytes(0 | 1 | 2 | 4 | 8));
                r.access == Access::Mention
                    || r.access == Access::Read
                        && !r.volatile
                        && number
                        && r.path.iter().all(constant)
            });
        }
        Some(folds)
    }

    fn mentions(&self) -> &FxHashMap<Symbol, Vec<Symbol>> {
        self.mentions.get_or_init(|| {
            let variables: FxHashSet<Symbol> =
                self.unit.variables().iter().map(|variable| variable.name).collect();
            let mut mentions: FxHashMap<Symbol, Vec<Symbol>> = FxHashMap::default();
            for function in self.unit.functions() {
                let Some(place) = function.definition_place() else { continue };
                let item = ItemId(place.item);
                let words = || {
                    let words = self.unit.tokens(item);
                    let names = words.iter().map(|token| token.sym);
                    Words(names.filter(|name| variables.contains(name)).collect())
                };
                let Some(words) = self.unit.derive(item, |_| words()) else { continue };
                for &name in &words.0 {
                    mentions.entry(name).or_default().push(function.name);
                }
            }
            mentions
        })
    }

    /// The calls that an entry program reaches, itself and through `static` functions.
    pub(super) fn reach(&self, entry: Symbol) -> Rc<[ReachedCall]> {
        if let Some(known) = self.reached.borrow().get(&entry) {
            return known.clone();
        }
        let found: Rc<[ReachedCall]> = self.find_reached(entry).into();
        self.reached.borrow_mut().insert(entry, found.clone());
        found
    }

    fn find_reached(&self, entry: Symbol) -> Vec<ReachedCall> {
        let mut seen: FxHashMap<Symbol, (bool, bool)> = FxHashMap::default();
        let mut queue = vec![(entry, true, true)];
        let mut found = Vec::new();
        while let Some((name, compiled, walked)) = queue.pop() {
            match seen.get(&name) {
                Some(&(c, w)) if (c || !compiled) && (w || !walked) => continue,
                _ if seen.len() > MAX_REACHED => break,
                _ => {}
            }
            seen.insert(name, (compiled, walked));
            let Some(body) = self.body(name) else { continue };
            for (index, call) in body.calls.iter().enumerate() {
                // Arguments of an inlined function may be constants, so that any condition folds.
                let first = if name == entry { body.foldable } else { body.condition };
                let compiled = compiled && call.token < first;
                let walked = walked && compiled && call.token < body.load_guard;
                if let Callee::Function(f) = &call.callee
                    && f.linkage == Linkage::Internal
                {
                    queue.push((f.name, compiled, walked));
                }
                found.push(ReachedCall { body: body.clone(), index, compiled, walked });
            }
        }
        found
    }
}
