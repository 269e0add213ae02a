//! A function's body as builds see it.
//!
//! Of a body there are in the object its references, and the locals that these lead to. That is all that a
//! build gets to see, so what an edit did to other locals, to expressions without references, or to the
//! places of tokens changes nothing of what is made of it.

use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

use cfront::{
    ast,
    ctypes::CTypeId,
    sema::{
        self, Attributes, Function, Initial, ItemScope, LocalId, LocalKind, Relocation,
        RelocationTarget,
    },
    symbol::Symbol,
    unit::{FileScope, ItemId, Unit},
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    references::{self, Body, Flow, Reference, Target},
    survival::inlining::{self, Expectation},
};

/// A function's body. Two are equal where all that they show is.
pub struct FunctionBody {
    shown: Shown,
    /// The token of each local's name.
    tokens: Vec<u32>,
    incomplete: bool,
    /// The references to each local, by their indices.
    by_local: OnceLock<FxHashMap<u32, Vec<usize>>>,
}

/// What a body shows. Locals have numbers of their own, by their order among those that are shown.
#[derive(PartialEq, Debug)]
pub struct Shown {
    /// The function.
    pub function: Arc<Function>,
    /// What is expected of its calls.
    pub(crate) inlined: Expectation,
    /// In the order of code generation; no tokens.
    pub(crate) references: Vec<Reference>,
    /// The locals that references lead to.
    pub locals: Vec<Local>,
    /// The locals that could be copied from private constants, with what these are.
    pub(crate) constants: Vec<Constant>,
}

/// A local declaration.
#[derive(PartialEq, Debug)]
pub struct Local {
    /// What it is.
    pub kind: LocalKind,
    /// Its name.
    pub name: Symbol,
    /// Its type.
    pub ty: CTypeId,
    /// Attributes of the declaration.
    pub attrs: Attributes,
    /// Size in bytes.
    pub size: Option<u64>,
    /// Alignment in bytes.
    pub align: Option<u64>,
    /// What a static variable starts with.
    pub(crate) initial: Initial,
}

/// A constant that a local is copied from.
#[derive(PartialEq, Debug)]
pub(crate) struct Constant {
    pub(crate) local: u32,
    pub(crate) initial: Initial,
}

impl PartialEq for FunctionBody {
    fn eq(&self, other: &FunctionBody) -> bool {
        std::ptr::eq(self, other) || self.shown == other.shown
    }
}

impl Deref for FunctionBody {
    type Target = Shown;

    fn deref(&self) -> &Shown {
        &self.shown
    }
}

impl Shown {
    /// The local of that number.
    pub fn local(&self, number: u32) -> Option<&Local> {
        self.locals.get(number as usize)
    }

    /// The local that is the parameter of that index, in bodies whose calls may be inlined.
    pub(crate) fn parameter(&self, index: u32) -> Option<u32> {
        let found = self.locals.iter().position(|local| local.kind == LocalKind::Param(index))?;
        Some(found as u32)
    }
}

impl FunctionBody {
    /// The references to a local.
    pub(crate) fn of_local(&self, local: u32) -> impl Iterator<Item = &Reference> {
        let by_local = self.by_local.get_or_init(|| {
            let mut by_local: FxHashMap<u32, Vec<usize>> = FxHashMap::default();
            for (index, reference) in self.references.iter().enumerate() {
                if let Target::Local(local) = reference.target {
                    by_local.entry(local).or_default().push(index);
                }
            }
            by_local
        });
        let found = by_local.get(&local).map_or(&[][..], Vec::as_slice);
        found.iter().filter_map(|&index| self.references.get(index))
    }

