//! Names and constants.

use expect_test::expect;

use crate::test_fixture::{check, check_body, check_fix};

#[test]
fn members_that_stand_elsewhere() {
    check_body(
        r#"struct env { struct hits *skel; };
int main(struct env *env)
{
	struct hits *skel = hits__open();
	skel->bss->count = 1;
	skel->data->limit = 1;
	skel->bss->hidden = 1;
	env->skel->percpu->total = 1;
	skel->bss->total = skel->rodata->limit + sizeof(skel->percpu->pair.name);
	skel->maps.table = NULL;
	skel->bss->not_here = 1;
	return 0;
}
"#,
        expect![[r#"
            skeleton-unknown-member at 59 `count`: `bss` has no member `count`: the variable is in section `.percpu`, so use `percpu`
                /hits.bpf.c:8 `count`: `count` is declared here
                fix: Use `percpu`
            skeleton-unknown-member at 60 `limit`: `data` has no member `limit`: the variable is in section `.rodata`, so use `rodata`
                /hits.bpf.c:5 `limit`: `limit` is declared here
                fix: Use `rodata`
            skeleton-unknown-member at 61 `hidden`: `struct hits` has no member `hidden`: the variable is static or hidden, and bpftool leaves those out
                /hits.bpf.c:7 `hidden`: `hidden` is declared here
            skeleton-unknown-member at 62 `total`: `percpu` has no member `total`: the variable is in section `.bss`, so use `bss`
                /hits.bpf.c:6 `total`: `total` is declared here
                fix: Use `bss`
        "#]],
    );
}

#[test]
fn uses_the_section_that_has_it() {
    check_fix(
        r#"int main(void)
{
	struct hits *skel = hits__open();
	skel->bss->count = 1;
	return 0;
}
"#,
        expect![[r#"
            Use `percpu`
            int main(void)
            {
            	struct hits *skel = hits__open();
            	skel->percpu->count = 1;
            	return 0;
            }
        "#]],
    );
}

#[test]
fn map_names() {
    check_body(
        r#"int main(struct hits *skel)
{
	bpf_object__find_map_by_name(skel->obj, "hits.percpu");
	bpf_object__find_map_fd_by_name(skel->obj, "other.bss");
	bpf_object__find_map_by_name(skel->obj, ".percpu");
	bpf_object__find_map_by_name(skel->obj, "hits.bss");
	bpf_object__find_map_by_name(skel->obj, ".bss");
	bpf_object__find_map_by_name(skel->obj, "table");
	bpf_object__find_map_by_name(skel->obj, "elsewhere");
	return 0;
}
"#,
        expect![[r#"
            internal-map-name at 57 `hits.percpu`: no map is called `hits.percpu`: libbpf calls it `.percpu`, so this gives NULL
                fix: Use `.percpu`
            internal-map-name at 58 `other.bss`: no map is called `other.bss`: libbpf calls it `hits.bss`, so this gives NULL
                fix: Use `.bss`
        "#]],
    );
}

#[test]
fn subskeleton_members_are_pointers() {
    check(
        r#"//- /lib.bpf.c
int total;
int count = 1;
//- /lib.c
#include "lib.subskel.h"
int use(struct lib *sub)
{
	sub->bss.total = 3;
	sub->data.count += 2;
	*sub->bss.total = 3;
	sub->bss.total = 0;
	if (sub->bss.total && *sub->data.count == 4)
		return 1;
	return sub->data.count == 1;
}
"#,
        expect![[r#"
            subskeleton-member-value at 4 `sub->bss.total`: `total` is a pointer here: the members of a subskeleton point at the variables of the object that it belongs to
                /lib.bpf.c:1 `total`: `total` is declared here
                fix: Put a `*` in front
            subskeleton-member-value at 5 `sub->data.count`: `count` is a pointer here: the members of a subskeleton point at the variables of the object that it belongs to
                /lib.bpf.c:2 `count`: `count` is declared here
                fix: Put a `*` in front
            subskeleton-member-value at 10 `sub->data.count`: `count` is a pointer here: the members of a subskeleton point at the variables of the object that it belongs to
                /lib.bpf.c:2 `count`: `count` is declared here
                fix: Put a `*` in front
        "#]],
    );
}

#[test]
fn cpu_flags() {
    check_body(
        r#"enum { BPF_F_CPU = 8, BPF_F_ALL_CPUS = 16 };
int read(struct bpf_map *map, int fd, int cpu, __u64 wide, void *key, void *buf)
{
	__u64 flags = (cpu << 32) | BPF_F_CPU;
	__u64 good = ((__u64)cpu << 32) | BPF_F_CPU, same = BPF_F_CPU | (wide << 32);
	int other = cpu << 3 | BPF_F_CPU;
	bpf_map_lookup_elem_flags(fd, key, buf, BPF_F_CPU | (__u32)cpu << 32);
	bpf_map__lookup_elem(map, key, 4, buf, 8, BPF_F_ALL_CPUS);
	bpf_map__update_elem(map, key, 4, buf, 8, BPF_F_ALL_CPUS | BPF_F_CPU);
	bpf_map__update_elem(map, key, 4, buf, 8, BPF_F_ALL_CPUS);
	bpf_map__lookup_elem(map, key, 4, buf, 8, good);
	return flags + same + other;
}
"#,
        expect![[r#"
            cpu-flag-shift at 58 `cpu << 32`: the CPU number is shifted by 32 in a type of 32 bits or fewer: this is undefined, and names the wrong CPU
                fix: Cast to `__u64` first
            cpu-flag-shift at 61 `(__u32)cpu << 32`: the CPU number is shifted by 32 in a type of 32 bits or fewer: this is undefined, and names the wrong CPU
                fix: Cast to `__u64` first
            cpu-flag-invalid at 62 `BPF_F_ALL_CPUS`: `BPF_F_ALL_CPUS` is for updates only: the kernel refuses this with -EINVAL
            cpu-flag-invalid at 63 `BPF_F_ALL_CPUS | BPF_F_CPU`: `BPF_F_ALL_CPUS` and `BPF_F_CPU` exclude each other: the kernel refuses this with -EINVAL
        "#]],
    );
}
