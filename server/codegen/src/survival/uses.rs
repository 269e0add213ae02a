//! What is done with every variable by the code that can run: accesses, followed through arguments
//! of inlined functions and through local pointers.

use std::sync::Arc;

use cfront::symbol::Symbol;

use super::inlining;
use crate::{
    facts::{Facts, FunctionBody},
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
}

/// Adds what a reference does with its target to `out`.
pub(crate) fn of_reference(
    facts: &mut Facts<'_>,
    within: Option<&Arc<FunctionBody>>,
    reference: &Reference,
    out: &mut Vec<VariableUse>,
) {
    follow(facts, within, reference, &[], out, 0);
}

fn follow(
    facts: &mut Facts<'_>,
    within: Option<&Arc<FunctionBody>>,
    reference: &Reference,
    prefix: &[Step],
    out: &mut Vec<VariableUse>,
    depth: u32,
) {
    let mut path = prefix.to_vec();
    path.extend(reference.path.iter().copied());
    let extent = reference.extent;
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
            if depth == 0 && reference.flow == Flow::Tested {
                out.push(VariableUse { path, extent, kind: Kind::Escape });
                return;
            }
            flow(facts, within, reference.flow, path, out, depth);
            return;
        }
    };
    out.push(VariableUse { path, extent, kind });
}

/// An address that goes somewhere.
fn flow(
    facts: &mut Facts<'_>,
    within: Option<&Arc<FunctionBody>>,
    to: Flow,
    path: Vec<Step>,
    out: &mut Vec<VariableUse>,
    depth: u32,
) {
    let escape = VariableUse { path: path.clone(), extent: Extent::default(), kind: Kind::Escape };
    if depth >= MAX_DEPTH {
        out.push(escape);
        return;
    }
    let (body, local) = match to {
        Flow::Tested => return,
        Flow::Escapes | Flow::Return => {
            out.push(escape);
            return;
        }
        Flow::Local(local) => match within {
            Some(body) => (body.clone(), local),
            None => {
                out.push(escape);
                return;
            }
        },
        Flow::Argument(callee, index) => {
            let Some(body) = facts.function(callee) else {
                out.push(escape);
                return;
            };
            if !inlining::is_certain(&body) {
                let kind = match inlining::is_possible(&body) {
                    true => Kind::Passed,
                    false => Kind::Escape,
                };
                out.push(VariableUse { path, extent: Extent::default(), kind });
                return;
            }
            match body.parameter(index) {
                Some(local) => (body, local),
                None => {
                    out.push(escape);
                    return;
                }
            }
        }
    };
    for reference in body.of_local(local).filter(|reference| !reference.dead) {
        // The local itself is changed or its address is taken: what it points to is not known.
        follow(facts, Some(&body), reference, &path, out, depth + 1);
    }
}

/// The function that a reference stands in.
pub(crate) fn function_of(body: Option<&Arc<FunctionBody>>) -> Option<Symbol> {
    body.map(|b| b.function.name)
}
