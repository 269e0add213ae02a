//! Classes of bytes: what one can be the first of, and where runs of them end.

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
static IN_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = matches!(CLASS[i], Class::Word | Class::Digit);
        i += 1;
    }
    table
};

/// The class of a byte; the end of the text is as odd as a NUL.
#[inline]
pub(super) fn class_at(bytes: &[u8], pos: usize) -> Class {
    CLASS[bytes.get(pos).copied().unwrap_or(0) as usize]
}

/// Where the word that holds a place ends. Three quarters of a vmlinux.h are words: no bound is checked for
/// each of their bytes.
#[inline]
pub(super) fn word_end(bytes: &[u8], mut pos: usize) -> usize {
    while let Some(chunk) = bytes.get(pos..).and_then(|rest| rest.first_chunk::<8>()) {
        match chunk.iter().position(|&b| !IN_WORD[b as usize]) {
            None => pos += chunk.len(),
            Some(some) => return pos + some,
        }
    }
    while bytes.get(pos).is_some_and(|&b| IN_WORD[b as usize]) {
        pos += 1;
    }
    pos
}

/// Where the white space at a place ends.
#[inline]
pub(super) fn spaces_end(bytes: &[u8], mut pos: usize) -> usize {
    while class_at(bytes, pos) == Class::Space {
        pos += 1;
    }
    pos
}

/// Where the preprocessing number at a place ends.
pub(super) fn number_end(bytes: &[u8], mut pos: usize) -> usize {
    while let Some(&b) = bytes.get(pos) {
        match CLASS[b as usize] {
            Class::Digit | Class::Word => {
                let sign = matches!(b, b'e' | b'E' | b'p' | b'P')
                    && matches!(bytes.get(pos + 1), Some(b'+' | b'-'));
                pos += 1 + usize::from(sign);
            }
            Class::Operator if b == b'.' => pos += 1,
            _ => break,
        }
    }
    pos
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_where_a_byte_is_of_no_word() {
        for b in 0..=255u8 {
            for before in 0..20 {
                let text = [vec![b'x'; before], vec![b], b"yz09_$AZ ".to_vec()].concat();
                let end = if IN_WORD[b as usize] { before + 9 } else { before };
                assert_eq!(word_end(&text, 0), end, "{b:#x} behind {before}");
                assert_eq!(word_end(&text[..before], 0), before);
            }
        }
    }
}
