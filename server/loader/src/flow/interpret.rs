//! Runs functions over states.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use cfront::{
    ast::{Block as Compound, ExprKind, Initializer, Item, Storage},
    ctypes::CTypeId,
    sema::{Function, ItemScope, LocalId, LocalKind},
    symbol::Symbol,
    token::TokenKind,
    unit::{ItemId, Unit},
};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    cfg::{BlockId, Cfg, End, Exit, Step},
    globals::Globals,
    observe::{At, Event, Observer},
    sizes::Size,
    state::{Object, Path, Phase, Root, Site, State, Value, Ways, limit},
};
use crate::skeletons::{Skeleton, pointed_skeleton};

/// Calls of functions of the same file are followed to this depth.
const CALL_DEPTH: u32 = 5;

/// Blocks run at most from one function that is called from outside; where that is not enough,
/// nothing is judged in what it calls.
const BUDGET: usize = 20_000;

/// Blocks run at most for one file.
const TOTAL: usize = 120_000;

/// Expressions nest at most this deep, functions that are followed into included.
pub(super) const MAX_DEPTH: u32 = 160;

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
    /// File-scope variables whose value survives a call of unknown code, see [`Globals`].
    pub(super) kept: FxHashSet<Root>,
    /// What the file's tokens tell of its functions and variables.
    pub stable: Globals,
    budget: usize,
    total: usize,
    pub(super) depth: u32,
    /// Scopes of the functions being run, by activation.
    pub(super) scopes: Vec<Arc<ItemScope>>,
    /// Arrays whose length was computed from what is known.
    pub(super) variable_arrays: FxHashMap<Root, Size>,
    /// The call that makes up the expression statement being run.
    pub(super) discarded: Option<At>,
    /// Functions that a call could not be followed into: what they do is to be judged as if called
    /// from outside.
    pub unfollowed: BTreeSet<Symbol>,
    /// Whether the limits were reached in the last run: then no verdict stands about what it calls.
    pub gave_up: bool,
}

/// What makes an object (or unknown memory) the same one: the place and the calls that led there.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum SiteKey {
    Call(At, u64),
    Place(ItemId, Path, u64),
    Region(ItemId, Path, u64),
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
    /// Ways out of the statement expression that was just run, other than its end.
    pub exits: Vec<(State, Exit)>,
    /// Functions being run, to see recursion.
    pub stack: Vec<Symbol>,
}

impl<'a> Analysis<'a> {
    /// An analysis that tells an observer what happens.
    pub fn new(
        unit: &'a Unit,
        skeletons: &'a [Skeleton],
        stable: Globals,
        observer: &'a mut dyn Observer,
    ) -> Self {
        Analysis {
            unit,
            skeletons,
            observer,
            calls: Vec::new(),
            call_numbers: FxHashMap::default(),
            sites: FxHashMap::default(),
            globals: FxHashMap::default(),
            kept: FxHashSet::default(),
            stable,
            budget: BUDGET,
            total: TOTAL,
            depth: 0,
            scopes: Vec::new(),
            variable_arrays: FxHashMap::default(),
            discarded: None,
            unfollowed: BTreeSet::new(),
            gave_up: false,
        }
    }

    /// Runs a function as if called from outside: nothing is known of its parameters.
    pub fn run_root(&mut self, function: &Function) {
        self.budget = BUDGET.min(self.total);
        let granted = self.budget;
        self.depth = 0;
        self.gave_up = self.budget == 0;
        if !self.gave_up {
            let _ = self.run_function(function, Vec::new(), State::default(), 0, 0, Vec::new());
        }
        self.total -= granted - self.budget;
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
        let item = ItemId(function.definition_place()?.item);
        let parsed = self.unit.item(item)?;
        let Item::Function(definition) = &parsed.syntax else { return None };
        if activation > CALL_DEPTH || stack.contains(&function.name) {
            self.unfollowed.insert(function.name);
            return None;
        }
        let cfg = Cfg::build(&definition.body, false);
        if definition.has_error || !cfg.followable {
            self.calls_of(item);
            return None;
        }
        stack.push(function.name);
        let scope = self.unit.scope(item)?;
        self.scopes.truncate(activation as usize);
        self.scopes.push(scope.clone());
        let mut frame = Frame {
            item,
            scope: scope.clone(),
            activation,
            chain,
            returns: Vec::new(),
            exits: Vec::new(),
            stack,
        };
        for local in scope.locals() {
            let LocalKind::Param(index) = local.kind else { continue };
            let path = Path::of(Root::Local(activation, local.id.0));
            let value = match args.get(index as usize).cloned().unwrap_or(Value::Unknown) {
                Value::Unknown => self.unknown_of_type(&mut state, item, &path, local.ty, chain),
                known => known,
            };
            state.set(path, value);
        }
        let finished = self.run_graph(&cfg, &mut frame, vec![state]);
        self.scopes.truncate(activation as usize + 1);
        let finished = finished?;
        let mut out = frame.returns;
        out.extend(finished.into_iter().map(|(state, _)| (state, Value::Unknown)));
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
        Some(limit(out))
    }

