//! The body of a function: its calls, and what decides whether the verifier walks them.

use std::sync::{Arc, OnceLock};

use cfront::{
    ast::{self, FunctionDef},
    sema::{Function, ItemScope},
    source::FileRange,
    symbol::Symbol,
    unit::{ItemId, ParsedItem, Unit},
};
use codegen::references::{Body, Reference, Target};
use rustc_hash::FxHashMap;

use super::{call::Call, scan::Scan};

/// A function's body.
pub(in super::super) struct FnBody {
    pub(in super::super) function: Arc<Function>,
    pub(in super::super) item: ItemId,
    pub(in super::super) scope: Arc<ItemScope>,
    parsed: Arc<ParsedItem>,
    /// What the code refers to.
    pub(in super::super) refs: Arc<Body>,
    /// The references to each variable, by their indices.
    by_variable: OnceLock<FxHashMap<Symbol, Vec<usize>>>,
    /// Calls in written order.
    pub(in super::super) calls: Vec<Call>,
    /// The first token that may decide at load which code is walked.
    pub(super) load_guard: u32,
    /// The first condition of any kind.
    pub(super) condition: u32,
    /// The first condition that clang may fold.
    pub(super) foldable: u32,
}

impl FnBody {
    /// Reads the body of a function with the references in it.
    pub(super) fn read(
        unit: &Unit,
        function: Arc<Function>,
        item: ItemId,
        parsed: &Arc<ParsedItem>,
        scope: Arc<ItemScope>,
        refs: Arc<Body>,
    ) -> FnBody {
        let syntax = match &parsed.syntax {
            ast::Item::Function(syntax) => Some(syntax),
            _ => None,
        };
        let Scan { calls, load_guard, condition, foldable, .. } =
            Scan::of(unit, &scope, syntax.map(|syntax| &**syntax), &refs);
        FnBody {
            function,
            item,
            scope,
            parsed: parsed.clone(),
            refs,
            by_variable: OnceLock::new(),
            calls,
            load_guard,
            condition,
            foldable,
        }
    }

    /// The syntax of the definition.
    pub(in super::super) fn syntax(&self) -> Option<&FunctionDef> {
        match &self.parsed.syntax {
            ast::Item::Function(syntax) => Some(syntax),
            _ => None,
        }
    }

    /// What the user wrote for a token.
    pub(in super::super) fn place(&self, unit: &Unit, token: u32) -> Option<FileRange> {
        unit.token_place(self.item, token)
    }

    /// The references to a variable.
    pub(super) fn of_variable(&self, name: Symbol) -> impl Iterator<Item = &Reference> {
        let by_variable = self.by_variable.get_or_init(|| {
            let mut by_variable: FxHashMap<Symbol, Vec<usize>> = FxHashMap::default();
            for (index, reference) in self.refs.references.iter().enumerate() {
                if let Target::Variable(name) = reference.target {
                    by_variable.entry(name).or_default().push(index);
                }
            }
            by_variable
        });
        let found = by_variable.get(&name).map_or(&[][..], Vec::as_slice);
        found.iter().filter_map(|&index| self.refs.references.get(index))
    }

    /// Whether nothing at load can keep the verifier away from a token, in the entry function.
    pub(in super::super) fn walked_at(&self, token: u32) -> bool {
        token < self.load_guard && token < self.foldable
    }
}
