//! What a Makefile says of include folders and definitions.

use std::path::PathBuf;

use rustc_hash::FxHashSet;

use super::super::{
    budget::Budget,
    make::{Doubt, Holds, Line, LineKind, Makefile, Placed, words},
    paths::UNKNOWN,
};

/// Work for asking a Makefile, in units of a [`Budget`].
const ASKING: u64 = 16 << 20;

/// More options, or folders, are no Makefile's.
const MAX_OPTIONS: usize = 1024;
const MAX_FOLDERS: usize = 256;

const OPTIONS: [&str; 6] = ["-isystem", "-idirafter", "-iquote", "-I", "-D", "-U"];

/// What a Makefile says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Said {
    /// Where it stands.
    pub(super) path: PathBuf,
    /// The `-I`, `-isystem`, `-idirafter`, `-iquote`, `-D` and `-U` options that it mentions, each once, in
    /// order.
    pub(in super::super) options: Vec<String>,
    /// The values of its variables that are one word and could name a folder, each once, by name of the
    /// variable.
    pub(in super::super) folders: Vec<String>,
    /// Whether it asks for more work than is done: what is said is not all.
    pub(super) in_part: bool,
}

impl Said {
    /// Asks a Makefile.
    ///
    /// A folder too many is no harm, but a definition makes another program: `-D` and `-U` are left out where
    /// the line may not hold or is for other targets, and where some of the recipes that compile do without.
    pub(super) fn by(file: &Placed) -> Said {
        let said = Said::within(&file.makefile, &Budget::new(ASKING));
        Said { path: file.path.clone(), in_part: said.in_part || file.in_part, ..said }
    }

    fn within(makefile: &Makefile, budget: &Budget) -> Said {
        let options = options(makefile, budget);
        let folders = folders(makefile, budget);
        let in_part = budget.is_used_up() || options.len() == MAX_OPTIONS;
        Said { path: PathBuf::new(), options, folders, in_part }
    }
}

fn options(makefile: &Makefile, budget: &Budget) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut known: FxHashSet<String> = FxHashSet::default();
    let compiles: Vec<&Line> = makefile.lines().iter().filter(|line| compiles_bpf(line)).collect();
    for line in makefile.lines() {
        let mut words = words(&line.text).peekable();
        while let Some(word) = words.next() {
            // In `VAR:=-Ix` and `$(addprefix -I,...)` the option is not a word of its own: left out.
            let Some(option) = OPTIONS.iter().find(|option| word.starts_with(**option)) else {
                continue;
            };
            let value = match word.strip_prefix(option) {
                Some("") => words.peek().copied().unwrap_or_default(),
                Some(value) => value,
                None => continue,
            };
            let value = makefile.expand(value, Doubt::Unknown, budget);
            let value = value.trim();
            if value.is_empty()
                || value
                    .contains(|c: char| c == UNKNOWN || c.is_whitespace() || "`\"'\\()".contains(c))
            {
                continue;
            }
            let defines = matches!(*option, "-D" | "-U");
            let has = |other: &&Line| budget.take(other.text.len()) && other.text.contains(word);
            let of_all = || !compiles_bpf(line) || compiles.iter().all(has);
            let is_sure = line.holds == Holds::Surely && line.kind != LineKind::TargetSpecific;
            if defines && !(is_sure && of_all()) {
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

fn folders(makefile: &Makefile, budget: &Budget) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for name in makefile.names() {
        let value = makefile.value(name, Doubt::Taken, budget);
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

/// Whether a line is the part of a recipe that compiles for BPF.
fn compiles_bpf(line: &Line) -> bool {
    let has = |word: &str| line.text.split_whitespace().any(|w| w == word);
    line.kind == LineKind::Recipe
        && (line.text.contains("target bpf") || line.text.contains("target=bpf"))
        && has("-c")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn read(text: &str) -> (Said, Budget) {
        let budget = Budget::new(ASKING);
        let makefile = Makefile::read(text, "/w", &|_| None, &budget);
        (Said::within(&makefile, &budget), budget)
    }

    fn check(text: &str, expect: Expect) {
        expect.assert_eq(&read(text).0.options.join(" "));
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
    fn a_definition_for_some_targets_is_of_these() {
        check(
            "F = -O2 -DALL\nsix.o: F += -DSIX -Isix\n%.o: %.c\n\tclang $(F) -target bpf -c $<\n",
            expect!["-DALL -Isix"],
        );
    }

    #[test]
    fn folders_are_values_of_one_word() {
        let text =
            "OUT := .output\nOBJ = $(OUT)/bpf\nCC ?= clang\nF := -O2 -g\nX := $(shell pwd)\n";
        let (said, _) = read(text);
        assert_eq!(said.folders, ["clang", "/w", ".output/bpf", ".output"]);
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
        let (said, budget) = read(text);
        assert!(said.in_part && budget.spent() <= ASKING);
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
        check_bomb(&format!("all:\n{recipes}"), expect![[r#"4 0 ["-DA", "-DB", "-DC"]"#]]);
    }

    #[test]
    fn conditions_in_conditions() {
        let text = format!("{}F = -DA\n", "ifdef NONE\n".repeat(50_000));
        assert_eq!(read(&text).0.options, [""; 0]);
    }
}
