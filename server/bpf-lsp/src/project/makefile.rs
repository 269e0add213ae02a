//! What a Makefile says of include folders and definitions, without running it.
//!
//! Variables with plain values are expanded; what needs a shell, a function or another makefile is
//! unknown, and an option that contains something unknown is left out. So is what a [`Budget`] has no more
//! work for.

use rustc_hash::{FxHashMap, FxHashSet};

use super::budget::Budget;

/// Expansions inside expansions; deeper ones are cycles.
const MAX_DEPTH: usize = 16;

/// Work for a Makefile, in units of a [`Budget`].
const WORK: u64 = 16 << 20;

/// More options, or folders, are no Makefile's.
const MAX_OPTIONS: usize = 1024;
const MAX_FOLDERS: usize = 256;

/// What a Makefile says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The `-I`, `-isystem`, `-idirafter`, `-iquote`, `-D` and `-U` options that it mentions, each once, in
    /// order.
    pub(super) options: Vec<String>,
    /// The values of its variables that are one word and could name a folder, each once, by name of the
    /// variable.
    pub(super) folders: Vec<String>,
    /// Whether it asks for more work than is done: what is said is not all.
    pub(super) in_part: bool,
}

/// Reads a Makefile; `directory` is the value of `$(CURDIR)`.
///
/// A folder too many is no harm, but a definition makes another program: `-D` and `-U` are left out where
/// a condition keeps them out or is not known, and where some of the recipes that compile do without.
pub(super) fn read(text: &str, directory: &str) -> Said {
    read_within(text, directory, &Budget::new(WORK))
}

fn read_within(text: &str, directory: &str, budget: &Budget) -> Said {
    let lines = logical_lines(text);
    let makefile = Makefile { variables: variables(&lines, directory), lines: &lines, budget };
    let options = makefile.options();
    let folders = makefile.folders();
    let in_part = budget.is_used_up() || options.len() == MAX_OPTIONS;
    Said { options, folders, in_part }
}

struct Makefile<'a> {
    lines: &'a [String],
    variables: FxHashMap<&'a str, String>,
    budget: &'a Budget,
}

impl Makefile<'_> {
    fn options(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut known: FxHashSet<String> = FxHashSet::default();
        let mut conditions = Conditions::default();
        let compiles: Vec<&String> = self.lines.iter().filter(|line| compiles_bpf(line)).collect();
        for line in self.lines {
            if conditions.directive(line, self) {
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
                let Some(value) = self.expand(value, 0) else { continue };
                let value = value.trim();
                if value.is_empty()
                    || value.contains(|c: char| c.is_whitespace() || "`\"'\\()".contains(c))
                {
                    continue;
                }
                let defines = matches!(*option, "-D" | "-U");
                let has = |other: &&String| self.budget.take(other.len()) && other.contains(word);
                let of_all = || compiles.iter().all(has);
                if defines && !(conditions.hold() && (!compiles_bpf(line) || of_all())) {
                    continue;
                }
                let option = format!("{option}{value}");
                if known.insert(option.clone()) {
                    found.push(option);
                }
                if found.len() == MAX_OPTIONS {
                    return found;
                }
            }
        }
        found
    }

    fn folders(&self) -> Vec<String> {
        let mut names: Vec<_> = self.variables.iter().collect();
        names.sort_unstable();
        let mut found: Vec<String> = Vec::new();
        for (_, value) in names {
            let Some(value) = self.expand(value, 0) else { continue };
            let value = value.trim();
            let plain = |c: char| c.is_ascii_alphanumeric() || "_-./+".contains(c);
            let is_path = !value.is_empty() && !value.starts_with('-') && value.chars().all(plain);
            if is_path && !found.iter().any(|known| known == value) {
                found.push(value.to_owned());
            }
            if found.len() == MAX_FOLDERS {
                break;
            }
        }
        found
    }

    /// Expands `$(NAME)` and `${NAME}`; `None` where something is not known.
    fn expand(&self, text: &str, depth: usize) -> Option<String> {
        if depth > MAX_DEPTH || !self.budget.take(text.len()) {
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
            out.push_str(self.expand(self.variables.get(name)?, depth + 1)?.trim());
            rest = after;
        }
        out.push_str(rest);
        // A list of folders is no folder; a variable may also grow without end.
        (out.len() < 4096).then_some(out)
    }

    /// Whether the condition of `ifeq (A,B)`, `ifdef NAME` and their opposites holds, where it can be known.
    fn condition(&self, line: &str) -> Option<bool> {
        let line = line.trim();
        let end = line.find(|c: char| c == '(' || c.is_whitespace())?;
        let (word, rest) = line.split_at_checked(end)?;
        let rest = rest.trim();
        match word {
            "ifdef" | "ifndef" => {
                let value = self.variables.get(rest);
                let defined = value.is_some_and(|value| !value.trim().is_empty());
                Some(defined == (word == "ifdef"))
            }
            "ifeq" | "ifneq" => {
                let (a, b) = rest.strip_prefix('(')?.strip_suffix(')')?.rsplit_once(',')?;
                let (a, b) = (self.operand(a.trim())?, self.operand(b.trim())?);
                Some((a.trim() == b.trim()) == (word == "ifeq"))
            }
            _ => None,
        }
    }

    fn operand(&self, text: &str) -> Option<String> {
        match text.strip_prefix("$(").and_then(|t| t.strip_suffix(')')) {
            // What nothing sets is empty, unless it comes from the command line.
            Some(name)
                if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                    && !self.variables.contains_key(name) =>
            {
                Some(String::new())
            }
            _ => self.expand(text, 0),
        }
    }
}

