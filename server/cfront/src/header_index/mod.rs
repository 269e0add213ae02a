//! Items of a stretch of header text, found without lexing it.
//!
//! vmlinux.h is 2.5 MB of plain declarations of which a program uses a few. A stretch that holds no
//! directive and no name of a macro is its own expansion, so one pass over its bytes ([`scan`])
//! finds where its items end and which names they declare; tokens of an item are made when it is
//! asked for. What the pass does not know for sure it leaves to the lexer: a stretch ends before
//! the first item that is not plain.

mod bytes;
mod item;
mod scan;
#[cfg(test)]
mod tests;
mod words;

use std::{
    ops::Range,
    sync::{Mutex, OnceLock},
};

use rustc_hash::FxHashMap;

use self::words::{Specials, WordSet};
use crate::{
    lexer,
    names::NameSpace,
    pp::MacroTable,
    session::lock,
    source::{FileId, Text},
    symbol::{Symbol, hash as word_hash},
    token::Token,
};

/// Shorter stretches are lexed: an index of few items gains nothing.
pub(crate) const MIN_BYTES: usize = 8 << 10;

/// The index of a stretch of a header.
#[derive(Debug)]
pub(crate) struct HeaderIndex {
    /// The header.
    pub(crate) file: FileId,
    text: Text,
    /// The stretch: whole items, from behind the token before them.
    pub(crate) range: Range<usize>,
    /// One past the last byte of each item; it begins where the one before it ends.
    ends: Vec<u32>,
    names: NameTable,
    /// Made when the first word is looked for: a header that is read once needs it never.
    words: OnceLock<WordSet>,
    /// Names that were looked for in the text.
    found: Mutex<FxHashMap<Symbol, bool>>,
}

impl HeaderIndex {
    /// Indexes the items from `start` on, as far as they are plain; `None` when that is not far
    /// enough to be worth it. `macros` are those in force there.
    pub(crate) fn new(
        file: FileId,
        text: &Text,
        start: usize,
        macros: &MacroTable,
    ) -> Option<HeaderIndex> {
        let specials = Specials::new(macros);
        let found = scan::scan(text, start, &specials);
        let end = *found.ends.last()? as usize;
        if end.saturating_sub(start) < MIN_BYTES {
            return None;
        }
        Some(HeaderIndex {
            file,
            text: text.clone(),
            range: start..end,
            names: NameTable::new(found.names),
            ends: found.ends,
            words: OnceLock::new(),
            found: Mutex::default(),
        })
    }

