//! Declarators: from the chain pointer -> array -> ... -> base type to `base *name[N]`.

use std::fmt::Write;

use super::record::keyword;
use super::{CDumper, MAX_DEPTH, TOO_DEEP};
use crate::graph::{Param, Type, TypeId};
use crate::size::MAX_CHAIN;

impl CDumper<'_> {
    /// Writes `name` declared with that type; only the type when `name` is empty.
    pub(super) fn declare(&mut self, ty: TypeId, name: &str, indent: usize) {
        if self.out.is_full() {
            return;
        }
        let Some(mut chain) = self.chain(ty) else {
            self.out.text(TOO_DEEP);
            self.name(name, false);
            return;
        };
        if self.depth >= MAX_DEPTH {
            self.out.text(TOO_DEEP);
            self.name(name, false);
            return;
        }
        self.depth += 1;
        self.chained(&mut chain, name, indent);
        self.depth -= 1;
    }

    /// The types from the outermost to the one that is written first. `None` when there is no end
    /// to them.
    fn chain(&self, ty: TypeId) -> Option<Vec<TypeId>> {
        let mut chain = Vec::new();
        let mut id = ty;
        for _ in 0..MAX_CHAIN {
            let ty = self.btf.get(id);
            if !(self.strip_mods && is_modifier(ty)) {
                chain.push(id);
            }
            id = match ty {
                Type::Ptr(to)
                | Type::Volatile(to)
                | Type::Const(to)
                | Type::Restrict(to)
                | Type::TypeTag { to, .. } => *to,
                Type::FuncProto { ret, .. } => *ret,
                Type::Array { elem, .. } => *elem,
                _ => return Some(chain),
            };
        }
        None
    }

    /// Writes what is left of a chain, from its end, around the name.
    fn chained(&mut self, chain: &mut Vec<TypeId>, name: &str, indent: usize) {
        // A lone pointer inside parentheses is written `(*name)`, without a space before it.
        let mut after_pointer = true;
        while let Some(id) = chain.pop() {
            let ty = self.btf.get(id);
            match ty {
                Type::Ptr(_) => self.out.text(if after_pointer { "*" } else { " *" }),
                Type::Volatile(_) => self.out.text(" volatile"),
                Type::Const(_) => self.out.text(" const"),
                Type::Restrict(_) => self.out.text(" restrict"),
                Type::TypeTag { name: tag, .. } => {
                    self.leading_qualifiers(chain);
                    let _ = write!(self.out, " __attribute__((btf_type_tag(\"{tag}\")))");
                }
                Type::Array { len, .. } => {
                    self.array(chain, *len, name, indent, after_pointer);
                    return;
                }
                Type::FuncProto { params, .. } => {
                    self.prototype(chain, params, name, indent, after_pointer);
                    return;
                }
                _ => {
                    self.leading_qualifiers(chain);
                    if !self.base(id, indent) {
                        return;
                    }
                }
            }
            after_pointer = matches!(ty, Type::Ptr(_));
        }
        self.name(name, after_pointer);
    }

    /// Writes the type that a chain ends in. False for kinds that no declaration can end in.
    fn base(&mut self, id: TypeId, indent: usize) -> bool {
        let btf = self.btf;
        let ty = btf.get(id);
        let inline = ty.name().is_empty() && !self.elide_anonymous;
        match ty {
            Type::Void => self.out.text("void"),
            Type::Int(int) => self.out.text(&int.name),
            Type::Float { name, .. } => self.out.text(name),
            Type::Struct(_) | Type::Union(_) if inline => self.define_record(id, indent),
            Type::Struct(_) | Type::Union(_) => self.refer_to_record(id),
            Type::Enum(_) | Type::Enum64(_) if inline => self.define_enum(id, indent),
            Type::Enum(_) | Type::Enum64(_) if ty.name().is_empty() => self.out.text("enum"),
            Type::Enum(_) | Type::Enum64(_) => self.refer_to_enum(id),
            Type::Fwd { .. } => {
                let name = self.names.tag_name(btf, id);
                let _ = write!(self.out, "{} {name}", keyword(ty));
            }
            Type::Typedef { .. } => {
                let name = self.names.ident_name(btf, id);
                self.out.text(&name);
            }
            _ => return false,
        }
        if self.elide_anonymous
            && ty.name().is_empty()
            && matches!(ty, Type::Struct(_) | Type::Union(_) | Type::Enum(_) | Type::Enum64(_))
        {
            self.out.text(" {...}");
        }
        true
    }

    fn array(
        &mut self,
        chain: &mut Vec<TypeId>,
        len: u32,
        name: &str,
        indent: usize,
        after_pointer: bool,
    ) {
        // Qualifiers of an array are those of its elements, said already.
        self.drop_modifiers(chain);
        match chain.last() {
            None => self.name(name, after_pointer),
            Some(&next) => {
                let in_array = matches!(self.btf.get(next), Type::Array { .. });
                if !name.is_empty() && !after_pointer {
                    self.out.text(" ");
                }
                if !in_array {
                    self.out.text("(");
                }
                self.chained(chain, name, indent);
                if !in_array {
                    self.out.text(")");
                }
            }
        }
        let _ = write!(self.out, "[{len}]");
    }

    fn prototype(
        &mut self,
        chain: &mut Vec<TypeId>,
        params: &[Param],
        name: &str,
        indent: usize,
        after_pointer: bool,
    ) {
        self.drop_modifiers(chain);
        if chain.is_empty() {
            self.name(name, after_pointer);
        } else {
            self.out.text(" (");
            self.chained(chain, name, indent);
            self.out.text(")");
        }
        self.out.text("(");
        match params {
            [] => self.out.text("void"),
            [only] if only.ty == TypeId::VOID => self.out.text("void"),
            _ => self.parameters(params, indent),
        }
        self.out.text(")");
    }

    fn parameters(&mut self, params: &[Param], indent: usize) {
        for (index, param) in params.iter().enumerate() {
            if self.out.is_full() {
                return;
            }
            if index > 0 {
                self.out.text(", ");
            }
            if param.ty == TypeId::VOID && index + 1 == params.len() {
                self.out.text("...");
            } else {
                self.declare(param.ty, &param.name, indent);
            }
        }
    }

    /// Writes the qualifiers at the end of the chain, those of the base type, before it.
    fn leading_qualifiers(&mut self, chain: &mut Vec<TypeId>) {
        while let Some(&id) = chain.last() {
            self.out.text(match self.btf.get(id) {
                Type::Volatile(_) => "volatile ",
                Type::Const(_) => "const ",
                Type::Restrict(_) => "restrict ",
                _ => return,
            });
            chain.pop();
        }
    }

    fn drop_modifiers(&self, chain: &mut Vec<TypeId>) {
        while chain.last().is_some_and(|&id| is_modifier(self.btf.get(id))) {
            chain.pop();
        }
    }

    fn name(&mut self, name: &str, after_pointer: bool) {
        if !name.is_empty() && !after_pointer {
            self.out.text(" ");
        }
        self.out.text(name);
    }
}

fn is_modifier(ty: &Type) -> bool {
    matches!(ty, Type::Volatile(_) | Type::Const(_) | Type::Restrict(_) | Type::TypeTag { .. })
}
