/* Writes the loader program of an object, as libbpf makes it: gen_loader OBJECT NAME DATA INSNS */
#include <stdio.h>
#include <bpf/libbpf.h>

static int save(const char *path, const char *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");
	int ok = file && fwrite(bytes, 1, size, file) == size;

	return file && fclose(file) == 0 && ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(gen_loader_opts, loader);
	LIBBPF_OPTS(bpf_object_open_opts, opts);
	struct bpf_object *object;

	if (argc != 5)
		return 2;
	opts.object_name = argv[2];
	object = bpf_object__open_file(argv[1], &opts);
	if (!object || bpf_object__gen_loader(object, &loader) || bpf_object__load(object))
		return 1;
	return save(argv[3], loader.data, loader.data_sz) || save(argv[4], loader.insns, loader.insns_sz);
}