    /// Number of items.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of an item, white space before its first token included.
    fn item_range(&self, item: usize) -> Option<Range<usize>> {
        let start = match item.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => self.range.start,
        };
        Some(start..*self.ends.get(item)? as usize)
    }

    /// The item that a byte of the file belongs to.
    pub(crate) fn item_at(&self, offset: usize) -> Option<usize> {
        let inside = self.range.contains(&offset);
        inside.then(|| self.ends.partition_point(|&end| end as usize <= offset))
    }

    /// The tokens of an item.
    pub(crate) fn tokens(&self, item: usize) -> Vec<Token> {
        self.item_range(item).map(|range| lex(&self.text, self.file, range)).unwrap_or_default()
    }

    /// The tokens of all items.
    pub(crate) fn all_tokens(&self) -> Vec<Token> {
        lex(&self.text, self.file, self.range.clone())
    }

    /// The items that declare a name, with the name space and whether a tag's body stands there.
    pub(crate) fn declaring(
        &self,
        name: Symbol,
    ) -> impl Iterator<Item = (u32, NameSpace, bool)> + '_ {
        let text = name.as_str();
        let named = self.names.of_hash(word_hash(text.as_bytes()));
        named
            .filter(move |entry| self.is_word(entry.offset as usize, text))
            .map(|entry| (entry.item, entry.space, entry.defines))
    }

    /// All names that the items declare.
    pub(crate) fn names(&self) -> impl Iterator<Item = (Symbol, NameSpace)> + '_ {
        self.names.entries.iter().map(|entry| {
            let raw = lexer::lex(&self.text, entry.offset as usize);
            (Symbol::intern(&raw.text(&self.text)), entry.space)
        })
    }

    /// Whether that word, and no longer one, stands at a byte.
    fn is_word(&self, offset: usize, word: &str) -> bool {
        let rest = self.text.as_bytes().get(offset..).unwrap_or(&[]);
        rest.strip_prefix(word.as_bytes())
            .is_some_and(|after| !after.first().is_some_and(|&b| lexer::is_word_byte(b)))
    }

    /// Whether an identifier stands in the text: with a macro of that name it would read otherwise.
    pub(crate) fn contains(&self, name: Symbol) -> bool {
        let word = name.as_str();
        let bytes = self.text.as_bytes();
        let text = bytes.get(self.range.clone()).unwrap_or(&[]);
        let words = self.words.get_or_init(|| WordSet::of(text));
        if !words.may_contain(word_hash(word.as_bytes())) {
            return false;
        }
        *lock(&self.found).entry(name).or_insert_with(|| {
            let mut found = memchr::memmem::find_iter(text, word.as_bytes());
            found.any(|at| {
                let at = at + self.range.start;
                let begins = !at
                    .checked_sub(1)
                    .and_then(|before| bytes.get(before))
                    .is_some_and(|&b| lexer::is_word_byte(b));
                begins && self.is_word(at, word)
            })
        })
    }

    /// A hash of the text.
    pub(crate) fn text_hash(&self) -> u64 {
        use std::hash::{Hash, Hasher};
        let mut hasher = rustc_hash::FxHasher::default();
        self.text.get(self.range.clone()).hash(&mut hasher);
        hasher.finish()
    }
}

/// The tokens of a byte range that begins behind a token.
fn lex(text: &str, file: FileId, range: Range<usize>) -> Vec<Token> {
    let mut interner = Symbol::batch();
    let mut tokens = Vec::new();
    let mut pos = range.start;
    loop {
        let raw = lexer::lex(text, pos);
        if raw.start >= range.end {
            return tokens;
        }
        let Some(token) = raw.token(text, file, &mut interner) else { return tokens };
        tokens.push(token);
        pos = raw.end;
    }
}

/// A name that an item declares.
#[derive(Clone, Copy, Debug)]
struct NameEntry {
    hash: u32,
    /// Where it is spelled.
    offset: u32,
    item: u32,
    space: NameSpace,
    /// For tags, whether the body stands there.
    defines: bool,
}

/// Names by hash.
#[derive(Debug)]
struct NameTable {
    entries: Vec<NameEntry>,
    /// For each value of the hash's low bits, the first entry, counted from 1.
    heads: Vec<u32>,
    /// For each entry, the next one with the same low bits, counted from 1.
    next: Vec<u32>,
}

impl NameTable {
    fn new(entries: Vec<NameEntry>) -> NameTable {
        let mut heads = vec![0u32; entries.len().next_power_of_two()];
        let mut next = vec![0u32; entries.len()];
        let mask = heads.len() - 1;
        // From the last to the first, so that chains run in the order of the items.
        for (i, entry) in entries.iter().enumerate().rev() {
            if let (Some(head), Some(slot)) =
                (heads.get_mut(entry.hash as usize & mask), next.get_mut(i))
            {
                *slot = *head;
                *head = i as u32 + 1;
            }
        }
        NameTable { entries, heads, next }
    }

    fn of_hash(&self, hash: u64) -> impl Iterator<Item = &NameEntry> {
        let hash = short(hash);
        let head = self.heads.get(hash as usize & (self.heads.len() - 1)).copied().unwrap_or(0);
        let follow = |at: &u32| self.next.get(at.checked_sub(1)? as usize).copied();
        std::iter::successors(Some(head), follow)
            .map_while(|at| self.entries.get(at.checked_sub(1)? as usize))
            .filter(move |entry| entry.hash == hash)
    }
}

/// The part of a hash that is kept with a name.
fn short(hash: u64) -> u32 {
    (hash >> 32) as u32
}
