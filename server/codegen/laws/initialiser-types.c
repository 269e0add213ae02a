static char few[16] = {1,2,3}; static int full[4] = {1,2,3,4}; int last_data = 1;
SEC("x") int p(void *c) { sink(few); return sink(full); }
// .data 36: last_data@0+4 full@4+16 few@20+16