    /// Runs a statement expression; returns the ways that come to its end with its value.
    pub(super) fn run_statement_expression(
        &mut self,
        body: &Compound,
        frame: &mut Frame,
        entry: State,
    ) -> Vec<(State, Value)> {
        let cfg = Cfg::build(body, true);
        let outer = std::mem::take(&mut frame.exits);
        let ways = if cfg.followable { self.run_graph(&cfg, frame, vec![entry]) } else { None };
        let Some(mut ways) = ways else {
            // Nothing is known of what it did, nor where it went.
            self.gave_up = true;
            return Vec::new();
        };
        let inside: Vec<Root> = frame
            .scope
            .locals()
            .iter()
            .filter(|local| body.span.start <= local.token && local.token < body.span.end)
            .map(|local| Root::Local(frame.activation, local.id.0))
            .collect();
        let forget = |state: &mut State| {
            for root in &inside {
                state.forget(&Path::of(*root));
            }
        };
        ways.iter_mut().for_each(|(state, _)| forget(state));
        frame.exits.iter_mut().for_each(|(state, _)| forget(state));
        frame.exits.extend(outer);
        ways.sort();
        ways.dedup();
        limit(ways)
    }

    /// Runs a graph; returns the ways that fall off its end, with the value of its last expression
    /// when it is a statement expression. `None`: the limits were reached.
    fn run_graph(
        &mut self,
        cfg: &Cfg<'_>,
        frame: &mut Frame,
        entry: Vec<State>,
    ) -> Option<Vec<(State, Value)>> {
        let mut flow = Flow {
            reached: vec![Ways::default(); cfg.blocks.len()],
            work: VecDeque::new(),
            finished: Vec::new(),
        };
        for state in entry {
            flow.go(BlockId(0), state);
        }
        let mut away: Vec<(State, Exit)> = Vec::new();
        while let Some((block, state)) = flow.work.pop_front() {
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
            self.end(&block.end, frame, states, &mut flow, &mut away);
            for (state, exit) in std::mem::take(&mut frame.exits) {
                let target = match exit {
                    Exit::Goto(label) => cfg.labels.get(&label).copied(),
                    Exit::Break => block.context.brk,
                    Exit::Continue => block.context.cont,
                };
                match target {
                    Some(target) => flow.go(target, state),
                    None => away.push((state, exit)),
                }
            }
            let finished = std::mem::take(&mut flow.finished);
            flow.finished = limit(sorted(finished));
            frame.returns = limit(sorted(std::mem::take(&mut frame.returns)));
            away.sort();
            away.dedup();
        }
        frame.exits = away;
        Some(flow.finished)
    }

