//! Linked objects beside what `bpftool gen object` (7.5, libbpf 1.5) makes of the same files, compiled by
//! clang 19: the expectations are its output.

use std::fmt::Write as _;

use btf::Type;
use expect_test::{Expect, expect};

use super::tests::object;
use crate::{
    link::link,
    object::{Certainty, Object},
    skeleton::{SkeletonKind, print},
};

const HEAD: &str = "#define SEC(n) __attribute__((section(n), used))\n\
    #define __weak __attribute__((weak))\n\
    #define __hidden __attribute__((visibility(\"hidden\")))\n\
    #define __kconfig __attribute__((section(\".kconfig\")))\n\
    #define __ksym __attribute__((section(\".ksyms\")))\n\
    #define __uint(name, val) int (*name)[val]\n\
    #define __type(name, val) typeof(val) *name\n";

fn linked(parts: &[&str]) -> Object {
    let parts: Vec<Object> = parts.iter().map(|text| object(&format!("{HEAD}{text}"))).collect();
    link(&parts.iter().collect::<Vec<_>>(), "whole").unwrap()
}

/// The skeleton's members, as `bpftool gen skeleton` declares them.
fn members(object: &Object) -> String {
    let text = print(object, SkeletonKind::Skeleton);
    let members = text.split_once("\tstruct bpf_object *obj;\n").unwrap().1;
    format!("struct whole {{\n{}\n", members.split("\n#ifdef __cplusplus").next().unwrap())
}

/// The DATASECs, as `bpftool btf dump` shows them without ids, and each program with its function.
fn types(object: &Object) -> String {
    let mut out = String::new();
    for section in &object.sections {
        let Some(Type::Datasec { name, size, entries }) =
            section.datasec.map(|id| object.btf.get(id))
        else {
            continue;
        };
        let _ = writeln!(out, "DATASEC '{name}' size={size} vlen={}", entries.len());
        for entry in entries {
            let variable = object.btf.get(entry.ty);
            let name = variable.name();
            let _ = match variable {
                Type::Var { ty, .. } => {
                    let shown = btf::dump_c::declaration(&object.btf, *ty, name);
                    writeln!(out, "\toffset={} size={} ({shown})", entry.offset, entry.size)
                }
                _ => writeln!(out, "\toffset={} size={} ({name})", entry.offset, entry.size),
            };
        }
    }
    for program in &object.programs {
        let func = object.btf.get(program.func.unwrap());
        let _ = writeln!(out, "{}: {}", program.section, func.name());
    }
    out
}

