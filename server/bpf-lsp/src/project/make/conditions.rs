//! `ifeq`, `ifdef` and their opposites.

use super::{
    Holds,
    lines::split_top,
    values::{Automatic, Doubt, Scope, Unset, expand},
    variables::Variables,
};
use crate::project::{budget::Budget, paths::UNKNOWN};

/// The conditionals around a line.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    /// Outside of all of them.
    outside: Holds,
    open: Vec<Branch>,
}

/// The branch of a conditional that is being read.
#[derive(Clone, Copy, Debug)]
struct Branch {
    /// Whether its lines are in force, with all that is around it.
    holds: Holds,
    /// Whether it or a branch before it is taken.
    taken: Option<bool>,
}

/// Whether a conditional directive is one, and whether its condition is true, where that is known.
pub(super) enum Directive<'a> {
    If(&'a str),
    Else(Option<&'a str>),
    End,
}

/// The conditional directive that a line is.
pub(super) fn directive(line: &str) -> Option<Directive<'_>> {
    let line = line.trim();
    let (word, rest) = split_word(line);
    match word {
        "ifeq" | "ifneq" | "ifdef" | "ifndef" => Some(Directive::If(line)),
        "else" => Some(Directive::Else(Some(rest.trim()).filter(|rest| !rest.is_empty()))),
        "endif" => Some(Directive::End),
        _ => None,
    }
}

fn split_word(line: &str) -> (&str, &str) {
    let end = line.find(|c: char| "(\"'".contains(c) || c.is_whitespace()).unwrap_or(line.len());
    line.split_at_checked(end).unwrap_or((line, ""))
}

impl Conditions {
    /// Those of a file that is included where this holds.
    pub(super) fn inside(outside: Holds) -> Conditions {
        Conditions { outside, open: Vec::new() }
    }

    /// Whether the next line is in force.
    pub(super) fn hold(&self) -> Holds {
        self.open.last().map_or(self.outside, |branch| branch.holds)
    }

    /// Goes on behind a directive; `value` decides its condition.
    pub(super) fn step(&mut self, directive: &Directive<'_>, value: impl Fn(&str) -> Option<bool>) {
        match directive {
            Directive::If(condition) => {
                let value = value(condition);
                self.push(value, value);
            }
            Directive::Else(condition) => {
                let Some(before) = self.open.pop() else { return };
                let value = condition.map_or(Some(true), value);
                let holds = match (before.taken, value) {
                    (Some(true), _) | (_, Some(false)) => Some(false),
                    (Some(false), value) => value,
                    (None, _) => None,
                };
                let taken = match (before.taken, holds) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                };
                self.push(holds, taken);
            }
            Directive::End => {
                self.open.pop();
            }
        }
    }

    fn push(&mut self, value: Option<bool>, taken: Option<bool>) {
        let here = match value {
            Some(true) => Holds::Surely,
            None => Holds::Perhaps,
            Some(false) => Holds::Not,
        };
        self.open.push(Branch { holds: self.hold().max(here), taken });
    }
}

/// Whether the condition of a directive is true, with the variables set so far; `None` where that is not known.
/// A variable that nothing sets is empty, unless some included file was not read.
pub(super) fn is_true(line: &str, variables: &Variables, budget: &Budget) -> Option<bool> {
    let (word, rest) = split_word(line);
    let rest = rest.trim();
    let automatic = Automatic::default();
    let unset = if variables.all_read { Unset::Empty } else { Unset::Unknown };
    let scope = Scope { unset, ..Scope::new(variables, &automatic, Doubt::Unknown) };
    let value = |text: &str| Some(expand(text, &scope, budget)).filter(|_| !budget.is_used_up());
    match word {
        "ifdef" | "ifndef" => {
            let defined = variables.is_defined(value(rest)?.trim())?;
            Some(defined == (word == "ifdef"))
        }
        "ifeq" | "ifneq" => {
            let (a, b) = operands(rest)?;
            let equal = are_equal(value(a)?.trim(), value(b)?.trim())?;
            Some(equal == (word == "ifeq"))
        }
        _ => None,
    }
}

/// `(a,b)`, `"a" "b"` or `'a' 'b'`.
fn operands(text: &str) -> Option<(&str, &str)> {
    if let Some(inside) = text.strip_prefix('(') {
        return split_top(inside.strip_suffix(')')?, ',');
    }
    let quoted = |text: &str| text.chars().next().filter(|c| "\"'".contains(*c));
    let (a, rest) = text.get(1..)?.split_once(quoted(text)?)?;
    let rest = rest.trim();
    let b = rest.get(1..)?.strip_suffix(quoted(rest)?)?;
    Some((a, b))
}

fn are_equal(a: &str, b: &str) -> Option<bool> {
    let has_text = |text: &str| text.contains(|c: char| c != UNKNOWN && !c.is_whitespace());
    match (a.contains(UNKNOWN), b.contains(UNKNOWN)) {
        (false, false) => Some(a == b),
        // Whatever is not known, there is something.
        (true, false) if b.is_empty() && has_text(a) => Some(false),
        (false, true) if a.is_empty() && has_text(b) => Some(false),
        _ => None,
    }
}