    fn end(
        &mut self,
        end: &End<'_>,
        frame: &mut Frame,
        states: Vec<State>,
        flow: &mut Flow,
        away: &mut Vec<(State, Exit)>,
    ) {
        match end {
            End::Jump(to) => states.into_iter().for_each(|state| flow.go(*to, state)),
            End::Branch { cond, yes, no } => {
                for state in states {
                    for (state, truth) in self.decide(cond, frame, state) {
                        flow.go(if truth { *yes } else { *no }, state);
                    }
                }
            }
            End::Switch { value, targets } => {
                for state in states {
                    for (mut state, value) in self.eval(value, frame, state) {
                        let zeros = targets.iter().filter(|target| target.zero).count();
                        if value.truth() != Some(false) || zeros > 1 {
                            state.undecided();
                        }
                        for target in targets {
                            let goes = match value.truth() {
                                Some(false) => target.zero,
                                Some(true) => target.other,
                                None => true,
                            };
                            if goes {
                                flow.go(target.block, state.clone());
                            }
                        }
                    }
                }
            }
            End::Return(value) => {
                for state in states {
                    match value {
                        Some(value) => {
                            let ways = self.eval(value, frame, state);
                            frame.returns.extend(ways);
                        }
                        None => frame.returns.push((state, Value::Unknown)),
                    }
                }
            }
            End::Exit(exit) => away.extend(states.into_iter().map(|state| (state, *exit))),
            End::Finish(value) => {
                for state in states {
                    match value {
                        Some(value) => {
                            let ways = self.eval(value, frame, state);
                            flow.finished.extend(ways);
                        }
                        None => flow.finished.push((state, Value::Unknown)),
                    }
                }
            }
        }
    }

    /// The functions that an item mentions may be called by it in ways that are not followed.
    pub(super) fn calls_of(&mut self, item: ItemId) {
        for token in self.unit.tokens(item) {
            if token.kind == TokenKind::Ident {
                self.unfollowed.insert(token.sym);
            }
        }
    }

    fn step(&mut self, step: Step<'_>, frame: &mut Frame, states: Vec<State>) -> Vec<State> {
        let mut out = Vec::new();
        for state in states {
            match step {
                Step::Expr(expr) => {
                    if matches!(expr.kind, ExprKind::Call { .. }) {
                        self.discarded = Some(At::new(frame.item, expr.span));
                    }
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
                    let ty = frame.scope.local(LocalId(local)).map(|local| local.ty);
                    let volatile = ty.is_some_and(|ty| self.unit.is_volatile(ty));
                    let narrow = ty.and_then(|ty| self.unit.size_of(ty)) != Some(8);
                    match &declarator.init {
                        Some(Initializer::Expr(value)) => {
                            for (mut state, value) in self.eval(value, frame, state) {
                                let cut = narrow && matches!(value, Value::Flags(f) if f.high);
                                let value = if volatile || cut { Value::Unknown } else { value };
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
                            out.extend(self.declare_array(declarator, local, frame, state));
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
            return ways.into_states();
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
        let kept = match &key {
            GlobalKey::Name(name) => self.stable.is_kept(*name),
            // A static local has one function that could change it, and its name is seen nowhere else.
            GlobalKey::Static(..) => false,
        };
        let root = Root::Global(*self.globals.entry(key).or_insert(next));
        if kept {
            self.kept.insert(root);
        }
        root
    }

    /// What a number of [`Root::Global`] stands for.
    pub(super) fn global_key(&self, number: u32) -> Option<&GlobalKey> {
        self.globals.iter().find(|(_, known)| **known == number).map(|(key, _)| key)
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
        state.drop_values(|_, value| value.site() == Some(site));
        state.objects.insert(site, Object::new(skeleton, phase, since));
    }

    /// A value of which only the type is known: a pointer to a skeleton is some object, or NULL.
    pub(super) fn unknown_of_type(
        &mut self,
        state: &mut State,
        item: ItemId,
        path: &Path,
        ty: CTypeId,
        chain: u64,
    ) -> Value {
        let Some(skeleton) = pointed_skeleton(self.unit, self.skeletons, ty) else {
            return Value::Unknown;
        };
        let site = self.site(SiteKey::Place(item, path.clone(), chain));
        // The variable may have held another object before.
        self.renew(state, site, skeleton, Phase::Unknown, None);
        Value::Perhaps(site)
    }

    pub(super) fn tell(&mut self, event: &Event<'_>, state: &State) {
        self.observer.event(event, state, &self.calls);
    }
}

/// The state of running a graph.
struct Flow {
    reached: Vec<Ways>,
    work: VecDeque<(BlockId, State)>,
    finished: Vec<(State, Value)>,
}

impl Flow {
    fn go(&mut self, to: BlockId, state: State) {
        if let Some(state) = self.reached.get_mut(to.0).and_then(|ways| ways.add(state)) {
            self.work.push_back((to, state));
        }
    }
}

fn sorted(mut ways: Vec<(State, Value)>) -> Vec<(State, Value)> {
    ways.sort();
    ways.dedup();
    ways
}
