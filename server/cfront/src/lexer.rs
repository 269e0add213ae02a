//! The lexer: bytes of a file to preprocessing tokens (C11 5.1.1.2 phases 1 to 3).
//!
//! It is a function of a text and an offset and keeps no state, so lexing can start at any token.
//! Trigraphs, where a standard has them, are gone before ([`without_trigraphs`]).

use std::borrow::Cow;

use crate::{
    source::{FileId, Loc},
    symbol::{Interner, Symbol, known as k},
    token::{Token, TokenKind},
};

/// A token of a file, before its spelling is interned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Raw {
    /// Kind; `None` at the end of the text.
    pub kind: Option<TokenKind>,
    /// [`Token::SPACE_BEFORE`] and [`Token::LINE_START`].
    pub flags: u8,
    /// Whether a line splice lies inside, or a universal character name in an identifier.
    pub spliced: bool,
    /// Whether a literal or a block comment before the token is not closed.
    pub unterminated: bool,
    /// Spelling of a punctuator.
    pub punct: Symbol,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

const IDENT: u8 = 1;
const DIGIT: u8 = 2;

static CLASS: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        if b.is_ascii_alphabetic() || b == b'_' || b == b'$' || b >= 0x80 {
            table[i] = IDENT;
        } else if b.is_ascii_digit() {
            table[i] = DIGIT;
        }
        i += 1;
    }
    table
};

fn class(b: u8) -> u8 {
    CLASS[b as usize]
}

/// Whether a byte continues a word.
pub(crate) fn is_word_byte(b: u8) -> bool {
    class(b) != 0
}

fn at(bytes: &[u8], pos: usize) -> u8 {
    bytes.get(pos).copied().unwrap_or(0)
}

/// Length of the line splice (backslash, white space, newline) at `pos`, or 0.
fn splice(bytes: &[u8], pos: usize) -> usize {
    if at(bytes, pos) != b'\\' {
        return 0;
    }
    let mut end = pos + 1;
    while matches!(at(bytes, end), b' ' | b'\t' | 0x0b | 0x0c) {
        end += 1;
    }
    match (at(bytes, end), at(bytes, end + 1)) {
        (b'\r', b'\n') => end + 2 - pos,
        (b'\n' | b'\r', _) => end + 1 - pos,
        _ => 0,
    }
}

/// One past the comment that begins at `pos` with `//`: its newline is not part of it.
pub(crate) fn line_comment_end(bytes: &[u8], mut pos: usize) -> usize {
    loop {
        let rest = bytes.get(pos..).unwrap_or(&[]);
        let Some(i) = memchr::memchr3(b'\n', b'\r', b'\\', rest) else {
            return bytes.len();
        };
        pos += i;
        if at(bytes, pos) != b'\\' {
            return pos;
        }
        pos += splice(bytes, pos).max(1);
    }
}

/// One past the block comment that begins at `pos`, or `None` when it is not closed.
pub(crate) fn block_comment_end(bytes: &[u8], pos: usize) -> Option<usize> {
    // Lines of long comments begin with stars: slashes are the rarer.
    let mut from = pos + 3;
    loop {
        let slash = from + memchr::memchr(b'/', bytes.get(from..)?)?;
        from = slash + 1;
        let mut end = slash;
        while matches!(before(bytes, end), b'\n' | b'\r')
            && let Some(start) = splice_before(bytes, end)
        {
            end = start;
        }
        if before(bytes, end) == b'*' && end > pos + 2 {
            return Some(from);
        }
    }
}

fn before(bytes: &[u8], pos: usize) -> u8 {
    pos.checked_sub(1).map_or(0, |pos| at(bytes, pos))
}

/// The start of the line splice that ends at `end`, behind a line's end.
fn splice_before(bytes: &[u8], end: usize) -> Option<usize> {
    let mut start = end.checked_sub(1)?;
    if at(bytes, start) == b'\n' && before(bytes, start) == b'\r' {
        start -= 1;
    }
    while matches!(before(bytes, start), b' ' | b'\t' | 0x0b | 0x0c) {
        start -= 1;
    }
    (before(bytes, start) == b'\\').then(|| start - 1)
}

