//! Sizes and alignments by clang's rules for BPF, and for the hosts of loaders where they differ.

use super::state::Sema;
use crate::ctypes::{ArrayLen, CType, CTypeId, FloatKind};

impl Sema {
    /// Size in bytes; `None` for incomplete and unknown types, functions and `void`.
    pub(crate) fn size_of(&mut self, id: CTypeId) -> Option<u64> {
        let mut id = self.strip(id);
        let mut count: u64 = 1;
        // Arrays of arrays without recursion.
        while let CType::Array { elem, len } = *self.types.get(id) {
            let ArrayLen::Fixed(len) = len else { return None };
            count = count.checked_mul(len)?;
            id = self.strip(elem);
        }
        let size = match *self.types.get(id) {
            CType::Bool => 1,
            CType::Int(kind) => kind.size(),
            CType::Float(FloatKind::LongDouble) => self.machine.long_double_size(),
            CType::Float(kind) => kind.size(),
            CType::Pointer(_) => self.machine.word_size(),
            CType::Record(record) => self.record(record)?.size?,
            CType::Enum(id) => {
                let e = self.enumeration(id)?;
                if !e.defined {
                    return None;
                }
                e.underlying.size()
            }
            CType::Complex(part) => self.size_of(part)?.checked_mul(2)?,
            CType::Vector { elem, len, .. } => {
                self.size_of(elem)?.checked_mul(len)?.checked_next_power_of_two()?
            }
            _ => return None,
        };
        count.checked_mul(size)
    }

    /// Alignment in bytes. A typedef's `aligned` replaces what lies under it, also downwards
    /// (clang `ASTContext::getTypeInfoImpl`).
    pub(crate) fn align_of(&mut self, mut id: CTypeId) -> Option<u64> {
        for _ in 0..10_000 {
            match *self.types.get(id) {
                CType::Qualified { of, .. } | CType::Tagged { of, .. } => id = of,
                CType::Array { elem, .. } | CType::Complex(elem) => id = elem,
                CType::Typedef(t) => {
                    let t = self.typedefs.get(t.0 as usize)?;
                    if let Some(align) = t.align {
                        return Some(align);
                    }
                    id = t.to;
                }
                CType::Bool => return Some(1),
                CType::Int(kind) => return Some(self.machine.scalar_align(kind.size())),
                CType::Float(FloatKind::LongDouble) => {
                    return Some(self.machine.scalar_align(self.machine.long_double_size()));
                }
                CType::Float(kind) => return Some(self.machine.scalar_align(kind.size())),
                CType::Pointer(_) => return Some(self.machine.word_size()),
                CType::Record(record) => return self.record(record)?.align,
                CType::Enum(id) => return Some(self.enumeration(id)?.align),
                CType::Vector { .. } => return self.size_of(id),
                CType::Void => return Some(1),
                CType::Function(_) => return Some(8),
                CType::Unknown => return None,
            }
        }
        None
    }
}
