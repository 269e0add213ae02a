//! Markdown for hovers and completion lists.
//!
//! All of it is made here, so that no place can forget it: our own words are templates, and everything
//! else goes into their holes as a [`Piece`]. What a file says (names of sections, files and programs)
//! is never Markdown: it makes no link, no image and no HTML, and does not end the code that it stands in.

use std::fmt::Write as _;

use btf::shown;

/// Markdown, growing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Markdown(String);

/// What may stand in a hole of a template.
pub(crate) trait Piece {
    /// Writes it as Markdown.
    fn put(&self, out: &mut String);
}

/// A code span.
pub(crate) struct Code<T>(pub(crate) T);

/// Lines of C in a block of code.
pub(crate) struct Block<T>(pub(crate) T);

/// Text between our own words.
pub(crate) struct Plain<T>(pub(crate) T);

/// A comment of a header, in the kernel's dialect of reST, whose emphasis is also Markdown's.
pub(crate) struct Comment<T>(pub(crate) T);

impl Markdown {
    /// A text with its holes (`{}`) filled.
    pub(crate) fn of(template: &'static str, pieces: &[&dyn Piece]) -> Markdown {
        let mut text = Markdown::default();
        text.add(template, pieces);
        text
    }

    /// Appends a text, with its holes (`{}`) filled by the pieces in their order.
    pub(crate) fn add(&mut self, template: &'static str, pieces: &[&dyn Piece]) {
        let mut pieces = pieces.iter();
        let mut parts = template.split("{}");
        self.0.push_str(parts.next().unwrap_or_default());
        for part in parts {
            if let Some(piece) = pieces.next() {
                piece.put(&mut self.0);
            }
            self.0.push_str(part);
        }
        debug_assert!(pieces.next().is_none(), "more pieces than holes: {template}");
    }

    /// The same without blanks at its ends.
    pub(crate) fn trimmed(self) -> Markdown {
        Markdown(self.0.trim().to_owned())
    }

    /// Takes blanks at the end away.
    pub(crate) fn trim(&mut self) {
        self.0.truncate(self.0.trim_end().len());
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Piece for Markdown {
    fn put(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Piece for $number {
            fn put(&self, out: &mut String) {
                let _ = write!(out, "{self}");
            }
        })*
    };
}
numbers!(u32, u64, usize);

/// Pieces with commas between them.
impl<P: Piece> Piece for Vec<P> {
    fn put(&self, out: &mut String) {
        for (index, piece) in self.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            piece.put(out);
        }
    }
}

/// How far a run of underscores is followed.
const MAX_RUN: usize = 64;

/// The longest run of backticks in a text.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

impl<T: AsRef<str>> Piece for Code<T> {
    fn put(&self, out: &mut String) {
        let text = shown::line(self.0.as_ref());
        let fence = "`".repeat(longest_run(&text) + 1);
        // A blank on each side is taken away again; nothing but blanks is no code.
        let edge = |edge: Option<char>| edge.is_none_or(|c| matches!(c, '`' | ' '));
        let pad = if edge(text.chars().next()) || edge(text.chars().last()) { " " } else { "" };
        let _ = write!(out, "{fence}{pad}{text}{pad}{fence}");
    }
}

impl<T: AsRef<str>> Piece for Block<T> {
    fn put(&self, out: &mut String) {
        let text = shown::lines(self.0.as_ref());
        let fence = "`".repeat((longest_run(&text) + 1).max(3));
        let _ = write!(out, "{fence}c\n{text}\n{fence}");
    }
}

impl<T: AsRef<str>> Piece for Plain<T> {
    fn put(&self, out: &mut String) {
        let text = shown::line(self.0.as_ref());
        put_escaped(&text, out, |before, c, after| match c {
            // Before a word they end nothing; of a run without end that is not asked.
            '_' => {
                let next = after.chars().take(MAX_RUN).find(|c| *c != '_');
                !next.is_some_and(char::is_alphanumeric)
            }
            '-' | '+' | '=' => before.trim().is_empty(),
            '.' if ends_address(before) => true,
            // `1.` begins a list.
            '.' | ')' => {
                let number = before.trim();
                let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
                is_number && !after.starts_with(|c: char| !c.is_whitespace())
            }
            ':' => after.starts_with('/'),
            '/' | ',' | '?' | '%' | ';' | '\'' | '"' | '$' | '^' | '(' => false,
            c => c.is_ascii_punctuation(),
        });
    }
}

impl<T: AsRef<str>> Piece for Comment<T> {
    fn put(&self, out: &mut String) {
        let text = shown::lines(self.0.as_ref());
        put_escaped(&text, out, |before, c, after| match c {
            '[' | ']' | '<' | '>' | '`' | '!' | '&' | '\\' | '@' | '~' | '|' => true,
            '.' => ends_address(before),
            ':' => after.starts_with('/'),
            _ => false,
        });
    }
}

