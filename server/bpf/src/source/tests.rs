//! One rule a test: what clang makes of a few lines, as experiments showed it.

mod doubt;
mod literals;
mod spelled_types;

use std::sync::Arc;

use cfront::{fixture, flags::Flags, pp::preprocess, session::Session, unit::Unit};
use expect_test::{Expect, expect};

use super::{SourceObject, build, build_whole};
use crate::{
    object::Certainty,
    skeleton::{self, SkeletonKind},
};

const PRELUDE: &str = "#define SEC(n) __attribute__((section(n), used))\n\
    #define noinline __attribute__((noinline))\n\
    #define inlined inline __attribute__((always_inline))\n\
    extern int sink(const void *, ...) SEC(\".ksyms\");\n";

fn unit(text: &str) -> Unit {
    let fixture = fixture::parse(&format!("{PRELUDE}{text}"));
    let (path, main) = fixture.main();
    let session = Session::default();
    let pp = preprocess(&session, &fixture.file_system(), path, main, &Flags::default());
    Unit::build(Arc::new(pp), None, false)
}

fn source(text: &str) -> SourceObject {
    build(&unit(text), "test")
}

/// Sections with `name@offset+size` of their variables.
fn check(text: &str, expect: Expect) {
    let source = source(text);
    let mut out = String::new();
    for section in &source.object.sections {
        if matches!(section.name.as_str(), ".ksyms" | "license") {
            continue;
        }
        out.push_str(&format!("{} {}:", section.name, section.size));
        for v in &section.variables {
            out.push_str(&format!(" {}@{}+{}", v.name, v.offset, v.size));
        }
        out.push('\n');
    }
    for refusal in &source.refusals {
        out.push_str(&format!("refused: {refusal}\n"));
    }
    expect.assert_eq(&out);
}

