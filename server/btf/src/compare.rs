//! Comparing a type of one graph with a type of another.
//!
//! Both sides are taken at their word as far as their names go: a member of type `struct bar` is
//! compared with `struct bar` by name, not by what is in it. Anonymous types have no name to go by
//! and are compared through and through.

mod graphs;
mod leaves;

pub use graphs::{GraphComparison, compare_named};

use rustc_hash::FxHashSet;

use crate::dump_c::type_name;
use crate::graph::{Btf, Composite, Param, Type, TypeId};
use leaves::{enumeration, int, kind_words, linkages, offset, shown, sizes, width};

/// How much has to be equal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// Kind, name, size, and of members name, offset and width; enumerators; section entries.
    Layout,
    /// Also the types of members, variables, parameters and typedefs.
    Types,
}

/// The first difference between two types.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Difference {
    /// What differs, e.g. `offset of struct foo.bar`.
    pub what: String,
    /// How it is on the left side, e.g. `8 bytes`.
    pub left: String,
    /// How it is on the right side.
    pub right: String,
}

impl Difference {
    /// One sentence, with names for the sides:
    /// `size of struct foo: 16 bytes in the source, 24 bytes in the object`.
    pub fn describe(&self, left_name: &str, right_name: &str) -> String {
        let Difference { what, left, right } = self;
        format!("{what}: {left} in {left_name}, {right} in {right_name}")
    }
}

/// Compares two types; `None` when nothing differs.
pub fn first_difference(
    left: (&Btf, TypeId),
    right: (&Btf, TypeId),
    detail: Detail,
) -> Option<Difference> {
    let mut comparison =
        Comparison { left: left.0, right: right.0, detail, seen: FxHashSet::default() };
    let place = place_of(left.0, left.1);
    comparison.definition(left.1, right.1, &place, 0).err()
}

type Outcome = Result<(), Difference>;

/// How deep anonymous types may lie in each other; what lies deeper is not compared.
const MAX_DEPTH: usize = 128;

struct Comparison<'a> {
    left: &'a Btf,
    right: &'a Btf,
    detail: Detail,
    /// Pairs compared or being compared: a shared type costs its comparison once, a cycle ends.
    seen: FxHashSet<(TypeId, TypeId)>,
}

