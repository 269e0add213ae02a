//! The expected texts are what bpftool 7.5 prints into a skeleton for the same types, where C can
//! say them.

use super::output::MAX_LEN;
use super::{CDumper, type_name};
use crate::graph::{Btf, Type, TypeId};
use crate::test_fixture::Fixture;
use expect_test::{Expect, expect};

fn check_decl(build: impl FnOnce(&mut Fixture) -> TypeId, expect: Expect) {
    let mut fixture = Fixture::new();
    let ty = build(&mut fixture);
    expect.assert_eq(&CDumper::new(&fixture.btf).type_decl(ty, "x", 0, false));
}

fn check_stripped(build: impl FnOnce(&mut Fixture) -> TypeId, expect: Expect) {
    let mut fixture = Fixture::new();
    let ty = build(&mut fixture);
    expect.assert_eq(&CDumper::new(&fixture.btf).type_decl(ty, "x", 0, true));
}

#[test]
fn base_types_and_pointers() {
    check_decl(|f| f.int("unsigned int", 4), expect!["unsigned int x"]);
    check_decl(|f| f.ptr(TypeId::VOID), expect!["void *x"]);
    let double = |f: &mut Fixture| {
        let int = f.int("int", 4);
        let pointer = f.ptr(int);
        f.ptr(pointer)
    };
    check_decl(double, expect!["int **x"]);
}

#[test]
fn qualifiers_stand_before_the_base_and_after_a_pointer() {
    let build = |f: &mut Fixture| {
        let int = f.int("int", 4);
        let volatile = f.add(Type::Volatile(int));
        let constant = f.constant(volatile);
        let pointer = f.ptr(constant);
        let restricted = f.add(Type::Restrict(pointer));
        f.constant(restricted)
    };
    check_decl(build, expect!["volatile const int * restrict const x"]);
    check_stripped(build, expect!["int *x"]);
}

