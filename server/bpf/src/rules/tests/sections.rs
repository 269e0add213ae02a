//! Rules about section names.

use expect_test::expect;

use super::{super::Usage, check, check_with, program, usual};

#[test]
fn percpu_shared_section() {
    check(
        &program(
            "tc",
            "int a SEC(\".data.percpu\") = 0; int b SEC(\".bss.percpu\");",
            "return a + b;",
        ),
        expect![[r#"
            warning percpu-shared-section at `".data.percpu"`: `a` is shared by all CPUs: libbpf takes `.data.percpu` for an ordinary data section by its prefix, without a message
                fix Use `.percpu`: `".data.percpu"` -> `".percpu"`
            warning percpu-shared-section at `".bss.percpu"`: `b` is shared by all CPUs: libbpf takes `.bss.percpu` for an ordinary data section by its prefix, without a message
                fix Use `.percpu`: `".bss.percpu"` -> `".percpu"`
        "#]],
    );
}

#[test]
fn percpu_section_typo() {
    check(
        &program("tc", "int a SEC(\".percpu_a\") = 0; int b SEC(\"percpu\") = 0;", "return a + b;"),
        expect![[r#"
            error percpu-section-typo at `".percpu_a"`: libbpf knows no section `.percpu_a`: it is skipped, and opening the object fails at the first use of `a` in a program (bad map relocation)
                fix Use `.percpu.a`: `".percpu_a"` -> `".percpu.a"`
            error percpu-section-typo at `"percpu"`: libbpf knows no section `percpu`: it is skipped, and opening the object fails at the first use of `b` in a program (bad map relocation)
                fix Use `.percpu`: `"percpu"` -> `".percpu"`
        "#]],
    );
}

#[test]
fn section_names_out_of_the_users_macros() {
    check(
        &program(
            "tc",
            "#define PERCPU SEC(\".per_cpu\")\n#define IN(name) SEC(\".percpu_\" #name)\n\
             #define NAMED(sec) SEC(sec)\nint a PERCPU = 0; int b IN(b) = 0; int c NAMED(\".percpuc\") = 0;",
            "return a + b + c;",
        ),
        expect![[r#"
            error percpu-section-typo at `PERCPU`: libbpf knows no section `.per_cpu`: it is skipped, and opening the object fails at the first use of `a` in a program (bad map relocation)
            error percpu-section-typo at `IN`: libbpf knows no section `.percpu_b`: it is skipped, and opening the object fails at the first use of `b` in a program (bad map relocation)
            error percpu-section-typo at `".percpuc"`: libbpf knows no section `.percpuc`: it is skipped, and opening the object fails at the first use of `c` in a program (bad map relocation)
                fix Use `.percpu.c`: `".percpuc"` -> `".percpu.c"`
        "#]],
    );
}

#[test]
fn sections_that_are_right_or_not_ours() {
    check(
        &program(
            "tc",
            "int a SEC(\".percpu\") = 0; int b SEC(\".percpu.b\") = 0; int c SEC(\".data.percpu_c\") = 1;\n\
             int d SEC(\".rodata.percpu.d\"); int e SEC(\".custom\") = 0;",
            "return a + b + c;",
        ),
        expect![[""]],
    );
}

#[test]
fn unknown_section_near_a_known_one() {
    check(
        &program("kporbe/do_exit", "", ""),
        expect![[r#"
        error unknown-section at `"kporbe/do_exit"`: libbpf knows no program section `kporbe/do_exit`: it cannot tell the program type of `prog`, and loading the object fails (-EINVAL); did you mean `kprobe/do_exit`?
            fix Use `kprobe/do_exit`: `"kporbe/do_exit"` -> `"kprobe/do_exit"`
    "#]],
    );
    check(
        &program("?raw_tracepint/sys_enter", "", ""),
        expect![[r#"
        error unknown-section at `"?raw_tracepint/sys_enter"`: libbpf knows no program section `?raw_tracepint/sys_enter`: it cannot tell the program type of `prog`, and loading the object fails (-EINVAL); did you mean `?raw_tracepoint/sys_enter`?
            fix Use `?raw_tracepoint/sys_enter`: `"?raw_tracepint/sys_enter"` -> `"?raw_tracepoint/sys_enter"`
    "#]],
    );
}

#[test]
fn unknown_section_of_another_loader() {
    let other = || Usage { libbpf_loads: false, ..usual() };
    check_with(
        other(),
        &program("kporbe/do_exit", "", ""),
        expect![[r#"
        information unknown-section at `"kporbe/do_exit"`: libbpf knows no program section `kporbe/do_exit`: it cannot tell the program type of `prog`; did you mean `kprobe/do_exit`?
            fix Use `kprobe/do_exit`: `"kporbe/do_exit"` -> `"kprobe/do_exit"`
    "#]],
    );
    check_with(other(), &program("cls_main", "", ""), expect![[""]]);
    check_with(other(), &program("socket1", "", ""), expect![[""]]);
}

#[test]
fn unknown_section_with_handlers() {
    check_with(
        Usage { sets_program_types: true, ..usual() },
        &program("mine/x", "", ""),
        expect![[""]],
    );
}

#[test]
fn sections_of_functions_that_are_no_programs() {
    check(
        &program("xdp", "SEC(\".text\") int helper(void) { return 1; }", "return helper();"),
        expect![[""]],
    );
}

const LEGACY: &str = "struct bpf_map_def { unsigned int type, key_size, value_size, max_entries, map_flags; };\n\
    struct bpf_map_def SEC(\"maps\") counts = {\n\t.type = BPF_MAP_TYPE_HASH,\n\
    \t.key_size = sizeof(__u32),\n\t.value_size = sizeof(struct value) * 2,\n\t.max_entries = 128,\n};\n\
    struct value { int a; };\n";

#[test]
fn legacy_maps_section() {
    check(
        &program("xdp", LEGACY, ""),
        expect![[r#"
            error legacy-maps-section at `"maps"`: `SEC("maps")` is the map definition of old: libbpf 1.0 and later refuse the object (-ENOTSUP, legacy map definitions)
                fix Define the map in `.maps`: `struct bpf_map_def SEC("maps") counts = {
            	.type = BPF_MAP_TYPE_HASH,
            	.key_size = sizeof(__u32),
            	.value_size = sizeof(struct value) * 2,
            	.max_entries = 128,
            };` -> `struct {
            	__uint(type, BPF_MAP_TYPE_HASH);
            	__type(key, __u32);
            	__uint(value_size, sizeof(struct value) * 2);
            	__uint(max_entries, 128);
            } counts SEC(".maps");`
        "#]],
    );
    check_with(
        Usage { libbpf_loads: false, ..usual() },
        &program("xdp", "struct { int type; } m SEC(\"maps\") = { 1 };", ""),
        expect![[r#"
            information legacy-maps-section at `"maps"`: `SEC("maps")` is the map definition of old: libbpf 1.0 and later refuse the object (-ENOTSUP, legacy map definitions)
        "#]],
    );
}

#[test]
fn maps_of_today() {
    check(
        &program(
            "xdp",
            "struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, int); \
             __uint(max_entries, 1); } maps SEC(\".maps\");",
            "",
        ),
        expect![[""]],
    );
}
