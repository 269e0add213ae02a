//! Words by hash: those that mean something to the scan, and the set of all that a text has.

use crate::{
    lexer,
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
    /// For each first byte, the lengths of words that begin with it, a bit each; the last is for all longer ones.
    lengths: [u32; 128],
}

/// The bit of a word's length in [`Specials::lengths`].
#[inline]
fn length_bit(word: &[u8]) -> u32 {
    1 << word.len().min(31)
}

impl Specials {
    pub(super) fn new(macros: &MacroTable) -> Specials {
        let names: Vec<Symbol> = macros.iter().map(|def| def.name).collect();
        let keywords = Words::get().keywords();
        let count = names.len() + keywords.len() + 1;
        let slots = vec![(0, 0); (count * 4).next_power_of_two()];
        let mut specials = Specials { slots, words: Vec::with_capacity(count), lengths: [0; 128] };
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
        let first = name.as_bytes().first().map_or(0, |b| usize::from(*b));
        if let Some(lengths) = self.lengths.get_mut(first) {
            *lengths |= length_bit(name.as_bytes());
        }
        if let Some(slot) = self.slots.get_mut(free) {
            *slot = (super::short(hash), self.words.len() as u32);
        }
    }

    /// What a word is. Four of five members of a vmlinux.h are no special word by their first byte and length.
    #[inline]
    pub(super) fn find(&self, word: &[u8]) -> Option<Special> {
        let lengths = self.lengths.get(usize::from(*word.first()?))?;
        if lengths & length_bit(word) == 0 {
            return None;
        }
        self.place(word_hash(word), word).ok()
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

/// The words of a text; it may say yes of a word that it does not have (a Bloom filter).
#[derive(Debug)]
pub(super) struct WordSet {
    bits: Vec<u64>,
}

impl WordSet {
    pub(super) fn of(text: &[u8]) -> WordSet {
        // A header has a new word about every fifty bytes.
        let mut set =
            WordSet { bits: vec![0; (text.len() / 256).next_power_of_two().min(1 << 16)] };
        for word in text.split(|&b| !lexer::is_word_byte(b)).filter(|word| !word.is_empty()) {
            for (word, bit) in set.places(word_hash(word)) {
                if let Some(word) = set.bits.get_mut(word) {
                    *word |= bit;
                }
            }
        }
        set
    }

    fn places(&self, hash: u64) -> [(usize, u64); 2] {
        let mask = self.bits.len() - 1;
        [hash >> 40, hash >> 18].map(|h| ((h >> 6) as usize & mask, 1 << (h & 63)))
    }

    pub(super) fn may_contain(&self, hash: u64) -> bool {
        self.places(hash)
            .iter()
            .all(|&(word, bit)| self.bits.get(word).is_some_and(|word| word & bit != 0))
    }
}
