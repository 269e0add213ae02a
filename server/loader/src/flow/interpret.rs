//! Runs functions over states.

use std::{collections::VecDeque, sync::Arc};

use cfront::{
    ast::{Block as Compound, Initializer, Item, Storage},
    sema::{Function, ItemScope, LocalKind},
    symbol::Symbol,
    unit::{ItemId, Unit},
};
use rustc_hash::FxHashMap;

use super::{
    cfg::{BlockId, Cfg, End, Step},
    observe::{At, Event, Observer},
    state::{Object, Path, Phase, Root, Site, State, Value, Ways},
};
use crate::skeletons::{Skeleton, pointed_skeleton};

/// Calls of functions of the same file are followed to this depth.
const CALL_DEPTH: u32 = 5;

/// Blocks run at most for one file; what is not reached then is not judged.
const BUDGET: usize = 200_000;

/// One analysis of a file.
pub struct Analysis<'a> {
    /// The loader.
    pub unit: &'a Unit,
    /// Its skeletons.
    pub skeletons: &'a [Skeleton],
    pub(super) observer: &'a mut dyn Observer,
    pub(super) calls: Vec<At>,
    call_numbers: FxHashMap<At, u32>,
    sites: FxHashMap<SiteKey, Site>,
    globals: FxHashMap<GlobalKey, u32>,
    budget: usize,
    /// Whether some code could not be followed: verdicts about what it may call are void.
    pub gave_up: bool,
}

/// What makes an object (or unknown memory) the same one: the place and the calls that led there.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum SiteKey {
    Call(At, u64),
    Place(Path, u64),
    Region(Path, u64),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum GlobalKey {
    Name(Symbol),
    Static(ItemId, u32),
}

/// An activation of a function.
pub(super) struct Frame {
    pub item: ItemId,
    pub scope: Arc<ItemScope>,
    pub activation: u32,
    /// Hash of the calls that led here.
    pub chain: u64,
    /// Ways out by `return`, statement expressions included.
    pub returns: Vec<(State, Value)>,
    /// Functions being run, to see recursion.
    pub stack: Vec<Symbol>,
}

impl<'a> Analysis<'a> {
    /// An analysis that tells an observer what happens.
    pub fn new(unit: &'a Unit, skeletons: &'a [Skeleton], observer: &'a mut dyn Observer) -> Self {
        Analysis {
            unit,
            skeletons,
            observer,
            calls: Vec::new(),
            call_numbers: FxHashMap::default(),
            sites: FxHashMap::default(),
            globals: FxHashMap::default(),
            budget: BUDGET,
            gave_up: false,
        }
    }

    /// Runs a function as if called from outside: nothing is known of its parameters.
    pub fn run_root(&mut self, function: &Function) {
        let args = Vec::new();
        let _ = self.run_function(function, args, State::default(), 0, 0, Vec::new());
    }

    /// Runs a function over a state; `None` when it cannot be followed.
    pub(super) fn run_function(
        &mut self,
        function: &Function,
        args: Vec<Value>,
        mut state: State,
        activation: u32,
        chain: u64,
        mut stack: Vec<Symbol>,
    ) -> Option<Vec<(State, Value)>> {
        if activation > CALL_DEPTH || stack.contains(&function.name) {
            return None;
        }
        let item = ItemId(function.definition_place()?.item);
        let parsed = self.unit.item(item)?;
        let Item::Function(definition) = &parsed.syntax else { return None };
        if definition.has_error {
            self.gave_up = true;
            return None;
        }
        stack.push(function.name);
        let scope = self.unit.scope(item)?;
        let mut frame =
            Frame { item, scope: scope.clone(), activation, chain, returns: Vec::new(), stack };
        for local in scope.locals() {
            let LocalKind::Param(index) = local.kind else { continue };
            let path = Path::of(Root::Local(activation, local.id.0));
            let value = args.get(index as usize).cloned().unwrap_or(Value::Unknown);
            let value = match value {
                Value::Unknown => self.unknown_of_type(&mut state, &path, local.ty, chain),
                known => known,
            };
            state.set(path, value);
        }
        let finished = self.run_body(&definition.body, false, &mut frame, vec![state]);
        let mut out = frame.returns;
        out.extend(finished?.into_iter().map(|(state, _)| (state, Value::Unknown)));
        for (state, value) in &mut out {
            if let Value::Address(path) = value
                && matches!(path.root, Root::Local(a, _) if a == activation)
            {
                *value = Value::Unknown;
            }
            state.leave(activation);
        }
        out.sort();
        out.dedup();
        Some(out)
    }

