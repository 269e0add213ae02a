//! What the rules of a Makefile make skeleton headers of. All rules are asked; those that do not hold come last.

use super::{
    Budget,
    bpftool::{self, Made, Recipe},
};
use crate::project::{
    make::{Doubt, Fit, Makefile, Rank, Rule},
    paths::{UNKNOWN, file_name},
};

/// More ways to make one header are not looked at.
const MAX_RECIPES: usize = 64;

/// What the header of that file name is made of, best first.
pub(super) fn header(makefile: &Makefile, header: &str, budget: &Budget) -> Vec<Recipe> {
    let mut found: Vec<(Rank, Recipe)> = Vec::new();
    // A recipe may write another header beside the one it is for.
    let beside = header.strip_suffix(".subskel.h").map(|stem| format!("{stem}.skel.h"));
    for rule in makefile.rules() {
        let made = makefile.fit(rule, header, budget);
        let made = made.and_then(|fit| made_for(makefile, header, &fit, budget));
        let made = made.or_else(|| {
            let fit = beside.as_deref().and_then(|beside| makefile.fit(rule, beside, budget));
            let fit = fit.or_else(|| makefile.fit_first(rule, budget))?;
            made_beside(makefile, header, &fit, budget)
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

/// The source that an object of that file name is compiled from, as the rule writes it.
pub(super) fn source(makefile: &Makefile, object: &str, budget: &Budget) -> Option<String> {
    let of = |rule: &Rule| {
        let fit = makefile.fit(rule, object, budget)?;
        let rank = fit.rank();
        let is_source =
            |input: &String| input.ends_with(".c") && !file_name(input).contains(UNKNOWN);
        Some((rank, fit.automatic.inputs.into_iter().find(is_source)?))
    };
    let mut fits: Vec<(Rank, String)> = makefile.rules().iter().filter_map(of).collect();
    fits.sort_by_key(|(rank, _)| *rank);
    fits.into_iter().next().filter(|_| !budget.is_used_up()).map(|(_, source)| source)
}

/// What a rule for the header makes it of.
fn made_for(
    makefile: &Makefile,
    header: &str,
    fit: &Fit<'_>,
    budget: &Budget,
) -> Option<(Rank, Recipe)> {
    let made = commands(makefile, fit, budget);
    let inputs = objects(&fit.automatic.inputs);
    let recipe = match bpftool::header(&made, header, budget) {
        Some(recipe) => usable(recipe, inputs),
        // A command that is not seen, in a template or script.
        None => {
            let is_made = made.iter().any(|made| matches!(made, Made::Header { .. }));
            (!is_made && !inputs.is_empty()).then_some(Recipe { inputs, ..Recipe::default() })?
        }
    };
    Some((fit.rank(), recipe))
}

/// What a rule for something else makes the header of, beside what it is for.
fn made_beside(
    makefile: &Makefile,
    header: &str,
    fit: &Fit<'_>,
    budget: &Budget,
) -> Option<(Rank, Recipe)> {
    let recipe = bpftool::header(&commands(makefile, fit, budget), header, budget)?;
    Some((fit.rank(), usable(recipe, objects(&fit.automatic.inputs))))
}

fn commands(makefile: &Makefile, fit: &Fit<'_>, budget: &Budget) -> Vec<Made> {
    let lines = makefile.commands(fit, Doubt::Taken, budget);
    lines.iter().flat_map(|line| bpftool::commands(line, budget)).collect()
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
