static int never; static int written; static int read; static int both; static int escapes;
SEC("x") int p(int *c) { written = *c; both += *c; sink(&escapes); return read + both; }
// .bss 8: both@0+4 escapes@4+4