impl Comparison<'_> {
    /// Compares what is said in the two types themselves.
    fn definition(&mut self, left: TypeId, right: TypeId, place: &str, depth: usize) -> Outcome {
        if depth >= MAX_DEPTH || !self.seen.insert((left, right)) {
            return Ok(());
        }
        let (l, r) = (self.left.get(left), self.right.get(right));
        if l.kind_name() != r.kind_name() {
            return different(format!("kind of {place}"), kind_words(l), kind_words(r));
        }
        equal(|| format!("name of {place}"), shown(l.name()), shown(r.name()))?;
        match (l, r) {
            (Type::Int(a), Type::Int(b)) => int(a, b, place),
            (Type::Float { size: a, .. }, Type::Float { size: b, .. }) => sizes(*a, *b, place),
            (Type::Struct(a), Type::Struct(b)) | (Type::Union(a), Type::Union(b)) => {
                self.composite(a, b, place, depth)
            }
            (Type::Enum(a), Type::Enum(b)) | (Type::Enum64(a), Type::Enum64(b)) => {
                enumeration(a, b, place)
            }
            (
                Type::Array { elem: a, len: left_len, .. },
                Type::Array { elem: b, len: right_len, .. },
            ) => {
                equal(|| format!("elements of {place}"), left_len, right_len)?;
                self.reference(*a, *b, place, depth)
            }
            (Type::Fwd { is_union: a, .. }, Type::Fwd { is_union: b, .. }) if a != b => {
                different(format!("kind of {place}"), kind_words(l), kind_words(r))
            }
            (Type::Func(a), Type::Func(b)) => {
                linkages(a.linkage, b.linkage, place)?;
                self.reference(a.proto, b.proto, place, depth)
            }
            (
                Type::FuncProto { ret: a, params: left_params },
                Type::FuncProto { ret: b, params: right_params },
            ) => {
                self.reference(*a, *b, &format!("the return value of {place}"), depth)?;
                self.params(left_params, right_params, place, depth)
            }
            (
                Type::Var { ty: a, linkage: left_linkage, .. },
                Type::Var { ty: b, linkage: right_linkage, .. },
            ) => {
                linkages(*left_linkage, *right_linkage, place)?;
                self.reference(*a, *b, place, depth)
            }
            (Type::Datasec { .. }, Type::Datasec { .. }) => self.datasec(l, r, place),
            _ => match (target(l), target(r)) {
                (Some(a), Some(b)) => self.reference(a, b, place, depth),
                _ => Ok(()),
            },
        }
    }

    /// Compares two types as they are named at the place they are used.
    fn reference(&mut self, left: TypeId, right: TypeId, place: &str, depth: usize) -> Outcome {
        let (l, r) = (self.left.get(left), self.right.get(right));
        if self.detail == Detail::Layout {
            let anonymous = is_aggregate(l) && is_aggregate(r) && named(l).or(named(r)).is_none();
            // The place of an anonymous struct in a struct: its members count as members.
            return match anonymous {
                true => self.definition(left, right, place, depth + 1),
                false => Ok(()),
            };
        }
        match (named(l), named(r)) {
            (Some(a), Some(b)) if a == b => Ok(()),
            (None, None) if l.kind_name() == r.kind_name() => {
                let outcome = self.definition(left, right, place, depth + 1);
                // Of pointers, arrays and prototypes the whole type tells more than its part.
                if outcome.is_err() && !is_aggregate(l) {
                    self.named_types(left, right, place)?;
                }
                outcome
            }
            _ => {
                self.named_types(left, right, place)?;
                different(format!("kind of {place}"), kind_words(l), kind_words(r))
            }
        }
    }

    fn named_types(&self, left: TypeId, right: TypeId, place: &str) -> Outcome {
        equal(
            || format!("type of {place}"),
            type_name(self.left, left),
            type_name(self.right, right),
        )
    }

    fn composite(
        &mut self,
        left: &Composite,
        right: &Composite,
        place: &str,
        depth: usize,
    ) -> Outcome {
        let mut pairs = left.members.iter().zip(&right.members);
        // A member put in between shifts all that follow: its name tells more than the size.
        for (a, b) in pairs.clone() {
            equal(|| format!("a member of {place}"), shown(&a.name), shown(&b.name))?;
            let place = format!("{place}.{}", shown(&a.name));
            equal(|| format!("offset of {place}"), offset(a), offset(b))?;
            if a.bitfield_bits != b.bitfield_bits {
                return different(format!("width of {place}"), width(a), width(b));
            }
        }
        equal(|| format!("number of members of {place}"), left.members.len(), right.members.len())?;
        sizes(left.size, right.size, place)?;
        pairs.try_for_each(|(a, b)| {
            self.reference(a.ty, b.ty, &format!("{place}.{}", shown(&a.name)), depth)
        })
    }

    fn params(&mut self, left: &[Param], right: &[Param], place: &str, depth: usize) -> Outcome {
        equal(|| format!("number of parameters of {place}"), left.len(), right.len())?;
        for (index, (a, b)) in left.iter().zip(right).enumerate() {
            let place = format!("parameter {} of {place}", index + 1);
            self.reference(a.ty, b.ty, &place, depth)?;
        }
        Ok(())
    }

    fn datasec(&mut self, left: &Type, right: &Type, place: &str) -> Outcome {
        let (
            Type::Datasec { size: left_size, entries: left_entries, .. },
            Type::Datasec { size: right_size, entries: right_entries, .. },
        ) = (left, right)
        else {
            return Ok(());
        };
        for (a, b) in left_entries.iter().zip(right_entries) {
            let (name, other) = (self.left.get(a.ty).name(), self.right.get(b.ty).name());
            equal(|| format!("variable at {} in {place}", a.offset), shown(name), shown(other))?;
            let bytes = |value: u32| format!("{value} bytes");
            equal(|| format!("offset of {name} in {place}"), bytes(a.offset), bytes(b.offset))?;
            equal(|| format!("size of {name} in {place}"), bytes(a.size), bytes(b.size))?;
        }
        equal(
            || format!("number of variables in {place}"),
            left_entries.len(),
            right_entries.len(),
        )?;
        sizes(*left_size, *right_size, place)
    }
}

fn equal<T: PartialEq + ToString>(what: impl FnOnce() -> String, left: T, right: T) -> Outcome {
    if left == right { Ok(()) } else { different(what(), left, right) }
}

fn different(what: String, left: impl ToString, right: impl ToString) -> Outcome {
    Err(Difference { what, left: left.to_string(), right: right.to_string() })
}

/// What a type that is used by name is called; declared and defined tags are the same name.
fn named(ty: &Type) -> Option<(&'static str, &str)> {
    let keyword = match ty {
        Type::Struct(_) | Type::Fwd { is_union: false, .. } => "struct",
        Type::Union(_) | Type::Fwd { is_union: true, .. } => "union",
        Type::Enum(_) | Type::Enum64(_) => "enum",
        Type::Typedef { .. } | Type::Int(_) | Type::Float { .. } => "",
        _ => return None,
    };
    (!ty.name().is_empty()).then_some((keyword, ty.name()))
}

fn is_aggregate(ty: &Type) -> bool {
    matches!(ty, Type::Struct(_) | Type::Union(_) | Type::Enum(_) | Type::Enum64(_))
}

/// What a type that stands for one other type stands for.
fn target(ty: &Type) -> Option<TypeId> {
    match ty {
        Type::Ptr(to)
        | Type::Volatile(to)
        | Type::Const(to)
        | Type::Restrict(to)
        | Type::Typedef { to, .. }
        | Type::TypeTag { to, .. }
        | Type::DeclTag { ty: to, .. } => Some(*to),
        _ => None,
    }
}

/// How the compared type is called in the answer.
fn place_of(btf: &Btf, id: TypeId) -> String {
    let ty = btf.get(id);
    match ty {
        Type::Func(_) | Type::Var { .. } | Type::Datasec { .. } => ty.name().to_owned(),
        _ => type_name(btf, id),
    }
}

#[cfg(test)]
mod tests;
