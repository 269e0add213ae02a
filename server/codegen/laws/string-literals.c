SEC("x") int p(void *c) { sink("one"); return sink("one") + sink("three"); }
// .rodata.str1.1 10: .str@0+4 .str.1@4+6
