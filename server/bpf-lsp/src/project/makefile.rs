//! What a Makefile says of include folders and definitions, without running it.
//!
//! Variables with plain values are expanded; what needs a shell, a function or another makefile is
//! unknown, and an option that contains something unknown is left out.

use rustc_hash::FxHashMap;

/// Expansions inside expansions; deeper ones are cycles.
const MAX_DEPTH: usize = 16;

/// The `-I`, `-isystem`, `-idirafter`, `-iquote`, `-D` and `-U` options that a Makefile mentions, each once,
/// in order. `directory` is the value of `$(CURDIR)`.
pub(super) fn options(text: &str, directory: &str) -> Vec<String> {
    let lines = logical_lines(text);
    let variables = variables(&lines, directory);
    let mut found: Vec<String> = Vec::new();
    for line in &lines {
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
            let option = format!("{option}{value}");
            if !found.contains(&option) {
                found.push(option);
            }
        }
    }
    found
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
