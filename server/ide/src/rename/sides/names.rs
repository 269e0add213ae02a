//! The forms that a name of BPF C has elsewhere.

use std::borrow::Cow;

use super::Language;

/// The kernel keeps this many characters of the name of a map or a program.
const KERNEL_CHARACTERS: usize = 15;

/// A name of BPF C and its forms.
pub(in crate::rename) struct Names<'a> {
    /// As C has it.
    pub(super) old: &'a str,
    /// As bpf2go makes it a Go identifier.
    go: String,
    /// What the kernel keeps of it; `None` where that is not looked up by name (variables).
    kernel: Option<&'a str>,
}

impl<'a> Names<'a> {
    /// The forms of a name; `in_kernel`: of a map or a program.
    pub(in crate::rename) fn new(old: &'a str, in_kernel: bool) -> Names<'a> {
        let kernel = in_kernel.then(|| old.get(..KERNEL_CHARACTERS).unwrap_or(old));
        Names { old, go: go_identifier(old), kernel }
    }

    /// What the kernel keeps of the name, where that is less.
    pub(in crate::rename) fn short(&self) -> Option<&'a str> {
        self.kernel.filter(|kept| *kept != self.old)
    }

    /// Whether the kernel knows the thing by its name.
    pub(super) fn in_kernel(&self) -> bool {
        self.kernel.is_some()
    }

    /// Whether a string, by which code looks things up, may stand for the name: it is the name or what the
    /// kernel keeps of it, the path of a pin that is called so, or the tag of a Go member.
    pub(in crate::rename) fn is_text(&self, string: &str) -> bool {
        let is_name = |word: &str| word == self.old || Some(word) == self.kernel;
        let pin = |path: &str| {
            // Pins carry names of maps and programs.
            self.kernel.is_some()
                && path.rsplit_once('/').is_some_and(|(folder, last)| {
                    last == self.old && folder.split('/').any(|part| part == "bpf")
                })
        };
        is_name(string)
            || pin(string)
            || string
                .strip_prefix("ebpf:\"")
                .or_else(|| string.split(" ebpf:\"").nth(1))
                .is_some_and(|tag| tag.split('"').next() == Some(self.old))
    }

    /// Whether an identifier may be what bindings call the thing. `is_member`: it stands behind a dot.
    pub(super) fn is_identifier(&self, language: Language, word: &str, is_member: bool) -> bool {
        match language {
            // The constants of bpf2go 0.22 have the prefix of their program.
            Language::Go => {
                is_member && word == self.go
                    || word.strip_suffix(self.go.as_str()).is_some_and(|prefix| {
                        let kinds = ["Map", "Prog", "Var"];
                        kinds.iter().any(|kind| prefix.len() > kind.len() && prefix.ends_with(kind))
                    })
            }
            Language::Rust | Language::Cpp => is_member && word == self.old,
            Language::C | Language::Commands => false,
        }
    }

    /// Whether a text has none of the forms, nor anything about BPF: it need not be read.
    pub(super) fn cannot_stand_in(&self, text: &str) -> bool {
        let has = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
        let words = ["bpf", "BPF", "Bpf", "aya", ".o\"", "skel"];
        let named = has(self.old) || has(&self.go) || self.kernel.is_some_and(has);
        !named && !words.into_iter().any(has)
    }
}

/// The Go identifier that bpf2go makes of a C name (`Identifier` in its `gen/types.go`): the first letter
/// is raised, and so is one behind a `_` that follows a digit or a lower-case letter and is dropped.
fn go_identifier(name: &str) -> String {
    let mut identifier = String::new();
    let mut before: Option<char> = None;
    for c in name.chars() {
        match c {
            '_' if before.is_none_or(|p| p.is_lowercase() || p.is_numeric()) => before = None,
            _ if c.is_alphabetic() && before.is_none() => {
                identifier.extend(c.to_uppercase());
                before = c.to_uppercase().next();
            }
            _ if c.is_alphanumeric() || c == '_' => {
                identifier.push(c);
                before = Some(c);
            }
            _ => {}
        }
    }
    identifier
}

/// What a file is called in messages.
pub(super) fn shown(path: &std::path::Path, root: &std::path::Path) -> String {
    let below = path.strip_prefix(root).ok().filter(|below| below.is_relative());
    let shown: Cow<'_, str> = match below {
        Some(below) => below.to_string_lossy(),
        None => path.file_name().unwrap_or_default().to_string_lossy(),
    };
    plain(&shown)
}

/// A text of the project in a message: without what ends lines, moves a terminal's cursor, turns the order
/// of writing, or makes links.
pub(super) fn plain(text: &str) -> String {
    let turns = |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}');
    text.replace(|c: char| c.is_control() || turns(c) || "[]()<>`".contains(c), "?")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs from bpf2go's own tests and from runs of it.
    #[test]
    fn identifiers_of_go() {
        for (name, expected) in [
            ("handle_exec", "HandleExec"),
            ("my__HTTP_map2_x", "MyHTTP_map2X"),
            ("XDP_prog_v2", "XDP_progV2"),
            ("p_x", "P_x"),
            ("_lead_1under", "Lead1under"),
            ("FOO_BAR", "FOO_BAR"),
            ("T1_x", "T1X"),
        ] {
            assert_eq!(go_identifier(name), expected);
        }
    }

    #[test]
    fn strings() {
        let map = Names::new("events_of_processes", true);
        let yes = [
            "events_of_processes",
            "events_of_proce",
            "/sys/fs/bpf/x/events_of_processes",
            "ebpf:\"events_of_processes\"",
            "json:\"x\" ebpf:\"events_of_processes\"",
        ];
        let no = [
            "events",
            "events_of_process",
            "a/events_of_processes",
            "the events_of_processes",
            "ebpf:\"events\"",
        ];
        assert!(yes.iter().all(|text| map.is_text(text)));
        assert!(!no.iter().any(|text| map.is_text(text)));
        let variable = Names::new("events_of_processes", false);
        assert!(
            !variable.is_text("events_of_proce")
                && !variable.is_text("/sys/fs/bpf/events_of_processes")
        );
    }
}