    /// That of a function which the unit defines.
    pub(super) fn read(unit: &Unit, name: Symbol) -> Option<Arc<FunctionBody>> {
        let function = unit.function(name)?;
        let item = ItemId(function.definition_place()?.item);
        let body = references::of_function(unit, item)?;
        let scope = unit.scope(item)?;
        unit.derive(item, |parsed| {
            let span = match &parsed.syntax {
                ast::Item::Function(syntax) => syntax.body.span,
                _ => ast::Span::default(),
            };
            let tokens = span.end.saturating_sub(span.start);
            let inlined = inlining::expectation(&function, tokens);
            let incomplete = body.incomplete;
            let (shown, tokens) =
                Reader { unit, function, scope: &scope, body: &body, inlined }.read();
            FunctionBody { shown, tokens, incomplete, by_local: OnceLock::new() }
        })
    }

    /// Whether some of it could not be read.
    pub(super) fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// The token of a local's name.
    pub(super) fn token(&self, local: u32) -> Option<u32> {
        self.tokens.get(local as usize).copied()
    }
}

struct Reader<'r> {
    unit: &'r FileScope,
    function: Arc<Function>,
    scope: &'r Arc<ItemScope>,
    body: &'r Body,
    inlined: Expectation,
}

impl Reader<'_> {
    /// What the body shows, and the tokens of its locals' names.
    fn read(self) -> (Shown, Vec<u32>) {
        let mut led_to: Vec<u32> = self.led_to().into_iter().collect();
        led_to.sort_unstable();
        let number = |local: u32| led_to.binary_search(&local).map_or(u32::MAX, |n| n as u32);
        let references = self.body.references.iter().filter_map(|reference| {
            let target = match &reference.target {
                Target::Local(local) => Target::Local(led_to.binary_search(local).ok()? as u32),
                Target::Static(local) => Target::Static(number(*local)),
                other => other.clone(),
            };
            let flow = match reference.flow {
                Flow::Local(local) => Flow::Local(number(local)),
                other => other,
            };
            Some(Reference { target, flow, token: 0, ..reference.clone() })
        });
        let constants = self.body.constants.iter().map(|constant| {
            let id = LocalId(constant.local);
            let initial = self.unit.initial_of_automatic(self.scope, id, &constant.init);
            Constant { local: number(constant.local), initial: numbered(initial, number) }
        });
        let (references, constants) = (references.collect(), constants.collect());
        let locals = || led_to.iter().filter_map(|&local| self.scope.local(LocalId(local)));
        let tokens = locals().map(|local| local.token).collect();
        let locals = locals().map(|local| self.local(local, number)).collect();
        let (function, inlined) = (self.function, self.inlined);
        (Shown { function, inlined, references, locals, constants }, tokens)
    }

    fn local(&self, local: &sema::Local, number: impl Fn(u32) -> u32) -> Local {
        let initial = match local.kind {
            LocalKind::Static => self.unit.initial_of_local(self.scope, local.id),
            _ => Initial::Unknown,
        };
        Local {
            kind: local.kind,
            name: local.name,
            ty: local.ty,
            attrs: local.attrs.clone(),
            size: local.size,
            align: local.align,
            initial: numbered(initial, number),
        }
    }

    /// The locals that are in the object or name something outside of the body, parameters that addresses
    /// may come by, locals that constants are copied to, and those that addresses flow to.
    fn led_to(&self) -> FxHashSet<u32> {
        // Addresses are followed into functions that are inlined.
        let mut found: FxHashSet<u32> = (self.scope.locals().iter())
            .filter(|local| match local.kind {
                LocalKind::Static | LocalKind::Extern | LocalKind::Function => true,
                LocalKind::Param(_) => {
                    matches!(self.inlined, Expectation::Always | Expectation::Likely)
                }
                LocalKind::Auto => false,
            })
            .map(|local| local.id.0)
            .collect();
        found.extend(self.body.constants.iter().map(|constant| constant.local));
        let references = &self.body.references;
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
}

/// Initial bytes with the numbers of locals that are shown.
fn numbered(mut initial: Initial, number: impl Fn(u32) -> u32) -> Initial {
    if let Initial::Bytes { relocations, .. } = &mut initial {
        for Relocation { target, .. } in relocations {
            if let RelocationTarget::Local(local) = target {
                *local = LocalId(number(local.0));
            }
        }
    }
    initial
}
