//! Constants: C 6.4.4 and 6.4.5, with clang's extensions.

use crate::{ast::ExprKind, int_kind::IntKind, symbol::Symbol};

/// Decodes a preprocessing number. Values beyond 64 bits wrap (clang refuses them).
pub fn number(spelling: Symbol) -> ExprKind {
    let bytes = spelling.as_str().as_bytes();
    let (radix, start) = match bytes {
        [b'0', b'x' | b'X', ..] => (16, 2),
        [b'0', b'b' | b'B', ..] => (2, 2),
        [b'0', _, ..] => (8, 1),
        _ => (10, 0),
    };
    let is_float = |byte: &u8| match byte {
        b'.' => true,
        b'p' | b'P' => radix == 16,
        b'e' | b'E' => radix == 10 || radix == 8,
        _ => false,
    };
    if bytes.iter().any(is_float) {
        return ExprKind::Float(spelling);
    }
    let mut value = 0u64;
    let mut rest = bytes.iter().skip(start).filter(|&&byte| byte != b'\'').peekable();
    while let Some(digit) = rest.peek().and_then(|&&byte| char::from(byte).to_digit(radix)) {
        value = value.wrapping_mul(u64::from(radix)).wrapping_add(u64::from(digit));
        rest.next();
    }
    let (mut unsigned, mut longs, mut valid) = (false, 0u8, true);
    let is_f = rest.peek().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'f'));
    for byte in rest {
        match byte {
            b'u' | b'U' => unsigned = true,
            b'l' | b'L' => longs = (longs + 1).min(2),
            b'i' | b'I' | b'j' | b'J' | b'z' | b'Z' => {}
            _ => valid = false,
        }
    }
    // `1f` is no valid number, nor is `08`; keep what the digits say.
    if is_f && !valid {
        return ExprKind::Float(spelling);
    }
    ExprKind::Int { value, unsigned, longs, decimal: radix == 10 }
}

/// Value and type of a character constant, prefix and quotes included in `spelling`. A plain one of one
/// character has the type [`IntKind::Char`] here: it is an `int` with the value of a `char`, which flags
/// may make unsigned. Of several characters the last four count.
pub fn character(spelling: &str) -> (i64, IntKind) {
    let (width, body) = body(spelling, '\'');
    let mut units = Vec::new();
    escape_units(body, width, &mut units);
    let last = units.last().copied().unwrap_or(0);
    match spelling.as_bytes() {
        [b'u', b'8', ..] => (i64::from(last as u8), IntKind::UChar),
        [b'u', ..] => (i64::from(last as u16), IntKind::UShort),
        [b'U', ..] => (i64::from(last), IntKind::UInt),
        [b'L', ..] => (i64::from(last as i32), IntKind::Int),
        _ => match units.as_slice() {
            [one] => (i64::from(*one as u8 as i8), IntKind::Char),
            many => {
                let value = many.iter().fold(0u32, |value, unit| (value << 8) | (unit & 0xff));
                (i64::from(value as i32), IntKind::Int)
            }
        },
    }
}

/// Bytes (without the terminator; wide elements little endian) and element size in bytes of
/// adjacent string literals, prefixes and quotes included in the spellings. One prefixed literal
/// makes the whole string wide.
pub fn string<'a>(spellings: impl IntoIterator<Item = &'a str, IntoIter: Clone>) -> (Vec<u8>, u8) {
    let parts = spellings.into_iter().map(|spelling| body(spelling, '"'));
    let (width, len) =
        parts.clone().fold((1, 0), |(width, len), (own, body)| (own.max(width), len + body.len()));
    let mut bytes = Vec::with_capacity(len * usize::from(width));
    let mut units = Vec::new();
    for (_, body) in parts {
        if width == 1 && !body.contains('\\') {
            bytes.extend_from_slice(body.as_bytes());
            continue;
        }
        units.clear();
        escape_units(body, width, &mut units);
        for &unit in &units {
            let unit = unit.to_le_bytes();
            bytes.extend(unit.iter().take(usize::from(width)));
        }
    }
    (bytes, width)
}

