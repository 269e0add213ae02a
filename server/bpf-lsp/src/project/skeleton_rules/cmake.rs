//! What a `CMakeLists.txt` makes skeleton headers of: `bpf_object(NAME SOURCE...)` of libbpf-bootstrap, and
//! custom commands that run bpftool.

use rustc_hash::FxHashMap;

use super::{
    Budget,
    bpftool::{self, Recipe},
};
use crate::project::paths::{UNKNOWN, file_name};

/// A command and its arguments, expanded.
pub(super) type Command = (String, Vec<String>);

/// Commands of a file at most; a loop in a loop could make many.
const MAX_COMMANDS: usize = 10_000;

/// Runs of a loop at most.
const MAX_LOOP: usize = 256;

/// Longer lists, or texts in bytes, are not known.
const MAX_LENGTH: usize = 1 << 16;

/// What the header of that file name is made of.
pub(super) fn header(commands: &[Command], header: &str, budget: &Budget) -> Vec<Recipe> {
    let mut found = Vec::new();
    for (name, arguments) in commands {
        if !budget.take(arguments.len()) {
            break;
        }
        match (name.as_str(), arguments.as_slice()) {
            ("bpf_object", [object, sources @ ..]) => {
                let Some(stem) = header.strip_suffix(".skel.h") else { continue };
                // A name that is not known is that of any header.
                let is_any = object.len() == UNKNOWN.len_utf8() && object.contains(UNKNOWN);
                if object != stem && !is_any {
                    continue;
                }
                let inputs = sources
                    .iter()
                    .filter(|source| source.ends_with(".c"))
                    .map(
                        |source| {
                            if is_any { source.replace(UNKNOWN, stem) } else { source.clone() }
                        },
                    )
                    .collect();
                found.push(Recipe { inputs, ..Recipe::default() });
            }
            ("add_custom_command" | "add_custom_target", arguments) => {
                let made: Vec<_> = parts(arguments, "COMMAND")
                    .iter()
                    .flat_map(|words| bpftool::commands(&words.join(" "), budget))
                    .collect();
                let recipe = bpftool::header(&made, header, budget);
                found.extend(recipe.map(|recipe| sources(recipe, commands, budget)));
            }
            _ => {}
        }
    }
    found.retain(|recipe| !recipe.inputs.is_empty());
    found
}

/// Objects become the sources that another custom command compiles.
fn sources(mut recipe: Recipe, commands: &[Command], budget: &Budget) -> Recipe {
    for input in &mut recipe.inputs {
        let source = commands.iter().filter(|(name, _)| name == "add_custom_command").find_map(
            |(_, arguments)| {
                if !budget.take(arguments.len()) {
                    return None;
                }
                let outputs = parts(arguments, "OUTPUT");
                let makes = outputs.iter().flatten().any(|o| file_name(o) == file_name(input));
                let is_source = |word: &&String| word.ends_with(".c");
                makes.then(|| arguments.iter().find(is_source).cloned()).flatten()
            },
        );
        if let Some(source) = source {
            *input = source;
        }
    }
    recipe
}

/// The words after each use of a keyword, up to the next keyword.
fn parts<'a>(arguments: &'a [String], keyword: &str) -> Vec<Vec<&'a str>> {
    let mut found: Vec<Vec<&str>> = Vec::new();
    let mut inside = false;
    for word in arguments {
        let is_keyword =
            word.len() > 3 && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        if is_keyword {
            inside = word == keyword;
            if inside {
                found.push(Vec::new());
            }
        } else if inside && let Some(last) = found.last_mut() {
            last.push(word);
        }
    }
    found.into_iter().collect()
}

/// The commands of a file, as they run. Where the budget ends, the rest is not known.
pub(super) fn read(text: &str, budget: &Budget) -> Vec<Command> {
    let parsed = parse(text);
    let mut run = Run { variables: FxHashMap::default(), out: Vec::new(), budget };
    run.all(&parsed, 0);
    run.out
}

struct Run<'a> {
    variables: FxHashMap<String, Vec<String>>,
    out: Vec<Command>,
    budget: &'a Budget,
}

