// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Counts packets and system calls, each CPU in its own copy of the counters.
 *
 * Every shape of global variable that a skeleton shows is here once: per-CPU
 * ones in .percpu and in a section of their own, ordinary ones in .data, .bss
 * and .rodata, and two maps.
 */
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SIZE_CLASSES 6

/* Per-CPU: scalars, an array and a struct without a name that holds another. */
__u64 hits SEC(".percpu") = 0;
bool counting SEC(".percpu") = true;
__u32 by_size[SIZE_CLASSES] SEC(".percpu");
struct {
	__u32 ifindex;
	struct {
		__u64 at_ns;
		__u16 len;
	} packet;
	char tag[3];
} last SEC(".percpu") = { .tag = "rx" };
int last_error SEC(".percpu");

/* Per-CPU, apart from the counters: user space rewrites this one as a whole. */
__u64 budget SEC(".percpu.limits") = 100000;

/* One copy for all CPUs. */
__u32 sample_every = 64;
__u64 calls_seen;
const volatile __u32 min_len = 14;
const volatile bool want_samples = false;

struct sample {
	__u64 at_ns;
	__u32 ifindex;
	__u16 len;
	__u8 size_class;
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, __u64);
} calls_by_pid SEC(".maps");

static __u8 size_class(__u16 len)
{
	__u8 class = 0;

	while (class < SIZE_CLASSES - 1 && len > (64u << class))
		class++;
	return class;
}

static void send_sample(__u8 class)
{
	struct sample *s = bpf_ringbuf_reserve(&samples, sizeof(*s), 0);

	if (!s) {
		last_error = -1;
		return;
	}
	s->at_ns = last.packet.at_ns;
	s->ifindex = last.ifindex;
	s->len = last.packet.len;
	s->size_class = class;
	bpf_ringbuf_submit(s, 0);
}

SEC("xdp")
int count_packet(struct xdp_md *ctx)
{
	__u16 len = ctx->data_end - ctx->data;
	__u8 class = size_class(len);

	if (!counting || len < min_len || hits >= budget)
		return XDP_PASS;

	hits++;
	if (class < SIZE_CLASSES)
		by_size[class]++;
	last.ifindex = ctx->ingress_ifindex;
	last.packet.at_ns = bpf_ktime_get_ns();
	last.packet.len = len;
	if (want_samples && sample_every && hits % sample_every == 0)
		send_sample(class);
	return XDP_PASS;
}

SEC("raw_tp/sys_enter")
int count_call(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 one = 1, *seen;

	__sync_fetch_and_add(&calls_seen, 1);
	seen = bpf_map_lookup_elem(&calls_by_pid, &pid);
	if (seen)
		*seen += 1;
	else
		last_error = bpf_map_update_elem(&calls_by_pid, &pid, &one, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
