//! Interned strings: identifiers and spellings of tokens.
//!
//! Reading a symbol's text takes no lock. Interning takes one mutex; a lexer that interns a whole
//! file takes it once with [`Symbol::batch`].

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// An interned string; equal strings have equal symbols in the whole process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u32);

/// A page is made whole, so it is small: a small program has one or two thousand symbols.
const PAGE_BITS: usize = 10;
const PAGE: usize = 1 << PAGE_BITS;
const PAGES: usize = 1 << 14;
const BLOCK: usize = 1 << 16;

type Page = Box<[OnceLock<&'static str>]>;

/// Texts by number, in pages that never move, so that readers need no lock.
static TEXTS: [OnceLock<Page>; PAGES] = [const { OnceLock::new() }; PAGES];

struct Table {
    /// Open addressing: (hash, number + 1), 0 for free.
    slots: Vec<(u32, u32)>,
    len: u32,
    /// Rest of the block that new texts are copied into; texts live as long as the process:
    /// identifiers repeat, and a session types few new ones.
    free: &'static mut [u8],
}

fn table() -> &'static Mutex<Table> {
    static TABLE: OnceLock<Mutex<Table>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table { slots: vec![(0, 0); 1 << 12], len: 0, free: &mut [] };
        for text in known::TEXTS {
            table.intern(text);
        }
        Mutex::new(table)
    })
}

/// A hash of a spelling, good in all its bits.
#[inline]
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    const K: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut h = bytes.len() as u64;
    let (words, rest) = bytes.as_chunks::<8>();
    for chunk in words {
        h = (h.rotate_left(5) ^ u64::from_le_bytes(*chunk)).wrapping_mul(K);
    }
    let mut last = 0u64;
    match (rest.first_chunk::<4>(), rest.last_chunk::<4>()) {
        (Some(first), Some(end)) => {
            last =
                u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*end));
        }
        _ => rest.iter().for_each(|&b| last = last << 8 | u64::from(b)),
    }
    h = (h.rotate_left(5) ^ last).wrapping_mul(K);
    (h ^ h >> 29).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

fn text_of(number: u32) -> &'static str {
    TEXTS
        .get(number as usize >> PAGE_BITS)
        .and_then(|page| page.get())
        .and_then(|page| page.get(number as usize & (PAGE - 1)))
        .and_then(|text| text.get())
        .copied()
        .unwrap_or("")
}

impl Table {
    fn intern(&mut self, text: &str) -> Symbol {
        let hash = (hash(text.as_bytes()) >> 32) as u32;
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots.get(at) {
                Some(&(_, 0)) | None => break,
                Some(&(h, number)) if h == hash && text_of(number - 1) == text => {
                    return Symbol(number - 1);
                }
                Some(_) => at = (at + 1) & mask,
            }
        }
        self.insert(text, hash, at)
    }

    #[cold]
    fn insert(&mut self, text: &str, hash: u32, at: usize) -> Symbol {
        let number = self.len;
        let Some(page) = TEXTS.get(number as usize >> PAGE_BITS) else {
            return Symbol(0);
        };
        let page = page.get_or_init(|| (0..PAGE).map(|_| OnceLock::new()).collect());
        if let Some(place) = page.get(number as usize & (PAGE - 1)) {
            let _ = place.set(self.keep(text));
        }
        self.len += 1;
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = (hash, number + 1);
        }
        if self.len as usize * 2 > self.slots.len() {
            self.grow();
        }
        Symbol(number)
    }

    fn keep(&mut self, text: &str) -> &'static str {
        if text.len() > BLOCK / 4 {
            return Box::leak(text.into());
        }
        if text.len() > self.free.len() {
            self.free = Vec::leak(vec![0; BLOCK]);
        }
        let (own, rest) = std::mem::take(&mut self.free).split_at_mut(text.len());
        self.free = rest;
        own.copy_from_slice(text.as_bytes());
        std::str::from_utf8(own).unwrap_or("")
    }

    fn grow(&mut self) {
        let size = self.slots.len() * 2;
        let old = std::mem::replace(&mut self.slots, vec![(0, 0); size]);
        for entry in old.into_iter().filter(|e| e.1 != 0) {
            let mut at = entry.0 as usize & (size - 1);
            while self.slots.get(at).is_some_and(|e| e.1 != 0) {
                at = (at + 1) & (size - 1);
            }
            if let Some(slot) = self.slots.get_mut(at) {
                *slot = entry;
            }
        }
    }
}

