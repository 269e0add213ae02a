//! The functions of make that only work on words. All others are unknown.

use super::{
    lines::split_top,
    values::{Expansion, MAX_LENGTH, folder, replace, substitute, unknown},
};
use crate::project::paths::{UNKNOWN, file_name, stem_of};

/// Words of a `foreach` at most.
const MAX_LOOP: usize = 1024;

impl Expansion<'_> {
    /// The value of `$(name arguments)`.
    pub(super) fn function(&mut self, name: &str, arguments: &str, depth: usize) -> String {
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
    pub(super) fn each(&self, text: &str, change: impl Fn(&str) -> String) -> String {
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
