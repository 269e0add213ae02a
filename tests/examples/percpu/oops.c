// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * A loader that takes per-CPU globals for ordinary ones. The C compiler accepts
 * nearly all of it, and the process dies at the first write after the load.
 * A line that ends in "expect: RULE" is the place where bpf-lsp says so.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <bpf/libbpf.h>
#include "hits.skel.h"
#include "oops.subskel.h"

/* After the load the image behind skel->percpu is read-only: SIGSEGV. */
static int write_after_load(void)
{
	struct hits *skel = hits__open();

	if (!skel)
		return 1;
	skel->percpu->counting = false;
	skel->rodata->min_len = 60;
	if (hits__load(skel)) {
		hits__destroy(skel);
		return 1;
	}

	skel->percpu->hits = 0; // expect: percpu-write-after-load
	skel->percpu->last.packet.len++; // expect: percpu-write-after-load
	memset(skel->percpu->by_size, 0, sizeof(skel->percpu->by_size)); // expect: percpu-write-after-load
	skel->percpu_limits->budget = 5000; // expect: percpu-write-after-load
	skel->rodata->min_len = 14; // expect: rodata-write-after-load
	skel->data->sample_every = 1;
	skel->bss->calls_seen = 0;

	hits__destroy(skel);
	return 0;
}

/* Open and load in one call leaves no place for start values. */
static int write_after_open_and_load(void)
{
	struct hits *skel = hits__open_and_load();

	if (!skel)
		return 1;
	skel->percpu->counting = true; // expect: percpu-write-after-load
	skel->rodata->want_samples = true; // expect: rodata-write-after-load
	hits__destroy(skel);
	return 0;
}

/* A library's view of oops.bpf.c: a subskeleton has the map of a per-CPU section, never its variables. */
static void look_from_library(const struct bpf_object *obj)
{
	struct oops *sub = oops__open(obj);

	if (!sub)
		return;
	printf("%u bytes a CPU\n", bpf_map__value_size(sub->maps.percpu));
	printf("%llu\n", (unsigned long long)*sub->percpu.counter); // expect: percpu-in-subskeleton
	oops__destroy(sub);
}

int main(void)
{
	struct hits *skel = hits__open();

	if (!skel)
		return 1;
	look_from_library(skel->obj);
	hits__destroy(skel);
	return write_after_load() + write_after_open_and_load();
}