/// Whether a dot would begin the name of a host, which editors make a link of.
fn ends_address(before: &str) -> bool {
    before.get(before.len().saturating_sub(3)..).is_some_and(|w| w.eq_ignore_ascii_case("www"))
}

/// Writes a text with backslashes where `special` asks for it, by the texts around a character.
fn put_escaped(text: &str, out: &mut String, special: impl Fn(&str, char, &str) -> bool) {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let before = text.len() - rest.as_str().len() - c.len_utf8();
        if special(text.get(..before).unwrap_or_default(), c, rest.as_str()) {
            out.push('\\');
        }
        out.push(c);
    }
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    /// What would do harm in a name, or end the code around it.
    const HOSTILE: &[&str] = &[
        "](http://evil.example)",
        "[a](http://evil.example)",
        "![a](http://evil.example/a.png)",
        "[a]: http://evil.example\n\n[a]",
        "<http://evil.example>",
        "http://evil.example www.evil.example a@evil.example",
        "<img src=x onerror=alert(1)>",
        "<script>",
        "&lt;&#60;",
        "`",
        "``",
        "```",
        "a`b``c```d",
        "`a",
        "a`",
        " a ",
        "",
        " ",
        "\n```\n[a](http://evil.example)\n",
        "\n\n# Heading\n\n- list",
        "\\",
        "\\`",
        "*a* **b** _c_ __d__ ~~e~~",
        "| a | b |\n|---|---|",
        "---",
        "1. a",
        "+ a",
        "\u{202e}evil",
        "\u{1b}[31mred",
        "::error::x",
    ];

    /// What a reader sees: kinds of what is no text, and the text.
    fn read(markdown: &str) -> (Vec<String>, String) {
        let mut kinds = Vec::new();
        let mut text = String::new();
        let options = Options::ENABLE_GFM
            | Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS;
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Start(Tag::Paragraph) | Event::End(_) => {}
                Event::Start(tag) => kinds.push(format!("{tag:?}")),
                Event::Text(part) => text.push_str(&part),
                Event::Code(part) => {
                    kinds.push("Code".into());
                    text.push_str(&part);
                }
                other => kinds.push(format!("{other:?}")),
            }
        }
        (kinds, text)
    }

    fn check(name: &str, piece: &dyn Piece, kinds: &[&str]) {
        let (found, text) = read(Markdown::of("before {} after", &[piece]).as_str());
        assert_eq!(found, kinds, "{name:?}");
        assert_eq!(text, format!("before {} after", shown::line(name)), "{name:?}");
    }

    #[test]
    fn names_are_never_markdown() {
        for name in HOSTILE {
            let kinds: &[&str] = if name.trim().is_empty() { &[] } else { &["Code"] };
            if !kinds.is_empty() {
                check(name, &Code(name), kinds);
            }
            check(name, &Plain(name), &[]);
            // Editors make links of bare addresses, too.
            let plain = Markdown::of("{}", &[&Plain(name)]);
            for address in ["http://", "www.", "a@"] {
                assert!(!plain.as_str().contains(address), "{}", plain.as_str());
            }
        }
    }

    #[test]
    fn blocks_of_code_end_where_we_end_them() {
        for name in HOSTILE {
            let markdown = Markdown::of("{}\n\nafter", &[&Block(name)]);
            let (kinds, text) = read(markdown.as_str());
            assert_eq!(kinds, ["CodeBlock(Fenced(Borrowed(\"c\")))"], "{markdown:?}");
            assert_eq!(text, format!("{}\nafter", shown::lines(name)));
        }
    }

    #[test]
    fn comments_have_emphasis_only() {
        for name in HOSTILE {
            let markdown = Markdown::of("{}", &[&Comment(name)]);
            let (kinds, _) = read(markdown.as_str());
            let bad = |kind: &String| {
                ["Link", "Image", "Html", "InlineHtml", "FootnoteReference"]
                    .iter()
                    .any(|bad| kind.starts_with(bad))
            };
            assert!(!kinds.iter().any(bad), "{name:?}: {kinds:?}");
        }
        let (kinds, text) = read(Markdown::of("{}", &[&Comment("a *b* of **c**")]).as_str());
        assert_eq!(kinds, ["Emphasis", "Strong"]);
        assert_eq!(text, "a b of c");
    }

    #[test]
    fn ordinary_names_need_no_escape() {
        for name in [
            "hits",
            ".data.hits",
            "tp_btf/sched_switch",
            "?xdp",
            "src/a.bpf.c",
            "4.11",
            "a b",
            "__uint",
            "a__b",
        ] {
            assert_eq!(Markdown::of("{}", &[&Plain(name)]).as_str(), name);
            assert_eq!(Markdown::of("{}", &[&Code(name)]).as_str(), format!("`{name}`"));
        }
    }
}