#[test]
fn initialised_first_then_referenced_then_tentative() {
    check(
        "int t1; int t2=1; int t3; int t5=0; SEC(\"x\") int p1(void *c){ return t3; } int t6; int t7=0;",
        expect![[r#"
            .data 4: t2@0+4
            .bss 20: t5@0+4 t3@4+4 t7@8+4 t1@12+4 t6@16+4
        "#]],
    );
}

#[test]
fn static_functions_are_generated_after_the_tentative_definitions() {
    check(
        "static int a,b,c; static noinline int f1(void){a++;b++;return a+b;} static inline int f2(void){c++;return c;}
         int late=0; SEC(\"x\") int p1(void *x){ return f2()+f1(); } static int d; int g1;
         SEC(\"x\") int p2(void *x){ d++; return d; }",
        expect![[r#"
            .bss 24: late@0+4 d@4+4 g1@8+4 c@12+4 a@16+4 b@20+4
        "#]],
    );
}

#[test]
fn an_initialiser_is_generated_before_its_variable() {
    check(
        "int t2; int *p = &t2; struct n { void *q; }; struct n n3 = {&p};",
        expect![[r#"
        .bss 4: t2@0+4
        .data 16: p@0+8 n3@8+8
    "#]],
    );
}

/// clang makes a variable without a BTF VAR of a literal whose address is taken at file scope: it moves
/// the others of its section, which is not modelled, so that the object is not whole.
#[test]
fn the_address_of_a_compound_literal_is_not_followed() {
    let whole = |text: &str| source(text).object.complete;
    assert!(whole("struct s { int a[2]; } v = (struct s){ { 1 } }; int a[] = (int[]){ 1 };"));
    assert!(!whole("struct s { int a; } *v = &(struct s){ 1 };"));
    assert!(!whole("int *a = (int[]){ 1, 2 };"));
}

#[test]
fn maps_come_in_order_of_use_then_of_declaration() {
    check(
        "#define MAP(n) struct { int (*type)[2]; int (*max_entries)[1]; int *key; int *value; } n SEC(\".maps\");
         MAP(m_unref) MAP(m_a) MAP(m_b) MAP(m_c)
         SEC(\"x\") int p(void *c) { sink(&m_c); sink(&m_b); return 0; }",
        expect![[r#"
            .maps 128: m_c@0+32 m_b@32+32 m_unref@64+32 m_a@96+32
        "#]],
    );
}

#[test]
fn an_array_of_unknown_size_is_created_again_at_its_definition() {
    check(
        "extern int arr[]; extern int fwd; SEC(\"x\") int p(void *c) { return arr[1] + fwd; }
         int first=0; int arr[4]; int fwd=0;",
        expect![[r#"
            .bss 24: fwd@0+4 first@4+4 arr@8+16
        "#]],
    );
}

#[test]
fn a_prototype_moves_a_static_function_to_the_end() {
    let bodies = "int s1, s2, s3, s4; void save(void);
        static noinline int sub(void *x){ s4++; return s4; }
        static noinline int push(void){ s1++; s2++; return sub(0); }
        static noinline int pop(void){ s3++; return sub(0); }
        SEC(\"x\") int p1(void *c){ return push(); } SEC(\"x\") int p2(void *c){ return pop(); }";
    let unused = bodies.replace("int s1", "static int s1");
    check(
        &unused,
        expect![[r#"
        .bss 16: s1@0+4 s2@4+4 s4@8+4 s3@12+4
    "#]],
    );
    check(
        &format!("static int sub(void *);{unused}"),
        expect![[r#"
        .bss 16: s1@0+4 s2@4+4 s3@8+4 s4@12+4
    "#]],
    );
}

#[test]
fn statics_that_are_never_read_or_never_referenced_vanish() {
    check(
        "static int never; static int wonly; static int arr_w[4]; static int folded = 5; static int rmw;
         static int dead; static volatile int vol; static volatile int unused_vol; static int kept SEC(\".data.k\");
         SEC(\"x\") int p(int *c) { wonly = *c; arr_w[*c & 3] = 1; rmw++; if (0) dead++; vol = 1; while (0) dead++; return folded; }",
        expect![[r#"
            .bss 8: rmw@0+4 vol@4+4
            .data.k 4: kept@0+4
        "#]],
    );
}

#[test]
fn escaping_statics_stay_and_follow_inlined_functions() {
    check(
        "static inlined void set(int *p) { *p = 1; } static inlined int get(int *p) { return p ? *p : 0; }
         static int escapes, written, read, both;
         SEC(\"x\") int p(int *c) { sink(&escapes); set(&written); set(&both); return get(&read) + get(&both) + both + sizeof(written) + (*c ? 0 : (both = *c)); }",
        expect![[r#"
            .bss 8: escapes@0+4 both@4+4
        "#]],
    );
}

#[test]
fn aggregates_with_constant_parts_are_split() {
    check(
        "static struct { int a, b; long c; } st; SEC(\"x\") int p(int *c) { st.a += *c; st.c += st.a; return st.c; }",
        expect![[r#"
            .bss 16: st.0@0+4 st.1@8+8
        "#]],
    );
}

#[test]
fn a_static_with_two_values_is_a_byte_with_its_old_alignment() {
    check(
        "static char first; static long flag; SEC(\"x\") int p(int *c) { first += *c; if (*c) flag = 7; return flag + first; }",
        expect![[r#"
            .bss 9: first@0+1 flag@8+1
        "#]],
    );
}

#[test]
fn sections_follow_type_initialiser_and_attribute() {
    check(
        "const int c0; const volatile int r=1; const char *cp=(void*)1; char *const k=0; struct {const int x;} nc;
         float f=0.0f; float m=-0.0f; char s[4]=\"\"; int z=1-1; int a SEC(\".data.foo\"); int b SEC(\".data.foo\") = 1;
         int bb SEC(\".bss.bar\"); int pc SEC(\".percpu\") = 2; int __attribute__((address_space(1))) ar;
         int __attribute__((address_space(1))) *pa;",
        expect![[r#"
            .rodata 20: r@0+4 k@8+8 c0@16+4
            .data 12: cp@0+8 m@8+4
            .bss 24: f@0+4 s@4+4 z@8+4 nc@12+4 pa@16+8
            .data.foo 8: b@0+4 a@4+4
            .percpu 4: pc@0+4
            .bss.bar 4: bb@0+4
            .addr_space.1 4: ar@0+4
            refused: section .addr_space.1: global __arena variables need an arena in .maps (libbpf fails to open the object with -ENOENT)
        "#]],
    );
}

#[test]
fn offsets_are_multiples_of_the_alignment() {
    check(
        "char c=1; unsigned long l=1; char d=1; short s=1; char b3[3]={1}; char b17[17]={1}; int x=1; int al __attribute__((aligned(64)))=1;
         typedef long u __attribute__((aligned(1))); char c2=1; u under=1;",
        expect![[r#"
            .data 80: c@0+1 l@8+8 d@16+1 s@18+2 b3@20+3 b17@23+17 x@40+4 al@64+4 c2@68+1 under@72+8
        "#]],
    );
}

#[test]
fn local_statics_are_named_after_their_function_and_numbered() {
    check(
        "#define LOG(fmt) ({ static const char ____fmt[] = fmt; sink(____fmt); })
         SEC(\"x\") int p(void *c) { LOG(\"a\"); LOG(\"bc\"); return 0; } SEC(\"x\") int q(void *c) { LOG(\"d\"); LOG(\"e\"); return 0; }",
        expect![[r#"
            .rodata 9: p.____fmt@0+2 p.____fmt.1@2+3 q.____fmt@5+2 q.____fmt.2@7+2
        "#]],
    );
}

#[test]
fn a_local_aggregate_counts_as_a_name_only_where_clang_makes_a_constant_for_it() {
    check(
        "#define LOG(fmt, v...) ({ static char ____fmt[] = fmt; long few[9] = {1}; long args[2] = {v}; sink(____fmt, args, few); })
         SEC(\"x\") int p(void *c) { LOG(\"a\"); LOG(\"bc\"); LOG(\"def\"); return 0; }
         SEC(\"x\") int q(void *c) { LOG(\"a\", 1, 2); LOG(\"bc\", 1, 3); LOG(\"def\", 3, 4); return 0; }",
        expect![[r#"
            .data 18: p.____fmt@0+2 p.____fmt.1@2+3 p.____fmt.2@5+4 q.____fmt@9+2 q.____fmt.3@11+3 q.____fmt.5@14+4
            .rodata.cst16 48:
        "#]],
    );
}

#[test]
fn a_string_for_an_inlined_function_that_ignores_it_is_gone() {
    check(
        "static inline int checker(const char *fmt, ...) { return 0; }
         SEC(\"x\") int p(void *c) { checker(\"gone\"); sink(\"stays\"); return 0; }",
        expect![[r#"
            .rodata.str1.1 6:
        "#]],
    );
}

#[test]
fn string_literals_and_local_constants_have_sections_of_their_own() {
    check(
        "SEC(\"x\") int p(void *c) { char fmt[] = \"a long text\"; int a[4] = {1,2,3,4}; char small[] = \"abc\"; struct { long x[9]; } few = {{1}};
           sink(fmt); sink(a); sink(small); sink(&few); sink(\"literal\"); return 0; }",
        expect![[r#"
            .rodata.str1.1 20:
            .rodata.cst16 16:
        "#]],
    );
}

#[test]
fn a_constant_that_is_copied_on_stays() {
    check(
        "struct h { char a, b, c; } out; SEC(\"x\") int p(void *c) { struct h h = {1, 2, 3}; out = h; return 0; }",
        expect![[r#"
            .rodata 3:
            .bss 3: out@0+3
        "#]],
    );
}

#[test]
fn a_read_only_array_becomes_a_constant() {
    check(
        "static int arr[8]={1,2,3,4,5,6,7,8}; static const int carr[5]={1}; static int zero[4]; static const char s8[]=\"abcdefg\";
         SEC(\"x\") int p(int *c) { return arr[*c & 7] + carr[*c & 3] + zero[*c & 3] + s8[*c & 7] + arr[2]; }",
        expect![[r#"
            .rodata.cst32 32: arr@0+32
            .rodata 20: carr@0+20
            .rodata.str1.1 8: s8@0+8
        "#]],
    );
}

#[test]
fn kconfig_externs_are_sorted() {
    check(
        "#define K SEC(\".kconfig\")
         extern int LINUX_KERNEL_VERSION K; extern unsigned long L K; extern _Bool A K; extern const volatile int B K; extern char S[8] K; extern char Z[4] K; extern int unused K;
         SEC(\"x\") int p(void *c) { return LINUX_KERNEL_VERSION + L + A + B + S[0] + Z[0]; }",
        expect![[r#"
            .kconfig 29: L@0+8 B@8+4 LINUX_KERNEL_VERSION@12+4 A@16+1 Z@17+4 S@21+8
        "#]],
    );
}

#[test]
fn refusals_of_libbpf() {
    check(
        "struct { int (*type)[1]; int (*bad)[1]; } m SEC(\".maps\"); static struct { int (*type)[1]; } st SEC(\".maps\");
         static SEC(\"tc\") int p(void *c) { return 0; } extern int nowhere; SEC(\"tc\") int q(void *c) { return nowhere; }",
        expect![[r#"
            .maps 24: m@0+16 st@16+8
            refused: program p of section tc is static (libbpf fails to open the object with -EOPNOTSUPP)
            refused: extern nowhere is in no section; neither __ksym nor __kconfig, and not linked (libbpf fails to open the object with -ENOENT)
            refused: map m: member bad is not known to libbpf (libbpf fails to open the object with -EOPNOTSUPP)
            refused: map st is static or hidden (libbpf fails to open the object with -EOPNOTSUPP)
        "#]],
    );
}

#[test]
fn the_skeleton_from_source() {
    let source = source(
        "struct { int (*type)[1]; int (*max_entries)[9]; int *key; long *value; } counts SEC(\".maps\");
         const volatile int level = 1; static long hidden; char c; long total; __attribute__((visibility(\"hidden\"))) int inner = 2;
         int data SEC(\".percpu\") = -1;
         SEC(\"?tc\") int b(void *x) { hidden++; total += hidden; return level + c; } SEC(\"xdp\") int a(void *x) { return sink(&counts) + data; }
         char _license[] SEC(\"license\") = \"GPL\";",
    );
    let text = skeleton::print(&source.object, SkeletonKind::Skeleton);
    let from = text.find("struct test {").unwrap();
    let to = text.find("#ifdef __cplusplus").unwrap();
    expect![[r#"
        struct test {
        	struct bpf_object_skeleton *skeleton;
        	struct bpf_object *obj;
        	struct {
        		struct bpf_map *counts;
        		struct bpf_map *rodata;
        		struct bpf_map *data;
        		struct bpf_map *percpu;
        		struct bpf_map *bss;
        	} maps;
        	struct {
        		struct bpf_program *b;
        		struct bpf_program *a;
        	} progs;
        	struct {
        		struct bpf_link *b;
        		struct bpf_link *a;
        	} links;
        	struct test__rodata {
        		int level;
        	} *rodata;
        	struct test__percpu {
        		int data;
        	} *percpu;
        	struct test__bss {
        		char __pad0[8];
        		long total;
        		char c;
        	} *bss;

    "#]]
    .assert_eq(&text[from..to]);
}

#[test]
fn func_names_its_string_after_itself_and_takes_no_number() {
    // `.str` comes once: the next clash is number 1.
    check(
        "SEC(\"x\") int p(void *c) { static int v = 1; v++; sink(__func__); sink(\"a\"); { static int v = 2; v++; sink(&v); } return v; }
         SEC(\"x\") int q(void *c) { sink(\"p\"); sink(\"b\"); { static int w = 2; w++; } { static int w = 3; w++; return w; } }",
        expect![[r#"
            .data 16: p.v@0+4 p.v.1@4+4 q.w@8+4 q.w.3@12+4
            .rodata.str1.1 6:
        "#]],
    );
}

#[test]
fn a_union_initialised_by_a_smaller_member_is_copied_from_a_constant() {
    // Its constant takes a number of the module's counter; one of equal size that is zero does not exist.
    let program = |init: &str| {
        format!(
            "SEC(\"x\") int p(void *c) {{
               {{ union {{ int v; char b[1]; }} u = {init}; sink(&u); }}
               {{ union {{ int v; char b[1]; }} u = {init}; sink(&u); }}
               {{ static int s; s++; }} {{ static int s; s++; }} return 0; }}"
        )
    };
    check(
        &program("{.b = {0}}"),
        expect![[r#"
        .bss 8: p.s@0+4 p.s.2@4+4
    "#]],
    );
    check(
        &program("{.v = 0}"),
        expect![[r#"
        .bss 8: p.s@0+4 p.s.1@4+4
    "#]],
    );
}

#[test]
fn hidden_variables_are_global_in_btf_and_static_once_opened() {
    let source = source("int h __attribute__((visibility(\"hidden\"))); int g;");
    let linkage = |name: &str| {
        source.object.btf.iter().find_map(|(_, ty)| match ty {
            btf::Type::Var { name: n, linkage, .. } if n == name => Some(*linkage),
            _ => None,
        })
    };
    assert_eq!(linkage("h"), Some(btf::Linkage::Global));
    let opened = |name: &str| {
        let bss = source.object.section(".bss").map(|s| s.variables.as_slice()).unwrap_or_default();
        bss.iter().find(|v| v.name == name).map(|v| v.linkage)
    };
    assert_eq!(
        (opened("h"), opened("g")),
        (Some(btf::Linkage::Static), Some(btf::Linkage::Global))
    );
}

#[test]
fn externs_declared_in_a_body_are_externs() {
    let source = source(
        "#define __ksym SEC(\".ksyms\")
         SEC(\"x\") int p(void *c) { extern const long inside __attribute__((section(\".ksyms\"), weak)); return &inside ? inside : 0; }",
    );
    let ksyms = source.object.section(".ksyms").map(|s| s.variables.as_slice()).unwrap_or_default();
    let found: Vec<_> = ksyms.iter().map(|v| (v.name.as_str(), v.linkage, v.weak)).collect();
    assert_eq!(found, [("inside", btf::Linkage::Extern, true)]);
}

/// `memcpy` from a static of 1, 2, 4 or 8 bytes is a load of a constant; of any other size it copies from
/// the variable. `memcmp` needs the address, and leaves the variable as it was declared.
#[test]
fn a_constant_stays_for_copies_that_are_no_load_and_for_comparisons() {
    check(
        "typedef unsigned char u8; extern u8 *get(void *c) SEC(\".ksyms\");
         static const u8 m3[] = {1,2,3}, m4[] = {1,2,3,4}, m8[8] = {1,2,3,4,5,6,7,8}, m16[16] = {1,2,3};
         static const u8 part[12] = {1,2,12}, rest[12] = {1,2,13};
         static const u8 c1[1] = {9}, c3[] = {3,2,3}, c8[8] = {8,2,3}; static u8 d4[4] = {4};
         SEC(\"x\") int p(void *ctx) {
           u8 *d = get(ctx);
           __builtin_memcpy(d, m3, 3); __builtin_memcpy(d + 8, m4, sizeof(m4)); __builtin_memcpy(d, m8, 8);
           __builtin_memcpy(d + 32, m16, 16); __builtin_memcpy(d, part, 4); __builtin_memcpy(d, rest + 2, 3);
           return __builtin_memcmp(d, c1, 1) + __builtin_memcmp(d, c3, 3) + __builtin_memcmp(d, c8, 8)
             + __builtin_memcmp(d, d4, 4);
         }",
        expect![[r#"
            .rodata 26: m3@0+3 c3@3+3 c8@6+8 rest@14+12
            .data 4: d4@0+4
            .rodata.cst16 16: m16@0+16
        "#]],
    );
}

/// A local that is only read is the constant it would be copied from, of whatever size.
#[test]
fn a_local_aggregate_that_is_only_read_is_its_constant() {
    check(
        "typedef unsigned char u8; extern u8 *get(void *c) SEC(\".ksyms\");
         SEC(\"x\") int p(void *ctx) {
           u8 *d = get(ctx); unsigned n = (unsigned long)ctx;
           const u8 copied[4] = {41,2,3,4}, compared[4] = {43,2,3,4}, same[3] = {7,7,7};
           u8 indexed[8] = {84,3,3,3};
           __builtin_memcpy(d, copied, 4); __builtin_memcpy(d + 4, same, 3);
           return __builtin_memcmp(d, compared, 4) + indexed[n & 7];
         }
         SEC(\"x\") int q(void *ctx) { u8 passed[4] = {51,2,3,4}; return sink(passed); }",
        expect![[r#"
            .rodata.cst4 4:
            .rodata.cst8 8:
        "#]],
    );
}

/// Loops that are unrolled in full read constants at constant places; larger ones do not.
#[test]
fn constants_read_in_unrolled_loops_are_folded() {
    check(
        "typedef unsigned char u8; extern u8 *get(void *c) SEC(\".ksyms\");
         static const int five[] = {208000, 432000, 729000, 960000, 1200000};
         static const u8 many[100] = {1, 2, 3};
         struct key { u8 a[10]; }; static const struct key keys[2] = {{{1}}, {{2}}}; struct key found;
         SEC(\"x\") int p(void *ctx) {
           u8 *d = get(ctx); int i;
           const char prefix[] = \"memfd:\";
           for (int j = 0; j < sizeof(prefix); j++) if (prefix[j] != d[j]) return 1;
           for (i = 0; i < sizeof(five) / sizeof(five[0]); i++) if (d[0] == five[i]) return i;
           for (i = 0; i < 100; i++) if (d[i] == many[i]) return i;
           for (i = 0; i < 2; i++) if (d[200] == keys[i].a[0]) found = keys[i];
           return 0;
         }",
        expect![[r#"
            .rodata 120: keys@0+20 many@20+100
            .bss 10: found@0+10
        "#]],
    );
}

/// Something weak may be missing when the object is loaded: a test of its address stays.
#[test]
fn a_test_of_a_weak_address_is_a_reference() {
    let source = source(
        "extern void missing SEC(\".ksyms\") __attribute__((weak)); extern void there SEC(\".ksyms\");
         extern int lost(void) SEC(\".ksyms\") __attribute__((weak));
         SEC(\"x\") int p(void *c) { if (&missing == 0) return 1; if (!lost) return 2; return &there == 0; }",
    );
    let ksyms = source.object.sections.iter().find(|s| s.name == ".ksyms");
    let names: Vec<_> = ksyms.iter().flat_map(|s| &s.variables).map(|v| v.name.as_str()).collect();
    expect!["lost missing"].assert_eq(&names.join(" "));
}

/// A struct of 1, 2, 4 or 8 bytes is stored like a number: where its only member is all that is read, the
/// number is what is left. A larger one is copied, and one of which a half is read stays whole.
#[test]
fn a_small_struct_that_is_assigned_is_one_part() {
    check(
        "struct one { int v; }; struct two { int a, b; }; struct three { int a, b, c; }; struct flag { _Bool on; };
         static struct one s1; static struct two s2; static struct three s3; static struct flag s4; static struct two s5;
         int set1(struct one *p) { s1 = *p; return 0; }
         int set2(struct two *p) { s2 = *p; s5 = *p; return 0; }
         int set3(struct three *p) { s3 = *p; return 0; }
         int set4(struct flag *p) { s4 = *p; return 0; }
         int get5(struct two *p) { *p = s5; return 0; }
         SEC(\"x\") int p(void *c) { return s1.v + s2.a + s3.b + s4.on; }",
        expect![[r#"
            .bss 37: s1.0@0+4 s2@8+8 s5.0@16+8 s3@24+12 s4.0@36+1
        "#]],
    );
}

/// LLVM aligns a variable as what is loaded from its start or stored there prefers: copies of 2, 4 and 8
/// bytes and members of packed structs. Not a variable in a section of the user's, nor a place inside of one.
#[test]
fn accesses_align_variables() {
    check(
        "struct two { int a, b; }; struct three { int a, b, c; }; struct packed { long a; char b; } __attribute__((packed));
         char c0 = 0; struct two g2 = {0}; char c1 = 0; char buf8[8] = {0}; char c2 = 0; char buf4[4] = {0};
         char c3 = 0; struct three g3 = {}; char c4 = 0; char rd8[8] = {0}; char c5 = 0; char part[20] = {0};
         char c6 = 0; char sec8[8] SEC(\".data.x\") = {0}; char c7 = 0; unsigned char u2[2] = {0}; char c8 = 0;
         struct packed pk = {}; char c9 = 0; char zeroed[8] = {}; char c10 = 0; struct two members = {}; char c11 = 0;
         struct two filled = {}; char c12 = 0; char weak8[8] __attribute__((weak)) = {}; char c13 = 0; struct two into = {}; char c14 = 0;
         char cast8[8] = {}; char c15 = 0; char comm[16] = {}; char z = 0;
         SEC(\"x\") int p(struct two *c) {
           g2 = *c; __builtin_memcpy(buf8, c, 8); __builtin_memcpy(buf4, c, 4); g3 = *(struct three *)c;
           __builtin_memcpy(c, rd8, 8); __builtin_memcpy(part + 8, c, 8); __builtin_memcpy(sec8, c, 8);
           __builtin_memcpy(u2, c, 2); pk.a = 1; __builtin_memset(zeroed, 0, 8); __builtin_memcpy(weak8, c, 8);
           struct two made = {c->a, 1}; members = made;
           struct two read; sink(&read); filled = read;
           *(long *)cast8 = (long)c; __builtin_memcpy(comm, c, 16);
           struct two out = into; return out.a + out.b; }",
        expect![[r#"
            .bss 202: c0@0+1 g2@8+8 c1@16+1 buf8@24+8 c2@32+1 buf4@36+4 c3@40+1 g3@44+12 c4@56+1 rd8@64+8 c5@72+1 part@73+20 c6@93+1 c7@94+1 u2@96+2 c8@98+1 pk@104+9 c9@113+1 zeroed@120+8 c10@128+1 members@132+8 c11@140+1 filled@144+8 c12@152+1 weak8@153+8 c13@161+1 into@164+8 c14@172+1 cast8@176+8 c15@184+1 comm@185+16 z@201+1
            .data.x 8: sec8@0+8
        "#]],
    );
}

/// An array of numbers that ends in its only zero is a text to LLVM, whatever the size of its elements.
#[test]
fn arrays_of_numbers_that_end_in_zero_are_texts() {
    check(
        "static const unsigned ports[] = {80, 443, 0}; static const unsigned short ids[] = {1, 2, 3, 0};
         static const int inner[] = {1, 0, 2, 0}; static const long longs[] = {1, 0};
         SEC(\"x\") int p(unsigned long *c) { return ports[c[0]] + ids[c[1]] + inner[c[2]] + longs[c[3]]; }",
        expect![[r#"
            .rodata.str4.4 12: ports@0+12
            .rodata.str2.2 8: ids@0+8
            .rodata.cst16 32: inner@0+16 longs@16+16
        "#]],
    );
}

/// So many bytes of a struct are one part, too, where the other uses agree on it.
#[test]
fn copied_and_filled_bytes_are_parts() {
    check(
        "struct pk2 { int a; long b; short c; } __attribute__((packed)); struct half { short a, b; };
         static struct pk2 copied = {}; static struct half filled = {}; static struct half torn = {};
         int f(void *p) { __builtin_memcpy(&copied, p, 4); __builtin_memset(&filled, 0, 2); filled.b += sink(0); return 0; }
         int g(void *p) { __builtin_memcpy(&torn, p, 4); return 0; }
         SEC(\"x\") int p(void *c) { return copied.a + filled.b + torn.b; }",
        expect![[r#"
            .bss 12: copied.0@0+4 filled.1@4+2 torn@8+4
        "#]],
    );
}

/// A static is created with its own type where it is first referred to, and anew with its initialiser's
/// where that is another: behind the tentative ones.
#[test]
fn a_static_whose_initialiser_has_another_type_is_created_again() {
    check(
        "typedef unsigned char u8; union un { u8 b[8]; unsigned w; }; union ok { unsigned w; u8 b[8]; };
         struct bits { unsigned a : 4, b : 28; }; struct in { union un u; int k; };
         static u8 few[16] = {1,2,3}; static u8 full[16] = {1,2,3,4,5,6,7,8,9}; static char text[16] = \"abc\";
         static union un u1 = {{1}}; static union ok u2 = {1}; static struct bits bits = {1, 2};
         static struct in in1 = {{{1}}, 1}; static int nine[9] = {1}; static int eight[8] = {1};
         static union un uz = {}; static struct bits bz = {}; static struct { int a; char b; long c; } pad = {1,2,3};
         static u8 zero[16] = {0}; static union un named = {.w = 1};
         static const u8 cfew[20] = {1}; static struct { u8 k[16]; int z; } nest = {{1}, 2};
         int last; int last_data = 1; const volatile int last_ro;
         SEC(\"x\") int p(void *c) { sink(few); sink(full); sink(text); sink(&u1); sink(&u2); sink(&bits); sink(&in1);
           sink(nine); sink(eight); sink(&uz); sink(&bz); sink(&pad); sink(zero); sink(&named); sink(cfew); sink(&nest);
           return last + last_ro; }",
        expect![[r#"
            .data 200: last_data@0+4 full@4+16 text@20+16 u2@36+8 eight@44+32 pad@80+16 named@96+8 few@104+16 u1@120+8 bits@128+4 in1@132+12 nine@144+36 nest@180+20
            .bss 32: zero@0+16 last@16+4 uz@20+8 bz@28+4
            .rodata 24: last_ro@0+4 cfew@4+20
        "#]],
    );
}

/// A local that is taken apart is read and written member by member: what it is copied from or to is
/// not one part, unless it has only one member.
#[test]
fn copies_of_locals_that_are_taken_apart_are_accesses_of_members() {
    check(
        "struct one { int v; }; struct two { int a, b; };
         static struct two made, read; static struct one single;
         int f(struct two *p) { made = (struct two){ p->a, p->b }; read = *p; struct one l = { p->a }; single = l; return 0; }
         SEC(\"x\") int p(struct two *c) { *c = made; struct two l = read; return l.a + single.v; }",
        expect![[r#"
            .bss 20: made@0+8 read@8+8 single.0@16+4
        "#]],
    );
}

/// What the inliner may or may not do is told, not decided; always inlined and unused functions are gone.
#[test]
fn a_dump_marks_static_functions_that_may_be_inlined() {
    let unit = unit(
        "static int unused(void) { return 1; } static inlined int always(int a) { return a; }
         static int weighed(int a) { return sink(&a); } static noinline int stays(int a) { return a + 1; }
         static int below(int a) { return stays(a); } static int callback(void) { return 0; }
         SEC(\"x\") int p(void *c) { sink(callback); return weighed(1) + always(2) + below(3); }",
    );
    let (source, may_be_inlined) = build_whole(&unit, "test");
    let listed: Vec<String> = (source.object.btf.iter())
        .filter(|(_, ty)| matches!(ty, btf::Type::Func(_)))
        .map(|(id, ty)| {
            format!("{}{}", ty.name(), if may_be_inlined.contains(&id) { "?" } else { "" })
        })
        .collect();
    expect!["p callback weighed? below? stays? sink"].assert_eq(&listed.join(" "));
}

/// A volatile access is one, also where it is volatile by a cast, and also of a constant.
#[test]
fn volatile_accesses_align_variables() {
    check(
        "const volatile char pre = 1; const volatile char cv[8] = {1};
         SEC(\"x\") int p(void *c) { return *(const volatile long *)cv; }",
        expect![[r#"
            .rodata 16: pre@0+1 cv@8+8
        "#]],
    );
    check(
        "char pre = 1; volatile char v[8] = {1}; char between = 1; char w[8] = {1};
         SEC(\"x\") int p(int *c) { *(volatile int *)v = *c; return *(volatile int *)w; }",
        expect![[r#"
            .data 24: pre@0+1 v@4+8 between@12+1 w@16+8
        "#]],
    );
}

/// What clang folds is no access, and nobody aligns a weak variable.
#[test]
fn what_does_not_align_variables() {
    for access in ["*(const long *)cv", "cv[0] + cv[1]"] {
        check(
            &format!(
                "const volatile char pre = 1; const volatile char cv[8] = {{1}};
                 SEC(\"x\") int p(void *c) {{ return {access}; }}"
            ),
            expect![[r#"
                .rodata 9: pre@0+1 cv@1+8
            "#]],
        );
    }
    check(
        "const char pre = 1; const char ct[8] = {1, 2};
         SEC(\"x\") int p(void *c) { return *(const long *)ct; }",
        expect![[r#"
            .rodata 9: pre@0+1 ct@1+8
        "#]],
    );
    check(
        "char first = 1; __attribute__((weak)) char w[8] = {1};
         SEC(\"x\") int p(long *c) { *(long *)w = *c; return 0; }",
        expect![[r#"
            .data 9: first@0+1 w@1+8
        "#]],
    );
}

/// Values are compared in the width of the variable.
#[test]
fn statics_that_take_one_value_besides_the_first() {
    check(
        "static short f; static int b; SEC(\"x\") int p(int *c) {
           if (*c) f = 1; if (*c > 3) f = 0x401; b += *c; return f + b; }",
        expect![[r#"
            .bss 8: f@0+2 b@4+4
        "#]],
    );
    check(
        "static short f; static int b; SEC(\"x\") int p(int *c) {
           if (*c) f = 1; if (*c > 3) f = 65537; b += *c; return f + b; }",
        expect![[r#"
            .bss 8: f@0+1 b@4+4
        "#]],
    );
    check(
        "static unsigned char f = 255; static int b;
         SEC(\"x\") int p(int *c) { if (*c) f = -1; b += *c; return f + b; }",
        expect![[r#"
            .bss 4: b@0+4
        "#]],
    );
}

/// `st.1` is only ever its first value.
#[test]
fn parts_that_never_change_vanish() {
    check(
        "static struct { int a, b, c; } st; SEC(\"x\") int p(int *c) {
           st.a += *c; if (*c) st.b = 0; st.c += *c; return st.a + st.b + st.c; }",
        expect![[r#"
            .bss 8: st.0@0+4 st.2@4+4
        "#]],
    );
}

/// Which records clang describes, and which it only declares: those behind the pointers of members, as
/// long as nothing else needs them.
#[test]
fn records_behind_pointers_of_members() {
    let kind = |text: &str| {
        let text = format!("{text} SEC(\"x\") int p(void *c) {{ return 0; }}");
        let btf = source(&text).object.btf;
        let mut far: Vec<_> = btf.iter().filter(|(_, ty)| ty.name() == "far").collect();
        assert_eq!(far.len(), 1, "{text}: {far:?}");
        far.pop().unwrap().1.kind_name().to_owned()
    };
    let far = "struct far { int z; };";
    let far_t = "typedef struct far { int z; } far_t;";
    let declared = [
        format!("{far} struct holder {{ struct far *p; int q; }} h;"),
        format!("{far_t} struct holder {{ far_t *p; int q; }} h;"),
        format!("{far_t} struct holder {{ far_t *p; const far_t *r; }} h;"),
    ];
    for text in declared {
        assert_eq!(kind(&text), "FWD", "{text}");
    }
    let described = [
        format!("{far} struct far *direct;"),
        format!("{far} struct holder {{ struct far *p; struct far in; }} h;"),
        format!("{far_t} struct holder {{ far_t *p; int q; }} h; far_t f;"),
        format!(
            "{far_t} typedef far_t again_t; struct holder {{ again_t *p; int q; }} h;
             const volatile again_t f;"
        ),
    ];
    for text in described {
        assert_eq!(kind(&text), "STRUCT", "{text}");
    }
}

/// What reads and writes through pointers in functions that are inlined is done to the variable.
#[test]
fn accesses_in_inlined_functions_alone_keep_a_variable() {
    check(
        "static int kept, seen; static inlined void set(int *p, int v) { *p = v; }
         static inlined int get(int *p) { return *p; }
         SEC(\"x\") int p(int *c) { if (*c) set(&kept, *c); seen += *c; return get(&kept) + seen; }",
        expect![[r#"
            .bss 8: kept@0+4 seen@4+4
        "#]],
    );
}

/// Where the inliner decides whether an address leaves the function, the variable may or may not stay.
#[test]
fn only_functions_that_may_be_inlined_make_a_variable_uncertain() {
    let certainty = |attributes: &str| {
        let long = "r += *p; ".repeat(60);
        let text = format!(
            "static int a; static {attributes} int f(int *p) {{ int r = 0; {long} return r; }}
             SEC(\"x\") int p(int *c) {{ a = *c; return f(&a); }}"
        );
        let object = source(&text).object;
        let section = object.section(".bss").unwrap();
        section.variables.iter().find(|v| v.name == "a").unwrap().certainty
    };
    assert_eq!(certainty("noinline"), Certainty::Certain);
    assert_eq!(certainty(""), Certainty::Likely(&codegen::laws::INLINING));
}

/// Functions that others can call are generated where they are defined, whatever declares them before.
#[test]
fn a_prototype_in_a_header_moves_no_global_function() {
    check(
        "#include \"h.h\"\nint a, b, d; SEC(\"x\") int p(void *c) { b++; return late(c) + late(c); }
         SEC(\"x\") int q(void *c) { d++; return d; } SEC(\"x\") int late(void *c) { a++; return a + b; }
//- /h.h
int late(void *c);
",
        expect![[r#"
            .bss 12: b@0+4 d@4+4 a@8+4
        "#]],
    );
}
