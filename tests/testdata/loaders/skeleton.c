/* Goes through all that hits.skel.h and part.subskel.h of tests/examples/percpu offer. C and C++. */
#include "report.h"
#include <bpf/libbpf.h>
#include "hits.skel.h"
#include "part.subskel.h"

/* The bytes are the object: its size, and a sum over it. */
static void show_bytes(void)
{
	size_t size = 0, i;
	unsigned long sum = 5381;
	const unsigned char *bytes = (const unsigned char *)hits__elf_bytes(&size);

	for (i = 0; i < size; i++)
		sum = sum * 33 + bytes[i];
	printf("object: %zu bytes, sum %lx, aligned %d\n", size, sum, (size_t)bytes % 8 == 0);
}

static void show_part(struct hits *skel)
{
	struct part *part = part__open(skel->obj);

	if (!part) {
		printf("part: %d\n", errno);
		return;
	}
	printf("part: sample_every %u, calls_seen %d, min_len %u, map %d, program %d\n",
	       *part->data.sample_every, part->bss.calls_seen == &skel->bss->calls_seen,
	       *part->rodata.min_len, part->maps.samples == skel->maps.samples,
	       part->progs.count_call == skel->progs.count_call);
	part__destroy(part);
}

/* Not every type of program is attached by the skeleton: xdp ones are not. */
static int run(struct hits *skel)
{
	int err, i;

	printf("rodata: write %d\n", signal_of_write(&skel->rodata->min_len));
	printf("data: write %d\n", signal_of_write(&skel->data->sample_every));
	err = hits__attach(skel);
	printf("attach: %d, link %d, of xdp %d\n", err, !!skel->links.count_call, !!skel->links.count_packet);
	if (err)
		return err;
	for (i = 0; i < 100; i++)
		getppid();
	printf("calls seen: %d\n", skel->bss->calls_seen >= 100);
	hits__detach(skel);
	printf("detached: %d\n", !skel->links.count_call);
	return 0;
}

int main(void)
{
	struct hits *skel;
	int err;

	show_bytes();
	skel = hits__open();
	if (!skel) {
		printf("open: %d\n", errno);
		return 1;
	}
	printf("start: sample_every %u, calls_seen %llu, min_len %u, want_samples %d\n",
	       skel->data->sample_every, (unsigned long long)skel->bss->calls_seen,
	       skel->rodata->min_len, skel->rodata->want_samples);
	printf("maps: %s %s %s\n", bpf_map__name(skel->maps.bss), bpf_map__name(skel->maps.samples),
	       bpf_map__name(skel->maps.rodata));
	printf("program: %s of %s\n", bpf_program__name(skel->progs.count_packet), bpf_object__name(skel->obj));
	skel->data->sample_every = 128;
	show_part(skel);
	err = hits__load(skel);
	if (err == -EPERM || err == -ENOSYS) {
		hits__destroy(skel);
		return SKIPPED;
	}
	printf("load: %d, sample_every %u\n", err, skel->data->sample_every);
	err = err ? err : run(skel);
	hits__destroy(skel);
	hits__destroy(NULL);
	if (err)
		return 1;
#ifdef __cplusplus
	skel = hits::open_and_load();
	printf("members: %d\n", skel && hits::attach(skel) == 0);
	hits::detach(skel);
	hits::destroy(skel);
	skel = hits::open();
	hits::destroy(skel);
#else
	skel = hits__open_and_load();
	printf("members: %d\n", skel && hits__attach(skel) == 0);
	hits__destroy(skel);
#endif
	return 0;
}
