//! What a Makefile says of include folders and definitions, without running it.
//!
//! Variables with plain values are expanded; what needs a shell, a function or another makefile is
//! unknown, and an option that contains something unknown is left out.

use rustc_hash::FxHashMap;

/// Expansions inside expansions; deeper ones are cycles.
const MAX_DEPTH: usize = 16;

/// The `-I`, `-isystem`, `-idirafter`, `-iquote`, `-D` and `-U` options that a Makefile mentions, each once,
/// in order. `directory` is the value of `$(CURDIR)`.
///
/// A folder too many is no harm, but a definition makes another program: `-D` and `-U` are left out where
/// a condition keeps them out or is not known, and where some of the recipes that compile do without.
pub(super) fn options(text: &str, directory: &str) -> Vec<String> {
    let lines = logical_lines(text);
    let variables = variables(&lines, directory);
    let mut found: Vec<String> = Vec::new();
    let mut conditions = Conditions::default();
    let compiles: Vec<&String> = lines.iter().filter(|line| compiles_bpf(line)).collect();
    for line in &lines {
        if conditions.directive(line, &variables) {
            continue;
        }
        let mut words = line.split_whitespace().peekable();
        while let Some(word) = words.next() {
            // In `VAR:=-Ix` and `$(addprefix -I,...)` the option is not a word of its own: left out.
            let Some(option) = ["-isystem", "-idirafter", "-iquote", "-I", "-D", "-U"]
                .iter()
                .find(|o| word.starts_with(*o))
            else {
                continue;
            };
            let value = match word.strip_prefix(option) {
                Some("") => words.peek().copied().unwrap_or_default(),
                Some(value) => value,
                None => continue,
            };
            let Some(value) = expand(value, &variables, 0) else { continue };
            let value = value.trim();
            if value.is_empty()
                || value.contains(|c: char| c.is_whitespace() || "`\"'\\()".contains(c))
            {
                continue;
            }
            let defines = matches!(*option, "-D" | "-U");
            let of_all = || compiles.iter().all(|other| other.contains(word));
            if defines && !(conditions.hold() && (!compiles_bpf(line) || of_all())) {
                continue;
            }
            let option = format!("{option}{value}");
            if !found.contains(&option) {
                found.push(option);
            }
        }
    }
    found
}

/// Whether a line is the part of a recipe that compiles for BPF.
fn compiles_bpf(line: &str) -> bool {
    let has = |word: &str| line.split_whitespace().any(|w| w == word);
    line.starts_with('\t')
        && has("-c")
        && (line.contains("target bpf") || line.contains("target=bpf"))
}

/// The conditions that hold at a line: of each `ifeq` and its kin around, whether the branch is taken, where
/// that is known, and whether an earlier branch may have been.
#[derive(Default)]
struct Conditions(Vec<(Option<bool>, Option<bool>)>);

impl Conditions {
    fn hold(&self) -> bool {
        self.0.iter().all(|(taken, _)| *taken == Some(true))
    }

    /// Reads a line; true when it is a conditional directive.
    fn directive(&mut self, line: &str, variables: &FxHashMap<&str, String>) -> bool {
        if line.starts_with('\t') {
            return false;
        }
        let line = line.trim();
        let (word, rest) =
            line.split_once(|c: char| c == '(' || c.is_whitespace()).unwrap_or((line, ""));
        match word {
            "ifeq" | "ifneq" | "ifdef" | "ifndef" => {
                let value = condition(line, variables);
                self.0.push((value, value));
            }
            "else" => {
                let Some((_, earlier)) = self.0.pop() else { return true };
                let value =
                    if rest.trim().is_empty() { Some(true) } else { condition(rest, variables) };
                let taken = match (earlier, value) {
                    (Some(true), _) | (_, Some(false)) => Some(false),
                    (Some(false), value) => value,
                    (None, _) => None,
                };
                let any = match (earlier, taken) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                };
                self.0.push((taken, any));
            }
            "endif" => {
                self.0.pop();
            }
            _ => return false,
        }
        true
    }
}

/// Whether the condition of `ifeq (A,B)`, `ifdef NAME` and their opposites holds, where it can be known.
fn condition(line: &str, variables: &FxHashMap<&str, String>) -> Option<bool> {
    let line = line.trim();
    let end = line.find(|c: char| c == '(' || c.is_whitespace())?;
    let (word, rest) = line.split_at_checked(end)?;
    let rest = rest.trim();
    match word {
        "ifdef" | "ifndef" => {
            let defined = variables.get(rest).is_some_and(|value| !value.trim().is_empty());
            Some(defined == (word == "ifdef"))
        }
        "ifeq" | "ifneq" => {
            let (a, b) = rest.strip_prefix('(')?.strip_suffix(')')?.rsplit_once(',')?;
            let value = |text: &str| match text.strip_prefix("$(").and_then(|t| t.strip_suffix(')'))
            {
                // What nothing sets is empty, unless it comes from the command line.
                Some(name) if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
                    match variables.contains_key(name) {
                        true => expand(text, variables, 0),
                        false => Some(String::new()),
                    }
                }
                _ => expand(text, variables, 0),
            };
            let (a, b) = (value(a.trim())?, value(b.trim())?);
            Some((a.trim() == b.trim()) == (word == "ifeq"))
        }
        _ => None,
    }
}

