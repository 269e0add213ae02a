//! Loaders that do nothing wrong as far as can be known. None of them may give a finding.

use crate::test_fixture::silent;

#[test]
fn before_the_load() {
    silent(
        r#"int main(void)
{
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	skel->percpu->count = 2;
	skel->rodata->limit = 1;
	memset(skel->percpu, 0, 4);
	return hits__load(skel);
}
"#,
    );
}

#[test]
fn only_where_the_load_failed() {
    silent(
        r#"int a(struct hits *skel)
{
	int err = hits__load(skel);
	if (err) {
		skel->rodata->limit = 1;
		return err;
	}
	return 0;
}
int b(struct hits *skel)
{
	if (!hits__load(skel))
		return 0;
	skel->rodata->limit = 1;
	return 1;
}
int c(struct hits *skel)
{
	int err = -hits__load(skel), other = err * 2;
	if (other == 0)
		return 0;
	skel->rodata->limit = 1;
	return 1;
}
int d(struct hits *skel)
{
	switch (hits__load(skel)) {
	case 0:
		return 0;
	case -1:
	default:
		skel->rodata->limit = 1;
	}
	return 1;
}
"#,
    );
}

#[test]
fn opened_again() {
    silent(
        r#"int main(void)
{
	struct hits *skel = NULL;
	for (int i = 0; i < 3; i++) {
		skel = hits__open();
		if (!skel)
			continue;
		skel->rodata->limit = i;
		if (!ASSERT_OK(hits__load(skel), "load"))
			goto next;
		skel->bss->total = 1;
next:
		hits__destroy(skel);
		skel = NULL;
	}
	skel = hits__open_and_load();
	hits__destroy(skel);
	skel = hits__open();
	if (skel)
		skel->percpu->count = 1;
	return 0;
}
"#,
    );
}

#[test]
fn two_skeletons() {
    silent(
        r#"int main(int argc, char **argv)
{
	struct hits *a = hits__open_and_load(), *b = hits__open();
	struct hits *c = argc ? a : b;
	if (!a || !b)
		return 1;
	b->rodata->limit = 1;
	c->rodata->limit = 1;
	return 0;
}
int arrays(int n)
{
	struct hits *all[4];
	for (int i = 0; i < 4; i++)
		all[i] = hits__open();
	if (hits__load(all[n]))
		return 1;
	all[2]->rodata->limit = 1;
	all[n + 1]->rodata->limit = 1;
	return 0;
}
int maybe_the_same(struct hits *a, struct hits *b)
{
	if (hits__load(a))
		return 1;
	b->rodata->limit = 1;
	return 0;
}
"#,
    );
}

#[test]
fn helpers_called_before_and_after() {
    silent(
        r#"static void set(struct hits *skel, int n) { skel->rodata->limit = n; }
static void maybe(struct hits **skel) { if (!*skel) *skel = hits__open(); }
int main(void)
{
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	set(skel, 1);
	if (hits__load(skel))
		set(skel, 2);
	return 0;
}
int again(void)
{
	struct hits *skel = hits__open_and_load();
	hits__destroy(skel);
	skel = NULL;
	maybe(&skel);
	skel->rodata->limit = 1;
	return 0;
}
"#,
    );
}

#[test]
fn one_call_of_a_helper_is_not_followed() {
    silent(
        r#"static void set(struct hits *skel) { skel->rodata->limit = 1; }
static void deep1(struct hits *skel) { set(skel); }
static void deep2(struct hits *skel) { deep1(skel); }
static void deep3(struct hits *skel) { deep2(skel); }
static void deep4(struct hits *skel) { deep3(skel); }
static void deep5(struct hits *skel) { deep4(skel); }
static void deep6(struct hits *skel) { deep5(skel); }
int main(void)
{
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	deep6(skel);
	if (hits__load(skel))
		return 1;
	set(skel);
	return 0;
}
"#,
    );
}