/// Skips white space and comments: the new offset, the flags for the token there, and whether a
/// comment is not closed.
fn skip_space(bytes: &[u8], mut pos: usize) -> (usize, u8, bool) {
    let mut flags = 0;
    loop {
        match at(bytes, pos) {
            b' ' | b'\t' | 0x0b | 0x0c => {
                flags |= Token::SPACE_BEFORE;
                pos += 1;
            }
            b'\n' | b'\r' => {
                flags = Token::LINE_START;
                pos += 1;
            }
            b'/' => match at(bytes, pos + 1) {
                b'/' => {
                    flags |= Token::SPACE_BEFORE;
                    pos = line_comment_end(bytes, pos);
                }
                b'*' => {
                    flags |= Token::SPACE_BEFORE;
                    match block_comment_end(bytes, pos) {
                        Some(end) => pos = end,
                        None => return (bytes.len(), flags, true),
                    }
                }
                _ => return (pos, flags, false),
            },
            b'\\' => match splice(bytes, pos) {
                0 => return (pos, flags, false),
                n => pos += n,
            },
            0 if pos < bytes.len() => {
                flags |= Token::SPACE_BEFORE;
                pos += 1;
            }
            _ => return (pos, flags, false),
        }
    }
}

/// Lexes the token at or after `pos`. The first token of a text has [`Token::LINE_START`].
pub fn lex(text: &str, pos: usize) -> Raw {
    let bytes = text.as_bytes();
    let (start, mut flags, open_comment) = skip_space(bytes, pos);
    // A byte order mark, which nobody lexes, changes nothing.
    if pos == 0 || pos == 3 && text.starts_with('\u{feff}') {
        flags |= Token::LINE_START;
    }
    let mut raw = token_at(bytes, start);
    raw.flags |= flags;
    raw.unterminated |= open_comment;
    raw
}

fn token_at(bytes: &[u8], start: usize) -> Raw {
    let first = at(bytes, start);
    let mut raw = Raw {
        kind: None,
        flags: 0,
        spliced: false,
        unterminated: false,
        punct: Symbol::EMPTY,
        start,
        end: start,
    };
    if start >= bytes.len() {
        return raw;
    }
    match class(first) {
        IDENT => {
            let mut end = start + 1;
            while class(at(bytes, end)) != 0 {
                end += 1;
            }
            match (at(bytes, end), end - start) {
                (quote @ (b'"' | b'\''), len @ (1 | 2)) if is_prefix(bytes, start, len) => {
                    return literal(bytes, raw, end, quote);
                }
                _ => {}
            }
            raw.kind = Some(TokenKind::Ident);
            raw.end = end;
        }
        DIGIT => number(bytes, &mut raw),
        _ => match first {
            b'"' | b'\'' => return literal(bytes, raw, start, first),
            b'.' if class(at(bytes, start + 1)) == DIGIT => number(bytes, &mut raw),
            b'\\' if universal_name(bytes, start).is_some() => {
                raw.kind = Some(TokenKind::Ident);
                universal_ident(bytes, &mut raw);
            }
            _ => punctuator(bytes, &mut raw),
        },
    }
    if at(bytes, raw.end) == b'\\' {
        if splice(bytes, raw.end) != 0 {
            return spliced_token(bytes, raw);
        }
        if raw.kind == Some(TokenKind::Ident) && universal_name(bytes, raw.end).is_some() {
            universal_ident(bytes, &mut raw);
        }
    }
    raw
}

/// The character that a universal character name (`\u00e9`, `\U0001F600`) at `pos` stands for, and the
/// length of the name.
fn universal_name(bytes: &[u8], pos: usize) -> Option<(char, usize)> {
    let digits = match (at(bytes, pos), at(bytes, pos + 1)) {
        (b'\\', b'u') => 4,
        (b'\\', b'U') => 8,
        _ => return None,
    };
    let digits = bytes.get(pos + 2..pos + 2 + digits)?;
    let code = digits.iter().try_fold(0u32, |code, digit| {
        Some(code.checked_mul(16)? | (*digit as char).to_digit(16)?)
    })?;
    // What has a place in the basic set is no name of an identifier's character.
    Some((char::from_u32(code).filter(|c| *c as u32 >= 0xa0)?, digits.len() + 2))
}

