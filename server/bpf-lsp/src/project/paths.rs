//! Paths in build files, of which parts may not be known.

/// Stands in texts for what is not known.
pub(super) const UNKNOWN: char = '\u{1}';

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What `%` stands for where a pattern fits a word; empty for a pattern without one that is the word.
pub(super) fn stem_of<'w>(pattern: &str, word: &'w str) -> Option<&'w str> {
    match pattern.split_once('%') {
        Some((before, after)) => word.strip_prefix(before)?.strip_suffix(after),
        None => (pattern == word).then_some(""),
    }
}
