//! What is known of Makefiles: `?` stands for what is not.

use std::fmt::Write;

use expect_test::{Expect, expect};

use super::*;
use crate::project::paths::UNKNOWN;

const WORK: u64 = 1 << 20;

/// Reads a fixture whose first file is the Makefile.
fn read(fixture: &str) -> Makefile {
    let mut files: Vec<(&str, String)> = vec![("Makefile", String::new())];
    for line in fixture.lines() {
        if let Some(path) = line.strip_prefix("//- ") {
            files.push((path, String::new()));
        } else if let Some((_, text)) = files.last_mut() {
            *text += line;
            text.push('\n');
        }
    }
    let include = |name: &str| {
        let file = files.iter().find(|(path, _)| *path == name);
        file.map(|(_, text)| text.clone())
    };
    Makefile::read(&files[0].1, "/w", &include, &Budget::new(WORK))
}

/// Variables of a Makefile, as they surely are and, where that differs, with every branch taken.
fn check_values(fixture: &str, names: &[&str], expect: Expect) {
    let makefile = read(fixture);
    let budget = Budget::new(WORK);
    let mut out = String::new();
    for name in names {
        let of = |doubt| makefile.value(name, doubt, &budget).replace(UNKNOWN, "?");
        let (sure, taken) = (of(Doubt::Unknown), of(Doubt::Taken));
        write!(out, "{name} = {sure}").unwrap();
        if taken != sure {
            write!(out, " or {taken}").unwrap();
        }
        out.push('\n');
    }
    expect.assert_eq(&out);
}

/// How files are made, rules that surely hold first.
fn check_rules(fixture: &str, files: &[&str], expect: Expect) {
    let makefile = read(fixture);
    let budget = Budget::new(WORK);
    let mut out = String::new();
    for file in files {
        let rules = makefile.rules().iter();
        let mut fits: Vec<_> = rules.filter_map(|rule| makefile.fit(rule, file, &budget)).collect();
        fits.sort_by_key(Fit::rank);
        for fit in fits {
            let Automatic { target, inputs, .. } = &fit.automatic;
            writeln!(out, "{target}: {} {:?}", inputs.join(" "), fit.rank()).unwrap();
            for line in makefile.commands(&fit, Doubt::Taken, &budget) {
                writeln!(out, "    {line}").unwrap();
            }
        }
    }
    expect.assert_eq(&out.replace(UNKNOWN, "?"));
}

