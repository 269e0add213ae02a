//! What calls do to objects: generated functions, libbpf, functions of the same file, and others.

use std::hash::{Hash, Hasher};

use cfront::{
    ast::{Expr, ExprKind},
    sema::Resolution,
    symbol::Symbol,
};
use rustc_hash::FxHasher;

use super::{
    expressions::Evaluated,
    interpret::{Analysis, Frame, SiteKey},
    library::{self, Manner},
    moves,
    observe::{Access, At, Event},
    state::{Phase, State, Value, Ways, limit},
};
use crate::skeletons::{HeaderKind, Skeleton};

/// What a generated or libbpf function does to the object it is given.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Effect {
    /// Makes an object; NULL on failure.
    Open(Phase),
    /// Moves the object on; an error leaves it failed. Whether the skeleton is what moves: its pointers are
    /// then read again.
    Advance(Phase, bool),
    /// Ends its life.
    Destroy,
    /// Nothing that matters here.
    Nothing,
}

impl Analysis<'_> {
    /// Evaluates a call.
    pub(super) fn call(
        &mut self,
        expr: &Expr,
        callee: &Expr,
        args: &[Expr],
        frame: &mut Frame,
        state: State,
    ) -> Evaluated {
        let name = callee_name(callee);
        let at = At::new(frame.item, expr.span);
        let discarded = self.discarded == Some(at);
        let mut ways = vec![(state, Vec::new())];
        if name.is_none() {
            ways = ways
                .into_iter()
                .flat_map(|(state, values)| {
                    let states = self.eval(callee, frame, state);
                    states.into_iter().map(move |(state, _)| (state, values.clone()))
                })
                .collect();
        }
        for arg in args {
            let mut next = Vec::new();
            for (state, values) in ways {
                for (state, value) in self.eval(arg, frame, state) {
                    let mut values: Vec<Value> = values.clone();
                    values.push(value);
                    next.push((state, values));
                }
            }
            if next.len() > 4 * Ways::MOST {
                self.gave_up = true;
                return Vec::new();
            }
            ways = next;
        }
        let mut out = Vec::new();
        for (state, values) in ways {
            if let Some(callee) = name {
                // Only functions on maps are asked about the buffers that they are given.
                let rooms: Vec<_> = match callee.as_str().starts_with("bpf_map") {
                    true => values.iter().map(|value| self.room(value)).collect(),
                    false => Vec::new(),
                };
                let event =
                    Event::Call { callee, values: &values, rooms: &rooms, args, at, discarded };
                self.tell(&event, &state);
            }
            out.extend(self.effects(name, callee, args, values, at, discarded, frame, state));
        }
        out.sort();
        out.dedup();
        limit(out)
    }

    #[allow(clippy::too_many_arguments)]
    fn effects(
        &mut self,
        name: Option<Symbol>,
        callee: &Expr,
        args: &[Expr],
        values: Vec<Value>,
        at: At,
        discarded: bool,
        frame: &mut Frame,
        mut state: State,
    ) -> Evaluated {
        let Some(name) = name else {
            values.iter().for_each(|value| state.escape(value));
            self.run_unknown_code(&mut state);
            return vec![(state, Value::Unknown)];
        };
        if let Some(done) = self.known_effect(name, &values, at, discarded, frame, &state) {
            return done;
        }
        self.tell_accessed(name.as_str(), &values, at, &state);
        if let Some(value) = tested_pointer(name.as_str(), values.first()) {
            return vec![(state, value)];
        }
        if matches!(name.as_str(), "__builtin_expect" | "likely" | "unlikely") {
            return vec![(state, values.first().cloned().unwrap_or(Value::Unknown))];
        }
        let resolved = match &callee.unparen().kind {
            ExprKind::Ident(ident) => Some(frame.scope.resolve(self.unit, *ident)),
            _ => None,
        };
        if never_returns(name.as_str()) {
            return Vec::new();
        }
        match resolved {
            Some(Resolution::Function(function)) => {
                if function.attrs.noreturn {
                    return Vec::new();
                }
                if function.definition.is_some() {
                    let mut hasher = FxHasher::default();
                    (frame.chain, at).hash(&mut hasher);
                    let run = self.run_function(
                        &function,
                        values.clone(),
                        state.clone(),
                        frame.activation + 1,
                        hasher.finish(),
                        frame.stack.clone(),
                    );
                    if let Some(ways) = run {
                        return ways;
                    }
                    return vec![(self.call_unknown(&values, state), Value::Unknown)];
                }
            }
            // A variable of that name: the call goes anywhere.
            Some(Resolution::Variable(_) | Resolution::Local(_)) => {
                return vec![(self.call_unknown(&values, state), Value::Unknown)];
            }
            _ => {}
        }
        if detaches(name.as_str()) {
            detach(values.first(), &mut state);
        }
        let number = self.call_number(at);
        let call = moves::Call { name: name.as_str(), values: &values, args, number, discarded };
        if let Some(ways) = self.map_effect(call, &state) {
            return ways;
        }
        let value = match (name.as_str(), args) {
            ("calloc", [count, each]) => {
                let each = values.get(1).and_then(|value| self.as_size(value, each, frame));
                let count = values.first().and_then(|value| self.as_size(value, count, frame));
                count.zip(each).and_then(|(a, b)| a.times(b)).map(Value::Buffer)
            }
            _ => self.library_value(call, &state),
        };
        match library::manner(name.as_str()) {
            Manner::Unknown => state = self.call_unknown(&values, state),
            Manner::CallsBack => {
                for value in &values {
                    if let Value::Address(_) = value {
                        state.escape(value);
                    }
                }
                self.run_unknown_code(&mut state);
            }
            Manner::Plain => {
                // It may still fill what it gets the address of.
                for value in &values {
                    if let Value::Address(path) = value {
                        state.forget(path);
                    }
                }
            }
        }
        vec![(state, value.unwrap_or(Value::Unknown))]
    }

    fn call_unknown(&self, values: &[Value], mut state: State) -> State {
        values.iter().for_each(|value| state.escape(value));
        self.run_unknown_code(&mut state);
        state
    }

    /// Tells of an image, or a variable in it, that is given to a function that writes or reads there.
    fn tell_accessed(&mut self, name: &str, values: &[Value], at: At, state: &State) {
        let written = library::written_argument(name).map(|index| (index, Access::Write));
        let read = || library::read_argument(name).map(|index| (index, Access::Read));
        let Some((index, access)) = written.or_else(read) else { return };
        let event = match values.get(index) {
            Some(Value::ImageMember(site, section, member)) => Event::Image {
                site: *site,
                section: *section,
                member: *member,
                access,
                stale: None,
                at,
            },
            Some(Value::Image(site, section)) => Event::Image {
                site: *site,
                section: *section,
                member: Symbol::EMPTY,
                access,
                stale: None,
                at,
            },
            Some(Value::Stale(site, section, member, call)) => Event::Image {
                site: *site,
                section: *section,
                member: *member,
                access,
                stale: Some(*call),
                at,
            },
            _ => Event::Other { at },
        };
        self.tell(&event, state);
    }

    /// Effects of functions with a known contract; `None` for others.
    fn known_effect(
        &mut self,
        name: Symbol,
        values: &[Value],
        at: At,
        discarded: bool,
        frame: &Frame,
        state: &State,
    ) -> Option<Evaluated> {
        let (effect, skeleton) = self.effect_of(name)?;
        let since = self.call_number(at);
        let subject = values.first().and_then(Value::site);
        let unchecked = discarded.then_some(since);
        Some(match effect {
            Effect::Open(phase) => {
                let site = self.site(SiteKey::Call(at, frame.chain));
                let mut opened = state.clone();
                self.renew(&mut opened, site, skeleton?, phase, Some(since));
                if let Some(Value::Object(parent)) = values.first()
                    && self.is_subskeleton(site, &opened)
                    && let Some(object) = opened.objects.get_mut(&site)
                {
                    object.parent = Some(*parent);
                }
                vec![(opened, Value::Skeleton(site)), (state.clone(), Value::Zero)]
            }
            Effect::Advance(phase, by_skeleton) => {
                let mut done = state.clone();
                let mut failed = state.clone();
                match subject {
                    Some(site) => {
                        let before = state.phase(site);
                        let attach = phase == Phase::Attached;
                        if !attach || before == Phase::Loaded {
                            done.advance(site, phase, Some(since));
                        }
                        if !attach && before == Phase::Open {
                            self.load_moves(&mut done, site, since, by_skeleton);
                        }
                        if !attach {
                            failed.advance(site, Phase::Failed, Some(since));
                        }
                        for state in [&mut done, &mut failed] {
                            if let Some(object) = state.objects.get_mut(&site) {
                                object.unchecked = unchecked;
                            }
                        }
                    }
                    None => {
                        // One of the objects, it is not known which.
                        for object in done.objects.values_mut() {
                            if !matches!(
                                object.phase,
                                Phase::Loaded | Phase::Attached | Phase::Destroyed
                            ) {
                                object.phase = Phase::Unknown;
                            }
                        }
                        failed = done.clone();
                    }
                }
                vec![(done, Value::Zero), (failed, Value::Negative)]
            }
            Effect::Destroy => {
                let mut done = state.clone();
                if let Some(site) = subject {
                    done.advance(site, Phase::Destroyed, Some(since));
                }
                vec![(done, Value::Unknown)]
            }
            Effect::Nothing => vec![(state.clone(), Value::Unknown)],
        })
    }

    fn effect_of(&self, name: Symbol) -> Option<(Effect, Option<usize>)> {
        let text = name.as_str();
        match text {
            "bpf_object__load" => return Some((Effect::Advance(Phase::Loaded, false), None)),
            "bpf_object__prepare" => return Some((Effect::Advance(Phase::Prepared, false), None)),
            // What the generated functions call.
            "bpf_object__load_skeleton" => {
                return Some((Effect::Advance(Phase::Loaded, true), None));
            }
            "bpf_object__attach_skeleton" => {
                return Some((Effect::Advance(Phase::Attached, true), None));
            }
            "bpf_object__detach_skeleton" => return Some((Effect::Nothing, None)),
            _ => {}
        }
        let (skeleton, verb) = generated(self.skeletons, text)?;
        let effect = match verb {
            "open" | "open_opts" => Effect::Open(match self.skeletons.get(skeleton)?.kind {
                // A subskeleton is a view of an object that is opened elsewhere.
                HeaderKind::Subskeleton => Phase::Unknown,
                _ => Phase::Open,
            }),
            "open_and_load" => Effect::Open(Phase::Loaded),
            "load" => Effect::Advance(Phase::Loaded, true),
            "attach" => Effect::Advance(Phase::Attached, true),
            "destroy" => Effect::Destroy,
            "detach" | "elf_bytes" => Effect::Nothing,
            _ => return None,
        };
        Some((effect, Some(skeleton)))
    }
}

