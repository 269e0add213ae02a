/* Slots of maps, and a struct_ops variable, by relocations. */
#define SEC(n) __attribute__((section(n), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]

struct inner {
	__uint(type, 2); /* BPF_MAP_TYPE_ARRAY */
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, long);
} cell SEC(".maps"), other_cell SEC(".maps");

struct {
	__uint(type, 12); /* BPF_MAP_TYPE_ARRAY_OF_MAPS */
	__uint(max_entries, 4);
	__type(key, int);
	__array(values, struct inner);
} cells SEC(".maps") = { .values = { [0] = &other_cell, [3] = &cell } };

SEC("tc") int one(void *ctx) { return 0; }
SEC("xdp") int two(void *ctx) { return 0; }

struct {
	__uint(type, 3); /* BPF_MAP_TYPE_PROG_ARRAY */
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__uint(value_size, 4);
	__array(values, int(void *));
} jumps SEC(".maps") = { .values = { [1] = two, [2] = one } };

struct ops {
	int flags;
	int (*start)(void *ctx);
	int (*stop)(void *ctx);
};
SEC("struct_ops") int start(void *ctx) { return 0; }
SEC("struct_ops") int stop(void *ctx) { return 1; }
SEC(".struct_ops.link") struct ops ops = { .stop = stop, .start = start };
SEC(".struct_ops") struct ops idle = { .flags = 1, .start = start };
