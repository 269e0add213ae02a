#include "prog.skel.h"

int main(void)
{
	struct prog *skel = prog__open_and_load();

	if (!skel)
		return 1;
	prog__destroy(skel);
	return 0;
}
