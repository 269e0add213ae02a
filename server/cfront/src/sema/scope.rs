//! Scopes inside one item: what each identifier token refers to.
//!
//! Built once by walking the item in order ([`Cx`] in building mode): every identifier that refers
//! to something declared inside the item is noted by its token. All other identifiers mean what the
//! file scope says, and are looked up when somebody asks.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{EnumConst, Local, LocalId};
use crate::{
    ast::{Ident, Initializer},
    ctypes::{CTypeId, DeclPlace, TypedefId},
    symbol::Symbol,
};

/// What a name declared inside an item is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Inner {
    Local(LocalId),
    Enumerator(EnumConst),
    Typedef(TypedefId),
}

/// The finished scopes of one item.
#[derive(Clone, Debug, Default)]
pub struct ItemScope {
    pub(crate) item: u32,
    pub(crate) serial: u64,
    pub(crate) in_function: bool,
    /// Whether some of it was left out because it nests too deep.
    pub(crate) torn: bool,
    pub(crate) locals: Vec<Local>,
    /// Identifier tokens that refer to something declared in the item.
    pub(crate) uses: FxHashMap<u32, Inner>,
    /// Tag tokens that refer to a tag declared in the item.
    pub(crate) tag_uses: FxHashMap<u32, CTypeId>,
    /// Local by the token of its declarator's name.
    pub(crate) by_token: FxHashMap<u32, LocalId>,
    /// Initialisers of static locals.
    pub(crate) static_inits: FxHashMap<LocalId, Arc<Initializer>>,
}

impl ItemScope {
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
        self.by_token.get(&token).and_then(|&id| self.local(id))
    }

    /// The local that an identifier token refers to, when it refers to one.
    pub fn local_use(&self, ident: Ident) -> Option<&Local> {
        match self.uses.get(&ident.token) {
            Some(&Inner::Local(id)) => self.local(id),
            _ => None,
        }
    }

    /// Where the item is.
    pub fn place(&self) -> DeclPlace {
        DeclPlace { item: self.item, token: 0 }
    }

    /// Whether some of the item was left out because it nests too deep.
    pub fn is_torn(&self) -> bool {
        self.torn
    }
}

/// One block, parameter list or statement expression while it is walked.
#[derive(Debug, Default)]
struct Frame {
    ordinary: FxHashMap<Symbol, Inner>,
    tags: FxHashMap<Symbol, CTypeId>,
}

/// Where lowering stands: the item, and the scopes that are open in it.
#[derive(Debug)]
pub(crate) struct Cx {
    pub(crate) scope: Arc<ItemScope>,
    frames: Vec<Frame>,
    /// Whether names are being resolved for the first time. Afterwards `uses` has the answers.
    pub(crate) building: bool,
}

impl Cx {
    /// For walking an item.
    pub(crate) fn building(item: u32, serial: u64) -> Cx {
        let scope = ItemScope { item, serial, ..ItemScope::default() };
        Cx { scope: Arc::new(scope), frames: Vec::new(), building: true }
    }

    /// For questions about a walked item.
    pub(crate) fn finished(scope: Arc<ItemScope>) -> Cx {
        Cx { scope, frames: Vec::new(), building: false }
    }

    pub(crate) fn push(&mut self) {
        if self.building {
            self.frames.push(Frame::default());
        }
    }

    pub(crate) fn pop(&mut self) {
        self.frames.pop();
    }

    /// Whether names are declared at file scope now.
    pub(crate) fn at_file_scope(&self) -> bool {
        self.frames.is_empty()
    }

    pub(crate) fn data(&mut self) -> &mut ItemScope {
        Arc::make_mut(&mut self.scope)
    }

    /// Resolves an identifier to something declared inside the item.
    pub(crate) fn lookup(&mut self, ident: Ident) -> Option<Inner> {
        if let Some(&found) = self.scope.uses.get(&ident.token) {
            return Some(found);
        }
        if !self.building {
            return None;
        }
        let found = self.frames.iter().rev().find_map(|f| f.ordinary.get(&ident.name).copied())?;
        self.data().uses.insert(ident.token, found);
        Some(found)
    }

    /// Resolves a tag to one declared inside the item.
    pub(crate) fn lookup_tag(&mut self, tag: Ident) -> Option<CTypeId> {
        if let Some(&found) = self.scope.tag_uses.get(&tag.token) {
            return Some(found);
        }
        if !self.building {
            return None;
        }
        let found = self.frames.iter().rev().find_map(|f| f.tags.get(&tag.name).copied())?;
        self.data().tag_uses.insert(tag.token, found);
        Some(found)
    }

    /// Declares a name in the innermost scope. At file scope nothing happens: the index of the
    /// unit knows those names.
    pub(crate) fn declare(&mut self, name: Symbol, what: Inner) {
        if let Some(frame) = self.frames.last_mut() {
            frame.ordinary.insert(name, what);
        }
    }

    pub(crate) fn declare_tag(&mut self, tag: Ident, ty: CTypeId) {
        if let Some(frame) = self.frames.last_mut() {
            frame.tags.insert(tag.name, ty);
            self.data().tag_uses.insert(tag.token, ty);
        }
    }

    /// Adds a local and declares its name.
    pub(crate) fn add_local(&mut self, mut local: Local) -> LocalId {
        let id = LocalId(self.scope.locals.len() as u32);
        local.id = id;
        let (name, token) = (local.name, local.token);
        let data = self.data();
        data.locals.push(local);
        data.by_token.insert(token, id);
        self.declare(name, Inner::Local(id));
        id
    }
}
