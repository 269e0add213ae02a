//! Names of types and sections as the source spells them: which declaration a typedef's name means, and
//! strings that macros put in parentheses.

use expect_test::{Expect, expect};

use super::source;
use crate::skeleton::{SkeletonKind, print};

/// The members of the data sections, as the skeleton declares them.
fn check(text: &str, expect: Expect) {
    let source = source(text);
    let text = print(&source.object, SkeletonKind::Skeleton);
    let mut out = String::new();
    let mut inside = false;
    for line in text.lines() {
        inside |= line.starts_with("\tstruct test__");
        if inside {
            out.push_str(line.trim_start_matches('\t'));
            out.push('\n');
        }
        inside &= !line.starts_with("\t}");
    }
    for refusal in &source.refusals {
        out.push_str(&format!("refused: {refusal}\n"));
    }
    expect.assert_eq(&out);
}

#[test]
fn a_typedef_declared_again_is_another_typedef_from_there_on() {
    check(
        "typedef unsigned long long num; num first;
         typedef unsigned long long num; num second;
         typedef num num; num third;
         struct pair { num a; }; struct pair fourth;",
        expect![[r#"
            struct test__bss {
            num first;
            num___2 second;
            num___3 third;
            struct pair fourth;
            } *bss;
        "#]],
    );
}

#[test]
fn typedefs_of_the_compiler_are_typedefs() {
    check(
        "__uint128_t wide; __int128_t signed_wide; unsigned __int128 plain; const __int128_t *to;",
        expect![[r#"
            struct test__bss {
            __uint128_t wide;
            __int128_t signed_wide;
            unsigned __int128 plain;
            __int128_t *to;
            } *bss;
        "#]],
    );
}

#[test]
fn a_section_in_parentheses_is_that_section() {
    check(
        "#define NAME \".data.\" \"knob\"
         __attribute__((section((\".data.knob\")))) int knob = 3;
         __attribute__((section(((NAME))))) int other = 4;",
        expect![[r#"
            struct test__data_knob {
            int knob;
            int other;
            } *data_knob;
        "#]],
    );
}
