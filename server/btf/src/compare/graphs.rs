//! Comparing all named types of two graphs.

use rustc_hash::FxHashMap;

use super::{Detail, Difference, first_difference};
use crate::graph::{Btf, Type, TypeId};
use crate::index::{NameSpace, name_space};

/// Of so many types of one name each is tried; local types that hide each other are few.
const MAX_NAMESAKES: usize = 16;

/// What came out of [`compare_named`]. Ids are in the order of their graph.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GraphComparison {
    /// Right types that equal a left type of their name.
    pub equal: Vec<TypeId>,
    /// Right types that equal none of their name, with the difference from the first one.
    pub different: Vec<(TypeId, Difference)>,
    /// Right types that have no namesake on the left.
    pub only_right: Vec<TypeId>,
    /// Left types that have no namesake on the right.
    pub only_left: Vec<TypeId>,
}

/// Compares each type of `right` that `wanted` picks with the types of the same kind and name in
/// `left`. Types without a name are compared where named ones hold them.
pub fn compare_named(
    left: &Btf,
    right: &Btf,
    detail: Detail,
    wanted: impl Fn(&Type) -> bool,
) -> GraphComparison {
    let (left_names, right_names) = (names(left, &wanted), names(right, &wanted));
    let mut outcome = GraphComparison::default();
    for (id, ty) in right.iter() {
        let Some(key) = key(ty).filter(|_| wanted(ty)) else { continue };
        let Some(candidates) = left_names.get(&key) else {
            outcome.only_right.push(id);
            continue;
        };
        let mut first = None;
        let found = candidates.iter().any(|&candidate| {
            match first_difference((left, candidate), (right, id), detail) {
                Some(difference) => {
                    first.get_or_insert(difference);
                    false
                }
                None => true,
            }
        });
        match first {
            Some(difference) if !found => outcome.different.push((id, difference)),
            _ => outcome.equal.push(id),
        }
    }
    for (id, ty) in left.iter() {
        if key(ty).is_some_and(|key| wanted(ty) && !right_names.contains_key(&key)) {
            outcome.only_left.push(id);
        }
    }
    outcome
}

type Key<'a> = (NameSpace, &'a str);

fn key(ty: &Type) -> Option<Key<'_>> {
    let space = name_space(ty)?;
    (!ty.name().is_empty()).then(|| (space, ty.name()))
}

fn names<'a>(btf: &'a Btf, wanted: &impl Fn(&Type) -> bool) -> FxHashMap<Key<'a>, Vec<TypeId>> {
    let mut names: FxHashMap<Key<'a>, Vec<TypeId>> = FxHashMap::default();
    for (id, ty) in btf.iter() {
        if let Some(key) = key(ty).filter(|_| wanted(ty)) {
            let namesakes = names.entry(key).or_default();
            if namesakes.len() < MAX_NAMESAKES {
                namesakes.push(id);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_fixture::Fixture;

    #[test]
    fn namesakes_missing_and_different_types() {
        let (mut l, mut r) = (Fixture::new(), Fixture::new());
        l.record("same", 4, &[]);
        l.record("twice", 4, &[]);
        l.record("twice", 8, &[]);
        l.record("changed", 4, &[]);
        let gone = l.union("gone", 4, &[]);
        let new = r.union("same", 4, &[]);
        let same = r.record("same", 4, &[]);
        let twice = r.record("twice", 8, &[]);
        let changed = r.record("changed", 8, &[]);
        r.int("int", 4);
        r.record("", 4, &[]);

        let is_record = |ty: &Type| matches!(ty, Type::Struct(_) | Type::Union(_));
        let outcome = compare_named(&l.btf, &r.btf, Detail::Layout, is_record);
        assert_eq!(outcome.equal, [same, twice]);
        assert_eq!(outcome.only_right, [new]);
        assert_eq!(outcome.only_left, [gone]);
        let [(id, difference)] = outcome.different.as_slice() else {
            panic!("{:?}", outcome.different)
        };
        assert_eq!(*id, changed);
        assert_eq!(
            difference.describe("the source", "the object"),
            "size of struct changed: 4 bytes in the source, 8 bytes in the object"
        );
    }
}
