use super::{Named, TypeRequest, find, json, text};
use crate::object::Object;
use crate::test_objects::{ObjectBuilder, percpu_example};
use btf::Linkage::{Global, Static};
use btf::{Composite, Member, NameIndex, Type};
use expect_test::{Expect, expect};

fn check_named(object: &Object, name: &str, expected: Expect) {
    let found = find(object, &NameIndex::new(&object.btf), name);
    let text = found.map_or("not found".into(), |named| text::print_named(object, &named));
    expected.assert_eq(&text);
}

/// A struct with holes, bit-fields, an anonymous union and 3 cache lines.
fn with_struct() -> Object {
    let mut b = ObjectBuilder::default();
    let long = b.int("unsigned long long", 8, false);
    let int = b.int("int", 4, true);
    let char_ = b.int("char", 1, true);
    let name = b.array(char_, 100);
    let choice = b.btf.add(Type::Union(Composite {
        name: "".into(),
        size: 8,
        members: [("whole", long), ("half", int)]
            .map(|(name, ty)| Member { name: name.into(), ty, offset_bits: 0, bitfield_bits: 0 })
            .into(),
    }));
    let member = |name: &str, ty, offset_bits, bitfield_bits| Member {
        name: name.into(),
        ty,
        offset_bits,
        bitfield_bits,
    };
    let foo = b.btf.add(Type::Struct(Composite {
        name: "foo".into(),
        size: 136,
        members: vec![
            member("flag", char_, 0, 0),
            member("count", int, 32, 0),
            member("low", int, 64, 3),
            member("high", int, 70, 4),
            member("", choice, 128, 0),
            member("name", name, 192, 0),
            member("end", char_, 1024, 0),
        ],
    }));
    b.btf.add(Type::Typedef { name: "foo_t".into(), to: foo });
    b.enumeration("mode", &[("OFF", 0), ("ON", -1)]);
    b.section(".bss", 152, &[("c", char_, 0, Static), ("one", foo, 8, Global)]);
    b.program("prog", "kprobe/x");
    b.build("obj")
}

