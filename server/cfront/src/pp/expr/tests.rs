//! Expressions and what clang 19 makes of them: `#if` takes the group, or does not, or has an error.

use std::path::Path;

use crate::{
    flags::Flags,
    pp::preprocess,
    session::{MemoryFileSystem, Session},
};

/// What `#if EXPRESSION` does.
fn taken(expression: &str) -> Option<bool> {
    let text = format!("#if {expression}\nyes\n#else\nno\n#endif\n");
    let (session, files) = (Session::new(), MemoryFileSystem::default());
    let unit =
        preprocess(&session, &files, Path::new("/a.c"), text.as_str().into(), &Flags::default());
    let first = unit.chunks.iter().find_map(|chunk| chunk.tokens().first().copied());
    unit.diagnostics.is_empty().then(|| first.is_some_and(|token| token.sym.as_str() == "yes"))
}

fn check(expressions: &str, expected: Option<bool>) {
    for expression in expressions.lines() {
        assert_eq!(taken(expression), expected, "{expression}");
    }
}

#[test]
fn true_ones() {
    check(YES, Some(true));
}

#[test]
fn false_ones() {
    check(NO, Some(false));
}

#[test]
fn wrong_ones() {
    check(WRONG, None);
}

/// Depth is what is open, not what has been: long expressions are fine.
#[test]
fn length_is_not_depth() {
    for operand in ["(1)", "-1", "!0", "(1 ? 1 : 0)", "(0 ? 0 : 1)", "1 * 1"] {
        let long = vec![operand; 150].join(" + ");
        let sum = if operand == "-1" { -150 } else { 150 };
        assert_eq!(taken(&format!("{long} == {sum}")), Some(true), "{operand}");
    }
    let deep = |depth| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(taken(&deep(100)), Some(true));
    // clang has no limit; here what is too deep is said to be, and nothing overflows.
    assert_eq!(taken(&deep(100_000)), None);
}

const YES: &str = r#"1 ? 2 : 0
1 ? 0, 1 : 0
1 << 63 == -1 << 63
4u >> 1 == 2
-8 >> 70
-8 >> 70 == -1
-8 >> 1 == -4
(0u - 8) >> 1 == 0x7ffffffffffffffc
1 << 1u == 2
-1 > 0u
-1 >= 0u
-1 == -1u
2 > 1
1 >= 1
1 <= 1
2u >= 2u
-7 / 2 == -3
-7 % 2 == -1
7u % 4 == 3
-9223372036854775807 - 1 == 0x8000000000000000
(-9223372036854775807 - 1) / -1
1 || 1 / 0
1 ? 1 : 1 / 0
0 ? 1 / 0 : 1
2 + 3 * 4 == 14
(2 + 3) * 4 == 20
10 - 4 - 3 == 3
100 / 10 / 5 == 2
1 | 6 ^ 3 & 2 == 2
(1 | 6) == 7
(5 ^ 1) == 4
(6 & 3) == 2
1 == 1 == 1
2 == 2 != 0
1 < 2 < 2
1 + 1 << 1 == 4
1 << 1 + 1 == 4
!0
!!3
~0 == -1
~0u == 0xffffffffffffffff
-1u > 0
+5 == 5
0x10 == 16
010 == 8
0b101 == 5
0xffffffffffffffff > 0
0x7fffffffffffffff > 0
9223372036854775807 > 0
9223372036854775808
18446744073709551615 > 0
1l == 1
1ull == 1
1lu == 1
'a' == 97
'\n' == 10
'\x41' == 65
'\101' == 65
'\377' < 0
'ab' == 24930
L'a' == 97
u'a' == 97
U'a' == 97
undefined == 0
1 && 2
0 || 2
1 || 0
-4 >> -1 == -1
-1u >> 64 == 1
2 >> 0x100000001 == 1
4 << 1u == 8
-4u >> 63 == 1
(1 ? -1 : 0u) > 0
(0 ? -1 : 0u) == 0
(1 ? 0, 2 : 1) == 2
'\xff' < 0
L'\377' == 255
L'\xffffffff' < 0
u'\xffff' == 65535
'abcd' == 1633837924
'\377\377\377\377' < 0
u'\u00e9' == 233"#;

const NO: &str = r#"0 ? 1 : 0
0 ? 2 : 3 ? 0 : 4
(1, 0)
1 << 64
1 << -1
4 >> -1 == 8
-1 > 0
-1 < 0u
-1 <= 0u
2 < 1
2 >= 3
3 <= 2
1u > 2u
2u < 2u
2u <= 1u
-7 / 2u == -3
(-9223372036854775807 - 1) % -1
0 && 1 / 0
5 ^ 5
6 & 1
0 | 0
!3
- 5 + 5
'\0'
undefined
true
1 && 0
0 && 1
0 || 0
4 << -1
4u >> -1
1 << 0xffffffffffffffff"#;

const WRONG: &str = r#"1 2
1 +
(1
1)
()
1 ? 2
1, 0
1 / 0
1 % 0
1 && 1 / 0
0 || 1 % 0
18446744073709551616
0x10000000000000000
1lul
1x
08
1.0
0x
''
"x"
undefined(1)
1 = 1
;
0b12
0b"#;
