//! Rules about calls: helpers of a program type, licences, per-CPU arguments.

use expect_test::expect;

use super::{super::Usage, check, check_with, program, usual};

#[test]
fn helper_not_allowed_called_directly() {
    check(
        &program("xdp", "", "bpf_skb_pull_data(ctx, 4);"),
        expect![[r#"
        error helper-not-allowed at `bpf_skb_pull_data`: no kernel lets XDP programs call `bpf_skb_pull_data`: the verifier rejects `prog`
    "#]],
    );
}

#[test]
fn helper_not_allowed_through_a_static_function() {
    check(
        &program(
            "tracepoint/syscalls/sys_enter_open",
            "static int pull(void *ctx) { return bpf_skb_pull_data(ctx, 4); }\n\
             static __noinline int deeper(void *ctx) { return pull(ctx); }",
            "__u64 *v = (void *)bpf_ktime_get_ns(); if (!v) return 0; return deeper(ctx);",
        ),
        expect![[r#"
            error helper-not-allowed at `bpf_skb_pull_data`: no kernel lets TRACEPOINT programs call `bpf_skb_pull_data`: the verifier rejects `prog`
                at `prog`: `prog` gets here
        "#]],
    );
}

#[test]
fn helper_that_is_allowed() {
    check(&program("tc", "", "bpf_skb_pull_data(ctx, 4);"), expect![[""]]);
}

#[test]
fn helper_behind_a_constant_of_the_loader() {
    check(
        &program(
            "xdp",
            "const volatile _Bool is_skb = 0;",
            "if (!is_skb) return 0; bpf_skb_pull_data(ctx, 4);",
        ),
        expect![[""]],
    );
}

#[test]
fn helper_behind_an_argument_that_may_be_constant() {
    check(
        &program(
            "xdp",
            "static inline int pull(void *ctx, int skb) { if (skb) bpf_skb_pull_data(ctx, 4); return 0; }",
            "return pull(ctx, 0);",
        ),
        expect![[""]],
    );
}

#[test]
fn helper_in_dead_code() {
    check(&program("xdp", "", "if (0) bpf_skb_pull_data(ctx, 4);"), expect![[""]]);
}

#[test]
fn helper_of_a_program_type_set_by_code() {
    check_with(
        Usage { sets_program_types: true, ..usual() },
        &program("xdp", "", "bpf_skb_pull_data(ctx, 4);"),
        expect![[""]],
    );
}

fn licensed(license: &str, declarations: &str, body: &str) -> String {
    program("kprobe/do_exit", declarations, body)
        .replace("char LICENSE[] SEC(\"license\") = \"GPL\";", license)
}

#[test]
fn license_other_and_a_gpl_only_helper() {
    check(
        &licensed(
            "char LICENSE[] SEC(\"license\") = \"GPL-2.0\";",
            "",
            "char c[16]; bpf_probe_read_kernel(c, 16, ctx);",
        ),
        expect![[r#"
            error license-not-gpl at `LICENSE`: `GPL-2.0` is none of the licences that the kernel takes for GPL compatible, and `bpf_probe_read_kernel` is for GPL programs only: the kernel refuses `prog`
                at `bpf_probe_read_kernel`: `bpf_probe_read_kernel` is for GPL programs only
        "#]],
    );
}

#[test]
fn license_in_a_pointer() {
    check(
        &licensed(
            "const char *LICENSE SEC(\"license\") = \"GPL\";",
            "static int now(void) { char c[16]; return bpf_probe_read_kernel(c, 16, 0); }",
            "return now();",
        ),
        expect![[r#"
            error license-not-gpl at `LICENSE`: a pointer in section `license` gives no licence (libbpf does not relocate it), and `bpf_probe_read_kernel` is for GPL programs only: the kernel refuses `prog`
                at `bpf_probe_read_kernel`: `bpf_probe_read_kernel` is for GPL programs only
        "#]],
    );
}

#[test]
fn license_other_and_a_kernel_function() {
    check(
        &licensed(
            "char LICENSE[] SEC(\"license\") = \"MIT\";",
            "extern void bpf_rcu_read_lock(void) __ksym;",
            "bpf_rcu_read_lock();",
        ),
        expect![[r#"
            error license-not-gpl at `LICENSE`: `MIT` is none of the licences that the kernel takes for GPL compatible, and the kernel function `bpf_rcu_read_lock` is for GPL programs only: the kernel refuses `prog`
                at `bpf_rcu_read_lock`: the kernel function `bpf_rcu_read_lock` is for GPL programs only
        "#]],
    );
}

#[test]
fn license_other_and_nothing_that_needs_one() {
    check(
        &licensed(
            "char LICENSE[] SEC(\"license\") = \"MIT\";",
            "extern void bpf_rcu_read_lock(void) __ksym __weak;",
            "if (bpf_rcu_read_lock) bpf_rcu_read_lock(); bpf_get_smp_processor_id();",
        ),
        expect![[""]],
    );
}

#[test]
fn license_compatible() {
    check(
        &licensed(
            "char LICENSE[] SEC(\"license\") = \"Dual BSD/GPL\";",
            "",
            "char c[16]; bpf_probe_read_kernel(c, 16, ctx);",
        ),
        expect![[""]],
    );
}

#[test]
fn license_missing() {
    check(
        &licensed("", "", "return bpf_get_smp_processor_id();"),
        expect![[r#"
        information license-missing at `prog`: the object has programs and no `license` section: the kernel will refuse it as soon as a program calls a helper for GPL programs only
    "#]],
    );
    check(
        &licensed("", "", "return bpf_ktime_get_ns();"),
        expect![[r#"
        information license-missing at `prog`: the object has programs and no `license` section: the kernel will refuse it as soon as a program calls a helper for GPL programs only
    "#]],
    );
}

#[test]
fn license_in_another_file_of_the_object() {
    check_with(
        Usage { stands_alone: false, ..usual() },
        &licensed("", "", "return bpf_ktime_get_ns();"),
        expect![[""]],
    );
    check(&licensed("#include \"not_found.h\"", "", "return bpf_ktime_get_ns();"), expect![[""]]);
}

#[test]
fn percpu_const_string() {
    check(
        &program(
            "tc",
            "char name[8] SEC(\".percpu\") = \"eth0\"; char fmt[8] SEC(\".percpu.f\") = \"%d\";",
            "char out[16]; __u64 args[] = { 1 };\n\
             bpf_strncmp(out, 4, name); bpf_snprintf(out, 16, &fmt[0], args, 8);",
        ),
        expect![[r#"
            error percpu-const-string at `name`: `bpf_strncmp` wants a string that cannot change, and `name` is per-CPU data: the verifier rejects the program; use a `static const char[]`
                at `name`: `name` is in `.percpu`
            error percpu-const-string at `fmt`: `bpf_snprintf` wants a string that cannot change, and `fmt` is per-CPU data: the verifier rejects the program; use a `static const char[]`
                at `fmt`: `fmt` is in `.percpu.f`
        "#]],
    );
}

#[test]
fn strings_that_the_verifier_takes() {
    check(
        &program(
            "tc",
            "static const char name[] = \"eth0\"; char buf[8] SEC(\".percpu\") = \"eth0\";",
            "return bpf_strncmp(buf, 4, name);",
        ),
        expect![[""]],
    );
}

#[test]
fn percpu_ptr_helper() {
    check(
        &program(
            "tc",
            "int hits SEC(\".percpu\") = 0; struct { int a; } s SEC(\".percpu\") = {0};",
            "int *p = bpf_this_cpu_ptr(&hits); p = bpf_per_cpu_ptr(&s.a, 1); return p ? 1 : 0;",
        ),
        expect![[r#"
            error percpu-ptr-helper at `hits`: `bpf_this_cpu_ptr` takes per-CPU objects of the kernel, `hits` is a map value and means this CPU's copy already: the verifier rejects the program
                at `hits`: `hits` is in `.percpu`
            error percpu-ptr-helper at `s`: `bpf_per_cpu_ptr` takes per-CPU objects of the kernel, `s` is a map value and means this CPU's copy already: the verifier rejects the program
                at `s`: `s` is in `.percpu`
        "#]],
    );
}

#[test]
fn percpu_objects_of_the_kernel() {
    check(
        &program(
            "tc",
            "extern const int runqueues __ksym; int hits SEC(\".data.percpu_x\") = 1;",
            "int *p = bpf_this_cpu_ptr(&runqueues); hits++; return p ? 1 : 0;",
        ),
        expect![[""]],
    );
}
