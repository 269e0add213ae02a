//! Calls at the wrong time, and calls that are wrong at any time.

use expect_test::expect;

use crate::test_fixture::{check_body, silent};

#[test]
fn kconfig() {
    check_body(
        r#"static int hz(struct hits *skel) { return skel->kconfig->CONFIG_HZ; }
int main(void)
{
	struct hits *skel = hits__open();
	int n;
	if (!skel)
		return 1;
	n = skel->kconfig->CONFIG_HZ + hz(skel);
	if (hits__load(skel))
		return 1;
	skel->kconfig->CONFIG_HZ = n;
	return 0;
}
int second(struct hits *skel)
{
	if (hits__load(skel))
		return 1;
	skel->kconfig->CONFIG_HZ++;
	return 0;
}
"#,
        expect![[r#"
            kconfig-before-load at 55 `skel->kconfig->CONFIG_HZ`: `kconfig->CONFIG_HZ` is used before load: `kconfig` is NULL until the object is loaded, so this ends in SIGSEGV
                58 `hits__open()`: opened here
                /hits.bpf.c:11 `CONFIG_HZ`: `CONFIG_HZ` is declared here
            kconfig-before-load at 62 `skel->kconfig->CONFIG_HZ`: `kconfig->CONFIG_HZ` is used before load: `kconfig` is NULL until the object is loaded, so this ends in SIGSEGV
                58 `hits__open()`: opened here
                /hits.bpf.c:11 `CONFIG_HZ`: `CONFIG_HZ` is declared here
            kconfig-write at 65 `skel->kconfig->CONFIG_HZ`: `kconfig->CONFIG_HZ` is written after load: the map is frozen and its image read-only, so this ends in SIGSEGV
                63 `hits__load(skel)`: loaded here
                /hits.bpf.c:11 `CONFIG_HZ`: `CONFIG_HZ` is declared here
            kconfig-write at 72 `skel->kconfig->CONFIG_HZ`: `kconfig->CONFIG_HZ` is written after load: the map is frozen and its image read-only, so this ends in SIGSEGV
                70 `hits__load(skel)`: loaded here
                /hits.bpf.c:11 `CONFIG_HZ`: `CONFIG_HZ` is declared here
        "#]],
    );
    silent(
        r#"int main(void)
{
	struct hits *skel = hits__open();
	if (!skel || skel->kconfig)
		return 1;
	if (hits__load(skel))
		return 1;
	return skel->kconfig->CONFIG_HZ;
}
int given(struct hits *skel)
{
	return skel->kconfig->CONFIG_HZ;
}
"#,
    );
}

#[test]
fn setters() {
    check_body(
        r#"static void resize(struct bpf_map *map) { bpf_map__set_max_entries(map, 4); }
int main(void)
{
	struct hits *skel = hits__open();
	bpf_map__set_max_entries(skel->maps.table, 2);
	if (hits__load(skel))
		return 1;
	resize(skel->maps.table);
	if (bpf_map__set_max_entries(skel->maps.table, 2))
		return 1;
	bpf_program__set_autoload(skel->progs.on_switch, 0);
	return 0;
}
"#,
        expect![[r#"
            setter-after-load at 55 `bpf_map__set_max_entries(map, 4)`: `bpf_map__set_max_entries()` is called after load: it fails with -EBUSY and the map `table` stays as it is
                60 `hits__load(skel)`: loaded here
                /hits.bpf.c:19 `table`: `table` is declared here
            setter-after-load at 63 `bpf_map__set_max_entries(skel->maps.table, 2)`: `bpf_map__set_max_entries()` is called after load: it fails with -EBUSY and the map `table` stays as it is
                60 `hits__load(skel)`: loaded here
                /hits.bpf.c:19 `table`: `table` is declared here
            setter-after-load at 65 `bpf_program__set_autoload(skel->progs.on_switch, 0)`: `bpf_program__set_autoload()` is called after load: it fails with -EINVAL and `on_switch` stays as it is
                60 `hits__load(skel)`: loaded here
                /hits.bpf.c:22 `on_switch`: `on_switch` is declared here
                fix: Move the call before the load
        "#]],
    );
    silent(
        r#"int main(void)
{
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	bpf_program__set_autoload(skel->progs.on_switch, 0);
	if (bpf_object__prepare(skel->obj))
		return 1;
	bpf_program__set_autoload(skel->progs.on_switch, 0);
	return hits__load(skel);
}
int autoattach(struct hits *skel)
{
	if (hits__load(skel))
		return 1;
	bpf_program__set_autoattach(skel->progs.on_switch, 0);
	return hits__attach(skel);
}
"#,
    );
}

#[test]
fn attach_too_early() {
    check_body(
        r#"static int start(struct hits *skel) { return hits__attach(skel); }
int main(void)
{
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	if (start(skel))
		return 1;
	skel->links.on_switch = bpf_program__attach(skel->progs.on_switch);
	return 0;
}
"#,
        expect![[r#"
            attach-before-load at 55 `hits__attach(skel)`: `hits__attach()` comes before load: the programs have no descriptor yet, so it fails with -EINVAL
                58 `hits__open()`: opened here, and not loaded since
            attach-before-load at 63 `bpf_program__attach(skel->progs.on_switch)`: `on_switch` is attached before load: until then a program has no descriptor, so this fails with -EINVAL
                58 `hits__open()`: opened here, and not loaded since
                /hits.bpf.c:22 `on_switch`: `on_switch` is declared here
        "#]],
    );
    silent(
        r#"int main(int argc)
{
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	if (argc && hits__load(skel))
		return 1;
	return hits__attach(skel);
}
int given(struct hits *skel) { return hits__attach(skel); }
"#,
    );
}

#[test]
fn results_thrown_away() {
    check_body(
        r#"static void use(struct hits *skel) { skel->bss->total = 1; }
int main(void)
{
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	hits__load(skel);
	use(skel);
	hits__attach(skel);
	return skel->bss->total;
}
"#,
        expect![[r#"
            load-result-ignored at 61 `hits__load(skel)`: the result of `hits__load()` is ignored and the skeleton is used afterwards: if it fails, maps and programs do not exist or nothing is attached
                62 `use(skel)`: used here
            load-result-ignored at 63 `hits__attach(skel)`: the result of `hits__attach()` is ignored and the skeleton is used afterwards: if it fails, maps and programs do not exist or nothing is attached
                64 `skel->bss`: used here
        "#]],
    );
    silent(
        r#"int main(void)
{
	struct hits *skel = hits__open();
	if (!skel)
		return 1;
	(void)hits__load(skel);
	hits__destroy(skel);
	skel = hits__open_and_load();
	if (!skel)
		return 1;
	hits__attach(skel);
	hits__destroy(skel);
	return 0;
}
"#,
    );
}

#[test]
fn wrong_at_any_time() {
    check_body(
        r#"static void *image(struct bpf_map *map) { return bpf_map__initial_value(map, NULL); }
int main(void)
{
	struct hits *skel = hits__open();
	size_t size;
	bpf_map__initial_value(skel->maps.rodata, NULL);
	image(skel->maps.percpu);
	bpf_map__initial_value(skel->maps.rodata, &size);
	bpf_map__initial_value(skel->maps.table, NULL);
	bpf_map__set_max_entries(skel->maps.percpu, 4);
	bpf_map__set_max_entries(skel->maps.percpu, 1);
	bpf_map__delete_elem(skel->maps.percpu, &size, 4, 0);
	bpf_map__delete_elem(skel->maps.table, &size, 4, 0);
	return 0;
}
"#,
        expect![[r#"
            initial-value-null at 55 `bpf_map__initial_value(map, NULL)`: `bpf_map__initial_value()` stores the size of the image of `percpu` through its second argument without a check: NULL ends in SIGSEGV
                fix: Pass a place for the size
            initial-value-null at 60 `bpf_map__initial_value(skel->maps.rodata, NULL)`: `bpf_map__initial_value()` stores the size of the image of `rodata` through its second argument without a check: NULL ends in SIGSEGV
                fix: Pass a place for the size
            percpu-map-misuse at 64 `bpf_map__set_max_entries(skel->maps.percpu, 4)`: `percpu` holds a per-CPU section and has one entry: with more, the kernel refuses its programs
                /hits.bpf.c:8 `count`: `count` is declared here
            percpu-map-misuse at 66 `bpf_map__delete_elem(skel->maps.percpu, &size, 4, 0)`: the entry of `percpu` cannot be deleted: a per-CPU array refuses this with -EINVAL
                /hits.bpf.c:8 `count`: `count` is declared here
        "#]],
    );
}

#[test]
fn lookups() {
    check_body(
        r#"static int look(int fd, __u32 *key, int *many)
{
	int one;
	bpf_map_lookup_elem(fd, key, many);
	return bpf_map_lookup_elem(fd, key, &one);
}
int main(void)
{
	struct hits *skel = hits__open_and_load();
	__u32 zero = 0;
	struct pair { int a, b; } value;
	char all[4096];
	int fd;
	if (!skel)
		return 1;
	fd = bpf_map__fd(skel->maps.percpu);
	look(fd, &zero, &value.a);
	bpf_map_lookup_elem(bpf_map__fd(skel->maps.percpu), &zero, &value);
	bpf_map_lookup_elem(fd, &zero, &all);
	bpf_map_lookup_elem(fd, &zero, all);
	bpf_map_lookup_elem(bpf_map__fd(skel->maps.table), &zero, &value);
	bpf_map__lookup_elem(skel->maps.percpu, &zero, 4, all, bpf_map__value_size(skel->maps.percpu), 0);
	bpf_map__lookup_elem(skel->maps.percpu, &zero, 4, all, bpf_map__value_size(skel->maps.percpu), 8);
	bpf_map__lookup_elem(skel->maps.percpu, &zero, 4, all, sizeof(all), 0);
	return 0;
}
"#,
        expect![[r#"
            percpu-lookup-overflow at 59 `bpf_map_lookup_elem(fd, key, &one)`: the buffer has 4 bytes, but the kernel writes 48 for every possible CPU: with two CPUs it overflows; size it by `libbpf_num_possible_cpus()`, or pass `BPF_F_CPU` to `bpf_map_lookup_elem_flags`
            percpu-lookup-overflow at 72 `bpf_map_lookup_elem(bpf_map__fd(skel->maps.percpu), &zero, &value)`: the buffer has 8 bytes, but the kernel writes 48 for every possible CPU: with two CPUs it overflows; size it by `libbpf_num_possible_cpus()`, or pass `BPF_F_CPU` to `bpf_map_lookup_elem_flags`
            percpu-value-size at 76 `bpf_map__lookup_elem(skel->maps.percpu, &zero, 4, all, bpf_map__value_size(skel->maps.percpu), 0)`: without flags this takes a value of `percpu` for every possible CPU: with the size of one it fails with -EINVAL; add `BPF_F_CPU` and the CPU, or pass a buffer for all of them
        "#]],
    );
}
