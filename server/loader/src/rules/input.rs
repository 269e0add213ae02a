//! What the loader-side rules look at.

use cfront::{
    ast::{Expr, visit},
    unit::{ItemId, Unit},
};

use crate::skeletons::Skeleton;

/// What the loader-side rules look at.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The loader.
    pub unit: &'a Unit,
    /// The skeletons it includes.
    pub skeletons: &'a [Skeleton],
    /// The text of the loader's own file, for quick fixes.
    pub text: &'a str,
    /// Whether the loader's compile flags are the build's own, and not guessed.
    pub exact_flags: bool,
}

impl Input<'_> {
    /// Looks at every expression of the loader's own file.
    pub(super) fn expressions(&self, mut look: impl FnMut(ItemId, &Expr)) {
        for item in self.unit.main_items() {
            if let Some(parsed) = self.unit.item(*item) {
                visit::expressions(&parsed.syntax, &mut |expr| look(*item, expr));
            }
        }
    }
}