#[test]
fn type_tags() {
    let build = |f: &mut Fixture| {
        let int = f.int("int", 4);
        let constant = f.constant(int);
        let tagged = f.tag("user", constant);
        f.ptr(tagged)
    };
    check_decl(build, expect![[r#"const int __attribute__((btf_type_tag("user"))) *x"#]]);
    check_stripped(build, expect!["int *x"]);
}

#[test]
fn arrays() {
    let multi = |f: &mut Fixture| {
        let int = f.int("int", 4);
        let row = f.array(int, 3);
        f.array(row, 2)
    };
    check_decl(multi, expect!["int x[2][3]"]);
    let pointer_to = |f: &mut Fixture| {
        let int = f.int("int", 4);
        let array = f.array(int, 3);
        f.ptr(array)
    };
    check_decl(pointer_to, expect!["int (*x)[3]"]);
    let of_pointers = |f: &mut Fixture| {
        let int = f.int("char", 1);
        let constant = f.constant(int);
        let pointer = f.ptr(constant);
        let constant = f.constant(pointer);
        f.array(constant, 0)
    };
    check_decl(of_pointers, expect!["const char * const x[0]"]);
    check_stripped(of_pointers, expect!["char *x[0]"]);
}

#[test]
fn function_pointers() {
    let none = |f: &mut Fixture| {
        let proto = f.proto(TypeId::VOID, &[]);
        f.ptr(proto)
    };
    check_decl(none, expect!["void (*x)(void)"]);
    let variadic = |f: &mut Fixture| {
        let char = f.int("char", 1);
        let constant = f.constant(char);
        let pointer = f.ptr(constant);
        let proto = f.proto(char, &[pointer, TypeId::VOID]);
        let pointer = f.ptr(proto);
        f.array(pointer, 4)
    };
    check_decl(variadic, expect!["char (*x[4])(const char *, ...)"]);
    let returns_pointer_to_array = |f: &mut Fixture| {
        let int = f.int("int", 4);
        let array = f.array(int, 3);
        let pointer = f.ptr(array);
        let proto = f.proto(pointer, &[int]);
        f.ptr(proto)
    };
    check_decl(returns_pointer_to_array, expect!["int (* (*x)(int))[3]"]);
}

#[test]
fn named_types_are_named_only() {
    let build = |f: &mut Fixture| {
        let record = f.record("foo", 0, &[]);
        let typedef = f.typedef("foo_t", record);
        let fwd = f.add(Type::Fwd { name: "later".into(), is_union: true });
        let pointer = f.ptr(fwd);
        f.record("", 16, &[("a", record, 0, 0), ("b", typedef, 0, 0), ("c", pointer, 64, 0)])
    };
    check_decl(
        build,
        expect![[r#"
            struct {
            	struct foo a;
            	foo_t b;
            	long: 64;
            	union later *c;
            } x"#]],
    );
}

#[test]
fn bit_fields_and_holes_between_them() {
    let build = |f: &mut Fixture| {
        let char = f.int("char", 1);
        let int = f.int("int", 4);
        let long = f.int("long", 8);
        f.record(
            "",
            16,
            &[("a", char, 0, 0), ("b", int, 8, 3), ("c", int, 16, 9), ("d", long, 64, 0)],
        )
    };
    check_decl(
        build,
        expect![[r#"
            struct {
            	char a;
            	int b: 3;
            	short: 5;
            	int c: 9;
            	long d;
            } x"#]],
    );
}

#[test]
fn over_aligned_members_get_explicit_padding() {
    let build = |f: &mut Fixture| {
        let char = f.int("char", 1);
        let long = f.int("long", 8);
        f.record("", 32, &[("a", char, 0, 0), ("b", long, 128, 0)])
    };
    check_decl(
        build,
        expect![[r#"
            struct {
            	char a;
            	long: 64;
            	long b;
            	long: 64;
            } x"#]],
    );
}

#[test]
fn packed_is_seen_from_offsets() {
    let build = |f: &mut Fixture| {
        let char = f.int("char", 1);
        let long = f.int("long", 8);
        let inner = f.record("", 9, &[("a", char, 0, 0), ("b", long, 8, 0)]);
        f.record("", 10, &[("p", inner, 0, 0), ("c", char, 72, 0)])
    };
    check_decl(
        build,
        expect![[r#"
            struct {
            	struct {
            		char a;
            		long b;
            	} __attribute__((packed)) p;
            	char c;
            } x"#]],
    );
}

#[test]
fn empty_and_padding_only_structs() {
    check_decl(|f| f.record("", 0, &[]), expect!["struct {} x"]);
    check_decl(
        |f| f.record("", 4, &[]),
        expect![[r#"
            struct {
            	int: 32;
            } x"#]],
    );
}

#[test]
fn anonymous_members() {
    let build = |f: &mut Fixture| {
        let int = f.int("int", 4);
        let char = f.int("char", 1);
        let inner = f.union("", 4, &[("a", int), ("b", char)]);
        f.record("", 4, &[("", inner, 0, 0)])
    };
    check_decl(
        build,
        expect![[r#"
            struct {
            	union {
            		int a;
            		char b;
            	};
            } x"#]],
    );
}

#[test]
fn anonymous_enums() {
    let signed = |f: &mut Fixture| {
        let e = f.enumeration("", 4, &[("A", 1), ("B", -1)]);
        f.add(Type::Enum(e))
    };
    check_decl(
        signed,
        expect![[r#"
            enum {
            	A = 1,
            	B = -1,
            } x"#]],
    );
    let wide = |f: &mut Fixture| {
        let e = f.enumeration("", 8, &[("A", 1 << 33)]);
        f.add(Type::Enum64(e))
    };
    check_decl(
        wide,
        expect![[r#"
            enum {
            	A = 8589934592ULL,
            } x"#]],
    );
    let word = |f: &mut Fixture| {
        let e = f.enumeration("", 8, &[("A", 1)]);
        f.add(Type::Enum64(e))
    };
    check_decl(
        word,
        expect![[r#"
            enum {
            	A = 1ULL,
            } __attribute__((mode(word))) x"#]],
    );
    let byte = |f: &mut Fixture| {
        let e = f.enumeration("", 1, &[("A", 0)]);
        f.add(Type::Enum(e))
    };
    check_decl(
        byte,
        expect![[r#"
            enum {
            	A = 0,
            } __attribute__((mode(byte))) x"#]],
    );
}

#[test]
fn second_type_of_one_name_gets_a_suffix_that_stays() {
    let mut f = Fixture::new();
    let first = f.record("foo", 0, &[]);
    let second = f.record("foo", 4, &[]);
    let typedef = f.typedef("foo", first);
    let fwd = f.add(Type::Fwd { name: "foo".into(), is_union: false });
    let mut dumper = CDumper::new(&f.btf);
    let mut decl = |id| dumper.type_decl(id, "x", 0, true);
    expect![[r#"
        [
            "struct foo x",
            "struct foo___2 x",
            "foo x",
            "struct foo x",
            "struct foo___2 x",
        ]
    "#]]
    .assert_debug_eq(&[decl(first), decl(second), decl(typedef), decl(fwd), decl(second)]);
}

#[test]
fn enumerators_count_each_time_they_are_written() {
    let mut f = Fixture::new();
    let e = f.enumeration("", 4, &[("A", 0)]);
    let id = f.add(Type::Enum(e));
    let mut dumper = CDumper::new(&f.btf);
    dumper.type_decl(id, "x", 0, true);
    expect![[r#"
        enum {
        	A___2 = 0,
        } x"#]]
    .assert_eq(&dumper.type_decl(id, "x", 0, true));
}

#[test]
fn indentation() {
    let mut f = Fixture::new();
    let int = f.int("int", 4);
    let ty = f.record("", 4, &[("a", int, 0, 0)]);
    expect![[r#"
        struct {
        			int a;
        		} x"#]]
    .assert_eq(&CDumper::new(&f.btf).type_decl(ty, "x", 2, true));
}

#[test]
fn definitions_keep_names() {
    let mut f = Fixture::new();
    let int = f.int("int", 4);
    let record = f.record("foo", 4, &[("a", int, 0, 0)]);
    let typedef = f.typedef("foo_t", record);
    let pointer = f.ptr(typedef);
    let mut dumper = CDumper::with_plain_names(&f.btf);
    expect![[r#"
        struct foo {
        	int a;
        };"#]]
    .assert_eq(&dumper.dump_definition(record).unwrap());
    expect!["typedef struct foo foo_t;"].assert_eq(&dumper.dump_definition(typedef).unwrap());
    assert_eq!(dumper.dump_definition(pointer), None);
}

#[test]
fn type_names_on_one_line() {
    let mut f = Fixture::new();
    let int = f.int("int", 4);
    let record = f.record("", 4, &[("a", int, 0, 0)]);
    let pointer = f.ptr(record);
    expect!["struct {...} *"].assert_eq(&type_name(&f.btf, pointer));
    let proto = f.proto(int, &[pointer]);
    let function = f.ptr(proto);
    expect!["int (*)(struct {...} *)"].assert_eq(&type_name(&f.btf, function));
}

/// Graphs that no reader lets through still have to end.
fn check_ends(btf: &Btf) {
    for (id, _) in btf.iter() {
        let mut dumper = CDumper::new(btf);
        let text = dumper.type_decl(id, "x", 0, false);
        assert!(text.len() < MAX_LEN + 100);
        dumper.dump_definition(id);
        btf.size_of(id);
        btf.align_of(id);
    }
}

#[test]
fn cycles_end() {
    let mut f = Fixture::new();
    f.ptr(TypeId(1));
    f.typedef("t", TypeId(2));
    f.array(TypeId(3), 2);
    f.record("", 8, &[("a", TypeId(4), 0, 0), ("b", TypeId(5), 0, 0), ("", TypeId(4), 0, 0)]);
    f.proto(TypeId(6), &[TypeId(6), TypeId(5)]);
    f.record("s", 8, &[("a", TypeId(6), 0, 0)]);
    check_ends(&f.btf);
}

#[test]
fn doubling_ends() {
    let mut f = Fixture::new();
    let mut id = f.int("int", 4);
    for _ in 0..100 {
        id = f.record("", 8, &[("a", id, 0, 0), ("b", id, 32, 0)]);
    }
    let text = CDumper::new(&f.btf).type_decl(id, "x", 0, true);
    assert!(text.ends_with("/* the rest is too long */"));
}

#[test]
fn a_gigantic_hole_ends() {
    let mut f = Fixture::new();
    let id = f.record("", u32::MAX, &[]);
    assert!(CDumper::new(&f.btf).type_decl(id, "x", 0, true).len() < MAX_LEN + 100);
}

/// The size is a multiple of every alignment: only the offset of `b` shows that this is packed.
#[test]
fn packed_shows_in_an_offset_alone() {
    let build = |b_offset, size| {
        move |f: &mut Fixture| {
            let (char, int) = (f.int("char", 1), f.int("int", 4));
            let rest = f.array(char, 3);
            let members =
                [("a", char, 0, 0), ("b", int, b_offset, 0), ("c", rest, b_offset + 32, 0)];
            f.record("", size, &members)
        }
    };
    check_decl(
        build(8, 8),
        expect![[r#"
            struct {
            	char a;
            	int b;
            	char c[3];
            } __attribute__((packed)) x"#]],
    );
    check_decl(
        build(32, 12),
        expect![[r#"
            struct {
            	char a;
            	int b;
            	char c[3];
            } x"#]],
    );
}

/// No space goes before the parenthesis of a declarator without a name, nor behind a `*`.
#[test]
fn pointers_to_arrays_without_a_name() {
    let to_ints = |f: &mut Fixture| {
        let int = f.int("int", 4);
        let array = f.array(int, 3);
        f.ptr(array)
    };
    let to_pointers = |f: &mut Fixture| {
        let int = f.int("int", 4);
        let pointer = f.ptr(int);
        let array = f.array(pointer, 3);
        f.ptr(array)
    };
    check_decl(to_pointers, expect!["int *(*x)[3]"]);
    let function = |f: &mut Fixture| {
        let int = f.int("int", 4);
        let params = [to_ints(f), to_pointers(f)];
        let proto = f.proto(int, &params);
        f.ptr(proto)
    };
    check_decl(function, expect!["int (*x)(int(*)[3], int *(*)[3])"]);
}
