SEC("x") int p(void *c) { int one[4] = {1,2,3,4}; return sink(one); }
SEC("x") int q(void *c) { int two[4] = {1,2,3,4}; int three[4] = {1,2,3,5}; return sink(two, three); }
// .rodata.cst16 32: __const.q.two@0+16 __const.q.three@16+16
