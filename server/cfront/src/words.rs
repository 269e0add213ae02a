//! The class of a token's spelling: keywords of GNU C in all their spellings, and punctuators.
//!
//! Tokens carry interned spellings only, so one dense table answers "which keyword is this" in a
//! few instructions; splitting vmlinux.h into items asks it once a token.

use std::sync::OnceLock;

use crate::{
    symbol::Symbol,
    token::{Token, TokenKind},
};

/// What a spelling means to the syntax. Spellings without an entry are [`Word::Other`]: ordinary
/// identifiers, literals, and operators that need no special treatment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Word {
    Other,
    // Punctuators.
    LBrace,
    RBrace,
    LParen,
    RParen,
    LBracket,
    RBracket,
    Semi,
    Comma,
    Colon,
    ColonColon,
    Question,
    Ellipsis,
    /// `=`
    Assign,
    /// `+=` ...
    CompoundAssign,
    Dot,
    Arrow,
    Star,
    Caret,
    AndAnd,
    /// `++`, `--`
    IncDec,
    // Declaration specifiers.
    Struct,
    Union,
    Enum,
    Typedef,
    Extern,
    Static,
    Auto,
    Register,
    Constexpr,
    Inline,
    Thread,
    Noreturn,
    Const,
    Volatile,
    Restrict,
    Atomic,
    /// A word of a basic type: `unsigned`, `char`, `void`, `double` ...
    Basic,
    Typeof,
    TypeofUnqual,
    AutoType,
    VaList,
    /// A typedef that the compiler declares: `__int128_t`.
    PredefinedTypedef,
    BitInt,
    Attribute,
    Declspec,
    Alignas,
    Asm,
    Extension,
    StaticAssert,
    // Expressions.
    Sizeof,
    Alignof,
    Generic,
    RealImag,
    // Statements.
    If,
    Else,
    While,
    Do,
    For,
    Switch,
    Case,
    Default,
    Goto,
    Break,
    Continue,
    Return,
    LabelDecl,
}

const WORDS: &[(Word, &str)] = &[
    (Word::LBrace, "{"),
    (Word::RBrace, "}"),
    (Word::LParen, "("),
    (Word::RParen, ")"),
    (Word::LBracket, "["),
    (Word::RBracket, "]"),
    (Word::Semi, ";"),
    (Word::Comma, ","),
    (Word::Colon, ":"),
    (Word::ColonColon, "::"),
    (Word::Question, "?"),
    (Word::Ellipsis, "..."),
    (Word::Assign, "="),
    (Word::CompoundAssign, "+= -= *= /= %= &= |= ^= <<= >>="),
    (Word::Dot, "."),
    (Word::Arrow, "->"),
    (Word::Star, "*"),
    (Word::Caret, "^"),
    (Word::AndAnd, "&&"),
    (Word::IncDec, "++ --"),
    (Word::Struct, "struct"),
    (Word::Union, "union"),
    (Word::Enum, "enum"),
    (Word::Typedef, "typedef"),
    (Word::Extern, "extern"),
    (Word::Static, "static"),
    (Word::Auto, "auto"),
    (Word::Register, "register"),
    (Word::Constexpr, "constexpr"),
    (Word::Inline, "inline __inline __inline__"),
    (Word::Thread, "_Thread_local __thread thread_local"),
    (Word::Noreturn, "_Noreturn"),
    (Word::Const, "const __const __const__"),
    (Word::Volatile, "volatile __volatile __volatile__"),
    (Word::Restrict, "restrict __restrict __restrict__"),
    (Word::Atomic, "_Atomic"),
    (
        Word::Basic,
        "void _Bool char short int long signed __signed __signed__ unsigned float double __int128 \
         _Float16 _Float32 _Float64 _Float128 __float128 __fp16 __bf16 \
         _Complex __complex __complex__",
    ),
    (Word::Typeof, "typeof __typeof __typeof__"),
    (Word::TypeofUnqual, "typeof_unqual __typeof_unqual __typeof_unqual__"),
    (Word::AutoType, "__auto_type"),
    (Word::VaList, "__builtin_va_list __builtin_ms_va_list"),
    (Word::PredefinedTypedef, "__int128_t __uint128_t"),
    (Word::BitInt, "_BitInt"),
    (Word::Attribute, "__attribute__ __attribute"),
    (Word::Declspec, "__declspec"),
    (Word::Alignas, "_Alignas alignas"),
    (Word::Asm, "asm __asm __asm__"),
    (Word::Extension, "__extension__"),
    (Word::StaticAssert, "_Static_assert static_assert"),
    (Word::Sizeof, "sizeof"),
    (Word::Alignof, "_Alignof alignof __alignof __alignof__"),
    (Word::Generic, "_Generic"),
    (Word::RealImag, "__real __real__ __imag __imag__"),
    (Word::If, "if"),
    (Word::Else, "else"),
    (Word::While, "while"),
    (Word::Do, "do"),
    (Word::For, "for"),
    (Word::Switch, "switch"),
    (Word::Case, "case"),
    (Word::Default, "default"),
    (Word::Goto, "goto"),
    (Word::Break, "break"),
    (Word::Continue, "continue"),
    (Word::Return, "return"),
    (Word::LabelDecl, "__label__"),
];

