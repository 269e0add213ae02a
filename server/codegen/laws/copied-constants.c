SEC("x") int p(char *d) { const char compared[4] = {43,2,3,4}; return __builtin_memcmp(d, compared, 4); }
SEC("x") int q(char *d) { char passed[4] = {51,2,3,4}; return sink(passed); }
// .rodata.cst4 4: __const.p.compared@0+4
