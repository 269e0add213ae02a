//! What a `meson.build` makes skeleton headers of: chains of `custom_target`.

use super::{
    Budget,
    bpftool::{MAX_INPUTS, Recipe},
};
use crate::project::paths::{UNKNOWN, file_name};

/// How many targets are followed from a header to its source.
const MAX_CHAIN: usize = 8;

/// A word of the language.
#[derive(Clone, Debug, PartialEq)]
enum Word {
    Name(String),
    Text(String),
    Sign(char),
}

/// A `custom_target(...)`.
#[derive(Debug, Default)]
pub(super) struct Target {
    /// The variable that holds it.
    variable: String,
    inputs: Vec<Word>,
    outputs: Vec<String>,
    command: Vec<Word>,
}

/// What the header of that file name is made of.
pub(super) fn header(targets: &[Target], header: &str, budget: &Budget) -> Vec<Recipe> {
    targets.iter().filter_map(|target| made_by(targets, target, header, budget)).collect()
}

/// The targets of a file.
pub(super) fn read(text: &str, budget: &Budget) -> Vec<Target> {
    targets(&words(text), budget)
}

fn made_by(targets: &[Target], target: &Target, header: &str, budget: &Budget) -> Option<Recipe> {
    if !budget.take(target.outputs.len()) {
        return None;
    }
    let stem = target.outputs.iter().find_map(|output| stem_of(output, header))?;
    let mut inputs = target.inputs.clone();
    for _ in 0..MAX_CHAIN {
        let mut changed = false;
        let mut behind: Vec<Word> = Vec::new();
        for input in inputs {
            let before = match &input {
                Word::Name(_) if !budget.take(targets.len()) => return None,
                Word::Name(name) => targets.iter().find(|t| t.variable == *name),
                _ => None,
            };
            match before {
                Some(before) => {
                    changed = true;
                    behind.extend(before.inputs.iter().cloned());
                }
                None => behind.push(input),
            }
            if behind.len() > MAX_INPUTS {
                return None;
            }
        }
        inputs = behind;
        if !changed {
            break;
        }
    }
    let inputs: Vec<String> = inputs
        .into_iter()
        .filter_map(|input| match input {
            Word::Text(text) => Some(text.replace(UNKNOWN, stem)),
            _ => None,
        })
        .filter(|input| input.ends_with(".c") || input.ends_with(".o"))
        .collect();
    let text = |word: &Word, wanted: &str| matches!(word, Word::Text(text) if text == wanted);
    let name = target.command.windows(2).find_map(|pair| match pair {
        [key, Word::Text(name)] if text(key, "name") && !name.contains(['@', UNKNOWN]) => {
            Some(name.clone())
        }
        _ => None,
    });
    let signed = target.command.iter().any(|word| text(word, "-S") || text(word, "--sign"));
    (!inputs.is_empty()).then_some(Recipe { inputs, name, signed })
}

/// What stands for the unknown part of an output where it fits a header.
fn stem_of<'h>(output: &str, header: &'h str) -> Option<&'h str> {
    let output = file_name(output);
    match output.split_once(UNKNOWN) {
        Some((before, after)) => {
            let stem = header.strip_prefix(before)?.strip_suffix(after)?;
            (!stem.is_empty() && !after.contains(UNKNOWN)).then_some(stem)
        }
        None => (output == header).then_some(""),
    }
}

fn targets(words: &[Word], budget: &Budget) -> Vec<Target> {
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if !matches!(word, Word::Name(name) if name == "custom_target")
            || words.get(at + 1) != Some(&Word::Sign('('))
        {
            continue;
        }
        let mut target = Target::default();
        if let Some([Word::Name(variable), Word::Sign('=')]) =
            at.checked_sub(2).and_then(|from| words.get(from..at))
        {
            target.variable.clone_from(variable);
        }
        let end = closing(words, at + 1);
        // Calls in calls are looked at once for each that they stand in, and copied.
        if !budget.take((end - at) * size_of::<Word>()) {
            break;
        }
        for (key, value) in keywords(words.get(at + 2..end).unwrap_or_default()) {
            match key.as_str() {
                "input" => target.inputs = joined(value),
                "command" => target.command = joined(value),
                "output" => {
                    target.outputs = joined(value)
                        .into_iter()
                        .filter_map(|word| match word {
                            Word::Text(text) => Some(text),
                            _ => None,
                        })
                        .collect();
                }
                _ => {}
            }
        }
        found.push(target);
    }
    found
}

/// `key : value` pairs of a call's arguments.
fn keywords(arguments: &[Word]) -> Vec<(String, &[Word])> {
    let mut pairs = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for at in 0..=arguments.len() {
        let ends = match arguments.get(at) {
            Some(Word::Sign('(' | '[' | '{')) => {
                depth += 1;
                false
            }
            Some(Word::Sign(')' | ']' | '}')) => {
                depth = depth.saturating_sub(1);
                false
            }
            Some(Word::Sign(',')) => depth == 0,
            None => true,
            _ => false,
        };
        if ends {
            if let Some([Word::Name(key), Word::Sign(':'), value @ ..]) = arguments.get(start..at) {
                pairs.push((key.clone(), value));
            }
            start = at + 1;
        }
    }
    pairs
}

/// Names and texts of a value; `name + 'text'` and `'@0@text'.format(name)` are one text with an unknown
/// part.
fn joined(value: &[Word]) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::new();
    let mut at = 0;
    while let Some(word) = value.get(at) {
        at += 1;
        match word {
            Word::Text(text) => {
                let text = ["@0@", "@BASENAME@"]
                    .iter()
                    .fold(text.clone(), |text, part| text.replace(part, &UNKNOWN.to_string()));
                let plus = out.last() == Some(&Word::Sign('+'));
                if plus {
                    out.pop();
                    let before = match out.pop() {
                        Some(Word::Text(before)) => before,
                        _ => UNKNOWN.to_string(),
                    };
                    out.push(Word::Text(before + &text));
                } else {
                    out.push(Word::Text(text));
                }
                // `.format(...)`
                if value.get(at) == Some(&Word::Sign('.')) {
                    at = closing(value, at + 2) + 1;
                }
            }
            Word::Name(name) if out.last() == Some(&Word::Sign('+')) => {
                out.pop();
                match out.pop() {
                    Some(Word::Text(before)) => out.push(Word::Text(format!("{before}{UNKNOWN}"))),
                    _ => out.push(Word::Name(name.clone())),
                }
            }
            Word::Name(_) | Word::Sign('+') => out.push(word.clone()),
            Word::Sign(_) => {}
        }
    }
    out.retain(|word| !matches!(word, Word::Sign(_)));
    out
}

/// Index of the bracket that closes the one at `open`.
fn closing(words: &[Word], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().skip(open) {
        match word {
            Word::Sign('(' | '[' | '{') => depth += 1,
            Word::Sign(')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    words.len()
}

fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            '\'' => {
                let mut text = String::new();
                while let Some(c) = chars.next() {
                    match c {
                        '\'' => break,
                        '\\' => text.extend(chars.next()),
                        c => text.push(c),
                    }
                }
                found.push(Word::Text(text));
            }
            c if c.is_alphanumeric() || c == '_' => {
                let mut name = String::from(c);
                while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    name.push(c);
                }
                found.push(Word::Name(name));
            }
            c if c.is_whitespace() => {}
            c => found.push(Word::Sign(c)),
        }
    }
    found
}