/// Lengthens an identifier over the universal character names that go on with it.
#[cold]
fn universal_ident(bytes: &[u8], raw: &mut Raw) {
    loop {
        match universal_name(bytes, raw.end) {
            Some((_, len)) => raw.end += len,
            None if class(at(bytes, raw.end)) != 0 => raw.end += 1,
            None => break,
        }
    }
    raw.spliced = true;
    raw.flags |= Token::SPELLED_OTHERWISE;
}

/// An identifier's spelling with characters in place of their universal names.
fn with_characters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pos = 0;
    while let Some(c) = text.get(pos..).and_then(|rest| rest.chars().next()) {
        let (c, len) = universal_name(text.as_bytes(), pos).unwrap_or((c, c.len_utf8()));
        out.push(c);
        pos += len;
    }
    out
}

/// A text with its trigraphs replaced (C17 5.2.1.1). The length stays: a line splice, which is nothing
/// to every later phase, fills what the character leaves free.
pub fn without_trigraphs(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut done = 0;
    for (at, _) in text.match_indices("??") {
        let meant = match text.as_bytes().get(at + 2) {
            Some(b'=') => '#',
            Some(b'/') => '\\',
            Some(b'\'') => '^',
            Some(b'(') => '[',
            Some(b')') => ']',
            Some(b'!') => '|',
            Some(b'<') => '{',
            Some(b'>') => '}',
            Some(b'-') => '~',
            _ => continue,
        };
        out.push_str(text.get(done..at).unwrap_or(""));
        // No newline: lines keep their numbers.
        out.push_str("\\\r");
        out.push(meant);
        done = at + 3;
    }
    (done > 0).then(|| out + text.get(done..).unwrap_or(""))
}

fn is_prefix(bytes: &[u8], start: usize, len: usize) -> bool {
    match len {
        1 => matches!(at(bytes, start), b'L' | b'u' | b'U'),
        _ => at(bytes, start) == b'u' && at(bytes, start + 1) == b'8',
    }
}

/// Whether the quote in a number is a digit separator (C23). Before C23 it would begin a character
/// constant, which nothing allows behind a number; one that is whole is left alone all the same.
fn separates_digits(bytes: &[u8], quote: usize) -> bool {
    let digit = |i: usize| at(bytes, i).is_ascii_alphanumeric() || at(bytes, i) == b'_';
    digit(quote + 1) && (at(bytes, quote + 2) != b'\'' || digit(quote + 3))
}

fn number(bytes: &[u8], raw: &mut Raw) {
    let mut end = raw.start + 1;
    loop {
        let b = at(bytes, end);
        if class(b) != 0 || b == b'.' {
            end += 1;
            if matches!(b, b'e' | b'E' | b'p' | b'P') && matches!(at(bytes, end), b'+' | b'-') {
                end += 1;
            }
        } else if b == b'\'' && separates_digits(bytes, end) {
            end += 1;
        } else {
            break;
        }
    }
    raw.kind = Some(TokenKind::Number);
    raw.end = end;
}

/// A character constant or string literal whose opening quote is at `open`. One that its line does
/// not close is `Other` up to the end of the line, as clang takes it.
fn literal(bytes: &[u8], mut raw: Raw, open: usize, quote: u8) -> Raw {
    let mut end = open + 1;
    loop {
        match at(bytes, end) {
            b if b == quote => {
                raw.kind = Some(if quote == b'"' { TokenKind::Str } else { TokenKind::Char });
                raw.end = end + 1;
                return raw;
            }
            b'\\' => match splice(bytes, end) {
                0 => {
                    end += 1;
                    // The escaped character may itself stand behind splices.
                    while splice(bytes, end) != 0 {
                        raw.spliced = true;
                        end += splice(bytes, end);
                    }
                    if !matches!(at(bytes, end), b'\n' | b'\r') && end < bytes.len() {
                        end += 1;
                    }
                }
                n => {
                    raw.spliced = true;
                    end += n;
                }
            },
            b'\n' | b'\r' => break,
            0 if end >= bytes.len() => break,
            _ => end += 1,
        }
    }
    raw.kind = Some(TokenKind::Other);
    raw.unterminated = true;
    raw.end = end.min(bytes.len());
    raw
}

