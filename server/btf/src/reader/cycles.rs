//! Types that contain or refer to themselves in a way that no program can.

use super::{ReadError, TypeProblem};
use crate::graph::{Btf, Type, TypeId};

/// Refuses a type that contains itself by value (it has no size), and one that is reached from
/// itself without a named struct or union in between (it cannot be written down).
pub(super) fn check(btf: &Btf) -> Result<(), ReadError> {
    for (edges, problem) in [
        (contained as Edges, TypeProblem::ContainsItself),
        (spelled_with, TypeProblem::RefersToItself),
    ] {
        if let Some(id) = find_cycle(btf, edges) {
            return Err(ReadError::Type { id: id.0, problem });
        }
    }
    Ok(())
}

/// The `index`th type that a type leads to; `None` after the last.
type Edges = fn(&Type, usize) -> Option<TypeId>;

/// What a type has inside itself.
fn contained(ty: &Type, index: usize) -> Option<TypeId> {
    match ty {
        Type::Struct(c) | Type::Union(c) => c.members.get(index).map(|m| m.ty),
        Type::Array { elem, .. } => (index == 0).then_some(*elem),
        Type::Typedef { to, .. }
        | Type::TypeTag { to, .. }
        | Type::Volatile(to)
        | Type::Const(to)
        | Type::Restrict(to)
        | Type::Var { ty: to, .. } => (index == 0).then_some(*to),
        _ => None,
    }
}

/// What has to be written down to write the type down.
fn spelled_with(ty: &Type, index: usize) -> Option<TypeId> {
    match ty {
        Type::Struct(c) | Type::Union(c) if !c.name.is_empty() => None,
        Type::Ptr(to) => (index == 0).then_some(*to),
        Type::Func(func) => (index == 0).then_some(func.proto),
        Type::DeclTag { ty: to, .. } => (index == 0).then_some(*to),
        Type::FuncProto { ret, params } => match index.checked_sub(1) {
            None => Some(*ret),
            Some(param) => params.get(param).map(|p| p.ty),
        },
        _ => contained(ty, index),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Depth-first search with its own stack, so that a long chain costs memory, not call stack.
fn find_cycle(btf: &Btf, edges: Edges) -> Option<TypeId> {
    let mut marks = vec![Mark::New; btf.types.len()];
    let mut stack: Vec<(TypeId, usize)> = Vec::new();
    for (root, _) in btf.iter() {
        stack.push((root, 0));
        while let Some(top) = stack.last_mut() {
            let (id, index) = *top;
            top.1 += 1;
            let mark = marks.get_mut(id.0 as usize)?;
            if index == 0 {
                match *mark {
                    Mark::Done => {
                        stack.pop();
                        continue;
                    }
                    Mark::Open => return Some(id),
                    Mark::New => *mark = Mark::Open,
                }
            }
            match edges(btf.get(id), index) {
                Some(next) => stack.push((next, 0)),
                None => {
                    *mark = Mark::Done;
                    stack.pop();
                }
            }
        }
    }
    None
}
