// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Section names that compile without a word and then do something else.
 * A line that ends in "expect: RULE" is the place where bpf-lsp says so.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* libbpf takes this for a .data section: one counter that all CPUs share. */
__u64 shared_by_accident SEC(".data.percpu") = 0; // expect: percpu-shared-section

/* Near ".percpu", but libbpf knows no such section: opening the object fails. */
__u64 misspelt SEC(".per_cpu") = 0; // expect: percpu-section-typo

/* The same counter where it belongs. */
__u64 counter SEC(".percpu") = 0;

SEC("raw_tracepint/sys_enter") // expect: unknown-section
int count_wrong(struct bpf_raw_tracepoint_args *ctx)
{
	shared_by_accident++;
	misspelt++;
	counter++;
	return 0;
}

SEC("raw_tracepoint/sys_exit")
int count_right(struct bpf_raw_tracepoint_args *ctx)
{
	counter++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
