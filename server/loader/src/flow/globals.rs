//! Which file-scope variables keep their value while code elsewhere runs.

use std::collections::BTreeSet;

use cfront::{
    sema::Linkage,
    symbol::Symbol,
    token::{Token, TokenKind},
    unit::{ItemId, Unit},
};
use rustc_hash::{FxHashMap, FxHashSet};

/// Functions and variables of a file as its tokens mention them.
///
/// Unknown code can come back into the file through functions whose address was taken. A static
/// variable keeps its value over such calls when none of these functions, nor what they call in
/// turn, can assign it.
#[derive(Debug, Default)]
pub struct Globals {
    /// Static variables that only directly called functions assign.
    kept: FxHashSet<Symbol>,
    /// Functions whose address is taken somewhere.
    taken: FxHashSet<Symbol>,
    /// Functions that are called by name somewhere.
    called: FxHashSet<Symbol>,
    /// The functions that each function mentions.
    mentions: FxHashMap<Symbol, BTreeSet<Symbol>>,
}

#[derive(Default)]
struct Mentions {
    functions: BTreeSet<Symbol>,
    changed: BTreeSet<Symbol>,
}

impl Globals {
    /// Reads the tokens of the main file.
    pub fn of(unit: &Unit) -> Globals {
        let functions: FxHashMap<Symbol, ItemId> = unit
            .functions()
            .iter()
            .filter_map(|f| Some((f.name, ItemId(f.definition_place()?.item))))
            .collect();
        let mut globals = Globals::default();
        let mut bodies: FxHashMap<Symbol, Mentions> = FxHashMap::default();
        let by_item: FxHashMap<ItemId, Symbol> =
            functions.iter().map(|(name, item)| (*item, *name)).collect();
        for &item in unit.main_items() {
            let tokens = unit.tokens(item);
            let owner = by_item.get(&item).copied();
            let mut mentions = Mentions::default();
            let mut own_name_seen = false;
            for (index, token) in tokens.iter().enumerate() {
                if token.kind != TokenKind::Ident {
                    continue;
                }
                let before = index.checked_sub(1).and_then(|i| tokens.get(i));
                let next = tokens.get(index + 1);
                if functions.contains_key(&token.sym) {
                    // The first mention of a function in its own item is its declarator.
                    if owner == Some(token.sym) && !own_name_seen {
                        own_name_seen = true;
                        continue;
                    }
                    mentions.functions.insert(token.sym);
                    if next.is_some_and(|next| next.is("(")) {
                        if owner.is_some() {
                            globals.called.insert(token.sym);
                        }
                    } else {
                        globals.taken.insert(token.sym);
                    }
                } else if changes(before, next) {
                    mentions.changed.insert(token.sym);
                }
            }
            if let Some(owner) = owner {
                bodies.insert(owner, mentions);
            }
        }
        let mut work: Vec<Symbol> = globals.taken.iter().copied().collect();
        let mut seen: FxHashSet<Symbol> = globals.taken.clone();
        let mut changed: FxHashSet<Symbol> = FxHashSet::default();
        while let Some(function) = work.pop() {
            let Some(mentions) = bodies.get(&function) else { continue };
            changed.extend(mentions.changed.iter().copied());
            work.extend(mentions.functions.iter().copied().filter(|f| seen.insert(*f)));
        }
        globals.mentions =
            bodies.into_iter().map(|(name, mentions)| (name, mentions.functions)).collect();
        globals.kept = unit
            .variables()
            .iter()
            .filter(|v| v.linkage == Linkage::Internal && !changed.contains(&v.name))
            .map(|v| v.name)
            .collect();
        globals
    }

    /// Whether a file-scope variable keeps a pointer over calls of unknown code.
    pub fn is_kept(&self, variable: Symbol) -> bool {
        self.kept.contains(&variable)
    }

    /// The function itself and all that it may call in turn.
    pub fn reach(&self, function: Symbol) -> FxHashSet<Symbol> {
        let mut seen = FxHashSet::from_iter([function]);
        let mut work = vec![function];
        while let Some(function) = work.pop() {
            let Some(mentions) = self.mentions.get(&function) else { continue };
            work.extend(mentions.iter().copied().filter(|f| seen.insert(*f)));
        }
        seen
    }

    /// Whether a function is only ever called by name in this file.
    pub fn only_called(&self, function: Symbol) -> bool {
        self.called.contains(&function) && !self.taken.contains(&function)
    }
}

/// Whether the tokens around a name may change the variable, or a member of it.
fn changes(before: Option<&Token>, next: Option<&Token>) -> bool {
    if before.is_some_and(|t| t.is("&") || t.is("++") || t.is("--")) {
        return true;
    }
    next.is_some_and(|t| {
        let text = t.sym.as_str();
        matches!(text, "." | "[" | "++" | "--")
            || text.ends_with('=') && !matches!(text, "==" | "!=" | "<=" | ">=")
    })
}