    /// Runs a compound statement; returns the ways that fall off its end, with the value of its
    /// last expression when it is a statement expression. `None`: it cannot be followed.
    pub(super) fn run_body(
        &mut self,
        body: &Compound,
        yields: bool,
        frame: &mut Frame,
        entry: Vec<State>,
    ) -> Option<Vec<(State, Value)>> {
        let cfg = Cfg::build(body, yields);
        if !cfg.followable {
            self.gave_up = true;
            return None;
        }
        let mut reached: Vec<Ways> = vec![Ways::default(); cfg.blocks.len()];
        let mut work: VecDeque<(BlockId, State)> = VecDeque::new();
        for state in entry {
            if let Some(state) = reached.first_mut().and_then(|ways| ways.add(state)) {
                work.push_back((BlockId(0), state));
            }
        }
        let mut finished = Vec::new();
        while let Some((block, state)) = work.pop_front() {
            if self.budget == 0 {
                self.gave_up = true;
                return None;
            }
            self.budget -= 1;
            let Some(block) = cfg.blocks.get(block.0) else { continue };
            let mut states = vec![state];
            for step in &block.steps {
                states = self.step(*step, frame, states);
            }
            let mut go = |to: BlockId, state: State, work: &mut VecDeque<(BlockId, State)>| {
                if let Some(state) = reached.get_mut(to.0).and_then(|ways| ways.add(state)) {
                    work.push_back((to, state));
                }
            };
            match &block.end {
                End::Jump(to) => {
                    for state in states {
                        go(*to, state, &mut work);
                    }
                }
                End::Branch { cond, yes, no } => {
                    for state in states {
                        for (state, value) in self.eval(cond, frame, state) {
                            match value.truth() {
                                Some(true) => go(*yes, state, &mut work),
                                Some(false) => go(*no, state, &mut work),
                                None => {
                                    let mut taken = state.clone();
                                    self.assume(cond, true, frame, &mut taken);
                                    go(*yes, taken, &mut work);
                                    let mut other = state;
                                    self.assume(cond, false, frame, &mut other);
                                    go(*no, other, &mut work);
                                }
                            }
                        }
                    }
                }
                End::Switch { value, targets } => {
                    for state in states {
                        for (state, _) in self.eval(value, frame, state) {
                            for target in targets {
                                go(*target, state.clone(), &mut work);
                            }
                        }
                    }
                }
                End::Return(None) => {
                    frame.returns.extend(states.into_iter().map(|s| (s, Value::Unknown)));
                }
                End::Return(Some(value)) => {
                    for state in states {
                        let values = self.eval(value, frame, state);
                        frame.returns.extend(values);
                    }
                }
                End::Finish(None) => {
                    finished.extend(states.into_iter().map(|s| (s, Value::Unknown)));
                }
                End::Finish(Some(value)) => {
                    for state in states {
                        finished.extend(self.eval(value, frame, state));
                    }
                }
            }
            finished.sort();
            finished.dedup();
            frame.returns.sort();
            frame.returns.dedup();
        }
        Some(finished)
    }

    fn step(&mut self, step: Step<'_>, frame: &mut Frame, states: Vec<State>) -> Vec<State> {
        let mut out = Vec::new();
        for state in states {
            match step {
                Step::Expr(expr) => {
                    out.extend(self.eval(expr, frame, state).into_iter().map(|(state, _)| state));
                }
                Step::Declare(declarator, storage) => {
                    let local = declarator
                        .declarator
                        .name
                        .and_then(|name| frame.scope.declared(name.token).map(|local| local.id.0));
                    let Some(local) = local else {
                        out.push(state);
                        continue;
                    };
                    if matches!(storage, Storage::Static | Storage::Extern | Storage::Typedef) {
                        out.push(state);
                        continue;
                    }
                    let path = Path::of(Root::Local(frame.activation, local));
                    match &declarator.init {
                        Some(Initializer::Expr(value)) => {
                            for (mut state, value) in self.eval(value, frame, state) {
                                state.set(path.clone(), value);
                                out.push(state);
                            }
                        }
                        Some(Initializer::List(items, _)) => {
                            out.extend(self.init_list(items, &path, frame, state));
                        }
                        None => {
                            let mut state = state;
                            state.forget(&path);
                            out.push(state);
                        }
                    }
                }
            }
        }
        out.sort();
        out.dedup();
        if out.len() > Ways::MOST {
            let mut ways = Ways::default();
            for state in out {
                ways.add(state);
            }
            return ways.states().to_vec();
        }
        out
    }

    /// The number of a call place, for `Object::since`.
    pub(super) fn call_number(&mut self, at: At) -> u32 {
        let next = self.calls.len() as u32;
        let calls = &mut self.calls;
        *self.call_numbers.entry(at).or_insert_with(|| {
            calls.push(at);
            next
        })
    }

    /// The object of a key; a new one is made in phase `phase`.
    pub(super) fn site(&mut self, key: SiteKey) -> Site {
        let next = Site(self.sites.len() as u32);
        *self.sites.entry(key).or_insert(next)
    }

    pub(super) fn global(&mut self, key: GlobalKey) -> Root {
        let next = self.globals.len() as u32;
        Root::Global(*self.globals.entry(key).or_insert(next))
    }

    /// Makes an object anew at a site: what pointed at an earlier one made there is forgotten.
    pub(super) fn renew(
        &mut self,
        state: &mut State,
        site: Site,
        skeleton: usize,
        phase: Phase,
        since: Option<u32>,
    ) {
        state.values.retain(|_, value| value.site() != Some(site));
        state.objects.insert(site, Object { skeleton, phase, since });
    }

    /// A value of which only the type is known: a pointer to a skeleton is some object.
    pub(super) fn unknown_of_type(
        &mut self,
        state: &mut State,
        path: &Path,
        ty: cfront::ctypes::CTypeId,
        chain: u64,
    ) -> Value {
        let Some(skeleton) = pointed_skeleton(self.unit, self.skeletons, ty) else {
            return Value::Unknown;
        };
        let site = self.site(SiteKey::Place(path.clone(), chain));
        state.objects.entry(site).or_insert(Object {
            skeleton,
            phase: Phase::Unknown,
            since: None,
        });
        Value::Skeleton(site)
    }

    pub(super) fn tell(&mut self, event: &Event<'_>, state: &State) {
        self.observer.event(event, state, &self.calls);
    }
}