fn punctuator(bytes: &[u8], raw: &mut Raw) {
    let a = at(bytes, raw.start);
    let b = at(bytes, raw.start + 1);
    let c = at(bytes, raw.start + 2);
    let (punct, len) = match (a, b, c) {
        (b'.', b'.', b'.') => (k::ELLIPSIS, 3),
        (b'<', b'<', b'=') => (k::SHL_EQ, 3),
        (b'>', b'>', b'=') => (k::SHR_EQ, 3),
        (b'-', b'>', _) => (k::ARROW, 2),
        (b'+', b'+', _) => (k::PLUS_PLUS, 2),
        (b'-', b'-', _) => (k::MINUS_MINUS, 2),
        (b'<', b'<', _) => (k::SHL, 2),
        (b'>', b'>', _) => (k::SHR, 2),
        (b'<', b'=', _) => (k::LE, 2),
        (b'>', b'=', _) => (k::GE, 2),
        (b'=', b'=', _) => (k::EQ_EQ, 2),
        (b'!', b'=', _) => (k::NE, 2),
        (b'&', b'&', _) => (k::AMP_AMP, 2),
        (b'|', b'|', _) => (k::PIPE_PIPE, 2),
        (b'*', b'=', _) => (k::STAR_EQ, 2),
        (b'/', b'=', _) => (k::SLASH_EQ, 2),
        (b'%', b'=', _) => (k::PERCENT_EQ, 2),
        (b'+', b'=', _) => (k::PLUS_EQ, 2),
        (b'-', b'=', _) => (k::MINUS_EQ, 2),
        (b'&', b'=', _) => (k::AMP_EQ, 2),
        (b'^', b'=', _) => (k::CARET_EQ, 2),
        (b'|', b'=', _) => (k::PIPE_EQ, 2),
        (b'#', b'#', _) => (k::HASH_HASH, 2),
        (b':', b':', _) => (k::COLON_COLON, 2),
        (b'<', b':', _) => (k::L_BRACKET, 2),
        (b':', b'>', _) => (k::R_BRACKET, 2),
        (b'<', b'%', _) => (k::L_BRACE, 2),
        (b'%', b'>', _) => (k::R_BRACE, 2),
        (b'%', b':', b'%') if at(bytes, raw.start + 3) == b':' => (k::HASH_HASH, 4),
        (b'%', b':', _) => (k::HASH, 2),
        (b'(', ..) => (k::L_PAREN, 1),
        (b')', ..) => (k::R_PAREN, 1),
        (b'{', ..) => (k::L_BRACE, 1),
        (b'}', ..) => (k::R_BRACE, 1),
        (b'[', ..) => (k::L_BRACKET, 1),
        (b']', ..) => (k::R_BRACKET, 1),
        (b';', ..) => (k::SEMI, 1),
        (b',', ..) => (k::COMMA, 1),
        (b'.', ..) => (k::DOT, 1),
        (b'?', ..) => (k::QUESTION, 1),
        (b':', ..) => (k::COLON, 1),
        (b'#', ..) => (k::HASH, 1),
        (b'=', ..) => (k::EQ, 1),
        (b'!', ..) => (k::NOT, 1),
        (b'~', ..) => (k::TILDE, 1),
        (b'<', ..) => (k::LT, 1),
        (b'>', ..) => (k::GT, 1),
        (b'+', ..) => (k::PLUS, 1),
        (b'-', ..) => (k::MINUS, 1),
        (b'*', ..) => (k::STAR, 1),
        (b'/', ..) => (k::SLASH, 1),
        (b'%', ..) => (k::PERCENT, 1),
        (b'&', ..) => (k::AMP, 1),
        (b'|', ..) => (k::PIPE, 1),
        (b'^', ..) => (k::CARET, 1),
        _ => {
            raw.kind = Some(TokenKind::Other);
            raw.end = raw.start + 1;
            return;
        }
    };
    raw.kind = Some(TokenKind::Punct);
    raw.punct = punct;
    raw.end = raw.start + len;
    if matches!((a, b), (b'<', b':' | b'%') | (b':' | b'%', b'>') | (b'%', b':')) {
        raw.flags |= Token::SPELLED_OTHERWISE;
    }
}

