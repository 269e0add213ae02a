//! C declarations out of BTF, letter by letter as libbpf's `btf_dump` prints them.
//!
//! bpftool's skeletons are made of these declarations, so spaces, padding members, guessed `packed`
//! attributes and the `___2` suffixes on clashing names all follow `btf_dump__emit_type_decl`.
//! One [`CDumper`] stands for one `struct btf_dump`: it remembers which names it has given out.

mod declarator;
mod enumeration;
mod names;
mod output;
mod padding;
mod record;

use crate::graph::{Btf, Linkage, Type, TypeId};
use crate::size::Aligner;
use names::Names;
use output::Output;

/// How deep anonymous structs and prototypes may lie in each other. Clang stops at 256 brackets.
const MAX_DEPTH: usize = 128;
/// Stands where a type lies deeper than that, or goes on for ever.
const TOO_DEEP: &str = "/* too deep */";

/// Prints C declarations of one graph.
#[derive(Debug)]
pub struct CDumper<'a> {
    btf: &'a Btf,
    aligner: Aligner,
    names: Names,
    out: Output,
    strip_mods: bool,
    elide_anonymous: bool,
    depth: usize,
}

impl<'a> CDumper<'a> {
    /// A printer that tells apart different types of one name as libbpf does: the second one met
    /// gets the suffix `___2`.
    pub fn new(btf: &'a Btf) -> Self {
        CDumper::with_names(btf, Names::unique())
    }

    /// A printer that keeps every name as it is.
    pub fn with_plain_names(btf: &'a Btf) -> Self {
        CDumper::with_names(btf, Names::plain())
    }

    fn with_names(btf: &'a Btf, names: Names) -> Self {
        CDumper {
            btf,
            aligner: Aligner::default(),
            names,
            out: Output::default(),
            strip_mods: false,
            elide_anonymous: false,
            depth: 0,
        }
    }

    /// The declaration of `field_name` (or of nothing, when empty) with type `ty`, without `;`.
    ///
    /// Anonymous structs, unions and enums are written out; their members are indented by
    /// `indent + 1` tabs and the closing brace by `indent`. With `strip_mods` all qualifiers and
    /// type tags are left out, except inside typedefs. A text that would grow beyond a few MiB
    /// ends with a comment that says so.
    pub fn type_decl(
        &mut self,
        ty: TypeId,
        field_name: &str,
        indent: usize,
        strip_mods: bool,
    ) -> String {
        self.strip_mods = strip_mods;
        self.declare(ty, field_name, indent);
        self.strip_mods = false;
        self.out.take()
    }

    /// The definition of a type with its `;`: a struct, union or enum with its members, a typedef,
    /// a prototype, or the declaration of a variable. Types it names are not defined.
    ///
    /// `None` for kinds that C does not define: base types, pointers, tags, sections.
    pub fn dump_definition(&mut self, ty: TypeId) -> Option<String> {
        let btf = self.btf;
        match btf.get(ty) {
            Type::Struct(_) | Type::Union(_) => self.define_record(ty, 0),
            Type::Enum(_) | Type::Enum64(_) => self.define_enum(ty, 0),
            Type::Fwd { .. } => self.declare(ty, "", 0),
            Type::Typedef { to, .. } => {
                self.out.text("typedef ");
                let name = self.names.ident_name(btf, ty);
                self.declare(*to, &name, 0);
            }
            Type::Func(func) => {
                self.storage(func.linkage);
                self.declare(func.proto, &func.name, 0);
            }
            Type::Var { name, ty, linkage } => {
                self.storage(*linkage);
                self.declare(*ty, name, 0);
            }
            _ => return None,
        }
        self.out.text(";");
        Some(self.out.take())
    }

    fn storage(&mut self, linkage: Linkage) {
        self.out.text(match linkage {
            Linkage::Static => "static ",
            Linkage::Global => "",
            Linkage::Extern => "extern ",
        });
    }
}

/// A type's name on one line, e.g. `struct foo *`, `const char [16]` or `int (*)(void *)`.
/// Anonymous types are not written out: `struct {...}`.
pub fn type_name(btf: &Btf, ty: TypeId) -> String {
    declaration(btf, ty, "")
}

/// The declaration of `name` on one line, without `;`; anonymous types as in [`type_name`].
pub fn declaration(btf: &Btf, ty: TypeId, name: &str) -> String {
    let mut dumper = CDumper::with_plain_names(btf);
    dumper.elide_anonymous = true;
    dumper.declare(ty, name, 0);
    dumper.out.take()
}

#[cfg(test)]
mod tests;
