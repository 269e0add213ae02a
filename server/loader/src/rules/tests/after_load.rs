//! What may not be done after load.

use expect_test::expect;

use crate::test_fixture::{check_body, silent};

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
            percpu-write-after-load at 61 `skel->percpu->count`: `percpu->count` is written after load: the image of a per-CPU section is read-only from then on, so this ends in SIGSEGV
                59 `hits__load(skel)`: loaded here
                /hits.bpf.c:8 `count`: `count` is declared here
            percpu-write-after-load at 62 `skel->percpu->nums[3]`: `percpu->nums` is written after load: the image of a per-CPU section is read-only from then on, so this ends in SIGSEGV
                59 `hits__load(skel)`: loaded here
                /hits.bpf.c:9 `nums`: `nums` is declared here
            percpu-write-after-load at 63 `skel->percpu->pair.a`: `percpu->pair` is written after load: the image of a per-CPU section is read-only from then on, so this ends in SIGSEGV
                59 `hits__load(skel)`: loaded here
                /hits.bpf.c:10 `pair`: `pair` is declared here
        "#]],
    );
}

#[test]
fn near_misses() {
    silent(
        r#"int main(void)
{
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	skel->percpu->count = 2;
	skel->rodata->limit = 1;
	return hits__load(skel);
}
"#,
    );
}