#[test]
fn code_elsewhere_may_have_done_anything() {
    silent(
        r#"void unknown(struct hits **p);
void keep(struct hits **p);
void other(void);
struct hits *shared;
static struct hits *mine;
static void callback(void) { hits__destroy(mine); mine = hits__open(); }
void run(void (*f)(void));
int a(void)
{
	struct hits *skel = hits__open_and_load();
	unknown(&skel);
	skel->rodata->limit = 1;
	return 0;
}
int b(void)
{
	struct hits *skel = NULL;
	keep(&skel);
	skel = hits__open_and_load();
	other();
	skel->rodata->limit = 1;
	return 0;
}
int c(void)
{
	shared = hits__open_and_load();
	other();
	shared->rodata->limit = 1;
	return 0;
}
int d(void)
{
	mine = hits__open_and_load();
	run(callback);
	mine->rodata->limit = 1;
	return 0;
}
"#,
    );
}

#[test]
fn unknown_pointers_may_lead_here() {
    silent(
        r#"struct ctx { struct hits *skel; struct ctx *next; };
void a(struct ctx *c, struct ctx *d)
{
	c->skel = hits__open_and_load();
	d->skel = hits__open();
	c->skel->rodata->limit = 1;
}
void b(struct ctx *list)
{
	for (struct ctx *c = list; c; c = c->next) {
		c->skel->rodata->limit = 1;
		if (hits__load(c->skel))
			return;
	}
}
struct ctx global;
void c(struct ctx *p)
{
	global.skel = hits__open_and_load();
	p->skel = hits__open();
	global.skel->rodata->limit = 1;
}
void d(struct ctx *p)
{
	struct hits **pp = &p->skel;
	p->skel = hits__open_and_load();
	*pp = hits__open();
	p->skel->rodata->limit = 1;
}
"#,
    );
}

#[test]
fn a_flag_says_whether_it_was_loaded() {
    silent(
        r#"int main(int argc, char **argv)
{
	volatile int exiting = 0;
	int loaded = 0;
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	if (argc > 1) {
		if (hits__load(skel))
			return 1;
		loaded = 1;
	}
	if (!loaded)
		skel->rodata->limit = 1;
	return 0;
}
int null_or_not(struct hits *given)
{
	struct hits *skel = given;
	if (!skel)
		skel = hits__open();
	else if (hits__load(skel))
		return 1;
	skel->rodata->limit = 1;
	return 0;
}
int exiting_by_signal(void)
{
	static volatile int stop;
	struct hits *skel;
	stop = 0;
	if (stop)
		skel = hits__open();
	else
		skel = hits__open_and_load();
	skel->rodata->limit = 1;
	return 0;
}
"#,
    );
}

#[test]
fn jumps_out_of_statement_expressions() {
    silent(
        r#"#define TRY(e) ({ int __r = (e); if (__r) goto failed; __r; })
#define STOP(e) ({ if (e) break; 0; })
int main(void)
{
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	TRY(hits__load(skel));
	return 0;
failed:
	skel->rodata->limit = 1;
	return 1;
}
int loops(void)
{
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	for (;;) {
		STOP(hits__load(skel));
		return 0;
	}
	skel->rodata->limit = 1;
	return 1;
}
"#,
    );
}

#[test]
fn images_that_stay_writable() {
    silent(
        r#"int main(int fd)
{
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	bpf_map__reuse_fd(skel->maps.percpu, fd);
	bpf_map__set_autocreate(skel->maps.rodata, 0);
	if (hits__load(skel))
		return 1;
	skel->rodata->limit = 1;
	skel->bss->total = 1;
	skel->data->tag[0] = 1;
	return 0;
}
"#,
    );
}

#[test]
fn unevaluated_and_addresses() {
    silent(
        r#"int main(void)
{
	struct hits *skel = hits__open_and_load();
	typeof(skel->percpu->count) x = 0;
	unsigned long n;
	int *p;
	if (!skel)
		return 1;
	n = sizeof(skel->percpu->nums) / sizeof(skel->percpu->nums[0]);
	n += sizeof(*skel->percpu);
	p = &skel->percpu->count;
	p = skel->percpu->nums;
	if (!skel->percpu)
		return 1;
	return x + (p != NULL);
}
"#,
    );
}

