//! What a build sees of a function's body.
//!
//! A build reads what file scope says, and of bodies their references and the locals
//! that these lead to. Where two bodies come to the same [`Seen`], so do the objects made of them: what
//! an edit did to other locals, to expressions without references, or to the places of tokens is not
//! part of it.

use cfront::{
    ctypes::CTypeId,
    sema::{Attributes, Initial, ItemScope, Local, LocalId, LocalKind, RelocationTarget},
    symbol::Symbol,
    unit::Unit,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    bodies::FunctionBody,
    references::{ConstantInitializer, Flow, Reference, Target},
    survival::inlining,
};

/// What a build sees of a body; locals are numbered by their order among those that it may look at.
#[derive(PartialEq, Debug)]
pub(crate) struct Seen {
    references: Vec<Reference>,
    locals: Vec<SeenLocal>,
    /// The local, and what it starts with, of each private constant.
    constants: Vec<(u32, Initial)>,
    /// [`inlining::is_certain`], [`inlining::is_possible`]
    inlined: (bool, bool),
    /// The front end's numbers of the locals, where initial bytes name them by these.
    numbers: Vec<u32>,
}

#[derive(PartialEq, Debug)]
struct SeenLocal {
    kind: LocalKind,
    name: Symbol,
    ty: CTypeId,
    attrs: Attributes,
    size: Option<u64>,
    align: Option<u64>,
    /// For static locals.
    initial: Option<Initial>,
}

impl Seen {
    pub(crate) fn of(unit: &Unit, body: &FunctionBody) -> Seen {
        let mut looked_at = looked_at(body).into_iter().collect::<Vec<u32>>();
        looked_at.sort_unstable();
        let number = |local: u32| looked_at.binary_search(&local).map_or(u32::MAX, |n| n as u32);
        let references = body.body.references.iter().filter_map(|reference| {
            let target = match &reference.target {
                Target::Local(local) => Target::Local(looked_at.binary_search(local).ok()? as u32),
                Target::Static(local) => Target::Static(number(*local)),
                other => other.clone(),
            };
            let flow = match reference.flow {
                Flow::Local(local) => Flow::Local(number(local)),
                other => other,
            };
            Some(Reference { target, flow, token: 0, ..reference.clone() })
        });
        let initial_of_constant = |constant: &ConstantInitializer| {
            unit.initial_of_automatic(&body.scope, LocalId(constant.local), &constant.init)
        };
        let constants = body.body.constants.iter();
        let references = references.collect();
        let constants: Vec<(u32, Initial)> =
            constants.map(|t| (number(t.local), initial_of_constant(t))).collect();
        let locals: Vec<SeenLocal> = (looked_at.iter())
            .filter_map(|&local| Some(seen_local(unit, body, body.scope.local(LocalId(local))?)))
            .collect();
        let inlined = (inlining::is_certain(body), inlining::is_possible(body));
        let initials = locals.iter().filter_map(|local| local.initial.as_ref());
        let by_number =
            initials.chain(constants.iter().map(|(_, initial)| initial)).any(names_local);
        let numbers = if by_number { looked_at } else { Vec::new() };
        Seen { references, locals, constants, inlined, numbers }
    }
}

fn names_local(initial: &Initial) -> bool {
    let Initial::Bytes { relocations, .. } = initial else { return false };
    relocations.iter().any(|r| matches!(r.target, RelocationTarget::Local(_)))
}

fn seen_local(unit: &Unit, body: &FunctionBody, local: &Local) -> SeenLocal {
    let starts = || match local.initialised {
        true => unit.initial_of_local(&body.scope, local.id),
        false => Initial::Zero,
    };
    SeenLocal {
        kind: local.kind,
        name: local.name,
        ty: local.ty,
        attrs: local.attrs.clone(),
        size: local.size,
        align: local.align,
        initial: (local.kind == LocalKind::Static).then(starts),
    }
}

/// The locals that a build may look at: those that are in the object or name something outside of the
/// body, parameters that addresses may come by, those that constants are copied to, and those that addresses flow to.
fn looked_at(body: &FunctionBody) -> FxHashSet<u32> {
    // Addresses are followed into functions that are surely inlined.
    let followed = inlining::is_certain(body);
    let is_followed = |kind: &LocalKind| followed && matches!(kind, LocalKind::Param(_));
    let mut found: FxHashSet<u32> = (body.scope.locals().iter())
        .filter(|local| own_place(&local.kind) || is_followed(&local.kind))
        .map(|local| local.id.0)
        .collect();
    found.extend(body.body.constants.iter().map(|constant| constant.local));
    let references = &body.body.references;
    found.extend(references.iter().filter_map(|reference| match reference.target {
        Target::Static(local) => Some(local),
        _ => None,
    }));
    // Where addresses flow on to from each local.
    let mut onwards: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
    let mut waiting: Vec<u32> = Vec::new();
    for reference in references {
        let Flow::Local(to) = reference.flow else { continue };
        match reference.target {
            Target::Local(from) => onwards.entry(from).or_default().push(to),
            _ => waiting.push(to),
        }
    }
    waiting.extend(found.iter().flat_map(|from| onwards.get(from)).flatten());
    while let Some(local) = waiting.pop() {
        if found.insert(local) {
            waiting.extend(onwards.get(&local).into_iter().flatten());
        }
    }
    found
}

/// Whether the object may have the place of such a local.
fn own_place(kind: &LocalKind) -> bool {
    matches!(kind, LocalKind::Static | LocalKind::Extern | LocalKind::Function)
}

/// The number of each local, by its token, among those of its item that the object may have the place of.
pub(crate) fn numbers(scope: &ItemScope) -> FxHashMap<u32, u32> {
    let mut numbers = FxHashMap::default();
    for (token, number) in tokens(scope).zip(0..) {
        numbers.entry(token).or_insert(number);
    }
    numbers
}

/// The tokens of the locals, by these numbers.
pub(crate) fn tokens(scope: &ItemScope) -> impl Iterator<Item = u32> {
    scope.locals().iter().filter(|local| own_place(&local.kind)).map(|local| local.token)
}