impl Run<'_> {
    fn all(&mut self, commands: &[(String, Vec<String>)], depth: usize) {
        let mut at = 0;
        while let Some((name, raw)) = commands.get(at) {
            at += 1;
            if !self.budget.take(1) {
                return;
            }
            let Some(arguments) = self.expand(raw) else { return };
            match (name.as_str(), arguments.as_slice()) {
                ("set", [variable, values @ ..]) => {
                    self.variables.insert(variable.clone(), values.to_vec());
                }
                ("list", [action, variable, values @ ..]) if action == "APPEND" => {
                    let known = self.variables.entry(variable.clone()).or_default();
                    known.extend(values.iter().cloned());
                    if known.len() > MAX_LENGTH {
                        *known = vec![UNKNOWN.to_string()];
                    }
                }
                // What these find is on the disk.
                ("file" | "get_filename_component" | "string" | "cmake_path", arguments) => {
                    for word in arguments {
                        self.variables.insert(word.clone(), vec![UNKNOWN.to_string()]);
                    }
                }
                ("foreach", [variable, values @ ..]) => {
                    let end = end_of_loop(commands, at);
                    let body = commands.get(at..end).unwrap_or_default();
                    if !self.budget.take(body.len()) {
                        return;
                    }
                    at = end + 1;
                    let values = match values {
                        [_in, kind, lists @ ..] if kind == "LISTS" => {
                            let all = lists.iter().filter_map(|list| self.variables.get(list));
                            all.flatten().take(MAX_LOOP).cloned().collect()
                        }
                        [_in, kind, items @ ..] if kind == "ITEMS" => items.to_vec(),
                        values => values.to_vec(),
                    };
                    for value in values.into_iter().take(MAX_LOOP) {
                        if depth > 4 || self.out.len() > MAX_COMMANDS || self.budget.is_used_up() {
                            return;
                        }
                        self.variables.insert(variable.clone(), vec![value]);
                        self.all(body, depth + 1);
                    }
                }
                _ => self.out.push((name.clone(), arguments)),
            }
        }
    }

    /// Arguments with the values of variables; `None` when the budget has no work for it.
    fn expand(&self, arguments: &[String]) -> Option<Vec<String>> {
        // What is kept of a word costs memory besides its text.
        const WORD: usize = 32;
        let mut out: Vec<String> = Vec::new();
        for argument in arguments {
            // A list in place of an argument is many.
            if let Some(name) = argument.strip_prefix("${").and_then(|a| a.strip_suffix('}'))
                && let Some(values) = self.variables.get(name)
            {
                let length: usize = values.iter().map(|value| value.len() + WORD).sum();
                if !self.budget.take(length) {
                    return None;
                }
                out.extend(values.iter().cloned());
                continue;
            }
            let mut text = String::new();
            let mut rest = argument.as_str();
            while let Some((before, after)) = rest.split_once("${") {
                text.push_str(before);
                let Some((name, after)) = after.split_once('}') else { break };
                match self.variables.get(name).map(Vec::as_slice) {
                    Some([value]) if text.len() + value.len() <= MAX_LENGTH => text.push_str(value),
                    _ => text.push(UNKNOWN),
                }
                rest = after;
            }
            text.push_str(rest);
            if !self.budget.take(argument.len() + text.len() + WORD) {
                return None;
            }
            out.push(text);
        }
        Some(out)
    }
}

fn end_of_loop(commands: &[(String, Vec<String>)], from: usize) -> usize {
    let mut depth = 1;
    for (index, (name, _)) in commands.iter().enumerate().skip(from) {
        match name.as_str() {
            "foreach" => depth += 1,
            "endforeach" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    commands.len()
}

/// Names (in lower case) and arguments of all commands.
fn parse(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut chars = text.chars().peekable();
    let (mut word, mut depth) = (String::new(), 0_usize);
    let mut quoted = false;
    let finish = |word: &mut String, found: &mut Vec<(String, Vec<String>)>, quoted: bool| {
        if (!word.is_empty() || quoted)
            && let Some((_, arguments)) = found.last_mut()
        {
            arguments.push(std::mem::take(word));
        }
        word.clear();
    };
    while let Some(c) = chars.next() {
        match c {
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            '"' if depth > 0 => {
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => word.extend(chars.next()),
                        c => word.push(c),
                    }
                }
                quoted = true;
            }
            '(' if depth == 0 => {
                let name = word.trim().to_ascii_lowercase();
                found.push((name, Vec::new()));
                word.clear();
                depth = 1;
            }
            '(' => depth += 1,
            ')' => {
                if depth <= 1 {
                    finish(&mut word, &mut found, quoted);
                    quoted = false;
                }
                depth = depth.saturating_sub(1);
            }
            c if c.is_whitespace() || (c == ';' && depth > 0) => {
                if depth > 0 {
                    finish(&mut word, &mut found, quoted);
                    quoted = false;
                } else {
                    word.clear();
                }
            }
            c => word.push(c),
        }
    }
    found
}