#[test]
fn assignments_are_obeyed_in_order() {
    check_values(
        "A = $(B)\nB := one\nC := $(B)\nB := two\nD := $(D) x\nE ?= first\nE ?= second\nF = a\nF += $(B)\n\
         G := $(B)\nG += $(C)\nB += three\nH != uname\nexport override I = i # comment\nJ = \\#x\nundefine E\n\
         K-$(C) = k\n",
        &["A", "C", "D", "E", "F", "G", "H", "I", "J", "K-one", "CURDIR"],
        expect![[r#"
            A = two three
            C = one
            D = ? x
            E = ?
            F = a two three
            G = two one
            H = ?
            I = i
            J = #x
            K-one = k
            CURDIR = /w
        "#]],
    );
}

#[test]
fn branches_that_are_not_known_are_doubt() {
    check_values(
        "ARCH := $(shell uname -m)\nV = 1\nF = -g\nifeq ($(ARCH),x86_64)\nT = x86\nF += -Dx86\nelse\nT = other\nendif\n\
         F += -O2\nifeq \"$(V)\" \"1\"\nM = one\nelse ifdef ARCH\nM = maybe\nelse\nM = none\nL = late\nendif\n\
         N := $(T)/x\nifneq ($(F),)\nP = full\nelse\nP = empty\nendif\nL ?= set\n",
        &["T", "F", "M", "L", "N", "P"],
        expect![[r#"
            T = ? or other
            F = -g ? -O2 or -g -Dx86 -O2
            M = one
            L = set
            N = ?/x or other/x
            P = full
        "#]],
    );
}

#[test]
fn what_nothing_sets_is_empty_for_a_condition_unless_a_file_is_missing() {
    let text = "ifdef DEBUG\nM = debug\nelse\nM = release\nendif\nifeq ($(MAKE),)\nN = no\nelse\nN = make\nendif\n";
    check_values(
        text,
        &["M", "N"],
        expect![[r#"
        M = release
        N = ? or make
    "#]],
    );
    check_values(
        &format!("-include gone.mk\n{text}"),
        &["M"],
        expect![[r#"
        M = release
    "#]],
    );
    check_values(
        &format!("include gone.mk\n{text}"),
        &["M"],
        expect![[r#"
        M = ? or release
    "#]],
    );
}

#[test]
fn included_files_are_read_where_they_stand() {
    check_values(
        "TOP = ../..\ninclude $(TOP)/common.mk\nB := $(A)\nA = after\nifdef NONE\ninclude never.mk\nendif\n\
         //- ../../common.mk\nA = included\nHERE := $(dir $(lastword $(MAKEFILE_LIST)))\ninclude inner.mk\n\
         //- inner.mk\nC = $(A)\n\
         //- never.mk\nC = never\n",
        &["A", "B", "C", "HERE"],
        expect![[r#"
            A = after
            B = included
            C = after
            HERE = ../../
        "#]],
    );
}

#[test]
fn functions_of_words() {
    check_values(
        "L = a.c b/c.c\nA = $(L:.c=.o)\nB = $(patsubst %.c,out/%.o,$(L))\nC = $(dir $(L)) $(notdir $(L))\n\
         D = $(if $(X:=),$(L)) $(if $(L),yes,no) $(or ,$(L)) $(and $(L),z)\n\
         E = $(foreach i,1 2,$(call F,$i,x))\nF = $2$1\nG = $(findstring c,$(L)) $(filter %.c,$(L) x)\n\
         H = a $(wildcard *.c)\n",
        &["A", "B", "C", "D", "E", "G", "H"],
        expect![[r#"
            A = a.o b/c.o
            B = out/a.o out/b/c.o
            C = ./ b/ a.c c.c
            D = ? yes a.c b/c.c z
            E = x1 x2
            G = c a.c b/c.c
            H = a ?
        "#]],
    );
}

#[test]
fn a_variable_of_another_target_never_applies() {
    check_rules(
        "F = -O2\nsix.o: F += -DSIX\nnew_%.o: F = -DNEW\n%.o: %.c\n\tclang $(F) -c $< -o $@\nF += -g\n",
        &["four.o", "six.o", "new_1.o"],
        expect![[r#"
            four.o: four.c Rank { is_off: false, by: Pattern, holds: Surely }
                clang -O2 -g -c four.c -o four.o
            six.o: six.c Rank { is_off: false, by: Pattern, holds: Surely }
                clang -O2 -g -DSIX -c six.c -o six.o
            new_1.o: new_1.c Rank { is_off: false, by: Pattern, holds: Surely }
                clang -DNEW -c new_1.c -o new_1.o
        "#]],
    );
}

#[test]
fn rules_that_hold_come_first_and_canned_recipes_are_expanded() {
    check_rules(
        "define build\n\t@echo $2\n\tclang $1 -o $2\nendef\nifdef OTHER\nx.o: other.c\n\tcc -c $<\nendif\n\
         out/%.o: %.c | out\n\t$(call build,$<,$@)\nifeq ($(wildcard x),)\nx.o: doubt.c\n\tcc $<\nendif\n\
         y.o z.o &:: y.c ; make $@\nW = 1\n\tX = 2\n",
        &["x.o", "z.o"],
        expect![[r#"
            x.o: doubt.c Rank { is_off: false, by: Name, holds: Perhaps }
                cc doubt.c
            out/x.o: x.c Rank { is_off: false, by: Pattern, holds: Surely }
                @echo out/x.o
                clang x.c -o out/x.o
            x.o: other.c Rank { is_off: true, by: Name, holds: Not }
                cc -c other.c
            z.o: y.c Rank { is_off: false, by: Name, holds: Surely }
                make z.o
            out/z.o: z.c Rank { is_off: false, by: Pattern, holds: Surely }
                @echo out/z.o
                clang z.c -o out/z.o
        "#]],
    );
}

#[test]
fn a_file_that_includes_itself_ends() {
    let text = "include Makefile\n".repeat(40) + "A = 1\n";
    let budget = Budget::new(WORK);
    let read = |name: &str| (name == "Makefile").then(|| text.clone());
    Makefile::read(&text, "/w", &read, &budget);
    assert!(budget.is_used_up());
}