/// Interns many strings under one lock. While a thread holds one it must not call
/// [`Symbol::intern`] or [`Symbol::batch`].
pub struct Interner(MutexGuard<'static, Table>);

impl Interner {
    /// Interns a string.
    pub fn intern(&mut self, text: &str) -> Symbol {
        self.0.intern(text)
    }
}

impl Symbol {
    /// The symbol of the empty string.
    pub const EMPTY: Symbol = Symbol(0);

    /// Interns a string.
    pub fn intern(text: &str) -> Symbol {
        Symbol::batch().intern(text)
    }

    /// Locks the table to intern many strings.
    pub fn batch() -> Interner {
        Interner(table().lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The string.
    pub fn as_str(self) -> &'static str {
        // A known symbol may be asked before anything was interned.
        match known::TEXTS.get(self.0 as usize) {
            Some(text) => text,
            None => text_of(self.0),
        }
    }

    /// The symbol with that [`Symbol::index`].
    pub(crate) fn from_index(index: usize) -> Symbol {
        Symbol(index as u32)
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

/// Symbols with fixed numbers: punctuators and the words that the front end asks for often.
#[allow(missing_docs)]
pub mod known {
    use super::Symbol;

    macro_rules! known {
        ($($name:ident = $text:literal),* $(,)?) => {
            #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
            enum Number { EMPTY, $($name),* }
            $(pub const $name: Symbol = Symbol(Number::$name as u32);)*
            pub(super) const TEXTS: &[&str] = &[{ let _ = Number::EMPTY; "" }, $($text),*];
        };
    }

    known! {
        L_PAREN = "(", R_PAREN = ")", L_BRACE = "{", R_BRACE = "}", L_BRACKET = "[", R_BRACKET = "]",
        SEMI = ";", COMMA = ",", DOT = ".", ELLIPSIS = "...", ARROW = "->", QUESTION = "?",
        COLON = ":", COLON_COLON = "::", HASH = "#", HASH_HASH = "##",
        EQ = "=", EQ_EQ = "==", NE = "!=", NOT = "!", TILDE = "~",
        LT = "<", LE = "<=", GT = ">", GE = ">=", SHL = "<<", SHR = ">>", SHL_EQ = "<<=", SHR_EQ = ">>=",
        PLUS = "+", PLUS_PLUS = "++", PLUS_EQ = "+=", MINUS = "-", MINUS_MINUS = "--", MINUS_EQ = "-=",
        STAR = "*", STAR_EQ = "*=", SLASH = "/", SLASH_EQ = "/=", PERCENT = "%", PERCENT_EQ = "%=",
        AMP = "&", AMP_AMP = "&&", AMP_EQ = "&=", PIPE = "|", PIPE_PIPE = "||", PIPE_EQ = "|=",
        CARET = "^", CARET_EQ = "^=", AT = "@", BACKSLASH = "\\",
        ZERO = "0", ONE = "1",
        STRUCT = "struct", UNION = "union", ENUM = "enum", TYPEDEF = "typedef", EXTERN = "extern",
        STATIC = "static", INLINE = "inline", CONST = "const", VOLATILE = "volatile",
        ATTRIBUTE = "__attribute__", ATTRIBUTE_SHORT = "__attribute", DECLSPEC = "__declspec",
        ALIGNAS = "_Alignas", ALIGNAS_23 = "alignas", ASM = "asm", TYPEOF = "typeof",
        DEFINE = "define", UNDEF = "undef", INCLUDE = "include", INCLUDE_NEXT = "include_next",
        IMPORT = "import", IF = "if", IFDEF = "ifdef", IFNDEF = "ifndef", ELIF = "elif",
        ELIFDEF = "elifdef", ELIFNDEF = "elifndef", ELSE = "else", ENDIF = "endif", ERROR = "error",
        WARNING = "warning", PRAGMA = "pragma", LINE = "line", IDENT = "ident", SCCS = "sccs",
        DEFINED = "defined", ONCE = "once", PACK = "pack", CLANG = "clang", ATTRIBUTE_WORD = "attribute",
        PUSH_MACRO = "push_macro", POP_MACRO = "pop_macro", PRAGMA_OPERATOR = "_Pragma",
        VA_ARGS = "__VA_ARGS__", VA_OPT = "__VA_OPT__", TRUE = "true", FALSE = "false",
        STDC = "STDC", GCC = "GCC", BOOL = "bool", BUILTIN_OFFSETOF = "__builtin_offsetof",
        BUILTIN_VA_ARG = "__builtin_va_arg", BUILTIN_CHOOSE_EXPR = "__builtin_choose_expr",
        BUILTIN_TYPES_COMPATIBLE_P = "__builtin_types_compatible_p",
        EMBED = "embed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_symbols_have_their_texts() {
        assert_eq!(Symbol::intern(""), Symbol::EMPTY);
        assert_eq!(Symbol::intern("<<="), known::SHL_EQ);
        assert_eq!(known::VA_OPT.as_str(), "__VA_OPT__");
    }

    #[test]
    fn equal_strings_have_equal_symbols() {
        let first: Vec<_> = (0..20_000).map(|i| Symbol::intern(&format!("name_{i}"))).collect();
        for (i, symbol) in first.iter().enumerate() {
            assert_eq!(symbol.as_str(), format!("name_{i}"));
            assert_eq!(Symbol::intern(&format!("name_{i}")), *symbol);
        }
    }
}
