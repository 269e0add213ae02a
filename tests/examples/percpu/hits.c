// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The loader of hits.bpf.c, as it should be: start values before the load,
 * and after it every per-CPU value through the map. bpf-lsp has nothing to say.
 */
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "hits.skel.h"

/* Flags of kernel 7.0; the values stand here for builds against older headers. */
#define ON_CPU(cpu) (((__u64)(cpu) << 32) | (1ULL << 3))
#define ON_ALL_CPUS (1ULL << 4)

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* Adds up `hits` over the CPUs: one lookup brings the values of all of them. */
static int total_hits(struct hits *skel, __u64 *total)
{
	struct bpf_map *map = skel->maps.percpu;
	size_t stride = (bpf_map__value_size(map) + 7) / 8 * 8;
	int cpus = libbpf_num_possible_cpus();
	__u32 zero = 0;
	char *values;
	int err;

	if (cpus < 0)
		return cpus;
	values = calloc(cpus, stride);
	if (!values)
		return -ENOMEM;
	err = bpf_map__lookup_elem(map, &zero, sizeof(zero), values, cpus * stride, 0);
	*total = 0;
	for (int i = 0; !err && i < cpus; i++) {
		struct hits__percpu *copy = (void *)(values + i * stride);

		*total += copy->hits;
	}
	free(values);
	return err;
}

/* What one CPU saw last. */
static int show_cpu(struct hits *skel, int cpu)
{
	struct bpf_map *map = skel->maps.percpu;
	size_t size = bpf_map__value_size(map);
	struct hits__percpu *copy = calloc(1, size > sizeof(*copy) ? size : sizeof(*copy));
	__u32 zero = 0;
	int err;

	if (!copy)
		return -ENOMEM;
	err = bpf_map__lookup_elem(map, &zero, sizeof(zero), copy, size, ON_CPU(cpu));
	if (!err)
		printf("cpu %d: %llu hits, last packet %u bytes\n", cpu,
		       (unsigned long long)copy->hits, copy->last.packet.len);
	free(copy);
	return err;
}

/* A new budget while the programs run; the section holds nothing else. */
static int set_budget(struct hits *skel, __u64 budget)
{
	__u32 zero = 0;

	return bpf_map__update_elem(skel->maps.percpu_limits, &zero, sizeof(zero), &budget,
				    bpf_map__value_size(skel->maps.percpu_limits), ON_ALL_CPUS);
}

int main(int argc, char **argv)
{
	unsigned int ifindex = argc > 1 ? if_nametoindex(argv[1]) : 0;
	struct hits *skel = NULL;
	__u64 total = 0;
	int err;

	if (!ifindex) {
		fprintf(stderr, "usage: %s INTERFACE\n", argv[0]);
		return 2;
	}
	signal(SIGINT, on_signal);

	skel = hits__open();
	if (!skel) {
		fprintf(stderr, "open: %s\n", strerror(errno));
		return 1;
	}

	/* Before the load all of these are start values. */
	skel->rodata->min_len = 64;
	skel->rodata->want_samples = true;
	skel->data->sample_every = 128;
	skel->percpu->counting = true;
	memcpy(skel->percpu->last.tag, "in", sizeof("in"));
	skel->percpu_limits->budget = 1000;

	err = hits__load(skel);
	if (err) {
		fprintf(stderr, "load: %s\n", strerror(-err));
		goto out;
	}

	skel->links.count_call = bpf_program__attach(skel->progs.count_call);
	skel->links.count_packet = bpf_program__attach_xdp(skel->progs.count_packet, ifindex);
	if (!skel->links.count_call || !skel->links.count_packet) {
		err = -errno;
		fprintf(stderr, "attach: %s\n", strerror(errno));
		goto out;
	}

	/* .data and .bss stay shared with the programs; .percpu does not. */
	skel->data->sample_every = 256;
	err = set_budget(skel, 1000000);
	while (!err && !stop) {
		sleep(1);
		err = total_hits(skel, &total);
		if (!err)
			err = show_cpu(skel, 0);
		if (err)
			break;
		printf("%llu packets, %llu system calls\n", (unsigned long long)total,
		       (unsigned long long)skel->bss->calls_seen);
	}
	if (err)
		fprintf(stderr, "%s\n", strerror(-err));
out:
	hits__destroy(skel);
	return err ? 1 : 0;
}
