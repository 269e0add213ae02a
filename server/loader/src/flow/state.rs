//! What is known at a point of the program: values of variables, and how far each object has come.

use std::collections::{BTreeMap, BTreeSet};

use cfront::symbol::Symbol;

use super::{flags::Flags, shared::Shared, sizes::Size};

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
    /// Pointer to a skeleton of which nothing is known, or NULL.
    Perhaps(Site),
    /// `skel->obj`
    Object(Site),
    /// `skel->SECTION`: pointer to the image of a section.
    Image(Site, Symbol),
    /// Pointer into the image: section and member.
    ImageMember(Site, Symbol, Symbol),
    /// `skel->maps.NAME`
    Map(Site, Symbol),
    /// Descriptor of that map.
    MapFd(Site, Symbol),
    /// What was a pointer to the image of a section, or into it (member; else empty), before the call
    /// with that number moved the image.
    Stale(Site, Symbol, Symbol, u32),
    /// `skel->progs.NAME`
    Program(Site, Symbol),
    /// A number of bytes or CPUs.
    Size(Size),
    /// Flags of a lookup or update.
    Flags(Flags),
    /// Pointer to memory of that size.
    Buffer(Size),
    /// Address of a place.
    Address(Path),
}

impl Value {
    /// Whether the value is true in a condition; `None`: either.
    pub fn truth(&self) -> Option<bool> {
        match self {
            // Members of a skeleton can be NULL (kconfig before load, an image without BTF).
            Value::Unknown
            | Value::Perhaps(_)
            | Value::Image(..)
            | Value::Map(..)
            | Value::MapFd(..)
            | Value::Stale(..)
            | Value::Program(..)
            | Value::Buffer(_)
            | Value::Size(Size { cpus: Some(_), .. }) => None,
            Value::Size(size) => Some(size.bytes != 0),
            Value::Flags(flags) => (flags.cpu || flags.all).then_some(true),
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
            | Value::Perhaps(site)
            | Value::Object(site)
            | Value::Image(site, _)
            | Value::ImageMember(site, ..)
            | Value::Map(site, _)
            | Value::MapFd(site, _)
            | Value::Stale(site, ..)
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

/// Why the image of a map is connected to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Replaced {
    /// The map's descriptor was replaced (`bpf_map__reuse_fd`).
    Reused,
    /// The map has a pin path: it is the pinned one when there is one, else a new one.
    Pinned,
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
    /// No branch was taken since then that the analysis could not decide: this way is a real one.
    pub sure: bool,
    /// The call whose result was thrown away, when that was the last that moved the object.
    pub unchecked: Option<u32>,
    /// Maps whose image may be connected to nothing (descriptor reused, pinned, not created), by
    /// their member name; the empty name stands for all.
    pub detached: BTreeSet<Symbol>,
    /// Maps of which some other map takes the place, or may, and by which call.
    pub replaced: BTreeMap<Symbol, (Replaced, u32)>,
    /// Maps whose creation was switched off, or may have been, and by which call.
    pub uncreated: BTreeMap<Symbol, u32>,
    /// Sections whose image was moved since the skeleton's pointer was read, and by which call.
    pub moved: BTreeMap<Symbol, u32>,
    /// The object that a subskeleton is a view of.
    pub parent: Option<Site>,
}

impl Object {
    /// A fresh object.
    pub fn new(skeleton: usize, phase: Phase, since: Option<u32>) -> Object {
        Object {
            skeleton,
            phase,
            since,
            sure: true,
            unchecked: None,
            detached: BTreeSet::new(),
            replaced: BTreeMap::new(),
            uncreated: BTreeMap::new(),
            moved: BTreeMap::new(),
            parent: None,
        }
    }

    /// Whether the image of a map may be connected to nothing.
    pub fn is_detached(&self, map: Symbol) -> bool {
        self.detached.contains(&Symbol::EMPTY) || self.detached.contains(&map)
    }
}

/// One way to have come to a point.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct State {
    /// Places with a known value.
    pub values: Shared<BTreeMap<Path, Value>>,
    /// Objects.
    pub objects: Shared<BTreeMap<Site, Object>>,
    /// Variables whose address code elsewhere may have kept.
    pub exposed: Shared<BTreeSet<Root>>,
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
        let inside: Vec<Path> = self
            .values
            .range(path.clone()..)
            .take_while(|(known, _)| known.is_within(path))
            .map(|(known, _)| known.clone())
            .collect();
        for known in inside {
            self.values.remove(&known);
        }
    }

