//! Where a text has a word, whether or not the compiler sees it there.

use std::ops::Range;

use cfront::{lexer, token::TokenKind};
use memchr::memmem;

/// A token that is the word, or a string that mentions it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Written {
    /// Bytes; those between the quotes of a string.
    pub(super) range: Range<u32>,
    /// Whether it stands behind `.` or `->`.
    pub(super) member: bool,
    /// Content of the string that it is.
    pub(super) string: Option<String>,
}

/// All of them; comments do not count.
pub(super) fn find(text: &str, word: &str) -> Vec<Written> {
    let mut found = Vec::new();
    if memmem::find(text.as_bytes(), word.as_bytes()).is_none() {
        return found;
    }
    let (mut pos, mut member) = (0, false);
    loop {
        let raw = lexer::lex(text, pos);
        let Some(kind) = raw.kind else { return found };
        pos = raw.end.max(pos + 1);
        let spelling = raw.text(text);
        match kind {
            TokenKind::Ident if spelling == word => found.push(Written {
                range: raw.start as u32..raw.end as u32,
                member,
                string: None,
            }),
            TokenKind::Str if spelling.contains(word) => {
                let prefix = spelling.find('"').map_or(0, |at| at + 1);
                let content = spelling.get(prefix..).unwrap_or("");
                let content = content.strip_suffix('"').unwrap_or(content).to_owned();
                let end = raw.end.saturating_sub(1).max(raw.start + prefix);
                found.push(Written {
                    range: (raw.start + prefix) as u32..end as u32,
                    member: false,
                    string: Some(content),
                });
            }
            _ => {}
        }
        member = matches!(&*spelling, "." | "->");
    }
}

/// Whether a text has an identifier that begins so.
pub(super) fn has_prefix(text: &str, prefix: &str) -> bool {
    memmem::find_iter(text.as_bytes(), prefix.as_bytes()).any(|at| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}
