//! Words by hash: those that mean something to the scan, and the set of all that a text has.

use crate::{
    pp::MacroTable,
    symbol::{Symbol, hash as word_hash, known as k},
    words::{Word, Words},
};

/// What a word is to the scan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Special {
    /// The name of a macro: the text is not its own expansion.
    Macro,
    /// A keyword.
    Keyword(Word),
}

/// Keywords and the macros in force.
pub(super) struct Specials {
    /// Open addressing: hash, and the number of the word counted from 1, 0 for free.
    slots: Vec<(u32, u32)>,
    words: Vec<(&'static str, Special)>,
}

impl Specials {
    pub(super) fn new(macros: &MacroTable) -> Specials {
        let names: Vec<Symbol> = macros.iter().map(|def| def.name).collect();
        let keywords = Words::get().keywords();
        let count = names.len() + keywords.len() + 1;
        let slots = vec![(0, 0); (count * 4).next_power_of_two()];
        let mut specials = Specials { slots, words: Vec::with_capacity(count) };
        // Macros come first: one may have the name of a keyword.
        specials.insert(k::PRAGMA_OPERATOR, Special::Macro);
        for name in names {
            specials.insert(name, Special::Macro);
        }
        for &(name, word) in keywords {
            specials.insert(name, Special::Keyword(word));
        }
        specials
    }

    fn insert(&mut self, name: Symbol, what: Special) {
        let name = name.as_str();
        let hash = word_hash(name.as_bytes());
        let Err(free) = self.place(hash, name.as_bytes()) else { return };
        self.words.push((name, what));
        if let Some(slot) = self.slots.get_mut(free) {
            *slot = (super::short(hash), self.words.len() as u32);
        }
    }

    /// What a word with that hash is.
    #[inline]
    pub(super) fn find(&self, hash: u64, word: &[u8]) -> Option<Special> {
        self.place(hash, word).ok()
    }

    /// What a word is, or the slot that is free for it.
    #[inline]
    fn place(&self, hash: u64, word: &[u8]) -> Result<Special, usize> {
        let hash = super::short(hash);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots.get(at) {
                Some(&(known, number)) if number != 0 => {
                    if known == hash
                        && let Some((name, what)) = self.words.get(number as usize - 1)
                        && name.as_bytes() == word
                    {
                        return Ok(*what);
                    }
                }
                _ => return Err(at),
            }
            at = (at + 1) & mask;
        }
    }
}

/// A set of words that may say yes of a word it does not have (a Bloom filter). Keywords are not put
/// into it.
#[derive(Debug)]
pub(super) struct WordSet {
    bits: Vec<u64>,
}

impl WordSet {
    /// An empty set for the words of so many bytes of text.
    pub(super) fn for_text(bytes: usize) -> WordSet {
        // A header has a new word about every fifty bytes.
        WordSet { bits: vec![0; (bytes / 256).next_power_of_two().min(1 << 16)] }
    }

    fn places(&self, hash: u64) -> [(usize, u64); 2] {
        let mask = self.bits.len() - 1;
        [hash >> 40, hash >> 18].map(|h| ((h >> 6) as usize & mask, 1 << (h & 63)))
    }

    #[inline]
    pub(super) fn insert(&mut self, hash: u64) {
        for (word, bit) in self.places(hash) {
            if let Some(word) = self.bits.get_mut(word) {
                *word |= bit;
            }
        }
    }

    /// Adds all of a set for as many bytes.
    pub(super) fn union(&mut self, other: &WordSet) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(word, other)| *word |= other);
    }

    pub(super) fn may_contain(&self, hash: u64) -> bool {
        self.places(hash)
            .iter()
            .all(|&(word, bit)| self.bits.get(word).is_some_and(|word| word & bit != 0))
    }
}
