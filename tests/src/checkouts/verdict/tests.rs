use std::fs;

use expect_test::{Expect, expect};

use super::*;

/// What bpftool prints of an object with that name and those maps.
fn skeleton(name: &str, maps: &[&str]) -> String {
    let upper = name.to_uppercase();
    let maps: String = maps.iter().map(|map| format!("\t\tstruct bpf_map *{map};\n")).collect();
    format!(
        "#ifndef __{upper}_SKEL_H__\n#define __{upper}_SKEL_H__\n\nstruct {name} {{\n\tstruct {{\n{maps}\t}} maps;\n\
         }};\n\n#endif /* __{upper}_SKEL_H__ */\n"
    )
}

/// Judges an answer about a program with one map `events`, in a checkout with `include/own.h`.
fn check(status: Status, told: Option<&str>, answer: Option<Answer>, expected: Expect) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("skel.h"), skeleton("p_bpf", &["events"])).unwrap();
    let program = Program {
        source: "p.bpf.c".into(),
        status,
        name: told.map(str::to_owned),
        folder: folder.path().to_owned(),
    };
    let mut tree = Tree::default();
    tree.add("include/own.h");
    let Judgement { verdict, kind, detail } = judge(&program, answer.as_ref(), &tree);
    expected.assert_eq(&format!("{}|{kind}|{detail}", verdict.word()));
}

/// An answer that claims to be whole.
fn answer(name: &str, maps: &[&str]) -> Answer {
    let part = crate::skeleton_extract::declaration_part(&skeleton("p_bpf", maps));
    Answer {
        role: "bpf".into(),
        name: name.into(),
        named: part,
        complete: true,
        ..Answer::default()
    }
}

#[test]
fn equal_and_the_name() {
    let ours = |name| Some(answer(name, &["events"]));
    check(Status::Skeleton, Some("p_bpf"), ours("p_bpf"), expect!["equal||"]);
    check(
        Status::Skeleton,
        Some("p_bpf"),
        ours("p"),
        expect!["other-name|name of the skeleton|expected p_bpf, got p"],
    );
    // Nothing tells it.
    check(Status::Skeleton, None, ours("p"), expect!["equal||"]);
}

#[test]
fn a_difference_is_told_or_not() {
    let silent = answer("p_bpf", &["other"]);
    let missing = |header: &str| Answer { missing: vec![header.into()], ..silent.clone() };
    let stand_in = Answer { stand_ins: vec!["vmlinux.h".into()], ..silent.clone() };
    let incomplete = Answer { complete: false, ..silent.clone() };
    let check = |answer, expected| check(Status::Skeleton, None, Some(answer), expected);
    check(
        silent.clone(),
        expect![
            "silent|in silence: map missing|line 6: expected `  struct bpf_map *events;`, got `  struct bpf_map *other;`"
        ],
    );
    check(
        missing("own.h"),
        expect![
            "told|header of the checkout not found|own.h; map missing; line 6: expected `  struct bpf_map *events;`, got `  struct bpf_map *other;`"
        ],
    );
    check(
        missing("made.h"),
        expect![
            "told|header not found, not in the checkout|made.h; map missing; line 6: expected `  struct bpf_map *events;`, got `  struct bpf_map *other;`"
        ],
    );
    check(
        stand_in,
        expect![
            "told|built-in vmlinux.h, none in the checkout|vmlinux.h; map missing; line 6: expected `  struct bpf_map *events;`, got `  struct bpf_map *other;`"
        ],
    );
    check(
        incomplete,
        expect![
            "told|marked incomplete, all headers found|; map missing; line 6: expected `  struct bpf_map *events;`, got `  struct bpf_map *other;`"
        ],
    );
}

#[test]
fn refusals() {
    let refused = |maps| {
        Some(Answer {
            refusals: vec!["map `a1` has no type (EINVAL)".into()],
            ..answer("p_bpf", maps)
        })
    };
    check(
        Status::Skeleton,
        None,
        refused(&["events"]),
        expect![
            "refused-falsely|refused falsely: map … has no type (EINVAL)|map `a1` has no type (EINVAL)"
        ],
    );
    check(Status::Refused, None, refused(&[]), expect!["equal||"]);
    check(Status::Part, None, Some(answer("p", &[])), expect!["equal||"]);
    check(
        Status::Part,
        None,
        refused(&[]),
        expect![
            "refused-falsely|a part of a linked object is refused|map `a1` has no type (EINVAL)"
        ],
    );
    check(
        Status::Refused,
        None,
        Some(answer("p", &[])),
        expect!["refusal-missed|refusal not seen|"],
    );
}

#[test]
fn names_are_no_part_of_a_kind() {
    let check = |message, kind| assert_eq!(without_names(message), kind);
    check("extern function f is in no section", "extern function … is in no section");
    check("map a: has no type", "map … has no type");
    check("struct_ops ops is no struct", "struct_ops … is no struct");
}

#[test]
fn no_program_and_no_answer() {
    let other = Answer { role: "other".into(), missing: vec!["own.h".into()], ..Answer::default() };
    check(
        Status::Skeleton,
        None,
        Some(other),
        expect!["unrecognised|not recognised, taken for other|own.h"],
    );
    check(Status::Skeleton, None, None, expect!["no-answer|no answer|"]);
}
