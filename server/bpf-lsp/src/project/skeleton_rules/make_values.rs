//! Values in makefiles: variables, functions that only work on words, and automatic variables. What needs
//! a shell, the disk or another makefile becomes [`UNKNOWN`].

use rustc_hash::FxHashMap;

use super::{
    Budget,
    bpftool::{UNKNOWN, file_name},
};

/// Expansions inside expansions; deeper ones are cycles.
const MAX_DEPTH: usize = 24;

/// Longer values are not known, in bytes.
const MAX_LENGTH: usize = 1 << 16;

/// The variables of a makefile, unexpanded.
pub(super) type Variables = FxHashMap<String, String>;

/// What `$@`, `$<`, `$^` and `$*` are in a recipe.
#[derive(Clone, Debug, Default)]
pub(super) struct Automatic {
    pub(super) target: String,
    pub(super) inputs: Vec<String>,
    pub(super) stem: Option<String>,
}

/// Expands a text, with what is left of a budget.
pub(super) fn expand(
    text: &str,
    variables: &Variables,
    automatic: &Automatic,
    budget: &Budget,
) -> String {
    Expansion { variables, automatic, budget, bound: Vec::new() }.text(text, 0)
}

struct Expansion<'a> {
    variables: &'a Variables,
    automatic: &'a Automatic,
    budget: &'a Budget,
    /// Variables of `foreach`.
    bound: Vec<(String, String)>,
}

impl Expansion<'_> {
    fn text(&mut self, text: &str, depth: usize) -> String {
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
    fn add(&self, out: &mut String, part: &str) -> bool {
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
        let automatic = self.automatic;
        let known = |text: &str| if text.is_empty() { unknown() } else { text.to_owned() };
        let first = automatic.inputs.first().map_or("", String::as_str);
        let folder = |path: &str| path.rsplit_once('/').map_or(".", |(dir, _)| dir).to_owned();
        match name {
            "@" => return known(&automatic.target),
            "<" => return known(first),
            "^" | "+" | "?" => return known(&automatic.inputs.join(" ")),
            "*" => return automatic.stem.clone().unwrap_or_else(unknown),
            "@F" => return known(file_name(&automatic.target)),
            "@D" => return folder(&automatic.target),
            "<F" => return known(file_name(first)),
            "<D" => return folder(first),
            "*F" => return automatic.stem.as_deref().map_or_else(unknown, |s| file_name(s).into()),
            _ => {}
        }
        if let Some((_, value)) = self.bound.iter().rev().find(|(bound, _)| bound == name) {
            return value.clone();
        }
        match self.variables.get(name) {
            Some(value) => self.text(value, depth + 1),
            None => unknown(),
        }
    }

    fn function(&mut self, name: &str, arguments: &str, depth: usize) -> String {
        let raw = split_arguments(arguments);
        if name == "foreach" {
            let [variable, list, body] = raw.as_slice() else { return unknown() };
            let (variable, list) = (self.text(variable, depth), self.text(list, depth));
            let (mut out, mut length) = (Vec::new(), 0);
            for word in list.split_whitespace().take(1024) {
                self.bound.push((variable.trim().to_owned(), word.to_owned()));
                let value = self.text(body, depth);
                self.bound.pop();
                length += value.len();
                out.push(value);
                if length > MAX_LENGTH {
                    return unknown();
                }
            }
            return out.join(" ");
        }
        let values: Vec<String> = raw.iter().map(|argument| self.text(argument, depth)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        match (name, values.as_slice()) {
            ("subst", [from, to, text]) if !from.is_empty() => replace(text, from, to, self.budget),
            ("patsubst", [from, to, text]) => self.each(text, |word| substitute(word, from, to)),
            ("addprefix", [prefix, text]) => self.each(text, |word| format!("{prefix}{word}")),
            ("addsuffix", [suffix, text]) => self.each(text, |word| format!("{word}{suffix}")),
            ("notdir", [text]) => self.each(text, |word| file_name(word).to_owned()),
            ("basename", [text]) => self
                .each(text, |word| word.rsplit_once('.').map_or(word, |(stem, _)| stem).to_owned()),
            ("strip" | "sort" | "abspath" | "realpath", [text]) => self.each(text, str::to_owned),
            ("firstword", [text]) => text.split_whitespace().next().unwrap_or_default().into(),
            ("lastword", [text]) => text.split_whitespace().last().unwrap_or_default().into(),
            ("filter" | "filter-out", [patterns, text]) => {
                let keep = name == "filter";
                let matches = |word: &&str| {
                    let mut all = patterns.split_whitespace();
                    let fits = all.any(|p| self.budget.take(p.len()) && stem_of(p, word).is_some());
                    fits == keep || word.contains(UNKNOWN)
                };
                let words: Vec<_> = text.split_whitespace().filter(matches).collect();
                if self.budget.is_used_up() { unknown() } else { words.join(" ") }
            }
            _ => unknown(),
        }
    }

    /// Changes each word of a text.
    fn each(&self, text: &str, change: impl Fn(&str) -> String) -> String {
        let mut out = String::new();
        for word in text.split_whitespace() {
            let changed = change(word);
            if !out.is_empty() {
                out.push(' ');
            }
            if !self.add(&mut out, &changed) {
                return unknown();
            }
        }
        out
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

/// Splits at the first separator outside of brackets.
pub(super) fn split_top(text: &str, separator: char) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (index, c) in text.char_indices() {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            c if c == separator && depth == 0 => {
                return Some((text.get(..index)?, text.get(index + c.len_utf8()..)?));
            }
            _ => {}
        }
    }
    None
}

fn split_arguments(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some((argument, after)) = split_top(rest, ',') {
        all.push(argument);
        rest = after;
    }
    all.push(rest);
    all
}

fn unknown() -> String {
    UNKNOWN.to_string()
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
fn substitute(word: &str, from: &str, to: &str) -> String {
    match stem_of(from, word) {
        Some(stem) => to.replacen('%', stem, 1),
        None => word.to_owned(),
    }
}

/// What `%` stands for where a pattern fits a word; empty for a pattern without one that is the word.
pub(super) fn stem_of<'w>(pattern: &str, word: &'w str) -> Option<&'w str> {
    match pattern.split_once('%') {
        Some((before, after)) => word.strip_prefix(before)?.strip_suffix(after),
        None => (pattern == word).then_some(""),
    }
}
