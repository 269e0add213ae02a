/* Goes through all that light.lskel.h, the light skeleton of tests/examples/percpu, offers. */
#include "report.h"
#include "light.lskel.h"

int main(void)
{
	struct light *skel = light__open();
	int err, i;

	if (!skel) {
		printf("open failed\n");
		return 1;
	}
	printf("start: sample_every %u, calls_seen %llu, min_len %u, want_samples %d\n",
	       skel->data->sample_every, (unsigned long long)skel->bss->calls_seen,
	       skel->rodata->min_len, skel->rodata->want_samples);
	skel->rodata->min_len = 60;
	skel->data->sample_every = 128;
	err = light__load(skel);
	if (err == -EPERM || err == -ENOSYS) {
		light__destroy(skel);
		return SKIPPED;
	}
	printf("load: %d\n", err);
	if (!err) {
		printf("after: sample_every %u, min_len %u\n", skel->data->sample_every, skel->rodata->min_len);
		printf("rodata: write %d\n", signal_of_write(&skel->rodata->min_len));
		printf("data: write %d\n", signal_of_write(&skel->data->sample_every));
		err = light__attach(skel);
		printf("attach: %d, link %d, of xdp %d\n", err, skel->links.count_call_fd > 0,
		       skel->links.count_packet_fd);
		for (i = 0; i < 100; i++)
			getppid();
		printf("calls seen: %d\n", skel->bss->calls_seen >= 100);
	}
	light__destroy(skel);
	light__destroy(NULL);
	skel = light__open_and_load();
	printf("at once: %d\n", !!skel);
	light__destroy(skel);
	return err != 0;
}
