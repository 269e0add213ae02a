//! What the rules of a makefile make skeleton headers of. Nothing is run; templates (`define`, for
//! `$(eval $(call ...))`) are read as if they stood where they are written.

use super::{
    Budget,
    bpftool::{self, Made, Recipe, UNKNOWN, file_name},
    make_values::{Automatic, Variables, expand, replace, split_top, stem_of},
};
use crate::project::{
    budget::ASK_DISK,
    makefile::{assignment, logical_lines},
};

/// Makefiles that include each other are followed to this depth.
const MAX_INCLUDES: usize = 4;

/// More ways to make one header are not looked at.
const MAX_RECIPES: usize = 64;

/// A makefile, as far as it matters.
#[derive(Debug, Default)]
pub(super) struct Makefile {
    variables: Variables,
    rules: Vec<Rule>,
}

/// How included makefiles are read.
struct Included<'a> {
    read: &'a dyn Fn(&str) -> Option<String>,
    budget: &'a Budget,
}

/// A rule, its inputs and recipe unexpanded.
#[derive(Debug, Default)]
struct Rule {
    targets: String,
    /// `%.o` of `a.o b.o: %.o: %.c`
    pattern: Option<String>,
    inputs: String,
    recipe: Vec<String>,
}

/// A rule that makes a file.
struct Fit {
    automatic: Automatic,
    /// 0: the file is named, 1: it is in a list that is not known in full, 2: any of a pattern.
    rank: u8,
}

impl Makefile {
    /// Reads a makefile; `read` gives the text of an included one.
    pub(super) fn parse(
        text: &str,
        read: &dyn Fn(&str) -> Option<String>,
        budget: &Budget,
    ) -> Makefile {
        let mut makefile = Makefile::default();
        makefile.read(text, &Included { read, budget }, 0);
        // Each header is looked for among all targets: these are expanded once.
        let Makefile { variables, rules } = &mut makefile;
        let none = Automatic::default();
        for rule in rules {
            rule.targets = expand(&rule.targets, variables, &none, budget);
            rule.pattern = rule.pattern.take().map(|p| expand(&p, variables, &none, budget));
        }
        makefile
    }

    fn read(&mut self, text: &str, included: &Included<'_>, depth: usize) {
        let Included { read, budget } = included;
        let mut in_template = false;
        if !budget.take(text.len()) {
            return;
        }
        for line in logical_lines(text) {
            let first = line.split_whitespace().next().unwrap_or_default();
            match first {
                "define" => {
                    in_template = true;
                    continue;
                }
                "endef" => {
                    in_template = false;
                    continue;
                }
                "include" | "-include" | "sinclude" if depth < MAX_INCLUDES => {
                    let names = line.trim_start().strip_prefix(first).unwrap_or_default();
                    let names = expand(names, &self.variables, &Automatic::default(), budget);
                    for name in names.split_whitespace().filter(|name| !name.contains(UNKNOWN)) {
                        if !budget.take(ASK_DISK) {
                            return;
                        }
                        if let Some(text) = read(name) {
                            self.read(&text, included, depth + 1);
                        }
                    }
                    continue;
                }
                "ifeq" | "ifneq" | "ifdef" | "ifndef" | "else" | "endif" | "include"
                | "-include" | "sinclude" | "" => continue,
                _ => {}
            }
            let line = if in_template { line.replace("$$", "$") } else { line };
            self.line(&line);
        }
    }

    fn line(&mut self, line: &str) {
        if line.starts_with('\t') {
            if let Some(rule) = self.rules.last_mut() {
                rule.recipe.push(line.trim().to_owned());
            }
        } else if let Some((name, append, value)) = assignment(line) {
            let known = self.variables.entry(name.to_owned()).or_default();
            if append {
                known.push(' ');
                known.push_str(value);
            } else {
                value.clone_into(known);
            }
        } else if let Some((targets, rest)) = split_top(line, ':') {
            let (rest, inline) = match split_top(rest, ';') {
                Some((rest, command)) => (rest, Some(command.trim().to_owned())),
                None => (rest, None),
            };
            let (pattern, inputs) = match split_top(rest, ':') {
                Some((pattern, inputs)) => (Some(pattern.trim().to_owned()), inputs),
                None => (None, rest),
            };
            // What stands behind a bar only has to be there before.
            let inputs = split_top(inputs, '|').map_or(inputs, |(inputs, _)| inputs);
            self.rules.push(Rule {
                targets: targets.trim().to_owned(),
                pattern,
                inputs: inputs.trim().to_owned(),
                recipe: inline.into_iter().collect(),
            });
        }
    }

    /// What the header of that file name is made of, best first.
    pub(super) fn header(&self, header: &str, budget: &Budget) -> Vec<Recipe> {
        let mut found: Vec<(u8, Recipe)> = Vec::new();
        // A recipe may write another header beside the one it is for.
        let beside = header.strip_suffix(".subskel.h").map(|stem| format!("{stem}.skel.h"));
        for rule in &self.rules {
            let made = self.fit(rule, header, budget);
            let made = made.and_then(|fit| self.made(rule, header, fit, budget));
            let made = made.or_else(|| {
                let fit = beside.as_deref().and_then(|beside| self.fit(rule, beside, budget));
                let fit = fit.or_else(|| self.own(rule, budget))?;
                self.made_beside(rule, header, fit, budget)
            });
            // What was found with too little work may be wrong.
            if budget.is_used_up() {
                break;
            }
            found.extend(made);
            if found.len() >= MAX_RECIPES {
                break;
            }
        }
        found.sort_by_key(|(rank, _)| *rank);
        let mut recipes: Vec<Recipe> = Vec::new();
        for (_, recipe) in found {
            if !recipe.inputs.is_empty() && !recipes.contains(&recipe) {
                recipes.push(recipe);
            }
        }
        recipes
    }

