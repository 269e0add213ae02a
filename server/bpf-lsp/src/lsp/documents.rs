//! Text synchronisation: incremental changes onto a text.

use std::borrow::Cow;

use ide::{
    Document,
    lines::{Encoding, LineCol, Lines},
};
use tower_lsp::lsp_types::TextDocumentContentChangeEvent;

/// Applies the changes of one `didChange`, in order, each to the result of the one before. The lines are
/// carried along: they are found once, when a document is opened.
///
/// Ranges outside the text are clamped; a range whose end lies before its start is taken as the empty
/// range at its start. Nothing panics, whatever the client sends.
pub(super) fn apply(
    old: &Document,
    version: i32,
    changes: Vec<TextDocumentContentChangeEvent>,
    encoding: Encoding,
) -> Document {
    let added: usize = changes.iter().map(|change| change.text.len()).sum();
    let mut text = String::with_capacity(old.text.len() + added);
    text.push_str(&old.text);
    let mut lines = Cow::Borrowed(old.lines());
    for change in changes {
        let Some(range) = change.range else {
            text = change.text;
            lines = Cow::Owned(Lines::new(&text));
            continue;
        };
        let at = |p: tower_lsp::lsp_types::Position| {
            lines.offset(&text, LineCol { line: p.line, col: p.character }, encoding)
        };
        let start = at(range.start);
        let end = at(range.end).max(start);
        text.replace_range(start..end, &change.text);
        lines = Cow::Owned(lines.edited(&text, start, end, start + change.text.len()));
    }
    Document::with_lines(old.path.clone(), version, text.into(), lines.into_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use tower_lsp::lsp_types::{Position, Range};

    use super::*;

    fn edit(from: (u32, u32), to: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        TextDocumentContentChangeEvent {
            range: Some(Range::new(Position::new(from.0, from.1), Position::new(to.0, to.1))),
            range_length: None,
            text: text.to_owned(),
        }
    }

    fn check(text: &str, changes: Vec<TextDocumentContentChangeEvent>, expect: &str) {
        let old = Document::new(Path::new("/a").into(), 1, text.into());
        let new = apply(&old, 2, changes, Encoding::Utf16);
        assert_eq!((&*new.text, new.version), (expect, 2));
        assert_eq!(new.lines(), &Lines::new(expect));
    }

    #[test]
    fn changes_build_on_each_other() {
        check("ab\ncd", vec![edit((0, 2), (1, 0), ""), edit((0, 4), (0, 4), "!")], "abcd!");
    }

    #[test]
    fn utf16_columns_behind_an_emoji() {
        check("/* 😀 */ x", vec![edit((0, 9), (0, 10), "y")], "/* 😀 */ y");
    }

    #[test]
    fn one_past_the_last_line_as_neovim_sends() {
        check("a\nb\n", vec![edit((1, 0), (3, 0), "")], "a\n");
    }

    #[test]
    fn hostile_ranges_are_clamped() {
        check("ab", vec![edit((7, 7), (9, 9), "x")], "abx");
        check("ab", vec![edit((0, 2), (0, 1), "x")], "abx");
        check("ab", vec![edit((u32::MAX, 0), (0, 0), "x")], "abx");
    }

    #[test]
    fn no_range_replaces_all() {
        let all = TextDocumentContentChangeEvent {
            range: None,
            range_length: None,
            text: "new".to_owned(),
        };
        check("old", vec![all], "new");
    }

    proptest! {
        #[test]
        fn any_range_on_any_text_is_fine(
            text in "[a\u{e9}日😀\r\n]{0,30}",
            ranges in prop::collection::vec((0u32..6, 0u32..12, 0u32..6, 0u32..12), 0..8),
        ) {
            for encoding in [Encoding::Utf8, Encoding::Utf16] {
                let changes = ranges.iter().map(|r| edit((r.0, r.1), (r.2, r.3), "é\r\n")).collect();
                let old = Document::new(Path::new("/a").into(), 1, text.as_str().into());
                let new = apply(&old, 2, changes, encoding);
                prop_assert_eq!(new.lines(), &Lines::new(&new.text));
            }
        }
    }
}
