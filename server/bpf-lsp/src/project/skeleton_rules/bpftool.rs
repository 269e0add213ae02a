//! Command lines of bpftool that make objects and headers.

use super::Budget;
use crate::project::paths::{UNKNOWN, file_name};

/// What a command makes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Made {
    /// `bpftool gen object OUT IN...`
    Object { output: String, inputs: Vec<String> },
    /// `bpftool gen skeleton FILE [name NAME] > OUT`, and `gen subskeleton`.
    Header { file: String, name: Option<String>, output: Option<String>, signed: bool },
}

/// More objects are not linked into one.
pub(super) const MAX_INPUTS: usize = 1024;

/// The commands of bpftool in a line of shell.
pub(super) fn commands(line: &str, budget: &Budget) -> Vec<Made> {
    if !budget.take(line.len()) {
        return Vec::new();
    }
    let mut words: Vec<&str> = Vec::new();
    let mut made = Vec::new();
    // `>x`, `x;` and quotes as in `bash -c "..."`.
    let line = line.replace('>', " > ").replace(';', " ; ").replace(['"', '\''], " ");
    for word in line.split_whitespace().chain([";"]) {
        if matches!(word, ";" | "&&" | "||" | "|") {
            made.extend(command(&words));
            words.clear();
        } else {
            words.push(word);
        }
    }
    made
}

/// One command.
pub(super) fn command(words: &[&str]) -> Option<Made> {
    // bpftool takes every prefix of its words; the one before `gen` is the program or an option of it.
    let at = (1..words.len()).find(|at| {
        let is = |offset: usize, full: &[&str]| {
            words.get(at + offset).is_some_and(|w| full.iter().any(|f| f.starts_with(w)))
        };
        is(0, &["gen"]) && is(1, &["skeleton", "subskeleton", "object"])
    })?;
    let signed = words.iter().any(|word| matches!(*word, "-S" | "--sign"));
    let kind = *words.get(at + 1)?;
    let rest = words.get(at + 2..)?;
    let redirect = rest.iter().position(|word| *word == ">");
    let output = redirect.and_then(|at| rest.get(at + 1)).map(|word| (*word).to_owned());
    let mut arguments = rest.get(..redirect.unwrap_or(rest.len()))?.to_vec();
    arguments.retain(|word| !word.starts_with('-'));
    let (first, rest) = arguments.split_first()?;
    if "object".starts_with(kind) {
        let inputs = rest.iter().map(|word| (*word).to_owned()).collect();
        return Some(Made::Object { output: (*first).to_owned(), inputs });
    }
    let name = match rest {
        ["name", name, ..] if !name.contains(UNKNOWN) => Some((*name).to_owned()),
        _ => None,
    };
    Some(Made::Header { file: (*first).to_owned(), name, output, signed })
}

/// What a header is made of, by the commands that make it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Recipe {
    /// Objects (or sources), linked in this order.
    pub(super) inputs: Vec<String>,
    /// The name that the command gives.
    pub(super) name: Option<String>,
    /// Whether it is signed.
    pub(super) signed: bool,
}

/// What of these commands makes a header of that file name: inputs of `gen object` are followed.
pub(super) fn header(commands: &[Made], header: &str, budget: &Budget) -> Option<Recipe> {
    commands.iter().find_map(|made| {
        let Made::Header { file, name, output: Some(output), signed } = made else { return None };
        if file_name(output) != header {
            return None;
        }
        let mut inputs = vec![file.clone()];
        for _ in 0..8 {
            let mut changed = false;
            let mut behind: Vec<String> = Vec::new();
            for input in inputs {
                let is_made = |made: &Made| match made {
                    Made::Object { output, .. } => budget.take(input.len()) && same(output, &input),
                    Made::Header { .. } => false,
                };
                match commands.iter().find(|made| is_made(made)) {
                    Some(Made::Object { inputs, .. }) => {
                        changed = true;
                        behind.extend(inputs.iter().cloned());
                    }
                    _ => behind.push(input),
                }
                if behind.len() > MAX_INPUTS || budget.is_used_up() {
                    return None;
                }
            }
            inputs = behind;
            if !changed {
                break;
            }
        }
        Some(Recipe { inputs, name: name.clone(), signed: *signed })
    })
}

fn same(a: &str, b: &str) -> bool {
    let (a, b) = (file_name(a), file_name(b));
    !a.contains(UNKNOWN) && a == b
}
