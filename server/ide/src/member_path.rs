//! The chain of members from a skeleton to a name in a loader: at `hits` of `skel->percpu->hits` it is
//! `percpu`, `hits` of the skeleton that `skel` points to.

use std::sync::Arc;

use cfront::{
    ast::{Expr, ExprKind, Item},
    sema::ItemScope,
    symbol::Symbol,
};
use loader::{
    skeletons::{skeleton_of_expr, skeleton_struct},
    walk,
};

use crate::{pipeline::FileAnalysis, target::Word};

/// A member of a skeleton, by the names that lead to it.
pub(crate) struct MemberPath {
    /// Index of the skeleton in the loader's list.
    pub(crate) skeleton: usize,
    /// Members, outermost struct first; the last one is the word asked about.
    pub(crate) members: Vec<Symbol>,
}

/// Longer chains do not exist; a torn tree may pretend so.
const MAX_MEMBERS: usize = 64;

impl FileAnalysis {
    /// The chain that ends at a word, when it begins at a skeleton.
    pub(crate) fn member_path(&self, word: &Word) -> Option<MemberPath> {
        let parsed = self.unit.item(word.place.item)?;
        let scope = self.unit.scope(word.place.item)?;
        let member = member_at(&parsed.syntax, word.place.token)?;
        let mut members = Vec::new();
        let mut expr = member;
        while members.len() < MAX_MEMBERS {
            match &expr.kind {
                ExprKind::Paren(inner) => expr = inner,
                ExprKind::Index { base, .. } => expr = base,
                ExprKind::Member { base, field, .. } => {
                    members.push(field.name);
                    if let Some(skeleton) = self.skeleton(&scope, base) {
                        members.reverse();
                        return Some(MemberPath { skeleton, members });
                    }
                    expr = base;
                }
                _ => return None,
            }
        }
        None
    }

    /// The skeleton that an expression is or points to.
    fn skeleton(&self, scope: &Arc<ItemScope>, expr: &Expr) -> Option<usize> {
        let (unit, skeletons) = (&self.unit, self.skeletons.as_slice());
        skeleton_of_expr(unit, scope, skeletons, expr)
            .or_else(|| skeleton_struct(unit, skeletons, unit.expr_type(scope, expr)?))
    }
}

/// The member expression whose field name is that token.
fn member_at(item: &Item, token: u32) -> Option<&Expr> {
    let mut found = None;
    walk::expressions(item, |expr| {
        if let ExprKind::Member { field, .. } = &expr.kind
            && field.token == token
        {
            found = Some(expr);
        }
    });
    found
}
