//! The text being written, with an upper limit.

use std::fmt::{self, Write};

/// Limit of a text in bytes: a few types that contain each other twice each can stand for an
/// endless one. Tests, which ask for thousands of such, make do with less.
pub(super) const MAX_LEN: usize = if cfg!(test) { 1 << 16 } else { 4 << 20 };
/// libbpf indents by 13 tabs at most (`pfx` in `btf_dump.c`).
const MAX_TABS: usize = 13;
const TABS: &str = "\t\t\t\t\t\t\t\t\t\t\t\t\t";

/// Text up to [`MAX_LEN`] bytes; what comes after is dropped.
#[derive(Debug, Default)]
pub(super) struct Output {
    text: String,
    full: bool,
}

impl Output {
    pub(super) fn text(&mut self, text: &str) {
        if self.text.len() + text.len() > MAX_LEN {
            self.full = true;
        }
        if !self.full {
            self.text.push_str(text);
        }
    }

    /// A new line with that many tabs.
    pub(super) fn line(&mut self, tabs: usize) {
        self.text("\n");
        self.tabs(tabs);
    }

    pub(super) fn tabs(&mut self, tabs: usize) {
        self.text(TABS.get(..tabs.min(MAX_TABS)).unwrap_or(TABS));
    }

    /// Whether the limit is reached: whoever loops may stop.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Hands the text out and starts afresh.
    pub(super) fn take(&mut self) -> String {
        let mut text = std::mem::take(&mut self.text);
        if std::mem::take(&mut self.full) {
            text.push_str("\n/* the rest is too long */");
        }
        text
    }
}

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text(text);
        Ok(())
    }
}
