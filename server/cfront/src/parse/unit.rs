//! All items of a token stream, in order: for user-space files, tests and scores.

use rustc_hash::FxHashSet;

use super::{ParsedItem, parse_item};
use crate::{
    names::{Declared, NameSpace, for_each_declared},
    split::{ItemRange, split},
    symbol::Symbol,
    token::Token,
};

/// An item with its place in the stream.
#[derive(Clone, PartialEq, Debug)]
pub struct UnitItem {
    /// Where it stands.
    pub range: ItemRange,
    /// What it is; spans in it count from `range.start`.
    pub parsed: ParsedItem,
}

/// Splits an expanded token stream and parses every item of it eagerly, each with the typedef
/// names that stand before it. `keep` says which items are wanted (by their tokens' range); the
/// others only give their names.
pub fn parse_unit(tokens: &[Token], keep: impl Fn(&ItemRange) -> bool) -> Vec<UnitItem> {
    let mut typedefs: FxHashSet<Symbol> = FxHashSet::default();
    let mut items = Vec::new();
    for range in split(tokens) {
        let slice = tokens.get(range.start..range.end).unwrap_or(&[]);
        if keep(&range) {
            let scope = |name: Symbol| typedefs.contains(&name);
            let parsed = parse_item(slice, &range.pragma, &scope);
            items.push(UnitItem { range, parsed });
        }
        for_each_declared(slice, |Declared { name, space, .. }| match space {
            NameSpace::Typedef => {
                typedefs.insert(name);
            }
            NameSpace::Ordinary | NameSpace::Enumerator => {
                typedefs.remove(&name);
            }
            NameSpace::Tag => {}
        });
    }
    items
}
