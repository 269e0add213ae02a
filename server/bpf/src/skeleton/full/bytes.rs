//! Bytes as a C string literal that means the same to every compiler of C99 and C++.

use std::fmt::Write;

use super::super::writer::Writer;

/// Columns of a line, its tabs not counted.
const WIDTH: usize = 100;

/// Defines `name` as a static array of characters that holds the bytes, aligned for the ELF structs in
/// it. It has one byte more than they are: the literal's end.
///
/// A literal, since compilers read an array's numbers one by one, which takes some thirty times as long.
/// ISO asks of compilers only for 4,095 (C++: 65,536) characters; gcc and clang have no limit, and are
/// told not to warn of it.
pub(super) fn define(out: &mut Writer<'_>, name: &str, bytes: &[u8]) {
    out.line(format_args!(
        "#pragma GCC diagnostic push\n\
         #pragma GCC diagnostic ignored \"-Woverlength-strings\"\n\
         \tstatic const char {name}[] __attribute__((__aligned__(8))) ="
    ));
    out.line(format_args!("{};\n#pragma GCC diagnostic pop", literal(bytes, "\t\t")));
}

/// One or more literals, one a line, each behind `indent`.
pub(super) fn literal(bytes: &[u8], indent: &str) -> String {
    // Nothing but zeros is two characters a byte; most objects need 2.6.
    let mut text = String::with_capacity(bytes.len() * 3 + 16);
    text.push_str(indent);
    text.push('"');
    let mut start = text.len();
    let mut rest = bytes;
    while let [byte, after @ ..] = rest {
        if text.len() - start >= WIDTH {
            let _ = write!(text, "\"\n{indent}\"");
            start = text.len();
        }
        match byte {
            // `?` could be part of a trigraph, `##` a command to a CI service that shows the text.
            b'"' | b'\\' | b'?' | b'#' => escape(&mut text, *byte, after),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => escape(&mut text, *byte, after),
        }
        rest = after;
    }
    text.push('"');
    text
}

/// Octal escapes end after three digits, or before what is no digit; hexadecimal ones would go on.
fn escape(text: &mut String, byte: u8, after: &[u8]) {
    let _ = match after.first() {
        Some(b'0'..=b'7') => write!(text, "\\{byte:03o}"),
        _ => write!(text, "\\{byte:o}"),
    };
}

#[cfg(test)]
mod tests {
    use super::literal;

    /// What a C compiler reads in the literals.
    fn read(text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for line in text.lines() {
            let inside = line.trim().strip_prefix('"').unwrap().strip_suffix('"').unwrap();
            let mut rest = inside.as_bytes();
            while let [byte, after @ ..] = rest {
                rest = after;
                if *byte != b'\\' {
                    assert_ne!(*byte, b'"');
                    bytes.push(*byte);
                    continue;
                }
                let digits = rest.iter().take(3).take_while(|b| (b'0'..=b'7').contains(*b)).count();
                assert_ne!(digits, 0, "{line}");
                let octal = std::str::from_utf8(&rest[..digits]).unwrap();
                bytes.push(u8::from_str_radix(octal, 8).unwrap());
                rest = &rest[digits..];
            }
        }
        bytes
    }

    #[test]
    fn literals_mean_the_bytes() {
        let every_pair: Vec<u8> =
            (0..=255).flat_map(|a| (0..=255).flat_map(move |b| [a, b])).collect();
        for bytes in [&b""[..], b"\x00001", b"??=\"\\", &every_pair] {
            assert_eq!(read(&literal(bytes, "\t")), bytes);
        }
        assert_eq!(literal(b"\x7fELF\0\x001", ""), r#""\177ELF\0\0001""#);
    }

    #[test]
    fn text_grows_as_the_bytes_do() {
        let size = |n: usize| literal(&vec![0xff; n], "\t\t").len();
        assert!(size(1 << 20) <= 5 << 20);
        assert!(size(2 << 20) <= 2 * size(1 << 20));
    }
}
