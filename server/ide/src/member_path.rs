//! The chain of members from a skeleton to a name in a loader: at `hits` of `skel->percpu->hits` it is
//! `percpu`, `hits` of the skeleton that `skel` points to.

use std::sync::Arc;

use cfront::{
    ast::{Expr, ExprKind, Item, visit},
    sema::ItemScope,
    symbol::Symbol,
};
use loader::{
    references::Reference,
    skeletons::{section_struct, skeleton_of_expr, skeleton_struct},
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
        let Some(member) = member_at(&parsed.syntax, word.place.token) else {
            return self.named_in_type(word);
        };
        let mut members = Vec::new();
        let mut expr = &member;
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
                    // `struct NAME__SECTION *image = skel->SECTION`
                    let (unit, skeletons) = (&self.unit, self.skeletons.as_slice());
                    if let Some(ty) = unit.expr_type(&scope, base)
                        && let Some((skeleton, section)) = section_struct(unit, skeletons, ty)
                    {
                        members.push(section);
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

    /// A member that is named with the type of its section: in `offsetof`, or as a designator.
    fn named_in_type(&self, word: &Word) -> Option<MemberPath> {
        // Most words are neither, and need no look at the references of the file.
        let tokens = self.unit.tokens(word.place.item);
        let before = (word.place.token as usize).checked_sub(1).and_then(|at| tokens.get(at));
        let designator = before.is_some_and(|token| token.is("."));
        if !designator && !tokens.iter().any(|token| token.is("__builtin_offsetof")) {
            return None;
        }
        let here = |r: &&Reference| {
            r.at.item == word.place.item && r.token == word.place.token && !r.in_string
        };
        let reference = self.references().iter().find(here)?;
        let members = vec![Symbol::intern(&reference.holder), Symbol::intern(&reference.name)];
        Some(MemberPath { skeleton: reference.skeleton, members })
    }

    /// The skeleton that an expression is or points to.
    fn skeleton(&self, scope: &Arc<ItemScope>, expr: &Expr) -> Option<usize> {
        let (unit, skeletons) = (&self.unit, self.skeletons.as_slice());
        skeleton_of_expr(unit, scope, skeletons, expr)
            .or_else(|| skeleton_struct(unit, skeletons, unit.expr_type(scope, expr)?))
    }
}

/// The member expression whose field name is that token.
fn member_at(item: &Item, token: u32) -> Option<Expr> {
    let mut found = None;
    visit::expressions(item, &mut |expr| {
        if let ExprKind::Member { field, .. } = &expr.kind
            && field.token == token
        {
            found = Some(expr.clone());
        }
    });
    found
}
