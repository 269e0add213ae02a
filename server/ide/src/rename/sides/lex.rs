//! Words and strings of Go, Rust and C++: as much of a lexer as tells code from comments, and names from
//! text. Any input ends; what is torn is read as far as it makes sense.

use super::Language;

/// A piece of the text that is no comment and no white space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Piece<'a> {
    /// An identifier, a keyword or a number.
    Word(&'a str),
    /// What stands between the quotes of a string, as it is written.
    Text(&'a str),
    /// Any other character.
    Mark(char),
}

/// The pieces of a text with the bytes where they begin.
pub(super) struct Pieces<'a> {
    text: &'a str,
    at: usize,
    language: Language,
}

pub(super) fn pieces(text: &str, language: Language) -> Pieces<'_> {
    Pieces { text, at: 0, language }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = (usize, Piece<'a>);

    fn next(&mut self) -> Option<(usize, Piece<'a>)> {
        loop {
            let rest = self.rest();
            let c = rest.chars().next()?;
            let start = self.at;
            if c.is_whitespace() {
                self.at += c.len_utf8();
            } else if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.at += self.comment(rest);
            } else if c == '"' {
                return Some((start + 1, self.quoted(rest)));
            } else if c == '`' && self.language == Language::Go {
                return Some((start + 1, self.until(1, "`")));
            } else if c == '\'' {
                match self.character(rest) {
                    Some(length) => self.at += length,
                    // A lifetime of Rust, or torn.
                    None => self.at += 1,
                }
            } else if is_word(c) {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                self.at += end;
                if let Some(raw) = self.raw(word, after) {
                    return Some((start, raw));
                }
                // 1'000'000
                if c.is_ascii_digit() && self.language == Language::Cpp {
                    let digits = after.find(|c| !is_word(c) && c != '\'').unwrap_or(after.len());
                    self.at += digits;
                }
                return Some((start, Piece::Word(word)));
            } else {
                self.at += c.len_utf8();
                return Some((start, Piece::Mark(c)));
            }
        }
    }
}

impl<'a> Pieces<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Length of a comment; those of Rust nest.
    fn comment(&self, rest: &str) -> usize {
        let nests = self.language == Language::Rust;
        let (bytes, mut at, mut depth) = (rest.as_bytes(), 2, 1_usize);
        while let Some(found) = memchr::memchr2(b'*', b'/', bytes.get(at..).unwrap_or_default()) {
            at += found;
            match bytes.get(at..at + 2) {
                Some(b"*/") if depth == 1 => return at + 2,
                Some(b"*/") => (depth, at) = (depth - 1, at + 2),
                Some(b"/*") if nests => (depth, at) = (depth + 1, at + 2),
                _ => at += 1,
            }
        }
        rest.len()
    }

    /// A string with escapes. Only Rust's go on in the next line.
    fn quoted(&mut self, rest: &'a str) -> Piece<'a> {
        let mut escaped = false;
        for (at, c) in rest.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    self.at += at + 1;
                    return Piece::Text(rest.get(1..at).unwrap_or(""));
                }
                '\n' if self.language != Language::Rust => {
                    self.at += at;
                    return Piece::Text(rest.get(1..at).unwrap_or(""));
                }
                _ => {}
            }
        }
        self.at += rest.len();
        Piece::Text(rest.get(1..).unwrap_or(""))
    }

    /// The string that begins `skip` bytes from here and goes on to `close`.
    fn until(&mut self, skip: usize, close: &str) -> Piece<'a> {
        let content = self.rest().get(skip..).unwrap_or("");
        let end = content.find(close);
        self.at += skip + end.map_or(content.len(), |end| end + close.len());
        Piece::Text(content.get(..end.unwrap_or(content.len())).unwrap_or(""))
    }

    /// The raw string that a word is the prefix of: `r#"..."#` of Rust, `R"x(...)x"` of C++.
    fn raw(&mut self, prefix: &str, after: &'a str) -> Option<Piece<'a>> {
        match self.language {
            Language::Rust if matches!(prefix, "r" | "br" | "cr") => {
                let hashes = after.len() - after.trim_start_matches('#').len();
                after.get(hashes..)?.strip_prefix('"')?;
                Some(self.until(hashes + 1, &format!("\"{}", "#".repeat(hashes))))
            }
            Language::Cpp if matches!(prefix, "R" | "LR" | "uR" | "UR" | "u8R") => {
                let inner = after.strip_prefix('"')?;
                // The standard allows 16 characters.
                let open = inner.char_indices().take(17).find(|(_, c)| *c == '(')?.0;
                let delimiter = inner.get(..open)?;
                Some(self.until(open + 2, &format!("){delimiter}\"")))
            }
            _ => None,
        }
    }

    /// Length of a character constant; `None` where there is none.
    fn character(&self, rest: &str) -> Option<usize> {
        let mut chars = rest.char_indices().skip(1);
        let (_, first) = chars.next()?;
        if first != '\\' {
            let (at, second) = chars.next()?;
            return (second == '\'').then_some(at + 1);
        }
        // The longest is `\u{10ffff}`.
        chars.skip(1).take(10).find(|(_, c)| *c == '\'').map(|(at, _)| at + 1)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(language: Language, text: &str, expect: Expect) {
        let all = pieces(text, language).map(|(at, piece)| match piece {
            Piece::Word(word) => {
                assert!(text[at..].starts_with(word), "{at}");
                word.to_owned()
            }
            Piece::Text(text) => format!("\"{text}\""),
            Piece::Mark(mark) => mark.to_string(),
        });
        expect.assert_eq(&all.collect::<Vec<_>>().join(" "));
    }

    #[test]
    fn comments_and_strings() {
        check(
            Language::Go,
            "a.B // c \"d\"\n/* e /* f */ g `h \\` \"i\\\"j\" 'k' '\\'' '\\u00e9' l \"torn\nm",
            expect![[r#"a . B g "h \" "i\"j" l "torn" m"#]],
        );
        check(
            Language::Rust,
            "a /* b /* c */ d */ 'e r#\"f\"g\"# br\"h\" r#type 'i' '\"' \"j\nk\" b'\\'' '\\u{10ffff}' l",
            expect![[r##"a e "f"g" "h" r # type "j
k" b l"##]],
        );
        check(
            Language::Cpp,
            "R\"x(a)\" b)x\" 1'000'000 u8R\"(c)\" 'd' L\"e\" R\"torn",
            expect![[r#""a)" b" 1 "c" L "e" R "torn""#]],
        );
    }

    #[test]
    fn torn_text_ends() {
        let torn = ["/*", "\"", "`", "'", "'\\", "r#\"", "R\"(", "r#", "/* * /", "\"\\", "é'é"];
        for text in torn {
            for language in [Language::Go, Language::Rust, Language::Cpp] {
                assert!(pieces(text, language).count() <= text.len(), "{text}");
            }
        }
    }
}