    /// Forgets the places whose path and value are such.
    pub fn drop_values(&mut self, is_such: impl Fn(&Path, &Value) -> bool) {
        if self.values.iter().any(|(path, value)| is_such(path, value)) {
            self.values.retain(|path, value| !is_such(path, value));
        }
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
            object.sure = true;
            object.unchecked = None;
        }
    }

    /// A branch was taken that the analysis could not decide.
    pub fn undecided(&mut self) {
        if self.objects.values().any(|object| object.sure) {
            self.objects.values_mut().for_each(|object| object.sure = false);
        }
    }

    /// Something outside got hold of this value: what it leads to is not known any more, now or
    /// at any later call.
    pub fn escape(&mut self, value: &Value) {
        let mut work = vec![value.clone()];
        while let Some(value) = work.pop() {
            match value {
                Value::Address(path) => {
                    if !self.exposed.contains(&path.root) {
                        self.exposed.insert(path.root);
                    }
                    let whole = Path::of(path.root);
                    work.extend(
                        self.values
                            .range(whole.clone()..)
                            .take_while(|(known, _)| known.is_within(&whole))
                            .map(|(_, value)| value.clone()),
                    );
                    self.forget(&whole);
                }
                Value::Skeleton(site) | Value::Perhaps(site) | Value::Object(site) => {
                    self.lose(site);
                }
                _ => {}
            }
        }
    }

    /// Code elsewhere may have done anything to an object. What was destroyed stays so.
    fn lose(&mut self, site: Site) {
        if let Some(object) = self.objects.get_mut(&site) {
            if object.phase != Phase::Destroyed {
                object.phase = Phase::Unknown;
                object.since = None;
            }
            object.unchecked = None;
            object.detached.insert(Symbol::EMPTY);
            object.replaced.clear();
            object.moved.clear();
        }
    }

    /// Drops the variables of an activation that has returned, and pointers to them.
    pub fn leave(&mut self, activation: u32) {
        let of = |root: &Root| matches!(root, Root::Local(a, _) if *a == activation);
        self.drop_values(|path, value| {
            of(&path.root) || matches!(value, Value::Address(path) if of(&path.root))
        });
        if self.exposed.iter().any(of) {
            self.exposed.retain(|root| !of(root));
        }
    }

    /// What two ways have in common: differing values and phases become unknown.
    pub fn join(mut self, other: &State) -> State {
        self.drop_values(|path, value| other.values.get(path) != Some(value));
        self.exposed.extend(other.exposed.iter().copied());
        if self.objects == other.objects {
            return self;
        }
        for (site, object) in self.objects.iter_mut() {
            let Some(theirs) = other.objects.get(site) else { continue };
            if theirs.phase != object.phase {
                object.phase = Phase::Unknown;
            }
            if theirs.since != object.since {
                object.since = None;
            }
            if theirs.unchecked != object.unchecked {
                object.unchecked = None;
            }
            object.sure &= theirs.sure;
            object.detached.extend(theirs.detached.iter().copied());
            object.moved.retain(|map, call| theirs.moved.get(map) == Some(call));
            object.replaced.retain(|map, how| theirs.replaced.get(map) == Some(how));
            object.uncreated.extend(theirs.uncreated.iter().map(|(map, call)| (*map, *call)));
            if theirs.parent != object.parent {
                object.parent = None;
            }
        }
        // An object that one way has not made yet cannot be reached from a value they share.
        for (site, object) in other.objects.iter() {
            self.objects.entry(*site).or_insert_with(|| object.clone());
        }
        self
    }

    /// Whether this state knows nothing that the other does not know too.
    fn covers(&self, other: &State) -> bool {
        self.objects == other.objects
            && self.exposed.is_superset(&other.exposed)
            && self.values.len() <= other.values.len()
            && self.values.iter().all(|(path, value)| other.values.get(path) == Some(value))
    }
}

/// The ways to have come to a point: a small set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    states: Vec<State>,
}

impl Ways {
    /// More ways than this are joined.
    pub const MOST: usize = 24;

    /// The states, sorted.
    pub fn into_states(self) -> Vec<State> {
        self.states
    }

    /// Adds a way. Returns the state to go on with when that is new: the way itself, or what it
    /// has in common with others once they are too many. Ways in which the objects have come
    /// equally far are joined first.
    pub fn add(&mut self, state: State) -> Option<State> {
        if self.states.iter().any(|known| known.covers(&state)) {
            return None;
        }
        if self.states.len() < Self::MOST {
            self.states.push(state.clone());
            return Some(state);
        }
        let mut groups: Vec<State> = Vec::new();
        let mut own = state.clone();
        for known in std::mem::take(&mut self.states) {
            if known.objects == own.objects {
                own = known.join(&own);
                continue;
            }
            match groups.iter().position(|group| group.objects == known.objects) {
                Some(at) => {
                    let group = groups.swap_remove(at);
                    groups.push(group.join(&known));
                }
                None => groups.push(known),
            }
        }
        if groups.len() > Self::MOST / 2 {
            own = groups.iter().fold(own, State::join);
            groups.clear();
        }
        self.states = groups;
        self.states.push(own.clone());
        Some(own)
    }
}

/// At most [`Ways::MOST`] of these ways; the values stay apart as long as there are few.
pub fn limit(ways: Vec<(State, Value)>) -> Vec<(State, Value)> {
    if ways.len() <= Ways::MOST {
        return ways;
    }
    let mut groups: BTreeMap<Value, Ways> = BTreeMap::new();
    for (state, value) in ways {
        groups.entry(value).or_default().add(state);
    }
    let grouped: Vec<(State, Value)> = groups
        .into_iter()
        .flat_map(|(value, ways)| ways.into_states().into_iter().map(move |s| (s, value.clone())))
        .collect();
    if grouped.len() <= 2 * Ways::MOST {
        return grouped;
    }
    let mut all = Ways::default();
    for (state, _) in grouped {
        all.add(state);
    }
    all.into_states().into_iter().map(|state| (state, Value::Unknown)).collect()
}
