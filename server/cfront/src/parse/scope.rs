//! Typedef names at a place inside an item: the caller's file scope under the item's own names.

use crate::symbol::{Symbol, known};

/// The typedef names of the scope around an item, given by the caller.
pub trait TypedefScope {
    /// Whether the name is a typedef name where the item stands.
    fn is_typedef(&self, name: Symbol) -> bool;
}

impl<F: Fn(Symbol) -> bool> TypedefScope for F {
    fn is_typedef(&self, name: Symbol) -> bool {
        self(name)
    }
}

/// Local names over a [`TypedefScope`].
pub(crate) struct Scopes<'a> {
    outer: &'a dyn TypedefScope,
    /// Names that differ from the outer scope, in order of declaration; `true` for a typedef.
    /// Names that were no typedef before are not kept, so this is nearly always empty.
    local: Vec<(Symbol, bool)>,
}

impl<'a> Scopes<'a> {
    pub(crate) fn new(outer: &'a dyn TypedefScope) -> Scopes<'a> {
        Scopes { outer, local: Vec::new() }
    }

    pub(crate) fn is_typedef(&self, name: Symbol) -> bool {
        // `bool` is C23's keyword; a file of an older standard that uses it has declared it.
        self.local(name).unwrap_or_else(|| name == known::BOOL || self.outer.is_typedef(name))
    }

    /// What the item itself says of a name: whether it is a typedef name.
    pub(crate) fn local(&self, name: Symbol) -> Option<bool> {
        self.local.iter().rev().find(|(local, _)| *local == name).map(|&(_, typedef)| typedef)
    }

    /// A declarator declares the name here.
    pub(crate) fn declare(&mut self, name: Symbol, typedef: bool) {
        if self.is_typedef(name) != typedef {
            self.local.push((name, typedef));
        }
    }

    pub(crate) fn mark(&self) -> usize {
        self.local.len()
    }

    pub(crate) fn leave(&mut self, mark: usize) {
        self.local.truncate(mark);
    }
}
