//! Struct and union definitions.

use std::fmt::Write;

use super::padding::Hole;
use super::{CDumper, MAX_DEPTH, TOO_DEEP};
use crate::graph::{Composite, Type, TypeId};

impl CDumper<'_> {
    /// `struct tag`, or `struct` for an anonymous one.
    pub(super) fn refer_to_record(&mut self, id: TypeId) {
        let name = self.names.tag_name(self.btf, id);
        self.out.text(keyword(self.btf.get(id)));
        if !name.is_empty() {
            self.out.text(" ");
            self.out.text(&name);
        }
    }

    /// `struct tag { ... }` with its members one to a line, padding where the offsets ask for it
    /// and `packed` where they show it.
    pub(super) fn define_record(&mut self, id: TypeId, indent: usize) {
        let btf = self.btf;
        let (composite, is_struct) = match btf.get(id) {
            Type::Struct(c) => (c, true),
            Type::Union(c) => (c, false),
            _ => return,
        };
        if self.depth >= MAX_DEPTH {
            self.out.text(TOO_DEEP);
            return;
        }
        self.depth += 1;
        let align = self.align(id);
        let packed = is_struct && self.looks_packed(composite);
        self.refer_to_record(id);
        self.out.text(" {");
        let end = self.members(composite, packed, indent + 1);
        if is_struct {
            let to = u64::from(composite.size) * 8;
            let tail = Hole { from: end, to, next_align: align, in_bit_fields: false };
            self.fill(&tail, indent + 1);
        }
        // `struct empty {}` stays on one line.
        if !composite.members.is_empty() || composite.size != 0 {
            self.out.line(indent);
        }
        self.out.text("}");
        if packed {
            self.out.text(" __attribute__((packed))");
        }
        self.depth -= 1;
    }

    /// Writes the members and gives the offset in bits after the last one.
    fn members(&mut self, composite: &Composite, packed: bool, indent: usize) -> u64 {
        let mut end = 0;
        let mut after_bit_field = false;
        for member in &composite.members {
            if self.out.is_full() {
                break;
            }
            let offset = u64::from(member.offset_bits);
            let is_bit_field = member.bitfield_bits != 0;
            let next_align = if packed { 1 } else { self.align(member.ty) };
            let in_bit_fields = after_bit_field && is_bit_field;
            self.fill(&Hole { from: end, to: offset, next_align, in_bit_fields }, indent);
            self.out.line(indent);
            self.declare(member.ty, &member.name, indent);
            if is_bit_field {
                // Writing to the output cannot fail.
                let _ = write!(self.out, ": {}", member.bitfield_bits);
                end = offset + u64::from(member.bitfield_bits);
            } else {
                end = offset + self.btf.size_of(member.ty).unwrap_or(0) * 8;
            }
            after_bit_field = is_bit_field;
            self.out.text(";");
        }
        end
    }

    /// Whether an ordinary member lies off its natural place, or the size is no multiple of the
    /// largest alignment: only `packed` explains that (`btf_is_struct_packed`).
    fn looks_packed(&mut self, composite: &Composite) -> bool {
        let mut largest = 1;
        for member in &composite.members {
            let align = self.align(member.ty);
            let natural = align == 0 || u64::from(member.offset_bits).is_multiple_of(align * 8);
            if member.bitfield_bits == 0 && !natural {
                return true;
            }
            largest = largest.max(align);
        }
        !u64::from(composite.size).is_multiple_of(largest)
    }

    /// Alignment in bytes; 0 when there is none.
    fn align(&mut self, id: TypeId) -> u64 {
        self.aligner.align_of(self.btf, id).map_or(0, u64::from)
    }
}

/// The keyword of a struct or union.
pub(super) fn keyword(ty: &Type) -> &'static str {
    match ty {
        Type::Union(_) | Type::Fwd { is_union: true, .. } => "union",
        _ => "struct",
    }
}