/// A token with a line splice right behind its first part: lexed again in the line with its
/// splices removed.
#[cold]
fn spliced_token(bytes: &[u8], raw: Raw) -> Raw {
    let mut line = Vec::new();
    let mut ends = Vec::new();
    let mut pos = raw.start;
    while pos < bytes.len() && !matches!(at(bytes, pos), b'\n' | b'\r') {
        match splice(bytes, pos) {
            0 => {
                line.push(at(bytes, pos));
                pos += 1;
                ends.push(pos);
            }
            n => pos += n,
        }
    }
    let mut joined = token_at(&line, 0);
    let len = joined.end;
    joined.start = raw.start;
    joined.end = len.checked_sub(1).and_then(|i| ends.get(i).copied()).unwrap_or(raw.end);
    joined.spliced = joined.end - joined.start != len;
    joined
}

/// A spelling with its line splices removed.
pub fn unsplice(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut pos = 0;
    while pos < bytes.len() {
        match splice(bytes, pos) {
            0 => {
                out.push(at(bytes, pos));
                pos += 1;
            }
            n => pos += n,
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl Raw {
    /// The spelling, line splices removed.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let slice = text.get(self.start..self.end).unwrap_or("\u{fffd}");
        match (self.spliced, self.kind) {
            (false, _) => Cow::Borrowed(slice),
            (true, Some(TokenKind::Ident)) => Cow::Owned(with_characters(&unsplice(slice))),
            (true, _) => Cow::Owned(unsplice(slice)),
        }
    }

    /// Whether this is the end of the text, or begins a new line.
    pub fn ends_line(&self) -> bool {
        self.kind.is_none() || self.flags & Token::LINE_START != 0
    }

    /// The symbol of the spelling.
    pub fn symbol(&self, text: &str, interner: &mut Interner) -> Symbol {
        match self.kind {
            Some(TokenKind::Punct) => self.punct,
            _ => interner.intern(&self.text(text)),
        }
    }

    /// The token, `None` at the end of the text.
    pub fn token(&self, text: &str, file: FileId, interner: &mut Interner) -> Option<Token> {
        Some(Token {
            kind: self.kind?,
            flags: self.flags,
            sym: self.symbol(text, interner),
            loc: Loc::in_file(file, self.start as u32),
        })
    }
}

/// One past the rest of the line from `pos` on, comments and literals respected: the offset of the
/// newline that ends it. For skipped groups.
pub fn line_end(text: &str, mut pos: usize) -> usize {
    let bytes = text.as_bytes();
    while pos < bytes.len() {
        match at(bytes, pos) {
            b'\n' | b'\r' => return pos,
            b'\\' => pos += splice(bytes, pos).max(1),
            b'/' if at(bytes, pos + 1) == b'/' => return line_comment_end(bytes, pos),
            b'/' if at(bytes, pos + 1) == b'*' => {
                pos = block_comment_end(bytes, pos).unwrap_or(bytes.len());
            }
            quote @ (b'"' | b'\'') => {
                pos += 1;
                loop {
                    match at(bytes, pos) {
                        b if b == quote => {
                            pos += 1;
                            break;
                        }
                        b'\n' | b'\r' => break,
                        b'\\' => pos += splice(bytes, pos).max(2),
                        _ if pos >= bytes.len() => break,
                        _ => pos += 1,
                    }
                }
            }
            _ => pos += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// From each star on, as the standard's phases have it.
    fn comment_end(bytes: &[u8], pos: usize) -> Option<usize> {
        (pos + 2..bytes.len()).filter(|&star| at(bytes, star) == b'*').find_map(|star| {
            let mut next = star + 1;
            while splice(bytes, next) != 0 {
                next += splice(bytes, next);
            }
            (at(bytes, next) == b'/').then_some(next + 1)
        })
    }

    proptest! {
        #[test]
        fn comments_end_at_the_first_star_and_slash(text in r"/\*([*/ a]|\\|\r|\n|\\ ?\r?\n){0,16}") {
            prop_assert_eq!(block_comment_end(text.as_bytes(), 0), comment_end(text.as_bytes(), 0));
        }
    }
}
