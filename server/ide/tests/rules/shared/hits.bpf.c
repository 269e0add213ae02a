#include <vmlinux.h>
#include <bpf/bpf_helpers.h>

const volatile int limit = 3;
int total;
static int hidden;
int count SEC(".percpu") = -1;
int nums[7] SEC(".percpu");
struct pair { int a, b; char name[8]; } pair SEC(".percpu");
extern int CONFIG_HZ __kconfig;
char tag[16] = "x";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, int);
	__type(value, int);
} table SEC(".maps");

SEC("tp_btf/sched_switch")
int on_switch(void *ctx)
{
	count++;
	nums[0] += hidden + pair.a + CONFIG_HZ + tag[0];
	hidden = total + limit;
	bpf_map_lookup_elem(&table, &total);
	return 0;
}

char _license[] SEC("license") = "GPL";
