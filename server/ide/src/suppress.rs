//! Suppression comments: `bpf-lsp: allow(rule-id)` on the line of a finding or the line above.
//!
//! Several ids may stand in the parentheses, with commas between them.

use crate::lines::{Encoding, Lines};

/// The suppressions of a text.
#[derive(Debug)]
pub(crate) struct Suppressions {
    text: String,
    lines: Lines,
    /// Line of the comment's end, and a rule it allows.
    allowed: Vec<(u32, String)>,
}

const MARK: &str = "bpf-lsp:";

impl Suppressions {
    /// Reads the comments of a text. Texts without the mark cost one search.
    pub(crate) fn read(text: &str) -> Suppressions {
        let mut allowed = Vec::new();
        if !text.contains(MARK) {
            return Suppressions { text: String::new(), lines: Lines::new(""), allowed };
        }
        let lines = Lines::new(text);
        for comment in comments(text) {
            let Some(body) = text.get(comment.clone()) else { continue };
            let line = lines.position(text, comment.end, Encoding::Utf8).line;
            for rest in body.split(MARK).skip(1) {
                let Some(rest) = rest.trim_start().strip_prefix("allow") else { continue };
                let Some(ids) = rest.trim_start().strip_prefix('(') else { continue };
                let ids = ids.split_once(')').map_or("", |(ids, _)| ids);
                allowed.extend(ids.split(',').map(|id| (line, id.trim().to_owned())));
            }
        }
        Suppressions { text: text.to_owned(), lines, allowed }
    }

    /// Whether a rule is silenced at a byte of the text.
    pub(crate) fn allow(&self, rule: &str, offset: u32) -> bool {
        if self.allowed.is_empty() {
            return false;
        }
        let at = self.lines.position(&self.text, offset as usize, Encoding::Utf8).line;
        self.allowed.iter().any(|(line, id)| id == rule && (*line == at || line + 1 == at))
    }
}

/// The comments of a C text; string and character literals are passed over. A line comment's range
/// ends before the line end.
fn comments(text: &str) -> Vec<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let at = |i: usize| bytes.get(i).copied();
    let mut found = Vec::new();
    let mut i = 0;
    while let Some(byte) = at(i) {
        match (byte, at(i + 1)) {
            (b'/', Some(b'/')) => {
                let start = i;
                while let Some(byte) = at(i) {
                    let spliced = byte == b'\\' && matches!(at(i + 1), Some(b'\n' | b'\r'));
                    if byte == b'\n' || byte == b'\r' {
                        break;
                    }
                    i += if spliced { 2 } else { 1 };
                }
                let end = i.min(bytes.len());
                found.push(start..end);
            }
            (b'/', Some(b'*')) => {
                let start = i;
                i += 2;
                while at(i).is_some() && !(at(i) == Some(b'*') && at(i + 1) == Some(b'/')) {
                    i += 1;
                }
                i = (i + 2).min(bytes.len());
                found.push(start..i);
            }
            (b'"' | b'\'', _) => {
                i += 1;
                // An unclosed literal ends with its line.
                while let Some(inner) = at(i) {
                    i += if inner == b'\\' { 2 } else { 1 };
                    if inner == byte || inner == b'\n' {
                        break;
                    }
                }
            }
            _ => i += 1,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, lines: &[usize]) {
        let suppressions = Suppressions::read(text);
        let mut offset = 0;
        let mut silenced = Vec::new();
        for (n, line) in text.split_inclusive('\n').enumerate() {
            if suppressions.allow("a-rule", offset as u32) {
                silenced.push(n);
            }
            offset += line.len();
        }
        assert_eq!(silenced, lines, "{text}");
    }

    #[test]
    fn same_line_and_line_above() {
        check("x\ny; // bpf-lsp: allow(a-rule)\nz\nq\n", &[1, 2]);
        check("/* bpf-lsp: allow(b, a-rule) because\n * so */\nz\nq\n", &[1, 2]);
    }

    #[test]
    fn only_in_comments_and_only_that_rule() {
        check("char *s = \"// bpf-lsp: allow(a-rule)\";\n", &[]);
        check("// bpf-lsp: allow(other)\nx\n", &[]);
        check("// bpf-lsp: deny(a-rule)\nx\n", &[]);
        check("// bpf-lsp: allow(a-rule\nx\n", &[]);
    }

    #[test]
    fn torn_texts() {
        for text in ["/* bpf-lsp: allow(", "\"\\", "// bpf-lsp:\\\n allow(é", "'", "/*/ bpf-lsp:"]
        {
            check(text, &[]);
        }
    }
}
