//! Rules: which of them make a file, and what they run for it.

use super::{
    Doubt, Holds, Makefile,
    lines::{Assignment, Operator},
    values::{Automatic, Scope, expand, replace},
    variables::Variables,
};
use crate::project::{
    budget::Budget,
    paths::{UNKNOWN, file_name, stem_of},
};

/// A rule. Its targets are expanded, its inputs and recipe are not.
#[derive(Debug, Default)]
pub(in super::super) struct Rule {
    pub(in super::super) targets: String,
    /// `%.o` of `a.o b.o: %.o: %.c`
    pub(super) pattern: Option<String>,
    pub(super) inputs: String,
    pub(super) recipe: Vec<(String, Holds)>,
    pub(super) holds: Holds,
}

/// `targets: NAME = value`
#[derive(Debug)]
pub(super) struct TargetSpecific {
    pub(super) targets: String,
    pub(super) assignment: OwnedAssignment,
    pub(super) holds: Holds,
}

/// An [`Assignment`] that is kept.
#[derive(Debug)]
pub(super) struct OwnedAssignment {
    name: String,
    operator: Operator,
    value: String,
}

impl OwnedAssignment {
    pub(super) fn of(assignment: &Assignment<'_>, name: String) -> OwnedAssignment {
        let Assignment { operator, value, .. } = *assignment;
        OwnedAssignment { name, operator, value: value.to_owned() }
    }

    fn borrowed(&self) -> Assignment<'_> {
        Assignment { name: &self.name, operator: self.operator, value: &self.value }
    }
}

/// How a rule makes a file.
#[derive(Debug)]
pub(in super::super) struct Fit<'m> {
    rule: &'m Rule,
    pub(in super::super) automatic: Automatic,
    by: FitBy,
}

/// How a rule names what it makes, closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum FitBy {
    /// The file is among its targets.
    Name,
    /// The file fits the pattern of a rule whose list of targets is not known in full.
    UnknownList,
    /// It makes any file of a pattern.
    Pattern,
}

/// See [`Fit::rank`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct Rank {
    is_off: bool,
    by: FitBy,
    holds: Holds,
}

impl Fit<'_> {
    /// The order in which rules for one file are preferred: those that do not hold come last, and of two that name
    /// it as closely, that which surely holds comes first.
    pub(in super::super) fn rank(&self) -> Rank {
        let Rule { holds, .. } = *self.rule;
        Rank { is_off: holds == Holds::Not, by: self.by, holds }
    }
}

impl Makefile {
    /// How a rule makes a file of that name, in whatever folder; `None` when it does not.
    pub(in super::super) fn fit<'m>(
        &'m self,
        rule: &'m Rule,
        file: &str,
        budget: &Budget,
    ) -> Option<Fit<'m>> {
        let targets = &rule.targets;
        if !budget.take(targets.len()) {
            return None;
        }
        let fit = |target: String, stem: Option<&str>, by| {
            let automatic = self.automatic(rule, target, stem, budget);
            Some(Fit { rule, automatic, by })
        };
        if let Some(pattern) = &rule.pattern {
            let stem = stem_of(file_name(pattern.trim()), file)?;
            let target = targets.split_whitespace().find(|target| file_name(target) == file);
            let by = match target {
                Some(_) => FitBy::Name,
                None if targets.split_whitespace().any(|t| file_name(t).contains(UNKNOWN)) => {
                    FitBy::UnknownList
                }
                None => return None,
            };
            let target = target.map_or_else(|| pattern.replacen('%', stem, 1), str::to_owned);
            return fit(target, Some(stem), by);
        }
        targets.split_whitespace().find_map(|target| {
            let name = file_name(target);
            if name == file {
                return fit(target.to_owned(), None, FitBy::Name);
            }
            // A pattern of one's own: `%` alone makes everything.
            let stem = stem_of(name, file).filter(|_| name.len() > 1 && name.contains('%'))?;
            fit(target.replacen('%', stem, 1), Some(stem), FitBy::Pattern)
        })
    }

    /// A rule of fixed targets as it makes the first of them.
    pub(in super::super) fn fit_first<'m>(
        &'m self,
        rule: &'m Rule,
        budget: &Budget,
    ) -> Option<Fit<'m>> {
        let target = rule.targets.split_whitespace().next()?;
        let is_fixed = !rule.recipe.is_empty() && !target.contains('%');
        is_fixed.then(|| {
            let automatic = self.automatic(rule, target.to_owned(), None, budget);
            Fit { rule, automatic, by: FitBy::Name }
        })
    }

    /// The lines that a rule runs to make a file, expanded, with the variables of the target.
    pub(in super::super) fn commands(
        &self,
        fit: &Fit<'_>,
        doubt: Doubt,
        budget: &Budget,
    ) -> Vec<String> {
        let own = self.own_variables(&fit.automatic.target, budget);
        let scope = Scope { own: Some(&own), ..Scope::new(&self.variables, &fit.automatic, doubt) };
        let Fit { rule, .. } = fit;
        let lines = rule.recipe.iter().filter(|(_, holds)| match doubt {
            Doubt::Unknown => *holds == Holds::Surely,
            Doubt::Taken => *holds <= rule.holds.max(Holds::Perhaps),
        });
        let expanded = lines.map(|(line, _)| expand(line, &scope, budget));
        // A canned recipe has many lines.
        let split = |text: String| text.lines().map(|line| line.trim().to_owned()).collect();
        expanded.flat_map::<Vec<String>, _>(split).collect()
    }

    /// The variables that are set for a target alone. Those that it inherits from what it is an input of are not
    /// among them.
    fn own_variables(&self, target: &str, budget: &Budget) -> Variables {
        let mut own = Variables::default();
        for TargetSpecific { targets, assignment, holds } in &self.specific {
            if !budget.take(targets.len()) {
                break;
            }
            let is_meant = |pattern: &str| pattern == target || stem_of(pattern, target).is_some();
            if targets.split_whitespace().any(is_meant) {
                own.inherit(&assignment.name, &self.variables);
                own.assign(&assignment.name, &assignment.borrowed(), *holds, true, budget);
            }
        }
        own
    }

    fn automatic(
        &self,
        rule: &Rule,
        target: String,
        stem: Option<&str>,
        budget: &Budget,
    ) -> Automatic {
        let none = Automatic { target, ..Automatic::default() };
        let inputs = match stem {
            Some(stem) => replace(&rule.inputs, "%", stem, budget),
            None => rule.inputs.clone(),
        };
        let scope = Scope::new(&self.variables, &none, Doubt::Taken);
        let mut inputs = expand(&inputs, &scope, budget);
        // `.SECONDEXPANSION`
        if inputs.contains('$') {
            inputs = expand(&inputs, &scope, budget);
        }
        Automatic {
            inputs: inputs.split_whitespace().map(str::to_owned).collect(),
            stem: stem.map(str::to_owned),
            ..none
        }
    }
}
