#define SEC(n) __attribute__((section(n), used))

int data SEC(".percpu") = -1;
int nums[7] SEC(".percpu");
char run SEC(".percpu") = 0;
struct { char set; int i; int nums[7]; } struct_data SEC(".percpu") = { .i = -1 };

SEC("raw_tp/task_rename") int update(void *ctx)
{
	struct_data.nums[6] = 0xc0de;
	nums[6] = 0xc0de;
	data = 1;
	run = 1;
	return 0;
}

char _license[] SEC("license") = "GPL";
