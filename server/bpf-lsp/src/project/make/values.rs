//! Values: variables, functions that only work on words, and automatic variables. What needs a shell, the disk
//! or the environment becomes [`UNKNOWN`].

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

/// Words of a `foreach` at most.
const MAX_LOOP: usize = 1024;

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

    fn get(&self, name: &str) -> Option<&'a Value> {
        let own = self.own.and_then(|own| own.get(name, self.doubt));
        own.or_else(|| self.variables.get(name, self.doubt))
    }
}

/// Expands a text, with what is left of a budget.
pub(super) fn expand(text: &str, scope: &Scope<'_>, budget: &Budget) -> String {
    Expansion { scope, budget, bound: Vec::new() }.text(text, 0)
}

struct Expansion<'a> {
    scope: &'a Scope<'a>,
    budget: &'a Budget,
    /// Variables of `foreach`, and arguments of `call`.
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

    fn function(&mut self, name: &str, arguments: &str, depth: usize) -> String {
        let raw = split_arguments(arguments);
        match (name, raw.as_slice()) {
            ("foreach", [variable, list, body]) => {
                return self.for_each(variable, list, body, depth);
            }
            ("call", [function, arguments @ ..]) => return self.call(function, arguments, depth),
            ("if", [condition, branches @ ..]) => {
                let condition = self.text(condition, depth);
                let branch = match truth(&condition) {
                    Some(true) => branches.first(),
                    Some(false) => branches.get(1),
                    None => return unknown(),
                };
                return branch.map_or_else(String::new, |branch| self.text(branch, depth));
            }
            ("or" | "and", conditions) => {
                let mut last = String::new();
                for condition in conditions {
                    last = self.text(condition.trim(), depth);
                    match truth(&last) {
                        Some(is_true) if is_true == (name == "or") => return last,
                        Some(_) => {}
                        None => return unknown(),
                    }
                }
                return last;
            }
            _ => {}
        }
        let values: Vec<String> = raw.iter().map(|argument| self.text(argument, depth)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        match (name, values.as_slice()) {
            ("subst", [from, to, text]) if !from.is_empty() => replace(text, from, to, self.budget),
            ("patsubst", [from, to, text]) => {
                self.each(text, |word| substitute(word, from.trim(), to.trim()))
            }
            ("addprefix", [prefix, text]) => self.each(text, |word| format!("{prefix}{word}")),
            ("addsuffix", [suffix, text]) => self.each(text, |word| format!("{word}{suffix}")),
            ("notdir", [text]) => self.each(text, |word| file_name(word).to_owned()),
            ("dir", [text]) => self.each(text, |word| match word.contains('/') {
                false if word.contains(UNKNOWN) => unknown(),
                _ => format!("{}/", folder(word)),
            }),
            ("basename", [text]) => self
                .each(text, |word| word.rsplit_once('.').map_or(word, |(stem, _)| stem).to_owned()),
            ("strip" | "sort" | "abspath" | "realpath", [text]) => self.each(text, str::to_owned),
            ("firstword", [text]) => text.split_whitespace().next().unwrap_or_default().into(),
            ("lastword", [text]) => text.split_whitespace().last().unwrap_or_default().into(),
            ("findstring", [part, text]) => match text.contains(part) {
                true => (*part).to_owned(),
                false if part.contains(UNKNOWN) || text.contains(UNKNOWN) => unknown(),
                false => String::new(),
            },
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
            ("info" | "warning" | "eval", _) => String::new(),
            _ => unknown(),
        }
    }

    fn for_each(&mut self, variable: &str, list: &str, body: &str, depth: usize) -> String {
        let (variable, list) = (self.text(variable, depth), self.text(list, depth));
        let (mut out, mut length) = (Vec::new(), 0);
        for word in list.split_whitespace().take(MAX_LOOP) {
            self.bound.push((variable.trim().to_owned(), word.to_owned()));
            let value = self.text(body, depth);
            self.bound.pop();
            length += value.len();
            out.push(value);
            if length > MAX_LENGTH {
                return unknown();
            }
        }
        out.join(" ")
    }

    /// `$(call NAME,ARGUMENT...)` of a variable of the file.
    fn call(&mut self, function: &str, arguments: &[&str], depth: usize) -> String {
        let function = self.text(function, depth);
        let Some(value) = self.scope.get(function.trim()) else { return unknown() };
        let bound = self.bound.len();
        let values: Vec<String> = arguments.iter().map(|text| self.text(text, depth)).collect();
        let named = (1..).map(|index: usize| index.to_string()).zip(values);
        self.bound.extend(named);
        let value = self.text(&value.text, depth + 1);
        self.bound.truncate(bound);
        value
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

/// Whether a condition of a function is true, which is to say not empty.
fn truth(value: &str) -> Option<bool> {
    let value = value.trim();
    let is_known = value.is_empty() || value.contains(|c: char| c != UNKNOWN && !c.is_whitespace());
    is_known.then_some(!value.is_empty())
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

fn folder(path: &str) -> &str {
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
fn substitute(word: &str, from: &str, to: &str) -> String {
    match stem_of(from, word) {
        Some(stem) => to.replacen('%', stem, 1),
        None => word.to_owned(),
    }
}
