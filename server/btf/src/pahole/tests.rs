use super::{Hole, describe, holes};
use crate::graph::TypeId;
use crate::test_fixture::Fixture;
use expect_test::{Expect, expect};

fn check(build: impl FnOnce(&mut Fixture) -> TypeId, expect: Expect) {
    let mut fixture = Fixture::new();
    let id = build(&mut fixture);
    expect.assert_eq(&describe(&fixture.btf, id).unwrap_or("nothing\n".to_owned()));
}

#[test]
fn holes_and_padding() {
    check(
        |f| {
            let char = f.int("char", 1);
            let long = f.int("long", 8);
            f.record("s", 24, &[("a", char, 0, 0), ("b", long, 64, 0), ("c", char, 128, 0)])
        },
        expect![[r#"
            struct s {
            	char a;                                         /*     0     1 */

            	/* 7 bytes hole */

            	long b;                                         /*     8     8 */
            	char c;                                         /*    16     1 */

            	/* size: 24, cache lines: 1, members: 3 */
            	/* holes: 1, 7 bytes */
            	/* padding: 7 bytes */
            	/* last cache line: 24 bytes */
            };
        "#]],
    );
}

#[test]
fn bit_fields() {
    check(
        |f| {
            let char = f.int("char", 1);
            let int = f.int("unsigned int", 4);
            f.record(
                "s",
                8,
                &[("a", int, 0, 3), ("b", int, 3, 4), ("c", int, 12, 9), ("d", char, 32, 0)],
            )
        },
        expect![[r#"
            struct s {
            	unsigned int a:3;                               /*     0: 0  4 */
            	unsigned int b:4;                               /*     0: 3  4 */

            	/* 5 bits hole */

            	unsigned int c:9;                               /*     0:12  4 */

            	/* 11 bits hole */

            	char d;                                         /*     4     1 */

            	/* size: 8, cache lines: 1, members: 4 */
            	/* holes: 2, sum: 2 bytes */
            	/* padding: 3 bytes */
            	/* last cache line: 8 bytes */
            };
        "#]],
    );
}

#[test]
fn cache_lines() {
    check(
        |f| {
            let char = f.int("char", 1);
            let long = f.int("long", 8);
            let most = f.array(char, 60);
            let more = f.array(long, 10);
            f.record("s", 160, &[("a", most, 0, 0), ("b", more, 512, 0), ("c", long, 1152, 0)])
        },
        expect![[r#"
            struct s {
            	char a[60];                                     /*     0    60 */

            	/* 4 bytes hole */

            	/* --- cache line 1 boundary (64 bytes) --- */
            	long b[10];                                     /*    64    80 */
            	/* --- cache line 2 boundary (128 bytes) was 16 bytes ago --- */
            	long c;                                         /*   144     8 */

            	/* size: 160, cache lines: 3, members: 3 */
            	/* holes: 1, 4 bytes */
            	/* padding: 8 bytes */
            	/* last cache line: 32 bytes */
            };
        "#]],
    );
}

#[test]
fn anonymous_members_with_offsets_of_the_whole() {
    check(
        |f| {
            let char = f.int("char", 1);
            let int = f.int("int", 4);
            let inner = f.record("", 8, &[("x", char, 0, 0), ("y", int, 32, 0)]);
            let union = f.union("", 8, &[("in", inner), ("raw", int)]);
            let array = f.array(inner, 2);
            let pointer = f.ptr(inner);
            let outer = f.record(
                "",
                40,
                &[
                    ("n", int, 0, 0),
                    ("", union, 64, 0),
                    ("a", array, 128, 0),
                    ("p", pointer, 256, 0),
                ],
            );
            f.typedef("outer_t", outer)
        },
        expect![[r#"
            typedef struct {
            	int n;                                          /*     0     4 */

            	/* 4 bytes hole */

            	union {
            		struct {
            			char x;                         /*     8     1 */

            			/* 3 bytes hole */

            			int y;                          /*    12     4 */
            		} in;                                   /*     8     8 */
            		int raw;                                /*     8     4 */
            	};                                              /*     8     8 */
            	struct {
            		char x;                                 /*    16     1 */

            		/* 3 bytes hole */

            		int y;                                  /*    20     4 */
            	} a[2];                                         /*    16    16 */
            	struct {...} *p;                                /*    32     8 */

            	/* size: 40, cache lines: 1, members: 4 */
            	/* holes: 1, 4 bytes */
            	/* last cache line: 40 bytes */
            } outer_t;
        "#]],
    );
}

#[test]
fn other_types() {
    check(
        |f| f.int("int", 4),
        expect![[r#"
        int /* size: 4 */
    "#]],
    );
    check(
        |f| {
            let e = f.enumeration("e", 4, &[("A", 0)]);
            f.add(crate::graph::Type::Enum(e))
        },
        expect![[r#"
            enum e {
            	A = 0,
            }; /* size: 4 */
        "#]],
    );
    check(
        |_| TypeId::VOID,
        expect![[r#"
        nothing
    "#]],
    );
}

#[test]
fn holes_by_place() {
    let mut f = Fixture::new();
    let char = f.int("char", 1);
    let int = f.int("int", 4);
    let id = f.record("s", 12, &[("a", char, 0, 0), ("b", int, 32, 0), ("c", char, 64, 0)]);
    assert_eq!(
        holes(&f.btf, id),
        [
            Hole { offset_bits: 8, bits: 24, before: Some(1) },
            Hole { offset_bits: 72, bits: 24, before: None },
        ]
    );
    assert_eq!(holes(&f.btf, int), []);
}