/// The skeleton and the verb of a generated function (`hits__open` is `open` of `hits`).
pub(crate) fn generated<'n>(skeletons: &[Skeleton], name: &'n str) -> Option<(usize, &'n str)> {
    let (prefix, verb) = name.rsplit_once("__")?;
    let skeleton = skeletons.iter().position(|s| s.name.as_str() == prefix)?;
    Some((skeleton, verb))
}

/// Functions after which the image of a map may be connected to nothing.
fn detaches(name: &str) -> bool {
    matches!(
        name,
        "bpf_map__reuse_fd" | "bpf_map__set_autocreate" | "bpf_map__set_pin_path" | "bpf_map__pin"
    )
}

fn detach(map: Option<&Value>, state: &mut State) {
    match map {
        Some(Value::Map(site, map)) => {
            if let Some(object) = state.objects.get_mut(site) {
                object.detached.insert(*map);
            }
        }
        _ => {
            for object in state.objects.values_mut() {
                object.detached.insert(Symbol::EMPTY);
            }
        }
    }
}

/// The name of the function called, when it is called by name.
pub(crate) fn callee_name(callee: &Expr) -> Option<Symbol> {
    match &callee.unparen().kind {
        ExprKind::Ident(name) => Some(name.name),
        _ => None,
    }
}

/// `libbpf_get_error(ptr)` is 0 for a pointer that is one.
fn tested_pointer(name: &str, value: Option<&Value>) -> Option<Value> {
    if name != "libbpf_get_error" && name != "IS_ERR" && name != "IS_ERR_OR_NULL" {
        return None;
    }
    Some(match value?.truth() {
        Some(true) => Value::Zero,
        Some(false) => Value::Negative,
        None => Value::Unknown,
    })
}

/// Functions that end the program, the thread or the way.
fn never_returns(name: &str) -> bool {
    matches!(
        name,
        "exit"
            | "_exit"
            | "_Exit"
            | "quick_exit"
            | "abort"
            | "err"
            | "errx"
            | "verr"
            | "verrx"
            | "pthread_exit"
            | "longjmp"
            | "siglongjmp"
            | "__assert_fail"
            | "__builtin_unreachable"
            | "__builtin_trap"
    )
}
