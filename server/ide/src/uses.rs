//! Where a BPF program names one of its globals, maps or functions: declarations and uses, in the main
//! file and in its headers.

use std::sync::Arc;

use cfront::{
    ast::{Expr, ExprKind, UnaryOp, visit},
    sema::{Decl, Global, ItemScope, Resolution},
    source::FileRange,
    symbol::Symbol,
    token::{Token, TokenKind},
    unit::{ItemId, TokenPlace},
};

use crate::pipeline::FileAnalysis;

/// What a program does where it names something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum UseKind {
    /// Declares it.
    Declaration,
    /// Assigns to it.
    Write,
    /// Anything else.
    Read,
}

/// A token that names a global.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Use {
    /// The token.
    pub(crate) token: TokenPlace,
    /// What is done.
    pub(crate) kind: UseKind,
    /// Where the token is spelled, which may be in a macro's body. A name that a macro pasted has
    /// another text there.
    pub(crate) spelled: FileRange,
    /// Where the user reads it: as spelled, or the name of the macro that pasted it.
    pub(crate) shown: FileRange,
}

impl FileAnalysis {
    /// All uses of what a name means at file scope, in the order of the unit.
    pub(crate) fn uses(&self, name: Symbol) -> Vec<Use> {
        let Some(global) = self.global(name) else { return Vec::new() };
        let items = (0..self.unit.item_count()).map(ItemId);
        items.flat_map(|item| self.uses_of_global(name, &global, item)).collect()
    }

    /// Those whose items begin in the main file: headers may be long.
    pub(crate) fn own_uses(&self, name: Symbol) -> Vec<Use> {
        let Some(global) = self.global(name) else { return Vec::new() };
        let items = self.unit.main_items().iter();
        items.flat_map(|item| self.uses_of_global(name, &global, *item)).collect()
    }

    /// The uses of a name's meaning at file scope in one item.
    pub(crate) fn uses_in_item(&self, name: Symbol, item: ItemId) -> Vec<Use> {
        let global = self.global(name);
        global.map_or_else(Vec::new, |global| self.uses_of_global(name, &global, item))
    }

    fn uses_of_global(&self, name: Symbol, global: &Global, item: ItemId) -> Vec<Use> {
        let tokens = self.unit.tokens(item);
        let names = |token: &Token| token.kind == TokenKind::Ident && token.sym == name;
        if !tokens.iter().any(names) || only_a_type(tokens) && !self.unit.in_main_file(item) {
            return Vec::new();
        }
        let decls: &[Decl] = match global {
            Global::Variable(variable) => &variable.decls,
            Global::Function(function) => &function.decls,
            _ => &[],
        };
        // They stand in order of place.
        let first = decls.partition_point(|decl| decl.place.item < item.0);
        let mut found: Vec<(u32, UseKind)> = (decls.iter().skip(first))
            .take_while(|decl| decl.place.item == item.0)
            .map(|decl| (decl.place.token, UseKind::Declaration))
            .collect();
        if let (Some(parsed), Some(scope)) = (self.unit.item(item), self.unit.scope(item)) {
            let mut written: Vec<u32> = Vec::new();
            visit::expressions(&parsed.syntax, &mut |expr| {
                written.extend(assigned(expr));
                if let ExprKind::Ident(ident) = &expr.kind
                    && ident.name == name
                    && self.is_global(&scope, expr)
                {
                    found.push((ident.token, UseKind::Read));
                }
            });
            written.sort_unstable();
            for (token, kind) in &mut found {
                if written.binary_search(token).is_ok() {
                    *kind = UseKind::Write;
                }
            }
        }
        found.sort_unstable();
        found.dedup_by_key(|(token, _)| *token);
        found.into_iter().filter_map(|(token, kind)| self.use_of(name, item, token, kind)).collect()
    }

    fn use_of(&self, name: Symbol, item: ItemId, token: u32, kind: UseKind) -> Option<Use> {
        let spelled =
            self.preprocessed.spelling(self.unit.tokens(item).get(token as usize)?.loc)?;
        let plain = self.spells(spelled, name.as_str());
        let shown = if plain { spelled } else { self.unit.token_place(item, token)? };
        Some(Use { token: TokenPlace { item, token }, kind, spelled, shown })
    }

    /// Whether the text of a range is that word.
    pub(crate) fn spells(&self, range: FileRange, word: &str) -> bool {
        let text = self.preprocessed.text(range.file);
        text.and_then(|text| text.get(range.start as usize..range.end as usize)) == Some(word)
    }

    /// The variable or function that a name is at file scope.
    fn global(&self, name: Symbol) -> Option<Global> {
        let global = self.unit.ordinary(name)?;
        matches!(global, Global::Variable(_) | Global::Function(_)).then_some(global)
    }

    fn is_global(&self, scope: &Arc<ItemScope>, expr: &Expr) -> bool {
        let ExprKind::Ident(ident) = &expr.kind else { return false };
        matches!(
            scope.resolve(&self.unit, *ident),
            Resolution::Variable(_) | Resolution::Function(_)
        )
    }
}

/// Whether an item declares a type and nothing else that could name a global: most of a kernel's
/// header.
fn only_a_type(tokens: &[Token]) -> bool {
    let first = tokens.first().map_or("", |token| token.sym.as_str());
    matches!(first, "struct" | "union" | "enum" | "typedef")
        && !tokens.iter().any(|token| token.is("="))
}

/// The token of the variable that an expression assigns to, itself or a part of it.
fn assigned(expr: &Expr) -> Option<u32> {
    let mut target = match &expr.kind {
        ExprKind::Assign(_, left, _) => left,
        ExprKind::Postfix(_, operand)
        | ExprKind::Unary(UnaryOp::PreInc | UnaryOp::PreDec, operand) => operand,
        _ => return None,
    };
    loop {
        target = match &target.kind {
            ExprKind::Paren(inner)
            | ExprKind::Index { base: inner, .. }
            | ExprKind::Member { base: inner, arrow: false, .. } => inner,
            ExprKind::Ident(ident) => return Some(ident.token),
            _ => return None,
        };
    }
}