/// Whether a line is the part of a recipe that compiles for BPF.
fn compiles_bpf(line: &str) -> bool {
    let has = |word: &str| line.split_whitespace().any(|w| w == word);
    line.starts_with('\t')
        && (line.contains("target bpf") || line.contains("target=bpf"))
        && has("-c")
}

/// The conditions that hold at a line: of each `ifeq` and its kin around, whether the branch is taken, where
/// that is known, and whether an earlier branch may have been.
#[derive(Default)]
struct Conditions {
    open: Vec<(Option<bool>, Option<bool>)>,
    /// How many of them do not surely hold.
    without: usize,
}

impl Conditions {
    fn hold(&self) -> bool {
        self.without == 0
    }

    fn push(&mut self, taken: Option<bool>, any: Option<bool>) {
        self.without += usize::from(taken != Some(true));
        self.open.push((taken, any));
    }

    /// What of the innermost branches before was taken.
    fn pop(&mut self) -> Option<Option<bool>> {
        let (taken, any) = self.open.pop()?;
        self.without -= usize::from(taken != Some(true));
        Some(any)
    }

    /// Reads a line; true when it is a conditional directive.
    fn directive(&mut self, line: &str, makefile: &Makefile<'_>) -> bool {
        if line.starts_with('\t') {
            return false;
        }
        let line = line.trim();
        let (word, rest) =
            line.split_once(|c: char| c == '(' || c.is_whitespace()).unwrap_or((line, ""));
        match word {
            "ifeq" | "ifneq" | "ifdef" | "ifndef" => {
                let value = makefile.condition(line);
                self.push(value, value);
            }
            "else" => {
                let Some(earlier) = self.pop() else { return true };
                let value =
                    if rest.trim().is_empty() { Some(true) } else { makefile.condition(rest) };
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
                self.push(taken, any);
            }
            "endif" => {
                self.pop();
            }
            _ => return false,
        }
        true
    }
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

/// Lines with continuations joined and comments removed; those with nothing on them are left out.
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
            if !current.trim().is_empty() {
                lines.push(std::mem::take(&mut current));
            }
            current.clear();
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expect: Expect) {
        expect.assert_eq(&read(text, "/w").options.join(" "));
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
        assert_eq!(read(text, "/w").folders, ["clang", "/w", ".output/bpf", ".output"]);
    }

    #[test]
    fn what_needs_a_shell_or_is_unknown_is_left_out() {
        check(
            "A := $(shell pwd)\nB = $(B) x\nall:\n\tcc -I$(A) -I$(B) -I$(dir $(X)) -I$@ -DX=\"a b\" -Iok\n# -Ino\n",
            expect!["-Iok"],
        );
    }

    /// A Makefile that asks for more than there is: nothing is said but what is known, and less work is done
    /// than the budget has.
    fn check_bomb(text: &str, expect: Expect) {
        let budget = Budget::new(WORK);
        let said = read_within(text, "/w", &budget);
        assert!(said.in_part && budget.spent() <= WORK);
        let few: Vec<_> = said.options.iter().take(3).map(String::as_str).collect();
        expect.assert_eq(&format!("{} {} {few:?}", said.options.len(), said.folders.len()));
    }

    #[test]
    fn variables_that_expand_without_end() {
        // 16 levels of 20 uses each of the one below, which is empty: no length grows.
        let mut text = String::from("I := -Ifirst\nV0 =\n");
        for level in 1..=15 {
            text += &format!("V{level} = {}\n", format!("$(V{})", level - 1).repeat(20));
        }
        check_bomb(&(text + "F = -I$(V15)x -Iafter\n"), expect![[r#"1 0 ["-Ifirst"]"#]]);
    }

    #[test]
    fn a_hundred_thousand_variables_and_fifty_thousand_options() {
        let mut text = String::new();
        for i in 0..100_000 {
            text += &format!("V{i} = d{i}\n");
        }
        for i in 0..50_000 {
            text += &format!("F += -DX{i}=$(V{i})\n");
        }
        check_bomb(&text, expect![[r#"1024 256 ["-DX0=d0", "-DX1=d1", "-DX2=d2"]"#]]);
    }

    #[test]
    fn recipes_that_are_compared_with_each_other() {
        let recipes = "\tclang -target bpf -c -DA -DB -DC -DD a.c\n".repeat(20_000);
        check_bomb(&recipes, expect![[r#"4 0 ["-DA", "-DB", "-DC"]"#]]);
    }

    #[test]
    fn conditions_in_conditions() {
        let text = format!("{}F = -DA\n", "ifdef NONE\n".repeat(50_000));
        let budget = Budget::new(WORK);
        assert_eq!(read_within(&text, "/w", &budget).options, [""; 0]);
    }
}