/// The values of a Makefile's variables that are one word and could name a folder, each once, by name of
/// the variable.
pub(super) fn folders(text: &str, directory: &str) -> Vec<String> {
    let lines = logical_lines(text);
    let variables = variables(&lines, directory);
    let mut names: Vec<_> = variables.iter().collect();
    names.sort_unstable();
    let mut found: Vec<String> = Vec::new();
    for (_, value) in names {
        let Some(value) = expand(value, &variables, 0) else { continue };
        let value = value.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-./+".contains(c);
        let is_path = !value.is_empty() && !value.starts_with('-') && value.chars().all(plain);
        if is_path && !found.iter().any(|known| known == value) {
            found.push(value.to_owned());
        }
    }
    found
}

fn variables<'a>(lines: &'a [String], directory: &str) -> FxHashMap<&'a str, String> {
    let mut variables: FxHashMap<&str, String> = FxHashMap::default();
    for line in lines {
        if let Some((name, append, value)) = assignment(line) {
            let entry = variables.entry(name).or_default();
            if !append {
                entry.clear();
            }
            entry.push(' ');
            entry.push_str(value);
        }
    }
    variables.insert("CURDIR", directory.to_owned());
    variables.insert("PWD", directory.to_owned());
    variables
}

/// Lines with continuations joined and comments removed.
pub(super) fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    for line in text.lines() {
        let (line, more) = match line.strip_suffix('\\') {
            Some(line) => (line, true),
            None => (line, false),
        };
        let line = line.split_once('#').map_or(line, |(code, _)| code);
        current.push_str(line);
        current.push(' ');
        if !more {
            lines.push(std::mem::take(&mut current));
        }
    }
    lines.push(current);
    lines
}

/// Name, whether it is `+=`, and value of a variable assignment.
pub(super) fn assignment(line: &str) -> Option<(&str, bool, &str)> {
    let (left, value) = line.split_once('=')?;
    let append = left.ends_with('+');
    let name = left.trim_end_matches([':', '+', '?']).trim();
    let name =
        name.strip_prefix("export ").or(name.strip_prefix("override ")).unwrap_or(name).trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (!name.is_empty() && name.chars().all(plain)).then_some((name, append, value.trim()))
}

/// Expands `$(NAME)` and `${NAME}`; `None` where something is not known.
fn expand(text: &str, variables: &FxHashMap<&str, String>, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let close = match after.chars().next()? {
            '(' => ')',
            '{' => '}',
            _ => return None,
        };
        let (name, after) = after.get(1..)?.split_once(close)?;
        out.push_str(expand(variables.get(name)?, variables, depth + 1)?.trim());
        rest = after;
    }
    out.push_str(rest);
    // A list of folders is no folder; a variable may also grow without end.
    (out.len() < 4096).then_some(out)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expect: Expect) {
        expect.assert_eq(&options(text, "/w").join(" "));
    }

    #[test]
    fn plain_and_through_variables() {
        check(
            "OUT := .output\nINC = -I$(OUT) -I../libbpf/include/uapi \\\n\t-I ${CURDIR}/x\n\
             %.o: %.c\n\tclang -D__TARGET_ARCH_x86 $(INC) -isystem sys -c $<\n",
            expect!["-I.output -I../libbpf/include/uapi -I/w/x -D__TARGET_ARCH_x86 -isystemsys"],
        );
    }

    #[test]
    fn definitions_behind_conditions_that_do_not_hold_or_are_not_known_are_left_out() {
        check(
            "FILE := $(wildcard x.h)\nV = 1\nifneq ($(FILE),)\nF += -DFOUND -Ifound\nelse\nF += -DNOT\nendif\n\
             ifeq ($(V),1)\nF += -DONE\nelse\nF += -DOTHER\nendif\nifdef DEBUG\nF += -DDEBUG\n\
             else ifndef QUIET\nF += -DLOUD\nendif\nifeq ($(GCC),)\nF += -DCLANG\nendif\nF += -DLAST\n",
            expect!["-Ifound -DONE -DLOUD -DCLANG -DLAST"],
        );
    }

    #[test]
    fn a_definition_of_one_recipe_of_several_is_of_a_variant() {
        check(
            "%.o: %.c\n\tclang -DALL -target bpf -c $<\n\
             %.legacy.o: %.c\n\tclang -DALL -DLEGACY -target bpf -c $<\n\
             tool: tool.c\n\tcc -DTOOL -c $<\n",
            expect!["-DALL -DTOOL"],
        );
    }

    #[test]
    fn folders_are_values_of_one_word() {
        let text =
            "OUT := .output\nOBJ = $(OUT)/bpf\nCC ?= clang\nF := -O2 -g\nX := $(shell pwd)\n";
        assert_eq!(folders(text, "/w"), ["clang", "/w", ".output/bpf", ".output"]);
    }

    #[test]
    fn what_needs_a_shell_or_is_unknown_is_left_out() {
        check(
            "A := $(shell pwd)\nB = $(B) x\nall:\n\tcc -I$(A) -I$(B) -I$(dir $(X)) -I$@ -DX=\"a b\" -Iok\n# -Ino\n",
            expect!["-Iok"],
        );
    }
}
