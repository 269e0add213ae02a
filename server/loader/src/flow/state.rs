//! What is known at a point of the program: values of variables, and how far each object has come.

use std::collections::BTreeMap;

use cfront::symbol::Symbol;

/// An object (skeleton) by the place that made it: an open call, a parameter, unknown memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Site(pub u32);

/// A variable: of a function activation, or of the file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Root {
    /// A local variable or parameter: activation number and local id.
    Local(u32, u32),
    /// A file-scope variable or static local, by a number of the analysis.
    Global(u32),
    /// Memory behind a pointer whose origin is not known (a parameter).
    Region(u32),
}

/// A place in memory: a variable and the members from there (`env.skel`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Path {
    /// Where it starts.
    pub root: Root,
    /// Members, outermost first.
    pub fields: Vec<Symbol>,
}

impl Path {
    /// A whole variable.
    pub fn of(root: Root) -> Path {
        Path { root, fields: Vec::new() }
    }

    /// A member of the place.
    pub fn field(&self, name: Symbol) -> Path {
        let mut path = self.clone();
        path.fields.push(name);
        path
    }

    /// Whether the place is this one or lies in it.
    pub fn is_within(&self, outer: &Path) -> bool {
        self.root == outer.root && self.fields.starts_with(&outer.fields)
    }
}

/// What an expression is known to be.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Value {
    /// Nothing is known.
    Unknown,
    /// 0 or NULL.
    Zero,
    /// Not 0.
    NonZero,
    /// Below 0: the error of a call that failed.
    Negative,
    /// Pointer to a skeleton, light skeleton or subskeleton.
    Skeleton(Site),
    /// `skel->obj`
    Object(Site),
    /// `skel->SECTION`: pointer to the image of a section.
    Image(Site, Symbol),
    /// Pointer into the image: section and member.
    ImageMember(Site, Symbol, Symbol),
    /// `skel->maps.NAME`
    Map(Site, Symbol),
    /// `skel->progs.NAME`
    Program(Site, Symbol),
    /// Address of a place.
    Address(Path),
}

impl Value {
    /// Whether the value is true in a condition; `None`: either.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Value::Unknown => None,
            Value::Zero => Some(false),
            _ => Some(true),
        }
    }

    /// The value of a known truth.
    pub fn from_truth(truth: bool) -> Value {
        if truth { Value::NonZero } else { Value::Zero }
    }

    /// The object that the value leads to.
    pub fn site(&self) -> Option<Site> {
        match self {
            Value::Skeleton(site)
            | Value::Object(site)
            | Value::Image(site, _)
            | Value::ImageMember(site, ..)
            | Value::Map(site, _)
            | Value::Program(site, _) => Some(*site),
            _ => None,
        }
    }
}

/// How far an object has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Phase {
    /// Not known.
    Unknown,
    /// Opened: start values can be set.
    Open,
    /// `bpf_object__prepare` succeeded: maps exist.
    Prepared,
    /// Loaded.
    Loaded,
    /// Attached (and loaded).
    Attached,
    /// A load or prepare failed; most programs clean up now.
    Failed,
    /// Destroyed: memory is gone.
    Destroyed,
}

/// What is known of one object.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Object {
    /// Index of the skeleton in the analysis input.
    pub skeleton: usize,
    /// How far it has come.
    pub phase: Phase,
    /// The call that brought it there, as an index of the analysis' list of calls.
    pub since: Option<u32>,
}

/// One way to have come to a point.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct State {
    /// Places with a known value.
    pub values: BTreeMap<Path, Value>,
    /// Objects.
    pub objects: BTreeMap<Site, Object>,
}

impl State {
    /// The value of a place.
    pub fn get(&self, path: &Path) -> Value {
        self.values.get(path).cloned().unwrap_or(Value::Unknown)
    }

    /// Sets a place, forgetting what was known of its members.
    pub fn set(&mut self, path: Path, value: Value) {
        self.forget(&path);
        if value != Value::Unknown {
            self.values.insert(path, value);
        }
    }

    /// Forgets a place and all in it.
    pub fn forget(&mut self, path: &Path) {
        self.values.retain(|known, _| !known.is_within(path));
    }

    /// The phase of an object.
    pub fn phase(&self, site: Site) -> Phase {
        self.objects.get(&site).map_or(Phase::Unknown, |object| object.phase)
    }

    /// Moves an object on.
    pub fn advance(&mut self, site: Site, phase: Phase, since: Option<u32>) {
        if let Some(object) = self.objects.get_mut(&site) {
            object.phase = phase;
            object.since = since;
        }
    }

    /// Something outside got hold of this value: what it leads to is not known any more.
    pub fn escape(&mut self, value: &Value) {
        match value {
            Value::Address(path) => {
                let reached: Vec<Value> = self
                    .values
                    .iter()
                    .filter(|(known, _)| known.is_within(path))
                    .map(|(_, value)| value.clone())
                    .collect();
                self.forget(path);
                for value in reached {
                    // A pointer to itself was forgotten above, so this ends.
                    self.escape(&value);
                }
            }
            Value::Skeleton(site) | Value::Object(site) => {
                self.advance(*site, Phase::Unknown, None);
            }
            _ => {}
        }
    }

    /// Drops the variables of an activation that has returned.
    pub fn leave(&mut self, activation: u32) {
        self.values.retain(|path, _| !matches!(path.root, Root::Local(a, _) if a == activation));
    }

    /// What two ways have in common: differing values and phases become unknown.
    pub fn join(mut self, other: &State) -> State {
        self.values.retain(|path, value| other.values.get(path) == Some(value));
        for (site, object) in &mut self.objects {
            match other.objects.get(site) {
                Some(theirs) if theirs.phase == object.phase => {
                    if theirs.since != object.since {
                        object.since = None;
                    }
                }
                _ => {
                    object.phase = Phase::Unknown;
                    object.since = None;
                }
            }
        }
        for (site, object) in &other.objects {
            self.objects.entry(*site).or_insert(Object {
                phase: Phase::Unknown,
                since: None,
                ..object.clone()
            });
        }
        self
    }
}

/// The ways to have come to a point: a small set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    states: Vec<State>,
}

impl Ways {
    /// More ways than this are joined into one.
    pub const MOST: usize = 24;

    /// One way.
    pub fn one(state: State) -> Ways {
        Ways { states: vec![state] }
    }

    /// The states, sorted.
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// Adds a way. Returns the state to go on with when that is new: the way itself, or what all
    /// ways have in common once they are too many.
    pub fn add(&mut self, state: State) -> Option<State> {
        let Err(at) = self.states.binary_search(&state) else { return None };
        if self.states.len() < Self::MOST {
            self.states.insert(at, state.clone());
            return Some(state);
        }
        let joined = self.states.iter().fold(state, State::join);
        let before = std::mem::replace(&mut self.states, vec![joined.clone()]);
        (before != self.states).then_some(joined)
    }
}
