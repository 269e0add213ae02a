//! The state of analysis of one unit's file scope: types, names and what is known of them so far.
//!
//! Everything is computed when asked for and kept. One thread works in it at a time; the
//! [`Unit`](crate::unit::Unit) holds it behind a lock.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{
    EnumConst, Function, FunctionId, ItemScope, Variable, VariableId, initial::InitialMemo, lower,
    record::RecordEntity,
};
use crate::{
    ast::EnumSpec,
    ctypes::{CType, CTypeId, Enum, EnumId, RecordId, TypeTable, Typedef, TypedefId},
    flags::{Abi, Machine},
    items::{Items, SpecPlace},
    symbol::Symbol,
};

/// How deep questions may lead to other questions before the answer is "unknown".
pub(crate) const MAX_DEPTH: u32 = 400;

#[derive(Debug)]
pub(crate) struct Sema {
    pub(crate) items: Arc<Items>,
    pub(crate) big_endian: bool,
    pub(crate) machine: Machine,
    pub(crate) abi: Abi,
    pub(crate) types: TypeTable,
    pub(crate) records: Vec<RecordEntity>,
    pub(crate) enums: Vec<EnumEntity>,
    pub(crate) typedefs: Vec<Arc<Typedef>>,
    /// What each typedef is in the end ([`Sema::strip`]).
    pub(crate) typedef_ends: Vec<CTypeId>,
    pub(crate) functions: Vec<Arc<Function>>,
    pub(crate) variables: Vec<Arc<Variable>>,
    /// Records, enums and typedefs by the item (serial number) and token that declare them.
    pub(crate) records_by_place: FxHashMap<(u64, u32), RecordId>,
    pub(crate) enums_by_place: FxHashMap<(u64, u32), EnumId>,
    pub(crate) typedefs_by_place: FxHashMap<(u64, u32), TypedefId>,
    /// File-scope tags.
    pub(crate) tags: FxHashMap<Symbol, CTypeId>,
    /// File-scope ordinary names.
    pub(crate) names: FxHashMap<Symbol, Name>,
    /// Of typedefs declared again: the items behind the first that declare the name, in order.
    pub(crate) redeclared: FxHashMap<Symbol, Arc<[u32]>>,
    /// Finished scopes by serial number of the item.
    pub(crate) scopes: FxHashMap<u64, Arc<ItemScope>>,
    pub(crate) initials: InitialMemo,
    pub(crate) depth: u32,
    /// Whether the question is about a function's body: such answers are kept with it.
    pub(crate) in_body: bool,
    /// Whether an answer about file scope was cut short by a limit, so that something may be missing.
    pub(crate) torn: bool,
    /// The same of the body at hand.
    pub(crate) torn_body: bool,
    pub(crate) laid_out: usize,
}

/// What is known of a file-scope ordinary name.
#[derive(Clone, Debug)]
pub(crate) enum Name {
    /// Being worked out: a question about it now has no answer.
    Busy,
    Unknown,
    Typedef(TypedefId),
    Function(FunctionId),
    Variable(VariableId),
    Enumerator(EnumConst),
}

/// An enum and how far it is known.
#[derive(Debug)]
pub(crate) struct EnumEntity {
    pub(crate) tag: Option<Symbol>,
    pub(crate) spec: Option<(Arc<EnumSpec>, SpecPlace)>,
    pub(crate) busy: bool,
    /// Values so far, while busy.
    pub(crate) partial: Vec<(Symbol, EnumConst)>,
    /// Their indices by name, of one name the first and the last.
    pub(crate) by_name: FxHashMap<Symbol, (u32, u32)>,
    pub(crate) done: Option<Arc<Enum>>,
}

impl Sema {
    pub(crate) fn new(items: Arc<Items>, big_endian: bool, machine: Machine, abi: Abi) -> Sema {
        Sema {
            items,
            big_endian,
            machine,
            abi,
            types: TypeTable::new(),
            records: Vec::new(),
            enums: Vec::new(),
            typedefs: Vec::new(),
            typedef_ends: Vec::new(),
            functions: Vec::new(),
            variables: Vec::new(),
            records_by_place: FxHashMap::default(),
            enums_by_place: FxHashMap::default(),
            typedefs_by_place: FxHashMap::default(),
            tags: FxHashMap::default(),
            names: FxHashMap::default(),
            redeclared: FxHashMap::default(),
            scopes: FxHashMap::default(),
            initials: InitialMemo::default(),
            depth: 0,
            in_body: false,
            torn: false,
            torn_body: false,
            laid_out: 0,
        }
    }

    /// Plain `char`, of string literals for one.
    pub(crate) fn char_type(&self) -> CTypeId {
        CTypeId::int(lower::plain_char(self.machine, self.abi))
    }

    /// Runs a step that may lead to others; the default answer when that goes too deep.
    pub(crate) fn deeper<T: Default>(&mut self, f: impl FnOnce(&mut Sema) -> T) -> T {
        if self.depth >= MAX_DEPTH {
            self.cut_short();
            return T::default();
        }
        self.depth += 1;
        let answer = f(self);
        self.depth -= 1;
        answer
    }

    /// Notes that a limit cuts an answer short.
    pub(crate) fn cut_short(&mut self) {
        match self.in_body {
            true => self.torn_body = true,
            false => self.torn = true,
        }
    }

    /// Answers a question about file scope: the answer is kept, so it must not depend on how deep in a
    /// body it was asked.
    pub(crate) fn at_file_scope<T>(&mut self, f: impl FnOnce(&mut Sema) -> T) -> T {
        if !self.in_body {
            return f(self);
        }
        self.in_body = false;
        let depth = std::mem::take(&mut self.depth);
        let answer = f(self);
        self.depth = depth;
        self.in_body = true;
        answer
    }

    /// Answers a question about what is inside of an item.
    pub(crate) fn inside<T>(&mut self, scope: &ItemScope, f: impl FnOnce(&mut Sema) -> T) -> T {
        let before = std::mem::replace(&mut self.in_body, scope.in_function);
        let answer = f(self);
        self.in_body = before;
        answer
    }

    pub(crate) fn ctype(&self, id: CTypeId) -> &CType {
        self.types.get(id)
    }

    /// The type with typedefs, qualifiers and tags at the top taken off.
    pub(crate) fn strip(&self, mut id: CTypeId) -> CTypeId {
        // A type is made of types that were there before.
        loop {
            match *self.types.get(id) {
                CType::Qualified { of, .. } | CType::Tagged { of, .. } => id = of,
                CType::Typedef(t) => {
                    return self
                        .typedef_ends
                        .get(t.0 as usize)
                        .copied()
                        .unwrap_or(CTypeId::UNKNOWN);
                }
                _ => return id,
            }
        }
    }

    /// The stripped type's structure.
    pub(crate) fn canonical(&self, id: CTypeId) -> &CType {
        self.types.get(self.strip(id))
    }
}

impl Default for CTypeId {
    fn default() -> Self {
        CTypeId::UNKNOWN
    }
}
