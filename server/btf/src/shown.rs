//! Text that comes out of files, as it may be shown.
//!
//! Names of sections, files and macros can hold anything. On a terminal that would be escape codes and
//! lines that nobody wrote, in the log of a CI service a command to it, and in an editor text that reads
//! the other way round. What is shown goes through here once, at the place where it leaves.

use std::{
    borrow::Cow,
    fmt::{self, Write},
};

/// One line: line ends are escaped, too.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_escaped(f, self.0, |_| false)
    }
}

/// One line of text, as [`Shown`].
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// Text of several lines, with tabs.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

/// Serialized JSON in which nothing of that stands as it is: it says the same, in escapes of its own.
pub fn json(text: &str) -> Cow<'_, str> {
    if !commands_or_hostile(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    for c in text.chars() {
        if c == '\n' || !(is_hostile(c) || (c == '#' && before == '#')) {
            out.push(c);
        } else {
            // All of them are in the basic plane, and outside of strings none can stand.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        }
        before = c;
    }
    Cow::Owned(out)
}

/// Whether a character is not to be shown as it is: control characters, and those that change the
/// direction or the order of the characters around them (Unicode's bidirectional controls), or end
/// lines.
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A character that may not be shown, escaped as in C and Rust (`\n`, `\u{1b}`).
///
/// # Errors
///
/// Those of `out`.
pub fn write_hostile(out: &mut impl Write, c: char) -> fmt::Result {
    match c {
        '\n' | '\r' | '\t' => write!(out, "{}", c.escape_debug()),
        c => write!(out, "{}", c.escape_unicode()),
    }
}

fn escaped(text: &str, kept: fn(char) -> bool) -> Cow<'_, str> {
    if !commands_or_hostile(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    // Writing to a string cannot fail.
    let _ = write_escaped(&mut out, text, kept);
    Cow::Owned(out)
}

fn commands_or_hostile(text: &str) -> bool {
    text.contains("::") || text.contains("##") || text.chars().any(is_hostile)
}

fn write_escaped(out: &mut impl Write, text: &str, kept: fn(char) -> bool) -> fmt::Result {
    let mut begins = true;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let rest = text.get(at..).unwrap_or_default();
        // Commands to CI services: `::error::` begins a line, `##[error]` and `##vso[` stand anywhere.
        let command = match c {
            ':' => begins && rest.starts_with("::"),
            '#' => {
                let word = rest.trim_start_matches('#').trim_start_matches(char::is_alphabetic);
                before == '#' && word.starts_with('[')
            }
            _ => false,
        };
        if command {
            write!(out, "{}", c.escape_unicode())?;
        } else if is_hostile(c) && !kept(c) {
            write_hostile(out, c)?;
        } else {
            out.write_char(c)?;
        }
        begins = c == '\n' || (begins && c.is_whitespace());
        before = c;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_shown_as_it_is() {
        for text in ["", ".data.hits", "a: b::c", "größe 日本 \u{1f600}", "'##' at an end", "a##b"]
        {
            assert_eq!(line(text), text);
            assert_eq!(Shown(text).to_string(), text);
        }
        assert_eq!(lines("a\n\tb\n"), "a\n\tb\n");
    }

    #[test]
    fn controls_and_directions_are_escaped() {
        assert_eq!(line("a\n\r\tb"), r"a\n\r\tb");
        assert_eq!(line("\u{1b}[31m\u{7f}\u{9b}"), r"\u{1b}[31m\u{7f}\u{9b}");
        assert_eq!(line("\u{202e}cba\u{2066}\u{2028}"), r"\u{202e}cba\u{2066}\u{2028}");
        assert_eq!(lines("a\nb\u{1b}"), "a\nb\\u{1b}");
    }

    #[test]
    fn json_says_the_same() {
        let hostile = "a\u{1b}\u{7f}\u{9b}\u{202e}##[error]\n\u{2028}";
        let text =
            json(&format!("[\n  \"{}\"\n]", hostile.replace(['\n', '\u{1b}'], ""))).into_owned();
        assert_eq!(text, "[\n  \"a\\u007f\\u009b\\u202e#\\u0023[error]\\u2028\"\n]");
    }

    #[test]
    fn commands_to_ci_services_are_none_any_more() {
        assert_eq!(line("::error::x"), r"\u{3a}:error::x");
        assert_eq!(line(" \n::error::x"), r" \n\u{3a}:error::x");
        assert_eq!(lines("a\n ::error::x"), "a\n \\u{3a}:error::x");
        assert_eq!(line("a ##[error]x"), r"a #\u{23}[error]x");
        assert_eq!(line("###vso[task]"), r"#\u{23}\u{23}vso[task]");
    }
}
