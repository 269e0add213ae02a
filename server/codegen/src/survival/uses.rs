//! What is done with every variable by the code that can run: accesses, followed through arguments
//! of inlined functions and through local pointers.

use std::sync::Arc;

use cfront::symbol::Symbol;

use super::inlining::Expectation;
use crate::{
    certainty::Certainty,
    facts::{Facts, FunctionBody},
    laws,
    references::{Access, Extent, Flow, Reference, Step},
};

/// Longer chains of pointers through functions count as escapes.
const MAX_DEPTH: u32 = 24;

/// How a part of a variable is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Value read.
    Read,
    /// Value overwritten, with this constant where it is one.
    Write(Option<i128>),
    /// Read and written.
    ReadWrite,
    /// Its address goes to a static function that may be inlined or not.
    Passed,
    /// Nothing, by a function that is likely to be inlined.
    Ignored,
    /// Its bytes are compared by a call, which needs its address.
    Compared,
    /// Read or written as volatile.
    Volatile,
    /// Its address goes where it cannot be followed.
    Escape,
}

/// One use of a variable.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct VariableUse {
    /// The part.
    pub(crate) path: Vec<Step>,
    /// How its bytes are accessed.
    pub(crate) extent: Extent,
    /// What is done.
    pub(crate) kind: Kind,
    /// Its value is only compared.
    pub(crate) compared: bool,
    /// Whether code comes there at all: by [`laws::VALUE_PROPAGATION`] it may not.
    pub(crate) reached: Certainty,
    /// Whether it is done by the caller: where [`laws::INLINING`] has it otherwise, the address escapes.
    pub(crate) followed: Certainty,
}

/// Adds what a reference does with its target to `out`.
pub(crate) fn of_reference(
    facts: &mut Facts<'_>,
    within: Option<&Arc<FunctionBody>>,
    reference: &Reference,
    out: &mut Vec<VariableUse>,
) {
    let certain = Certainty::Certain;
    let way = Way { path: Vec::new(), reached: certain, followed: certain, depth: 0 };
    follow(facts, within, reference, &way, out);
}

/// How an address came to where it is used.
#[derive(Clone)]
struct Way {
    /// The part that it is the address of.
    path: Vec<Step>,
    reached: Certainty,
    followed: Certainty,
    depth: u32,
}

impl Way {
    fn use_as(self, extent: Extent, kind: Kind) -> VariableUse {
        let Way { path, reached, followed, .. } = self;
        VariableUse { path, extent, kind, compared: false, reached, followed }
    }

    fn escape(self) -> VariableUse {
        self.use_as(Extent::default(), Kind::Escape)
    }
}

fn follow(
    facts: &mut Facts<'_>,
    within: Option<&Arc<FunctionBody>>,
    reference: &Reference,
    way: &Way,
    out: &mut Vec<VariableUse>,
) {
    let mut way = way.clone();
    way.path.extend(reference.path.iter().copied());
    way.reached = way.reached.max(reference.reached);
    let kind = match reference.access {
        Access::Read | Access::Write | Access::ReadWrite if reference.volatile => Kind::Volatile,
        _ if reference.volatile => Kind::Escape,
        Access::Read => Kind::Read,
        Access::Write => Kind::Write(reference.stored),
        Access::ReadWrite => Kind::ReadWrite,
        Access::Compare => Kind::Compared,
        Access::Mention | Access::Create => return,
        Access::Call => Kind::Read,
        Access::Address => {
            // The address of the variable itself is compared: it must have one.
            if way.depth == 0 && reference.flow == Flow::Tested {
                out.push(way.escape());
                return;
            }
            flow(facts, within, reference.flow, way, out);
            return;
        }
    };
    let compared = kind == Kind::Read && reference.flow == Flow::Tested;
    out.push(VariableUse { compared, ..way.use_as(reference.extent, kind) });
}

/// An address that goes somewhere.
fn flow(
    facts: &mut Facts<'_>,
    within: Option<&Arc<FunctionBody>>,
    to: Flow,
    mut way: Way,
    out: &mut Vec<VariableUse>,
) {
    if way.depth >= MAX_DEPTH {
        out.push(way.escape());
        return;
    }
    let (body, local) = match to {
        Flow::Tested => return,
        Flow::Escapes | Flow::Return => {
            out.push(way.escape());
            return;
        }
        Flow::Local(local) => match within {
            Some(body) => (body.clone(), local),
            None => {
                out.push(way.escape());
                return;
            }
        },
        Flow::Argument(callee, index) => {
            let Some(body) = facts.function(callee) else {
                out.push(way.escape());
                return;
            };
            let inlined = body.inlined;
            let parameter = body.parameter(index);
            match (inlined, parameter) {
                (Expectation::Never, _) => out.push(way.escape()),
                (Expectation::Open, _) => {
                    out.push(way.use_as(Extent::default(), Kind::Passed));
                }
                (_, None) => out.push(way.escape()),
                (Expectation::Always, Some(local)) => {
                    return within_callee(facts, &body, local, way, out);
                }
                (Expectation::Likely, Some(local)) => {
                    way.followed = Certainty::Likely(&laws::INLINING);
                    return within_callee(facts, &body, local, way, out);
                }
            }
            return;
        }
    };
    within_callee(facts, &body, local, way, out);
}

/// What a body does with what a local points to.
fn within_callee(
    facts: &mut Facts<'_>,
    body: &Arc<FunctionBody>,
    local: u32,
    mut way: Way,
    out: &mut Vec<VariableUse>,
) {
    way.depth += 1;
    let before = out.len();
    for reference in body.of_local(local).filter(|reference| !reference.dead) {
        // The local itself is changed or its address is taken: what it points to is not known.
        follow(facts, Some(body), reference, &way, out);
    }
    // Nothing is done with it, if the call is inlined.
    if out.len() == before && !way.followed.is_certain() {
        out.push(way.use_as(Extent::default(), Kind::Ignored));
    }
}

/// The function that a reference stands in.
pub(crate) fn function_of(body: Option<&Arc<FunctionBody>>) -> Option<Symbol> {
    body.map(|b| b.function.name)
}
