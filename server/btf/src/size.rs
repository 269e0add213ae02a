//! Sizes and alignments as BTF itself tells them.
//!
//! BTF has no alignment: libbpf guesses it from the members (`btf__align_of`), blind to attributes.
//! Everything that prints padding must use this guess. What the C compiler does is in
//! [`crate::layout`].

use rustc_hash::FxHashMap;

use crate::graph::{Btf, Type, TypeId};

/// How many types a chain of typedefs, qualifiers and arrays may have. C programs stay far below;
/// a graph that is not from a checked file may hold a cycle, which ends here.
pub(crate) const MAX_CHAIN: usize = 256;
/// How deep structs may lie in structs for their alignment to be computed.
const MAX_NESTING: usize = 256;

/// `bytes` rounded up to a multiple of `to`, which is not 0. A size that someone wrote can be any number:
/// where there is no such multiple it is the largest one, and never a small one again.
pub fn round_up(bytes: u64, to: u64) -> u64 {
    bytes.checked_next_multiple_of(to).unwrap_or(u64::MAX)
}

impl Btf {
    /// Follows typedefs, qualifiers and type tags (and a VAR or DECL_TAG to its type).
    ///
    /// `None` when the chain is endless or longer than any real one.
    pub fn resolve(&self, id: TypeId) -> Option<TypeId> {
        let mut id = id;
        for _ in 0..MAX_CHAIN {
            match self.get(id) {
                Type::Typedef { to, .. }
                | Type::TypeTag { to, .. }
                | Type::Volatile(to)
                | Type::Const(to)
                | Type::Restrict(to)
                | Type::Var { ty: to, .. }
                | Type::DeclTag { ty: to, .. } => id = *to,
                _ => return Some(id),
            }
        }
        None
    }

    /// Follows qualifiers and type tags, but no typedefs.
    pub fn skip_modifiers(&self, id: TypeId) -> Option<TypeId> {
        let mut id = id;
        for _ in 0..MAX_CHAIN {
            match self.get(id) {
                Type::TypeTag { to, .. }
                | Type::Volatile(to)
                | Type::Const(to)
                | Type::Restrict(to) => id = *to,
                _ => return Some(id),
            }
        }
        None
    }

    /// Size of a type in bytes; that of a VAR is its type's (libbpf `btf__resolve_size`).
    ///
    /// `None` for `void`, forward declarations, functions and prototypes, and when the size does
    /// not fit 32 bits.
    pub fn size_of(&self, id: TypeId) -> Option<u64> {
        let mut id = id;
        let mut count: u32 = 1;
        for _ in 0..MAX_CHAIN {
            id = self.resolve(id)?;
            let size = match self.get(id) {
                Type::Array { elem, len, .. } => {
                    count = count.checked_mul(*len)?;
                    id = *elem;
                    continue;
                }
                Type::Ptr(_) => self.pointer_size,
                Type::Int(int) => int.size,
                Type::Struct(c) | Type::Union(c) => c.size,
                Type::Enum(e) | Type::Enum64(e) => e.size,
                Type::Float { size, .. } | Type::Datasec { size, .. } => *size,
                _ => return None,
            };
            return count.checked_mul(size).map(u64::from);
        }
        None
    }

    /// Alignment in bytes as libbpf's `btf__align_of` guesses it: scalars by size, at most a
    /// pointer; aggregates by their members, 1 when an offset or the size shows them packed.
    ///
    /// `None` for types without one. To ask for many types of one graph keep an [`Aligner`].
    pub fn align_of(&self, id: TypeId) -> Option<u32> {
        Aligner::default().align_of(self, id)
    }
}

/// [`Btf::align_of`] with a memory for structs and unions. Use one for one unchanging graph.
#[derive(Clone, Debug, Default)]
pub struct Aligner {
    known: FxHashMap<TypeId, Option<u32>>,
}

impl Aligner {
    /// See [`Btf::align_of`].
    pub fn align_of(&mut self, btf: &Btf, id: TypeId) -> Option<u32> {
        self.align_in(btf, id, 0)
    }

    fn align_in(&mut self, btf: &Btf, id: TypeId, depth: usize) -> Option<u32> {
        let mut id = id;
        for _ in 0..MAX_CHAIN {
            id = match btf.get(id) {
                Type::Int(int) => return positive(int.size.min(btf.pointer_size)),
                Type::Enum(e) | Type::Enum64(e) => return positive(e.size.min(btf.pointer_size)),
                Type::Float { size, .. } => return positive((*size).min(btf.pointer_size)),
                Type::Ptr(_) => return positive(btf.pointer_size),
                Type::Typedef { to, .. }
                | Type::TypeTag { to, .. }
                | Type::Volatile(to)
                | Type::Const(to)
                | Type::Restrict(to) => *to,
                Type::Array { elem, .. } => *elem,
                Type::Struct(_) | Type::Union(_) => return self.align_of_composite(btf, id, depth),
                _ => return None,
            };
        }
        None
    }

    fn align_of_composite(&mut self, btf: &Btf, id: TypeId, depth: usize) -> Option<u32> {
        if let Some(known) = self.known.get(&id) {
            return *known;
        }
        if depth >= MAX_NESTING {
            return None;
        }
        let (Type::Struct(composite) | Type::Union(composite)) = btf.get(id) else {
            return None;
        };
        // A struct inside itself has no alignment; this also ends the recursion.
        self.known.insert(id, None);
        let mut max = 1;
        let mut answer = None;
        for member in &composite.members {
            let align = self.align_in(btf, member.ty, depth + 1)?;
            max = max.max(align);
            let misplaced = u64::from(member.offset_bits) % (u64::from(align) * 8) != 0;
            if member.bitfield_bits == 0 && misplaced {
                answer = Some(1);
                break;
            }
        }
        let answer = answer.or(Some(if composite.size.is_multiple_of(max) { max } else { 1 }));
        self.known.insert(id, answer);
        answer
    }
}

/// libbpf takes a size of 0 for an error.
fn positive(align: u32) -> Option<u32> {
    (align > 0).then_some(align)
}

#[cfg(test)]
mod tests;