/// The table from spellings to words.
#[derive(Debug)]
pub struct Words {
    by_symbol: Vec<Word>,
    keywords: Vec<(Symbol, Word)>,
}

impl Words {
    /// The process-wide table.
    pub fn get() -> &'static Words {
        static TABLE: OnceLock<Words> = OnceLock::new();
        TABLE.get_or_init(|| {
            let mut by_symbol = Vec::new();
            let mut keywords = Vec::new();
            for (word, spellings) in WORDS {
                for spelling in spellings.split_ascii_whitespace() {
                    let symbol = Symbol::intern(spelling);
                    if spelling.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic()) {
                        keywords.push((symbol, *word));
                    }
                    let index = symbol.index();
                    if by_symbol.len() <= index {
                        by_symbol.resize(index + 1, Word::Other);
                    }
                    if let Some(slot) = by_symbol.get_mut(index) {
                        *slot = *word;
                    }
                }
            }
            Words { by_symbol, keywords }
        })
    }

    /// All keywords.
    pub(crate) fn keywords(&self) -> &[(Symbol, Word)] {
        &self.keywords
    }

    /// The class of a spelling.
    #[inline]
    pub fn of(&self, sym: Symbol) -> Word {
        self.by_symbol.get(sym.index()).copied().unwrap_or(Word::Other)
    }

    /// The class of a token.
    #[inline]
    pub fn token(&self, token: &Token) -> Word {
        match token.kind {
            TokenKind::Ident | TokenKind::Punct => self.of(token.sym),
            _ => Word::Other,
        }
    }

    /// Whether the token is an identifier and no keyword.
    #[inline]
    pub fn is_name(&self, token: &Token) -> bool {
        token.kind == TokenKind::Ident && self.of(token.sym) == Word::Other
    }
}

impl Word {
    /// Whether the word can only begin or continue declaration specifiers (the storage classes,
    /// qualifiers and type words; typedef names are not words).
    pub fn is_specifier(self) -> bool {
        self.is_type() || self.is_storage() || self.is_qualifier()
    }

    /// Whether the word is, or begins, a type specifier.
    pub fn is_type(self) -> bool {
        matches!(
            self,
            Word::Struct
                | Word::Union
                | Word::Enum
                | Word::Basic
                | Word::Typeof
                | Word::TypeofUnqual
                | Word::AutoType
                | Word::VaList
                | Word::PredefinedTypedef
                | Word::BitInt
        )
    }

    /// Whether the word begins a statement, or goes on with one (`else`, the `while` of a `do`).
    pub fn is_statement(self) -> bool {
        matches!(
            self,
            Word::If
                | Word::Else
                | Word::While
                | Word::Do
                | Word::For
                | Word::Switch
                | Word::Case
                | Word::Default
                | Word::Goto
                | Word::Break
                | Word::Continue
                | Word::Return
        )
    }

    /// Whether the word is a storage class or function specifier.
    pub fn is_storage(self) -> bool {
        matches!(
            self,
            Word::Typedef
                | Word::Extern
                | Word::Static
                | Word::Auto
                | Word::Register
                | Word::Constexpr
                | Word::Inline
                | Word::Thread
                | Word::Noreturn
        )
    }

    /// Whether the word is a qualifier (`_Atomic` may also begin a type specifier).
    pub fn is_qualifier(self) -> bool {
        matches!(self, Word::Const | Word::Volatile | Word::Restrict | Word::Atomic)
    }
}