/// Element size by prefix, and the text between the quotes.
fn body(spelling: &str, quote: char) -> (u8, &str) {
    let (prefix, rest) = spelling.split_once(quote).unwrap_or(("", spelling));
    let width = match prefix {
        "u" => 2,
        "U" | "L" => 4,
        _ => 1,
    };
    (width, rest.strip_suffix(quote).unwrap_or(rest))
}

/// Code units of a literal's body, escapes resolved.
fn escape_units(body: &str, width: u8, units: &mut Vec<u32>) {
    let mut chars = body.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            encode(c, width, units);
            continue;
        }
        let Some(escape) = chars.next() else { break };
        let simple = match escape {
            'n' => 10,
            't' => 9,
            'r' => 13,
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'v' => 11,
            'e' | 'E' => 27,
            '0'..='7' => {
                let mut value = escape.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) else { break };
                    value = value * 8 + digit;
                    chars.next();
                }
                value
            }
            'x' => {
                let mut value = 0u32;
                while let Some(digit) = chars.peek().and_then(|c| c.to_digit(16)) {
                    value = value.wrapping_mul(16).wrapping_add(digit);
                    chars.next();
                }
                value
            }
            'u' | 'U' => {
                let mut value = 0u32;
                for _ in 0..if escape == 'u' { 4 } else { 8 } {
                    let Some(digit) = chars.peek().and_then(|c| c.to_digit(16)) else { break };
                    value = value.wrapping_mul(16).wrapping_add(digit);
                    chars.next();
                }
                encode(char::from_u32(value).unwrap_or('\u{fffd}'), width, units);
                continue;
            }
            other => {
                encode(other, width, units);
                continue;
            }
        };
        units.push(simple);
    }
}

fn encode(c: char, width: u8, units: &mut Vec<u32>) {
    match width {
        1 => units.extend(c.encode_utf8(&mut [0; 4]).bytes().map(u32::from)),
        2 => units.extend(c.encode_utf16(&mut [0; 2]).iter().map(|&unit| u32::from(unit))),
        _ => units.push(u32::from(c)),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(spelling: &str, expect: Expect) {
        expect.assert_eq(&format!("{:?}", number(Symbol::intern(spelling))));
    }

    #[test]
    fn numbers() {
        check("0", expect!["Int { value: 0, unsigned: false, longs: 0, decimal: true }"]);
        check("0x1fULL", expect!["Int { value: 31, unsigned: true, longs: 2, decimal: false }"]);
        check("0b101", expect!["Int { value: 5, unsigned: false, longs: 0, decimal: false }"]);
        check("0755l", expect!["Int { value: 493, unsigned: false, longs: 1, decimal: false }"]);
        check("1'000", expect!["Int { value: 1000, unsigned: false, longs: 0, decimal: true }"]);
        check("1e3", expect![[r#"Float("1e3")"#]]);
        check("0x1p3", expect![[r#"Float("0x1p3")"#]]);
    }

    #[test]
    fn characters() {
        assert_eq!(character("'a'"), (97, IntKind::Char));
        assert_eq!(character("'\\n'"), (10, IntKind::Char));
        assert_eq!(character("'\\377'"), (-1, IntKind::Char));
        assert_eq!(character("L'\\xff'"), (255, IntKind::Int));
        assert_eq!(character("L'\\xffffffff'"), (-1, IntKind::Int));
        assert_eq!(character("u'\\xffff'"), (0xffff, IntKind::UShort));
        assert_eq!(character("U'\\U0001F600'"), (0x1f600, IntKind::UInt));
        assert_eq!(character("'ab'"), (0x6162, IntKind::Int));
    }

    #[test]
    fn strings() {
        assert_eq!(string(["\"a\\x41\"", "\"b\""]), (b"aAb".to_vec(), 1));
        assert_eq!(string(["L\"a\"", "\"b\""]), (vec![97, 0, 0, 0, 98, 0, 0, 0], 4));
        assert_eq!(string(["u\"\u{e9}\""]), (vec![0xe9, 0], 2));
    }
}
