//! Enum definitions.

use std::fmt::Write;

use super::CDumper;
use crate::graph::{EnumType, Type, TypeId};
use crate::raw::write_enumerator;

impl CDumper<'_> {
    /// `enum tag`, or `enum` for an anonymous one.
    pub(super) fn refer_to_enum(&mut self, id: TypeId) {
        let name = self.names.tag_name(self.btf, id);
        self.out.text("enum ");
        self.out.text(&name);
    }

    /// `enum tag { ... }` with its values one to a line; just the tag when it has none.
    pub(super) fn define_enum(&mut self, id: TypeId, indent: usize) {
        let (enumeration, is_64) = match self.btf.get(id) {
            Type::Enum(e) => (e, false),
            Type::Enum64(e) => (e, true),
            _ => return,
        };
        self.out.text("enum");
        if !enumeration.name.is_empty() {
            let name = self.names.tag_name(self.btf, id);
            self.out.text(" ");
            self.out.text(&name);
        }
        if enumeration.values.is_empty() {
            return;
        }
        self.out.text(" {");
        for enumerator in &enumeration.values {
            if self.out.is_full() {
                return;
            }
            let name = self.names.enumerator_name(&enumerator.name);
            self.out.line(indent + 1);
            self.out.text(&name);
            self.out.text(" = ");
            // Writing to the output cannot fail.
            let _ = write_enumerator(&mut self.out, enumerator.value, enumeration.signed, is_64);
            self.out.text(",");
        }
        self.out.line(indent);
        self.out.text("}");
        if let Some(mode) = self.mode(enumeration, is_64) {
            let _ = write!(self.out, " __attribute__((mode({mode})))");
        }
    }

    /// The attribute that gives an enum a size its values do not ask for.
    fn mode(&self, enumeration: &EnumType, is_64: bool) -> Option<&'static str> {
        let needs_64_bits = |value: i64| (value as u64) >> 32 != 0;
        match enumeration.size {
            1 => Some("byte"),
            8 if self.btf.pointer_size == 8
                && !(is_64 && enumeration.values.iter().any(|e| needs_64_bits(e.value))) =>
            {
                Some("word")
            }
            _ => None,
        }
    }
}
