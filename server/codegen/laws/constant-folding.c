static const int level = 3; static const int addressed = 4;
SEC("x") int p(int *c) { return level + sink(&addressed); }
// .rodata 4: addressed@0+4
