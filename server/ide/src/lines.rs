//! Lines and columns of a text: the one seam between byte offsets and positions.
//!
//! Everything inside counts bytes. Editors count lines, and columns in UTF-8 bytes or in UTF-16 code
//! units. Positions that lie outside the text are clamped as the protocol says (a column past the end
//! of the line means the end of the line, a line past the end means the end of the text), so no
//! position can make an answer panic.

/// How columns are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Encoding {
    /// UTF-8 bytes.
    Utf8,
    /// UTF-16 code units, the protocol's default.
    #[default]
    Utf16,
}

/// A line and a column, both from 0; the column in units of an [`Encoding`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct LineCol {
    /// Line.
    pub line: u32,
    /// Column.
    pub col: u32,
}

/// Where the lines of a text begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lines {
    /// First byte of each line; the first entry is 0.
    starts: Vec<u32>,
}

impl Lines {
    /// Finds the lines of a text. Lines end with `\n`, `\r\n` or a lone `\r`, as in the protocol.
    pub fn new(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (i, &byte) in bytes.iter().enumerate() {
            if byte == b'\n' || (byte == b'\r' && bytes.get(i + 1) != Some(&b'\n')) {
                starts.push(u32::try_from(i + 1).unwrap_or(u32::MAX));
            }
        }
        Lines { starts }
    }

    /// The lines of a text that was made from the one of these lines: its bytes up to `start` and from
    /// `old_end` on are the old one's, and the rest begins at `new_end` in the new text. The same as
    /// [`Lines::new`] of it, without looking at all of it.
    pub fn edited(&self, text: &str, start: usize, old_end: usize, new_end: usize) -> Lines {
        let bytes = text.as_bytes();
        let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        // Whether a line begins somewhere is said by the bytes on both sides of the place.
        let kept = self.starts.partition_point(|&s| s < at(start)).max(1);
        let mut starts = Vec::with_capacity(self.starts.len() + 1);
        starts.extend_from_slice(self.starts.get(..kept).unwrap_or(&[0]));
        let first = start.saturating_sub(1);
        for (i, &byte) in bytes.iter().enumerate().take(new_end).skip(first) {
            if byte == b'\n' || (byte == b'\r' && bytes.get(i + 1) != Some(&b'\n')) {
                starts.push(at(i + 1));
            }
        }
        let behind = self.starts.partition_point(|&s| s <= at(old_end)).max(1);
        let by = i64::from(at(new_end)) - i64::from(at(old_end));
        let moved = |&s: &u32| u32::try_from(i64::from(s) + by).unwrap_or(u32::MAX);
        starts.extend(self.starts.get(behind..).unwrap_or(&[]).iter().map(moved));
        Lines { starts }
    }

    /// Number of lines; at least 1.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// First byte of a line and the byte after its last one, line end excluded.
    /// `text` must be the text the lines were found in.
    pub fn line_bytes(&self, text: &str, line: usize) -> Option<(usize, usize)> {
        let start = *self.starts.get(line)? as usize;
        let next = self.starts.get(line + 1).map_or(text.len(), |&n| n as usize);
        let line_text = text.get(start..next)?;
        Some((start, start + line_text.trim_end_matches(['\r', '\n']).len()))
    }

    /// The byte offset of a position, clamped into the text and to a character boundary.
    pub fn offset(&self, text: &str, at: LineCol, encoding: Encoding) -> usize {
        let Some((start, end)) = self.line_bytes(text, at.line as usize) else {
            return text.len();
        };
        let line = text.get(start..end).unwrap_or("");
        let col = at.col as usize;
        let in_line = match encoding {
            Encoding::Utf8 => {
                let mut col = col.min(line.len());
                while !line.is_char_boundary(col) {
                    col -= 1;
                }
                col
            }
            Encoding::Utf16 => {
                let mut units = 0;
                let mut bytes = 0;
                for c in line.chars() {
                    // A position inside a surrogate pair means the character it belongs to.
                    if units + c.len_utf16() > col {
                        break;
                    }
                    units += c.len_utf16();
                    bytes += c.len_utf8();
                }
                bytes
            }
        };
        start + in_line
    }

    /// The position of a byte offset, clamped into the text and to a character boundary.
    pub fn position(&self, text: &str, offset: usize, encoding: Encoding) -> LineCol {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|&s| s as usize <= offset).saturating_sub(1);
        let start = self.starts.get(line).map_or(0, |&s| s as usize);
        let before = text.get(start..offset).unwrap_or("");
        let col = match encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 => before.chars().map(char::len_utf16).sum(),
        };
        LineCol { line: line as u32, col: col as u32 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, line: u32, col: u32, encoding: Encoding, offset: usize) {
        let lines = Lines::new(text);
        assert_eq!(lines.offset(text, LineCol { line, col }, encoding), offset, "{text:?}");
    }

    #[test]
    fn columns_in_both_encodings() {
        check("a😀b", 0, 3, Encoding::Utf16, 5);
        check("a😀b", 0, 5, Encoding::Utf8, 5);
        check("日本x", 0, 2, Encoding::Utf16, 6);
    }

    #[test]
    fn inside_a_surrogate_pair_or_a_character_clamps_to_its_start() {
        check("a😀b", 0, 2, Encoding::Utf16, 1);
        check("a😀b", 0, 3, Encoding::Utf8, 1);
    }

    #[test]
    fn crlf_and_lone_cr_end_lines() {
        check("a\r\nb\rc\nd", 1, 0, Encoding::Utf16, 3);
        check("a\r\nb\rc\nd", 2, 0, Encoding::Utf16, 5);
        check("a\r\nb\rc\nd", 3, 0, Encoding::Utf16, 7);
        assert_eq!(Lines::new("a\r\nb\rc\nd").count(), 4);
    }

    #[test]
    fn past_the_end_clamps() {
        check("ab\r\ncd", 0, 99, Encoding::Utf16, 2);
        check("ab\ncd", 99, 0, Encoding::Utf16, 5);
        check("ab\n", 1, 0, Encoding::Utf16, 3);
        check("", u32::MAX, u32::MAX, Encoding::Utf8, 0);
    }

    proptest! {
        #[test]
        fn lines_after_an_edit_are_those_from_scratch(
            text in "[a\u{e9}\r\n]{0,20}", new in "[a\u{e9}\r\n]{0,6}", a in 0usize..40, b in 0usize..40,
        ) {
            let clamp = |mut at: usize| {
                at = at.min(text.len());
                while !text.is_char_boundary(at) { at -= 1; }
                at
            };
            let (start, end) = (clamp(a.min(b)), clamp(a.max(b)));
            let mut edited = text.clone();
            edited.replace_range(start..end, &new);
            let lines = Lines::new(&text).edited(&edited, start, end, start + new.len());
            prop_assert_eq!(lines, Lines::new(&edited));
        }

        #[test]
        fn round_trip(text in "[a\u{e9}日😀\r\n]{0,40}", offset in 0usize..200) {
            let lines = Lines::new(&text);
            for encoding in [Encoding::Utf8, Encoding::Utf16] {
                let at = lines.position(&text, offset, encoding);
                let back = lines.offset(&text, at, encoding);
                prop_assert!(text.is_char_boundary(back));
                // Between `\r` and `\n` is no position: it clamps to the end of the line.
                let mut expected = offset.min(text.len());
                while !text.is_char_boundary(expected) { expected -= 1; }
                if text.get(..expected).is_some_and(|t| t.ends_with('\r')) && text.get(expected..).is_some_and(|t| t.starts_with('\n')) {
                    expected -= 1;
                }
                prop_assert_eq!(back, expected);
            }
        }
    }
}