    /// What a rule for the header makes it of.
    fn made(&self, rule: &Rule, header: &str, fit: Fit, budget: &Budget) -> Option<(u8, Recipe)> {
        let made = self.commands(rule, &fit.automatic, budget);
        let inputs = objects(&fit.automatic.inputs);
        let recipe = match bpftool::header(&made, header, budget) {
            Some(recipe) => usable(recipe, inputs),
            // A command that is not seen, in a template or script.
            None => {
                let is_made = made.iter().any(|made| matches!(made, Made::Header { .. }));
                (!is_made && !inputs.is_empty())
                    .then_some(Recipe { inputs, ..Recipe::default() })?
            }
        };
        Some((fit.rank, recipe))
    }

    /// What a rule for something else makes the header of, beside what it is for.
    fn made_beside(
        &self,
        rule: &Rule,
        header: &str,
        fit: Fit,
        budget: &Budget,
    ) -> Option<(u8, Recipe)> {
        let commands = self.commands(rule, &fit.automatic, budget);
        let recipe = bpftool::header(&commands, header, budget)?;
        Some((fit.rank, usable(recipe, objects(&fit.automatic.inputs))))
    }

    /// The source that an object of that file name is compiled from, as the rule writes it.
    pub(super) fn source(&self, object: &str, budget: &Budget) -> Option<String> {
        let mut fits: Vec<(u8, String)> =
            self.rules
                .iter()
                .filter_map(|rule| {
                    let fit = self.fit(rule, object, budget)?;
                    let source = fit.automatic.inputs.into_iter().find(|input| {
                        input.ends_with(".c") && !file_name(input).contains(UNKNOWN)
                    })?;
                    Some((fit.rank, source))
                })
                .collect();
        fits.sort_by_key(|(rank, _)| *rank);
        fits.into_iter().next().filter(|_| !budget.is_used_up()).map(|(_, source)| source)
    }

    fn fit(&self, rule: &Rule, file: &str, budget: &Budget) -> Option<Fit> {
        let targets = &rule.targets;
        if !budget.take(targets.len()) {
            return None;
        }
        if let Some(pattern) = &rule.pattern {
            let stem = stem_of(file_name(pattern.trim()), file)?;
            let target = targets.split_whitespace().find(|target| file_name(target) == file);
            let rank = match target {
                Some(_) => 0,
                None if targets.split_whitespace().any(|t| file_name(t).contains(UNKNOWN)) => 1,
                None => return None,
            };
            let target = target.map_or_else(|| pattern.replacen('%', stem, 1), str::to_owned);
            return Some(Fit { automatic: self.automatic(rule, target, Some(stem), budget), rank });
        }
        targets.split_whitespace().find_map(|target| {
            let name = file_name(target);
            if name == file {
                let target = target.to_owned();
                return Some(Fit {
                    automatic: self.automatic(rule, target, None, budget),
                    rank: 0,
                });
            }
            // A pattern of one's own: `%` alone makes everything.
            let stem = stem_of(name, file).filter(|_| name.len() > 1 && name.contains('%'))?;
            let target = target.replacen('%', stem, 1);
            Some(Fit { automatic: self.automatic(rule, target, Some(stem), budget), rank: 2 })
        })
    }

    /// A rule of fixed targets, for what its recipe makes beside them.
    fn own(&self, rule: &Rule, budget: &Budget) -> Option<Fit> {
        let target = rule.targets.split_whitespace().next()?;
        let is_own = !rule.recipe.is_empty() && !target.contains('%');
        is_own.then(|| {
            let automatic = self.automatic(rule, target.to_owned(), None, budget);
            Fit { automatic, rank: 0 }
        })
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
        let mut inputs = expand(&inputs, &self.variables, &none, budget);
        // `.SECONDEXPANSION`
        if inputs.contains('$') {
            inputs = expand(&inputs, &self.variables, &none, budget);
        }
        Automatic {
            inputs: inputs.split_whitespace().map(str::to_owned).collect(),
            stem: stem.map(str::to_owned),
            ..none
        }
    }

    fn commands(&self, rule: &Rule, automatic: &Automatic, budget: &Budget) -> Vec<Made> {
        let lines = rule.recipe.iter();
        let lines = lines.map(|line| expand(line, &self.variables, automatic, budget));
        lines.flat_map(|line| bpftool::commands(&line, budget)).collect()
    }
}

/// The objects and sources among inputs.
fn objects(inputs: &[String]) -> Vec<String> {
    let is_object = |input: &&String| {
        let name = file_name(input);
        (name.ends_with(".o") || name.ends_with(".bpf.c")) && !name.contains(UNKNOWN)
    };
    inputs.iter().filter(is_object).cloned().collect()
}

/// A recipe whose inputs are known; those of the rule where the command's are not.
fn usable(recipe: Recipe, inputs: Vec<String>) -> Recipe {
    if recipe.inputs.iter().any(|input| file_name(input).contains(UNKNOWN)) {
        return Recipe { inputs, ..recipe };
    }
    recipe
}