#[test]
fn deep_nesting_ends() {
    let deep = "(".repeat(3000) + "1" + &")".repeat(3000);
    let sum = "1 + ".repeat(3000) + "1";
    let negated = "!".repeat(3000) + "1";
    let blocks = "{".repeat(1000) + &"}".repeat(1000);
    let chain = "if (argc == 1) return 1; else ".repeat(1000) + "return 2;";
    silent(&format!(
        "int main(int argc) {{ struct hits *skel = hits__open(); int x = {deep}; x = {sum}; \
         x = {negated}; {blocks} {chain} }}\n"
    ));
}

#[test]
fn many_branches_end() {
    let ifs: String = (0..60)
        .map(|i| format!("if (argv[{i}]) a{i} = hits__load(skel); else a{i} = 1;\n"))
        .collect();
    let decls: String = (0..60).map(|i| format!("int a{i};\n")).collect();
    silent(&format!(
        "int main(int argc, char **argv) {{ struct hits *skel = hits__open();\n{decls}{ifs}\
         while (argc--) {{ {ifs} }} skel->rodata->limit = 1; return 0; }}\n"
    ));
}

#[test]
fn a_header_that_exists_says_the_same() {
    let header = r#"//- /hits.skel.h
struct bpf_object_skeleton;
struct hits {
	struct bpf_object_skeleton *skeleton;
	struct bpf_object *obj;
	struct { struct bpf_map *table, *percpu; } maps;
	struct { struct bpf_program *on_switch; } progs;
	struct { struct bpf_link *on_switch; } links;
	struct hits__percpu { int count; int nums[7]; } *percpu;
	struct hits__rodata { int limit; } *rodata;
};
static inline void hits__destroy(struct hits *obj) { free(obj); }
static inline struct hits *hits__open(void) { return calloc(1, sizeof(struct hits)); }
static inline int hits__load(struct hits *obj) { return bpf_object__load_skeleton(obj->skeleton); }
//- /hits.c
#include "hits.skel.h"
int good(void)
{
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	skel->rodata->limit = 1;
	return hits__load(skel);
}
int bad(void)
{
	struct hits *skel = hits__open();
	if (hits__load(skel))
		return 1;
	skel->percpu->count = 1;
	skel->rodata->limit = 1;
	return 0;
}
"#;
    crate::test_fixture::check(
        header,
        expect_test::expect![[r#"
            percpu-write-after-load at 15 `skel->percpu->count`: `percpu->count` is written after load: from then on the image of a per-CPU section is read-only, so this ends in SIGSEGV
                13 `hits__load(skel)`: loaded here
                fix: Move the write before the load
                fix: Update the map on every CPU
            rodata-write-after-load at 16 `skel->rodata->limit`: `rodata->limit` is written after load: from then on the map is frozen and its image read-only, so this ends in SIGSEGV
                13 `hits__load(skel)`: loaded here
                fix: Move the write before the load
        "#]],
    );
}

#[test]
fn bpftools_own_name_of_the_object() {
    crate::test_fixture::check(
        r#"//- /hits.c
#include "hits.skel.h"
#include "other.bpf.skel.h"
int bad(void)
{
	struct hits_bpf *skel = hits_bpf__open_and_load();
	struct other *other = other__open_and_load();
	if (!skel || !other)
		return 1;
	skel->rodata->limit = 1;
	other->rodata->limit = 1;
	return 0;
}
"#,
        expect_test::expect![[r#"
            rodata-write-after-load at 9 `skel->rodata->limit`: `rodata->limit` is written after load: from then on the map is frozen and its image read-only, so this ends in SIGSEGV
                5 `hits_bpf__open_and_load()`: loaded here
            rodata-write-after-load at 10 `other->rodata->limit`: `rodata->limit` is written after load: from then on the map is frozen and its image read-only, so this ends in SIGSEGV
                6 `other__open_and_load()`: loaded here
        "#]],
    );
}
