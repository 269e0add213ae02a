//! What may not be done after load, and everywhere what looks like it.

use expect_test::expect;

use crate::test_fixture::{check, check_body, check_fix};

#[test]
fn percpu_write_in_a_straight_line() {
    check_body(
        r#"int main(void)
{
	struct hits *skel = hits__open();
	skel->percpu->count = 1;
	if (hits__load(skel))
		return 1;
	skel->percpu->count = 2;
	skel->percpu->nums[3]++;
	skel->percpu->pair.a = 1;
	hits__destroy(skel);
	return 0;
}
"#,
        expect![[r#"
            percpu-write-after-load at 61 `skel->percpu->count`: `percpu->count` is written after load: from then on the image of a per-CPU section is read-only, so this ends in SIGSEGV
                59 `hits__load(skel)`: loaded here
                /hits.bpf.c:8 `count`: `count` is declared here
                fix: Move the write before the load
                fix: Update the map on every CPU
            percpu-write-after-load at 62 `skel->percpu->nums[3]`: `percpu->nums` is written after load: from then on the image of a per-CPU section is read-only, so this ends in SIGSEGV
                59 `hits__load(skel)`: loaded here
                /hits.bpf.c:9 `nums`: `nums` is declared here
                fix: Move the write before the load
            percpu-write-after-load at 63 `skel->percpu->pair.a`: `percpu->pair` is written after load: from then on the image of a per-CPU section is read-only, so this ends in SIGSEGV
                59 `hits__load(skel)`: loaded here
                /hits.bpf.c:10 `pair`: `pair` is declared here
                fix: Move the write before the load
                fix: Update the map on every CPU
        "#]],
    );
}

#[test]
fn percpu_write_through_functions_aliases_and_helpers() {
    check_body(
        r#"struct env { struct hits *skel; int verbose; };
static struct hits *start(void)
{
	struct hits *skel = hits__open();
	if (!skel)
		return NULL;
	if (hits__load(skel)) {
		hits__destroy(skel);
		return NULL;
	}
	return skel;
}
static void poke(struct hits *skel, int n)
{
	skel->percpu->nums[n] = 1;
}
static int prepare(struct env *env)
{
	env->skel = hits__open_and_load();
	return env->skel ? 0 : -1;
}
int main(int argc, char **argv)
{
	struct env env = {};
	struct hits *skel = start(), *again;
	int *p;
	if (!ASSERT_OK_PTR(skel, "start"))
		goto out;
	poke(skel, argc);
	p = &skel->percpu->count;
	*p = 3;
	memset(&skel->percpu->pair, 0, 4);
	strncpy(skel->percpu->pair.name, "x", 2);
	memcpy(skel->percpu, argv, 4);
	if (prepare(&env))
		goto out;
	again = env.skel;
	for (int i = 0; i < 7; i++)
		again->percpu->nums[i] = i;
	struct hits__percpu *image = again->percpu;
	image->count = 7;
out:
	hits__destroy(env.skel);
	hits__destroy(skel);
	return 0;
}
"#,
        expect![[r#"
            percpu-write-after-load at 69 `skel->percpu->nums[n]`: `percpu->nums` is written after load: from then on the image of a per-CPU section is read-only, so this ends in SIGSEGV
                61 `hits__load(skel)`: loaded here
                /hits.bpf.c:9 `nums`: `nums` is declared here
                fix: Update the map on every CPU
            percpu-write-after-load at 85 `*p`: `percpu->count` is written after load: from then on the image of a per-CPU section is read-only, so this ends in SIGSEGV
                61 `hits__load(skel)`: loaded here
                /hits.bpf.c:8 `count`: `count` is declared here
            percpu-write-after-load at 86 `memset(&skel->percpu->pair, 0, 4)`: `percpu->pair` is written after load: from then on the image of a per-CPU section is read-only, so this ends in SIGSEGV
                61 `hits__load(skel)`: loaded here
                /hits.bpf.c:10 `pair`: `pair` is declared here
            percpu-write-after-load at 87 `strncpy(skel->percpu->pair.name, "x", 2)`: `percpu->pair` is written after load: from then on the image of a per-CPU section is read-only, so this ends in SIGSEGV
                61 `hits__load(skel)`: loaded here
                /hits.bpf.c:10 `pair`: `pair` is declared here
            percpu-write-after-load at 88 `memcpy(skel->percpu, argv, 4)`: `percpu` is written after load: from then on the image of a per-CPU section is read-only, so this ends in SIGSEGV
                61 `hits__load(skel)`: loaded here
            percpu-write-after-load at 93 `again->percpu->nums[i]`: `percpu->nums` is written after load: from then on the image of a per-CPU section is read-only, so this ends in SIGSEGV
                73 `hits__open_and_load()`: loaded here
                /hits.bpf.c:9 `nums`: `nums` is declared here
            percpu-write-after-load at 95 `image->count`: `percpu->count` is written after load: from then on the image of a per-CPU section is read-only, so this ends in SIGSEGV
                73 `hits__open_and_load()`: loaded here
                /hits.bpf.c:8 `count`: `count` is declared here
        "#]],
    );
}

#[test]
fn rodata_write() {
    check_body(
        r#"static struct hits *skel;
void test_one(void)
{
	int err;
	skel = hits__open();
	if (!ASSERT_OK_PTR(skel, "open"))
		return;
	skel->rodata->limit = 1;
	err = hits__load(skel);
	if (!ASSERT_OK(err, "load"))
		goto cleanup;
	skel->rodata->limit = 2;
cleanup:
	hits__destroy(skel);
}
void test_two(void)
{
	struct hits *skel = hits__open();
	int err = bpf_object__load(skel->obj);
	if (err < 0)
		exit(1);
	skel->rodata->limit += 2;
}
"#,
        expect![[r#"
            rodata-write-after-load at 66 `skel->rodata->limit`: `rodata->limit` is written after load: from then on the map is frozen and its image read-only, so this ends in SIGSEGV
                63 `hits__load(skel)`: loaded here
                /hits.bpf.c:5 `limit`: `limit` is declared here
                fix: Move the write before the load
            rodata-write-after-load at 76 `skel->rodata->limit`: `rodata->limit` is written after load: from then on the map is frozen and its image read-only, so this ends in SIGSEGV
                73 `bpf_object__load(skel->obj)`: loaded here
                /hits.bpf.c:5 `limit`: `limit` is declared here
                fix: Move the write before the load
        "#]],
    );
}

#[test]
fn unchecked_load() {
    check_body(
        r#"int main(void)
{
	struct hits *skel = hits__open();
	hits__load(skel);
	skel->rodata->limit = 2;
	return 0;
}
int other(struct hits *skel)
{
	int err = hits__load(skel);
	if (err)
		fprintf(stdout, "load: %d", err);
	skel->rodata->limit = 2;
	return err;
}
"#,
        expect![[r#"
            load-result-ignored at 58 `hits__load(skel)`: the result of `hits__load()` is ignored and the skeleton is used afterwards: if it fails, maps and programs do not exist or nothing is attached
                59 `skel->rodata`: used here
            rodata-write-after-load at 59 `skel->rodata->limit`: `rodata->limit` is written after load: from then on the map is frozen and its image read-only, so this ends in SIGSEGV
                58 `hits__load(skel)`: loaded here
                /hits.bpf.c:5 `limit`: `limit` is declared here
                fix: Move the write before the load
            rodata-write-after-load at 67 `skel->rodata->limit`: `rodata->limit` is written after load: from then on the map is frozen and its image read-only, so this ends in SIGSEGV
                64 `hits__load(skel)`: loaded here
                /hits.bpf.c:5 `limit`: `limit` is declared here
                fix: Move the write before the load
        "#]],
    );
}

#[test]
fn stale_read() {
    check_body(
        r#"int report(struct hits *skel)
{
	int sum = 0, *p;
	unsigned long n = sizeof(skel->percpu->count);
	if (hits__load(skel) || !skel->percpu)
		return -1;
	p = &skel->percpu->count;
	for (int i = 0; i < 7; i++)
		sum += skel->percpu->nums[i];
	fprintf(stdout, "%d %s\n", skel->percpu->count, skel->percpu->pair.name);
	typeof(skel->percpu->count) x = *p;
	return sum + skel->bss->total;
}
"#,
        expect![[r#"
            percpu-stale-read at 63 `skel->percpu->nums[i]`: `percpu->nums` is read after load: the image only ever shows the start values; what the programs count is in the map
                59 `hits__load(skel)`: loaded here
                /hits.bpf.c:9 `nums`: `nums` is declared here
                fix: Look up the sum of all CPUs
                fix: Look up the value of one CPU
            percpu-stale-read at 64 `skel->percpu->count`: `percpu->count` is read after load: the image only ever shows the start values; what the programs count is in the map
                59 `hits__load(skel)`: loaded here
                /hits.bpf.c:8 `count`: `count` is declared here
                fix: Look up the sum of all CPUs
                fix: Look up the value of one CPU
            percpu-stale-read at 65 `*p`: `percpu->count` is read after load: the image only ever shows the start values; what the programs count is in the map
                59 `hits__load(skel)`: loaded here
                /hits.bpf.c:8 `count`: `count` is declared here
        "#]],
    );
}

#[test]
fn subskeleton_has_no_percpu() {
    check(
        r#"//- /lib.bpf.c
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>
int count SEC(".percpu") = -1;
int total;
//- /lib.c
#include "lib.subskel.h"
static int peek(struct lib *sub) { return sub->percpu->count; }
int use(struct bpf_object *obj)
{
	struct lib *sub = lib__open(obj);
	if (!sub)
		return 1;
	sub->percpu->count = 1;
	*sub->bss.total = 2;
	bpf_map__fd(sub->maps.percpu);
	return peek(sub);
}
"#,
        expect![[r#"
            percpu-in-subskeleton at 2 `sub->percpu`: a subskeleton has no member `percpu`: bpftool leaves per-CPU sections out of it, so `struct lib` has only `maps.percpu`
                /lib.bpf.c:3 `count`: `count` is declared here
                fix: Look up the value of one CPU
            percpu-in-subskeleton at 8 `sub->percpu`: a subskeleton has no member `percpu`: bpftool leaves per-CPU sections out of it, so `struct lib` has only `maps.percpu`
                /lib.bpf.c:3 `count`: `count` is declared here
        "#]],
    );
}

#[test]
fn use_after_destroy() {
    check_body(
        r#"static void stop(struct hits *skel) { hits__destroy(skel); }
int main(void)
{
	struct hits *skel = hits__open_and_load();
	int n;
	if (!skel)
		return 1;
	hits__destroy(skel);
	n = skel->bss->total;
	return n;
}
int second(struct hits *skel)
{
	stop(skel);
	return bpf_map__fd(skel->maps.table);
}
"#,
        expect![[r#"
            skeleton-after-destroy at 63 `skel->bss`: `bss` is used after `hits__destroy()`: its memory is gone (use after free)
                62 `hits__destroy(skel)`: destroyed here
            skeleton-after-destroy at 69 `skel->maps`: `maps` is used after `hits__destroy()`: its memory is gone (use after free)
                55 `hits__destroy(skel)`: destroyed here
        "#]],
    );
}

#[test]
fn moves_the_write_before_the_load() {
    check_fix(
        r#"int main(void)
{
	struct hits *skel = hits__open();
	int err;

	err = hits__load(skel);
	if (err)
		return 1;
	skel->rodata->limit = 2;
	return 0;
}
"#,
        expect![[r#"
            Move the write before the load
            int main(void)
            {
            	struct hits *skel = hits__open();
            	int err;

            	skel->rodata->limit = 2;
            	err = hits__load(skel);
            	if (err)
            		return 1;
            	return 0;
            }
        "#]],
    );
}

#[test]
fn updates_the_map_after_open_and_load() {
    check_fix(
        r#"int main(void)
{
	struct hits *skel = hits__open_and_load();
	int err = 0;

	if (!skel)
		return 1;
	skel->percpu->pair.a = err + 1;
	return err;
}
"#,
        expect![[r#"
            Update the map on every CPU
            int main(void)
            {
            	struct hits *skel = hits__open_and_load();
            	int err = 0;

            	if (!skel)
            		return 1;
            	{	/* the other variables of the section go back to their start values */
            		size_t vsz = bpf_map__value_size(skel->maps.percpu);
            		struct hits__percpu *next = malloc(vsz > sizeof(*next) ? vsz : sizeof(*next));
            		__u32 zero = 0;

            		if (next) {
            			memcpy(next, skel->percpu, vsz);
            			next->pair.a = err + 1;
            			err = bpf_map__update_elem(skel->maps.percpu, &zero, sizeof(zero), next, vsz, BPF_F_ALL_CPUS);
            			free(next);
            		}
            	}
            	return err;
            }
        "#]],
    );
}

#[test]
fn no_move_when_the_value_is_not_known_before() {
    check_fix(
        r#"int main(void)
{
	struct hits *skel = hits__open();
	int n;
	if (hits__load(skel))
		return 1;
	n = next();
	skel->rodata->limit = n;
	return 0;
}
"#,
        expect!["no fix"],
    );
}
