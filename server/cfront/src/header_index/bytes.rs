//! Classes of bytes: what one can be the first of.

/// What a byte is to the scan.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Leaves the item to the lexer.
    Odd,
    Space,
    Word,
    Digit,
    /// Operators that mean nothing here.
    Operator,
    Slash,
    Less,
    OpenBrace,
    CloseBrace,
    /// `(` or `[`
    Open,
    /// `)` or `]`
    Close,
    Semicolon,
    Comma,
    Colon,
    Equals,
    Star,
}

/// The class of each byte.
pub(super) static CLASS: [Class; 256] = {
    let mut table = [Class::Odd; 256];
    let mut i = 0;
    while i < 128 {
        let b = i as u8;
        table[i] = match b {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => Class::Space,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' => Class::Word,
            b'0'..=b'9' => Class::Digit,
            b'+' | b'-' | b'&' | b'|' | b'^' | b'~' | b'!' | b'?' | b'>' | b'.' => Class::Operator,
            b'/' => Class::Slash,
            b'<' => Class::Less,
            b'{' => Class::OpenBrace,
            b'}' => Class::CloseBrace,
            b'(' | b'[' => Class::Open,
            b')' | b']' => Class::Close,
            b';' => Class::Semicolon,
            b',' => Class::Comma,
            b':' => Class::Colon,
            b'=' => Class::Equals,
            b'*' => Class::Star,
            _ => Class::Odd,
        };
        i += 1;
    }
    table
};

/// Bytes of words.
pub(super) static IN_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = matches!(CLASS[i], Class::Word | Class::Digit);
        i += 1;
    }
    table
};