const ONE: &str = "\
char small = 1;
static volatile int own = 1;
int both __weak = 5;
int zero;
extern int shared;
extern int CONFIG_HZ __kconfig;
extern const void bpf_link_fops __ksym;
SEC(\"tc\") int one(void *ctx)
{
	return small + own + both + zero + shared + CONFIG_HZ + (long)&bpf_link_fops;
}
char _license[] SEC(\"license\") = \"GPL\";
";

const TWO: &str = "\
struct pair { long x, y; };
struct pair wide = { 1, 2 };
static volatile int own = 2;
int both __weak = 6;
int shared = 7;
extern char CONFIG_A __kconfig;
extern int CONFIG_HZ __kconfig;
extern long CONFIG_LONG __kconfig;
SEC(\"xdp\") int two(void *ctx)
{
	return wide.x + own + both + shared + CONFIG_A + CONFIG_HZ + CONFIG_LONG;
}
SEC(\"tc\") int three(void *ctx) { return shared; }
const volatile struct pair settings = {};
char _license[] SEC(\"license\") = \"GPL\";
";

const THREE: &str = "\
extern int shared;
int both __weak = 8;
static volatile int own;
char tail = 3;
extern int CONFIG_HZ __kconfig;
SEC(\"tc\") int four(void *ctx) { return shared + both + own + tail + CONFIG_HZ; }
char _license[] SEC(\"license\") = \"GPL\";
";

fn check(object: &Object, expected_members: Expect, expected_types: Expect) {
    expected_members.assert_eq(&members(object));
    expected_types.assert_eq(&types(object));
}

#[test]
fn sections_are_appended_and_each_extern_stands_once() {
    check(
        &linked(&[ONE, TWO, THREE]),
        expect![[r#"
            struct whole {
            	struct {
            		struct bpf_map *data;
            		struct bpf_map *bss;
            		struct bpf_map *rodata;
            		struct bpf_map *kconfig;
            	} maps;
            	struct {
            		struct bpf_program *one;
            		struct bpf_program *three;
            		struct bpf_program *four;
            		struct bpf_program *two;
            	} progs;
            	struct {
            		struct bpf_link *one;
            		struct bpf_link *three;
            		struct bpf_link *four;
            		struct bpf_link *two;
            	} links;
            	struct whole__data {
            		char small;
            		int both;
            		char __pad0[8];
            		struct pair wide;
            		char __pad1[4];
            		int shared;
            		char __pad2[12];
            		char tail;
            	} *data;
            	struct whole__bss {
            		int zero;
            	} *bss;
            	struct whole__rodata {
            		struct pair settings;
            	} *rodata;
            	struct whole__kconfig {
            		long CONFIG_LONG;
            		int CONFIG_HZ;
            		char CONFIG_A;
            	} *kconfig;

        "#]],
        expect![[r#"
        DATASEC '.data' size=53 vlen=7
        	offset=0 size=1 (char small)
        	offset=4 size=4 (int both)
        	offset=8 size=4 (volatile int own)
        	offset=16 size=16 (struct pair wide)
        	offset=36 size=4 (int shared)
        	offset=40 size=4 (volatile int own)
        	offset=52 size=1 (char tail)
        DATASEC '.bss' size=8 vlen=2
        	offset=0 size=4 (int zero)
        	offset=4 size=4 (volatile int own)
        DATASEC 'license' size=4 vlen=1
        	offset=0 size=4 (char _license[4])
        DATASEC '.ksyms' size=4 vlen=1
        	offset=0 size=4 (const void bpf_link_fops)
        DATASEC '.kconfig' size=13 vlen=3
        	offset=8 size=4 (int CONFIG_HZ)
        	offset=0 size=8 (long CONFIG_LONG)
        	offset=12 size=1 (char CONFIG_A)
        DATASEC '.rodata' size=16 vlen=1
        	offset=0 size=16 (volatile const struct pair settings)
        tc: one
        tc: three
        tc: four
        xdp: two
    "#]],
    );
}

#[test]
fn the_order_of_inputs_is_the_order_of_variables() {
    check(
        &linked(&[THREE, TWO]),
        expect![[r#"
            struct whole {
            	struct {
            		struct bpf_map *data;
            		struct bpf_map *bss;
            		struct bpf_map *rodata;
            		struct bpf_map *kconfig;
            	} maps;
            	struct {
            		struct bpf_program *four;
            		struct bpf_program *three;
            		struct bpf_program *two;
            	} progs;
            	struct {
            		struct bpf_link *four;
            		struct bpf_link *three;
            		struct bpf_link *two;
            	} links;
            	struct whole__data {
            		int both;
            		char tail;
            		struct pair wide;
            		char __pad0[4];
            		int shared;
            	} *data;
            	struct whole__rodata {
            		struct pair settings;
            	} *rodata;
            	struct whole__kconfig {
            		long CONFIG_LONG;
            		int CONFIG_HZ;
            		char CONFIG_A;
            	} *kconfig;

        "#]],
        expect![[r#"
        DATASEC '.data' size=36 vlen=5
        	offset=0 size=4 (int both)
        	offset=4 size=1 (char tail)
        	offset=8 size=16 (struct pair wide)
        	offset=28 size=4 (int shared)
        	offset=32 size=4 (volatile int own)
        DATASEC '.bss' size=4 vlen=1
        	offset=0 size=4 (volatile int own)
        DATASEC 'license' size=4 vlen=1
        	offset=0 size=4 (char _license[4])
        DATASEC '.kconfig' size=13 vlen=3
        	offset=8 size=4 (int CONFIG_HZ)
        	offset=0 size=8 (long CONFIG_LONG)
        	offset=12 size=1 (char CONFIG_A)
        DATASEC '.rodata' size=16 vlen=1
        	offset=0 size=16 (volatile const struct pair settings)
        tc: four
        tc: three
        xdp: two
    "#]],
    );
}

const MAPS: &str = "\
extern const int bpf_prog_active __ksym;
struct { __uint(type, 1); __uint(max_entries, 8); __type(key, int); __type(value, long); }
	first SEC(\".maps\");
char only_here SEC(\".data.x\") = 1;
__hidden int hid = 1;
SEC(\"tc\") int one(void *ctx) { return (long)&bpf_prog_active + (long)&first + only_here + hid; }
";

const MORE_MAPS: &str = "\
extern const int bpf_prog_active __ksym;
extern const char bpf_map_fops __ksym;
struct inner { __uint(type, 2); __uint(max_entries, 1); __type(key, int); __type(value, int); }
	cell SEC(\".maps\");
SEC(\"xdp\") int two(void *ctx);
struct { __uint(type, 3); __uint(max_entries, 2); __uint(key_size, 4); __uint(value_size, 4);
	int (*values[])(void *); } jumps SEC(\".maps\") = { .values = { [1] = (int (*)(void *))&two } };
static long private SEC(\".data.y\") = 1;
long shown SEC(\".data.y\") = 2;
SEC(\"xdp\") int two(void *ctx)
{
	return (long)&bpf_prog_active + (long)&bpf_map_fops + (long)&cell + (long)&jumps
	     + *(volatile long *)&private + shown;
}
";

#[test]
fn maps_and_sections_of_either_file() {
    let object = linked(&[MAPS, MORE_MAPS]);
    check(
        &object,
        expect![[r#"
            struct whole {
            	struct {
            		struct bpf_map *first;
            		struct bpf_map *jumps;
            		struct bpf_map *cell;
            		struct bpf_map *data_x;
            		struct bpf_map *data;
            		struct bpf_map *data_y;
            	} maps;
            	struct {
            		struct bpf_program *one;
            		struct bpf_program *two;
            	} progs;
            	struct {
            		struct bpf_link *one;
            		struct bpf_link *two;
            	} links;
            	struct whole__data_x {
            		char only_here;
            	} *data_x;
            	struct whole__data_y {
            		char __pad0[8];
            		long shown;
            	} *data_y;

        "#]],
        expect![[r#"
        DATASEC '.data.x' size=1 vlen=1
        	offset=0 size=1 (char only_here)
        DATASEC '.data' size=4 vlen=1
        	offset=0 size=4 (int hid)
        DATASEC '.maps' size=112 vlen=3
        	offset=0 size=32 (struct {...} first)
        	offset=32 size=48 (struct {...} jumps)
        	offset=80 size=32 (struct inner cell)
        DATASEC '.ksyms' size=8 vlen=2
        	offset=0 size=4 (const int bpf_prog_active)
        	offset=4 size=4 (const char bpf_map_fops)
        DATASEC '.data.y' size=16 vlen=2
        	offset=0 size=8 (long private)
        	offset=8 size=8 (long shown)
        tc: one
        xdp: two
    "#]],
    );
    // Slot 1 of `jumps` is filled at load: the relocation of its initialiser outlives the linker.
    let jumps = object.maps.iter().find(|map| map.name == "jumps").unwrap();
    assert_eq!(jumps.def.values, [None, Some("two".into())]);
    assert!(object.maps.iter().filter(|map| map.name != "jumps").all(|m| m.def.values.is_empty()));
}

/// What is not known of one input is not known of the whole, and nothing of it is certain.
#[test]
fn certainty_of_the_whole() {
    let broken = "#include \"missing.h\"\nint other = 1;\n";
    let certain = |object: &Object| {
        object.sections.iter().filter(|s| s.certainty == Certainty::Certain).count()
    };
    assert!(linked(&[ONE, TWO]).complete);
    assert_eq!(certain(&linked(&[ONE, TWO])), 0);
    for parts in [[ONE, broken], [broken, ONE], [broken, broken]] {
        assert!(!linked(&parts).complete);
    }
    assert_eq!(linked(&[ONE]).sections, object(&format!("{HEAD}{ONE}")).sections);
    assert_eq!(link(&[], "whole"), None);
}

/// A struct_ops map keeps the programs of its initialiser.
#[test]
fn struct_ops_of_either_file() {
    let ops = |name: &str| {
        format!(
            "struct ops {{ int (*init)(void *); int flags; }};
             SEC(\"struct_ops\") int {name}_init(void *ctx) {{ return 0; }}
             SEC(\".struct_ops.link\") struct ops {name} = {{ .init = (void *){name}_init }};"
        )
    };
    let object = linked(&[&ops("one"), &ops("two")]);
    let shown: Vec<String> = object
        .maps
        .iter()
        .flat_map(|map| {
            map.ops.iter().map(|op| format!("{}.{} = {}", map.name, op.member, op.program))
        })
        .collect();
    assert_eq!(shown, ["one.init = one_init", "two.init = two_init"]);
}
