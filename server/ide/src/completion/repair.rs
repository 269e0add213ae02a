//! The text as it may be meant: a marker at the cursor, and what is open there closed.

use std::ops::Range;

use cfront::{lexer, token::TokenKind};

/// The marker: an identifier that nobody writes.
pub(super) const MARKER: &str = "bpfLspCompletionMarker";

/// Open brackets that are closed at most; more are a torn text.
const MAX_OPEN: usize = 32;

/// What the cursor stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Within {
    /// A string literal.
    Text,
    /// A name behind `.` or `->`.
    Member,
    /// Another name, or where one may begin.
    Word,
}

/// A cursor in a text.
#[derive(Debug)]
pub(super) struct Cursor {
    /// What it stands in.
    pub(super) within: Within,
    /// The part of the name or string before the cursor.
    pub(super) word: String,
    /// Its bytes in the text as it is.
    pub(super) replace: Range<u32>,
    /// Whether `(` follows.
    pub(super) called: bool,
    /// The text with the marker.
    pub(super) text: String,
    /// First byte of the marker in that text.
    pub(super) marker: usize,
}

/// The cursor at a byte; `None` in comments, numbers and character constants, and outside the text.
pub(super) fn cursor(text: &str, offset: usize) -> Option<Cursor> {
    let (before, after) = (text.get(..offset)?, text.get(offset..)?);
    let mut patched = String::with_capacity(text.len() + MARKER.len() + MAX_OPEN);
    patched.push_str(before);
    patched.push_str(MARKER);
    patched.push_str(after);
    let mut found = find(&patched, offset)?;
    if found.kind != TokenKind::Ident && found.unterminated {
        patched.insert(offset + MARKER.len(), '"');
        found = find(&patched, offset)?;
    }
    let within = match found.kind {
        TokenKind::Str => Within::Text,
        TokenKind::Ident if found.member => Within::Member,
        TokenKind::Ident => Within::Word,
        _ => return None,
    };
    let word_start = match within {
        // Behind the prefix and the quote.
        Within::Text => found.start + patched.get(found.start..)?.find('"')? + 1,
        _ => found.start,
    };
    let word = before.get(word_start..)?.to_owned();
    close(&mut patched, &found);
    let next = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    Some(Cursor {
        within,
        word,
        replace: u32::try_from(word_start).ok()?..u32::try_from(offset).ok()?,
        called: next.trim_start_matches([' ', '\t']).starts_with('('),
        text: patched,
        marker: offset,
    })
}

/// The token with the marker.
struct Found {
    kind: TokenKind,
    start: usize,
    end: usize,
    unterminated: bool,
    /// Whether `.` or `->` stands before it.
    member: bool,
    /// Brackets that are open, innermost last: `{` apart, closing a block is not our business.
    open: Vec<char>,
}

fn find(text: &str, marker: usize) -> Option<Found> {
    let mut pos = 0;
    // With each open bracket, whether it is that of a `for`, in which `;` ends no statement.
    let mut open: Vec<(char, bool)> = Vec::new();
    let (mut member, mut after_for) = (false, false);
    loop {
        let raw = lexer::lex(text, pos);
        let kind = raw.kind?;
        if raw.start > marker {
            return None;
        }
        if raw.end > marker {
            let block = open.iter().rposition(|(c, _)| *c == '{').map_or(0, |at| at + 1);
            let open = open.get(block..).unwrap_or_default().iter().map(|(c, _)| *c).collect();
            let (start, end, unterminated) = (raw.start, raw.end, raw.unterminated);
            return Some(Found { kind, start, end, unterminated, member, open });
        }
        pos = raw.end.max(pos + 1);
        let word = text.get(raw.start..raw.end).unwrap_or("");
        match word {
            "(" | "[" | "{" => open.push((word.chars().next()?, after_for)),
            ")" | "]" if open.last().is_some_and(|(c, _)| *c != '{') => drop(open.pop()),
            "}" => {
                let block = open.iter().rposition(|(c, _)| *c == '{').unwrap_or(0);
                open.truncate(block);
            }
            ";" => {
                while open.last().is_some_and(|(c, of_for)| *c != '{' && !of_for) {
                    open.pop();
                }
            }
            _ => {}
        }
        member = matches!(word, "." | "->");
        after_for = word == "for";
    }
}

/// Ends the statement of the marker when its line ends with it and the next one does not go on.
fn close(text: &mut String, found: &Found) {
    let end = found.end;
    let next = lexer::lex(text, end);
    let goes_on = match next.kind {
        None => false,
        Some(TokenKind::Punct) => !matches!(text.get(next.start..next.end), Some("}" | "{" | "#")),
        Some(_) => false,
    };
    if !next.ends_line() || goes_on {
        return;
    }
    let mut closing: String =
        found.open.iter().rev().take(MAX_OPEN).map(|c| if *c == '[' { ']' } else { ')' }).collect();
    closing.push(';');
    text.insert_str(end, &closing);
}
