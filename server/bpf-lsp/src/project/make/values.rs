//! Values: variables, automatic variables, and functions (`functions`). What needs a shell, the disk or the
//! environment becomes [`UNKNOWN`].

use super::{
    lines::split_top,
    variables::{Value, Variables},
};
use crate::project::{
    budget::Budget,
    paths::{UNKNOWN, file_name, stem_of},
};

/// Expansions inside expansions; deeper ones are cycles.
const MAX_DEPTH: usize = 40;

/// Longer values are not known, in bytes.
pub(super) const MAX_LENGTH: usize = 1 << 16;

/// What the environment or make itself sets, where the file does not.
const FROM_OUTSIDE: [&str; 7] =
    ["HOME", "PATH", "USER", "SHELL", "MAKE", "MAKEFLAGS", "MAKECMDGOALS"];

/// What becomes of text that hangs on a condition which is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Doubt {
    /// It is unknown.
    Unknown,
    /// Each branch is taken: of several assignments the last, and all that append.
    Taken,
}

/// What a variable is that nothing sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unset {
    /// The environment may set it, or a file that was not read.
    Unknown,
    /// Empty, as for make.
    Empty,
}

/// What `$@`, `$<`, `$^` and `$*` are in a recipe.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Automatic {
    pub(in super::super) target: String,
    pub(in super::super) inputs: Vec<String>,
    pub(super) stem: Option<String>,
}

/// Where a text is expanded.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) variables: &'a Variables,
    /// Those of the target, which come first.
    pub(super) own: Option<&'a Variables>,
    pub(super) automatic: &'a Automatic,
    pub(super) doubt: Doubt,
    pub(super) unset: Unset,
}

impl<'a> Scope<'a> {
    pub(super) fn new(
        variables: &'a Variables,
        automatic: &'a Automatic,
        doubt: Doubt,
    ) -> Scope<'a> {
        Scope { variables, own: None, automatic, doubt, unset: Unset::Unknown }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        let own = self.own.and_then(|own| own.get(name, self.doubt));
        own.or_else(|| self.variables.get(name, self.doubt))
    }
}

/// Expands a text, with what is left of a budget.
pub(super) fn expand(text: &str, scope: &Scope<'_>, budget: &Budget) -> String {
    Expansion { scope, budget, bound: Vec::new() }.text(text, 0)
}

/// A text that is being expanded.
pub(super) struct Expansion<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) budget: &'a Budget,
    /// Variables of `foreach`, and arguments of `call`.
    pub(super) bound: Vec<(String, String)>,
}

impl Expansion<'_> {
    pub(super) fn text(&mut self, text: &str, depth: usize) -> String {
        if depth > MAX_DEPTH || !self.budget.take(text.len()) {
            return unknown();
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let Some(next) = after.chars().next() else { return out };
            let close = match next {
                '(' => ')',
                '{' => '}',
                '$' => {
                    out.push('$');
                    rest = after.get(1..).unwrap_or_default();
                    continue;
                }
                name => {
                    let value = self.variable(&name.to_string(), depth);
                    rest = after.get(name.len_utf8()..).unwrap_or_default();
                    if !self.add(&mut out, &value) {
                        return unknown();
                    }
                    continue;
                }
            };
            let Some(end) = closing(after, next, close) else {
                out.push(UNKNOWN);
                return out;
            };
            let inner = after.get(1..end).unwrap_or_default();
            let value = self.reference(inner, depth + 1);
            rest = after.get(end + 1..).unwrap_or_default();
            if !self.add(&mut out, &value) {
                return unknown();
            }
        }
        if self.add(&mut out, rest) { out } else { unknown() }
    }

    /// Adds to a value; false when it becomes too long, or there is no more work for it.
    pub(super) fn add(&self, out: &mut String, part: &str) -> bool {
        out.push_str(part);
        out.len() <= MAX_LENGTH && self.budget.take(part.len())
    }

    /// The inside of `$(...)`.
    fn reference(&mut self, inner: &str, depth: usize) -> String {
        let head = inner.trim_start();
        if let Some((name, arguments)) = head.split_once([' ', '\t'])
            && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        {
            return self.function(name, arguments, depth);
        }
        // `$(VAR:.o=.c)`
        if let Some((name, change)) = split_top(inner, ':')
            && let Some((from, to)) = change.split_once('=')
        {
            let name = self.text(name, depth);
            let value = self.variable(name.trim(), depth);
            let (from, to) = (self.text(from, depth), self.text(to, depth));
            let (from, to) = match from.contains('%') {
                true => (from, to),
                false => (format!("%{from}"), format!("%{to}")),
            };
            return self.each(&value, |word| substitute(word, &from, &to));
        }
        let name = self.text(inner, depth);
        self.variable(name.trim(), depth)
    }

    fn variable(&mut self, name: &str, depth: usize) -> String {
        let automatic = self.scope.automatic;
        let known = |text: &str| if text.is_empty() { unknown() } else { text.to_owned() };
        let first = automatic.inputs.first().map_or("", String::as_str);
        match name {
            "@" => return known(&automatic.target),
            "<" => return known(first),
            "^" | "+" | "?" => return known(&automatic.inputs.join(" ")),
            "*" => return automatic.stem.clone().unwrap_or_else(unknown),
            "@F" => return known(file_name(&automatic.target)),
            "@D" => return folder(&automatic.target).to_owned(),
            "<F" => return known(file_name(first)),
            "<D" => return folder(first).to_owned(),
            "*F" => return automatic.stem.as_deref().map_or_else(unknown, |s| file_name(s).into()),
            _ => {}
        }
        if let Some((_, value)) = self.bound.iter().rev().find(|(bound, _)| bound == name) {
            return value.clone();
        }
        match self.scope.get(name) {
            Some(Value { text, is_expanded: true }) => text.clone(),
            Some(Value { text, is_expanded: false }) => self.text(text, depth + 1),
            None if self.scope.unset == Unset::Empty
                && !name.contains(UNKNOWN)
                && !FROM_OUTSIDE.contains(&name) =>
            {
                String::new()
            }
            None => unknown(),
        }
    }
}

/// Index of the bracket that closes the one a text begins with.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return Some(index);
            }
        }
    }
    None
}

pub(super) fn unknown() -> String {
    UNKNOWN.to_string()
}

pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

/// A text with a part replaced wherever it stands.
pub(super) fn replace(text: &str, from: &str, to: &str, budget: &Budget) -> String {
    let count = text.matches(from).count();
    let length = text.len().saturating_add(count.saturating_mul(to.len()));
    if length > MAX_LENGTH || !budget.take(length) {
        return unknown();
    }
    text.replace(from, to)
}

/// `patsubst` on one word.
pub(super) fn substitute(word: &str, from: &str, to: &str) -> String {
    match stem_of(from, word) {
        Some(stem) => to.replacen('%', stem, 1),
        None => word.to_owned(),
    }
}
