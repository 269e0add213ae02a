//! Interned strings: identifiers and spellings of tokens.

use std::sync::{OnceLock, RwLock};

use rustc_hash::FxHashMap;

/// An interned string; equal strings have equal symbols in the whole process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u32);

#[derive(Default)]
struct Table {
    ids: FxHashMap<&'static str, u32>,
    strings: Vec<&'static str>,
}

fn table() -> &'static RwLock<Table> {
    static TABLE: OnceLock<RwLock<Table>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table::default();
        table.ids.insert("", 0);
        table.strings.push("");
        RwLock::new(table)
    })
}

impl Symbol {
    /// The symbol of the empty string.
    pub const EMPTY: Symbol = Symbol(0);

    /// Interns a string.
    pub fn intern(text: &str) -> Symbol {
        let lock = table();
        if let Some(&id) = lock.read().unwrap_or_else(|e| e.into_inner()).ids.get(text) {
            return Symbol(id);
        }
        let mut table = lock.write().unwrap_or_else(|e| e.into_inner());
        if let Some(&id) = table.ids.get(text) {
            return Symbol(id);
        }
        let id = table.strings.len() as u32;
        // Symbols live as long as the process: identifiers repeat, and a session types few new ones.
        let text: &'static str = Box::leak(text.into());
        table.strings.push(text);
        table.ids.insert(text, id);
        Symbol(id)
    }

    /// The string.
    pub fn as_str(self) -> &'static str {
        let table = table().read().unwrap_or_else(|e| e.into_inner());
        table.strings.get(self.0 as usize).copied().unwrap_or("")
    }

    /// A dense number, usable as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl std::fmt::Debug for Symbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl std::fmt::Display for Symbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
