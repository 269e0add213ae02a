//! The members of a record as C code can name them: those of anonymous members count as its own.

use crate::graph::{Btf, Member, Type, TypeId};

/// How deep anonymous members may lie in each other.
const MAX_DEPTH: usize = 64;
/// How many members are looked at at most: anonymous members that share a type multiply.
const MAX_MEMBERS: usize = 1 << 17;

/// A member that can be named.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct VisibleMember<'a> {
    /// The member; its own offset counts from the record that it is declared in.
    pub member: &'a Member,
    /// Offset in bits from the start of the record that was asked for.
    pub offset_bits: u64,
}

/// All members that `record.name` can name, in declaration order. Typedefs and qualifiers of the
/// record are followed; empty for everything that is no struct or union.
pub fn visible_members(btf: &Btf, record: TypeId) -> Vec<VisibleMember<'_>> {
    let mut found = Vec::new();
    // What is still to be given, the next at the end: (member, offset of its record, depth).
    let mut pending = Vec::new();
    push_members(btf, record, 0, 0, &mut pending);
    for _ in 0..MAX_MEMBERS {
        let Some((member, base, depth)) = pending.pop() else { break };
        let offset_bits = base + u64::from(member.offset_bits);
        if !member.name.is_empty() {
            found.push(VisibleMember { member, offset_bits });
        } else if depth < MAX_DEPTH && pending.len() < MAX_MEMBERS {
            push_members(btf, member.ty, offset_bits, depth + 1, &mut pending);
        }
    }
    found
}

/// The member that `record.name` names.
pub fn find_member<'a>(btf: &'a Btf, record: TypeId, name: &str) -> Option<VisibleMember<'a>> {
    visible_members(btf, record).into_iter().find(|found| found.member.name == name)
}

fn push_members<'a>(
    btf: &'a Btf,
    record: TypeId,
    base: u64,
    depth: usize,
    pending: &mut Vec<(&'a Member, u64, usize)>,
) {
    if let Some(Type::Struct(c) | Type::Union(c)) = btf.resolve(record).map(|id| btf.get(id)) {
        pending.extend(c.members.iter().rev().map(|member| (member, base, depth)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_fixture::Fixture;

    #[test]
    fn members_of_anonymous_members_are_its_own() {
        let mut f = Fixture::new();
        let int = f.int("int", 4);
        let inner = f.record("", 8, &[("x", int, 0, 0), ("y", int, 32, 0)]);
        let union = f.union("", 8, &[("", inner), ("raw", int)]);
        let outer = f.record("", 16, &[("n", int, 0, 0), ("", union, 32, 0), ("last", int, 96, 0)]);
        let typedef = f.typedef("outer_t", outer);
        let constant = f.constant(typedef);

        let names: Vec<_> = visible_members(&f.btf, constant)
            .iter()
            .map(|found| (found.member.name.as_str(), found.offset_bits))
            .collect();
        assert_eq!(names, [("n", 0), ("x", 32), ("y", 64), ("raw", 32), ("last", 96)]);
        assert_eq!(find_member(&f.btf, outer, "y").map(|found| found.offset_bits), Some(64));
        assert_eq!(find_member(&f.btf, outer, "z"), None);
        assert_eq!(visible_members(&f.btf, int), []);
    }

    #[test]
    fn doubling_ends() {
        let mut f = Fixture::new();
        let mut id = f.int("int", 4);
        for _ in 0..60 {
            id = f.record("", 8, &[("", id, 0, 0), ("", id, 32, 0)]);
        }
        assert_eq!(visible_members(&f.btf, id), []);
    }
}