#[test]
fn json_of_the_percpu_example() {
    let object = percpu_example();
    expect![[r#"
        {
          "file": "gpd.bpf.o",
          "from": "object",
          "sections": [
            {
              "name": ".percpu",
              "size": 72,
              "variables": [
                {
                  "name": "data",
                  "type": "int",
                  "offset": 0,
                  "size": 4,
                  "align": 4,
                  "linkage": "global"
                },
                {
                  "name": "run",
                  "type": "char",
                  "offset": 4,
                  "size": 1,
                  "align": 1,
                  "linkage": "global"
                },
                {
                  "name": "struct_data",
                  "type": "struct {...}",
                  "offset": 8,
                  "size": 36,
                  "align": 4,
                  "linkage": "global"
                },
                {
                  "name": "nums",
                  "type": "int[7]",
                  "offset": 44,
                  "size": 28,
                  "align": 4,
                  "linkage": "global"
                }
              ]
            }
          ],
          "maps": [
            {
              "name": ".percpu",
              "type": "BPF_MAP_TYPE_PERCPU_ARRAY",
              "key_size": 4,
              "value_size": 72,
              "max_entries": 1,
              "flags": 0,
              "section": ".percpu"
            }
          ],
          "programs": [
            {
              "name": "update",
              "section": "raw_tp/task_rename"
            }
          ],
          "types": []
        }
    "#]]
    .assert_eq(&json::print(&object, "gpd.bpf.o", &[]));
}

#[test]
fn json_of_types() {
    let object = with_struct();
    let index = NameIndex::new(&object.btf);
    let mut requests: Vec<TypeRequest<'_>> = Vec::new();
    for name in ["struct foo", "mode", "foo_t", "one"] {
        match find(&object, &index, name) {
            Some(Named::Type(request) | Named::Variable(request, ..)) => requests.push(request),
            None => panic!("{name}"),
        }
    }
    let text = json::print(&object, "obj.o", &requests);
    let at = text.find("\"types\"").unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["types"][0]["members"], json["types"][2]["members"]);
    assert_eq!(json["types"][0]["members"], json["types"][3]["members"]);
    let compact: String = text[at..].split('\n').map(str::trim).collect::<Vec<_>>().join(" ");
    let first_two = compact.split("{ \"kind\"").take(3).collect::<Vec<_>>().join("\n{ \"kind\"");
    expect![[r#"
        "types": [ 
        { "kind": "struct", "name": "foo", "size": 136, "align": 8, "members": [ { "name": "flag", "type": "char", "offset_bits": 0, "size_bits": 8, "bitfield": false }, { "name": "count", "type": "int", "offset_bits": 32, "size_bits": 32, "bitfield": false }, { "name": "low", "type": "int", "offset_bits": 64, "size_bits": 3, "bitfield": true }, { "name": "high", "type": "int", "offset_bits": 70, "size_bits": 4, "bitfield": true }, { "name": "", "type": "union {...}", "offset_bits": 128, "size_bits": 64, "bitfield": false, "members": [ { "name": "whole", "type": "unsigned long long", "offset_bits": 128, "size_bits": 64, "bitfield": false }, { "name": "half", "type": "int", "offset_bits": 128, "size_bits": 32, "bitfield": false } ] }, { "name": "name", "type": "char[100]", "offset_bits": 192, "size_bits": 800, "bitfield": false }, { "name": "end", "type": "char", "offset_bits": 1024, "size_bits": 8, "bitfield": false } ] }, 
        { "kind": "enum", "name": "mode", "size": 4, "align": 4, "members": [ { "name": "OFF", "value": 0 }, { "name": "ON", "value": 4294967295 } ] }, "#]].assert_eq(&first_two);
}

#[test]
fn text_of_an_object() {
    expect![[r#"
        /* gpd.bpf.o: object gpd, from the compiled object */

        .percpu {
        	int data;                                       /*     0      4 */
        	char run;                                       /*     4      1 */

        	/* XXX 3 bytes hole */

        	struct {
        		char set;
        		int i;
        		int nums[7];
        	} struct_data;                                  /*     8     36 */
        	int nums[7];                                    /*    44     28 */

        	/* size: 72, align: 4, cachelines: 2, variables: 4 */
        	/* sum variables: 69, holes: 1, sum holes: 3 */
        	/* last cacheline: 8 bytes */
        }; /* map .percpu, 72 bytes on each possible CPU */

        maps:
        	.percpu  BPF_MAP_TYPE_PERCPU_ARRAY  key 4  value 72  max_entries 1  (.percpu)

        programs:
        	update  raw_tp/task_rename
    "#]]
    .assert_eq(&text::print_object(&percpu_example(), "gpd.bpf.o"));
}

#[test]
fn text_of_a_struct_with_holes() {
    check_named(
        &with_struct(),
        "foo",
        expect![[r#"
        struct foo {
        	char flag;                                      /*     0      1 */

        	/* XXX 3 bytes hole */

        	int count;                                      /*     4      4 */
        	int low:3;                                      /*     8: 0    3 bits */

        	/* XXX 3 bits hole */

        	int high:4;                                     /*     8: 6    4 bits */

        	/* XXX 6 bytes hole */
        	/* XXX 6 bits hole */

        	union {
        		unsigned long long whole;               /*    16      8 */
        		int half;                               /*    16      4 */
        	};                                              /*    16      8 */
        	char name[100];                                 /*    24    100 */

        	/* XXX 4 bytes hole */

        	/* --- cacheline 2 boundary (128 bytes) --- */
        	char end;                                       /*   128      1 */

        	/* size: 136, align: 8, cachelines: 3, members: 7 */
        	/* sum members: 114, holes: 3, sum holes: 13 */
        	/* padding: 7 */
        	/* last cacheline: 8 bytes */
        };
    "#]],
    );
}

#[test]
fn text_of_a_variable() {
    check_named(
        &percpu_example(),
        "struct_data",
        expect![[r#"
        /* global variable struct_data of section .percpu: offset 8, size 36, align 4 */
        struct {
        	char set;                                       /*     0      1 */

        	/* XXX 3 bytes hole */

        	int i;                                          /*     4      4 */
        	int nums[7];                                    /*     8     28 */

        	/* size: 36, align: 4, cachelines: 1, members: 3 */
        	/* sum members: 33, holes: 1, sum holes: 3 */
        	/* last cacheline: 36 bytes */
        };
    "#]],
    );
}

#[test]
fn text_of_an_enum_and_an_unknown_name() {
    check_named(
        &with_struct(),
        "enum mode",
        expect![[r#"
            enum mode {
            	OFF = 0,
            	ON = 4294967295,
            }; /* size: 4, align: 4 */
        "#]],
    );
    check_named(&with_struct(), "bar", expect!["not found"]);
}
