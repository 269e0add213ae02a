//! Scopes inside one item: what each identifier token refers to.

use super::{Local, LocalId, Resolution};
use crate::ctypes::DeclPlace;

/// The finished scopes of one item.
#[derive(Debug, Default)]
pub struct ItemScope {
    locals: Vec<Local>,
}

impl ItemScope {
    /// What the identifier token refers to: a variable, function, parameter, enumerator or typedef
    /// used in an expression or as a type name. File-scope names are looked up when asked.
    pub fn resolve(&self, _unit: &crate::unit::Unit, _ident: crate::ast::Ident) -> Resolution {
        Resolution::Unknown
    }

    /// All parameters and local declarations in order.
    pub fn locals(&self) -> &[Local] {
        &self.locals
    }

    /// One of them.
    pub fn local(&self, id: LocalId) -> Option<&Local> {
        self.locals.get(id.0 as usize)
    }

    /// The local that the declarator with this name token declares.
    pub fn declared(&self, token: u32) -> Option<&Local> {
        self.locals.iter().find(|l| l.token == token)
    }

    /// Where the item is.
    pub fn place(&self) -> DeclPlace {
        DeclPlace { item: 0, token: 0 }
    }
}
