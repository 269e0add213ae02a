//! Rules about variables of data sections and about names.

use expect_test::expect;

use super::{super::Usage, check, check_with, program, usual};

#[test]
fn section_const_mix() {
    check(
        &program(
            "xdp",
            "const int a SEC(\".percpu\") = 1; int b SEC(\".percpu\") = 1;",
            "return b;",
        ),
        expect![[r#"
            error section-const-mix at `b`: `b` is not const and `a` is const, both in `.percpu`: clang stops with a section type conflict
                at `a`: `a` is declared here
        "#]],
    );
    check(
        &program(
            "xdp",
            "int a SEC(\".data.x\") = 1; const int b[2] SEC(\".data.x\") = {1};",
            "return a;",
        ),
        expect![[r#"
            error section-const-mix at `b`: `b` is const and `a` is not const, both in `.data.x`: clang stops with a section type conflict
                at `a`: `a` is declared here
        "#]],
    );
    check(
        &program(
            "xdp",
            "const int a SEC(\".rodata.x\") = 1; const volatile int b SEC(\".rodata.x\") = 1; int c SEC(\".percpu\") = 1;",
            "return b + c;",
        ),
        expect![[""]],
    );
}

#[test]
fn const_that_the_loader_writes() {
    let mut usage = usual();
    for name in ["debug", "limits", "ok"] {
        usage.rodata_written.insert(name.into());
    }
    let text = "const _Bool debug = 0; const int limits[4] = {1}; const volatile int ok = 1; const int other = 2;";
    check_with(
        usage,
        &program("xdp", text, "return debug + ok + other;"),
        expect![[r#"
            warning const-not-volatile at `debug`: the loader writes `debug`, but clang puts the value of a plain `const` into the code: the write has no effect; declare it `const volatile`
                fix Add `volatile`: `const` -> `const volatile`
        "#]],
    );
    check_with(
        Usage { ..usual() },
        &program("xdp", text, "return debug + ok + other;"),
        expect![[""]],
    );
}

#[test]
fn percpu_sizes() {
    check(
        &program("xdp", "char big[70000] SEC(\".percpu\") = {1};", "return big[1];"),
        expect![[r#"
            error percpu-too-large at `big`: `.percpu` takes 70000 bytes per CPU: loading fails with -E2BIG, a per-CPU value may take 32 KiB, 64 KiB where pages are that large
        "#]],
    );
    check(
        &program(
            "xdp",
            "char big[30000] SEC(\".percpu\") = {1}; char more[3000] SEC(\".percpu\") = {1};",
            "return big[1] + more[1];",
        ),
        expect![[r#"
            warning percpu-too-large at `big`: `.percpu` takes 33000 bytes per CPU: loading fails with -E2BIG, a per-CPU value may take 32 KiB where pages are not larger than that
        "#]],
    );
    check(
        &program(
            "xdp",
            "char big[32768] SEC(\".percpu\") = {1}; char other[70000] SEC(\".data.x\") = {1};",
            "return big[1];",
        ),
        expect![[""]],
    );
}

#[test]
fn pointers_in_data() {
    check(
        &program(
            "xdp",
            "int x; int *p = &x; char *s = \"text\"; struct { int a; void *f; } st = { 1, &x };",
            "return *p + *s;",
        ),
        expect![[r#"
            error data-pointer-initializer at `p`: `p` is initialised with an address, and libbpf does not relocate data sections: the pointer holds junk at run time
            error data-pointer-initializer at `s`: `s` is initialised with an address, and libbpf does not relocate data sections: the pointer holds junk at run time
            error data-pointer-initializer at `st`: `st` is initialised with an address, and libbpf does not relocate data sections: the pointer holds junk at run time
        "#]],
    );
    check(
        &program("xdp", "int *p = 0; char s[] = \"text\"; void *q = (void *)8;", "return *s;"),
        expect![[""]],
    );
}

#[test]
fn flexible_arrays() {
    let flex = "struct flex { int n; int a[]; };";
    check(
        &program(
            "xdp",
            &format!("{flex} struct flex f = {{ 1, {{ 2, 3 }} }}; int after = 1;"),
            "return after;",
        ),
        expect![[r#"
            error flexible-array-shift at `f`: `f` takes 12 bytes with its flexible array, its type only 4: the skeleton puts the variables after it at wrong offsets
        "#]],
    );
    check(
        &program(
            "xdp",
            &format!("{flex} int before = 1; struct flex f = {{ 1, {{ 2, 3 }} }};"),
            "return before;",
        ),
        expect![[""]],
    );
}

#[test]
fn zero_sizes() {
    check(
        &program("xdp", "struct {} nothing SEC(\".percpu\") = {};", ""),
        expect![[r#"
        error zero-size-variable at `nothing`: `nothing` has no size in `.percpu`: its section is empty, and opening the object fails (-ENOENT)
    "#]],
    );
    check(
        &program(
            "xdp",
            "int none[0] SEC(\".data.x\") = {}; int x SEC(\".data.x\") = 1;",
            "return x;",
        ),
        expect![[r#"
            error zero-size-variable at `none`: `none` has no size in `.data.x`: the kernel refuses the type information of the whole object
        "#]],
    );
}

#[test]
fn alignment_of_percpu_data() {
    check(
        &program("xdp", "int a __attribute__((aligned(64))) SEC(\".percpu\") = 1;", "return a;"),
        expect![[r#"
            warning percpu-over-aligned at `a`: `a` asks for 64-byte alignment, but the kernel's per-CPU storage is aligned to 8 bytes only
        "#]],
    );
    check(
        &program(
            "xdp",
            "int a __attribute__((aligned(8))) SEC(\".percpu\") = 1; int b __attribute__((aligned(64))) SEC(\".data.b\") = 1;",
            "return a;",
        ),
        expect![[""]],
    );
}

#[test]
fn special_fields() {
    let text = "struct bpf_spin_lock { __u32 val; }; struct inner { struct bpf_spin_lock lock; };";
    check(
        &program("xdp", &format!("{text} struct bpf_spin_lock a SEC(\".percpu\") = {{}};"), ""),
        expect![[r#"
            error percpu-special-field at `a`: `a` holds a `struct bpf_spin_lock`: the kernel refuses it in per-CPU data (-EOPNOTSUPP), and the program that uses it is rejected
        "#]],
    );
    check(
        &program(
            "xdp",
            &format!("{text} struct {{ int x; struct inner in[2]; }} b SEC(\".percpu\") = {{}};"),
            "",
        ),
        expect![[r#"
            error percpu-special-field at `b`: `b` holds a `struct bpf_spin_lock`: the kernel refuses it in per-CPU data (-EOPNOTSUPP), and the program that uses it is rejected
        "#]],
    );
    check(
        &program(
            "xdp",
            &format!(
                "{text} struct inner c SEC(\".data.c\") = {{}}; struct {{ struct inner *p; }} d SEC(\".percpu\") = {{}};"
            ),
            "",
        ),
        expect![[""]],
    );
}

#[test]
fn names_that_meet() {
    check(
        &program(
            "xdp",
            "int a SEC(\".percpu.a_b\") = 1; int b SEC(\".percpu.a.b\") = 1;",
            "return a + b;",
        ),
        expect![[r#"
            error skeleton-name-clash at `b`: the skeleton gets two members `percpu_a_b`, from `.percpu.a_b` and `.percpu.a.b`: its header does not compile
                at `a`: `.percpu.a_b` becomes `percpu_a_b` too
        "#]],
    );
    let map = |name: &str| {
        format!(
            "struct {{ __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, int); __uint(max_entries, 1); }} {name} SEC(\".maps\");"
        )
    };
    check(
        &program("xdp", &(map("percpu") + "int x SEC(\".percpu\") = 1;"), "return x;"),
        expect![[r#"
            error skeleton-name-clash at `x`: the skeleton gets two members `percpu`, from `percpu` and `.percpu`: its header does not compile
                at `percpu`: `percpu` becomes `percpu` too
        "#]],
    );
    check(
        &program("xdp", &(map("connections_by_ip4") + &map("connections_by_ip6")), ""),
        expect![[r#"
            warning kernel-name-clash at `connections_by_ip6`: the kernel keeps 15 characters of a map name: `connections_by_ip4` and `connections_by_ip6` are both `connections_by_` in `bpftool map`
                at `connections_by_ip4`: `connections_by_ip4` is `connections_by_` too
        "#]],
    );
    check(&program("xdp", &(map("by_ip4") + &map("by_ip6")), ""), expect![[""]]);
}

#[test]
fn a_missing_header_makes_careful() {
    check(
        &program(
            "xdp",
            "#include \"gone.h\"\nint a SEC(\".data.percpu\") = 0; struct { __uint(type, MY_TYPE); __type(key, struct k); } m SEC(\".maps\");",
            "return a;",
        ),
        expect![[r#"
            warning percpu-shared-section at `".data.percpu"`: `a` is shared by all CPUs: libbpf takes `.data.percpu` for an ordinary data section by its prefix, without a message
                fix Use `.percpu`: `".data.percpu"` -> `".percpu"`
        "#]],
    );
}
